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
use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use crate::architecture::{check_dropout, check_length, check_sizes};
use crate::layers;
use crate::network::{Network, Output, Pass};
use crate::parameters::{Array, Role, Slot, Stage};

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

/// Layers of bidirectional LSTM.
const LAYERS: usize = 2;
/// Places of the first array of each part in [`Network::arrays`].
const LSTM: usize = 2;
const DENSE: usize = LSTM + LAYERS * 2 * PER_DIRECTION;
const OUTPUT: usize = DENSE + 2;
/// Arrays of a direction of an LSTM layer.
const PER_DIRECTION: usize = 4;

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
        let shape = |name: &str| {
            arrays
                .iter()
                .find(|array| array.name == name)
                .map(|array| array.shape.as_slice())
        };
        if let Some(&[filters, _, kernel] | &[filters, _, kernel, 1]) = shape("Conv1.weight") {
            (config.filters, config.kernel) = (filters, kernel);
        }
        if let Some(&[_, units]) = shape("BiLSTM.weight_hh_l0") {
            config.units = units;
        }
        if let Some(&[hidden, _]) = shape("Linear1.weight") {
            config.hidden = hidden;
        }
        config
    }

    pub(crate) fn slots(&self) -> Vec<Slot> {
        let mut slots = Vec::new();
        let mut push = |name: String, shape: &[usize], fan_in, stage| {
            slots.push(Slot {
                name,
                shape: shape.to_vec(),
                role: Role::Weight { fan_in },
                stage,
            });
        };
        let convolution = [self.filters, 4, self.kernel];
        let fan_in = 4 * self.kernel;
        push(
            "Conv1.weight".into(),
            &convolution,
            fan_in,
            Stage::FirstConvolutional,
        );
        push(
            "Conv1.bias".into(),
            &convolution[..1],
            fan_in,
            Stage::FirstConvolutional,
        );
        let gates = 4 * self.units;
        let mut width = self.filters;
        for layer in 0..LAYERS {
            for direction in ["", "_reverse"] {
                for (kind, shape) in [
                    ("weight_ih", &[gates, width][..]),
                    ("weight_hh", &[gates, self.units]),
                    ("bias_ih", &[gates]),
                    ("bias_hh", &[gates]),
                ] {
                    // PyTorch draws all arrays of an LSTM by the size of its state.
                    push(
                        format!("BiLSTM.{kind}_l{layer}{direction}"),
                        shape,
                        self.units,
                        Stage::Hidden,
                    );
                }
            }
            width = 2 * self.units;
        }
        for (name, shape, stage) in [
            ("Linear1", [self.hidden, self.flattened()], Stage::Hidden),
            ("Linear2", [self.outputs, self.hidden], Stage::Output),
        ] {
            push(format!("{name}.weight"), &shape, shape[1], stage);
            push(format!("{name}.bias"), &shape[..1], shape[1], stage);
        }
        slots
    }
}

/// Whether the names are those of DanQ rather than of the convolutional network.
pub(crate) fn names_this(arrays: &[Array]) -> bool {
    arrays.iter().any(|array| {
        ["Conv1.", "BiLSTM.", "Linear1.", "Linear2."]
            .iter()
            .any(|layer| array.name.starts_with(layer))
    })
}

/// [`Network::forward`] of DanQ, which has no normalisations.
pub(crate) fn forward(
    config: &DanqConfig,
    network: &Network,
    x: Tensor<3>,
    pass: Pass<'_>,
) -> Output {
    let drop = |x: Tensor<3>, layer: usize, rate: f64| {
        let mask = pass
            .dropout
            .and_then(|dropout| dropout.mask(layer, x.dims(), rate, network.device()));
        match mask {
            Some(mask) => x * mask,
            None => x,
        }
    };
    let mut x = layers::conv_relu_pool(x, network.factor(0), network.vector(1), config.pool);
    for (layer, rate) in [config.convolutional_dropout, config.recurrent_dropout]
        .into_iter()
        .enumerate()
    {
        x = drop(x, layer, rate);
        let direction = |reverse: bool| {
            let first = LSTM + (2 * layer + usize::from(reverse)) * PER_DIRECTION;
            layers::lstm(
                x.clone(),
                network.factor(first),
                network.factor(first + 1),
                network.vector(first + 2),
                network.vector(first + 3),
                reverse,
            )
        };
        x = Tensor::cat(vec![direction(false), direction(true)], 2);
    }
    let [batch, steps, width] = x.dims();
    let x = layers::linear_relu(
        x.reshape([batch, steps * width]),
        network.factor(DENSE),
        network.vector(DENSE + 1),
    );
    Output {
        logits: layers::linear(x, network.factor(OUTPUT), network.vector(OUTPUT + 1)),
        statistics: Vec::new(),
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
        let slots = config.slots();
        assert_eq!(slots.len(), OUTPUT + 2);
        assert_eq!(slots[LSTM].name, "BiLSTM.weight_ih_l0");
        assert_eq!(
            slots[LSTM + PER_DIRECTION].name,
            "BiLSTM.weight_ih_l0_reverse"
        );
        assert_eq!(slots[13].name, "BiLSTM.bias_hh_l1");
        assert_eq!(slots[DENSE].name, "Linear1.weight");
        assert_eq!(slots[DENSE].shape, [925, 8320], "the authors' 13 * 640");
        assert_eq!(slots[OUTPUT + 1].name, "Linear2.bias");
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
