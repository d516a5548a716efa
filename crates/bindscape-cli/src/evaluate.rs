//! `bindscape evaluate`: metrics of a model on regions that it was not fitted
//! on, alone or against another model or a de novo PWM on the same regions.

use std::path::PathBuf;

use bindscape::evaluate::{Evaluate, EvaluationRegions};
use bindscape_base::Result;
use bindscape_matrix::View;
use bindscape_nn::DeviceChoice;
use clap::Args;

use crate::choice::{VIEWS, choice, name};
use crate::data::SequenceArguments;
use crate::device::DeviceArguments;
use crate::face::Verb;
use crate::training::BootstrapArguments;

/// Options of `evaluate`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Model: a run directory with one model, or a .safetensors file
    #[arg(long, value_name = "RUN|FILE")]
    model: PathBuf,
    /// A second model, measured on the same regions and compared
    #[arg(long, value_name = "RUN|FILE")]
    against: Option<PathBuf>,
    /// Binding matrix (Parquet) with the labels
    #[arg(long, value_name = "FILE")]
    matrix: PathBuf,
    #[command(flatten)]
    sequences: SequenceArguments,
    /// TFs to evaluate [default: all of the model]
    #[arg(long, value_delimiter = ',', value_parser = name(), value_name = "TF,…")]
    tfs: Option<Vec<String>>,
    /// Regions to evaluate on
    #[arg(long, default_value = "held-out", value_parser = choice::<EvaluationRegions>(REGIONS))]
    on: EvaluationRegions,
    /// How regions with one kind of evidence only are read
    #[arg(long, default_value = "sparse", value_parser = choice::<View>(VIEWS))]
    view: View,
    #[command(flatten)]
    bootstrap: BootstrapArguments,
    /// Seed of the bootstrap
    #[arg(long, default_value_t = 1)]
    seed: u64,
    #[command(flatten)]
    device: DeviceArguments,
    /// Measure PWMs, too: learned de novo from the regions that the model was fitted on, scored by
    /// sum occupancy
    #[arg(long)]
    pwm: bool,
    /// Write these PWMs in MEME's format
    #[arg(long, value_name = "FILE", requires = "pwm")]
    pwm_out: Option<PathBuf>,
    /// Write the metrics with their curves as JSON
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Regions that a model can be measured on.
pub(crate) const REGIONS: &[(&str, &str)] = &[
    ("held-out", "The test part of the model's own training"),
    (
        "unseen",
        "All regions of the matrix that share no base with those it was fitted on",
    ),
];

impl Verb for Arguments {
    type Job = Evaluate;

    fn device(&self) -> DeviceChoice {
        self.device.choice
    }

    fn plan(self) -> Result<Evaluate> {
        Ok(Evaluate {
            model: self.model,
            against: self.against,
            matrix: self.matrix,
            width: self.sequences.width,
            sequences: self.sequences.input()?,
            tfs: self.tfs,
            on: self.on,
            view: self.view,
            bootstrap: self.bootstrap.plan(),
            seed: self.seed,
            precision: self.device.precision,
            pwm: self.pwm,
            pwm_out: self.pwm_out,
            out: self.out,
        })
    }
}
