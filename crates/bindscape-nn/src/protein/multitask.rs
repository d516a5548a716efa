//! The paper's network and its single-task twins.

use bindscape_base::{Error, Result};
use serde::{Deserialize, Serialize};

use super::heads::Heads;
use crate::network::{Builder, FlattenOrder, LayerKind, Layers, padded};
use crate::sizes::{check_dropout, check_sizes};
use bindscape_protein::CLASSES;

/// Sizes of the paper's network and its single-task twins (paper, "Proposed method"):
/// two convolutions, each with ReLU, max-pooling and dropout, dense layers with ReLU and
/// dropout, and a sigmoid head (is it a transcription factor?), a softmax head (of which
/// class?), or both.
///
/// Positions beyond the end of a protein are zero for every layer: the input is padded
/// with zeros, and after each pooling the windows that hold no position of the protein
/// are set to zero. So a protein's output does not depend on what it is padded to.
///
/// The paper states filters, dropout, epochs, batch and learning rate. Kernel, pooling and
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

    pub(crate) fn validate(&self) -> Result<()> {
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

    /// The network as a list of layers. A module of PyTorch whose forward pass flattens
    /// `[batch, channels, positions]` takes its `state_dict`.
    pub(crate) fn layers(&self) -> Layers {
        let mut layers = Builder::default();
        let mut channels = self.features;
        for (stage, (filters, most)) in self.filters.into_iter().zip(self.pooled()).enumerate() {
            let number = stage + 1;
            let (kernel, pool) = (self.kernel, self.pool);
            if stage > 0 {
                // The first convolution finds its padding in the input.
                layers.push(
                    format!("pad{number}"),
                    LayerKind::Pad { kernel, pool, most },
                );
            }
            let convolution = LayerKind::Convolution {
                channels,
                filters,
                kernel,
            };
            layers.push(format!("conv{number}"), convolution);
            layers.push(format!("conv{number}.relu"), LayerKind::Relu);
            let window = Some(pool);
            layers.push(format!("pool{number}"), LayerKind::MaxPool { window });
            layers.push(format!("mask{number}"), LayerKind::Mask);
            layers.push(format!("conv{number}.dropout"), self.drop(stage));
            channels = filters;
        }
        let order = FlattenOrder::PositionsFirst;
        let mut last = layers.push("flatten", LayerKind::Flatten { order });
        let mut inputs = self.flattened();
        let mut positions = Some(self.pooled()[1]);
        for (number, &outputs) in self.hidden.iter().enumerate() {
            let name = format!("fc{}", number + 1);
            let dense = LayerKind::Dense {
                inputs,
                outputs,
                positions: positions.take(),
            };
            layers.push(&name, dense);
            layers.push(format!("{name}.relu"), LayerKind::Relu);
            last = layers.push(format!("{name}.dropout"), self.drop(2 + number));
            inputs = outputs;
        }
        let mut head = |name: &str, outputs| {
            let dense = LayerKind::Dense {
                inputs,
                outputs,
                positions: None,
            };
            layers.push_reading(name, dense, vec![last]);
        };
        if self.heads.tf() {
            head("tf_head", 1);
        }
        if self.heads.domain() {
            head("domain_head", CLASSES);
        }
        layers.finish()
    }

    fn drop(&self, stream: usize) -> LayerKind {
        LayerKind::Dropout {
            rate: self.dropout,
            stream,
        }
    }

    /// Positions before the first one of the protein in the network's input.
    pub(crate) fn lead(&self) -> usize {
        self.kernel / 2
    }

    /// Positions of the network's input that hold `rows` positions of a protein.
    pub(crate) fn input_length(&self, rows: usize) -> usize {
        padded(rows, self.kernel, self.pool, self.pooled()[0])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crops_hold_the_protein_and_no_more() {
        let config = MultiTaskConfig::new(1, Heads::Tf);
        assert_eq!(config.input_length(5), 8);
        assert_eq!(config.input_length(300), 302);
        assert_eq!(config.input_length(301), 302);
        // The third pooled position has no partner: the second stage is padded for it.
        assert_eq!(padded(3, config.kernel, config.pool, config.pooled()[1]), 6);
    }
}
