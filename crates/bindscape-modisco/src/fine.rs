//! How like each seqlet and its neighbours are, position by position.

use bindscape_base::progress::{Progress, check};
use bindscape_base::{Error, Result};
use rayon::prelude::*;

use crate::coarse::Neighbours;
use crate::kernel::{jaccard_along, reverse_complement, running_sizes};
use crate::options::{MIN_OVERLAP, RANK_CORRELATION};
use crate::profiles::Profiles;
use crate::sketch::Sketches;
use crate::tracks::CHANNELS;
use bindscape_kernels::vectorized;

/// Profiles on both strands, and what their indices need beside them.
struct Strands<'a> {
    profiles: &'a Profiles,
    reversed: Vec<f32>,
    /// Running sizes of each profile, and of each on the other strand.
    sizes: [Vec<Vec<f32>>; 2],
    sketches: Sketches,
    /// Positions that a seqlet may lie over the ends of another.
    reach: i32,
}

impl<'a> Strands<'a> {
    fn new(profiles: &'a Profiles) -> Self {
        let reversed: Vec<f32> = (0..profiles.len())
            .into_par_iter()
            .flat_map_iter(|number| reverse_complement(profiles.get(number)))
            .collect();
        let sizes = [&profiles.values, &reversed].map(|values| {
            let profiles = values.par_chunks(profiles.stride);
            profiles.map(running_sizes).collect()
        });
        let positions = profiles.stride / CHANNELS;
        Self {
            profiles,
            reversed,
            sizes,
            sketches: Sketches::new(profiles),
            reach: (positions as f64 * (1.0 - MIN_OVERLAP)) as i32,
        }
    }

    /// The index of the seqlet `other` laid on `seqlet`; places are numbered as those of
    /// [`Sketches::bounds`].
    #[inline(always)]
    fn index(&self, seqlet: &[f32], other: usize, place: usize) -> f32 {
        let shifts = 2 * self.reach as usize + 1;
        let (strand, shift) = (place / shifts, (place % shifts) as i32 - self.reach);
        let values = [&self.profiles.values, &self.reversed][strand];
        let x = &values[other * self.profiles.stride..][..self.profiles.stride];
        let mut found = 0.0;
        let outside = &self.sizes[strand][other];
        jaccard_along(x, seqlet, outside, shift..=shift, |_, index| found = index);
        found
    }

    /// The largest index over all places, of which none is above its bound.
    #[inline(always)]
    fn best(&self, seqlet: &[f32], other: usize, bounds: &[f32]) -> f32 {
        let highest = bounds.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let first = bounds.iter().position(|&bound| bound == highest);
        let first = first.expect("a seqlet has places");
        let mut best = self.index(seqlet, other, first);
        for (place, &bound) in bounds.iter().enumerate() {
            if bound > best && place != first {
                best = best.max(self.index(seqlet, other, place));
            }
        }
        best
    }
}

/// The continuous Jaccard index of each seqlet and its neighbours on the better strand, at the
/// best of all shifts that overlap enough; seqlets × `neighbours.count`.
pub(crate) fn similarities(
    profiles: &Profiles,
    neighbours: &Neighbours,
    progress: &dyn Progress,
) -> Result<Vec<f32>> {
    let strands = Strands::new(profiles);
    let mut similarities = vec![0.0; neighbours.seqlets.len()];
    similarities
        .par_chunks_mut(neighbours.count)
        .enumerate()
        .try_for_each_init(Vec::new, |bounds, (number, similarities)| {
            check(progress)?;
            let seqlet = profiles.get(number);
            let mut base = strands.sketches.base(number, strands.reach as usize);
            let numbers = &neighbours.seqlets[number * neighbours.count..][..neighbours.count];
            vectorized(
                #[inline(always)]
                || {
                    for (similarity, &other) in similarities.iter_mut().zip(numbers) {
                        let other = other as usize;
                        strands.sketches.bounds(other, &mut base, bounds);
                        *similarity = strands.best(seqlet, other, bounds);
                    }
                },
            );
            progress.advance(1);
            Ok::<_, Error>(())
        })?;
    Ok(similarities)
}

