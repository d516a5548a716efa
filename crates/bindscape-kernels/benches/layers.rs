//! Each layer of the paper's networks, forward and backward: `cargo bench -p bindscape-kernels`.
//!
//! Items per second are the multiplications and additions of the definition (FLOP/s): a
//! convolution that needs fewer comes out above what the processor can do. `RAYON_NUM_THREADS`
//! sets the threads.

use bindscape_kernels::adam::{AdamStep, adam};
use bindscape_kernels::conv::{
    ConvGradients, ConvShape, conv_backward, conv_forward, conv_predict,
};
use bindscape_kernels::dense::{DenseGradients, DenseShape, dense_backward, dense_forward};
use bindscape_kernels::first::{FirstGradients, first_backward, first_forward};
use bindscape_kernels::lstm::{LstmGradients, LstmShape, lstm_backward, lstm_forward};
use bindscape_kernels::norm::{Norm, Statistics};
use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};

/// Sequences of a batch.
const BATCH: usize = 100;

fn main() {
    divan::main();
}

fn noise(len: usize) -> Vec<f32> {
    let mut state = 1_u64;
    (0..len)
        .map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 40) as f32 / (1 << 23) as f32 - 1.0
        })
        .collect()
}

const fn conv(
    length: usize,
    channels: usize,
    filters: usize,
    kernel: usize,
    pool: usize,
) -> ConvShape {
    ConvShape {
        batch: BATCH,
        length,
        channels,
        filters,
        kernel,
        pool,
    }
}

/// Scale and shift of a layer, and what it normalises by.
struct Affine {
    ones: Vec<f32>,
    zeros: Vec<f32>,
}

impl Affine {
    fn of(channels: usize) -> Self {
        Self {
            ones: vec![1.0; channels],
            zeros: vec![0.0; channels],
        }
    }

    fn norm(&self, statistics: Statistics<'static>) -> Norm<'_> {
        Norm {
            scale: &self.ones,
            shift: &self.zeros,
            statistics,
        }
    }
}

/// The first layer of the CNN and of DanQ, whose input is bases.
mod first_convolution {
    use super::*;

