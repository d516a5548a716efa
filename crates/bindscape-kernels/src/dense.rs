//! Dense layers: linear, batch normalisation, ReLU and dropout.
//!
//! Weights are `[out, in]`, activations `[batch, features]`.

use crate::buffer::Buffer;
use crate::gemm::{self, Left, Packed, Right};
use crate::norm::{Moments, Norm};
use crate::parallel::{self, Shared, vectorized};

/// Features that a task normalises.
const BLOCK: usize = 64;

/// Sizes of a dense layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DenseShape {
    /// Sequences.
    pub batch: usize,
    /// Features that come in.
    pub inputs: usize,
    /// Features that go out.
    pub outputs: usize,
}

/// What the backward pass needs of a forward pass.
#[derive(Debug)]
pub struct DenseSaved {
    shape: DenseShape,
    /// The products, `[batch, outputs]`.
    products: Buffer,
    moments: Moments,
}

impl DenseSaved {
    /// What the pass normalised by.
    #[must_use]
    pub fn moments(&self) -> &Moments {
        &self.moments
    }
}

/// Gradients of a dense block.
#[derive(Debug)]
pub struct DenseGradients<'a> {
    /// `[outputs, inputs]`.
    pub weight: &'a mut [f32],
    /// `[outputs]`.
    pub scale: &'a mut [f32],
    /// `[outputs]`.
    pub shift: &'a mut [f32],
    /// `[batch, inputs]`, if wanted.
    pub x: Option<&'a mut [f32]>,
}

/// `z[batch, outputs] = x[batch, inputs] weight[outputs, inputs]^T`.
fn products(shape: DenseShape, x: &[f32], weight: &[f32], z: &mut [f32]) {
    assert_eq!(x.len(), shape.batch * shape.inputs);
    assert_eq!(weight.len(), shape.outputs * shape.inputs);
    assert_eq!(z.len(), shape.batch * shape.outputs);
    if shape.outputs < shape.batch {
        // The smaller factor is the one that is turned around.
        let right = Packed::new(weight, shape.inputs, shape.outputs, 1, shape.inputs);
        let left = Left {
            values: x,
            row: shape.inputs,
            column: 1,
        };
        gemm::multiply(
            shape.batch,
            shape.outputs,
            shape.inputs,
            left,
            right.right(),
            z,
            shape.outputs,
            false,
        );
        return;
    }
    let right = Packed::new(x, shape.inputs, shape.batch, 1, shape.inputs);
    let mut turned = Buffer::any(shape.outputs * shape.batch);
    gemm::multiply(
        shape.outputs,
        shape.batch,
        shape.inputs,
        Left {
            values: weight,
            row: shape.inputs,
            column: 1,
        },
        right.right(),
        &mut turned,
        shape.batch,
        false,
    );
    let z = Shared::new(z);
    let count = shape.outputs.div_ceil(BLOCK);
    parallel::for_each(count, |task| {
        let first = task * BLOCK;
        let width = BLOCK.min(shape.outputs - first);
        for item in 0..shape.batch {
            // SAFETY: blocks of features do not overlap.
            let z = unsafe { z.part(item * shape.outputs + first, width) };
            for (o, z) in z.iter_mut().enumerate() {
                *z = turned[(first + o) * shape.batch + item];
            }
        }
    });
}

/// `x` `[batch, inputs]` through a linear layer, batch normalisation, ReLU, and
/// times `mask` `[batch, outputs]` if there is one, to `out` `[batch, outputs]`.
///
/// # Panics
/// If the arrays do not fit the shape.
pub fn dense_forward(
    shape: DenseShape,
    x: &[f32],
    weight: &[f32],
    norm: &Norm<'_>,
    mask: Option<&[f32]>,
    out: &mut [f32],
) -> DenseSaved {
    assert!(norm.scale.len() == shape.outputs && norm.shift.len() == shape.outputs);
    assert!(mask.is_none_or(|mask| mask.len() == out.len()));
    let mut z = Buffer::any(shape.batch * shape.outputs);
    products(shape, x, weight, &mut z);
    let moments = Moments::fixed(norm, shape.batch).unwrap_or_else(|| {
        let (mean, var) = column_statistics(&z, shape.outputs);
        Moments::of_batch(&mean, &var, shape.batch)
    });
    let affine = moments.affine(norm.scale, norm.shift);
    let out = Shared::new(out);
    parallel::for_each(shape.batch, |item| {
        let row = item * shape.outputs..(item + 1) * shape.outputs;
        // SAFETY: rows do not overlap.
        let out = unsafe { out.part(row.start, shape.outputs) };
        let (z, mask) = (&z[row.clone()], mask.map(|mask| &mask[row.clone()]));
        vectorized(
            #[inline(always)]
            || {
                let (factor, offset) = (&affine.factor[..z.len()], &affine.offset[..z.len()]);
                for c in 0..z.len() {
                    let y = z[c] * factor[c] + offset[c];
                    out[c] = if y > 0.0 { y } else { 0.0 };
                }
                if let Some(mask) = mask {
                    for (out, &mask) in out.iter_mut().zip(mask) {
                        *out *= mask;
                    }
                }
            },
        );
    });
    DenseSaved {
        shape,
        products: z,
        moments,
    }
}

