//! Transforms of filters, input and output, and the products between them.

use crate::buffer::Buffer;
use crate::gemm::{self, Left, Packed, Rows};
use crate::lanes::{kernel, lanes};
use crate::parallel::{self, Shared};
use crate::winograd::{self, POINTS, STEP};

use super::{ConvShape, TASK_ROWS};

/// The filters at each point, `[pieces * channels, filters]`.
pub(super) fn transform_filters(shape: &ConvShape, weight: &[f32]) -> [Packed; POINTS] {
    let rows = shape.pieces() * shape.channels;
    transform(rows, shape.filters, weight, |row| {
        let (first, taps) = winograd::piece(shape.kernel, row / shape.channels);
        Taps {
            first: row % shape.channels * shape.kernel + first,
            stride: shape.channels * shape.kernel,
            taps,
        }
    })
}

/// The filters at each point, `[pieces * filters, channels]`, the last piece first.
pub(super) fn transform_filters_transposed(shape: &ConvShape, weight: &[f32]) -> [Packed; POINTS] {
    let rows = shape.pieces() * shape.filters;
    transform(rows, shape.channels, weight, |row| {
        let piece = shape.pieces() - 1 - row / shape.filters;
        let (first, taps) = winograd::piece(shape.kernel, piece);
        Taps {
            first: row % shape.filters * shape.channels * shape.kernel + first,
            stride: shape.kernel,
            taps,
        }
    })
}

/// Where the taps of a row of transformed filters lie: those of its columns `stride` apart.
struct Taps {
    first: usize,
    stride: usize,
    taps: usize,
}

/// Most columns of a panel.
const WIDTH: usize = 64;

fn transform(
    rows: usize,
    columns: usize,
    weight: &[f32],
    taps: impl Fn(usize) -> Taps + Sync,
) -> [Packed; POINTS] {
    let mut packed: [Packed; POINTS] = std::array::from_fn(|_| Packed::any(rows, columns));
    let shared: Vec<Shared<'_, f32>> = packed.iter_mut().map(Packed::shared).collect();
    let lanes = gemm::lanes();
    let panels: Vec<gemm::Panel> = gemm::panels(columns, lanes).collect();
    let tasks = panels.len() * rows.div_ceil(TASK_ROWS);
    parallel::for_each(tasks, |task| {
        let panel = panels[task % panels.len()];
        let width = panel.vectors * lanes;
        let valid = width.min(columns - panel.first);
        let first = task / panels.len() * TASK_ROWS;
        // Columns and taps that are not there stay zero.
        let mut gathered = [[0.0_f32; WIDTH]; 4];
        for row in first..(first + TASK_ROWS).min(rows) {
            let own = taps(row);
            let from = own.first + panel.first * own.stride;
            match own.taps {
                4 => gather::<4>(&mut gathered, weight, from, own.stride, valid),
                3 => gather::<3>(&mut gathered, weight, from, own.stride, valid),
                2 => gather::<2>(&mut gathered, weight, from, own.stride, valid),
                _ => gather::<1>(&mut gathered, weight, from, own.stride, valid),
            }
            let out: [&mut [f32]; POINTS] = std::array::from_fn(|point| {
                // SAFETY: rows of panels do not overlap.
                unsafe { shared[point].part(panel.first * rows + row * width, width) }
            });
            transform_row(width, gathered.each_ref().map(|taps| &taps[..]), out);
        }
    });
    drop(shared);
    packed
}

/// Sorts the first `TAPS` taps of some columns by tap; further ones are zero.
fn gather<const TAPS: usize>(
    gathered: &mut [[f32; WIDTH]; 4],
    weight: &[f32],
    from: usize,
    stride: usize,
    columns: usize,
) {
    for j in 0..columns {
        let at = from + j * stride;
        let own = &weight[at..at + TAPS];
        for tap in 0..TAPS {
            gathered[tap][j] = own[tap];
        }
    }
    for taps in &mut gathered[TAPS..] {
        taps.fill(0.0);
    }
}

