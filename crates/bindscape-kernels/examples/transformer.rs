//! Time and speed of the parts of an encoder, on one thread:
//! `cargo run --release -p bindscape-kernels --example transformer`.

use std::time::Instant;

use bindscape_kernels::transformer::{
    AttentionShape, Finish, Linear, Rotary, Sequences, attention,
};

/// Repetitions, of which the fastest counts.
const REPEATS: usize = 40;
/// Tokens of a sequence.
const TOKENS: usize = 300;
/// Rows that linear layers take at once.
const ROWS: usize = 192;

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

#[allow(clippy::print_stdout)]
fn report(what: &str, operations: f64, mut work: impl FnMut()) {
    let times = (0..REPEATS).map(|_| {
        let began = Instant::now();
        work();
        began.elapsed().as_secs_f64()
    });
    let seconds = times.fold(f64::INFINITY, f64::min);
    println!(
        "{what:<44} {:>8.3} ms {:>6.0} GFLOP/s",
        seconds * 1e3,
        operations / seconds / 1e9
    );
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .build_global()?;
    for (width, heads) in [(320, 20), (640, 20), (1280, 20)] {
        for (outputs, inputs, name, finish) in [
            (3 * width, width, "qkv", Finish::Store),
            (width, width, "output", Finish::Add),
            (4 * width, width, "up and GELU", Finish::Gelu),
            (width, 4 * width, "down", Finish::Add),
        ] {
            let weight = noise(outputs * inputs);
            let x = noise(ROWS * inputs);
            let mut out = vec![0.0; ROWS * outputs];
            let layer = Linear::new(&weight, None, inputs);
            let operations = (2 * ROWS * inputs * outputs) as f64;
            report(&format!("{name} {inputs} to {outputs}"), operations, || {
                layer.forward(&x, &mut out, finish);
            });
        }
        let shape = AttentionShape { width, heads };
        let sequences = Sequences::new(&[TOKENS]);
        let rotary = Rotary::new(TOKENS, &Rotary::frequencies(shape.size(), 10_000.0));
        let qkv = noise(3 * width * TOKENS);
        let mut out = vec![0.0; width * TOKENS];
        let operations = (4 * TOKENS * TOKENS * width) as f64;
        report(
            &format!("attention {heads} heads of {}", shape.size()),
            operations,
            || attention(shape, &sequences, &rotary, &qkv, &mut out),
        );
    }
    Ok(())
}
