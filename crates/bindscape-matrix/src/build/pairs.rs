//! Profiled pairs of TF and cell, and what names stand for.

use std::sync::{Arc, OnceLock};

use super::bits::SharedBits;
use crate::sheet::Kind;

/// A TF profiled in a cell, with the evidence over the regions open in the cell.
#[derive(Debug)]
pub(super) struct Pair {
    pub(super) tf: String,
    /// Number of the cell in the list of cells.
    pub(super) cell: usize,
    chip: OnceLock<SharedBits>,
    tfbs: OnceLock<SharedBits>,
}

impl Pair {
    pub(super) fn new(tf: &str, cell: usize) -> Self {
        Self {
            tf: tf.to_owned(),
            cell,
            chip: OnceLock::new(),
            tfbs: OnceLock::new(),
        }
    }

    pub(super) fn slot(&self, kind: Kind) -> &OnceLock<SharedBits> {
        if kind == Kind::Chip {
            &self.chip
        } else {
            &self.tfbs
        }
    }

    /// The open regions with evidence of one kind; `None` if there is none.
    pub(super) fn marks(&self, kind: Kind) -> Option<&SharedBits> {
        self.slot(kind).get()
    }

    /// Whether any open region has evidence of one kind.
    pub(super) fn has(&self, kind: Kind) -> bool {
        self.marks(kind).is_some()
    }
}

/// What the name of a data set, or of a record, stands for.
#[derive(Debug, Clone)]
pub(super) enum Named {
    /// A profiled pair. Its cell stands here too, because most peaks lie where
    /// the cell is closed, and then the pair itself need not be looked at.
    Pair {
        cell: u32,
        pair: Arc<Pair>,
    },
    NotProfiled,
    TfNotAskedFor,
    CellWithoutAccessibility,
}
