//! Scratch memory that outlives a step: what one call gives back, the next takes.
//!
//! A step of training needs some tens of megabytes of intermediate results. Fresh
//! pages from the system cost as much time as filling them, so buffers return
//! to a shelf when they are dropped.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Mutex;

/// One cache line.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([f32; LINE]);

/// Numbers in a [`Line`].
const LINE: usize = 16;

/// Shelved buffers that a process keeps at most.
const SHELF: usize = 128;

static FREE: Mutex<Vec<Vec<Line>>> = Mutex::new(Vec::new());

/// An array of `f32` that begins on a cache line.
pub struct Buffer {
    lines: Vec<Line>,
    len: usize,
}

impl Buffer {
    /// Alignment of the first number in bytes.
    pub const ALIGN: usize = align_of::<Line>();

    /// `len` numbers of any value: what a former owner left, or zero.
    #[must_use]
    pub fn any(len: usize) -> Self {
        let wanted = len.div_ceil(LINE);
        let found = {
            let mut free = FREE
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            free.iter()
                .enumerate()
                // The tightest fit that wastes less than half of itself.
                .filter(|(_, lines)| lines.len() >= wanted && lines.len() <= 2 * wanted + 64)
                .min_by_key(|(_, lines)| lines.len())
                .map(|(index, _)| index)
                .map(|index| free.swap_remove(index))
        };
        let lines = found.unwrap_or_else(|| vec![Line([0.0; LINE]); wanted]);
        Self { lines, len }
    }

    /// The first `len` numbers of `values`.
    ///
    /// # Panics
    /// If there are fewer.
    #[must_use]
    pub fn collect(len: usize, mut values: impl Iterator<Item = f32>) -> Self {
        let mut buffer = Self::any(len);
        for number in buffer.iter_mut() {
            *number = values.next().expect("as many numbers as asked for");
        }
        buffer
    }

    /// `len` zeros.
    #[must_use]
    pub fn zeros(len: usize) -> Self {
        let mut buffer = Self::any(len);
        buffer.fill(0.0);
        buffer
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let lines = std::mem::take(&mut self.lines);
        if lines.is_empty() {
            return;
        }
        let mut free = FREE
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if free.len() < SHELF {
            free.push(lines);
        }
    }
}

impl Deref for Buffer {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        // SAFETY: a line is sixteen `f32` without padding, and `len` never exceeds them.
        unsafe { std::slice::from_raw_parts(self.lines.as_ptr().cast(), self.len) }
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [f32] {
        // SAFETY: as in `deref`; the borrow is exclusive.
        unsafe { std::slice::from_raw_parts_mut(self.lines.as_mut_ptr().cast(), self.len) }
    }
}

impl fmt::Debug for Buffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Buffer({})", self.len)
    }
}
