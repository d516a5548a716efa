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

/// Accessions of NCBI: the name of UCSC, number, versions of GenBank (`GCA_`) and of RefSeq (`GCF_`),
/// each from the first release of the assembly to its last patch. The same number goes on with the
/// next assembly of a species.
///
/// Source: assembly reports of <https://www.ncbi.nlm.nih.gov/datasets/genome/>.
const ACCESSIONS: &[(&str, &str, [u32; 2], [u32; 2])] = &[
    ("hg38", "000001405", [15, 29], [26, 40]),
    ("hg19", "000001405", [1, 14], [13, 25]),
    ("hs1", "009914755", [4, 4], [1, 1]),
    ("mm39", "000001635", [9, 9], [27, 27]),
    ("mm10", "000001635", [2, 8], [20, 26]),
    ("rn7", "015227675", [2, 2], [2, 2]),
    ("rn6", "000001895", [4, 4], [5, 5]),
    ("danRer11", "000002035", [4, 4], [6, 6]),
    ("danRer10", "000002035", [3, 3], [5, 5]),
    ("dm6", "000001215", [4, 4], [4, 4]),
    ("ce11", "000002985", [3, 3], [6, 6]),
    ("sacCer3", "000146045", [2, 2], [2, 2]),
    ("galGal6", "000002315", [5, 5], [6, 6]),
    ("susScr11", "000003025", [6, 6], [6, 6]),
    ("bosTau9", "002263795", [2, 2], [1, 1]),
    ("canFam3", "000002285", [2, 2], [3, 3]),
];

/// The name of UCSC for the assembly that goes by `name`; `None` if it is not known here. Letter
/// case, signs and patches (`GRCh38.p14`, which changes no coordinate of a chromosome) do not
/// matter. NCBI's accessions with their version are names, too, alone or before another name.
///
/// ```
/// use bindscape_genome::assembly::known;
///
/// assert_eq!(known("GRCh38.p14"), Some("hg38"));
/// assert_eq!(known("t2t_chm13v2.0"), Some("hs1"));
/// assert_eq!(known("GCF_000001635.26"), Some("mm10"));
/// assert_eq!(known("GCA_000001405.15_GRCh38"), Some("hg38"));
/// assert_eq!(known("toy"), None);
/// ```
#[must_use]
pub fn known(name: &str) -> Option<&'static str> {
    if let Some(found) = of_accession(name.trim()) {
        return Some(found);
    }
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
    let accession = name.match_indices(['g', 'G']);
    if let Some(found) = accession
        .filter_map(|(at, _)| of_accession(&name[at..]))
        .next()
    {
        return Some(found);
    }
    if let Some(found) = name.split(['.', '-', '_']).find_map(|part| {
        // Short common words, as `T2T` and `R64`, are told by the whole name alone.
        (part.len() > 3).then(|| known(part)).flatten()
    }) {
        return Some(found);
    }
    let stem = name.split(".fa").next().unwrap_or(name);
    known(stem.strip_suffix(".2bit").unwrap_or(stem))
}

/// The assembly of the accession with which `name` begins.
fn of_accession(name: &str) -> Option<&'static str> {
    let (archive, rest) = name.split_at_checked(4)?;
    let refseq = match archive.to_ascii_uppercase().as_str() {
        "GCA_" => false,
        "GCF_" => true,
        _ => return None,
    };
    let (number, rest) = rest.split_at_checked(9)?;
    let digits = rest.strip_prefix('.')?;
    let end = digits.find(|letter: char| !letter.is_ascii_digit());
    let version: u32 = digits[..end.unwrap_or(digits.len())].parse().ok()?;
    ACCESSIONS
        .iter()
        .find(|(_, known, genbank, of_refseq)| {
            let [first, last] = if refseq { *of_refseq } else { *genbank };
            *known == number && (first..=last).contains(&version)
        })
        .map(|&(name, ..)| name)
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
            ("GCA_000001405.15", "hg38"),
            ("GCF_000001405.26", "GRCh38"),
            ("gcf_000001405.40_GRCh38.p14", "hg38"),
            ("GCA_000001405.1", "GCF_000001405.25"),
            ("GCA_000001635.8", "GRCm38.p6"),
            ("GCF_000001635.27", "mm39"),
            ("GCA_009914755.4", "T2T-CHM13v2.0"),
            ("GCA_999999999.1", "gca_999999999.1"),
            ("My genome v1", "my_genome.v1"),
        ] {
            assert!(same(one, other), "{one} and {other}");
        }
        for (one, other) in [
            ("hg19", "hg38"),
            ("GRCm38", "GRCh38"),
            ("GCF_000001405.25", "GCF_000001405.26"),
            ("GCA_000001635.8", "GCA_000001635.9"),
            // Without a version, it is any assembly of the species.
            ("GCA_000001405", "hg38"),
            ("GCA_000001405.x", "hg38"),
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
            ("GCF_000001635.26.fna", Some("mm10")),
            ("ncbi_GCF_000001405.40.fa.gz", Some("hg38")),
            ("chm13v2.0.fa", Some("hs1")),
            ("genome.fa", None),
            ("my_t2t.fa", None),
        ] {
            assert_eq!(of_file_name(name), expected, "{name}");
        }
    }
}
