//! What networks are compared with: a de novo PWM of each TF (Novakovsky et al. 2021, Methods,
//! "De novo PWMs").
//!
//! Motifs are sought in the regions that the model itself was fitted on, bound against unbound
//! ones of the TF, as the paper did with STREME: five motifs of up to 21 bases, nothing held out.
//! The first one scores the regions of the evaluation by sum occupancy. The network's training
//! and the PWM so see the same regions, with the same labels. Regions of a multi-model that was
//! transferred are left out: the network saw them with the labels of other TFs.

use std::path::{Path, PathBuf};

use bindscape_base::digest;
use bindscape_base::progress::Progress;
use bindscape_base::{Error, Place, Result, random};
use bindscape_genome::sequence::{PackedSequences, SequenceSource};
use bindscape_matrix::results::Evaluation;
use bindscape_matrix::{BindingMatrix, View};
use bindscape_motif::discover::SequenceSet;
use bindscape_motif::format::write_motifs;
use bindscape_motif::{Format, Motif, MotifSet};
use bindscape_nn::Model;
use bindscape_nn::evaluate::Bootstrap;
use rand::seq::SliceRandom;

use super::Evaluate;
use crate::data;
use crate::denovo;
use crate::session::Session;
use crate::training;

/// PWMs, one for each TF.
pub(super) struct DenovoPwms {
    motifs: MotifSet,
    sha256: String,
}

impl DenovoPwms {
    /// Learns a PWM for each TF of the matrix from the regions that `model` was fitted on.
    pub(super) fn learn(
        plan: &Evaluate,
        (model, file): &(Model, PathBuf),
        matrix: &BindingMatrix,
        sequences: &mut dyn SequenceSource,
        session: &Session<'_>,
    ) -> Result<Self> {
        let own = model.training.own_regions().ok_or_else(|| {
            Error::input(
                file,
                Place::File,
                "a model that names the regions of its own fine-tuning",
                "one of a version of bindscape that recorded them with those of its multi-model",
            )
            .hint("fine-tune again, or leave out ⟦pwm⟧")
        })?;
        let mut learner = Learner {
            matrix,
            matrix_path: &plan.matrix,
            rows: data::rows_of(matrix, own),
            length: model.architecture.length(),
            view: plan.view,
            seed: plan.seed,
            sequences,
            session,
        };
        let motifs = (0..matrix.tfs.len())
            .map(|column| learner.learn(column))
            .collect::<Result<Vec<Motif>>>()?;
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
        options: Bootstrap,
        like: &Evaluation,
    ) -> Result<Evaluation> {
        let scores = denovo::occupancies(&self.motifs, sequences)?;
        let tfs: Vec<String> = self.motifs.motifs.iter().map(|m| m.id.clone()).collect();
        let metrics = training::metrics(&tfs, &scores, labels, options);
        Ok(Evaluation {
            model: "de novo PWM".into(),
            model_sha256: self.sha256.clone(),
            tfs: metrics.into_iter().map(denovo::without_threshold).collect(),
            ..like.clone()
        })
    }
}

/// What motifs are learned from.
struct Learner<'a, 'b> {
    matrix: &'a BindingMatrix,
    matrix_path: &'a Path,
    /// Rows that the model was fitted on.
    rows: Vec<usize>,
    /// Length of the sequences.
    length: usize,
    view: View,
    seed: u64,
    sequences: &'a mut dyn SequenceSource,
    session: &'a Session<'b>,
}

impl Learner<'_, '_> {
    /// The PWM of the TF of `column`.
    fn learn(&mut self, column: usize) -> Result<Motif> {
        let tf = &self.matrix.tfs[column];
        let (bound, unbound) = self.examples(column);
        let (positives, controls) = (self.sequences(&bound)?, self.sequences(&unbound)?);
        let found = denovo::motifs(&positives, &controls, self.seed, self.session)
            .map_err(|error| error.within(&format!("the PWM of {tf}")))?;
        let best = found.motifs.first().ok_or_else(|| {
            Error::input(
                self.matrix_path,
                Place::Record(tf.to_owned()),
                "a motif that bound regions hold more often than unbound ones",
                "none",
            )
            .hint("leave out ⟦pwm⟧, or this TF")
        })?;
        let mut motif = Motif::new(tf, best.frequencies.clone());
        motif.sites = Some(best.counts.sites());
        self.session.note(&format!(
            "{tf}: {} in {} of {} bound and {} of {} unbound regions",
            motif.frequencies.consensus(),
            best.training.positives,
            best.training.of_positives,
            best.training.controls,
            best.training.of_controls
        ));
        Ok(motif)
    }

    /// Bound rows, and as many unbound ones at most.
    fn examples(&self, column: usize) -> (Vec<usize>, Vec<usize>) {
        let label = |row: usize| self.matrix.columns[column][row].label(self.view);
        let of = |wanted: bool| -> Vec<usize> {
            let rows = self.rows.iter().copied();
            rows.filter(|&row| label(row) == Some(wanted)).collect()
        };
        let (bound, mut unbound) = (of(true), of(false));
        let all = unbound.len();
        if unbound.len() > bound.len() {
            unbound.shuffle(&mut random::stream(
                self.seed,
                "pwm-controls",
                &[column as u64],
            ));
            unbound.truncate(bound.len());
            unbound.sort_unstable();
        }
        self.session.note(&format!(
            "{:>12}  bound regions of {} that the model was fitted on, to learn a PWM from",
            data::thousands(bound.len() as u64),
            self.matrix.tfs[column]
        ));
        self.session.note(&format!(
            "{:>12}  unbound ones as controls, of {}",
            data::thousands(unbound.len() as u64),
            data::thousands(all as u64)
        ));
        (bound, unbound)
    }

    fn sequences(&mut self, rows: &[usize]) -> Result<SequenceSet> {
        let regions = self.matrix.regions.select(rows);
        let packed = data::fetch(self.sequences, &regions, self.length, self.session)?;
        denovo::sequence_set(self.matrix_path, &regions, &packed)
    }
}
