//! What attribution needs between its products: pooled maxima with their places, multipliers of a
//! pair of inputs, and their way back through a convolution.
//!
//! Multipliers are those of DeepLIFT's rescale rule (Shrikumar, Greenside & Kundaje 2017). For a
//! ReLU and a max-pooling behind it the two rules, one after the other, telescope: the difference
//! of the window's maxima over the difference of the convolution at one position, where the larger
//! maximum lies. So a window passes its multiplier on to one position, and the way back is a
//! few rows of filters instead of a whole transposed convolution.
//!
//! Functions are generic over `f32` and `f64`; they run on the thread that calls them.

pub mod gates;

use std::ops::{Add, Div, Mul, Neg, Sub};

use crate::activation;
use crate::parallel::vectorized;

/// Differences below this count as none.
const NONE: f64 = 1e-6;

/// A floating-point number.
pub trait Real:
    Copy
    + PartialOrd
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + Default
    + Send
    + Sync
    + std::fmt::Debug
    + 'static
{
    /// 0.
    const ZERO: Self;
    /// 1.
    const ONE: Self;
    /// Differences of the inputs of a smooth function below this are too small for a quotient: the
    /// slope in the middle is more exact.
    const SMOOTH: Self;

    /// The nearest number.
    fn of(value: f64) -> Self;
    /// The same number.
    fn wide(self) -> f64;
    /// `self * factor + summand`, rounded once.
    fn mul_add(self, factor: Self, summand: Self) -> Self;
    /// The size.
    fn abs(self) -> Self;
    /// The logistic function.
    fn sigmoid(self) -> Self;
    /// The hyperbolic tangent.
    fn tanh(self) -> Self;
}

impl Real for f32 {
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;
    const SMOOTH: Self = 2e-3;

    #[inline(always)]
    fn of(value: f64) -> Self {
        value as f32
    }
    #[inline(always)]
    fn wide(self) -> f64 {
        f64::from(self)
    }
    #[inline(always)]
    fn mul_add(self, factor: Self, summand: Self) -> Self {
        self.mul_add(factor, summand)
    }
    #[inline(always)]
    fn abs(self) -> Self {
        self.abs()
    }
    #[inline(always)]
    fn sigmoid(self) -> Self {
        activation::sigmoid(self)
    }
    #[inline(always)]
    fn tanh(self) -> Self {
        activation::tanh(self)
    }
}

impl Real for f64 {
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;
    const SMOOTH: Self = 1e-6;

    #[inline(always)]
    fn of(value: f64) -> Self {
        value
    }
    #[inline(always)]
    fn wide(self) -> f64 {
        self
    }
    #[inline(always)]
    fn mul_add(self, factor: Self, summand: Self) -> Self {
        self.mul_add(factor, summand)
    }
    #[inline(always)]
    fn abs(self) -> Self {
        self.abs()
    }
    #[inline(always)]
    fn sigmoid(self) -> Self {
        1.0 / (1.0 + (-self).exp())
    }
    #[inline(always)]
    fn tanh(self) -> Self {
        self.tanh()
    }
}

/// Sizes of what a pooling reads and leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolShape {
    /// Positions of a window; the stride is the same.
    pub window: usize,
    /// Windows of a sequence.
    pub windows: usize,
    /// Channels of a position.
    pub channels: usize,
}

impl PoolShape {
    /// Numbers that a sequence has after pooling.
    #[must_use]
    pub fn pooled(&self) -> usize {
        self.windows * self.channels
    }

    fn row<'a, R>(&self, z: &'a [R], window: usize, number: usize) -> &'a [R] {
        &z[(window * self.window + number) * self.channels..][..self.channels]
    }
}

/// The maxima of a pooled sequence and where they lie.
#[derive(Debug, Clone, Default)]
pub struct Pooled<R> {
    /// The largest of each window after ReLU, `[windows, channels]`.
    pub out: Vec<R>,
    /// The place of the first such position in its window.
    pub place: Vec<R>,
}

