//! `bindscape protein`: from a protein to whether it is a TF, and of which kind.

pub(crate) mod cluster;
pub(crate) mod crossval;
pub(crate) mod embed;
pub(crate) mod explain;
pub(crate) mod fetch;
mod options;
pub(crate) mod predict;
pub(crate) mod train;

use bindscape_base::Result;
use clap::Subcommand;

use crate::face::Face;

/// The verbs below `protein`.
#[derive(Debug, Subcommand)]
pub(crate) enum ProteinVerb {
    /// Cluster similar proteins
    Cluster(cluster::Arguments),
    /// Compute and keep what networks see of proteins, such as ESM-2's embeddings
    Embed(Box<embed::Arguments>),
    /// Measure models on proteins that they were not trained on
    Crossval(Box<crossval::Arguments>),
    /// Fetch a labelled set of proteins from UniProt
    Fetch(fetch::Arguments),
    /// Train a network that tells TFs from other proteins, and their kinds
    Train(Box<train::Arguments>),
    /// Tell which proteins are TFs, and of which kind
    Predict(Box<predict::Arguments>),
    /// Show which residues of a protein speak for it being a TF, or of a class
    Explain(Box<explain::Arguments>),
}

impl ProteinVerb {
    /// The verb as it is typed.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Cluster(_) => "protein cluster",
            Self::Embed(_) => "protein embed",
            Self::Crossval(_) => "protein crossval",
            Self::Fetch(_) => "protein fetch",
            Self::Train(_) => "protein train",
            Self::Predict(_) => "protein predict",
            Self::Explain(_) => "protein explain",
        }
    }
}

pub(crate) fn run(verb: ProteinVerb, face: &Face<'_>) -> Result<()> {
    match verb {
        ProteinVerb::Cluster(arguments) => cluster::run(arguments, face),
        ProteinVerb::Embed(arguments) => embed::run(*arguments, face),
        ProteinVerb::Crossval(arguments) => crossval::run(*arguments, face),
        ProteinVerb::Fetch(arguments) => fetch::run(arguments, face),
        ProteinVerb::Train(arguments) => train::run(*arguments, face),
        ProteinVerb::Predict(arguments) => predict::run(*arguments, face),
        ProteinVerb::Explain(arguments) => explain::run(*arguments, face),
    }
}
