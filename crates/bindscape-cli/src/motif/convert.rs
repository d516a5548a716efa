//! `bindscape motif convert`: motifs in another format.

use std::path::PathBuf;

use bindscape::motif::{Convert, Converted};
use bindscape_base::Result;
use bindscape_base::progress::Progress;
use bindscape_motif::Format;
use clap::Args;

use super::input::Input;
use crate::face::Face;

/// Options of `motif convert`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    input: Input,
    /// Format of the output: meme, jaspar, pfm, transfac, homer or uniprobe
    #[arg(long, value_name = "FORMAT", value_parser = Format::from_name)]
    to: Format,
    /// File to write [default: standard output]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Cut ends whose positions have less information than this
    #[arg(long, value_name = "BITS")]
    trim: Option<f64>,
    /// Write the other strand
    #[arg(long)]
    reverse_complement: bool,
    /// Sites added to every position before frequencies are taken, split by the background of the
    /// input, or evenly where it has none
    #[arg(long, value_name = "SITES")]
    pseudocount: Option<f64>,
}

impl From<Arguments> for Convert {
    fn from(arguments: Arguments) -> Self {
        Self {
            input: arguments.input.into(),
            to: arguments.to,
            out: arguments.out.unwrap_or_else(|| "-".into()),
            trim: arguments.trim,
            reverse_complement: arguments.reverse_complement,
            pseudocount: arguments.pseudocount,
        }
    }
}

pub(super) fn run(arguments: Arguments, face: &Face<'_>) -> Result<()> {
    face.run(&Convert::from(arguments), report)
}

/// Says what was written.
pub(crate) fn report(outcome: Converted, face: &Face<'_>) -> Result<()> {
    if let Some(file) = outcome.file {
        face.terminal.note(&format!(
            "wrote {}: {} motifs",
            file.display(),
            outcome.motifs
        ));
    }
    Ok(())
}
