//! Sets of rows, one bit a row.

use crate::{BindingState, View};

/// A set of rows of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bits {
    words: Vec<u64>,
}

impl Bits {
    pub(crate) fn from_rows(rows: impl ExactSizeIterator<Item = bool>) -> Self {
        let mut words = vec![0; rows.len().div_ceil(64)];
        for (row, member) in rows.enumerate() {
            words[row / 64] |= u64::from(member) << (row % 64);
        }
        Self { words }
    }

    /// Rows of `column` that are bound or unbound in `view`.
    pub(crate) fn resolved(column: &[BindingState], view: View) -> Self {
        Self::from_rows(column.iter().map(|state| state.label(view).is_some()))
    }

    /// Rows of `column` that are bound.
    pub(crate) fn bound(column: &[BindingState]) -> Self {
        Self::from_rows(column.iter().map(|&state| state == BindingState::Bound))
    }

    pub(crate) fn count(&self) -> u64 {
        self.words
            .iter()
            .map(|word| u64::from(word.count_ones()))
            .sum()
    }

    /// Rows in both sets.
    pub(crate) fn common(&self, other: &Self) -> u64 {
        self.words
            .iter()
            .zip(&other.words)
            .map(|(a, b)| u64::from((a & b).count_ones()))
            .sum()
    }

    pub(crate) fn intersect(&mut self, other: &Self) {
        for (a, b) in self.words.iter_mut().zip(&other.words) {
            *a &= b;
        }
    }

    pub(crate) fn unite(&mut self, other: &Self) {
        for (a, b) in self.words.iter_mut().zip(&other.words) {
            *a |= b;
        }
    }

    /// Every `step`-th word of 64 rows: a sample spread over the whole table.
    pub(crate) fn thinned(&self, step: usize) -> Self {
        Self {
            words: self.words.iter().step_by(step).copied().collect(),
        }
    }

    pub(crate) fn len_in_words(&self) -> usize {
        self.words.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_across_words() {
        let threes = Bits::from_rows((0..200).map(|row| row % 3 == 0));
        let mut fives = Bits::from_rows((0..200).map(|row| row % 5 == 0));
        assert_eq!(threes.count(), 67);
        assert_eq!(threes.common(&fives), 14);
        let mut either = fives.clone();
        either.unite(&threes);
        assert_eq!(either.count(), 67 + 40 - 14);
        fives.intersect(&threes);
        assert_eq!(fives.count(), 14);
    }
}
