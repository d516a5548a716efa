//! `bindscape motif`: find, convert and draw motifs.

pub(crate) mod cluster;
pub(crate) mod compare;
pub(crate) mod convert;
pub(crate) mod discover;
mod input;
pub(crate) mod logo;
mod output;
pub(crate) mod scan;

use crate::face::verbs;

verbs! {
    /// The verbs below `motif`.
    MotifVerb {
        /// Group similar motifs into binding modes
        Cluster(cluster::Arguments),
        /// Find known motifs that are like those of a file
        Compare(compare::Arguments),
        /// Write motifs in another format, trimmed, on the other strand, or some of them
        Convert(convert::Arguments),
        /// Find motifs that are enriched in sequences over controls
        Discover(discover::Arguments),
        /// Draw motifs, or any weights of bases, as SVG, PNG or a page of all
        Logo(logo::Arguments),
        /// Find where motifs fit in sequences, with exact p-values
        Scan(scan::Arguments),
    }
}
