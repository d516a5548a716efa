//! Batch normalisation, ReLU and max-pooling, one pass each way.
//!
//! Arrays are `[rows, channels]`, channels last. PyTorch's epsilon, 1e-5.

use crate::lanes::{kernel, lanes};

/// Added to the variance before its square root is taken.
pub const EPSILON: f64 = 1e-5;

/// What a layer normalises by.
#[derive(Debug, Clone, Copy)]
pub enum Statistics<'a> {
    /// The mean and variance of the current batch.
    Batch,
    /// A mean and a variance from before, each `[channels]`, and the bias that the
    /// layer adds.
    Running {
        /// Running mean.
        mean: &'a [f32],
        /// Running variance.
        var: &'a [f32],
        /// Bias of the layer before the normalisation.
        bias: &'a [f32],
    },
    /// No normalisation: scale and shift alone.
    Identity,
}

/// Scale, shift, and what to normalise by.
#[derive(Debug, Clone, Copy)]
pub struct Norm<'a> {
    /// Scale, `[channels]`.
    pub scale: &'a [f32],
    /// Shift, `[channels]`.
    pub shift: &'a [f32],
    /// Mean and variance.
    pub statistics: Statistics<'a>,
}

/// Mean and variance that a pass normalised by, per channel. The mean is that of
/// the layer's products, without its bias.
#[derive(Debug, Clone)]
pub struct Moments {
    /// Mean of the products.
    pub mean: Vec<f32>,
    /// `1 / sqrt(variance + epsilon)`.
    pub inverse: Vec<f32>,
    /// Unbiased variance of the batch; empty where the running one was taken.
    pub unbiased: Vec<f32>,
    /// Number of rows, as PyTorch counts them.
    pub rows: usize,
}

impl Moments {
    pub(crate) fn of_batch(mean: &[f64], var: &[f64], rows: usize) -> Self {
        Self {
            mean: mean.iter().map(|&mean| mean as f32).collect(),
            inverse: var
                .iter()
                .map(|var| (1.0 / (var + EPSILON).sqrt()) as f32)
                .collect(),
            unbiased: var
                .iter()
                .map(|var| (var * rows as f64 / (rows as f64 - 1.0)) as f32)
                .collect(),
            rows,
        }
    }

    pub(crate) fn identity(channels: usize, rows: usize) -> Self {
        Self {
            mean: vec![0.0; channels],
            inverse: vec![1.0; channels],
            unbiased: Vec::new(),
            rows,
        }
    }

    /// What does not depend on the current batch; `None` for its own statistics.
    pub(crate) fn fixed(norm: &Norm<'_>, rows: usize) -> Option<Self> {
        match norm.statistics {
            Statistics::Batch => None,
            Statistics::Running { mean, var, bias } => Some(Self::running(mean, var, bias, rows)),
            Statistics::Identity => Some(Self::identity(norm.scale.len(), rows)),
        }
    }

    fn running(mean: &[f32], var: &[f32], bias: &[f32], rows: usize) -> Self {
        Self {
            mean: mean
                .iter()
                .zip(bias)
                .map(|(mean, bias)| mean - bias)
                .collect(),
            inverse: var
                .iter()
                .map(|&var| (1.0 / (f64::from(var) + EPSILON).sqrt()) as f32)
                .collect(),
            unbiased: Vec::new(),
            rows,
        }
    }

    /// Those of some channels.
    pub(crate) fn slice(&self, first: usize, width: usize) -> Self {
        let own = first..first + width;
        Self {
            mean: self.mean[own.clone()].to_vec(),
            inverse: self.inverse[own.clone()].to_vec(),
            unbiased: if self.learned() {
                self.unbiased[own].to_vec()
            } else {
                Vec::new()
            },
            rows: self.rows,
        }
    }

    /// Whether the statistics are those of the batch, through which gradients flow.
    #[must_use]
    pub fn learned(&self) -> bool {
        !self.unbiased.is_empty()
    }

    /// The normalisation as `x * factor + offset`.
    pub(crate) fn affine(&self, scale: &[f32], shift: &[f32]) -> Affine {
        let factor: Vec<f32> = scale
            .iter()
            .zip(&self.inverse)
            .map(|(s, i)| s * i)
            .collect();
        let offset = shift
            .iter()
            .zip(&factor)
            .zip(&self.mean)
            .map(|((&shift, &factor), &mean)| shift - mean * factor)
            .collect();
        Affine { factor, offset }
    }

    /// Gradient of the product as `g * factor + x * slope + constant`.
    pub(crate) fn gradient(&self, scale: &[f32], d_scale: &[f64], d_shift: &[f64]) -> Backward {
        let channels = scale.len();
        let mut backward = Backward {
            factor: Vec::with_capacity(channels),
            slope: vec![0.0; channels],
            constant: vec![0.0; channels],
        };
        for c in 0..channels {
            let inverse = f64::from(self.inverse[c]);
            let factor = f64::from(scale[c]) * inverse;
            backward.factor.push(factor as f32);
            if self.learned() {
                let rows = self.rows as f64;
                let slope = -factor * d_scale[c] * inverse / rows;
                backward.slope[c] = slope as f32;
                backward.constant[c] =
                    (-factor * d_shift[c] / rows - slope * f64::from(self.mean[c])) as f32;
            }
        }
        backward
    }
}

/// See [`Moments::affine`].
#[derive(Debug)]
pub(crate) struct Affine {
    pub(crate) factor: Vec<f32>,
    pub(crate) offset: Vec<f32>,
}

