//! Training: epochs over batches of proteins of like length, the best epoch by validation loss,
//! checkpoints between epochs, temperatures at the end.
//!
//! With a directory, a training keeps the files of
//! [`train`](crate::train) there: `epochs.jsonl`, `checkpoint.safetensors` while it is
//! under way, `model.safetensors` at the end. Stopped, it continues after its last checkpoint and
//! ends with the same bytes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use bindscape_base::digest::hex;
use bindscape_base::progress::{Progress, Silent, Unshown};
use bindscape_base::{Error, Result};
use bindscape_protein::{Features, Label};
use burn::tensor::Device;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::config::ProteinNetwork;
use super::epoch::Plan;
use super::loss::Task;
use super::model::{ProteinModel, ProteinTraining};
use super::options::ProteinTrainOptions;
use super::predict;
use crate::random;
use crate::train::checkpoint::{self, Checkpoint, Epoch};
use crate::train::step::Learner;
use crate::train::{BatchReport, CHECKPOINT_FILE, Freeze, MODEL_FILE, RECORDS_FILE, remove};

/// Proteins to train and validate on.
#[derive(Clone, Copy)]
pub struct ProteinData<'a> {
    /// Features of all proteins.
    pub features: &'a dyn Features,
    /// Labels of all proteins, in the same order.
    pub labels: &'a [Label],
    /// Proteins to train on.
    pub train: &'a [usize],
    /// Proteins to validate on: they choose the epoch and the temperatures.
    pub validation: &'a [usize],
}

/// One line of `epochs.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProteinEpoch {
    /// Epoch, from 1.
    pub epoch: u32,
    /// Mean loss over the epoch's batches.
    pub train_loss: f64,
    /// Loss on the validation part, the weighted sum of those of the heads.
    pub validation_loss: f64,
    /// The same with the temperatures that fit the validation part best, as a model made of this
    /// epoch would have them. Confidence that grows faster than what is known makes the other
    /// loss rise while answers still get better. The smallest one wins.
    pub validation_calibrated_loss: f64,
    /// Loss of the transcription-factor head there.
    pub validation_tf_loss: Option<f64>,
    /// Loss of the domain head there.
    pub validation_domain_loss: Option<f64>,
    /// Area under the precision-recall curve of the transcription-factor head there.
    pub validation_tf_aucpr: Option<f64>,
    /// Share of proteins of known class there whose class has the largest probability.
    pub validation_domain_accuracy: Option<f64>,
    /// Whether this is the best epoch so far.
    pub best: bool,
    /// Wall time of the epoch in seconds.
    pub seconds: f64,
    /// Proteins trained on per second.
    pub sequences_per_second: f64,
}

impl Epoch for ProteinEpoch {
    fn number(&self) -> u32 {
        self.epoch
    }

    fn best(&self) -> bool {
        self.best
    }
}

/// Who is told of a training. Each epoch is a stage of [`Progress`], which advances by one per
/// batch; [`Progress::interrupted`] is asked before every batch.
pub trait ProteinObserver: Progress {
    /// A batch is done.
    fn batch(&self, _report: &BatchReport) {}
    /// An epoch is done.
    fn epoch(&self, _record: &ProteinEpoch) {}
}

impl ProteinObserver for Silent {}

/// A finished training.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainedProteins {
    /// The weights of the best epoch, calibrated.
    pub model: ProteinModel,
    /// Where they lie, if a directory was given.
    pub model_path: Option<PathBuf>,
    /// The epoch with the smallest calibrated validation loss, from 1.
    pub best_epoch: u32,
    /// One record per epoch.
    pub epochs: Vec<ProteinEpoch>,
    /// The last epoch of the checkpoint that this call continued from, if it did.
    pub resumed_from: Option<u32>,
    /// Whether it had been finished before, so that nothing was done.
    pub found_finished: bool,
}

