//! What pre-training and fine-tuning share: the plan of a training, one training with its test,
//! and the files of both.

use std::io::Write;
use std::path::Path;

use bindscape_base::bgzf::TextFile;
use bindscape_base::{Error, Result};
use bindscape_matrix::dataset::{Dataset, Part};
use bindscape_matrix::results::{EpochRecord, Evaluation, PartCounts, TfMetrics, TrainingRecord};
use bindscape_matrix::sample::Unresolved;
use bindscape_nn::evaluate::{self, Bootstrap};
use bindscape_nn::train::{self, BatchReport, Decay, Observer, Start, TrainOptions};
use bindscape_nn::{
    Architecture, DeviceChoice, Model, Precision, Predictor, Strands, TrainingIdentity,
};
use serde::{Deserialize, Serialize};

use crate::run_directory::{RunDirectory, read_json, write_json};
use crate::select::TfChoice;
use crate::session::Session;
use crate::watcher::{self, Watcher};

/// Sequences scored at a time.
pub(crate) const PREDICTION_BATCH: usize = 256;

/// Which defaults settings have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Preset {
    /// Those that rank best, by regions that no model was fitted to and TFs that none of these
    /// settings was chosen on.
    #[default]
    Recommended,
    /// Those of Novakovsky et al. (2021).
    #[serde(rename = "paper-2021")]
    Paper2021,
}

impl Preset {
    /// What becomes of regions that are resolved for some of `tfs` only: few are resolved for all
    /// TFs of a matrix.
    #[must_use]
    pub fn unresolved(self, tfs: &TfChoice) -> Unresolved {
        match (self, tfs) {
            (Self::Recommended, TfChoice::All) => Unresolved::Mask,
            _ => Unresolved::Drop,
        }
    }
}

/// How the networks of a run are trained and tested.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrainingPlan {
    /// Most epochs of a training.
    pub max_epochs: u32,
    /// Stop after so many epochs in a row without a smaller validation loss.
    pub patience: u32,
    /// Sequences per batch.
    pub batch_size: usize,
    /// Learning rate of Adam; `None` for the paper's, 0.003, or 0.0003 for transfer.
    pub learning_rate: Option<f64>,
    /// That of networks which begin with the weights of a multi-model, where it is another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transfer_learning_rate: Option<f64>,
    /// How it changes in the course of a training.
    pub decay: Decay,
    /// By how much of the learning rate each step makes the weights of layers smaller.
    pub weight_decay: f64,
    /// Most bases that a sequence is rotated by when it is trained on, in either direction.
    pub shift: usize,
    /// Whether each region is trained on in both orientations.
    pub reverse_complement: bool,
    /// Fewest seconds between two checkpoints, which lie between epochs.
    pub checkpoint_seconds: f64,
    /// Seed of the split, the weights and the order of batches.
    pub seed: u64,
    /// Type of the products of the network.
    pub precision: Precision,
    /// Confidence intervals of the metrics on the test part.
    pub bootstrap: BootstrapPlan,
}

/// The paper's settings, which is what a plan means that leaves some out.
impl Default for TrainingPlan {
    fn default() -> Self {
        let paper = TrainOptions::scratch(1);
        Self {
            max_epochs: paper.max_epochs,
            patience: paper.patience,
            batch_size: paper.batch_size,
            learning_rate: None,
            transfer_learning_rate: None,
            decay: Decay::None,
            weight_decay: 0.0,
            shift: 0,
            reverse_complement: paper.reverse_complement,
            checkpoint_seconds: paper.checkpoint_seconds,
            seed: paper.seed,
            precision: paper.precision,
            bootstrap: BootstrapPlan::default(),
        }
    }
}

/// Fewer resamples than this have no percentiles near the ends.
const FEWEST_RESAMPLES: u32 = 20;

/// Confidence intervals of metrics.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BootstrapPlan {
    /// Bootstrap resamples; 0 for no intervals.
    pub resamples: u32,
    /// Level of the intervals, above 0 and below 1.
    pub level: f64,
}

impl Default for BootstrapPlan {
    fn default() -> Self {
        Self {
            resamples: 1000,
            level: 0.95,
        }
    }
}

impl BootstrapPlan {
    /// Checks the level.
    ///
    /// # Errors
    /// If the level is not above 0 and below 1, or the resamples are too few for an interval.
    pub fn check(self) -> Result<()> {
        if !(self.level > 0.0 && self.level < 1.0) {
            return Err(Error::argument(
                "level",
                "a share above 0 and below 1",
                self.level.to_string(),
            ));
        }
        if (1..FEWEST_RESAMPLES).contains(&self.resamples) {
            return Err(Error::argument(
                "resamples",
                format!("0, for no intervals, or at least {FEWEST_RESAMPLES}"),
                self.resamples.to_string(),
            ));
        }
        Ok(())
    }

    pub(crate) fn options(self, seed: u64) -> Bootstrap {
        Bootstrap {
            resamples: self.resamples,
            level: self.level,
            seed,
        }
    }
}

impl TrainingPlan {
    /// The settings of a multi-model.
    #[must_use]
    pub fn pretraining(preset: Preset) -> Self {
        match preset {
            Preset::Recommended => Self {
                batch_size: 128,
                learning_rate: Some(0.002),
                ..Self::recommended()
            },
            Preset::Paper2021 => Self::default(),
        }
    }

    /// The settings of networks of one TF.
    #[must_use]
    pub fn finetuning(preset: Preset) -> Self {
        match preset {
            Preset::Recommended => Self {
                transfer_learning_rate: Some(0.002),
                ..Self::recommended()
            },
            Preset::Paper2021 => Self::default(),
        }
    }

