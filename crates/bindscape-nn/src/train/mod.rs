//! Training: epochs over shuffled batches, the best epoch by validation loss,
//! early stopping, and checkpoints between epochs.
//!
//! A training lives in a directory:
//!
//! ```text
//! epochs.jsonl            one record per epoch
//! checkpoint.safetensors  while the training is under way
//! model.safetensors       at the end: the weights of the best epoch
//! ```
//!
//! A training that was stopped, by the user or by `kill -9`, loses the epoch at hand
//! and those since the last checkpoint ([`TrainOptions::checkpoint_seconds`]); started
//! again it continues after that and ends with the same weights, bit for bit. A finished
//! one is not done again.

use std::path::{Path, PathBuf};
use std::time::Instant;

use bindscape_base::digest::hex;
use bindscape_base::progress::{Progress, Silent, check};
use bindscape_base::{Error, Result};
use bindscape_genome::sequence::Strand;
use bindscape_matrix::dataset::{Dataset, Part};
use bindscape_matrix::results::EpochRecord;
use burn::tensor::{Device, Tensor, TensorData};
use sha2::{Digest, Sha256};

pub(crate) mod checkpoint;
mod options;
pub(crate) mod scale;
pub(crate) mod step;
mod validation;

pub use checkpoint::read_records;
pub use options::{Freeze, Start, TrainOptions, TransferLayers};

use crate::architecture::Architecture;
use crate::encode::Bases;
use crate::model::{Model, TrainingIdentity};
use crate::network::{Dropout, Network, Value};
use crate::parameters::StateDict;
use crate::random;
use checkpoint::Checkpoint;
use step::Learner;

/// Name of the model in the directory of a training.
pub const MODEL_FILE: &str = "model.safetensors";
/// Name of the checkpoint.
pub const CHECKPOINT_FILE: &str = "checkpoint.safetensors";
/// Name of the records of the epochs.
pub const RECORDS_FILE: &str = "epochs.jsonl";

/// Where a training stands within an epoch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BatchReport {
    /// Epoch, from 1.
    pub epoch: u32,
    /// Largest number of epochs.
    pub epochs: u32,
    /// Batch of the epoch, from 1.
    pub batch: usize,
    /// Batches of the epoch.
    pub batches: usize,
    /// Mean loss over the batches of this epoch so far.
    pub mean_loss: f64,
    /// Sequences trained on per second in this epoch so far.
    pub sequences_per_second: f64,
}

/// Who is told of a training. Each epoch is a stage of [`Progress`], which
/// advances by one per batch; [`Progress::interrupted`] is asked before every batch.
pub trait Observer: Progress {
    /// A batch is done.
    fn batch(&self, _report: &BatchReport) {}
    /// An epoch is done and its record is on disk.
    fn epoch(&self, _record: &EpochRecord) {}
}

impl Observer for Silent {}

/// A finished training.
#[derive(Debug, Clone, PartialEq)]
pub struct Trained {
    /// The weights of the best epoch.
    pub model: Model,
    /// Where they lie.
    pub model_path: PathBuf,
    /// The epoch with the smallest validation loss, from 1.
    pub best_epoch: u32,
    /// One record per epoch.
    pub epochs: Vec<EpochRecord>,
    /// The last epoch of the checkpoint that this call continued from, if it did.
    pub resumed_from: Option<u32>,
    /// Whether it had been finished before, so that nothing was done.
    pub found_finished: bool,
}

/// Trains `architecture` on the training part of `data`, into `directory`.
///
/// The loss is binary cross-entropy, the optimizer Adam; the epoch with the
/// smallest loss on the validation part wins. `identity` becomes part of the
/// model (see [`TrainingIdentity::new`]).
///
/// # Errors
/// If options, architecture, parent and data do not fit together, `directory`
/// holds another training, a file cannot be written, the loss is no longer a
/// number, or the user asked to stop ([`Error::Interrupted`]).
#[allow(clippy::too_many_arguments)]
pub fn train(
    architecture: &Architecture,
    start: Start<'_>,
    data: &Dataset,
    options: &TrainOptions,
    identity: TrainingIdentity,
    directory: &Path,
    device: &Device,
    observer: &dyn Observer,
) -> Result<Trained> {
    // On a thread of the pool: calls of kernels from outside would wake it up each time.
    rayon::scope(|_| {
        train_here(
            architecture,
            start,
            data,
            options,
            identity,
            directory,
            device,
            observer,
        )
    })
}

