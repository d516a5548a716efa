//! Names of genome builds: one assembly goes by several.

use bindscape_base::names::plain;

/// Assemblies, each by the names that it goes by: that of UCSC first, then those of the consortium
/// that made it and of Ensembl, and of analysis sets with the same coordinates.
const ASSEMBLIES: &[&[&str]] = &[
    &["hg38", "GRCh38", "hs38", "hs38DH", "hs38d1"],
    &[
        "hg19",
        "GRCh37",
        "hs37",
        "b37",
        "hs37d5",
        "g1k_v37",
        "human_g1k_v37",
    ],
    &["hg18", "NCBI36", "b36"],
    &[
        "hs1",
        "T2T-CHM13v2.0",
        "CHM13v2.0",
        "CHM13v2",
        "T2T-CHM13",
        "CHM13",
        "T2T",
        "T2T-CHM13v2",
    ],
    &["mm39", "GRCm39"],
    &["mm10", "GRCm38"],
    &["mm9", "NCBIm37", "MGSCv37", "NCBI37"],
    &["rn7", "mRatBN7.2"],
    &["rn6", "Rnor_6.0", "Rnor6"],
    &["danRer11", "GRCz11"],
    &["danRer10", "GRCz10"],
    &["dm6", "BDGP6", "BDGP_Release_6"],
    &["dm3", "BDGP5", "BDGP_Release_5"],
    &["ce11", "WBcel235"],
    &["ce10", "WS220"],
    &["sacCer3", "R64-1-1", "R64"],
    &["galGal6", "GRCg6a"],
    &["susScr11", "Sscrofa11.1"],
    &["bosTau9", "ARS-UCD1.2"],
    &["canFam3", "CanFam3.1"],
    &["xenTro10", "UCB_Xtro_10.0"],
    &["araTha1", "TAIR10", "TAIR9"],
];

/// The name of UCSC for the assembly that goes by `name`; `None` if it is not known here. Letter
/// case, signs and patches (`GRCh38.p14`, which changes no coordinate of a chromosome) do not
/// matter.
///
/// ```
/// use bindscape_genome::assembly::known;
///
/// assert_eq!(known("GRCh38.p14"), Some("hg38"));
/// assert_eq!(known("t2t_chm13v2.0"), Some("hs1"));
/// assert_eq!(known("toy"), None);
/// ```
#[must_use]
pub fn known(name: &str) -> Option<&'static str> {
    let name = plain(without_patch(name.trim()));
    ASSEMBLIES
        .iter()
        .find(|names| names.iter().any(|known| plain(known) == name))
        .map(|names| names[0])
}

/// Whether two names are those of one assembly.
///
/// ```
/// use bindscape_genome::assembly::same;
///
/// assert!(same("hg38", "GRCh38") && same("toy", "toy"));
/// assert!(!same("hg38", "hg19") && !same("toy", "Toy2"));
/// ```
#[must_use]
pub fn same(one: &str, other: &str) -> bool {
    match (known(one), known(other)) {
        (Some(one), Some(other)) => one == other,
        _ => plain(one.trim()) == plain(other.trim()),
    }
}

/// The assembly that a file is named after, such as `hg38` for `hg38.fa.gz`,
/// `GRCh38.primary_assembly.genome.fa` or `Homo_sapiens.GRCh38.dna.toplevel.2bit`.
#[must_use]
pub fn of_file_name(name: &str) -> Option<&'static str> {
    if let Some(found) = name.split(['.', '-', '_']).find_map(|part| {
        // Short common words, as `T2T` and `R64`, are told by the whole name alone.
        (part.len() > 3).then(|| known(part)).flatten()
    }) {
        return Some(found);
    }
    let stem = name.split(".fa").next().unwrap_or(name);
    known(stem.strip_suffix(".2bit").unwrap_or(stem))
}

/// A name without `.p14`.
fn without_patch(name: &str) -> &str {
    match name.rsplit_once(['.', '_', '-']) {
        Some((stem, patch)) => {
            let digits = patch.strip_prefix(['p', 'P']).unwrap_or_default();
            if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
                stem
            } else {
                name
            }
        }
        None => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assemblies_by_all_their_names() {
        for (one, other) in [
            ("hg19", "GRCh37.p13"),
            ("mm10", "grcm38"),
            ("GRCm39", "mm39"),
            ("hs1", "T2T-CHM13v2.0"),
            ("hs1", "CHM13"),
            ("b37", "hg19"),
            ("My genome v1", "my_genome.v1"),
        ] {
            assert!(same(one, other), "{one} and {other}");
        }
        for (one, other) in [
            ("hg19", "hg38"),
            ("GRCm38", "GRCh38"),
            ("toy", "hg38"),
            ("a1", "a2"),
        ] {
            assert!(!same(one, other), "{one} and {other}");
        }
        // No name is that of two.
        let all: Vec<String> = ASSEMBLIES
            .iter()
            .copied()
            .flatten()
            .map(|name| plain(name))
            .collect();
        let mut unique = all.clone();
        unique.sort();
        unique.dedup();
        assert_eq!(all.len(), unique.len());
    }

    #[test]
    fn files_named_after_an_assembly() {
        for (name, expected) in [
            ("hg38.fa.gz", Some("hg38")),
            ("mm10.2bit", Some("mm10")),
            ("hs1.fa", Some("hs1")),
            ("Homo_sapiens.GRCh38.dna.primary_assembly.fa", Some("hg38")),
            (
                "GCA_000001405.15_GRCh38_no_alt_analysis_set.fna",
                Some("hg38"),
            ),
            ("chm13v2.0.fa", Some("hs1")),
            ("genome.fa", None),
            ("my_t2t.fa", None),
        ] {
            assert_eq!(of_file_name(name), expected, "{name}");
        }
    }
}
