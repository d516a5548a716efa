//! The way back of multipliers through a convolution whose windows pass them on to one position.

use super::{PoolShape, Real, Routes};
use crate::parallel::vectorized;

/// Numbers of a [`Chunk`].
const CHUNK: usize = 16;
/// Chunks that are summed in registers.
const BLOCK: usize = 6;

/// Neighbouring numbers, as vectors load them.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
struct Chunk<R>([R; CHUNK]);

impl<R: Real> Chunk<R> {
    const ZERO: Self = Self([R::ZERO; CHUNK]);

    /// Adds `other`, times `factor`.
    #[inline(always)]
    fn add(&mut self, other: &Self, factor: R) {
        for i in 0..CHUNK {
            self.0[i] = other.0[i].mul_add(factor, self.0[i]);
        }
    }
}

/// Adds `from`, times `factor`.
#[inline(always)]
fn add_scaled<R: Real>(to: &mut [Chunk<R>], from: &[Chunk<R>], factor: R) {
    let count = to.len().min(from.len()) * CHUNK;
    // SAFETY: a chunk is so many numbers one behind the other, and nothing else.
    let (to, from) = unsafe {
        (
            std::slice::from_raw_parts_mut(to.as_mut_ptr().cast::<R>(), count),
            std::slice::from_raw_parts(from.as_ptr().cast::<R>(), count),
        )
    };
    // In one loop, which the compiler turns into vectors; nested ones it would unroll.
    for (to, &from) in to.iter_mut().zip(from) {
        *to = from.mul_add(factor, *to);
    }
}

/// A convolution made ready for multipliers of the windows of the pooling behind it.
#[derive(Debug)]
pub struct Scatter<R> {
    shape: PoolShape,
    kernel: usize,
    channels: usize,
    /// Filters; see [`Layout`].
    rows: Vec<Chunk<R>>,
    layout: Layout,
}

/// How filters lie in chunks.
#[derive(Debug, Clone, Copy)]
enum Layout {
    /// `[filter, tap]`, so many chunks a tap: what a filter adds begins at a chunk.
    Taps { chunks: usize },
    /// Few channels. `[block, place in the window, filter]`, so many chunks for all that a window
    /// reaches: it is summed before it is added.
    Windows { chunks: usize },
}

impl<R: Real> Scatter<R> {
    /// Of `weight` `[filters, kernel, channels]`.
    ///
    /// # Panics
    /// If the weight has another size.
    #[must_use]
    pub fn new(shape: PoolShape, weight: &[R], kernel: usize, channels: usize) -> Self {
        assert_eq!(weight.len(), shape.channels * kernel * channels);
        let mut scatter = Self {
            shape,
            kernel,
            channels,
            rows: Vec::new(),
            layout: Layout::Taps {
                chunks: channels.div_ceil(CHUNK),
            },
        };
        if channels < CHUNK {
            let reached = (kernel + shape.window - 1) * channels;
            let chunks = reached.div_ceil(CHUNK);
            scatter.layout = Layout::Windows { chunks };
            for first in (0..chunks).step_by(BLOCK) {
                let block = first..chunks.min(first + BLOCK);
                for place in 0..shape.window {
                    for row in weight.chunks_exact(kernel * channels) {
                        let mut all = vec![R::ZERO; chunks * CHUNK];
                        all[place * channels..][..row.len()].copy_from_slice(row);
                        let (all, _) = all.as_chunks::<CHUNK>();
                        scatter
                            .rows
                            .extend(all[block.clone()].iter().copied().map(Chunk));
                    }
                }
            }
        } else {
            for tap in weight.chunks_exact(channels) {
                for part in tap.chunks(CHUNK) {
                    let mut chunk = Chunk::ZERO;
                    chunk.0[..part.len()].copy_from_slice(part);
                    scatter.rows.push(chunk);
                }
            }
        }
        scatter
    }

    /// Multipliers of the input `[length, channels]`, for those of the windows, `g` `[windows,
    /// filters]`.
    ///
    /// # Panics
    /// If the arrays do not fit.
    #[must_use]
    pub fn apply(&self, g: &[R], routes: &Routes<R>, length: usize) -> Vec<R> {
        let shape = self.shape;
        assert!(g.len() == shape.pooled() && routes.factor.len() == g.len());
        assert!(routes.place.len() == g.len());
        assert!(shape.windows * shape.window + self.kernel <= length + 1);
        match self.layout {
            Layout::Taps { chunks } => self.by_taps(g, routes, length, chunks),
            Layout::Windows { chunks } => self.by_windows(g, routes, length, chunks),
        }
    }

    fn by_taps(&self, g: &[R], routes: &Routes<R>, length: usize, chunks: usize) -> Vec<R> {
        let (shape, taps) = (self.shape, self.kernel * chunks);
        let filters = shape.channels;
        let mut sums = vec![Chunk::<R>::ZERO; length * chunks];
        vectorized(
            #[inline(always)]
            || {
                for (filter, row) in self.rows.chunks_exact(taps).enumerate() {
                    for window in 0..shape.windows {
                        let index = window * filters + filter;
                        let multiplier = g[index] * routes.factor[index];
                        if multiplier != R::ZERO {
                            let place = routes.place[index].wide() as usize;
                            let at = (window * shape.window + place) * chunks;
                            add_scaled(&mut sums[at..at + taps], row, multiplier);
                        }
                    }
                }
                for &(index, place) in &routes.also {
                    let (window, filter) = (index as usize / filters, index as usize % filters);
                    let at = (window * shape.window + place as usize) * chunks;
                    let row = &self.rows[filter * taps..][..taps];
                    add_scaled(&mut sums[at..at + taps], row, g[index as usize]);
                }
            },
        );
        let mut out = Vec::with_capacity(length * self.channels);
        for position in sums.chunks_exact(chunks) {
            for (number, chunk) in position.iter().enumerate() {
                let left = self.channels - number * CHUNK;
                out.extend_from_slice(&chunk.0[..left.min(CHUNK)]);
            }
        }
        out
    }

