//! Convolution, batch normalisation, ReLU and max-pooling, forward and backward.
//!
//! Arrays are channels-last. The convolution (stride 1, no padding) runs on the
//! transforms of [`winograd`]; groups of sequences pass through all stages
//! while they are in the cache.

use crate::buffer::Buffer;
use crate::gemm::{self, Left, Packed, Right, Rows};
use crate::lanes::{kernel, lanes};
use crate::norm::{self, Affine, Moments, Norm, Statistics};
use crate::parallel::{self, Shared};
use crate::winograd::{self, POINTS, STEP};

/// Rows of products that a task computes at a time.
const TASK_ROWS: usize = 96;

/// Sizes of a convolutional block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConvShape {
    /// Sequences.
    pub batch: usize,
    /// Positions of a sequence.
    pub length: usize,
    /// Channels of a position.
    pub channels: usize,
    /// Filters.
    pub filters: usize,
    /// Taps of a filter.
    pub kernel: usize,
    /// Window and stride of the pooling.
    pub pool: usize,
}

impl ConvShape {
    /// Positions of the convolution.
    #[must_use]
    pub fn convolved(&self) -> usize {
        self.length + 1 - self.kernel
    }

    /// Positions after pooling; a remainder is dropped.
    #[must_use]
    pub fn pooled(&self) -> usize {
        self.convolved() / self.pool
    }

    pub(crate) fn check(&self, x: &[f32], weight: &[f32], norm: &Norm<'_>) {
        assert!(self.kernel > 0 && self.kernel <= self.length && self.pool > 0);
        assert_eq!(x.len(), self.batch * self.length * self.channels);
        assert_eq!(weight.len(), self.filters * self.channels * self.kernel);
        assert!(norm.scale.len() == self.filters && norm.shift.len() == self.filters);
    }

    /// Tiles of the output of a sequence.
    fn tiles(&self) -> usize {
        self.convolved().div_ceil(STEP)
    }

    fn pieces(&self) -> usize {
        winograd::pieces(self.kernel)
    }

    /// Tiles of the input of a sequence.
    fn pitch(&self) -> usize {
        self.tiles() + self.pieces() - 1
    }

    /// Sequences of a task.
    fn group(&self) -> usize {
        (TASK_ROWS / self.tiles()).max(1)
    }

    fn groups(&self) -> usize {
        self.batch.div_ceil(self.group())
    }

    /// Tiles of the input that a task reads for `sequences`: overlapping rows
    /// of the last sequence reach beyond its own.
    fn input_tiles(&self, sequences: usize) -> usize {
        sequences * self.pitch() + self.pieces() - 1
    }
}

/// What the backward pass needs of a forward pass.
#[derive(Debug)]
pub struct ConvSaved {
    shape: ConvShape,
    /// Transformed input, `[point][tile][channel]`.
    input: Buffer,
    /// The convolution, `[batch][position][filter]`.
    convolved: Buffer,
    /// See [`norm::pool`].
    peak: Buffer,
    top: Buffer,
    moments: Moments,
}

impl ConvSaved {
    /// What the pass normalised by.
    #[must_use]
    pub fn moments(&self) -> &Moments {
        &self.moments
    }
}

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

/// The block without a record for the backward pass: `x` `[batch, length, channels]`,
/// `weight` `[filters, channels, kernel]`, `out` `[batch, pooled, filters]`.
///
/// # Panics
/// If the arrays do not fit the shape, or the statistics are those of the batch.
pub fn conv_predict(shape: ConvShape, x: &[f32], weight: &[f32], norm: &Norm<'_>, out: &mut [f32]) {
    shape.check(x, weight, norm);
    let moments = Moments::fixed(norm, 0).expect("a prediction has no batch to normalise by");
    let affine = moments.affine(norm.scale, norm.shift);
    let filters = transform_filters(&shape, weight);
    let sequence_out = shape.pooled() * shape.filters;
    assert_eq!(out.len(), shape.batch * sequence_out);
    let out = Shared::new(out);
    parallel::for_each(shape.groups(), |task| {
        let first = task * shape.group();
        let sequences = shape.group().min(shape.batch - first);
        let mut input = Buffer::any(POINTS * shape.input_tiles(sequences) * shape.channels);
        let tiles = shape.input_tiles(sequences);
        {
            let input = Shared::new(&mut input);
            transform_input(&shape, x, first, sequences, &input, 0, tiles);
        }
        let mut z = Buffer::any(sequences * shape.convolved() * shape.filters);
        let planes = std::array::from_fn(|point| {
            &input[point * tiles * shape.channels..(point + 1) * tiles * shape.channels]
        });
        convolve(&shape, sequences, planes, &filters, &mut z);
        for sequence in 0..sequences {
            // SAFETY: sequences do not overlap.
            let out = unsafe { out.part((first + sequence) * sequence_out, sequence_out) };
            pool_sequence(&shape, &z, sequence, &affine, out, None);
        }
    });
}

