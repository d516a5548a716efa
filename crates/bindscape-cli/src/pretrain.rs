//! `bindscape pretrain`: a multi-model on several TFs.

use std::path::PathBuf;

use bindscape::pretrain::Pretrain;
use bindscape_base::Result;
use bindscape_matrix::View;
use bindscape_matrix::sample::Unresolved;
use bindscape_nn::{ArchitectureKind, DeviceChoice};
use clap::Args;

use crate::choice::{VIEWS, choice, name};
use crate::choosing::{ChoosingArguments, STRATEGIES};
use crate::data::{SequenceArguments, SplitArguments};
use crate::face::Verb;
use crate::training::TrainingArguments;

/// Options of `pretrain`.
#[derive(Debug, Args)]
#[command(after_help = STRATEGIES)]
pub(crate) struct Arguments {
    /// Binding matrix (Parquet)
    #[arg(long, value_name = "FILE")]
    matrix: PathBuf,
    #[command(flatten)]
    sequences: SequenceArguments,
    /// TFs by name, all, or a strategy (below) such as mode:TF or top-resolved:N
    #[arg(
        long,
        value_name = "TF,…|all|STRATEGY",
        default_value = "top-resolved:50"
    )]
    tfs: String,
    /// TFs to leave out of these
    #[arg(long, value_name = "TF,…", value_delimiter = ',', value_parser = name())]
    without: Vec<String>,
    /// Regions that are resolved for some of the TFs only
    #[arg(long, default_value = "drop", value_parser = choice::<Unresolved>(UNRESOLVED))]
    unresolved: Unresolved,
    /// How entries with one kind of evidence only are read [default: less-sparse, as in the paper;
    /// sparse with --unresolved mask]
    #[arg(long, value_parser = choice::<View>(VIEWS))]
    view: Option<View>,
    /// Network: cnn, danq, or wide-cnn, which is better than cnn and faster
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
    choosing: ChoosingArguments,
    #[command(flatten)]
    split: SplitArguments,
    #[command(flatten)]
    training: TrainingArguments,
}

const UNRESOLVED: &[(&str, &str)] = &[
    ("drop", "Left out, as in the paper"),
    ("mask", "Taken; the loss leaves out the other TFs"),
];

impl Verb for Arguments {
    type Job = Pretrain;

    fn device(&self) -> DeviceChoice {
        self.training.device.choice
    }

    fn plan(self) -> Result<Pretrain> {
        Ok(Pretrain {
            matrix: self.matrix,
            width: self.sequences.width,
            sequences: self.sequences.input()?,
            tfs: self.tfs.parse()?,
            choosing: self.choosing.choosing(),
            without: self.without,
            unresolved: self.unresolved,
            view: self.view,
            architecture: self.architecture,
            motif_filters: self.motif_filters,
            regions: self.regions,
            split: self.split.split()?,
            training: self.training.plan(),
            out: self.out,
        })
    }
}
