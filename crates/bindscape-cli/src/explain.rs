//! `bindscape explain`: why a model predicts as it does.

use std::path::PathBuf;

use bindscape::evaluate::EvaluationRegions;
use bindscape::explain::Explain;
use bindscape::motif::Modisco;
use bindscape_base::Result;
use clap::Args;

use crate::choice::choice;
use crate::data::SequenceArguments;
use crate::evaluate::REGIONS;
use crate::face::Verb;

/// Options of `explain`.
#[derive(Debug, Args)]
#[command(after_help = "\
Of the regions that the TF binds in the model's test part (with `--on unseen` in all that the model \
was not fitted on), those with the highest predictions are explained: `attribute` says which of \
their bases count, `motif modisco` which patterns these form, `motif hits` where the patterns lie, \
`filters` what the first layer looks for. Each leaves its files in a directory of its own; \
explanation.html shows all of it. Of a readout it shows what that weighs in place of filters. For \
other settings and regions, use these commands.")]
pub(crate) struct Arguments {
    /// Model: a run directory with one model, or a .safetensors file: a network, a readout, or both together
    #[arg(long, value_name = "RUN|FILE")]
    model: PathBuf,
    /// Multi-model that the network was fine-tuned from: shows how fine-tuning changed each filter
    #[arg(long, value_name = "RUN|FILE")]
    before: Option<PathBuf>,
    /// Binding matrix (Parquet) that the model was trained from
    #[arg(long, value_name = "FILE")]
    matrix: PathBuf,
    #[command(flatten)]
    sequences: SequenceArguments,
    /// TF whose logit is explained [default: the model's only one]
    #[arg(long, value_name = "TF")]
    tf: Option<String>,
    /// Regions whose bound ones are explained
    #[arg(long, default_value = "held-out", value_parser = choice::<EvaluationRegions>(REGIONS))]
    on: EvaluationRegions,
    /// Bound regions that are explained at most
    #[arg(long, value_name = "N", default_value_t = 1000)]
    max_regions: usize,
    /// Known motifs: a file, `jaspar`, or `jaspar:` with a group, ids or names
    #[arg(long, value_name = "MOTIFS", default_value = Modisco::TARGETS)]
    motifs: String,
    /// Seed of references, samples and clusterings
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Directory to write, new or empty
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

impl Verb for Arguments {
    type Job = Explain;

    fn plan(self) -> Result<Explain> {
        Ok(Explain {
            model: self.model,
            before: self.before,
            matrix: self.matrix,
            width: self.sequences.width,
            sequences: self.sequences.input()?,
            tf: self.tf,
            on: self.on,
            max_regions: self.max_regions,
            motifs: self.motifs,
            seed: self.seed,
            out: self.out,
        })
    }
}
