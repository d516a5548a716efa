//! What a search finds.

use std::fmt;

use bindscape_base::words::counted;
use bindscape_genome::sequence::Strand;
use serde::Serialize;

use super::enrichment::Test;
use crate::background::Background;
use crate::matrix::{Counts, Frequencies};

/// How many sequences of one part have a site, and how surprising that is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Part {
    /// Positives with a site, after the sites of motifs found before were erased.
    pub positives: usize,
    /// Positives of this part.
    pub of_positives: usize,
    /// Controls with a site.
    pub controls: usize,
    /// Controls of this part.
    pub of_controls: usize,
    /// Common logarithm of the p-value.
    pub log10_p: f64,
}

/// The best site of a sequence.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Site {
    /// Number of the positive in its set.
    pub sequence: usize,
    /// First base, 0-based.
    pub start: usize,
    /// Strand of the motif.
    pub strand: Strand,
    /// Log-odds score in bits.
    pub score: f64,
    /// The bases along the strand of the motif.
    pub bases: String,
}

/// A sequence that has a site.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Passing {
    /// Its number among the positives, or among the controls; a shuffled sequence has that of the
    /// positive it was made of.
    pub sequence: usize,
    /// Whether it is a control.
    pub control: bool,
    /// Whether it is of the part held out.
    pub held_out: bool,
    /// Score of its best site in bits.
    pub score: f64,
}

/// A motif that was found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Discovered {
    /// Its number in the order of finding, from 1.
    pub found: usize,
    /// Probabilities by which sites were scored.
    pub frequencies: Frequencies,
    /// Bases of the sites from which these were estimated.
    pub counts: Counts,
    /// Smallest score of a site, in bits.
    pub threshold: f64,
    /// On the sequences from which it was learned. Its p-value is that of the best of many
    /// matrices and thresholds, and no measure of significance.
    pub training: Part,
    /// On the sequences held out.
    pub held_out: Option<Part>,
    /// Best site of each positive that has one, training and held out, in the order of the
    /// sequences.
    pub sites: Vec<Site>,
    /// The sequences that have a site, best score first.
    pub passing: Vec<Passing>,
}

impl Discovered {
    /// Common logarithm of the p-value: on the held-out part, or on the training part if
    /// nothing was held out.
    #[must_use]
    pub fn log10_p(&self) -> f64 {
        self.held_out.as_ref().unwrap_or(&self.training).log10_p
    }
}

/// Why a search ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stop {
    /// As many motifs as were asked for were found.
    Motifs(usize),
    /// So many motifs in a row were not significant.
    Patience(usize),
    /// No word is left that more positives than controls hold.
    NothingEnriched,
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stop::Motifs(motifs) => write!(f, "{} found", counted(*motifs as u64, "motif")),
            Stop::Patience(patience) => {
                write!(
                    f,
                    "{} in a row not significant",
                    counted(*patience as u64, "motif")
                )
            }
            Stop::NothingEnriched => {
                f.write_str("no word is left that is more frequent in the positives")
            }
        }
    }
}

/// What a search found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Discovery {
    /// The motifs, most significant first. Without a number of motifs asked for, only the
    /// significant ones.
    pub motifs: Vec<Discovered>,
    /// Motifs found, with those that were not significant; the factor of E-values.
    pub found: usize,
    /// Why the search ended.
    pub stop: Stop,
    /// The test of enrichment.
    pub test: Test,
    /// Probabilities of single bases in the controls, or of the background that was given.
    pub background: Background,
    /// Whether the background was given.
    pub background_given: bool,
    /// Sequences of the training part: positives, controls.
    pub training: [usize; 2],
    /// Sequences held out: positives, controls; zero if there were too few.
    pub held_out: [usize; 2],
    /// Sequences left out because no site fits in: positives, controls.
    pub too_short: [usize; 2],
    /// Whether the controls are shuffled positives.
    pub shuffled: bool,
}

impl Discovery {
    /// Common logarithm of the E-value of a motif: its p-value times the motifs found.
    #[must_use]
    pub fn log10_e(&self, motif: &Discovered) -> f64 {
        motif.log10_p() + (self.found.max(1) as f64).log10()
    }
}
