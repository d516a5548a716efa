//! Matrix products in `f32`: a left factor read where it lies, a right factor in
//! panels of a few vectors, six rows of the product held in registers.
//!
//! An element of the product is the sum over `k` in increasing order by fused
//! multiply-add, in blocks of [`DEPTH`]: it does not depend on how rows and
//! columns are shared between threads, nor on the width of the vectors.

use pulp::{MemMask, Simd, WithSimd};

use crate::buffer::Buffer;
use crate::parallel::{self, Shared};

/// Rows of the product in registers.
const ROWS: usize = 6;
/// Most vectors of the product's columns in registers, where there are 32.
const VECTORS: usize = 4;
/// Terms of a sum between two visits to the product in memory.
const DEPTH: usize = 512;
/// Rows of the product per task.
const TASK_ROWS: usize = 96;

/// A left factor of `m x k`: element `(i, k)` lies at `i * row + k * column`.
/// Rows may overlap: a convolution reads its windows where they lie.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Left<'a> {
    pub(crate) values: &'a [f32],
    pub(crate) row: usize,
    pub(crate) column: usize,
}

/// A right factor of `k x n`.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Right<'a> {
    /// Rows lie `stride` apart.
    Plain { values: &'a [f32], stride: usize },
    /// Written by [`Packed`].
    Packed(&'a [f32]),
}

/// Panels of columns, each `k` rows long, the last filled up with zeros.
#[derive(Debug)]
pub(crate) struct Packed {
    values: Buffer,
}

impl Packed {
    /// Numbers that a packed `k x n` factor takes.
    pub(crate) fn len(k: usize, n: usize) -> usize {
        k * n.next_multiple_of(lanes())
    }

    /// Packs the `k x n` matrix whose element `(i, j)` lies at `i * row + j * column`.
    pub(crate) fn new(values: &[f32], k: usize, n: usize, row: usize, column: usize) -> Self {
        let mut packed = Buffer::any(Self::len(k, n));
        let shared = Shared::new(&mut packed);
        let panels: Vec<Panel> = panels(n, lanes()).collect();
        let slices = k.div_ceil(DEPTH);
        parallel::for_each(panels.len() * slices, |task| {
            let panel = panels[task / slices];
            let width = panel.vectors * lanes();
            let first = task % slices * DEPTH;
            let rows = DEPTH.min(k - first);
            // SAFETY: panels, and slices of one, do not overlap.
            let out = unsafe { shared.part(panel.first * k + first * width, rows * width) };
            pack_rows(out, values, first, width, panel.first, n, row, column);
        });
        Self { values: packed }
    }

    /// Space for a `k x n` factor, to be filled through [`Packed::shared`].
    pub(crate) fn any(k: usize, n: usize) -> Self {
        Self {
            values: Buffer::any(Self::len(k, n)),
        }
    }

    /// Row `i` of a panel begins at `panel.first * k + i * width`, and is `width`
    /// numbers long, its vectors times their lanes.
    pub(crate) fn shared(&mut self) -> Shared<'_, f32> {
        Shared::new(&mut self.values)
    }

    pub(crate) fn right(&self) -> Right<'_> {
        Right::Packed(&self.values)
    }
}

#[allow(clippy::too_many_arguments)]
fn pack_rows(
    out: &mut [f32],
    values: &[f32],
    first: usize,
    width: usize,
    column_start: usize,
    n: usize,
    row: usize,
    column: usize,
) {
    let valid = width.min(n - column_start);
    for (i, out) in out.chunks_exact_mut(width).enumerate() {
        let from = (first + i) * row + column_start * column;
        if column == 1 {
            out[..valid].copy_from_slice(&values[from..from + valid]);
        } else {
            for (j, out) in out[..valid].iter_mut().enumerate() {
                *out = values[from + j * column];
            }
        }
        out[valid..].fill(0.0);
    }
}

/// Neighbouring columns that are computed together.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Panel {
    pub(crate) first: usize,
    pub(crate) vectors: usize,
}

/// Splits `n` columns into panels of at most [`VECTORS`] vectors, of even widths.
pub(crate) fn panels(n: usize, lanes: usize) -> impl Iterator<Item = Panel> {
    let vectors = n.div_ceil(lanes);
    let most = most_vectors();
    let count = vectors.div_ceil(most).max(1);
    (0..count).map(move |panel| {
        let from = panel * vectors / count;
        let to = (panel + 1) * vectors / count;
        Panel {
            first: from * lanes,
            vectors: to - from,
        }
    })
}

/// Numbers in a vector of this processor.
pub(crate) fn lanes() -> usize {
    shape().0
}

fn most_vectors() -> usize {
    shape().1
}

/// Numbers per vector, and vectors of the product's columns that fit the registers.
fn shape() -> (usize, usize) {
    struct Shape;
    impl WithSimd for Shape {
        type Output = (usize, usize);
        #[inline(always)]
        fn with_simd<S: Simd>(self, _: S) -> (usize, usize) {
            (
                S::F32_LANES,
                if S::REGISTER_COUNT >= 32 { VECTORS } else { 2 },
            )
        }
    }
    static SHAPE: std::sync::OnceLock<(usize, usize)> = std::sync::OnceLock::new();
    *SHAPE.get_or_init(|| parallel::dispatch(Shape))
}

