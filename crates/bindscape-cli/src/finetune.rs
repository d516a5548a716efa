//! `bindscape finetune`: a model of one TF, by transfer or from scratch.

use std::path::{Path, PathBuf};

use bindscape_base::progress::Progress;
use bindscape_base::{Error, Place, Result, Subject};
use bindscape_matrix::results::{Evaluation, ParentModel, RunKind, RunRecord, Start as StartKind};
use bindscape_matrix::sample::{Excluded, FinetuneOptions, FinetuningPool, Prepared};
use bindscape_matrix::{View, parquet};
use bindscape_nn::train::{Freeze, Start, TrainOptions, TransferLayers};
use bindscape_nn::{Architecture, ArchitectureKind, Model, TrainingIdentity};
use clap::Args;
use serde_json::json;

use crate::data::{SequenceArguments, SplitArguments};
use crate::terminal::Terminal;
use crate::training::TrainingArguments;
use bindscape::data;
use bindscape::run_directory::RunDirectory;
use bindscape::side_by_side;
use bindscape::training::{self, Task};

/// Options of `finetune`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Multi-model to transfer from: its run directory or .safetensors file. With
    /// --scratch, only its regions are kept out
    #[arg(long, value_name = "RUN|FILE", required_unless_present = "scratch")]
    model: Option<PathBuf>,
    /// Binding matrix (Parquet)
    #[arg(long, value_name = "FILE")]
    matrix: PathBuf,
    #[command(flatten)]
    sequences: SequenceArguments,
    /// The TF
    #[arg(long, value_name = "TF")]
    tf: String,
    /// Network: cnn or danq [default: the multi-model's; cnn without one]
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

/// A planned training of the run.
struct Planned {
    directory: String,
    start: StartKind,
    repeat: u32,
    seed: u64,
}