#[allow(clippy::too_many_arguments)]
fn train_here(
    architecture: &Architecture,
    start: Start<'_>,
    data: &Dataset,
    options: &TrainOptions,
    identity: TrainingIdentity,
    directory: &Path,
    device: &Device,
    observer: &dyn Observer,
) -> Result<Trained> {
    options.validate()?;
    architecture.validate()?;
    let plan = Plan::new(architecture, data, options)?;
    let run = fingerprint(architecture, start, data, options, &identity);
    std::fs::create_dir_all(directory).map_err(|source| Error::io("create", directory, source))?;
    let model_path = directory.join(MODEL_FILE);
    let checkpoint_path = directory.join(CHECKPOINT_FILE);
    let records_path = directory.join(RECORDS_FILE);

    if model_path.exists() {
        let model = Model::load(&model_path)?;
        if model.training.run != run {
            return Err(checkpoint::other_run(&model_path));
        }
        remove(&checkpoint_path)?;
        return Ok(Trained {
            best_epoch: model.training.best_epoch,
            epochs: read_records(&records_path)?,
            model,
            model_path,
            resumed_from: None,
            found_finished: true,
        });
    }
    let before: Option<Checkpoint> = if checkpoint_path.exists() {
        Some(Checkpoint::load(
            &checkpoint_path,
            &architecture.layers(),
            &run,
        )?)
    } else {
        None
    };
    let resumed_from = before
        .as_ref()
        .and_then(|state| state.records.last())
        .map(|record| record.epoch);
    let mut state = match before {
        Some(state) => state,
        None => {
            let weights = initial(architecture, start, options.seed)?;
            Checkpoint {
                run: run.clone(),
                step: 0,
                records: Vec::new(),
                best: weights.clone(),
                moments: vec![None; weights.0.len()],
                weights,
                loss_scale: None,
            }
        }
    };
    checkpoint::write_records(&records_path, &state.records)?;

    let network = Network::new(architecture.layers(), &state.weights, device)
        .with_precision(options.precision);
    let mut learner = Learner::new(network, options.freeze);
    learner.loss_scale = state.loss_scale.or(learner.loss_scale);
    learner.moments = checkpoint::moments_to_device(&state.moments, device);
    learner.step = state.step;
    // They are on the device now; copies are made for each checkpoint.
    state.forget_training();
    let mut saved: Option<Instant> = None;
    while (state.records.len() as u32) < options.max_epochs
        && state.epochs_without_improvement() < options.patience
    {
        let record = plan.epoch(&mut learner, &state, device, observer)?;
        if record.best {
            state.best = learner.network.state();
        }
        state.records.push(record);
        let due =
            saved.is_none_or(|saved| saved.elapsed().as_secs_f64() >= options.checkpoint_seconds);
        if due {
            state.step = learner.step;
            state.loss_scale = learner.loss_scale;
            state.weights = learner.network.state();
            state.moments = checkpoint::moments_to_host(&learner.moments);
            state.save(&checkpoint_path)?;
            state.forget_training();
            saved = Some(Instant::now());
        }
        checkpoint::write_records(&records_path, &state.records)?;
        observer.epoch(&state.records[state.records.len() - 1]);
    }

    let best_epoch = state.best_record().map_or(0, |record| record.epoch);
    let identity = TrainingIdentity {
        seed: options.seed,
        precision: options.precision,
        best_epoch,
        run,
        ..identity
    };
    let model = Model::new(architecture.clone(), data.tfs.clone(), identity, state.best);
    model.save(&model_path)?;
    remove(&checkpoint_path)?;
    Ok(Trained {
        model,
        model_path,
        best_epoch,
        epochs: state.records,
        resumed_from,
        found_finished: false,
    })
}

pub(crate) fn remove(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::io("remove", path, error))
        }
        _ => Ok(()),
    }
}

