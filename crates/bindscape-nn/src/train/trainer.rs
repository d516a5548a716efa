//! The trainer: epochs over batches, the best epoch by validation, early stopping, and checkpoints
//! between epochs, for every network.

use std::path::{Path, PathBuf};
use std::time::Instant;

use bindscape_base::digest::hex;
use bindscape_base::progress::{Progress, check};
use bindscape_base::{Error, Result};
use burn::tensor::Device;
use sha2::{Digest, Sha256};

use super::batches::ahead;
use super::checkpoint::{self, Checkpoint, Epoch};
use super::report::BatchReport;
use super::scale::Gradients;
pub use super::schedule::MODEL_FILE;
pub(crate) use super::schedule::Schedule;
use super::step::Learner;
use crate::network::{Dropout, Layers, Network};
use crate::parameters::StateDict;

/// Name of the checkpoint.
pub const CHECKPOINT_FILE: &str = "checkpoint.safetensors";
/// Name of the records of the epochs.
pub const RECORDS_FILE: &str = "epochs.jsonl";

/// What a network is trained to do, on which data.
pub(crate) trait Objective: Sync {
    /// What batches are made of.
    type Item: Sync;
    /// A batch on the host.
    type Batch: Send;
    /// The record of an epoch.
    type Record: Epoch;

    /// The batches of an epoch, in order.
    fn batches(&self, epoch: u32) -> Vec<Vec<Self::Item>>;

    /// Reads a batch, on a thread of its own while the network computes.
    ///
    /// # Errors
    /// If it cannot be read.
    fn read(&self, items: &[Self::Item]) -> Result<Self::Batch>;

    /// Loss and gradients of a batch.
    fn differentiate(
        &self,
        learner: &mut Learner,
        items: &[Self::Item],
        batch: Self::Batch,
        dropout: Dropout,
    ) -> (f64, Gradients);

    /// Validates the network after an epoch, and makes its record; `best` is that of the best
    /// epoch before.
    ///
    /// # Errors
    /// If the loss is no number, data cannot be read, or the user asked to stop.
    fn record(
        &self,
        network: &Network,
        epoch: &TrainedEpoch,
        best: Option<&Self::Record>,
        progress: &dyn Progress,
    ) -> Result<Self::Record>;
}

/// The training part of an epoch.
#[derive(Debug, Clone)]
pub(crate) struct TrainedEpoch {
    /// Epoch, from 1.
    pub(crate) number: u32,
    /// Number of batches.
    pub(crate) batches: usize,
    /// Mean loss over its batches.
    pub(crate) loss: f64,
    /// Sequences or proteins per second.
    pub(crate) per_second: f64,
    /// When it began.
    pub(crate) began: Instant,
}

impl TrainedEpoch {
    /// The loss of validation, if it is a number.
    ///
    /// # Errors
    /// If it is none.
    pub(crate) fn check(&self, loss: f64) -> Result<()> {
        if loss.is_finite() {
            return Ok(());
        }
        Err(diverged(self.number, self.batches, loss))
    }
}

/// Receives the progress of a training.
pub(crate) struct Listener<'a, R> {
    pub(crate) progress: &'a dyn Progress,
    pub(crate) batch: &'a dyn Fn(&BatchReport),
    pub(crate) epoch: &'a dyn Fn(&R),
}

/// The files of a training.
#[derive(Debug, Clone)]
pub(crate) struct Files {
    pub(crate) model: PathBuf,
    checkpoint: PathBuf,
    records: PathBuf,
}

impl Files {
    /// Those in `directory`, which is made if it is not there.
    ///
    /// # Errors
    /// If it cannot be made.
    pub(crate) fn new(directory: &Path) -> Result<Self> {
        std::fs::create_dir_all(directory)
            .map_err(|source| Error::io("create", directory, source))?;
        Ok(Self {
            model: directory.join(MODEL_FILE),
            checkpoint: directory.join(CHECKPOINT_FILE),
            records: directory.join(RECORDS_FILE),
        })
    }

    /// The model and the records of the training `run` if it ended here before; `load` reads a
    /// model and says which training it is of.
    ///
    /// # Errors
    /// If another training ended here, or the files cannot be read.
    pub(crate) fn finished<M, R: Epoch>(
        &self,
        run: &str,
        load: impl FnOnce(&Path) -> Result<(M, String)>,
    ) -> Result<Option<(M, Vec<R>)>> {
        if !self.model.exists() {
            return Ok(None);
        }
        let (model, own) = load(&self.model)?;
        if own != run {
            return Err(checkpoint::other_run(&self.model));
        }
        self.forget_checkpoint()?;
        Ok(Some((model, self.records()?)))
    }

