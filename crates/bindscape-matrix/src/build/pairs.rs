//! Profiled pairs of TF and cell, and what names stand for.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

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
    /// Files with data of the pair.
    files: Mutex<BTreeSet<(Kind, PathBuf)>>,
}

impl Pair {
    pub(super) fn new(tf: &str, cell: usize) -> Self {
        Self {
            tf: tf.to_owned(),
            cell,
            chip: OnceLock::new(),
            tfbs: OnceLock::new(),
            files: Mutex::default(),
        }
    }

    /// Notes that the file at `path` holds data of the pair.
    pub(super) fn add_file(&self, kind: Kind, path: &Path) {
        self.files().insert((kind, path.to_owned()));
    }

    /// Data sets of one kind: files with data of the pair.
    pub(super) fn data_sets(&self, kind: Kind) -> u64 {
        let files = self.files();
        files.iter().filter(|(of, _)| *of == kind).count() as u64
    }

    fn files(&self) -> MutexGuard<'_, BTreeSet<(Kind, PathBuf)>> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
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
    /// Of one TF in several cells, none of them several itself.
    Several(Arc<[Named]>),
}