/// The weights before the first epoch.
fn initial(architecture: &Architecture, start: Start<'_>, seed: u64) -> Result<StateDict> {
    let slots = architecture.slots();
    let mut state = StateDict::initial(&slots, seed);
    let Start::Transfer { parent, layers } = start else {
        return Ok(state);
    };
    let (ours, theirs) = (architecture.kind(), parent.architecture.kind());
    if ours != theirs {
        return Err(Error::about(
            "the pre-trained model",
            format!("a model of architecture {ours}, as the one to train"),
            format!("one of architecture {theirs}"),
        )
        .hint("weights go from one network to another of the same architecture only"));
    }
    for (slot, array) in slots.iter().zip(&mut state.0) {
        if !layers.takes(slot.stage) {
            continue;
        }
        match parent.state.get(&slot.name) {
            Some(known) if known.shape == slot.shape => *array = known.clone(),
            other => {
                let found = other.map_or("none".into(), |known| format!("{:?}", known.shape));
                return Err(Error::about(
                    "the pre-trained model",
                    format!("`{}` of shape {:?} for this network", slot.name, slot.shape),
                    found,
                )
                .hint(format!(
                    "train with the parent's sizes (it takes {} bp), or transfer fewer layers",
                    parent.architecture.length()
                )));
            }
        }
    }
    Ok(state)
}

/// SHA-256 over everything that the resulting weights depend on.
fn fingerprint(
    architecture: &Architecture,
    start: Start<'_>,
    data: &Dataset,
    options: &TrainOptions,
    identity: &TrainingIdentity,
) -> String {
    let start = match start {
        Start::Scratch => "scratch".to_owned(),
        Start::Transfer { parent, layers } => format!("{layers} of {}", parent.sha256()),
    };
    let description = serde_json::json!({
        "architecture": architecture,
        "options": options,
        "start": start,
        "tfs": data.tfs,
        "kind": identity.kind,
        "genome": identity.genome,
        "rows": data.len(),
        "length": data.sequences.length(),
    });
    let mut hash = Sha256::new();
    hash.update(description.to_string());
    for region in data.regions.iter() {
        hash.update(region.chrom);
        hash.update([0]);
        hash.update(region.start.to_le_bytes());
        hash.update(region.end.to_le_bytes());
    }
    let mut bases = vec![0; data.sequences.length()];
    for row in 0..data.len() {
        data.sequences.bases(row, Strand::Forward, &mut bases);
        hash.update(&bases);
        hash.update([data.parts[row] as u8]);
    }
    hash.update(&data.labels);
    hex(&hash.finalize())
}

/// What every epoch goes over.
struct Plan<'a> {
    data: &'a Dataset,
    options: &'a TrainOptions,
    train: Vec<(usize, Strand)>,
    validation: Vec<usize>,
}

impl<'a> Plan<'a> {
    fn new(
        architecture: &Architecture,
        data: &'a Dataset,
        options: &'a TrainOptions,
    ) -> Result<Self> {
        let unfit = |expected: String, found: String| Err(Error::about("data", expected, found));
        if data.tfs.len() != architecture.outputs() {
            return unfit(
                format!("{} TFs, one per output", architecture.outputs()),
                format!("{} TFs", data.tfs.len()),
            );
        }
        if data.sequences.length() != architecture.length() {
            return unfit(
                format!("sequences of {} bp", architecture.length()),
                format!("{} bp", data.sequences.length()),
            );
        }
        if let Some(row) = (0..data.len()).find(|&row| data.sequences.has_unknown(row)) {
            return unfit(
                "sequences of A, C, G and T alone".into(),
                format!("another letter in {}", data.regions.get(row)),
            );
        }
        let strands: &[Strand] = if options.reverse_complement {
            &[Strand::Forward, Strand::Reverse]
        } else {
            &[Strand::Forward]
        };
        let train: Vec<_> = data
            .rows(Part::Train)
            .into_iter()
            .flat_map(|row| strands.iter().map(move |&strand| (row, strand)))
            .collect();
        let validation = data.rows(Part::Validation);
        if train.len() < 2 || validation.is_empty() {
            return unfit(
                "at least two regions to train on and one to validate on".into(),
                format!("{} and {}", data.rows(Part::Train).len(), validation.len()),
            )
            .map_err(|error| error.hint("take more regions, or another split"));
        }
        Ok(Self {
            data,
            options,
            train,
            validation,
        })
    }

    /// The batches of an epoch, in order.
    fn batches(&self, epoch: u32) -> Vec<Vec<(usize, Strand)>> {
        let mut items = self.train.clone();
        let mut rng = random::stream(self.options.seed, "epoch", &[u64::from(epoch)]);
        random::shuffle(&mut items, &mut rng);
        split(&items, self.options.batch_size)
    }