pub(crate) fn run(arguments: Arguments, terminal: &Terminal) -> Result<()> {
    let split = arguments.split.split()?;
    if arguments.repeats == 0 {
        return Err(Error::argument("repeats", "at least 1", "0"));
    }
    for transfer in [true, false] {
        arguments.training.options(transfer, 0).validate()?;
    }
    let bootstrap = arguments
        .training
        .bootstrap
        .options(arguments.training.seed)?;
    arguments.training.device.open()?;
    let parent = arguments.model.as_deref().map(load_model).transpose()?;

    let header = parquet::read_header(&arguments.matrix)?;
    bindscape_matrix::tf_index(&header.tfs, &arguments.tf, Subject::field("tf"))?;
    terminal.begin("reading the matrix", None);
    let matrix = parquet::read(&arguments.matrix, Some(std::slice::from_ref(&arguments.tf)))?;
    terminal.finish();
    let length = data::width(&matrix, &arguments.matrix)?;
    let genome = matrix.provenance.genome.clone();
    if let Some((model, file)) = &parent {
        check_parent(model, file, length, genome.as_deref(), &arguments.matrix)?;
        if !model.training.regions_known {
            terminal.note(&format!(
                "warning: the regions that {} was trained on are not known; none can be kept out, \
                 and the metrics of this run may be flattered",
                file.display()
            ));
        }
        if model.training.genome.is_none() || genome.is_none() {
            terminal.note(
                "warning: the genome build of the model or of the matrix is not named; \
                 whether they are the same cannot be checked",
            );
        }
    }
    let architecture = architecture(&arguments, parent.as_ref(), length)?;
    let (mut source, inputs) = arguments.sequences.open_with(&arguments.matrix)?;
    let excluded: Vec<Excluded<'_>> = parent
        .iter()
        .flat_map(|(model, _)| {
            [
                Excluded {
                    regions: &model.training.fitted,
                    what: "regions that the multi-model was trained or validated on",
                },
                Excluded {
                    regions: &model.training.held_out,
                    what: "regions that the multi-model was tested on",
                },
            ]
        })
        .collect();
    let pool = FinetuningPool::new(
        &matrix,
        &arguments.tf,
        View::Sparse,
        &excluded,
        &mut |regions| data::fetch(source.as_mut(), regions, length, terminal),
    )?;
    let draw = FinetuneOptions {
        positives: arguments.positives,
        gc_bin_percent: arguments.gc_bin,
        negatives_per_positive: arguments.negatives_per_positive,
        split,
    };
    let planned = plan(&arguments);
    let repeats: Vec<Prepared> = (0..arguments.repeats)
        .map(|repeat| pool.dataset(&draw, arguments.training.seed + u64::from(repeat)))
        .collect::<Result<_>>()?;
    let data_of = |planned: &Planned| &repeats[planned.repeat as usize - 1].dataset;
    data::tell_steps(&repeats[0].steps, terminal);

    let record = RunRecord {
        kind: RunKind::Finetune,
        bindscape: env!("CARGO_PKG_VERSION").into(),
        command: std::env::args().collect(),
        finished: false,
        simulated: data::simulated(genome.as_deref()),
        genome: genome.clone(),
        inputs: inputs.clone(),
        configuration: json!({
            "architecture": architecture,
            "data": draw,
            "view": View::Sparse,
            "repeats": arguments.repeats,
            "starts": planned.iter().map(|training| &training.directory).collect::<Vec<_>>(),
            "transfer": (!arguments.scratch).then_some(arguments.transfer),
            "freeze": arguments.freeze,
            "training": {
                "transfer": arguments.training.options(true, arguments.training.seed),
                "scratch": arguments.training.options(false, arguments.training.seed),
            },
            "bootstrap": { "resamples": bootstrap.resamples, "level": bootstrap.level },
        }),
        tfs: vec![arguments.tf.clone()],
        length,
        device: arguments.training.device.choice.to_string(),
        parameters: architecture.parameters(),
        parent: parent.as_ref().map(|(model, file)| ParentModel {
            name: file_name(file),
            sha256: model.sha256().to_owned(),
            tfs: model.tfs.clone(),
            regions: (model.training.fitted.len() + model.training.held_out.len()) as u64,
        }),
        data_steps: repeats[0].steps.clone(),
        trainings: planned
            .iter()
            .map(|training| {
                training::training_record(
                    training.directory.clone(),
                    training.start,
                    training.repeat,
                    training.seed,
                    data_of(training),
                )
            })
            .collect(),
    };
    let mut run = RunDirectory::begin(&arguments.out, record, terminal)?;

    let options: Vec<TrainOptions> = planned
        .iter()
        .map(|training| {
            let transfer = training.start == StartKind::Transfer;
            let mut options = arguments.training.options(transfer, training.seed);
            if transfer {
                options.freeze = arguments.freeze;
            }
            options
        })
        .collect();
    let job = |index: usize| {
        let training: &Planned = &planned[index];
        let ancestor = parent
            .as_ref()
            .filter(|_| training.start == StartKind::Transfer)
            .map(|(model, _)| model);
        Task {
            label: format!("{} {}", arguments.tf, training.directory),
            directory: &training.directory,
            architecture: &architecture,
            start: ancestor.map_or(Start::Scratch, |parent| Start::Transfer {
                parent,
                layers: arguments.transfer,
            }),
            data: data_of(training),
            options: &options[index],
            identity: TrainingIdentity::new(
                RunKind::Finetune,
                training.seed,
                genome.clone(),
                inputs.clone(),
                data_of(training),
                ancestor,
            ),
            device: arguments.training.device.choice,
            bootstrap,
        }
    };
    let evaluations = side_by_side::train_and_test(
        &run,
        planned.len(),
        &job,
        &bindscape::Session::new(terminal).with_device(arguments.training.device.choice),
    )?;
    let results: Vec<(StartKind, Evaluation)> = planned
        .iter()
        .map(|training| training.start)
        .zip(evaluations)
        .collect();
    run.finish()?;
    summarise(&arguments.tf, &results, terminal);
    Ok(())
}

fn plan(arguments: &Arguments) -> Vec<Planned> {
    let mut starts = Vec::new();
    if !arguments.scratch {
        starts.push((StartKind::Transfer, "transfer"));
    }
    if arguments.scratch || arguments.with_scratch {
        starts.push((StartKind::Scratch, "scratch"));
    }
    (1..=arguments.repeats)
        .flat_map(|repeat| {
            starts.iter().map(move |&(start, name)| Planned {
                directory: format!("{name}-{repeat}"),
                start,
                repeat,
                seed: arguments.training.seed + u64::from(repeat) - 1,
            })
        })
        .collect()
}

