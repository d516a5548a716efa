//! `bindscape protein train`: a model that tells transcription factors from other proteins, and
//! their kinds.

use std::path::PathBuf;

use bindscape::protein::train::{ModelPlan, NetworkPlan, NetworkTrainingPlan, Train};
use bindscape_base::{Error, Result, names};
use bindscape_nn::DeviceChoice;
use bindscape_nn::protein::{ClassWeights, ProteinNetworkKind};
use bindscape_protein::{Encoding, Representation, Windows};
use clap::Args;

use super::options::{
    LossWeights, ProteinSplitArguments, STORED, no_embeddings, pair, refuse_given, unknown_encoder,
};
use crate::face::Verb;

/// Options of `protein train`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Proteins (FASTA, may be compressed)
    #[arg(long, value_name = "FASTA")]
    proteins: PathBuf,
    /// Their labels: a table with the columns `accession` and `class`
    #[arg(long, value_name = "TSV")]
    labels: PathBuf,
    #[command(flatten)]
    split: ProteinSplitArguments,
    /// Run directory
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    #[command(flatten)]
    network: NetworkArguments,
    #[command(flatten)]
    training: TrainingArguments,
    /// Compute device: cpu, or one that this program was built with
    #[arg(long, default_value = "cpu", value_name = "DEVICE")]
    device: DeviceChoice,
}

/// Which network, on which representation of proteins.
#[derive(Debug, Args)]
#[command(next_help_heading = "Network")]
struct NetworkArguments {
    /// Network: multitask, its twins tf and domain, or deeptfactor; homology is none, but weighs domains, relatives and composition
    #[arg(long, value_name = "NETWORK", default_value_t)]
    network: ModelKind,
    /// With homology: DNA-binding domains of labelled proteins (TSV with the columns accession and domains, which holds NAME:START-END;…), to build profiles of
    #[arg(long, value_name = "TSV")]
    domains: Option<PathBuf>,
    /// Representation of residues: onehot, residue (physico-chemical scales and BLOSUM62), or esm2 (needs --embeddings); deeptfactor has its own [default: residue]
    #[arg(long, value_name = "ENCODER")]
    encoder: Option<String>,
    /// Embeddings of the proteins: a directory that `protein embed` made
    #[arg(long, value_name = "DIR")]
    embeddings: Option<PathBuf>,
    /// Residues that are averaged to one position; embeddings have theirs [default: 10]
    #[arg(long, value_name = "N")]
    window: Option<usize>,
    /// Positions of the standardised length; what lies beyond is cut; embeddings have theirs [default: 300]
    #[arg(long, value_name = "N")]
    positions: Option<usize>,
    /// Filters of the two convolutions [default: 128,256]
    #[arg(long, value_name = "N,N", value_delimiter = ',', num_args = 1)]
    filters: Option<Vec<usize>>,
    /// Width of the convolutions, odd [default: 3]
    #[arg(long, value_name = "N")]
    kernel: Option<usize>,
    /// Window and stride of the max-poolings [default: 2]
    #[arg(long, value_name = "N")]
    pool: Option<usize>,
    /// Units of the dense layers [default: 512]
    #[arg(long, value_name = "N,…", value_delimiter = ',', num_args = 1)]
    hidden: Option<Vec<usize>>,
    /// Share of activations that dropout sets to zero [default: 0.5; deeptfactor 0.1]
    #[arg(long, value_name = "SHARE")]
    dropout: Option<f64>,
}

/// How a network is trained.
#[derive(Debug, Args)]
#[command(next_help_heading = "Training")]
struct TrainingArguments {
    /// Most epochs [default: 40; deeptfactor 30]
    #[arg(long, value_name = "N")]
    epochs: Option<u32>,
    /// Stop after so many epochs in a row without a smaller validation loss [default: never; deeptfactor 5]
    #[arg(long, value_name = "N")]
    patience: Option<u32>,
    /// Proteins per batch [default: 64; deeptfactor 32]
    #[arg(long, value_name = "N")]
    batch_size: Option<usize>,
    /// Learning rate of Adam [default: 0.0001 on embeddings; on other encodings 0.0005 for tf, 0.002 for networks that learn classes; deeptfactor 0.001]
    #[arg(long, value_name = "RATE")]
    learning_rate: Option<f64>,
    /// Weights of the losses: TF or not, and class [default: 0.7,0.3 on embeddings, 0.3,0.7 on other encodings]
    #[arg(long, value_name = "W,W")]
    loss_weights: Option<LossWeights>,
    /// What the proteins of a class count: none (each the same) or balanced (each class the same)
    #[arg(long, value_name = "WEIGHTS", default_value_t)]
    class_weights: ClassWeights,
    /// Batches whose proteins are sorted by length together, which saves work; 1 for a plain shuffle [default: 32]
    #[arg(long, value_name = "N")]
    neighbours: Option<usize>,
    /// Share of the proteins that choose the epoch and the temperatures of a network, and are not trained on [default: 0.1]
    #[arg(long, value_name = "SHARE")]
    validation: Option<f64>,
    /// Fewest seconds between two checkpoints, which lie between epochs [default: 60]
    #[arg(long, value_name = "SECONDS")]
    checkpoint_seconds: Option<f64>,
    /// Seed of the split or folds, the weights, the order of batches and dropout
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// What is trained, by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ModelKind {
    Network(ProteinNetworkKind),
    Homology,
}

