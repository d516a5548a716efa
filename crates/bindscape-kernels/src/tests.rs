//! The kernels beside plain loops in double precision.

use proptest::prelude::*;

use crate::conv::{ConvGradients, ConvShape, conv_backward, conv_forward, conv_predict};
use crate::dense::{
    DenseGradients, DenseShape, dense_backward, dense_forward, linear_backward, linear_forward,
};
use crate::first::{FirstGradients, first_backward, first_forward};
use crate::norm::{Norm, Statistics};

/// Numbers in [-1, 1) that look random.
pub(crate) fn noise(len: usize, seed: u64) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    (0..len)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 40) as f32 / (1 << 23) as f32 - 1.0
        })
        .collect()
}

/// Factors in [0.5, 1.5).
fn factors(len: usize, seed: u64) -> Vec<f32> {
    noise(len, seed).iter().map(|x| 1.0 + x / 2.0).collect()
}

/// The largest difference, as a share of the largest number.
pub(crate) fn distance(ours: &[f32], plain: &[f64]) -> f64 {
    distance_of_sums(ours, plain, 1)
}

/// As [`distance`], of sums of `terms` numbers of the size of one: where they cancel, the sum
/// is no more exact than they are.
fn distance_of_sums(ours: &[f32], plain: &[f64], terms: usize) -> f64 {
    assert_eq!(ours.len(), plain.len());
    let floor = 0.5 * (terms as f64).sqrt();
    let largest = plain.iter().fold(floor, |most, x| most.max(x.abs()));
    ours.iter()
        .zip(plain)
        .map(|(&a, &b)| (f64::from(a) - b).abs() / largest)
        .fold(0.0, |most, d| if d > most || d.is_nan() { d } else { most })
}

struct Plain {
    out: Vec<f64>,
    weight: Vec<f64>,
    scale: Vec<f64>,
    shift: Vec<f64>,
    x: Vec<f64>,
    /// Whether rounding can change it by no more than itself: no filter hardly varies, no
    /// maximum is nearly zero or nearly another, where the gradient jumps. Equal windows are
    /// equal on both sides.
    clear: bool,
}

/// Forward and backward of a convolutional block by its definition.
fn plain(s: ConvShape, x: &[f32], w: &[f32], norm: &Norm<'_>, g: &[f32]) -> Plain {
    let (lz, lp) = (s.convolved(), s.pooled());
    let rows = s.batch * lz;
    let at_x = |b: usize, l: usize, c: usize| (b * s.length + l) * s.channels + c;
    let at_w = |o: usize, c: usize, k: usize| (o * s.channels + c) * s.kernel + k;
    let mut z = vec![0.0_f64; rows * s.filters];
    for b in 0..s.batch {
        for l in 0..lz {
            for o in 0..s.filters {
                let mut sum = 0.0;
                for k in 0..s.kernel {
                    for c in 0..s.channels {
                        sum += f64::from(x[at_x(b, l + k, c)]) * f64::from(w[at_w(o, c, k)]);
                    }
                }
                z[(b * lz + l) * s.filters + o] = sum;
            }
        }
    }
    let column = |o: usize| (0..rows).map(move |r| r * s.filters + o);
    let mut result = Plain {
        out: vec![0.0; s.batch * lp * s.filters],
        weight: vec![0.0; w.len()],
        scale: vec![0.0; s.filters],
        shift: vec![0.0; s.filters],
        x: vec![0.0; x.len()],
        clear: true,
    };
    let mut dz = vec![0.0_f64; z.len()];
    for o in 0..s.filters {
        let (mean, var, learned) = match norm.statistics {
            Statistics::Batch => {
                let mean = column(o).map(|i| z[i]).sum::<f64>() / rows as f64;
                let var = column(o).map(|i| (z[i] - mean).powi(2)).sum::<f64>() / rows as f64;
                (mean, var, true)
            }
            Statistics::Running { mean, var, bias } => (
                f64::from(mean[o]) - f64::from(bias[o]),
                f64::from(var[o]),
                false,
            ),
            Statistics::Identity => (0.0, 1.0 - 1e-5, false),
        };
        let inverse = 1.0 / (var + 1e-5).sqrt();
        let (scale, shift) = (f64::from(norm.scale[o]), f64::from(norm.shift[o]));
        let y = |i: usize| (z[i] - mean) * inverse * scale + shift;
        let largest = column(o).map(|i| y(i).abs()).fold(0.0, f64::max);
        let near = 2e-5 * largest;
        result.clear &= inverse < 10.0;
        let mut dy = vec![0.0_f64; rows];
        for b in 0..s.batch {
            for p in 0..lp {
                let row = |j: usize| b * lz + p * s.pool + j;
                let best = (0..s.pool)
                    .rev()
                    .max_by(|&i, &j| {
                        y(row(i) * s.filters + o).total_cmp(&y(row(j) * s.filters + o))
                    })
                    .unwrap();
                let value = y(row(best) * s.filters + o);
                let rival = |j: usize| {
                    let gap = value - y(row(j) * s.filters + o);
                    gap > 0.0 && gap < near
                };
                result.clear &= value.abs() > near && !(value > 0.0 && (0..s.pool).any(rival));
                if value > 0.0 {
                    result.out[(b * lp + p) * s.filters + o] = value;
                    dy[row(best)] = f64::from(g[(b * lp + p) * s.filters + o]);
                }
            }
        }
        let normal = |r: usize| (z[r * s.filters + o] - mean) * inverse;
        let sum: f64 = dy.iter().sum();
        let product: f64 = dy.iter().enumerate().map(|(r, dy)| dy * normal(r)).sum();
        result.shift[o] = sum;
        result.scale[o] = product;
        for r in 0..rows {
            let mut d = dy[r];
            if learned {
                d -= sum / rows as f64 + normal(r) * product / rows as f64;
            }
            dz[r * s.filters + o] = d * scale * inverse;
        }
    }
    for b in 0..s.batch {
        for l in 0..lz {
            for o in 0..s.filters {
                let d = dz[(b * lz + l) * s.filters + o];
                for k in 0..s.kernel {
                    for c in 0..s.channels {
                        result.weight[at_w(o, c, k)] += d * f64::from(x[at_x(b, l + k, c)]);
                        result.x[at_x(b, l + k, c)] += d * f64::from(w[at_w(o, c, k)]);
                    }
                }
            }
        }
    }
    result
}

