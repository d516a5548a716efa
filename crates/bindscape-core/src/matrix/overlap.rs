//! Which regions of one width an interval overlaps, by a search that starts
//! where the last one ended: constant time per interval in a sorted file,
//! logarithmic in the distance otherwise.

use std::ops::Range;

use crate::region::Regions;

/// Rows of a sorted table of regions of one width.
#[derive(Debug)]
pub struct RegionIndex<'a> {
    regions: &'a Regions,
    width: u32,
    rows: Vec<Range<usize>>,
}

impl<'a> RegionIndex<'a> {
    /// Indexes regions of `width` base pairs.
    ///
    /// # Panics
    /// If a region is of another width, or the regions are not sorted by
    /// start with the chromosomes contiguous.
    #[must_use]
    pub fn new(regions: &'a Regions, width: u32) -> Self {
        let chrom = regions.chrom_column();
        let start = regions.start_column();
        let mut rows = vec![0..0; regions.chromosomes().len()];
        let mut begin = 0;
        for row in 0..regions.len() {
            assert_eq!(regions.get(row).end - start[row], width, "one width");
            if row > 0 && chrom[row] == chrom[row - 1] {
                assert!(start[row] >= start[row - 1], "sorted by start");
            } else {
                assert!(rows[chrom[row] as usize].is_empty(), "contiguous");
                begin = row;
            }
            rows[chrom[row] as usize] = begin..row + 1;
        }
        Self {
            regions,
            width,
            rows,
        }
    }

    /// The regions.
    #[must_use]
    pub fn regions(&self) -> &'a Regions {
        self.regions
    }

    /// A search on one chromosome of [`Regions::chromosomes`].
    #[must_use]
    pub fn on(&self, chrom: u32) -> Search<'a> {
        let rows = self.rows[chrom as usize].clone();
        Search {
            starts: &self.regions.start_column()[rows.clone()],
            first_row: rows.start,
            width: self.width,
            at: 0,
        }
    }
}

/// A search on one chromosome, which remembers where it was.
#[derive(Debug, Clone)]
pub struct Search<'a> {
    starts: &'a [u32],
    first_row: usize,
    width: u32,
    at: usize,
}

impl Search<'_> {
    /// The rows that share at least one base with `[start, end)`; `end > start`.
    #[inline]
    pub fn overlapping(&mut self, start: u32, end: u32) -> Range<usize> {
        // A region [s, s + width) ends after `start` if s > start - width.
        self.at = first_at_least(self.starts, (start + 1).saturating_sub(self.width), self.at);
        let mut last = self.at;
        while last < self.starts.len() && self.starts[last] < end {
            last += 1;
        }
        self.first_row + self.at..self.first_row + last
    }
}

/// The first index whose value is at least `wanted`, found by doubling steps from `from`.
#[inline]
fn first_at_least(sorted: &[u32], wanted: u32, from: usize) -> usize {
    let below = |index: usize| sorted[index] < wanted;
    let mut step = 1;
    let (low, high) = if from < sorted.len() && below(from) {
        let mut low = from;
        while low + step < sorted.len() && below(low + step) {
            low += step;
            step *= 2;
        }
        (low + 1, (low + step).min(sorted.len()))
    } else {
        let mut high = from;
        while high >= step && !below(high - step) {
            high -= step;
            step *= 2;
        }
        (high.saturating_sub(step), high)
    };
    low + sorted[low..high].partition_point(|&value| value < wanted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn same_rows_as_by_trying_all(
            mut starts in prop::collection::vec(0u32..2_000, 0..60),
            queries in prop::collection::vec((0u32..2_300, 1u32..300), 1..40),
            width in 1u32..250,
        ) {
            starts.sort_unstable();
            let mut regions = Regions::new();
            regions.push("before", 7, 7 + width);
            let chrom = regions.intern("chr1");
            for &start in &starts {
                regions.push_interned(chrom, start, start + width);
            }
            regions.push("after", 7, 7 + width);
            let index = RegionIndex::new(&regions, width);
            let mut search = index.on(chrom);
            for (start, length) in queries {
                let end = start + length;
                let expected: Vec<usize> = (1..=starts.len())
                    .filter(|&row| starts[row - 1] < end && start < starts[row - 1] + width)
                    .collect();
                prop_assert_eq!(search.overlapping(start, end).collect::<Vec<_>>(), expected);
            }
        }
    }

    #[test]
    fn a_shared_base_is_needed() {
        let mut regions = Regions::new();
        regions.push("chr1", 100, 300);
        let index = RegionIndex::new(&regions, 200);
        let mut search = index.on(0);
        assert!(search.overlapping(300, 310).is_empty());
        assert!(search.overlapping(90, 100).is_empty());
        assert_eq!(search.overlapping(299, 300), 0..1);
        assert_eq!(search.overlapping(99, 101), 0..1);
        assert_eq!(search.overlapping(0, 1_000), 0..1);
        assert!(search.overlapping(u32::MAX - 1, u32::MAX).is_empty());
    }
}
