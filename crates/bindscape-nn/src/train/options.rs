//! How a network is trained.

use bindscape_base::{Error, Result, names};
use serde::{Deserialize, Serialize};

use crate::model::Model;
use crate::network::Network;
use crate::parameters::Stage;
use crate::precision::Precision;

/// Layers that keep their weights during training.
///
/// A frozen layer gets no updates, and its batch normalisation uses and keeps its
/// running statistics. DanQ has one convolutional layer, which is both the first and
/// all of them.
///
/// ```
/// use bindscape_nn::train::Freeze;
/// assert_eq!("all-but-output".parse::<Freeze>().unwrap(), Freeze::AllButOutput);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Freeze {
    /// Every layer learns, as in the paper.
    #[default]
    None,
    /// The first convolutional layer is frozen.
    FirstConvolutional,
    /// All convolutional layers are frozen.
    Convolutional,
    /// All layers but the output layer are frozen.
    AllButOutput,
}

/// Layers whose weights come from a parent. The LSTMs of DanQ are no convolutional layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TransferLayers {
    /// All but the output layer, as in the paper.
    #[default]
    AllButOutput,
    /// All convolutional layers.
    Convolutional,
    /// The first convolutional layer.
    FirstConvolutional,
}

impl Freeze {
    /// Whether the layers of `stage` keep their weights.
    pub(crate) fn holds(self, stage: Stage) -> bool {
        match self {
            Self::None => false,
            Self::FirstConvolutional => stage == Stage::FirstConvolutional,
            Self::Convolutional => stage <= Stage::Convolutional,
            Self::AllButOutput => stage != Stage::Output,
        }
    }
}

impl TransferLayers {
    /// Whether the weights of the layers of `stage` come from the parent.
    pub(crate) fn takes(self, stage: Stage) -> bool {
        match self {
            Self::AllButOutput => stage != Stage::Output,
            Self::Convolutional => stage <= Stage::Convolutional,
            Self::FirstConvolutional => stage == Stage::FirstConvolutional,
        }
    }
}

/// How the learning rate changes in the course of a training.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decay {
    /// It stays, as in the paper.
    #[default]
    None,
    /// It falls to 0 along half a cosine over the most epochs of the training.
    Cosine,
}

impl Decay {
    fn is_none(&self) -> bool {
        *self == Self::None
    }

    /// What the learning rate is multiplied with after a share of the training, 0 to 1.
    pub(crate) fn factor(self, share: f64) -> f64 {
        match self {
            Self::None => 1.0,
            Self::Cosine => (1.0 + (std::f64::consts::PI * share).cos()) / 2.0,
        }
    }
}

/// Hyper-parameters of a training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrainOptions {
    /// Sequences per batch. A last batch of a single sequence, which has no
    /// variance to normalise by, joins the one before it.
    pub batch_size: usize,
    /// Learning rate of Adam.
    pub learning_rate: f64,
    /// How it changes.
    #[serde(default, skip_serializing_if = "Decay::is_none")]
    pub decay: Decay,
    /// Each step multiplies the weights of layers, though not their biases, by 1 less this times
    /// the learning rate (PyTorch's `AdamW`).
    #[serde(default, skip_serializing_if = "is_none")]
    pub weight_decay: f64,
    /// Each time that a sequence is trained on it is rotated by up to so many bases in either
    /// direction, drawn uniformly: what leaves at one end comes in at the other. Validation does
    /// not.
    #[serde(default, skip_serializing_if = "is_none")]
    pub shift: usize,
    /// Training ends after so many epochs,
    pub max_epochs: u32,
    /// or after so many in a row without a smaller validation loss.
    pub patience: u32,
    /// Seed of weights, order of sequences and dropout.
    pub seed: u64,
    /// Whether each region is trained and validated on in both orientations.
    pub reverse_complement: bool,
    /// Layers that keep their weights.
    pub freeze: Freeze,
    /// The type of the products.
    #[serde(default)]
    pub precision: Precision,
    /// Fewest seconds between two checkpoints. They lie between epochs, the first one after
    /// the first epoch. The weights of a training do not depend on it.
    #[serde(skip, default = "checkpoint_seconds")]
    pub checkpoint_seconds: f64,
}

