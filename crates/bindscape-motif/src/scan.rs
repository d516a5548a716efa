//! Scanning sequences with motifs: hits, best hits, and occupancies.
//!
//! After FIMO (Grant, Bailey and Noble 2011): log-odds scores of both strands against a
//! background of independent bases, and their exact p-values (see [`crate::pvalue`]).
//! Sequences come in batches of bounded size ([`SequenceReader`]), so that a chromosome
//! needs no more memory than a short sequence.
//!
//! A hit is found in two steps: a filter that tests many windows at once by what their bases
//! take off the best score, rounded down, passes all hits and little else
//! (`bindscape_kernels::windows`); what passes is scored exactly.

mod cells;
mod hits;
mod occupancies;
mod qvalue;
mod stream;
mod table;

use bindscape_base::progress;
use bindscape_base::progress::Progress;
use bindscape_base::{Error, Result};
use bindscape_kernels::windows::Filter;
use rayon::prelude::*;

use crate::background::Background;
use crate::matrix::{Frequencies, Pseudocount};
use crate::motif::Motif;
use crate::pvalue::{PValues, ScaledLogOdds};

pub use self::cells::{Best, Occupancy};
pub use self::hits::Hit;
pub use self::occupancies::OccupancyWriter;
pub use self::qvalue::QValues;
pub use self::stream::{Batch, Letters, Run, Sequence, SequenceReader};
pub use self::table::{Format, Place, Row, Writer, genomic};

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
    frequencies: Frequencies,
    /// For the forward and, unless one strand is scanned, the reverse strand.
    scores: Vec<ScaledLogOdds>,
    p_values: PValues,
    /// The smallest score of a hit; `None` if no score is high enough.
    threshold: Option<i64>,
    filter: Option<Filter>,
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
            id: motif.id.clone(),
            name: motif.name.clone().unwrap_or_default(),
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
#[derive(Debug)]
pub struct Scanner {
    motifs: Vec<ScanMotif>,
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
        let motifs: Result<Vec<ScanMotif>> = motifs
            .par_iter()
            .map(|motif| ScanMotif::new(motif, background, options))
            .collect();
        Ok(Self {
            motifs: motifs?,
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

/// Calls `each` with one batch after the other, while the next one is being read.
///
/// # Errors
/// Those of reading ([`SequenceReader::next_batch`]) and of `each`;
/// [`Error::Interrupted`] once the user asked to stop.
pub fn for_each_batch(
    reader: &mut SequenceReader,
    progress: &dyn Progress,
    mut each: impl FnMut(&Batch) -> Result<()>,
) -> Result<()> {
    std::thread::scope(|scope| {
        let (sender, batches) = std::sync::mpsc::sync_channel(1);
        scope.spawn(move || {
            loop {
                let batch = reader.next_batch().transpose();
                let last = !matches!(batch, Some(Ok(_)));
                // A receiver that is gone wants no more.
                if batch.is_some_and(|batch| sender.send(batch).is_err()) || last {
                    return;
                }
            }
        });
        for batch in batches {
            let batch = batch?;
            progress::check(progress)?;
            each(&batch)?;
            progress.advance(batch.limit as u64);
        }
        Ok(())
    })
}
