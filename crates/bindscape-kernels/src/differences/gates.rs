//! A step of an LSTM, and multipliers of a pair of sequences through it.
//!
//! Sigmoid and hyperbolic tangent follow the rescale rule. A product of two changing numbers,
//! `y = a b`, has the multipliers `(b + b_ref) / 2` for `a` and `(a + a_ref) / 2` for `b`: as
//! `y - y_ref = (a - a_ref) (b + b_ref) / 2 + (b - b_ref) (a + a_ref) / 2`, nothing is lost.

use super::{Real, rescale};
use crate::parallel::vectorized;

/// The numbers of a step of one sequence, of an LSTM with `units` units; gates are in PyTorch's
/// order, input, forget, cell, output.
#[derive(Debug, Clone, Copy)]
pub struct Step<'a, R> {
    /// The gates before their activation, `[4 * units]`.
    pub z: &'a [R],
    /// The gates, `[4 * units]`.
    pub gates: &'a [R],
    /// The cells after the step, `[units]`.
    pub cells: &'a [R],
    /// Their hyperbolic tangents.
    pub tanh: &'a [R],
    /// The cells before the step; `None` for zeros.
    pub before: Option<&'a [R]>,
}

/// What a step leaves; as in [`Step`], and the hidden state `[units]`.
#[derive(Debug)]
pub struct StepMut<'a, R> {
    /// The gates, `[4 * units]`.
    pub gates: &'a mut [R],
    /// The cells, `[units]`.
    pub cells: &'a mut [R],
    /// Their hyperbolic tangents.
    pub tanh: &'a mut [R],
    /// The hidden state.
    pub hidden: &'a mut [R],
}

/// A step from the gates before their activation, `z` `[4 * units]`, and the cells before it.
///
/// # Panics
/// If the arrays do not fit.
pub fn step<R: Real>(z: &[R], before: Option<&[R]>, out: StepMut<'_, R>) {
    let units = out.cells.len();
    assert!(z.len() == 4 * units && out.gates.len() == 4 * units);
    assert!(out.tanh.len() == units && out.hidden.len() == units);
    assert!(before.is_none_or(|before| before.len() == units));
    vectorized(
        #[inline(always)]
        || {
            for (number, (gate, z)) in out
                .gates
                .chunks_exact_mut(units)
                .zip(z.chunks_exact(units))
                .enumerate()
            {
                for (gate, &z) in gate.iter_mut().zip(z) {
                    *gate = if number == 2 { z.tanh() } else { z.sigmoid() };
                }
            }
            let [i, f, g, o] = quarters(out.gates, units);
            for u in 0..units {
                let before = before.map_or(R::ZERO, |before| before[u]);
                let cell = f[u].mul_add(before, i[u] * g[u]);
                let tanh = cell.tanh();
                out.cells[u] = cell;
                out.tanh[u] = tanh;
                out.hidden[u] = o[u] * tanh;
            }
        },
    );
}

/// From multipliers of the hidden state, `m_hidden` `[units]`, and of the cells after the step,
/// `m_cells` `[units]`, to those of the gates before their activation, `m_z` `[4 * units]`, and of
/// the cells before the step, which replace `m_cells`.
///
/// # Panics
/// If the arrays do not fit.
pub fn step_multipliers<R: Real>(
    own: Step<'_, R>,
    other: Step<'_, R>,
    m_hidden: &[R],
    m_cells: &mut [R],
    m_z: &mut [R],
) {
    let units = m_cells.len();
    assert!(m_hidden.len() == units && m_z.len() == 4 * units);
    let half = R::of(0.5);
    vectorized(
        #[inline(always)]
        || {
            let [i, f, g, o] = quarters(own.gates, units);
            let [ir, fr, gr, or] = quarters(other.gates, units);
            let [zi, zf, zg, zo] = quarters(own.z, units);
            let [zir, zfr, zgr, zor] = quarters(other.z, units);
            let (c, cr) = (&own.cells[..units], &other.cells[..units]);
            let (t, tr) = (&own.tanh[..units], &other.tanh[..units]);
            let (mi, rest) = m_z.split_at_mut(units);
            let (mf, rest) = rest.split_at_mut(units);
            let (mg, mo) = rest.split_at_mut(units);
            for u in 0..units {
                let m = m_hidden[u];
                mo[u] = m * (t[u] + tr[u]) * half * squash(zo[u], zor[u], o[u], or[u]);
                let through = m * (o[u] + or[u]) * half * bend(c[u], cr[u], t[u], tr[u]);
                let m = m_cells[u] + through;
                let before = own.before.map_or(R::ZERO, |before| before[u]);
                let before_ref = other.before.map_or(R::ZERO, |before| before[u]);
                mf[u] = m * (before + before_ref) * half * squash(zf[u], zfr[u], f[u], fr[u]);
                mi[u] = m * (g[u] + gr[u]) * half * squash(zi[u], zir[u], i[u], ir[u]);
                mg[u] = m * (i[u] + ir[u]) * half * bend(zg[u], zgr[u], g[u], gr[u]);
                m_cells[u] = m * (f[u] + fr[u]) * half;
            }
        },
    );
}

/// The multiplier of a sigmoid.
#[inline(always)]
fn squash<R: Real>(x: R, r: R, y: R, s: R) -> R {
    rescale(
        x,
        r,
        y,
        s,
        #[inline(always)]
        |x| {
            let y = x.sigmoid();
            y * (R::ONE - y)
        },
    )
}

/// The multiplier of a hyperbolic tangent.
#[inline(always)]
fn bend<R: Real>(x: R, r: R, y: R, s: R) -> R {
    rescale(
        x,
        r,
        y,
        s,
        #[inline(always)]
        |x| {
            let y = x.tanh();
            R::ONE - y * y
        },
    )
}

#[inline(always)]
fn quarters<R>(values: &[R], units: usize) -> [&[R]; 4] {
    let (a, rest) = values.split_at(units);
    let (b, rest) = rest.split_at(units);
    let (c, d) = rest.split_at(units);
    [a, b, c, &d[..units]]
}
