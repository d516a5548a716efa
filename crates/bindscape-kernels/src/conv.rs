//! Convolution, batch normalisation, ReLU and max-pooling, forward and backward.
//!
//! Arrays are channels-last. The convolution (stride 1, no padding) runs on the
//! transforms of `winograd`, or without them where filters have one tap; groups of sequences
//! pass through all stages while they are in the cache.

use crate::buffer::Buffer;
use crate::gemm::Packed;
use crate::norm::{self, Affine, Moments, Norm, Statistics};
use crate::parallel::{self, Shared};
use crate::winograd::{self, POINTS, STEP};

mod backward;
mod pointwise;
mod prepared;
mod transform;

pub(crate) use backward::norm_gradients;
pub use backward::{ConvGradients, conv_backward};
pub use prepared::Convolution;
use transform::{convolve, transform_filters, transform_input};

/// Rows of products that a task computes at a time.
const TASK_ROWS: usize = 96;

/// Sizes of a convolutional block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConvShape {
    /// Sequences.
    pub batch: usize,
    /// Positions of a sequence.
    pub length: usize,
    /// Channels of a position.
    pub channels: usize,
    /// Filters.
    pub filters: usize,
    /// Taps of a filter.
    pub kernel: usize,
    /// Window and stride of the pooling.
    pub pool: usize,
}

impl ConvShape {
    /// Positions of the convolution.
    #[must_use]
    pub fn convolved(&self) -> usize {
        self.length + 1 - self.kernel
    }

    /// Positions after pooling; a remainder is dropped.
    #[must_use]
    pub fn pooled(&self) -> usize {
        self.convolved() / self.pool
    }

    pub(crate) fn check(&self, x: &[f32], weight: &[f32], norm: &Norm<'_>) {
        assert!(self.kernel > 0 && self.kernel <= self.length && self.pool > 0);
        assert_eq!(x.len(), self.batch * self.length * self.channels);
        assert_eq!(weight.len(), self.filters * self.channels * self.kernel);
        assert!(norm.scale.len() == self.filters && norm.shift.len() == self.filters);
    }

    /// Tiles of the output of a sequence.
    fn tiles(&self) -> usize {
        self.convolved().div_ceil(STEP)
    }

    fn pieces(&self) -> usize {
        winograd::pieces(self.kernel)
    }

    /// Tiles of the input of a sequence.
    fn pitch(&self) -> usize {
        self.tiles() + self.pieces() - 1
    }

    /// Sequences of a task.
    fn group(&self) -> usize {
        (TASK_ROWS / self.tiles()).max(1)
    }

    fn groups(&self) -> usize {
        self.batch.div_ceil(self.group())
    }

    /// Tiles of the input that a task reads for `sequences`: overlapping rows
    /// of the last sequence reach beyond its own.
    fn input_tiles(&self, sequences: usize) -> usize {
        sequences * self.pitch() + self.pieces() - 1
    }
}

/// What the backward pass needs of a forward pass.
#[derive(Debug)]
pub struct ConvSaved {
    shape: ConvShape,
    /// Transformed input, `[point][tile][channel]`; as it is for filters of one tap.
    input: Buffer,
    /// The convolution, `[batch][position][filter]`.
    convolved: Buffer,
    /// See [`norm::pool`].
    peak: Buffer,
    top: Buffer,
    moments: Moments,
}

impl ConvSaved {
    /// What the pass normalised by.
    #[must_use]
    pub fn moments(&self) -> &Moments {
        &self.moments
    }
}

/// The filters of a block, as its convolution takes them.
enum Filters {
    /// Of one tap.
    Pointwise(Packed),
    /// At each point.
    Transformed([Packed; POINTS]),
}

impl Filters {
    fn new(shape: &ConvShape, weight: &[f32]) -> Self {
        match pointwise::filters(shape, weight) {
            Some(filters) => Self::Pointwise(filters),
            None => Self::Transformed(transform_filters(shape, weight)),
        }
    }

