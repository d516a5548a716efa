//! The convolutional network of the paper (Methods, "Model architecture"),
//! adapted there from Basset and AI-TAC: three convolutional blocks, two dense
//! blocks, one output per TF. Parameters bear the names of the authors'
//! `ConvNetDeep`, so that weights go both ways.

use bindscape_core::{Error, Result};
use burn::tensor::{Device, Tensor, TensorData};
use serde::{Deserialize, Serialize};

use crate::layers::{self, BatchNorm, BatchStatistics, NormMode};
use crate::parameters::{Array, Role, Slot, StateDict, Values};

/// Which network, and its sizes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
#[non_exhaustive]
pub enum Architecture {
    /// The convolutional network of the paper.
    Cnn(CnnConfig),
}

impl Architecture {
    /// Length of the sequences in base pairs.
    #[must_use]
    pub fn length(&self) -> usize {
        match self {
            Self::Cnn(config) => config.length,
        }
    }

    /// Number of outputs, one per TF.
    #[must_use]
    pub fn outputs(&self) -> usize {
        match self {
            Self::Cnn(config) => config.outputs,
        }
    }

    /// Number of learned numbers.
    #[must_use]
    pub fn parameters(&self) -> u64 {
        self.slots()
            .iter()
            .filter(|slot| slot.role.learned())
            .map(|slot| slot.entries() as u64)
            .sum()
    }

    /// Checks that the sizes make a network.
    ///
    /// # Errors
    /// As [`CnnConfig::validate`].
    pub fn validate(&self) -> Result<()> {
        match self {
            Self::Cnn(config) => config.validate(),
        }
    }

    /// The arrays of the network's `state_dict`, in PyTorch's order.
    pub(crate) fn slots(&self) -> Vec<Slot> {
        match self {
            Self::Cnn(config) => config.slots(),
        }
    }
}

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
        let sizes = [self.outputs, self.pool, self.hidden];
        if sizes
            .iter()
            .chain(&self.filters)
            .chain(&self.kernels)
            .any(|&size| size == 0)
        {
            return Err(Error::option(
                "architecture",
                "sizes of at least 1",
                format!("{self:?}"),
            ));
        }
        if !(0.0..1.0).contains(&self.dropout) {
            return Err(Error::option(
                "--dropout",
                "a share of at least 0 and below 1",
                self.dropout.to_string(),
            ));
        }
        let minimum = self.minimum_length();
        if self.length < minimum {
            return Err(Error::option(
                "--length",
                format!("at least {minimum} bp for this network"),
                format!("{} bp", self.length),
            )
            .hint("the paper uses 200; 500 and 1000 work as well"));
        }
        Ok(())
    }

    fn slots(&self) -> Vec<Slot> {
        let mut slots = Vec::new();
        let mut push = |name: String, shape: &[usize], role| {
            slots.push(Slot {
                name,
                shape: shape.to_vec(),
                role,
            });
        };
        let mut layer = |weight: &str, shape: &[usize], norm: Option<&str>| {
            let fan_in = shape[1..].iter().product();
            push(format!("{weight}.weight"), shape, Role::Weight { fan_in });
            push(
                format!("{weight}.bias"),
                &shape[..1],
                Role::Weight { fan_in },
            );
            if let Some(norm) = norm {
                for (part, role) in [
                    ("weight", Role::Scale),
                    ("bias", Role::Shift),
                    ("running_mean", Role::RunningMean),
                    ("running_var", Role::RunningVar),
                ] {
                    push(format!("{norm}.{part}"), &shape[..1], role);
                }
                push(format!("{norm}.num_batches_tracked"), &[], Role::Counter);
            }
        };
        let [f1, f2, f3] = self.filters;
        let [k1, k2, k3] = self.kernels;
        layer("c1", &[f1, 4, k1], Some("bn1"));
        layer("c2", &[f2, f1, k2], Some("bn2"));
        layer("c3", &[f3, f2, k3], Some("bn3"));
        layer("d4", &[self.hidden, self.flattened()], Some("bn4"));
        layer("d5", &[self.hidden, self.hidden], Some("bn5"));
        layer("d6", &[self.outputs, self.hidden], None);
        slots
    }
}

/// One array of a network on a device, flat; [`Slot`] holds its shape.
#[derive(Debug, Clone)]
pub(crate) struct DeviceArray {
    pub(crate) slot: Slot,
    /// `None` for counters, which never leave the host.
    pub(crate) tensor: Option<Tensor<1>>,
    pub(crate) counter: i64,
}

/// The convolutional network on a device.
#[derive(Debug, Clone)]
pub struct Cnn {
    config: CnnConfig,
    device: Device,
    pub(crate) arrays: Vec<DeviceArray>,
}

/// The dropout of one training step.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dropout {
    pub(crate) seed: u64,
    pub(crate) step: u64,
}

/// How the network is run.
#[derive(Clone, Copy)]
pub(crate) struct Pass<'a> {
    /// Whether the normalisation of that name (`bn1`…) takes the statistics of the
    /// batch; the others take the running ones, in prediction all of them.
    pub(crate) learning: &'a dyn Fn(&str) -> bool,
    /// Dropout, in training.
    pub(crate) dropout: Option<Dropout>,
}

impl Pass<'_> {
    /// Prediction and validation.
    pub(crate) fn prediction() -> Pass<'static> {
        Pass {
            learning: &|_| false,
            dropout: None,
        }
    }
}

/// Places of a block in [`Cnn::arrays`]: seven arrays per block.
const BLOCK: usize = 7;

