//! Genomic regions. Coordinates are 0-based and half-open, as in BED.
//!
//! # The ends of chromosomes
//!
//! Peak callers extend peaks beyond the ends of a chromosome, files hold contigs that a genome file
//! lacks, and the bases around a centre ([`Window`]) may cross an end. One rule holds for all of
//! it: what does not lie in the genome is never taken as if it did, is counted, and is said;
//! nothing else stops for it.
//!
//! | | crosses an end of its chromosome | lies beyond it, or its chromosome is not in the genome | the window crosses an end |
//! |---|---|---|---|
//! | peak, site, accessible interval in a build | clipped at that end | dropped | (accessible) gives no region |
//! | region of a matrix whose sequence is loaded | N for all of it: not trained on, not measured | N for all of it | N for what is missing: the same |
//! | region that is scored | no score (`NA`) | no score | no score |
//!
//! Where the lengths of chromosomes are not known (a build without a genome), nothing is past their
//! ends; what begins before 0 is clipped or dropped all the same. A file of which nothing lies in the genome is an error, since it is of another genome or
//! names chromosomes otherwise; builds and predictions can be told to refuse anything outside
//! (`refuse_outside`).

use std::collections::HashMap;
use std::fmt;

/// One region, borrowed from a [`Regions`] table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Region<'a> {
    /// Chromosome or scaffold name.
    pub chrom: &'a str,
    /// First base, counted from 0.
    pub start: u32,
    /// One past the last base.
    pub end: u32,
}

impl fmt::Display for Region<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}-{}", self.chrom, self.start, self.end)
    }
}

/// The bases around a centre: the one rule by which regions of any size get the width that a
/// network or a matrix takes.
///
/// The window is `[centre - floor(width / 2), centre - floor(width / 2) + width)`, where the
/// centre of a region is `floor((start + end) / 2)`. It may reach beyond an end of its chromosome;
/// the [module](self) says what holds then.
///
/// ```
/// use bindscape_genome::region::Window;
///
/// let window = Window::around(150, 200);
/// assert_eq!((window.start, window.end), (50, 250));
/// assert_eq!(window.within(1000), Some((50, 250)));
/// assert_eq!(window.within(249), None);
/// assert_eq!(Window::around(50, 200).within(1000), None);
/// assert_eq!(Window::around(50, 5).within(1000), Some((48, 53)));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// First base; below 0 where the window begins before the chromosome.
    pub start: i64,
    /// One past the last base.
    pub end: i64,
}

impl Window {
    /// The window of `width` bases around `centre`.
    #[must_use]
    pub fn around(centre: u32, width: u32) -> Self {
        let start = i64::from(centre) - i64::from(width / 2);
        Self {
            start,
            end: start + i64::from(width),
        }
    }

    /// The window as positions of a chromosome of `length` bases, if all of it lies there.
    #[must_use]
    pub fn within(self, length: u64) -> Option<(u32, u32)> {
        let (start, end) = (
            u32::try_from(self.start).ok()?,
            u32::try_from(self.end).ok()?,
        );
        (u64::from(end) <= length).then_some((start, end))
    }
}

impl Region<'_> {
    /// The middle base, `floor((start + end) / 2)`.
    #[must_use]
    pub fn centre(&self) -> u32 {
        self.start + self.end.saturating_sub(self.start) / 2
    }
}

/// A table of regions, one column per field; the chromosome names are stored once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Regions {
    chromosomes: Vec<String>,
    by_name: HashMap<String, u32>,
    chrom: Vec<u32>,
    start: Vec<u32>,
    end: Vec<u32>,
}

impl Regions {
    /// An empty table.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Number of regions.
    #[must_use]
    pub fn len(&self) -> usize {
        self.start.len()
    }

