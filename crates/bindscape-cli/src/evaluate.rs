//! `bindscape evaluate`: metrics of a model on regions that it was not fitted
//! on, alone or against another model or a de novo PWM on the same regions.

mod pwm;

use std::collections::HashSet;
use std::io::Write;
use std::path::PathBuf;

use bindscape_base::progress::Progress;
use bindscape_base::{Error, Place, Result, atomic};
use bindscape_genome::region::{Region, Regions};
use bindscape_genome::sequence::PackedSequences;
use bindscape_matrix::results::{Estimate, Evaluation, TfMetrics};
use bindscape_matrix::{BindingMatrix, View, parquet};
use bindscape_motif::Format;
use bindscape_motif::format::write_motifs;
use bindscape_nn::compare::{Difference, compare};
use bindscape_nn::{Model, Predictor, Strands};
use clap::{Args, ValueEnum};

use self::pwm::Baseline;
use crate::data::SequenceArguments;
use crate::device::DeviceArguments;
use crate::finetune::{check_build, load_model};
use crate::terminal::Terminal;
use crate::training::BootstrapArguments;
use bindscape::data;
use bindscape::run_directory::write_json;
use bindscape::training::{self, PREDICTION_BATCH};

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
    tfs: Vec<String>,
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
pub(crate) enum ViewChoice {
    /// Unresolved
    Sparse,
    /// Unbound
    LessSparse,
}

impl From<ViewChoice> for View {
    fn from(choice: ViewChoice) -> Self {
        match choice {
            ViewChoice::Sparse => View::Sparse,
            ViewChoice::LessSparse => View::LessSparse,
        }
    }
}

pub(crate) fn run(arguments: Arguments, terminal: &Terminal) -> Result<()> {
    let options = arguments.bootstrap.options(arguments.seed)?;
    let device = arguments.device.open()?;
    let (model, model_file) = load_model(&arguments.model)?;
    let against = arguments.against.as_deref().map(load_model).transpose()?;
    let models: Vec<(&Model, &PathBuf)> = std::iter::once((&model, &model_file))
        .chain(against.iter().map(|(model, file)| (model, file)))
        .collect();

    let tfs = if arguments.tfs.is_empty() {
        model.tfs.clone()
    } else {
        arguments.tfs.clone()
    };
    for (model, file) in &models {
        if !model.training.regions_known {
            return Err(Error::input(
                file,
                Place::File,
                "a model that carries the regions it was trained on",
                "imported weights, whose regions are unknown",
            )
            .hint("without them no evaluation can be free of leakage"));
        }
        for tf in &tfs {
            if !model.tfs.contains(tf) {
                return Err(
                    Error::input(file, Place::File, format!("an output for {tf}"), "none").hint(
                        bindscape_base::names::suggestion(
                            tf,
                            model.tfs.iter().map(String::as_str),
                            "choose with --tfs among the TFs of the model",
                        ),
                    ),
                );
            }
        }
    }
    terminal.begin("reading the matrix", None);
    let matrix = parquet::read(&arguments.matrix, Some(&tfs))?;
    terminal.finish();
    let genome = matrix.provenance.genome.as_deref();
    for (model, file) in &models {
        check_build(model, file, genome, &arguments.matrix)?;
    }
    let rows = choose_rows(&arguments, &matrix, &models, terminal)?;
    let regions = matrix.regions.select(&rows);
    let mut source = arguments.sequences.open()?;
    let sequences = data::fetch(
        source.as_mut(),
        &regions,
        model.architecture.length(),
        terminal,
    )?;
    let labels: Vec<Option<bool>> = rows
        .iter()
        .flat_map(|&row| {
            matrix
                .columns
                .iter()
                .map(move |column| column[row].label(arguments.view.into()))
        })
        .collect();

    let mut evaluations = Vec::new();
    let mut all_scores = Vec::new();
    for (model, file) in &models {
        let predictor = Predictor::new(model, &device).with_precision(arguments.device.precision);
        let scores = scores_of(&predictor, model, &tfs, &sequences, terminal, file)?;
        evaluations.push(Evaluation {
            model: file.display().to_string(),
            model_sha256: model.sha256().to_owned(),
            data: match arguments.on {
                On::HeldOut => "held-out regions of the model".into(),
                On::Unseen => "all unseen regions of the matrix".into(),
            },
            level: options.level,
            resamples: options.resamples,
            tfs: training::metrics(&tfs, &scores, &labels, options),
        });
        all_scores.push(scores);
    }
    let differences: Option<Vec<Difference>> = match all_scores.as_slice() {
        [first, second] => Some(
            tfs.iter()
                .enumerate()
                .map(|(index, tf)| {
                    compare(
                        tf,
                        &training::column(first, index, tfs.len()),
                        &training::column(second, index, tfs.len()),
                        &training::column(&labels, index, tfs.len()),
                        options,
                    )
                })
                .collect(),
        ),
        _ => None,
    };
    if arguments.pwm {
        let baseline = Baseline::learn(
            &mut pwm::Source {
                model: &model,
                matrix: &matrix,
                matrix_path: &arguments.matrix,
                view: arguments.view.into(),
                sequences: source.as_mut(),
                seed: arguments.seed,
            },
            terminal,
        )?;
        let like = &evaluations[0];
        let evaluation = baseline.evaluate(&sequences, &labels, options, like)?;
        if let Some(file) = beside_results(&arguments, &model, &model_file, &tfs) {
            write_json(&file, &evaluation)?;
            terminal.note(&format!(
                "wrote {}, which `report` shows beside the network",
                file.display()
            ));
        }
        evaluations.push(evaluation);
        if let Some(out) = &arguments.pwm_out {
            let text = write_motifs(baseline.motifs(), Format::Meme);
            atomic::write(out, text.as_bytes())?;
        }
    }
    if let Some(out) = &arguments.out {
        write_json(
            out,
            &serde_json::json!({ "evaluations": evaluations, "differences": differences }),
        )?;
    }
    print_table(&evaluations, differences.as_deref())
        .map_err(|source| Error::io("write", "standard output", source))
}

