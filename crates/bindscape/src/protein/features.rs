//! Where the numbers come from that a network is trained on, or used with.

use std::path::{Path, PathBuf};

use bindscape_base::progress::Progress;
use bindscape_base::{Error, Place, Result};
use bindscape_nn::DeviceChoice;
use bindscape_nn::protein::Encoder;
use bindscape_protein::{EmbeddingStore, Features, Protein, Representation, RowsOf, Windows};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::embedded::Embedded;

/// Residues that are represented at a time at most.
const RESIDUES: usize = 1 << 22;

/// Where a model of proteins finds embeddings, if it takes any.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EmbeddingOptions {
    /// A directory of embeddings of the proteins, for a model that was trained on such.
    pub embeddings: Option<PathBuf>,
    /// ESM-2 by name (`facebook/esm2_t6_8M_UR50D`), file or directory, to compute the embeddings
    /// with; the one that the model was trained on.
    pub esm2: Option<String>,
}

impl EmbeddingOptions {
    /// Checks that embeddings are not both stored and computed.
    ///
    /// # Errors
    /// If they are.
    pub fn check(&self) -> Result<()> {
        match (&self.embeddings, &self.esm2) {
            (Some(_), Some(model)) => Err(Error::argument(
                "esm2",
                "none, with ⟦embeddings⟧",
                format!("`{model}`"),
            )),
            _ => Ok(()),
        }
    }

    /// What results depend on, for the journal of a job.
    pub(crate) fn identity(&self) -> Value {
        json!({
            "embeddings": self.embeddings.as_ref().map(|path| path.to_string_lossy()),
            "esm2": self.esm2,
        })
    }

    /// Refuses embeddings for a model that takes none.
    ///
    /// # Errors
    /// If there are any.
    pub fn refuse(&self, why: &str) -> Result<()> {
        let given = [
            ("embeddings", self.embeddings.is_some()),
            ("esm2", self.esm2.is_some()),
        ];
        super::refuse(given, &format!("none, {why}"))
    }
}

/// Some proteins as a network takes them.
pub struct Represented<'a> {
    /// Their numbers.
    pub features: Box<dyn Features + 'a>,
    /// Which of them were embedded in overlapping chunks; empty if none was embedded.
    chunked: Vec<bool>,
}

impl Represented<'_> {
    /// Whether a protein was embedded in overlapping chunks.
    pub fn chunked(&self, protein: usize) -> bool {
        self.chunked.get(protein).copied().unwrap_or(false)
    }
}

/// Computed from residues, stored, or computed by ESM-2.
pub enum FeatureSource {
    /// Computed when asked for; never embeddings.
    Computed(Representation),
    /// Embeddings that `protein embed` left in a directory, averaged by windows.
    Stored {
        /// The directory.
        directory: PathBuf,
        /// What it holds.
        store: Box<EmbeddingStore>,
        /// How residues become its rows.
        windows: Windows,
    },
    /// Embedded when asked for.
    Embedded(Box<Embedded>),
}

impl FeatureSource {
    /// The numbers that a model with `encoder` takes.
    ///
    /// # Errors
    /// If embeddings are needed and none were named, the other way round, they are
    /// not those of the encoder, or they cannot be opened.
    pub fn of(
        encoder: &Encoder,
        arguments: &EmbeddingOptions,
        device: DeviceChoice,
        progress: &dyn Progress,
    ) -> Result<Self> {
        if let Some(directory) = &arguments.embeddings {
            let source = Self::stored(directory)?;
            if let Self::Stored { store, .. } = &source {
                encoder.check(store.as_ref())?;
            }
            return Ok(source);
        }
        let computed = !matches!(encoder.representation, Representation::Embeddings(_));
        match &arguments.esm2 {
            None if computed => Ok(Self::Computed(encoder.representation.clone())),
            Some(model) if computed => Err(Error::argument(
                "esm2",
                format!("none, since the model takes `{}`", encoder.representation),
                model.clone(),
            )),
            Some(model) => {
                let embedded = Embedded::new(encoder, model, device, progress)?;
                Ok(Self::Embedded(Box::new(embedded)))
            }
            None => Err(Error::argument(
                "embeddings",
                format!(
                    "embeddings, since the model takes `{}`",
                    encoder.representation
                ),
                "none",
            )
            .hint(
                "name those that `protein embed` made, or with ⟦esm2⟧ the network to compute them",
            )),
        }
    }

