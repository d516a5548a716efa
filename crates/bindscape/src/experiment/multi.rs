//! The multi-models of an experiment.

use std::path::Path;

use bindscape_base::digest::InputFile;
use bindscape_base::random::{shuffle, stream};
use bindscape_base::{Error, ErrorKind, Result};
use bindscape_matrix::experiment::Relation;
use bindscape_matrix::results::RunRecord;
use bindscape_nn::Model;
use bindscape_nn::train::{MODEL_FILE, Observer};

use super::Experiment;
use super::data::{Data, Rows};
use super::study::{PretrainingSet, Study};
use crate::motif::motif_file;
use crate::pretrain::{Chosen, Pretrain, TRAINING, TrainingInput};
use crate::select::ChosenSet;
use crate::select::choose::{Chooser, Question};
use crate::session::Session;

/// A multi-model that is to be trained.
pub(super) struct MultiPlan {
    /// Its directory, below that of the experiment.
    pub(super) directory: String,
    /// Place of its set in the study.
    pub(super) set: usize,
    /// The repeat whose seed it has.
    repeat: u32,
    /// TFs that are left out, as those of a fold.
    without: Vec<String>,
    chosen: ChosenSet,
    also_resolved_for: Vec<String>,
}

/// What is known of a multi-model beside its weights.
pub(super) struct Facts {
    pub(super) tfs: Vec<String>,
    pub(super) regions: u64,
    /// Bound regions per TF.
    pub(super) bound: Vec<u64>,
}

/// The TFs of a fold, with those that are left out of its multi-model.
pub(super) struct Fold {
    pub(super) number: Option<u32>,
    pub(super) without: Vec<String>,
}

/// The fold that `tf` belongs to; none where the set has no folds.
pub(super) fn fold_of(set: &PretrainingSet, studied: &[String], tf: &str, seed: u64) -> Fold {
    let Some(folds) = set.folds else {
        return Fold {
            number: None,
            without: Vec::new(),
        };
    };
    let mut order: Vec<&String> = studied.iter().collect();
    shuffle(&mut order, &mut stream(seed, "experiment: folds", &[]));
    let fold = |place: usize| place as u32 % folds;
    let place = order.iter().position(|of| *of == tf);
    let number = fold(place.expect("a TF that is studied"));
    let mut without: Vec<String> = (0..order.len())
        .filter(|&place| fold(place) == number)
        .map(|place| order[place].clone())
        .collect();
    without.sort_unstable();
    Fold {
        number: Some(number + 1),
        without,
    }
}

/// The files that the multi-model of `set` depends on.
fn inputs(data: &Data, set: &PretrainingSet) -> Result<Vec<InputFile>> {
    let mut inputs = data.files.clone();
    if let Some(motifs) = &set.motif_filters {
        inputs.extend(motif_file("motif_filters", motifs)?);
    }
    Ok(inputs)
}

impl MultiPlan {
    /// Chooses the TFs of the multi-model of `set` for `tf` in a repeat. `Err` with a reason where
    /// the set cannot be chosen for it.
    pub(super) fn choose(
        study: &Study,
        (place, set): (usize, &PretrainingSet),
        tf: &str,
        fold: Fold,
        repeat: u32,
        data: &Data,
    ) -> Result<std::result::Result<Self, String>> {
        let mut directory = set.name.clone();
        if set.is_for_each_tf() {
            directory += &format!("-{tf}");
        }
        if let Some(fold) = fold.number {
            directory += &format!("-fold{fold}");
        }
        directory += &format!("-{repeat}");
        let choosing = study.choosing(set, tf);
        let choice = set.choice(tf)?;
        let question = Question {
            matrix: &data.matrix,
            choosing: &choosing,
            without: &fold.without,
            unresolved: set.unresolved,
            take: set.regions,
            seed: study.seed + u64::from(repeat) - 1,
        };
        let chooser = Chooser::of(question, data.regions_of.clone(), data.modes.clone());
        let target = set.is_for_each_tf().then_some(tf);
        let chosen = choosing
            .check(&choice)
            .and_then(|()| chooser.choose(&choice, target));
        let chosen = match chosen {
            Ok(chosen) => chosen,
            // A TF that is named for all and is not there is a mistake in the study.
            Err(error) if error.kind() == ErrorKind::Missing && target.is_none() => {
                return Err(error.within(&format!("the set `{}`", set.name)));
            }
            Err(error) if matches!(error.kind(), ErrorKind::Argument | ErrorKind::Missing) => {
                return Ok(Err(error.message(&|field| field.to_owned())));
            }
            Err(error) => return Err(error),
        };
        let fillers = chosen.tfs.iter().filter(|tf| set.alone && tf.fills_up);
        let also_resolved_for = fillers.map(|tf| tf.tf.clone()).collect();
        Ok(Ok(Self {
            directory: format!("multi/{directory}"),
            set: place,
            repeat,
            without: fold.without,
            chosen,
            also_resolved_for,
        }))
    }

