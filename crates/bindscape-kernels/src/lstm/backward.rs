//! The backward pass of an LSTM: back through the steps, sequence by sequence, then the
//! sums over all sequences and steps.

use super::{Block, LstmSaved, LstmShape, Record, quarters, quarters_mut};
use crate::activation::tanh;
use crate::buffer::Buffer;
use crate::gemm::{self, Left, Packed, Panel, Right, Rows};
use crate::parallel::{self, Shared, vectorized};

/// Gradients of an LSTM layer.
#[derive(Debug)]
pub struct LstmGradients<'a> {
    /// `[4 * hidden, inputs]`.
    pub w_ih: &'a mut [f32],
    /// `[4 * hidden, hidden]`.
    pub w_hh: &'a mut [f32],
    /// `[4 * hidden]`, the same for both biases.
    pub bias: &'a mut [f32],
    /// `[batch, steps, inputs]`, if wanted.
    pub x: Option<&'a mut [f32]>,
}

/// Gradients of [`lstm_forward`](super::lstm_forward) for the gradient `g` of its output
/// `out`, both `[batch, steps, hidden]`. They are written, not added.
///
/// # Panics
/// If the arrays do not fit the shape, or the forward pass was not recorded.
pub fn lstm_backward(
    saved: &LstmSaved,
    x: &[f32],
    w_ih: &[f32],
    w_hh: &[f32],
    out: &[f32],
    g: &[f32],
    gradients: LstmGradients<'_>,
) {
    let LstmSaved {
        shape,
        reverse,
        ref record,
    } = *saved;
    let record = record.as_ref().expect("the forward pass was recorded");
    shape.check(x, w_ih, w_hh, out);
    let LstmShape {
        batch,
        steps,
        inputs,
        hidden,
    } = shape;
    let gates = shape.gates();
    assert!(g.len() == out.len() && gradients.bias.len() == gates);
    assert!(gradients.w_ih.len() == w_ih.len() && gradients.w_hh.len() == w_hh.len());
    assert!(gradients.x.as_ref().is_none_or(|dx| dx.len() == x.len()));

    let blocks = shape.blocks();
    let mut dz = Buffer::any(steps * batch * gates);
    let mut sums = Buffer::zeros(blocks.len() * gates);
    let dx = gradients
        .x
        .map(|dx| (Packed::new(w_ih, gates, inputs, inputs, 1), Shared::new(dx)));
    let pass = Backward {
        shape,
        reverse,
        record,
        g,
        w_hh: Packed::new(w_hh, gates, hidden, hidden, 1),
        dz: Shared::new(&mut dz),
        dx,
    };
    let shared = Shared::new(&mut sums);
    parallel::for_each(blocks.len(), |task| {
        // SAFETY: tasks have sums of their own.
        pass.run(blocks[task], unsafe { shared.part(task * gates, gates) });
    });
    drop(pass);
    for (unit, bias) in gradients.bias.iter_mut().enumerate() {
        let sum: f64 = sums
            .chunks_exact(gates)
            .map(|sums| f64::from(sums[unit]))
            .sum();
        *bias = sum as f32;
    }

    let all = pack_steps(x, shape, inputs, 0..steps);
    let product = |dz: &[f32], right: Right<'_>, width: usize, k: usize, out: &mut [f32]| {
        let left = Left {
            values: dz,
            row: 1,
            column: gates,
        };
        gemm::multiply(gates, width, k, left, right, out, width, false);
    };
    product(&dz, all.right(), inputs, steps * batch, gradients.w_ih);
    drop(all);
    // The state that a step began with stands one step before it. The first step
    // began with zeros.
    if steps == 1 {
        gradients.w_hh.fill(0.0);
        return;
    }
    let (before, after) = if reverse {
        (1..steps, 0)
    } else {
        (0..steps - 1, 1)
    };
    let states = pack_steps(out, shape, hidden, before);
    let dz = &dz[after * batch * gates..];
    product(
        dz,
        states.right(),
        hidden,
        (steps - 1) * batch,
        gradients.w_hh,
    );
}

/// The rows of `values` `[batch, steps, width]`, step by step, as the right factor of a
/// product.
fn pack_steps(
    values: &[f32],
    shape: LstmShape,
    width: usize,
    chosen: std::ops::Range<usize>,
) -> Packed {
    let LstmShape { batch, steps, .. } = shape;
    let k = chosen.len() * batch;
    let lanes = gemm::lanes();
    let panels: Vec<Panel> = gemm::panels(width, lanes).collect();
    let mut packed = Packed::any(k, width);
    let shared = packed.shared();
    parallel::for_each(panels.len() * chosen.len(), |task| {
        let (panel, done) = (panels[task / chosen.len()], task % chosen.len());
        let whole = panel.vectors * lanes;
        let valid = whole.min(width - panel.first);
        // SAFETY: panels, and steps of one, do not overlap.
        let out = unsafe { shared.part(panel.first * k + done * batch * whole, batch * whole) };
        for (row, out) in out.chunks_exact_mut(whole).enumerate() {
            let from = (row * steps + chosen.start + done) * width + panel.first;
            out[..valid].copy_from_slice(&values[from..from + valid]);
            out[valid..].fill(0.0);
        }
    });
    packed
}