/// Rows of a product: `segments` runs of `rows` rows. The left factor of a
/// segment begins `stride` numbers after the one before; the product has no gaps.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rows {
    pub(crate) segments: usize,
    pub(crate) rows: usize,
    pub(crate) stride: usize,
}

impl Rows {
    pub(crate) fn plain(rows: usize) -> Self {
        Self {
            segments: 1,
            rows,
            stride: 0,
        }
    }
}

/// `c = a b`, or `c += a b`: `c` is `m x n`, its rows `stride` apart. On the
/// threads of the current pool.
#[allow(clippy::too_many_arguments)]
pub(crate) fn multiply(
    m: usize,
    n: usize,
    k: usize,
    a: Left<'_>,
    b: Right<'_>,
    c: &mut [f32],
    stride: usize,
    add: bool,
) {
    let rows = Rows::plain(m);
    let product = Product::new(rows, n, k, a, b, c, stride, add);
    let Some(product) = product else { return };
    let columns: Vec<Panel> = panels(n, lanes()).collect();
    // Panels that one task takes: with few rows the columns are shared out, too.
    let row_tasks = m.div_ceil(TASK_ROWS);
    let width = if row_tasks >= 8 { columns.len() } else { 2 };
    let column_tasks = columns.len().div_ceil(width);
    let height = m.div_ceil(row_tasks).next_multiple_of(ROWS);
    parallel::for_each(row_tasks * column_tasks, |task| {
        let first = task / column_tasks * height;
        let panels =
            task % column_tasks * width..columns.len().min((task % column_tasks + 1) * width);
        if first < m {
            parallel::dispatch(product.part(first, height.min(m - first), panels));
        }
    });
}

/// As [`multiply`], on this thread.
#[allow(clippy::too_many_arguments)]
pub(crate) fn multiply_here(
    rows: Rows,
    n: usize,
    k: usize,
    a: Left<'_>,
    b: Right<'_>,
    c: &mut [f32],
    stride: usize,
    add: bool,
) {
    if let Some(product) = Product::new(rows, n, k, a, b, c, stride, add) {
        parallel::dispatch(product);
    }
}

/// A product to compute, its addresses checked.
#[derive(Clone)]
struct Product<'a> {
    rows: Rows,
    n: usize,
    k: usize,
    a: Left<'a>,
    b: Right<'a>,
    c: Shared<'a, f32>,
    /// Rows of the product before the first one computed.
    first: usize,
    stride: usize,
    add: bool,
    panels: std::ops::Range<usize>,
}

impl<'a> Product<'a> {
    /// `None` if there is nothing to compute.
    #[allow(clippy::too_many_arguments)]
    fn new(
        rows: Rows,
        n: usize,
        k: usize,
        a: Left<'a>,
        b: Right<'a>,
        c: &'a mut [f32],
        stride: usize,
        add: bool,
    ) -> Option<Self> {
        let m = rows.segments * rows.rows;
        if m == 0 || n == 0 {
            return None;
        }
        assert!(k > 0 && stride >= n && c.len() >= (m - 1) * stride + n);
        let last = (rows.segments - 1) * rows.stride + (rows.rows - 1) * a.row + (k - 1) * a.column;
        assert!(
            last < a.values.len(),
            "the left factor lies within its array"
        );
        match b {
            Right::Plain { values, stride } => {
                assert!(stride >= n && values.len() >= (k - 1) * stride + n);
            }
            Right::Packed(values) => assert!(values.len() >= Packed::len(k, n)),
        }
        Some(Self {
            rows,
            n,
            k,
            a,
            b,
            c: Shared::new(c),
            first: 0,
            stride,
            add,
            panels: 0..usize::MAX,
        })
    }

    /// Some rows and panels of a product of a single segment.
    fn part(&self, first: usize, rows: usize, panels: std::ops::Range<usize>) -> Self {
        Self {
            rows: Rows::plain(rows),
            a: Left {
                values: &self.a.values[first * self.a.row..],
                ..self.a
            },
            first,
            panels,
            ..self.clone()
        }
    }
}

