//! `bindscape pretrain`: a multi-model on several TFs.

use std::path::PathBuf;

use bindscape::pretrain::{Pretrain, TfChoice};
use bindscape_base::{Error, Result};
use bindscape_nn::{ArchitectureKind, DeviceChoice};
use clap::Args;

use crate::data::{SequenceArguments, SplitArguments};
use crate::face::Verb;
use crate::training::TrainingArguments;

/// Options of `pretrain`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Binding matrix (Parquet)
    #[arg(long, value_name = "FILE")]
    matrix: PathBuf,
    #[command(flatten)]
    sequences: SequenceArguments,
    /// TFs by name, or top-resolved:N for N TFs with many regions resolved in common
    #[arg(
        long,
        value_name = "TF,…|top-resolved:N",
        default_value = "top-resolved:50"
    )]
    tfs: String,
    /// Network: cnn or danq
    #[arg(long, value_name = "NETWORK", default_value_t)]
    architecture: ArchitectureKind,
    /// Take this many regions at random [default: all]
    #[arg(long, value_name = "N")]
    regions: Option<usize>,
    /// Run directory
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    #[command(flatten)]
    split: SplitArguments,
    #[command(flatten)]
    training: TrainingArguments,
}

/// The choice of TFs that `text` writes.
fn tf_choice(text: &str) -> Result<TfChoice> {
    let Some(count) = text.strip_prefix("top-resolved:") else {
        let names = text
            .split(',')
            .map(|name| name.trim().to_owned())
            .filter(|name| !name.is_empty())
            .collect();
        return Ok(TfChoice::Named(names));
    };
    count.parse().map(TfChoice::TopResolved).map_err(|_| {
        Error::argument("tfs", "top-resolved:N with a number", format!("{text:?}"))
            .hint("for example top-resolved:50")
    })
}

impl Verb for Arguments {
    type Job = Pretrain;

    fn device(&self) -> DeviceChoice {
        self.training.device.choice
    }

    fn plan(self) -> Result<Pretrain> {
        Ok(Pretrain {
            matrix: self.matrix,
            sequences: self.sequences.input()?,
            tfs: tf_choice(&self.tfs)?,
            architecture: self.architecture,
            regions: self.regions,
            split: self.split.split()?,
            training: self.training.plan(),
            out: self.out,
        })
    }
}
