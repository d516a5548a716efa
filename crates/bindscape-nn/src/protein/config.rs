//! Which network, and its sizes.

use bindscape_base::{Error, Result, names};
use bindscape_protein::ProteinClass;
use serde::{Deserialize, Serialize};

use super::deeptfactor;
use super::multitask;
use crate::architecture::{check_dropout, check_sizes};
use crate::parameters::{Role, Slot, Slots, StateDict, Values};

/// Number of classes of the domain head.
pub const CLASSES: usize = ProteinClass::ALL.len();

/// What a network answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Heads {
    /// Whether the protein is a transcription factor, and its class.
    Both,
    /// Whether it is a transcription factor.
    Tf,
    /// Its class.
    Domain,
}

impl Heads {
    /// Whether there is a head for transcription factors.
    #[must_use]
    pub fn tf(self) -> bool {
        self != Heads::Domain
    }

    /// Whether there is a head for classes.
    #[must_use]
    pub fn domain(self) -> bool {
        self != Heads::Tf
    }
}

/// Sizes of the paper's network and its single-task twins (paper, "Proposed method"):
/// two convolutions, each with ReLU, max-pooling and dropout, dense layers with ReLU and
/// dropout, and a sigmoid head (is it a transcription factor?), a softmax head (of which
/// class?), or both.
///
/// Positions beyond the end of a protein are zero for every layer: the input is padded
/// with zeros, and after each pooling the windows that hold no position of the protein
/// are set to zero. So a protein's output does not depend on what it is padded to.
///
/// The paper tells filters, dropout, epochs, batch and learning rate. Kernel, pooling and
/// the width of the dense layer are those of its first author's later public code.
///
/// ```
/// use bindscape_nn::protein::{Heads, MultiTaskConfig};
/// let paper = MultiTaskConfig::new(320, Heads::Both);
/// assert_eq!((paper.positions, paper.flattened()), (300, 75 * 256));
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MultiTaskConfig {
    /// Numbers per position.
    pub features: usize,
    /// Positions of the standardised length.
    pub positions: usize,
    /// What it answers.
    pub heads: Heads,
    /// Filters of the two convolutions.
    pub filters: [usize; 2],
    /// Width of both convolutions, odd; they are padded so that the length stays.
    pub kernel: usize,
    /// Window and stride of both max-poolings.
    pub pool: usize,
    /// Units of each dense layer before the heads.
    pub hidden: Vec<usize>,
    /// Share of the activations that dropout sets to zero after each of these layers, in [0, 1).
    pub dropout: f64,
}

impl MultiTaskConfig {
    /// The default sizes for `features` numbers per position.
    #[must_use]
    pub fn new(features: usize, heads: Heads) -> Self {
        Self {
            features,
            positions: 300,
            heads,
            filters: [128, 256],
            kernel: 3,
            pool: 2,
            hidden: vec![512],
            dropout: 0.5,
        }
    }

    /// Positions after the first and the second pooling.
    #[must_use]
    pub fn pooled(&self) -> [usize; 2] {
        let first = self.positions / self.pool;
        [first, first / self.pool]
    }

    /// Number of activations that enter the first dense layer.
    #[must_use]
    pub fn flattened(&self) -> usize {
        self.pooled()[1] * self.filters[1]
    }

    fn validate(&self) -> Result<()> {
        let mut sizes = vec![self.features, self.positions, self.kernel, self.pool];
        sizes.extend(self.filters);
        sizes.extend(&self.hidden);
        check_sizes(&sizes, self)?;
        check_dropout(self.dropout)?;
        if self.hidden.is_empty() {
            return Err(Error::argument(
                "hidden",
                "at least one dense layer",
                "none",
            ));
        }
        if self.kernel.is_multiple_of(2) {
            return Err(Error::argument(
                "kernel",
                "an odd width (the length stays the same)",
                self.kernel.to_string(),
            ));
        }
        if self.pooled()[1] == 0 {
            return Err(Error::argument(
                "positions",
                format!("at least {} for two poolings", self.pool * self.pool),
                self.positions.to_string(),
            ));
        }
        Ok(())
    }
}

