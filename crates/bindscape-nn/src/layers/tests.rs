//! The kernels held to the compositions: outputs, statistics and gradients.
//!
//! Both sides compute in single precision, so they agree as far as the function itself
//! is smooth and well conditioned. The inputs are chosen so that it is:
//! - a batch that is normalised by its own statistics has sixteen rows and more, and no
//!   column of it is nearly constant: its reciprocal deviation would enlarge rounding
//!   errors as much as numbers ([`Kinks::conditioned`]);
//! - no number that is rectified is nearly zero, and no two of a pooling window are nearly
//!   the same ([`Kinks`]): there the gradient jumps, and either side of the jump is right.

use burn::tensor::{Device, Tensor, TensorData};
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

use super::{
    BATCH_NORM_EPSILON, BatchNorm, BatchStatistics, NormMode, fused, recurrent, reference,
};
use crate::host::to_vec;
use crate::random;

mod conv;
mod dense;
mod half;
mod recurrence;

/// Largest difference, as a share of the largest number of the array.
const TOLERANCE: f32 = 1e-5;
/// The largest number of an array counts as at least this, times the root of the number of
/// terms that are summed: a sum whose terms, of the size of one, cancel is no more exact
/// than they are.
const FLOOR: f32 = 0.5;

/// Numbers in [-1, 1) that depend on seed and name alone.
fn numbers(seed: u64, name: &str, count: usize) -> Vec<f32> {
    let mut rng = random::stream(seed, name, &[]);
    (0..count)
        .map(|_| 2.0 * random::unit(&mut rng) - 1.0)
        .collect()
}

/// Numbers in [0.5, 1.5).
fn factors(seed: u64, name: &str, count: usize) -> Vec<f32> {
    let half = |x: f32| 1.0 + x / 2.0;
    numbers(seed, name, count).into_iter().map(half).collect()
}

/// Weights that give products of the size of one, none of them nearly zero.
fn weights(seed: u64, rows: usize, inputs: usize) -> Vec<f32> {
    let size = 1.6 / (inputs as f32).sqrt();
    let sized = |x: f32| (x + 0.5_f32.copysign(x)) * size;
    numbers(seed, "weight", rows * inputs)
        .into_iter()
        .map(sized)
        .collect()
}

fn tensor<const D: usize>(values: &[f32], shape: [usize; D]) -> Tensor<D> {
    Tensor::from_data(TensorData::new(values.to_vec(), shape), &Device::flex())
}

/// What a layer gives: its output, flat, and statistics.
type Given = (Tensor<1>, Option<BatchStatistics>);

fn flat<const D: usize>(tensor: Tensor<D>) -> Tensor<1> {
    let entries: usize = tensor.dims().iter().product();
    tensor.reshape([entries])
}

/// Output, statistics and gradients as numbers.
#[derive(Debug)]
struct Found {
    out: Vec<f32>,
    statistics: Vec<Vec<f32>>,
    gradients: Vec<Option<Vec<f32>>>,
}

/// Runs a layer on flat arrays and differentiates a random linear functional of its
/// output with respect to those whose bit is set in `tracked`, if any.
fn differentiate(
    arrays: &[Vec<f32>],
    tracked: u32,
    seed: u64,
    layer: impl Fn(&[Tensor<1>]) -> Given,
) -> Found {
    let arrays: Vec<Tensor<1>> = arrays
        .iter()
        .enumerate()
        .map(|(number, values)| {
            let array = tensor(values, [values.len()]);
            if tracked >> number & 1 == 1 {
                array.autodiff().require_grad()
            } else {
                array
            }
        })
        .collect();
    let (out, statistics) = layer(&arrays);
    let mut gradients = (tracked != 0).then(|| {
        let [entries] = out.dims();
        let direction = tensor(&numbers(seed, "direction", entries), [entries]);
        (out.clone() * direction).sum().backward()
    });
    Found {
        out: to_vec(out.inner()),
        statistics: statistics.map_or_else(Vec::new, |s| vec![to_vec(s.mean), to_vec(s.var)]),
        gradients: arrays
            .iter()
            .enumerate()
            .map(|(number, array)| {
                let wanted = tracked >> number & 1 == 1;
                let gradients = gradients.as_mut().filter(|_| wanted)?;
                array.grad_remove(gradients)
            })
            .map(|gradient| gradient.map(to_vec))
            .collect(),
    }
}

/// Of arrays whose numbers are sums of `terms` of the size of one.
fn alike(what: &str, fused: &[f32], plain: &[f32], terms: f32) -> Result<(), TestCaseError> {
    prop_assert_eq!(fused.len(), plain.len(), "{}", what);
    let floor = FLOOR * terms.sqrt();
    let largest = plain.iter().fold(floor, |most, x| most.max(x.abs()));
    for (at, (&a, &b)) in fused.iter().zip(plain).enumerate() {
        prop_assert!(
            (a - b).abs() <= TOLERANCE * largest,
            "{what}, number {at}: {a} by the kernel, {b} by the composition, largest {largest}"
        );
    }
    Ok(())
}

