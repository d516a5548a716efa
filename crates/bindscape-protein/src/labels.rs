//! Tables that say what proteins are.

use std::path::{Path, PathBuf};

use rustc_hash::{FxHashMap, FxHashSet};

use super::class::{Label, ProteinClass};
use super::ids::{ID_COLUMNS, column, id_column};
use super::reader::{Protein, protein_id};
use bindscape_base::error::{Error, Place, Result};
use bindscape_base::names;
use bindscape_base::progress::Progress;
use bindscape_base::table;
use bindscape_base::words::{counted, some_of};

/// The rows of a label table.
#[derive(Debug, Clone)]
pub struct Labels {
    path: PathBuf,
    group: Option<String>,
    /// Rows in the order of the file.
    rows: Vec<Row>,
    /// Place of each id in `rows`.
    places: FxHashMap<String, u32>,
}

#[derive(Debug, Clone)]
struct Row {
    id: String,
    label: Label,
    group: Option<String>,
}

/// Labels in the order of the proteins that they belong to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatchedLabels {
    /// One per protein.
    pub labels: Vec<Label>,
    /// One per protein, where a group column was asked for: the place in `group_names`.
    pub groups: Option<Vec<u32>>,
    /// The values of the group column, in the order in which the proteins show them.
    pub group_names: Vec<String>,
}

impl Labels {
    /// Reads a table of tab-separated columns with a header, plain or compressed.
    ///
    /// The id column is one of [`ID_COLUMNS`], in any case, and its ids are those of
    /// [`protein_id`], as in FASTA; the column `class` holds the name of a [`ProteinClass`], or
    /// `tf` for a transcription factor of unknown kind.
    /// `group` names a further column whose values tell which proteins belong together
    /// (a taxon, say). Cells may stand in double quotes, as R's `write.table` writes them. Other
    /// columns are left alone.
    ///
    /// # Errors
    /// If one of these columns is missing or occurs twice, a row is shorter or longer than the
    /// header, a class is unknown, a group is empty, an id occurs twice, or there are no rows.
    pub fn read(path: impl AsRef<Path>, group: Option<&str>) -> Result<Self> {
        let path = path.as_ref();
        let mut columns: Option<Columns> = None;
        let mut labels = Self {
            path: path.to_path_buf(),
            group: group.map(str::to_owned),
            rows: Vec::new(),
            places: FxHashMap::default(),
        };
        let mut lines: Vec<u64> = Vec::new();
        table::each_row(path, |line, fields| {
            let Some(columns) = &columns else {
                columns = Some(Columns::of_header(path, line, fields, group)?);
                return Ok(());
            };
            let row = columns.row(path, line, fields)?;
            let place = labels.rows.len() as u32;
            if let Some(first) = labels.places.insert(row.id.clone(), place) {
                return Err(Error::input(
                    path,
                    Place::Line(line),
                    "each id once",
                    format!(
                        "{:?} again, first on line {}",
                        row.id, lines[first as usize]
                    ),
                ));
            }
            lines.push(line);
            labels.rows.push(row);
            Ok(())
        })?;
        if labels.rows.is_empty() {
            return Err(Error::input(
                path,
                Place::File,
                "a header line with `accession` and `class`, and rows of proteins",
                if columns.is_some() {
                    "a header alone"
                } else {
                    "an empty file"
                },
            ));
        }
        Ok(labels)
    }