/// A backward pass, all sequences of it.
struct Backward<'a> {
    shape: LstmShape,
    reverse: bool,
    record: &'a Record,
    g: &'a [f32],
    w_hh: Packed,
    /// Gradients of the gates before their activation, `[steps, batch, 4 * hidden]`.
    dz: Shared<'a, f32>,
    /// The weights and the gradient of the input, if wanted.
    dx: Option<(Packed, Shared<'a, f32>)>,
}

impl Backward<'_> {
    /// Takes some sequences through all steps, from the last one taken to the first.
    /// `sums` becomes the sum of the gates' gradients.
    fn run(&self, block: Block, sums: &mut [f32]) {
        let LstmShape {
            batch,
            steps,
            inputs,
            hidden,
        } = self.shape;
        let gates = self.shape.gates();
        let rows = Rows::plain(block.rows);
        let zeros = Buffer::zeros(hidden);
        // Gradients of the states between two steps.
        let mut dh = Buffer::zeros(block.rows * hidden);
        let mut dc = Buffer::zeros(block.rows * hidden);
        let mut order = self.shape.order(self.reverse).rev().peekable();
        while let Some(step) = order.next() {
            let before = order.peek().copied();
            let at = step * batch + block.first;
            // SAFETY: blocks of sequences do not overlap, in no step.
            let dz = unsafe { self.dz.part(at * gates, block.rows * gates) };
            vectorized(
                #[inline(always)]
                || {
                    for (row, dz) in dz.chunks_exact_mut(gates).enumerate() {
                        let own = row * hidden..(row + 1) * hidden;
                        let state = |step: usize| {
                            let from = (step * batch + block.first + row) * hidden;
                            &self.record.cells[from..from + hidden]
                        };
                        let g = ((block.first + row) * steps + step) * hidden;
                        gradient(
                            &self.record.gates[(at + row) * gates..(at + row + 1) * gates],
                            state(step),
                            before.map_or(&zeros[..], state),
                            &self.g[g..g + hidden],
                            &dh[own.clone()],
                            &mut dc[own],
                            dz,
                        );
                        for (sum, &dz) in sums.iter_mut().zip(dz.iter()) {
                            *sum += dz;
                        }
                    }
                },
            );
            let left = Left {
                values: dz,
                row: gates,
                column: 1,
            };
            if before.is_some() {
                gemm::multiply_here(
                    rows,
                    hidden,
                    gates,
                    left,
                    self.w_hh.right(),
                    &mut dh,
                    hidden,
                    false,
                );
            }
            if let Some((w_ih, dx)) = &self.dx {
                let from = (block.first * steps + step) * inputs;
                let len = ((block.rows - 1) * steps + 1) * inputs;
                // SAFETY: the part ends with the block's last sequence, and blocks of
                // sequences do not overlap.
                let dx = unsafe { dx.part(from, len) };
                gemm::multiply_here(
                    rows,
                    inputs,
                    gates,
                    left,
                    w_ih.right(),
                    dx,
                    steps * inputs,
                    false,
                );
            }
        }
    }
}

/// One step of one sequence, backward. `all` are the gates, `c` and `before` the cell
/// state after and before the step, `g + dh` the gradient of the hidden state after
/// it. `dc` turns from the gradient of the one cell state into that of the other.
#[inline(always)]
fn gradient(
    all: &[f32],
    c: &[f32],
    before: &[f32],
    g: &[f32],
    dh: &[f32],
    dc: &mut [f32],
    dz: &mut [f32],
) {
    let hidden = dc.len();
    let [input, forget, cell, output] = quarters(all, hidden);
    let [d_input, d_forget, d_cell, d_output] = quarters_mut(dz, hidden);
    let (c, before, g, dh) = (&c[..hidden], &before[..hidden], &g[..hidden], &dh[..hidden]);
    for u in 0..hidden {
        let (i, f, a, o) = (input[u], forget[u], cell[u], output[u]);
        let t = tanh(c[u]);
        let h = g[u] + dh[u];
        let d = dc[u] + h * o * (1.0 - t * t);
        d_input[u] = d * a * (i * (1.0 - i));
        d_forget[u] = d * before[u] * (f * (1.0 - f));
        d_cell[u] = d * i * (1.0 - a * a);
        d_output[u] = h * t * (o * (1.0 - o));
        dc[u] = d * f;
    }
}