kernel! {
    /// Transforms four taps of some columns.
    fn transform_row<'a>(
        simd;
        width: usize,
        taps: [&'a [f32]; 4],
        out: [&'a mut [f32]; POINTS],
    ) {
        let mut out = out;
        lanes(simd, width, #[inline(always)] |lane| {
            let u = winograd::filter(lane.load_all(&taps, 0));
            lane.store_all(&mut out, 0, u);
        });
    }
}

/// Transforms the input of `sequences` from `first` on; their tiles begin at tile
/// `from` of `input`, whose points are `tiles` tiles long.
pub(super) fn transform_input(
    shape: &ConvShape,
    x: &[f32],
    first: usize,
    sequences: usize,
    input: &Shared<'_, f32>,
    from: usize,
    tiles: usize,
) {
    let channels = shape.channels;
    for sequence in 0..sequences {
        let at = (first + sequence) * shape.length * channels;
        let x = &x[at..at + shape.length * channels];
        let pitch = shape.pitch();
        let out: [&mut [f32]; POINTS] = std::array::from_fn(|point| {
            let start = (point * tiles + from + sequence * pitch) * channels;
            // SAFETY: sequences and points do not overlap.
            unsafe { input.part(start, pitch * channels) }
        });
        transform_sequence(channels, pitch, x, out);
    }
}

kernel! {
    /// Transforms the input of one sequence, tile by tile; beyond its end there are zeros.
    fn transform_sequence<'a>(
        simd;
        channels: usize,
        tiles: usize,
        x: &'a [f32],
        out: [&'a mut [f32]; POINTS],
    ) {
        let mut out = out;
        let zeros = vec![0.0_f32; channels];
        for tile in 0..tiles {
            let mut rows = [&zeros[..]; POINTS];
            for (i, row) in rows.iter_mut().enumerate() {
                let at = (STEP * tile + i) * channels;
                if let Some(x) = x.get(at..at + channels) {
                    *row = x;
                }
            }
            lanes(simd, channels, #[inline(always)] |lane| {
                let v = winograd::input(lane.load_all(&rows, 0));
                lane.store_all(&mut out, tile * channels, v);
            });
        }
    }
}

/// The convolution `z` `[sequences][position][filter]` of inputs, transformed at each point.
pub(super) fn convolve(
    shape: &ConvShape,
    sequences: usize,
    input: [&[f32]; POINTS],
    filters: &[Packed; POINTS],
    z: &mut [f32],
) {
    let (count, width) = (shape.tiles(), shape.filters);
    let plane = sequences * count * width;
    let mut products = Buffer::any(POINTS * plane);
    // Without overlap the sequences are one run of rows.
    let rows = if shape.pieces() == 1 {
        Rows::plain(sequences * count)
    } else {
        Rows {
            segments: sequences,
            rows: count,
            stride: shape.pitch() * shape.channels,
        }
    };
    for point in 0..POINTS {
        gemm::multiply_here(
            rows,
            width,
            shape.pieces() * shape.channels,
            Left {
                values: input[point],
                row: shape.channels,
                column: 1,
            },
            filters[point].right(),
            &mut products[point * plane..(point + 1) * plane],
            width,
            false,
        );
    }
    for (sequence, z) in z.chunks_exact_mut(shape.convolved() * width).enumerate() {
        let own = std::array::from_fn(|point| {
            let at = point * plane + sequence * count * width;
            &products[at..at + count * width]
        });
        transform_output(width, own, z);
    }
}

kernel! {
    /// The convolution of one sequence from its products.
    fn transform_output<'a>(simd; width: usize, products: [&'a [f32]; POINTS], z: &'a mut [f32]) {
        for (tile, z) in z.chunks_mut(STEP * width).enumerate() {
            lanes(simd, width, #[inline(always)] |lane| {
                let y = winograd::output(lane.load_all(&products, tile * width));
                // The last tile may reach beyond the end.
                for (i, z) in z.chunks_exact_mut(width).enumerate() {
                    lane.store(z, y[i]);
                }
            });
        }
    }
}
