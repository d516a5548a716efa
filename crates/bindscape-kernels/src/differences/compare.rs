//! [`Real::compare`](super::Real) of `f32` with the processor's vectors.

use super::{Found, NONE, PoolShape, Pooled, Real};
use crate::lanes::{kernel, lanes};

kernel! {
    /// See [`Real::compare`].
    pub(super) fn compare<'a>(
        simd;
        shape: PoolShape,
        z: &'a [f32],
        pooled: &'a Pooled<f32>,
        z_ref: &'a [f32],
        found: Found<'a, f32>,
    ) {
        let Found { out_ref, factor, place, twice } = found;
        let channels = shape.channels;
        for window in 0..shape.windows {
            let span = window * channels..(window + 1) * channels;
            let (own_out, own_place) = (&pooled.out[span.clone()], &pooled.place[span.clone()]);
            lanes(simd, channels, #[inline(always)] |lane| {
                let zero = lane.splat(0.0);
                let one = lane.splat(1.0);
                let (out, kept) = (lane.load(own_out), lane.load(own_place));
                let (mut most, mut to) = (zero, zero);
                let first = (
                    lane.load(shape.row(z, window, 0)),
                    lane.load(shape.row(z_ref, window, 0)),
                );
                // The convolutions of both where the one and where the other has its maximum.
                let (mut own, mut own_ref) = first;
                let (mut other, mut other_ref) = first;
                for number in 0..shape.window {
                    let x = lane.load(shape.row(z, window, number));
                    let r = lane.load(shape.row(z_ref, window, number));
                    let at = lane.splat(number as f32);
                    own = kept.equal(at, x, own);
                    own_ref = kept.equal(at, r, own_ref);
                    to = r.above(most, at, to);
                    other = r.above(most, x, other);
                    other_ref = r.above(most, r, other_ref);
                    most = r.above(most, r, most);
                }
                let there = most.above(out, other, own);
                let there_ref = most.above(out, other_ref, own_ref);
                let difference = there - there_ref;
                let quotient = (out - most) / difference.equal(zero, one, difference);
                // Where nothing changes, the gradient of the sequence.
                let slope = most.above(out, zero, there.above(zero, one, zero));
                let size = difference.above(zero, difference, zero - difference);
                let near = lane.splat(NONE as f32).above(size, slope, quotient);
                let rectified = there.above(zero, there, zero);
                let rectified_ref = there_ref.above(zero, there_ref, zero);
                lane.store(
                    &mut factor[span.clone()],
                    rectified.equal(rectified_ref, near, quotient),
                );
                let change = own - own_ref;
                let size = change.above(zero, change, zero - change);
                let rounding = (one + own) * f32::ROUNDING;
                let same = size.above(rounding, zero, own.above(zero, one, zero));
                let elsewhere = to.equal(kept, zero, same);
                lane.store(&mut twice[span.clone()], most.above(out, elsewhere, zero));
                lane.store(&mut place[span.clone()], most.above(out, to, kept));
                lane.store(&mut out_ref[span.clone()], most);
            });
        }
    }
}