impl ModelKind {
    fn name(self) -> &'static str {
        match self {
            Self::Network(kind) => kind.name(),
            Self::Homology => "homology",
        }
    }
}

impl Default for ModelKind {
    fn default() -> Self {
        Self::Network(ProteinNetworkKind::default())
    }
}

impl std::fmt::Display for ModelKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl std::str::FromStr for ModelKind {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let networks = ProteinNetworkKind::ALL.into_iter().map(Self::Network);
        let all = networks.chain([Self::Homology]);
        let otherwise = "see the help of the option";
        names::choose("network", text, all, Self::name, otherwise)
    }
}

impl NetworkArguments {
    /// The options that were given.
    fn given(&self) -> [(&'static str, bool); 9] {
        [
            ("encoder", self.encoder.is_some()),
            ("embeddings", self.embeddings.is_some()),
            ("window", self.window.is_some()),
            ("positions", self.positions.is_some()),
            ("filters", self.filters.is_some()),
            ("kernel", self.kernel.is_some()),
            ("pool", self.pool.is_some()),
            ("hidden", self.hidden.is_some()),
            ("dropout", self.dropout.is_some()),
        ]
    }

    /// The network of that `kind`.
    fn plan(self, kind: ProteinNetworkKind) -> Result<NetworkPlan> {
        let deeptfactor = kind == ProteinNetworkKind::DeepTFactor;
        if deeptfactor {
            let why = "with ⟦network⟧ deeptfactor, whose input is fixed";
            refuse_given(&self.given()[..4], why)?;
        }
        let representation = match (self.encoder.as_deref(), &self.embeddings) {
            _ if deeptfactor => None,
            (None | Some(STORED), Some(_)) => {
                refuse_given(&self.given()[2..4], "with ⟦embeddings⟧, which have theirs")?;
                None
            }
            (Some(STORED), None) => {
                return Err(no_embeddings("⟦encoder⟧ esm2"));
            }
            (None, None) if self.window.is_none() && self.positions.is_none() => None,
            (name, embeddings) => {
                let why = "with an encoder that computes its numbers";
                refuse_given(&[("embeddings", embeddings.is_some())], why)?;
                Some(self.encoding(name)?)
            }
        };
        Ok(NetworkPlan {
            representation,
            embeddings: self.embeddings,
            filters: pair(self.filters, "filters", "128,256")?,
            kernel: self.kernel,
            pool: self.pool,
            hidden: self.hidden,
            dropout: self.dropout,
            ..NetworkPlan::new(kind)
        })
    }

    /// The encoding of that name, of the windows asked for.
    fn encoding(&self, name: Option<&str>) -> Result<Representation> {
        let name = name.unwrap_or(Encoding::Residue.name());
        let encoding = Encoding::from_name(name).ok_or_else(|| unknown_encoder(name))?;
        let paper = Windows::default();
        let windows = Windows {
            window: self.window.unwrap_or(paper.window),
            positions: self.positions.unwrap_or(paper.positions),
        };
        Ok(Representation::Encoding(encoding, windows))
    }
}

impl TrainingArguments {
    /// The options of networks alone that were given.
    fn given(&self) -> [(&'static str, bool); 9] {
        let class_weights = self.class_weights != ClassWeights::default();
        [
            ("max_epochs", self.epochs.is_some()),
            ("patience", self.patience.is_some()),
            ("batch_size", self.batch_size.is_some()),
            ("learning_rate", self.learning_rate.is_some()),
            ("loss_weights", self.loss_weights.is_some()),
            ("neighbours", self.neighbours.is_some()),
            ("class_weights", class_weights),
            ("validation", self.validation.is_some()),
            ("checkpoint_seconds", self.checkpoint_seconds.is_some()),
        ]
    }

    fn plan(self) -> NetworkTrainingPlan {
        let usual = NetworkTrainingPlan::default();
        NetworkTrainingPlan {
            max_epochs: self.epochs,
            patience: self.patience,
            batch_size: self.batch_size,
            learning_rate: self.learning_rate,
            loss_weights: self.loss_weights.map(|weights| weights.0),
            class_weights: self.class_weights,
            neighbours: self.neighbours,
            checkpoint_seconds: self.checkpoint_seconds.unwrap_or(usual.checkpoint_seconds),
        }
    }
}

impl Verb for Arguments {
    type Job = Train;

    fn device(&self) -> DeviceChoice {
        self.device
    }

    fn plan(self) -> Result<Train> {
        let (validation, seed) = (self.training.validation, self.training.seed);
        let model = match self.network.network {
            ModelKind::Network(kind) => {
                let why = "with a network, which learns from whole proteins";
                refuse_given(&[("domains", self.network.domains.is_some())], why)?;
                ModelPlan::Network {
                    network: self.network.plan(kind)?,
                    training: self.training.plan(),
                }
            }
            ModelKind::Homology => {
                let why = "with ⟦network⟧ homology, which is no network";
                refuse_given(&self.network.given(), why)?;
                refuse_given(&self.training.given(), why)?;
                ModelPlan::Homology {
                    domains: self.network.domains,
                }
            }
        };
        let usual = Train::new(self.proteins, self.labels, self.out);
        Ok(Train {
            model,
            split: self.split.split(),
            validation: validation.unwrap_or(usual.validation),
            seed,
            ..usual
        })
    }
}
