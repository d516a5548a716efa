//! Reading run directories: what is there, what is missing, what cannot be right.

use std::fs;
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};
use std::time::UNIX_EPOCH;

use bindscape_base::{Error, Place, Result};
use bindscape_matrix::results::{
    Comparison, EpochRecord, Evaluation, RunKind, RunRecord, Start, TfMetrics, TrainingRecord,
};
use bindscape_stats::mean;
use serde::de::DeserializeOwned;

/// A run directory, read.
#[derive(Debug)]
pub(crate) struct Run {
    /// The directory, as the user named it.
    pub(crate) path: PathBuf,
    pub(crate) record: RunRecord,
    pub(crate) trainings: Vec<Training>,
    /// What else was made of the same peaks, of a fine-tuning.
    pub(crate) compared: Option<Comparison>,
    /// What an unfinished run does not have yet, in words.
    pub(crate) missing: Vec<String>,
    /// When `run.json` was last written, in seconds since 1970.
    pub(crate) written: Option<u64>,
}

/// One training of a run with its results so far.
#[derive(Debug)]
pub(crate) struct Training {
    pub(crate) record: TrainingRecord,
    pub(crate) epochs: Vec<EpochRecord>,
    pub(crate) evaluation: Option<Evaluation>,
    /// A de novo PWM on the same regions, where `evaluate --pwm` measured one.
    pub(crate) pwm: Option<Evaluation>,
}

impl Training {
    /// The epoch whose weights were kept.
    pub(crate) fn best(&self) -> Option<&EpochRecord> {
        self.epochs.iter().rev().find(|epoch| epoch.best)
    }

    /// The validation AUCPR of a model without skill: the mean share of bound regions, over the
    /// TFs that have any there.
    pub(crate) fn validation_no_skill(&self) -> Option<f64> {
        let recorded = self.best().and_then(|epoch| epoch.validation_no_skill);
        if recorded.is_some() {
            return recorded;
        }
        let part = self.record.parts.get("validation")?;
        let bound = part.positives.iter().enumerate();
        let shares: Vec<f64> = bound
            .filter(|&(_, &positives)| positives > 0)
            .map(|(tf, &positives)| positives as f64 / part.resolved(tf).max(1) as f64)
            .collect();
        mean(&shares)
    }

    /// `transfer, repeat 3`; the repeat alone in a pre-training.
    pub(crate) fn label(&self, kind: RunKind) -> String {
        match kind {
            RunKind::Pretrain => format!("repeat {}", self.record.repeat),
            RunKind::Finetune => {
                format!(
                    "{}, repeat {}",
                    start_name(self.record.start),
                    self.record.repeat
                )
            }
        }
    }
}

/// `transfer` or `from scratch`.
pub(crate) fn start_name(start: Start) -> &'static str {
    match start {
        Start::Scratch => "from scratch",
        Start::Transfer => "transfer",
    }
}

