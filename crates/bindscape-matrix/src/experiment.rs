//! The result table of an experiment: one row per model that was fitted or compared, in a file
//! that any program reads, and from which all statistics and figures follow.

use std::io::{self, Write};
use std::path::Path;

use bindscape_base::digest::InputFile;
use bindscape_base::table::{self, Table};
use bindscape_base::{Error, Place, Result};
use serde::{Deserialize, Serialize};

/// What the TF of a row has to do with the TFs of its multi-model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Relation {
    /// It is one of them.
    Among,
    /// It shares a binding mode with one of them.
    SameMode,
    /// It shares no binding mode with any of them.
    OtherMode,
    /// Its binding modes are not known, or there is no multi-model.
    Unknown,
}

impl Relation {
    /// All relations.
    pub const ALL: [Self; 4] = [Self::Among, Self::SameMode, Self::OtherMode, Self::Unknown];

    /// Its name in the table.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Among => "among",
            Self::SameMode => "same-mode",
            Self::OtherMode => "other-mode",
            Self::Unknown => "unknown",
        }
    }
}

/// `experiment.json`: what an experiment is, from what, and how far it has come.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExperimentRecord {
    /// Version of bindscape.
    pub bindscape: String,
    /// Command line that started it, as the user may repeat it.
    pub command: Vec<String>,
    /// Whether every model has its row.
    pub finished: bool,
    /// The data are simulated, with a sentence that says how.
    pub simulated: Option<String>,
    /// Genome build.
    pub genome: Option<String>,
    /// Files it was made from.
    pub inputs: Vec<InputFile>,
    /// What is studied, in a few words.
    pub title: String,
    /// What is studied, in a sentence or two.
    pub description: String,
    /// How models are trained and tested, by name (`bindscape`, `paper-2021`).
    pub protocol: String,
    /// What that means, a line each.
    pub protocol_notes: Vec<String>,
    /// Figures of its page, in order.
    pub figures: Vec<FigureKind>,
    /// TFs and sets that were left out, and why.
    pub left_out: Vec<String>,
    /// The plan of the study, after defaults were filled in.
    pub study: serde_json::Value,
}

/// A figure of an experiment, from its result table. Those of the paper (Novakovsky et al. 2021)
/// are named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FigureKind {
    /// A box per TF and model, TFs in order of their training size (Fig. 3B).
    Tfs,
    /// AUCPR against training size, a dot per TF and model (Fig. 3C).
    Sizes,
    /// Standard deviation over repeats against training size (Fig. S1).
    Deviations,
    /// Change by transfer against training size, and by relation (Fig. 5).
    Changes,
    /// A panel per number of bound regions, a box per draw and model (Fig. 4, S2 to S5).
    Downsampling,
    /// A panel per TF, a box per set of pre-training TFs (Fig. 6, 7, 8, S7 to S10).
    Sets,
    /// A panel per TF, a box per model (Fig. S11, and the freezing study).
    Models,
}

/// One row of the result table: a model on its test regions.
///
/// Coordinates play no role here; regions are counted, and reverse complements are not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ResultRow {
    /// The TF.
    pub tf: String,
    /// Name of the multi-model's recipe in the plan (`mode`, `most-resolved`); empty without one.
    pub set: String,
    /// What the TF has to do with the multi-model's TFs.
    pub relation: Relation,
    /// Number of the repeat, from 1. Each has its own multi-model, unless the plan shares one.
    pub repeat: u32,
    /// Number of the draw of bound regions, from 1.
    pub draw: u32,
    /// Number of the split of a draw, from 1.
    pub split: u32,
    /// Bound regions that were asked for; `None` for all.
    pub asked: Option<u64>,
    /// The model (`pwm`, `multi-model`, `scratch`, `transfer`, `freeze:convolutional`, `readout`).
    pub model: String,
    /// Directory of the multi-model, below that of the experiment; empty without one.
    pub multi_model: String,
    /// The multi-model's TFs.
    pub multi_tfs: Vec<String>,
    /// Regions that the multi-model was trained, validated and tested on.
    pub multi_regions: u64,
    /// Bound regions among them, summed over TFs.
    pub multi_bound: u64,
    /// Those of TFs that share a binding mode with the TF, or are it.
    pub multi_bound_of_mode: u64,
    /// Regions in the training part.
    pub train_regions: u64,
    /// Bound regions among them.
    pub train_bound: u64,
    /// Test regions, unbound ones matched in GC content.
    pub test_regions: u64,
    /// Bound regions among them.
    pub test_bound: u64,
    /// Area under the precision-recall curve there.
    pub aucpr: Option<f64>,
    /// Average precision there.
    pub average_precision: Option<f64>,
    /// Area under the receiver operating characteristic there.
    pub auroc: Option<f64>,
    /// Matthews correlation coefficient there, at probability 0.5; `None` for scores that are no
    /// probabilities.
    pub mcc: Option<f64>,
    /// Test regions in the genome's proportion of bound and unbound ones.
    pub natural_regions: u64,
    /// Bound regions among them.
    pub natural_bound: u64,
    /// Area under the precision-recall curve there.
    pub natural_aucpr: Option<f64>,
    /// Epochs of the training; `None` for what is not trained by epochs.
    pub epochs: Option<u32>,
    /// The epoch whose weights were kept.
    pub best_epoch: Option<u32>,
    /// Wall-clock seconds of fitting and testing.
    pub seconds: f64,
}

