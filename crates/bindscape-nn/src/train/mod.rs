//! Training: epochs over shuffled batches, the best epoch by validation loss,
//! early stopping, and checkpoints between epochs.
//!
//! A training lives in a directory:
//!
//! ```text
//! epochs.jsonl            one record per epoch
//! checkpoint.safetensors  where the training stands, after its end too
//! model.safetensors       at the end: the weights of the best epoch
//! ```
//!
//! A training that was stopped, by the user or by `kill -9`, loses the current epoch
//! and those since the last checkpoint ([`TrainOptions::checkpoint_seconds`]); started
//! again it continues after that and ends with the same weights, bit for bit. A finished
//! one is not done again; with more epochs or patience it goes on from its last epoch, and ends
//! as if it had been given them from the start. For that its checkpoint stays: the weights after
//! the last epoch and the moments of Adam, three times the size of the model. Whoever wants no
//! further epochs may delete it.

use std::path::{Path, PathBuf};

use bindscape_base::progress::{Progress, Silent};
use bindscape_base::{Error, Result};
use bindscape_genome::sequence::Strand;
use bindscape_matrix::dataset::Dataset;
use bindscape_matrix::results::EpochRecord;
use burn::tensor::Device;
use sha2::Digest;

pub(crate) mod batches;
pub(crate) mod checkpoint;
mod objective;
mod options;
mod report;
pub(crate) mod scale;
mod schedule;
pub(crate) mod step;
pub(crate) mod trainer;
mod validation;

pub use checkpoint::read_records;
pub use options::{Decay, Freeze, Start, TrainOptions, TransferLayers};
pub use report::BatchReport;
pub use trainer::{CHECKPOINT_FILE, MODEL_FILE, RECORDS_FILE};

use crate::architecture::Architecture;
use crate::model::{Model, TrainingIdentity};
use crate::parameters::StateDict;
use objective::BindingSites;
use trainer::{Files, Listener, Schedule};

/// Receives the progress of a training. Each epoch is a stage of [`Progress`], which
/// advances by one per batch; [`Progress::interrupted`] is asked before every batch.
pub trait Observer<Record = EpochRecord>: Progress {
    /// A batch is done.
    fn batch(&self, _report: &BatchReport) {}
    /// An epoch is done and its record is on disk.
    fn epoch(&self, _record: &Record) {}
}

impl<Record> Observer<Record> for Silent {}

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
/// ```
/// # fn main() -> bindscape_base::Result<()> {
/// # use bindscape_matrix::dataset::{Dataset, Part};
/// # use bindscape_genome::{region::Regions, sequence::PackedSequences};
/// # let mut data = Dataset {
/// #     tfs: vec!["MAX".into()],
/// #     regions: Regions::new(),
/// #     sequences: PackedSequences::new(90),
/// #     labels: Vec::new(),
/// #     parts: Vec::new(),
/// # };
/// # for row in 0..30 {
/// #     let unit: &[u8] = if row % 2 == 0 { b"CACGTG" } else { b"ATATAG" };
/// #     let mut letters = unit.repeat(15);
/// #     letters.rotate_left(row);
/// #     data.sequences.push(&letters);
/// #     data.regions.push("chr1", 1000 * row as u32, 1000 * row as u32 + 90);
/// #     data.labels.push(u8::from(row % 2 == 0));
/// #     data.parts.push([Part::Train, Part::Train, Part::Validation][row % 3]);
/// # }
/// use bindscape_base::progress::Silent;
/// use bindscape_matrix::results::RunKind;
/// use bindscape_nn::train::{Start, TrainOptions, train};
/// use bindscape_nn::{Architecture, CnnConfig, DeviceChoice, Model, TrainingIdentity};
///
/// // `data` holds 30 regions of 90 bp and the labels of one TF.
/// let mut config = CnnConfig::new(90, 1);
/// (config.filters, config.hidden) = ([4, 4, 4], 8);
/// let options = TrainOptions { batch_size: 10, max_epochs: 2, ..TrainOptions::scratch(1) };
/// let directory = tempfile::tempdir().unwrap();
/// let trained = train(
///     &Architecture::Cnn(config),
///     Start::Scratch,
///     &data,
///     &options,
///     TrainingIdentity::new(RunKind::Pretrain, 1, None, Vec::new(), &data, None),
///     directory.path(),
///     &DeviceChoice::Cpu.open()?,
///     &Silent,
/// )?;
/// assert_eq!(trained.epochs.len(), 2);
/// assert_eq!(Model::load(&trained.model_path)?, trained.model);
/// # Ok(())
/// # }
/// ```
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
    let objective = BindingSites::new(architecture, data, options)?;
    let run = fingerprint(architecture, start, data, options, &identity);
    let course = fingerprint(architecture, start, data, &without_end(options), &identity);
    let files = Files::new(directory)?;
    if files.model.exists() {
        let model = Model::load(&files.model)?;
        if model.training.run == run {
            return Ok(Trained {
                best_epoch: model.training.best_epoch,
                epochs: files.records()?,
                model,
                model_path: files.model,
                resumed_from: None,
                found_finished: true,
            });
        }
        if !files.has_checkpoint() {
            return Err(checkpoint::other_run(&files.model));
        }
    }
    let schedule = Schedule {
        seed: options.seed,
        learning_rate: options.learning_rate,
        decay: options.decay,
        weight_decay: options.weight_decay,
        max_epochs: options.max_epochs,
        patience: Some(options.patience),
        freeze: options.freeze,
        precision: options.precision,
        checkpoint_seconds: options.checkpoint_seconds,
    };
    let ended = trainer::train(
        &objective,
        architecture.layers(),
        || initial(architecture, start, options.seed),
        &schedule,
        &course,
        Some(&files),
        device,
        &Listener {
            progress: observer,
            batch: &|report| observer.batch(report),
            epoch: &|record| observer.epoch(record),
        },
    )?;
    let identity = TrainingIdentity {
        seed: options.seed,
        precision: options.precision,
        best_epoch: ended.best_epoch,
        run,
        ..identity
    };
    let best = ended.last.best.clone();
    let model = Model::new(architecture.clone(), data.tfs.clone(), identity, best);
    model.save(&files.model)?;
    files.keep(&ended.last)?;
    Ok(Trained {
        model,
        model_path: files.model,
        best_epoch: ended.best_epoch,
        epochs: ended.last.records,
        resumed_from: ended.resumed_from,
        found_finished: false,
    })
}

/// The options that matter until a training ends. A rate that decays does so over all epochs.
fn without_end(options: &TrainOptions) -> TrainOptions {
    TrainOptions {
        max_epochs: match options.decay {
            Decay::None => 0,
            Decay::Cosine => options.max_epochs,
        },
        patience: 0,
        ..options.clone()
    }
}

/// The weights before the first epoch.
fn initial(architecture: &Architecture, start: Start<'_>, seed: u64) -> Result<StateDict> {
    let slots = architecture.slots();
    let mut state = StateDict::initial(&slots, seed);
    let (parent, layers) = match start {
        Start::Scratch => return Ok(state),
        Start::Weights(network) if network.layers() == &architecture.layers() => {
            return Ok(network.state());
        }
        Start::Weights(_) => {
            return Err(Error::about(
                "the weights to begin with",
                format!("those of {architecture}"),
                "those of another network",
            ));
        }
        Start::Transfer { parent, layers } => (parent, layers),
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
        Start::Weights(network) => format!("weights {}", network.state().sha256()),
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
    trainer::fingerprint(&description, |hash| {
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
    })
}

#[cfg(test)]
mod tests;

#[cfg(test)]
pub(crate) mod parity;