/// Where multipliers of the windows of a pooling go.
#[derive(Debug, Clone, Default)]
pub struct Routes<R> {
    /// What a multiplier is multiplied by, `[windows, channels]`.
    pub factor: Vec<R>,
    /// The place in the window that it goes to.
    pub place: Vec<R>,
    /// Windows and channels, by their number in `factor`, that pass the multiplier on to another
    /// place as well, which it reaches as it is.
    pub also: Vec<(u32, u32)>,
}

/// ReLU and max-pooling of `z` `[positions, channels]`.
///
/// # Panics
/// If `z` has fewer positions than the windows.
#[must_use]
pub fn pool<R: Real>(shape: PoolShape, z: &[R]) -> Pooled<R> {
    let mut pooled = Pooled {
        out: vec![R::ZERO; shape.pooled()],
        place: vec![R::ZERO; shape.pooled()],
    };
    vectorized(
        #[inline(always)]
        || {
            for window in 0..shape.windows {
                let span = window * shape.channels..(window + 1) * shape.channels;
                let out = &mut pooled.out[span.clone()];
                let place = &mut pooled.place[span];
                for number in 0..shape.window {
                    let row = shape.row(z, window, number);
                    let at = R::of(number as f64);
                    for ((out, place), &z) in out.iter_mut().zip(place.iter_mut()).zip(row) {
                        let above = z > *out;
                        *place = if above { at } else { *place };
                        *out = if above { z } else { *out };
                    }
                }
            }
        },
    );
    pooled
}

/// ReLU and max-pooling of `z` `[positions, channels]`, the maxima alone, into `out`.
///
/// # Panics
/// If the arrays do not fit.
pub fn pool_into<R: Real>(shape: PoolShape, z: &[R], out: &mut [R]) {
    assert_eq!(out.len(), shape.pooled());
    vectorized(
        #[inline(always)]
        || {
            for (window, out) in out.chunks_exact_mut(shape.channels).enumerate() {
                out.fill(R::ZERO);
                for number in 0..shape.window {
                    for (out, &z) in out.iter_mut().zip(shape.row(z, window, number)) {
                        *out = if z > *out { z } else { *out };
                    }
                }
            }
        },
    );
}

/// The routes of gradients through ReLU and max-pooling.
#[must_use]
pub fn slopes<R: Real>(pooled: &Pooled<R>) -> Routes<R> {
    let slope = |&out: &R| if out > R::ZERO { R::ONE } else { R::ZERO };
    Routes {
        factor: pooled.out.iter().map(slope).collect(),
        place: pooled.place.clone(),
        also: Vec::new(),
    }
}

/// ReLU and max-pooling of a reference `z_ref` beside a sequence: the maxima go to `out_ref`; the
/// routes are those of the multipliers. `z` and `pooled` are those of the sequence.
///
/// # Panics
/// If the arrays do not fit.
#[must_use]
pub fn pool_pair<R: Real>(
    shape: PoolShape,
    z: &[R],
    pooled: &Pooled<R>,
    z_ref: &[R],
    out_ref: &mut [R],
) -> Routes<R> {
    let channels = shape.channels;
    let none = R::of(NONE);
    let mut routes = Routes {
        factor: vec![R::ZERO; shape.pooled()],
        place: vec![R::ZERO; shape.pooled()],
        also: Vec::new(),
    };
    let mut kept = Kept::new(channels);
    for window in 0..shape.windows {
        let span = window * channels..(window + 1) * channels;
        let (out, place) = (&pooled.out[span.clone()], &pooled.place[span.clone()]);
        let out_ref = &mut out_ref[span.clone()];
        let factor = &mut routes.factor[span.clone()];
        let to = &mut routes.place[span];
        let twice = vectorized(
            #[inline(always)]
            || {
                kept.begin(shape.row(z, window, 0), shape.row(z_ref, window, 0));
                out_ref.fill(R::ZERO);
                to.fill(R::ZERO);
                for number in 0..shape.window {
                    let rows = [
                        shape.row(z, window, number),
                        shape.row(z_ref, window, number),
                    ];
                    kept.see(R::of(number as f64), rows, place, out_ref, to);
                }
                kept.divide(none, out, place, out_ref, to, factor)
            },
        );
        if twice {
            for (channel, also) in kept.also.iter().enumerate() {
                if *also > R::ZERO {
                    let place = place[channel].wide() as u32;
                    let number = (window * channels + channel) as u32;
                    routes.also.push((number, place));
                }
            }
        }
    }
    routes
}

