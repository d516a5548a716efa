//! The layer blocks that networks are made of: the one place where the time of
//! training and prediction is spent.
//!
//! Every block has one signature here and a plain implementation as a
//! composition of Burn operations in [`reference`](self), which runs on every
//! device and is differentiated by Burn. Faster kernels for a device go behind
//! the same functions and are compared with the reference.
//!
//! Activations are channels-last, `[batch, length, channels]`; weights are in
//! PyTorch's layouts (`Conv1d`: `[out, in, kernel]`; `Linear`: `[out, in]`).
//! Batch normalisation is PyTorch's: epsilon 1e-5, momentum 0.1, the biased
//! variance normalises and the unbiased one enters the running variance. The bias
//! of a normalised layer has no effect in training, so it has no gradient and
//! keeps its first value (PyTorch moves it by rounding errors).

use burn::tensor::Tensor;

mod recurrent;
mod reference;

pub use recurrent::{conv_relu_pool, linear_relu, lstm};
pub use reference::{bce_with_logits, conv_block, dense_block, linear};

/// Added to the variance before its square root is taken.
pub const BATCH_NORM_EPSILON: f64 = 1e-5;
/// Weight of the current batch in the running statistics.
pub const BATCH_NORM_MOMENTUM: f64 = 0.1;

/// Parameters and running statistics of a batch normalisation, each `[channels]`.
#[derive(Debug, Clone)]
pub struct BatchNorm {
    /// Scale.
    pub weight: Tensor<1>,
    /// Shift.
    pub bias: Tensor<1>,
    /// Running mean.
    pub running_mean: Tensor<1>,
    /// Running (unbiased) variance.
    pub running_var: Tensor<1>,
}

/// What a batch normalisation normalises by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NormMode {
    /// The statistics of the batch at hand.
    Batch,
    /// The running statistics: prediction, validation, and frozen layers.
    Running,
}

/// Statistics of one batch, outside the graph of gradients, each `[channels]`.
#[derive(Debug, Clone)]
pub struct BatchStatistics {
    /// Mean.
    pub mean: Tensor<1>,
    /// Unbiased variance.
    pub var: Tensor<1>,
}

impl BatchStatistics {
    /// The running statistics after this batch: `(mean, variance)`.
    #[must_use]
    pub fn update(
        &self,
        running_mean: Tensor<1>,
        running_var: Tensor<1>,
    ) -> (Tensor<1>, Tensor<1>) {
        let blend = |old: Tensor<1>, new: Tensor<1>| {
            old * (1.0 - BATCH_NORM_MOMENTUM) + new * BATCH_NORM_MOMENTUM
        };
        (
            blend(running_mean, self.mean.clone()),
            blend(running_var, self.var.clone()),
        )
    }
}