/// Where the metrics of PWMs belong in the model's run: where those of the model lie, if both are
/// of the same regions and TFs.
fn beside_results(
    arguments: &Arguments,
    model: &Model,
    file: &std::path::Path,
    tfs: &[String],
) -> Option<PathBuf> {
    let directory = file.parent()?;
    let same = arguments.on == On::HeldOut && arguments.against.is_none() && *tfs == model.tfs;
    (same && directory.join("metrics.json").exists()).then(|| directory.join("pwm.json"))
}

/// Rows that no model was fitted on, of the kind asked for.
fn choose_rows(
    arguments: &Arguments,
    matrix: &BindingMatrix,
    models: &[(&Model, &PathBuf)],
    terminal: &Terminal,
) -> Result<Vec<usize>> {
    let wanted: Vec<usize> = match arguments.on {
        On::Unseen => (0..matrix.regions.len()).collect(),
        On::HeldOut => {
            let held_out: HashSet<Region<'_>> = models[0].0.training.held_out.iter().collect();
            (0..matrix.regions.len())
                .filter(|&row| held_out.contains(&matrix.regions.get(row)))
                .collect()
        }
    };
    if wanted.is_empty() {
        return Err(Error::input(
            &arguments.matrix,
            Place::File,
            "regions of the model's test part",
            "none of them",
        )
        .hint("give the matrix that the model was trained from, or evaluate with --on unseen"));
    }
    let regions = matrix.regions.select(&wanted);
    let mut seen = vec![false; wanted.len()];
    for (model, file) in models {
        let fitted: &Regions = &model.training.fitted;
        let mut count = 0;
        for (flag, overlap) in seen.iter_mut().zip(regions.overlaps(fitted)) {
            count += u64::from(overlap);
            *flag |= overlap;
        }
        terminal.note(&format!(
            "{:>12}  regions left out: {} was fitted on them",
            data::thousands(count),
            file.display()
        ));
    }
    let rows: Vec<usize> = wanted
        .into_iter()
        .zip(seen)
        .filter_map(|(row, seen)| (!seen).then_some(row))
        .collect();
    let resolved: Vec<usize> = rows
        .iter()
        .copied()
        .filter(|&row| {
            matrix
                .columns
                .iter()
                .any(|column| column[row].label(arguments.view.into()).is_some())
        })
        .collect();
    terminal.note(&format!(
        "{:>12}  regions left out: not resolved for any of the TFs",
        data::thousands((rows.len() - resolved.len()) as u64)
    ));
    let rows = resolved;
    if rows.is_empty() {
        return Err(Error::argument(
            "model",
            "resolved regions that no model was fitted on",
            "none in this matrix",
        ));
    }
    terminal.note(&format!(
        "{:>12}  regions to evaluate on",
        data::thousands(rows.len() as u64)
    ));
    Ok(rows)
}

/// Scores of the TFs asked for, `[row * TFs + tf]`.
fn scores_of(
    predictor: &Predictor,
    model: &Model,
    tfs: &[String],
    sequences: &PackedSequences,
    terminal: &Terminal,
    file: &std::path::Path,
) -> Result<Vec<Option<f32>>> {
    terminal.begin(
        &format!("scoring with {}", file.display()),
        Some(sequences.len() as u64),
    );
    let scores = predictor.predict(sequences, Strands::Both, PREDICTION_BATCH, terminal)?;
    terminal.finish();
    let columns: Vec<usize> = tfs
        .iter()
        .map(|tf| bindscape_matrix::tf_index(&model.tfs, tf, bindscape_base::Subject::field("tfs")))
        .collect::<Result<_>>()?;
    Ok(scores
        .chunks_exact(model.tfs.len())
        .flat_map(|row| columns.iter().map(|&column| row[column]))
        .collect())
}

/// The metrics as TSV on standard output.
fn print_table(
    evaluations: &[Evaluation],
    differences: Option<&[Difference]>,
) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    let metrics = [
        "aucpr",
        "average_precision",
        "auroc",
        "mcc",
        "precision",
        "recall",
    ];
    write!(out, "model\ttf\tregions\tbound")?;
    for metric in metrics {
        write!(out, "\t{metric}\t{metric}_low\t{metric}_high")?;
    }
    writeln!(out)?;
    let number = |value: Option<f64>| value.map_or_else(|| "NA".to_owned(), |v| format!("{v:.4}"));
    let estimate = |out: &mut dyn Write, estimate: Estimate| {
        let (low, high) = estimate
            .interval
            .map_or((None, None), |(low, high)| (Some(low), Some(high)));
        write!(
            out,
            "\t{}\t{}\t{}",
            number(estimate.value),
            number(low),
            number(high)
        )
    };
    for evaluation in evaluations {
        for tf in &evaluation.tfs {
            write!(
                out,
                "{}\t{}\t{}\t{}",
                evaluation.model, tf.tf, tf.regions, tf.positives
            )?;
            for value in values_of(tf) {
                estimate(&mut out, value)?;
            }
            writeln!(out)?;
        }
    }
    for difference in differences.into_iter().flatten() {
        write!(
            out,
            "difference\t{}\t{}\t{}",
            difference.tf, difference.regions, difference.positives
        )?;
        for value in [
            difference.aucpr,
            difference.average_precision,
            difference.auroc,
            difference.mcc,
            difference.precision,
            difference.recall,
        ] {
            estimate(&mut out, value)?;
        }
        writeln!(out)?;
    }
    Ok(())
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