    /// The label of the protein `id`.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<Label> {
        let place = *self.places.get(id)?;
        Some(self.rows[place as usize].label)
    }

    /// Number of labelled proteins.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none; never so for a table that was read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Labels and groups of `proteins`, in their order; `fasta` names their file in
    /// messages. Warns of sequences that stand in two classes.
    ///
    /// # Errors
    /// If a protein has no label, or a label no protein: both are counted, and some named.
    pub fn matched(
        &self,
        proteins: &[Protein],
        fasta: &Path,
        progress: &dyn Progress,
    ) -> Result<MatchedLabels> {
        let mut used = vec![false; self.rows.len()];
        let mut unlabelled = Vec::new();
        let mut matched = MatchedLabels {
            labels: Vec::with_capacity(proteins.len()),
            groups: self.group.as_ref().map(|_| Vec::new()),
            group_names: Vec::new(),
        };
        let mut numbers: FxHashMap<&str, u32> = FxHashMap::default();
        for protein in proteins {
            let Some(&place) = self.places.get(&protein.id) else {
                unlabelled.push(protein.id.as_str());
                continue;
            };
            let row = &self.rows[place as usize];
            used[place as usize] = true;
            matched.labels.push(row.label);
            if let (Some(groups), Some(group)) = (&mut matched.groups, &row.group) {
                let next = matched.group_names.len() as u32;
                let number = *numbers.entry(group).or_insert_with(|| {
                    matched.group_names.push(group.clone());
                    next
                });
                groups.push(number);
            }
        }
        let absent: Vec<&str> = self
            .rows
            .iter()
            .zip(&used)
            .filter(|(_, used)| !**used)
            .map(|(row, _)| row.id.as_str())
            .collect();
        self.refuse_mismatch(proteins, fasta, &unlabelled, &absent)?;
        self.tell_contradictions(proteins, &matched.labels, progress);
        Ok(matched)
    }

    /// Warns of sequences whose labels contradict each other, each with a protein of two labels.
    /// Which of the two is right is not known here, so both stay.
    fn tell_contradictions(&self, proteins: &[Protein], labels: &[Label], progress: &dyn Progress) {
        // A protein of each sequence, of known kind where there is one.
        let mut known: FxHashMap<&[u8], usize> = FxHashMap::default();
        let mut told: FxHashSet<&[u8]> = FxHashSet::default();
        let mut found: Vec<String> = Vec::new();
        for (place, protein) in proteins.iter().enumerate() {
            let sequence = protein.sequence.as_slice();
            let other = known.entry(sequence).or_insert(place);
            if labels[place].contradicts(labels[*other]) {
                if told.insert(sequence) {
                    let named =
                        |place: usize| format!("{} ({})", proteins[place].id, labels[place].name());
                    found.push(format!("{} and {}", named(*other), named(place)));
                }
            } else if labels[*other].class.is_none() {
                *other = place;
            }
        }
        if found.is_empty() {
            return;
        }
        let has = if found.len() == 1 { "has" } else { "have" };
        progress.note(&format!(
            "warning: {}: {} {has} two classes, and no model can be right about both: {}; \
             remove such proteins, as `bindscape protein fetch` does",
            self.path.display(),
            counted(found.len() as u64, "sequence"),
            some_of(&found)
        ));
    }

    fn refuse_mismatch(
        &self,
        proteins: &[Protein],
        fasta: &Path,
        unlabelled: &[&str],
        absent: &[&str],
    ) -> Result<()> {
        if unlabelled.is_empty() && absent.is_empty() {
            return Ok(());
        }
        let mut found = Vec::new();
        if !absent.is_empty() {
            found.push(format!(
                "{} of {} ids that are not in it ({})",
                absent.len(),
                self.rows.len(),
                some_of(absent)
            ));
        }
        if !unlabelled.is_empty() {
            found.push(format!(
                "{} of its {} proteins without a label ({})",
                unlabelled.len(),
                proteins.len(),
                some_of(unlabelled)
            ));
        }
        let hint = match (unlabelled.first(), absent.first()) {
            // Nothing matches: the two files name proteins in different ways.
            (Some(protein), Some(id)) if absent.len() == self.rows.len() => format!(
                "no id is the same in both: ids look like {id:?} here and {protein:?} in the FASTA file; \
                 `sp|ACCESSION|NAME` counts as ACCESSION"
            ),
            _ => "remove the proteins or the labels that are too many, or add the missing ones"
                .to_owned(),
        };
        Err(Error::input(
            &self.path,
            Place::File,
            format!("one label per protein of {}", fasta.display()),
            found.join(" and "),
        )
        .hint(hint))
    }
}

/// Where the columns are.
struct Columns {
    id: usize,
    class: usize,
    group: Option<usize>,
    count: usize,
}

impl Columns {
    fn of_header(path: &Path, line: u64, fields: &[&str], group: Option<&str>) -> Result<Self> {
        let place = |name: &str| column(path, line, fields, name);
        let missing = |expected: String| {
            Error::input(
                path,
                Place::Line(line),
                expected,
                format!("the columns {}", fields.join(", ")),
            )
        };
        let id = id_column(path, line, fields)?.ok_or_else(|| {
            missing(format!("a column of ids ({})", ID_COLUMNS.join(", ")))
                .hint("the first line must be a header; columns are separated by tabs")
        })?;
        let class = place("class")?.ok_or_else(|| {
            missing("a column `class`".into()).hint(
                "it holds zinc_finger, homeodomain, leucine_zipper, other_tf or non_tf, or tf for \
                 a transcription factor of unknown kind",
            )
        })?;
        let group = match group {
            None => None,
            Some(name) => Some(place(name)?.ok_or_else(|| {
                missing(format!("the group column {name:?}")).hint(names::suggestion(
                    name,
                    fields.iter().copied(),
                    "name one of the columns",
                ))
            })?),
        };
        Ok(Self {
            id,
            class,
            group,
            count: fields.len(),
        })
    }

