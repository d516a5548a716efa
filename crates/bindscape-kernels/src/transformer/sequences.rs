//! Where the tokens of several sequences lie in one array of rows.

use std::ops::Range;

/// Sequences one after the other, a token in a row.
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
                rows += length;
                start
            })
            .collect();
        Self {
            starts,
            lengths: lengths.to_vec(),
            rows,
        }
    }

    /// Rows of the array: tokens of all sequences.
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
