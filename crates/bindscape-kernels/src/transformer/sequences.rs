//! Where the tokens of several sequences lie in one array of rows.

use std::ops::Range;

/// Sequences one after the other, each from an even row on: products by
/// [`Products::Fast`](super::Products::Fast) take rows in pairs, and a pair never holds two
/// sequences. The row after a sequence of odd length is filled up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sequences {
    starts: Vec<usize>,
    lengths: Vec<usize>,
    rows: usize,
}

impl Sequences {
    /// Sequences of so many tokens.
    #[must_use]
    pub fn new(lengths: &[usize]) -> Self {
        let mut rows = 0;
        let starts = lengths
            .iter()
            .map(|length| {
                let start = rows;
                rows += Self::rows_of(*length);
                start
            })
            .collect();
        Self {
            starts,
            lengths: lengths.to_vec(),
            rows,
        }
    }

    /// Rows that a sequence of `length` tokens takes.
    #[must_use]
    pub fn rows_of(length: usize) -> usize {
        length.next_multiple_of(2)
    }

    /// Rows of the array, those that fill up included.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of sequences.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lengths.len()
    }

    /// Whether there is no sequence.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lengths.is_empty()
    }

    /// The rows of the tokens of a sequence.
    ///
    /// # Panics
    /// If there is no such sequence.
    #[must_use]
    pub fn tokens(&self, sequence: usize) -> Range<usize> {
        let start = self.starts[sequence];
        start..start + self.lengths[sequence]
    }

    /// Tokens of the longest sequence.
    #[must_use]
    pub fn longest(&self) -> usize {
        self.lengths.iter().copied().max().unwrap_or(0)
    }
}
