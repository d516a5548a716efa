//! Gradients of a convolutional block.

use crate::buffer::Buffer;
use crate::gemm::{self, Left, Right, Rows};
use crate::lanes::{kernel, lanes};
use crate::norm::{self, Moments};
use crate::parallel::{self, Shared};
use crate::winograd::{self, POINTS, STEP};

use super::pointwise;
use super::transform::transform_filters_transposed;
use super::{ConvSaved, ConvShape, Pooled};

/// Gradients of a block.
#[derive(Debug)]
pub struct ConvGradients<'a> {
    /// `[filters, channels, kernel]`.
    pub weight: &'a mut [f32],
    /// `[filters]`.
    pub scale: &'a mut [f32],
    /// `[filters]`.
    pub shift: &'a mut [f32],
    /// `[batch, length, channels]`, if wanted.
    pub x: Option<&'a mut [f32]>,
}
/// Gradients of a block for the gradient `g` `[batch, pooled, filters]` of its output.
///
/// # Panics
/// If the arrays do not fit the shape.
pub fn conv_backward(
    saved: &ConvSaved,
    weight: &[f32],
    scale: &[f32],
    g: &[f32],
    gradients: ConvGradients<'_>,
) {
    let shape = saved.shape;
    let (d_scale, d_shift) =
        norm_gradients(shape.batch, &saved.moments, g, &saved.peak, &saved.top);
    let backward = saved.moments.gradient(scale, &d_scale, &d_shift);
    for (to, from) in [(gradients.scale, d_scale), (gradients.shift, d_shift)] {
        for (to, from) in to.iter_mut().zip(from) {
            *to = from as f32;
        }
    }

    if shape.kernel == 1 {
        // Scale and shift are done.
        return pointwise::backward(saved, &backward, weight, g, gradients.weight, gradients.x);
    }
    // Gradients of the products: a row per tile of the input; the rows between the tiles
    // of the output of two sequences, and before the first, are zero.
    let lead = shape.pieces() - 1;
    let rows = lead + shape.batch * shape.pitch();
    let plane = rows * shape.filters;
    let mut products = Buffer::any(POINTS * plane);
    for point in 0..POINTS {
        products[point * plane..point * plane + lead * shape.filters].fill(0.0);
        for sequence in 0..shape.batch {
            let end = point * plane + (lead + (sequence + 1) * shape.pitch()) * shape.filters;
            products[end - lead * shape.filters..end].fill(0.0);
        }
    }
    let transposed = gradients
        .x
        .is_some()
        .then(|| transform_filters_transposed(&shape, weight));
    {
        let products = Shared::new(&mut products);
        let sequence_out = shape.pooled() * shape.filters;
        let sequence_z = shape.convolved() * shape.filters;
        let sequence_x = shape.length * shape.channels;
        let dx = gradients.x.map(Shared::new);
        parallel::for_each(shape.groups(), |task| {
            let first = task * shape.group();
            let sequences = shape.group().min(shape.batch - first);
            for sequence in first..first + sequences {
                let row = lead + sequence * shape.pitch();
                let size = shape.tiles() * shape.filters;
                let out: [&mut [f32]; POINTS] = std::array::from_fn(|point| {
                    // SAFETY: tiles of different sequences and points do not overlap.
                    unsafe { products.part(point * plane + row * shape.filters, size) }
                });
                let (z, window) = (sequence * sequence_z, sequence * sequence_out);
                product_gradients(
                    &shape,
                    &backward,
                    &saved.convolved[z..z + sequence_z],
                    &g[window..window + sequence_out],
                    &saved.peak[window..window + sequence_out],
                    out,
                );
            }
            let (Some(dx), Some(filters)) = (&dx, &transposed) else {
                return;
            };
            let tiles = sequences * shape.pitch();
            let plane_v = tiles * shape.channels;
            let mut inputs = Buffer::any(POINTS * plane_v);
            for point in 0..POINTS {
                let from = point * plane + first * shape.pitch() * shape.filters;
                let size = (lead + tiles) * shape.filters;
                // SAFETY: a task reads the rows that it has written, and the zero rows
                // around them that no task writes.
                let values = unsafe { products.read(from, size) };
                gemm::multiply_here(
                    Rows::plain(tiles),
                    shape.channels,
                    shape.pieces() * shape.filters,
                    Left {
                        values,
                        row: shape.filters,
                        column: 1,
                    },
                    filters[point].right(),
                    &mut inputs[point * plane_v..(point + 1) * plane_v],
                    shape.channels,
                    false,
                );
            }
            for sequence in 0..sequences {
                // SAFETY: sequences do not overlap.
                let dx = unsafe { dx.part((first + sequence) * sequence_x, sequence_x) };
                input_gradients(&shape, &inputs, plane_v, sequence * shape.pitch(), dx);
            }
        });
    }
    weight_gradients(&shape, &saved.input, &products, gradients.weight);
}