    fn epoch(
        &self,
        learner: &mut Learner,
        state: &Checkpoint,
        device: &Device,
        observer: &dyn Observer,
    ) -> Result<EpochRecord> {
        let epoch = state.records.len() as u32 + 1;
        let epochs = self.options.max_epochs;
        let batches = self.batches(epoch);
        observer.begin(
            &format!("epoch {epoch} of at most {epochs}"),
            Some(batches.len() as u64),
        );
        let began = Instant::now();
        let (mut sum, mut seen) = (0.0, 0);
        let skipped_before = learner.loss_scale.map_or(0, |scale| scale.skipped);
        for (number, items) in batches.iter().enumerate() {
            check(observer)?;
            let input = Value::Bases(Bases::new(&self.data.sequences, items));
            let dropout = Dropout {
                seed: self.options.seed,
                step: learner.step + 1,
            };
            let (loss, gradients) =
                learner.differentiate_labels(input, self.labels(items, device), Some(dropout));
            if !loss.is_finite() {
                return Err(diverged(epoch, number + 1, loss));
            }
            learner.update(gradients, self.options.learning_rate);
            if learner.loss_scale.is_some_and(|scale| scale.exhausted()) {
                return Err(out_of_range(epoch, number + 1));
            }
            sum += f64::from(loss);
            seen += items.len();
            observer.advance(1);
            observer.batch(&BatchReport {
                epoch,
                epochs,
                batch: number + 1,
                batches: batches.len(),
                mean_loss: sum / (number + 1) as f64,
                sequences_per_second: seen as f64 / began.elapsed().as_secs_f64(),
            });
        }
        let sequences_per_second = seen as f64 / began.elapsed().as_secs_f64();
        if let Some(scale) = learner.loss_scale
            && scale.skipped > skipped_before
        {
            observer.note(&format!(
                "epoch {epoch}: left out {} of {} steps, whose gradients were beyond f16; \
                 the loss is scaled by {} now",
                scale.skipped - skipped_before,
                batches.len(),
                scale.factor
            ));
        }
        let validated = validation::validate(
            &learner.network,
            self.data,
            &self.validation,
            self.options.reverse_complement,
            observer,
        )?;
        if !validated.loss.is_finite() {
            return Err(diverged(epoch, batches.len(), validated.loss as f32));
        }
        observer.finish();
        Ok(EpochRecord {
            epoch,
            train_loss: sum / batches.len() as f64,
            validation_loss: validated.loss,
            validation_aucpr: validated.aucpr,
            best: state
                .best_record()
                .is_none_or(|best| validated.loss < best.validation_loss),
            seconds: began.elapsed().as_secs_f64(),
            sequences_per_second,
        })
    }

    fn labels(&self, items: &[(usize, Strand)], device: &Device) -> Tensor<2> {
        let labels: Vec<f32> = items
            .iter()
            .flat_map(|&(row, _)| {
                self.data
                    .labels_of(row)
                    .iter()
                    .map(|&label| f32::from(label))
            })
            .collect();
        Tensor::from_data(
            TensorData::new(labels, [items.len(), self.data.tfs.len()]),
            device,
        )
    }
}

/// Batches of `size`; a last batch of one joins the one before it.
fn split<T: Copy>(items: &[T], size: usize) -> Vec<Vec<T>> {
    let mut batches: Vec<Vec<T>> = items.chunks(size).map(<[T]>::to_vec).collect();
    if batches.len() > 1 && batches.last().is_some_and(|last| last.len() == 1) {
        let single = batches.pop().unwrap_or_default();
        if let Some(last) = batches.last_mut() {
            last.extend(single);
        }
    }
    batches
}

fn out_of_range(epoch: u32, batch: usize) -> Error {
    Error::argument(
        "precision",
        "a training whose gradients are within the range of f16",
        format!("larger ones in epoch {epoch}, batch {batch}, though the loss is not scaled"),
    )
    .hint("try bf16, which has the range of f32, or a tenth of the learning rate")
}

fn diverged(epoch: u32, batch: usize, loss: f32) -> Error {
    Error::argument(
        "learning_rate",
        "a training whose loss stays a number",
        format!("{loss} in epoch {epoch}, batch {batch}"),
    )
    .hint("try a tenth of the learning rate")
}

#[cfg(test)]
mod tests;

#[cfg(test)]
pub(crate) mod parity;