    /// Room for what a backward pass needs of the input, with what no task of the convolution
    /// writes.
    fn input(&self, shape: &ConvShape, x: &[f32]) -> Buffer {
        if let Self::Pointwise(_) = self {
            let mut input = Buffer::any(x.len());
            input.copy_from_slice(x);
            return input;
        }
        let mut input = self.room(shape, shape.batch);
        let tiles = shape.input_tiles(shape.batch);
        // Rows that reach beyond the last sequence meet zero gradients: they must be finite.
        for point in 0..POINTS {
            let end = (point + 1) * tiles * shape.channels;
            input[end - (shape.pieces() - 1) * shape.channels..end].fill(0.0);
        }
        input
    }

    /// Room for the transformed input of so many sequences, if these filters take one.
    fn room(&self, shape: &ConvShape, sequences: usize) -> Buffer {
        Buffer::any(match self {
            Self::Pointwise(_) => 0,
            Self::Transformed(_) => POINTS * shape.input_tiles(sequences) * shape.channels,
        })
    }

    /// The convolution `z` of `sequences` from `first` on. Their transformed input is written to
    /// `input`, which has room for `all` sequences, as those from number `place` on.
    fn convolve(
        &self,
        shape: &ConvShape,
        x: &[f32],
        (first, sequences): (usize, usize),
        input: &Shared<'_, f32>,
        (place, all): (usize, usize),
        z: &mut [f32],
    ) {
        let filters = match self {
            Self::Pointwise(filters) => {
                return pointwise::convolve(shape, x, first, sequences, filters, z);
            }
            Self::Transformed(filters) => filters,
        };
        let (from, tiles) = (place * shape.pitch(), shape.input_tiles(all));
        transform_input(shape, x, first, sequences, input, from, tiles);
        let planes = std::array::from_fn(|point| {
            let start = (point * tiles + from) * shape.channels;
            // SAFETY: a task reads what it has written.
            unsafe { input.read(start, sequences * shape.pitch() * shape.channels) }
        });
        convolve(shape, sequences, planes, filters, z);
    }
}

/// The block without a record for the backward pass: `x` `[batch, length, channels]`,
/// `weight` `[filters, channels, kernel]`, `out` `[batch, pooled, filters]`.
///
/// # Panics
/// If the arrays do not fit the shape, or the statistics are those of the batch.
pub fn conv_predict(shape: ConvShape, x: &[f32], weight: &[f32], norm: &Norm<'_>, out: &mut [f32]) {
    shape.check(x, weight, norm);
    let moments = Moments::fixed(norm, 0).expect("a prediction has no batch to normalise by");
    let affine = moments.affine(norm.scale, norm.shift);
    let filters = Filters::new(&shape, weight);
    let sequence_out = shape.pooled() * shape.filters;
    assert_eq!(out.len(), shape.batch * sequence_out);
    let out = Shared::new(out);
    parallel::for_each(shape.groups(), |task| {
        let first = task * shape.group();
        let sequences = shape.group().min(shape.batch - first);
        let mut z = Buffer::any(sequences * shape.convolved() * shape.filters);
        let mut input = filters.room(&shape, sequences);
        let input = Shared::new(&mut input);
        let own = (first, sequences);
        filters.convolve(&shape, x, own, &input, (0, sequences), &mut z);
        for sequence in 0..sequences {
            // SAFETY: sequences do not overlap.
            let out = unsafe { out.part((first + sequence) * sequence_out, sequence_out) };
            pool_sequence(&shape, &z, sequence, &affine, out, None);
        }
    });
}

