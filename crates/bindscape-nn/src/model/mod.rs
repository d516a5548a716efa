//! A model: a network's weights, the TFs of its outputs, and the identity of
//! its training. On disk it is one safetensors file whose tensors have the names
//! and layouts of PyTorch's `state_dict` (`load_state_dict` of the authors'
//! `ConvNetDeep` or `DanQ` takes them strictly), with the rest as JSON in its metadata.

use std::path::Path;

use bindscape_arrays::torch::TorchFile;
use bindscape_base::digest::InputFile;
use bindscape_base::digest::sha256_hex;
use bindscape_base::kind::{self, FileKind};
use bindscape_base::{Error, Place, Result, atomic};
use bindscape_genome::region::Regions;
use bindscape_matrix::dataset::{Dataset, Part};
use bindscape_matrix::results::RunKind;
use burn::tensor::Device;
use serde::{Deserialize, Serialize};

mod companion;
pub mod regions;

pub use self::companion::Companion;
use crate::architecture::Architecture;
use crate::network::Network;
use crate::parameters::StateDict;
#[cfg(test)]
use crate::parameters::Values;
use crate::precision::Precision;
use crate::readout::Readout;
use bindscape_arrays::model_file::{FORMAT, ModelFile, ModelKind, tensors};

/// What a model was trained on: enough to keep its regions out of anything that
/// is trained or evaluated after it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrainingIdentity {
    /// Version of bindscape that trained it.
    pub bindscape: String,
    /// Multi-model or fine-tuned model.
    pub kind: RunKind,
    /// Seed of weights, batches and dropout.
    pub seed: u64,
    /// Genome build.
    pub genome: Option<String>,
    /// Files the data came from, with checksums.
    pub inputs: Vec<InputFile>,
    /// SHA-256 of the model file that it was fine-tuned from.
    pub parent: Option<String>,
    /// Whether `fitted` is known. It is not for imported weights.
    pub regions_known: bool,
    /// Regions that this model or an ancestor was trained or validated on, sorted.
    #[serde(with = "regions")]
    pub fitted: Regions,
    /// Those of `fitted` that this model itself was trained or validated on, sorted; `None` where
    /// that is all of them. See [`TrainingIdentity::own_regions`].
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "regions::optional"
    )]
    pub own: Option<Regions>,
    /// Regions of this model's test part, sorted.
    #[serde(with = "regions")]
    pub held_out: Regions,
    /// Chromosomes of `fitted`.
    pub chromosomes: Vec<String>,
    /// Per TF, the share of bound regions among those it was trained on: what its probabilities
    /// take for granted. `None` for imported weights and models of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bound_shares: Option<Vec<f64>>,
    /// Epoch whose weights these are, from 1; 0 for imported weights.
    pub best_epoch: u32,
    /// SHA-256 over options, data and start of the training; set by training.
    pub run: String,
    /// The type of the products in training; set by training.
    #[serde(default)]
    pub precision: Precision,
}

impl TrainingIdentity {
    /// The identity of a training on `data`, which may begin from `parent`.
    #[must_use]
    pub fn new(
        kind: RunKind,
        seed: u64,
        genome: Option<String>,
        inputs: Vec<InputFile>,
        data: &Dataset,
        parent: Option<&Model>,
    ) -> Self {
        let (held_out, own): (Vec<usize>, Vec<usize>) =
            (0..data.len()).partition(|&row| data.parts[row] == Part::Test);
        let own = data.regions.select(&own);
        let mut tables = vec![&own];
        tables.extend(parent.map(|parent| &parent.training.fitted));
        let fitted = regions::unique(&tables);
        let held_out = regions::unique(&[&data.regions.select(&held_out)]);
        Self {
            bindscape: env!("CARGO_PKG_VERSION").into(),
            kind,
            seed,
            genome,
            inputs,
            parent: parent.map(|parent| parent.sha256.clone()),
            regions_known: parent.is_none_or(|parent| parent.training.regions_known),
            chromosomes: fitted.chromosomes().to_vec(),
            own: parent.map(|_| regions::unique(&[&own])),
            fitted,
            held_out,
            bound_shares: bound_shares(data),
            best_epoch: 0,
            run: String::new(),
            precision: Precision::F32,
        }
    }

