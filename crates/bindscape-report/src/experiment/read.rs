//! Reading the directory of an experiment.

use std::collections::BTreeSet;
use std::path::Path;

use bindscape_base::{Error, Place, Result};
use bindscape_matrix::experiment::{ExperimentRecord, ResultRow};

use crate::run::{parse, read_text};

/// The record of an experiment in its directory.
pub(super) const RECORD: &str = "experiment.json";
/// Its result table.
const ROWS: &str = "results.tsv";

/// The record and the rows of an experiment.
pub(super) fn read(directory: &Path) -> Result<(ExperimentRecord, Vec<ResultRow>)> {
    let file = directory.join(RECORD);
    let text = read_text(&file)?.ok_or_else(|| {
        Error::input(
            &file,
            Place::File,
            "the record of an experiment",
            "no such file",
        )
        .hint("give the directory that `bindscape experiment` wrote")
    })?;
    let record: ExperimentRecord = parse(&file, &text)?;
    let file = directory.join(ROWS);
    if !file.exists() {
        return Err(Error::input(
            &file,
            Place::File,
            "the result table of the experiment",
            "no such file",
        )
        .hint(go_on(&record)));
    }
    let rows = ResultRow::read_table(&file)?;
    if rows.is_empty() {
        return Err(Error::input(
            &file,
            Place::File,
            "at least one row below the names of columns",
            "none",
        )
        .hint(go_on(&record)));
    }
    check(&rows).map_err(|fault| {
        Error::input(&file, Place::Record(fault.row), fault.expected, fault.found)
            .hint("the file was changed after the experiment wrote it; repeat the command of experiment.json")
    })?;
    Ok((record, rows))
}

fn go_on(record: &ExperimentRecord) -> String {
    let command = crate::page::shell(&record.command);
    format!("repeat the command of the experiment, which goes on where it stopped: `{command}`")
}

/// What is wrong with a row.
pub(super) struct Fault {
    /// The row in words.
    pub(super) row: String,
    pub(super) expected: String,
    pub(super) found: String,
}

/// The first row that no experiment gives: a share outside 0 to 1, more bound regions than regions,
/// or a row that is there twice.
pub(super) fn check(rows: &[ResultRow]) -> std::result::Result<(), Fault> {
    let mut seen = BTreeSet::new();
    for row in rows {
        let fault = |expected: String, found: String| Fault {
            row: words(row),
            expected,
            found,
        };
        for (name, value, least) in [
            ("aucpr", row.aucpr, 0.0),
            ("average_precision", row.average_precision, 0.0),
            ("auroc", row.auroc, 0.0),
            ("mcc", row.mcc, -1.0),
            ("natural_aucpr", row.natural_aucpr, 0.0),
        ] {
            if let Some(value) = value
                && !(least..=1.0 + 1e-9).contains(&value)
            {
                return Err(fault(
                    format!("{name} from {least} to 1, or NA"),
                    value.to_string(),
                ));
            }
        }
        for (name, bound, regions) in [
            ("test_bound", row.test_bound, row.test_regions),
            ("natural_bound", row.natural_bound, row.natural_regions),
            ("train_bound", row.train_bound, row.train_regions),
        ] {
            if bound > regions {
                return Err(fault(
                    format!("{name} of at most the {regions} regions"),
                    bound.to_string(),
                ));
            }
        }
        let key = (
            &row.tf, &row.set, row.asked, &row.model, row.repeat, row.draw, row.split,
        );
        if !seen.insert(key) {
            return Err(fault(
                "one row for each TF, set, number of bound regions, model, repeat, draw and split"
                    .into(),
                "two of them".into(),
            ));
        }
    }
    Ok(())
}

fn words(row: &ResultRow) -> String {
    let mut words = format!("{}, {}", row.tf, row.model);
    if !row.set.is_empty() {
        words.push_str(&format!(", set {}", row.set));
    }
    words.push_str(&format!(
        ", repeat {}, draw {}, split {}",
        row.repeat, row.draw, row.split
    ));
    words
}