    /// A network that is trained so overfits less (docs/few-shot.md).
    fn recommended() -> Self {
        Self {
            max_epochs: 8,
            decay: Decay::Cosine,
            weight_decay: 0.05,
            shift: 20,
            ..Self::default()
        }
    }

    /// Checks the settings of trainings that begin by transfer, or from scratch.
    ///
    /// # Errors
    /// If a setting makes no sense.
    pub fn check(&self) -> Result<()> {
        for transfer in [true, false] {
            self.options(transfer, self.seed).validate()?;
        }
        self.bootstrap.check()
    }

    /// The options of a training that begins by transfer or from scratch.
    pub(crate) fn options(&self, transfer: bool, seed: u64) -> TrainOptions {
        let paper = if transfer {
            TrainOptions::transfer(seed)
        } else {
            TrainOptions::scratch(seed)
        };
        let of_transfer = self.transfer_learning_rate.filter(|_| transfer);
        let learning_rate = of_transfer.or(self.learning_rate);
        TrainOptions {
            batch_size: self.batch_size,
            learning_rate: learning_rate.unwrap_or(paper.learning_rate),
            decay: self.decay,
            weight_decay: self.weight_decay,
            shift: self.shift,
            max_epochs: self.max_epochs,
            patience: self.patience,
            reverse_complement: self.reverse_complement,
            precision: self.precision,
            checkpoint_seconds: self.checkpoint_seconds,
            ..paper
        }
    }
}

/// Everything that one training of a run needs.
pub(crate) struct Task<'a> {
    pub(crate) label: String,
    pub(crate) directory: &'a str,
    pub(crate) architecture: &'a Architecture,
    pub(crate) start: Start<'a>,
    pub(crate) data: &'a Dataset,
    pub(crate) options: &'a TrainOptions,
    pub(crate) identity: TrainingIdentity,
    pub(crate) device: DeviceChoice,
    pub(crate) bootstrap: Bootstrap,
}

/// Trains, tests on the test part, and writes `metrics.json` and `test.tsv.gz`.
/// What an earlier call finished is not done again.
pub(crate) fn train_and_test(
    run: &RunDirectory,
    task: Task<'_>,
    session: &Session<'_>,
) -> Result<Evaluation> {
    let label = task.label.clone();
    train_and_test_watched(run, task, &Watcher::new(session, &label))
}

/// As [`train_and_test`], shown by `observer`.
pub(crate) fn train_and_test_watched(
    run: &RunDirectory,
    task: Task<'_>,
    observer: &dyn Observer,
) -> Result<Evaluation> {
    let directory = run.training(task.directory)?;
    let device = task.device.open_for(task.options.precision)?;
    let trained = train::train(
        task.architecture,
        task.start,
        task.data,
        task.options,
        task.identity,
        &directory,
        &device,
        observer,
    )?;
    if let Some(epoch) = trained.resumed_from {
        observer.note(&format!("{}: continued after epoch {epoch}", task.label));
    }
    let metrics_path = directory.join("metrics.json");
    if trained.found_finished && metrics_path.exists() {
        let known: Evaluation = read_json(&metrics_path)?;
        // A training that went on for more epochs may have been stopped before its test.
        if known.model_sha256 == trained.model.sha256() {
            return Ok(known);
        }
    }
    let rows = task.data.rows(Part::Test);
    let sequences = task.data.sequences.select(&rows);
    observer.begin("testing", Some(sequences.len() as u64));
    let scores = Predictor::new(&trained.model, &device)
        .with_precision(task.options.precision)
        .predict(&sequences, Strands::Both, PREDICTION_BATCH, observer)?;
    observer.finish();
    let labels: Vec<Option<bool>> = rows
        .iter()
        .flat_map(|&row| (0..task.data.tfs.len()).map(move |tf| task.data.bound(row, tf)))
        .collect();
    let evaluation = Evaluation {
        model: format!("{}/{}", task.directory, train::MODEL_FILE),
        model_sha256: trained.model.sha256().to_owned(),
        data: "test part".into(),
        level: task.bootstrap.level,
        resamples: task.bootstrap.resamples,
        tfs: metrics(&task.data.tfs, &scores, &labels, task.bootstrap),
    };
    write_test_scores(
        &directory.join("test.tsv.gz"),
        task.data,
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
    let mut out = TextFile::create(path)?;
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
            let Some(bound) = data.bound(row, column) else {
                continue;
            };
            let score = scores[index * data.tfs.len() + column]
                .map_or_else(|| "NA".to_owned(), |score| score.to_string());
            writeln!(
                out,
                "{}\t{}\t{}\t{tf}\t{}\t{score}",
                region.chrom,
                region.start,
                region.end,
                u8::from(bound)
            )
            .map_err(failed)?;
        }
    }
    out.commit()
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
            let counts = data.counts(&rows);
            let all = counts.iter().all(|&(resolved, _)| resolved == rows.len());
            let resolved = counts.iter().map(|&(resolved, _)| resolved as u64);
            let counts = PartCounts {
                regions: rows.len() as u64,
                positives: counts.iter().map(|&(_, bound)| bound as u64).collect(),
                resolved: resolved.filter(|_| !all).collect(),
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
#[must_use]
pub fn mean_aucpr(tfs: &[TfMetrics]) -> (Option<f64>, usize) {
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
                "validation loss {:.4}  validation AUCPR {aucpr}{}",
                record.validation_loss,
                record
                    .validation_no_skill
                    .map_or_else(String::new, |share| format!(" (no skill: {share:.3})")),
            ),
        });
    }
}