/// Mean and spread of AUCPR per way of starting.
fn summarise(tf: &str, results: &[(StartKind, Evaluation)], terminal: &Terminal) {
    for (start, name) in [
        (StartKind::Transfer, "transfer"),
        (StartKind::Scratch, "from scratch"),
    ] {
        let values: Vec<f64> = results
            .iter()
            .filter(|(kind, _)| *kind == start)
            .filter_map(|(_, evaluation)| training::mean_aucpr(&evaluation.tfs).0)
            .collect();
        let Some(mean) = bindscape_stats::mean(&values) else {
            continue;
        };
        let spread = bindscape_stats::standard_deviation(&values)
            .map(|spread| format!(" ± {spread:.3}"))
            .unwrap_or_default();
        terminal.note(&format!(
            "{tf} test AUCPR, {name}: {mean:.3}{spread} over {} repeat{}",
            values.len(),
            if values.len() == 1 { "" } else { "s" },
        ));
    }
}

/// The model of a run directory or file, and the file it lies in.
///
/// # Errors
/// If there is none, or the run has several.
pub(crate) fn load_model(path: &Path) -> Result<(Model, PathBuf)> {
    let file = if path.is_dir() {
        let record = bindscape::run_directory::read_record(path)?;
        let [training] = record.trainings.as_slice() else {
            let example = record
                .trainings
                .first()
                .map_or_else(String::new, |training| training.directory.clone());
            return Err(Error::input(
                path,
                Place::File,
                "a run with one model",
                format!("{} models", record.trainings.len()),
            )
            .hint(format!(
                "name one, such as {}",
                path.join(example).join("model.safetensors").display()
            )));
        };
        let file = path.join(&training.directory).join("model.safetensors");
        if !file.exists() {
            return Err(Error::input(
                path,
                Place::File,
                "a finished run",
                "one that has no model yet",
            )
            .hint("repeat the command that began it; it continues"));
        }
        file
    } else {
        path.to_path_buf()
    };
    Ok((Model::load(&file)?, file))
}

/// The parent's network for one TF, or one of the paper's sizes where there is no
/// parent or, from scratch, another network is asked for.
///
/// # Errors
/// If another network is asked for than the one whose weights are transferred, or
/// `length` is too short.
fn architecture(
    arguments: &Arguments,
    parent: Option<&(Model, PathBuf)>,
    length: usize,
) -> Result<Architecture> {
    let asked = arguments.architecture;
    let chosen = match parent {
        Some((model, file)) => {
            let kind = model.architecture.kind();
            match asked.filter(|&asked| asked != kind) {
                None => model.architecture.with_outputs(1),
                Some(other) if arguments.scratch => Architecture::paper(other, length, 1),
                Some(other) => {
                    return Err(Error::argument(
                        "architecture",
                        format!("{kind}, the network of {}", file.display()),
                        other.to_string(),
                    )
                    .hint(format!(
                        "leave the option out, pre-train a {other}, or train one with --scratch"
                    )));
                }
            }
        }
        None => Architecture::paper(asked.unwrap_or_default(), length, 1),
    };
    chosen.validate()?;
    Ok(chosen)
}

/// Refuses a parent whose length or genome build differ from the matrix's.
fn check_parent(
    model: &Model,
    file: &Path,
    length: usize,
    genome: Option<&str>,
    matrix: &Path,
) -> Result<()> {
    if model.architecture.length() != length {
        return Err(Error::input(
            file,
            Place::File,
            format!(
                "a model of {length} bp, the width of the regions in {}",
                matrix.display()
            ),
            format!("one of {} bp", model.architecture.length()),
        )
        .hint("build a matrix of the model's width, or pre-train on this one"));
    }
    check_build(model, file, genome, matrix)
}

/// Refuses a model trained on another genome build: its regions could not be kept out.
pub(crate) fn check_build(
    model: &Model,
    file: &Path,
    genome: Option<&str>,
    matrix: &Path,
) -> Result<()> {
    match (model.training.genome.as_deref(), genome) {
        (Some(trained), Some(given)) if trained != given => Err(Error::input(
            file,
            Place::File,
            format!("a model trained on {given}, the genome build of {}", matrix.display()),
            format!("one trained on {trained}"),
        )
        .hint("regions of one build say nothing of those of another: build the matrix on the model's genome")),
        _ => Ok(()),
    }
}

pub(crate) fn file_name(path: &Path) -> String {
    path.file_name()
        .map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}
