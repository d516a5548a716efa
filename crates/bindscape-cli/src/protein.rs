//! `bindscape protein`: from a protein to whether it is a TF, and of which kind.

pub(crate) mod cluster;
pub(crate) mod crossval;
pub(crate) mod embed;
pub(crate) mod explain;
pub(crate) mod fetch;
mod options;
pub(crate) mod predict;
pub(crate) mod train;

use crate::face::verbs;

verbs! {
    /// The verbs below `protein`.
    ProteinVerb {
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
        /// Show which residues of a protein are evidence that it is a TF, or of a class
        Explain(Box<explain::Arguments>),
    }
}
