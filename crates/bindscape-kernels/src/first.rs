//! The first convolutional block, on bases instead of one-hot vectors.
//!
//! A window of a sequence of bases is a few words of three bases, so a row of the
//! convolution is the sum of a few rows of tables that hold, for every word, the
//! response of the filters to it: seven additions instead of 76 multiplications
//! for a filter of 19 taps. Mean and variance of the convolution follow from how
//! often bases, and pairs of them, occur: they are known before the first row is
//! computed, and nothing but what pooling leaves is stored. The gradient of the
//! weights is the same in reverse: gradients are added up by word, and the words are
//! resolved into taps.

use crate::buffer::Buffer;
use crate::conv::ConvShape;
use crate::lanes::{kernel, lanes};
use crate::norm::{Moments, NONE, Norm};
use crate::parallel::{self, Columns, Shared, vectorized};

mod backward;
mod pairs;
mod prepared;

pub use backward::{FirstGradients, first_backward};
use pairs::{Pairs, batch_moments, taps};
pub use prepared::FirstConvolution;

/// Bases of a word: the tables of so short words fit the innermost cache.
const WORD: usize = 3;
/// Words of that length.
const WORDS: usize = 1 << (2 * WORD);
/// Filters that a task computes: the tables of so many fit that cache.
const BLOCK: usize = 16;
/// Sequences that a task computes: so many stay in the next cache, block after block.
const TASK_SEQUENCES: usize = 4;

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