/// Whether an option that may be absent says nothing.
fn is_none<N: Default + PartialEq>(number: &N) -> bool {
    *number == N::default()
}

/// Writing a checkpoint takes as long as some training steps: short epochs share one.
fn checkpoint_seconds() -> f64 {
    10.0
}

impl TrainOptions {
    /// The paper's options for multi-models and models from scratch: batches
    /// of 100, learning rate 0.003, both strands. At most 100 epochs and a
    /// patience of 10, which the paper does not tell.
    #[must_use]
    pub fn scratch(seed: u64) -> Self {
        Self {
            batch_size: 100,
            learning_rate: 0.003,
            decay: Decay::None,
            weight_decay: 0.0,
            shift: 0,
            max_epochs: 100,
            patience: 10,
            seed,
            reverse_complement: true,
            freeze: Freeze::None,
            precision: Precision::F32,
            checkpoint_seconds: checkpoint_seconds(),
        }
    }

    /// The paper's options for transfer: as [`TrainOptions::scratch`] with a
    /// tenth of the learning rate.
    #[must_use]
    pub fn transfer(seed: u64) -> Self {
        Self {
            learning_rate: 0.0003,
            ..Self::scratch(seed)
        }
    }

    /// Checks the ranges.
    ///
    /// # Errors
    /// If an option makes no sense; the message names it.
    pub fn validate(&self) -> Result<()> {
        if self.checkpoint_seconds.is_nan() || self.checkpoint_seconds < 0.0 {
            return Err(Error::argument(
                "checkpoint_seconds",
                "a number of seconds of at least 0",
                self.checkpoint_seconds.to_string(),
            ));
        }
        if self.batch_size < 2 {
            return Err(Error::argument(
                "batch_size",
                "at least 2 (batch normalisation needs a variance)",
                self.batch_size.to_string(),
            ));
        }
        if !(self.learning_rate > 0.0 && self.learning_rate.is_finite()) {
            return Err(Error::argument(
                "learning_rate",
                "a number above 0",
                self.learning_rate.to_string(),
            )
            .hint("the paper uses 0.003 from scratch and 0.0003 for transfer"));
        }
        // A step leaves something of the weights, and their signs.
        let left = 1.0 - self.learning_rate * self.weight_decay;
        if !(self.weight_decay >= 0.0 && left > 0.0) {
            return Err(Error::argument(
                "weight_decay",
                "a number from 0, and below 1 / learning rate",
                self.weight_decay.to_string(),
            ));
        }
        for (name, value) in [("max_epochs", self.max_epochs), ("patience", self.patience)] {
            if value == 0 {
                return Err(Error::argument(name, "at least 1", "0"));
            }
        }
        Ok(())
    }

    /// Checks that sequences of `length` can be shifted as much as is asked for.
    ///
    /// # Errors
    /// If they are too short.
    pub fn check_length(&self, length: usize) -> Result<()> {
        if self.shift < length {
            return Ok(());
        }
        Err(Error::argument(
            "shift",
            format!("less than the {length} bp of the sequences"),
            self.shift.to_string(),
        )
        .hint("a tenth of that moves sites to other places and cuts few in two"))
    }
}

/// Where the weights come from.
///
/// ```
/// # fn main() -> bindscape_base::Result<()> {
/// use bindscape_nn::train::Start;
/// use bindscape_nn::{Architecture, CnnConfig, Device};
///
/// // The first filter begins as a matrix of the E-box CACGTG, `[base][position]`.
/// let mut network = Architecture::Cnn(CnnConfig::new(200, 1)).initial(7, &Device::flex())?;
/// let mut filter = vec![0.0; 4 * 19];
/// for (position, base) in [1, 0, 1, 2, 3, 2].into_iter().enumerate() {
///     filter[base * 19 + 6 + position] = 0.5;
/// }
/// network.layer_mut("c1")?.set_filter(0, &filter)?;
/// let start = Start::Weights(&network);
/// # let _ = start;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy)]
pub enum Start<'a> {
    /// Random weights, from the seed.
    Scratch,
    /// The weights of a network, such as one whose filters were set
    /// ([`LayerWeightsMut::set_filter`](crate::network::LayerWeightsMut::set_filter)).
    Weights(&'a Network),
    /// A pre-trained model; the layers not taken from it are random.
    Transfer {
        /// The pre-trained model.
        parent: &'a Model,
        /// What is taken from it.
        layers: TransferLayers,
    },
}

