//! `bindscape matrix`: make, convert and look at binding matrices.

pub(crate) mod build;
pub(crate) mod convert;
pub(crate) mod look;

use crate::face::verbs;

verbs! {
    /// The verbs below `matrix`.
    MatrixVerb {
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
}
