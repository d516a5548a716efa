//! From evidence per pair of TF and cell to states per TF.

use std::sync::Arc;

use rayon::prelude::*;

use super::Evidence;
use super::bits::RankedBits;
use super::pairs::Pair;
use super::report::StateCounts;
use crate::BindingState;
use crate::sheet::Kind;

/// All evidence, by cell.
#[derive(Debug)]
pub(super) struct CellEvidence {
    evidence: Evidence,
    cells: Vec<String>,
    open: Vec<RankedBits>,
    /// Sorted by TF, then cell.
    pairs: Vec<Arc<Pair>>,
}

impl CellEvidence {
    pub(super) fn new(
        evidence: Evidence,
        cells: Vec<String>,
        open: Vec<RankedBits>,
        pairs: Vec<Arc<Pair>>,
    ) -> Self {
        Self {
            evidence,
            cells,
            open,
            pairs,
        }
    }

    pub(super) fn cells(&self) -> usize {
        self.cells.len()
    }

    pub(super) fn pairs(&self) -> usize {
        self.pairs.len()
    }

    /// The cells in alphabetical order.
    pub(super) fn names(&self) -> &[String] {
        &self.cells
    }

    pub(super) fn name(&self, cell: usize) -> &str {
        &self.cells[cell]
    }

    /// Cells in which a TF was profiled, ascending.
    pub(super) fn profiled(&self) -> Vec<usize> {
        let mut cells: Vec<usize> = self.pairs.iter().map(|pair| pair.cell).collect();
        cells.sort_unstable();
        cells.dedup();
        cells
    }

    /// One column of `rows` states per TF: the highest state over all cells, or the state in `cell`;
    /// and how often each state occurs in it.
    pub(super) fn columns(
        &self,
        tfs: &[String],
        rows: usize,
        cell: Option<usize>,
    ) -> (Vec<Vec<BindingState>>, Vec<StateCounts>) {
        tfs.par_iter()
            .map(|tf| {
                let pairs: Vec<&Pair> = self
                    .pairs
                    .iter()
                    .map(|pair| &**pair)
                    .filter(|pair| pair.tf == *tf && cell.is_none_or(|cell| pair.cell == cell))
                    .collect();
                let (column, [closed, unbound, one_evidence, bound]) = self.column(&pairs, rows);
                let counts = StateCounts {
                    closed,
                    unbound,
                    one_evidence,
                    bound,
                };
                (column, counts)
            })
            .unzip()
    }

    fn column(&self, pairs: &[&Pair], rows: usize) -> (Vec<BindingState>, [u64; 4]) {
        // Per row, a bit: open in a profiled cell, one kind of evidence at least, both in one cell.
        let words = rows.div_ceil(64);
        let (mut open, mut any, mut both) = (vec![0; words], vec![0; words], vec![0; words]);
        // Rows with ChIP evidence in the current cell. Empty again after each cell.
        let mut chip = vec![0u64; words];
        for pair in pairs {
            let cell = &self.open[pair.cell];
            for (open, word) in open.iter_mut().zip(cell.words()) {
                *open |= word;
            }
            let rows_of = |kind| {
                pair.marks(kind)
                    .into_iter()
                    .flat_map(|marks| cell.rows(marks))
            };
            for row in rows_of(Kind::Chip) {
                chip[row / 64] |= 1 << (row % 64);
            }
            if self.evidence == Evidence::ChipOnly {
                for row in rows_of(Kind::Chip) {
                    both[row / 64] |= 1 << (row % 64);
                }
            }
            for row in rows_of(Kind::Tfbs) {
                any[row / 64] |= 1 << (row % 64);
                both[row / 64] |= chip[row / 64] & 1 << (row % 64);
            }
            for row in rows_of(Kind::Chip) {
                any[row / 64] |= 1 << (row % 64);
                chip[row / 64] = 0;
            }
        }
        let mut column = Vec::with_capacity(rows);
        let mut counts = [0; 4];
        for (word, ((open, any), both)) in open.into_iter().zip(any).zip(both).enumerate() {
            let in_word = (rows - word * 64).min(64);
            if open == 0 {
                column.resize(column.len() + in_word, BindingState::Closed);
            } else {
                // Both is a subset of any, and any of open: their number is the state.
                column.extend((0..in_word).map(|bit| {
                    CODES[((open >> bit & 1) + (any >> bit & 1) + (both >> bit & 1)) as usize]
                }));
            }
            let ones = |bits: u64| u64::from(bits.count_ones());
            counts[3] += ones(both);
            counts[2] += ones(any) - ones(both);
            counts[1] += ones(open) - ones(any);
            counts[0] += in_word as u64 - ones(open);
        }
        (column, counts)
    }
}

/// Codes in the order of their evidence.
const CODES: [BindingState; 4] = [
    BindingState::Closed,
    BindingState::Unbound,
    BindingState::OneEvidence,
    BindingState::Bound,
];
