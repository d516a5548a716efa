//! `bindscape predict`: scores for sequences, or for regions of a genome.

use std::path::PathBuf;

use bindscape::predict::{Predict, PredictionInput, WindowReport};
use bindscape_base::{Error, Result};
use bindscape_nn::{DeviceChoice, Strands};
use clap::{ArgGroup, Args};

use crate::choice::{STRANDS, choice};
use crate::device::DeviceArguments;
use crate::face::Verb;

/// Options of `predict`.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("input").args(["fasta", "regions"]).required(true))]
pub(crate) struct Arguments {
    /// Model: a run directory with one model, or a .safetensors file
    #[arg(long, value_name = "RUN|FILE")]
    model: PathBuf,
    /// Sequences to score (FASTA, may be compressed; `-` is standard input). Records named by their region (as `bedtools getfasta` or `samtools faidx` name them, with a strand or without) are reported there, others by name and position
    #[arg(long, value_name = "FILE")]
    fasta: Option<PathBuf>,
    /// Regions to score (BED or narrowPeak, may be compressed; `-` is standard input); needs --genome. Of those shorter than the model's length the window around the summit or, without one, the centre is scored
    #[arg(long, value_name = "FILE", requires = "genome")]
    regions: Option<PathBuf>,
    /// Genome of the regions: 2bit, or FASTA with its .fai beside it
    #[arg(long, value_name = "FILE")]
    genome: Option<PathBuf>,
    /// Table to write: .tsv, .bed (both also .gz, in blocks as bgzip writes them) or .parquet; `-` is TSV on standard output
    #[arg(long, value_name = "FILE", default_value = "-")]
    out: PathBuf,
    /// Bases between windows over sequences longer than the model's [default: the model's length]
    #[arg(long, value_name = "BP")]
    stride: Option<u64>,
    /// What is reported of a sequence of several windows
    #[arg(long, default_value = "max", value_parser = choice::<WindowReport>(REPORTS))]
    report: WindowReport,
    /// Strands to score; the scores of both are averaged
    #[arg(long, default_value = "both", value_parser = choice::<Strands>(STRANDS))]
    strands: Strands,
    /// Share of bound regions among those that are scored: changes the odds from those of the training, where often half of the regions are bound [default: as in training]
    #[arg(long, value_name = "SHARE")]
    prior: Option<f64>,
    /// Stop at a region past the end of its chromosome or on one that the genome lacks, instead of giving it no score
    #[arg(long)]
    refuse_outside: bool,
    #[command(flatten)]
    device: DeviceArguments,
}

/// What is reported of a sequence of several windows.
const REPORTS: &[(&str, &str)] = &[
    ("max", "The highest score of its windows"),
    ("mean", "The mean score of its windows"),
    ("windows", "Every window, on a row of its own"),
];

/// The sequences or regions asked for; clap requires one of the two, and a genome for regions.
pub(crate) fn input(
    fasta: Option<PathBuf>,
    regions: Option<PathBuf>,
    genome: Option<PathBuf>,
) -> Result<PredictionInput> {
    match (fasta, regions, genome) {
        (Some(fasta), _, genome) => Ok(PredictionInput::Fasta { fasta, genome }),
        (None, Some(regions), Some(genome)) => Ok(PredictionInput::Regions { regions, genome }),
        _ => Err(Error::argument(
            "fasta",
            "a FASTA file, or ⟦regions⟧ with their ⟦genome⟧",
            "neither",
        )),
    }
}

impl Verb for Arguments {
    type Job = Predict;

    fn device(&self) -> DeviceChoice {
        self.device.choice
    }

    fn plan(self) -> Result<Predict> {
        Ok(Predict {
            model: self.model,
            input: input(self.fasta, self.regions, self.genome)?,
            out: self.out,
            stride: self.stride,
            report: self.report,
            strands: self.strands,
            prior: self.prior,
            refuse_outside: self.refuse_outside,
            precision: self.device.precision,
        })
    }
}