impl Run {
    /// Reads a run directory. An unfinished run is read as far as it has come.
    ///
    /// # Errors
    /// If `run.json` is missing, a file cannot be parsed or contradicts
    /// `run.json`, or a run that calls itself finished lacks results.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let file = path.join("run.json");
        let text = read_text(&file)?.ok_or_else(|| {
            Error::input(&file, Place::File, "the record of a run", "no such file")
                .hint("give the directory that `bindscape pretrain` or `bindscape finetune` wrote")
        })?;
        let record: RunRecord = parse(&file, &text)?;
        if record.tfs.is_empty() {
            return Err(Error::input(&file, Place::File, "at least one TF", "none"));
        }
        let mut missing = Vec::new();
        let compared = read_comparison(path, &record)?;
        if record.trainings.is_empty() && compared.is_none() {
            absent(&record, &file, "at least one training", &mut missing)?;
        }
        let mut trainings = Vec::with_capacity(record.trainings.len());
        for training in &record.trainings {
            trainings.push(read_training(path, &file, &record, training, &mut missing)?);
        }
        Ok(Self {
            path: path.to_path_buf(),
            record,
            trainings,
            compared,
            missing,
            written: written(&file),
        })
    }

    /// Trainings with this start, in order of the record.
    pub(crate) fn started(&self, start: Start) -> impl Iterator<Item = &Training> {
        self.trainings
            .iter()
            .filter(move |training| training.record.start == start)
    }

    /// The starts that occur, scratch first.
    pub(crate) fn starts(&self) -> Vec<Start> {
        [Start::Scratch, Start::Transfer]
            .into_iter()
            .filter(|&start| self.started(start).next().is_some())
            .collect()
    }

    /// Whether any training has test results.
    pub(crate) fn evaluated(&self) -> bool {
        self.trainings
            .iter()
            .any(|training| training.evaluation.is_some())
    }

    /// The AUCPR without skill for a TF: mean over its evaluations.
    pub(crate) fn no_skill(&self, tf: usize) -> Option<f64> {
        let evaluations = self.trainings.iter().filter_map(|t| t.evaluation.as_ref());
        let shares: Vec<f64> = evaluations
            .filter_map(|evaluation| evaluation.tfs[tf].no_skill())
            .collect();
        mean(&shares)
    }

    /// Number of different repeats.
    pub(crate) fn repeats(&self) -> usize {
        let mut repeats: Vec<u32> = self.trainings.iter().map(|t| t.record.repeat).collect();
        repeats.sort_unstable();
        repeats.dedup();
        repeats.len()
    }

    /// Metrics of a TF in every evaluated training with this start.
    pub(crate) fn metrics(
        &self,
        tf: usize,
        start: Start,
    ) -> impl Iterator<Item = (&Training, &TfMetrics)> {
        self.started(start).filter_map(move |training| {
            let evaluation = training.evaluation.as_ref()?;
            Some((training, &evaluation.tfs[tf]))
        })
    }

    /// The training to use first: the one with the lowest validation loss, of
    /// the transferred ones if there are any. Test results play no part.
    pub(crate) fn preferred(&self) -> Option<&Training> {
        let start = *self.starts().last()?;
        self.started(start)
            .filter(|training| training.evaluation.is_some())
            .filter_map(|training| Some((training.best()?.validation_loss, training)))
            .min_by(|a, b| a.0.total_cmp(&b.0))
            .map(|(_, training)| training)
    }
}

/// When a file was last written, in seconds since 1970; `None` where the system does not say.
fn written(file: &Path) -> Option<u64> {
    let time = fs::metadata(file).ok()?.modified().ok()?;
    Some(time.duration_since(UNIX_EPOCH).ok()?.as_secs())
}

/// Notes what an unfinished run lacks; an error in a finished one.
fn absent(record: &RunRecord, file: &Path, what: &str, missing: &mut Vec<String>) -> Result<()> {
    if record.finished {
        return Err(
            Error::input(file, Place::File, what, "nothing, though run.json says that the run is finished")
                .hint("the directory was changed after the run; restore the file, or repeat the run in a new directory"),
        );
    }
    missing.push(what.to_owned());
    Ok(())
}

/// `comparison.json`, which runs of earlier versions lack.
fn read_comparison(path: &Path, run: &RunRecord) -> Result<Option<Comparison>> {
    let file = path.join("comparison.json");
    let Some(text) = read_text(&file)? else {
        return Ok(None);
    };
    let comparison: Comparison = parse(&file, &text)?;
    if run.tfs != [comparison.tf.as_str()] {
        return Err(Error::input(
            &file,
            Place::Record("tf".into()),
            format!("the TF of run.json, {}", shortened(&run.tfs)),
            comparison.tf,
        ));
    }
    Ok(Some(comparison).filter(|comparison| !comparison.repeats.is_empty()))
}

fn read_training(
    path: &Path,
    run_file: &Path,
    run: &RunRecord,
    record: &TrainingRecord,
    missing: &mut Vec<String>,
) -> Result<Training> {
    let inside = Path::new(&record.directory)
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    if !inside || record.directory.is_empty() {
        return Err(Error::input(
            run_file,
            Place::Record(record.directory.clone()),
            "a directory below the run directory",
            format!("`{}`", record.directory),
        ));
    }
    for (part, counts) in &record.parts {
        if counts.positives.len() != run.tfs.len() {
            return Err(Error::input(
                run_file,
                Place::Record(record.directory.clone()),
                format!("positives of {} TFs in part `{part}`", run.tfs.len()),
                format!("{} numbers", counts.positives.len()),
            ));
        }
    }
    let directory = path.join(&record.directory);
    let file = directory.join("epochs.jsonl");
    let epochs = match read_text(&file)? {
        Some(text) => parse_epochs(&file, &text, run.finished, missing)?,
        None => Vec::new(),
    };
    if epochs.is_empty() {
        let what = format!("epochs of training `{}`", record.directory);
        absent(run, &file, &what, missing)?;
    }
    let file = directory.join("metrics.json");
    let evaluation = match read_text(&file)? {
        Some(text) => Some(parse_evaluation(&file, &text, run)?),
        None => {
            let what = format!("test results of training `{}`", record.directory);
            absent(run, &file, &what, missing)?;
            None
        }
    };
    let file = directory.join("pwm.json");
    let pwm = match read_text(&file)? {
        Some(text) => Some(parse_evaluation(&file, &text, run)?),
        None => None,
    };
    Ok(Training {
        record: record.clone(),
        epochs,
        evaluation,
        pwm,
    })
}

