//! Options of networks for proteins and of their training.

use std::path::PathBuf;

use bindscape_base::{Error, Result, names};
use bindscape_nn::protein::{
    ClassWeights, MultiTaskConfig, ProteinNetwork, ProteinNetworkKind, ProteinTrainOptions,
};
use bindscape_protein::{Encoding, Representation, Windows};
use clap::Args;

use bindscape::protein::features::FeatureSource;
use bindscape::protein::refuse;

/// The encoder whose numbers are stored.
const STORED: &str = "esm2";

/// Options of networks alone.
const ALL: [&str; 9] = [
    "encoder",
    "embeddings",
    "window",
    "positions",
    "filters",
    "kernel",
    "pool",
    "hidden",
    "dropout",
];

/// Which network, on which representation of proteins.
#[derive(Debug, Clone, Args)]
pub(in crate::protein) struct NetworkArguments {
    /// Network: multitask, its twins tf and domain, or deeptfactor; homology is none, but compares with the labelled proteins
    #[arg(long, value_name = "NETWORK", default_value_t)]
    network: ModelKind,
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

/// What is trained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::protein) enum ModelKind {
    Network(ProteinNetworkKind),
    /// Labelled proteins to compare with.
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
        names::choose(
            "network",
            text,
            networks.chain([Self::Homology]),
            Self::name,
            "see the help of the option",
        )
    }
}

impl NetworkArguments {
    /// What is trained.
    pub(in crate::protein) fn kind(&self) -> ModelKind {
        self.network
    }

    /// Refuses what is said of a network, where none is trained.
    ///
    /// # Errors
    /// If there is such an option.
    pub(in crate::protein) fn refuse_all(&self) -> Result<()> {
        self.refuse(&ALL, "with ⟦network⟧ homology, which is no network")
    }

    /// Where the input of a network of that `kind` comes from.
    ///
    /// # Errors
    /// If the encoder is unknown, options do not go together, or there are no such embeddings.
    pub(in crate::protein) fn source(&self, kind: ProteinNetworkKind) -> Result<FeatureSource> {
        if kind == ProteinNetworkKind::DeepTFactor {
            self.refuse(
                &["encoder", "embeddings", "window", "positions"],
                "with ⟦network⟧ deeptfactor, whose input is fixed",
            )?;
            self.refuse(
                &["filters", "kernel", "pool", "hidden"],
                "with ⟦network⟧ deeptfactor, whose sizes are fixed",
            )?;
            let length = kind.network(0, 0).positions();
            return Ok(FeatureSource::Computed(Representation::Letters { length }));
        }
        let name = self.encoder.as_deref();
        match (name, &self.embeddings) {
            (None | Some(STORED), Some(directory)) => {
                self.refuse(
                    &["window", "positions"],
                    "with ⟦embeddings⟧, which have theirs",
                )?;
                FeatureSource::stored(directory)
            }
            (Some(STORED), None) => Err(Error::argument(
                "embeddings",
                "a directory of embeddings for ⟦encoder⟧ esm2",
                "none",
            )
            .hint("make one with `bindscape protein embed --model facebook/esm2_t6_8M_UR50D`")),
            (Some(_), Some(_)) => {
                self.refuse(&["embeddings"], "with an encoder that computes its numbers")?;
                self.computed(name)
            }
            (_, None) => self.computed(name),
        }
    }

    /// An encoder that needs no weights.
    fn computed(&self, name: Option<&str>) -> Result<FeatureSource> {
        let name = name.unwrap_or("residue");
        let encoding = Encoding::from_name(name).ok_or_else(|| {
            let all = ["onehot", "residue", STORED];
            Error::argument(
                "encoder",
                format!("one of {}", all.join(", ")),
                format!("`{name}`"),
            )
            .hint(names::suggestion(name, all, "see the help of the option"))
        })?;
        let paper = Windows::default();
        let windows = Windows {
            window: self.window.unwrap_or(paper.window),
            positions: self.positions.unwrap_or(paper.positions),
        };
        if windows.window == 0 {
            return Err(Error::argument("window", "at least 1", "0"));
        }
        Ok(FeatureSource::Computed(Representation::Encoding(
            encoding, windows,
        )))
    }

    /// The network of that `kind` for `features` numbers at each of `positions` positions.
    ///
    /// # Errors
    /// If the sizes make no network.
    pub(in crate::protein) fn network(
        &self,
        kind: ProteinNetworkKind,
        features: usize,
        positions: usize,
    ) -> Result<ProteinNetwork> {
        let network = match kind.network(features, positions) {
            ProteinNetwork::DeepTFactor(mut config) => {
                config.dropout = self.dropout.unwrap_or(config.dropout);
                ProteinNetwork::DeepTFactor(config)
            }
            ProteinNetwork::MultiTask(paper) => {
                let filters = match self.filters.as_deref() {
                    None => paper.filters,
                    Some(&[first, second]) => [first, second],
                    Some(other) => {
                        return Err(Error::argument(
                            "filters",
                            "two numbers, such as 128,256",
                            other.len().to_string(),
                        ));
                    }
                };
                ProteinNetwork::MultiTask(MultiTaskConfig {
                    filters,
                    kernel: self.kernel.unwrap_or(paper.kernel),
                    pool: self.pool.unwrap_or(paper.pool),
                    hidden: self.hidden.clone().unwrap_or(paper.hidden),
                    dropout: self.dropout.unwrap_or(paper.dropout),
                    ..paper
                })
            }
        };
        network.validate()?;
        Ok(network)
    }

