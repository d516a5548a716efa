//! A baseline for networks: a de novo PWM (Novakovsky et al. 2021, Methods, "De novo PWMs").
//!
//! Motifs are sought in the regions that the model was fitted on, bound against unbound ones of
//! the TF, as the paper did with STREME: five motifs of up to 21 bases, nothing held out. The
//! first one scores the regions of the evaluation by sum occupancy. The network's training
//! and the PWM so see the same regions.

use std::collections::HashSet;
use std::path::Path;

use bindscape_base::digest;
use bindscape_base::progress::Progress;
use bindscape_base::{Error, Place, Result, random};
use bindscape_genome::fasta::Record;
use bindscape_genome::region::Region;
use bindscape_genome::sequence::{PackedSequences, SequenceSource, Strand};
use bindscape_matrix::results::{Estimate, Evaluation, TfMetrics};
use bindscape_matrix::{BindingMatrix, View};
use bindscape_motif::discover::{self, SequenceSet, discover};
use bindscape_motif::format::write_motifs;
use bindscape_motif::scan::{self, Batch, Options, Scanner};
use bindscape_motif::{Background, Format, Motif, MotifSet, Pseudocount};
use bindscape_nn::Model;
use rand::seq::SliceRandom;

use crate::terminal::Terminal;
use bindscape::data;
use bindscape::training;

/// Motifs that are sought, of which the first counts.
const MOTIFS: usize = 5;

/// Largest width: that of CTCF's profile, the widest of the paper's TFs.
const MAX_WIDTH: usize = 21;

/// PWMs, one for each TF.
pub(super) struct Baseline {
    motifs: MotifSet,
    sha256: String,
}

/// What motifs are learned from.
pub(super) struct Source<'a> {
    pub(super) model: &'a Model,
    pub(super) matrix: &'a BindingMatrix,
    pub(super) matrix_path: &'a Path,
    pub(super) view: View,
    pub(super) sequences: &'a mut dyn SequenceSource,
    pub(super) seed: u64,
}

impl Baseline {
    /// Learns a PWM for each TF of the matrix.
    pub(super) fn learn(source: &mut Source<'_>, terminal: &Terminal) -> Result<Self> {
        let fitted: HashSet<Region<'_>> = source.model.training.fitted.iter().collect();
        let rows: Vec<usize> = (0..source.matrix.regions.len())
            .filter(|&row| fitted.contains(&source.matrix.regions.get(row)))
            .collect();
        let mut motifs = Vec::new();
        for (column, tf) in source.matrix.tfs.iter().enumerate() {
            motifs.push(learn(source, &rows, column, tf, terminal)?);
        }
        let motifs = MotifSet::new(motifs);
        let sha256 = digest::sha256_hex(write_motifs(&motifs, Format::Meme).as_bytes());
        Ok(Self { motifs, sha256 })
    }

    /// The motifs, whose ids are the TFs.
    pub(super) fn motifs(&self) -> &MotifSet {
        &self.motifs
    }

    /// Measures the PWMs. Labels are `[row * TFs + tf]`.
    pub(super) fn evaluate(
        &self,
        sequences: &PackedSequences,
        labels: &[Option<bool>],
        options: bindscape_nn::evaluate::Bootstrap,
        like: &Evaluation,
    ) -> Result<Evaluation> {
        let scores = self.scores(sequences)?;
        let tfs: Vec<String> = self.motifs.motifs.iter().map(|m| m.id.clone()).collect();
        let metrics = training::metrics(&tfs, &scores, labels, options);
        Ok(Evaluation {
            model: "de novo PWM".into(),
            model_sha256: self.sha256.clone(),
            tfs: metrics.into_iter().map(without_threshold).collect(),
            ..like.clone()
        })
    }

    /// Natural logarithms of sum occupancies, which rank as the occupancies do and stay within
    /// the range of `f32`; `None` for sequences with unknown letters, as networks score them.
    fn scores(&self, sequences: &PackedSequences) -> Result<Vec<Option<f32>>> {
        let options = Options {
            threshold: 1e-4,
            single_strand: false,
            pseudocount: Pseudocount::new(scan::PSEUDOCOUNT)?,
        };
        let scanner = Scanner::new(&self.motifs.motifs, &Background::uniform(), &options)?;
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
}

fn learn(
    source: &mut Source<'_>,
    rows: &[usize],
    column: usize,
    tf: &str,
    terminal: &Terminal,
) -> Result<Motif> {
    let label = |row: usize| source.matrix.columns[column][row].label(source.view);
    let of = |wanted: bool| -> Vec<usize> {
        let rows = rows.iter().copied();
        rows.filter(|&row| label(row) == Some(wanted)).collect()
    };
    let (bound, mut unbound) = (of(true), of(false));
    let all = unbound.len();
    if unbound.len() > bound.len() {
        unbound.shuffle(&mut random::stream(
            source.seed,
            "pwm-controls",
            column as u64,
        ));
        unbound.truncate(bound.len());
        unbound.sort_unstable();
    }
    terminal.note(&format!(
        "{:>12}  bound regions of {tf} that the model was fitted on, to learn a PWM from",
        data::thousands(bound.len() as u64)
    ));
    terminal.note(&format!(
        "{:>12}  unbound ones as controls, of {}",
        data::thousands(unbound.len() as u64),
        data::thousands(all as u64)
    ));
    let mut sequences = |rows: &[usize]| -> Result<SequenceSet> {
        let regions = source.matrix.regions.select(rows);
        let packed = data::fetch(
            source.sequences,
            &regions,
            source.model.architecture.length(),
            terminal,
        )?;
        let records = (0..packed.len())
            .filter(|&row| !packed.has_unknown(row))
            .map(|row| Record {
                name: regions.get(row).to_string(),
                sequence: packed.letters(row).into_bytes(),
                ..Record::default()
            });
        SequenceSet::new(source.matrix_path, records.collect())
    };
    let (positives, controls) = (sequences(&bound)?, sequences(&unbound)?);
    let options = discover::Options {
        max_width: MAX_WIDTH,
        motifs: Some(MOTIFS),
        holdout: 0.0,
        seed: source.seed,
        ..discover::Options::default()
    };
    let found = discover(&positives, Some(&controls), &options, terminal)
        .map_err(|error| error.within(&format!("the PWM of {tf}")))?;
    let best = found.motifs.first().ok_or_else(|| {
        Error::input(
            source.matrix_path,
            Place::Record(tf.to_owned()),
            "a motif that bound regions hold more often than unbound ones",
            "none",
        )
        .hint("leave out --pwm, or this TF")
    })?;
    let mut motif = Motif::new(tf, best.frequencies.clone());
    motif.sites = Some(best.counts.sites());
    terminal.note(&format!(
        "{tf}: {} in {} of {} bound and {} of {} unbound regions",
        motif.frequencies.consensus(),
        best.training.positives,
        best.training.of_positives,
        best.training.controls,
        best.training.of_controls
    ));
    Ok(motif)
}

/// An occupancy is no probability: what depends on a threshold of one half is not defined.
fn without_threshold(metrics: TfMetrics) -> TfMetrics {
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
