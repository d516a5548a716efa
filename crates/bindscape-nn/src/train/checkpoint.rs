//! The state of a training between two epochs, and its file.

use std::path::Path;

use bindscape_base::{Error, Place, Result, atomic};
use bindscape_matrix::results::EpochRecord;
use burn::tensor::{Device, Tensor, TensorData};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::scale::LossScale;
use super::schedule::{MODEL_FILE, Schedule};
use crate::adam::Moments;
use crate::host::to_vec;
use crate::network::Layers;
use crate::parameters::{Array, Slot, StateDict, Values};
use bindscape_arrays::model_file::tensors::{self, Entry};

/// Whether a training by `schedule` ends after these epochs.
pub(crate) fn ends_after<R: Epoch>(schedule: &Schedule, records: &[R]) -> bool {
    records.len() as u64 >= u64::from(schedule.max_epochs)
        || epochs_without_improvement(records) >= schedule.patience.unwrap_or(u32::MAX)
}

/// Whose tensors a checkpoint holds, in messages.
const NETWORK: &str = "the network in training";

/// What resumption needs beside the arrays.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Counters<R> {
    /// SHA-256 over options, data and start.
    run: String,
    /// SHA-256 of the weights of the best epoch, where the model beside it holds them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    best: Option<String>,
    /// Training steps done.
    step: u64,
    records: Vec<R>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    loss_scale: Option<LossScale>,
}

/// The record of an epoch.
pub(crate) trait Epoch: Clone + Serialize + DeserializeOwned {
    /// Epoch, from 1.
    fn number(&self) -> u32;
    /// Whether it was the best so far.
    fn best(&self) -> bool;
}

impl Epoch for EpochRecord {
    fn number(&self) -> u32 {
        self.epoch
    }

    fn best(&self) -> bool {
        self.best
    }
}

/// The state of a training after an epoch.
#[derive(Debug, Clone)]
pub(crate) struct Checkpoint<R = EpochRecord> {
    pub(crate) run: String,
    pub(crate) step: u64,
    pub(crate) records: Vec<R>,
    /// Weights after the last epoch.
    pub(crate) weights: StateDict,
    /// Weights after the best epoch.
    pub(crate) best: StateDict,
    /// Adam's moments, one entry per slot.
    pub(crate) moments: Vec<Option<(Vec<f32>, Vec<f32>)>>,
    /// In training with products in `f16`.
    pub(crate) loss_scale: Option<LossScale>,
}

impl<R: Epoch> Checkpoint<R> {
    /// The state of the training `run` before its first epoch.
    pub(crate) fn new(run: &str, weights: StateDict) -> Self {
        Self {
            run: run.to_owned(),
            step: 0,
            records: Vec::new(),
            best: weights.clone(),
            moments: vec![None; weights.0.len()],
            weights,
            loss_scale: None,
        }
    }

    /// The record of the best epoch.
    pub(crate) fn best_record(&self) -> Option<&R> {
        best_of(&self.records)
    }

    /// Whether a training by `schedule` would have ended before the last of these epochs.
    pub(crate) fn goes_beyond(&self, schedule: &Schedule) -> bool {
        (0..self.records.len()).any(|epochs| ends_after(schedule, &self.records[..epochs]))
    }

    /// Drops weights and moments, but not the best weights.
    pub(crate) fn forget_training(&mut self) {
        self.weights = StateDict(Vec::new());
        self.moments = Vec::new();
    }

