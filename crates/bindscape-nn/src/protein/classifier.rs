//! A model of proteins, whatever its kind.

use std::path::Path;

use bindscape_arrays::model_file::{ModelFile, ModelKind};
use bindscape_base::Result;
use bindscape_protein::homology::HomologyModel;
use bindscape_protein::model_file;

use super::model::ProteinModel;

/// A model of proteins of either kind.
#[derive(Debug, Clone, PartialEq)]
pub enum ProteinClassifier {
    /// A trained network.
    Network(Box<ProteinModel>),
    /// Labelled proteins to compare with.
    Homology(Box<HomologyModel>),
}

impl ProteinClassifier {
    /// Reads a model that bindscape wrote.
    ///
    /// # Errors
    /// As [`ProteinModel::load`].
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        Self::from_file(&model_file::open_model(path.as_ref())?)
    }

    /// The model whose file holds these bytes; `path` is for messages.
    ///
    /// # Errors
    /// As [`ProteinClassifier::load`].
    pub fn from_bytes(bytes: Vec<u8>, path: &Path) -> Result<Self> {
        Self::from_file(&ModelFile::new(bytes, path)?)
    }

    fn from_file(file: &ModelFile) -> Result<Self> {
        match file.kind()? {
            ModelKind::Protein => {
                ProteinModel::from_file(file).map(|model| Self::Network(Box::new(model)))
            }
            ModelKind::ProteinHomology => {
                HomologyModel::from_file(file).map(|model| Self::Homology(Box::new(model)))
            }
            other => Err(model_file::other_kind(file, &other)),
        }
    }

    /// As [`ProteinClassifier::load`]; `None` for a file that is something else, or that is not
    /// there.
    ///
    /// # Errors
    /// If it is a model of proteins, but damaged.
    pub fn find(path: impl AsRef<Path>) -> Result<Option<Self>> {
        let Ok(file) = ModelFile::read(path.as_ref()) else {
            return Ok(None);
        };
        if file.names_kind().of_proteins() {
            Self::from_file(&file).map(Some)
        } else {
            Ok(None)
        }
    }

    /// SHA-256 of the file that it was loaded from.
    #[must_use]
    pub fn sha256(&self) -> &str {
        match self {
            Self::Network(model) => model.sha256(),
            Self::Homology(model) => model.sha256(),
        }
    }
}
