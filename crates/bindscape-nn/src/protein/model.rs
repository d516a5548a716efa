//! A trained network for proteins with all that is needed to use it honestly: encoder, classes,
//! calibration, and what it was trained on. On disk it is one safetensors file whose tensors have
//! the names and layouts of PyTorch's `state_dict`, with the rest as JSON in its metadata.

use std::collections::BTreeMap;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bindscape_base::digest::InputFile;
use bindscape_base::digest::sha256_hex;
use bindscape_base::{Error, Place, Result, atomic};
use bindscape_protein::{Features, ProteinClass, Representation, Windows};
use safetensors::SafeTensors;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

use super::baseline::homology::{self, HomologyModel};
use super::calibration::Calibration;
use super::config::ProteinNetwork;
use crate::model::arrays;
use crate::parameters::{Array, Slot, Slots, StateDict};

/// What the metadata of a model of this kind says first.
const KIND: &str = "protein";
/// All kinds of models of proteins.
const KINDS: [&str; 2] = [KIND, homology::KIND];
/// Version of the metadata in a model file.
const FORMAT: u32 = 1;

/// The representation of proteins that a model takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Encoder {
    /// Which numbers these are.
    #[serde(rename = "id")]
    pub representation: Representation,
    /// Numbers per position.
    pub features: usize,
    /// How residues become positions.
    pub windows: Windows,
}

impl Encoder {
    /// The encoder of `features`, whose positions are `windows`.
    #[must_use]
    pub fn new(features: &dyn Features, windows: Windows) -> Self {
        Self {
            representation: features.representation(),
            features: features.features(),
            windows,
        }
    }

    /// Checks that `features` are of this encoder.
    ///
    /// # Errors
    /// If they are not.
    pub fn check(&self, features: &dyn Features) -> Result<()> {
        if features.representation() == self.representation && features.features() == self.features
        {
            return Ok(());
        }
        Err(Error::about(
            "the features",
            format!(
                "`{}`, {} numbers per position, as the model was trained on",
                self.representation, self.features
            ),
            format!(
                "`{}`, {} numbers",
                features.representation(),
                features.features()
            ),
        )
        .hint("encode the proteins as for the training of the model"))
    }
}

/// Bytes of a checksum that are kept: a billionth of a chance that ten thousand sequences
/// and all of UniProt have two in common by accident.
const KEPT: usize = 8;

/// Sequences by checksum, to be recognised again: the first eight bytes of each SHA-256.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KnownSequences(Vec<[u8; KEPT]>);

impl KnownSequences {
    /// The checksums of `sequences`.
    pub fn new<'a>(sequences: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut all: Vec<_> = sequences.into_iter().map(checksum).collect();
        all.sort_unstable();
        all.dedup();
        Self(all)
    }

    /// Whether `sequence` is among them.
    #[must_use]
    pub fn contains(&self, sequence: &[u8]) -> bool {
        self.0.binary_search(&checksum(sequence)).is_ok()
    }

    /// Number of different sequences.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn checksum(sequence: &[u8]) -> [u8; KEPT] {
    let digest = Sha256::digest(sequence);
    std::array::from_fn(|index| digest[index])
}

impl Serialize for KnownSequences {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(self.0.as_flattened()))
    }
}

impl<'de> Deserialize<'de> for KnownSequences {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = STANDARD.decode(text).map_err(serde::de::Error::custom)?;
        let (all, rest) = bytes.as_chunks::<KEPT>();
        if !rest.is_empty() || !all.is_sorted() {
            return Err(serde::de::Error::custom("no sorted list of checksums"));
        }
        Ok(Self(all.to_vec()))
    }
}

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
    kind: String,
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
            kind: KIND.into(),
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
            .map(|array| arrays::Entry::new(array.name.clone(), array))
            .collect();
        arrays::to_bytes(&entries, metadata)
    }

    /// Reads a model of proteins that bindscape wrote.
    ///
    /// # Errors
    /// If the file cannot be read, is damaged, is no model of proteins, or its tensors are not those
    /// of its network: the message lists what is missing and what is unexpected.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        match ProteinClassifier::load(&path)? {
            ProteinClassifier::Network(model) => Ok(*model),
            ProteinClassifier::Homology(_) => Err(of_kind(path.as_ref(), homology::KIND)),
        }
    }

    fn from_file(
        file: &SafeTensors<'_>,
        description: serde_json::Value,
        sha256: String,
        path: &Path,
    ) -> Result<Self> {
        let arrays = arrays::of_network(file, path)?;
        let wrong = |found: String| damaged(path, found);
        let metadata: Metadata =
            serde_json::from_value(description).map_err(|error| wrong(error.to_string()))?;
        if metadata.format != FORMAT {
            return Err(wrong(format!("format {}", metadata.format)));
        }
        metadata
            .network
            .validate()
            .map_err(|error| wrong(error.to_string()))?;
        if metadata.classes != class_names() {
            return Err(wrong(format!(
                "the classes {}",
                metadata.classes.join(", ")
            )));
        }
        let slots = metadata.network.slots();
        check_names(&slots, &arrays, path)?;
        let state = StateDict::fit(&slots, arrays, path)?;
        Ok(Self {
            network: metadata.network,
            training: metadata.training,
            calibration: metadata.calibration,
            state,
            sha256,
        })
    }
}