    /// The regions that this model itself was trained or validated on, without those of its
    /// ancestors; `None` if an early version of bindscape, which did not record them, trained it.
    #[must_use]
    pub fn own_regions(&self) -> Option<&Regions> {
        match (&self.own, &self.parent) {
            (Some(own), _) => Some(own),
            (None, None) => Some(&self.fitted),
            (None, Some(_)) => None,
        }
    }

    /// The same with the regions that `other` was fitted to or tested on beside its own.
    fn with_regions_of(&self, other: &Self) -> Self {
        let fitted = regions::unique(&[&self.fitted, &other.fitted]);
        let own = self.own_regions().zip(other.own_regions());
        Self {
            regions_known: self.regions_known && other.regions_known,
            chromosomes: fitted.chromosomes().to_vec(),
            fitted,
            own: own.map(|(own, others)| regions::unique(&[own, others])),
            held_out: regions::unique(&[&self.held_out, &other.held_out]),
            ..self.clone()
        }
    }
}

/// The share of bound regions in the training part, TF by TF; `None` if it is empty.
fn bound_shares(data: &Dataset) -> Option<Vec<f64>> {
    let rows = data.rows(Part::Train);
    (!rows.is_empty()).then(|| {
        data.counts(&rows)
            .into_iter()
            .map(|(resolved, bound)| bound as f64 / resolved.max(1) as f64)
            .collect()
    })
}

/// A trained network, or one with a readout of its outputs ([`Model::with_readout`]), which a
/// second network may support ([`Model::with_companion`]).
///
/// ```no_run
/// # fn main() -> bindscape_base::Result<()> {
/// use bindscape_nn::{Device, Model, Predictor};
///
/// let model = Model::load("model.safetensors")?;
/// println!("{} for {}", model.architecture, model.tfs.join(", "));
/// let predictor = Predictor::new(&model, &Device::flex());
/// # let _ = predictor;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// Which network, and its sizes.
    pub architecture: Architecture,
    /// One TF per output; of a model with a readout, the TF of that.
    pub tfs: Vec<String>,
    /// What it was trained on.
    pub training: TrainingIdentity,
    pub(crate) state: StateDict,
    readout: Option<Readout>,
    companion: Option<Companion>,
    sha256: String,
}

#[derive(Serialize, Deserialize)]
struct Metadata {
    format: u32,
    architecture: Architecture,
    tfs: Vec<String>,
    training: TrainingIdentity,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    readout: Option<Readout>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    companion: Option<companion::Record>,
}

impl Model {
    pub(crate) fn new(
        architecture: Architecture,
        tfs: Vec<String>,
        training: TrainingIdentity,
        state: StateDict,
    ) -> Self {
        let mut model = Self {
            architecture,
            tfs,
            training,
            state,
            readout: None,
            companion: None,
            sha256: String::new(),
        };
        model.sha256 = sha256_hex(&model.to_bytes());
        model
    }

    /// This multi-model with a readout of its outputs for `tf`, whose training `training` is.
    ///
    /// # Panics
    /// If the readout is of other outputs.
    #[must_use]
    pub fn with_readout(&self, tf: String, training: TrainingIdentity, readout: Readout) -> Self {
        assert_eq!(readout.outputs, self.output_names(), "of the same network");
        let mut model = Self {
            architecture: self.architecture.clone(),
            tfs: vec![tf],
            training,
            state: self.state.clone(),
            readout: Some(readout),
            companion: None,
            sha256: String::new(),
        };
        model.sha256 = sha256_hex(&model.to_bytes());
        model
    }

