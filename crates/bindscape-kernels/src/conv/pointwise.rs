//! Filters of one tap: a product of positions, without transforms, which would double its work.

use crate::buffer::Buffer;
use crate::gemm::{self, Left, Packed, Right, Rows};
use crate::lanes::{kernel, lanes};
use crate::norm;
use crate::parallel::{self, Shared};

use super::{ConvSaved, ConvShape, Pooled};

/// The filters, `[channels, filters]`; `None` if they have more than one tap.
pub(super) fn filters(shape: &ConvShape, weight: &[f32]) -> Option<Packed> {
    let (channels, filters) = (shape.channels, shape.filters);
    (shape.kernel == 1).then(|| Packed::new(weight, channels, filters, 1, channels))
}

/// The convolution `z` of `sequences` from `first` on.
pub(super) fn convolve(
    shape: &ConvShape,
    x: &[f32],
    first: usize,
    sequences: usize,
    filters: &Packed,
    z: &mut [f32],
) {
    let rows = sequences * shape.length;
    let left = Left {
        values: &x[first * shape.length * shape.channels..][..rows * shape.channels],
        row: shape.channels,
        column: 1,
    };
    let (n, k) = (shape.filters, shape.channels);
    gemm::multiply_here(Rows::plain(rows), n, k, left, filters.right(), z, n, false);
}

/// Gradients of weight and input. The saved input is the block's own.
pub(super) fn backward(
    saved: &ConvSaved,
    backward: &norm::Backward,
    weight: &[f32],
    g: &[f32],
    d_weight: &mut [f32],
    d_x: Option<&mut [f32]>,
) {
    let shape = saved.shape;
    let (n, k) = (shape.filters, shape.channels);
    let rows = shape.batch * shape.length;
    let mut dz = Buffer::any(rows * n);
    {
        let dz = Shared::new(&mut dz);
        let dx = d_x.map(Shared::new);
        let (sequence_z, sequence_out) = (shape.length * n, shape.pooled() * n);
        parallel::for_each(shape.batch, |sequence| {
            let (z, window) = (sequence * sequence_z, sequence * sequence_out);
            // SAFETY: sequences do not overlap.
            let dz = unsafe { dz.part(z, sequence_z) };
            position_gradients(
                &shape,
                backward,
                &saved.convolved[z..z + sequence_z],
                &g[window..window + sequence_out],
                &saved.peak[window..window + sequence_out],
                dz,
            );
            let Some(dx) = &dx else { return };
            let left = Left {
                values: dz,
                row: n,
                column: 1,
            };
            let right = Right::Plain {
                values: weight,
                stride: k,
            };
            // SAFETY: as above.
            let dx = unsafe { dx.part(sequence * shape.length * k, shape.length * k) };
            gemm::multiply_here(Rows::plain(shape.length), k, n, left, right, dx, k, false);
        });
    }
    let left = Left {
        values: &dz,
        row: 1,
        column: n,
    };
    let right = Right::Plain {
        values: &saved.input,
        stride: k,
    };
    gemm::multiply(n, k, rows, left, right, d_weight, k, false);
}

kernel! {
    /// Gradients of the products of one sequence.
    fn position_gradients<'a>(
        simd;
        shape: &'a ConvShape,
        backward: &'a norm::Backward,
        z: &'a [f32],
        g: &'a [f32],
        peak: &'a [f32],
        dz: &'a mut [f32],
    ) {
        let width = shape.filters;
        let pooled = Pooled::new(shape, g, peak);
        let rows = z.chunks_exact(width).zip(dz.chunks_exact_mut(width));
        for (position, (z, dz)) in rows.enumerate() {
            let (g, peak, place) = pooled.at(position);
            lanes(simd, width, #[inline(always)] |lane| {
                let zero = lane.splat(0.0);
                let place = lane.splat(place);
                let at_peak = lane.load(peak).equal(place, lane.load(g), zero);
                let slope = lane.load(&backward.slope);
                let all = lane.load(z).mul_add(slope, lane.load(&backward.constant));
                lane.store(dz, at_peak.mul_add(lane.load(&backward.factor), all));
            });
        }
    }
}
