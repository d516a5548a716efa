//! Where the numbers come from that a network is trained on.

use std::path::{Path, PathBuf};

use bindscape_core::protein::{EmbeddingStore, Features, Protein, RowsOf, Windows};
use bindscape_core::{Error, Place, Result};

use super::super::represent::Representation;

/// Computed from residues, or stored.
pub(in crate::protein) enum Source {
    /// Computed when asked for.
    Computed(Representation),
    /// Embeddings that `protein embed` left in a directory, averaged by windows.
    Stored {
        directory: PathBuf,
        store: Box<EmbeddingStore>,
        windows: Windows,
    },
}

impl Source {
    /// The embeddings in `directory`.
    ///
    /// # Errors
    /// If there are none, or none averaged by windows.
    pub(in crate::protein) fn stored(directory: &Path) -> Result<Self> {
        let store = EmbeddingStore::open(directory)?;
        let found = match store.info().rows {
            RowsOf::Windows(windows) => {
                return Ok(Self::Stored {
                    directory: directory.to_path_buf(),
                    store: Box::new(store),
                    windows,
                });
            }
            RowsOf::Residues => "a row per residue",
            RowsOf::Mean => "one row per protein",
        };
        Err(Error::input(
            directory,
            Place::File,
            "embeddings averaged by windows",
            found,
        )
        .hint("make them with `bindscape protein embed --representation windows`"))
    }

    /// How residues become positions.
    pub(in crate::protein) fn windows(&self) -> Windows {
        match self {
            Self::Computed(representation) => representation.windows(),
            Self::Stored { windows, .. } => *windows,
        }
    }

    /// Numbers per position.
    pub(in crate::protein) fn width(&self) -> usize {
        match self {
            Self::Computed(representation) => representation.features(&[]).features(),
            Self::Stored { store, .. } => store.features(),
        }
    }

    /// The numbers of `proteins`.
    ///
    /// # Errors
    /// If some are not stored.
    pub(in crate::protein) fn features<'a>(
        &'a self,
        proteins: &'a [Protein],
    ) -> Result<Box<dyn Features + 'a>> {
        Ok(match self {
            Self::Computed(representation) => representation.features(proteins),
            Self::Stored { store, .. } => Box::new(store.of(proteins)?),
        })
    }

    /// The directory of stored embeddings.
    pub(in crate::protein) fn directory(&self) -> Option<&Path> {
        match self {
            Self::Computed(_) => None,
            Self::Stored { directory, .. } => Some(directory),
        }
    }
}
