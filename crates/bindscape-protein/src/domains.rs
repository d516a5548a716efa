//! Domains of proteins: where they lie, and how much of something lies in them.

use std::path::{Path, PathBuf};

use rustc_hash::FxHashMap;

use super::ids::{ID_COLUMNS, column, id_column};
use super::reader::{is_range, protein_id};
use bindscape_base::error::{Error, Place, Result};
use bindscape_base::table;

/// Name of the column of domains.
const COLUMN: &str = "domains";

/// A domain of a protein.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Domain {
    /// Name (`zf-C2H2`).
    pub name: String,
    /// First residue, 0-based.
    pub start: usize,
    /// The residue after its last one.
    pub end: usize,
}

/// The domains of many proteins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Domains {
    path: PathBuf,
    of: FxHashMap<String, Vec<Domain>>,
}

impl Domains {
    /// Reads a table of tab-separated columns with a header, plain or compressed. The
    /// id column is one of [`ID_COLUMNS`], in any case, and ids are those of [`protein_id`], as in
    /// FASTA; the column `domains` holds
    /// `NAME:START-END;NAME:START-END…`, with residues counted from 1 and both ends
    /// included, as Pfam writes them, or nothing. A comma after END separates domains, too; any
    /// other belongs to a name. Cells may stand in double quotes, as R's `write.table` writes them.
    /// Other columns are left alone.
    ///
    /// # Errors
    /// If a column is missing or occurs twice, a row is short, a domain is not written so, the
    /// name of one holds `:START-END`, or an id occurs twice.
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let mut columns: Option<(usize, usize)> = None;
        let mut of = FxHashMap::default();
        table::each_row(path, |line, fields| {
            let Some((id, domains)) = columns else {
                columns = Some(header(path, line, fields)?);
                return Ok(());
            };
            let place = Place::Line(line);
            let (Some(id), Some(text)) = (fields.get(id), fields.get(domains)) else {
                return Err(Error::input(
                    path,
                    place,
                    format!("{} columns", id.max(domains) + 1),
                    fields.len().to_string(),
                ));
            };
            let parsed = parse(text).map_err(|found| {
                Error::input(path, place.clone(), "domains as NAME:START-END;…", found).hint(
                    "residues are counted from 1, START is not behind END, and domains are \
                         separated by semicolons",
                )
            })?;
            if of.insert(protein_id(id).to_owned(), parsed).is_some() {
                return Err(Error::input(
                    path,
                    place,
                    "each id once",
                    format!("{id:?} again"),
                ));
            }
            Ok(())
        })?;
        if columns.is_none() {
            return Err(Error::input(
                path,
                Place::File,
                "a header line with `accession` and `domains`",
                "an empty file",
            ));
        }
        Ok(Self {
            path: path.to_path_buf(),
            of,
        })
    }

    /// Checks that names can be those of profiles.
    ///
    /// # Errors
    /// If one has a blank.
    pub fn check_names(&self) -> Result<()> {
        let mut blank: Vec<(&String, &Domain)> = self
            .of
            .iter()
            .flat_map(|(id, domains)| domains.iter().map(move |domain| (id, domain)))
            .filter(|(_, domain)| domain.name.contains(char::is_whitespace))
            .collect();
        blank.sort_by_key(|(id, domain)| (*id, domain.start));
        match blank.first() {
            None => Ok(()),
            Some((id, domain)) => Err(Error::input(
                &self.path,
                Place::Record((*id).clone()),
                "names of domains without blanks, since profiles are called so",
                format!("{:?}", domain.name),
            )
            .hint("write an underscore in their place")),
        }
    }

    /// The domains of the protein `id` of `residues` residues, in the table's order;
    /// `None` if the table does not know the protein.
    ///
    /// # Errors
    /// If a domain ends beyond the protein.
    pub fn get(&self, id: &str, residues: usize) -> Result<Option<&[Domain]>> {
        let Some(domains) = self.of.get(id) else {
            return Ok(None);
        };
        match domains.iter().find(|domain| domain.end > residues) {
            None => Ok(Some(domains)),
            Some(domain) => Err(Error::input(
                &self.path,
                Place::Record(id.to_owned()),
                format!("domains within its {residues} residues"),
                format!("{}:{}-{}", domain.name, domain.start + 1, domain.end),
            )
            .hint("the table and the FASTA file may hold different versions of the protein")),
        }
    }
}

