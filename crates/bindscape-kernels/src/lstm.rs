//! One direction of one LSTM layer, forward and backward, as PyTorch defines it:
//! gates in the order input, forget, cell, output, two biases that add up, a zero state
//! to begin with.
//!
//! A sequence's states depend on that sequence alone: a task takes some sequences
//! through all steps, and threads meet only at the end. The sums over all sequences
//! and steps, which the gradients of the weights are, follow in one product each.

mod backward;

pub use backward::{LstmGradients, lstm_backward};

use crate::activation::{sigmoid, tanh};
use crate::buffer::Buffer;
use crate::gemm::{self, Left, Packed, Rows};
use crate::parallel::{self, Shared, vectorized};

/// Sequences that a task has at least, if there are as many: fewer would read the weights
/// too often.
const TASK_ROWS: usize = 24;

/// Sizes of one direction of an LSTM layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LstmShape {
    /// Sequences.
    pub batch: usize,
    /// Steps of a sequence.
    pub steps: usize,
    /// Features that come in at a step.
    pub inputs: usize,
    /// Units: features that go out at a step.
    pub hidden: usize,
}

impl LstmShape {
    /// Rows of the weights: four gates for every unit.
    fn gates(self) -> usize {
        4 * self.hidden
    }

    /// The sequences of tasks, which depend on the batch alone.
    fn blocks(self) -> Vec<Block> {
        let count = (self.batch / TASK_ROWS).max(1);
        // Even shares: a whole group more in one task than in another costs more than rows that
        // fill no group.
        let bound = |task: usize| {
            (task * self.batch / count)
                .next_multiple_of(2)
                .min(self.batch)
        };
        (0..count)
            .map(|task| Block {
                first: bound(task),
                rows: bound(task + 1) - bound(task),
            })
            .collect()
    }

    /// The order in which steps are taken.
    fn order(self, reverse: bool) -> impl DoubleEndedIterator<Item = usize> {
        let last = self.steps - 1;
        (0..self.steps).map(move |step| if reverse { last - step } else { step })
    }

    fn check(self, x: &[f32], w_ih: &[f32], w_hh: &[f32], out: &[f32]) {
        let Self {
            batch,
            steps,
            inputs,
            hidden,
        } = self;
        assert!(
            batch > 0 && steps > 0 && inputs > 0 && hidden > 0,
            "an LSTM has sequences, steps, inputs and units"
        );
        assert_eq!(x.len(), batch * steps * inputs);
        assert_eq!(w_ih.len(), self.gates() * inputs);
        assert_eq!(w_hh.len(), self.gates() * hidden);
        assert_eq!(out.len(), batch * steps * hidden);
    }
}

/// Neighbouring sequences.
#[derive(Debug, Clone, Copy)]
struct Block {
    first: usize,
    rows: usize,
}

/// What the backward pass needs of a forward pass.
#[derive(Debug)]
pub struct LstmSaved {
    shape: LstmShape,
    reverse: bool,
    /// Nothing, if the pass was not to be recorded.
    record: Option<Record>,
}

/// Gates after their activation, `[steps, batch, 4 * hidden]`, and cell states,
/// `[steps, batch, hidden]`: steps first, so that what a step of neighbouring sequences
/// writes is in one piece, and the sums over steps can leave one out.
#[derive(Debug)]
struct Record {
    gates: Buffer,
    cells: Buffer,
}

/// The hidden state at every step, `out` `[batch, steps, hidden]`, for `x`
/// `[batch, steps, inputs]`. Weights are `w_ih` `[4 * hidden, inputs]` and `w_hh`
/// `[4 * hidden, hidden]`, biases `[4 * hidden]`.
///
/// With `reverse` the layer runs from the last step to the first; the state that has
/// seen step `t` and all after it stands at `t`. With `record` the result is one that
/// [`lstm_backward`] can work with; without, scratch memory does not grow with the steps.
///
/// # Panics
/// If the arrays do not fit the shape, or one of its sizes is zero.
#[allow(clippy::too_many_arguments)]
pub fn lstm_forward(
    shape: LstmShape,
    x: &[f32],
    w_ih: &[f32],
    w_hh: &[f32],
    b_ih: &[f32],
    b_hh: &[f32],
    reverse: bool,
    record: bool,
    out: &mut [f32],
) -> LstmSaved {
    shape.check(x, w_ih, w_hh, out);
    let (gates, hidden) = (shape.gates(), shape.hidden);
    assert!(b_ih.len() == gates && b_hh.len() == gates);
    let bias: Vec<f32> = b_ih.iter().zip(b_hh).map(|(a, b)| a + b).collect();
    let mut record = record.then(|| Record {
        gates: Buffer::any(shape.steps * shape.batch * gates),
        cells: Buffer::any(shape.steps * shape.batch * hidden),
    });
    let pass = Forward {
        shape,
        x,
        w_ih: Packed::new(w_ih, shape.inputs, gates, 1, shape.inputs),
        w_hh: Packed::new(w_hh, hidden, gates, 1, hidden),
        bias: &bias,
        reverse,
        out: Shared::new(out),
        record: record.as_mut().map(|record| {
            (
                Shared::new(&mut record.gates),
                Shared::new(&mut record.cells),
            )
        }),
    };
    let blocks = shape.blocks();
    parallel::for_each(blocks.len(), |task| pass.run(blocks[task]));
    LstmSaved {
        shape,
        reverse,
        record,
    }
}