    /// This readout with `share` of its log odds taken from `network`, a network of the same TF.
    /// The odds of `network` are first brought to the readout's share of bound regions.
    ///
    /// # Panics
    /// If this is no readout, `network` is not of the same TF alone, of another length or a readout
    /// itself, or the share is not between 0 and 1.
    #[must_use]
    pub fn with_companion(&self, network: &Self, share: f64) -> Self {
        assert!(self.readout.is_some() && network.readout.is_none());
        assert_eq!(self.tfs, network.tfs, "of the same TF");
        assert_eq!(self.architecture.length(), network.architecture.length());
        let mut model = Self {
            training: self.training.with_regions_of(&network.training),
            companion: Some(Companion::of(self, network, share)),
            ..self.clone()
        };
        model.sha256 = sha256_hex(&model.to_bytes());
        model
    }

    /// What makes one probability of the network's outputs, where there is such a thing.
    #[must_use]
    pub fn readout(&self) -> Option<&Readout> {
        self.readout.as_ref()
    }

    /// The network that supports the readout, where there is one.
    #[must_use]
    pub fn companion(&self) -> Option<&Companion> {
        self.companion.as_ref()
    }

    /// Trainable parameters of all its networks.
    #[must_use]
    pub fn parameters(&self) -> u64 {
        let own = self.architecture.parameters();
        let of_companion = |companion: &Companion| companion.architecture.parameters();
        own + self.companion.as_ref().map_or(0, of_companion)
    }

    /// The TFs of the network's outputs.
    #[must_use]
    pub fn output_names(&self) -> &[String] {
        self.readout
            .as_ref()
            .map_or(&self.tfs, |readout| &readout.outputs)
    }

    /// The network with the model's weights on `device`.
    #[must_use]
    pub fn network(&self, device: &Device) -> Network {
        Network::new(self.architecture.layers(), &self.state, device)
    }

