//! `bindscape predict`: scores for sequences, or for regions of a genome.

use std::path::PathBuf;

use bindscape::data::thousands;
use bindscape::predict::{Predict, Predicted, PredictionInput, WindowReport};
use bindscape_base::progress::Progress;
use bindscape_base::{Error, Result};
use bindscape_nn::Strands;
use clap::{Args, ValueEnum};

use crate::device::DeviceArguments;
use crate::face::Face;

/// Options of `predict`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Model: a run directory with one model, or a .safetensors file
    #[arg(long, value_name = "RUN|FILE")]
    model: PathBuf,
    /// Sequences to score (FASTA, may be compressed; `-` is standard input). Records named by their region (chrom:start-end, as `bedtools getfasta` writes them) are reported there, others by name and position
    #[arg(long, value_name = "FILE", required_unless_present = "regions")]
    fasta: Option<PathBuf>,
    /// Regions to score (BED or narrowPeak, may be compressed; `-` is standard input); needs --genome
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with = "fasta",
        requires = "genome"
    )]
    regions: Option<PathBuf>,
    /// Genome of the regions: 2bit, or FASTA with its .fai beside it
    #[arg(long, value_name = "FILE")]
    genome: Option<PathBuf>,
    /// Table to write: .tsv, .bed (both also .gz) or .parquet; `-` is TSV on standard output
    #[arg(long, value_name = "FILE", default_value = "-")]
    out: PathBuf,
    /// Bases between windows over sequences longer than the model's [default: the model's length]
    #[arg(long, value_name = "BP")]
    stride: Option<u64>,
    /// What is reported of a sequence of several windows
    #[arg(long, value_enum, default_value = "max")]
    report: Report,
    /// Strands to score; the scores of both are averaged
    #[arg(long, value_enum, default_value = "both")]
    strands: StrandChoice,
    #[command(flatten)]
    device: DeviceArguments,
}

/// What is reported of a sequence of several windows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Report {
    /// The highest score of its windows
    Max,
    /// The mean score of its windows
    Mean,
    /// Every window, on a row of its own
    Windows,
}

/// Strands, as the command line names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum StrandChoice {
    /// Both strands
    Both,
    /// As given
    Forward,
}

impl Arguments {
    fn plan(self) -> Result<Predict> {
        Ok(Predict {
            model: self.model,
            input: match (self.fasta, self.regions, self.genome) {
                (Some(fasta), _, genome) => PredictionInput::Fasta { fasta, genome },
                (None, Some(regions), Some(genome)) => PredictionInput::Regions { regions, genome },
                _ => {
                    return Err(Error::argument(
                        "fasta",
                        "a FASTA file, or ⟦regions⟧ with their ⟦genome⟧",
                        "neither",
                    ));
                }
            },
            out: self.out,
            stride: self.stride,
            report: match self.report {
                Report::Max => WindowReport::Max,
                Report::Mean => WindowReport::Mean,
                Report::Windows => WindowReport::Windows,
            },
            strands: match self.strands {
                StrandChoice::Both => Strands::Both,
                StrandChoice::Forward => Strands::Forward,
            },
            precision: self.device.precision,
        })
    }
}

pub(crate) fn run(arguments: Arguments, face: &Face<'_>) -> Result<()> {
    let device = arguments.device.choice;
    face.run_on(&arguments.plan()?, device, report)
}

/// Says what was scored.
pub(crate) fn report(scored: Predicted, face: &Face<'_>) -> Result<()> {
    face.terminal.note(&format!(
        "{} rows written, {} of them without a score (letters other than A, C, G, T, or no room for a window)",
        thousands(scored.rows),
        thousands(scored.missing)
    ));
    if scored.short > 0 {
        face.terminal.note(&format!(
            "{} were shorter than the model's {} bp: {}",
            thousands(scored.short),
            scored.length,
            if scored.widened {
                "the window around their centre was scored"
            } else {
                "they have no score"
            }
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_those_of_the_plan() {
        let arguments: Arguments = crate::cli::parsed(&["--model", "m", "--fasta", "f"]);
        let input = PredictionInput::Fasta {
            fasta: "f".into(),
            genome: None,
        };
        assert_eq!(
            arguments.plan().expect("an input"),
            Predict::new("m".into(), input, "-".into())
        );
    }
}
