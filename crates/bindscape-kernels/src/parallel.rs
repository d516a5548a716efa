//! Work shared between the threads of the current pool.

use std::marker::PhantomData;

use std::sync::OnceLock;

use pulp::{Arch, NullaryFnOnce, WithSimd};
use rayon::prelude::*;

use crate::limit::{Vectors, limit};

/// Calls `work` with each of `0..tasks`, on the threads of the current pool.
///
/// What a task computes must depend on its number alone: then results do not
/// depend on the number of threads.
pub(crate) fn for_each(tasks: usize, work: impl Fn(usize) + Sync + Send) {
    if tasks <= 1 || rayon::current_num_threads() == 1 {
        (0..tasks).for_each(work);
    } else {
        (0..tasks).into_par_iter().with_max_len(1).for_each(work);
    }
}

/// What `work` makes of each of `0..tasks`, in order; see [`for_each`].
pub(crate) fn map<R: Send>(tasks: usize, work: impl Fn(usize) -> R + Sync + Send) -> Vec<R> {
    if tasks <= 1 || rayon::current_num_threads() == 1 {
        (0..tasks).map(work).collect()
    } else {
        (0..tasks)
            .into_par_iter()
            .with_max_len(1)
            .map(work)
            .collect()
    }
}

/// Runs `work` compiled for the widest vectors that this processor has and
/// [`limit_vectors`](crate::limit_vectors) allows. Closures
/// and functions that it calls must be `#[inline(always)]` to be compiled so, too.
#[inline(always)]
pub fn vectorized<R, W: FnOnce() -> R>(work: W) -> R {
    struct Once<W>(W);
    impl<R, W: FnOnce() -> R> NullaryFnOnce for Once<W> {
        type Output = R;
        #[inline(always)]
        fn call(self) -> R {
            (self.0)()
        }
    }
    arch().dispatch(Once(work))
}

/// Runs `work` with the vectors that this processor has.
#[inline(always)]
pub(crate) fn dispatch<W: WithSimd>(work: W) -> W::Output {
    arch().dispatch(work)
}

fn arch() -> Arch {
    static ARCH: OnceLock<Arch> = OnceLock::new();
    *ARCH.get_or_init(|| match limit() {
        Vectors::None => Arch::Scalar,
        #[cfg(target_arch = "x86_64")]
        Vectors::Avx2 => pulp::x86::V3::try_new().map_or(Arch::Scalar, Arch::V3),
        _ => Arch::new(),
    })
}

/// The vectors that kernels compute with on this processor.
#[must_use]
pub fn vectors() -> &'static str {
    match arch() {
        #[cfg(target_arch = "x86_64")]
        Arch::V4(_) => "AVX-512",
        #[cfg(target_arch = "x86_64")]
        Arch::V3(_) => "AVX2",
        #[cfg(target_arch = "aarch64")]
        Arch::Neon(_) => "NEON",
        _ => "none",
    }
}

/// An array that tasks write disjoint parts of.
#[derive(Clone, Copy)]
pub(crate) struct Shared<'a, T> {
    start: *mut T,
    len: usize,
    owner: PhantomData<&'a mut [T]>,
}

// SAFETY: a `Shared` only gives out slices through `part`, whose callers keep
// them disjoint between threads.
unsafe impl<T: Send> Send for Shared<'_, T> {}
// SAFETY: as above.
unsafe impl<T: Send> Sync for Shared<'_, T> {}

impl<'a, T> Shared<'a, T> {
    pub(crate) fn new(slice: &'a mut [T]) -> Self {
        Self {
            start: slice.as_mut_ptr(),
            len: slice.len(),
            owner: PhantomData,
        }
    }

    /// The numbers `from..from + len`.
    ///
    /// # Safety
    /// No two living parts may overlap.
    #[allow(clippy::mut_from_ref)]
    pub(crate) unsafe fn part(&self, from: usize, len: usize) -> &'a mut [T] {
        assert!(from + len <= self.len, "a part lies within its array");
        // SAFETY: within the array, and disjoint from other parts by contract.
        unsafe { std::slice::from_raw_parts_mut(self.start.add(from), len) }
    }

    /// The numbers `from..from + len`, to read.
    ///
    /// # Safety
    /// No living part may overlap them.
    pub(crate) unsafe fn read(&self, from: usize, len: usize) -> &'a [T] {
        assert!(from + len <= self.len, "a part lies within its array");
        // SAFETY: within the array, and not written by contract.
        unsafe { std::slice::from_raw_parts(self.start.add(from), len) }
    }

    /// The address of a number.
    pub(crate) fn at(&self, index: usize) -> *mut T {
        assert!(index < self.len, "an address lies within its array");
        self.start.wrapping_add(index)
    }

    /// Some columns of `rows` rows that lie `stride` apart.
    ///
    /// # Safety
    /// No living part may overlap them.
    pub(crate) unsafe fn columns(
        &self,
        from: usize,
        width: usize,
        stride: usize,
        rows: usize,
    ) -> Columns<'a, T> {
        assert!(rows == 0 || from + (rows - 1) * stride + width <= self.len);
        Columns {
            start: self.start.wrapping_add(from),
            width,
            stride,
            rows,
            owner: PhantomData,
        }
    }
}

/// See [`Shared::columns`].
pub(crate) struct Columns<'a, T> {
    start: *mut T,
    width: usize,
    stride: usize,
    rows: usize,
    owner: PhantomData<&'a mut [T]>,
}

impl<T> Columns<'_, T> {
    /// A row, as wide as the columns.
    #[inline(always)]
    pub(crate) fn row(&mut self, row: usize) -> &mut [T] {
        assert!(row < self.rows, "a row lies within its array");
        // SAFETY: within the array, checked by `columns`; the borrow is exclusive.
        unsafe {
            std::slice::from_raw_parts_mut(self.start.wrapping_add(row * self.stride), self.width)
        }
    }
}
