//! Weights in half types: outputs and gradients as far from those of `f32` as the types
//! reach. No number is rectified and none is pooled with others, so nothing jumps.

use burn::tensor::DType;

use super::*;
use crate::layers;
use crate::train::parity::relative;

const BATCH: usize = 30;
const STEPS: usize = 12;
const CHANNELS: usize = 16;
const KERNEL: usize = 5;
const OUT: usize = 24;

/// Compares a layer whose weights are of a half type with the same one in `f32`.
fn holds(name: &str, arrays: &[Vec<f32>], layer: impl Fn(&[Tensor<1>], DType) -> Given) {
    let tracked = (1 << arrays.len()) - 1;
    let at = |dtype| differentiate(arrays, tracked, 7, |a| layer(a, dtype));
    let exact = at(DType::F32);
    for (dtype, most) in [(DType::BF16, 3e-2), (DType::F16, 3e-3)] {
        let found = at(dtype);
        let error = relative(&found.out, &exact.out);
        assert!(error > 0.0 && error < most, "{name}, {dtype:?}: {error}");
        for (a, b) in found.statistics.iter().zip(&exact.statistics) {
            assert!(relative(a, b) < most, "{name}, {dtype:?}: statistics");
        }
        for (number, (a, b)) in found.gradients.iter().zip(&exact.gradients).enumerate() {
            if let Some((a, b)) = a.as_ref().zip(b.as_ref()) {
                let error = relative(a, b);
                let what = format!("{name}, {dtype:?}: gradient {number} {error}");
                assert!(error < most, "{what}");
            }
        }
    }
}

/// Shifts that keep every normalised number above zero.
fn high(channels: usize) -> Vec<f32> {
    vec![8.0; channels]
}

#[test]
fn convolutions() {
    let norm = Norm::new(3, OUT);
    let arrays = [
        numbers(1, "x", BATCH * STEPS * CHANNELS),
        weights(2, OUT, CHANNELS * KERNEL),
        numbers(3, "bias", OUT),
        norm.scale.clone(),
        high(OUT),
    ];
    for mode in [NormMode::Batch, NormMode::Running] {
        holds("conv_block", &arrays, |a, dtype| {
            let (y, statistics) = layers::conv_block(
                a[0].clone().reshape([BATCH, STEPS, CHANNELS]),
                a[1].clone().reshape([OUT, CHANNELS, KERNEL]).cast(dtype),
                a[2].clone(),
                &norm.with(&a[3], &a[4]),
                1,
                mode,
            );
            (flat(y), statistics)
        });
    }
    let arrays = [arrays[0].clone(), arrays[1].clone(), high(OUT)];
    holds("conv_relu_pool", &arrays, |a, dtype| {
        let y = layers::conv_relu_pool(
            a[0].clone().reshape([BATCH, STEPS, CHANNELS]),
            a[1].clone().reshape([OUT, CHANNELS, KERNEL]).cast(dtype),
            a[2].clone(),
            1,
        );
        (flat(y), None)
    });
}

#[test]
fn dense_layers() {
    let norm = Norm::new(3, OUT);
    let arrays = [
        numbers(1, "x", BATCH * CHANNELS),
        weights(2, OUT, CHANNELS),
        high(OUT),
        norm.scale.clone(),
        high(OUT),
    ];
    let x = |a: &[Tensor<1>]| a[0].clone().reshape([BATCH, CHANNELS]);
    let w = |a: &[Tensor<1>], dtype| a[1].clone().reshape([OUT, CHANNELS]).cast(dtype);
    for mode in [NormMode::Batch, NormMode::Running] {
        holds("dense_block", &arrays, |a, dtype| {
            let norm = norm.with(&a[3], &a[4]);
            let (y, statistics) =
                layers::dense_block(x(a), w(a, dtype), a[2].clone(), &norm, None, mode);
            (flat(y), statistics)
        });
    }
    holds("linear", &arrays[..3], |a, dtype| {
        (flat(layers::linear(x(a), w(a, dtype), a[2].clone())), None)
    });
    holds("linear_relu", &arrays[..3], |a, dtype| {
        (
            flat(layers::linear_relu(x(a), w(a, dtype), a[2].clone())),
            None,
        )
    });
}

#[test]
fn recurrent_layers() {
    let arrays = [
        numbers(1, "x", BATCH * STEPS * CHANNELS),
        weights(2, 4 * OUT, CHANNELS),
        weights(3, 4 * OUT, OUT),
        numbers(4, "b_ih", 4 * OUT),
        numbers(5, "b_hh", 4 * OUT),
    ];
    for reverse in [false, true] {
        holds("lstm", &arrays, |a, dtype| {
            let y = layers::lstm(
                a[0].clone().reshape([BATCH, STEPS, CHANNELS]),
                a[1].clone().reshape([4 * OUT, CHANNELS]).cast(dtype),
                a[2].clone().reshape([4 * OUT, OUT]).cast(dtype),
                a[3].clone(),
                a[4].clone(),
                reverse,
            );
            (flat(y), None)
        });
    }
}