    /// The records of the epochs.
    ///
    /// # Errors
    /// If they cannot be read.
    pub(crate) fn records<R: Epoch>(&self) -> Result<Vec<R>> {
        checkpoint::read_epochs(&self.records)
    }

    /// Whether a training ended or stopped here that may go on from where it stands.
    pub(crate) fn has_checkpoint(&self) -> bool {
        self.checkpoint.exists()
    }

    /// Keeps what a finished training, whose model is saved, needs to go on for more epochs.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(crate) fn keep<R: Epoch>(&self, last: &Checkpoint<R>) -> Result<()> {
        last.save_beside_model(&self.checkpoint)
    }

    /// Removes the checkpoint of a finished training.
    ///
    /// # Errors
    /// If it is there and cannot be removed.
    pub(crate) fn forget_checkpoint(&self) -> Result<()> {
        match std::fs::remove_file(&self.checkpoint) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(Error::io("remove", &self.checkpoint, error))
            }
            _ => Ok(()),
        }
    }
}

/// The result of a training.
pub(crate) struct Ended<R> {
    /// The state after the last epoch, with the weights of the best one.
    pub(crate) last: Checkpoint<R>,
    /// The best epoch, from 1.
    pub(crate) best_epoch: u32,
    /// The last epoch of the checkpoint that it continued from, if it did.
    pub(crate) resumed_from: Option<u32>,
}

/// Trains the network of `layers` for `objective`, from the checkpoint in `files` if there is one,
/// else from the weights that `initial` gives. `run` identifies the training.
///
/// # Errors
/// If the checkpoint is of another training, a file cannot be read or written, the loss is no
/// longer a number, or the user asked to stop.
#[allow(clippy::too_many_arguments)]
pub(crate) fn train<O: Objective>(
    objective: &O,
    layers: Layers,
    initial: impl FnOnce() -> Result<StateDict>,
    schedule: &Schedule,
    run: &str,
    files: Option<&Files>,
    device: &Device,
    listener: &Listener<'_, O::Record>,
) -> Result<Ended<O::Record>> {
    let before: Option<Checkpoint<O::Record>> = match files {
        Some(files) if files.checkpoint.exists() => {
            Some(Checkpoint::load(&files.checkpoint, &layers, run)?)
        }
        _ => None,
    };
    if let (Some(state), Some(files)) = (&before, files)
        && state.goes_beyond(schedule)
    {
        return Err(checkpoint::longer(&files.checkpoint));
    }
    let resumed_from = before
        .as_ref()
        .and_then(|state| state.records.last())
        .map(O::Record::number);
    let mut state = match before {
        Some(state) => state,
        None => Checkpoint::new(run, initial()?),
    };
    if let Some(files) = files {
        checkpoint::write_records(&files.records, &state.records)?;
    }
    let network = Network::new(layers, &state.weights, device).with_precision(schedule.precision);
    let mut learner = Learner::new(network, schedule.freeze);
    learner.weight_decay = schedule.weight_decay;
    learner.loss_scale = state.loss_scale.or(learner.loss_scale);
    learner.moments = checkpoint::moments_to_device(&state.moments, device);
    learner.step = state.step;
    // They are on the device now; copies are made for each checkpoint.
    state.forget_training();
    let mut saved: Option<Instant> = None;
    while !checkpoint::ends_after(schedule, &state.records) {
        let epoch = train_epoch(objective, &mut learner, &state, schedule, listener)?;
        let weights = learner.network.state();
        if let Some(name) = weights.not_finite() {
            return Err(no_weights(epoch.number, name));
        }
        let best = state.best_record();
        let record = objective.record(&learner.network, &epoch, best, listener.progress)?;
        listener.progress.finish();
        if record.best() {
            state.best = weights.clone();
        }
        state.records.push(record);
        if let Some(files) = files {
            let due = saved
                .is_none_or(|saved| saved.elapsed().as_secs_f64() >= schedule.checkpoint_seconds);
            if due {
                remember(&learner, weights, &mut state);
                state.save(&files.checkpoint)?;
                state.forget_training();
                saved = Some(Instant::now());
            }
            checkpoint::write_records(&files.records, &state.records)?;
        }
        (listener.epoch)(&state.records[state.records.len() - 1]);
    }
    remember(&learner, learner.network.state(), &mut state);
    Ok(Ended {
        best_epoch: state.best_record().map_or(0, O::Record::number),
        last: state,
        resumed_from,
    })
}

