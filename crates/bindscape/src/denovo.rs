//! De novo PWMs of a few regions: the simplest model of what a TF binds, which every network is
//! compared with (Novakovsky et al. 2021, Methods, "De novo PWMs").
//!
//! Motifs are sought in bound regions against unbound ones, as the paper did with STREME: five
//! motifs of up to 21 bases, nothing held out. Regions are scored by sum occupancy.

use std::path::Path;

use bindscape_base::Result;
use bindscape_base::progress::Progress;
use bindscape_genome::fasta::Record;
use bindscape_genome::region::Regions;
use bindscape_genome::sequence::{PackedSequences, Strand};
use bindscape_matrix::results::{Estimate, TfMetrics};
use bindscape_motif::discover::{self, SequenceSet, discover};
use bindscape_motif::scan::{self, Batch, Options, Scanner};
use bindscape_motif::{Background, MotifSet, Pseudocount};

/// Motifs that are sought.
const MOTIFS: usize = 5;

/// Largest width: that of CTCF's profile, the widest of the paper's TFs.
const MAX_WIDTH: usize = 21;

/// Sequences of regions, less those with unknown letters.
pub(crate) fn sequence_set(
    path: &Path,
    regions: &Regions,
    sequences: &PackedSequences,
) -> Result<SequenceSet> {
    let records = (0..sequences.len())
        .filter(|&row| !sequences.has_unknown(row))
        .map(|row| Record {
            name: regions.get(row).to_string(),
            sequence: sequences.letters(row).into_bytes(),
            ..Record::default()
        });
    SequenceSet::new(path, records.collect())
}

/// The motifs of bound regions against unbound ones, best first.
pub(crate) fn motifs(
    bound: &SequenceSet,
    unbound: &SequenceSet,
    seed: u64,
    progress: &dyn Progress,
) -> Result<discover::Discovery> {
    let options = discover::Options {
        max_width: MAX_WIDTH,
        motifs: Some(MOTIFS),
        holdout: 0.0,
        seed,
        ..discover::Options::default()
    };
    discover(bound, Some(unbound), &options, progress)
}

/// Natural logarithms of sum occupancies, which rank as the occupancies do and stay within
/// the range of `f32`; `None` for sequences with unknown letters, as networks score them.
///
/// # Shapes
/// `[sequences, motifs]`
pub(crate) fn occupancies(
    motifs: &MotifSet,
    sequences: &PackedSequences,
) -> Result<Vec<Option<f32>>> {
    let options = Options {
        threshold: 1e-4,
        single_strand: false,
        pseudocount: Pseudocount::new(scan::PSEUDOCOUNT)?,
    };
    let scanner = Scanner::new(&motifs.motifs, &Background::uniform(), &options)?;
    let mut bases = vec![0; sequences.length()];
    let mut scores = Vec::with_capacity(sequences.len() * scanner.motifs().len());
    let mut batch = Batch::default();
    for row in 0..sequences.len() {
        sequences.bases(row, Strand::Forward, &mut bases);
        batch.push(&bases);
        // Batches bound the memory of the scan.
        if batch.bases.len() >= 1 << 22 || row + 1 == sequences.len() {
            let cells = scanner.occupancy(&batch, &mut Vec::new());
            scores.extend(
                cells
                    .iter()
                    .map(|cell| cell.value().map(|sum| sum.ln() as f32)),
            );
            batch = Batch::default();
        }
    }
    for (row, scores) in scores.chunks_mut(scanner.motifs().len()).enumerate() {
        if sequences.has_unknown(row) {
            scores.fill(None);
        }
    }
    Ok(scores)
}

/// An occupancy is no probability: what depends on a threshold of one half is not defined.
pub(crate) fn without_threshold(metrics: TfMetrics) -> TfMetrics {
    let undefined = Estimate {
        value: None,
        interval: None,
    };
    TfMetrics {
        mcc: undefined,
        precision: undefined,
        recall: undefined,
        ..metrics
    }
}