    /// SHA-256 of the file that this model was loaded from, or would be saved as.
    #[must_use]
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// Writes the model to `path`, whole or not at all. The same model always
    /// gives the same bytes.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        atomic::write(path, &self.to_bytes())
    }

    fn to_bytes(&self) -> Vec<u8> {
        let metadata = Metadata {
            format: FORMAT,
            architecture: self.architecture.clone(),
            tfs: self.tfs.clone(),
            training: self.training.clone(),
            readout: self.readout.clone(),
            companion: self.companion.as_ref().map(Companion::record),
        };
        let metadata = serde_json::to_string(&metadata).expect("plain data make JSON");
        let own = self.state.0.iter();
        let entries: Vec<tensors::Entry<'_>> = own
            .map(|array| tensors::Entry::new(array.name.clone(), array))
            .chain(self.companion.iter().flat_map(Companion::entries))
            .collect();
        tensors::to_bytes(&entries, metadata)
    }

    /// Reads a model that bindscape wrote.
    ///
    /// # Errors
    /// If the file cannot be read, is damaged, was not written by bindscape (see
    /// [`Model::import`]), or its tensors are not those of its architecture.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let file = ModelFile::read(path)?;
        if !file.is_ours() {
            return Err(Error::input(
                path,
                Place::File,
                "a model written by bindscape",
                "a safetensors file without its metadata",
            )
            .hint("take over weights from elsewhere with `bindscape model import`, which names their TFs"));
        }
        let kind = file.kind()?;
        if kind != ModelKind::BindingSites {
            let error =
                |found: &str| Error::input(path, Place::File, "a model of binding sites", found);
            return Err(match kind.name() {
                Some(name) if !kind.of_proteins() => {
                    error(&format!("a model of another kind, `{name}`")).hint("update bindscape")
                }
                _ => error("a model of proteins").hint("`bindscape protein predict` uses it"),
            });
        }
        let metadata: Metadata = file.parse()?;
        check_architecture(&metadata.architecture, path, "architecture")?;
        if let Some(readout) = &metadata.readout {
            if metadata.tfs.len() != 1 || !readout.is_whole(metadata.architecture.outputs()) {
                return Err(Error::input(
                    path,
                    Place::Record("readout".into()),
                    "weights of one TF for every motif and every output of the network",
                    "others",
                )
                .hint(DAMAGED));
            }
        } else if metadata.tfs.len() != metadata.architecture.outputs() {
            return Err(Error::input(
                path,
                Place::File,
                format!("{} TFs, one per output", metadata.architecture.outputs()),
                format!("{} TFs", metadata.tfs.len()),
            )
            .hint(DAMAGED));
        }
        let architecture = &metadata.architecture;
        let mut arrays = file.arrays()?;
        let companion = match metadata.companion {
            Some(record) if metadata.readout.is_some() => {
                let length = architecture.length();
                Some(Companion::read(record, &mut arrays, length, path)?)
            }
            Some(_) => {
                let error = companion::damaged(path, "a readout beside it", "none");
                return Err(error);
            }
            None => None,
        };
        let slots = architecture.slots();
        let state = StateDict::fit(&architecture.to_string(), &slots, arrays, path)?;
        Ok(Self {
            architecture: metadata.architecture,
            tfs: metadata.tfs,
            training: metadata.training,
            state,
            readout: metadata.readout,
            companion,
            sha256: file.sha256(),
        })
    }

    /// Reads weights of the authors' `ConvNetDeep` or `DanQ`, a `state_dict` that PyTorch
    /// saved (`.pth`) or safetensors; the names tell which. Sizes follow from the shapes; `length` is the
    /// length of the sequences in base pairs and `tfs` names the outputs in order.
    /// Nothing is known of the regions they were trained on.
    ///
    /// A `.pth` file is a pickle, of which nothing is run ([`bindscape_arrays::torch`]).
    ///
    /// # Errors
    /// If the file cannot be read, is damaged, or holds other tensors than
    /// those of the network for `length` and `tfs`.
    pub fn import(
        path: impl AsRef<Path>,
        tfs: Vec<String>,
        length: usize,
        genome: Option<String>,
    ) -> Result<Self> {
        let path = path.as_ref();
        let accepted = [
            FileKind::Safetensors,
            FileKind::BindingModel,
            FileKind::Zip,
            FileKind::Pickle,
        ];
        kind::expect(
            path,
            "weights that PyTorch saved, or safetensors",
            &accepted,
        )?;
        let bytes = std::fs::read(path).map_err(|source| Error::io("read", path, source))?;
        let arrays = if TorchFile::detect(&bytes) {
            tensors::from_torch(&bytes, path)?
        } else {
            tensors::from_bytes(&bytes, path)?.0
        };
        let architecture = Architecture::infer(&arrays, length, tfs.len());
        architecture.validate()?;
        let slots = architecture.slots();
        let state = StateDict::fit(&architecture.to_string(), &slots, arrays, path)?;
        let training = TrainingIdentity {
            bindscape: env!("CARGO_PKG_VERSION").into(),
            kind: RunKind::Pretrain,
            seed: 0,
            genome,
            inputs: vec![InputFile {
                role: "weights".into(),
                name: path
                    .file_name()
                    .map_or_else(String::new, |name| name.to_string_lossy().into_owned()),
                bytes: bytes.len() as u64,
                sha256: sha256_hex(&bytes),
            }],
            parent: None,
            regions_known: false,
            fitted: Regions::new(),
            own: None,
            held_out: Regions::new(),
            chromosomes: Vec::new(),
            bound_shares: None,
            best_epoch: 0,
            run: String::new(),
            precision: Precision::F32,
        };
        Ok(Self::new(architecture, tfs, training, state))
    }
}

/// What to do about a file that is not as it was written.
const DAMAGED: &str = "the file is damaged: copy or make it again";

/// Refuses a network, found in the `record` of a file, that cannot be.
fn check_architecture(architecture: &Architecture, path: &Path, record: &str) -> Result<()> {
    architecture.validate().map_err(|error| match error {
        Error::Input(inner) => Error::input(
            path,
            Place::Record(record.into()),
            inner.expected.clone(),
            inner.found.clone(),
        )
        .hint(DAMAGED),
        other => other,
    })
}

/// Number of batches that each normalisation has seen, for tests.
#[cfg(test)]
pub(crate) fn counter(state: &StateDict, name: &str) -> Option<i64> {
    match state.get(name)?.values {
        Values::I64(count) => Some(count),
        Values::F32(_) => None,
    }
}

#[cfg(test)]
mod tests;
