//! `bindscape motif logo`: motifs as pictures.

use std::path::PathBuf;

use bindscape::motif::{Heights, Logo, LogoInput};
use bindscape_base::Result;
use clap::Args;

use super::input::Input;
use crate::face::Verb;

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

impl Verb for Arguments {
    type Job = Logo;

    fn plan(self) -> Result<Logo> {
        let input = if self.weights {
            LogoInput::Weights(self.input.motifs.into())
        } else {
            LogoInput::Motifs {
                input: self.input.into(),
                heights: if self.probability {
                    Heights::Probability
                } else {
                    Heights::Information
                },
                reverse_complement: self.reverse_complement,
            }
        };
        Ok(Logo {
            input,
            out: self.out,
            png: self.png,
            scale: self.scale,
        })
    }
}