/// The block, and what its backward pass needs. Shapes as in [`conv_predict`].
///
/// # Panics
/// If the arrays do not fit the shape.
pub fn conv_forward(
    shape: ConvShape,
    x: &[f32],
    weight: &[f32],
    norm: &Norm<'_>,
    out: &mut [f32],
) -> ConvSaved {
    shape.check(x, weight, norm);
    let filters = transform_filters(&shape, weight);
    let tiles = shape.input_tiles(shape.batch);
    let mut input = Buffer::any(POINTS * tiles * shape.channels);
    // Rows that reach beyond the last sequence meet zero gradients: they must be finite.
    for point in 0..POINTS {
        let end = (point + 1) * tiles * shape.channels;
        input[end - (shape.pieces() - 1) * shape.channels..end].fill(0.0);
    }
    let sequence_z = shape.convolved() * shape.filters;
    let mut convolved = Buffer::any(shape.batch * sequence_z);
    let mut means = Buffer::any(shape.batch * shape.filters);
    let mut squares = Buffer::any(shape.batch * shape.filters);
    let batch_statistics = matches!(norm.statistics, Statistics::Batch);
    {
        let input = Shared::new(&mut input);
        let convolved = Shared::new(&mut convolved);
        let (means, squares) = (Shared::new(&mut means), Shared::new(&mut squares));
        parallel::for_each(shape.groups(), |task| {
            let first = task * shape.group();
            let sequences = shape.group().min(shape.batch - first);
            let from = first * shape.pitch();
            transform_input(&shape, x, first, sequences, &input, from, tiles);
            // SAFETY: tasks write different sequences, and read what they have written.
            let z = unsafe { convolved.part(first * sequence_z, sequences * sequence_z) };
            let planes = std::array::from_fn(|point| {
                let start = (point * tiles + from) * shape.channels;
                // SAFETY: as above.
                unsafe { input.read(start, sequences * shape.pitch() * shape.channels) }
            });
            convolve(&shape, sequences, planes, &filters, z);
            if batch_statistics {
                for (sequence, z) in z.chunks_exact(sequence_z).enumerate() {
                    let at = (first + sequence) * shape.filters;
                    // SAFETY: one place per sequence.
                    let mean = unsafe { means.part(at, shape.filters) };
                    let squares = unsafe { squares.part(at, shape.filters) };
                    norm::column_moments(z, mean, squares);
                }
            }
        });
    }
    let rows = shape.batch * shape.convolved();
    let moments = Moments::fixed(norm, rows).unwrap_or_else(|| {
        let (mean, var) = norm::join_moments(&means, &squares, shape.filters, shape.convolved());
        Moments::of_batch(&mean, &var, rows)
    });
    let affine = moments.affine(norm.scale, norm.shift);
    let sequence_out = shape.pooled() * shape.filters;
    assert_eq!(out.len(), shape.batch * sequence_out);
    let mut peak = Buffer::any(out.len());
    let mut top = Buffer::any(out.len());
    {
        let (out, peak, top) = (
            Shared::new(out),
            Shared::new(&mut peak),
            Shared::new(&mut top),
        );
        parallel::for_each(shape.batch, |sequence| {
            let at = sequence * sequence_out;
            // SAFETY: sequences do not overlap.
            let (out, peak, top) = unsafe {
                (
                    out.part(at, sequence_out),
                    peak.part(at, sequence_out),
                    top.part(at, sequence_out),
                )
            };
            pool_sequence(
                &shape,
                &convolved,
                sequence,
                &affine,
                out,
                Some((peak, top)),
            );
        });
    }
    ConvSaved {
        shape,
        input,
        convolved,
        peak,
        top,
        moments,
    }
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

fn pool_sequence(
    shape: &ConvShape,
    z: &[f32],
    sequence: usize,
    affine: &Affine,
    out: &mut [f32],
    record: Option<(&mut [f32], &mut [f32])>,
) {
    let size = shape.convolved() * shape.filters;
    let used = shape.pooled() * shape.pool * shape.filters;
    let z = &z[sequence * size..sequence * size + used];
    norm::pool(z, affine, shape.pool, out, record);
}

/// The filters at each point, `[pieces * channels, filters]`.
fn transform_filters(shape: &ConvShape, weight: &[f32]) -> [Packed; POINTS] {
    let rows = shape.pieces() * shape.channels;
    transform(shape, rows, shape.filters, |row, filter| {
        let (piece, channel) = (row / shape.channels, row % shape.channels);
        taps(shape, weight, piece, channel, filter)
    })
}

/// The filters at each point, `[pieces * filters, channels]`, the last piece first.
fn transform_filters_transposed(shape: &ConvShape, weight: &[f32]) -> [Packed; POINTS] {
    let rows = shape.pieces() * shape.filters;
    transform(shape, rows, shape.channels, |row, channel| {
        let piece = shape.pieces() - 1 - row / shape.filters;
        taps(shape, weight, piece, channel, row % shape.filters)
    })
}

#[inline(always)]
fn taps(
    shape: &ConvShape,
    weight: &[f32],
    piece: usize,
    channel: usize,
    filter: usize,
) -> [f32; 4] {
    let (first, taps) = winograd::piece(shape.kernel, piece);
    let from = (filter * shape.channels + channel) * shape.kernel + first;
    let mut w = [0.0; 4];
    w[..taps].copy_from_slice(&weight[from..from + taps]);
    w
}

fn transform(
    shape: &ConvShape,
    rows: usize,
    columns: usize,
    taps: impl Fn(usize, usize) -> [f32; 4] + Sync,
) -> [Packed; POINTS] {
    let _ = shape;
    let mut packed: [Packed; POINTS] = std::array::from_fn(|_| Packed::any(rows, columns));
    let shared: Vec<Shared<'_, f32>> = packed.iter_mut().map(Packed::shared).collect();
    let lanes = gemm::lanes();
    let panels: Vec<gemm::Panel> = gemm::panels(columns, lanes).collect();
    let tasks = panels.len() * rows.div_ceil(TASK_ROWS);
    parallel::for_each(tasks, |task| {
        let panel = panels[task % panels.len()];
        let width = panel.vectors * lanes;
        let first = task / panels.len() * TASK_ROWS;
        for row in first..(first + TASK_ROWS).min(rows) {
            let out: [&mut [f32]; POINTS] = std::array::from_fn(|point| {
                // SAFETY: rows of panels do not overlap.
                unsafe { shared[point].part(panel.first * rows + row * width, width) }
            });
            for j in 0..width {
                let column = panel.first + j;
                let u = if column < columns {
                    winograd::filter(taps(row, column))
                } else {
                    [0.0; POINTS]
                };
                for point in 0..POINTS {
                    out[point][j] = u[point];
                }
            }
        }
    });
    drop(shared);
    packed
}

/// Transforms the input of `sequences` from `first` on; their tiles begin at tile
/// `from` of `input`, whose points are `tiles` tiles long.
fn transform_input(
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
fn convolve(
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
        let zeros = vec![0.0_f32; width];
        let none = vec![norm::NONE; width];
        for tile in 0..shape.tiles() {
            // The convolution at a position, gradient and peak of its window, its place in
            // there, and whether it is before the end: beyond there is no gradient.
            let mut rows = [(&zeros[..], &zeros[..], &none[..], 0.0, 0.0); STEP];
            for (i, (z_row, g_row, peak_row, place, live)) in rows.iter_mut().enumerate() {
                let position = STEP * tile + i;
                let window = position / shape.pool;
                *place = (position % shape.pool) as f32;
                if window < shape.pooled() {
                    let span = window * width..(window + 1) * width;
                    (*g_row, *peak_row) = (&g[span.clone()], &peak[span]);
                }
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
