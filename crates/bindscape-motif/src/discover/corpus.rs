//! The sequences under study, one after the other, with what scans and word counts need.

use std::ops::Range;

use super::background::Markov;
use super::bases::UNKNOWN;

/// Bases of a table of the scan: a score is looked up for so many bases at a time.
pub(super) const CODE: usize = 5;

/// Number of words of [`CODE`] bases.
pub(super) const CODES: usize = 1 << (2 * CODE);

/// A score, or the logarithm of a probability, in units of 2^-20 bit. Sums of whole numbers
/// are exact, in whatever order they are taken.
pub(super) type Score = i32;

/// Units of a [`Score`] per bit.
pub(super) const UNITS: f64 = (1 << 20) as f64;

/// A stretch of bases that sites may lie in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) start: u32,
    pub(super) length: u32,
}

/// Sequences of several sets. All positions count from the beginning of the first
/// sequence; one unknown base lies after each sequence.
#[derive(Debug, Clone)]
pub(super) struct Corpus {
    /// A 0, C 1, G 2, T 3, else [`UNKNOWN`]. Never changed by erasing.
    bases: Vec<u8>,
    /// Whether a site may cover the base: known and not erased.
    free: Vec<bool>,
    /// Words of [`CODE`] bases by their first base, the first base most significant;
    /// unknown bases and those beyond the end count as A.
    codes: Vec<u16>,
    /// Sum of the logarithms of the background probabilities of all bases before this one,
    /// wrapping: a difference over a site is exact.
    background: Vec<Score>,
    /// First position of each sequence, and the end.
    starts: Vec<u32>,
    /// First and past-last segment of each sequence.
    segments_of: Vec<Range<u32>>,
    segments: Vec<Segment>,
    /// First sequence of each set, and the end.
    sets: Vec<usize>,
    min_width: usize,
}

impl Corpus {
    /// Lays out the sequences of `sets`, letters as base numbers, for sites of at least
    /// `min_width` bases.
    pub(super) fn new(sets: &[&[Vec<u8>]], min_width: usize, background: &Markov) -> Self {
        let total: usize = sets.iter().copied().flatten().map(|s| s.len() + 1).sum();
        let mut bases = Vec::with_capacity(total);
        let mut starts = Vec::new();
        let mut first = vec![0];
        for set in sets {
            for sequence in *set {
                starts.push(bases.len() as u32);
                bases.extend_from_slice(sequence);
                bases.push(UNKNOWN);
            }
            first.push(starts.len());
        }
        starts.push(bases.len() as u32);
        let free = bases.iter().map(|&base| base < UNKNOWN).collect();
        let mut sum: Score = 0;
        let mut sums = Vec::with_capacity(total + 1);
        sums.push(sum);
        background.each_log_probability(&bases, |bits| {
            sum = sum.wrapping_add((bits * UNITS).round() as Score);
            sums.push(sum);
        });
        let mut corpus = Self {
            codes: codes(&bases),
            bases,
            free,
            background: sums,
            segments_of: Vec::with_capacity(starts.len() - 1),
            starts,
            segments: Vec::new(),
            sets: first,
            min_width,
        };
        corpus.find_segments();
        corpus
    }

    /// The numbers of the sequences of a set.
    pub(super) fn set(&self, set: usize) -> Range<usize> {
        self.sets[set]..self.sets[set + 1]
    }

    /// The positions of a sequence.
    pub(super) fn positions(&self, sequence: usize) -> Range<usize> {
        // The last position before the next sequence is the unknown base between them.
        self.starts[sequence] as usize..self.starts[sequence + 1] as usize - 1
    }

    /// Base numbers by position.
    pub(super) fn bases(&self) -> &[u8] {
        &self.bases
    }

    /// Words of [`CODE`] bases by position; [`CODE`] more than there are positions.
    pub(super) fn codes(&self) -> &[u16] {
        &self.codes
    }

    /// Running sums of the background; one more than there are positions.
    pub(super) fn background(&self) -> &[Score] {
        &self.background
    }

    /// The stretches of a sequence that sites may lie in.
    pub(super) fn segments(&self, sequence: usize) -> &[Segment] {
        let range = &self.segments_of[sequence];
        &self.segments[range.start as usize..range.end as usize]
    }

    /// Whether a site may cover the base at a position.
    pub(super) fn free(&self) -> &[bool] {
        &self.free
    }

    /// Forbids the bases of `range`; [`Corpus::find_segments`] makes it count.
    pub(super) fn erase(&mut self, range: Range<usize>) {
        self.free[range].fill(false);
    }

    /// Finds the segments again after erasing.
    pub(super) fn find_segments(&mut self) {
        self.segments.clear();
        self.segments_of.clear();
        for sequence in 0..self.starts.len() - 1 {
            let first = self.segments.len() as u32;
            let mut start = None;
            // One position past the end, which is never free, closes the last segment.
            for at in self.starts[sequence]..self.starts[sequence + 1] {
                match (self.free[at as usize], start) {
                    (true, None) => start = Some(at),
                    (false, Some(from)) => {
                        start = None;
                        if (at - from) as usize >= self.min_width {
                            self.segments.push(Segment {
                                start: from,
                                length: at - from,
                            });
                        }
                    }
                    _ => {}
                }
            }
            self.segments_of.push(first..self.segments.len() as u32);
        }
    }
}

fn codes(bases: &[u8]) -> Vec<u16> {
    let mut codes = vec![0; bases.len() + CODE];
    let mut code = 0;
    for at in (0..bases.len()).rev() {
        code = code >> 2 | u16::from(bases[at] % UNKNOWN) << (2 * (CODE - 1));
        codes[at] = code;
    }
    codes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn corpus(sets: &[&[Vec<u8>]], min_width: usize) -> Corpus {
        let all: Vec<Vec<u8>> = sets.iter().copied().flatten().cloned().collect();
        Corpus::new(sets, min_width, &Markov::of(&all, 0))
    }

    #[test]
    fn segments_skip_unknown_and_erased_bases() {
        let positives = [vec![0, 1, 4, 2, 3, 3, 0], vec![1, 1, 1]];
        let controls = [vec![2, 2]];
        let mut corpus = corpus(&[&positives, &controls], 2);
        assert_eq!((corpus.set(0), corpus.set(1)), (0..2, 2..3));
        assert_eq!(corpus.positions(1), 8..11);
        let segments = |corpus: &Corpus, sequence| -> Vec<(u32, u32)> {
            let segments = corpus.segments(sequence);
            segments.iter().map(|s| (s.start, s.length)).collect()
        };
        assert_eq!(segments(&corpus, 0), [(0, 2), (3, 4)]);
        assert_eq!(segments(&corpus, 2), [(12, 2)]);
        corpus.erase(4..5);
        corpus.erase(9..10);
        corpus.find_segments();
        assert_eq!(segments(&corpus, 0), [(0, 2), (5, 2)]);
        assert_eq!(segments(&corpus, 1), []);
    }

    #[test]
    fn codes_are_words() {
        let corpus = corpus(&[&[vec![3, 0, 0, 0, 1, 2]]], 2);
        assert_eq!(corpus.codes()[0], 0b11_00_00_00_01);
        assert_eq!(corpus.codes()[1], 0b00_00_00_01_10);
        assert_eq!(corpus.codes()[4], 0b01_10_00_00_00);
        assert_eq!(corpus.codes().len(), 7 + CODE);
    }
}
