//! Transformer kernels against plain loops in double precision.

use proptest::prelude::*;

use super::*;
use crate::buffer::Buffer;

fn noise(len: usize, seed: u64) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    (0..len)
        .map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f32 / (1 << 23) as f32 - 1.0
        })
        .collect()
}

fn close(ours: &[f32], truth: &[f64], allowed: f64) {
    assert_eq!(ours.len(), truth.len());
    for (i, (&a, &b)) in ours.iter().zip(truth).enumerate() {
        assert!((f64::from(a) - b).abs() <= allowed, "{i}: {a} {b}");
    }
}

fn linear_truth(x: &[f32], weight: &[f32], bias: &[f32], inputs: usize) -> Vec<f64> {
    x.chunks_exact(inputs)
        .flat_map(|x| {
            weight.chunks_exact(inputs).zip(bias).map(|(w, &bias)| {
                let products = x.iter().zip(w).map(|(&x, &w)| f64::from(x) * f64::from(w));
                products.sum::<f64>() + f64::from(bias)
            })
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn linear_layers_are_products(rows in 1_usize..80, inputs in 1_usize..90, outputs in 1_usize..200, seed: u64) {
        let (x, weight) = (noise(rows * inputs, seed), noise(outputs * inputs, seed ^ 1));
        let bias = noise(outputs, seed ^ 2);
        let truth = linear_truth(&x, &weight, &bias, inputs);
        let layer = Linear::new(&weight, Some(&bias), inputs);
        prop_assert_eq!((layer.inputs(), layer.outputs()), (inputs, outputs));
        let mut out = vec![f32::NAN; rows * outputs];
        layer.forward(&x, &mut out, Finish::Store);
        close(&out, &truth, 2e-5);
        let stored = out.clone();
        layer.forward(&x, &mut out, Finish::Add);
        for (twice, once) in out.iter().zip(&stored) {
            prop_assert!((twice - 2.0 * once).abs() < 1e-5);
        }
        layer.forward(&x, &mut out, Finish::Gelu);
        for (g, &y) in out.iter().zip(&stored) {
            prop_assert!((g - gelu::gelu(y)).abs() < 1e-5);
        }
        // Rows do not depend on those beside them.
        let mut part = vec![0.0; outputs];
        layer.forward(&x[(rows - 1) * inputs..], &mut part, Finish::Store);
        prop_assert_eq!(&part[..], &stored[(rows - 1) * outputs..]);
    }
}

#[test]
fn layer_norm_centres_and_scales() {
    for width in [1, 31, 32, 33, 320] {
        let x: Vec<f32> = noise(3 * width, 5)
            .iter()
            .map(|x| x * 3.0 + 100.0)
            .collect();
        let (scale, shift) = (noise(width, 6), noise(width, 7));
        let mut out = vec![0.0; x.len()];
        layer_norm(&x, &scale, &shift, 1e-5, &mut out);
        let truth: Vec<f64> = x
            .chunks_exact(width)
            .flat_map(|row| {
                let n = width as f64;
                let mean = row.iter().map(|&x| f64::from(x)).sum::<f64>() / n;
                let squares = row.iter().map(|&x| (f64::from(x) - mean).powi(2));
                let deviation = (squares.sum::<f64>() / n + 1e-5).sqrt();
                row.iter()
                    .zip(&scale)
                    .zip(&shift)
                    .map(move |((&x, &scale), &shift)| {
                        (f64::from(x) - mean) / deviation * f64::from(scale) + f64::from(shift)
                    })
            })
            .collect();
        close(&out, &truth, 3e-5);
    }
}

/// Weights `[tokens, tokens]` and outputs `[tokens, size]` of one head.
fn attention_truth(
    shape: AttentionShape,
    qkv: &[f32],
    head: usize,
    base: f64,
) -> (Vec<f64>, Vec<f64>) {
    let size = shape.size();
    let tokens = qkv.len() / (3 * shape.width);
    let features = |part: usize, token: usize| -> Vec<f64> {
        let at = token * 3 * shape.width + part * shape.width + head * size;
        qkv[at..at + size].iter().map(|&x| f64::from(x)).collect()
    };
    let turned = |part: usize, token: usize| {
        let x = features(part, token);
        let half = size / 2;
        let mut out = x.clone();
        for d in 0..half {
            let angle = token as f64 * base.powf(-2.0 * d as f64 / size as f64);
            out[d] = x[d] * angle.cos() - x[d + half] * angle.sin();
            out[d + half] = x[d + half] * angle.cos() + x[d] * angle.sin();
        }
        out
    };
    let (mut weights, mut outputs) = (Vec::new(), Vec::new());
    for query in 0..tokens {
        let q = turned(0, query);
        let scores = (0..tokens).map(|key| {
            let products = q.iter().zip(turned(1, key)).map(|(q, k)| q * k);
            (products.sum::<f64>() / (size as f64).sqrt()).exp()
        });
        let scores: Vec<f64> = scores.collect();
        let total: f64 = scores.iter().sum();
        let mut out = vec![0.0; size];
        for (key, score) in scores.iter().enumerate() {
            weights.push(score / total);
            for (out, v) in out.iter_mut().zip(features(2, key)) {
                *out += score / total * v;
            }
        }
        outputs.extend(out);
    }
    (weights, outputs)
}

#[test]
fn attention_is_a_weighted_mean_of_each_sequence_alone() {
    for (width, heads) in [(32, 2), (12, 3), (64, 1)] {
        let shape = AttentionShape { width, heads };
        let sequences = Sequences::new(&[5, 1, 130, 64, 17]);
        assert_eq!((sequences.rows(), sequences.longest()), (217, 130));
        let rotary = Rotary::new(130, &Rotary::frequencies(shape.size(), 10_000.0));
        let qkv: Vec<f32> = noise(sequences.rows() * 3 * width, 8)
            .iter()
            .map(|x| x * 3.0)
            .collect();
        let mut out = vec![7.0; sequences.rows() * width];
        attention(shape, &sequences, &rotary, &qkv, &mut out);
        for sequence in 0..sequences.len() {
            let tokens = sequences.tokens(sequence);
            let own = &qkv[tokens.start * 3 * width..tokens.end * 3 * width];
            for head in 0..heads {
                let (weights, outputs) = attention_truth(shape, own, head, 10_000.0);
                let size = shape.size();
                let ours: Vec<f32> = tokens
                    .clone()
                    .flat_map(|row| out[row * width + head * size..][..size].to_vec())
                    .collect();
                close(&ours, &outputs, 2e-5);
                let ours = attention_weights(shape, &sequences, &rotary, &qkv, sequence, head);
                close(&ours, &weights, 2e-5);
            }
        }
    }
}

#[test]
fn sequences_do_not_see_each_other_nor_the_number_of_threads() {
    let shape = AttentionShape {
        width: 32,
        heads: 4,
    };
    let norm = |seed| Norm {
        scale: noise(32, seed),
        shift: noise(32, seed + 1),
    };
    let linear = |inputs: usize, outputs: usize, seed: u64| {
        let weight: Vec<f32> = noise(inputs * outputs, seed)
            .iter()
            .map(|w| w * 0.3)
            .collect();
        Linear::new(&weight, Some(&noise(outputs, seed + 9)), inputs)
    };
    let layer = |seed| EncoderLayer {
        attention_norm: norm(seed),
        qkv: linear(32, 96, seed + 2),
        output: linear(32, 32, seed + 3),
        forward_norm: norm(seed + 4),
        up: linear(32, 128, seed + 5),
        down: linear(128, 32, seed + 6),
    };
    let encoder = Encoder {
        shape,
        epsilon: 1e-5,
        layers: vec![layer(10), layer(30)],
    };
    let rotary = Rotary::new(300, &Rotary::frequencies(8, 10_000.0));
    let lengths = [7, 300, 1, 64, 2];
    let run = |lengths: &[usize], threads: usize| {
        let sequences = Sequences::new(lengths);
        let mut x = Buffer::any(sequences.rows() * 32);
        for sequence in 0..sequences.len() {
            let tokens = sequences.tokens(sequence);
            let own = noise(tokens.len() * 32, tokens.len() as u64);
            x[tokens.start * 32..tokens.end * 32].copy_from_slice(&own);
        }
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| {
            let mut state = encoder.start(sequences.clone(), &x);
            while state.layer() < encoder.layers.len() {
                encoder.step(&mut state, &rotary);
            }
            (0..sequences.len())
                .map(|sequence| {
                    let tokens = state.sequences().tokens(sequence);
                    state.x()[tokens.start * 32..tokens.end * 32].to_vec()
                })
                .collect::<Vec<_>>()
        })
    };
    let together = run(&lengths, 3);
    assert!(together.iter().flatten().all(|x| x.is_finite()));
    assert_eq!(together, run(&lengths, 1));
    for (i, &length) in lengths.iter().enumerate() {
        assert_eq!(run(&[length], 2)[0], together[i]);
    }
}
