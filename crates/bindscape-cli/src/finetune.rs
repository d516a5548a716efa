//! `bindscape finetune`: a model of one TF, by transfer or from scratch.

use std::path::PathBuf;

use bindscape::finetune::{Finetune, SeenRegions, StartChoice};
use bindscape_base::Result;
use bindscape_nn::train::{Freeze, TransferLayers};
use bindscape_nn::{ArchitectureKind, DeviceChoice};
use clap::{ArgGroup, Args};

use crate::choice::choice;
use crate::data::{SequenceArguments, SplitArguments};
use crate::face::Verb;
use crate::training::{TrainingArguments, motif_filters};

const SEEN: &[(&str, &str)] = &[
    (
        "train",
        "May be trained on; validation and test regions are others",
    ),
    ("drop", "Left out, as are those it was tested on"),
];

/// Options of `finetune`.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("from").args(["model", "scratch", "simple_only"]).multiple(true).required(true))]
pub(crate) struct Arguments {
    /// Multi-model to transfer from: its run directory or .safetensors file. With
    /// --scratch, only its regions are kept out
    #[arg(long, value_name = "RUN|FILE")]
    model: Option<PathBuf>,
    /// Binding matrix (Parquet)
    #[arg(long, value_name = "FILE")]
    matrix: PathBuf,
    #[command(flatten)]
    sequences: SequenceArguments,
    /// The TF
    #[arg(long, value_name = "TF")]
    tf: String,
    /// Network: cnn, wide-cnn or danq [default: the multi-model's; without one
    /// wide-cnn, or cnn with --preset paper-2021]
    #[arg(long, value_name = "NETWORK")]
    architecture: Option<ArchitectureKind>,
    /// Take this many bound regions at random [default: all]
    #[arg(long, value_name = "N")]
    positives: Option<usize>,
    /// Unbound regions per bound one, matched in GC content
    #[arg(long, value_name = "RATIO", default_value_t = 1.0)]
    negatives_per_positive: f64,
    /// Width of the bins in which GC content is matched, in per cent
    #[arg(long, value_name = "PERCENT", default_value_t = 10)]
    gc_bin: u32,
    /// Repeats, each with its own draw, split and weights; as many train side by side as there are threads
    #[arg(long, value_name = "N", default_value_t = 1)]
    repeats: u32,
    /// Start from random weights instead of the multi-model's
    #[arg(long, conflicts_with = "with_scratch")]
    scratch: bool,
    /// Train from random weights too, on the same regions and split, for comparison
    #[arg(long)]
    with_scratch: bool,
    /// Train no network: fit a readout of the multi-model alone, in seconds
    #[arg(long, conflicts_with_all = ["scratch", "with_scratch", "no_readout"])]
    readout_only: bool,
    /// Train no network and fit no readout: only what needs no multi-model (JASPAR profile, de novo PWM,
    /// k-mer regression)
    #[arg(long, conflicts_with_all = ["scratch", "with_scratch", "readout_only", "no_readout"])]
    simple_only: bool,
    /// Fit no readout of the multi-model
    #[arg(long)]
    no_readout: bool,
    /// Unbound regions per bound one, whatever their GC content, that readout and k-mer regression
    /// are fitted to beside the matched ones
    #[arg(long, value_name = "RATIO", default_value_t = 10.0)]
    background: f64,
    /// Train networks on the regions of --background as well: a genome has many unbound regions, of
    /// every kind; the default unless --preset is paper-2021
    #[arg(long, conflicts_with_all = ["readout_only", "simple_only", "no_train_background"])]
    train_background: bool,
    /// Train networks on the regions matched in GC content alone
    #[arg(long, conflicts_with_all = ["readout_only", "simple_only"])]
    no_train_background: bool,
    /// Regions that the multi-model was fitted to
    #[arg(long, default_value = "train", value_parser = choice::<SeenRegions>(SEEN))]
    seen_regions: SeenRegions,
    /// Begin networks from random weights with filters that are motifs: a file, jaspar:vertebrates, or de-novo for those of the training regions; the mean of each cluster, the largest first, in both orientations [default: random filters]
    #[arg(long, value_name = "MOTIFS")]
    motif_filters: Option<String>,
    /// Layers to take from the multi-model: all-but-output, convolutional, first-convolutional
    #[arg(
        long,
        value_name = "LAYERS",
        default_value = "all-but-output",
        conflicts_with = "scratch"
    )]
    transfer: TransferLayers,
    /// Layers of the transferred model that keep their weights: none, first-convolutional, convolutional, all-but-output
    #[arg(
        long,
        value_name = "LAYERS",
        default_value = "none",
        conflicts_with = "scratch"
    )]
    freeze: Freeze,
    /// Run directory
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    #[command(flatten)]
    split: SplitArguments,
    #[command(flatten)]
    training: TrainingArguments,
}

impl Verb for Arguments {
    type Job = Finetune;

    fn device(&self) -> DeviceChoice {
        self.training.device.choice
    }

    fn plan(self) -> Result<Finetune> {
        let usual = Finetune {
            model: self.model,
            ..Finetune::new(
                PathBuf::new(),
                self.matrix,
                self.sequences.input()?,
                self.tf,
                self.out,
            )
        }
        .with_preset(self.training.preset);
        let seen = usual.networks_see_background;
        Ok(Finetune {
            width: self.sequences.width,
            architecture: self.architecture.or(usual.architecture),
            positives: self.positives,
            negatives_per_positive: self.negatives_per_positive,
            gc_bin_percent: self.gc_bin,
            repeats: self.repeats,
            start: if self.readout_only || self.simple_only {
                StartChoice::None
            } else if self.scratch {
                StartChoice::Scratch
            } else if self.with_scratch {
                StartChoice::Both
            } else {
                StartChoice::Transfer
            },
            seen: self.seen_regions,
            readout: !(self.no_readout || self.simple_only),
            background_per_positive: self.background,
            networks_see_background: (seen || self.train_background) && !self.no_train_background,
            motif_filters: motif_filters(self.motif_filters).flatten(),
            transfer: self.transfer,
            freeze: self.freeze,
            split: self.split.split()?,
            training: self.training.plan(usual.training),
            ..usual
        })
    }
}