    fn by_windows(&self, g: &[R], routes: &Routes<R>, length: usize, chunks: usize) -> Vec<R> {
        let filters = self.shape.channels;
        // Room for whole chunks behind the last position.
        let mut out = vec![R::ZERO; length * self.channels + CHUNK];
        let mut sent: Vec<(usize, R)> = vec![(0, R::ZERO); filters];
        for window in 0..self.shape.windows {
            let span = window * filters..(window + 1) * filters;
            let rows = (
                &g[span.clone()],
                &routes.factor[span.clone()],
                &routes.place[span],
            );
            let mut count = 0;
            for (filter, ((&g, &factor), place)) in
                rows.0.iter().zip(rows.1).zip(rows.2).enumerate()
            {
                let multiplier = g * factor;
                sent[count] = (place.wide() as usize * filters + filter, multiplier);
                count += usize::from(multiplier != R::ZERO);
            }
            self.add_window(window, &sent[..count], chunks, &mut out);
        }
        for &(index, place) in &routes.also {
            let (window, filter) = (index as usize / filters, index as usize % filters);
            let sent = [(place as usize * filters + filter, g[index as usize])];
            self.add_window(window, &sent, chunks, &mut out);
        }
        out.truncate(length * self.channels);
        out
    }

    /// Adds what rows, by their numbers among those of a block, make of the input of a window.
    fn add_window(&self, window: usize, sent: &[(usize, R)], chunks: usize, out: &mut [R]) {
        let start = window * self.shape.window * self.channels;
        let all = self.shape.window * self.shape.channels;
        for first in (0..chunks).step_by(BLOCK) {
            let width = BLOCK.min(chunks - first);
            let rows = &self.rows[first * all..][..width * all];
            let out = &mut out[start + first * CHUNK..];
            vectorized(
                #[inline(always)]
                || match width {
                    1 => sum_rows::<R, 1>(rows, sent, out),
                    2 => sum_rows::<R, 2>(rows, sent, out),
                    3 => sum_rows::<R, 3>(rows, sent, out),
                    4 => sum_rows::<R, 4>(rows, sent, out),
                    5 => sum_rows::<R, 5>(rows, sent, out),
                    _ => sum_rows::<R, BLOCK>(rows, sent, out),
                },
            );
        }
    }
}

#[inline(always)]
fn sum_rows<R: Real, const N: usize>(rows: &[Chunk<R>], sent: &[(usize, R)], out: &mut [R]) {
    let mut sums = [Chunk::ZERO; N];
    for &(row, multiplier) in sent {
        let row = &rows[row * N..row * N + N];
        for i in 0..N {
            sums[i].add(&row[i], multiplier);
        }
    }
    // Behind the end of the input there is nothing but zeros.
    for (out, sum) in out.chunks_mut(CHUNK).zip(&sums) {
        for (out, sum) in out.iter_mut().zip(sum.0) {
            *out = *out + sum;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A number between -1 and 1 for each place.
    fn numbers(count: usize, seed: u64) -> Vec<f64> {
        let mut state = seed;
        let mut next = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 33) as f64 / f64::from(1_u32 << 30) - 1.0
        };
        (0..count).map(|_| next()).collect()
    }

    #[test]
    fn multipliers_go_back_as_through_the_transposed_convolution() {
        for (kernel, channels, filters, window) in [(7, 20, 5, 3), (19, 4, 18, 3), (26, 4, 3, 13)] {
            let shape = PoolShape {
                window,
                windows: 3,
                channels: filters,
            };
            let length = 3 * window + kernel;
            let weight = numbers(filters * kernel * channels, 1);
            let g = numbers(shape.pooled(), 2);
            let mut factor = numbers(shape.pooled(), 3);
            factor
                .iter_mut()
                .step_by(3)
                .for_each(|factor| *factor = 0.0);
            let place = (0..shape.pooled()).map(|at| (at * 5 % window) as f64);
            let routes = Routes {
                factor,
                place: place.collect(),
                also: vec![(2, window as u32 - 1)],
            };
            let mut expected = vec![0.0; length * channels];
            let mut add = |index: usize, place: usize, multiplier: f64| {
                let at = (index / filters * window + place) * channels;
                let row = &weight[index % filters * kernel * channels..][..kernel * channels];
                let to = expected[at..].iter_mut().zip(row);
                to.for_each(|(to, weight)| *to += weight * multiplier);
            };
            for index in 0..shape.pooled() {
                add(
                    index,
                    routes.place[index] as usize,
                    g[index] * routes.factor[index],
                );
            }
            add(2, window - 1, g[2]);
            let scatter = Scatter::new(shape, &weight, kernel, channels);
            let found = scatter.apply(&g, &routes, length);
            assert_eq!(found.len(), expected.len());
            let pairs = found.iter().zip(&expected);
            assert!(pairs.fold(0.0_f64, |most, (a, b)| most.max((a - b).abs())) < 1e-12);
        }
    }
}