fn parse_epochs(
    file: &Path,
    text: &str,
    finished: bool,
    missing: &mut Vec<String>,
) -> Result<Vec<EpochRecord>> {
    let mut epochs: Vec<EpochRecord> = Vec::new();
    for (i, line) in text.split_inclusive('\n').enumerate() {
        let place = Place::Line(i as u64 + 1);
        // A run that is killed while it writes leaves its last line without an end.
        if !finished && !line.ends_with('\n') && serde_json::from_str::<EpochRecord>(line).is_err()
        {
            missing.push(format!(
                "the end of line {} of {}, which was left out",
                i + 1,
                file.display()
            ));
            continue;
        }
        let epoch: EpochRecord = serde_json::from_str(line).map_err(|error| {
            Error::input(file, place.clone(), "the record of an epoch in JSON", error.to_string())
                .hint("the file was damaged, or the loss is not a number; repeat the run in a new directory")
        })?;
        if epochs.last().is_some_and(|last| last.epoch >= epoch.epoch) {
            return Err(Error::input(
                file,
                place,
                "an epoch after the one before",
                format!("epoch {}", epoch.epoch),
            ));
        }
        epochs.push(epoch);
    }
    Ok(epochs)
}

fn parse_evaluation(file: &Path, text: &str, run: &RunRecord) -> Result<Evaluation> {
    let evaluation: Evaluation = parse(file, text)?;
    let found: Vec<&str> = evaluation.tfs.iter().map(|tf| tf.tf.as_str()).collect();
    if found != run.tfs {
        return Err(Error::input(
            file,
            Place::File,
            format!("metrics of the TFs of run.json: {}", shortened(&run.tfs)),
            shortened(&found),
        )
        .hint("the file belongs to another run"));
    }
    for tf in &evaluation.tfs {
        let broken = tf.positives > tf.regions
            || tf
                .curve
                .iter()
                .any(|&(recall, precision)| !unit(recall) || !unit(precision))
            || tf.curve.windows(2).any(|pair| pair[0].0 > pair[1].0);
        if broken {
            return Err(Error::input(
                file,
                Place::Record(tf.tf.clone()),
                "no more positives than regions, and a curve within 0 to 1 with recall ascending",
                "other numbers",
            )
            .hint("the file was damaged or changed; evaluate the model again"));
        }
    }
    Ok(evaluation)
}

fn unit(value: f64) -> bool {
    (0.0..=1.0).contains(&value)
}

fn shortened<S: AsRef<str>>(names: &[S]) -> String {
    let first: Vec<&str> = names.iter().take(4).map(AsRef::as_ref).collect();
    match names.len() {
        0 => "none".to_owned(),
        n @ 1..=4 => format!("{} ({n})", first.join(", ")),
        n => format!("{}… ({n})", first.join(", ")),
    }
}

pub(crate) fn read_text(file: &Path) -> Result<Option<String>> {
    match fs::read(file) {
        Ok(bytes) => String::from_utf8(bytes).map(Some).map_err(|error| {
            Error::input(
                file,
                Place::Byte(error.utf8_error().valid_up_to() as u64),
                "text in UTF-8",
                "other bytes",
            )
            .hint("the file was damaged or is not of a run")
        }),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::io("read", file, error)),
    }
}

pub(crate) fn parse<T: DeserializeOwned>(file: &Path, text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| {
        Error::input(
            file,
            Place::Line(error.line() as u64),
            "a record written by bindscape in JSON",
            error.to_string(),
        )
        .hint("the file was damaged or comes from another version; repeat the step that wrote it")
    })
}
