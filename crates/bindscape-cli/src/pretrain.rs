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
use crate::training::{TrainingArguments, motif_filters};

/// Options of `pretrain`.
#[derive(Debug, Args)]
#[command(after_help = STRATEGIES)]
pub(crate) struct Arguments {
    /// Binding matrix (Parquet)
    #[arg(long, value_name = "FILE")]
    matrix: PathBuf,
    #[command(flatten)]
    sequences: SequenceArguments,
    /// TFs by name, all, or a strategy (below) such as mode:TF or top-resolved:N [default: all, or
    /// top-resolved:50 with --preset paper-2021]
    #[arg(long, value_name = "TF,…|all|STRATEGY")]
    tfs: Option<String>,
    /// TFs to leave out of these
    #[arg(long, value_name = "TF,…", value_delimiter = ',', value_parser = name())]
    without: Vec<String>,
    /// Regions that are resolved for some of the TFs only [default: mask for all TFs, drop for
    /// others and with --preset paper-2021]
    #[arg(long, value_parser = choice::<Unresolved>(UNRESOLVED))]
    unresolved: Option<Unresolved>,
    /// How entries with one kind of evidence only are read [default: less-sparse, as in the paper;
    /// sparse with --unresolved mask]
    #[arg(long, value_parser = choice::<View>(VIEWS))]
    view: Option<View>,
    /// Network: wide-cnn, cnn or danq [default: wide-cnn, or cnn with --preset paper-2021]
    #[arg(long, value_name = "NETWORK")]
    architecture: Option<ArchitectureKind>,
    /// Begin with filters that are motifs: a file, or jaspar:vertebrates; the mean of each cluster,
    /// the largest first, in both orientations; or `random` [default: jaspar:vertebrates, or random
    /// with --preset paper-2021]
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
        let preset = self.training.preset;
        let sequences = self.sequences.input()?;
        let usual = Pretrain::new(self.matrix, sequences, self.out).with_preset(preset);
        let tfs = match self.tfs {
            Some(tfs) => tfs.parse()?,
            None => usual.tfs,
        };
        Ok(Pretrain {
            width: self.sequences.width,
            unresolved: self.unresolved.unwrap_or_else(|| preset.unresolved(&tfs)),
            tfs,
            choosing: self.choosing.choosing(),
            without: self.without,
            view: self.view,
            architecture: self.architecture.unwrap_or(usual.architecture),
            motif_filters: motif_filters(self.motif_filters).unwrap_or(usual.motif_filters),
            regions: self.regions,
            split: self.split.split()?,
            training: self.training.plan(usual.training),
            ..usual
        })
    }
}
