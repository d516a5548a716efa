//! `bindscape protein predict`: is a protein a transcription factor, and of which kind?

use std::num::NonZeroUsize;
use std::path::PathBuf;

use bindscape::data::thousands;
use bindscape::protein::predict::{Predict, Predicted};
use bindscape_base::Result;
use bindscape_base::progress::Progress;
use bindscape_nn::DeviceChoice;
use clap::Args;

use super::options::EmbeddingArguments;
use crate::face::Face;

/// Options of `protein predict`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Model: the directory of a training, or a .safetensors file
    #[arg(long, value_name = "RUN|FILE")]
    model: PathBuf,
    /// Proteins to score (FASTA, may be compressed; `-` is standard input)
    #[arg(long, value_name = "FASTA")]
    proteins: PathBuf,
    #[command(flatten)]
    embeddings: EmbeddingArguments,
    /// Probability from which on a protein is called a TF
    #[arg(long, value_name = "P", default_value_t = 0.5)]
    threshold: f64,
    /// Write the N proteins with the highest p_tf only, the highest first
    #[arg(long, value_name = "N")]
    top: Option<NonZeroUsize>,
    /// Share of TFs among these proteins; training sets hold far more than a proteome does [default: as in training]
    #[arg(long, value_name = "SHARE")]
    prior: Option<f64>,
    /// Table to write; `-` is standard output. Beside a file, FILE.json says what made it; the same command continues an interrupted one
    #[arg(long, value_name = "TSV", default_value = "-")]
    out: PathBuf,
    /// Compute device
    #[arg(long, default_value = "cpu", value_name = "DEVICE")]
    device: DeviceChoice,
}

impl Arguments {
    fn plan(self) -> Predict {
        Predict {
            model: self.model,
            proteins: self.proteins,
            embeddings: self.embeddings.options(),
            threshold: self.threshold,
            top: self.top,
            prior: self.prior,
            out: self.out,
        }
    }
}

pub(super) fn run(arguments: Arguments, face: &Face<'_>) -> Result<()> {
    let device = arguments.device;
    face.run_on(&arguments.plan(), device, report)
}

/// Says what was read and predicted.
pub(crate) fn report(outcome: Predicted, face: &Face<'_>) -> Result<()> {
    let counts = outcome.counts;
    let line = |count, what: &str| {
        face.terminal
            .note(&format!("{:>12}  {what}", thousands(count)));
    };
    line(counts.proteins, "proteins");
    if let Some(tfs) = counts.tfs {
        line(tfs, "called TFs");
    }
    for (class, &count) in &counts.classes {
        line(count, &format!("with class {}", class.name()));
    }
    for (flag, &count) in &counts.flags {
        line(count, &format!("flagged {}", flag.name()));
    }
    if counts.stops_dropped > 0 {
        line(counts.stops_dropped, "final stops ('*') dropped");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_those_of_the_plan() {
        let words = ["--model", "m", "--proteins", "p.fa"];
        assert_eq!(
            crate::cli::parsed::<Arguments>(&words).plan(),
            Predict::new("m".into(), "p.fa".into(), "-".into())
        );
    }
}
