//! The weights of one layer: looked at, replaced, silenced.

use bindscape_base::error::Subject;
use bindscape_base::{Error, Result};

use super::layer::{Layer, LayerKind};
use super::{Network, flat};
use crate::host::to_vec;

/// An array with its name.
#[derive(Debug, Clone, PartialEq)]
pub struct NamedArray {
    /// The name of the layer or parameter.
    pub name: String,
    /// Numbers along each dimension.
    pub shape: Vec<usize>,
    /// The numbers, the last dimension fastest.
    pub values: Vec<f32>,
}

/// A layer of a network on a device, with its weights.
#[derive(Debug, Clone, Copy)]
pub struct LayerWeights<'a> {
    network: &'a Network,
    place: usize,
}

/// A layer of a network on a device, whose weights may be replaced.
#[derive(Debug)]
pub struct LayerWeightsMut<'a> {
    network: &'a mut Network,
    place: usize,
}

impl Network {
    /// The layer of that name.
    ///
    /// # Errors
    /// If there is none; near names are suggested.
    pub fn layer(&self, name: &str) -> Result<LayerWeights<'_>> {
        let place = self.place(name)?;
        Ok(LayerWeights {
            network: self,
            place,
        })
    }

    /// The layer of that name, to change.
    ///
    /// # Errors
    /// As [`Network::layer`].
    pub fn layer_mut(&mut self, name: &str) -> Result<LayerWeightsMut<'_>> {
        let place = self.place(name)?;
        Ok(LayerWeightsMut {
            network: self,
            place,
        })
    }

    /// The numbers of a parameter as the `state_dict` orders them; `None` for a counter.
    fn stored(&self, index: usize) -> Option<Vec<f32>> {
        let array = &self.arrays[index];
        let mut values = to_vec(array.tensor.clone()?);
        array.slot.to_stored(&mut values);
        Some(values)
    }

    fn store(&mut self, index: usize, mut values: Vec<f32>) {
        self.arrays[index].slot.to_device(&mut values);
        self.arrays[index].tensor = Some(flat(values, &self.device));
    }
}

impl LayerWeights<'_> {
    /// What the layer is.
    #[must_use]
    pub fn description(&self) -> &Layer {
        self.network.layers.at(self.place)
    }

    /// Its parameters but for counters, under the names and in the layouts of the `state_dict`.
    #[must_use]
    pub fn weights(&self) -> Vec<NamedArray> {
        let layer = self.description();
        let slots = layer.slots().iter().enumerate();
        slots
            .filter_map(|(number, slot)| {
                Some(NamedArray {
                    name: slot.name.clone(),
                    shape: slot.shape.clone(),
                    values: self.network.stored(layer.first_slot() + number)?,
                })
            })
            .collect()
    }
}

impl LayerWeightsMut<'_> {
    /// What the layer is.
    #[must_use]
    pub fn description(&self) -> &Layer {
        self.network.layers.at(self.place)
    }

    /// Replaces the parameter `name`, in the layout of the `state_dict`.
    ///
    /// # Errors
    /// If the layer has no such parameter, or `values` are too few or too many.
    pub fn set(&mut self, name: &str, values: &[f32]) -> Result<()> {
        let index = self.parameter(name)?;
        let slot = &self.network.arrays[index].slot;
        if values.len() != slot.entries() {
            return Err(Error::argument(
                "values",
                format!(
                    "{} numbers for `{name}` of shape {:?}",
                    slot.entries(),
                    slot.shape
                ),
                values.len().to_string(),
            ));
        }
        self.network.store(index, values.to_vec());
        Ok(())
    }

    /// Replaces a filter of a convolution, `[channels, kernel]`, or the weights of a unit of a
    /// linear layer, `[inputs]`.
    ///
    /// # Errors
    /// If the layer has no weights of that kind, no such filter or unit, or `values` are too few
    /// or too many.
    pub fn set_filter(&mut self, filter: usize, values: &[f32]) -> Result<()> {
        let (weight, _) = self.affine(filter)?;
        let mut all = self.network.stored(weight).expect("weights are numbers");
        let width = all.len() / self.outputs();
        if values.len() != width {
            let shape = &self.network.arrays[weight].slot.shape[1..];
            return Err(Error::argument(
                "values",
                format!("{width} numbers for a filter of shape {shape:?}"),
                values.len().to_string(),
            ));
        }
        all[filter * width..][..width].copy_from_slice(values);
        self.network.store(weight, all);
        Ok(())
    }

    /// Fixes the output of a filter of a convolution, or of a unit of a linear layer, to `value` at
    /// every position, whatever the input: 0 silences it. The value is that after the layer's
    /// normalisation, if it has one, and before its ReLU.
    ///
    /// # Errors
    /// As [`LayerWeightsMut::set_filter`].
    pub fn hold(&mut self, filter: usize, value: f32) -> Result<()> {
        let (weight, bias) = self.affine(filter)?;
        let readers = &self.network.layers.readers()[self.place];
        let layers = &self.network.layers;
        let norm = readers
            .iter()
            .copied()
            .find(|&reader| matches!(layers.at(reader).kind(), LayerKind::BatchNorm { .. }));
        let (factor, shift) = match norm {
            Some(norm) => {
                let [scale, shift, ..] = self.network.parameters::<5>(norm);
                (scale, shift)
            }
            None => (weight, bias),
        };
        let mut factors = self.network.stored(factor).expect("factors are numbers");
        let width = factors.len() / self.outputs();
        factors[filter * width..][..width].fill(0.0);
        self.network.store(factor, factors);
        let mut shifts = self.network.stored(shift).expect("shifts are numbers");
        shifts[filter] = value;
        self.network.store(shift, shifts);
        Ok(())
    }

    /// Place of the parameter of that name.
    fn parameter(&self, name: &str) -> Result<usize> {
        let layer = self.description();
        let learned = layer.slots().iter().filter(|slot| !slot.shape.is_empty());
        let names = learned.map(|slot| slot.name.as_str());
        let found = layer.slots().iter().position(|slot| slot.name == name);
        let found = found.filter(|&number| !layer.slots()[number].shape.is_empty());
        found
            .map(|number| layer.first_slot() + number)
            .ok_or_else(|| {
                let expected = format!("a parameter of the layer `{}`", layer.name());
                let otherwise = "this layer has no such parameter";
                Error::missing(
                    Subject::field("parameter"),
                    expected,
                    name,
                    names,
                    otherwise,
                )
            })
    }

    /// Filters or units.
    fn outputs(&self) -> usize {
        match self.description().kind() {
            LayerKind::Convolution { filters, .. } => filters,
            LayerKind::Dense { outputs, .. } => outputs,
            _ => 0,
        }
    }

    /// Places of weight and bias of a layer that has the filter or unit.
    fn affine(&self, filter: usize) -> Result<(usize, usize)> {
        if filter >= self.outputs() {
            let name = self.description().name();
            return Err(Error::argument(
                "filter",
                format!("one of the {} filters or units of `{name}`", self.outputs()),
                filter.to_string(),
            ));
        }
        let [weight, bias] = self.network.parameters(self.place);
        Ok((weight, bias))
    }
}
