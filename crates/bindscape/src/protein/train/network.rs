//! Networks for proteins: which one, on what, and how it is trained.

use std::path::PathBuf;

use bindscape_base::progress::Progress;
use bindscape_base::{Error, Result, digest};
use bindscape_nn::protein::{
    self as networks, ClassWeights, Encoder, MultiTaskConfig, ProteinData, ProteinNetwork,
    ProteinNetworkKind, ProteinTrainOptions, ProteinTraining,
};
use bindscape_nn::train::MODEL_FILE;
use bindscape_protein::{Encoding, Features, KnownSequences, Representation, Windows};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::parts::{Labelled, Parts, Planned};
use super::{Train, Trained};
use crate::data::{counted, thousands};
use crate::protein::features::FeatureSource;
use crate::protein::refuse;
use crate::session::Session;
use crate::watcher::Watcher;

/// Which network, and on which representation of proteins.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkPlan {
    /// Which network.
    pub kind: ProteinNetworkKind,
    /// Representation that is computed from the residues; `None` for
    /// [`Encoding::Residue`] averaged to the paper's windows, or for ⟦embeddings⟧. DeepTFactor
    /// has its own.
    #[serde(default)]
    pub representation: Option<Representation>,
    /// A directory of embeddings of the proteins.
    #[serde(default)]
    pub embeddings: Option<PathBuf>,
    /// Filters of the two convolutions; `None` here and below for the paper's.
    #[serde(default)]
    pub filters: Option<[usize; 2]>,
    /// Width of the convolutions, odd.
    #[serde(default)]
    pub kernel: Option<usize>,
    /// Window and stride of the max-poolings.
    #[serde(default)]
    pub pool: Option<usize>,
    /// Units of the dense layers.
    #[serde(default)]
    pub hidden: Option<Vec<usize>>,
    /// Share of activations that dropout sets to zero.
    #[serde(default)]
    pub dropout: Option<f64>,
}

impl NetworkPlan {
    /// The network of that kind with the paper's sizes, on an encoding of the residues.
    #[must_use]
    pub fn new(kind: ProteinNetworkKind) -> Self {
        Self {
            kind,
            representation: None,
            embeddings: None,
            filters: None,
            kernel: None,
            pool: None,
            hidden: None,
            dropout: None,
        }
    }

    /// Checks that settings go together, and sizes where they do not depend on embeddings.
    ///
    /// # Errors
    /// If a setting makes no sense.
    pub fn check(&self) -> Result<()> {
        if self.kind == ProteinNetworkKind::DeepTFactor {
            return self.check_deeptfactor();
        }
        match (&self.representation, &self.embeddings) {
            (Some(representation), Some(_)) => Err(Error::argument(
                "embeddings",
                "none with a representation that is computed from the residues",
                format!("some beside `{representation}`"),
            )),
            (None, Some(_)) => self.network(1, Windows::default().positions).map(|_| ()),
            (representation, None) => {
                let source = computed(representation.as_ref())?;
                let windows = source.windows();
                if windows.window == 0 {
                    return Err(Error::argument("window", "at least 1", "0"));
                }
                self.network(source.width(), windows.positions).map(|_| ())
            }
        }
    }

    fn check_deeptfactor(&self) -> Result<()> {
        let input = [
            ("representation", self.representation.is_some()),
            ("embeddings", self.embeddings.is_some()),
        ];
        let sizes = [
            ("filters", self.filters.is_some()),
            ("kernel", self.kernel.is_some()),
            ("pool", self.pool.is_some()),
            ("hidden", self.hidden.is_some()),
        ];
        for (fields, what) in [(&input[..], "input is"), (&sizes[..], "sizes are")] {
            let why = format!("no such option with ⟦network⟧ deeptfactor, whose {what} fixed");
            refuse(fields.iter().copied(), &why)?;
        }
        self.network(0, 0).map(|_| ())
    }

    /// Where its input comes from.
    fn source(&self) -> Result<FeatureSource> {
        if self.kind == ProteinNetworkKind::DeepTFactor {
            let length = self.kind.network(0, 0).positions();
            return Ok(FeatureSource::Computed(Representation::Letters { length }));
        }
        match &self.embeddings {
            Some(directory) => FeatureSource::stored(directory),
            None => computed(self.representation.as_ref()),
        }
    }

    /// The network for `features` numbers at each of `positions` positions.
    fn network(&self, features: usize, positions: usize) -> Result<ProteinNetwork> {
        let network = match self.kind.network(features, positions) {
            ProteinNetwork::DeepTFactor(mut config) => {
                config.dropout = self.dropout.unwrap_or(config.dropout);
                ProteinNetwork::DeepTFactor(config)
            }
            ProteinNetwork::MultiTask(paper) => ProteinNetwork::MultiTask(MultiTaskConfig {
                filters: self.filters.unwrap_or(paper.filters),
                kernel: self.kernel.unwrap_or(paper.kernel),
                pool: self.pool.unwrap_or(paper.pool),
                hidden: self.hidden.clone().unwrap_or(paper.hidden),
                dropout: self.dropout.unwrap_or(paper.dropout),
                ..paper
            }),
        };
        network.validate()?;
        Ok(network)
    }
}

/// Numbers that need no weights.
fn computed(representation: Option<&Representation>) -> Result<FeatureSource> {
    match representation {
        Some(representation @ Representation::Embeddings(_)) => Err(Error::argument(
            "embeddings",
            format!("a directory of embeddings, for `{representation}`"),
            "none",
        )),
        Some(representation) => Ok(FeatureSource::Computed(representation.clone())),
        None => Ok(FeatureSource::Computed(Representation::Encoding(
            Encoding::Residue,
            Windows::default(),
        ))),
    }
}