/// What is kept of the positions of one window, channel by channel: the convolution of sequence
/// and reference where the maximum of the one and of the other lies.
struct Kept<R> {
    at_own: [Vec<R>; 2],
    at_ref: [Vec<R>; 2],
    /// 1 where the multiplier goes to the sequence's maximum, too.
    also: Vec<R>,
}

impl<R: Real> Kept<R> {
    fn new(channels: usize) -> Self {
        let room = || vec![R::ZERO; channels];
        Self {
            at_own: [room(), room()],
            at_ref: [room(), room()],
            also: room(),
        }
    }

    #[inline(always)]
    fn begin(&mut self, z: &[R], z_ref: &[R]) {
        for kept in [&mut self.at_own, &mut self.at_ref] {
            kept[0].copy_from_slice(z);
            kept[1].copy_from_slice(z_ref);
        }
    }

    #[inline(always)]
    fn see(&mut self, at: R, [z, z_ref]: [&[R]; 2], place: &[R], out_ref: &mut [R], to: &mut [R]) {
        let [own, own_ref] = &mut self.at_own;
        let [other, other_ref] = &mut self.at_ref;
        let count = place.len();
        let (z, z_ref) = (&z[..count], &z_ref[..count]);
        let (out_ref, to) = (&mut out_ref[..count], &mut to[..count]);
        let (own, own_ref) = (&mut own[..count], &mut own_ref[..count]);
        let (other, other_ref) = (&mut other[..count], &mut other_ref[..count]);
        for c in 0..count {
            let (x, r) = (z[c], z_ref[c]);
            let here = place[c] == at;
            own[c] = if here { x } else { own[c] };
            own_ref[c] = if here { r } else { own_ref[c] };
            let above = r > out_ref[c];
            out_ref[c] = if above { r } else { out_ref[c] };
            to[c] = if above { at } else { to[c] };
            other[c] = if above { x } else { other[c] };
            other_ref[c] = if above { r } else { other_ref[c] };
        }
    }

    /// The multipliers; whether some go to two places.
    #[inline(always)]
    fn divide(
        &mut self,
        none: R,
        out: &[R],
        place: &[R],
        out_ref: &[R],
        to: &mut [R],
        factor: &mut [R],
    ) -> bool {
        let [own, own_ref] = &self.at_own;
        let [other, other_ref] = &self.at_ref;
        let count = place.len();
        let (out, out_ref) = (&out[..count], &out_ref[..count]);
        let (to, factor) = (&mut to[..count], &mut factor[..count]);
        let (own, own_ref) = (&own[..count], &own_ref[..count]);
        let (other, other_ref) = (&other[..count], &other_ref[..count]);
        let also = &mut self.also[..count];
        let mut most = R::ZERO;
        for c in 0..count {
            let (x, r) = (out[c], out_ref[c]);
            let keep = x >= r;
            let there = if keep { own[c] } else { other[c] };
            let there_ref = if keep { own_ref[c] } else { other_ref[c] };
            let difference = there - there_ref;
            let same = rectified(there) == rectified(there_ref);
            let apart = difference.abs() >= none;
            let divisor = if difference == R::ZERO {
                R::ONE
            } else {
                difference
            };
            // Where nothing changes, the gradient of the sequence: it goes to its maximum alone.
            let slope = if keep & (there > R::ZERO) {
                R::ONE
            } else {
                R::ZERO
            };
            factor[c] = if same & !apart {
                slope
            } else {
                (x - r) / divisor
            };
            let unchanged = (own[c] - own_ref[c]).abs() < none;
            let level = rectified(own[c]) == rectified(own_ref[c]);
            let twice = !keep & unchanged & level & (own[c] > R::ZERO);
            also[c] = if twice { R::ONE } else { R::ZERO };
            most = if twice { R::ONE } else { most };
            to[c] = if keep { place[c] } else { to[c] };
        }
        most > R::ZERO
    }
}

