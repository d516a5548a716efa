//! Time and speed of each layer of the paper's networks, forward and backward:
//! `cargo run --release -p bindscape-kernels --example layers`.
//!
//! A first argument sets the number of threads (2), a second the batch (100). Speed is
//! counted in the multiplications and additions of the definition: a convolution that needs
//! fewer comes out above what the processor can do.

use std::time::Instant;

use bindscape_kernels::adam::{AdamStep, adam};
use bindscape_kernels::conv::{
    ConvGradients, ConvShape, conv_backward, conv_forward, conv_predict,
};
use bindscape_kernels::dense::{DenseGradients, DenseShape, dense_backward, dense_forward};
use bindscape_kernels::first::{FirstGradients, first_backward, first_forward};
use bindscape_kernels::lstm::{LstmGradients, LstmShape, lstm_backward, lstm_forward};
use bindscape_kernels::norm::{Norm, Statistics};

/// Repetitions, of which the fastest counts.
const REPEATS: usize = 30;

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

/// The fastest of some calls, in seconds.
fn time(mut work: impl FnMut()) -> f64 {
    (0..REPEATS)
        .map(|_| {
            let began = Instant::now();
            work();
            began.elapsed().as_secs_f64()
        })
        .fold(f64::INFINITY, f64::min)
}

#[allow(clippy::print_stdout)]
fn report(layer: &str, pass: &str, seconds: f64, operations: f64) {
    println!(
        "{layer:<34} {pass:<9} {:>7.2} ms {:>6.0} GFLOP/s",
        seconds * 1e3,
        operations / seconds / 1e9
    );
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let argument = |place: usize, default: usize| {
        std::env::args()
            .nth(place)
            .map_or(Ok(default), |text| text.parse())
    };
    let (threads, batch) = (argument(1, 2)?, argument(2, 100)?);
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()?;
    pool.install(|| layers(batch));
    Ok(())
}

fn layers(batch: usize) {
    let shape = |length, channels, filters, kernel, pool| ConvShape {
        batch,
        length,
        channels,
        filters,
        kernel,
        pool,
    };
    first("CNN convolution 1", shape(200, 4, 100, 19, 3), true);
    conv("CNN convolution 2", shape(60, 100, 200, 7, 3));
    conv("CNN convolution 3", shape(18, 200, 200, 4, 3));
    dense("CNN dense 1 and 2, each", batch, 1000, 1000);
    update("CNN Adam", 2_365_150);
    first("DanQ convolution", shape(200, 4, 320, 26, 13), false);
    for (layer, inputs) in [(1, 320), (2, 640)] {
        let name = format!("DanQ LSTM {layer}, one direction");
        lstm(&name, batch, 13, inputs, 320);
    }
    dense("DanQ dense", batch, 8320, 925);
}

fn first(layer: &str, s: ConvShape, normalised: bool) {
    let bases: Vec<u8> = noise(s.batch * s.length)
        .iter()
        .map(|x| ((x + 1.0) * 2.0) as u8)
        .collect();
    let w = noise(s.filters * 4 * s.kernel);
    let (ones, zeros) = (vec![1.0; s.filters], vec![0.0; s.filters]);
    let norm = Norm {
        scale: &ones,
        shift: &zeros,
        statistics: if normalised {
            Statistics::Batch
        } else {
            Statistics::Identity
        },
    };
    let running = Norm {
        statistics: Statistics::Identity,
        ..norm
    };
    let mut out = vec![0.0; s.batch * s.pooled() * s.filters];
    let g = noise(out.len());
    let (mut dw, mut scale, mut shift) = (w.clone(), ones.clone(), zeros.clone());
    let operations = (2 * s.batch * s.convolved() * s.kernel * 4 * s.filters) as f64;
    let forward = time(|| {
        first_forward(s, &bases, &w, &norm, true, &mut out);
    });
    report(layer, "forward", forward, operations);
    let saved = first_forward(s, &bases, &w, &norm, true, &mut out);
    let backward = time(|| {
        let gradients = FirstGradients {
            weight: &mut dw,
            scale: &mut scale,
            shift: &mut shift,
        };
        first_backward(&saved, &w, &ones, &g, gradients);
    });
    report(layer, "backward", backward, operations);
    let predict = time(|| {
        first_forward(s, &bases, &w, &running, false, &mut out);
    });
    report(layer, "predict", predict, operations);
}