    const CNN: (ConvShape, Statistics<'static>) = (conv(200, 4, 100, 19, 3), Statistics::Batch);
    const DANQ: (ConvShape, Statistics<'static>) =
        (conv(200, 4, 320, 26, 13), Statistics::Identity);

    fn operations(s: ConvShape) -> ItemsCount {
        ItemsCount::new(2 * s.batch * s.convolved() * s.kernel * 4 * s.filters)
    }

    fn bases(s: ConvShape) -> Vec<u8> {
        let noise = noise(s.batch * s.length);
        noise.iter().map(|x| ((x + 1.0) * 2.0) as u8).collect()
    }

    fn network(name: &str) -> (ConvShape, Statistics<'static>) {
        if name == "CNN" { CNN } else { DANQ }
    }

    #[divan::bench(args = ["CNN", "DanQ"])]
    fn forward(bencher: Bencher<'_, '_>, name: &str) {
        let (s, statistics) = network(name);
        let (bases, w, affine) = (
            bases(s),
            noise(s.filters * 4 * s.kernel),
            Affine::of(s.filters),
        );
        let norm = affine.norm(statistics);
        let mut out = vec![0.0; s.batch * s.pooled() * s.filters];
        bencher
            .counter(operations(s))
            .bench_local(|| first_forward(s, &bases, &w, &norm, true, &mut out));
    }

    #[divan::bench(args = ["CNN", "DanQ"])]
    fn backward(bencher: Bencher<'_, '_>, name: &str) {
        let (s, statistics) = network(name);
        let (bases, w, affine) = (
            bases(s),
            noise(s.filters * 4 * s.kernel),
            Affine::of(s.filters),
        );
        let norm = affine.norm(statistics);
        let mut out = vec![0.0; s.batch * s.pooled() * s.filters];
        let g = noise(out.len());
        let (mut weight, mut scale, mut shift) =
            (w.clone(), affine.ones.clone(), affine.zeros.clone());
        let saved = first_forward(s, &bases, &w, &norm, true, &mut out);
        bencher.counter(operations(s)).bench_local(|| {
            let gradients = FirstGradients {
                weight: &mut weight,
                scale: &mut scale,
                shift: &mut shift,
            };
            first_backward(&saved, &w, &affine.ones, &g, gradients);
        });
    }

    #[divan::bench(args = ["CNN", "DanQ"])]
    fn predict(bencher: Bencher<'_, '_>, name: &str) {
        let (s, _) = network(name);
        let (bases, w, affine) = (
            bases(s),
            noise(s.filters * 4 * s.kernel),
            Affine::of(s.filters),
        );
        let norm = affine.norm(Statistics::Identity);
        let mut out = vec![0.0; s.batch * s.pooled() * s.filters];
        bencher
            .counter(operations(s))
            .bench_local(|| first_forward(s, &bases, &w, &norm, false, &mut out));
    }
}

/// The second and third convolution of the CNN.
mod convolution {
    use super::*;

    const SECOND: ConvShape = conv(60, 100, 200, 7, 3);
    const THIRD: ConvShape = conv(18, 200, 200, 4, 3);

    fn operations(s: ConvShape) -> usize {
        2 * s.batch * s.convolved() * s.kernel * s.channels * s.filters
    }

    fn shape(number: usize) -> ConvShape {
        if number == 2 { SECOND } else { THIRD }
    }

    #[divan::bench(args = [2, 3])]
    fn forward(bencher: Bencher<'_, '_>, number: usize) {
        let s = shape(number);
        let (x, w) = (
            noise(s.batch * s.length * s.channels),
            noise(s.filters * s.channels * s.kernel),
        );
        let affine = Affine::of(s.filters);
        let norm = affine.norm(Statistics::Batch);
        let mut out = vec![0.0; s.batch * s.pooled() * s.filters];
        bencher
            .counter(ItemsCount::new(operations(s)))
            .bench_local(|| conv_forward(s, &x, &w, &norm, &mut out));
    }

    #[divan::bench(args = [2, 3])]
    fn backward(bencher: Bencher<'_, '_>, number: usize) {
        let s = shape(number);
        let (x, w) = (
            noise(s.batch * s.length * s.channels),
            noise(s.filters * s.channels * s.kernel),
        );
        let affine = Affine::of(s.filters);
        let norm = affine.norm(Statistics::Batch);
        let mut out = vec![0.0; s.batch * s.pooled() * s.filters];
        let g = noise(out.len());
        let (mut weight, mut dx) = (w.clone(), x.clone());
        let (mut scale, mut shift) = (affine.ones.clone(), affine.zeros.clone());
        let saved = conv_forward(s, &x, &w, &norm, &mut out);
        bencher
            .counter(ItemsCount::new(2 * operations(s)))
            .bench_local(|| {
                let gradients = ConvGradients {
                    weight: &mut weight,
                    scale: &mut scale,
                    shift: &mut shift,
                    x: Some(&mut dx),
                };
                conv_backward(&saved, &w, &affine.ones, &g, gradients);
            });
    }

    #[divan::bench(args = [2, 3])]
    fn predict(bencher: Bencher<'_, '_>, number: usize) {
        let s = shape(number);
        let (x, w) = (
            noise(s.batch * s.length * s.channels),
            noise(s.filters * s.channels * s.kernel),
        );
        let affine = Affine::of(s.filters);
        let norm = affine.norm(Statistics::Identity);
        let mut out = vec![0.0; s.batch * s.pooled() * s.filters];
        bencher
            .counter(ItemsCount::new(operations(s)))
            .bench_local(|| conv_predict(s, &x, &w, &norm, &mut out));
    }
}

/// The dense layers, by inputs and outputs: those of the CNN, and that of DanQ.
mod dense {
    use super::*;

    const SIZES: [(usize, usize); 2] = [(1000, 1000), (8320, 925)];

    fn operations((inputs, outputs): (usize, usize)) -> usize {
        2 * BATCH * inputs * outputs
    }

    fn shape((inputs, outputs): (usize, usize)) -> DenseShape {
        DenseShape {
            batch: BATCH,
            inputs,
            outputs,
        }
    }

    #[divan::bench(args = SIZES)]
    fn forward(bencher: Bencher<'_, '_>, sizes: (usize, usize)) {
        let (x, w) = (noise(BATCH * sizes.0), noise(sizes.0 * sizes.1));
        let affine = Affine::of(sizes.1);
        let norm = affine.norm(Statistics::Batch);
        let mut out = vec![0.0; BATCH * sizes.1];
        bencher
            .counter(ItemsCount::new(operations(sizes)))
            .bench_local(|| dense_forward(shape(sizes), &x, &w, &norm, None, &mut out));
    }

    #[divan::bench(args = SIZES)]
    fn backward(bencher: Bencher<'_, '_>, sizes: (usize, usize)) {
        let (x, w) = (noise(BATCH * sizes.0), noise(sizes.0 * sizes.1));
        let affine = Affine::of(sizes.1);
        let norm = affine.norm(Statistics::Batch);
        let mut out = vec![0.0; BATCH * sizes.1];
        let g = noise(out.len());
        let (mut weight, mut dx) = (w.clone(), x.clone());
        let (mut scale, mut shift) = (affine.ones.clone(), affine.zeros.clone());
        let saved = dense_forward(shape(sizes), &x, &w, &norm, None, &mut out);
        bencher
            .counter(ItemsCount::new(2 * operations(sizes)))
            .bench_local(|| {
                let gradients = DenseGradients {
                    weight: &mut weight,
                    scale: &mut scale,
                    shift: &mut shift,
                    x: Some(&mut dx),
                };
                dense_backward(
                    &saved,
                    &x,
                    &w,
                    &affine.ones,
                    &affine.zeros,
                    None,
                    &g,
                    gradients,
                );
            });
    }
}

/// One direction of DanQ's two LSTM layers, by the width of their input.
mod lstm {
    use super::*;

    const HIDDEN: usize = 320;

    fn shape(inputs: usize) -> LstmShape {
        LstmShape {
            batch: BATCH,
            steps: 13,
            inputs,
            hidden: HIDDEN,
        }
    }

    fn operations(s: LstmShape) -> usize {
        2 * s.batch * s.steps * 4 * s.hidden * (s.inputs + s.hidden)
    }

    /// Weights of input and state, and bias.
    fn weights(s: LstmShape) -> [Vec<f32>; 3] {
        let gates = 4 * s.hidden;
        [gates * s.inputs, gates * s.hidden, gates]
            .map(|len| noise(len).iter().map(|x| x * 0.05).collect())
    }

    #[divan::bench(args = [320, 640], sample_count = 30)]
    fn forward(bencher: Bencher<'_, '_>, inputs: usize) {
        let s = shape(inputs);
        let x = noise(s.batch * s.steps * s.inputs);
        let [w_ih, w_hh, bias] = weights(s);
        let mut out = vec![0.0; s.batch * s.steps * s.hidden];
        bencher
            .counter(ItemsCount::new(operations(s)))
            .bench_local(|| lstm_forward(s, &x, &w_ih, &w_hh, &bias, &bias, false, true, &mut out));
    }

    #[divan::bench(args = [320, 640], sample_count = 30)]
    fn backward(bencher: Bencher<'_, '_>, inputs: usize) {
        let s = shape(inputs);
        let x = noise(s.batch * s.steps * s.inputs);
        let [w_ih, w_hh, bias] = weights(s);
        let mut out = vec![0.0; s.batch * s.steps * s.hidden];
        let g = noise(out.len());
        let (mut d_ih, mut d_hh, mut d_bias) = (w_ih.clone(), w_hh.clone(), bias.clone());
        let mut dx = x.clone();
        let saved = lstm_forward(s, &x, &w_ih, &w_hh, &bias, &bias, false, true, &mut out);
        bencher
            .counter(ItemsCount::new(2 * operations(s)))
            .bench_local(|| {
                let gradients = LstmGradients {
                    w_ih: &mut d_ih,
                    w_hh: &mut d_hh,
                    bias: &mut d_bias,
                    x: Some(&mut dx),
                };
                lstm_backward(&saved, &x, &w_ih, &w_hh, &out, &g, gradients);
            });
    }
}

/// A step of Adam on the parameters of the CNN.
#[divan::bench]
fn adam_step(bencher: Bencher<'_, '_>) {
    let g = noise(2_365_150);
    let (mut p, mut m) = (g.clone(), g.clone());
    let mut v: Vec<f32> = g.iter().map(|x| x * x).collect();
    let step = AdamStep {
        beta1: 0.9,
        beta2: 0.999,
        epsilon: 1e-8,
        size: 1e-3,
        root: 1.0,
        keep: 1.0,
    };
    // Four arrays are read and three are written.
    bencher
        .counter(BytesCount::of_many::<f32>(7 * g.len()))
        .bench_local(|| adam(step, &mut p, &g, &mut m, &mut v));
}