/// Takes over where the learner stands, whose weights these are.
fn remember<R>(learner: &Learner, weights: StateDict, state: &mut Checkpoint<R>) {
    state.step = learner.step;
    state.loss_scale = learner.loss_scale;
    state.weights = weights;
    state.moments = checkpoint::moments_to_host(&learner.moments);
}

/// The batches of the next epoch.
fn train_epoch<O: Objective>(
    objective: &O,
    learner: &mut Learner,
    state: &Checkpoint<O::Record>,
    schedule: &Schedule,
    listener: &Listener<'_, O::Record>,
) -> Result<TrainedEpoch> {
    let progress = listener.progress;
    let epoch = state.records.len() as u32 + 1;
    let epochs = schedule.max_epochs;
    let batches = objective.batches(epoch);
    let most = if schedule.patience.is_some() {
        "at most "
    } else {
        ""
    };
    let stage = format!("epoch {epoch} of {most}{epochs}");
    progress.begin(&stage, Some(batches.len() as u64));
    let began = Instant::now();
    let (mut sum, mut seen, mut number) = (0.0, 0, 0);
    let skipped_before = learner.loss_scale.map_or(0, |scale| scale.skipped);
    let read = |items: &Vec<O::Item>| objective.read(items);
    ahead(&batches, read, |items, batch| {
        check(progress)?;
        number += 1;
        let dropout = Dropout {
            seed: schedule.seed,
            step: learner.step + 1,
        };
        let (loss, gradients) = objective.differentiate(learner, items, batch, dropout);
        if !loss.is_finite() {
            return Err(diverged(epoch, number, loss));
        }
        let done = f64::from(epoch - 1) + (number - 1) as f64 / batches.len() as f64;
        let factor = schedule.decay.factor(done / f64::from(epochs));
        learner.update(gradients, schedule.learning_rate * factor);
        if learner.loss_scale.is_some_and(|scale| scale.exhausted()) {
            return Err(out_of_range(epoch, number));
        }
        sum += loss;
        seen += items.len();
        progress.advance(1);
        (listener.batch)(&BatchReport {
            epoch,
            epochs,
            batch: number,
            batches: batches.len(),
            mean_loss: sum / number as f64,
            sequences_per_second: seen as f64 / began.elapsed().as_secs_f64(),
        });
        Ok(())
    })?;
    let per_second = seen as f64 / began.elapsed().as_secs_f64();
    if let Some(scale) = learner.loss_scale
        && scale.skipped > skipped_before
    {
        progress.note(&format!(
            "epoch {epoch}: left out {} of {} steps, whose gradients were beyond f16; \
             the loss is scaled by {} now",
            scale.skipped - skipped_before,
            batches.len(),
            scale.factor
        ));
    }
    Ok(TrainedEpoch {
        number: epoch,
        batches: batches.len(),
        loss: sum / batches.len() as f64,
        per_second,
        began,
    })
}

/// SHA-256 over everything that the weights of a training depend on: its description, and the
/// data that `data` adds.
pub(crate) fn fingerprint(
    description: &serde_json::Value,
    data: impl FnOnce(&mut Sha256),
) -> String {
    let mut hash = Sha256::new();
    hash.update(description.to_string());
    data(&mut hash);
    hex(&hash.finalize())
}

pub(crate) fn out_of_range(epoch: u32, batch: usize) -> Error {
    Error::argument(
        "precision",
        "a training whose gradients are within the range of f16",
        format!("larger ones in epoch {epoch}, batch {batch}, though the loss is not scaled"),
    )
    .hint("try bf16, which has the range of f32, or a tenth of the learning rate")
}

/// What to do where a training leaves the range of numbers.
const SLOWER: &str = "try a tenth of ⟦learning_rate⟧";

fn diverged(epoch: u32, batch: usize, loss: f64) -> Error {
    Error::diverged(
        "the training",
        "a loss that stays a number",
        format!("{loss} in epoch {epoch}, batch {batch}"),
    )
    .hint(SLOWER)
}

/// A loss may stay a number where weights do not: a rectifier makes 0 of what is none.
fn no_weights(epoch: u32, name: &str) -> Error {
    Error::diverged(
        "the training",
        "weights that stay numbers",
        format!("others in {name} after epoch {epoch}"),
    )
    .hint(SLOWER)
}
