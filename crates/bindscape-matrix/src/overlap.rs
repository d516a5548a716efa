//! Which regions of one width an interval overlaps, in constant time: by a
//! search that starts where the last one ended, or, if that is far away, from
//! a table of the first region in each stretch of the chromosome.

use std::ops::Range;

use bindscape_genome::region::Regions;

/// Bits of a position within a stretch of the table: with the paper's regions,
/// about two begin in each stretch of 4,096 bases.
const STRETCH_BITS: u32 = 12;

/// Rows of a sorted table of regions of one width.
#[derive(Debug)]
pub struct RegionIndex<'a> {
    regions: &'a Regions,
    width: u32,
    rows: Vec<Range<usize>>,
    /// Per chromosome and stretch, how many regions begin before the stretch.
    stretches: Vec<Vec<u32>>,
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
        let stretches = rows
            .iter()
            .map(|rows| stretches(&start[rows.clone()]))
            .collect();
        Self {
            regions,
            width,
            rows,
            stretches,
        }
    }

    /// The regions.
    #[must_use]
    pub fn regions(&self) -> &'a Regions {
        self.regions
    }

    /// A search on one chromosome of [`Regions::chromosomes`].
    #[must_use]
    pub fn on(&self, chrom: u32) -> Search<'_> {
        let rows = self.rows[chrom as usize].clone();
        Search {
            starts: &self.regions.start_column()[rows.clone()],
            stretches: &self.stretches[chrom as usize],
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
    stretches: &'a [u32],
    first_row: usize,
    width: u32,
    at: usize,
}

impl Search<'_> {
    /// The rows that share at least one base with `[start, end)`; `end > start`.
    #[inline]
    pub fn overlapping(&mut self, start: u32, end: u32) -> Range<usize> {
        // A region [s, s + width) ends after `start` if s > start - width.
        self.seek((start + 1).saturating_sub(self.width));
        let mut last = self.at;
        while last < self.starts.len() && self.starts[last] < end {
            last += 1;
        }
        self.first_row + self.at..self.first_row + last
    }

    /// Goes to the first region that begins at `wanted` or after.
    #[inline]
    fn seek(&mut self, wanted: u32) {
        const NEAR: u32 = 2 << STRETCH_BITS;
        let (starts, from) = (self.starts, self.at);
        let far = starts
            .get(from)
            .is_none_or(|start| start.abs_diff(wanted) > NEAR);
        let mut at = if far {
            let stretch = (wanted >> STRETCH_BITS) as usize;
            self.stretches
                .get(stretch)
                .map_or(starts.len(), |&before| before as usize)
        } else {
            from
        };
        while at > 0 && starts[at - 1] >= wanted {
            at -= 1;
        }
        while at < starts.len() && starts[at] < wanted {
            at += 1;
        }
        self.at = at;
    }
}

/// Per stretch up to the last start, how many of `starts` lie before it.
fn stretches(starts: &[u32]) -> Vec<u32> {
    let Some(last) = starts.last() else {
        return Vec::new();
    };
    let mut before = 0;
    (0..=last >> STRETCH_BITS)
        .map(|stretch| {
            while starts[before] >> STRETCH_BITS < stretch {
                before += 1;
            }
            u32::try_from(before).expect("fewer than 2^32 regions")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn same_rows_as_by_trying_all(
            mut starts in prop::collection::vec(0u32..20_000, 0..120),
            queries in prop::collection::vec((0u32..23_000, 1u32..900), 1..40),
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
