//! `bindscape protein`: from a protein to whether it is a TF, and of which kind.

mod cluster;
mod crossval;
mod embed;
mod explain;
mod fetch;
mod options;
mod predict;
mod train;

use bindscape_base::Result;
use clap::Subcommand;

use crate::terminal::Terminal;

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

pub(crate) fn run(verb: ProteinVerb, terminal: &Terminal) -> Result<()> {
    match verb {
        ProteinVerb::Cluster(arguments) => cluster::run(&arguments, terminal),
        ProteinVerb::Embed(arguments) => embed::run(*arguments, terminal),
        ProteinVerb::Crossval(arguments) => crossval::run(*arguments, terminal),
        ProteinVerb::Fetch(arguments) => fetch::run(arguments, terminal),
        ProteinVerb::Train(arguments) => train::run(*arguments, terminal),
        ProteinVerb::Predict(arguments) => predict::run(*arguments, terminal),
        ProteinVerb::Explain(arguments) => explain::run(*arguments, terminal),
    }
}
