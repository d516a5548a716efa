//! Statistics of the convolution from how often bases, and pairs of them, occur.

use crate::conv::ConvShape;
use crate::norm::Moments;
use crate::parallel::{self, Shared, vectorized};

/// How often bases, and pairs of bases, occur at the taps of all windows.
#[derive(Debug)]
pub(super) struct Pairs {
    /// `[tap * 4 + base]`.
    pub(super) single: Vec<f64>,
    /// `[tap * 4 + base][tap * 4 + base]`.
    double: Vec<f64>,
}

impl Pairs {
    pub(super) fn new(shape: &ConvShape, bases: &[u8]) -> Self {
        let (kernel, windows) = (shape.kernel, shape.convolved());
        let columns = 4 * kernel;
        let mut single = vec![0.0; columns];
        // Task `d`: pairs `d` positions apart, `[tap][base][base]`.
        let mut apart: Vec<Vec<u32>> = vec![Vec::new(); kernel];
        {
            let shared = Shared::new(&mut apart);
            parallel::for_each(kernel, |d| {
                let taps = kernel - d;
                let mut counts = vec![0_u32; taps * 16];
                for sequence in bases.chunks_exact(shape.length) {
                    let pair = |q: usize| usize::from(sequence[q] << 2 | sequence[q + d]);
                    let mut now = [0_u32; 16];
                    for q in 0..windows {
                        now[pair(q)] += 1;
                    }
                    for tap in 0..taps {
                        if tap > 0 {
                            now[pair(tap - 1)] -= 1;
                            now[pair(tap - 1 + windows)] += 1;
                        }
                        for (total, now) in counts[tap * 16..][..16].iter_mut().zip(now) {
                            *total += now;
                        }
                    }
                }
                // SAFETY: one place per task.
                unsafe { shared.part(d, 1)[0] = counts };
            });
        }
        let mut double = vec![0.0; columns * columns];
        for (d, counts) in apart.iter().enumerate() {
            for (tap, counts) in counts.chunks_exact(16).enumerate() {
                for (pair, &count) in counts.iter().enumerate() {
                    let a = tap * 4 + pair / 4;
                    let b = (tap + d) * 4 + pair % 4;
                    double[a * columns + b] = f64::from(count);
                    double[b * columns + a] = f64::from(count);
                    if d == 0 && a == b {
                        single[a] = f64::from(count);
                    }
                }
            }
        }
        Self { single, double }
    }

    /// Sum over windows of response times one-hot window, for each filter:
    /// `[filter][tap * 4 + base]`.
    pub(super) fn responses(&self, taps: &[f64]) -> Vec<f64> {
        let columns = self.single.len();
        let mut out = vec![0.0; taps.len()];
        let filters = taps.len() / columns;
        let shared = Shared::new(&mut out);
        parallel::for_each(filters, |filter| {
            let taps = &taps[filter * columns..(filter + 1) * columns];
            // SAFETY: filters do not overlap.
            let out = unsafe { shared.part(filter * columns, columns) };
            vectorized(
                #[inline(always)]
                || {
                    for (&tap, row) in taps.iter().zip(self.double.chunks_exact(columns)) {
                        for (out, &count) in out.iter_mut().zip(row) {
                            *out += tap * count;
                        }
                    }
                },
            );
        });
        out
    }
}

/// Weights `[filter][tap * 4 + base]` in double precision.
pub(super) fn taps(shape: &ConvShape, weight: &[f32]) -> Vec<f64> {
    let kernel = shape.kernel;
    let mut taps = vec![0.0; weight.len()];
    for (weight, taps) in weight
        .chunks_exact(4 * kernel)
        .zip(taps.chunks_exact_mut(4 * kernel))
    {
        for (i, &w) in weight.iter().enumerate() {
            taps[i % kernel * 4 + i / kernel] = f64::from(w);
        }
    }
    taps
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

pub(super) fn batch_moments(
    shape: &ConvShape,
    taps: &[f64],
    pairs: &Pairs,
    responses: &[f64],
) -> Moments {
    let rows = shape.batch * shape.convolved();
    let columns = 4 * shape.kernel;
    let (mean, var): (Vec<f64>, Vec<f64>) = taps
        .chunks_exact(columns)
        .zip(responses.chunks_exact(columns))
        .map(|(taps, responses)| {
            let mean = dot(taps, &pairs.single) / rows as f64;
            let var = dot(taps, responses) / rows as f64 - mean * mean;
            (mean, var.max(0.0))
        })
        .unzip();
    Moments::of_batch(&mean, &var, rows)
}
