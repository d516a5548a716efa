//! `bindscape motif`: find, convert and draw motifs.

mod background;
pub(crate) mod cluster;
pub(crate) mod compare;
pub(crate) mod convert;
pub(crate) mod discover;
pub(crate) mod fimo;
pub(crate) mod hits;
mod input;
pub(crate) mod logo;
pub(crate) mod modisco;
mod others;
mod output;
pub(crate) mod scan;

use crate::face::verbs;

verbs! {
    /// The verbs below `motif`.
    MotifVerb {
        /// Group similar motifs into binding modes
        Cluster(cluster::Arguments),
        /// Find known motifs that are like those of a file
        Compare(Box<compare::Arguments>),
        /// Write motifs in another format, trimmed, on the other strand, or some of them
        Convert(convert::Arguments),
        /// Find motifs that are enriched in sequences over controls
        Discover(Box<discover::Arguments>),
        /// Find where motifs fit, with FIMO's command line, directory and files
        Fimo(Box<fimo::Arguments>),
        /// Find where patterns of attributions lie in sequences, as Fi-NeMo does
        Hits(hits::Arguments),
        /// Draw motifs, or any weights of bases, as SVG, PNG or a page of all
        Logo(logo::Arguments),
        /// Find the motifs that attributions form, as TF-MoDISco does
        Modisco(Box<modisco::Arguments>),
        /// Find where motifs fit in sequences, with exact p-values
        Scan(Box<scan::Arguments>),
        /// Find enriched motifs, with STREME's command line, directory and files
        Streme(Box<discover::StremeArguments>),
        /// Find known motifs that are similar, with Tomtom's command line, directory and files
        Tomtom(Box<compare::TomtomArguments>),
    }
}