/// See [`Moments::gradient`].
#[derive(Debug)]
pub(crate) struct Backward {
    pub(crate) factor: Vec<f32>,
    pub(crate) slope: Vec<f32>,
    pub(crate) constant: Vec<f32>,
}

kernel! {
    /// Mean and sum of squared deviations of the columns of `rows`, each `[channels]`.
    pub(crate) fn column_moments<'a>(simd; rows: &'a [f32], mean: &'a mut [f32], squares: &'a mut [f32]) {
        let channels = mean.len();
        let count = (rows.len() / channels) as f32;
        lanes(simd, channels, #[inline(always)] |lane| {
            let mut sum = lane.splat(0.0);
            for row in rows.chunks_exact(channels) {
                sum = sum + lane.load(row);
            }
            let own = sum * (1.0 / count);
            let mut sum = lane.splat(0.0);
            for row in rows.chunks_exact(channels) {
                let away = lane.load(row) - own;
                sum = away.mul_add(away, sum);
            }
            lane.store(mean, own);
            lane.store(squares, sum);
        });
    }
}

/// Joins the [`column_moments`] of groups of `count` rows: mean and biased variance.
pub(crate) fn join_moments(
    means: &[f32],
    squares: &[f32],
    channels: usize,
    count: usize,
) -> (Vec<f64>, Vec<f64>) {
    let groups = means.len() / channels;
    let mut mean = vec![0.0; channels];
    for group in means.chunks_exact(channels) {
        for (sum, &x) in mean.iter_mut().zip(group) {
            *sum += f64::from(x);
        }
    }
    mean.iter_mut().for_each(|mean| *mean /= groups as f64);
    let mut var = vec![0.0; channels];
    for (group, squares) in means
        .chunks_exact(channels)
        .zip(squares.chunks_exact(channels))
    {
        for (((sum, &x), &square), &mean) in var.iter_mut().zip(group).zip(squares).zip(&mean) {
            let away = f64::from(x) - mean;
            *sum += f64::from(square) + count as f64 * away * away;
        }
    }
    var.iter_mut()
        .for_each(|var| *var /= (groups * count) as f64);
    (mean, var)
}

/// Sums of groups, in order, in double precision.
pub(crate) fn join_sums(sums: &[f32], channels: usize) -> Vec<f64> {
    let mut total = vec![0.0; channels];
    for group in sums.chunks_exact(channels) {
        for (total, &sum) in total.iter_mut().zip(group) {
            *total += f64::from(sum);
        }
    }
    total
}

/// No position of a window passes the rectification.
pub(crate) const NONE: f32 = -1.0;

kernel! {
    /// `max(0, max over a window of x * factor + offset)`. `record`, if wanted, takes the
    /// place of the maximum in its window ([`NONE`] if nothing is above zero), and the `x`
    /// there.
    pub(crate) fn pool<'a>(
        simd;
        x: &'a [f32],
        affine: &'a Affine,
        window: usize,
        out: &'a mut [f32],
        record: Option<(&'a mut [f32], &'a mut [f32])>,
    ) {
        let channels = affine.factor.len();
        let windows = x.chunks_exact(window * channels).zip(out.chunks_exact_mut(channels));
        match record {
            None => {
                for (x, out) in windows {
                    lanes(simd, channels, #[inline(always)] |lane| {
                        let (factor, offset) = (lane.load(&affine.factor), lane.load(&affine.offset));
                        let mut best = lane.splat(0.0);
                        for x in x.chunks_exact(channels) {
                            let y = lane.load(x).mul_add(factor, offset);
                            best = y.above(best, y, best);
                        }
                        lane.store(out, best);
                    });
                }
            }
            Some((peak, top)) => {
                let record = peak.chunks_exact_mut(channels).zip(top.chunks_exact_mut(channels));
                for ((x, out), (peak, top)) in windows.zip(record) {
                    lanes(simd, channels, #[inline(always)] |lane| {
                        let (factor, offset) = (lane.load(&affine.factor), lane.load(&affine.offset));
                        let mut best = lane.splat(0.0);
                        let (mut place, mut there) = (lane.splat(NONE), lane.splat(0.0));
                        for (number, x) in x.chunks_exact(channels).enumerate() {
                            let x = lane.load(x);
                            let y = x.mul_add(factor, offset);
                            place = y.above(best, lane.splat(number as f32), place);
                            there = y.above(best, x, there);
                            best = y.above(best, y, best);
                        }
                        lane.store(out, best);
                        lane.store(peak, place);
                        lane.store(top, there);
                    });
                }
            }
        }
    }
}

kernel! {
    /// Sums over windows of `g` and `g * (top - mean)`, where a window is active.
    pub(crate) fn pool_sums<'a>(
        simd;
        g: &'a [f32],
        peak: &'a [f32],
        top: &'a [f32],
        mean: &'a [f32],
        sum: &'a mut [f32],
        product: &'a mut [f32],
    ) {
        let channels = mean.len();
        lanes(simd, channels, #[inline(always)] |lane| {
            let mean = lane.load(mean);
            let zero = lane.splat(0.0);
            let (mut sums, mut products) = (zero, zero);
            for ((g, peak), top) in g
                .chunks_exact(channels)
                .zip(peak.chunks_exact(channels))
                .zip(top.chunks_exact(channels))
            {
                let g = zero.above(lane.load(peak), zero, lane.load(g));
                sums = sums + g;
                products = g.mul_add(lane.load(top) - mean, products);
            }
            lane.store(sum, sums);
            lane.store(product, products);
        });
    }
}