fn header(path: &Path, line: u64, fields: &[&str]) -> Result<(usize, usize)> {
    let id = id_column(path, line, fields)?;
    match (id, column(path, line, fields, COLUMN)?) {
        (Some(id), Some(domains)) => Ok((id, domains)),
        _ => Err(Error::input(
            path,
            Place::Line(line),
            format!(
                "a header with a column {} and `{COLUMN}`",
                ID_COLUMNS.join(" or ")
            ),
            fields.join(", "),
        )),
    }
}

/// The domains of a cell, or the part of it that is none.
fn parse(cell: &str) -> std::result::Result<Vec<Domain>, String> {
    cell.split(';')
        .flat_map(split_at_commas)
        .map(str::trim)
        .filter(|item| !item.is_empty())
        .map(|item| domain(item).ok_or_else(|| format!("{item:?}")))
        .collect()
}

/// Parts between commas, but for commas within a name: a part ends with a range.
fn split_at_commas(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut start = 0;
    for (comma, _) in text.match_indices(',') {
        let part = text[start..comma].trim();
        if part
            .rsplit_once(':')
            .is_some_and(|(_, range)| is_range(range))
        {
            parts.push(part);
            start = comma + 1;
        }
    }
    parts.push(&text[start..]);
    parts
}

/// The domain that `NAME:START-END` stands for.
fn domain(text: &str) -> Option<Domain> {
    let (name, range) = text.rsplit_once(':')?;
    let (start, end) = range.split_once('-')?;
    let (start, end): (usize, usize) = (start.parse().ok()?, end.parse().ok()?);
    // A range within the name is that of a domain that something else separates.
    let several = name.split(':').skip(1).any(begins_with_range);
    (!name.is_empty() && !several && 1 <= start && start <= end).then(|| Domain {
        name: name.to_owned(),
        start: start - 1,
        end,
    })
}

/// Whether it begins with two numbers with a hyphen between.
fn begins_with_range(text: &str) -> bool {
    let digit = |letter: char| letter.is_ascii_digit();
    text.split_once('-').is_some_and(|(start, end)| {
        !start.is_empty() && start.chars().all(digit) && end.starts_with(digit)
    })
}

/// How much of the evidence for something lies in domains.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ShareInside {
    /// Of the sum of all positive attributions; `None` if there are none.
    pub attribution: Option<f64>,
    /// Of the residues that have an attribution: what chance would give.
    pub length: f64,
}

