//! The floating-point numbers that attributions are computed in, and their products.

use std::fmt::Debug;

use bindscape_kernels::conv::Convolution;
use bindscape_kernels::differences::Real;
use bindscape_kernels::first::FirstConvolution;
use bindscape_kernels::products::Factor;

/// A number that attributions are computed in: `f32`, or `f64` in plain loops, which serves
/// comparisons.
///
/// All weights are given in `f64` and PyTorch's layouts.
pub trait Number: Real {
    /// A convolution of bases.
    type First: Debug + Send + Sync;
    /// A convolution of activations.
    type Convolution: Debug + Send + Sync;
    /// A linear layer without its bias.
    type Factor: Debug + Send + Sync;

    /// Of `weight` `[filters, 4, kernel]` and `bias` `[filters]`.
    fn first(weight: &[f64], bias: &[f64], kernel: usize) -> Self::First;
    /// `out` `[positions, filters]` of one sequence.
    fn apply_first(first: &Self::First, bases: &[u8], out: &mut [Self]);

    /// Of `weight` `[filters, channels, kernel]` and `bias` `[filters]`.
    fn convolution(
        weight: &[f64],
        bias: &[f64],
        channels: usize,
        kernel: usize,
    ) -> Self::Convolution;
    /// `out` `[sequences, positions, filters]` of `x` `[sequences, length, channels]`.
    fn convolve(of: &Self::Convolution, x: &[Self], length: usize, out: &mut [Self]);

    /// Of `weight` `[outputs, inputs]`, from inputs to outputs.
    fn factor(weight: &[f64], outputs: usize, inputs: usize) -> Self::Factor;
    /// Of `weight` `[outputs, inputs]`, from outputs to inputs.
    fn transposed(weight: &[f64], outputs: usize, inputs: usize) -> Self::Factor;
    /// `out` `[rows, outputs]` of `x` `[rows, inputs]`, plus the bias.
    fn multiply(factor: &Self::Factor, x: &[Self], bias: Option<&[Self]>, out: &mut [Self]);
}

fn narrow(values: &[f64]) -> Vec<f32> {
    values.iter().map(|&value| value as f32).collect()
}

impl Number for f32 {
    type First = FirstConvolution;
    type Convolution = Convolution;
    type Factor = Factor;

    fn first(weight: &[f64], bias: &[f64], kernel: usize) -> FirstConvolution {
        FirstConvolution::new(&narrow(weight), &narrow(bias), kernel)
    }

    fn apply_first(first: &FirstConvolution, bases: &[u8], out: &mut [f32]) {
        first.apply(bases, out);
    }

    fn convolution(weight: &[f64], bias: &[f64], channels: usize, kernel: usize) -> Convolution {
        Convolution::new(&narrow(weight), &narrow(bias), channels, kernel)
    }

    fn convolve(of: &Convolution, x: &[f32], length: usize, out: &mut [f32]) {
        of.apply(x, length, out);
    }

    fn factor(weight: &[f64], outputs: usize, inputs: usize) -> Factor {
        Factor::new(&narrow(weight), outputs, inputs)
    }

    fn transposed(weight: &[f64], outputs: usize, inputs: usize) -> Factor {
        Factor::transposed(&narrow(weight), outputs, inputs)
    }

    fn multiply(factor: &Factor, x: &[f32], bias: Option<&[f32]>, out: &mut [f32]) {
        factor.apply(x, bias, out);
    }
}

/// A convolution in plain loops.
#[derive(Debug)]
pub struct PlainConvolution {
    /// `[filters, kernel, channels]`.
    weight: Vec<f64>,
    bias: Vec<f64>,
    channels: usize,
    kernel: usize,
}

/// A matrix `[outputs, inputs]`.
#[derive(Debug)]
pub struct PlainFactor {
    values: Vec<f64>,
    inputs: usize,
}

impl Number for f64 {
    type First = PlainConvolution;
    type Convolution = PlainConvolution;
    type Factor = PlainFactor;

    fn first(weight: &[f64], bias: &[f64], kernel: usize) -> PlainConvolution {
        Self::convolution(weight, bias, 4, kernel)
    }

    fn apply_first(first: &PlainConvolution, bases: &[u8], out: &mut [f64]) {
        let one_hot = |&base: &u8| (0..4).map(move |b| f64::from(u8::from(b == base)));
        let x: Vec<f64> = bases.iter().flat_map(one_hot).collect();
        Self::convolve(first, &x, bases.len(), out);
    }

    fn convolution(
        weight: &[f64],
        bias: &[f64],
        channels: usize,
        kernel: usize,
    ) -> PlainConvolution {
        PlainConvolution {
            weight: taps_first(weight, channels, kernel),
            bias: bias.to_vec(),
            channels,
            kernel,
        }
    }

    fn convolve(of: &PlainConvolution, x: &[f64], length: usize, out: &mut [f64]) {
        let taps = of.kernel * of.channels;
        let positions = length + 1 - of.kernel;
        let filters = of.bias.len();
        let sequences = x.chunks_exact(length * of.channels);
        for (x, out) in sequences.zip(out.chunks_exact_mut(positions * filters)) {
            for (position, out) in out.chunks_exact_mut(filters).enumerate() {
                let window = &x[position * of.channels..][..taps];
                let rows = of.weight.chunks_exact(taps).zip(&of.bias);
                for (out, (row, bias)) in out.iter_mut().zip(rows) {
                    *out = bias + dot(row, window);
                }
            }
        }
    }

    fn factor(weight: &[f64], _outputs: usize, inputs: usize) -> PlainFactor {
        PlainFactor {
            values: weight.to_vec(),
            inputs,
        }
    }

    fn transposed(weight: &[f64], outputs: usize, inputs: usize) -> PlainFactor {
        let turned = (0..inputs * outputs).map(|at| weight[at % outputs * inputs + at / outputs]);
        PlainFactor {
            values: turned.collect(),
            inputs: outputs,
        }
    }

    fn multiply(factor: &PlainFactor, x: &[f64], bias: Option<&[f64]>, out: &mut [f64]) {
        let outputs = factor.values.len() / factor.inputs;
        let rows = x.chunks_exact(factor.inputs);
        for (x, out) in rows.zip(out.chunks_exact_mut(outputs)) {
            let rows = factor.values.chunks_exact(factor.inputs);
            for (number, (out, row)) in out.iter_mut().zip(rows).enumerate() {
                *out = dot(row, x) + bias.map_or(0.0, |bias| bias[number]);
            }
        }
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// `[filters, channels, kernel]` to `[filters, kernel, channels]`.
pub(super) fn taps_first(weight: &[f64], channels: usize, kernel: usize) -> Vec<f64> {
    let mut turned = Vec::with_capacity(weight.len());
    for filter in weight.chunks_exact(channels * kernel) {
        for tap in 0..kernel {
            turned.extend((0..channels).map(|channel| filter[channel * kernel + tap]));
        }
    }
    turned
}
