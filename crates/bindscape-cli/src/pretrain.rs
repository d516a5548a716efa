//! `bindscape pretrain`: a multi-model on several TFs.

use std::path::PathBuf;

use bindscape::pretrain::{Pretrain, TfChoice};
use bindscape_base::{Error, Result};
use bindscape_matrix::sample::Unresolved;
use bindscape_nn::{ArchitectureKind, DeviceChoice};
use clap::Args;

use crate::choice::choice;
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
    /// TFs by name, top-resolved:N for N TFs with many regions resolved in common, or all
    #[arg(
        long,
        value_name = "TF,…|top-resolved:N|all",
        default_value = "top-resolved:50"
    )]
    tfs: String,
    /// TFs to leave out of these
    #[arg(long, value_name = "TF,…", value_delimiter = ',')]
    without: Vec<String>,
    /// Regions that are resolved for some of the TFs only
    #[arg(long, default_value = "drop", value_parser = choice::<Unresolved>(UNRESOLVED))]
    unresolved: Unresolved,
    /// Network: cnn or danq
    #[arg(long, value_name = "NETWORK", default_value_t)]
    architecture: ArchitectureKind,
    /// Begin with filters that are motifs: a file, or jaspar:vertebrates; the mean of each cluster,
    /// the largest first, in both orientations [default: random filters]
    #[arg(long, value_name = "MOTIFS")]
    motif_filters: Option<String>,
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

const UNRESOLVED: &[(&str, &str)] = &[
    ("drop", "Left out, as in the paper"),
    ("mask", "Taken; the loss leaves out the other TFs"),
];

/// The choice of TFs that `text` writes.
fn tf_choice(text: &str) -> Result<TfChoice> {
    if text == "all" {
        return Ok(TfChoice::All);
    }
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
            without: self.without,
            unresolved: self.unresolved,
            architecture: self.architecture,
            motif_filters: self.motif_filters,
            regions: self.regions,
            split: self.split.split()?,
            training: self.training.plan(),
            out: self.out,
        })
    }
}