/// Splits `rows` into a part to train on and a validation part of about `share` of each label.
/// Rows of one of `groups` (one entry per protein) stay together: groups are visited in random
/// order and held out where there is room for them, so that the validation part has many
/// groups, as what the model will meet, and not the few largest.
///
/// # Errors
/// If `share` is not between 0 and 1, or one part would be empty.
pub fn hold_out(
    labels: &[Label],
    groups: Option<&[u32]>,
    rows: &[usize],
    share: f64,
    seed: u64,
) -> Result<(Vec<usize>, Vec<usize>)> {
    if !(share > 0.0 && share < 1.0) {
        return Err(Error::argument(
            "validation",
            "a share above 0 and below 1",
            share.to_string(),
        ));
    }
    let mut members: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for (number, &row) in rows.iter().enumerate() {
        let group = groups.map_or(number as u32, |groups| groups[row]);
        members.entry(group).or_default().push(row);
        *counts.entry(labels[row].name()).or_default() += 1;
    }
    let mut room: BTreeMap<&str, usize> = counts
        .iter()
        .map(|(&name, &count)| (name, (count as f64 * share).ceil() as usize))
        .collect();
    let mut units: Vec<Vec<usize>> = members.into_values().collect();
    random::shuffle(&mut units, &mut random::stream(seed, "hold out", &[]));
    let (mut train, mut validation) = (Vec::new(), Vec::new());
    for unit in units {
        let mut needed: BTreeMap<&str, usize> = BTreeMap::new();
        for &row in &unit {
            *needed.entry(labels[row].name()).or_default() += 1;
        }
        if needed.iter().all(|(name, &count)| count <= room[name]) {
            for (name, count) in needed {
                room.entry(name).and_modify(|room| *room -= count);
            }
            validation.extend(unit);
        } else {
            train.extend(unit);
        }
    }
    if train.len() < 2 || validation.is_empty() {
        return Err(Error::about(
            "data",
            "at least two proteins to train on and one to validate on, in different groups",
            format!("{} and {}", train.len(), validation.len()),
        )
        .hint("take more proteins, smaller groups, or another ⟦validation⟧"));
    }
    train.sort_unstable();
    validation.sort_unstable();
    Ok((train, validation))
}

/// Trains `network` from random weights. `training` becomes part of the model (see
/// [`ProteinTraining::new`]); with a `directory` the training can be interrupted and continued.
///
/// The loss is the weighted sum of binary cross-entropy and cross-entropy; a protein of unknown
/// class has no part in the second. The same data, options and device give the same
/// weights, whatever the number of threads.
///
/// # Errors
/// If options, network and data do not fit together, features cannot be read, `directory`
/// holds another training, a file cannot be written, the loss is no longer a number, or the
/// user asked to stop ([`Error::Interrupted`]).
pub fn train(
    network: &ProteinNetwork,
    data: ProteinData<'_>,
    options: &ProteinTrainOptions,
    training: ProteinTraining,
    directory: Option<&Path>,
    device: &Device,
    observer: &dyn ProteinObserver,
) -> Result<TrainedProteins> {
    // On a thread of the pool: calls of kernels from outside would wake it up each time.
    rayon::scope(|_| {
        train_here(
            network, data, options, training, directory, device, observer,
        )
    })
}

