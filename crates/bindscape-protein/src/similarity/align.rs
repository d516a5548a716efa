//! Local alignment of two proteins through a pair of residues that they share.
//!
//! BLOSUM62, 11 for a gap's first residue and 1 for each further one, as MMseqs2 and
//! BLAST have them. The alignment is extended from the anchor in both directions by the
//! adaptive SIMD blocks of the crate `block-aligner` (Liu and Steinegger 2023).

use std::sync::LazyLock;

use block_aligner::cigar::{Cigar, Operation};
use block_aligner::scan_block::{Block, PaddedBytes};
use block_aligner::scores::{AAMatrix, Gaps, Matrix};

use crate::alphabet::amino_acid;
use crate::scales::BLOSUM62;

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

/// Karlin and Altschul's parameters of BLOSUM62 with these gap costs (BLAST).
const LAMBDA: f64 = 0.267;
const K: f64 = 0.041;

/// Scores of all pairs of letters A to Z. B, J and Z score as the mean of the two amino
/// acids that they stand for, U as C, O as K; X scores -1 with everything.
pub(super) static SCORES: LazyLock<[[i8; 26]; 26]> = LazyLock::new(|| {
    let like = |letter: usize| -> Vec<usize> {
        let letter = b'A' + letter as u8;
        let letters: &[u8] = match letter {
            b'B' => b"DN",
            b'J' => b"IL",
            b'Z' => b"EQ",
            b'U' => b"C",
            b'O' => b"K",
            b'X' => b"",
            _ => &[letter],
        };
        letters.iter().filter_map(|&l| amino_acid(l)).collect()
    };
    std::array::from_fn(|a| {
        std::array::from_fn(|b| {
            let (a, b) = (like(a), like(b));
            let pairs = (a.len() * b.len()) as i32;
            let sum: i32 = a
                .iter()
                .flat_map(|&a| b.iter().map(move |&b| i32::from(BLOSUM62[a][b])))
                .sum();
            // The mean is at most 11 in size, rounded down.
            if pairs == 0 {
                -1
            } else {
                sum.div_euclid(pairs) as i8
            }
        })
    })
});

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
    /// Columns, gaps included.
    pub(super) columns: usize,
}

/// Expected number of alignments of that score by chance, between a query of
/// `query` residues and `residues` residues searched.
pub(super) fn e_value(score: i32, query: usize, residues: usize) -> f64 {
    K * query as f64 * residues as f64 * (-LAMBDA * f64::from(score)).exp()
}

/// The score in bits.
pub(super) fn bits(score: i32) -> f64 {
    (LAMBDA * f64::from(score) - K.ln()) / std::f64::consts::LN_2
}

/// The aligner's memory, used over again.
pub(super) struct Aligner {
    block: Block<true, true>,
    query: PaddedBytes,
    target: PaddedBytes,
    cigar: Cigar,
    query_room: usize,
    target_room: usize,
}

/// One direction of an alignment: what was reached and what it holds.
struct Extension {
    score: i32,
    query: usize,
    target: usize,
    identical: usize,
    columns: usize,
}

impl Aligner {
    pub(super) fn new() -> Self {
        Self::with_room(1024, 1024)
    }

    fn with_room(query: usize, target: usize) -> Self {
        let block = *BLOCKS.end();
        Self {
            block: Block::new(query, target, block),
            query: PaddedBytes::new::<AAMatrix>(query, block),
            target: PaddedBytes::new::<AAMatrix>(target, block),
            cigar: Cigar::new(query, target),
            query_room: query,
            target_room: target,
        }
    }

    /// The best local alignment through residue `anchor.0` of `query` and `anchor.1` of
    /// `target`.
    pub(super) fn align(
        &mut self,
        query: &[u8],
        target: &[u8],
        anchor: (usize, usize),
    ) -> Alignment {
        if query.len() > self.query_room || target.len() > self.target_room {
            *self = Self::with_room(
                query.len().max(self.query_room).next_power_of_two(),
                target.len().max(self.target_room).next_power_of_two(),
            );
        }
        let (i, j) = anchor;
        let after = self.extend(&query[i..], &target[j..], false);
        let before = self.extend(&query[..i], &target[..j], true);
        Alignment {
            score: after.score + before.score,
            query: i - before.query..i + after.query,
            target: j - before.target..j + after.target,
            identical: after.identical + before.identical,
            columns: after.columns + before.columns,
        }
    }

    /// Extends from the beginning of both, or from the end if `reverse`.
    fn extend(&mut self, query: &[u8], target: &[u8], reverse: bool) -> Extension {
        let mut extension = Extension {
            score: 0,
            query: 0,
            target: 0,
            identical: 0,
            columns: 0,
        };
        if query.is_empty() || target.is_empty() {
            return extension;
        }
        let block = *BLOCKS.end();
        if reverse {
            self.query.set_bytes_rev::<AAMatrix>(query, block);
            self.target.set_bytes_rev::<AAMatrix>(target, block);
        } else {
            self.query.set_bytes::<AAMatrix>(query, block);
            self.target.set_bytes::<AAMatrix>(target, block);
        }
        self.block
            .align(&self.query, &self.target, &*MATRIX, GAPS, BLOCKS, X_DROP);
        let end = self.block.res();
        if end.score <= 0 {
            return extension;
        }
        self.block
            .trace()
            .cigar(end.query_idx, end.reference_idx, &mut self.cigar);
        let at = |sequence: &[u8], place: usize| {
            sequence[if reverse {
                sequence.len() - 1 - place
            } else {
                place
            }]
        };
        for number in 0..self.cigar.len() {
            let step = self.cigar.get(number);
            extension.columns += step.len;
            match step.op {
                Operation::I => extension.query += step.len,
                Operation::D => extension.target += step.len,
                _ => {
                    for _ in 0..step.len {
                        let letter = at(query, extension.query);
                        let same = letter == at(target, extension.target);
                        extension.identical += usize::from(same && letter != b'X');
                        extension.query += 1;
                        extension.target += 1;
                    }
                }
            }
        }
        extension.score = end.score;
        extension
    }
}
