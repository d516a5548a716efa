//! In-silico mutagenesis: every base of a sequence replaced by every other one.
//!
//! A base reaches few positions of the first convolution and, through the poolings, a few more of
//! the next ones. Only these are computed for an edit; all else is that of the sequence itself
//! (after fastISM, Nair et al. 2022). The layers behind the convolutions are computed whole.

use bindscape_kernels::differences::{PoolShape, pool_into};

use super::chain::{Chain, ConvBlock, Convolve};
use super::deeplift::first_convolution;
use super::number::Number;
use super::{Attribution, Reference};

/// Edits that are computed together.
const EDITS: usize = 96;

/// An edit of a sequence.
#[derive(Clone, Copy)]
struct Edit {
    position: usize,
    base: u8,
}

/// Windows of a pooling that an edit may change: as many for every edit.
#[derive(Clone, Copy)]
struct Reached {
    first: usize,
    count: usize,
}

impl Reached {
    /// The windows that the positions `from..=to` of a convolution lie in; no edit reaches more than
    /// `most` positions.
    fn new(pool: PoolShape, from: usize, to: usize, most: usize) -> Self {
        debug_assert!(to - from < most);
        let count = ((most - 1).div_ceil(pool.window) + 1).min(pool.windows);
        Self {
            first: (from / pool.window).min(pool.windows - count),
            count,
        }
    }
}

/// A sequence's own way through the convolutional blocks: the input of each (that of the first is
/// none), the first convolution, the features.
struct Own<R> {
    inputs: Vec<Vec<R>>,
    first: Vec<R>,
    features: Vec<R>,
}

impl<R: Number> Chain<R> {
    /// The change of the target's logit for every base at every position; 0 for the sequence's own
    /// bases. With `centred`, less the mean of the four.
    pub(super) fn mutagenesis(&self, bases: &[u8], centred: bool) -> Attribution {
        let own = self.own(bases);
        let output = self.tail(own.features.clone()).outputs[0].wide();
        let others = |position: usize| {
            let bases = (0..4_u8).filter(move |&base| base != bases[position]);
            bases.map(move |base| Edit { position, base })
        };
        let edits: Vec<Edit> = (0..self.length).flat_map(others).collect();
        let mut changes = vec![0.0; 4 * self.length];
        for edits in edits.chunks(EDITS) {
            let features = self.edited(bases, &own, edits);
            let outputs = self.tail(features).outputs;
            for (edit, changed) in edits.iter().zip(outputs) {
                let at = usize::from(edit.base) * self.length + edit.position;
                changes[at] = changed.wide() - output;
            }
        }
        Attribution::of_changes(output, changes, centred)
    }

    fn own(&self, bases: &[u8]) -> Own<R> {
        let (block, first) = self.first();
        let first = first_convolution(block, first, &Reference::Bases(bases));
        let mut inputs = vec![Vec::new()];
        let mut z = first.clone();
        for (number, block) in self.convolutions.iter().enumerate() {
            let mut out = vec![R::ZERO; block.pool.pooled()];
            pool_into(block.pool, &z, &mut out);
            if let Some(next) = self.convolutions.get(number + 1) {
                z = vec![R::ZERO; next.width()];
                if let Convolve::Activations(convolution) = &next.convolve {
                    R::convolve(convolution, &out, next.length, &mut z);
                }
            }
            inputs.push(out);
        }
        let features = inputs.pop().expect("a network has convolutions");
        Own {
            inputs,
            first,
            features,
        }
    }

