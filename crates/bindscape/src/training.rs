//! What pre-training and fine-tuning share: options, one training with its
//! test, and the files of both.

use std::io::Write;
use std::path::Path;

use bindscape_base::atomic::AtomicFile;
use bindscape_base::{Error, Result};
use bindscape_matrix::dataset::{Dataset, Part};
use bindscape_matrix::results::{EpochRecord, Evaluation, PartCounts, TfMetrics, TrainingRecord};
use bindscape_nn::evaluate::{self, Bootstrap};
use bindscape_nn::train::{self, BatchReport, Observer, Start, TrainOptions};
use bindscape_nn::{Architecture, Model, Predictor, Strands, TrainingIdentity};
use clap::Args;
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::device::DeviceArguments;
use crate::run_directory::{RunDirectory, read_json, write_json};
use crate::terminal::Terminal;
use crate::watcher::{self, Watcher};

/// Sequences scored at a time.
pub(crate) const PREDICTION_BATCH: usize = 256;

/// Options of a training.
#[derive(Debug, Args)]
pub(crate) struct TrainingArguments {
    /// Most epochs of a training
    #[arg(long, value_name = "N", default_value_t = 100)]
    epochs: u32,
    /// Stop after so many epochs in a row without a smaller validation loss
    #[arg(long, value_name = "N", default_value_t = 10)]
    patience: u32,
    /// Sequences per batch
    #[arg(long, value_name = "N", default_value_t = 100)]
    batch_size: usize,
    /// Learning rate of Adam [default: 0.003; 0.0003 for transfer]
    #[arg(long, value_name = "RATE")]
    learning_rate: Option<f64>,
    /// Train on the regions as given only, without their reverse complements
    #[arg(long)]
    forward_only: bool,
    /// Fewest seconds between two checkpoints, which lie between epochs
    #[arg(long, value_name = "SECONDS", default_value_t = 10.0)]
    checkpoint_seconds: f64,
    /// Seed of the split, the weights and the order of batches
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    #[command(flatten)]
    pub(crate) device: DeviceArguments,
    #[command(flatten)]
    pub(crate) bootstrap: BootstrapArguments,
}

/// Options of confidence intervals.
#[derive(Debug, Clone, Args)]
pub(crate) struct BootstrapArguments {
    /// Bootstrap resamples for the confidence intervals of metrics; 0 for none
    #[arg(long, value_name = "N", default_value_t = 1000)]
    pub(crate) resamples: u32,
    /// Level of the confidence intervals
    #[arg(long, value_name = "SHARE", default_value_t = 0.95)]
    pub(crate) level: f64,
}

impl BootstrapArguments {
    pub(crate) fn options(&self, seed: u64) -> Result<Bootstrap> {
        if !(self.level > 0.0 && self.level < 1.0) {
            return Err(Error::option(
                "--level",
                "a share above 0 and below 1",
                self.level.to_string(),
            ));
        }
        Ok(Bootstrap {
            resamples: self.resamples,
            level: self.level,
            seed,
        })
    }
}

impl TrainingArguments {
    /// The options of a training that begins by transfer or from scratch.
    pub(crate) fn options(&self, transfer: bool, seed: u64) -> TrainOptions {
        let paper = if transfer {
            TrainOptions::transfer(seed)
        } else {
            TrainOptions::scratch(seed)
        };
        TrainOptions {
            batch_size: self.batch_size,
            learning_rate: self.learning_rate.unwrap_or(paper.learning_rate),
            max_epochs: self.epochs,
            patience: self.patience,
            reverse_complement: !self.forward_only,
            precision: self.device.precision,
            checkpoint_seconds: self.checkpoint_seconds,
            ..paper
        }
    }
}

/// Everything that one training of a run needs.
pub(crate) struct Job<'a> {
    pub(crate) label: String,
    pub(crate) directory: &'a str,
    pub(crate) architecture: &'a Architecture,
    pub(crate) start: Start<'a>,
    pub(crate) data: &'a Dataset,
    pub(crate) options: &'a TrainOptions,
    pub(crate) identity: TrainingIdentity,
    pub(crate) device: DeviceArguments,
    pub(crate) bootstrap: Bootstrap,
}

/// Trains, tests on the test part, and writes `metrics.json` and `test.tsv.gz`.
/// What an earlier call finished is not done again.
pub(crate) fn train_and_test(
    run: &RunDirectory,
    job: Job<'_>,
    terminal: &Terminal,
) -> Result<Evaluation> {
    let label = job.label.clone();
    train_and_test_watched(run, job, &Watcher::new(terminal, &label))
}

