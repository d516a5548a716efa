//! `bindscape motif hits`: where the patterns of attributions lie.

use std::path::PathBuf;

use bindscape::motif::{CallHits, Modisco};
use bindscape_base::Result;
use bindscape_modisco::hits::HitOptions;
use clap::Args;

use crate::face::Verb;

/// Options of `motif hits`.
#[derive(Debug, Args)]
#[command(after_help = "\
Files: hits.tsv (with the columns of Fi-NeMo), hits.bed (each place once, for genome browsers), \
patterns.tsv (hits and seqlets found of each pattern), sequences.tsv (hits of each sequence and \
the share of its attributions under them), hits.json (inputs, options and counts).\n\n\
Sequences and attributions as for `motif modisco`. They may be others than those that the \
patterns were found in.")]
pub(crate) struct Arguments {
    /// Patterns that `motif modisco` or modisco-lite found (HDF5)
    #[arg(short = 'm', long, value_name = "H5")]
    patterns: PathBuf,
    /// One-hot sequences (.npz or .npy)
    #[arg(short = 's', long, value_name = "NPZ")]
    sequences: PathBuf,
    /// Hypothetical contributions (.npz or .npy)
    #[arg(short = 'a', long, value_name = "NPZ")]
    attributions: PathBuf,
    /// Directory to write, new or empty
    #[arg(short = 'o', long, value_name = "DIR")]
    out: PathBuf,
    /// Region of each sequence, in order (BED): hits have their coordinates
    #[arg(long, value_name = "BED")]
    regions: Option<PathBuf>,
    /// Positions in the middle of the sequences to look at [default: all]
    #[arg(short = 'w', long, value_name = "N")]
    window: Option<usize>,
    /// What a hit costs, and its least similarity, between 0 and 1: more for fewer hits
    #[arg(short = 'l', long, value_name = "LAMBDA", default_value_t = HitOptions::default().penalty)]
    penalty: f64,
    /// Columns at the ends of a pattern with less than this share of its strongest do not count
    #[arg(short = 't', long, value_name = "SHARE", default_value_t = HitOptions::default().core)]
    core: f64,
    /// Motifs that patterns are named after
    #[arg(long, value_name = "MOTIFS", default_value = Modisco::TARGETS)]
    targets: String,
    /// Largest q-value of a match that a pattern is named after
    #[arg(long, value_name = "Q", default_value_t = Modisco::Q_VALUE)]
    q_value: f64,
}

impl Verb for Arguments {
    type Job = CallHits;

    fn plan(self) -> Result<CallHits> {
        Ok(CallHits {
            patterns: self.patterns,
            sequences: self.sequences,
            contributions: self.attributions,
            regions: self.regions,
            window: self.window,
            options: HitOptions {
                penalty: self.penalty,
                core: self.core,
            },
            targets: self.targets,
            q_value: self.q_value,
            out: self.out,
        })
    }
}
