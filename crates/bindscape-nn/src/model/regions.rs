//! A compact text form of regions, for the metadata of model files: a model
//! names every region it was fitted on, in about three bytes each.
//!
//! Regions are sorted and made unique, then written as variable-length
//! integers: per chromosome its name, the number of regions and the steps from
//! start to start; then all widths. That is compressed (Zstandard) and encoded
//! in base64.

use std::collections::BTreeMap;
use std::io::Read as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use bindscape_genome::region::Regions;
use serde::{Deserialize, Deserializer, Serializer};

/// More than the varints of any genome's regions take; a bound for damaged files.
const LARGEST: u64 = 1 << 30;

/// Sorted by chromosome name, start and end; each region once.
#[must_use]
pub fn unique(tables: &[&Regions]) -> Regions {
    let mut by_chrom: BTreeMap<&str, Vec<(u32, u32)>> = BTreeMap::new();
    for region in tables.iter().flat_map(|table| table.iter()) {
        by_chrom
            .entry(region.chrom)
            .or_default()
            .push((region.start, region.end));
    }
    let mut out = Regions::new();
    for (chrom, mut list) in by_chrom {
        list.sort_unstable();
        list.dedup();
        let chrom = out.intern(chrom);
        for (start, end) in list {
            out.push_interned(chrom, start, end);
        }
    }
    out
}

/// The text form of `regions`, in sorted order and each once.
#[must_use]
pub fn encode(regions: &Regions) -> String {
    let regions = unique(&[regions]);
    let mut bytes = Vec::with_capacity(3 * regions.len());
    put(&mut bytes, regions.chromosomes().len() as u64);
    let column = regions.chrom_column();
    let mut first = 0;
    for (number, name) in regions.chromosomes().iter().enumerate() {
        let count = column[first..]
            .iter()
            .take_while(|&&chrom| chrom as usize == number)
            .count();
        put(&mut bytes, name.len() as u64);
        bytes.extend_from_slice(name.as_bytes());
        put(&mut bytes, count as u64);
        let mut before = 0;
        for &start in &regions.start_column()[first..first + count] {
            put(&mut bytes, u64::from(start - before));
            before = start;
        }
        first += count;
    }
    for (start, end) in regions.start_column().iter().zip(regions.end_column()) {
        put(&mut bytes, u64::from(end - start));
    }
    let packed = zstd::bulk::compress(&bytes, 9).expect("compression into memory cannot fail");
    STANDARD_NO_PAD.encode(packed)
}

/// The regions of a text form, or what is wrong with it.
///
/// # Errors
/// If `text` is no complete text form.
pub fn decode(text: &str) -> Result<Regions, String> {
    let packed = STANDARD_NO_PAD
        .decode(text)
        .map_err(|error| format!("regions that are no base64 ({error})"))?;
    let mut bytes = Vec::new();
    zstd::stream::read::Decoder::new(packed.as_slice())
        .and_then(|decoder| decoder.take(LARGEST).read_to_end(&mut bytes))
        .map_err(|error| format!("regions that do not decompress ({error})"))?;
    let mut rest = bytes.as_slice();
    let mut regions = Regions::new();
    let mut starts = Vec::new();
    for _ in 0..take(&mut rest)? {
        let length = usize::try_from(take(&mut rest)?).map_err(|_| truncated())?;
        let (name, after) = rest.split_at_checked(length).ok_or_else(truncated)?;
        rest = after;
        let name = std::str::from_utf8(name).map_err(|_| "a chromosome name that is no text")?;
        let chrom = regions.intern(name);
        let mut start = 0_u32;
        for _ in 0..take(&mut rest)? {
            start = u32::try_from(take(&mut rest)?)
                .ok()
                .and_then(|step| start.checked_add(step))
                .ok_or("a region beyond 4 Gb")?;
            starts.push((chrom, start));
        }
    }
    for (chrom, start) in starts {
        let end = u32::try_from(take(&mut rest)?)
            .ok()
            .and_then(|width| start.checked_add(width))
            .ok_or("a region beyond 4 Gb")?;
        regions.push_interned(chrom, start, end);
    }
    if rest.is_empty() {
        Ok(regions)
    } else {
        Err("bytes after the last region".into())
    }
}

/// For `#[serde(with = …)]`.
pub(super) fn serialize<S: Serializer>(regions: &Regions, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&encode(regions))
}

/// For `#[serde(with = …)]`.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Regions, D::Error> {
    let text = String::deserialize(from)?;
    decode(&text).map_err(serde::de::Error::custom)
}

/// The same for regions that may be missing.
pub(super) mod optional {
    use super::{Deserialize, Deserializer, Regions, Serializer, decode, encode};

    /// For `#[serde(with = …)]`.
    pub(in super::super) fn serialize<S: Serializer>(
        regions: &Option<Regions>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        match regions {
            Some(regions) => to.serialize_some(&encode(regions)),
            None => to.serialize_none(),
        }
    }

    /// For `#[serde(with = …)]`.
    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<Regions>, D::Error> {
        Option::<String>::deserialize(from)?
            .map(|text| decode(&text).map_err(serde::de::Error::custom))
            .transpose()
    }
}

fn put(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn take(bytes: &mut &[u8]) -> Result<u64, String> {
    let mut number = 0_u64;
    for shift in (0..63).step_by(7) {
        let (&byte, rest) = bytes.split_first().ok_or_else(truncated)?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(number);
        }
    }
    Err("a number beyond 63 bits".into())
}

fn truncated() -> String {
    "regions that end early".into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn round_trip(list in prop::collection::vec((0_usize..4, 0_u32..u32::MAX - 2000, 0_u32..2000), 0..200)) {
            let names = ["chr1", "chrX", "chr1_KI270706v1_random", "scaffold 7"];
            let mut regions = Regions::new();
            for (chrom, start, width) in list {
                regions.push(names[chrom], start, start + width);
            }
            prop_assert_eq!(decode(&encode(&regions)).unwrap(), unique(&[&regions]));
        }

        #[test]
        fn damaged_texts_are_errors_not_panics(text in "[A-Za-z0-9+/]{0,60}") {
            let _ = decode(&text);
        }
    }

    #[test]
    fn less_than_four_bytes_a_region() {
        let mut regions = Regions::new();
        let mut rng = crate::random::stream(1, "test", &[]);
        let mut start = 10_000;
        for _ in 0..50_000 {
            // As dense as the 1.8 M accessible regions of a human genome, but irregular.
            start += 200 + (crate::random::unit(&mut rng) * 3000.0) as u32;
            regions.push("chr1", start, start + 200);
        }
        let text = encode(&regions);
        assert!(text.len() < 4 * regions.len(), "{}", text.len());
        assert_eq!(decode(&text).unwrap(), regions);
        assert!(decode(&text[..text.len() / 2]).is_err());
    }
}
