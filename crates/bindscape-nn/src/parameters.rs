//! The numbers of a network outside any device: named arrays in PyTorch's layouts.

use std::path::Path;

pub(crate) use bindscape_arrays::model_file::tensors::{Array, Values};
use bindscape_base::digest::hex;
use bindscape_base::{Error, Place, Result};
use sha2::{Digest, Sha256};

use crate::checker::{self, Expected, Found};

/// What to do about tensors that do not fit.
const ADVICE: &str = "the file holds another network: check the architecture, the length and number of \
                      outputs";

/// What an array is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Learned by gradient descent; drawn from U(-bound, bound) at the start.
    Weight {
        /// Inputs that an output is computed from: the bound is `1 / sqrt(fan_in)`, as in PyTorch's
        /// `Conv1d`, `Linear` and `LSTM`.
        fan_in: usize,
        /// Outputs that an input has a part in, for Xavier's bound `sqrt(6 / (fan_in + fan_out))`.
        fan_out: Option<usize>,
    },
    /// Learned; 1 at the start (scale of a batch normalisation).
    Scale,
    /// Learned; 0 at the start (shift of a batch normalisation).
    Shift,
    /// Running mean; 0 at the start.
    RunningMean,
    /// Running variance; 1 at the start.
    RunningVar,
    /// Number of batches seen; 0 at the start.
    Counter,
}

impl Role {
    /// A weight with PyTorch's default start.
    pub(crate) fn weight(fan_in: usize) -> Self {
        Self::Weight {
            fan_in,
            fan_out: None,
        }
    }

    /// Whether gradient descent changes it.
    #[must_use]
    pub fn learned(self) -> bool {
        matches!(self, Role::Weight { .. } | Role::Scale | Role::Shift)
    }
}

/// Where in a network a layer stands, from the sequence to the output: what
/// transfer and freezing choose by. A normalisation stands with its layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// A convolution that sees the sequence.
    FirstConvolutional,
    /// A later convolution.
    Convolutional,
    /// A dense or recurrent layer before the last.
    Hidden,
    /// The last layer, whose outputs are those of the network.
    Output,
}

/// How a device holds an array.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layout {
    /// As the `state_dict`.
    Stored,
    /// A weight of flattened positions, `[out][position][channel]` where the `state_dict` has
    /// `[out][channel][position]`: the weights of the first positions lie together.
    PositionsFirst {
        /// Number of positions.
        positions: usize,
    },
}

/// A parameter of a layer: an array that its network's `state_dict` must have.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Slot {
    /// Name in the `state_dict`.
    pub name: String,
    /// Shape there; empty for a number alone.
    pub shape: Vec<usize>,
    /// What it is for.
    pub role: Role,
    /// Where its layer stands.
    pub stage: Stage,
    pub(crate) layout: Layout,
}

impl Slot {
    /// A parameter whose stage is not known yet.
    pub(crate) fn new(name: String, shape: Vec<usize>, role: Role) -> Self {
        Self {
            name,
            shape,
            role,
            stage: Stage::Hidden,
            layout: Layout::Stored,
        }
    }