/// As [`train_and_test`], shown by `observer`.
pub(crate) fn train_and_test_watched(
    run: &RunDirectory,
    job: Job<'_>,
    observer: &dyn Observer,
) -> Result<Evaluation> {
    let directory = run.training(job.directory)?;
    let device = job.device.open()?;
    let trained = train::train(
        job.architecture,
        job.start,
        job.data,
        job.options,
        job.identity,
        &directory,
        &device,
        observer,
    )?;
    if let Some(epoch) = trained.resumed_from {
        observer.note(&format!("{}: continued after epoch {epoch}", job.label));
    }
    let metrics_path = directory.join("metrics.json");
    if trained.found_finished && metrics_path.exists() {
        return read_json(&metrics_path);
    }
    let rows = job.data.rows(Part::Test);
    let sequences = job.data.sequences.select(&rows);
    observer.begin("testing", Some(sequences.len() as u64));
    let scores = Predictor::new(&trained.model, &device)
        .with_precision(job.device.precision)
        .predict(&sequences, Strands::Both, PREDICTION_BATCH, observer)?;
    observer.finish();
    let labels: Vec<Option<bool>> = rows
        .iter()
        .flat_map(|&row| {
            job.data
                .labels_of(row)
                .iter()
                .map(|&label| Some(label == 1))
        })
        .collect();
    let evaluation = Evaluation {
        model: format!("{}/{}", job.directory, train::MODEL_FILE),
        model_sha256: trained.model.sha256().to_owned(),
        data: "test part".into(),
        level: job.bootstrap.level,
        resamples: job.bootstrap.resamples,
        tfs: metrics(&job.data.tfs, &scores, &labels, job.bootstrap),
    };
    write_test_scores(
        &directory.join("test.tsv.gz"),
        job.data,
        &rows,
        &scores,
        &trained.model,
    )?;
    write_json(&metrics_path, &evaluation)?;
    Ok(evaluation)
}

/// Metrics of each TF. Scores and labels are `[row * TFs + tf]`.
pub(crate) fn metrics(
    tfs: &[String],
    scores: &[Option<f32>],
    labels: &[Option<bool>],
    bootstrap: Bootstrap,
) -> Vec<TfMetrics> {
    tfs.iter()
        .enumerate()
        .map(|(tf, name)| {
            evaluate::evaluate(
                name,
                &column(scores, tf, tfs.len()),
                &column(labels, tf, tfs.len()),
                bootstrap,
            )
        })
        .collect()
}

/// Column `index` of a table of `columns` columns stored row by row.
pub(crate) fn column<T: Copy>(table: &[T], index: usize, columns: usize) -> Vec<T> {
    table.iter().skip(index).step_by(columns).copied().collect()
}

/// The test regions with labels and scores, one row per region and TF.
fn write_test_scores(
    path: &Path,
    data: &Dataset,
    rows: &[usize],
    scores: &[Option<f32>],
    model: &Model,
) -> Result<()> {
    let failed = |source| Error::io("write", path, source);
    let mut out = GzEncoder::new(AtomicFile::create(path)?, Compression::default());
    writeln!(
        out,
        "# bindscape: {}\n# coordinates: 0-based, half-open\n# genome: {}\n# model_sha256: {}\n\
         # score: probability of binding, mean of both strands\n\
         chrom\tstart\tend\ttf\tbound\tscore",
        env!("CARGO_PKG_VERSION"),
        model.training.genome.as_deref().unwrap_or("not named"),
        model.sha256(),
    )
    .map_err(failed)?;
    for (index, &row) in rows.iter().enumerate() {
        let region = data.regions.get(row);
        for (column, tf) in data.tfs.iter().enumerate() {
            let bound = data.labels_of(row)[column];
            let score = scores[index * data.tfs.len() + column]
                .map_or_else(|| "NA".to_owned(), |score| format!("{score:.6}"));
            writeln!(
                out,
                "{}\t{}\t{}\t{tf}\t{bound}\t{score}",
                region.chrom, region.start, region.end
            )
            .map_err(failed)?;
        }
    }
    out.finish().map_err(failed)?.commit()
}

/// The record of a training before it begins.
pub(crate) fn training_record(
    directory: String,
    start: bindscape_matrix::results::Start,
    repeat: u32,
    seed: u64,
    data: &Dataset,
) -> TrainingRecord {
    let parts = [Part::Train, Part::Validation, Part::Test]
        .into_iter()
        .map(|part| {
            let rows = data.rows(part);
            let positives = (0..data.tfs.len())
                .map(|tf| {
                    rows.iter()
                        .filter(|&&row| data.labels_of(row)[tf] == 1)
                        .count() as u64
                })
                .collect();
            let counts = PartCounts {
                regions: rows.len() as u64,
                positives,
            };
            (part.name().to_owned(), counts)
        })
        .collect();
    TrainingRecord {
        directory,
        start,
        repeat,
        seed,
        parts,
    }
}

/// Mean AUCPR over the TFs for which it is defined, and how many they are.
pub(crate) fn mean_aucpr(tfs: &[TfMetrics]) -> (Option<f64>, usize) {
    let values: Vec<f64> = tfs.iter().filter_map(|tf| tf.aucpr.value).collect();
    (bindscape_stats::mean(&values), values.len())
}

impl Observer for Watcher<'_> {
    fn batch(&self, report: &BatchReport) {
        self.show_batch(report, "sequences");
    }

    fn epoch(&self, record: &EpochRecord) {
        let aucpr = record
            .validation_aucpr
            .map_or_else(|| "undefined".to_owned(), |value| format!("{value:.3}"));
        self.show_epoch(&watcher::Epoch {
            number: record.epoch,
            train_loss: record.train_loss,
            seconds: record.seconds,
            best: record.best,
            validation: format!(
                "validation loss {:.4}  validation AUCPR {aucpr}",
                record.validation_loss
            ),
        });
    }
}
