//! The first convolutional block, on bases instead of one-hot vectors.
//!
//! A window of a sequence of bases is a few words of three bases, so a row of the
//! convolution is the sum of a few rows of tables that hold, for every word, the
//! response of the filters to it: seven additions instead of 76 multiplications
//! for a filter of 19 taps. Mean and variance of the convolution follow from how
//! often bases, and pairs of them, occur: they are known before the first row is
//! computed, and nothing but what pooling leaves is stored. The gradient of the weights is the same in reverse: gradients are
//! added up by word, and the words are resolved into taps.

use crate::buffer::Buffer;
use crate::conv::{ConvShape, norm_gradients};
use crate::lanes::{kernel, lanes};
use crate::norm::{Moments, NONE, Norm};
use crate::parallel::{self, Columns, Shared, vectorized};

/// Bases of a word: the tables of so short words fit the innermost cache.
const WORD: usize = 3;
/// Words of that length.
const WORDS: usize = 1 << (2 * WORD);
/// Filters that a task computes: the tables of so many fit that cache.
const BLOCK: usize = 16;
/// Sequences that a task computes: so many stay in the next cache, block after block.
const TASK_SEQUENCES: usize = 4;
/// Parts of the batch whose gradients are added up side by side.
const PARTS: usize = 2;

/// What the backward pass needs of a forward pass.
#[derive(Debug)]
pub struct FirstSaved {
    shape: ConvShape,
    words: Words,
    peak: Buffer,
    top: Buffer,
    moments: Moments,
    /// Present if the statistics are those of the batch.
    pairs: Option<Pairs>,
}

impl FirstSaved {
    /// What the pass normalised by.
    #[must_use]
    pub fn moments(&self) -> &Moments {
        &self.moments
    }
}

/// Bases `0..4` (A, C, G, T) of one-hot vectors `[positions, 4]`; `None` if they
/// are not one-hot.
#[must_use]
pub fn bases(one_hot: &[f32]) -> Option<Vec<u8>> {
    one_hot
        .chunks_exact(4)
        .map(|x| {
            let ones = x.iter().filter(|&&x| x == 1.0).count();
            let zeros = x.iter().filter(|&&x| x == 0.0).count();
            (ones == 1 && zeros == 3).then(|| {
                u8::from(x[1] == 1.0) | u8::from(x[2] == 1.0) * 2 | u8::from(x[3] == 1.0) * 3
            })
        })
        .collect()
}

/// The words of all windows: per sequence one per position, the bases from there on
/// (A beyond the end).
#[derive(Debug)]
struct Words {
    words: Vec<u8>,
    pitch: usize,
}

impl Words {
    fn new(shape: &ConvShape, bases: &[u8]) -> Self {
        let pitch = shape.length;
        let mut words = vec![0_u8; bases.len()];
        for (bases, words) in bases.chunks_exact(pitch).zip(words.chunks_exact_mut(pitch)) {
            // The first base of a word is in its lowest bits.
            let mut word = 0_u8;
            for (&base, out) in bases.iter().zip(words.iter_mut()).rev() {
                word = (word << 2 | base) & (WORDS - 1) as u8;
                *out = word;
            }
        }
        Self { words, pitch }
    }

    fn of(&self, sequence: usize) -> &[u8] {
        &self.words[sequence * self.pitch..(sequence + 1) * self.pitch]
    }
}

fn groups(kernel: usize) -> usize {
    kernel.div_ceil(WORD)
}

/// How often bases, and pairs of bases, occur at the taps of all windows.
#[derive(Debug)]
struct Pairs {
    /// `[tap * 4 + base]`.
    single: Vec<f64>,
    /// `[tap * 4 + base][tap * 4 + base]`.
    double: Vec<f64>,
}

impl Pairs {
    fn new(shape: &ConvShape, bases: &[u8]) -> Self {
        let (kernel, windows) = (shape.kernel, shape.convolved());
        let columns = 4 * kernel;
        let mut single = vec![0.0; columns];
        // Task `d`: pairs `d` positions apart, `[tap][base][base]`.
        let mut apart: Vec<Vec<u32>> = vec![Vec::new(); kernel];
        {
            let shared = Shared::new(&mut apart);
            parallel::for_each(kernel, |d| {
                let taps = kernel - d;
                let mut counts = vec![0_u32; taps * 16];
                for sequence in bases.chunks_exact(shape.length) {
                    let pair = |q: usize| usize::from(sequence[q] << 2 | sequence[q + d]);
                    let mut now = [0_u32; 16];
                    for q in 0..windows {
                        now[pair(q)] += 1;
                    }
                    for tap in 0..taps {
                        if tap > 0 {
                            now[pair(tap - 1)] -= 1;
                            now[pair(tap - 1 + windows)] += 1;
                        }
                        for (total, now) in counts[tap * 16..][..16].iter_mut().zip(now) {
                            *total += now;
                        }
                    }
                }
                // SAFETY: one place per task.
                unsafe { shared.part(d, 1)[0] = counts };
            });
        }
        let mut double = vec![0.0; columns * columns];
        for (d, counts) in apart.iter().enumerate() {
            for (tap, counts) in counts.chunks_exact(16).enumerate() {
                for (pair, &count) in counts.iter().enumerate() {
                    let a = tap * 4 + pair / 4;
                    let b = (tap + d) * 4 + pair % 4;
                    double[a * columns + b] = f64::from(count);
                    double[b * columns + a] = f64::from(count);
                    if d == 0 && a == b {
                        single[a] = f64::from(count);
                    }
                }
            }
        }
        Self { single, double }
    }

