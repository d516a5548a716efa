//! `bindscape motif`: find, convert and draw motifs.

mod cluster;
mod compare;
mod convert;
mod discover;
mod input;
mod logo;
mod output;
mod scan;

use bindscape_base::Result;
use clap::Subcommand;

use crate::terminal::Terminal;

/// The verbs below `motif`.
#[derive(Debug, Subcommand)]
pub(crate) enum MotifVerb {
    /// Group like motifs into binding modes
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

pub(crate) fn run(verb: MotifVerb, terminal: &Terminal) -> Result<()> {
    match verb {
        MotifVerb::Cluster(arguments) => cluster::run(&arguments, terminal),
        MotifVerb::Compare(arguments) => compare::run(&arguments, terminal),
        MotifVerb::Convert(arguments) => convert::run(&arguments, terminal),
        MotifVerb::Discover(arguments) => discover::run(&arguments, terminal),
        MotifVerb::Logo(arguments) => logo::run(&arguments, terminal),
        MotifVerb::Scan(arguments) => scan::run(&arguments, terminal),
    }
}