fn conv(layer: &str, s: ConvShape) {
    let x = noise(s.batch * s.length * s.channels);
    let w = noise(s.filters * s.channels * s.kernel);
    let (ones, zeros) = (vec![1.0; s.filters], vec![0.0; s.filters]);
    let norm = Norm {
        scale: &ones,
        shift: &zeros,
        statistics: Statistics::Batch,
    };
    let running = Norm {
        statistics: Statistics::Identity,
        ..norm
    };
    let mut out = vec![0.0; s.batch * s.pooled() * s.filters];
    let g = noise(out.len());
    let (mut dw, mut dx) = (w.clone(), x.clone());
    let (mut scale, mut shift) = (ones.clone(), zeros.clone());
    let operations = (2 * s.batch * s.convolved() * s.kernel * s.channels * s.filters) as f64;
    let forward = time(|| {
        conv_forward(s, &x, &w, &norm, &mut out);
    });
    report(layer, "forward", forward, operations);
    let saved = conv_forward(s, &x, &w, &norm, &mut out);
    let backward = time(|| {
        let gradients = ConvGradients {
            weight: &mut dw,
            scale: &mut scale,
            shift: &mut shift,
            x: Some(&mut dx),
        };
        conv_backward(&saved, &w, &ones, &g, gradients);
    });
    report(layer, "backward", backward, 2.0 * operations);
    let predict = time(|| conv_predict(s, &x, &w, &running, &mut out));
    report(layer, "predict", predict, operations);
}

fn dense(layer: &str, batch: usize, inputs: usize, outputs: usize) {
    let shape = DenseShape {
        batch,
        inputs,
        outputs,
    };
    let (x, w) = (noise(batch * inputs), noise(outputs * inputs));
    let (ones, zeros) = (vec![1.0; outputs], vec![0.0; outputs]);
    let norm = Norm {
        scale: &ones,
        shift: &zeros,
        statistics: Statistics::Batch,
    };
    let mut out = vec![0.0; batch * outputs];
    let g = noise(out.len());
    let (mut dw, mut dx) = (w.clone(), x.clone());
    let (mut scale, mut shift) = (ones.clone(), zeros.clone());
    let operations = (2 * batch * inputs * outputs) as f64;
    let forward = time(|| {
        dense_forward(shape, &x, &w, &norm, None, &mut out);
    });
    report(layer, "forward", forward, operations);
    let saved = dense_forward(shape, &x, &w, &norm, None, &mut out);
    let backward = time(|| {
        let gradients = DenseGradients {
            weight: &mut dw,
            scale: &mut scale,
            shift: &mut shift,
            x: Some(&mut dx),
        };
        dense_backward(&saved, &x, &w, &ones, &zeros, None, &g, gradients);
    });
    report(layer, "backward", backward, 2.0 * operations);
}

fn lstm(layer: &str, batch: usize, steps: usize, inputs: usize, hidden: usize) {
    let shape = LstmShape {
        batch,
        steps,
        inputs,
        hidden,
    };
    let gates = 4 * hidden;
    let scaled = |len: usize| -> Vec<f32> { noise(len).iter().map(|x| x * 0.05).collect() };
    let x = noise(batch * steps * inputs);
    let (w_ih, w_hh, bias) = (
        scaled(gates * inputs),
        scaled(gates * hidden),
        scaled(gates),
    );
    let mut out = vec![0.0; batch * steps * hidden];
    let g = noise(out.len());
    let (mut d_ih, mut d_hh, mut d_bias) = (w_ih.clone(), w_hh.clone(), bias.clone());
    let mut dx = x.clone();
    let operations = (2 * batch * steps * gates * (inputs + hidden)) as f64;
    let forward = time(|| {
        lstm_forward(shape, &x, &w_ih, &w_hh, &bias, &bias, false, true, &mut out);
    });
    report(layer, "forward", forward, operations);
    let saved = lstm_forward(shape, &x, &w_ih, &w_hh, &bias, &bias, false, true, &mut out);
    let backward = time(|| {
        let gradients = LstmGradients {
            w_ih: &mut d_ih,
            w_hh: &mut d_hh,
            bias: &mut d_bias,
            x: Some(&mut dx),
        };
        lstm_backward(&saved, &x, &w_ih, &w_hh, &out, &g, gradients);
    });
    report(layer, "backward", backward, 2.0 * operations);
}

#[allow(clippy::print_stdout)]
fn update(layer: &str, parameters: usize) {
    let g = noise(parameters);
    let (mut p, mut m) = (g.clone(), g.clone());
    let mut v: Vec<f32> = g.iter().map(|x| x * x).collect();
    let step = AdamStep {
        beta1: 0.9,
        beta2: 0.999,
        epsilon: 1e-8,
        size: 1e-3,
        root: 1.0,
    };
    let seconds = time(|| adam(step, &mut p, &g, &mut m, &mut v));
    // Four arrays are read and three are written.
    let bytes = 7.0 * 4.0 * parameters as f64;
    println!(
        "{layer:<34} {:<9} {:>7.2} ms {:>6.1} GB/s",
        "step",
        seconds * 1e3,
        bytes / seconds / 1e9
    );
}