/// How a network is trained. `None` stands for the default of the network and its representation
/// ([`ProteinTrainOptions::new`], [`ProteinTrainOptions::for_encoding`]).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NetworkTrainingPlan {
    /// Most epochs.
    pub max_epochs: Option<u32>,
    /// Stop after so many epochs in a row without a smaller validation loss.
    pub patience: Option<u32>,
    /// Proteins per batch.
    pub batch_size: Option<usize>,
    /// Learning rate of Adam.
    pub learning_rate: Option<f64>,
    /// Weights of the losses: transcription factor or not, and class.
    pub loss_weights: Option<[f64; 2]>,
    /// How much the proteins of a class count.
    pub class_weights: ClassWeights,
    /// Batches whose proteins are sorted by length together; 1 for a plain shuffle.
    pub neighbours: Option<usize>,
    /// Fewest seconds between two checkpoints, which lie between epochs.
    pub checkpoint_seconds: f64,
}

impl Default for NetworkTrainingPlan {
    fn default() -> Self {
        Self {
            max_epochs: None,
            patience: None,
            batch_size: None,
            learning_rate: None,
            loss_weights: None,
            class_weights: ClassWeights::default(),
            neighbours: None,
            checkpoint_seconds: 60.0,
        }
    }
}

impl NetworkTrainingPlan {
    /// Checks the settings for a network of that kind.
    ///
    /// # Errors
    /// If a setting makes no sense.
    pub fn check(&self, kind: ProteinNetworkKind) -> Result<()> {
        self.options(kind, false, 0).validate()
    }

    /// The options of a training, on features that a language model has `learned` or on an
    /// encoding of residues.
    #[must_use]
    pub fn options(
        &self,
        kind: ProteinNetworkKind,
        learned: bool,
        seed: u64,
    ) -> ProteinTrainOptions {
        let usual = if learned {
            ProteinTrainOptions::new(kind, seed)
        } else {
            ProteinTrainOptions::for_encoding(kind, seed)
        };
        ProteinTrainOptions {
            batch_size: self.batch_size.unwrap_or(usual.batch_size),
            learning_rate: self.learning_rate.unwrap_or(usual.learning_rate),
            max_epochs: self.max_epochs.unwrap_or(usual.max_epochs),
            patience: self.patience.or(usual.patience),
            loss_weights: self.loss_weights.unwrap_or(usual.loss_weights),
            class_weights: self.class_weights,
            neighbours: self.neighbours.unwrap_or(usual.neighbours),
            checkpoint_seconds: self.checkpoint_seconds,
            ..usual
        }
    }
}

/// Trains the network of `plan`, or continues its training.
pub(super) fn train(
    plan: &Train,
    network: &NetworkPlan,
    training: &NetworkTrainingPlan,
    session: &Session<'_>,
) -> Result<Trained> {
    let source = network.source()?;
    let options = training.options(network.kind, source.learned(), plan.seed);
    let windows = source.windows();
    // Sizes that make no network are refused before any file is read.
    let sizes = network.network(source.width(), windows.positions)?;
    let device = session.device().open()?;

    let mut labelled = Labelled::read(plan, session)?;
    if let Some(directory) = source.directory() {
        let info = directory.join("embedding.json");
        let embeddings = digest::input_file("embeddings", &info)?;
        labelled.inputs.push(embeddings);
    }
    let proteins = &labelled.proteins;
    let features = source.represent(proteins, session)?.features;
    let cut = (0..proteins.len()).filter(|&row| features.cut(row)).count() as u64;
    let planned = Planned {
        configuration: json!({
            "network": sizes,
            "encoder": features.representation(),
            "training": options,
        }),
        parameters: sizes.parameters(),
        cut,
    };
    let (mut run, parts) = labelled.begin(planned, session)?;
    tell_cut(cut, windows, session);
    let identity = identity(&*features, windows, &labelled);
    let trained = networks::train(
        &sizes,
        data(&*features, &labelled, &parts),
        &options,
        identity,
        Some(&plan.out),
        &device,
        &Watcher::new(session, network.kind.name()),
    )?;
    run.finish()?;
    Ok(Trained::Network {
        model: plan.out.join(MODEL_FILE),
        epochs: trained.epochs,
        best_epoch: trained.best_epoch,
    })
}

fn tell_cut(cut: u64, windows: Windows, session: &Session<'_>) {
    if cut > 0 {
        session.note(&format!(
            "{} longer than {} residues: cut at the end",
            counted(cut, "protein"),
            thousands(windows.length() as u64)
        ));
    }
}

fn identity(features: &dyn Features, windows: Windows, labelled: &Labelled<'_>) -> ProteinTraining {
    let sequences = labelled
        .proteins
        .iter()
        .map(|protein| &protein.sequence[..]);
    ProteinTraining::new(
        Encoder::new(features, windows),
        labelled.inputs.clone(),
        KnownSequences::new(sequences),
    )
}

fn data<'a>(
    features: &'a dyn Features,
    labelled: &'a Labelled<'_>,
    parts: &'a Parts,
) -> ProteinData<'a> {
    ProteinData {
        features,
        labels: &labelled.matched.labels,
        train: &parts.train,
        validation: &parts.validation,
    }
}
