//! `bindscape pretrain`: a multi-model on several TFs.

use std::path::PathBuf;

use bindscape_base::progress::Progress;
use bindscape_base::{Error, Result};
use bindscape_matrix::results::{RunKind, RunRecord, Start as StartKind};
use bindscape_matrix::sample;
use bindscape_matrix::sample::PretrainOptions;
use bindscape_matrix::{View, parquet};
use bindscape_nn::train::Start;
use bindscape_nn::{Architecture, ArchitectureKind, TrainingIdentity};
use clap::Args;
use serde_json::json;

use crate::data::{self, SequenceArguments, SplitArguments};
use crate::run_directory::RunDirectory;
use crate::terminal::Terminal;
use crate::training::{self, Job, TrainingArguments};

/// Name of the only training of a pre-training run.
pub(crate) const TRAINING: &str = "multi";

/// Options of `pretrain`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Binding matrix (Parquet)
    #[arg(long, value_name = "FILE")]
    matrix: PathBuf,
    #[command(flatten)]
    sequences: SequenceArguments,
    /// TFs by name, or top-resolved:N for N TFs with many regions resolved in common
    #[arg(
        long,
        value_name = "TF,…|top-resolved:N",
        default_value = "top-resolved:50"
    )]
    tfs: String,
    /// Network: cnn or danq
    #[arg(long, value_name = "NETWORK", default_value_t)]
    architecture: ArchitectureKind,
    /// Take this many regions at random [default: all]
    #[arg(long, value_name = "N")]
    regions: Option<usize>,
    /// Run directory
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    #[command(flatten)]
    split: SplitArguments,
    #[command(flatten)]
    training: TrainingArguments,
}

/// Which TFs a multi-model is trained on.
enum Choice {
    Named(Vec<String>),
    TopResolved(usize),
}

impl Choice {
    fn parse(text: &str) -> Result<Self> {
        let Some(count) = text.strip_prefix("top-resolved:") else {
            let names: Vec<String> = text
                .split(',')
                .map(|name| name.trim().to_owned())
                .filter(|name| !name.is_empty())
                .collect();
            return if names.is_empty() {
                Err(Error::option("--tfs", "names of TFs", "none"))
            } else {
                Ok(Choice::Named(names))
            };
        };
        count.parse().map(Choice::TopResolved).map_err(|_| {
            Error::option("--tfs", "top-resolved:N with a number", format!("{text:?}"))
                .hint("for example top-resolved:50")
        })
    }
}

pub(crate) fn run(arguments: Arguments, terminal: &Terminal) -> Result<()> {
    let choice = Choice::parse(&arguments.tfs)?;
    let split = arguments.split.split()?;
    let options = arguments.training.options(false, arguments.training.seed);
    options.validate()?;
    let bootstrap = arguments
        .training
        .bootstrap
        .options(arguments.training.seed)?;
    arguments.training.device.open()?;

    terminal.begin("reading the matrix", None);
    let matrix = match &choice {
        Choice::Named(names) => {
            let header = parquet::read_header(&arguments.matrix)?;
            for name in names {
                bindscape_matrix::tf_index(&header.tfs, name, "--tfs")?;
            }
            parquet::read(&arguments.matrix, Some(names))?
        }
        Choice::TopResolved(_) => parquet::read(&arguments.matrix, None)?,
    };
    terminal.finish();
    let tfs: Vec<String> = match choice {
        Choice::Named(names) => names,
        Choice::TopResolved(count) => sample::top_resolved(&matrix, count, View::LessSparse)?
            .into_iter()
            .map(|column| matrix.tfs[column].clone())
            .collect(),
    };
    let length = data::width(&matrix, &arguments.matrix)?;
    let architecture = Architecture::paper(arguments.architecture, length, tfs.len());
    architecture.validate()?;

    let (mut source, inputs) = arguments.sequences.open_with(&arguments.matrix)?;
    let pretrain = PretrainOptions {
        tfs: tfs.clone(),
        view: View::LessSparse,
        regions: arguments.regions,
        split,
        seed: arguments.training.seed,
    };
    let prepared = sample::pretraining_dataset(&matrix, &[], &pretrain, &mut |regions| {
        data::fetch(source.as_mut(), regions, length, terminal)
    })?;
    data::tell_steps(&prepared.steps, terminal);

    let genome = matrix.provenance.genome.clone();
    let planned = RunRecord {
        kind: RunKind::Pretrain,
        bindscape: env!("CARGO_PKG_VERSION").into(),
        command: std::env::args().collect(),
        finished: false,
        simulated: data::simulated(genome.as_deref()),
        genome: genome.clone(),
        inputs: inputs.clone(),
        configuration: json!({
            "architecture": architecture,
            "data": pretrain,
            "training": options,
            "bootstrap": { "resamples": bootstrap.resamples, "level": bootstrap.level },
        }),
        tfs,
        length,
        device: arguments.training.device.choice.to_string(),
        parameters: architecture.parameters(),
        parent: None,
        data_steps: prepared.steps.clone(),
        trainings: vec![training::training_record(
            TRAINING.into(),
            StartKind::Scratch,
            1,
            options.seed,
            &prepared.dataset,
        )],
    };
    let mut run = RunDirectory::begin(&arguments.out, planned, terminal)?;
    let identity = TrainingIdentity::new(
        RunKind::Pretrain,
        options.seed,
        genome,
        inputs,
        &prepared.dataset,
        None,
    );
    let evaluation = training::train_and_test(
        &run,
        Job {
            label: format!("multi-model of {} TFs", run.record.tfs.len()),
            directory: TRAINING,
            architecture: &architecture,
            start: Start::Scratch,
            data: &prepared.dataset,
            options: &options,
            identity,
            device: arguments.training.device,
            bootstrap,
        },
        terminal,
    )?;
    run.finish()?;
    let (mean, defined) = training::mean_aucpr(&evaluation.tfs);
    terminal.note(&format!(
        "test AUCPR: mean {} over {defined} of {} TFs; the model is {}",
        mean.map_or_else(|| "undefined".into(), |mean| format!("{mean:.3}")),
        evaluation.tfs.len(),
        arguments.out.join(&evaluation.model).display(),
    ));
    Ok(())
}
