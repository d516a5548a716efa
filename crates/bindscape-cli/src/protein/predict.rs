//! `bindscape protein predict`: is a protein a transcription factor, and of which kind?

use std::num::NonZeroUsize;
use std::path::PathBuf;

use bindscape::protein::predict::Predict;
use bindscape::protein::shipped::ShippedModel;
use bindscape_base::Result;
use bindscape_nn::DeviceChoice;
use clap::Args;

use super::options::EmbeddingArguments;
use crate::face::Verb;

/// Options of `protein predict`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Model: the directory of a training, a .safetensors file, or one that the program brings along: eukaryotes or prokaryotes
    #[arg(long, value_name = "RUN|FILE|NAME", default_value = ShippedModel::ALL[0].name)]
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

impl Verb for Arguments {
    type Job = Predict;

    fn device(&self) -> DeviceChoice {
        self.device
    }

    fn plan(self) -> Result<Predict> {
        Ok(Predict {
            model: self.model,
            proteins: self.proteins,
            embeddings: self.embeddings.options(),
            threshold: self.threshold,
            top: self.top,
            prior: self.prior,
            out: self.out,
        })
    }
}