    /// The features of each edit, `[edits, features]`.
    fn edited(&self, bases: &[u8], own: &Own<R>, edits: &[Edit]) -> Vec<R> {
        let (mut reached, mut changed) = self.edited_first(bases, own, edits);
        let mut most = reached.first().map_or(0, |reached| reached.count);
        for (block, input) in self.convolutions.iter().zip(&own.inputs).skip(1) {
            let Convolve::Activations(convolution) = &block.convolve else {
                unreachable!("only the first convolution reads bases");
            };
            let positions = most + block.kernel - 1;
            let next: Vec<Reached> = reached
                .iter()
                .map(|reached| {
                    let last = (reached.first + reached.count - 1).min(block.convolved() - 1);
                    let first = (reached.first + 1).saturating_sub(block.kernel).min(last);
                    Reached::new(block.pool, first, last, positions)
                })
                .collect();
            let count = next[0].count;
            let section = PoolShape {
                windows: count,
                ..block.pool
            };
            let length = count * block.pool.window + block.kernel - 1;
            let x = sections(block, input, &reached, &changed, &next, length);
            let width = (length + 1 - block.kernel) * block.pool.channels;
            let mut z = vec![R::ZERO; edits.len() * width];
            R::convolve(convolution, &x, length, &mut z);
            changed = vec![R::ZERO; edits.len() * section.pooled()];
            for (z, out) in z
                .chunks_exact(width)
                .zip(changed.chunks_exact_mut(section.pooled()))
            {
                pool_into(section, z, out);
            }
            (reached, most) = (next, count);
        }
        let channels = self.convolutions[self.convolutions.len() - 1].pool.channels;
        let mut features = own.features.repeat(edits.len());
        let rows = features.chunks_exact_mut(self.features());
        for ((row, reached), changed) in rows
            .zip(&reached)
            .zip(changed.chunks_exact(most * channels))
        {
            row[reached.first * channels..][..changed.len()].copy_from_slice(changed);
        }
        features
    }

    /// The windows of the first pooling that each edit reaches, and what they hold then.
    fn edited_first(&self, bases: &[u8], own: &Own<R>, edits: &[Edit]) -> (Vec<Reached>, Vec<R>) {
        let block = &self.convolutions[0];
        let (filters, kernel) = (block.pool.channels, block.kernel);
        let mut changed = Vec::new();
        let mut reached = Vec::new();
        for edit in edits {
            let last = edit.position.min(block.convolved() - 1);
            let first = (edit.position + 1).saturating_sub(kernel).min(last);
            let own_reached = Reached::new(block.pool, first, last, kernel);
            let section = PoolShape {
                windows: own_reached.count,
                ..block.pool
            };
            let start = own_reached.first * block.pool.window;
            let rows = own_reached.count * block.pool.window;
            let mut z = own.first[start * filters..][..rows * filters].to_vec();
            for (row, z) in z.chunks_exact_mut(filters).enumerate() {
                let Some(tap) = edit.position.checked_sub(start + row) else {
                    continue;
                };
                if tap >= kernel {
                    continue;
                }
                let before = usize::from(bases[edit.position]);
                for (filter, z) in z.iter_mut().enumerate() {
                    let taps = &block.weight[(filter * kernel + tap) * 4..][..4];
                    *z = *z + (taps[usize::from(edit.base)] - taps[before]);
                }
            }
            let from = changed.len();
            changed.resize(from + section.pooled(), R::ZERO);
            pool_into(section, &z, &mut changed[from..]);
            reached.push(own_reached);
        }
        (reached, changed)
    }
}

/// The parts of the input of a block that its windows `next` are computed from, `[edits, length,
/// channels]`: the sequence's own, with what each edit changed.
fn sections<R: Number>(
    block: &ConvBlock<R>,
    input: &[R],
    reached: &[Reached],
    changed: &[R],
    next: &[Reached],
    length: usize,
) -> Vec<R> {
    let channels = block.channels;
    let width = changed.len() / reached.len();
    let mut x = Vec::with_capacity(reached.len() * length * channels);
    let edits = reached.iter().zip(next).zip(changed.chunks_exact(width));
    for ((reached, next), changed) in edits {
        let start = next.first * block.pool.window;
        let from = x.len();
        x.extend_from_slice(&input[start * channels..][..length * channels]);
        let section = &mut x[from..];
        for (row, changed) in changed.chunks_exact(channels).enumerate() {
            let Some(place) = (reached.first + row).checked_sub(start) else {
                continue;
            };
            if place < length {
                section[place * channels..][..channels].copy_from_slice(changed);
            }
        }
    }
    x
}
