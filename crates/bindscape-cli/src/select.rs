//! `bindscape select`: pre-training TFs for one TF.

use std::path::PathBuf;

use bindscape::select::{Rule, Select, TfChoice};
use bindscape_base::Result;
use clap::Args;

use crate::choice::name;
use crate::choosing::{ChoosingArguments, STRATEGIES};
use crate::face::Verb;

/// Options of `select`.
#[derive(Debug, Args)]
#[command(after_help = STRATEGIES)]
pub(crate) struct Arguments {
    /// TF to choose others for: one of the matrix, or one whose binding modes are known
    #[arg(value_name = "TF")]
    target: String,
    /// Binding matrix (Parquet)
    #[arg(long, value_name = "FILE")]
    matrix: PathBuf,
    /// Show the TFs of this choice (`mode`, or `mode:TF` as pretrain has it) [default: all choices]
    #[arg(long, value_name = "STRATEGY")]
    tfs: Option<String>,
    /// TFs to leave out
    #[arg(long, value_name = "TF,…", value_delimiter = ',', value_parser = name())]
    without: Vec<String>,
    /// Regions that pre-training will take at random: matched:TF is matched in those bound among them
    #[arg(long, value_name = "N")]
    regions: Option<usize>,
    /// Seed of random choices; pretrain chooses the same TFs with the same seed
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Table to write (TSV) [default: standard output]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Page to write (HTML): a figure and a table of the sets
    #[arg(long, value_name = "FILE")]
    page: Option<PathBuf>,
    #[command(flatten)]
    choosing: ChoosingArguments,
}

/// The choice that `text` writes: a strategy without its TF is one for the target.
fn choice_for(target: &str, text: &str) -> Result<TfChoice> {
    match Rule::ALL.into_iter().find(|rule| rule.name() == text) {
        Some(rule) => Ok(TfChoice::Around {
            rule,
            target: target.to_owned(),
        }),
        None => text.parse(),
    }
}

impl Verb for Arguments {
    type Job = Select;

    fn plan(self) -> Result<Select> {
        let tfs = self.tfs.map(|text| choice_for(&self.target, &text));
        Ok(Select {
            tfs: tfs.transpose()?,
            target: self.target,
            matrix: self.matrix,
            choosing: self.choosing.choosing(),
            without: self.without,
            regions: self.regions,
            seed: self.seed,
            out: self.out,
            page: self.page,
        })
    }
}