/// Gradients of scale and shift of a block that ends in pooling.
pub(crate) fn norm_gradients(
    batch: usize,
    moments: &Moments,
    g: &[f32],
    peak: &[f32],
    top: &[f32],
) -> (Vec<f64>, Vec<f64>) {
    let filters = moments.mean.len();
    assert!(g.len() == peak.len() && g.len() == top.len());
    let sequence = g.len() / batch.max(1);
    let mut sums = Buffer::any(batch * filters);
    let mut products = Buffer::any(batch * filters);
    {
        let (sums, products) = (Shared::new(&mut sums), Shared::new(&mut products));
        parallel::for_each(batch, |index| {
            let window = index * sequence..(index + 1) * sequence;
            // SAFETY: one place per sequence.
            let (sum, product) = unsafe {
                (
                    sums.part(index * filters, filters),
                    products.part(index * filters, filters),
                )
            };
            norm::pool_sums(
                &g[window.clone()],
                &peak[window.clone()],
                &top[window],
                &moments.mean,
                sum,
                product,
            );
        });
    }
    let d_shift = norm::join_sums(&sums, filters);
    let mut d_scale = norm::join_sums(&products, filters);
    for (d, &inverse) in d_scale.iter_mut().zip(&moments.inverse) {
        *d *= f64::from(inverse);
    }
    (d_scale, d_shift)
}

kernel! {
    /// Gradients of the products of one sequence.
    fn product_gradients<'a>(
        simd;
        shape: &'a ConvShape,
        backward: &'a norm::Backward,
        z: &'a [f32],
        g: &'a [f32],
        peak: &'a [f32],
        out: [&'a mut [f32]; POINTS],
    ) {
        let mut out = out;
        let width = shape.filters;
        let pooled = Pooled::new(shape, g, peak);
        for tile in 0..shape.tiles() {
            // The convolution at a position, gradient and peak of its window, its place in
            // there, and whether it is before the end: beyond there is no gradient.
            let mut rows = [(&pooled.zeros[..], &pooled.zeros[..], &pooled.none[..], 0.0, 0.0); STEP];
            for (i, (z_row, g_row, peak_row, place, live)) in rows.iter_mut().enumerate() {
                let position = STEP * tile + i;
                (*g_row, *peak_row, *place) = pooled.at(position);
                if let Some(z) = z.get(position * width..(position + 1) * width) {
                    (*z_row, *live) = (z, 1.0);
                }
            }
            lanes(simd, width, #[inline(always)] |lane| {
                let factor = lane.load(&backward.factor);
                let slope = lane.load(&backward.slope);
                let constant = lane.load(&backward.constant);
                let zero = lane.splat(0.0);
                let mut d = [zero; STEP];
                for i in 0..STEP {
                    let (z, g, peak, place, live) = rows[i];
                    let at_peak = lane.load(peak).equal(lane.splat(place), lane.load(g), zero);
                    let all = lane.load(z).mul_add(slope, constant) * live;
                    d[i] = at_peak.mul_add(factor, all);
                }
                lane.store_all(&mut out, tile * width, winograd::output_transposed(d));
            });
        }
    }
}

/// Gradient of the input of one sequence from those of its transform.
fn input_gradients(shape: &ConvShape, inputs: &[f32], plane: usize, first: usize, dx: &mut [f32]) {
    let (channels, tiles) = (shape.channels, shape.pitch());
    let own = std::array::from_fn(|point| {
        let at = point * plane + first * channels;
        &inputs[at..at + tiles * channels]
    });
    transform_input_gradients(channels, own, dx);
}