/// Whether both similarities of each seqlet rank its neighbours alike.
pub(crate) fn agree(fine: &[f32], neighbours: &Neighbours) -> Vec<bool> {
    fine.par_chunks(neighbours.count)
        .zip(neighbours.similarities.par_chunks(neighbours.count))
        .map(|(fine, coarse)| {
            let (fine, coarse): (Vec<f64>, Vec<f64>) = (fine.iter().zip(coarse))
                .filter(|(fine, _)| fine.abs() > 0.0)
                .map(|(fine, coarse)| (f64::from(*fine), *coarse))
                .unzip();
            spearman(&fine, &coarse).is_some_and(|correlation| correlation > RANK_CORRELATION)
        })
        .collect()
}

/// Rank correlation; `None` where one side does not vary.
fn spearman(a: &[f64], b: &[f64]) -> Option<f64> {
    let (a, b) = (ranks(a), ranks(b));
    let n = a.len() as f64;
    // Ranks from 1 on have this mean, whatever ties there are.
    let mean = (n + 1.0) / 2.0;
    let (mut ab, mut aa, mut bb) = (0.0, 0.0, 0.0);
    for (a, b) in a.iter().zip(&b) {
        let (a, b) = (a - mean, b - mean);
        ab += a * b;
        aa += a * a;
        bb += b * b;
    }
    (aa > 0.0 && bb > 0.0).then(|| ab / (aa * bb).sqrt())
}

/// Ranks from 1 on; equal values share the mean of theirs.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_unstable_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    let mut first = 0;
    while first < order.len() {
        let value = values[order[first]];
        let equal = order[first..]
            .iter()
            .take_while(|&&i| values[i] == value)
            .count();
        let rank = first as f64 + (equal as f64 + 1.0) / 2.0;
        for &i in &order[first..first + equal] {
            ranks[i] = rank;
        }
        first += equal;
    }
    ranks
}

#[cfg(test)]
mod tests {
    use bindscape_base::progress::Silent;

    use super::*;
    use crate::noise::noise;
    use crate::profiles::normalize;

    #[test]
    fn no_place_is_passed_over_that_is_better() {
        let mut random = noise(3);
        let (positions, n) = (21, 30);
        let mut profiles = Profiles {
            stride: positions * CHANNELS,
            values: (0..n * positions * CHANNELS).map(|_| random()).collect(),
        };
        let mut sizes = Vec::new();
        for profile in profiles.values.chunks_mut(positions * CHANNELS) {
            profile.iter_mut().for_each(|value| *value = value.powi(5));
            normalize(profile, &mut sizes);
        }
        let neighbours = Neighbours {
            count: n,
            seqlets: (0..n as u32).cycle().take(n * n).collect(),
            similarities: vec![0.0; n * n],
        };
        let found = similarities(&profiles, &neighbours, &Silent).expect("not interrupted");
        for (at, similarity) in found.into_iter().enumerate() {
            let (seqlet, other) = (profiles.get(at / n), profiles.get(at % n));
            let mut best = f32::NEG_INFINITY;
            for x in [other.to_vec(), reverse_complement(other)] {
                let sizes = running_sizes(&x);
                vectorized(
                    #[inline(always)]
                    || {
                        let mut take = |_, index: f32| best = best.max(index);
                        jaccard_along(&x, seqlet, &sizes, -6..=6, &mut take);
                    },
                );
            }
            assert_eq!(similarity.to_bits(), best.to_bits(), "{at}");
        }
    }

    /// SciPy 1.17.1.
    #[test]
    fn ranks_correlate_as_in_scipy() {
        let correlation = spearman(&[1.0, 2.0, 2.0, 4.0, 0.5], &[0.0, 3.0, 1.0, 1.0, 2.0]);
        assert!((correlation.expect("varies") + 0.026_315_789_473_684_21).abs() < 1e-12);
        assert_eq!(spearman(&[1.0, 1.0], &[1.0, 2.0]), None);
    }
}
