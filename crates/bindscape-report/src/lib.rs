#![doc = include_str!("../README.md")]
//!
//! [`report`] reads run directories (laid out as `bindscape_matrix::results` says) and returns
//! one HTML page that loads nothing. [`figures()`] returns the same figures as SVG files for a
//! paper.

mod clusters;
mod compare;
mod contributions;
mod date;
pub mod experiment;
mod explanation;
mod figures;
mod filters;
mod found;
mod funnel;
mod heatmap;
mod motifs;
mod number;
mod page;
mod patterns;
mod residues;
mod run;
mod selection;
mod svg;
mod theme;
mod tree;

use std::path::Path;

use bindscape_base::{Error, Result, atomic};

pub use clusters::{ClusterPage, ClusteredMotif, MotifCluster, cluster_page};
pub use contributions::{ContributionRow, NamedSite, contribution_page};
pub use explanation::{ExplanationPage, Inside, WeighedFeatures, explanation_page};
pub use figures::Figure;
pub use filters::{FilterBefore, FilterPage, FilterRow, GroupRow, TfInfluence, filters_page};
pub use found::{EnrichedMotif, HitRow, SoughtMotif, enrichment_page, hits_page};
pub use heatmap::{Heatmap, heatmap_svg};
pub use motifs::{ComparedMotif, MatchRow, MotifRow, comparison_page, motif_page};
pub use patterns::{PatternSection, patterns_page};
pub use residues::{ResidueTrack, residues_svg};
pub use selection::{CandidateSet, CandidateTf, SelectionPage, selection_page};
pub use tree::Branch;

use run::Run;

/// The report of `runs` as one HTML page. The first is the main run; further
/// ones, such as the pre-training of a fine-tuning, are shown with it.
///
/// A run that has not finished is shown as far as it has come, and the page
/// says what is missing.
///
/// # Errors
/// If `runs` is empty, a directory is not a run, a file of it is damaged or
/// contradicts its record, or a run that calls itself finished lacks results.
pub fn report(runs: &[&Path]) -> Result<String> {
    Ok(page::page(&read(runs)?))
}

/// Writes [`report`] to `out`, whole or not at all.
///
/// # Errors
/// As [`report`], and if `out` cannot be written.
pub fn write_report(runs: &[&Path], out: &Path) -> Result<()> {
    atomic::write(out, report(runs)?.as_bytes())
}

/// The figures of one run in the order of the page.
///
/// # Errors
/// As [`report`].
pub fn figures(run: &Path) -> Result<Vec<Figure>> {
    Ok(page::figures(&Run::read(run)?))
}

fn read(runs: &[&Path]) -> Result<Vec<Run>> {
    if runs.is_empty() {
        return Err(Error::about(
            "runs of a report",
            "at least one run directory",
            "none",
        ));
    }
    runs.iter().map(|path| Run::read(path)).collect()
}
