//! A trained network for proteins with all that is needed to use it honestly: encoder, classes,
//! calibration, and what it was trained on. On disk it is one safetensors file whose tensors have
//! the names and layouts of PyTorch's `state_dict`, with the rest as JSON in its metadata.

use std::collections::BTreeMap;
use std::path::Path;

use bindscape_base::digest::InputFile;
use bindscape_base::digest::sha256_hex;
use bindscape_base::{Result, atomic};
use bindscape_protein::{KnownSequences, ProteinClass, model_file};
use serde::{Deserialize, Serialize};

use super::calibration::Calibration;
use super::config::ProteinNetwork;
use super::encoder::Encoder;
use crate::parameters::{Slot, StateDict};
use bindscape_arrays::model_file::{FORMAT, ModelFile, ModelKind, tensors};

/// What a model was trained on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProteinTraining {
    /// Version of bindscape that trained it.
    pub bindscape: String,
    /// The representation of its proteins.
    pub encoder: Encoder,
    /// Files the data came from, with checksums.
    pub inputs: Vec<InputFile>,
    /// The sequences that it was trained or validated on.
    pub known: KnownSequences,
    /// Proteins trained on, by label.
    pub proteins: BTreeMap<String, u64>,
    /// Seed of weights, batches and dropout; set by training.
    pub seed: u64,
    /// Epoch whose weights these are, from 1; set by training.
    pub best_epoch: u32,
    /// SHA-256 over options and data of the training; set by training.
    pub run: String,
}

impl ProteinTraining {
    /// What is known before a training on proteins with the sequences `known`.
    #[must_use]
    pub fn new(encoder: Encoder, inputs: Vec<InputFile>, known: KnownSequences) -> Self {
        Self {
            bindscape: env!("CARGO_PKG_VERSION").into(),
            encoder,
            inputs,
            known,
            proteins: BTreeMap::new(),
            seed: 0,
            best_epoch: 0,
            run: String::new(),
        }
    }
}

/// A trained network for proteins.
#[derive(Debug, Clone, PartialEq)]
pub struct ProteinModel {
    /// Which network, and its sizes.
    pub network: ProteinNetwork,
    /// What it was trained on.
    pub training: ProteinTraining,
    /// How its logits become probabilities.
    pub calibration: Calibration,
    /// In the layout of files.
    pub(crate) state: StateDict,
    sha256: String,
}

#[derive(Serialize, Deserialize)]
struct Metadata {
    kind: Option<String>,
    format: u32,
    network: ProteinNetwork,
    classes: Vec<String>,
    calibration: Calibration,
    training: ProteinTraining,
}

fn class_names() -> Vec<String> {
    ProteinClass::ALL
        .map(|class| class.name().to_owned())
        .to_vec()
}

impl ProteinModel {
    pub(crate) fn new(
        network: ProteinNetwork,
        training: ProteinTraining,
        calibration: Calibration,
        state: StateDict,
    ) -> Self {
        let mut model = Self {
            network,
            training,
            calibration,
            state,
            sha256: String::new(),
        };
        model.sha256 = sha256_hex(&model.to_bytes());
        model
    }

    /// SHA-256 of the file that this model was loaded from, or would be saved as.
    #[must_use]
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// Writes the model to `path`, whole or not at all. The same model always gives the same
    /// bytes. The weights of the first dense layer take `[channel][position]`, as PyTorch flattens.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        atomic::write(path, &self.to_bytes())
    }

    fn to_bytes(&self) -> Vec<u8> {
        let metadata = Metadata {
            kind: ModelKind::Protein.name().map(str::to_owned),
            format: FORMAT,
            network: self.network.clone(),
            classes: class_names(),
            calibration: self.calibration,
            training: self.training.clone(),
        };
        let metadata = serde_json::to_string(&metadata).expect("plain data make JSON");
        let entries: Vec<_> = self
            .state
            .0
            .iter()
            .map(|array| tensors::Entry::new(array.name.clone(), array))
            .collect();
        tensors::to_bytes(&entries, metadata)
    }

    /// Reads a model of proteins that bindscape wrote.
    ///
    /// # Errors
    /// If the file cannot be read, is damaged, is no model of proteins, or its tensors are not those
    /// of its network: the message lists what is missing and what is unexpected.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        let file = model_file::open_model(path.as_ref())?;
        match file.kind()? {
            ModelKind::Protein => Self::from_file(&file),
            other => Err(model_file::other_kind(&file, &other)),
        }
    }

    pub(super) fn from_file(file: &ModelFile) -> Result<Self> {
        let metadata: Metadata = file.parse()?;
        metadata
            .network
            .validate()
            .map_err(|error| file.damaged(error.to_string()))?;
        if metadata.classes != class_names() {
            let found = metadata.classes.join(", ");
            return Err(file.damaged(format!("the classes {found}")));
        }
        let layers = metadata.network.layers();
        let slots: Vec<Slot> = layers.slots().cloned().collect();
        let network = format!("the network {}", metadata.network.kind());
        let state = StateDict::fit(&network, &slots, file.arrays()?, file.path())?;
        Ok(Self {
            network: metadata.network,
            training: metadata.training,
            calibration: metadata.calibration,
            state,
            sha256: file.sha256(),
        })
    }
}
