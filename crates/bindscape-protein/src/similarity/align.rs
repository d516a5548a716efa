//! Local alignment of two proteins through a pair of residues that they share.
//!
//! BLOSUM62, 11 for a gap's first residue and 1 for each further one, as MMseqs2 and
//! BLAST have them. The alignment is extended from the anchor in both directions by the
//! adaptive SIMD blocks of the crate `block-aligner` (Liu and Steinegger 2023).

use std::sync::LazyLock;

use block_aligner::cigar::{Cigar, Operation};
use block_aligner::scan_block::{Block, PaddedBytes};
use block_aligner::scores::{AAMatrix, Gaps, Matrix};

use super::pairwise::{Run, push, same};
use super::substitution::SCORES;

/// Score of a gap's first residue and of each further one.
const GAPS: Gaps = Gaps {
    open: -11,
    extend: -1,
};

/// Sizes of the blocks that follow the best path: they grow where it is unclear.
const BLOCKS: std::ops::RangeInclusive<usize> = 32..=256;

/// An extension ends where its score has fallen this far below its best: as far as a gap
/// of 70 residues costs.
const X_DROP: i32 = 80;

/// The same where only the score is asked for.
const QUICK_BLOCKS: std::ops::RangeInclusive<usize> = 32..=64;
const QUICK_X_DROP: i32 = 64;

/// Scores that are corrected are whole numbers of eighths.
const PARTS: i8 = 8;
const SCALED_GAPS: Gaps = Gaps {
    open: GAPS.open * PARTS,
    extend: GAPS.extend * PARTS,
};

static MATRIX: LazyLock<AAMatrix> = LazyLock::new(|| {
    let mut matrix = AAMatrix::new();
    for (a, row) in SCORES.iter().enumerate() {
        for (b, &score) in row.iter().enumerate() {
            matrix.set(b'A' + a as u8, b'A' + b as u8, score);
        }
    }
    matrix
});

/// A local alignment. Positions are 0-based and half-open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Alignment {
    pub(super) score: i32,
    pub(super) query: std::ops::Range<usize>,
    pub(super) target: std::ops::Range<usize>,
    /// Columns with the same amino acid in both.
    pub(super) identical: usize,
    /// What the columns hold, from the beginning to the end.
    pub(super) path: Vec<Run>,
}

impl Alignment {
    /// Columns, gaps included.
    pub(super) fn columns(&self) -> usize {
        self.path.iter().map(|run| run.columns()).sum()
    }

    /// Columns with the same amino acid in both, of other letters for the same residues.
    pub(super) fn identical(&self, query: &[u8], target: &[u8]) -> usize {
        let mut identical = 0;
        self.walk(|step| {
            if let Step::Pair(i, j) = step {
                identical += usize::from(same(query[i], target[j]));
            }
        });
        identical
    }

    /// The score.
    fn plain_score(&self, query: &[u8], target: &[u8]) -> i32 {
        let scores = &*SCORES;
        let mut sum = 0;
        self.walk(|step| {
            sum += match step {
                Step::Pair(i, j) => {
                    let (a, b) = (query[i] - b'A', target[j] - b'A');
                    i32::from(scores[usize::from(a)][usize::from(b)])
                }
                Step::Gap(length) => {
                    i32::from(GAPS.open) + i32::from(GAPS.extend) * (length as i32 - 1)
                }
            };
        });
        sum
    }

    /// Calls `visit` with the pairs of residues and the gaps.
    fn walk(&self, mut visit: impl FnMut(Step)) {
        let (mut i, mut j) = (self.query.start, self.target.start);
        for &run in &self.path {
            match run {
                Run::Query(length) => {
                    visit(Step::Gap(length));
                    i += length;
                }
                Run::Target(length) => {
                    visit(Step::Gap(length));
                    j += length;
                }
                Run::Pairs(length) => {
                    for place in 0..length {
                        visit(Step::Pair(i + place, j + place));
                    }
                    i += length;
                    j += length;
                }
            }
        }
    }
}

/// The aligner's memory, used over again.
pub(super) struct Aligner {
    block: Block<true, true>,
    /// Finds scores alone.
    quick: Block<false, true>,
    query: PaddedBytes,
    target: PaddedBytes,
    cigar: Cigar,
    /// Corrected scores, in parts.
    scaled: AAMatrix,
    query_room: usize,
    target_room: usize,
}

/// One direction of an alignment: how far it goes.
struct Extension {
    score: i32,
    query: usize,
    target: usize,
}

impl Aligner {
    pub(super) fn new() -> Self {
        Self::with_room(1024, 1024)
    }

    fn with_room(query: usize, target: usize) -> Self {
        let block = *BLOCKS.end();
        Self {
            block: Block::new(query, target, block),
            quick: Block::new(query, target, block),
            query: PaddedBytes::new::<AAMatrix>(query, block),
            target: PaddedBytes::new::<AAMatrix>(target, block),
            cigar: Cigar::new(query, target),
            scaled: AAMatrix::new(),
            query_room: query,
            target_room: target,
        }
    }

    fn make_room(&mut self, query: &[u8], target: &[u8]) {
        if query.len() > self.query_room || target.len() > self.target_room {
            let room = Self::with_room(
                query.len().max(self.query_room).next_power_of_two(),
                target.len().max(self.target_room).next_power_of_two(),
            );
            let scaled = std::mem::replace(self, room).scaled;
            self.scaled = scaled;
        }
    }

