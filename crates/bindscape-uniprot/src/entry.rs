//! A line of a page.

use crate::query::FIELDS;

/// Taxa by which proteins are grouped, with their NCBI numbers; the first that
/// stands in the lineage counts, and `eukaryotes` is everything else.
const GROUPS: [(&str, &str); 5] = [
    ("7742", "vertebrates"),
    ("50557", "insects"),
    ("6231", "nematodes"),
    ("33090", "plants"),
    ("4751", "fungi"),
];

/// What is kept of an entry of UniProtKB.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Primary accession (`P17861`).
    pub(crate) accession: String,
    /// Entry name (`XBP1_HUMAN`).
    pub(crate) name: String,
    /// NCBI taxon of the organism.
    pub(crate) organism: String,
    /// Group of organisms.
    pub(crate) taxon: &'static str,
    /// Keywords' accessions.
    pub(crate) keywords: Vec<String>,
    /// Pfam accessions.
    pub(crate) pfam: Vec<String>,
    /// Residues.
    pub(crate) sequence: String,
}

impl Entry {
    /// Reads a line of a page in TSV.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub(crate) fn parse(line: &str) -> Result<Self, String> {
        let cells: Vec<&str> = line.split('\t').collect();
        let [
            accession,
            name,
            organism,
            lineage,
            keywords,
            pfam,
            length,
            sequence,
        ] = cells[..]
        else {
            return Err(format!(
                "a line of {} instead of {} columns",
                cells.len(),
                FIELDS.len()
            ));
        };
        if accession.is_empty() || !accession.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(format!("{accession:?} instead of an accession"));
        }
        // The length tells whether the last cell of a page that ends early is whole.
        if length.parse() != Ok(sequence.len()) {
            return Err(format!(
                "{} residues of {accession} instead of {length}",
                sequence.len()
            ));
        }
        if sequence.is_empty() || !sequence.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Err(format!("no sequence of residues for {accession}"));
        }
        let list = |cell: &str| {
            cell.split(';')
                .map(|item| item.trim().to_owned())
                .filter(|item| !item.is_empty())
                .collect()
        };
        Ok(Self {
            accession: accession.to_owned(),
            name: name.to_owned(),
            organism: organism.to_owned(),
            taxon: taxon(lineage),
            keywords: list(keywords),
            pfam: list(pfam),
            sequence: sequence.to_owned(),
        })
    }
}

/// The group of organisms of a lineage: `131567 (no rank), 2759 (domain), …`.
fn taxon(lineage: &str) -> &'static str {
    let numbers: Vec<&str> = lineage
        .split(',')
        .filter_map(|step| step.split_whitespace().next())
        .collect();
    GROUPS
        .into_iter()
        .find(|(number, _)| numbers.contains(number))
        .map_or("eukaryotes", |(_, name)| name)
}

/// The records of a page: its lines after the header.
///
/// # Errors
/// What is wrong with the page, in words.
pub(crate) fn parse_page(text: &str) -> Result<Vec<Entry>, String> {
    let body = text
        .strip_suffix('\n')
        .ok_or("a page that ends within a line")?;
    let mut lines = body.split('\n').map(|line| line.trim_end_matches('\r'));
    let header = lines.next().unwrap_or_default();
    if header.split('\t').next() != Some("Entry") || header.split('\t').count() != FIELDS.len() {
        let start: String = header.chars().take(60).collect();
        return Err(format!(
            "{start:?} instead of a header of {} columns that starts with \"Entry\"",
            FIELDS.len()
        ));
    }
    lines.map(Entry::parse).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "Entry\tEntry Name\tOrganism (ID)\tTaxonomic lineage (Ids)\tKeyword ID\tPfam\tLength\tSequence\n";

    #[test]
    fn a_page_is_read_to_its_last_residue() {
        let page = format!(
            "{HEADER}P1\tA_HUMAN\t9606\t131567 (no rank), 2759 (domain), 7742 (clade)\tKW-0371;KW-0539\tPF00046;\t4\tMKUX\nP2\tB_X\t1\t2759 (domain)\t\t\t1\tM\n"
        );
        let entries = parse_page(&page).unwrap();
        assert_eq!(entries.len(), 2);
        let first = &entries[0];
        assert_eq!(
            (
                first.accession.as_str(),
                first.taxon,
                first.organism.as_str()
            ),
            ("P1", "vertebrates", "9606")
        );
        assert_eq!(first.keywords, ["KW-0371", "KW-0539"]);
        assert_eq!(first.pfam, ["PF00046"]);
        assert_eq!(first.sequence, "MKUX");
        assert_eq!(entries[1].taxon, "eukaryotes");
        assert!(entries[1].keywords.is_empty());
        // Wherever it is cut, it is no page, or one with fewer records.
        for end in 0..page.len() {
            if let Ok(cut) = parse_page(&page[..end]) {
                assert!(cut.len() < 2, "cut at {end}");
            }
        }
        assert!(parse_page("Error\n").unwrap_err().contains("Error"));
        let short = format!("{HEADER}P1\tA\t1\t\t\t\t5\tMK\n");
        assert!(parse_page(&short).unwrap_err().contains("2 residues of P1"));
    }
}
