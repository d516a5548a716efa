//! Options that say where regions and sequences come from, and how they are split.

use std::path::PathBuf;

use bindscape_base::{Error, Result};
use bindscape_genome::load::SequenceInput;
use bindscape_matrix::split::Split;
use clap::Args;

use crate::choice::name;

/// The sequences of regions.
#[derive(Debug, Args)]
pub(crate) struct SequenceArguments {
    #[command(flatten)]
    source: SourceArguments,
    /// Width of the sequences, around the centres of the regions, whose labels they keep
    /// [default: that of the regions]
    #[arg(long, value_name = "BP")]
    pub(crate) width: Option<u32>,
}

/// Where they come from.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct SourceArguments {
    /// FASTA of the regions, headers ending in chrom:start-end (as `bedtools getfasta` writes them); may be gzipped
    #[arg(long, value_name = "FASTA")]
    sequences: Option<PathBuf>,
    /// Genome: 2bit, or FASTA with its .fai beside it
    #[arg(long, value_name = "FILE")]
    genome: Option<PathBuf>,
}

impl SequenceArguments {
    /// The input asked for; clap requires one of the two.
    pub(crate) fn input(&self) -> Result<SequenceInput> {
        match (&self.source.sequences, &self.source.genome) {
            (Some(path), _) => Ok(SequenceInput::Fasta(path.clone())),
            (None, Some(path)) => Ok(SequenceInput::Genome(path.clone())),
            (None, None) => Err(Error::argument(
                "sequences",
                "a FASTA file or ⟦genome⟧",
                "neither",
            )),
        }
    }
}

/// How regions are divided into training, validation and test parts: 80%, 10% and 10% of them at
/// random, or whole chromosomes.
const SPLITS: [&str; 2] = ["random", "chromosome"];

/// Options of the split.
#[derive(Debug, Args)]
#[command(next_help_heading = "Split")]
pub(crate) struct SplitArguments {
    /// How regions are split into training, validation and test parts: 80% / 10% / 10% at random, or whole chromosomes
    #[arg(long, default_value = "random", value_parser = SPLITS)]
    split: String,
    /// Chromosomes of the validation part with --split chromosome [default: chosen near 10% of the regions]
    #[arg(long, value_delimiter = ',', value_name = "CHROM,…", value_parser = name())]
    validation_chromosomes: Vec<String>,
    /// Chromosomes of the test part with --split chromosome [default: chosen near 10% of the regions]
    #[arg(long, value_delimiter = ',', value_name = "CHROM,…", value_parser = name())]
    test_chromosomes: Vec<String>,
}

impl SplitArguments {
    pub(crate) fn split(&self) -> Result<Split> {
        let named = !self.validation_chromosomes.is_empty() || !self.test_chromosomes.is_empty();
        match &*self.split {
            "random" if named => Err(Error::argument(
                "split",
                "`chromosome`, since chromosomes are named for a part",
                "`random`",
            )),
            "random" => Ok(Split::Random {
                train: 0.8,
                validation: 0.1,
                test: 0.1,
            }),
            _ => Ok(Split::Chromosome {
                validation: self.validation_chromosomes.clone(),
                test: self.test_chromosomes.clone(),
            }),
        }
    }
}