/// Whether metadata are those of a model of proteins.
pub(crate) fn describes(metadata: &str) -> bool {
    let value = serde_json::from_str::<serde_json::Value>(metadata);
    value.is_ok_and(|value| kind(&value).is_some_and(|kind| KINDS.contains(&kind)))
}

/// What a model's description says that it is; models of binding sites say nothing.
fn kind(description: &serde_json::Value) -> Option<&str> {
    description.get("kind")?.as_str()
}

/// A model of a kind that is not the wanted one.
pub(super) fn of_kind(path: &Path, kind: &str) -> Error {
    not_ours(path, &format!("a model of another kind, `{kind}`"))
}

/// A file that is something else.
pub(super) fn not_ours(path: &Path, found: &str) -> Error {
    Error::input(
        path,
        Place::File,
        "a model of proteins written by bindscape",
        found,
    )
    .hint("train one with `bindscape protein train`")
}

/// A description that cannot be.
pub(super) fn damaged(path: &Path, found: String) -> Error {
    let place = Place::Record(format!("metadata `{}`", arrays::KEY));
    Error::input(
        path,
        place,
        format!("the description of a model, format {FORMAT}"),
        found,
    )
    .hint("the file is damaged, or a newer bindscape wrote it")
}

/// A model of proteins of either kind.
#[derive(Debug, Clone, PartialEq)]
pub enum ProteinClassifier {
    /// A trained network.
    Network(Box<ProteinModel>),
    /// Labelled proteins to compare with.
    Homology(Box<HomologyModel>),
}

impl ProteinClassifier {
    /// Reads a model that bindscape wrote.
    ///
    /// # Errors
    /// As [`ProteinModel::load`].
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let bytes = std::fs::read(path).map_err(|source| Error::io("read", path, source))?;
        Self::from_bytes(&bytes, path)
    }

    fn from_bytes(bytes: &[u8], path: &Path) -> Result<Self> {
        let (file, metadata) = arrays::open(bytes, path)?;
        let metadata =
            metadata.ok_or_else(|| not_ours(path, "a safetensors file without its metadata"))?;
        let description: serde_json::Value =
            serde_json::from_str(&metadata).map_err(|error| damaged(path, error.to_string()))?;
        let sha256 = sha256_hex(bytes);
        match kind(&description) {
            Some(KIND) => ProteinModel::from_file(&file, description, sha256, path)
                .map(|model| Self::Network(Box::new(model))),
            Some(homology::KIND) => HomologyModel::from_file(&file, description, sha256, path)
                .map(|model| Self::Homology(Box::new(model))),
            Some(kind) => Err(of_kind(path, kind)),
            None => Err(not_ours(path, "a model of binding sites")),
        }
    }

    /// As [`ProteinClassifier::load`]; `None` for a file that is something else, or that is not
    /// there.
    ///
    /// # Errors
    /// If it is a model of proteins, but damaged.
    pub fn find(path: impl AsRef<Path>) -> Result<Option<Self>> {
        let path = path.as_ref();
        let Ok(bytes) = std::fs::read(path) else {
            return Ok(None);
        };
        match arrays::open(&bytes, path) {
            Ok((_, Some(metadata))) if describes(&metadata) => {
                Self::from_bytes(&bytes, path).map(Some)
            }
            _ => Ok(None),
        }
    }

    /// SHA-256 of the file that it was loaded from.
    #[must_use]
    pub fn sha256(&self) -> &str {
        match self {
            Self::Network(model) => model.sha256(),
            Self::Homology(model) => model.sha256(),
        }
    }
}

/// Names listed in a message at most.
const LISTED: usize = 8;

/// Refuses tensors of another network, and lists which.
fn check_names(slots: &[Slot], arrays: &[Array], path: &Path) -> Result<()> {
    let list = |names: Vec<&str>| {
        let more = names.len().saturating_sub(LISTED);
        let mut text = names[..names.len() - more].join(", ");
        if more > 0 {
            text += &format!(" and {more} more");
        }
        text
    };
    let missing: Vec<&str> = slots
        .iter()
        .map(|slot| slot.name.as_str())
        .filter(|name| !arrays.iter().any(|array| array.name == *name))
        .collect();
    let unexpected: Vec<&str> = arrays
        .iter()
        .map(|array| array.name.as_str())
        .filter(|name| !slots.iter().any(|slot| slot.name == *name))
        .collect();
    let mut found = Vec::new();
    if !missing.is_empty() {
        found.push(format!("none of the names {}", list(missing)));
    }
    if !unexpected.is_empty() {
        found.push(format!("the unexpected {}", list(unexpected)));
    }
    if found.is_empty() {
        return Ok(());
    }
    Err(Error::input(
        path,
        Place::File,
        "the tensors of the network that its metadata describe",
        found.join(", and "),
    )
    .hint("the weights are those of another network"))
}
