//! The convolutional network of the paper (Methods, "Model architecture"),
//! adapted there from Basset and AI-TAC: three convolutional blocks, two dense
//! blocks, one output per TF. Parameters bear the names of the authors'
//! `ConvNetDeep`, so that weights go both ways.

use bindscape_base::Result;
use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use crate::architecture::{check_dropout, check_length, check_sizes};
use crate::layers::{self, BatchNorm, NormMode};
use crate::network::{Network, Output, Pass};
use crate::parameters::{Array, Role, Slot, Stage};

/// Sizes of the convolutional network.
///
/// ```
/// use bindscape_nn::CnnConfig;
/// let paper = CnnConfig::new(200, 50);
/// assert_eq!(paper.flattened(), 1000);
/// assert_eq!(CnnConfig::minimum_length(&paper), 90);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CnnConfig {
    /// Length of the sequences in base pairs.
    pub length: usize,
    /// Number of outputs, one per TF.
    pub outputs: usize,
    /// Filters of the three convolutions.
    pub filters: [usize; 3],
    /// Widths of the three convolutions.
    pub kernels: [usize; 3],
    /// Window and stride of each max-pooling.
    pub pool: usize,
    /// Units of each of the two dense layers.
    pub hidden: usize,
    /// Share of the activations of a dense layer that dropout sets to zero, in [0, 1).
    pub dropout: f64,
}

impl CnnConfig {
    /// The paper's sizes for sequences of `length` and `outputs` TFs.
    #[must_use]
    pub fn new(length: usize, outputs: usize) -> Self {
        Self {
            length,
            outputs,
            filters: [100, 200, 200],
            kernels: [19, 7, 4],
            pool: 3,
            hidden: 1000,
            dropout: 0.3,
        }
    }

    /// The shortest sequence that leaves one position after the third pooling.
    #[must_use]
    pub fn minimum_length(&self) -> usize {
        self.kernels
            .iter()
            .rev()
            .fold(1, |after, kernel| after * self.pool + kernel - 1)
    }

    /// Number of activations that enter the first dense layer.
    ///
    /// # Panics
    /// If the configuration is not valid.
    #[must_use]
    pub fn flattened(&self) -> usize {
        let length = self.kernels.iter().fold(self.length, |length, kernel| {
            (length + 1 - kernel) / self.pool
        });
        length * self.filters[2]
    }

    /// Checks that the sizes make a network.
    ///
    /// # Errors
    /// If a size is zero, the dropout is no share, or the sequences are too
    /// short (the message names the shortest length that works).
    pub fn validate(&self) -> Result<()> {
        let mut sizes = vec![self.outputs, self.pool, self.hidden];
        sizes.extend(self.filters);
        sizes.extend(self.kernels);
        check_sizes(&sizes, self)?;
        check_dropout(self.dropout)?;
        check_length(self.length, self.minimum_length())
    }

    /// The paper's sizes, replaced by those that the shapes of `arrays` show.
    pub(crate) fn infer(arrays: &[Array], length: usize, outputs: usize) -> Self {
        let mut config = Self::new(length, outputs);
        let shape = |name: &str| {
            arrays
                .iter()
                .find(|array| array.name == name)
                .map(|array| array.shape.as_slice())
        };
        for (block, name) in ["c1.weight", "c2.weight", "c3.weight"].iter().enumerate() {
            if let Some(&[filters, _, kernel] | &[filters, _, kernel, 1]) = shape(name) {
                config.filters[block] = filters;
                config.kernels[block] = kernel;
            }
        }
        if let Some(&[hidden, ..]) = shape("d5.weight") {
            config.hidden = hidden;
        }
        config
    }

