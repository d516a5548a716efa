//! `bindscape filters`: what the filters of a network look for.

use std::path::PathBuf;

use bindscape::filters::{FilterRegions, Filters};
use bindscape_base::Result;
use bindscape_nn::DeviceChoice;
use clap::Args;

use crate::choice::choice;
use crate::data::SequenceArguments;
use crate::device::DeviceArguments;
use crate::face::Verb;
use crate::motif::compare::distance;

/// Options of `filters`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Model: a run directory with one model, or a .safetensors file
    #[arg(long, value_name = "RUN|FILE")]
    model: PathBuf,
    /// Multi-model that the model was fine-tuned from: shows how fine-tuning changed each filter
    #[arg(long, value_name = "RUN|FILE")]
    before: Option<PathBuf>,
    /// Binding matrix (Parquet) with the labels
    #[arg(long, value_name = "FILE")]
    matrix: PathBuf,
    #[command(flatten)]
    sequences: SequenceArguments,
    /// TF whose probability is looked at without a filter [default: each TF of the model]
    #[arg(long, value_name = "TF")]
    tf: Option<String>,
    /// Regions that show what filters look for
    #[arg(long, default_value = "correct", value_parser = choice::<FilterRegions>(REGIONS))]
    regions: FilterRegions,
    /// Regions of the matrix that are looked at, drawn at random
    #[arg(long, value_name = "N", default_value_t = 20_000)]
    max_regions: usize,
    /// Regions used to measure the influence of filters; 0 skips it
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    influence_regions: usize,
    /// Windows above this share of a filter's largest activation are its sites
    #[arg(long, value_name = "SHARE", default_value_t = 0.5)]
    share: f64,
    /// Cut off ends of a filter's motif with less information than this before it is compared, in
    /// bits a position; 0 compares all of it, as the paper did
    #[arg(long, value_name = "BITS", default_value_t = 0.25)]
    trim: f64,
    /// How filters and known motifs are compared, as `motif compare --dist` has it
    #[arg(long, value_name = "NAME", default_value = "pearson")]
    dist: String,
    /// Known motifs: a file, `jaspar`, or `jaspar:` with a group, ids or names
    #[arg(long, value_name = "MOTIFS", default_value = "jaspar:vertebrates")]
    motifs: String,
    /// Largest q-value of a match
    #[arg(long, value_name = "Q", default_value_t = 0.05)]
    threshold: f64,
    /// Resamples of the bootstrap of influences, 0 for no intervals
    #[arg(long, value_name = "N", default_value_t = 200)]
    resamples: usize,
    /// Seed of the draw of regions and of the bootstrap
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Directory to write
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Write into a directory that exists; files of an earlier run in it are replaced
    #[arg(long)]
    replace: bool,
    #[command(flatten)]
    device: DeviceArguments,
}

/// Regions that show what filters look for.
const REGIONS: &[(&str, &str)] = &[
    (
        "correct",
        "Those for which every resolved TF is predicted rightly, at a probability of one half",
    ),
    ("resolved", "Those that are resolved for a TF at least"),
];

impl Verb for Arguments {
    type Job = Filters;

    fn device(&self) -> DeviceChoice {
        self.device.choice
    }

    fn plan(self) -> Result<Filters> {
        Ok(Filters {
            model: self.model,
            before: self.before,
            matrix: self.matrix,
            width: self.sequences.width,
            sequences: self.sequences.input()?,
            tf: self.tf,
            regions: self.regions,
            max_regions: self.max_regions,
            influence_regions: self.influence_regions,
            share: self.share,
            trim: self.trim,
            distance: distance(&self.dist)?,
            motifs: self.motifs,
            threshold: self.threshold,
            resamples: self.resamples,
            seed: self.seed,
            precision: self.device.precision,
            out: self.out,
            replace: self.replace,
        })
    }
}
