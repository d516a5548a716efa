//! `bindscape matrix`: make, convert and look at binding matrices.

pub(crate) mod build;
pub(crate) mod convert;
pub(crate) mod look;

use bindscape_base::Result;
use clap::Subcommand;

use crate::face::Face;

/// The verbs below `matrix`.
#[derive(Debug, Subcommand)]
pub(crate) enum MatrixVerb {
    /// Build a matrix from accessible regions, ChIP-seq peaks and TFBS
    Build(Box<build::Arguments>),
    /// Read the published NPZ and pickle files
    Import(convert::ImportArguments),
    /// Write the published NPZ and pickle files
    Export(convert::ExportArguments),
    /// Count what a matrix holds
    Inspect(look::InspectArguments),
    /// Cosine similarity between the binding vectors of all pairs of TFs
    Similarity(look::SimilarityArguments),
}

impl MatrixVerb {
    /// The verb as it is typed.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            MatrixVerb::Build(_) => "matrix build",
            MatrixVerb::Import(_) => "matrix import",
            MatrixVerb::Export(_) => "matrix export",
            MatrixVerb::Inspect(_) => "matrix inspect",
            MatrixVerb::Similarity(_) => "matrix similarity",
        }
    }
}

pub(crate) fn run(verb: MatrixVerb, face: &Face<'_>) -> Result<()> {
    match verb {
        MatrixVerb::Build(arguments) => build::run(*arguments, face),
        MatrixVerb::Import(arguments) => convert::import(arguments, face),
        MatrixVerb::Export(arguments) => convert::export(arguments, face),
        MatrixVerb::Inspect(arguments) => look::inspect(arguments, face),
        MatrixVerb::Similarity(arguments) => look::similarity(arguments, face),
    }
}