/// Mean and biased variance of the columns of `[rows, columns]`.
fn column_statistics(z: &[f32], columns: usize) -> (Vec<f64>, Vec<f64>) {
    let rows = z.len() / columns;
    let parts = parallel::map(columns.div_ceil(BLOCK), |task| {
        let first = task * BLOCK;
        let width = BLOCK.min(columns - first);
        let (mut mean, mut var) = ([0.0_f64; BLOCK], [0.0_f64; BLOCK]);
        vectorized(
            #[inline(always)]
            || {
                let (mean, var) = (&mut mean[..width], &mut var[..width]);
                for row in z.chunks_exact(columns) {
                    let row = &row[first..first + width];
                    for c in 0..width {
                        mean[c] += f64::from(row[c]);
                    }
                }
                for mean in mean.iter_mut() {
                    *mean /= rows as f64;
                }
                for row in z.chunks_exact(columns) {
                    let row = &row[first..first + width];
                    for c in 0..width {
                        let away = f64::from(row[c]) - mean[c];
                        var[c] += away * away;
                    }
                }
                for var in var.iter_mut() {
                    *var /= rows as f64;
                }
            },
        );
        (mean[..width].to_vec(), var[..width].to_vec())
    });
    let (means, vars): (Vec<_>, Vec<_>) = parts.into_iter().unzip();
    (means.concat(), vars.concat())
}

/// Gradients of a dense block for the gradient `g` `[batch, outputs]` of its output.
/// `x`, `weight`, `mask` are those of the forward pass, `norm` its scale and shift.
///
/// # Panics
/// If the arrays do not fit the shape.
#[allow(clippy::too_many_arguments)]
pub fn dense_backward(
    saved: &DenseSaved,
    x: &[f32],
    weight: &[f32],
    scale: &[f32],
    shift: &[f32],
    mask: Option<&[f32]>,
    g: &[f32],
    gradients: DenseGradients<'_>,
) {
    let shape = saved.shape;
    let moments = &saved.moments;
    let affine = moments.affine(scale, shift);
    let z = &saved.products;
    assert_eq!(g.len(), z.len());
    let mut dz = Buffer::any(g.len());
    {
        let dz = Shared::new(&mut dz);
        let d_scale = Shared::new(gradients.scale);
        let d_shift = Shared::new(gradients.shift);
        let n = shape.outputs;
        parallel::for_each(n.div_ceil(BLOCK), |task| {
            let first = task * BLOCK;
            let width = BLOCK.min(n - first);
            let mut sums = ([0.0_f64; BLOCK], [0.0_f64; BLOCK]);
            vectorized(
                #[inline(always)]
                || {
                    let (sum, product) = (&mut sums.0[..width], &mut sums.1[..width]);
                    let factor = &affine.factor[first..first + width];
                    let offset = &affine.offset[first..first + width];
                    let mean = &moments.mean[first..first + width];
                    for item in 0..shape.batch {
                        let at = item * n + first;
                        let (z, g) = (&z[at..at + width], &g[at..at + width]);
                        // SAFETY: blocks of features do not overlap.
                        let dz = unsafe { dz.part(at, width) };
                        match mask {
                            Some(mask) => {
                                let mask = &mask[at..at + width];
                                for c in 0..width {
                                    let live = z[c] * factor[c] + offset[c] > 0.0;
                                    dz[c] = if live { g[c] * mask[c] } else { 0.0 };
                                }
                            }
                            None => {
                                for c in 0..width {
                                    let live = z[c] * factor[c] + offset[c] > 0.0;
                                    dz[c] = if live { g[c] } else { 0.0 };
                                }
                            }
                        }
                        for c in 0..width {
                            let d = f64::from(dz[c]);
                            sum[c] += d;
                            product[c] += d * f64::from(z[c] - mean[c]);
                        }
                    }
                    for (c, product) in product.iter_mut().enumerate() {
                        *product *= f64::from(moments.inverse[first + c]);
                    }
                },
            );
            let own = moments.slice(first, width);
            let (sum, product) = (&sums.0[..width], &sums.1[..width]);
            let backward = own.gradient(&scale[first..first + width], product, sum);
            // SAFETY: blocks of features do not overlap.
            let (d_scale, d_shift) =
                unsafe { (d_scale.part(first, width), d_shift.part(first, width)) };
            for c in 0..width {
                d_scale[c] = product[c] as f32;
                d_shift[c] = sum[c] as f32;
            }
            vectorized(
                #[inline(always)]
                || {
                    for item in 0..shape.batch {
                        let at = item * n + first;
                        let z = &z[at..at + width];
                        // SAFETY: as above.
                        let dz = unsafe { dz.part(at, width) };
                        let (f, s, k) = (
                            &backward.factor[..width],
                            &backward.slope[..width],
                            &backward.constant[..width],
                        );
                        for c in 0..width {
                            dz[c] = dz[c] * f[c] + (z[c] * s[c] + k[c]);
                        }
                    }
                },
            );
        });
    }
    linear_gradients(shape, x, weight, &dz, gradients.weight, gradients.x);
}

