//! Motifs made ready for scanning.

use bindscape_base::{Error, Result};
use bindscape_kernels::windows::Filter;
use rayon::prelude::*;

use super::stream::Batch;
use crate::background::Background;
use crate::matrix::{Frequencies, Pseudocount};
use crate::motif::Motif;
use crate::pvalue::{PValues, ScaledLogOdds};
use crate::text::{line, word};

/// FIMO's pseudocount in sites (`--motif-pseudo`).
pub const PSEUDOCOUNT: f64 = 0.1;

/// Settings of a scan.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// Largest p-value of a hit.
    pub threshold: f64,
    /// Scan the sequences as they are and not their reverse complements.
    pub single_strand: bool,
    /// Sites added to those of every motif, split by the background.
    pub pseudocount: Pseudocount,
}

/// A motif made ready for scanning.
#[derive(Debug)]
pub struct ScanMotif {
    id: String,
    name: String,
    pub(super) frequencies: Frequencies,
    /// For the forward and, unless one strand is scanned, the reverse strand.
    pub(super) scores: Vec<ScaledLogOdds>,
    p_values: PValues,
    /// The smallest score of a hit; `None` if no score is high enough.
    pub(super) threshold: Option<i64>,
    pub(super) filter: Option<Filter>,
}

impl ScanMotif {
    fn new(motif: &Motif, background: &Background, options: &Options) -> Result<Self> {
        let sites = motif.sites_or_assumed();
        let frequencies =
            motif
                .frequencies
                .with_pseudocount(sites, options.pseudocount, background);
        let log_odds = frequencies
            .log_odds(background)
            .map_err(|error| error.within(&motif.id))?;
        let forward = ScaledLogOdds::new(&log_odds);
        let p_values = PValues::new(&forward, background, options.threshold);
        let threshold = p_values.threshold(options.threshold);
        let limit = threshold.map(|threshold| forward.best() - threshold);
        let scores = if options.single_strand {
            vec![forward]
        } else {
            let reverse = forward.reverse_complement();
            vec![forward, reverse]
        };
        let filter = limit.map(|limit| {
            let deficits: Vec<Vec<[f64; 4]>> = scores
                .iter()
                .map(|scores| {
                    let rows = scores.deficits();
                    rows.iter().map(|row| row.map(|d| d as f64)).collect()
                })
                .collect();
            let deficits: Vec<&[[f64; 4]]> = deficits.iter().map(Vec::as_slice).collect();
            Filter::new(&deficits, limit as f64)
        });
        Ok(Self {
            // One word and one line, whatever they hold: they are fields of tables.
            id: word(&motif.id),
            name: line(motif.name.as_deref().unwrap_or_default()),
            frequencies,
            scores,
            p_values,
            threshold,
            filter,
        })
    }

    /// Its identifier.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Its other name; empty if it has none.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Positions.
    #[must_use]
    pub fn width(&self) -> usize {
        self.frequencies.width()
    }

    /// A score in bits.
    #[must_use]
    pub fn bits(&self, score: i64) -> f64 {
        self.scores[0].bits(score)
    }

    /// The p-values of its scores.
    #[must_use]
    pub fn p_values(&self) -> &PValues {
        &self.p_values
    }

    /// The smallest score of a hit; `None` if no score has a p-value as small as the threshold.
    #[must_use]
    pub fn threshold(&self) -> Option<i64> {
        self.threshold
    }
}

/// Motifs made ready for scanning.
///
/// ```
/// use std::io::Cursor;
/// use std::path::Path;
/// use bindscape_motif::scan::{Options, PSEUDOCOUNT, Scanner, SequenceReader};
/// use bindscape_motif::{Pseudocount, jaspar};
///
/// let ctcf = jaspar::select("MA0139")?;
/// let options = Options {
///     threshold: 1e-4,
///     single_strand: false,
///     pseudocount: Pseudocount::new(PSEUDOCOUNT)?,
/// };
/// let background = ctcf.background.unwrap_or_default().both_strands();
/// let scanner = Scanner::new(&ctcf.motifs, &background, &options)?;
/// let fasta = Cursor::new(">s\nGTTATGGCCACCAGGGGGCGCCAGTTAT\n");
/// let mut reader = SequenceReader::new(Box::new(fasta), Path::new("s.fa"), scanner.widest(), false);
/// let batch = reader.next_batch()?.expect("a sequence");
/// let hits = scanner.hits(&batch);
/// assert_eq!(hits.len(), 1);
/// let p_value = scanner.motifs()[0].p_values().p_value(hits[0].score);
/// assert!(p_value < 1e-7);
/// # Ok::<(), bindscape_base::Error>(())
/// ```
#[derive(Debug)]
pub struct Scanner {
    pub(super) motifs: Vec<ScanMotif>,
    single_strand: bool,
}

impl Scanner {
    /// Makes motifs ready. When both strands are scanned, the background should be the same
    /// on both ([`Background::both_strands`]).
    ///
    /// # Errors
    /// If there is no motif, the threshold is not above 0 and at most 1, or a frequency is zero
    /// and the pseudocount, too.
    pub fn new(motifs: &[Motif], background: &Background, options: &Options) -> Result<Self> {
        if !(options.threshold > 0.0 && options.threshold <= 1.0) {
            return Err(Error::argument(
                "threshold",
                "a p-value above 0 and at most 1",
                options.threshold.to_string(),
            ));
        }
        if motifs.is_empty() {
            return Err(Error::argument("motifs", "at least one motif", "none"));
        }
        let motifs: Vec<Result<ScanMotif>> = motifs
            .par_iter()
            .map(|motif| ScanMotif::new(motif, background, options))
            .collect();
        Ok(Self {
            // Of several faults the first, not that which a thread came to first.
            motifs: motifs.into_iter().collect::<Result<_>>()?,
            single_strand: options.single_strand,
        })
    }

    /// The motifs in the order given.
    #[must_use]
    pub fn motifs(&self) -> &[ScanMotif] {
        &self.motifs
    }

    /// Strands scanned: one or two.
    #[must_use]
    pub fn strands(&self) -> u64 {
        if self.single_strand { 1 } else { 2 }
    }

    /// Positions of the widest motif.
    #[must_use]
    pub fn widest(&self) -> usize {
        let widths = self.motifs.iter().map(ScanMotif::width);
        widths.max().expect("there is a motif")
    }

    /// The windows of each motif in a batch, on all strands scanned.
    #[must_use]
    pub fn windows(&self, batch: &Batch) -> Vec<u64> {
        let mut by_width = vec![None; self.widest() + 1];
        let of = |width: usize| -> u64 {
            let runs = (0..batch.runs.len()).map(|run| batch.starts(run, width).len() as u64);
            runs.sum::<u64>() * self.strands()
        };
        let windows = self.motifs.iter().map(|motif| {
            let width = motif.width();
            *by_width[width].get_or_insert_with(|| of(width))
        });
        windows.collect()
    }
}
