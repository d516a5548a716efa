//! Attention with rotary positions, each sequence to itself.

use crate::buffer::Buffer;
use crate::gemm::{self, Left, Right, Rows};
use crate::parallel::{self, Shared, vectorized};

use super::gelu::exponential;
use super::sequences::Sequences;

/// Queries that are worked on together; their scores lie side by side, so that a softmax
/// runs over vectors of queries.
const BLOCK: usize = 64;
/// Blocks of queries per task: keys and values are prepared once for all of them.
const TASK_BLOCKS: usize = 8;
/// Partial blocks are filled up to a multiple of it.
const STEP: usize = 16;

/// Cosines and sines of rotary positions (Su et al. 2021): feature `d` of the first half
/// and feature `d + half` of a head turn together by the angle `position * base^(-2d/size)`.
#[derive(Debug)]
pub struct Rotary {
    half: usize,
    /// `[positions, half]`.
    cos: Vec<f32>,
    sin: Vec<f32>,
}

impl Rotary {
    /// The frequencies `base^(-2d/size)` of heads of `size` features, rounded to `f32`, as
    /// PyTorch implementations do.
    ///
    /// # Panics
    /// If `size` is odd.
    #[must_use]
    pub fn frequencies(size: usize, base: f32) -> Vec<f32> {
        assert!(size.is_multiple_of(2), "features turn in pairs");
        (0..size / 2)
            .map(|d| 1.0 / base.powf((2 * d) as f32 / size as f32))
            .collect()
    }

    /// The angles of the first `positions` positions for heads of twice as many features as there
    /// are `frequencies`. Angles are rounded to `f32`, too.
    #[must_use]
    pub fn new(positions: usize, frequencies: &[f32]) -> Self {
        let half = frequencies.len();
        let angles = (0..positions).flat_map(|position| {
            frequencies
                .iter()
                .map(move |f| f64::from(position as f32 * f))
        });
        let (sin, cos) = angles
            .map(|angle| (angle.sin() as f32, angle.cos() as f32))
            .unzip();
        Self { half, cos, sin }
    }

    /// Positions that there are angles for.
    #[must_use]
    pub fn positions(&self) -> usize {
        self.cos.len() / self.half.max(1)
    }

    /// Turns the `features` of a head at a position, times `factor`, into `out`.
    #[inline(always)]
    fn turn(&self, position: usize, features: &[f32], factor: f32, out: &mut [f32]) {
        let half = self.half;
        let cos = &self.cos[position * half..][..half];
        let sin = &self.sin[position * half..][..half];
        let (a, b) = (&features[..half], &features[half..2 * half]);
        let (out_a, out_b) = out[..2 * half].split_at_mut(half);
        for d in 0..half {
            out_a[d] = (a[d] * cos[d] - b[d] * sin[d]) * factor;
            out_b[d] = (b[d] * cos[d] + a[d] * sin[d]) * factor;
        }
    }
}

/// Sizes of an attention layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AttentionShape {
    /// Features of a token, over all heads.
    pub width: usize,
    /// Heads.
    pub heads: usize,
}

impl AttentionShape {
    /// Features of a head.
    #[must_use]
    pub fn size(self) -> usize {
        self.width / self.heads
    }
}

/// `out = softmax(q k^T / sqrt(size)) v` for each sequence and head, on the threads of the
/// current pool.
///
/// # Shapes
/// `qkv` is `[rows, 3 width]`: queries, keys and values of all heads, not yet turned; `out`
/// is `[rows, width]`.
///
/// # Panics
/// If the arrays do not fit, or `rotary` has fewer positions than the longest sequence.
pub fn attention(
    shape: AttentionShape,
    sequences: &Sequences,
    rotary: &Rotary,
    qkv: &[f32],
    out: &mut [f32],
) {
    assert_eq!(qkv.len(), sequences.rows() * 3 * shape.width);
    assert_eq!(out.len(), sequences.rows() * shape.width);
    assert!(rotary.positions() >= sequences.longest());
    let mut tasks = Vec::new();
    for sequence in 0..sequences.len() {
        let tokens = sequences.tokens(sequence).len();
        for head in 0..shape.heads {
            for first in (0..tokens).step_by(BLOCK * TASK_BLOCKS) {
                tasks.push((sequence, head, first));
            }
        }
    }
    let out = Shared::new(out);
    parallel::for_each(tasks.len(), |task| {
        let (sequence, head, first) = tasks[task];
        let tokens = sequences.tokens(sequence);
        let head = Head::new(shape, rotary, qkv, tokens.clone(), head);
        let last = tokens.len().min(first + BLOCK * TASK_BLOCKS);
        let size = shape.size();
        let mut products = Buffer::any(BLOCK * size);
        for first in (first..last).step_by(BLOCK) {
            let count = BLOCK.min(last - first);
            let scores = head.scores(first, count);
            head.values(&scores, count, &mut products);
            for (i, row) in products.chunks_exact(size).take(count).enumerate() {
                let at = (tokens.start + first + i) * shape.width + head.head * size;
                // SAFETY: a token and head belongs to one task.
                let out = unsafe { out.part(at, size) };
                let inverse = 1.0 / scores.sums[i];
                for d in 0..size {
                    out[d] = row[d] * inverse;
                }
            }
        }
    });
}

