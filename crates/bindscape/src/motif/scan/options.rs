//! What a scan seeks and writes.

use bindscape_motif::scan::{self, Format};
use serde::{Deserialize, Serialize};

use crate::motif::BackgroundChoice;

/// Settings of a [`Scan`](super::Scan).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ScanOptions {
    /// Only the motifs of these ids or names; empty for all.
    pub select: Vec<String>,
    /// Probabilities of bases where no site is. With both strands, A and T are averaged, and C
    /// and G.
    pub background: BackgroundChoice,
    /// Sites added to those of each motif, split by the background.
    pub pseudocount: f64,
    /// Scan the sequences as they are, not their reverse complements.
    pub single_strand: bool,
    /// Of hits of a motif at one place on both strands only that with the higher score.
    pub best_strand: bool,
    /// Leave the bases of hits out.
    pub without_bases: bool,
    /// Treat lower-case (soft-masked) bases like N.
    pub skip_masked: bool,
    /// What is written.
    pub results: ScanResults,
    /// Format of hits.
    pub format: Format,
    /// Positions in the genome for sequences named `chrom:start-end` or `name::chrom:start-end`, as
    /// `bedtools getfasta` or `samtools faidx` name them; their length tells which.
    pub genomic_coordinates: bool,
}

impl Default for ScanOptions {
    fn default() -> Self {
        Self {
            select: Vec::new(),
            background: BackgroundChoice::default(),
            pseudocount: scan::PSEUDOCOUNT,
            single_strand: false,
            best_strand: false,
            without_bases: false,
            skip_masked: false,
            results: ScanResults::default(),
            format: Format::Tsv,
            genomic_coordinates: false,
        }
    }
}

/// What a scan writes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum ScanResults {
    /// Hits with a p-value up to the threshold.
    Hits {
        /// Largest p-value.
        threshold: f64,
        /// Whether q-values are computed.
        q_values: bool,
    },
    /// Hits with a q-value up to the threshold.
    HitsByQValue {
        /// Largest q-value.
        threshold: f64,
    },
    /// The best hit of each motif in each sequence.
    BestHits {
        /// Largest p-value.
        threshold: f64,
    },
    /// Instead of hits, the sum over all windows and strands of their probability under the motif.
    Occupancies,
}

impl ScanResults {
    /// The usual p-value of hits; FIMO's.
    pub const P_VALUE: f64 = 1e-4;

    /// The usual q-value of hits by q-value.
    pub const Q_VALUE: f64 = 0.05;

    /// The usual p-value of best hits, which takes all.
    pub const BEST_P_VALUE: f64 = 1.0;

    pub(super) fn threshold(self) -> f64 {
        match self {
            Self::Hits { threshold, .. }
            | Self::HitsByQValue { threshold }
            | Self::BestHits { threshold } => threshold,
            // No hits are written, but motifs are made ready for some.
            Self::Occupancies => Self::P_VALUE,
        }
    }
}

impl Default for ScanResults {
    fn default() -> Self {
        Self::Hits {
            threshold: Self::P_VALUE,
            q_values: true,
        }
    }
}
