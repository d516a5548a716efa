//! Patterns: seqlets that were aligned, and their means.

use rustc_hash::FxHashSet;

use crate::options::{Edges, Options, PSEUDOCOUNT, SUPPORT, SUPPORT_SHARE};
use crate::stretch::Seqlet;
use crate::tracks::Tracks;

/// What patterns are made from.
pub(crate) struct Context<'a> {
    pub(crate) tracks: &'a Tracks,
    pub(crate) options: &'a Options,
    /// Frequencies of the bases in all seqlets.
    pub(crate) background: [f64; 4],
    /// 1, or -1 where contributions below 0 are sought.
    pub(crate) sign: f32,
}

impl Context<'_> {
    /// Whether a seqlet may be part of a pattern: it lies within its sequence, or, where edges
    /// are kept, as much of it as a core.
    pub(crate) fn admits(&self, seqlet: &Seqlet) -> bool {
        match self.options.edges {
            Edges::Drop => self.is_complete(seqlet),
            Edges::Keep => {
                let width = (seqlet.end - seqlet.start) as usize;
                self.tracks.known(seqlet) >= self.options.core.min(width)
            }
        }
    }

    /// Whether all of a seqlet lies within its sequence.
    pub(crate) fn is_complete(&self, seqlet: &Seqlet) -> bool {
        seqlet.start >= 0 && seqlet.end <= self.tracks.length() as i32
    }
}

/// Aligned seqlets of one length, and what they contribute in the mean.
#[derive(Debug, Clone, Default)]
pub struct Pattern {
    seqlets: Vec<Seqlet>,
    places: FxHashSet<(u32, i32, i32)>,
    /// Seqlets whose position lies within its sequence, by column.
    counts: Vec<f64>,
    bases: Vec<[f64; 4]>,
    contributions: Vec<[f64; 4]>,
    hypothetical: Vec<[f64; 4]>,
    /// Groups of its seqlets, the largest first.
    pub subpatterns: Vec<Pattern>,
}

impl Pattern {
    /// A pattern of `seqlets` of one length; a place that comes twice is taken once. `None`
    /// without seqlets.
    pub(crate) fn new(tracks: &Tracks, seqlets: impl IntoIterator<Item = Seqlet>) -> Option<Self> {
        let mut pattern = Self::default();
        for seqlet in seqlets {
            pattern.add(tracks, seqlet);
        }
        (!pattern.seqlets.is_empty()).then_some(pattern)
    }

    /// Adds a seqlet, unless its place is there.
    pub(crate) fn add(&mut self, tracks: &Tracks, seqlet: Seqlet) {
        if !self.places.insert(seqlet.place()) {
            return;
        }
        if self.seqlets.is_empty() {
            let width = (seqlet.end - seqlet.start) as usize;
            self.counts = vec![0.0; width];
            for sums in [
                &mut self.bases,
                &mut self.contributions,
                &mut self.hypothetical,
            ] {
                *sums = vec![[0.0; 4]; width];
            }
        }
        self.seqlets.push(seqlet);
        let example = seqlet.example as usize;
        let bases = tracks.bases(example);
        for (column, position) in tracks.positions(&seqlet).enumerate() {
            let Some(position) = position else { continue };
            self.counts[column] += 1.0;
            let here = usize::from(bases[position]);
            for base in 0..4 {
                let letter = if seqlet.reverse { 3 - base } else { base };
                let value = f64::from(tracks.hypothetical(example, base)[position]);
                self.hypothetical[column][letter] += value;
                if base == here {
                    self.bases[column][letter] += 1.0;
                    self.contributions[column][letter] += value;
                }
            }
        }
    }

    /// The seqlets, along the strand of the pattern.
    #[must_use]
    pub fn seqlets(&self) -> &[Seqlet] {
        &self.seqlets
    }

    /// Number of columns.
    #[must_use]
    pub fn width(&self) -> usize {
        self.counts.len()
    }

    /// Seqlets whose position lies within its sequence, by column.
    #[must_use]
    pub fn counts(&self) -> &[f64] {
        &self.counts
    }

    /// Share of the seqlets with A, C, G and T, by column.
    #[must_use]
    pub fn frequencies(&self) -> Vec<[f64; 4]> {
        self.means(&self.bases)
    }

    /// Mean contribution of A, C, G and T where they are, by column.
    #[must_use]
    pub fn contributions(&self) -> Vec<[f64; 4]> {
        self.means(&self.contributions)
    }

    /// Mean hypothetical contribution of A, C, G and T, by column.
    #[must_use]
    pub fn hypothetical(&self) -> Vec<[f64; 4]> {
        self.means(&self.hypothetical)
    }

    fn means(&self, sums: &[[f64; 4]]) -> Vec<[f64; 4]> {
        (sums.iter().zip(&self.counts))
            .map(|(sums, &count)| {
                let count = if count == 0.0 { 1e-7 } else { count };
                sums.map(|sum| sum / count)
            })
            .collect()
    }

    /// Columns `from` to `to` of the seqlets.
    fn slice(&self, context: &Context<'_>, from: usize, to: usize) -> Option<Self> {
        let seqlets = (self.seqlets.iter()).map(|seqlet| seqlet.slice(from as i32, to as i32));
        Self::new(context.tracks, seqlets)
    }

