//! The regions that an evaluation may use.

use std::path::PathBuf;

use bindscape_base::progress::Progress;
use bindscape_base::{Error, Place, Result};
use bindscape_matrix::BindingMatrix;
use bindscape_nn::Model;

use super::{Evaluate, EvaluationRegions};
use crate::data;
use crate::session::Session;

/// Rows of the kind asked for that no model was fitted on and that are resolved for a TF.
pub(super) fn choose(
    plan: &Evaluate,
    matrix: &BindingMatrix,
    models: &[(Model, PathBuf)],
    session: &Session<'_>,
) -> Result<Vec<usize>> {
    let wanted = wanted(plan, matrix, &models[0].0)?;
    let unseen = without_fitted(matrix, wanted, models, session);
    let rows = resolved(plan, matrix, unseen, session);
    if rows.is_empty() {
        return Err(Error::argument(
            "model",
            "resolved regions that no model was fitted on",
            "none in this matrix",
        ));
    }
    session.note(&format!(
        "{:>12}  regions to evaluate on",
        data::thousands(rows.len() as u64)
    ));
    Ok(rows)
}

impl EvaluationRegions {
    /// Rows of these regions, among which may still be some that the model was fitted on.
    pub(crate) fn candidates(self, matrix: &BindingMatrix, model: &Model) -> Vec<usize> {
        match self {
            Self::Unseen => (0..matrix.regions.len()).collect(),
            Self::HeldOut => data::rows_of(matrix, &model.training.held_out),
        }
    }
}

fn wanted(plan: &Evaluate, matrix: &BindingMatrix, model: &Model) -> Result<Vec<usize>> {
    let wanted = plan.on.candidates(matrix, model);
    if wanted.is_empty() {
        return Err(Error::input(
            &plan.matrix,
            Place::File,
            "regions of the model's test part",
            "none of them",
        )
        .hint("give the matrix that the model was trained from, or evaluate with ⟦on⟧ unseen"));
    }
    Ok(wanted)
}

/// Leaves out the rows that share a base with a region that a model was fitted on.
fn without_fitted(
    matrix: &BindingMatrix,
    rows: Vec<usize>,
    models: &[(Model, PathBuf)],
    session: &Session<'_>,
) -> Vec<usize> {
    let regions = matrix.regions.select(&rows);
    let mut seen = vec![false; rows.len()];
    for (model, file) in models {
        let mut count = 0;
        for (flag, overlap) in seen
            .iter_mut()
            .zip(regions.overlaps(&model.training.fitted))
        {
            count += u64::from(overlap);
            *flag |= overlap;
        }
        session.note(&format!(
            "{:>12}  regions left out: {} was fitted on them",
            data::thousands(count),
            file.display()
        ));
    }
    rows.into_iter()
        .zip(seen)
        .filter_map(|(row, seen)| (!seen).then_some(row))
        .collect()
}

/// Leaves out the rows that are not resolved for any TF.
fn resolved(
    plan: &Evaluate,
    matrix: &BindingMatrix,
    rows: Vec<usize>,
    session: &Session<'_>,
) -> Vec<usize> {
    let before = rows.len();
    let rows: Vec<usize> = rows
        .into_iter()
        .filter(|&row| {
            let mut columns = matrix.columns.iter();
            columns.any(|column| column[row].label(plan.view).is_some())
        })
        .collect();
    session.note(&format!(
        "{:>12}  regions left out: not resolved for any of the TFs",
        data::thousands((before - rows.len()) as u64)
    ));
    rows
}
