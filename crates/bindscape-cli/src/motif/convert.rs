//! `bindscape motif convert`: motifs in another format.

use std::path::PathBuf;

use bindscape::motif::Convert;
use bindscape_base::Result;
use bindscape_motif::Format;
use clap::Args;

use super::input::Input;
use crate::face::Verb;

/// Options of `motif convert`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    input: Input,
    /// Format of the output: meme, jaspar, pfm, pcm, transfac, homer or uniprobe
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

impl Verb for Arguments {
    type Job = Convert;

    fn plan(self) -> Result<Convert> {
        Ok(Convert {
            input: self.input.into(),
            to: self.to,
            out: self.out.unwrap_or_else(|| "-".into()),
            trim: self.trim,
            reverse_complement: self.reverse_complement,
            pseudocount: self.pseudocount,
        })
    }
}