/// Gradients of weight and input of a linear layer for the gradient `dz` of its products.
fn linear_gradients(
    shape: DenseShape,
    x: &[f32],
    weight: &[f32],
    dz: &[f32],
    dw: &mut [f32],
    dx: Option<&mut [f32]>,
) {
    assert!(dw.len() == weight.len() && dz.len() == shape.batch * shape.outputs);
    gemm::multiply(
        shape.outputs,
        shape.inputs,
        shape.batch,
        Left {
            values: dz,
            row: 1,
            column: shape.outputs,
        },
        Right::Plain {
            values: x,
            stride: shape.inputs,
        },
        dw,
        shape.inputs,
        false,
    );
    if let Some(dx) = dx {
        assert_eq!(dx.len(), x.len());
        gemm::multiply(
            shape.batch,
            shape.inputs,
            shape.outputs,
            Left {
                values: dz,
                row: shape.outputs,
                column: 1,
            },
            Right::Plain {
                values: weight,
                stride: shape.inputs,
            },
            dx,
            shape.inputs,
            false,
        );
    }
}

/// `out[batch, outputs] = x weight^T + bias`, rectified if asked.
///
/// # Panics
/// If the arrays do not fit the shape.
pub fn linear_forward(
    shape: DenseShape,
    x: &[f32],
    weight: &[f32],
    bias: &[f32],
    rectify: bool,
    out: &mut [f32],
) {
    assert_eq!(bias.len(), shape.outputs);
    products(shape, x, weight, out);
    vectorized(
        #[inline(always)]
        || {
            for out in out.chunks_exact_mut(shape.outputs) {
                for (out, &bias) in out.iter_mut().zip(bias) {
                    *out += bias;
                    if rectify && *out < 0.0 {
                        *out = 0.0;
                    }
                }
            }
        },
    );
}

/// Gradients of [`linear_forward`] for the gradient `g` of its output. `out` is that
/// output if it was rectified.
///
/// # Panics
/// If the arrays do not fit the shape.
#[allow(clippy::too_many_arguments)]
pub fn linear_backward(
    shape: DenseShape,
    x: &[f32],
    weight: &[f32],
    out: Option<&[f32]>,
    g: &[f32],
    dw: &mut [f32],
    d_bias: &mut [f32],
    dx: Option<&mut [f32]>,
) {
    let mut dz = Buffer::any(g.len());
    let mut sums = vec![0.0_f64; shape.outputs];
    match out {
        None => dz.copy_from_slice(g),
        Some(out) => {
            for ((dz, &g), &out) in dz.iter_mut().zip(g).zip(out) {
                *dz = if out > 0.0 { g } else { 0.0 };
            }
        }
    }
    for row in dz.chunks_exact(shape.outputs) {
        for (sum, &d) in sums.iter_mut().zip(row) {
            *sum += f64::from(d);
        }
    }
    for (to, from) in d_bias.iter_mut().zip(sums) {
        *to = from as f32;
    }
    linear_gradients(shape, x, weight, &dz, dw, dx);
}

/// Mean binary cross-entropy of `logits` and `labels`, and its gradient `(sigmoid - label) / n`
/// in `gradient`. PyTorch's `BCEWithLogitsLoss`.
///
/// # Panics
/// If the lengths differ.
#[must_use]
pub fn bce_with_logits(logits: &[f32], labels: &[f32], gradient: &mut [f32]) -> f32 {
    assert!(logits.len() == labels.len() && logits.len() == gradient.len());
    let n = labels.iter().filter(|&&y| y >= 0.0).count().max(1) as f64;
    let mut loss = 0.0_f64;
    for ((&x, &y), g) in logits.iter().zip(labels).zip(gradient) {
        if y < 0.0 {
            *g = 0.0;
            continue;
        }
        // exp never overflows: its argument is at most 0.
        let small = (-x.abs()).exp();
        let log = f64::from(small).ln_1p();
        loss += f64::from(x.max(0.0)) - f64::from(x) * f64::from(y) + log;
        let sigmoid = if x >= 0.0 {
            1.0 / (1.0 + small)
        } else {
            small / (1.0 + small)
        };
        *g = ((f64::from(sigmoid) - f64::from(y)) / n) as f32;
    }
    (loss / n) as f32
}