#[inline(always)]
fn rectified<R: Real>(x: R) -> R {
    if x > R::ZERO { x } else { R::ZERO }
}

/// Adds to `dx` `[positions, channels]` what multipliers `g` `[windows, filters]` of the windows of
/// a pooling make of the input of the convolution before it. `weight` is `[filters, kernel,
/// channels]`.
///
/// # Panics
/// If the arrays do not fit.
pub fn scatter<R: Real>(
    shape: PoolShape,
    g: &[R],
    routes: &Routes<R>,
    weight: &[R],
    channels: usize,
    dx: &mut [R],
) {
    let filters = shape.channels;
    let taps = weight.len() / filters;
    assert!(g.len() == shape.pooled() && routes.factor.len() == g.len());
    vectorized(
        #[inline(always)]
        || {
            for filter in 0..filters {
                let row = &weight[filter * taps..][..taps];
                for window in 0..shape.windows {
                    let index = window * filters + filter;
                    let multiplier = g[index] * routes.factor[index];
                    if multiplier != R::ZERO {
                        let place = routes.place[index].wide() as usize;
                        let at = (window * shape.window + place) * channels;
                        add_scaled(&mut dx[at..at + taps], row, multiplier);
                    }
                }
            }
            for &(index, place) in &routes.also {
                let (window, filter) = (index as usize / filters, index as usize % filters);
                let at = (window * shape.window + place as usize) * channels;
                let row = &weight[filter * taps..][..taps];
                add_scaled(&mut dx[at..at + taps], row, g[index as usize]);
            }
        },
    );
}

#[inline(always)]
fn add_scaled<R: Real>(to: &mut [R], from: &[R], factor: R) {
    for (to, &from) in to.iter_mut().zip(from) {
        *to = from.mul_add(factor, *to);
    }
}

/// Multiplies multipliers `m` by those of a ReLU, for inputs `z` and `z_ref`.
///
/// # Panics
/// If the arrays have different lengths.
pub fn rectify_pair<R: Real>(z: &[R], z_ref: &[R], m: &mut [R]) {
    assert!(z.len() == m.len() && z_ref.len() == m.len());
    let none = R::of(NONE);
    vectorized(
        #[inline(always)]
        || {
            for ((m, &x), &r) in m.iter_mut().zip(z).zip(z_ref) {
                let difference = x - r;
                let small = difference.abs() < none;
                let divisor = if small { R::ONE } else { difference };
                let slope = if x > R::ZERO { R::ONE } else { R::ZERO };
                let rescaled = (rectified(x) - rectified(r)) / divisor;
                *m = *m * if small { slope } else { rescaled };
            }
        },
    );
}

/// The multiplier of a smooth function between `x` and `r`: its values there are `y` and `s`, and
/// `slope` is its derivative.
#[inline(always)]
pub(crate) fn rescale<R: Real>(x: R, r: R, y: R, s: R, slope: impl Fn(R) -> R) -> R {
    let difference = x - r;
    let small = difference.abs() < R::SMOOTH;
    let divisor = if small { R::ONE } else { difference };
    let middle = slope((x + r) * R::of(0.5));
    if small { middle } else { (y - s) / divisor }
}
