//! The numbers of a network outside any device: named arrays in PyTorch's layouts.

use bindscape_base::{Error, Place, Result, names};
use std::path::Path;

/// Values of one array of a `state_dict`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Values {
    /// Weights and statistics.
    F32(Vec<f32>),
    /// The counter `num_batches_tracked`, a scalar.
    I64(i64),
}

/// One array of a `state_dict`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Array {
    pub(crate) name: String,
    pub(crate) shape: Vec<usize>,
    pub(crate) values: Values,
}

/// What an array is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Learned by gradient descent; drawn from U(-bound, bound) with bound
    /// `1 / sqrt(fan_in)` at the start, as PyTorch's `Conv1d`, `Linear` and `LSTM`.
    Weight { fan_in: usize },
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
    /// Whether gradient descent changes it.
    pub(crate) fn learned(self) -> bool {
        matches!(self, Role::Weight { .. } | Role::Scale | Role::Shift)
    }
}

/// Where in a network a layer stands, from the sequence to the output: what
/// transfer and freezing choose by. A normalisation stands with its layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    /// The convolution that sees the sequence.
    FirstConvolutional,
    /// A later convolution.
    Convolutional,
    /// A dense or recurrent layer before the last.
    Hidden,
    /// The last layer, whose outputs are the TFs.
    Output,
}

/// Name, shape, role and stage of an array that a network must have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Slot {
    pub(crate) name: String,
    pub(crate) shape: Vec<usize>,
    pub(crate) role: Role,
    pub(crate) stage: Stage,
}

/// What says which arrays a network has.
pub(crate) trait Slots {
    /// The arrays of the network's `state_dict`, in PyTorch's order.
    fn slots(&self) -> Vec<Slot>;
}

impl Slot {
    /// Number of entries.
    pub(crate) fn entries(&self) -> usize {
        self.shape.iter().product()
    }
}

/// The arrays of a network, one per slot of its architecture and in its order.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct StateDict(pub(crate) Vec<Array>);

impl StateDict {
    /// The start of training from scratch: PyTorch's default initialisation, each
    /// array from its own random stream.
    pub(crate) fn initial(slots: &[Slot], seed: u64) -> Self {
        let arrays = slots.iter().enumerate().map(|(number, slot)| {
            let entries = slot.entries();
            let values = match slot.role {
                Role::Weight { fan_in } => {
                    let bound = (1.0 / (fan_in as f64).sqrt()) as f32;
                    let mut rng = crate::random::stream(seed, "weights", &[number as u64]);
                    Values::F32(
                        (0..entries)
                            .map(|_| (2.0 * crate::random::unit(&mut rng) - 1.0) * bound)
                            .collect(),
                    )
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
    /// If an array is missing, unexpected (near names are suggested), or of
    /// another shape or type; `path` is the file to blame.
    pub(crate) fn fit(slots: &[Slot], arrays: Vec<Array>, path: &Path) -> Result<Self> {
        let found: Vec<String> = arrays.iter().map(|array| array.name.clone()).collect();
        let mut pool: Vec<Option<Array>> = arrays.into_iter().map(Some).collect();
        let mut fitted = Vec::with_capacity(slots.len());
        for slot in slots {
            let Some(position) = found.iter().position(|name| *name == slot.name) else {
                let unknown: Vec<&str> = found
                    .iter()
                    .map(String::as_str)
                    .filter(|name| !slots.iter().any(|slot| slot.name == *name))
                    .collect();
                return Err(Error::input(
                    path,
                    Place::File,
                    format!("a tensor `{}` of shape {:?}", slot.name, slot.shape),
                    "none of that name",
                )
                .hint(names::suggestion(
                    &slot.name,
                    unknown,
                    "the file holds another architecture",
                )));
            };
            let mut array = pool[position].take().ok_or_else(|| {
                Error::input(
                    path,
                    Place::File,
                    "each tensor once",
                    format!("`{}` twice", slot.name),
                )
            })?;
            if array.shape.len() == slot.shape.len() + 1 && array.shape.last() == Some(&1) {
                array.shape.pop();
            }
            let kind_fits = matches!(
                (&array.values, slot.role),
                (Values::I64(_), Role::Counter) | (Values::F32(_), _)
            ) && (slot.role != Role::Counter
                || matches!(array.values, Values::I64(_)));
            if array.shape != slot.shape || !kind_fits {
                let (wanted, given) = (
                    kind(slot.role == Role::Counter),
                    kind(matches!(array.values, Values::I64(_))),
                );
                return Err(Error::input(
                    path,
                    Place::Record(slot.name.clone()),
                    format!("{wanted} of shape {:?}", slot.shape),
                    format!("{given} of shape {:?}", array.shape),
                )
                .hint("check the sequence length, the number of TFs and the architecture"));
            }
            fitted.push(array);
        }
        if let Some(extra) = pool.into_iter().flatten().next() {
            return Err(Error::input(
                path,
                Place::File,
                "only the tensors of this architecture",
                format!("a tensor `{}` of shape {:?}", extra.name, extra.shape),
            )
            .hint(names::suggestion(
                &extra.name,
                slots.iter().map(|slot| slot.name.as_str()),
                "the file holds another architecture",
            )));
        }
        Ok(Self(fitted))
    }

    /// The array of that name.
    pub(crate) fn get(&self, name: &str) -> Option<&Array> {
        self.0.iter().find(|array| array.name == name)
    }
}

fn kind(counter: bool) -> &'static str {
    if counter { "i64" } else { "f32" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slot(name: &str, shape: &[usize]) -> Slot {
        Slot {
            name: name.into(),
            shape: shape.to_vec(),
            role: Role::Weight { fan_in: 4 },
            stage: Stage::FirstConvolutional,
        }
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
    fn arrays_are_fitted_and_errors_name_them() {
        let slots = [slot("c1.weight", &[2, 4, 3]), slot("c1.bias", &[2])];
        let path = Path::new("model.safetensors");
        let fitted = StateDict::fit(
            &slots,
            vec![array("c1.bias", &[2]), array("c1.weight", &[2, 4, 3, 1])],
            path,
        )
        .unwrap();
        assert_eq!(fitted.0[0].shape, [2, 4, 3], "trailing singleton dropped");

        let fails = |arrays| StateDict::fit(&slots, arrays, path).unwrap_err();
        let error = fails(vec![
            array("c1.weights", &[2, 4, 3]),
            array("c1.bias", &[2]),
        ]);
        assert_eq!(
            error.to_string(),
            "model.safetensors: expected a tensor `c1.weight` of shape [2, 4, 3], found none of that name"
        );
        assert_eq!(error.advice().unwrap(), "did you mean c1.weights?");
        let error = fails(vec![array("c1.weight", &[2, 4, 5]), array("c1.bias", &[2])]);
        assert_eq!(
            error.to_string(),
            "model.safetensors, record c1.weight: expected f32 of shape [2, 4, 3], found f32 of shape [2, 4, 5]"
        );
        let error = fails(vec![
            array("c1.weight", &[2, 4, 3]),
            array("c1.bias", &[2]),
            array("x", &[1]),
        ]);
        assert!(error.to_string().contains("found a tensor `x`"), "{error}");
    }
}