/// The weights that a head of a sequence attends with, `[tokens, tokens]`, a query's in a
/// row; on this thread. For what [`attention`] takes.
///
/// # Panics
/// As [`attention`], or if there is no such sequence or head.
#[must_use]
pub fn attention_weights(
    shape: AttentionShape,
    sequences: &Sequences,
    rotary: &Rotary,
    qkv: &[f32],
    sequence: usize,
    head: usize,
) -> Vec<f32> {
    assert_eq!(qkv.len(), sequences.rows() * 3 * shape.width);
    assert!(head < shape.heads && rotary.positions() >= sequences.longest());
    let tokens = sequences.tokens(sequence);
    let count = tokens.len();
    let head = Head::new(shape, rotary, qkv, tokens, head);
    let mut weights = vec![0.0; count * count];
    for first in (0..count).step_by(BLOCK) {
        let block = BLOCK.min(count - first);
        let scores = head.scores(first, block);
        let rows = scores.exponentials.chunks_exact(scores.width).take(count);
        for (key, row) in rows.enumerate() {
            for i in 0..block {
                weights[(first + i) * count + key] = row[i] / scores.sums[i];
            }
        }
    }
    weights
}

/// At least `len` numbers. Few sizes, so that sequences of all lengths use the same memory
/// over again.
fn scratch(len: usize) -> Buffer {
    Buffer::any(len.next_power_of_two())
}

/// A head of one sequence, its keys turned.
struct Head<'a> {
    shape: AttentionShape,
    rotary: &'a Rotary,
    qkv: &'a [f32],
    first_row: usize,
    tokens: usize,
    head: usize,
    /// `[tokens, size]`, and more.
    keys: Buffer,
    values: Buffer,
}

/// Exponentials of a block of queries' scores, not yet divided by their sums.
struct Scores {
    /// Queries, filled up.
    width: usize,
    /// `[tokens, width]`, and more.
    exponentials: Buffer,
    sums: [f32; BLOCK],
}

impl<'a> Head<'a> {
    fn new(
        shape: AttentionShape,
        rotary: &'a Rotary,
        qkv: &'a [f32],
        rows: std::ops::Range<usize>,
        head: usize,
    ) -> Self {
        let size = shape.size();
        let mut keys = scratch(rows.len() * size);
        let mut values = scratch(rows.len() * size);
        let own = &qkv[rows.start * 3 * shape.width..rows.end * 3 * shape.width];
        vectorized(
            #[inline(always)]
            || {
                for (position, row) in own.chunks_exact(3 * shape.width).enumerate() {
                    let at = position * size;
                    let key = &row[shape.width + head * size..][..size];
                    rotary.turn(position, key, 1.0, &mut keys[at..at + size]);
                    let value = &row[2 * shape.width + head * size..][..size];
                    values[at..at + size].copy_from_slice(value);
                }
            },
        );
        Self {
            shape,
            rotary,
            qkv,
            first_row: rows.start,
            tokens: rows.len(),
            head,
            keys,
            values,
        }
    }

    /// The scores of `count` queries from the `first` on.
    fn scores(&self, first: usize, count: usize) -> Scores {
        let size = self.shape.size();
        let width = count.next_multiple_of(STEP);
        let queries = self.queries(first, count, width);
        let mut scores = scratch(self.tokens * width);
        let keys = Left {
            values: &self.keys,
            row: size,
            column: 1,
        };
        let queries = Right::Plain {
            values: &queries,
            stride: width,
        };
        let rows = Rows::plain(self.tokens);
        gemm::multiply_here(rows, width, size, keys, queries, &mut scores, width, false);
        let mut sums = [0.0; BLOCK];
        let own = &mut scores[..self.tokens * width];
        match width / STEP {
            1 => exponentials::<16>(own, &mut sums),
            2 => exponentials::<32>(own, &mut sums),
            3 => exponentials::<48>(own, &mut sums),
            _ => exponentials::<64>(own, &mut sums),
        }
        Scores {
            width,
            exponentials: scores,
            sums,
        }
    }

    /// Queries, turned and scaled, `[size, width]`.
    fn queries(&self, first: usize, count: usize, width: usize) -> Buffer {
        let size = self.shape.size();
        let factor = 1.0 / (size as f32).sqrt();
        let mut turned = Buffer::any(size);
        let mut queries = Buffer::zeros(size * width);
        for i in 0..count {
            let row = (self.first_row + first + i) * 3 * self.shape.width;
            let query = &self.qkv[row + self.head * size..][..size];
            self.rotary.turn(first + i, query, factor, &mut turned);
            for d in 0..size {
                queries[d * width + i] = turned[d];
            }
        }
        queries
    }

    /// Sums of values weighted by exponentials, `[count, size]`.
    fn values(&self, scores: &Scores, count: usize, out: &mut [f32]) {
        let size = self.shape.size();
        let left = Left {
            values: &scores.exponentials,
            row: 1,
            column: scores.width,
        };
        let right = Right::Plain {
            values: &self.values,
            stride: size,
        };
        let rows = Rows::plain(count);
        gemm::multiply_here(rows, size, self.tokens, left, right, out, size, false);
    }
}

/// Replaces the columns of `[tokens, N]` by the exponentials of their distances from the
/// column's largest number, and sums them.
fn exponentials<const N: usize>(scores: &mut [f32], sums: &mut [f32; BLOCK]) {
    vectorized(
        #[inline(always)]
        || {
            let mut largest = [f32::NEG_INFINITY; N];
            let (rows, _) = scores.as_chunks_mut::<N>();
            for row in rows.iter() {
                for i in 0..N {
                    largest[i] = if row[i] > largest[i] {
                        row[i]
                    } else {
                        largest[i]
                    };
                }
            }
            let mut total = [0.0_f32; N];
            for row in rows {
                for i in 0..N {
                    row[i] = exponential(row[i] - largest[i]);
                    total[i] += row[i];
                }
            }
            sums[..N].copy_from_slice(&total);
        },
    );
}
