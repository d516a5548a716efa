//! What the blocks share: their normalisation.

use std::borrow::Cow;
use std::fmt;

use bindscape_kernels::buffer::Buffer;
use bindscape_kernels::norm::{Moments, Norm, Statistics};
use burn::tensor::Tensor;

use crate::layers::memory::{Flat, tensor, values};
use crate::layers::{BatchStatistics, NormMode};

/// What a block normalises by, and what follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Normalise {
    Batch,
    Running,
    /// Not at all; the shift is the bias.
    Identity,
}

impl From<NormMode> for Normalise {
    fn from(mode: NormMode) -> Self {
        match mode {
            NormMode::Batch => Self::Batch,
            NormMode::Running => Self::Running,
        }
    }
}

/// The parameters of a normalisation, as the kernels want them.
pub(super) struct NormParameters<'a> {
    pub(super) bias: Cow<'a, [f32]>,
    scale: Cow<'a, [f32]>,
    shift: Cow<'a, [f32]>,
    mean: Cow<'a, [f32]>,
    var: Cow<'a, [f32]>,
    normalise: Normalise,
}

impl<'a> NormParameters<'a> {
    pub(super) fn new(parameters: [&'a Flat; 5], normalise: Normalise) -> Self {
        let [bias, scale, shift, mean, var] = parameters.map(values);
        Self {
            bias,
            scale,
            shift,
            mean,
            var,
            normalise,
        }
    }

    pub(super) fn norm(&self) -> Norm<'_> {
        Norm {
            scale: &self.scale,
            shift: &self.shift,
            statistics: match self.normalise {
                Normalise::Batch => Statistics::Batch,
                Normalise::Running => Statistics::Running {
                    mean: &self.mean,
                    var: &self.var,
                    bias: &self.bias,
                },
                Normalise::Identity => Statistics::Identity,
            },
        }
    }
}

pub(super) fn empty() -> Flat {
    tensor(Buffer::any(0), &[0])
}

/// Mean with the bias, and unbiased variance, as tensors; empty if not of the batch.
pub(super) fn statistics(moments: &Moments, bias: &[f32]) -> (Flat, Flat) {
    if !moments.learned() {
        return (empty(), empty());
    }
    let channels = moments.mean.len();
    let mean = Buffer::collect(channels, moments.mean.iter().zip(bias).map(|(m, b)| m + b));
    (
        tensor(mean, &[channels]),
        tensor(
            Buffer::collect(channels, moments.unbiased.iter().copied()),
            &[channels],
        ),
    )
}

/// What the backward pass of a block needs, shared between clones.
pub(super) struct State<R> {
    pub(super) record: R,
    pub(super) x: Flat,
    pub(super) weight: Flat,
    pub(super) parameters: [Flat; 5],
    pub(super) normalise: Normalise,
    pub(super) mask: Option<Flat>,
}

impl<R> fmt::Debug for State<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State").finish_non_exhaustive()
    }
}

/// The gradient of the bias: none in training, where the mean takes it away again.
pub(super) fn bias_gradient(
    moments: &Moments,
    scale: &[f32],
    d_shift: &[f32],
    normalise: Normalise,
) -> Option<Buffer> {
    (normalise == Normalise::Running).then(|| {
        let gradient = d_shift.iter().zip(scale).zip(&moments.inverse);
        Buffer::collect(
            d_shift.len(),
            gradient.map(|((d, scale), inverse)| d * scale * inverse),
        )
    })
}

/// The statistics of the batch, if it was normalised by them.
pub(super) fn batch_statistics(
    mode: NormMode,
    mean: Tensor<1>,
    var: Tensor<1>,
) -> Option<BatchStatistics> {
    (mode == NormMode::Batch).then(|| BatchStatistics {
        mean: mean.inner(),
        var: var.inner(),
    })
}
