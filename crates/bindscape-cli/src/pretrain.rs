//! `bindscape pretrain`: a multi-model on several TFs.

use std::path::PathBuf;

use bindscape::pretrain::{Pretrain, Pretrained, TfChoice};
use bindscape::training::mean_aucpr;
use bindscape_base::progress::Progress;
use bindscape_base::{Error, Result};
use bindscape_nn::ArchitectureKind;
use clap::Args;

use crate::data::{SequenceArguments, SplitArguments};
use crate::face::Face;
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

pub(crate) fn run(arguments: Arguments, face: &Face<'_>) -> Result<()> {
    let plan = Pretrain {
        matrix: arguments.matrix,
        sequences: arguments.sequences.input()?,
        tfs: tf_choice(&arguments.tfs)?,
        architecture: arguments.architecture,
        regions: arguments.regions,
        split: arguments.split.split()?,
        training: arguments.training.plan(),
        out: arguments.out,
    };
    face.run_on(&plan, arguments.training.device.choice, report)
}

/// Says what was reached.
pub(crate) fn report(outcome: Pretrained, face: &Face<'_>) -> Result<()> {
    let (mean, defined) = mean_aucpr(&outcome.evaluation.tfs);
    face.terminal.note(&format!(
        "test AUCPR: mean {} over {defined} of {} TFs; the model is {}",
        mean.map_or_else(|| "undefined".into(), |mean| format!("{mean:.3}")),
        outcome.evaluation.tfs.len(),
        outcome.model.display(),
    ));
    Ok(())
}
