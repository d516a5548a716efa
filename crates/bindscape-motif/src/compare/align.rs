//! Scores of queries of one width against all targets: a batch of queries at a time,
//! one per lane.

use super::columns::Columns;
use super::distance::{LANES, Lanes};
use super::null::Distribution;
use super::options::Options;
use super::summary::QueryColumn;

/// Added to a small number, 1.5 * 2^23 leaves it rounded in the lowest bits.
const ROUND: f32 = 12_582_912.0;

/// Distinct columns whose bins stay in the cache while all query columns pass.
const TILE: usize = 1024;

/// Largest width of a query: its sums of bins fit 16 bits.
pub(crate) const MAX_WIDTH: usize = 256;

/// Bins per unit of a query's scores: `bins` over the range of all scores less that
/// of bin 0 of their column, from the whole number below the lowest; a whole number where that is
/// at least one.
fn bins_per_unit(query: &[QueryColumn], bins: u32) -> f32 {
    let (mut lowest, mut highest) = (0.0_f32, 0.0_f32);
    for column in query {
        lowest = lowest.min(column.lowest - column.zero);
        highest = highest.max(column.highest - column.zero);
    }
    let per_unit = bins as f32 / (highest - lowest.floor()).max(1.0);
    if per_unit >= 1.0 {
        per_unit.floor()
    } else {
        per_unit
    }
}

/// Bins of the scores of a batch of queries of one width against the distinct columns,
/// and the distribution of each query column over all target columns.
pub(super) struct Scored {
    width: usize,
    /// By distinct column, then query column: a bin per lane.
    bins: Vec<[i8; LANES]>,
    /// By lane, then query column.
    pub(super) distributions: Vec<Vec<Distribution>>,
}

impl Scored {
    /// `queries`: up to [`LANES`], each of the same width. `bins` is memory to use again.
    #[inline(always)]
    pub(super) fn new(
        queries: &[Vec<QueryColumn>],
        columns: &Columns,
        options: &Options,
        mut bins: Vec<[i8; LANES]>,
    ) -> Self {
        let width = queries[0].len();
        bins.resize(columns.distinct.len() * width, [0; LANES]);
        let mut scales = [1.0_f32; LANES];
        for (scale, query) in scales.iter_mut().zip(queries) {
            *scale = bins_per_unit(query, options.bins);
        }
        let mut counts = vec![[[0_u32; 256]; LANES]; width];
        let mut first = 0;
        for tile in columns.distinct.chunks(TILE) {
            let bins = &mut bins[first * width..(first + tile.len()) * width];
            let weights = &columns.weights[first..first + tile.len()];
            for (at, counts) in counts.iter_mut().enumerate() {
                let mut zeros = [0.0_f32; LANES];
                for (zero, query) in zeros.iter_mut().zip(queries) {
                    *zero = query[at].zero;
                }
                let lanes = Lanes::new(queries.iter().map(|query| &query[at].features));
                lanes.scores(
                    options.distance,
                    tile,
                    #[inline(always)]
                    |column, scores| {
                        // Less that of bin 0, times the scale, to the nearest whole number.
                        let mut rounded = [0.0_f32; LANES];
                        for lane in 0..LANES {
                            rounded[lane] = (scores[lane] - zeros[lane]) * scales[lane] + ROUND;
                        }
                        let bins = &mut bins[column * width + at];
                        for lane in 0..LANES {
                            bins[lane] = rounded[lane].to_bits() as i8;
                        }
                    },
                );
                // On its own: together with the above, neither is turned into vectors.
                for (column, &weight) in weights.iter().enumerate() {
                    let bins = &bins[column * width + at];
                    for lane in 0..LANES {
                        counts[lane][usize::from(bins[lane] as u8)] += weight;
                    }
                }
            }
            first += tile.len();
        }
        let mut distributions = vec![Vec::with_capacity(width); queries.len()];
        for counts in &counts {
            for (distributions, counts) in distributions.iter_mut().zip(counts) {
                distributions.push(distribution(counts, columns.total));
            }
        }
        Self {
            width,
            bins,
            distributions,
        }
    }

    /// The memory, for the next batch.
    pub(super) fn into_memory(self) -> Vec<[i8; LANES]> {
        self.bins
    }

    /// Calls `each` with every alignment's place and its sum per lane. `target` names the
    /// distinct columns of the target.
    #[inline(always)]
    pub(super) fn alignments(
        &self,
        target: &[u32],
        places: &[Place],
        mut each: impl FnMut(&Place, &[i16; LANES]),
    ) {
        for place in places {
            let mut sums = [0_i16; LANES];
            let first = place.start as usize;
            let columns = &target[place.target as usize..][..place.overlap as usize];
            for (at, &column) in columns.iter().enumerate() {
                let bins = &self.bins[column as usize * self.width + first + at];
                for lane in 0..LANES {
                    sums[lane] += i16::from(bins[lane]);
                }
            }
            each(place, &sums);
        }
    }

    /// The best sum of each lane and the number of its place; of equal ones, the first.
    #[inline(always)]
    pub(super) fn best(&self, target: &[u32], places: &[Place]) -> ([i16; LANES], [i16; LANES]) {
        let mut best = [i16::MIN; LANES];
        let mut at = [0_i16; LANES];
        let mut number = 0_i16;
        self.alignments(
            target,
            places,
            #[inline(always)]
            |_, sums| {
                for lane in 0..LANES {
                    let better = sums[lane] > best[lane];
                    best[lane] = if better { sums[lane] } else { best[lane] };
                    at[lane] = if better { number } else { at[lane] };
                }
                number += 1;
            },
        );
        (best, at)
    }
}

/// The distribution of counts by bin, negative bins counted as 256 more.
fn distribution(counts: &[u32; 256], total: u64) -> Distribution {
    let count = |bin: i32| counts[usize::from(bin as u8)];
    let first = (-128..128).find(|&bin| count(bin) > 0).unwrap_or(0);
    let last = (-128..128).rfind(|&bin| count(bin) > 0).unwrap_or(0);
    Distribution {
        low: first,
        probabilities: (first..=last)
            .map(|bin| f64::from(count(bin)) / total as f64)
            .collect(),
    }
}

/// An alignment of a query and a target without gaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// First aligned column of the query, from 0.
    pub(super) start: u16,
    /// First aligned column of the target, from 0.
    pub(super) target: u16,
    /// Aligned columns.
    pub(super) overlap: u16,
}

impl Place {
    /// All alignments with at least `min_overlap` columns, or as many as the narrower
    /// motif has; longest first, then from the left of the target.
    pub(super) fn all(query: usize, target: usize, min_overlap: usize) -> Vec<Self> {
        let least = min_overlap.min(query).min(target);
        let mut places: Vec<Self> = (1..query + target)
            .map(|ends| {
                // The query's first column lies at `ends - query` of the target.
                let start = query.saturating_sub(ends);
                let first = ends.saturating_sub(query);
                Self {
                    start: start as u16,
                    target: first as u16,
                    overlap: (query - start).min(target - first) as u16,
                }
            })
            .filter(|place| usize::from(place.overlap) >= least)
            .collect();
        places.sort_by_key(|place| std::cmp::Reverse(place.overlap));
        places
    }

    /// Place of the query's first column in the target.
    pub(super) fn offset(self) -> i32 {
        i32::from(self.target) - i32::from(self.start)
    }
}