    fn row(&self, path: &Path, line: u64, fields: &[&str]) -> Result<Row> {
        let fault = |expected: String, found: String| {
            Error::input(path, Place::Line(line), expected, found)
        };
        if fields.len() != self.count {
            return Err(fault(
                format!("{} as in the header", counted(self.count as u64, "column")),
                fields.len().to_string(),
            )
            .hint(if fields.len() == self.count + 1 {
                "columns are separated by tabs; R's `write.table` puts names before the rows, \
                 which the header lacks, unless `row.names=FALSE` is given"
            } else {
                "columns are separated by tabs"
            }));
        }
        let id = protein_id(fields[self.id]);
        if id.is_empty() {
            return Err(fault("an id".into(), "an empty column".into()));
        }
        let class = fields[self.class];
        let label = Label::from_name(class).ok_or_else(|| {
            let known = ProteinClass::ALL.map(ProteinClass::name);
            fault(
                format!("a class: {} or tf", known.join(", ")),
                format!("{class:?}"),
            )
            .hint(names::suggestion(
                class,
                known,
                "`tf` is a transcription factor of unknown kind",
            ))
        })?;
        let group = match self.group.map(|place| fields[place]) {
            Some("") => {
                return Err(fault("a group".into(), "an empty column".into())
                    .hint("give every protein a group; one of its own where it has none"));
            }
            group => group.map(str::to_owned),
        };
        Ok(Row {
            id: id.to_owned(),
            label,
            group,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bindscape_base::progress::{Notes, Silent};

    fn read(text: &str, group: Option<&str>) -> Result<Labels> {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let path = directory.path().join("labels.tsv");
        std::fs::write(&path, text).expect("written");
        Labels::read(&path, group)
    }

    fn message(result: Result<impl Sized>) -> String {
        let error = result.err().expect("a fault");
        format!("{error} hint: {}", error.advice().unwrap_or_default())
    }

    /// Proteins of different sequences.
    fn proteins(ids: &[&str]) -> Vec<Protein> {
        let numbered = ids.iter().zip(1..);
        numbered
            .map(|(id, number)| Protein::new(*id, b"MKV".repeat(number)))
            .collect()
    }

    fn matched(labels: &Labels, ids: &[&str]) -> Result<MatchedLabels> {
        labels.matched(&proteins(ids), Path::new("p.fa"), &Silent)
    }

    const TABLE: &str =
        "class\taccession\ttaxon\nzinc_finger\tA\tplants\nnon_tf\tB\tfungi\nTF\tC\tplants\n";

    #[test]
    fn labels_follow_the_proteins() {
        let labels = read(TABLE, Some("taxon")).expect("labels");
        assert_eq!(labels.len(), 3);
        assert_eq!(labels.get("A"), Some(ProteinClass::ZincFinger.into()));
        assert_eq!(labels.get("D"), None);
        let found = matched(&labels, &["C", "B", "A"]).expect("matched");
        assert_eq!(
            found.labels,
            [
                Label {
                    tf: true,
                    class: None
                },
                ProteinClass::NonTf.into(),
                ProteinClass::ZincFinger.into()
            ]
        );
        assert_eq!(found.groups, Some(vec![0, 1, 0]));
        assert_eq!(found.group_names, ["plants", "fungi"]);
        let without = read(TABLE, None).expect("labels");
        let found = matched(&without, &["A", "B", "C"]).expect("matched");
        assert_eq!(found.groups, None);
    }

    #[test]
    fn ids_follow_the_rule_of_fasta_and_columns_that_of_uniprot() {
        for text in [
            "Entry\tEntry Name\tclass\nA\tA_HUMAN\ttf\nB\tB_HUMAN\tnon_tf\n",
            "accession\tclass\nsp|A|A_HUMAN\ttf\ntr|B|B_HUMAN\tnon_tf\n",
            "Accession\tClass\nA\ttf\nB\tnon_tf\n",
            "primaryAccession\tclass\nA\ttf\nB\tnon_tf\n",
            "PROTEIN\tclass\nsp|A|A_HUMAN with a description\ttf\nB\tnon_tf\n",
        ] {
            let labels = read(text, None).expect(text);
            matched(&labels, &["A", "B"]).expect(text);
        }
        let twice = message(read("Entry\tclass\nA\ttf\nsp|A|X\ttf\n", None));
        assert!(
            twice.contains("line 3: expected each id once, found \"A\" again"),
            "{twice}"
        );
    }

    #[test]
    fn tables_of_r_are_read_with_their_quotes() {
        let text = "\"accession\"\t\"class\"\t\"taxon\"\n\"A\"\t\"tf\"\t\"1\"\nB\tnon_tf\t1\n";
        let labels = read(text, Some("taxon")).expect("labels");
        assert_eq!(labels.get("B"), Some(ProteinClass::NonTf.into()));
        let found = matched(&labels, &["A", "B"]).expect("matched");
        assert_eq!(found.group_names, ["1"]);
        // One quote alone may belong to a name.
        let odd = message(read("id\tclass\nA\t\"tf\n", None));
        assert!(odd.contains("found \"\\\"tf\""), "{odd}");
        let rows = message(read("\"id\"\t\"class\"\n\"1\"\t\"A\"\t\"tf\"\n", None));
        assert!(rows.contains("`row.names=FALSE`"), "{rows}");
    }

    #[test]
    fn a_sequence_in_two_classes_is_named() {
        let text = "id\tclass\nA\tzinc_finger\nB\tnon_tf\nC\ttf\nD\thomeodomain\nE\ttf\n";
        let labels = read(text, None).expect("labels");
        let notes = |sequences: [&[u8]; 5]| {
            let proteins: Vec<Protein> = ["A", "B", "C", "D", "E"]
                .into_iter()
                .zip(sequences)
                .map(|(id, sequence)| Protein::new(id, sequence))
                .collect();
            let notes = Notes::default();
            let found = labels.matched(&proteins, Path::new("p.fa"), &notes);
            assert_eq!(found.expect("matched").labels.len(), 5);
            notes.0.into_inner().expect("no panic").join("\n")
        };
        // A TF of unknown kind may be of any.
        let told = notes([b"MK", b"MV", b"MK", b"MH", b"MK"]);
        assert_eq!(told, "");
        let told = notes([b"MK", b"MK", b"ML", b"MH", b"MH"]);
        assert!(
            told.contains("1 sequence has two classes")
                && told.contains("A (zinc_finger) and B (non_tf);"),
            "{told}"
        );
        let told = notes([b"MK", b"MH", b"ML", b"MK", b"MH"]);
        assert!(
            told.contains("2 sequences have two classes")
                && told.contains("A (zinc_finger) and D (homeodomain), B (non_tf) and E (tf)"),
            "{told}"
        );
    }

    #[test]
    fn mismatches_are_counted_with_examples() {
        let labels = read(TABLE, None).expect("labels");
        let both = message(matched(&labels, &["A", "Q", "R"]));
        assert!(
            both.contains(
                "labels.tsv: expected one label per protein of p.fa, found 2 of 3 ids that are not in it (B, C) and 2 of its 3 proteins without a label (Q, R)"
            ),
            "{both}"
        );
        let none = message(matched(&labels, &["x|A|y"]));
        assert!(
            none.contains("ids look like \"A\" here and \"x|A|y\""),
            "{none}"
        );
    }

    #[test]
    fn messages_name_line_and_near_names() {
        let typo = message(read("id\tclass\nA\tzinc_fingr\n", None));
        assert!(
            typo.contains("labels.tsv, line 2: expected a class: zinc_finger"),
            "{typo}"
        );
        assert!(typo.contains("did you mean zinc_finger?"), "{typo}");
        let group = message(read(TABLE, Some("taxa")));
        assert!(
            group.contains("the group column \"taxa\"") && group.contains("did you mean taxon?"),
            "{group}"
        );
        let twice = message(read("protein\tclass\nA\ttf\n\nA\tnon_tf\n", None));
        assert!(
            twice.contains("line 4: expected each id once, found \"A\" again, first on line 2"),
            "{twice}"
        );
        for (header, found) in [
            ("id\tclass\tclass\tg", "`class`, found two, columns 2 and 3"),
            ("id\tID\tclass\tg", "`id`, found two, columns 1 and 2"),
            ("id\tg\tclass\tG", "`g`, found two, columns 2 and 4"),
        ] {
            let table = format!("{header}\nA\ttf\ttf\tx\n");
            let twice = message(read(&table, Some("g")));
            let expected = format!("line 1: expected one column {found}");
            assert!(twice.contains(&expected), "{twice}");
            assert!(twice.contains("remove one of them"), "{twice}");
        }
        let id = message(read("name\tclass\nA\ttf\n", None));
        assert!(
            id.contains("a column of ids (accession, entry, primaryAccession, id, protein)"),
            "{id}"
        );
        let class = message(read("id\tkind\nA\ttf\n", None));
        assert!(
            class.contains("a column `class`, found the columns id, kind"),
            "{class}"
        );
        let short = message(read("id\tclass\nA\n", None));
        assert!(short.contains("line 2: expected 2 columns"), "{short}");
        assert!(message(read("id\tclass\n", None)).contains("a header alone"));
        assert!(message(read("", None)).contains("an empty file"));
        let no_group = message(read("id\tclass\tg\nA\ttf\t\n", Some("g")));
        assert!(no_group.contains("expected a group"), "{no_group}");
    }
}