    /// Whether there are no regions.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.start.is_empty()
    }

    /// Chromosome names in order of first appearance.
    #[must_use]
    pub fn chromosomes(&self) -> &[String] {
        &self.chromosomes
    }

    /// The number of a chromosome in [`Regions::chromosomes`], added if it is new.
    pub fn intern(&mut self, chrom: &str) -> u32 {
        if let Some(&index) = self.by_name.get(chrom) {
            return index;
        }
        let index = u32::try_from(self.chromosomes.len()).expect("fewer than 2^32 chromosomes");
        self.chromosomes.push(chrom.to_owned());
        self.by_name.insert(chrom.to_owned(), index);
        index
    }

    /// The number of a chromosome in [`Regions::chromosomes`], if it occurs.
    #[must_use]
    pub fn chromosome_index(&self, chrom: &str) -> Option<u32> {
        self.by_name.get(chrom).copied()
    }

    /// Appends `[start, end)` on `chrom`.
    pub fn push(&mut self, chrom: &str, start: u32, end: u32) {
        let chrom = self.intern(chrom);
        self.push_interned(chrom, start, end);
    }

    /// Appends a region whose chromosome number came from [`Regions::intern`].
    pub fn push_interned(&mut self, chrom: u32, start: u32, end: u32) {
        debug_assert!((chrom as usize) < self.chromosomes.len());
        self.chrom.push(chrom);
        self.start.push(start);
        self.end.push(end);
    }

    /// The region of row `row`.
    #[must_use]
    pub fn get(&self, row: usize) -> Region<'_> {
        Region {
            chrom: &self.chromosomes[self.chrom[row] as usize],
            start: self.start[row],
            end: self.end[row],
        }
    }

    /// All regions in row order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Region<'_>> {
        (0..self.len()).map(|row| self.get(row))
    }

    /// Chromosome number per row.
    #[must_use]
    pub fn chrom_column(&self) -> &[u32] {
        &self.chrom
    }

    /// Start per row.
    #[must_use]
    pub fn start_column(&self) -> &[u32] {
        &self.start
    }

    /// End per row.
    #[must_use]
    pub fn end_column(&self) -> &[u32] {
        &self.end
    }

    /// The rows named, in that order, with the same chromosome numbering.
    #[must_use]
    pub fn select(&self, rows: &[usize]) -> Self {
        Self {
            chromosomes: self.chromosomes.clone(),
            by_name: self.by_name.clone(),
            chrom: rows.iter().map(|&row| self.chrom[row]).collect(),
            start: rows.iter().map(|&row| self.start[row]).collect(),
            end: rows.iter().map(|&row| self.end[row]).collect(),
        }
    }

    /// The first row whose region an earlier row has, too, with that earlier row, as
    /// (earlier, later).
    ///
    /// Costs O(n) where rows are sorted by start and end within chromosomes, O(n log n) elsewhere.
    #[must_use]
    pub fn first_repeat(&self) -> Option<(usize, usize)> {
        let key = |row: usize| (self.chrom[row], self.start[row], self.end[row]);
        if (1..self.len()).all(|row| key(row - 1) < key(row)) {
            return None;
        }
        let mut sorted: Vec<_> = (0..self.len()).map(|row| (key(row), row)).collect();
        sorted.sort_unstable();
        sorted
            .windows(2)
            .filter(|pair| pair[0].0 == pair[1].0)
            .map(|pair| (pair[0].1, pair[1].1))
            .min_by_key(|&(_, later)| later)
    }

    /// For every row of `self`, whether it shares at least one base with a region of `other`.
    ///
    /// Neither table needs to be sorted. Costs O((n + m) log m).
    #[must_use]
    pub fn overlaps(&self, other: &Regions) -> Vec<bool> {
        // Per chromosome of `other`: starts ascending, with the running maximum of the ends.
        let mut by_chrom: Vec<Vec<(u32, u32)>> = vec![Vec::new(); other.chromosomes.len()];
        for row in 0..other.len() {
            if other.end[row] > other.start[row] {
                by_chrom[other.chrom[row] as usize].push((other.start[row], other.end[row]));
            }
        }
        for list in &mut by_chrom {
            list.sort_unstable();
            let mut reach = 0;
            for interval in list.iter_mut() {
                reach = reach.max(interval.1);
                interval.1 = reach;
            }
        }
        let translate: Vec<Option<u32>> = self
            .chromosomes
            .iter()
            .map(|name| other.chromosome_index(name))
            .collect();
        (0..self.len())
            .map(|row| {
                let Some(chrom) = translate[self.chrom[row] as usize] else {
                    return false;
                };
                let list = &by_chrom[chrom as usize];
                let before = list.partition_point(|&(start, _)| start < self.end[row]);
                before > 0
                    && list[before - 1].1 > self.start[row]
                    && self.end[row] > self.start[row]
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_repeat_is_found_in_any_order() {
        let repeat = |rows: &[(&str, u32, u32)]| {
            let mut regions = Regions::new();
            for &(chrom, start, end) in rows {
                regions.push(chrom, start, end);
            }
            regions.first_repeat()
        };
        assert_eq!(repeat(&[]), None);
        assert_eq!(
            repeat(&[("chr2", 1, 5), ("chr2", 1, 6), ("chr1", 1, 5)]),
            None
        );
        assert_eq!(
            repeat(&[("chr1", 7, 9), ("chr1", 1, 5), ("chr1", 7, 8)]),
            None
        );
        assert_eq!(repeat(&[("chr1", 1, 5), ("chr1", 1, 5)]), Some((0, 1)));
        let unsorted = [
            ("chr1", 9, 12),
            ("chr1", 1, 5),
            ("chr2", 1, 5),
            ("chr1", 9, 12),
            ("chr1", 1, 5),
            ("chr1", 9, 12),
        ];
        assert_eq!(repeat(&unsorted), Some((0, 3)));
    }

    #[test]
    fn overlap_needs_a_shared_base() {
        let mut a = Regions::new();
        a.push("chr1", 0, 100);
        a.push("chr1", 100, 200);
        a.push("chr2", 0, 100);
        a.push("chr1", 350, 360);
        let mut b = Regions::new();
        b.push("chr1", 300, 400);
        b.push("chr1", 199, 201);
        b.push("chr1", 310, 320);
        assert_eq!(a.overlaps(&b), [false, true, false, true]);
    }
}
