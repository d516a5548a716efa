//! Motifs that a user names, and some of them.

use bindscape::motif::MotifInput;
use bindscape_motif::Format;
use clap::Args;

use crate::choice::name;

/// Which motifs to work on.
#[derive(Debug, Args)]
pub(super) struct Input {
    /// Motif file, plain or gzip; `-` is standard input; `jaspar` are the built-in motifs (JASPAR
    /// CORE 2026), `jaspar:` with a group, ids or names some of them (`jaspar:vertebrates`)
    #[arg(value_name = "MOTIFS")]
    pub(super) motifs: String,
    /// Format of the input: meme, jaspar, pfm, pcm, transfac, homer or uniprobe [default: told from the text]
    #[arg(long, value_name = "FORMAT", value_parser = Format::from_name)]
    from: Option<Format>,
    /// Only the motifs of these ids or names, in this order
    #[arg(long, value_name = "ID,...", value_delimiter = ',', value_parser = name())]
    select: Vec<String>,
}

impl From<Input> for MotifInput {
    fn from(input: Input) -> Self {
        Self {
            motifs: input.motifs,
            from: input.from,
            select: input.select,
        }
    }
}