/// How much of the positive part of `attributions`, one per residue from the first
/// one on, lies in `domains`. Residues in several domains count once, and those
/// behind the last attribution not at all; `None` if no domain has a residue
/// with an attribution.
#[must_use]
pub fn share_inside(domains: &[Domain], attributions: &[f64]) -> Option<ShareInside> {
    let mut inside = vec![false; attributions.len()];
    for domain in domains {
        let end = domain.end.min(inside.len());
        inside[domain.start.min(end)..end].fill(true);
    }
    let covered = inside.iter().filter(|&&inside| inside).count();
    if covered == 0 {
        return None;
    }
    let sum = |wanted: &dyn Fn(bool) -> bool| -> f64 {
        let pairs = attributions.iter().zip(&inside);
        pairs
            .filter(|&(_, &inside)| wanted(inside))
            .map(|(attribution, _)| attribution.max(0.0))
            .sum()
    };
    let all = sum(&|_| true);
    Some(ShareInside {
        attribution: (all > 0.0).then(|| sum(&|inside| inside) / all),
        length: covered as f64 / attributions.len() as f64,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Domains> {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("domains.tsv");
        std::fs::write(&path, text).expect("a writable directory");
        Domains::read(&path)
    }

    #[test]
    fn residues_are_counted_from_one_in_the_table_only() {
        let table =
            "accession\ttaxon\tmotifs\tdomains\nP1\tx\tM\tHMG:box:3-5;HLH:1-1;\nP2\tx\tM\t\n";
        let domains = read(table).expect("a good table");
        let domain = |name: &str, start, end| Domain {
            name: name.into(),
            start,
            end,
        };
        let expected = [domain("HMG:box", 2, 5), domain("HLH", 0, 1)];
        let known = |id, residues| domains.get(id, residues);
        assert_eq!(known("P1", 5).expect("they fit"), Some(expected.as_slice()));
        assert_eq!(known("P2", 5).expect("none"), Some([].as_slice()));
        assert_eq!(known("P3", 5).expect("unknown"), None);
        let beyond = known("P1", 4).expect_err("too short").to_string();
        assert!(
            beyond.contains("HMG:box:3-5") && beyond.contains("P1"),
            "{beyond}"
        );
        for (text, part) in [
            ("accession\tdomains\nP1\tHLH:5-3\n", "\"HLH:5-3\""),
            ("accession\tdomains\nP1\tHLH:0-3\n", "line 2"),
            ("accession\tdomains\nP1\tHLH\n", "\"HLH\""),
            ("accession\tdomains\nP1\t\nP1\t\n", "\"P1\" again"),
            ("accession\tmotifs\nP1\t\n", "`domains`"),
            ("", "empty file"),
        ] {
            let message = read(text).expect_err("a fault").to_string();
            assert!(message.contains(part), "no {part} in {message}");
        }
    }

    #[test]
    fn commas_separate_domains_unless_they_are_part_of_a_name() {
        let parsed = |cell: &str| -> Vec<(String, usize, usize)> {
            let table = read(&format!("id\tdomains\nP1\t{cell}\n")).expect(cell);
            let domains = table.get("P1", 99).expect("they fit").expect("known");
            let all = domains.iter();
            all.map(|d| (d.name.clone(), d.start + 1, d.end)).collect()
        };
        let both = [("Foo".to_owned(), 5, 20), ("Bar".to_owned(), 30, 40)];
        for cell in [
            "Foo:5-20,Bar:30-40",
            "Foo:5-20 , Bar:30-40,",
            "Foo:5-20;Bar:30-40",
        ] {
            assert_eq!(parsed(cell), both, "{cell}");
        }
        let name = "Zinc finger, C2H2: type".to_owned();
        assert_eq!(
            parsed("Zinc finger, C2H2: type:5-20,Bar:30-40"),
            [(name, 5, 20), both[1].clone()]
        );
        for (cell, part) in [
            ("Foo:5-20 Bar:30-40", "\"Foo:5-20 Bar:30-40\""),
            ("Foo:5-20|Bar:30-40", "\"Foo:5-20|Bar:30-40\""),
            ("Foo:5-20,30-40", "\"30-40\""),
            ("Foo:0-20,Bar:30-40", "\"Foo:0-20\""),
        ] {
            let error = read(&format!("id\tdomains\nP1\t{cell}\n")).expect_err("a fault");
            let hint = error.advice().unwrap_or_default();
            assert!(error.to_string().contains(part), "no {part} in {error}");
            assert!(hint.contains("separated by semicolons"), "{hint}");
        }
    }

    #[test]
    fn quotes_are_left_out_and_columns_are_there_once() {
        let quoted = read("\"accession\"\t\"domains\"\n\"P1\"\t\"HLH:1-5\"\n").expect("quoted");
        let found = quoted.get("P1", 5).expect("it fits").expect("known");
        assert_eq!(found[0].name, "HLH");
        let twice = read("id\tdomains\tDomains\nP1\tHLH:1-5\t\n").expect_err("two columns");
        assert!(
            twice
                .to_string()
                .ends_with("line 1: expected one column `domains`, found two, columns 2 and 3"),
            "{twice}"
        );
        assert!(read("id\tID\tdomains\nP1\tP2\t\n").is_err());
    }

    #[test]
    fn shares_count_each_residue_once_and_positive_ones_only() {
        let domain = |start, end| Domain {
            name: "d".into(),
            start,
            end,
        };
        let attributions = [1.0, -5.0, 2.0, 1.0];
        let share = share_inside(&[domain(1, 3), domain(2, 3)], &attributions).expect("residues");
        assert_eq!((share.attribution, share.length), (Some(0.5), 0.5));
        let share = share_inside(&[domain(3, 9)], &attributions).expect("a residue");
        assert_eq!((share.attribution, share.length), (Some(0.25), 0.25));
        assert_eq!(share_inside(&[domain(4, 9)], &attributions), None);
        let negative = share_inside(&[domain(0, 1)], &[-1.0, -1.0]).expect("a residue");
        assert_eq!(negative.attribution, None);
    }
}
