//! `bindscape protein`: from a protein to whether it is a TF, and of which kind.

mod cluster;
mod crossval;
mod embed;
mod embedded;
mod explain;
mod fetch;
mod predict;
mod represent;
mod run;
mod source;
mod split;
mod train;

pub(crate) use represent::facts;

use bindscape_base::{Error, Result, digest};
use bindscape_protein::Protein;
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

/// Refuses the first of `options` that was given.
///
/// # Errors
/// If there is one; the message says what was `expected` of it.
fn refuse<'a>(options: impl IntoIterator<Item = (&'a str, bool)>, expected: &str) -> Result<()> {
    match options.into_iter().find(|(_, given)| *given) {
        Some((option, _)) => Err(Error::option(option, expected, "one")),
        None => Ok(()),
    }
}

/// What tells a protein in a [`Journal`](bindscape_base::journal::Journal).
fn journal_key(protein: &Protein) -> String {
    let mut bytes = protein.id.clone().into_bytes();
    bytes.push(b'\t');
    bytes.extend_from_slice(&protein.sequence);
    digest::sha256_hex(&bytes)
}