    /// Number of entries.
    #[must_use]
    pub fn entries(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether weight decay makes it smaller: the matrices of layers, and neither biases nor what
    /// a batch normalisation learns.
    pub(crate) fn decays(&self) -> bool {
        matches!(self.role, Role::Weight { .. }) && self.shape.len() > 1
    }

    /// From the order of the `state_dict` to that of the device.
    pub(crate) fn to_device(&self, values: &mut [f32]) {
        if let Layout::PositionsFirst { positions } = self.layout {
            let width = self.shape[1];
            transpose_each(values, width, width / positions);
        }
    }

    /// From the order of the device to that of the `state_dict`.
    pub(crate) fn to_stored(&self, values: &mut [f32]) {
        if let Layout::PositionsFirst { positions } = self.layout {
            transpose_each(values, self.shape[1], positions);
        }
    }
}

/// Transposes matrices of `width` numbers in `height` rows, one after the other.
fn transpose_each(values: &mut [f32], width: usize, height: usize) {
    let columns = width / height;
    let mut turned = vec![0.0; width];
    for row in values.chunks_exact_mut(width) {
        for (index, value) in row.iter().enumerate() {
            turned[index % columns * height + index / columns] = *value;
        }
        row.copy_from_slice(&turned);
    }
}

/// The arrays of a network, one per slot of its architecture and in its order.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct StateDict(pub(crate) Vec<Array>);

impl StateDict {
    /// The start of training from scratch, each array from its own random stream.
    pub(crate) fn initial<'a>(slots: impl IntoIterator<Item = &'a Slot>, seed: u64) -> Self {
        let arrays = slots.into_iter().enumerate().map(|(number, slot)| {
            let entries = slot.entries();
            let values = match slot.role {
                Role::Weight { fan_in, fan_out } => {
                    let bound = (1.0 / (fan_in as f64).sqrt()) as f32;
                    let mut rng = crate::random::stream(seed, "weights", &[number as u64]);
                    let mut values: Vec<f32> = (0..entries)
                        .map(|_| (2.0 * crate::random::unit(&mut rng) - 1.0) * bound)
                        .collect();
                    if let Some(fan_out) = fan_out {
                        // From PyTorch's bound to Xavier's.
                        let factor =
                            (6.0 * fan_in as f64 / (fan_in + fan_out) as f64).sqrt() as f32;
                        values.iter_mut().for_each(|value| *value *= factor);
                    }
                    Values::F32(values)
                }
                Role::Scale | Role::RunningVar => Values::F32(vec![1.0; entries]),
                Role::Shift | Role::RunningMean => Values::F32(vec![0.0; entries]),
                Role::Counter => Values::I64(0),
            };
            Array {
                name: slot.name.clone(),
                shape: slot.shape.clone(),
                values,
            }
        });
        Self(arrays.collect())
    }

    /// Puts `arrays`, in any order, into the order of `slots`. A trailing
    /// singleton dimension of a convolution (`[out, in, kernel, 1]`, as older
    /// published weights have it) is dropped.
    ///
    /// # Errors
    /// If they are not those of `network`, or not all finite; `path` is the file to blame.
    pub(crate) fn fit(
        network: &str,
        slots: &[Slot],
        mut arrays: Vec<Array>,
        path: &Path,
    ) -> Result<Self> {
        for array in &mut arrays {
            let slot = slots.iter().find(|slot| slot.name == array.name);
            let dimensions = slot.map_or(array.shape.len(), |slot| slot.shape.len());
            if array.shape.len() == dimensions + 1 && array.shape.last() == Some(&1) {
                array.shape.pop();
            }
        }
        let expected: Vec<Expected> = slots
            .iter()
            .map(|slot| Expected {
                name: slot.name.clone(),
                shape: slot.shape.clone(),
                dtype: Some(if slot.role == Role::Counter {
                    "i64"
                } else {
                    "f32"
                }),
                optional: false,
            })
            .collect();
        let found: Vec<Found> = arrays
            .iter()
            .map(|array| Found {
                name: array.name.clone(),
                own: array.name.clone(),
                shape: array.shape.clone(),
                dtype: Some(match array.values {
                    Values::F32(_) => "f32",
                    Values::I64(_) => "i64",
                }),
            })
            .collect();
        checker::check(network, &expected, &found, path, ADVICE)?;
        for array in &arrays {
            check_finite(array, path)?;
        }
        let place = |array: &Array| slots.iter().position(|slot| slot.name == array.name);
        arrays.sort_by_key(place);
        Ok(Self(arrays))
    }

    /// SHA-256 of all numbers, in their order.
    pub(crate) fn sha256(&self) -> String {
        let mut hash = Sha256::new();
        for array in &self.0 {
            match &array.values {
                Values::F32(values) => values.iter().for_each(|v| hash.update(v.to_le_bytes())),
                Values::I64(count) => hash.update(count.to_le_bytes()),
            }
        }
        hex(&hash.finalize())
    }

    /// The name of an array with a value that is no finite number, if there is one.
    pub(crate) fn not_finite(&self) -> Option<&str> {
        let array = self.0.iter().find(|array| match &array.values {
            Values::F32(values) => values.iter().any(|value| !value.is_finite()),
            Values::I64(_) => false,
        })?;
        Some(&array.name)
    }

