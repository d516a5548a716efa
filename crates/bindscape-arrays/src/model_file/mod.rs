//! The file of a model: one safetensors file whose metadata say of which kind the model is.
//!
//! | kind | model |
//! |---|---|
//! | none | a network for binding sites |
//! | `protein` | a network for proteins |
//! | `protein-homology` | labelled proteins to compare with |
//!
//! Who reads the metadata knows what the arrays mean.

use std::path::{Path, PathBuf};

use bindscape_base::digest::sha256_hex;
use bindscape_base::kind::{self, FileKind};
use bindscape_base::{Error, Place, Result};
use safetensors::SafeTensors;
use serde::Deserialize;
use serde::de::DeserializeOwned;

pub mod tensors;

use tensors::Array;

/// Version of the metadata in a model file, of whatever kind.
pub const FORMAT: u32 = 1;

/// What a model is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModelKind {
    /// Binding sites. Its metadata name no kind.
    BindingSites,
    /// Proteins, by a network.
    Protein,
    /// Proteins, by their similarity to labelled ones.
    ProteinHomology,
    /// Something that this version does not know.
    Other(String),
}

impl ModelKind {
    /// The kind in the metadata of a file.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::BindingSites => None,
            Self::Protein => Some("protein"),
            Self::ProteinHomology => Some("protein-homology"),
            Self::Other(name) => Some(name),
        }
    }

    fn from_name(name: Option<&str>) -> Self {
        match name {
            None => Self::BindingSites,
            Some("protein") => Self::Protein,
            Some("protein-homology") => Self::ProteinHomology,
            Some(other) => Self::Other(other.to_owned()),
        }
    }

    /// Whether it is one of the models of proteins.
    #[must_use]
    pub fn of_proteins(&self) -> bool {
        matches!(self, Self::Protein | Self::ProteinHomology)
    }
}

/// What the metadata of every kind say.
#[derive(Deserialize)]
struct Header {
    kind: Option<String>,
    format: u32,
}

/// A safetensors file in memory, with its metadata.
#[derive(Debug)]
pub struct ModelFile {
    path: PathBuf,
    bytes: Vec<u8>,
    metadata: Option<String>,
}

impl ModelFile {
    /// Reads a file.
    ///
    /// # Errors
    /// If it cannot be read or is no whole safetensors file.
    pub fn read(path: &Path) -> Result<Self> {
        // Weights that PyTorch saved have a hint of their own.
        let accepted = [
            FileKind::BindingModel,
            FileKind::ProteinModel,
            FileKind::Safetensors,
            FileKind::Zip,
            FileKind::Pickle,
        ];
        kind::expect(path, "a model (safetensors)", &accepted).map_err(|error| {
            match error.advice() {
                Some(_) => error,
                None => error
                    .hint("if it was a model, it is damaged or incomplete: copy or make it again"),
            }
        })?;
        let bytes = std::fs::read(path).map_err(|source| Error::io("read", path, source))?;
        Self::new(bytes, path)
    }

    /// As [`ModelFile::read`], of bytes that were read from `path`.
    ///
    /// # Errors
    /// If they are no whole safetensors file.
    pub fn new(bytes: Vec<u8>, path: &Path) -> Result<Self> {
        let (_, metadata) = tensors::open(&bytes, path)?;
        Ok(Self {
            path: path.to_path_buf(),
            bytes,
            metadata,
        })
    }

    /// The file's path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// SHA-256 of the file.
    #[must_use]
    pub fn sha256(&self) -> String {
        sha256_hex(&self.bytes)
    }

    /// Whether bindscape wrote it: it has metadata.
    #[must_use]
    pub fn is_ours(&self) -> bool {
        self.metadata.is_some()
    }

    /// Of which kind the model is.
    ///
    /// # Errors
    /// If the metadata are damaged or missing, or of another version.
    pub fn kind(&self) -> Result<ModelKind> {
        let header: Header = self.parse()?;
        let kind = ModelKind::from_name(header.kind.as_deref());
        if header.format != FORMAT && !matches!(kind, ModelKind::Other(_)) {
            return Err(Error::input(
                &self.path,
                Place::File,
                format!("model format {FORMAT}"),
                format!("format {}", header.format),
            )
            .hint("update bindscape"));
        }
        Ok(kind)
    }

    /// The kind that the metadata name, whatever else is in them.
    #[must_use]
    pub fn names_kind(&self) -> ModelKind {
        let metadata: Option<serde_json::Value> = self.parse().ok();
        let kind = metadata.as_ref().and_then(|metadata| metadata.get("kind"));
        ModelKind::from_name(kind.and_then(serde_json::Value::as_str))
    }

    /// What the metadata say of the model.
    ///
    /// # Errors
    /// If they are damaged or missing.
    pub fn parse<D: DeserializeOwned>(&self) -> Result<D> {
        let metadata = self
            .metadata
            .as_deref()
            .ok_or_else(|| self.damaged("none".into()))?;
        serde_json::from_str(metadata).map_err(|error| self.damaged(error.to_string()))
    }

    /// The arrays of a network, by name.
    ///
    /// # Errors
    /// If there are types other than `f32` arrays and `i64` scalars.
    pub fn arrays(&self) -> Result<Vec<Array>> {
        tensors::of_network(&self.tensors(), &self.path)
    }

    /// All arrays.
    ///
    /// # Panics
    /// Never: the file was opened before.
    #[must_use]
    pub fn tensors(&self) -> SafeTensors<'_> {
        SafeTensors::deserialize(&self.bytes).expect("it was opened before")
    }

    /// The error for metadata that cannot be.
    #[must_use]
    pub fn damaged(&self, found: String) -> Error {
        Error::input(
            &self.path,
            Place::Record(format!("metadata `{}`", tensors::KEY)),
            format!("the description of a model, format {FORMAT}"),
            found,
        )
        .hint("the file is damaged, or a newer bindscape wrote it")
    }
}