    /// Some proteins, at most [`FeatureSource::residues_at_a_time`] if they are many.
    ///
    /// # Errors
    /// If some are not stored, the device fails, or the user asked to stop.
    pub fn represent<'a>(
        &'a self,
        proteins: &'a [Protein],
        progress: &dyn Progress,
    ) -> Result<Represented<'a>> {
        match self {
            Self::Computed(representation) => Ok(Represented {
                features: computed(representation, proteins),
                chunked: Vec::new(),
            }),
            Self::Stored { store, .. } => {
                let stored = store.of(proteins)?;
                let chunked = (0..proteins.len()).map(|place| stored.chunks(place) > 1);
                Ok(Represented {
                    chunked: chunked.collect(),
                    features: Box::new(stored),
                })
            }
            Self::Embedded(embedded) => {
                let batch = embedded.embed(proteins, progress)?;
                Ok(Represented {
                    chunked: batch.chunked(),
                    features: Box::new(batch),
                })
            }
        }
    }

    /// The numbers of the single residues of a protein (residues x features), where
    /// positions are means over several and those are known.
    ///
    /// # Errors
    /// If the device fails, or the user asked to stop.
    pub fn of_residues(
        &self,
        protein: &Protein,
        progress: &dyn Progress,
    ) -> Result<Option<Vec<f32>>> {
        match self {
            Self::Computed(representation) => Ok(representation.residues(&protein.sequence)),
            Self::Stored { .. } => Ok(None),
            Self::Embedded(embedded) => embedded.residues(protein, progress).map(Some),
        }
    }

    /// Residues that may be represented at a time: of embeddings the numbers are kept.
    pub fn residues_at_a_time(&self) -> usize {
        match self {
            Self::Computed(_) | Self::Stored { .. } => RESIDUES,
            Self::Embedded(embedded) => embedded.residues_at_a_time(),
        }
    }

    /// The embeddings in `directory`.
    ///
    /// # Errors
    /// If there are none, or none averaged by windows.
    pub fn stored(directory: &Path) -> Result<Self> {
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
        .hint("make them with `bindscape protein embed` and the representation `windows`"))
    }

    /// How residues become positions.
    pub fn windows(&self) -> Windows {
        match self {
            Self::Computed(representation) => {
                representation.windows().expect("encodings have windows")
            }
            Self::Stored { windows, .. } => *windows,
            Self::Embedded(embedded) => embedded.windows(),
        }
    }

    /// Numbers per position.
    pub fn width(&self) -> usize {
        match self {
            Self::Computed(representation) => computed(representation, &[]).features(),
            Self::Stored { store, .. } => store.features(),
            Self::Embedded(embedded) => embedded.width(),
        }
    }

    /// Whether a language model has learned the numbers, stored or not; else they are an
    /// encoding of the residues.
    pub fn learned(&self) -> bool {
        match self {
            Self::Computed(_) => false,
            Self::Stored { store, .. } => store.representation().is_learned(),
            Self::Embedded(_) => true,
        }
    }

    /// The directory of stored embeddings.
    pub fn directory(&self) -> Option<&Path> {
        match self {
            Self::Computed(_) | Self::Embedded(_) => None,
            Self::Stored { directory, .. } => Some(directory),
        }
    }
}

/// The numbers of `proteins` in a representation that needs no embeddings.
fn computed<'a>(
    representation: &Representation,
    proteins: &'a [Protein],
) -> Box<dyn Features + 'a> {
    representation
        .compute(proteins)
        .expect("embeddings are stored or computed by their network")
}
