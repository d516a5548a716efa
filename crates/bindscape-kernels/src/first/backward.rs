//! Gradients of a block on bases.

use crate::buffer::Buffer;
use crate::conv::norm_gradients;
use crate::lanes::{kernel, lanes};
use crate::parallel::{self, vectorized};

use super::pairs::taps;
use super::{ConvShape, FirstSaved, WORD, WORDS, blocks, check_words, groups};

/// Parts of the batch whose gradients are added up side by side.
const PARTS: usize = 2;

/// Gradients of a block on bases, `[filters, 4, kernel]`, `[filters]` and `[filters]`.
#[derive(Debug)]
pub struct FirstGradients<'a> {
    /// `[filters, 4, kernel]`.
    pub weight: &'a mut [f32],
    /// Of the scale.
    pub scale: &'a mut [f32],
    /// Of the shift.
    pub shift: &'a mut [f32],
}

/// Gradients for the gradient `g` `[batch, pooled, filters]` of the output.
/// `scale` is that of the forward pass.
///
/// # Panics
/// If the arrays do not fit the shape, or the forward pass kept no record.
pub fn first_backward(
    saved: &FirstSaved,
    weight: &[f32],
    scale: &[f32],
    g: &[f32],
    gradients: FirstGradients<'_>,
) {
    let shape = saved.shape;
    let columns = 4 * shape.kernel;
    let moments = &saved.moments;
    let (d_scale, d_shift) = norm_gradients(shape.batch, moments, g, &saved.peak, &saved.top);
    let seen = by_tap(saved, g);
    let taps = taps(&shape, weight);
    let responses = saved.pairs.as_ref().map(|pairs| pairs.responses(&taps));
    for filter in 0..shape.filters {
        let inverse = f64::from(moments.inverse[filter]);
        let factor = f64::from(scale[filter]) * inverse;
        let own = filter * columns..(filter + 1) * columns;
        let seen = &seen[own.clone()];
        for (i, &seen) in seen.iter().enumerate() {
            let mut d = seen;
            if let (Some(pairs), Some(responses)) = (&saved.pairs, &responses) {
                let rows = moments.rows as f64;
                let normal = (responses[own.start + i]
                    - f64::from(moments.mean[filter]) * pairs.single[i])
                    * inverse;
                d -= (d_shift[filter] * pairs.single[i] + d_scale[filter] * normal) / rows;
            }
            let (tap, base) = (i / 4, i % 4);
            gradients.weight[(filter * 4 + base) * shape.kernel + tap] = (d * factor) as f32;
        }
    }
    for (to, from) in [(gradients.scale, d_scale), (gradients.shift, d_shift)] {
        for (to, from) in to.iter_mut().zip(from) {
            *to = from as f32;
        }
    }
}

/// Sums of the gradients at the peaks by tap and base, `[filter][tap * 4 + base]`.
fn by_tap(saved: &FirstSaved, g: &[f32]) -> Vec<f64> {
    let shape = saved.shape;
    let columns = 4 * shape.kernel;
    let blocks = blocks(shape.filters);
    let parts: Vec<Vec<f64>> = parallel::map(blocks.len() * PARTS, |task| {
        let (first, width) = blocks[task / PARTS];
        let part = task % PARTS;
        let mut tables = Buffer::zeros(groups(shape.kernel) * WORDS * width);
        for sequence in part * shape.batch / PARTS..(part + 1) * shape.batch / PARTS {
            let at = sequence * shape.pooled() * shape.filters;
            let own = at..at + shape.pooled() * shape.filters;
            let (g, peak) = (&g[own.clone()], &saved.peak[own]);
            let words = saved.words.of(sequence);
            add_by_word(&shape, first, width, words, g, peak, &mut tables);
        }
        let mut sums = vec![0.0_f64; columns * width];
        vectorized(
            #[inline(always)]
            || {
                for tap in 0..shape.kernel {
                    let (group, j) = (tap / WORD, tap % WORD);
                    for word in 0..WORDS {
                        let base = word >> (2 * j) & 3;
                        let table = &tables[(group * WORDS + word) * width..][..width];
                        let sums = &mut sums[(tap * 4 + base) * width..][..width];
                        for (sum, &number) in sums.iter_mut().zip(table) {
                            *sum += f64::from(number);
                        }
                    }
                }
            },
        );
        sums
    });
    let mut out = vec![0.0; shape.filters * columns];
    for (task, sums) in parts.iter().enumerate() {
        let (first, width) = blocks[task / PARTS];
        for (column, sums) in sums.chunks_exact(width).enumerate() {
            for (c, sum) in sums.iter().enumerate() {
                out[(first + c) * columns + column] += sum;
            }
        }
    }
    out
}

kernel! {
    /// Adds the gradients of one sequence to the words that the peaks have seen.
    fn add_by_word<'a>(
        simd;
        shape: &'a ConvShape,
        first: usize,
        width: usize,
        words: &'a [u8],
        g: &'a [f32],
        peak: &'a [f32],
        tables: &'a mut [f32],
    ) {
        let groups = groups(shape.kernel);
        check_words(shape, words, tables.len(), width);
        lanes(simd, width, #[inline(always)] |lane| {
            let zero = lane.splat(0.0);
            for window in 0..shape.pooled() {
                let at = window * shape.filters + first;
                let (g, peak) = (lane.load(&g[at..at + width]), lane.load(&peak[at..at + width]));
                for number in 0..shape.pool {
                    let here = peak.equal(lane.splat(number as f32), g, zero);
                    let position = window * shape.pool + number;
                    for group in 0..groups {
                        // SAFETY: checked above for all windows and words.
                        let row = unsafe {
                            let word = usize::from(*words.get_unchecked(position + group * WORD));
                            let row = (group * WORDS + word) * width;
                            tables.get_unchecked_mut(row..row + width)
                        };
                        lane.store(row, lane.load(row) + here);
                    }
                }
            }
        });
    }
}
