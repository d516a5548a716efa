//! `bindscape matrix`: make, convert and look at binding matrices.

mod build;
mod convert;
mod look;

use bindscape_base::Result;
use clap::Subcommand;

use crate::terminal::Terminal;

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

pub(crate) fn run(verb: MatrixVerb, terminal: &Terminal) -> Result<()> {
    match verb {
        MatrixVerb::Build(arguments) => build::run(*arguments, terminal),
        MatrixVerb::Import(arguments) => convert::import(&arguments, terminal),
        MatrixVerb::Export(arguments) => convert::export(&arguments, terminal),
        MatrixVerb::Inspect(arguments) => look::inspect(&arguments, terminal),
        MatrixVerb::Similarity(arguments) => look::similarity(&arguments, terminal),
    }
}