    /// The pattern with more columns at both ends; seqlets that are not admitted then go.
    pub(crate) fn expanded(
        &self,
        context: &Context<'_>,
        left: usize,
        right: usize,
    ) -> Option<Self> {
        let seqlets = (self.seqlets.iter())
            .map(|seqlet| seqlet.expanded(left as i32, right as i32))
            .filter(|seqlet| context.admits(seqlet));
        Self::new(context.tracks, seqlets)
    }

    /// The pattern without ends that few seqlets have, then trimmed to the columns with most
    /// information, with flanks.
    pub(crate) fn polished(&self, context: &Context<'_>) -> Option<Self> {
        let flank = context.options.pattern_flank;
        let most = self.counts.iter().copied().fold(0.0, f64::max);
        let least = SUPPORT.min(most * SUPPORT_SHARE);
        let supported = |count: &f64| *count >= least;
        let from = self.counts.iter().position(supported)?;
        let to = self.counts.iter().rposition(supported)? + 1;
        let wide = self
            .slice(context, from, to)?
            .expanded(context, flank, flank)?;
        let bits = wide.information(&context.background);
        let window = context.options.trim.min(bits.len());
        let first = best_window(&bits, window).0;
        wide.slice(context, first, first + window)?
            .expanded(context, flank, flank)
    }

    /// Whether the contributions have the sign that is sought, in all.
    pub(crate) fn has_sign(&self, context: &Context<'_>) -> bool {
        let sum: f64 = self.contributions().iter().flatten().sum();
        sum * f64::from(context.sign) > 0.0
    }

    /// Information of each column over the background, in bits.
    #[must_use]
    pub fn information(&self, background: &[f64; 4]) -> Vec<f64> {
        let entropy: f64 = (background.iter().filter(|&&p| p > 0.0))
            .map(|p| p * p.log2())
            .sum();
        self.frequencies()
            .iter()
            .map(|row| {
                let all: f64 = row.iter().sum();
                if all == 0.0 {
                    return 0.0;
                }
                let terms = row.map(|p| {
                    let p = p / all;
                    p * ((p + PSEUDOCOUNT) / (1.0 + 4.0 * PSEUDOCOUNT)).log2()
                });
                terms.iter().sum::<f64>() - entropy
            })
            .collect()
    }
}

/// First column of the `window` columns with the largest sum, and the sum.
pub(crate) fn best_window(values: &[f64], window: usize) -> (usize, f64) {
    let window = window.min(values.len());
    let mut sum: f64 = values[..window].iter().sum();
    let mut best = (0, sum);
    for first in 1..=values.len() - window {
        sum += values[first + window - 1] - values[first - 1];
        if sum > best.1 {
            best = (first, sum);
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tracks() -> Tracks {
        // Two sequences of eight positions; each contribution is 1 for the base that is there.
        let bases = vec![0, 1, 2, 3, 0, 1, 2, 3, 3, 2, 1, 0, 3, 2, 1, 0];
        let mut hypothetical = vec![0.0; 64];
        for (place, &base) in bases.iter().enumerate() {
            let (example, position) = (place / 8, place % 8);
            hypothetical[(example * 4 + usize::from(base)) * 8 + position] = 1.0;
        }
        Tracks::new(8, bases, hypothetical).expect("tracks")
    }

    fn seqlet(start: i32, end: i32, reverse: bool) -> Seqlet {
        Seqlet {
            example: 0,
            start,
            end,
            reverse,
        }
    }

    #[test]
    fn columns_beyond_an_end_do_not_count() {
        let pattern =
            Pattern::new(&tracks(), [seqlet(-1, 3, false), seqlet(3, 7, false)]).expect("two");
        assert_eq!(pattern.counts(), [1.0, 2.0, 2.0, 2.0]);
        assert_eq!(pattern.frequencies()[0], [0.0, 0.0, 0.0, 1.0]);
        assert_eq!(pattern.frequencies()[1], [1.0, 0.0, 0.0, 0.0]);
        assert_eq!(pattern.contributions()[1], [1.0, 0.0, 0.0, 0.0]);
    }

    #[test]
    fn a_place_counts_once_and_the_other_strand_is_complemented() {
        let pattern =
            Pattern::new(&tracks(), [seqlet(0, 4, true), seqlet(0, 4, false)]).expect("one");
        assert_eq!(pattern.seqlets().len(), 1);
        // ACGT is its own complement.
        assert_eq!(pattern.frequencies()[0], [1.0, 0.0, 0.0, 0.0]);
    }

    #[test]
    fn seqlets_off_the_edge_stay_or_go() {
        let tracks = tracks();
        for (edges, kept) in [(Edges::Keep, 2), (Edges::Drop, 1)] {
            let options = Options {
                edges,
                core: 4,
                ..Options::default()
            };
            let context = Context {
                tracks: &tracks,
                options: &options,
                background: [0.25; 4],
                sign: 1.0,
            };
            let seqlets = [seqlet(0, 4, false), seqlet(2, 6, true)];
            let pattern = Pattern::new(&tracks, seqlets).expect("two");
            let wider = pattern.expanded(&context, 2, 1).expect("some");
            assert_eq!(wider.seqlets().len(), kept);
            assert_eq!(wider.width(), 7);
        }
    }

    #[test]
    fn the_best_window_is_the_first_of_equal_ones() {
        assert_eq!(best_window(&[1.0, 2.0, 0.0, 2.0, 1.0], 2), (0, 3.0));
        assert_eq!(best_window(&[1.0], 3), (0, 1.0));
    }
}
