//! The page of an experiment and its statistics, from its record and result table alone.
//!
//! [`write_experiment_report`] reads a directory that holds `experiment.json` and `results.tsv`;
//! [`write_experiment`] takes both as they are. [`statistics()`] gives the tests that the page shows,
//! [`write_statistics`] their table.

mod figures;
mod headline;
mod models;
mod page;
mod plot;
mod read;
mod results;
mod statistics;
mod tables;
mod test_tables;

use std::path::Path;

use bindscape_base::{Error, Result, atomic};
use bindscape_matrix::experiment::{ExperimentRecord, ResultRow};

pub use bindscape_stats::Effect;
pub use results::Metric;
pub use statistics::{Question, StatisticalTest, statistics};

use crate::figures::Figure;
use results::Results;

/// The page of an experiment: one HTML text that loads nothing.
///
/// # Errors
/// If there is no row, a row is there twice, or a value cannot be.
pub fn experiment_page(record: &ExperimentRecord, rows: &[ResultRow]) -> Result<String> {
    check(rows)?;
    Ok(page::page(record, &Results::new(rows), rows.len()))
}

/// Writes [`experiment_page`] to `out`, whole or not at all.
///
/// # Errors
/// As [`experiment_page`], and if `out` cannot be written.
pub fn write_experiment(record: &ExperimentRecord, rows: &[ResultRow], out: &Path) -> Result<()> {
    atomic::write(out, experiment_page(record, rows)?.as_bytes())
}

/// Writes the page of the experiment in `directory`, which holds `experiment.json` and
/// `results.tsv`, to `out`, whole or not at all.
///
/// # Errors
/// If a file is missing, damaged or empty, or `out` cannot be written.
pub fn write_experiment_report(directory: &Path, out: &Path) -> Result<()> {
    let (record, rows) = read::read(directory)?;
    write_experiment(&record, &rows, out)
}

/// The figures of an experiment in the order of its page.
///
/// # Errors
/// As [`experiment_page`].
pub fn experiment_figures(record: &ExperimentRecord, rows: &[ResultRow]) -> Result<Vec<Figure>> {
    check(rows)?;
    let results = Results::new(rows);
    let kinds = record.figures.iter();
    Ok(kinds
        .flat_map(|&kind| figures::of_kind(kind, &results))
        .collect())
}

/// Writes tests as a table (`statistics.tsv`): names of columns, then a line per test; what is
/// not known is `NA`.
///
/// # Errors
/// If `out` cannot be written.
pub fn write_statistics(tests: &[StatisticalTest], out: &Path) -> Result<()> {
    atomic::write(out, &statistics::written(tests))
}

/// Refuses rows that no experiment gives.
fn check(rows: &[ResultRow]) -> Result<()> {
    if rows.is_empty() {
        return Err(Error::about(
            "rows of an experiment",
            "at least one result",
            "none",
        ));
    }
    read::check(rows).map_err(|fault| Error::about(fault.row, fault.expected, fault.found))
}

#[cfg(test)]
mod tests {
    use bindscape_matrix::experiment::{Relation, ResultRow};

    /// A row with one value on matched regions.
    pub(super) fn row(tf: &str, model: &str, repeat: u32, value: f64) -> ResultRow {
        ResultRow {
            tf: tf.into(),
            set: "set".into(),
            relation: Relation::SameMode,
            repeat,
            draw: 1,
            split: 1,
            asked: None,
            model: model.into(),
            multi_model: String::new(),
            multi_tfs: Vec::new(),
            multi_regions: 0,
            multi_bound: 0,
            multi_bound_of_mode: 0,
            train_regions: 100,
            train_bound: 50,
            test_regions: 20,
            test_bound: 10,
            aucpr: Some(value),
            average_precision: None,
            auroc: None,
            mcc: None,
            natural_regions: 0,
            natural_bound: 0,
            natural_aucpr: None,
            epochs: None,
            best_epoch: None,
            seconds: 1.0,
        }
    }
}
