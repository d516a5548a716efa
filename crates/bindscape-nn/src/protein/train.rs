//! Training: epochs over batches of proteins of similar length, the best epoch by validation loss,
//! checkpoints between epochs, temperatures at the end.
//!
//! With a directory, a training keeps the files of
//! [`train`](crate::train) there: `epochs.jsonl`, `checkpoint.safetensors` while it is
//! under way, `model.safetensors` at the end. Stopped, it continues after its last checkpoint and
//! ends with the same bytes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use bindscape_base::progress::Unshown;
use bindscape_base::{Error, Result};
use burn::tensor::Device;
use sha2::Digest;

use super::config::ProteinNetwork;
use super::model::{ProteinModel, ProteinTraining};
use super::objective::{ProteinData, ProteinEpoch, Proteins};
use super::options::ProteinTrainOptions;
use crate::precision::Precision;
use crate::train::trainer::{self, Files, Listener, Schedule};
use crate::train::{Decay, Freeze, Observer};

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

/// Trains `network` from random weights. `training` becomes part of the model (see
/// [`ProteinTraining::new`]); with a `directory` the training can be interrupted and continued.
///
/// The loss is the weighted sum of binary cross-entropy and cross-entropy; a protein of unknown
/// class has no part in the second. The same data, options and device give the same
/// weights, whatever the number of threads.
///
/// ```
/// # fn main() -> bindscape_base::Result<()> {
/// use bindscape_base::progress::Silent;
/// use bindscape_nn::Device;
/// use bindscape_nn::protein::{
///     Encoder, ProteinData, ProteinNetworkKind, ProteinPredictor, ProteinTrainOptions,
///     ProteinTraining, train,
/// };
/// use bindscape_protein::{
///     EncodedProteins, Encoding, KnownSequences, Label, Protein, ProteinClass, Windows,
/// };
///
/// let windows = Windows { window: 1, positions: 12 };
/// # let protein =
/// #     |number: usize, unit: &str| Protein::new(format!("p{number}"), unit.repeat(3 + number % 2));
/// # let units = ["CHC", "WFL"];
/// # let proteins: Vec<Protein> = (0..12).map(|i| protein(i, units[i / 6])).collect();
/// # let classes = [ProteinClass::ZincFinger, ProteinClass::NonTf];
/// # let labels: Vec<Label> = (0..12).map(|i| classes[i / 6].into()).collect();
/// // `proteins` are six zinc fingers and six other proteins, and `labels` say so.
/// let features = EncodedProteins::new(&proteins, Encoding::Onehot, windows);
/// let kind = ProteinNetworkKind::Tf;
/// let mut network = kind.network(21, windows.positions);
/// # if let bindscape_nn::protein::ProteinNetwork::MultiTask(config) = &mut network {
/// #     (config.filters, config.hidden) = ([4, 4], vec![6]);
/// # }
/// let data = ProteinData {
///     features: &features,
///     labels: &labels,
///     train: &[0, 1, 2, 3, 6, 7, 8, 9],
///     validation: &[4, 5, 10, 11],
/// };
/// let options = ProteinTrainOptions { max_epochs: 2, ..ProteinTrainOptions::new(kind, 1) };
/// let known = KnownSequences::new(proteins.iter().map(|protein| &protein.sequence[..]));
/// let training = ProteinTraining::new(Encoder::new(&features, windows), Vec::new(), known);
/// let device = Device::flex();
/// let trained = train(&network, data, &options, training, None, &device, &Silent)?;
/// let predictor = ProteinPredictor::new(&trained.model, &device);
/// let scores = predictor.scores(&features, &[0, 11], None, &Silent)?;
/// assert!(scores.iter().all(|score| score.p_tf.is_some() && score.p_class.is_none()));
/// # Ok(())
/// # }
/// ```
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
    observer: &dyn Observer<ProteinEpoch>,
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
    observer: &dyn Observer<ProteinEpoch>,
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
    let objective = Proteins::new(network, data, options);
    let files = directory.map(Files::new).transpose()?;
    let load = |path: &Path| {
        let model = ProteinModel::load(path)?;
        let run = model.training.run.clone();
        Ok((model, run))
    };
    if let Some(files) = &files
        && let Some((model, epochs)) = files.finished(&run, load)?
    {
        return Ok(TrainedProteins {
            best_epoch: model.training.best_epoch,
            epochs,
            model,
            model_path: Some(files.model.clone()),
            resumed_from: None,
            found_finished: true,
        });
    }
    if network.heads().domain() && !objective.has_classes() {
        observer.note("the domain head learns nothing: the labels tell no more than one class");
    }
    let schedule = Schedule {
        seed: options.seed,
        learning_rate: options.learning_rate,
        decay: Decay::None,
        weight_decay: 0.0,
        max_epochs: options.max_epochs,
        patience: options.patience,
        freeze: Freeze::None,
        precision: Precision::F32,
        checkpoint_seconds: options.checkpoint_seconds,
    };
    let ended = trainer::train(
        &objective,
        network.layers(),
        || Ok(network.initial(options.seed)),
        &schedule,
        &run,
        files.as_ref(),
        device,
        &Listener {
            progress: observer,
            batch: &|report| observer.batch(report),
            epoch: &|record| observer.epoch(record),
        },
    )?;
    let best = network.on(&ended.last.best, device);
    let calibration = objective.calibration(&best, &Unshown(observer))?;
    training.seed = options.seed;
    training.best_epoch = ended.best_epoch;
    training.run = run;
    let model = ProteinModel::new(network.clone(), training, calibration, ended.last.best);
    if let Some(files) = &files {
        model.save(&files.model)?;
        files.forget_checkpoint()?;
    }
    Ok(TrainedProteins {
        model,
        model_path: files.map(|files| files.model),
        best_epoch: ended.best_epoch,
        epochs: ended.last.records,
        resumed_from: ended.resumed_from,
        found_finished: false,
    })
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

/// SHA-256 over everything that the resulting weights depend on. Features are identified by
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
    trainer::fingerprint(&description, |hash| {
        for part in [data.train, data.validation] {
            hash.update((part.len() as u64).to_le_bytes());
            for &row in part {
                hash.update((row as u64).to_le_bytes());
                hash.update(data.labels[row].name());
                hash.update((data.features.rows(row) as u64).to_le_bytes());
            }
        }
    })
}
