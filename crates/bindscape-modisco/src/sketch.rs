//! Continuous Jaccard indices of byte-sized copies of stretches, and how far the true ones can be
//! from them.
//!
//! The best index over many alignments is sought, and most alignments are far from it. Values are
//! rounded to bytes, of which a processor adds up 64 differences at a time. By the triangle
//! inequality a sum of differences is off by no more than what rounding changed in both stretches,
//! so an alignment whose index cannot reach the best one so far need not be computed.

use bindscape_kernels::bytes::sums_of_differences;
use rayon::prelude::*;

use crate::kernel::reverse_complement;
use crate::profiles::Profiles;
use crate::tracks::CHANNELS;

/// The byte of 0.
const ZERO: u8 = 128;
/// Largest size of a value in units; larger ones are cut, which counts as rounding.
const MOST: f32 = 127.0;

/// Rounded copies of the profiles of seqlets, on both strands.
pub(crate) struct Sketches {
    stride: usize,
    forward: Vec<u8>,
    reverse: Vec<u8>,
    /// Units that rounding changed in each seqlet, in all.
    rounded: Vec<f32>,
}

impl Sketches {
    pub(crate) fn new(profiles: &Profiles) -> Self {
        let stride = profiles.stride;
        let mut largest: Vec<f32> = (0..profiles.len())
            .into_par_iter()
            .map(|number| {
                let sizes = profiles.get(number).iter().map(|value| value.abs());
                sizes.fold(0.0, f32::max)
            })
            .collect();
        // Half as much again as the median: a few seqlets with values far above those of the
        // others would leave these no units.
        let middle = largest.len() / 2;
        largest.select_nth_unstable_by(middle, f32::total_cmp);
        let full = 1.5 * largest[middle];
        let scale = if full > 0.0 { MOST / full } else { 1.0 };
        let mut forward = vec![ZERO; profiles.values.len()];
        let mut reverse = forward.clone();
        let mut rounded = vec![0.0; profiles.len()];
        forward
            .par_chunks_mut(stride)
            .zip(reverse.par_chunks_mut(stride))
            .zip(rounded.par_iter_mut())
            .enumerate()
            .for_each(|(number, ((forward, reverse), rounded))| {
                for (byte, value) in forward.iter_mut().zip(profiles.get(number)) {
                    let units = value * scale;
                    let whole = units.round_ties_even().clamp(-MOST, MOST);
                    *byte = (f32::from(ZERO) + whole) as u8;
                    *rounded += (units - whole).abs();
                }
                reverse.copy_from_slice(&reverse_complement(forward));
            });
        Self {
            stride,
            forward,
            reverse,
            rounded,
        }
    }

    fn of(&self, number: usize, reverse: bool) -> &[u8] {
        let bytes = if reverse {
            &self.reverse
        } else {
            &self.forward
        };
        &bytes[number * self.stride..][..self.stride]
    }

    /// The seqlet `number` as one that others are laid on, `reach` positions over its ends at most.
    pub(crate) fn base(&self, number: usize, reach: usize) -> Base {
        let over = vec![ZERO; reach * CHANNELS];
        let plain = [&over[..], self.of(number, false), &over].concat();
        // A byte is never 0, so that of its negative is one, too.
        let negative = plain.iter().map(|byte| byte.wrapping_neg()).collect();
        let shifts = 2 * reach + 1;
        Base {
            plain,
            negative,
            rounded: self.rounded[number],
            plus: vec![0; shifts],
            minus: vec![0; shifts],
        }
    }

    /// Bounds of the indices of the seqlet `number` on `base`: no index is larger than its bound.
    /// First those of the strand as it is, from the leftmost place on, then those of the other.
    pub(crate) fn bounds(&self, number: usize, base: &mut Base, bounds: &mut Vec<f32>) {
        bounds.clear();
        // Units that either sum of differences may be off by. The indices themselves are computed
        // in single precision, which the last summands leave room for.
        let off = 2.0 * 1.001 * (self.rounded[number] + base.rounded) + 1e-3;
        for reverse in [false, true] {
            let x = self.of(number, reverse);
            sums_of_differences(x, &base.negative, CHANNELS, &mut base.plus);
            sums_of_differences(x, &base.plain, CHANNELS, &mut base.minus);
            bounds.extend(base.plus.iter().zip(&base.minus).map(|(&plus, &minus)| {
                let (plus, minus) = (plus as f32, minus as f32);
                (plus - minus + off) / (plus + minus) + 1e-5
            }));
        }
    }
}

/// A seqlet that others are laid on, with zeros on either side, and space for sums.
pub(crate) struct Base {
    plain: Vec<u8>,
    negative: Vec<u8>,
    rounded: f32,
    plus: Vec<u32>,
    minus: Vec<u32>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::{jaccard_along, running_sizes};
    use crate::noise::noise;

    /// Profiles of few and of many values, some of them far above the others.
    fn profiles(positions: usize) -> Profiles {
        let mut random = noise(5);
        let mut values = Vec::new();
        for seqlet in 0..12 {
            for _ in 0..positions * CHANNELS {
                let value = random();
                let kept = seqlet % 3 != 0 || random() > 0.9;
                let far = if seqlet == 11 { 40.0 } else { 0.01 };
                values.push(if kept { value * far } else { 0.0 });
            }
        }
        values[..positions * CHANNELS].fill(0.0);
        Profiles {
            stride: positions * CHANNELS,
            values,
        }
    }

    #[test]
    fn no_index_is_above_its_bound() {
        for positions in [5, 21, 41] {
            let profiles = profiles(positions);
            let sketches = Sketches::new(&profiles);
            let reach = positions / 3;
            let mut bounds = Vec::new();
            let mut tight = 0;
            for a in 0..profiles.len() {
                let mut base = sketches.base(a, reach);
                for b in 0..profiles.len() {
                    sketches.bounds(b, &mut base, &mut bounds);
                    assert_eq!(bounds.len(), 2 * (2 * reach + 1));
                    let x = profiles.get(b);
                    let strands = [x.to_vec(), reverse_complement(x)];
                    let mut bounds = bounds.iter();
                    for x in strands {
                        let reach = reach as i32;
                        let sizes = running_sizes(&x);
                        jaccard_along(&x, profiles.get(a), &sizes, -reach..=reach, |_, index| {
                            let bound = bounds.next().expect("as many");
                            assert!(index <= *bound, "{a} {b}: {index} {bound}");
                            tight += usize::from(index > bound - 0.1);
                        });
                    }
                }
            }
            // Bounds that are no use would be no mistake either.
            assert!(tight > 40 * (2 * reach + 1), "{positions}: {tight}");
        }
    }
}