    /// Sum over windows of response times one-hot window, for each filter:
    /// `[filter][tap * 4 + base]`.
    fn responses(&self, taps: &[f64]) -> Vec<f64> {
        let columns = self.single.len();
        let mut out = vec![0.0; taps.len()];
        let filters = taps.len() / columns;
        let shared = Shared::new(&mut out);
        parallel::for_each(filters, |filter| {
            let taps = &taps[filter * columns..(filter + 1) * columns];
            // SAFETY: filters do not overlap.
            let out = unsafe { shared.part(filter * columns, columns) };
            vectorized(
                #[inline(always)]
                || {
                    for (&tap, row) in taps.iter().zip(self.double.chunks_exact(columns)) {
                        for (out, &count) in out.iter_mut().zip(row) {
                            *out += tap * count;
                        }
                    }
                },
            );
        });
        out
    }
}

/// Weights `[filter][tap * 4 + base]` in double precision.
fn taps(shape: &ConvShape, weight: &[f32]) -> Vec<f64> {
    let kernel = shape.kernel;
    let mut taps = vec![0.0; weight.len()];
    for (weight, taps) in weight
        .chunks_exact(4 * kernel)
        .zip(taps.chunks_exact_mut(4 * kernel))
    {
        for (i, &w) in weight.iter().enumerate() {
            taps[i % kernel * 4 + i / kernel] = f64::from(w);
        }
    }
    taps
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn batch_moments(shape: &ConvShape, taps: &[f64], pairs: &Pairs, responses: &[f64]) -> Moments {
    let rows = shape.batch * shape.convolved();
    let columns = 4 * shape.kernel;
    let (mean, var): (Vec<f64>, Vec<f64>) = taps
        .chunks_exact(columns)
        .zip(responses.chunks_exact(columns))
        .map(|(taps, responses)| {
            let mean = dot(taps, &pairs.single) / rows as f64;
            let var = dot(taps, responses) / rows as f64 - mean * mean;
            (mean, var.max(0.0))
        })
        .unzip();
    Moments::of_batch(&mean, &var, rows)
}

/// Responses of filters `first..first + width` to every word at every group of
/// taps, `[group][word][filter]`.
fn tables(shape: &ConvShape, weight: &[f32], first: usize, width: usize) -> Buffer {
    let kernel = shape.kernel;
    let mut tables = Buffer::any(groups(kernel) * WORDS * width);
    let mut rows = vec![0.0_f32; WORD * 4 * width];
    for (group, table) in tables.chunks_exact_mut(WORDS * width).enumerate() {
        for j in 0..WORD {
            let tap = group * WORD + j;
            for base in 0..4 {
                let row = &mut rows[(j * 4 + base) * width..][..width];
                for (c, out) in row.iter_mut().enumerate() {
                    let filter = first + c;
                    *out = if tap < kernel {
                        weight[(filter * 4 + base) * kernel + tap]
                    } else {
                        0.0
                    };
                }
            }
        }
        vectorized(
            #[inline(always)]
            || {
                for (word, out) in table.chunks_exact_mut(width).enumerate() {
                    let row = |j: usize| {
                        let base = word >> (2 * j) & 3;
                        &rows[(j * 4 + base) * width..][..width]
                    };
                    let (r0, r1, r2) = (row(0), row(1), row(2));
                    for c in 0..width {
                        out[c] = r0[c] + r1[c] + r2[c];
                    }
                }
            },
        );
    }
    tables
}

/// Blocks of filters: first, and how many.
fn blocks(filters: usize) -> Vec<(usize, usize)> {
    let count = filters.div_ceil(BLOCK);
    let width = filters.div_ceil(count).next_multiple_of(16);
    (0..filters)
        .step_by(width)
        .map(|first| (first, width.min(filters - first)))
        .collect()
}

/// The block on bases `0..4`, `[batch, length]`; other shapes as in
/// [`conv_forward`](crate::conv::conv_forward).
///
/// `record` says whether the backward pass will follow.
///
/// # Panics
/// If the arrays do not fit the shape.
pub fn first_forward(
    shape: ConvShape,
    bases: &[u8],
    weight: &[f32],
    norm: &Norm<'_>,
    record: bool,
    out: &mut [f32],
) -> FirstSaved {
    assert!(shape.channels == 4 && bases.len() == shape.batch * shape.length);
    assert_eq!(weight.len(), shape.filters * 4 * shape.kernel);
    assert!(bases.iter().all(|&base| base < 4));
    let sequence_out = shape.pooled() * shape.filters;
    assert_eq!(out.len(), shape.batch * sequence_out);
    let rows = shape.batch * shape.convolved();
    let (moments, pairs) = match Moments::fixed(norm, rows) {
        Some(moments) => (moments, None),
        None => {
            let pairs = Pairs::new(&shape, bases);
            let taps = taps(&shape, weight);
            let responses = pairs.responses(&taps);
            let moments = batch_moments(&shape, &taps, &pairs, &responses);
            (moments, Some(pairs))
        }
    };
    let affine = moments.affine(norm.scale, norm.shift);
    let words = Words::new(&shape, bases);
    let size = if record { out.len() } else { 0 };
    let (mut peak, mut top) = (Buffer::any(size), Buffer::any(size));
    let blocks = blocks(shape.filters);
    let tables: Vec<Buffer> = parallel::map(blocks.len(), |block| {
        let (first, width) = blocks[block];
        tables(&shape, weight, first, width)
    });
    {
        let (out, peak, top) = (
            Shared::new(out),
            Shared::new(&mut peak),
            Shared::new(&mut top),
        );
        parallel::for_each(shape.batch.div_ceil(TASK_SEQUENCES), |task| {
            let first = task * TASK_SEQUENCES;
            let sequences = first..shape.batch.min(first + TASK_SEQUENCES);
            for (&(first, width), tables) in blocks.iter().zip(&tables) {
                for sequence in sequences.clone() {
                    let block = Block {
                        shape: &shape,
                        tables,
                        words: words.of(sequence),
                        factor: &affine.factor[first..first + width],
                        offset: &affine.offset[first..first + width],
                    };
                    let at = sequence * sequence_out + first;
                    let (stride, rows) = (shape.filters, shape.pooled());
                    // SAFETY: tasks write different sequences.
                    let (out, peak, top) = unsafe {
                        (
                            out.columns(at, width, stride, rows),
                            record.then(|| peak.columns(at, width, stride, rows)),
                            record.then(|| top.columns(at, width, stride, rows)),
                        )
                    };
                    pool_block(block, out, peak.zip(top));
                }
            }
        });
    }
    FirstSaved {
        shape,
        words,
        peak,
        top,
        moments,
        pairs,
    }
}

/// That the words of all windows lie in `words`, and their rows in tables of that length.
fn check_words(shape: &ConvShape, words: &[u8], tables: usize, width: usize) {
    let groups = groups(shape.kernel);
    let last = shape.convolved() - 1 + (groups - 1) * WORD;
    assert!(last < words.len() && shape.pooled() * shape.pool <= shape.convolved());
    assert!(tables >= groups * WORDS * width);
    assert!(words.iter().all(|&word| usize::from(word) < WORDS));
}

/// Some filters at work on one sequence.
#[derive(Clone, Copy)]
struct Block<'a> {
    shape: &'a ConvShape,
    tables: &'a [f32],
    words: &'a [u8],
    factor: &'a [f32],
    offset: &'a [f32],
}

