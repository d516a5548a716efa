//! The built-in motifs: JASPAR CORE, release 2026, the newest version of each profile, with
//! class, family, taxonomic group, species and UniProt accessions.
//!
//! JASPAR (<https://jaspar.elixir.no>) is published under CC BY 4.0
//! (<https://creativecommons.org/licenses/by/4.0/>). Whoever uses these motifs should cite the
//! article of release 2026 (<https://pmc.ncbi.nlm.nih.gov/articles/PMC12807658>). [`NOTICE`]
//! says so in the files that they are written to, where the format has a place for it.
//!
//! They lie in the program as a table that the tool `pack_jaspar` makes from JASPAR's MEME file
//! and a table of metadata; frequencies come back as the six digits that were printed there.

mod table;

use std::sync::OnceLock;

use bindscape_base::{Error, Result, names};

use crate::motif::{Motif, MotifSet};

pub use table::{Unpacked, pack, unpack};

/// Licence and citation, in the words that are written with the motifs.
pub const NOTICE: &str = include_str!("../data/NOTICE-jaspar2026_core.txt");

/// The table, compressed.
const TABLE: &[u8] = include_bytes!("../data/jaspar2026_core.bin.zst");

/// All built-in motifs, sorted by id; unpacked when they are first asked for.
///
/// Their numbers of sites are JASPAR's `nsites`, their addresses its pages; JASPAR has no
/// E-values.
#[must_use]
pub fn jaspar() -> &'static MotifSet {
    static MOTIFS: OnceLock<MotifSet> = OnceLock::new();
    MOTIFS.get_or_init(|| {
        let mut table = unpack(TABLE).expect("the table is part of the program, and tested");
        for motif in &mut table.motifs {
            motif.url = Some(format!("https://jaspar.elixir.no/matrix/{}/", motif.id));
        }
        MotifSet {
            notice: Some(NOTICE.trim().to_owned()),
            background: Some(table.background),
            ..MotifSet::new(table.motifs)
        }
    })
}

/// Some of the built-in motifs.
///
/// ```
/// use bindscape_motif::jaspar;
///
/// let ctcf = &jaspar::select("MA0139")?.motifs[0];
/// assert_eq!(ctcf.label(), "CTCF (MA0139.2)");
/// assert_eq!(ctcf.metadata.uniprot, ["P49711"]);
/// assert!(jaspar::select("insects,nematodes")?.motifs.len() > 100);
/// # Ok::<(), bindscape_base::Error>(())
/// ```
///
/// `wanted` holds one or several words, separated by commas: a taxonomic group (`vertebrates`), an
/// id (`MA0139.2`; without version `MA0139`), or a name in upper or lower case (`ctcf`). Each motif
/// is taken once.
///
/// # Errors
/// If something stands for no motif.
pub fn select(wanted: &str) -> Result<MotifSet> {
    let all = jaspar();
    let mut chosen = vec![false; all.motifs.len()];
    for word in wanted.split(',').map(str::trim) {
        let mut found = false;
        for (motif, chosen) in all.motifs.iter().zip(&mut chosen) {
            if stands_for(word, motif) {
                (found, *chosen) = (true, true);
            }
        }
        if !found {
            return Err(unknown(word, all));
        }
    }
    let motifs = all.motifs.iter().zip(chosen);
    Ok(MotifSet {
        motifs: motifs
            .filter(|(_, chosen)| *chosen)
            .map(|(motif, _)| motif.clone())
            .collect(),
        background: all.background,
        notice: all.notice.clone(),
        ..MotifSet::default()
    })
}

fn stands_for(word: &str, motif: &Motif) -> bool {
    let stable = motif.id.split_once('.').map_or("", |(stable, _)| stable);
    let is = |text: &str| !word.is_empty() && text.eq_ignore_ascii_case(word);
    is(&motif.id)
        || is(stable)
        || motif.name.as_deref().is_some_and(is)
        || motif.metadata.tax_group.as_deref().is_some_and(is)
}

/// The version of a profile that is built in, where `word` is the id of another.
fn version_of<'a>(word: &str, all: &'a MotifSet) -> Option<&'a str> {
    let (stable, version) = word.split_once('.')?;
    let number = !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_digit());
    let same = |id: &&str| {
        let known = id.split_once('.').map_or("", |(known, _)| known);
        number && known.eq_ignore_ascii_case(stable)
    };
    all.motifs.iter().map(|motif| motif.id.as_str()).find(same)
}

