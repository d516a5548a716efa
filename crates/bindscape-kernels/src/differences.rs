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

mod compare;
pub mod gates;
mod scatter;

pub use scatter::Scatter;

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

    /// Sums that are the same but for the order of their terms differ by no more than this, times 1
    /// and their size; 0 where the order is always the same.
    const ROUNDING: Self;

    /// The nearest number.
    fn of(value: f64) -> Self;
    /// The same number.
    fn wide(self) -> f64;
    /// `self * factor + summand`, rounded once.
    fn mul_add(self, factor: Self, summand: Self) -> Self;
    /// The size.
    fn abs(self) -> Self;
    /// Compares what a sequence and a reference leave at each window of a pooling.
    fn compare(
        shape: PoolShape,
        z: &[Self],
        pooled: &Pooled<Self>,
        z_ref: &[Self],
        found: Found<'_, Self>,
    );
    /// The logistic function.
    fn sigmoid(self) -> Self;
    /// The hyperbolic tangent.
    fn tanh(self) -> Self;
}

impl Real for f32 {
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;
    const SMOOTH: Self = 2e-3;
    const ROUNDING: Self = 1e-6;

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
    fn compare(
        shape: PoolShape,
        z: &[Self],
        pooled: &Pooled<Self>,
        z_ref: &[Self],
        found: Found<'_, Self>,
    ) {
        compare::compare(shape, z, pooled, z_ref, found);
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
    const ROUNDING: Self = 0.0;

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
    fn compare(
        shape: PoolShape,
        z: &[Self],
        pooled: &Pooled<Self>,
        z_ref: &[Self],
        found: Found<'_, Self>,
    ) {
        compare_plainly(shape, z, pooled, z_ref, found);
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

    #[inline(always)]
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
    let room = || vec![R::ZERO; shape.pooled()];
    let mut routes = Routes {
        factor: room(),
        place: room(),
        also: Vec::new(),
    };
    let positions = shape.windows * shape.window;
    assert!(z.len() >= positions * shape.channels && z_ref.len() == z.len());
    assert!(pooled.out.len() == shape.pooled() && pooled.place.len() == shape.pooled());
    assert_eq!(out_ref.len(), shape.pooled());
    let mut twice = room();
    let found = Found {
        out_ref: &mut *out_ref,
        factor: &mut routes.factor,
        place: &mut routes.place,
        twice: &mut twice,
    };
    R::compare(shape, z, pooled, z_ref, found);
    for (at, _) in twice.iter().enumerate().filter(|(_, t)| **t > R::ZERO) {
        let place = pooled.place[at].wide() as u32;
        routes.also.push((at as u32, place));
    }
    routes
}

/// What [`pool_pair`] finds, `[windows, channels]`.
pub struct Found<'a, R> {
    /// The reference's maxima.
    pub(crate) out_ref: &'a mut [R],
    /// As in [`Routes`].
    pub(crate) factor: &'a mut [R],
    pub(crate) place: &'a mut [R],
    /// 1 where the multiplier goes to the sequence's maximum, too, though the reference's is
    /// larger: the convolution is the same there.
    pub(crate) twice: &'a mut [R],
}

/// As [`Real::compare`], number by number.
fn compare_plainly<R: Real>(
    shape: PoolShape,
    z: &[R],
    pooled: &Pooled<R>,
    z_ref: &[R],
    found: Found<'_, R>,
) {
    let none = R::of(NONE);
    for at in 0..shape.pooled() {
        let (window, channel) = (at / shape.channels, at % shape.channels);
        let start = window * shape.window * shape.channels + channel;
        let row = |number: usize| start + number * shape.channels;
        let (mut most, mut to) = (R::ZERO, 0);
        for number in 0..shape.window {
            let r = z_ref[row(number)];
            if r > most {
                (most, to) = (r, number);
            }
        }
        let own = pooled.place[at].wide() as usize;
        let out = pooled.out[at];
        let keep = out >= most;
        let place = if keep { own } else { to };
        let (there, there_ref) = (z[row(place)], z_ref[row(place)]);
        let difference = there - there_ref;
        let same = rectified(there) == rectified(there_ref);
        found.factor[at] = if same && difference.abs() < none {
            // Where nothing changes, the gradient of the sequence: it goes to its maximum alone.
            if keep && there > R::ZERO {
                R::ONE
            } else {
                R::ZERO
            }
        } else {
            (out - most) / difference
        };
        let twice = !keep && to != own && unchanged(z[row(own)], z_ref[row(own)]);
        found.twice[at] = if twice { R::ONE } else { R::ZERO };
        found.place[at] = R::of(place as f64);
        found.out_ref[at] = most;
    }
}

/// Whether a convolution above 0 is the same in sequence and reference.
#[inline(always)]
fn unchanged<R: Real>(own: R, own_ref: R) -> bool {
    let rounding = R::ROUNDING * (R::ONE + own.abs());
    ((own - own_ref).abs() <= rounding) & (own > R::ZERO)
}

#[inline(always)]
fn rectified<R: Real>(x: R) -> R {
    if x > R::ZERO { x } else { R::ZERO }
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
