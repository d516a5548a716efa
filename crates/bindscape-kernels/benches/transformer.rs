//! The parts of an encoder of proteins: `cargo bench -p bindscape-kernels --bench transformer`.
//!
//! Items per second are multiplications and additions (FLOP/s). `RAYON_NUM_THREADS` sets the
//! threads; `docs/esm2.md` quotes one.

use bindscape_kernels::transformer::{
    AttentionShape, Finish, Linear, Rotary, Sequences, attention,
};
use divan::Bencher;
use divan::counter::ItemsCount;

/// Tokens of a sequence.
const TOKENS: usize = 300;
/// Rows that linear layers take at once.
const ROWS: usize = 192;
/// Widths of ESM-2 with 8, 150 and 650 million parameters.
const WIDTHS: [usize; 3] = [320, 640, 1280];

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

fn linear(bencher: Bencher<'_, '_>, outputs: usize, inputs: usize, finish: Finish) {
    let weight = noise(outputs * inputs);
    let x = noise(ROWS * inputs);
    let mut out = vec![0.0; ROWS * outputs];
    let layer = Linear::new(&weight, None, inputs);
    bencher
        .counter(ItemsCount::new(2 * ROWS * inputs * outputs))
        .bench_local(|| layer.forward(&x, &mut out, finish));
}

#[divan::bench(args = WIDTHS)]
fn queries_keys_values(bencher: Bencher<'_, '_>, width: usize) {
    linear(bencher, 3 * width, width, Finish::Store);
}

#[divan::bench(args = WIDTHS)]
fn output(bencher: Bencher<'_, '_>, width: usize) {
    linear(bencher, width, width, Finish::Add);
}

#[divan::bench(args = WIDTHS)]
fn up_and_gelu(bencher: Bencher<'_, '_>, width: usize) {
    linear(bencher, 4 * width, width, Finish::Gelu);
}

#[divan::bench(args = WIDTHS)]
fn down(bencher: Bencher<'_, '_>, width: usize) {
    linear(bencher, width, 4 * width, Finish::Add);
}

/// Attention of 20 heads among the tokens of one sequence.
#[divan::bench(args = WIDTHS)]
fn attention_heads(bencher: Bencher<'_, '_>, width: usize) {
    let shape = AttentionShape { width, heads: 20 };
    let sequences = Sequences::new(&[TOKENS]);
    let rotary = Rotary::new(TOKENS, &Rotary::frequencies(shape.size(), 10_000.0));
    let qkv = noise(3 * width * TOKENS);
    let mut out = vec![0.0; width * TOKENS];
    bencher
        .counter(ItemsCount::new(4 * TOKENS * TOKENS * width))
        .bench_local(|| attention(shape, &sequences, &rotary, &qkv, &mut out));
}