/// Runs both sides and compares all that they give.
fn compare(
    names: &[&str],
    arrays: &[Vec<f32>],
    tracked: u32,
    seed: u64,
    fused: impl Fn(&[Tensor<1>]) -> Given,
    plain: impl Fn(&[Tensor<1>]) -> Given,
) -> Result<(), TestCaseError> {
    // Nothing is recorded where nothing is differentiated.
    let predicted = differentiate(arrays, 0, seed, &fused);
    let fused = differentiate(arrays, tracked, seed, fused);
    let plain = differentiate(arrays, tracked, seed, plain);
    alike("output", &fused.out, &plain.out, 1.0)?;
    prop_assert_eq!(fused.statistics.len(), plain.statistics.len());
    for (a, b) in fused.statistics.iter().zip(&plain.statistics) {
        alike("statistics", a, b, 1.0)?;
    }
    // A parameter of a column has a part in all rows of that column.
    let rows = |numbers: usize| (plain.out.len() as f32 / numbers as f32).max(1.0);
    for ((name, a), b) in names.iter().zip(&fused.gradients).zip(&plain.gradients) {
        match (a, b) {
            (Some(a), Some(b)) => alike(&format!("gradient of {name}"), a, b, rows(a.len()))?,
            // What an array has no part in leaves none, or zeros.
            (Some(zeros), None) | (None, Some(zeros)) => {
                alike(name, zeros, &vec![0.0; zeros.len()], 1.0)?
            }
            (None, None) => {}
        }
    }
    alike("output of a prediction", &predicted.out, &plain.out, 1.0)
}

/// Numbers before rectification, `[rows][columns]`, in double precision.
struct Kinks {
    columns: usize,
    values: Vec<f64>,
    largest: f64,
    /// Largest factor by which normalising by statistics of the batch enlarges numbers.
    enlarged: f64,
}

impl Kinks {
    /// Of products, normalised as `norm` and `mode` say (not at all without) and shifted.
    fn new(
        mut values: Vec<f64>,
        columns: usize,
        bias: &[f32],
        norm: Option<(&Norm, NormMode)>,
    ) -> Self {
        let rows = values.len() / columns;
        let mut enlarged: f64 = 1.0;
        for (column, &bias) in bias.iter().enumerate() {
            let own = || (0..rows).map(move |row| row * columns + column);
            let (mean, factor, shift) = match norm {
                None => (0.0, 1.0, f64::from(bias)),
                Some((norm, mode)) => {
                    let (mean, var) = match mode {
                        NormMode::Batch => {
                            let mean = own().map(|i| values[i]).sum::<f64>() / rows as f64;
                            let square = |i: usize| (values[i] - mean).powi(2);
                            (mean, own().map(square).sum::<f64>() / rows as f64)
                        }
                        NormMode::Running => (
                            f64::from(norm.mean[column] - bias),
                            f64::from(norm.var[column]),
                        ),
                    };
                    let factor = f64::from(norm.scale[column]) / (var + BATCH_NORM_EPSILON).sqrt();
                    if mode == NormMode::Batch {
                        enlarged = enlarged.max(factor);
                    }
                    (mean, factor, f64::from(norm.shift[column]))
                }
            };
            for i in own() {
                values[i] = (values[i] - mean) * factor + shift;
            }
        }
        let largest = values.iter().fold(0.0, |most: f64, x| most.max(x.abs()));
        Self {
            columns,
            values,
            largest,
            enlarged,
        }
    }

    /// Whether rounding errors stay of the size of those of the numbers themselves.
    fn conditioned(&self) -> bool {
        self.enlarged < 10.0
    }

    /// Whether the largest of the rows is far enough from zero and, if that is above zero,
    /// from all of the others that are not the `same`.
    fn clear(&self, rows: std::ops::Range<usize>, same: impl Fn(usize, usize) -> bool) -> bool {
        let near = 2e-5 * self.largest;
        (0..self.columns).all(|column| {
            let value = |row: usize| self.values[row * self.columns + column];
            let best = rows
                .clone()
                .max_by(|&a, &b| value(a).total_cmp(&value(b)))
                .expect("a window has rows");
            let rivals =
                |row: usize| row == best || value(best) - value(row) > near || same(row, best);
            value(best) < -near || value(best) > near && rows.clone().all(rivals)
        })
    }
}

/// Parameters of a normalisation as numbers.
struct Norm {
    scale: Vec<f32>,
    shift: Vec<f32>,
    mean: Vec<f32>,
    var: Vec<f32>,
}

impl Norm {
    fn new(seed: u64, channels: usize) -> Self {
        Self {
            scale: factors(seed, "scale", channels),
            shift: numbers(seed, "shift", channels),
            mean: numbers(seed, "running mean", channels),
            var: factors(seed, "running variance", channels),
        }
    }

    /// With scale and shift as tensors.
    fn with(&self, scale: &Tensor<1>, shift: &Tensor<1>) -> BatchNorm {
        let channels = self.mean.len();
        BatchNorm {
            weight: scale.clone(),
            bias: shift.clone(),
            running_mean: tensor(&self.mean, [channels]),
            running_var: tensor(&self.var, [channels]),
        }
    }
}

fn mode() -> impl Strategy<Value = NormMode> {
    prop_oneof![Just(NormMode::Batch), Just(NormMode::Running)]
}

/// Which of input, weight, bias, scale and shift are tracked: all, the input alone, all but
/// the weight, or any; never the bias alone, which has no gradient in a batch.
fn tracked() -> impl Strategy<Value = u32> {
    prop_oneof![
        Just(0b11111_u32),
        Just(0b00001_u32),
        Just(0b11101_u32),
        (1_u32..32).prop_map(|bits| if bits == 0b00100 { 0b00110 } else { bits }),
    ]
}

const BLOCK: [&str; 5] = ["x", "weight", "bias", "scale", "shift"];
