//! A network on a device: a list of named layers, which can be run, looked into and changed.

use burn::tensor::{Device, Tensor, TensorData};

use crate::host::to_vec;
use crate::layers::BatchStatistics;
use crate::parameters::{Array, StateDict, Values};
use crate::precision::Precision;
use crate::random;

mod layer;
mod plan;
mod run;
mod trace;
mod weights;

#[cfg(test)]
mod tests;

pub use crate::parameters::{Role, Slot, Stage};
pub(crate) use layer::Builder;
pub use layer::{AttributionRule, FlattenOrder, Layer, LayerKind, Layers, Source};
pub(crate) use run::{Positions, Value, padded};
pub use trace::Traced;
pub(crate) use trace::Tracer;
pub use weights::{LayerWeights, LayerWeightsMut, NamedArray};

use plan::Plan;

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
    /// The mask of a layer, by the number of its stream; `None` if nothing is dropped.
    pub(crate) fn mask<const D: usize>(
        self,
        stream: usize,
        shape: [usize; D],
        rate: f64,
        device: &Device,
    ) -> Option<Tensor<D>> {
        (rate > 0.0).then(|| {
            let entries = shape.iter().product();
            let mask = random::dropout_mask(self.seed, self.step, stream, entries, rate);
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
    /// What the layers that no other one reads leave, `[batch, units]`, in their order.
    pub(crate) heads: Vec<Tensor<2>>,
    /// The batch statistics of each normalisation that learns, by its place in the list.
    pub(crate) statistics: Vec<(usize, BatchStatistics)>,
}

impl Output {
    /// What the last layer leaves: the logits of a network with one head.
    pub(crate) fn logits(mut self) -> Tensor<2> {
        self.heads.pop().expect("a network has a head")
    }
}

/// A network on a device: its layers with their weights.
///
/// ```
/// # fn main() -> bindscape_base::Result<()> {
/// use bindscape_nn::{Architecture, CnnConfig, Device};
///
/// let mut network = Architecture::Cnn(CnnConfig::new(90, 1)).initial(1, &Device::flex())?;
/// let first = network.layer("c1")?.weights();
/// assert_eq!((&first[0].name[..], &first[0].shape[..]), ("c1.weight", &[100, 4, 19][..]));
/// // Silences the third filter.
/// network.layer_mut("c1")?.hold(2, 0.0)?;
/// let error = network.layer("conv1").unwrap_err();
/// assert!(error.to_string().contains("a layer of the network"));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Network {
    layers: Layers,
    plan: Plan,
    device: Device,
    /// The type of its products.
    pub(crate) precision: Precision,
    /// One per parameter of the layers, in the order of the `state_dict`.
    pub(crate) arrays: Vec<DeviceArray>,
}

impl Network {
    pub(crate) fn new(layers: Layers, state: &StateDict, device: &Device) -> Self {
        let arrays = layers
            .slots()
            .cloned()
            .zip(&state.0)
            .map(|(slot, array)| {
                debug_assert_eq!(slot.name, array.name);
                match &array.values {
                    Values::F32(values) => {
                        let mut values = values.clone();
                        slot.to_device(&mut values);
                        DeviceArray {
                            tensor: Some(flat(values, device)),
                            counter: 0,
                            slot,
                        }
                    }
                    Values::I64(counter) => DeviceArray {
                        slot,
                        tensor: None,
                        counter: *counter,
                    },
                }
            })
            .collect();
        Self {
            plan: Plan::new(&layers, &[]),
            layers,
            device: device.clone(),
            precision: Precision::F32,
            arrays,
        }
    }

    /// The layers.
    #[must_use]
    pub fn layers(&self) -> &Layers {
        &self.layers
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
                Some(tensor) => {
                    let mut values = to_vec(tensor.clone());
                    array.slot.to_stored(&mut values);
                    Values::F32(values)
                }
                None => Values::I64(array.counter),
            },
        });
        StateDict(arrays.collect())
    }

    pub(crate) fn device(&self) -> &Device {
        &self.device
    }

    /// Places of the parameters of the layer at `place` in [`Network::arrays`].
    fn parameters<const N: usize>(&self, place: usize) -> [usize; N] {
        let layer = self.layers.at(place);
        assert_eq!(layer.slots().len(), N, "parameters of {}", layer.name());
        std::array::from_fn(|number| layer.first_slot() + number)
    }

    /// The array at `index`, flat.
    fn vector(&self, index: usize) -> Tensor<1> {
        self.arrays[index]
            .tensor
            .clone()
            .expect("only counters have no tensor")
    }

    /// The array at `index` in its shape, as a factor of a product: rounded to the type
    /// of the products. Gradients go through to the array itself.
    fn factor<const D: usize>(&self, index: usize) -> Tensor<D> {
        let shape: [usize; D] = self.arrays[index]
            .slot
            .shape
            .as_slice()
            .try_into()
            .expect("the kind of a layer sets the dimensions of its weights");
        self.vector(index)
            .reshape(shape)
            .cast(self.precision.dtype())
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
        for (place, batch) in statistics {
            let [_, _, mean, var, counter] = self.parameters(*place);
            let (new_mean, new_var) = batch.update(self.vector(mean), self.vector(var));
            self.arrays[mean].tensor = Some(new_mean);
            self.arrays[var].tensor = Some(new_var);
            self.arrays[counter].counter += 1;
        }
    }
}

/// Numbers as a tensor of one dimension.
fn flat(values: Vec<f32>, device: &Device) -> Tensor<1> {
    let length = values.len();
    Tensor::from_data(TensorData::new(values, [length]), device)
}
