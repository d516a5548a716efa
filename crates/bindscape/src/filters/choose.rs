//! The regions that show what filters look for.

use std::path::Path;

use bindscape_base::progress::Progress;
use bindscape_base::random::{shuffle, stream};
use bindscape_base::{Error, Result};
use bindscape_genome::sequence::PackedSequences;
use bindscape_matrix::View;
use bindscape_nn::{Model, Predictor, Strands};

use super::{FilterRegions, Filters};
use crate::data;
use crate::model;
use crate::session::Session;
use crate::training::PREDICTION_BATCH;

/// Regions in random order.
pub(super) struct Chosen {
    pub(super) sequences: PackedSequences,
    /// Regions of which they were chosen.
    pub(super) looked_at: usize,
}

/// The regions that `plan` asks for.
pub(super) fn regions(
    plan: &Filters,
    model: &Model,
    file: &Path,
    network: &Predictor,
    session: &Session<'_>,
) -> Result<Chosen> {
    let matrix = data::read_matrix(&plan.matrix, Some(&model.tfs), session)?;
    let matrix = data::widened(matrix, plan.width, &plan.matrix, session)?;
    model::check_build(
        model,
        file,
        matrix.provenance.genome.as_deref(),
        &plan.matrix,
        session,
    )?;
    let width = data::width(&matrix, &plan.matrix)?;
    model::check_length(model, file, width, &plan.matrix, model::OTHER_LENGTH)?;
    let label = |row: usize, tf: usize| matrix.columns[tf][row].label(View::Sparse);
    let tfs = model.tfs.len();
    let mut rows: Vec<usize> = (0..matrix.regions.len())
        .filter(|&row| (0..tfs).any(|tf| label(row, tf).is_some()))
        .collect();
    shuffle(&mut rows, &mut stream(plan.seed, "filters", &[]));
    rows.truncate(plan.max_regions);
    let mut source = plan.sequences.open()?;
    let length = model.architecture.length();
    let sequences = data::fetch(
        source.as_mut(),
        &matrix.regions.select(&rows),
        length,
        session,
    )?;
    let known = |place: &usize| !sequences.has_unknown(*place);
    let kept: Vec<usize> = match plan.regions {
        FilterRegions::Resolved => (0..rows.len()).filter(known).collect(),
        FilterRegions::Correct => {
            session.begin("scoring regions", Some(rows.len() as u64));
            let scores = network.predict(&sequences, Strands::Both, PREDICTION_BATCH, session)?;
            session.finish();
            let right = |place: &usize| {
                let scores = &scores[place * tfs..][..tfs];
                scores.iter().enumerate().all(|(tf, score)| {
                    let bound = score.is_some_and(|score| score >= 0.5);
                    label(rows[*place], tf).is_none_or(|label| label == bound)
                })
            };
            (0..rows.len()).filter(known).filter(right).collect()
        }
    };
    if kept.is_empty() {
        let (expected, hint) = match plan.regions {
            FilterRegions::Correct => (
                "regions for which every resolved TF is predicted rightly",
                "take all with ⟦regions⟧ resolved, or look at more with ⟦max_regions⟧",
            ),
            FilterRegions::Resolved => (
                "regions that are resolved for a TF of the model, without unknown bases (N)",
                "give the matrix that the model was trained from",
            ),
        };
        let found = format!("none among {}", data::counted(rows.len() as u64, "region"));
        return Err(Error::argument("matrix", expected, found).hint(hint));
    }
    Ok(Chosen {
        sequences: sequences.select(&kept),
        looked_at: rows.len(),
    })
}