    /// Writes the file at once.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(crate) fn save(&self, path: &Path) -> Result<()> {
        self.write(path, None)
    }

    /// As [`Checkpoint::save`], at the end of a training: the weights of the best epoch are left to
    /// the model, which lies beside it already.
    pub(crate) fn save_beside_model(&self, path: &Path) -> Result<()> {
        self.write(path, Some(self.best.sha256()))
    }

    fn write(&self, path: &Path, in_model: Option<String>) -> Result<()> {
        let mut all = Vec::new();
        let mut states = vec![("weights", &self.weights)];
        if in_model.is_none() {
            states.push(("best", &self.best));
        }
        for (prefix, state) in states {
            for array in &state.0 {
                all.push(Entry::new(format!("{prefix}/{}", array.name), array));
            }
        }
        for (array, moments) in self.weights.0.iter().zip(&self.moments) {
            let Some((first, second)) = moments else {
                continue;
            };
            for (prefix, values) in [("adam.first", first), ("adam.second", second)] {
                let name = format!("{prefix}/{}", array.name);
                all.push(Entry::numbers(name, &array.shape, values));
            }
        }
        let counters = Counters {
            run: self.run.clone(),
            best: in_model,
            step: self.step,
            records: self.records.clone(),
            loss_scale: self.loss_scale,
        };
        let counters = serde_json::to_string(&counters).expect("plain data make JSON");
        tensors::write(path, &all, counters)
    }

    /// Reads the file.
    ///
    /// # Errors
    /// If it is damaged, or belongs to another training than `run`.
    pub(crate) fn load(path: &Path, layers: &Layers, run: &str) -> Result<Self> {
        let bytes = std::fs::read(path).map_err(|source| Error::io("read", path, source))?;
        let (all, metadata) = tensors::from_bytes(&bytes, path)?;
        let broken = |found: String| {
            Error::input(path, Place::File, "the checkpoint of a training", found)
                .hint("delete the checkpoint to start the training again")
        };
        let metadata = metadata.ok_or_else(|| broken("a file without its metadata".into()))?;
        let counters: Counters<R> =
            serde_json::from_str(&metadata).map_err(|error| broken(error.to_string()))?;
        if counters.run != run {
            return Err(other_run(path));
        }
        let slots: Vec<Slot> = layers.slots().cloned().collect();
        let pick = |prefix: &str| -> Vec<Array> {
            all.iter()
                .filter_map(|array| {
                    let name = array.name.strip_prefix(prefix)?.strip_prefix('/')?;
                    Some(Array {
                        name: name.to_owned(),
                        ..array.clone()
                    })
                })
                .collect()
        };
        let first = pick("adam.first");
        let second = pick("adam.second");
        let moved: Vec<Slot> = slots
            .iter()
            .filter(|slot| first.iter().any(|array| array.name == slot.name))
            .cloned()
            .collect();
        let first = StateDict::fit(NETWORK, &moved, first, path)?;
        let second = StateDict::fit(NETWORK, &moved, second, path)?;
        let values = |state: &StateDict, name: &str| match &state.get(name)?.values {
            Values::F32(values) => Some(values.clone()),
            Values::I64(_) => None,
        };
        let moments = slots
            .iter()
            .map(|slot| Some((values(&first, &slot.name)?, values(&second, &slot.name)?)))
            .collect();
        let best = match &counters.best {
            None => StateDict::fit(NETWORK, &slots, pick("best"), path)?,
            Some(expected) => {
                let model = path.with_file_name(MODEL_FILE);
                let bytes =
                    std::fs::read(&model).map_err(|source| Error::io("read", &model, source))?;
                let arrays = tensors::from_bytes(&bytes, &model)?.0;
                let state = StateDict::fit(NETWORK, &slots, arrays, &model)?;
                if state.sha256() != *expected {
                    return Err(broken(format!(
                        "one that belongs to another {MODEL_FILE} than lies beside it"
                    )));
                }
                state
            }
        };
        Ok(Self {
            run: counters.run,
            step: counters.step,
            records: counters.records,
            weights: StateDict::fit(NETWORK, &slots, pick("weights"), path)?,
            best,
            moments,
            loss_scale: counters.loss_scale,
        })
    }
}

fn best_of<R: Epoch>(records: &[R]) -> Option<&R> {
    records.iter().rev().find(|record| record.best())
}

/// Epochs since the best one.
pub(crate) fn epochs_without_improvement<R: Epoch>(records: &[R]) -> u32 {
    let best = best_of(records).map_or(0, R::number);
    records.last().map_or(0, R::number) - best
}

/// The error for a directory in which a training went on for longer.
pub(crate) fn longer(path: &Path) -> Error {
    Error::conflict(
        path,
        "a training that is to go on, or the one that was asked for",
        "one that went on for longer",
    )
    .hint("choose another output directory, or as many epochs and as much patience as before")
}

/// The error for a directory in which something else was trained.
pub(crate) fn other_run(path: &Path) -> Error {
    Error::conflict(
        path,
        "the training that was asked for",
        "another training (other options, data or start)",
    )
    .hint("choose another output directory, or delete this one")
}

/// Moments from the device to the host, and back.
pub(crate) fn moments_to_host(moments: &[Option<Moments>]) -> Vec<Option<(Vec<f32>, Vec<f32>)>> {
    moments
        .iter()
        .map(|moments| {
            moments
                .as_ref()
                .map(|m| (to_vec(m.first.clone()), to_vec(m.second.clone())))
        })
        .collect()
}

pub(crate) fn moments_to_device(
    moments: &[Option<(Vec<f32>, Vec<f32>)>],
    device: &Device,
) -> Vec<Option<Moments>> {
    let tensor = |values: &Vec<f32>| {
        Tensor::from_data(TensorData::new(values.clone(), [values.len()]), device)
    };
    moments
        .iter()
        .map(|moments| {
            moments.as_ref().map(|(first, second)| Moments {
                first: tensor(first),
                second: tensor(second),
            })
        })
        .collect()
}

/// Writes `epochs.jsonl`, one line per epoch, at once.
///
/// # Errors
/// If it cannot be written.
pub(crate) fn write_records<R: Epoch>(path: &Path, records: &[R]) -> Result<()> {
    let mut text = String::new();
    for record in records {
        text += &serde_json::to_string(record).expect("plain data make JSON");
        text.push('\n');
    }
    atomic::write(path, text.as_bytes())
}

/// Reads `epochs.jsonl`.
///
/// # Errors
/// If it cannot be read or a line is no epoch.
pub fn read_records(path: &Path) -> Result<Vec<EpochRecord>> {
    read_epochs(path)
}

/// Reads the records of the epochs of any kind of training; see [`read_records`].
pub(crate) fn read_epochs<R: Epoch>(path: &Path) -> Result<Vec<R>> {
    let text = std::fs::read_to_string(path).map_err(|source| Error::io("read", path, source))?;
    text.lines()
        .enumerate()
        .map(|(number, line)| {
            serde_json::from_str(line).map_err(|error| {
                Error::input(
                    path,
                    Place::Line(number as u64 + 1),
                    "the record of an epoch",
                    error.to_string(),
                )
            })
        })
        .collect()
}
