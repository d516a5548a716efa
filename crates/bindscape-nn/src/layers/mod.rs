//! The layer blocks that networks are made of: the one place where the time of
//! training and prediction is spent.
//!
//! Every block has one signature here. On the CPU it is a fused kernel with a
//! hand-written backward pass (crate `bindscape-kernels`, bound to Burn in
//! [`fused`](self)); on every other device it is a composition of Burn operations that Burn
//! differentiates ([`reference`](self), [`recurrent`](self)). Tests hold the kernels to the compositions.
//!
//! Products are computed in the type of their weight. If that is a half type, the other
//! factor is rounded to it and the product comes back as `f32`; all else (biases,
//! normalisations, the state of an LSTM) stays `f32`. The kernels compute in `f32` alone, so
//! a weight in a half type takes the composition on the CPU too.
//!
//! Activations are channels-last, `[batch, length, channels]`; weights are in
//! PyTorch's layouts (`Conv1d`: `[out, in, kernel]`; `Linear`: `[out, in]`).
//! Batch normalisation is PyTorch's: epsilon 1e-5, momentum 0.1, the biased
//! variance normalises and the unbiased one enters the running variance. The bias
//! of a normalised layer has no effect in training, so it has no gradient and
//! keeps its first value (PyTorch moves it by rounding errors).

use burn::tensor::{DType, Device, Tensor};

use crate::encode::Bases;

mod fused;
mod memory;
mod recurrent;
mod reference;
#[cfg(test)]
mod tests;

/// Convolution (stride 1, no padding), batch normalisation, ReLU, max-pooling
/// (window and stride `pool`, a remainder is dropped).
///
/// # Shapes
/// - `x`: `[batch, length, in]`
/// - `weight`: `[out, in, kernel]`, `bias`: `[out]`
/// - output: `[batch, (length - kernel + 1) / pool, out]`
///
/// The statistics of the batch come back in [`NormMode::Batch`] only.
///
/// # Panics
/// If the shapes do not fit, or nothing is left after pooling.
#[must_use]
pub fn conv_block(
    x: Tensor<3>,
    weight: Tensor<3>,
    bias: Tensor<1>,
    norm: &BatchNorm,
    pool: usize,
    mode: NormMode,
) -> (Tensor<3>, Option<BatchStatistics>) {
    let block = if kernel(&x, &weight) {
        fused::conv_block
    } else {
        reference::conv_block
    };
    block(x, weight, bias, norm, pool, mode)
}

/// Convolution (stride 1, no padding), ReLU, max-pooling (window and stride `pool`, a
/// remainder is dropped).
///
/// # Shapes
/// As in [`conv_block`].
///
/// ```
/// use bindscape_nn::layers::conv_relu_pool;
/// use burn::tensor::{Device, Tensor};
///
/// let device = Device::flex();
/// let x = Tensor::<3>::ones([2, 20, 4], &device);
/// let (weight, bias) = (Tensor::ones([8, 4, 5], &device), Tensor::zeros([8], &device));
/// let y = conv_relu_pool(x, weight, bias, 3);
/// assert_eq!(y.dims(), [2, (20 - 5 + 1) / 3, 8]);
/// assert_eq!(y.into_data().try_into_vec::<f32>().unwrap()[0], 20.0);
/// ```
///
/// # Panics
/// If the shapes do not fit, or nothing is left after pooling.
#[must_use]
pub fn conv_relu_pool(x: Tensor<3>, weight: Tensor<3>, bias: Tensor<1>, pool: usize) -> Tensor<3> {
    if kernel(&x, &weight) {
        fused::conv_relu_pool(x, weight, bias, pool)
    } else {
        recurrent::conv_relu_pool(x, weight, bias, pool)
    }
}

/// [`conv_block`] of sequences: on the CPU of their bases, elsewhere of one-hot vectors `[batch,
/// length, 4]` on `device`.
///
/// # Panics
/// As there.
pub(crate) fn first_conv_block(
    bases: Bases,
    weight: Tensor<3>,
    bias: Tensor<1>,
    norm: &BatchNorm,
    pool: usize,
    mode: NormMode,
    device: &Device,
) -> (Tensor<3>, Option<BatchStatistics>) {
    if kernel(&weight, &weight) {
        fused::first_conv_block(bases, weight, bias, norm, pool, mode)
    } else {
        let x = bases.one_hot(device);
        reference::conv_block(x, weight, bias, norm, pool, mode)
    }
}

/// [`conv_relu_pool`] of sequences, as [`first_conv_block`].
///
/// # Panics
/// As there.
pub(crate) fn first_conv_relu_pool(
    bases: Bases,
    weight: Tensor<3>,
    bias: Tensor<1>,
    pool: usize,
    device: &Device,
) -> Tensor<3> {
    if kernel(&weight, &weight) {
        fused::first_conv_relu_pool(bases, weight, bias, pool)
    } else {
        recurrent::conv_relu_pool(bases.one_hot(device), weight, bias, pool)
    }
}