    /// Makes [`Aligner::corrected_score`] and [`Aligner::align_corrected`] score pairs of
    /// residues `ratio` times as high as [`SCORES`] does, and gaps as before.
    pub(super) fn correct(&mut self, ratio: f64) {
        for (a, row) in SCORES.iter().enumerate() {
            for (b, &score) in row.iter().enumerate().take(a + 1) {
                let parts = (ratio * f64::from(score) * f64::from(PARTS)).round() as i8;
                self.scaled.set(b'A' + a as u8, b'A' + b as u8, parts);
            }
        }
    }

    /// About the corrected score that [`Aligner::align_corrected`] finds, for less of the work:
    /// lower where gaps are long.
    pub(super) fn corrected_score(
        &mut self,
        query: &[u8],
        target: &[u8],
        anchor: (usize, usize),
    ) -> f64 {
        self.make_room(query, target);
        let (i, j) = anchor;
        let mut sum = 0;
        for (query, target, reverse) in [
            (&query[..i], &target[..j], true),
            (&query[i..], &target[j..], false),
        ] {
            if self.set(query, target, reverse) {
                self.quick.align(
                    &self.query,
                    &self.target,
                    &self.scaled,
                    SCALED_GAPS,
                    QUICK_BLOCKS,
                    QUICK_X_DROP * i32::from(PARTS),
                );
                sum += self.quick.res().score.max(0);
            }
        }
        f64::from(sum) / f64::from(PARTS)
    }

    /// The best local alignment through residue `anchor.0` of `query` and `anchor.1` of
    /// `target`.
    pub(super) fn align(
        &mut self,
        query: &[u8],
        target: &[u8],
        anchor: (usize, usize),
    ) -> Alignment {
        self.align_with(query, target, anchor, false)
    }

    /// The best local alignment by corrected scores, and the corrected score of it. The
    /// alignment's own score is not corrected.
    pub(super) fn align_corrected(
        &mut self,
        query: &[u8],
        target: &[u8],
        anchor: (usize, usize),
    ) -> (Alignment, f64) {
        let mut alignment = self.align_with(query, target, anchor, true);
        let corrected = f64::from(alignment.score) / f64::from(PARTS);
        alignment.score = alignment.plain_score(query, target);
        (alignment, corrected)
    }

    fn align_with(
        &mut self,
        query: &[u8],
        target: &[u8],
        anchor: (usize, usize),
        corrected: bool,
    ) -> Alignment {
        self.make_room(query, target);
        let mut path = Vec::new();
        let (i, j) = anchor;
        let before = self.extend(&query[..i], &target[..j], true, corrected, &mut path);
        path.reverse();
        let after = self.extend(&query[i..], &target[j..], false, corrected, &mut path);
        let mut alignment = Alignment {
            score: after.score + before.score,
            query: i - before.query..i + after.query,
            target: j - before.target..j + after.target,
            identical: 0,
            path,
        };
        alignment.identical = alignment.identical(query, target);
        alignment
    }

    /// Hands both to the blocks, backwards if `reverse`. Whether there is something to align.
    fn set(&mut self, query: &[u8], target: &[u8], reverse: bool) -> bool {
        if query.is_empty() || target.is_empty() {
            return false;
        }
        let block = *BLOCKS.end();
        if reverse {
            self.query.set_bytes_rev::<AAMatrix>(query, block);
            self.target.set_bytes_rev::<AAMatrix>(target, block);
        } else {
            self.query.set_bytes::<AAMatrix>(query, block);
            self.target.set_bytes::<AAMatrix>(target, block);
        }
        true
    }

    /// Extends from the beginning of both, or from the end if `reverse`, and adds the columns
    /// to `path`.
    fn extend(
        &mut self,
        query: &[u8],
        target: &[u8],
        reverse: bool,
        corrected: bool,
        path: &mut Vec<Run>,
    ) -> Extension {
        let mut extension = Extension {
            score: 0,
            query: 0,
            target: 0,
        };
        if !self.set(query, target, reverse) {
            return extension;
        }
        let (matrix, gaps, x_drop) = if corrected {
            (&self.scaled, SCALED_GAPS, X_DROP * i32::from(PARTS))
        } else {
            (&*MATRIX, GAPS, X_DROP)
        };
        self.block
            .align(&self.query, &self.target, matrix, gaps, BLOCKS, x_drop);
        let end = self.block.res();
        if end.score <= 0 {
            return extension;
        }
        self.block
            .trace()
            .cigar(end.query_idx, end.reference_idx, &mut self.cigar);
        extension = Extension {
            score: end.score,
            query: end.query_idx,
            target: end.reference_idx,
        };
        for step in (0..self.cigar.len()).map(|number| self.cigar.get(number)) {
            let run = match step.op {
                Operation::I => Run::Query(step.len),
                Operation::D => Run::Target(step.len),
                _ => Run::Pairs(step.len),
            };
            push(path, run);
        }
        extension
    }
}

/// A step of an alignment.
enum Step {
    /// Places of the two residues.
    Pair(usize, usize),
    /// Residues of one protein between two of the other.
    Gap(usize),
}
