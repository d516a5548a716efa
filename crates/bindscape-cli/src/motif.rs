//! `bindscape motif`: find, convert and draw motifs.

pub(crate) mod cluster;
pub(crate) mod compare;
pub(crate) mod convert;
pub(crate) mod discover;
mod input;
pub(crate) mod logo;
mod output;
pub(crate) mod scan;

use bindscape_base::Result;
use clap::Subcommand;

use crate::face::Face;

/// The verbs below `motif`.
#[derive(Debug, Subcommand)]
pub(crate) enum MotifVerb {
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

impl MotifVerb {
    /// The verb as it is typed.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            MotifVerb::Cluster(_) => "motif cluster",
            MotifVerb::Compare(_) => "motif compare",
            MotifVerb::Convert(_) => "motif convert",
            MotifVerb::Discover(_) => "motif discover",
            MotifVerb::Logo(_) => "motif logo",
            MotifVerb::Scan(_) => "motif scan",
        }
    }
}

pub(crate) fn run(verb: MotifVerb, face: &Face<'_>) -> Result<()> {
    match verb {
        MotifVerb::Cluster(arguments) => cluster::run(arguments, face),
        MotifVerb::Compare(arguments) => compare::run(arguments, face),
        MotifVerb::Convert(arguments) => convert::run(arguments, face),
        MotifVerb::Discover(arguments) => discover::run(arguments, face),
        MotifVerb::Logo(arguments) => logo::run(arguments, face),
        MotifVerb::Scan(arguments) => scan::run(arguments, face),
    }
}

#[cfg(test)]
mod tests;
