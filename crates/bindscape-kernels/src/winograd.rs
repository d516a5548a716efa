//! Minimal filtering F(3, 4) of one dimension (Winograd 1980; Lavin & Gray 2016):
//! three outputs of a filter of four taps from six multiplications instead of
//! twelve. The points are 0, 1, -1, 1/2, -2 and infinity, after the search of
//! Barabasz et al. 2020 for points with small errors; with them the error of
//! `f32` is that of the plain sum, because the transforms of the input are exact
//! multiples of powers of two and the sums have fewer terms.
//!
//! A longer filter is cut into pieces that begin three taps apart, the
//! last of up to four taps, the others of three. Piece `s` of the filter meets tile `t` of the
//! output at tile `t + s` of the input, so the sum over pieces and channels is one
//! product with overlapping rows.

use crate::lanes::Number;

/// Points, and transforms of a tile.
pub(crate) const POINTS: usize = 6;
/// Outputs of a tile.
pub(crate) const STEP: usize = 3;

/// Pieces of a filter of `kernel` taps.
pub(crate) fn pieces(kernel: usize) -> usize {
    (kernel.saturating_sub(1)).div_ceil(STEP).max(1)
}

/// Taps of a piece: its first, and how many.
pub(crate) fn piece(kernel: usize, piece: usize) -> (usize, usize) {
    let first = piece * STEP;
    let taps = if piece + 1 == pieces(kernel) {
        kernel - first
    } else {
        STEP
    };
    (first, taps)
}

/// Transform of four taps.
#[inline(always)]
pub(crate) fn filter<N: Number>(w: [N; 4]) -> [N; POINTS] {
    let even = (w[0] + w[2]) * (2.0 / 3.0);
    let odd = (w[1] + w[3]) * (2.0 / 3.0);
    [
        w[0],
        even + odd,
        odd - even,
        (w[0] * 8.0 + w[1] * 4.0 + w[2] * 2.0 + w[3]) * (-2.0 / 15.0),
        (w[0] - w[1] * 2.0 + w[2] * 4.0 - w[3] * 8.0) * (1.0 / 15.0),
        w[3],
    ]
}

/// Transpose of [`filter`]: gradients of the taps.
#[inline(always)]
pub(crate) fn filter_transposed<N: Number>(u: [N; POINTS]) -> [N; 4] {
    let sum = (u[1] + u[2]) * (2.0 / 3.0);
    let difference = (u[1] - u[2]) * (2.0 / 3.0);
    let a = u[3] * (-2.0 / 15.0);
    let b = u[4] * (1.0 / 15.0);
    [
        u[0] + difference + a * 8.0 + b,
        sum + a * 4.0 - b * 2.0,
        difference + a * 2.0 + b * 4.0,
        sum + a - b * 8.0 + u[5],
    ]
}

/// Transform of six inputs.
#[inline(always)]
pub(crate) fn input<N: Number>(x: [N; 6]) -> [N; POINTS] {
    let [x0, x1, x2, x3, x4, x5] = x;
    [
        x0 + (x3 - x1) * 1.5 - x2 * 2.0 + x4,
        (x4 - x1) * 0.5 + x2 * 0.25 + x3 * 1.25,
        (x1 + x4) * 0.5 - x2 * 1.25 + x3 * 0.25,
        (x3 - x1) * 2.0 - x2 + x4,
        (x1 - x3) * 0.5 - x2 + x4,
        x1 + (x4 - x2) * 1.5 - x3 * 2.0 + x5,
    ]
}

/// Transpose of [`input`]: gradients of the six inputs.
#[inline(always)]
pub(crate) fn input_transposed<N: Number>(v: [N; POINTS]) -> [N; 6] {
    let [v0, v1, v2, v3, v4, v5] = v;
    let half = (v2 - v1 + v4) * 0.5;
    [
        v0,
        half - v0 * 1.5 - v3 * 2.0 + v5,
        v1 * 0.25 - v0 * 2.0 - v2 * 1.25 - v3 - v4 - v5 * 1.5,
        v0 * 1.5 + v1 * 1.25 + v2 * 0.25 + v3 * 2.0 - v4 * 0.5 - v5 * 2.0,
        v0 + (v1 + v2) * 0.5 + v3 + v4 + v5 * 1.5,
        v5,
    ]
}

/// The three outputs of six products.
#[inline(always)]
pub(crate) fn output<N: Number>(m: [N; POINTS]) -> [N; STEP] {
    let sum = m[1] + m[2];
    let difference = m[1] - m[2];
    [
        m[0] + sum + m[3] + m[4],
        difference + m[3] * 0.5 - m[4] * 2.0,
        sum + m[3] * 0.25 + m[4] * 4.0 + m[5],
    ]
}

/// Transpose of [`output`]: gradients of the six products.
#[inline(always)]
pub(crate) fn output_transposed<N: Number>(y: [N; STEP]) -> [N; POINTS] {
    let [y0, y1, y2] = y;
    let even = y0 + y2;
    [
        y0,
        even + y1,
        even - y1,
        y0 + y1 * 0.5 + y2 * 0.25,
        y0 - y1 * 2.0 + y2 * 4.0,
        y2,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_transforms_make_a_convolution_and_its_transposes() {
        let x = [0.3, -1.2, 0.7, 2.0, -0.4, 1.1];
        let w = [0.5, -0.25, 1.5, -2.0];
        let product =
            |v: [f32; 6], u: [f32; 6]| -> [f32; 6] { std::array::from_fn(|p| v[p] * u[p]) };
        let y = output(product(input(x), filter(w)));
        for (i, y) in y.iter().enumerate() {
            let plain: f32 = (0..4).map(|k| x[i + k] * w[k]).sum();
            assert!((y - plain).abs() < 1e-5, "{y} {plain}");
        }
        let g = [1.0, -0.5, 0.25];
        let dm = output_transposed(g);
        let dx = input_transposed(product(dm, filter(w)));
        for (j, dx) in dx.iter().enumerate() {
            let plain: f32 = (0..3)
                .filter(|&i| j >= i && j - i < 4)
                .map(|i| g[i] * w[j - i])
                .sum();
            assert!((dx - plain).abs() < 1e-5, "{dx} {plain}");
        }
        let dw = filter_transposed(product(dm, input(x)));
        for (k, dw) in dw.iter().enumerate() {
            let plain: f32 = (0..3).map(|i| g[i] * x[i + k]).sum();
            assert!((dw - plain).abs() < 1e-5, "{dw} {plain}");
        }
    }

    #[test]
    fn pieces_cover_a_filter() {
        for kernel in 1..30 {
            let taps: usize = (0..pieces(kernel)).map(|s| piece(kernel, s).1).sum();
            assert_eq!(taps, kernel);
            assert!((0..pieces(kernel)).all(|s| piece(kernel, s).1 <= 4));
        }
    }
}
