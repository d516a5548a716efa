//! `bindscape motif`: read, convert and draw motifs.

mod convert;
mod discover;

use bindscape_core::Result;
use clap::Subcommand;

use crate::terminal::Terminal;

/// The verbs below `motif`.
#[derive(Debug, Subcommand)]
pub(crate) enum MotifVerb {
    /// Write motifs in another format, trimmed, on the other strand, or some of them
    Convert(convert::Arguments),
    /// Find motifs that are enriched in sequences over controls
    Discover(discover::Arguments),
}

pub(crate) fn run(verb: MotifVerb, terminal: &Terminal) -> Result<()> {
    match verb {
        MotifVerb::Convert(arguments) => convert::run(&arguments, terminal),
        MotifVerb::Discover(arguments) => discover::run(&arguments, terminal),
    }
}
