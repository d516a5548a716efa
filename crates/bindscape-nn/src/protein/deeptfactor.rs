//! DeepTFactor; [`DeepTFactorConfig`] describes it.

use bindscape_base::{Error, Result};
use serde::{Deserialize, Serialize};

use crate::network::{Builder, FlattenOrder, LayerKind, Layers, Source};
use crate::sizes::{check_dropout, check_sizes};

/// The letters of the input, in the authors' order.
pub(crate) const LETTERS: &[u8; 21] = b"ACDEFGHIKLMNPQRSTVWXY";

/// Lengths of the network's input in prediction are multiples of this, or the full length.
const GRAIN: usize = 64;

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

    pub(crate) fn validate(&self) -> Result<()> {
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

    /// The network as a list of layers, with the names and in the order of the authors' module.
    /// Their convolutions are two-dimensional over `[position][letter]`; here they are
    /// `[out, in, kernel]`.
    pub(crate) fn layers(&self) -> Layers {
        let mut layers = Builder::default();
        let filters = self.filters;
        let mut branches = Vec::with_capacity(self.kernels.len());
        for (branch, kernels) in self.kernels.iter().enumerate() {
            let mut last = Source::Input;
            for (number, &kernel) in kernels.iter().enumerate() {
                let name = format!("cnn0.layers.{branch}.{number}");
                let first = number == 0;
                let channels = if first { LETTERS.len() } else { filters };
                let convolution = LayerKind::Convolution {
                    channels,
                    filters,
                    kernel,
                };
                layers.push_reading(format!("{name}.0"), convolution, vec![last]);
                // The authors' first convolutions see a picture of one channel and `kernel x
                // letters` points, which counts for what goes out of them.
                layers.xavier(filters * kernel * if first { channels } else { 1 });
                layers.push(
                    format!("{name}.1"),
                    LayerKind::BatchNorm { channels: filters },
                );
                layers.push(format!("{name}.relu"), LayerKind::Relu);
                let dropout = LayerKind::Dropout {
                    rate: self.dropout,
                    stream: branch * kernels.len() + number,
                };
                last = layers.push(format!("{name}.dropout"), dropout);
            }
            branches.push(last);
        }
        let width = branches.len() * filters;
        layers.push_reading("cnn0.branches", LayerKind::Concatenate, branches);
        let together = LayerKind::Convolution {
            channels: width,
            filters: width,
            kernel: 1,
        };
        layers.push("cnn0.conv", together);
        layers.xavier(width);
        layers.push("cnn0.batchnorm", LayerKind::BatchNorm { channels: width });
        layers.push("cnn0.relu", LayerKind::Relu);
        layers.push("cnn0.pool", LayerKind::MaxPool { window: None });
        let order = FlattenOrder::PositionsFirst;
        layers.push("flatten", LayerKind::Flatten { order });
        let dense = |inputs, outputs| LayerKind::Dense {
            inputs,
            outputs,
            positions: None,
        };
        let hidden = self.hidden;
        layers.push("fc1", dense(width, hidden));
        layers.xavier(hidden);
        layers.push("bn1", LayerKind::BatchNorm { channels: hidden });
        layers.push("fc1.relu", LayerKind::Relu);
        layers.push("fc2", dense(hidden, 1));
        layers.xavier(1);
        layers.push("bn2", LayerKind::BatchNorm { channels: 1 });
        layers.finish()
    }

    /// Positions of the network's input in prediction that give the same as the full length for a
    /// protein of `rows` positions: where the padding begins, one window lies wholly in it, and all
    /// others there are like it. Few different lengths, so that there are batches of one length:
    /// in another one the same numbers would be rounded differently.
    pub(crate) fn shortest(&self, rows: usize) -> usize {
        (rows + self.reach() + 1)
            .next_multiple_of(GRAIN)
            .min(self.length)
    }
}