/// The block, and what its backward pass needs. Shapes as in [`conv_predict`].
///
/// # Panics
/// If the arrays do not fit the shape.
pub fn conv_forward(
    shape: ConvShape,
    x: &[f32],
    weight: &[f32],
    norm: &Norm<'_>,
    out: &mut [f32],
) -> ConvSaved {
    shape.check(x, weight, norm);
    let filters = Filters::new(&shape, weight);
    let mut input = filters.input(&shape, x);
    let sequence_z = shape.convolved() * shape.filters;
    let mut convolved = Buffer::any(shape.batch * sequence_z);
    let mut means = Buffer::any(shape.batch * shape.filters);
    let mut squares = Buffer::any(shape.batch * shape.filters);
    let batch_statistics = matches!(norm.statistics, Statistics::Batch);
    {
        let input = Shared::new(&mut input);
        let convolved = Shared::new(&mut convolved);
        let (means, squares) = (Shared::new(&mut means), Shared::new(&mut squares));
        parallel::for_each(shape.groups(), |task| {
            let first = task * shape.group();
            let sequences = shape.group().min(shape.batch - first);
            // SAFETY: tasks write different sequences, and read what they have written.
            let z = unsafe { convolved.part(first * sequence_z, sequences * sequence_z) };
            let own = (first, sequences);
            filters.convolve(&shape, x, own, &input, (first, shape.batch), z);
            if batch_statistics {
                for (sequence, z) in z.chunks_exact(sequence_z).enumerate() {
                    let at = (first + sequence) * shape.filters;
                    // SAFETY: one place per sequence.
                    let (mean, squares) = unsafe {
                        (
                            means.part(at, shape.filters),
                            squares.part(at, shape.filters),
                        )
                    };
                    norm::column_moments(z, mean, squares);
                }
            }
        });
    }
    let rows = shape.batch * shape.convolved();
    let moments = Moments::fixed(norm, rows).unwrap_or_else(|| {
        let (mean, var) = norm::join_moments(&means, &squares, shape.filters, shape.convolved());
        Moments::of_batch(&mean, &var, rows)
    });
    let affine = moments.affine(norm.scale, norm.shift);
    let sequence_out = shape.pooled() * shape.filters;
    assert_eq!(out.len(), shape.batch * sequence_out);
    let mut peak = Buffer::any(out.len());
    let mut top = Buffer::any(out.len());
    {
        let (out, peak, top) = (
            Shared::new(out),
            Shared::new(&mut peak),
            Shared::new(&mut top),
        );
        parallel::for_each(shape.batch, |sequence| {
            let at = sequence * sequence_out;
            // SAFETY: sequences do not overlap.
            let (out, peak, top) = unsafe {
                (
                    out.part(at, sequence_out),
                    peak.part(at, sequence_out),
                    top.part(at, sequence_out),
                )
            };
            pool_sequence(
                &shape,
                &convolved,
                sequence,
                &affine,
                out,
                Some((peak, top)),
            );
        });
    }
    ConvSaved {
        shape,
        input,
        convolved,
        peak,
        top,
        moments,
    }
}

/// What comes back through the pooling of one sequence.
struct Pooled<'a> {
    shape: &'a ConvShape,
    /// Gradient of the output and peaks of the windows, `[pooled, filters]`.
    g: &'a [f32],
    peak: &'a [f32],
    zeros: Vec<f32>,
    none: Vec<f32>,
}

impl<'a> Pooled<'a> {
    fn new(shape: &'a ConvShape, g: &'a [f32], peak: &'a [f32]) -> Self {
        Self {
            shape,
            g,
            peak,
            zeros: vec![0.0; shape.filters],
            none: vec![norm::NONE; shape.filters],
        }
    }

    /// Gradient and peak of the window of a position, and the position's place in there; behind
    /// the last window there is no gradient.
    #[inline(always)]
    fn at(&self, position: usize) -> (&[f32], &[f32], f32) {
        let (window, width) = (position / self.shape.pool, self.shape.filters);
        let place = (position % self.shape.pool) as f32;
        if window < self.shape.pooled() {
            let span = window * width..(window + 1) * width;
            (&self.g[span.clone()], &self.peak[span], place)
        } else {
            (&self.zeros, &self.none, place)
        }
    }
}

fn pool_sequence(
    shape: &ConvShape,
    z: &[f32],
    sequence: usize,
    affine: &Affine,
    out: &mut [f32],
    record: Option<(&mut [f32], &mut [f32])>,
) {
    let size = shape.convolved() * shape.filters;
    let used = shape.pooled() * shape.pool * shape.filters;
    let z = &z[sequence * size..sequence * size + used];
    norm::pool(z, affine, shape.pool, out, record);
}
