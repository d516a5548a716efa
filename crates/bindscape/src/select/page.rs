//! The sets as a page.

use bindscape_report::{CandidateSet, CandidateTf, SelectionPage, selection_page};

use super::gain::PREDICTION_ERROR;
use super::{ChosenSet, Selected};

/// The page of `selected`.
pub(super) fn of(selected: &Selected) -> String {
    selection_page(&SelectionPage {
        target: selected.target.tf.clone(),
        bound: selected.target.bound,
        modes: selected.target.modes.clone(),
        modes_from: selected.modes.clone(),
        sets: selected.sets.iter().map(candidate).collect(),
        missing: selected.missing.iter().map(plainly).collect(),
        advice: advice(selected),
        error: PREDICTION_ERROR,
    })
}

/// What the command says, too, with fields of plans by their names.
fn advice(selected: &Selected) -> Vec<String> {
    if selected.single {
        return Vec::new();
    }
    let lines = selected.recommendation().into_iter();
    lines.map(|line| line.replace(['⟦', '⟧'], "")).collect()
}

/// A choice that cannot be made, and why, with fields of plans by their names.
fn plainly((choice, reason): &(String, String)) -> (String, String) {
    (choice.clone(), reason.replace(['⟦', '⟧'], ""))
}

fn candidate(set: &ChosenSet) -> CandidateSet {
    let tfs = set.tfs.iter().map(|tf| CandidateTf {
        tf: tf.tf.clone(),
        of_mode: !tf.shared.is_empty(),
        cosine: tf.cosine,
    });
    CandidateSet {
        strategy: set.choice.to_string(),
        rule: set.rule.clone(),
        regions: set.regions,
        bound: set.bound,
        bound_of_mode: set.bound_of_mode,
        gain: set.predicted_gain,
        tfs: tfs.collect(),
    }
}