impl WithSimd for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let lanes = S::F32_LANES;
        let mut done = 0;
        while done < self.k {
            let depth = DEPTH.min(self.k - done);
            let add = self.add || done > 0;
            for (number, panel) in panels(self.n, lanes).enumerate() {
                if !self.panels.contains(&number) {
                    continue;
                }
                let width = panel.vectors * lanes;
                let (b, ldb) = match self.b {
                    Right::Plain { values, stride } => {
                        (&values[done * stride + panel.first..], stride)
                    }
                    Right::Packed(values) => {
                        (&values[panel.first * self.k + done * width..], width)
                    }
                };
                let valid = width.min(self.n - panel.first);
                let tile = Tile {
                    depth,
                    a_row: self.a.row,
                    a_column: self.a.column,
                    b: b.as_ptr(),
                    ldb,
                    ldc: self.stride,
                    add,
                    mask: valid - (panel.vectors - 1) * lanes,
                };
                for segment in 0..self.rows.segments {
                    let a = &self.a.values[segment * self.rows.stride + done * self.a.column..];
                    let mut row = 0;
                    while row < self.rows.rows {
                        let height = ROWS.min(self.rows.rows - row);
                        let a = a[row * self.a.row..].as_ptr();
                        let first = self.first + segment * self.rows.rows + row;
                        // SAFETY: `new` has checked that both factors and the product hold
                        // the rows, columns and terms asked for; parts that run at the
                        // same time write different elements.
                        unsafe {
                            let c = self.c.at(first * self.stride + panel.first);
                            tile.height(simd, height, panel.vectors, a, c);
                        }
                        row += height;
                    }
                }
            }
            done += depth;
        }
    }
}

/// What all tiles of a panel have in common.
#[derive(Clone, Copy)]
struct Tile {
    depth: usize,
    a_row: usize,
    a_column: usize,
    b: *const f32,
    ldb: usize,
    ldc: usize,
    add: bool,
    /// Numbers of the last vector that count.
    mask: usize,
}

impl Tile {
    #[inline(always)]
    unsafe fn height<S: Simd>(
        &self,
        simd: S,
        height: usize,
        vectors: usize,
        a: *const f32,
        c: *mut f32,
    ) {
        // SAFETY: passed on.
        unsafe {
            match height {
                6 => self.width::<S, 6>(simd, vectors, a, c),
                5 => self.width::<S, 5>(simd, vectors, a, c),
                4 => self.width::<S, 4>(simd, vectors, a, c),
                3 => self.width::<S, 3>(simd, vectors, a, c),
                2 => self.width::<S, 2>(simd, vectors, a, c),
                _ => self.width::<S, 1>(simd, vectors, a, c),
            }
        }
    }

    #[inline(always)]
    unsafe fn width<S: Simd, const M: usize>(
        &self,
        simd: S,
        vectors: usize,
        a: *const f32,
        c: *mut f32,
    ) {
        // SAFETY: passed on.
        unsafe {
            if self.mask == S::F32_LANES {
                match vectors {
                    4 => self.run::<S, M, 4, false>(simd, a, c),
                    3 => self.run::<S, M, 3, false>(simd, a, c),
                    2 => self.run::<S, M, 2, false>(simd, a, c),
                    _ => self.run::<S, M, 1, false>(simd, a, c),
                }
            } else {
                match vectors {
                    4 => self.run::<S, M, 4, true>(simd, a, c),
                    3 => self.run::<S, M, 3, true>(simd, a, c),
                    2 => self.run::<S, M, 2, true>(simd, a, c),
                    _ => self.run::<S, M, 1, true>(simd, a, c),
                }
            }
        }
    }

    /// `M` rows by `N` vectors of the product.
    #[inline(always)]
    unsafe fn run<S: Simd, const M: usize, const N: usize, const TAIL: bool>(
        &self,
        simd: S,
        a: *const f32,
        c: *mut f32,
    ) {
        let lanes = S::F32_LANES;
        // Made again so that loads and stores are single instructions.
        let mask = MemMask::new(simd.mask_between_m32s(0, self.mask as u32).mask());
        // SAFETY: the addresses below are within the arrays that `multiply_here`
        // checked; of the last vector only `mask` numbers are touched.
        unsafe {
            let load = |from: *const f32, vector: usize| {
                let from = from.add(vector * lanes);
                if TAIL && vector == N - 1 {
                    simd.mask_load_ptr_f32s(mask, from)
                } else {
                    from.cast::<S::f32s>().read_unaligned()
                }
            };
            let mut sums = [[simd.splat_f32s(0.0); N]; M];
            let (mut left, mut right) = (a, self.b);
            for _ in 0..self.depth {
                let mut columns = [simd.splat_f32s(0.0); N];
                for (vector, column) in columns.iter_mut().enumerate() {
                    *column = load(right, vector);
                }
                for (row, sums) in sums.iter_mut().enumerate() {
                    let factor = simd.splat_f32s(*left.add(row * self.a_row));
                    for (sum, &column) in sums.iter_mut().zip(&columns) {
                        *sum = simd.mul_add_f32s(factor, column, *sum);
                    }
                }
                left = left.wrapping_add(self.a_column);
                right = right.wrapping_add(self.ldb);
            }
            for (row, sums) in sums.iter().enumerate() {
                let out = c.add(row * self.ldc);
                for (vector, &sum) in sums.iter().enumerate() {
                    let sum = if self.add {
                        simd.add_f32s(load(out, vector), sum)
                    } else {
                        sum
                    };
                    let out = out.add(vector * lanes);
                    if TAIL && vector == N - 1 {
                        simd.mask_store_ptr_f32s(mask, out, sum);
                    } else {
                        out.cast::<S::f32s>().write_unaligned(sum);
                    }
                }
            }
        }
    }
}
