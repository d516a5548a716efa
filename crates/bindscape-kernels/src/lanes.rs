//! Elementwise work on rows of numbers, a vector of the processor at a time.

use std::ops::{Add, Div, Mul, Sub};

use pulp::{MemMask, Simd};

/// What transforms compute with: a number, or a vector of them.
pub(crate) trait Number:
    Copy + Add<Output = Self> + Sub<Output = Self> + Mul<f32, Output = Self>
{
}

impl Number for f32 {}

/// A vector.
#[derive(Clone, Copy)]
pub(crate) struct Vector<S: Simd> {
    simd: S,
    value: S::f32s,
}

impl<S: Simd> Number for Vector<S> {}

impl<S: Simd> Add for Vector<S> {
    type Output = Self;
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self {
            value: self.simd.add_f32s(self.value, other.value),
            ..self
        }
    }
}

impl<S: Simd> Sub for Vector<S> {
    type Output = Self;
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        Self {
            value: self.simd.sub_f32s(self.value, other.value),
            ..self
        }
    }
}

impl<S: Simd> Mul<f32> for Vector<S> {
    type Output = Self;
    #[inline(always)]
    fn mul(self, factor: f32) -> Self {
        Self {
            value: self.simd.mul_f32s(self.value, self.simd.splat_f32s(factor)),
            ..self
        }
    }
}

impl<S: Simd> Div for Vector<S> {
    type Output = Self;
    #[inline(always)]
    fn div(self, other: Self) -> Self {
        Self {
            value: self.simd.div_f32s(self.value, other.value),
            ..self
        }
    }
}

impl<S: Simd> Vector<S> {
    #[inline(always)]
    pub(crate) fn splat(simd: S, number: f32) -> Self {
        Self {
            simd,
            value: simd.splat_f32s(number),
        }
    }

    /// `self * factor + summand`, rounded once.
    #[inline(always)]
    pub(crate) fn mul_add(self, factor: Self, summand: Self) -> Self {
        Self {
            value: self
                .simd
                .mul_add_f32s(self.value, factor.value, summand.value),
            ..self
        }
    }

    /// Where `self` is above `other`: `yes`, elsewhere `no`.
    #[inline(always)]
    pub(crate) fn above(self, other: Self, yes: Self, no: Self) -> Self {
        let mask = self.simd.greater_than_f32s(self.value, other.value);
        self.select(mask, yes, no)
    }

    /// Where `self` is `other`: `yes`, elsewhere `no`.
    #[inline(always)]
    pub(crate) fn equal(self, other: Self, yes: Self, no: Self) -> Self {
        let mask = self.simd.equal_f32s(self.value, other.value);
        self.select(mask, yes, no)
    }

    #[inline(always)]
    fn select(self, mask: S::m32s, yes: Self, no: Self) -> Self {
        Self {
            value: self.simd.select_f32s(mask, yes.value, no.value),
            ..self
        }
    }
}

/// Neighbouring columns of rows: as many as fit a vector, or the rest.
#[derive(Clone, Copy)]
pub(crate) struct Lane<S: Simd> {
    simd: S,
    at: usize,
    count: usize,
    full: bool,
}

impl<S: Simd> Lane<S> {
    /// The lane's numbers of a row.
    #[inline(always)]
    pub(crate) fn load(&self, row: &[f32]) -> Vector<S> {
        let own = &row[self.at..self.at + self.count];
        let value = if self.full {
            // SAFETY: `own` is as long as a vector.
            unsafe { own.as_ptr().cast::<S::f32s>().read_unaligned() }
        } else {
            // SAFETY: the mask keeps to `own`.
            unsafe { self.simd.mask_load_ptr_f32s(self.mask(), own.as_ptr()) }
        };
        Vector {
            simd: self.simd,
            value,
        }
    }

    #[inline(always)]
    pub(crate) fn store(&self, row: &mut [f32], vector: Vector<S>) {
        let own = &mut row[self.at..self.at + self.count];
        if self.full {
            // SAFETY: `own` is as long as a vector.
            unsafe {
                own.as_mut_ptr()
                    .cast::<S::f32s>()
                    .write_unaligned(vector.value);
            }
        } else {
            // SAFETY: the mask keeps to `own`.
            unsafe {
                self.simd
                    .mask_store_ptr_f32s(self.mask(), own.as_mut_ptr(), vector.value);
            }
        }
    }

    /// The lane's numbers in a vector. Made again so that loads and stores are
    /// single instructions.
    #[inline(always)]
    fn mask(&self) -> MemMask<S::m32s> {
        MemMask::new(self.simd.mask_between_m32s(0, self.count as u32).mask())
    }

    /// The lane's numbers of the rows that begin at `offset` in some arrays.
    #[inline(always)]
    pub(crate) fn load_all<const N: usize>(
        &self,
        arrays: &[&[f32]; N],
        offset: usize,
    ) -> [Vector<S>; N] {
        // Not `map`, which is not always inlined, and then runs without vectors.
        let mut vectors = [self.splat(0.0); N];
        for i in 0..N {
            vectors[i] = self.load(&arrays[i][offset..]);
        }
        vectors
    }

    #[inline(always)]
    pub(crate) fn store_all<const N: usize>(
        &self,
        arrays: &mut [&mut [f32]; N],
        offset: usize,
        vectors: [Vector<S>; N],
    ) {
        for i in 0..N {
            self.store(&mut arrays[i][offset..], vectors[i]);
        }
    }

    #[inline(always)]
    pub(crate) fn splat(&self, number: f32) -> Vector<S> {
        Vector::splat(self.simd, number)
    }
}

/// Calls `work` with lane after lane of rows of `width` numbers. Closures must be
/// `#[inline(always)]`.
#[inline(always)]
pub(crate) fn lanes<S: Simd>(simd: S, width: usize, mut work: impl FnMut(Lane<S>)) {
    let count = S::F32_LANES;
    let mut at = 0;
    while at + count <= width {
        work(Lane {
            simd,
            at,
            count,
            full: true,
        });
        at += count;
    }
    if at < width {
        work(Lane {
            simd,
            at,
            count: width - at,
            full: false,
        });
    }
}

/// A function whose body is compiled once per kind of vectors; `$simd` stands for the
/// given kind.
macro_rules! kernel {
    (
        $(#[$meta:meta])*
        $visibility:vis fn $name:ident<$life:lifetime>($simd:ident; $($argument:ident: $type:ty),* $(,)?) $body:block
    ) => {
        $(#[$meta])*
        #[allow(clippy::too_many_arguments)]
        $visibility fn $name<$life>($($argument: $type),*) {
            struct Kernel<$life> {
                $($argument: $type),*
            }
            impl<$life> pulp::WithSimd for Kernel<$life> {
                type Output = ();
                #[inline(always)]
                fn with_simd<S: pulp::Simd>(self, $simd: S) {
                    let Self { $($argument),* } = self;
                    $body
                }
            }
            $crate::parallel::dispatch(Kernel { $($argument),* });
        }
    };
}
pub(crate) use kernel;
