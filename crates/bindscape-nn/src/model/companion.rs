//! A network that supports a readout: both know the TF, and neither knows all that the other does.

use std::path::Path;

use bindscape_arrays::model_file::tensors::Entry;
use bindscape_base::{Error, Place, Result};
use burn::tensor::Device;
use serde::{Deserialize, Serialize};

use super::{DAMAGED, Model, check_architecture};
use crate::architecture::Architecture;
use crate::network::Network;
use crate::parameters::{Array, StateDict};

/// What its tensors are called by, before the names of its network.
const PREFIX: &str = "companion.";

/// A network of a readout's TF, a share of whose log odds counts in place of as much of the
/// readout's ([`Model::with_companion`]).
#[derive(Debug, Clone, PartialEq)]
pub struct Companion {
    /// The network.
    pub architecture: Architecture,
    /// The share of its log odds, between 0 and 1.
    pub share: f64,
    /// What is added to its log odds first: the readout was fitted to regions of which another
    /// share is bound.
    pub constant: f64,
    state: StateDict,
}

/// What a file says of it beside its tensors.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Record {
    architecture: Architecture,
    share: f64,
    constant: f64,
}

impl Companion {
    pub(super) fn of(readout: &Model, network: &Model, share: f64) -> Self {
        assert!((0.0..=1.0).contains(&share), "a share");
        let odds = |model: &Model| match model.training.bound_shares.as_deref() {
            Some(&[bound]) if 0.0 < bound && bound < 1.0 => Some((bound / (1.0 - bound)).ln()),
            _ => None,
        };
        let constant = odds(readout).zip(odds(network));
        Self {
            architecture: network.architecture.clone(),
            share,
            constant: constant.map_or(0.0, |(readout, network)| readout - network),
            state: network.state.clone(),
        }
    }

    /// The network with its weights on `device`.
    pub(crate) fn network(&self, device: &Device) -> Network {
        Network::new(self.architecture.layers(), &self.state, device)
    }

    pub(super) fn record(&self) -> Record {
        Record {
            architecture: self.architecture.clone(),
            share: self.share,
            constant: self.constant,
        }
    }

    /// Its tensors.
    pub(super) fn entries(&self) -> impl Iterator<Item = Entry<'_>> {
        let arrays = self.state.0.iter();
        arrays.map(|array| Entry::new(format!("{PREFIX}{}", array.name), array))
    }

    /// The companion of a readout of `length` base pairs in a file at `path`, whose tensors are
    /// taken out of `arrays`.
    pub(super) fn read(
        record: Record,
        arrays: &mut Vec<Array>,
        length: usize,
        path: &Path,
    ) -> Result<Self> {
        let Record {
            architecture,
            share,
            constant,
        } = record;
        check_architecture(&architecture, path, "companion")?;
        let found = (architecture.outputs(), architecture.length());
        if found != (1, length) {
            let (outputs, other) = found;
            let expected = format!("a network of one output and {length} bp");
            let found = format!("one of {outputs} outputs and {other} bp");
            return Err(damaged(path, &expected, &found));
        }
        if !((0.0..=1.0).contains(&share) && constant.is_finite()) {
            let found = format!("{share} and {constant}");
            return Err(damaged(path, "a share and a finite constant", &found));
        }
        let (mut own, others): (Vec<Array>, Vec<Array>) = std::mem::take(arrays)
            .into_iter()
            .partition(|array| array.name.starts_with(PREFIX));
        *arrays = others;
        for array in &mut own {
            array.name.drain(..PREFIX.len());
        }
        let name = format!("the companion, {architecture}");
        let state = StateDict::fit(&name, &architecture.slots(), own, path)?;
        Ok(Self {
            architecture,
            share,
            constant,
            state,
        })
    }
}

/// An error about the companion in a file.
pub(super) fn damaged(path: &Path, expected: &str, found: &str) -> Error {
    Error::input(path, Place::Record("companion".into()), expected, found).hint(DAMAGED)
}