/// Sizes of DeepTFactor (Kim et al., 2021, PNAS 118: e2021171118), whose sizes and names of
/// parameters are those of the authors' public code: three branches of three convolutions, each
/// with batch normalisation, ReLU and dropout; a convolution of width 1 over the branches
/// together, global max-pooling, a dense layer, one output, normalised too.
///
/// The input is one letter of 21 per position ([`ProteinLetters`](bindscape_protein::ProteinLetters));
/// proteins shorter than `length` are padded with zeros, longer ones are cut.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeepTFactorConfig {
    /// Positions.
    pub length: usize,
    /// Widths of the three convolutions of each branch.
    pub kernels: [[usize; 3]; 3],
    /// Filters of each of these convolutions.
    pub filters: usize,
    /// Units of the dense layer.
    pub hidden: usize,
    /// Share of the activations of a branch's layer that dropout sets to zero, in [0, 1).
    pub dropout: f64,
}

impl Default for DeepTFactorConfig {
    fn default() -> Self {
        Self {
            length: 1000,
            kernels: [[4, 4, 16], [12, 8, 4], [16, 4, 4]],
            filters: 128,
            hidden: 512,
            dropout: 0.1,
        }
    }
}

impl DeepTFactorConfig {
    /// Positions that a branch takes away.
    pub(crate) fn reach(&self) -> usize {
        self.kernels[0].iter().map(|kernel| kernel - 1).sum()
    }

    fn validate(&self) -> Result<()> {
        let mut sizes = vec![self.length, self.filters, self.hidden];
        sizes.extend(self.kernels.as_flattened());
        check_sizes(&sizes, self)?;
        check_dropout(self.dropout)?;
        let sum = |kernels: &[usize; 3]| kernels.iter().sum::<usize>();
        if self
            .kernels
            .iter()
            .any(|branch| sum(branch) != sum(&self.kernels[0]))
        {
            return Err(Error::about(
                "the network",
                "branches that end at the same length",
                format!("kernels {:?}", self.kernels),
            ));
        }
        if self.length <= self.reach() {
            return Err(Error::about(
                "the network",
                format!("proteins of more than {} positions", self.reach()),
                self.length.to_string(),
            ));
        }
        Ok(())
    }
}

/// A network for proteins, and its sizes.
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
        let slots = self.slots();
        let learned = slots.iter().filter(|slot| slot.role.learned());
        learned.map(|slot| slot.entries() as u64).sum()
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

    /// The weights before training: PyTorch's defaults for the paper's network, for
    /// DeepTFactor Xavier's uniform weights, as its authors draw them.
    pub(crate) fn initial(&self, seed: u64) -> StateDict {
        let slots = self.slots();
        let mut state = StateDict::initial(&slots, seed);
        if let Self::DeepTFactor(_) = self {
            for (slot, array) in slots.iter().zip(&mut state.0) {
                let (Role::Weight { fan_in }, Values::F32(values)) = (slot.role, &mut array.values)
                else {
                    continue;
                };
                if let Some(factor) = deeptfactor::xavier(slot, fan_in) {
                    values.iter_mut().for_each(|value| *value *= factor);
                }
            }
        }
        state
    }

    /// From the layout of files, which is PyTorch's, to that of the device.
    pub(crate) fn to_device_layout(&self, state: &mut StateDict) {
        if let Self::MultiTask(config) = self {
            multitask::positions_first(config, state);
        }
    }

    /// The way back from [`ProteinNetwork::to_device_layout`].
    pub(crate) fn to_file_layout(&self, state: &mut StateDict) {
        if let Self::MultiTask(config) = self {
            multitask::channels_first(config, state);
        }
    }
}

impl Slots for ProteinNetwork {
    fn slots(&self) -> Vec<Slot> {
        match self {
            Self::MultiTask(config) => multitask::slots(config),
            Self::DeepTFactor(config) => deeptfactor::slots(config),
        }
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
        let names: Vec<_> = paper.slots().into_iter().map(|slot| slot.name).collect();
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