fn shapes() -> impl Strategy<Value = ConvShape> {
    (
        1_usize..4,
        6_usize..40,
        2_usize..24,
        1_usize..36,
        1_usize..12,
        1_usize..5,
    )
        .prop_map(|(batch, more, channels, filters, kernel, pool)| ConvShape {
            batch,
            length: kernel + pool + more,
            channels,
            filters,
            kernel,
            pool,
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn a_convolutional_block_is_what_its_definition_says(s in shapes(), seed: u64, kind in 0..3) {
        let x = noise(s.batch * s.length * s.channels, seed);
        let w = noise(s.filters * s.channels * s.kernel, seed ^ 1);
        let (scale, shift) = (factors(s.filters, seed ^ 2), noise(s.filters, seed ^ 3));
        let (mean, bias) = (noise(s.filters, seed ^ 4), noise(s.filters, seed ^ 5));
        let var: Vec<f32> = noise(s.filters, seed ^ 6).iter().map(|v| v.abs() + 0.1).collect();
        let statistics = match kind {
            0 => Statistics::Batch,
            1 => Statistics::Running { mean: &mean, var: &var, bias: &bias },
            _ => Statistics::Identity,
        };
        let norm = Norm { scale: &scale, shift: &shift, statistics };
        let size = s.batch * s.pooled() * s.filters;
        let g = noise(size, seed ^ 7);
        let expected = plain(s, &x, &w, &norm, &g);
        prop_assume!(expected.clear);
        let rows = s.batch * s.pooled();

        let mut out = vec![f32::NAN; size];
        let saved = conv_forward(s, &x, &w, &norm, &mut out);
        prop_assert!(distance(&out, &expected.out) < 1e-5);
        if kind > 0 {
            let mut again = vec![f32::NAN; size];
            conv_predict(s, &x, &w, &norm, &mut again);
            prop_assert_eq!(&again, &out);
        }
        let mut dw = vec![f32::NAN; w.len()];
        let (mut d_scale, mut d_shift) = (vec![f32::NAN; s.filters], vec![f32::NAN; s.filters]);
        let mut dx = vec![f32::NAN; x.len()];
        conv_backward(&saved, &w, &scale, &g, ConvGradients {
            weight: &mut dw,
            scale: &mut d_scale,
            shift: &mut d_shift,
            x: Some(&mut dx),
        });
        prop_assert!(distance_of_sums(&d_shift, &expected.shift, rows) < 1e-5);
        prop_assert!(distance_of_sums(&d_scale, &expected.scale, rows) < 1e-5);
        let d = distance_of_sums(&dw, &expected.weight, rows);
        prop_assert!(d < 2e-5, "{}", d);
        prop_assert!(distance(&dx, &expected.x) < 2e-5, "{}", distance(&dx, &expected.x));
    }

    #[test]
    fn a_block_on_bases_is_the_block_on_their_one_hot_vectors(
        s in shapes(), seed: u64, kind in 0..3,
    ) {
        let s = ConvShape { channels: 4, filters: s.filters * 5, ..s };
        let letters: Vec<u8> = noise(s.batch * s.length, seed)
            .iter()
            .map(|x| ((x + 1.0) * 2.0) as u8)
            .collect();
        let mut x = vec![0.0; letters.len() * 4];
        for (i, &base) in letters.iter().enumerate() {
            x[i * 4 + usize::from(base)] = 1.0;
        }
        let w = noise(s.filters * 4 * s.kernel, seed ^ 1);
        let (scale, shift) = (factors(s.filters, seed ^ 2), noise(s.filters, seed ^ 3));
        let (mean, bias) = (noise(s.filters, seed ^ 4), noise(s.filters, seed ^ 5));
        let var: Vec<f32> = noise(s.filters, seed ^ 6).iter().map(|v| v.abs() + 0.1).collect();
        let statistics = match kind {
            0 => Statistics::Batch,
            1 => Statistics::Running { mean: &mean, var: &var, bias: &bias },
            _ => Statistics::Identity,
        };
        let norm = Norm { scale: &scale, shift: &shift, statistics };
        let size = s.batch * s.pooled() * s.filters;
        let g = noise(size, seed ^ 7);
        let expected = plain(s, &x, &w, &norm, &g);
        prop_assume!(expected.clear);
        let rows = s.batch * s.pooled();
        let mut out = vec![f32::NAN; size];
        let saved = first_forward(s, &letters, &w, &norm, true, &mut out);
        prop_assert!(distance(&out, &expected.out) < 1e-5);
        let mut again = vec![f32::NAN; size];
        first_forward(s, &letters, &w, &norm, false, &mut again);
        prop_assert_eq!(&again, &out);
        let mut dw = vec![f32::NAN; w.len()];
        let (mut d_scale, mut d_shift) = (vec![f32::NAN; s.filters], vec![f32::NAN; s.filters]);
        first_backward(&saved, &w, &scale, &g, FirstGradients {
            weight: &mut dw,
            scale: &mut d_scale,
            shift: &mut d_shift,
        });
        prop_assert!(distance_of_sums(&d_shift, &expected.shift, rows) < 1e-5);
        prop_assert!(distance_of_sums(&d_scale, &expected.scale, rows) < 1e-5);
        let d = distance_of_sums(&dw, &expected.weight, rows);
        prop_assert!(d < 1e-5, "{}", d);
    }

    #[test]
    fn a_dense_block_is_a_convolution_of_one_position(
        rows in 6_usize..20, inputs in 4_usize..90, outputs in 1_usize..90, seed: u64, batch: bool,
        dropped: bool,
    ) {
        let s = ConvShape {
            batch: rows, length: 1, channels: inputs, filters: outputs, kernel: 1, pool: 1,
        };
        let x = noise(rows * inputs, seed);
        let w = noise(outputs * inputs, seed ^ 1);
        let (scale, shift) = (factors(outputs, seed ^ 2), noise(outputs, seed ^ 3));
        let (mean, bias) = (noise(outputs, seed ^ 4), noise(outputs, seed ^ 5));
        let var: Vec<f32> = noise(outputs, seed ^ 6).iter().map(|v| v.abs() + 0.1).collect();
        let statistics = if batch {
            Statistics::Batch
        } else {
            Statistics::Running { mean: &mean, var: &var, bias: &bias }
        };
        let norm = Norm { scale: &scale, shift: &shift, statistics };
        let mask: Option<Vec<f32>> = dropped.then(|| {
            noise(rows * outputs, seed ^ 8).iter().map(|&x| if x < 0.0 { 0.0 } else { 2.0 }).collect()
        });
        let g = noise(rows * outputs, seed ^ 7);
        let times = |a: &[f32]| -> Vec<f32> {
            a.iter().enumerate().map(|(i, a)| a * mask.as_ref().map_or(1.0, |m| m[i])).collect()
        };
        let expected = plain(s, &x, &w, &norm, &times(&g));
        prop_assume!(expected.clear);
        let shape = DenseShape { batch: rows, inputs, outputs };
        let mut out = vec![f32::NAN; rows * outputs];
        let saved = dense_forward(shape, &x, &w, &norm, mask.as_deref(), &mut out);
        let masked: Vec<f64> = expected.out.iter().enumerate()
            .map(|(i, y)| y * mask.as_ref().map_or(1.0, |m| f64::from(m[i])))
            .collect();
        prop_assert!(distance(&out, &masked) < 1e-5);
        let mut dw = vec![f32::NAN; w.len()];
        let (mut d_scale, mut d_shift) = (vec![f32::NAN; outputs], vec![f32::NAN; outputs]);
        let mut dx = vec![f32::NAN; x.len()];
        dense_backward(&saved, &x, &w, &scale, &shift, mask.as_deref(), &g, DenseGradients {
            weight: &mut dw,
            scale: &mut d_scale,
            shift: &mut d_shift,
            x: Some(&mut dx),
        });
        prop_assert!(distance_of_sums(&d_shift, &expected.shift, rows) < 1e-5);
        prop_assert!(distance_of_sums(&d_scale, &expected.scale, rows) < 1e-5);
        let d = distance_of_sums(&dw, &expected.weight, rows);
        prop_assert!(d < 2e-5, "{}", d);
        prop_assert!(distance(&dx, &expected.x) < 2e-5, "{}", distance(&dx, &expected.x));
    }

    #[test]
    fn a_linear_layer_and_its_gradients(
        rows in 1_usize..20, inputs in 1_usize..90, outputs in 1_usize..30, seed: u64, rectify: bool,
    ) {
        let shape = DenseShape { batch: rows, inputs, outputs };
        let (x, w) = (noise(rows * inputs, seed), noise(outputs * inputs, seed ^ 1));
        let (bias, g) = (noise(outputs, seed ^ 2), noise(rows * outputs, seed ^ 3));
        let mut y = vec![0.0_f64; g.len()];
        let (mut ew, mut eb) = (vec![0.0; w.len()], vec![0.0; outputs]);
        let mut ex = vec![0.0; x.len()];
        let mut clear = true;
        for r in 0..rows {
            for o in 0..outputs {
                let sum: f64 = (0..inputs)
                    .map(|i| f64::from(x[r * inputs + i]) * f64::from(w[o * inputs + i]))
                    .sum::<f64>() + f64::from(bias[o]);
                clear &= sum.abs() > 2e-5;
                let live = !rectify || sum > 0.0;
                y[r * outputs + o] = if live { sum } else { 0.0 };
                let d = if live { f64::from(g[r * outputs + o]) } else { 0.0 };
                eb[o] += d;
                for i in 0..inputs {
                    ew[o * inputs + i] += d * f64::from(x[r * inputs + i]);
                    ex[r * inputs + i] += d * f64::from(w[o * inputs + i]);
                }
            }
        }
        prop_assume!(clear || !rectify);
        let mut out = vec![f32::NAN; g.len()];
        linear_forward(shape, &x, &w, &bias, rectify, &mut out);
        prop_assert!(distance(&out, &y) < 1e-5);
        let (mut dw, mut db) = (vec![f32::NAN; w.len()], vec![f32::NAN; outputs]);
        let mut dx = vec![f32::NAN; x.len()];
        let kept = rectify.then_some(&out[..]);
        linear_backward(shape, &x, &w, kept, &g, &mut dw, &mut db, Some(&mut dx));
        prop_assert!(distance_of_sums(&dw, &ew, rows) < 1e-5);
        prop_assert!(distance_of_sums(&db, &eb, rows) < 1e-5);
        prop_assert!(distance_of_sums(&dx, &ex, outputs) < 1e-5);
    }
}