/// A forward pass, all sequences of it.
struct Forward<'a> {
    shape: LstmShape,
    x: &'a [f32],
    w_ih: Packed,
    w_hh: Packed,
    bias: &'a [f32],
    reverse: bool,
    out: Shared<'a, f32>,
    /// As in [`Record`].
    record: Option<(Shared<'a, f32>, Shared<'a, f32>)>,
}

impl Forward<'_> {
    /// Takes some sequences through all steps.
    fn run(&self, block: Block) {
        let LstmShape {
            batch,
            steps,
            inputs,
            hidden,
        } = self.shape;
        let gates = self.shape.gates();
        let rows = Rows::plain(block.rows);
        let x = &self.x[block.first * steps * inputs..];
        // SAFETY: blocks of sequences do not overlap.
        let out = unsafe {
            self.out
                .part(block.first * steps * hidden, block.rows * steps * hidden)
        };
        let mut cells = Buffer::zeros(block.rows * hidden);
        let scratch = if self.record.is_some() {
            0
        } else {
            block.rows * gates
        };
        let mut scratch = Buffer::any(scratch);
        let mut before = None;
        for step in self.shape.order(self.reverse) {
            let at = step * batch + block.first;
            let (z, kept) = match &self.record {
                // SAFETY: blocks of sequences do not overlap, in no step.
                Some((z, kept)) => unsafe {
                    (
                        z.part(at * gates, block.rows * gates),
                        Some(kept.part(at * hidden, block.rows * hidden)),
                    )
                },
                None => (&mut scratch[..], None),
            };
            let input = Left {
                values: &x[step * inputs..],
                row: steps * inputs,
                column: 1,
            };
            gemm::multiply_here(
                rows,
                gates,
                inputs,
                input,
                self.w_ih.right(),
                z,
                gates,
                false,
            );
            // The state before the first step is zero, and so are its products.
            if let Some(before) = before {
                let state = Left {
                    values: &out[before * hidden..],
                    row: steps * hidden,
                    column: 1,
                };
                gemm::multiply_here(
                    rows,
                    gates,
                    hidden,
                    state,
                    self.w_hh.right(),
                    z,
                    gates,
                    true,
                );
            }
            vectorized(
                #[inline(always)]
                || {
                    for (row, (z, c)) in z
                        .chunks_exact_mut(gates)
                        .zip(cells.chunks_exact_mut(hidden))
                        .enumerate()
                    {
                        let from = (row * steps + step) * hidden;
                        update(z, self.bias, c, &mut out[from..from + hidden]);
                    }
                },
            );
            if let Some(kept) = kept {
                kept.copy_from_slice(&cells);
            }
            before = Some(step);
        }
    }
}

/// One step of one sequence: from the products `z` of the gates to their activations,
/// the next cell state and the next hidden state.
#[inline(always)]
fn update(z: &mut [f32], bias: &[f32], c: &mut [f32], h: &mut [f32]) {
    let hidden = h.len();
    let [i, f, g, o] = quarters_mut(z, hidden);
    let [bi, bf, bg, bo] = quarters(bias, hidden);
    let c = &mut c[..hidden];
    activate(i, bi, sigmoid);
    activate(f, bf, sigmoid);
    activate(g, bg, tanh);
    activate(o, bo, sigmoid);
    for u in 0..hidden {
        c[u] = f[u] * c[u] + i[u] * g[u];
        h[u] = o[u] * tanh(c[u]);
    }
}

#[inline(always)]
fn activate(z: &mut [f32], bias: &[f32], function: impl Fn(f32) -> f32) {
    for (z, &bias) in z.iter_mut().zip(bias) {
        *z = function(*z + bias);
    }
}

/// The parts of the four gates.
#[inline(always)]
fn quarters(values: &[f32], hidden: usize) -> [&[f32]; 4] {
    let (a, rest) = values.split_at(hidden);
    let (b, rest) = rest.split_at(hidden);
    let (c, d) = rest.split_at(hidden);
    [a, b, c, &d[..hidden]]
}

/// As [`quarters`].
#[inline(always)]
fn quarters_mut(values: &mut [f32], hidden: usize) -> [&mut [f32]; 4] {
    let (a, rest) = values.split_at_mut(hidden);
    let (b, rest) = rest.split_at_mut(hidden);
    let (c, d) = rest.split_at_mut(hidden);
    [a, b, c, &mut d[..hidden]]
}

#[cfg(test)]
mod tests;
