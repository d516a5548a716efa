//! How long and how a network is trained, and where it lies then.

use super::options::{Decay, Freeze};
use crate::precision::Precision;

/// Name of the model in the directory of a training.
pub const MODEL_FILE: &str = "model.safetensors";
/// How a network is trained, whatever its data.
#[derive(Debug, Clone)]
pub(crate) struct Schedule {
    pub(crate) seed: u64,
    pub(crate) learning_rate: f64,
    pub(crate) decay: Decay,
    /// What is taken from the weights of layers at each step, as a share of the learning rate.
    pub(crate) weight_decay: f64,
    pub(crate) max_epochs: u32,
    /// Epochs in a row without a better one after which training ends.
    pub(crate) patience: Option<u32>,
    pub(crate) freeze: Freeze,
    pub(crate) precision: Precision,
    /// Fewest seconds between two checkpoints.
    pub(crate) checkpoint_seconds: f64,
}
