//! What every classifier of proteins answers.

use super::heads::CLASSES;

/// Probabilities of a protein.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ProteinScores {
    /// That it is a transcription factor; `None` where the network has no head for it.
    pub p_tf: Option<f64>,
    /// Of each class, in the order of [`ProteinClass::ALL`](bindscape_protein::ProteinClass::ALL).
    pub p_class: Option<[f64; CLASSES]>,
}