    pub(crate) fn slots(&self) -> Vec<Slot> {
        let mut slots = Vec::new();
        let mut push = |name: String, shape: &[usize], role, stage| {
            slots.push(Slot {
                name,
                shape: shape.to_vec(),
                role,
                stage,
            });
        };
        let mut layer = |weight: &str, shape: &[usize], norm: Option<&str>, stage| {
            let fan_in = shape[1..].iter().product();
            push(
                format!("{weight}.weight"),
                shape,
                Role::Weight { fan_in },
                stage,
            );
            push(
                format!("{weight}.bias"),
                &shape[..1],
                Role::Weight { fan_in },
                stage,
            );
            if let Some(norm) = norm {
                for (part, role) in [
                    ("weight", Role::Scale),
                    ("bias", Role::Shift),
                    ("running_mean", Role::RunningMean),
                    ("running_var", Role::RunningVar),
                ] {
                    push(format!("{norm}.{part}"), &shape[..1], role, stage);
                }
                push(
                    format!("{norm}.num_batches_tracked"),
                    &[],
                    Role::Counter,
                    stage,
                );
            }
        };
        let [f1, f2, f3] = self.filters;
        let [k1, k2, k3] = self.kernels;
        layer("c1", &[f1, 4, k1], Some("bn1"), Stage::FirstConvolutional);
        layer("c2", &[f2, f1, k2], Some("bn2"), Stage::Convolutional);
        layer("c3", &[f3, f2, k3], Some("bn3"), Stage::Convolutional);
        layer(
            "d4",
            &[self.hidden, self.flattened()],
            Some("bn4"),
            Stage::Hidden,
        );
        layer(
            "d5",
            &[self.hidden, self.hidden],
            Some("bn5"),
            Stage::Hidden,
        );
        layer("d6", &[self.outputs, self.hidden], None, Stage::Output);
        slots
    }
}

/// Places of a block in [`Network::arrays`]: seven arrays per block, of which the
/// third to sixth are its normalisation.
const BLOCK: usize = 7;
/// Place of the running mean within a block.
const RUNNING_MEAN: usize = 4;

/// [`Network::forward`] of the convolutional network.
pub(crate) fn forward(
    config: &CnnConfig,
    network: &Network,
    x: Tensor<3>,
    pass: Pass<'_>,
) -> Output {
    let mut statistics = Vec::with_capacity(5);
    let norm = |block: usize| {
        let first = block * BLOCK + 2;
        BatchNorm {
            weight: network.vector(first),
            bias: network.vector(first + 1),
            running_mean: network.vector(first + 2),
            running_var: network.vector(first + 3),
        }
    };
    let mode = |block: usize| {
        if (pass.learning)(network.arrays[block * BLOCK].slot.stage) {
            NormMode::Batch
        } else {
            NormMode::Running
        }
    };
    let mut x = x;
    for block in 0..3 {
        let (y, batch) = layers::conv_block(
            x,
            network.factor(block * BLOCK),
            network.vector(block * BLOCK + 1),
            &norm(block),
            config.pool,
            mode(block),
        );
        x = y;
        statistics.extend(batch.map(|batch| (block * BLOCK + RUNNING_MEAN, batch)));
    }
    // PyTorch flattens [batch, channels, length].
    let [batch, length, channels] = x.dims();
    let mut x = x.swap_dims(1, 2).reshape([batch, channels * length]);
    for block in 3..5 {
        let mask = pass.dropout.and_then(|dropout| {
            let shape = [batch, config.hidden];
            dropout.mask(block, shape, config.dropout, network.device())
        });
        let (y, batch) = layers::dense_block(
            x,
            network.factor(block * BLOCK),
            network.vector(block * BLOCK + 1),
            &norm(block),
            mask,
            mode(block),
        );
        x = y;
        statistics.extend(batch.map(|batch| (block * BLOCK + RUNNING_MEAN, batch)));
    }
    let output = 5 * BLOCK;
    Output {
        logits: layers::linear(x, network.factor(output), network.vector(output + 1)),
        statistics,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Architecture;

    #[test]
    fn the_papers_sizes() {
        let config = CnnConfig::new(200, 50);
        config.validate().unwrap();
        assert_eq!(config.flattened(), 1000);
        assert_eq!(CnnConfig::new(500, 1).flattened(), 3200);
        let architecture = Architecture::Cnn(config);
        // c 7,700 + 140,200 + 160,200; d 2 x 1,001,000 + 50,050; norms 2 x (500 + 2,000).
        assert_eq!(architecture.parameters(), 2_365_150);
        let names: Vec<_> = architecture.slots().into_iter().map(|s| s.name).collect();
        assert_eq!(names[0], "c1.weight");
        assert_eq!(names[6], "bn1.num_batches_tracked");
        assert_eq!(names[36], "d6.bias");
        assert_eq!(names.len(), 37);
    }

    #[test]
    fn too_short_sequences_are_refused_with_the_minimum() {
        let error = CnnConfig::new(89, 1).validate().unwrap_err();
        assert_eq!(
            error.to_string(),
            "length: expected at least 90 bp for this network, found 89 bp"
        );
        CnnConfig::new(90, 1).validate().unwrap();
        assert_eq!(CnnConfig::new(90, 1).flattened(), 200);
        let mut config = CnnConfig::new(200, 1);
        config.dropout = 1.0;
        let error = config.validate().unwrap_err();
        assert!(error.to_string().contains("found 1"), "{error}");
    }
}
