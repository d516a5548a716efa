//! DanQ (Quang and Xie, 2016) in the form that the paper uses (Methods, "Model
//! architecture"): a convolution, two stacked bidirectional LSTMs, a dense layer, one
//! output per TF. Parameters bear the names of the authors' `DanQ`, so that weights
//! go both ways.
//!
//! The paper leaves open where the dropout of 50% acts. Here, as in the authors'
//! program and in PyTorch's `LSTM(dropout=0.5)`, it is between the two LSTM layers and
//! not after the second one. Batches, learning rates and loss are those of the
//! convolutional network, in the paper and here.

use bindscape_base::Result;
use serde::{Deserialize, Serialize};

use crate::network::{Builder, FlattenOrder, LayerKind, Layers};
use crate::parameters::Array;
use crate::sizes::{check_dropout, check_length, check_sizes};

/// Sizes of DanQ.
///
/// ```
/// use bindscape_nn::DanqConfig;
/// let paper = DanqConfig::new(200, 50);
/// assert_eq!((paper.steps(), paper.flattened()), (13, 8320));
/// assert_eq!(paper.minimum_length(), 38);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DanqConfig {
    /// Length of the sequences in base pairs.
    pub length: usize,
    /// Number of outputs, one per TF.
    pub outputs: usize,
    /// Filters of the convolution.
    pub filters: usize,
    /// Width of the convolution.
    pub kernel: usize,
    /// Window and stride of the max-pooling.
    pub pool: usize,
    /// Units of each LSTM layer and direction.
    pub units: usize,
    /// Units of the dense layer.
    pub hidden: usize,
    /// Share of the pooled activations that dropout sets to zero, in [0, 1).
    pub convolutional_dropout: f64,
    /// Share of the activations between the two LSTM layers that dropout sets to
    /// zero, in [0, 1).
    pub recurrent_dropout: f64,
}

impl DanqConfig {
    /// The paper's sizes for sequences of `length` and `outputs` TFs.
    #[must_use]
    pub fn new(length: usize, outputs: usize) -> Self {
        Self {
            length,
            outputs,
            filters: 320,
            kernel: 26,
            pool: 13,
            units: 320,
            hidden: 925,
            convolutional_dropout: 0.2,
            recurrent_dropout: 0.5,
        }
    }

    /// The shortest sequence that leaves one step after the pooling.
    #[must_use]
    pub fn minimum_length(&self) -> usize {
        self.kernel - 1 + self.pool
    }

    /// Steps of the LSTMs.
    ///
    /// # Panics
    /// If the configuration is not valid.
    #[must_use]
    pub fn steps(&self) -> usize {
        (self.length + 1 - self.kernel) / self.pool
    }

    /// Number of activations that enter the dense layer.
    ///
    /// # Panics
    /// If the configuration is not valid.
    #[must_use]
    pub fn flattened(&self) -> usize {
        self.steps() * 2 * self.units
    }

    /// Checks that the sizes make a network.
    ///
    /// # Errors
    /// If a size is zero, a dropout is no share, or the sequences are too short (the
    /// message names the shortest length that works).
    pub fn validate(&self) -> Result<()> {
        check_sizes(
            &[
                self.outputs,
                self.filters,
                self.kernel,
                self.pool,
                self.units,
                self.hidden,
            ],
            self,
        )?;
        check_dropout(self.convolutional_dropout)?;
        check_dropout(self.recurrent_dropout)?;
        check_length(self.length, self.minimum_length())
    }

    /// The paper's sizes, replaced by those that the shapes of `arrays` show.
    pub(crate) fn infer(arrays: &[Array], length: usize, outputs: usize) -> Self {
        let mut config = Self::new(length, outputs);
        for (name, kind) in Self::new(200, outputs).layers().sized(arrays) {
            match kind {
                LayerKind::Convolution {
                    filters, kernel, ..
                } => (config.filters, config.kernel) = (filters, kernel),
                LayerKind::Lstm { units, .. } if name == "BiLSTM.0" => config.units = units,
                LayerKind::Dense { outputs, .. } if name == "Linear1" => config.hidden = outputs,
                _ => {}
            }
        }
        config
    }

    /// The network as a list of layers.
    pub(crate) fn layers(&self) -> Layers {
        let mut layers = Builder::default();
        let convolution = LayerKind::Convolution {
            channels: 4,
            filters: self.filters,
            kernel: self.kernel,
        };
        layers.push("Conv1", convolution);
        layers.push("relu1", LayerKind::Relu);
        let window = Some(self.pool);
        layers.push("pool1", LayerKind::MaxPool { window });
        let mut inputs = self.filters;
        for (number, rate) in [self.convolutional_dropout, self.recurrent_dropout]
            .into_iter()
            .enumerate()
        {
            let dropout = LayerKind::Dropout {
                rate,
                stream: number,
            };
            layers.push(format!("dropout{number}"), dropout);
            layers.push_lstm("BiLSTM", number, inputs, self.units);
            inputs = 2 * self.units;
        }
        let order = FlattenOrder::PositionsFirst;
        layers.push("flatten", LayerKind::Flatten { order });
        let dense = |inputs, outputs| LayerKind::Dense {
            inputs,
            outputs,
            positions: None,
        };
        layers.push("Linear1", dense(self.flattened(), self.hidden));
        layers.push("relu2", LayerKind::Relu);
        layers.push("Linear2", dense(self.hidden, self.outputs));
        layers.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Architecture;

    #[test]
    fn the_papers_sizes() {
        let config = DanqConfig::new(200, 50);
        config.validate().unwrap();
        let layers = config.layers();
        let slots: Vec<_> = layers.slots().collect();
        assert_eq!(slots.len(), 22);
        assert_eq!(slots[2].name, "BiLSTM.weight_ih_l0");
        assert_eq!(slots[6].name, "BiLSTM.weight_ih_l0_reverse");
        assert_eq!(slots[13].name, "BiLSTM.bias_hh_l1");
        assert_eq!(slots[18].name, "Linear1.weight");
        assert_eq!(slots[18].shape, [925, 8320], "the authors' 13 * 640");
        assert_eq!(slots[21].name, "Linear2.bias");
        // Convolution 33,600; LSTMs 2 x (1280 x 642 + 1280 x 962); dense 7,696,925; output 46,300.
        assert_eq!(Architecture::Danq(config).parameters(), 11_883_065);
    }

    #[test]
    fn sizes_that_make_no_network_are_refused() {
        let error = DanqConfig::new(37, 1).validate().unwrap_err();
        assert_eq!(
            error.to_string(),
            "length: expected at least 38 bp for this network, found 37 bp"
        );
        let shortest = DanqConfig::new(38, 1);
        shortest.validate().unwrap();
        assert_eq!(shortest.steps(), 1);
        let message = |change: fn(&mut DanqConfig)| {
            let mut config = DanqConfig::new(200, 1);
            change(&mut config);
            config.validate().unwrap_err().to_string()
        };
        assert!(message(|c| c.units = 0).starts_with("architecture: expected sizes of at least 1"));
        assert!(message(|c| c.recurrent_dropout = 1.5).ends_with("found 1.5"));
        assert!(message(|c| c.convolutional_dropout = f64::NAN).ends_with("found NaN"));
    }
}