/// A field of the table.
trait Cell: Sized {
    /// What is expected where parsing fails.
    const EXPECTED: &'static str;
    fn write(&self) -> String;
    fn parse(text: &str) -> Option<Self>;
}

impl Cell for String {
    const EXPECTED: &'static str = "text";

    fn write(&self) -> String {
        if self.is_empty() {
            "NA".to_owned()
        } else {
            self.clone()
        }
    }

    fn parse(text: &str) -> Option<Self> {
        Some(if text == "NA" { "" } else { text }.to_owned())
    }
}

impl Cell for Vec<String> {
    const EXPECTED: &'static str = "names separated by commas";

    fn write(&self) -> String {
        self.join(",").write()
    }

    fn parse(text: &str) -> Option<Self> {
        let text = String::parse(text)?;
        let names = text.split(',').map(str::to_owned);
        Some(names.filter(|name| !name.is_empty()).collect())
    }
}

impl Cell for Relation {
    const EXPECTED: &'static str = "among, same-mode, other-mode or unknown";

    fn write(&self) -> String {
        self.name().to_owned()
    }

    fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|relation| relation.name() == text)
    }
}

macro_rules! numbers {
    ($($type:ty: $expected:literal),+) => {$(
        impl Cell for $type {
            const EXPECTED: &'static str = $expected;

            fn write(&self) -> String {
                self.to_string()
            }

            fn parse(text: &str) -> Option<Self> {
                // What is not known is NA, never NaN.
                text.parse().ok().filter(|&number: &$type| (number as f64).is_finite())
            }
        }

        impl Cell for Option<$type> {
            const EXPECTED: &'static str = concat!($expected, " or NA");

            fn write(&self) -> String {
                self.as_ref().map_or_else(|| "NA".to_owned(), Cell::write)
            }

            fn parse(text: &str) -> Option<Self> {
                match text {
                    "NA" => Some(None),
                    number => <$type as Cell>::parse(number).map(Some),
                }
            }
        }
    )+};
}

numbers!(u32: "a whole number", u64: "a whole number", f64: "a number");

macro_rules! columns {
    ($($column:ident),+ $(,)?) => {
        impl ResultRow {
            /// Names of the columns, in their order.
            pub const COLUMNS: &[&str] = &[$(stringify!($column)),+];

            fn cells(&self) -> Vec<String> {
                vec![$(self.$column.write()),+]
            }

            /// The row of the `fields` of a line, one for each column.
            fn parse(fields: &[&str], wrong: &dyn Fn(&str, &str, &str) -> Error) -> Result<Self> {
                let mut fields = fields.iter();
                Ok(Self {
                    $($column: {
                        let text = fields.next().copied().unwrap_or_default();
                        cell(text).ok_or_else(|| {
                            wrong(stringify!($column), expected_of(|row: &Self| &row.$column), text)
                        })?
                    }),+
                })
            }
        }
    };
}

fn cell<T: Cell>(text: &str) -> Option<T> {
    T::parse(text)
}

/// What a column expects, by a function that names the field.
fn expected_of<T: Cell>(_field: fn(&ResultRow) -> &T) -> &'static str {
    T::EXPECTED
}

columns!(
    tf,
    set,
    relation,
    repeat,
    draw,
    split,
    asked,
    model,
    multi_model,
    multi_tfs,
    multi_regions,
    multi_bound,
    multi_bound_of_mode,
    train_regions,
    train_bound,
    test_regions,
    test_bound,
    aucpr,
    average_precision,
    auroc,
    mcc,
    natural_regions,
    natural_bound,
    natural_aucpr,
    epochs,
    best_epoch,
    seconds,
);

