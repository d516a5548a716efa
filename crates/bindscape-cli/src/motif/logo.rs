//! `bindscape motif logo`: motifs as pictures.

use std::path::PathBuf;

use bindscape::motif::{Drawn, Heights, Logo, LogoContent, LogoInput};
use bindscape_base::Result;
use bindscape_base::progress::Progress;
use clap::Args;

use super::input::Input;
use crate::face::Face;

/// Options of `motif logo`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    input: Input,
    /// File to write: .svg or .png for one motif, .html for a page of all; else a directory, a file for each
    #[arg(long, value_name = "FILE|DIR")]
    out: PathBuf,
    /// Write a PNG beside each SVG of the directory
    #[arg(long)]
    png: bool,
    /// Pixels of a PNG for one of the SVG, in which a position is 22 wide
    #[arg(long, value_name = "N", default_value_t = 3.0)]
    scale: f32,
    /// Letters as high as their share of the position's information, in bits (the default)
    #[arg(long, conflicts_with_all = ["probability", "weights"])]
    information: bool,
    /// Letters as high as their frequency
    #[arg(long, conflicts_with = "weights")]
    probability: bool,
    /// Read a table of weights instead of motifs: tab-separated, columns A, C, G, T, a row per position
    #[arg(long, conflicts_with_all = ["from", "select", "reverse_complement"])]
    weights: bool,
    /// Draw the other strand
    #[arg(long)]
    reverse_complement: bool,
}

impl From<Arguments> for Logo {
    fn from(arguments: Arguments) -> Self {
        let input = if arguments.weights {
            LogoInput::Weights(arguments.input.motifs.into())
        } else {
            LogoInput::Motifs {
                input: arguments.input.into(),
                heights: if arguments.probability {
                    Heights::Probability
                } else {
                    Heights::Information
                },
                reverse_complement: arguments.reverse_complement,
            }
        };
        Self {
            input,
            out: arguments.out,
            png: arguments.png,
            scale: arguments.scale,
        }
    }
}

pub(super) fn run(arguments: Arguments, face: &Face<'_>) -> Result<()> {
    face.run(&Logo::from(arguments), report)
}

/// Says what was drawn.
pub(crate) fn report(outcome: Drawn, face: &Face<'_>) -> Result<()> {
    let drawn = match outcome.content {
        LogoContent::Motifs(count) => format!("{count} motifs"),
        LogoContent::Positions(count) => format!("{count} positions"),
    };
    face.terminal
        .note(&format!("wrote {}: {drawn}", outcome.out.display()));
    Ok(())
}