fn unknown(word: &str, all: &MotifSet) -> Error {
    let error = Error::about(
        "jaspar:",
        "a taxonomic group, or the id or name of a motif of JASPAR CORE 2026",
        format!("{word:?}"),
    );
    error.hint(match version_of(word, all) {
        Some(id) => format!("use {id}: of each profile the newest version is built in"),
        None => suggestion(word, all),
    })
}

/// Names near a word, or the groups.
fn suggestion(word: &str, all: &MotifSet) -> String {
    let mut known: Vec<&str> = Vec::new();
    for motif in &all.motifs {
        known.push(&motif.id);
        known.extend(motif.name.as_deref());
        known.extend(motif.metadata.tax_group.as_deref());
    }
    known.sort_unstable();
    known.dedup();
    let mut groups: Vec<&str> = all
        .motifs
        .iter()
        .filter_map(|motif| motif.metadata.tax_group.as_deref())
        .collect();
    groups.sort_unstable();
    groups.dedup();
    let otherwise = format!("groups are {}", groups.join(", "));
    names::suggestion(word, known, &otherwise)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::{Format, format, motifs_from, read_motifs};

    #[test]
    fn groups_ids_and_names() {
        assert_eq!(motifs_from("jaspar").expect("all").motifs.len(), 2633);
        assert_eq!(select("Vertebrates").expect("a group").motifs.len(), 1019);
        let ctcf = select("MA0139").expect("an id").motifs;
        assert_eq!(ctcf[0].id, "MA0139.2");
        assert_eq!(ctcf[0].metadata.uniprot, ["P49711"]);
        assert!(select("ctcf").expect("a name").motifs.contains(&ctcf[0]));
        let both = motifs_from("jaspar:MA0139.2, HNF4A,MA0139.2").expect("several");
        assert!(both.motifs.len() >= 2);
        assert_eq!(
            both.motifs
                .iter()
                .filter(|motif| motif.id == "MA0139.2")
                .count(),
            1
        );
        assert!(both.notice.expect("named").contains("CC BY 4.0"));
    }

    #[test]
    fn unknown_names_get_a_hint() {
        let fault = |word: &str| {
            let error = select(word).expect_err("unknown");
            format!("{error} hint: {}", error.advice().unwrap_or_default())
        };
        assert!(fault("vertebrate").contains("did you mean vertebrates"));
        assert!(fault("ma0139.1").contains("hint: use MA0139.2: "));
        assert!(fault("MA0139.x").contains("did you mean"));
        assert!(fault("?!?!?!").contains("groups are diatoms, fungi, insects"));
        assert!(fault("").contains("found \"\""));
    }

    #[test]
    fn the_notice_is_written_with_them() {
        let set = select("CTCF").expect("a name");
        let meme = format::write_motifs(&set, Format::Meme);
        assert!(meme.contains("# Motifs of JASPAR CORE 2026") && meme.contains("CC BY 4.0"));
        let again = format::parse_motifs(&meme, Path::new("m"), None).expect("as written");
        assert_eq!(again.motifs[0].frequencies, set.motifs[0].frequencies);
        let transfac = format::write_motifs(&set, Format::Transfac);
        assert!(transfac.contains("CC BY 4.0"));
        let again = format::parse_motifs(&transfac, Path::new("m"), None).expect("as written");
        assert_eq!(again.motifs[0].metadata, set.motifs[0].metadata);
    }

    #[test]
    #[ignore = "needs ../shared/data"]
    fn shared_data_frequencies_are_those_that_jaspar_printed() {
        let file = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../../shared/data/motifs/jaspar2026_core.meme"
        );
        let source = read_motifs(Path::new(file), None).expect("valid");
        let built_in = jaspar();
        assert_eq!(source.background, built_in.background);
        assert_eq!(source.motifs.len(), built_in.motifs.len());
        for (mut theirs, ours) in source.motifs.into_iter().zip(&built_in.motifs) {
            theirs.e_value = None;
            theirs.metadata = ours.metadata.clone();
            // The file has none; ours is the profile's page.
            assert_eq!(theirs.url, None);
            theirs.url = Some(format!("https://jaspar.elixir.no/matrix/{}/", ours.id));
            assert_eq!(&theirs, ours);
        }
    }
}
