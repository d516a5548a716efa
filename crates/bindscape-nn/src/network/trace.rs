//! Activations of inner layers.

use bindscape_base::error::Subject;
use bindscape_base::{Error, Result};

use super::plan::Plan;
use super::run::Value;
use super::{NamedArray, Network, Pass};
use crate::host::to_vec;

/// The activations of a batch.
#[derive(Debug, Clone, PartialEq)]
pub struct Traced {
    /// Which sequences or proteins the batch holds, in its order.
    pub rows: Vec<usize>,
    /// The output of each named layer, in the order of the names.
    ///
    /// # Shapes
    /// `[batch, positions, channels]`, or `[batch, units]` from the first flattened layer on
    pub activations: Vec<NamedArray>,
}

/// Runs a network and keeps the activations of some layers.
#[derive(Debug)]
pub(crate) struct Tracer<'a> {
    network: &'a Network,
    plan: Plan,
    wanted: Vec<usize>,
}

impl<'a> Tracer<'a> {
    /// Looks the layers up. All others are computed in fused blocks, as in prediction.
    ///
    /// # Errors
    /// If there is none of a name; near ones are suggested.
    pub(crate) fn new(network: &'a Network, layers: &[&str]) -> Result<Self> {
        let wanted = layers
            .iter()
            .map(|name| network.place(name))
            .collect::<Result<Vec<usize>>>()?;
        Ok(Self {
            plan: Plan::new(&network.layers, &wanted),
            network,
            wanted,
        })
    }

    /// The activations of the layers for a batch.
    pub(crate) fn activations(&self, input: Value) -> Vec<NamedArray> {
        let mut found: Vec<Option<NamedArray>> = vec![None; self.wanted.len()];
        self.network
            .run(&self.plan, input, Pass::prediction(), |place, value| {
                let name = self.network.layers.at(place).name();
                for (wanted, found) in self.wanted.iter().zip(&mut found) {
                    if *wanted == place {
                        *found = Some(array(name, value));
                    }
                }
            });
        let found: Option<Vec<NamedArray>> = found.into_iter().collect();
        found.expect("the plan leaves what is wanted")
    }
}

fn array(name: &str, value: &Value) -> NamedArray {
    let (shape, values) = match value {
        Value::Positions(positions) => {
            let x = positions.x.clone();
            (x.dims().to_vec(), to_vec(x))
        }
        Value::Units(x) => (x.dims().to_vec(), to_vec(x.clone())),
        Value::Bases(_) => unreachable!("no layer leaves sequences"),
    };
    NamedArray {
        name: name.to_owned(),
        shape,
        values,
    }
}

impl Network {
    /// The place of the layer of that name.
    pub(super) fn place(&self, name: &str) -> Result<usize> {
        self.layers.position(name).ok_or_else(|| {
            let known = self.layers.iter().map(|layer| layer.name());
            let subject = Subject::field("layer");
            Error::missing(
                subject,
                "a layer of the network",
                name,
                known,
                "list its layers",
            )
        })
    }
}