impl ResultRow {
    /// Writes a table: comment lines, the names of columns, a line for each row. What is not known
    /// is `NA`.
    ///
    /// # Errors
    /// If `out` cannot be written.
    pub fn write_table(out: &mut impl Write, comments: &[String], rows: &[Self]) -> io::Result<()> {
        for comment in comments {
            writeln!(out, "# {comment}")?;
        }
        table::write_row(out, Self::COLUMNS.iter().copied())?;
        for row in rows {
            let cells = row.cells();
            table::write_row(out, cells.iter().map(String::as_str))?;
        }
        Ok(())
    }

    /// Reads a table as [`ResultRow::write_table`] writes it.
    ///
    /// # Errors
    /// If the file cannot be read, its columns are others, or a field is not what it should be.
    pub fn read_table(path: &Path) -> Result<Vec<Self>> {
        let mut table = Table::open(path)?;
        let mut rows = Vec::new();
        let mut header = false;
        while let Some(row) = table.next()? {
            if !header {
                if row.fields != Self::COLUMNS {
                    return Err(Error::input(
                        path,
                        Place::Line(row.line),
                        format!(
                            "the columns of a result table: {}",
                            Self::COLUMNS.join(", ")
                        ),
                        row.fields.join(", "),
                    )
                    .hint("`bindscape experiment` writes such a table as results.tsv"));
                }
                header = true;
                continue;
            }
            let wrong = |column: &str, expected: &str, found: &str| {
                Error::input(
                    path,
                    Place::Line(row.line),
                    format!("{expected} in the column {column}"),
                    format!("{found:?}"),
                )
            };
            if row.fields.len() != Self::COLUMNS.len() {
                return Err(Error::input(
                    path,
                    Place::Line(row.line),
                    format!("{} fields", Self::COLUMNS.len()),
                    row.fields.len().to_string(),
                ));
            }
            rows.push(Self::parse(&row.fields, &wrong)?);
        }
        if !header {
            return Err(Error::input(
                path,
                Place::File,
                "a result table with its names of columns",
                "no line",
            ));
        }
        Ok(rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> ResultRow {
        ResultRow {
            tf: "HNF4A".into(),
            set: "mode".into(),
            relation: Relation::SameMode,
            repeat: 1,
            draw: 2,
            split: 3,
            asked: Some(500),
            model: "transfer".into(),
            multi_model: "multi/mode-HNF4A-1".into(),
            multi_tfs: vec!["RXRA".into(), "NR2F1".into()],
            multi_regions: 10_000,
            multi_bound: 2_100,
            multi_bound_of_mode: 2_100,
            train_regions: 800,
            train_bound: 400,
            test_regions: 100,
            test_bound: 50,
            aucpr: Some(0.75),
            average_precision: Some(1.0 / 3.0),
            auroc: Some(0.5),
            mcc: None,
            natural_regions: 1_000,
            natural_bound: 50,
            natural_aucpr: Some(0.25),
            epochs: Some(10),
            best_epoch: None,
            seconds: 1.5,
        }
    }

    fn written(rows: &[ResultRow]) -> String {
        let mut out = Vec::new();
        ResultRow::write_table(&mut out, &["bindscape: 0".into()], rows).expect("in memory");
        String::from_utf8(out).expect("text")
    }

    fn read(text: &str) -> Result<Vec<ResultRow>> {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let path = folder.path().join("results.tsv");
        std::fs::write(&path, text).expect("written");
        ResultRow::read_table(&path)
    }

    #[test]
    fn a_table_is_read_as_it_was_written() {
        let other = ResultRow {
            set: String::new(),
            multi_tfs: Vec::new(),
            asked: None,
            relation: Relation::Unknown,
            ..row()
        };
        let rows = vec![row(), other];
        assert_eq!(read(&written(&rows)).expect("a table"), rows);
        assert_eq!(read(&written(&[])).expect("a table"), []);
    }

    #[test]
    fn what_is_no_table_is_told_with_its_line() {
        let text = written(&[row()]);
        let told = |text: &str| read(text).unwrap_err().to_string();
        let bad = told(&text.replace("\t0.75\t", "\thigh\t"));
        assert!(
            bad.contains("line 3") && bad.contains("a number or NA in the column aucpr"),
            "{bad}"
        );
        assert!(told(&text.replace("\t0.75\t", "\tNaN\t")).contains("a number or NA"));
        assert!(told(&text.replace("\t1.5\n", "\tinf\n")).contains("in the column seconds"));
        assert!(told(&text.replace("same-mode", "like")).contains("among, same-mode"));
        assert!(told(&text.replace("relation", "relative")).contains("the columns of a result"));
        assert!(told(&text.replace("HNF4A\t", "")).contains("27 fields"));
        assert!(told("").contains("names of columns"));
    }
}
