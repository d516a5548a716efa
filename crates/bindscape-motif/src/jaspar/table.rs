//! Motifs as a compact table: a text of their names and metadata, and the frequencies in
//! millionths, a plane for each byte, compressed with Zstandard.
//!
//! Layout before compression (integers are little-endian): the length of the text as `u32`; the
//! text, a line of tab-separated columns per motif (id, name, class, family, group,
//! species, UniProt accessions, width, sites; lists separated by `::` for classes and families and
//! by commas else), after a first line of the background; then the lowest, the middle and the
//! highest byte of the millionths of A of all positions of all motifs, then those of C, G and T.

use bindscape_base::{Error, Result};

use crate::background::Background;
use crate::matrix::Frequencies;
use crate::motif::{Metadata, Motif};

/// Level of compression: the table is packed once.
const LEVEL: i32 = 19;

/// What a table holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Unpacked {
    /// The motifs, with sites and metadata.
    pub motifs: Vec<Motif>,
    /// Their background.
    pub background: Background,
}

/// The table of `motifs`, compressed.
///
/// # Errors
/// If a motif has no name or sites, or frequencies of more than six digits.
pub fn pack(motifs: &[Motif], background: &Background) -> Result<Vec<u8>> {
    let probabilities = background.probabilities().map(|p| p.to_string());
    let mut text = format!("{}\n", probabilities.join("\t"));
    let mut planes: [[Vec<u8>; 3]; 4] = Default::default();
    for motif in motifs {
        let fault = |expected: &str| Error::about(&motif.id, expected, "a motif that lacks them");
        let (Some(name), Some(sites)) = (&motif.name, motif.sites) else {
            return Err(fault("a name and a number of sites"));
        };
        let data = &motif.metadata;
        let columns = [
            motif.id.clone(),
            name.clone(),
            data.class.join("::"),
            data.family.join("::"),
            data.tax_group.clone().unwrap_or_default(),
            data.species.join(","),
            data.uniprot.join(","),
            motif.width().to_string(),
            sites.to_string(),
        ];
        text.push_str(&columns.join("\t"));
        text.push('\n');
        for row in motif.frequencies.rows() {
            for (planes, &p) in planes.iter_mut().zip(row) {
                let millionths = (p * 1e6).round();
                if millionths / 1e6 != p {
                    return Err(fault("frequencies of six digits"));
                }
                let bytes = (millionths as u32).to_le_bytes();
                for (plane, byte) in planes.iter_mut().zip(bytes) {
                    plane.push(byte);
                }
            }
        }
    }
    let mut table = u32::try_from(text.len())
        .map_err(|_| Error::about("table", "less than 4 GiB of text", "more"))?
        .to_le_bytes()
        .to_vec();
    table.extend(text.bytes());
    table.extend(planes.iter().flatten().flatten());
    zstd::bulk::compress(&table, LEVEL)
        .map_err(|error| Error::about("table", "to compress it", error.to_string()))
}

/// What [`pack`] has packed.
///
/// # Errors
/// If the bytes are no such table.
pub fn unpack(packed: &[u8]) -> Result<Unpacked> {
    let table = zstd::stream::decode_all(packed)
        .map_err(|error| Error::about("table", "compressed data", error.to_string()))?;
    read(&table).ok_or_else(|| Error::about("table", "packed motifs", "other data"))
}

fn read(table: &[u8]) -> Option<Unpacked> {
    let (length, rest) = table.split_first_chunk::<4>()?;
    let (text, planes) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
    let mut lines = std::str::from_utf8(text).ok()?.lines();
    let background: Option<Vec<f64>> = lines.next()?.split('\t').map(|p| p.parse().ok()).collect();
    let background = Background::new(background?.try_into().ok()?).ok()?;
    if planes.len() % 12 != 0 {
        return None;
    }
    let positions = planes.len() / 12;
    let frequency = |base: usize, at: usize| {
        let byte = |plane: usize| u32::from(planes[(3 * base + plane) * positions + at]);
        f64::from(byte(0) | byte(1) << 8 | byte(2) << 16) / 1e6
    };
    let mut motifs = Vec::new();
    let mut start: usize = 0;
    for line in lines {
        let columns: Vec<&str> = line.split('\t').collect();
        let &[
            id,
            name,
            class,
            family,
            group,
            species,
            uniprot,
            width,
            sites,
        ] = columns.as_slice()
        else {
            return None;
        };
        let end = start.checked_add(width.parse().ok()?)?;
        if end > positions {
            return None;
        }
        let rows = (start..end).map(|at| std::array::from_fn(|base| frequency(base, at)));
        motifs.push(Motif {
            name: Some(name.to_owned()),
            sites: Some(sites.parse().ok()?),
            metadata: Metadata::of_columns([class, family, group, species, uniprot]),
            ..Motif::new(id, Frequencies::new(rows.collect()).ok()?)
        });
        start = end;
    }
    (start == positions).then_some(Unpacked { motifs, background })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matrix::Counts;

    #[test]
    fn what_is_packed_comes_back_and_damage_is_seen() {
        let counts = Counts::new(vec![[1.0, 0.0, 3.0, 0.0], [2.0, 1.0, 0.0, 1.0]]);
        let mut motif = Motif::from_counts("MA1.1", counts.expect("valid"));
        motif.counts = None;
        motif.name = Some("a::b".into());
        motif.metadata.class = vec!["x, y".into(), "z".into()];
        motif.metadata.uniprot = vec!["P1".into(), "P2".into()];
        let table = Unpacked {
            motifs: vec![motif],
            background: Background::new([0.3, 0.2, 0.2, 0.3]).expect("valid"),
        };
        let packed = pack(&table.motifs, &table.background).expect("six digits");
        assert_eq!(unpack(&packed).expect("as packed"), table);
        assert!(unpack(&packed[..packed.len() - 5]).is_err());
        let plain = zstd::stream::decode_all(packed.as_slice()).expect("as packed");
        assert!(read(&plain[..plain.len() - 1]).is_none());
        assert!(read(&plain[..plain.len() - 12]).is_none());
        let mut third = table.motifs.clone();
        third[0].frequencies =
            Frequencies::new(vec![[1.0 / 3.0, 2.0 / 3.0, 0.0, 0.0]]).expect("valid");
        let error = pack(&third, &table.background).expect_err("digits");
        assert!(error.to_string().contains("frequencies of six digits"));
    }
}