/// Linear layer, batch normalisation, ReLU, dropout.
///
/// # Shapes
/// - `x`: `[batch, in]`, `weight`: `[out, in]`, `bias`: `[out]`
/// - `mask`: `[batch, out]`, 0 where an activation is dropped and
///   `1 / (1 - rate)` elsewhere; `None` drops nothing
/// - output: `[batch, out]`
///
/// The statistics of the batch come back in [`NormMode::Batch`] only.
///
/// # Panics
/// If the shapes do not fit.
#[must_use]
pub fn dense_block(
    x: Tensor<2>,
    weight: Tensor<2>,
    bias: Tensor<1>,
    norm: &BatchNorm,
    mask: Option<Tensor<2>>,
    mode: NormMode,
) -> (Tensor<2>, Option<BatchStatistics>) {
    let block = if kernel(&x, &weight) {
        fused::dense_block
    } else {
        reference::dense_block
    };
    block(x, weight, bias, norm, mask, mode)
}

/// Linear layer alone: `x` `[batch, in]`, `weight` `[out, in]`, `bias` `[out]`.
///
/// # Panics
/// If the shapes do not fit.
#[must_use]
pub fn linear(x: Tensor<2>, weight: Tensor<2>, bias: Tensor<1>) -> Tensor<2> {
    if kernel(&x, &weight) {
        fused::linear(x, weight, bias, false)
    } else {
        reference::linear(x, weight, bias)
    }
}

/// Linear layer and ReLU: `x` `[batch, in]`, `weight` `[out, in]`, `bias` `[out]`.
///
/// # Panics
/// If the shapes do not fit.
#[must_use]
pub fn linear_relu(x: Tensor<2>, weight: Tensor<2>, bias: Tensor<1>) -> Tensor<2> {
    if kernel(&x, &weight) {
        fused::linear(x, weight, bias, true)
    } else {
        recurrent::linear_relu(x, weight, bias)
    }
}

/// Convolution alone (stride 1, no padding), for a look into a block.
///
/// # Shapes
/// - `x`: `[batch, length, in]`
/// - `weight`: `[out, in, kernel]`, `bias`: `[out]`
/// - output: `[batch, length - kernel + 1, out]`
///
/// # Panics
/// If the shapes do not fit.
#[must_use]
pub fn convolution(x: Tensor<3>, weight: Tensor<3>, bias: Tensor<1>) -> Tensor<3> {
    reference::convolution(x, weight, bias)
}

/// Max-pooling alone (window and stride `pool`, a remainder is dropped), for a look into a block.
///
/// # Shapes
/// `[batch, length, channels]` to `[batch, length / pool, channels]`
///
/// # Panics
/// If nothing is left after pooling.
#[must_use]
pub fn max_pool(x: Tensor<3>, pool: usize) -> Tensor<3> {
    reference::max_pool(x, pool)
}

/// Batch normalisation alone, where it is no part of a block: `x` `[rows, channels]`.
///
/// The statistics of the batch come back in [`NormMode::Batch`] only.
///
/// # Panics
/// If the shapes do not fit.
#[must_use]
pub fn batch_norm(
    x: Tensor<2>,
    norm: &BatchNorm,
    mode: NormMode,
) -> (Tensor<2>, Option<BatchStatistics>) {
    reference::batch_norm(x, norm, mode)
}

/// One direction of one LSTM layer from a zero state, as in PyTorch: gates in
/// the order input, forget, cell, output, and two biases, which add up.
///
/// # Shapes
/// - `x`: `[batch, steps, in]`
/// - `w_ih`: `[4 * hidden, in]`, `w_hh`: `[4 * hidden, hidden]`
/// - `b_ih`, `b_hh`: `[4 * hidden]`
/// - output: the hidden state at every step, `[batch, steps, hidden]`
///
/// With `reverse` the layer runs from the last step to the first; the state that
/// has seen step `t` and all after it stands at `t`.
///
/// # Panics
/// If the shapes do not fit, or there are no steps.
#[must_use]
pub fn lstm(
    x: Tensor<3>,
    w_ih: Tensor<2>,
    w_hh: Tensor<2>,
    b_ih: Tensor<1>,
    b_hh: Tensor<1>,
    reverse: bool,
) -> Tensor<3> {
    let layer = if kernel(&x, &w_ih) {
        fused::lstm
    } else {
        recurrent::lstm
    };
    layer(x, w_ih, w_hh, b_ih, b_hh, reverse)
}

/// Mean binary cross-entropy over all entries of `logits` and `labels` (0 or
/// 1), both `[batch, outputs]`; PyTorch's `BCEWithLogitsLoss`.
///
/// # Panics
/// If the shapes differ.
#[must_use]
pub fn bce_with_logits(logits: Tensor<2>, labels: Tensor<2>) -> Tensor<1> {
    if fits(&logits.device()) {
        fused::bce_with_logits(logits, labels)
    } else {
        reference::bce_with_logits(logits, labels)
    }
}

pub(crate) use fused::{adam, fits};

/// Whether a product of `x` and `weight` is one for the kernels.
fn kernel<const D: usize, const E: usize>(x: &Tensor<D>, weight: &Tensor<E>) -> bool {
    weight.dtype() == DType::F32 && fits(&x.device())
}

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
    /// The statistics of the current batch.
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
