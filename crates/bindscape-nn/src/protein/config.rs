//! Which network, and its sizes.

use bindscape_base::{Error, Result, names};
use serde::{Deserialize, Serialize};

use super::deeptfactor::{self, DeepTFactorConfig};
use super::heads::Heads;
use super::multitask::MultiTaskConfig;
use crate::network::Layers;
use crate::parameters::StateDict;

/// A network for proteins, and its sizes.
///
/// ```
/// use bindscape_nn::protein::ProteinNetworkKind;
///
/// let network = ProteinNetworkKind::MultiTask.network(320, 300);
/// let layers = network.layers();
/// let heads: Vec<&str> = layers.iter().rev().take(2).map(|layer| layer.name()).collect();
/// assert_eq!(heads, ["domain_head", "tf_head"]);
/// assert_eq!(network.parameters(), 10_055_558);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "network", rename_all = "lowercase")]
pub enum ProteinNetwork {
    /// The paper's network, or one of its single-task twins.
    MultiTask(MultiTaskConfig),
    /// DeepTFactor.
    DeepTFactor(DeepTFactorConfig),
}

impl ProteinNetwork {
    /// What it answers.
    #[must_use]
    pub fn heads(&self) -> Heads {
        match self {
            Self::MultiTask(config) => config.heads,
            Self::DeepTFactor(_) => Heads::Tf,
        }
    }

    /// Numbers per position of its input.
    #[must_use]
    pub fn features(&self) -> usize {
        match self {
            Self::MultiTask(config) => config.features,
            Self::DeepTFactor(_) => deeptfactor::LETTERS.len(),
        }
    }

    /// Most positions of its input.
    #[must_use]
    pub fn positions(&self) -> usize {
        match self {
            Self::MultiTask(config) => config.positions,
            Self::DeepTFactor(config) => config.length,
        }
    }

    /// Which network it is.
    #[must_use]
    pub fn kind(&self) -> ProteinNetworkKind {
        match self {
            Self::DeepTFactor(_) => ProteinNetworkKind::DeepTFactor,
            Self::MultiTask(config) => match config.heads {
                Heads::Both => ProteinNetworkKind::MultiTask,
                Heads::Tf => ProteinNetworkKind::Tf,
                Heads::Domain => ProteinNetworkKind::Domain,
            },
        }
    }

    /// Number of learned numbers.
    #[must_use]
    pub fn parameters(&self) -> u64 {
        self.layers().learned()
    }

    /// Checks that the sizes make a network.
    ///
    /// # Errors
    /// If they do not; the message names the option.
    pub fn validate(&self) -> Result<()> {
        match self {
            Self::MultiTask(config) => config.validate(),
            Self::DeepTFactor(config) => config.validate(),
        }
    }

    /// The network as a list of layers. Its heads are called `tf_head` and `domain_head`; that of
    /// DeepTFactor is `bn2`.
    #[must_use]
    pub fn layers(&self) -> Layers {
        match self {
            Self::MultiTask(config) => config.layers(),
            Self::DeepTFactor(config) => config.layers(),
        }
    }

    /// The weights before training: PyTorch's defaults for the paper's network, for
    /// DeepTFactor Xavier's uniform weights, as its authors draw them.
    pub(crate) fn initial(&self, seed: u64) -> StateDict {
        StateDict::initial(self.layers().slots(), seed)
    }
}

/// The networks by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProteinNetworkKind {
    /// The paper's network with both heads.
    #[default]
    MultiTask,
    /// Its twin with the transcription-factor head alone.
    Tf,
    /// Its twin with the domain head alone.
    Domain,
    /// DeepTFactor.
    DeepTFactor,
}

impl ProteinNetworkKind {
    /// All networks.
    pub const ALL: [Self; 4] = [Self::MultiTask, Self::Tf, Self::Domain, Self::DeepTFactor];

    /// The name in commands and files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::MultiTask => "multitask",
            Self::Tf => "tf",
            Self::Domain => "domain",
            Self::DeepTFactor => "deeptfactor",
        }
    }

    /// The network with its default sizes for `features` numbers at each of `positions`
    /// positions; DeepTFactor has an input of its own.
    #[must_use]
    pub fn network(self, features: usize, positions: usize) -> ProteinNetwork {
        let twin = |heads| {
            ProteinNetwork::MultiTask(MultiTaskConfig {
                positions,
                ..MultiTaskConfig::new(features, heads)
            })
        };
        match self {
            Self::MultiTask => twin(Heads::Both),
            Self::Tf => twin(Heads::Tf),
            Self::Domain => twin(Heads::Domain),
            Self::DeepTFactor => ProteinNetwork::DeepTFactor(DeepTFactorConfig::default()),
        }
    }
}

impl std::fmt::Display for ProteinNetworkKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl std::str::FromStr for ProteinNetworkKind {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        names::choose(
            "network",
            text,
            Self::ALL,
            Self::name,
            "see the help of the option",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_names() {
        for kind in ProteinNetworkKind::ALL {
            assert_eq!(kind.name().parse::<ProteinNetworkKind>().unwrap(), kind);
            let network = kind.network(320, 300);
            network.validate().unwrap();
            assert_eq!(network.kind(), kind);
            let json = serde_json::to_string(&network).unwrap();
            assert_eq!(
                serde_json::from_str::<ProteinNetwork>(&json).unwrap(),
                network
            );
        }
        // 320 x 3 x 128 + 128; 128 x 3 x 256 + 256; 19,200 x 512 + 512; 512 x 6 + 6.
        let paper = ProteinNetworkKind::MultiTask.network(320, 300);
        assert_eq!(paper.parameters(), 123_008 + 98_560 + 9_830_912 + 3_078);
        let layers = paper.layers();
        let names: Vec<_> = layers.slots().map(|slot| &slot.name[..]).collect();
        assert_eq!(names[0], "conv1.weight");
        assert_eq!(
            names[4..],
            [
                "fc1.weight",
                "fc1.bias",
                "tf_head.weight",
                "tf_head.bias",
                "domain_head.weight",
                "domain_head.bias"
            ]
        );
        let error = "multi".parse::<ProteinNetworkKind>().unwrap_err();
        assert!(error.advice().unwrap().contains("multitask"));
    }

    #[test]
    fn sizes_that_make_no_network_are_refused() {
        let paper = MultiTaskConfig::new(20, Heads::Both);
        let refused = |config: MultiTaskConfig, part: &str| {
            let error = ProteinNetwork::MultiTask(config).validate().unwrap_err();
            assert!(error.to_string().contains(part), "{error}");
        };
        refused(
            MultiTaskConfig {
                kernel: 4,
                ..paper.clone()
            },
            "kernel: expected an odd width",
        );
        refused(
            MultiTaskConfig {
                positions: 3,
                ..paper.clone()
            },
            "at least 4",
        );
        refused(
            MultiTaskConfig {
                dropout: 1.0,
                ..paper.clone()
            },
            "dropout",
        );
        refused(
            MultiTaskConfig {
                hidden: vec![],
                ..paper
            },
            "hidden",
        );
        let short = DeepTFactorConfig {
            length: 21,
            ..DeepTFactorConfig::default()
        };
        let error = ProteinNetwork::DeepTFactor(short).validate().unwrap_err();
        assert!(
            error.to_string().contains("more than 21 positions"),
            "{error}"
        );
    }
}