macro_rules! names {
    ($kind:ty, $option:literal, $($variant:ident = $name:literal),+) => {
        impl std::fmt::Display for $kind {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(match self { $(Self::$variant => $name),+ })
            }
        }

        impl std::str::FromStr for $kind {
            type Err = Error;

            fn from_str(text: &str) -> Result<Self> {
                match text {
                    $($name => Ok(Self::$variant),)+
                    _ => {
                        let all = [$($name),+];
                        Err(Error::argument($option, format!("one of {}", all.join(", ")), format!("`{text}`"))
                            .hint(names::suggestion(text, all, "see the help of the option")))
                    }
                }
            }
        }
    };
}

names!(
    Freeze,
    "freeze",
    None = "none",
    FirstConvolutional = "first-convolutional",
    Convolutional = "convolutional",
    AllButOutput = "all-but-output"
);
names!(
    TransferLayers,
    "transfer",
    AllButOutput = "all-but-output",
    Convolutional = "convolutional",
    FirstConvolutional = "first-convolutional"
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::architecture::{Architecture, ArchitectureKind};

    #[test]
    fn names_and_layers() {
        assert_eq!(
            "convolutional".parse::<Freeze>().unwrap(),
            Freeze::Convolutional
        );
        assert_eq!(
            TransferLayers::FirstConvolutional.to_string(),
            "first-convolutional"
        );
        let error = "convolution".parse::<TransferLayers>().unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("transfer: expected one of all-but-output")
        );
        assert!(error.advice().unwrap().contains("convolutional"));
        let held = |freeze: Freeze, architecture: &Architecture| {
            let mut layers: Vec<String> = architecture
                .slots()
                .into_iter()
                .filter(|slot| freeze.holds(slot.stage))
                .map(|slot| slot.name.split('.').next().unwrap().to_owned())
                .collect();
            layers.dedup();
            layers
        };
        let cnn = Architecture::usual(ArchitectureKind::Cnn, 200, 1);
        assert!(held(Freeze::None, &cnn).is_empty());
        assert_eq!(held(Freeze::FirstConvolutional, &cnn), ["c1", "bn1"]);
        let convolutional = ["c1", "bn1", "c2", "bn2", "c3", "bn3"];
        assert_eq!(held(Freeze::Convolutional, &cnn), convolutional);
        assert_eq!(
            held(Freeze::AllButOutput, &cnn)[6..],
            ["d4", "bn4", "d5", "bn5"]
        );
        let danq = Architecture::usual(ArchitectureKind::Danq, 200, 1);
        assert_eq!(held(Freeze::FirstConvolutional, &danq), ["Conv1"]);
        assert_eq!(held(Freeze::Convolutional, &danq), ["Conv1"]);
        let hidden = ["Conv1", "BiLSTM", "Linear1"];
        assert_eq!(held(Freeze::AllButOutput, &danq), hidden);
        for slot in cnn.slots().into_iter().chain(danq.slots()) {
            for (freeze, transfer) in [
                (
                    Freeze::FirstConvolutional,
                    TransferLayers::FirstConvolutional,
                ),
                (Freeze::Convolutional, TransferLayers::Convolutional),
                (Freeze::AllButOutput, TransferLayers::AllButOutput),
            ] {
                assert_eq!(freeze.holds(slot.stage), transfer.takes(slot.stage));
            }
        }
    }

    #[test]
    fn senseless_options_are_refused_by_name() {
        let good = TrainOptions::scratch(1);
        good.validate().unwrap();
        let message = |options: TrainOptions| options.validate().unwrap_err().to_string();
        assert!(
            message(TrainOptions {
                batch_size: 1,
                ..good.clone()
            })
            .starts_with("batch_size")
        );
        assert!(
            message(TrainOptions {
                learning_rate: f64::NAN,
                ..good.clone()
            })
            .contains("found NaN")
        );
        assert!(
            message(TrainOptions {
                patience: 0,
                ..good
            })
            .starts_with("patience")
        );
    }
}