fn train_here(
    network: &ProteinNetwork,
    data: ProteinData<'_>,
    options: &ProteinTrainOptions,
    mut training: ProteinTraining,
    directory: Option<&Path>,
    device: &Device,
    observer: &dyn ProteinObserver,
) -> Result<TrainedProteins> {
    options.validate()?;
    network.validate()?;
    check_data(network, data, &training)?;
    training.proteins = BTreeMap::new();
    for &row in data.train {
        let name = data.labels[row].name().to_owned();
        *training.proteins.entry(name).or_default() += 1;
    }
    let run = fingerprint(network, data, options, &training);
    let plan = Plan {
        network,
        data,
        options,
        task: Task::new(
            network.heads(),
            data.labels,
            data.train,
            options.loss_weights,
            options.class_weights,
        ),
    };
    let files = directory.map(Files::new).transpose()?;
    let mut before = None;
    if let Some(files) = &files {
        if files.model.exists() {
            return files.finished(&run);
        }
        if files.checkpoint.exists() {
            before = Some(Checkpoint::load(
                &files.checkpoint,
                &network.layers(),
                &run,
            )?);
        }
    }
    if network.heads().domain() && !plan.task.has_classes() {
        observer.note("the domain head learns nothing: the labels tell no more than one class");
    }
    let resumed_from = before
        .as_ref()
        .and_then(|state: &Checkpoint<ProteinEpoch>| {
            state.records.last().map(|record| record.epoch)
        });
    let mut state = before.unwrap_or_else(|| {
        let weights = network.initial(options.seed);
        Checkpoint {
            run: run.clone(),
            step: 0,
            records: Vec::new(),
            best: weights.clone(),
            moments: vec![None; weights.0.len()],
            weights,
            loss_scale: None,
        }
    });
    if let Some(files) = &files {
        checkpoint::write_records(&files.records, &state.records)?;
    }
    let weights = std::mem::take(&mut state.weights);
    let mut learner = Learner::new(network.on(&weights, device), Freeze::None);
    learner.moments = checkpoint::moments_to_device(&state.moments, device);
    learner.step = state.step;
    // They are on the device now; copies are made for each checkpoint.
    state.forget_training();
    let mut saved: Option<Instant> = None;
    let patience = options.patience.unwrap_or(u32::MAX);
    while (state.records.len() as u32) < options.max_epochs
        && state.epochs_without_improvement() < patience
    {
        let record = plan.epoch(&mut learner, &state, observer)?;
        if record.best {
            state.best = learner.network.state();
        }
        state.records.push(record);
        if let Some(files) = &files {
            let due = saved
                .is_none_or(|saved| saved.elapsed().as_secs_f64() >= options.checkpoint_seconds);
            if due {
                state.step = learner.step;
                state.weights = learner.network.state();
                state.moments = checkpoint::moments_to_host(&learner.moments);
                state.save(&files.checkpoint)?;
                state.forget_training();
                saved = Some(Instant::now());
            }
            checkpoint::write_records(&files.records, &state.records)?;
        }
        observer.epoch(&state.records[state.records.len() - 1]);
    }
    drop(learner);
    let best_epoch = state.best_record().map_or(0, |record| record.epoch);
    let best = network.on(&state.best, device);
    let logits = predict::logits(
        network,
        &best,
        data.features,
        data.validation,
        &Unshown(observer),
    )?;
    training.seed = options.seed;
    training.best_epoch = best_epoch;
    training.run = run;
    let calibration = plan.calibrate(&logits);
    let model = ProteinModel::new(network.clone(), training, calibration, state.best);
    if let Some(files) = &files {
        model.save(&files.model)?;
        remove(&files.checkpoint)?;
    }
    Ok(TrainedProteins {
        model,
        model_path: files.map(|files| files.model),
        best_epoch,
        epochs: state.records,
        resumed_from,
        found_finished: false,
    })
}

/// The files of a training.
struct Files {
    model: PathBuf,
    checkpoint: PathBuf,
    records: PathBuf,
}

impl Files {
    fn new(directory: &Path) -> Result<Self> {
        std::fs::create_dir_all(directory)
            .map_err(|source| Error::io("create", directory, source))?;
        Ok(Self {
            model: directory.join(MODEL_FILE),
            checkpoint: directory.join(CHECKPOINT_FILE),
            records: directory.join(RECORDS_FILE),
        })
    }

    /// The training that ended here.
    fn finished(&self, run: &str) -> Result<TrainedProteins> {
        let model = ProteinModel::load(&self.model)?;
        if model.training.run != run {
            return Err(checkpoint::other_run(&self.model));
        }
        remove(&self.checkpoint)?;
        Ok(TrainedProteins {
            best_epoch: model.training.best_epoch,
            epochs: checkpoint::read_epochs(&self.records)?,
            model,
            model_path: Some(self.model.clone()),
            resumed_from: None,
            found_finished: true,
        })
    }
}

fn check_data(
    network: &ProteinNetwork,
    data: ProteinData<'_>,
    training: &ProteinTraining,
) -> Result<()> {
    training.encoder.check(data.features)?;
    if data.features.features() != network.features() {
        return Err(Error::about(
            "the features",
            format!(
                "{} numbers per position for this network",
                network.features()
            ),
            format!(
                "{} of `{}`",
                data.features.features(),
                data.features.representation()
            ),
        ));
    }
    if data.train.len() < 2 || data.validation.is_empty() {
        return Err(Error::about(
            "data",
            "at least two proteins to train on and one to validate on",
            format!("{} and {}", data.train.len(), data.validation.len()),
        ));
    }
    Ok(())
}

/// SHA-256 over everything that the resulting weights depend on. Features are told by
/// their encoder and by the sequences and files they are of.
fn fingerprint(
    network: &ProteinNetwork,
    data: ProteinData<'_>,
    options: &ProteinTrainOptions,
    training: &ProteinTraining,
) -> String {
    let description = serde_json::json!({
        "network": network,
        "options": options,
        "training": training,
    });
    let mut hash = Sha256::new();
    hash.update(description.to_string());
    for part in [data.train, data.validation] {
        hash.update((part.len() as u64).to_le_bytes());
        for &row in part {
            hash.update((row as u64).to_le_bytes());
            hash.update(data.labels[row].name());
            hash.update((data.features.rows(row) as u64).to_le_bytes());
        }
    }
    hex(&hash.finalize())
}