    /// Refuses those of `options` that were given.
    fn refuse(&self, options: &[&str], why: &str) -> Result<()> {
        let given = [
            ("encoder", self.encoder.is_some()),
            ("embeddings", self.embeddings.is_some()),
            ("window", self.window.is_some()),
            ("positions", self.positions.is_some()),
            ("filters", self.filters.is_some()),
            ("kernel", self.kernel.is_some()),
            ("pool", self.pool.is_some()),
            ("hidden", self.hidden.is_some()),
            ("dropout", self.dropout.is_some()),
        ];
        refuse(
            given
                .into_iter()
                .filter(|(option, _)| options.contains(option)),
            &format!("no such option {why}"),
        )
    }
}

/// How a network is trained.
#[derive(Debug, Clone, Args)]
pub(in crate::protein) struct TrainArguments {
    /// Most epochs [default: 40; deeptfactor 30]
    #[arg(long, value_name = "N")]
    epochs: Option<u32>,
    /// Stop after so many epochs in a row without a smaller validation loss [default: never; deeptfactor 5]
    #[arg(long, value_name = "N")]
    patience: Option<u32>,
    /// Proteins per batch [default: 64; deeptfactor 32]
    #[arg(long, value_name = "N")]
    batch_size: Option<usize>,
    /// Learning rate of Adam [default: 0.0001 on embeddings, 0.0005 on other encodings; deeptfactor 0.001]
    #[arg(long, value_name = "RATE")]
    learning_rate: Option<f64>,
    /// Weights of the losses: TF or not, and class [default: 0.7,0.3 on embeddings, 0.3,0.7 on other encodings]
    #[arg(long, value_name = "W,W", value_delimiter = ',', num_args = 1)]
    loss_weights: Option<Vec<f64>>,
    /// What the proteins of a class count: none (each the same) or balanced (each class the same)
    #[arg(long, value_name = "WEIGHTS", default_value_t)]
    class_weights: ClassWeights,
    /// Batches whose proteins are sorted by length together, which saves work; 1 for a plain shuffle [default: 32]
    #[arg(long, value_name = "N")]
    neighbours: Option<usize>,
    /// Share of the proteins that choose the epoch and the temperatures, and are not trained on
    #[arg(long, value_name = "SHARE", default_value_t = 0.1)]
    pub(in crate::protein) validation: f64,
    /// Fewest seconds between two checkpoints, which lie between epochs
    #[arg(long, value_name = "SECONDS", default_value_t = 60.0)]
    checkpoint_seconds: f64,
    /// Seed of the split, the weights, the order of batches and dropout
    #[arg(long, default_value_t = 1)]
    pub(in crate::protein) seed: u64,
}

impl TrainArguments {
    /// Refuses what only networks are trained with.
    ///
    /// # Errors
    /// If there is such an option.
    pub(in crate::protein) fn refuse_all(&self) -> Result<()> {
        let given = [
            ("epochs", self.epochs.is_some()),
            ("patience", self.patience.is_some()),
            ("batch_size", self.batch_size.is_some()),
            ("learning_rate", self.learning_rate.is_some()),
            ("loss_weights", self.loss_weights.is_some()),
            ("neighbours", self.neighbours.is_some()),
            (
                "class_weights",
                self.class_weights != ClassWeights::default(),
            ),
        ];
        refuse(
            given,
            "no such option with ⟦network⟧ homology, which is no network",
        )
    }

    /// The options of a training of that network, on features that a language model has
    /// `learned` or on an encoding of residues.
    ///
    /// # Errors
    /// If an option makes no sense.
    pub(in crate::protein) fn options(
        &self,
        kind: ProteinNetworkKind,
        learned: bool,
    ) -> Result<ProteinTrainOptions> {
        let usual = if learned {
            ProteinTrainOptions::new(kind, self.seed)
        } else {
            ProteinTrainOptions::for_encoding(kind, self.seed)
        };
        let loss_weights = loss_weights(self.loss_weights.as_deref())?;
        let options = ProteinTrainOptions {
            batch_size: self.batch_size.unwrap_or(usual.batch_size),
            learning_rate: self.learning_rate.unwrap_or(usual.learning_rate),
            max_epochs: self.epochs.unwrap_or(usual.max_epochs),
            patience: self.patience.or(usual.patience),
            loss_weights: loss_weights.unwrap_or(usual.loss_weights),
            class_weights: self.class_weights,
            neighbours: self.neighbours.unwrap_or(usual.neighbours),
            checkpoint_seconds: self.checkpoint_seconds,
            ..usual
        };
        options.validate()?;
        Ok(options)
    }
}

/// The value of `--loss-weights`.
///
/// # Errors
/// If there are not two.
pub(in crate::protein) fn loss_weights(values: Option<&[f64]>) -> Result<Option<[f64; 2]>> {
    match values {
        None => Ok(None),
        Some(&[tf, class]) => Ok(Some([tf, class])),
        Some(other) => Err(Error::argument(
            "loss_weights",
            "two numbers, such as 0.7,0.3",
            other.len().to_string(),
        )),
    }
}
