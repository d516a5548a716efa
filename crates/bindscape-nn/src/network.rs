//! A network on a device: its arrays, and one way to run it whatever its architecture.

use burn::tensor::{Device, Tensor, TensorData};

use crate::architecture::Architecture;
use crate::layers::BatchStatistics;
use crate::parameters::{Array, Slot, Slots, Stage, StateDict, Values};
use crate::precision::Precision;
use crate::{cnn, danq, random};

/// One array of a network on a device, flat; [`Slot`] holds its shape.
#[derive(Debug, Clone)]
pub(crate) struct DeviceArray {
    pub(crate) slot: Slot,
    /// `None` for counters, which never leave the host.
    pub(crate) tensor: Option<Tensor<1>>,
    pub(crate) counter: i64,
}

/// The dropout of one training step.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dropout {
    pub(crate) seed: u64,
    pub(crate) step: u64,
}

impl Dropout {
    /// The mask of a layer, by its number in the network; `None` if nothing is dropped.
    pub(crate) fn mask<const D: usize>(
        self,
        layer: usize,
        shape: [usize; D],
        rate: f64,
        device: &Device,
    ) -> Option<Tensor<D>> {
        (rate > 0.0).then(|| {
            let entries = shape.iter().product();
            let mask = random::dropout_mask(self.seed, self.step, layer, entries, rate);
            Tensor::from_data(TensorData::new(mask, shape), device)
        })
    }
}

/// How the network is run.
#[derive(Clone, Copy)]
pub(crate) struct Pass<'a> {
    /// Whether the normalisations of that stage take the statistics of the batch;
    /// the others take the running ones, in prediction all of them.
    pub(crate) learning: &'a dyn Fn(Stage) -> bool,
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

/// What a pass gives.
pub(crate) struct Output {
    /// `[batch, outputs]`.
    pub(crate) logits: Tensor<2>,
    /// The batch statistics of each normalisation that learns, with the place of its
    /// running mean in [`Network::arrays`].
    pub(crate) statistics: Vec<(usize, BatchStatistics)>,
}

/// A network on a device; `A` says which arrays it has.
#[derive(Debug, Clone)]
pub(crate) struct Network<A = Architecture> {
    pub(crate) architecture: A,
    device: Device,
    /// The type of its products.
    pub(crate) precision: Precision,
    /// One per slot of the architecture, in its order.
    pub(crate) arrays: Vec<DeviceArray>,
}

impl<A: Slots + Clone> Network<A> {
    pub(crate) fn new(architecture: &A, state: &StateDict, device: &Device) -> Self {
        let arrays = architecture
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
            architecture: architecture.clone(),
            device: device.clone(),
            precision: Precision::F32,
            arrays,
        }
    }

    /// The same network with products in another type.
    pub(crate) fn with_precision(self, precision: Precision) -> Self {
        Self { precision, ..self }
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

    /// The array at `index`, flat.
    pub(crate) fn vector(&self, index: usize) -> Tensor<1> {
        self.arrays[index]
            .tensor
            .clone()
            .expect("only counters have no tensor")
    }

    /// The array at `index` in its shape.
    pub(crate) fn shaped<const D: usize>(&self, index: usize) -> Tensor<D> {
        let shape: [usize; D] = self.arrays[index]
            .slot
            .shape
            .as_slice()
            .try_into()
            .expect("the architecture sets the number of dimensions");
        self.vector(index).reshape(shape)
    }

    /// The array at `index` in its shape, as a factor of a product: rounded to the type
    /// of the products. Gradients go through to the array itself.
    pub(crate) fn factor<const D: usize>(&self, index: usize) -> Tensor<D> {
        self.shaped(index).cast(self.precision.dtype())
    }

    /// The same network, whose arrays that `learns` takes are watched for gradients.
    pub(crate) fn tracked(&self, learns: impl Fn(&Slot) -> bool) -> Self {
        let mut tracked = self.clone();
        for array in &mut tracked.arrays {
            if array.slot.role.learned() && learns(&array.slot) {
                array.tensor = array.tensor.take().map(|t| t.autodiff().require_grad());
            }
        }
        tracked
    }

    /// Takes the statistics of a training batch into the running ones.
    pub(crate) fn absorb(&mut self, statistics: &[(usize, BatchStatistics)]) {
        for (mean_index, batch) in statistics {
            let (mean, var) = batch.update(self.vector(*mean_index), self.vector(mean_index + 1));
            self.arrays[*mean_index].tensor = Some(mean);
            self.arrays[mean_index + 1].tensor = Some(var);
            self.arrays[mean_index + 2].counter += 1;
        }
    }
}

impl Network {
    /// Runs the network on one-hot sequences `x` `[batch, length, 4]`.
    pub(crate) fn forward(&self, x: Tensor<3>, pass: Pass<'_>) -> Output {
        match &self.architecture {
            Architecture::Cnn(config) => cnn::forward(config, self, x, pass),
            Architecture::Danq(config) => danq::forward(config, self, x, pass),
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