kernel! {
    /// Adds up, position by position, what the tiles that cover it give.
    fn transform_input_gradients<'a>(simd; channels: usize, inputs: [&'a [f32]; POINTS], dx: &'a mut [f32]) {
        let tiles = inputs[0].len() / channels;
        lanes(simd, channels, #[inline(always)] |lane| {
            let zero = lane.splat(0.0);
            // The second half of the tile before.
            let mut carried = [zero; STEP];
            for tile in 0..=tiles {
                let d = if tile < tiles {
                    let v = lane.load_all(&inputs, tile * channels);
                    winograd::input_transposed(v)
                } else {
                    [zero; 6]
                };
                for i in 0..STEP {
                    let at = (STEP * tile + i) * channels;
                    if let Some(row) = dx.get_mut(at..at + channels) {
                        lane.store(row, carried[i] + d[i]);
                    }
                    carried[i] = d[STEP + i];
                }
            }
        });
    }
}

/// Gradient of the weights from transformed inputs and gradients of the products.
fn weight_gradients(shape: &ConvShape, input: &[f32], products: &[f32], dw: &mut [f32]) {
    let (channels, filters) = (shape.channels, shape.filters);
    let lead = shape.pieces() - 1;
    let tiles = shape.batch * shape.pitch();
    let plane_v = shape.input_tiles(shape.batch) * channels;
    let plane_m = (lead + tiles) * filters;
    let rows = shape.pieces() * channels;
    let plane_u = rows * filters;
    let mut transformed = Buffer::any(POINTS * plane_u);
    let chunk = rows.div_ceil(2).next_multiple_of(6);
    let chunks = rows.div_ceil(chunk);
    {
        let transformed = Shared::new(&mut transformed);
        parallel::for_each(POINTS * chunks, |task| {
            let (point, first) = (task / chunks, task % chunks * chunk);
            let count = chunk.min(rows - first);
            // SAFETY: tasks write different rows.
            let out =
                unsafe { transformed.part(point * plane_u + first * filters, count * filters) };
            gemm::multiply_here(
                Rows::plain(count),
                filters,
                tiles,
                Left {
                    values: &input[point * plane_v + first..(point + 1) * plane_v],
                    row: 1,
                    column: channels,
                },
                Right::Plain {
                    values: &products[point * plane_m + lead * filters..(point + 1) * plane_m],
                    stride: filters,
                },
                out,
                filters,
                false,
            );
        });
    }
    let dw = Shared::new(dw);
    const BLOCK: usize = 16;
    parallel::for_each(filters.div_ceil(BLOCK), |task| {
        let first = task * BLOCK;
        let block = BLOCK.min(filters - first);
        // SAFETY: blocks of filters do not overlap.
        let dw = unsafe {
            dw.part(
                first * channels * shape.kernel,
                block * channels * shape.kernel,
            )
        };
        let mut taps = [[0.0_f32; BLOCK]; 4];
        for row in 0..rows {
            let (piece, channel) = (row / channels, row % channels);
            let (tap, count) = winograd::piece(shape.kernel, piece);
            let own = std::array::from_fn(|point| {
                let at = point * plane_u + row * filters + first;
                &transformed[at..at + block]
            });
            transform_taps(block, own, taps.each_mut().map(|taps| &mut taps[..]));
            for o in 0..block {
                let at = (o * channels + channel) * shape.kernel + tap;
                for (out, taps) in dw[at..at + count].iter_mut().zip(&taps) {
                    *out = taps[o];
                }
            }
        }
    });
}

kernel! {
    /// Gradients of four taps from those of their transform.
    fn transform_taps<'a>(
        simd;
        count: usize,
        transformed: [&'a [f32]; POINTS],
        taps: [&'a mut [f32]; 4],
    ) {
        let mut taps = taps;
        lanes(simd, count, #[inline(always)] |lane| {
            let u = lane.load_all(&transformed, 0);
            lane.store_all(&mut taps, 0, winograd::filter_transposed(u));
        });
    }
}
