//! Where the probabilities of bases come from where no site is.

use std::path::PathBuf;

use bindscape_base::{Error, Place, Result};
use bindscape_motif::Background;
use serde::{Deserialize, Serialize};

/// Where a background comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BackgroundChoice {
    /// From the motif file, or uniform where that has none.
    #[default]
    MotifsOrUniform,
    /// From the motif file, which must have one.
    Motifs,
    /// A quarter for each base.
    Uniform,
    /// That of a non-redundant database, FIMO's where none is given.
    Nrdb,
    /// From a file of MEME's background format or a MEME motif file.
    File(PathBuf),
}

impl BackgroundChoice {
    /// The background, where `of_motifs` is that of the motif file.
    pub(super) fn read(&self, of_motifs: Option<Background>, motifs: &str) -> Result<Background> {
        match self {
            Self::MotifsOrUniform => Ok(of_motifs.unwrap_or_default()),
            Self::Motifs => of_motifs.ok_or_else(|| {
                Error::input(
                    motifs,
                    Place::File,
                    "the line `Background letter frequencies`, as ⟦background⟧ asks for",
                    "a motif file without it",
                )
            }),
            Self::Uniform => Ok(Background::uniform()),
            Self::Nrdb => Ok(Background::nrdb()),
            Self::File(path) => Background::read(path),
        }
    }

    /// Whose it is, in words; `known` tells whether the motif file has one.
    pub(super) fn origin(&self, known: bool) -> &'static str {
        match self {
            Self::MotifsOrUniform | Self::Motifs if known => "of the motif file",
            Self::MotifsOrUniform | Self::Motifs | Self::Uniform => "uniform",
            Self::Nrdb => "of a non-redundant database (nrdb)",
            Self::File(_) => "of the file",
        }
    }
}