kernel! {
    /// Pools the normalised responses of a block's filters; see [`norm::pool`](crate::norm).
    fn pool_block<'a>(
        simd;
        block: Block<'a>,
        out: Columns<'a, f32>,
        kept: Option<(Columns<'a, f32>, Columns<'a, f32>)>,
    ) {
        let (mut out, mut kept) = (out, kept);
        let Block { shape, tables, words, factor, offset } = block;
        let width = factor.len();
        let groups = groups(shape.kernel);
        check_words(shape, words, tables.len(), width);
        lanes(simd, width, #[inline(always)] |lane| {
            let (factor, offset) = (lane.load(factor), lane.load(offset));
            for window in 0..shape.pooled() {
                let mut best = lane.splat(0.0);
                let (mut place, mut there) = (lane.splat(NONE), lane.splat(0.0));
                for number in 0..shape.pool {
                    let position = window * shape.pool + number;
                    let mut x = lane.splat(0.0);
                    for group in 0..groups {
                        // SAFETY: checked above for all windows and words.
                        let row = unsafe {
                            let word = usize::from(*words.get_unchecked(position + group * WORD));
                            let row = (group * WORDS + word) * width;
                            tables.get_unchecked(row..row + width)
                        };
                        x = x + lane.load(row);
                    }
                    let y = x.mul_add(factor, offset);
                    if kept.is_some() {
                        place = y.above(best, lane.splat(number as f32), place);
                        there = y.above(best, x, there);
                    }
                    best = y.above(best, y, best);
                }
                lane.store(out.row(window), best);
                if let Some((peak, top)) = &mut kept {
                    lane.store(peak.row(window), place);
                    lane.store(top.row(window), there);
                }
            }
        });
    }
}

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
