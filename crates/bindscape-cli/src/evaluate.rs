//! `bindscape evaluate`: metrics of a model on regions that it was not fitted
//! on, alone or against another model or a de novo PWM on the same regions.

use std::io::Write;
use std::path::PathBuf;

use bindscape::evaluate::{Evaluate, Evaluated, EvaluationRegions};
use bindscape_base::{Error, Result};
use bindscape_matrix::View;
use bindscape_matrix::results::{Estimate, TfMetrics};
use clap::{Args, ValueEnum};

use crate::data::SequenceArguments;
use crate::device::DeviceArguments;
use crate::face::Face;
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
    #[arg(long, value_delimiter = ',', value_name = "TF,…")]
    tfs: Option<Vec<String>>,
    /// Regions to evaluate on
    #[arg(long, value_enum, default_value = "held-out")]
    on: On,
    /// How regions with one kind of evidence only are read
    #[arg(long, value_enum, default_value = "sparse")]
    view: ViewChoice,
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum On {
    /// The test part of the model's own training
    HeldOut,
    /// All regions of the matrix that share no base with those it was fitted on
    Unseen,
}

/// The views of a matrix, as the command line names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ViewChoice {
    /// Unresolved
    Sparse,
    /// Unbound
    LessSparse,
}

impl Arguments {
    fn plan(self) -> Result<Evaluate> {
        Ok(Evaluate {
            model: self.model,
            against: self.against,
            matrix: self.matrix,
            sequences: self.sequences.input()?,
            tfs: self.tfs,
            on: match self.on {
                On::HeldOut => EvaluationRegions::HeldOut,
                On::Unseen => EvaluationRegions::Unseen,
            },
            view: match self.view {
                ViewChoice::Sparse => View::Sparse,
                ViewChoice::LessSparse => View::LessSparse,
            },
            bootstrap: self.bootstrap.plan(),
            seed: self.seed,
            precision: self.device.precision,
            pwm: self.pwm,
            pwm_out: self.pwm_out,
            out: self.out,
        })
    }
}

pub(crate) fn run(arguments: Arguments, face: &Face<'_>) -> Result<()> {
    let device = arguments.device.choice;
    face.run_on(&arguments.plan()?, device, report)
}

/// Names of the metrics, in the order of [`values_of`].
const METRICS: [&str; 6] = [
    "aucpr",
    "average_precision",
    "auroc",
    "mcc",
    "precision",
    "recall",
];

/// Prints the metrics as TSV on standard output.
pub(crate) fn report(evaluated: Evaluated, _face: &Face<'_>) -> Result<()> {
    print_table(&mut std::io::stdout().lock(), &evaluated)
        .map_err(|source| Error::io("write", "standard output", source))
}

fn print_table(out: &mut dyn Write, evaluated: &Evaluated) -> std::io::Result<()> {
    write!(out, "model\ttf\tregions\tbound")?;
    for metric in METRICS {
        write!(out, "\t{metric}\t{metric}_low\t{metric}_high")?;
    }
    writeln!(out)?;
    for evaluation in &evaluated.evaluations {
        for tf in &evaluation.tfs {
            let row = (&*evaluation.model, &*tf.tf, tf.regions, tf.positives);
            print_row(out, row, &values_of(tf))?;
        }
    }
    for difference in evaluated.differences.iter().flatten() {
        let (regions, positives) = (difference.regions, difference.positives);
        let values = [
            difference.aucpr,
            difference.average_precision,
            difference.auroc,
            difference.mcc,
            difference.precision,
            difference.recall,
        ];
        print_row(
            out,
            ("difference", &difference.tf, regions, positives),
            &values,
        )?;
    }
    Ok(())
}

fn print_row(
    out: &mut dyn Write,
    (model, tf, regions, positives): (&str, &str, u64, u64),
    values: &[Estimate],
) -> std::io::Result<()> {
    let number = |value: Option<f64>| value.map_or_else(|| "NA".to_owned(), |v| format!("{v:.4}"));
    write!(out, "{model}\t{tf}\t{regions}\t{positives}")?;
    for estimate in values {
        let (low, high) = estimate.interval.unzip();
        let [value, low, high] = [estimate.value, low, high].map(number);
        write!(out, "\t{value}\t{low}\t{high}")?;
    }
    writeln!(out)
}

fn values_of(tf: &TfMetrics) -> [Estimate; 6] {
    [
        tf.aucpr,
        tf.average_precision,
        tf.auroc,
        tf.mcc,
        tf.precision,
        tf.recall,
    ]
}

#[cfg(test)]
mod tests {
    use bindscape_genome::load::SequenceInput;

    use super::*;

    #[test]
    fn defaults_are_those_of_the_plan() {
        let words = ["--model", "m", "--matrix", "b", "--sequences", "s"];
        let arguments: Arguments = crate::cli::parsed(&words);
        let [model, matrix, sequences] = ["m", "b", "s"].map(PathBuf::from);
        assert_eq!(
            arguments.plan().expect("sequences"),
            Evaluate::new(model, matrix, SequenceInput::Fasta(sequences))
        );
    }
}
