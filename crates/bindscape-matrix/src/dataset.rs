//! What a network is trained and tested on: sequences, labels, and the part each row belongs to.

use serde::{Deserialize, Serialize};

use bindscape_genome::region::Regions;
use bindscape_genome::sequence::PackedSequences;

/// The part of a data set that a region belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// The weights are fitted on it.
    Train,
    /// The best epoch is chosen on it.
    Validation,
    /// Seen once, after training.
    Test,
}

impl Part {
    /// `train`, `validation` or `test`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Part::Train => "train",
            Part::Validation => "validation",
            Part::Test => "test",
        }
    }
}

/// Label of a region that is neither bound nor unbound by a TF. Losses and metrics leave it out.
pub const UNRESOLVED: u8 = 2;

/// Labelled, split sequences. All columns have one entry per region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dataset {
    /// One TF per output of the network.
    pub tfs: Vec<String>,
    /// Where the sequences lie.
    pub regions: Regions,
    /// The sequences; none has unknown letters.
    pub sequences: PackedSequences,
    /// 1 for bound, 0 for unbound or [`UNRESOLVED`], row by row: `labels[row * tfs.len() + tf]`.
    pub labels: Vec<u8>,
    /// The part of each row.
    pub parts: Vec<Part>,
}

impl Dataset {
    /// Number of regions.
    #[must_use]
    pub fn len(&self) -> usize {
        self.parts.len()
    }

    /// Whether there are no regions.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// Rows of one part, ascending.
    #[must_use]
    pub fn rows(&self, part: Part) -> Vec<usize> {
        (0..self.len())
            .filter(|&row| self.parts[row] == part)
            .collect()
    }

    /// The labels of one row, one per TF.
    #[must_use]
    pub fn labels_of(&self, row: usize) -> &[u8] {
        &self.labels[row * self.tfs.len()..(row + 1) * self.tfs.len()]
    }

    /// Whether one TF binds the region of a row; `None` where that is not resolved.
    #[must_use]
    pub fn bound(&self, row: usize, tf: usize) -> Option<bool> {
        match self.labels[row * self.tfs.len() + tf] {
            UNRESOLVED => None,
            label => Some(label == 1),
        }
    }

    /// The rows named, in that order, as a data set of their own.
    #[must_use]
    pub fn subset(&self, rows: &[usize]) -> Self {
        Self {
            tfs: self.tfs.clone(),
            regions: self.regions.select(rows),
            sequences: self.sequences.select(rows),
            labels: rows
                .iter()
                .flat_map(|&row| self.labels_of(row).iter().copied())
                .collect(),
            parts: rows.iter().map(|&row| self.parts[row]).collect(),
        }
    }

    /// Adds the rows of `other`, with their parts.
    ///
    /// # Panics
    /// If it is of other TFs, or its sequences are of another length.
    pub fn append(&mut self, other: &Self) {
        assert_eq!(self.tfs, other.tfs, "TFs of data sets");
        for region in other.regions.iter() {
            self.regions.push(region.chrom, region.start, region.end);
        }
        self.sequences.append(&other.sequences);
        self.labels.extend_from_slice(&other.labels);
        self.parts.extend_from_slice(&other.parts);
    }

    /// Per TF, the resolved and the bound ones among `rows`.
    #[must_use]
    pub fn counts(&self, rows: &[usize]) -> Vec<(usize, usize)> {
        let mut counts = vec![(0, 0); self.tfs.len()];
        for &row in rows {
            for (count, &label) in counts.iter_mut().zip(self.labels_of(row)) {
                count.0 += usize::from(label != UNRESOLVED);
                count.1 += usize::from(label == 1);
            }
        }
        counts
    }
}
