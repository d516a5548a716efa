//! Layer normalisation over the features of a row.

use crate::parallel::vectorized;

/// Partial sums of a row. Their number is fixed, so that a sum does not depend on the
/// processor's vectors.
const SUMS: usize = 32;

/// `out[row] = (x[row] - mean) / sqrt(variance + epsilon) * scale + shift`, mean and biased
/// variance over the row's features. On this thread.
///
/// # Shapes
/// `x` and `out` are `[rows, features]`, `scale` and `shift` `[features]`.
///
/// # Panics
/// If the arrays do not fit.
pub fn layer_norm(x: &[f32], scale: &[f32], shift: &[f32], epsilon: f32, out: &mut [f32]) {
    let width = scale.len();
    assert!(x.len() == out.len() && shift.len() == width && x.len().is_multiple_of(width));
    vectorized(
        #[inline(always)]
        || {
            for (x, out) in x.chunks_exact(width).zip(out.chunks_exact_mut(width)) {
                let mean = sum(x, |value| value) / width as f32;
                let variance = sum(x, |value| (value - mean) * (value - mean)) / width as f32;
                let inverse = 1.0 / (variance + epsilon).sqrt();
                for (((out, &x), &scale), &shift) in out.iter_mut().zip(x).zip(scale).zip(shift) {
                    *out = ((x - mean) * inverse).mul_add(scale, shift);
                }
            }
        },
    );
}

/// The sum of what `term` makes of each number.
#[inline(always)]
fn sum(x: &[f32], term: impl Fn(f32) -> f32) -> f32 {
    let mut sums = [0.0_f32; SUMS];
    let chunks = x.chunks_exact(SUMS);
    let rest = chunks.remainder();
    for chunk in chunks {
        for i in 0..SUMS {
            sums[i] += term(chunk[i]);
        }
    }
    for i in 0..rest.len() {
        sums[i] += term(rest[i]);
    }
    let mut half = SUMS / 2;
    while half > 0 {
        for i in 0..half {
            sums[i] += sums[i + half];
        }
        half /= 2;
    }
    sums[0]
}
