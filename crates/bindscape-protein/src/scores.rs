//! What every classifier of proteins answers.

use crate::class::CLASSES;

/// Probabilities of a protein.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ProteinScores {
    /// That it is a transcription factor; `None` where the network has no head for it.
    pub p_tf: Option<f64>,
    /// Of each class, in the order of [`ProteinClass::ALL`](crate::ProteinClass::ALL).
    pub p_class: Option<[f64; CLASSES]>,
}

/// What a change of the share of transcription factors, from that in `training` to a `prior`, adds
/// to the logarithm of the odds; 0 where one of them is not known.
#[must_use]
pub fn prior_shift(training: Option<f64>, prior: Option<f64>) -> f64 {
    let odds = |p: f64| (p / (1.0 - p)).ln();
    match (training, prior) {
        (Some(training), Some(prior)) => odds(prior) - odds(training),
        _ => 0.0,
    }
}