    /// The array of that name.
    pub(crate) fn get(&self, name: &str) -> Option<&Array> {
        self.0.iter().find(|array| array.name == name)
    }
}

/// Refuses an array with values that are no numbers: every score would be none, or a wrong one.
fn check_finite(array: &Array, path: &Path) -> Result<()> {
    let Values::F32(values) = &array.values else {
        return Ok(());
    };
    let Some(first) = values.iter().position(|value| !value.is_finite()) else {
        return Ok(());
    };
    let count = values.iter().filter(|value| !value.is_finite()).count();
    Err(Error::input(
        path,
        Place::Record(array.name.clone()),
        "finite weights",
        format!(
            "{} at place {first}, one of {count} of {} that are not",
            values[first],
            values.len()
        ),
    )
    .hint("the file is damaged, or its training diverged: make the model again"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slot(name: &str, shape: &[usize]) -> Slot {
        Slot::new(name.into(), shape.to_vec(), Role::weight(4))
    }

    fn array(name: &str, shape: &[usize]) -> Array {
        Array {
            name: name.into(),
            shape: shape.to_vec(),
            values: Values::F32(vec![0.0; shape.iter().product()]),
        }
    }

    #[test]
    fn initial_weights_fill_the_range_and_depend_on_the_seed() {
        let slots = [slot("c1.weight", &[100, 100])];
        let a = StateDict::initial(&slots, 1);
        assert_eq!(a, StateDict::initial(&slots, 1));
        assert_ne!(a, StateDict::initial(&slots, 2));
        let Values::F32(values) = &a.0[0].values else {
            panic!("weights are f32")
        };
        let largest = values.iter().fold(0.0_f32, |m, v| m.max(v.abs()));
        assert!(largest <= 0.5 && largest > 0.49, "{largest}");
        let mean = values.iter().sum::<f32>() / values.len() as f32;
        // Standard error 1 / sqrt(12) / 100 = 0.003.
        assert!(mean.abs() < 0.012, "{mean}");
    }

    #[test]
    fn rows_are_transposed_and_back() {
        let mut values: Vec<f32> = (0..12).map(|v| v as f32).collect();
        let before = values.clone();
        transpose_each(&mut values, 6, 2);
        assert_eq!(values[..6], [0.0, 3.0, 1.0, 4.0, 2.0, 5.0]);
        transpose_each(&mut values, 6, 3);
        assert_eq!(values, before);
    }

    #[test]
    fn arrays_are_fitted_and_errors_name_them() {
        let slots = [slot("c1.weight", &[2, 4, 3]), slot("c1.bias", &[2])];
        let path = Path::new("model.safetensors");
        let fit = |arrays| StateDict::fit("a network", &slots, arrays, path);
        let fitted = fit(vec![
            array("c1.bias", &[2]),
            array("c1.weight", &[2, 4, 3, 1]),
        ])
        .unwrap();
        assert_eq!(fitted.0[0].shape, [2, 4, 3], "trailing singleton dropped");
        assert_eq!(fitted.0[1].name, "c1.bias");

        let error = fit(vec![
            array("c1.weights", &[2, 4, 3]),
            array("c1.bias", &[2]),
        ])
        .unwrap_err();
        assert_eq!(
            error.to_string(),
            "model.safetensors: expected the tensors of a network, found 1 missing: c1.weight; 1 \
             unexpected: c1.weights"
        );
        assert_eq!(error.advice().unwrap(), "did you mean c1.weights?");
        let error = fit(vec![array("c1.weight", &[2, 4, 5]), array("c1.bias", &[2])]).unwrap_err();
        assert!(
            error
                .to_string()
                .ends_with("1 of other shapes: c1.weight of [2, 4, 5], not [2, 4, 3]"),
            "{error}"
        );
        let mut counter = array("c1.bias", &[2]);
        counter.values = Values::I64(3);
        let error = fit(vec![array("c1.weight", &[2, 4, 3]), counter]).unwrap_err();
        assert!(
            error
                .to_string()
                .ends_with("c1.bias i64 of [2], not f32 of [2]"),
            "{error}"
        );
    }
}
