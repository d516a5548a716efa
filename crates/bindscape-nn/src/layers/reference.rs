//! The blocks as compositions of Burn operations.

use burn::tensor::module::max_pool2d;
use burn::tensor::ops::MaxPoolOptions;
use burn::tensor::{DType, Tensor, activation};

use super::{BATCH_NORM_EPSILON, BatchNorm, BatchStatistics, NormMode};

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
pub(super) fn conv_block(
    x: Tensor<3>,
    weight: Tensor<3>,
    bias: Tensor<1>,
    norm: &BatchNorm,
    pool: usize,
    mode: NormMode,
) -> (Tensor<3>, Option<BatchStatistics>) {
    let [batch, length, _] = x.dims();
    let [out, _, kernel] = weight.dims();
    let length = length - kernel + 1;
    let half = weight.dtype() != DType::F32;
    let (columns, weight) = unfold(x, weight);
    let (y, statistics) = affine_norm(
        |scale| match scale {
            // Fewer weights than outputs: the weights are scaled, unless that
            // would round them once more.
            Some(scale) if !half => product(columns, weight * scale.unsqueeze::<2>()),
            Some(scale) => product(columns, weight) * scale.unsqueeze::<2>(),
            None => product(columns, weight),
        },
        bias,
        norm,
        mode,
        batch,
    );
    let y = max_pool(y.reshape([batch, length, out]), pool);
    // The largest of rectified numbers is the rectified largest: rectifying
    // after pooling gives the same output from a smaller array.
    (activation::relu(y), statistics)
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
pub(super) fn dense_block(
    x: Tensor<2>,
    weight: Tensor<2>,
    bias: Tensor<1>,
    norm: &BatchNorm,
    mask: Option<Tensor<2>>,
    mode: NormMode,
) -> (Tensor<2>, Option<BatchStatistics>) {
    let (y, statistics) = affine_norm(
        |scale| {
            // Fewer outputs than weights: the outputs are scaled.
            let y = times(x, weight);
            match scale {
                Some(scale) => y * scale.unsqueeze::<2>(),
                None => y,
            }
        },
        bias,
        norm,
        mode,
        1,
    );
    let y = activation::relu(y);
    let y = match mask {
        Some(mask) => y * mask,
        None => y,
    };
    (y, statistics)
}

/// Linear layer alone: `x` `[batch, in]`, `weight` `[out, in]`, `bias` `[out]`.
#[must_use]
pub(super) fn linear(x: Tensor<2>, weight: Tensor<2>, bias: Tensor<1>) -> Tensor<2> {
    times(x, weight) + bias.unsqueeze::<2>()
}

/// Mean binary cross-entropy over the entries of `logits` whose `labels` are 0 or 1, both
/// `[batch, outputs]`; PyTorch's `BCEWithLogitsLoss`. Entries with a negative label are left out.
///
/// Written as `x (1 - y) - log sigmoid(x)`, which neither overflows nor has a
/// kink, so that its gradient is `sigmoid(x) - y` everywhere.
#[must_use]
pub(super) fn bce_with_logits(logits: Tensor<2>, labels: Tensor<2>) -> Tensor<1> {
    let [batch, outputs] = logits.dims();
    let entries = batch * outputs;
    let left_out = labels.clone().lower_elem(0.0);
    let loss = logits.clone() * (-labels + 1.0) - activation::log_sigmoid(logits);
    // Summed along a dimension: a sum over a whole tensor may be split by thread.
    let sum = |x: Tensor<2>| x.reshape([1, entries]).sum_dim(1).reshape([1]);
    let count = sum(left_out.clone().bool_not().float()).clamp_min(1.0);
    sum(loss.mask_fill(left_out, 0.0)) / count
}

/// Convolution alone (stride 1, no padding): `x` `[batch, length, in]`, `weight` `[out, in,
/// kernel]`, `bias` `[out]`.
#[must_use]
pub(super) fn convolution(x: Tensor<3>, weight: Tensor<3>, bias: Tensor<1>) -> Tensor<3> {
    let [batch, length, _] = x.dims();
    let [out, _, kernel] = weight.dims();
    let (columns, weight) = unfold(x, weight);
    let y = product(columns, weight) + bias.unsqueeze::<2>();
    y.reshape([batch, length - kernel + 1, out])
}

/// Max-pooling alone of `x` `[batch, length, channels]` (window and stride `pool`, a remainder is
/// dropped).
#[must_use]
pub(super) fn max_pool(x: Tensor<3>, pool: usize) -> Tensor<3> {
    let [batch, length, channels] = x.dims();
    // A window of `pool` rows and one column of the image `[length, channels]`.
    max_pool2d(
        x.reshape([batch, 1, length, channels]),
        MaxPoolOptions::new([pool, 1]),
    )
    .reshape([batch, length / pool, channels])
}

/// Batch normalisation alone of `x` `[rows, channels]`.
#[must_use]
pub(super) fn batch_norm(
    x: Tensor<2>,
    norm: &BatchNorm,
    mode: NormMode,
) -> (Tensor<2>, Option<BatchStatistics>) {
    let [rows, channels] = x.dims();
    let count = rows as f64;
    let (mean, var, statistics) = match mode {
        NormMode::Running => (
            norm.running_mean.clone().unsqueeze(),
            norm.running_var.clone().unsqueeze(),
            None,
        ),
        NormMode::Batch => {
            let mean = x.clone().sum_dim(0) / count;
            let var = (x.clone() - mean.clone()).square().sum_dim(0) / count;
            let unbiased = var.clone().inner() * (count / (count - 1.0));
            let statistics = BatchStatistics {
                mean: mean.clone().inner().reshape([channels]),
                var: unbiased.reshape([channels]),
            };
            (mean, var, Some(statistics))
        }
    };
    let scaled = (x - mean) / (var + BATCH_NORM_EPSILON).sqrt();
    let y = scaled * norm.weight.clone().unsqueeze::<2>() + norm.bias.clone().unsqueeze::<2>();
    (y, statistics)
}

/// Rows whose product with a matrix is the convolution of `x` with `weight`, and that matrix:
/// `[batch * (length - kernel + 1), kernel * in]` and `[kernel * in, out]`, in the type of the
/// weight.
pub(super) fn unfold(x: Tensor<3>, weight: Tensor<3>) -> (Tensor<2>, Tensor<2>) {
    let [batch, length, channels] = x.dims();
    let [out, _, kernel] = weight.dims();
    let length = length - kernel + 1;
    // Before the columns, which repeat every number `kernel` times.
    let x = x.cast(weight.dtype());
    let columns = Tensor::cat(
        (0..kernel)
            .map(|offset| x.clone().narrow(1, offset, length))
            .collect(),
        2,
    )
    .reshape([batch * length, kernel * channels]);
    // [out, in, kernel] -> [kernel * in, out], in the order of the columns.
    let weight = weight.permute([2, 1, 0]).reshape([kernel * channels, out]);
    (columns, weight)
}

/// `x` `[rows, in]` times `weight` `[in, out]` in the type of `weight`, as `f32`.
pub(super) fn product(x: Tensor<2>, weight: Tensor<2>) -> Tensor<2> {
    x.cast(weight.dtype()).matmul(weight).cast(DType::F32)
}

/// `x` `[batch, in]` times the transpose of `weight` `[out, in]`.
///
/// Taken as the transpose of `weight` times `x`, so that the gradient of the
/// weight, the largest array of a step, arises in the weight's own layout.
fn times(x: Tensor<2>, weight: Tensor<2>) -> Tensor<2> {
    let x = x.cast(weight.dtype());
    weight.matmul(x.transpose()).cast(DType::F32).transpose()
}

/// A product `[rows, out]`, scaled per column if a scale is given, plus `bias`,
/// normalised per column. Rows are summed in `groups` first: sums of
/// sums lose fewer digits.
fn affine_norm(
    product: impl FnOnce(Option<Tensor<1>>) -> Tensor<2>,
    bias: Tensor<1>,
    norm: &BatchNorm,
    mode: NormMode,
    groups: usize,
) -> (Tensor<2>, Option<BatchStatistics>) {
    match mode {
        NormMode::Running => {
            // The normalisation is affine: it folds into weight and bias.
            let scale =
                norm.weight.clone() / (norm.running_var.clone() + BATCH_NORM_EPSILON).sqrt();
            let shift = (bias - norm.running_mean.clone()) * scale.clone() + norm.bias.clone();
            let y = product(Some(scale)) + shift.unsqueeze::<2>();
            (y, None)
        }
        NormMode::Batch => {
            // The mean that is subtracted takes the bias away again, so it enters the
            // running mean alone: it has no gradient, where adding it would give
            // rounding errors that Adam turns into steps.
            let y = product(None);
            let [rows, out] = y.dims();
            let column_mean = |values: Tensor<2>| {
                values
                    .reshape([groups, rows / groups, out])
                    .sum_dim(1)
                    .reshape([groups, out])
                    .sum_dim(0)
                    / rows as f64
            };
            let mean = column_mean(y.clone());
            let centred = y - mean.clone();
            let var = column_mean(centred.clone().square());
            let unbiased = var.clone().detach() * (rows as f64 / (rows as f64 - 1.0));
            let scale = norm.weight.clone().unsqueeze::<2>() / (var + BATCH_NORM_EPSILON).sqrt();
            let statistics = BatchStatistics {
                mean: mean.detach().inner().reshape([out]) + bias.detach().inner(),
                var: unbiased.inner().reshape([out]),
            };
            let y = centred * scale + norm.bias.clone().unsqueeze::<2>();
            (y, Some(statistics))
        }
    }
}
