//! Which network, and its sizes.

use bindscape_base::{Error, Result, names};
use burn::tensor::Device;
use serde::{Deserialize, Serialize};

use crate::cnn::CnnConfig;
use crate::danq::DanqConfig;
use crate::network::{Layers, Network};
use crate::parameters::{Array, Slot, StateDict};

/// Which network, and its sizes.
///
/// ```
/// use bindscape_nn::{Architecture, ArchitectureKind};
///
/// let cnn = Architecture::usual(ArchitectureKind::Cnn, 200, 50);
/// assert_eq!(cnn.to_string(), "a cnn for 200 bp with 50 outputs");
/// assert_eq!(cnn.parameters(), 2_365_150);
/// assert!(Architecture::usual(ArchitectureKind::Danq, 37, 1).validate().is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
#[non_exhaustive]
pub enum Architecture {
    /// The convolutional network of the paper.
    Cnn(CnnConfig),
    /// DanQ: a convolution and two bidirectional LSTMs.
    Danq(DanqConfig),
    /// A convolutional network with more filters ([`CnnConfig::wide`]).
    #[serde(rename = "wide-cnn")]
    WideCnn(CnnConfig),
}

/// The networks there are, without sizes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[non_exhaustive]
#[serde(rename_all = "kebab-case")]
pub enum ArchitectureKind {
    /// [`Architecture::Cnn`].
    #[default]
    Cnn,
    /// [`Architecture::Danq`].
    Danq,
    /// [`Architecture::WideCnn`].
    WideCnn,
}

impl ArchitectureKind {
    const ALL: [Self; 3] = [Self::Cnn, Self::Danq, Self::WideCnn];

    /// The name in commands and files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Cnn => "cnn",
            Self::Danq => "danq",
            Self::WideCnn => "wide-cnn",
        }
    }
}

impl std::fmt::Display for ArchitectureKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl std::str::FromStr for ArchitectureKind {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        names::choose(
            "architecture",
            text,
            Self::ALL,
            Self::name,
            "see the help of the option",
        )
    }
}

/// Says what must be known to give its weights a place: architecture, length, outputs.
impl std::fmt::Display for Architecture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (kind, length, outputs) = (self.kind(), self.length(), self.outputs());
        write!(f, "a {kind} for {length} bp with {outputs} outputs")
    }
}

impl Architecture {
    /// A network of its usual sizes, the paper's where the paper has it, for sequences of `length`
    /// base pairs and `outputs` TFs.
    #[must_use]
    pub fn usual(kind: ArchitectureKind, length: usize, outputs: usize) -> Self {
        match kind {
            ArchitectureKind::Cnn => Self::Cnn(CnnConfig::new(length, outputs)),
            ArchitectureKind::Danq => Self::Danq(DanqConfig::new(length, outputs)),
            ArchitectureKind::WideCnn => Self::WideCnn(CnnConfig::wide(length, outputs)),
        }
    }

    /// The same network with another number of outputs.
    #[must_use]
    pub fn with_outputs(&self, outputs: usize) -> Self {
        let mut other = self.clone();
        match &mut other {
            Self::Cnn(config) | Self::WideCnn(config) => config.outputs = outputs,
            Self::Danq(config) => config.outputs = outputs,
        }
        other
    }

    /// The network whose parameters bear most of the names of `arrays`, with the sizes that
    /// their shapes show.
    pub(crate) fn infer(arrays: &[Array], length: usize, outputs: usize) -> Self {
        let named = |kind: ArchitectureKind| {
            let layers = Self::usual(kind, 200, outputs).layers();
            let found = |slot: &&Slot| arrays.iter().any(|array| array.name == slot.name);
            layers.slots().filter(found).count()
        };
        if named(ArchitectureKind::Danq) > named(ArchitectureKind::Cnn) {
            Self::Danq(DanqConfig::infer(arrays, length, outputs))
        } else {
            Self::Cnn(CnnConfig::infer(arrays, length, outputs))
        }
    }

    /// Which network it is.
    #[must_use]
    pub fn kind(&self) -> ArchitectureKind {
        match self {
            Self::Cnn(_) => ArchitectureKind::Cnn,
            Self::Danq(_) => ArchitectureKind::Danq,
            Self::WideCnn(_) => ArchitectureKind::WideCnn,
        }
    }

    /// Length of the sequences in base pairs.
    #[must_use]
    pub fn length(&self) -> usize {
        match self {
            Self::Cnn(config) | Self::WideCnn(config) => config.length,
            Self::Danq(config) => config.length,
        }
    }

    /// Number of outputs, one per TF.
    #[must_use]
    pub fn outputs(&self) -> usize {
        match self {
            Self::Cnn(config) | Self::WideCnn(config) => config.outputs,
            Self::Danq(config) => config.outputs,
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
    /// As [`CnnConfig::validate`] and [`DanqConfig::validate`].
    pub fn validate(&self) -> Result<()> {
        match self {
            Self::Cnn(config) | Self::WideCnn(config) => config.validate(),
            Self::Danq(config) => config.validate(),
        }
    }

    /// The network as a list of layers.
    #[must_use]
    pub fn layers(&self) -> Layers {
        match self {
            Self::Cnn(config) | Self::WideCnn(config) => config.layers(),
            Self::Danq(config) => config.layers(),
        }
    }

    /// The network with the weights before training on `device`, which depend on `seed` alone.
    ///
    /// # Errors
    /// As [`Architecture::validate`].
    pub fn initial(&self, seed: u64, device: &Device) -> Result<Network> {
        self.validate()?;
        let layers = self.layers();
        let state = StateDict::initial(layers.slots(), seed);
        Ok(Network::new(layers, &state, device))
    }

    /// The arrays of the network's `state_dict`, in PyTorch's order.
    pub(crate) fn slots(&self) -> Vec<Slot> {
        self.layers().slots().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_have_names_and_near_ones_are_suggested() {
        for kind in ArchitectureKind::ALL {
            assert_eq!(kind.to_string().parse::<ArchitectureKind>().unwrap(), kind);
            let paper = Architecture::usual(kind, 200, 50);
            assert_eq!(paper.kind(), kind);
            assert_eq!(paper.with_outputs(1), Architecture::usual(kind, 200, 1));
            let json = serde_json::to_value(&paper).unwrap();
            assert_eq!(json["kind"], kind.name(), "one name in commands and files");
        }
        let error = "dang".parse::<ArchitectureKind>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "architecture: expected one of cnn, danq, wide-cnn, found `dang`"
        );
        assert!(error.advice().unwrap().contains("danq"));
    }
}