    /// Whether it is of another set than `other`, and would lie in the same directory.
    pub(super) fn shares_place(&self, other: &Self) -> bool {
        self.directory == other.directory && self.set != other.set
    }

    /// What it is called in messages.
    pub(super) fn label(&self) -> &str {
        self.directory.trim_start_matches("multi/")
    }

    /// Trains the multi-model, unless an earlier call did.
    pub(super) fn train(
        &self,
        plan: &Experiment,
        data: &Data,
        rows: &Rows<'_>,
        observer: &dyn Observer,
        session: &Session<'_>,
    ) -> Result<(RunRecord, Option<f64>)> {
        let study = &plan.study;
        let set = &study.sets[self.set];
        let seed = study.seed + u64::from(self.repeat) - 1;
        let mut pretrain = Pretrain::new(
            plan.matrix.clone(),
            plan.sequences.clone(),
            plan.out.join(&self.directory),
        );
        pretrain.unresolved = set.unresolved;
        pretrain.without.clone_from(&self.without);
        pretrain.architecture = study.network;
        pretrain.motif_filters.clone_from(&set.motif_filters);
        pretrain.regions = set.regions;
        pretrain.split = study
            .pretraining_split
            .as_ref()
            .unwrap_or(&study.split)
            .clone();
        pretrain.training = study.protocol.pretraining(study.pretraining, seed);
        let filled_up = |tf: &&String| !self.also_resolved_for.contains(tf);
        let chosen = Chosen {
            tfs: self
                .chosen
                .names()
                .iter()
                .filter(filled_up)
                .cloned()
                .collect(),
            also_resolved_for: self.also_resolved_for.clone(),
            inputs: inputs(data, set)?,
            set: Some(self.chosen.clone()),
        };
        let input = TrainingInput {
            matrix: &data.matrix,
            length: data.length,
            chosen: &chosen,
        };
        let (record, evaluation) = pretrain.train(
            &input,
            &mut |regions| Ok(rows.fetch(regions)),
            observer,
            session,
        )?;
        Ok((record, crate::training::mean_aucpr(&evaluation.tfs).0))
    }
}

impl Facts {
    /// Those of the run that `record` describes.
    pub(super) fn of(record: &RunRecord) -> Self {
        let parts = record.trainings.iter().flat_map(|of| of.parts.values());
        let mut facts = Self {
            tfs: record.tfs.clone(),
            regions: 0,
            bound: vec![0; record.tfs.len()],
        };
        for part in parts {
            facts.regions += part.regions;
            for (sum, bound) in facts.bound.iter_mut().zip(&part.positives) {
                *sum += bound;
            }
        }
        facts
    }

    /// What `tf` has to do with its TFs.
    pub(super) fn relation(&self, tf: &str, data: &Data) -> Relation {
        if self.tfs.iter().any(|of| of == tf) {
            return Relation::Among;
        }
        let mut shared = self.tfs.iter().map(|of| data.share_mode(tf, of));
        if shared.any(|shared| shared == Some(true)) {
            Relation::SameMode
        } else if data.modes.of(tf).is_empty() {
            Relation::Unknown
        } else {
            Relation::OtherMode
        }
    }

    /// Bound regions of TFs that share a binding mode with `tf`, or are it.
    pub(super) fn bound_of_mode(&self, tf: &str, data: &Data) -> u64 {
        let like = self
            .tfs
            .iter()
            .zip(&self.bound)
            .filter(|(of, _)| *of == tf || data.share_mode(tf, of) == Some(true));
        like.map(|(_, bound)| bound).sum()
    }
}

/// The weights of the multi-model in `directory`.
pub(super) fn load(experiment: &Path, directory: &str) -> Result<Model> {
    let file = experiment.join(directory).join(TRAINING).join(MODEL_FILE);
    Model::load(&file).map_err(|error: Error| error.within(directory))
}