impl Cnn {
    pub(crate) fn new(config: &CnnConfig, state: &StateDict, device: &Device) -> Self {
        let arrays = config
            .slots()
            .into_iter()
            .zip(&state.0)
            .map(|(slot, array)| {
                debug_assert_eq!(slot.name, array.name);
                match &array.values {
                    Values::F32(values) => DeviceArray {
                        tensor: Some(Tensor::from_data(
                            TensorData::new(values.clone(), [values.len()]),
                            device,
                        )),
                        counter: 0,
                        slot,
                    },
                    Values::I64(counter) => DeviceArray {
                        slot,
                        tensor: None,
                        counter: *counter,
                    },
                }
            })
            .collect();
        Self {
            config: config.clone(),
            device: device.clone(),
            arrays,
        }
    }

    /// The network's arrays, read back from the device.
    pub(crate) fn state(&self) -> StateDict {
        let arrays = self.arrays.iter().map(|array| Array {
            name: array.slot.name.clone(),
            shape: array.slot.shape.clone(),
            values: match &array.tensor {
                Some(tensor) => Values::F32(to_vec(tensor.clone())),
                None => Values::I64(array.counter),
            },
        });
        StateDict(arrays.collect())
    }

    pub(crate) fn device(&self) -> &Device {
        &self.device
    }

    fn tensor(&self, index: usize) -> Tensor<1> {
        self.arrays[index]
            .tensor
            .clone()
            .expect("only counters have no tensor")
    }

    fn shape(&self, index: usize) -> &[usize] {
        &self.arrays[index].slot.shape
    }

    fn norm(&self, block: usize) -> BatchNorm {
        let first = block * BLOCK + 2;
        BatchNorm {
            weight: self.tensor(first),
            bias: self.tensor(first + 1),
            running_mean: self.tensor(first + 2),
            running_var: self.tensor(first + 3),
        }
    }

    fn matrix(&self, block: usize) -> Tensor<2> {
        let index = block * BLOCK;
        let &[out, fan_in] = self.shape(index) else {
            unreachable!("dense weights have two dimensions");
        };
        self.tensor(index).reshape([out, fan_in])
    }

    /// Logits `[batch, outputs]` of one-hot sequences `x` `[batch, length, 4]`,
    /// and the batch statistics of each of the five normalisations that learns.
    pub(crate) fn forward(
        &self,
        x: Tensor<3>,
        pass: Pass<'_>,
    ) -> (Tensor<2>, Vec<Option<BatchStatistics>>) {
        let mut statistics = Vec::with_capacity(5);
        let mode = |block: usize| {
            if (pass.learning)(self.arrays[block * BLOCK + 2].slot.layer()) {
                NormMode::Batch
            } else {
                NormMode::Running
            }
        };
        let mut x = x;
        for block in 0..3 {
            let index = block * BLOCK;
            let &[out, channels, kernel] = self.shape(index) else {
                unreachable!("convolutional weights have three dimensions");
            };
            let (y, batch) = layers::conv_block(
                x,
                self.tensor(index).reshape([out, channels, kernel]),
                self.tensor(index + 1),
                &self.norm(block),
                self.config.pool,
                mode(block),
            );
            x = y;
            statistics.push(batch);
        }
        // PyTorch flattens [batch, channels, length].
        let [batch, length, channels] = x.dims();
        let mut x = x.swap_dims(1, 2).reshape([batch, channels * length]);
        for block in 3..5 {
            let mask = pass
                .dropout
                .filter(|_| self.config.dropout > 0.0)
                .map(|dropout| {
                    let shape = [batch, self.config.hidden];
                    let mask = crate::random::dropout_mask(
                        dropout.seed,
                        dropout.step,
                        block,
                        shape[0] * shape[1],
                        self.config.dropout,
                    );
                    Tensor::from_data(TensorData::new(mask, shape), &self.device)
                });
            let (y, statistic) = layers::dense_block(
                x,
                self.matrix(block),
                self.tensor(block * BLOCK + 1),
                &self.norm(block),
                mask,
                mode(block),
            );
            x = y;
            statistics.push(statistic);
        }
        let logits = layers::linear(x, self.matrix(5), self.tensor(5 * BLOCK + 1));
        (logits, statistics)
    }

    /// Takes the statistics of a training batch into the running ones.
    pub(crate) fn absorb(&mut self, statistics: &[Option<BatchStatistics>]) {
        for (block, batch) in statistics.iter().enumerate() {
            let Some(batch) = batch else { continue };
            let first = block * BLOCK + 4;
            let (mean, var) = batch.update(self.tensor(first), self.tensor(first + 1));
            self.arrays[first].tensor = Some(mean);
            self.arrays[first + 1].tensor = Some(var);
            self.arrays[first + 2].counter += 1;
        }
    }
}

/// The numbers of a tensor on the host.
pub(crate) fn to_vec<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor
        .into_data()
        .try_into_vec::<f32>()
        .expect("the tensors of this crate are f32")
}

#[cfg(test)]
mod tests {
    use super::*;

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
            "--length: expected at least 90 bp for this network, found 89 bp"
        );
        CnnConfig::new(90, 1).validate().unwrap();
        assert_eq!(CnnConfig::new(90, 1).flattened(), 200);
        let mut config = CnnConfig::new(200, 1);
        config.dropout = 1.0;
        let error = config.validate().unwrap_err();
        assert!(error.to_string().contains("found 1"), "{error}");
    }
}
