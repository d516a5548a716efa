//! A run directory: made, recognised, continued, and never mistaken for another.

use std::path::{Path, PathBuf};

use bindscape_base::digest::InputFile;
use bindscape_base::kind::{self, FileKind};
use bindscape_base::lock::Lock;
use bindscape_base::progress::Progress;
use bindscape_base::settings;
use bindscape_base::{Error, Place, Result, atomic};
use bindscape_matrix::results::{RunKind, RunRecord};
use bindscape_nn::train::{CHECKPOINT_FILE, MODEL_FILE};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

const RECORD: &str = "run.json";
const LOCK: &str = ".lock";

/// What `run.json`, or the like, says of a run.
pub(crate) trait Record: Serialize + DeserializeOwned {
    /// Name of that file.
    const FILE: &'static str = RECORD;

    /// Whether all of the run is done.
    fn finished(&self) -> bool;

    /// Marks it as done.
    fn finish(&mut self);

    /// What sets two runs apart, as (expected, found); `None` if they are the same run.
    fn difference(planned: &Self, found: &Self) -> Option<(String, String)>;

    /// What to say of a difference, beside what holds of every one.
    fn advice(_planned: &Self, _found: &Self) -> Option<&'static str> {
        None
    }

    /// Gives the run `found` in `directory` what `planned` allows it beyond its end. Whether that
    /// is anything.
    ///
    /// # Errors
    /// If it cannot go on.
    fn extend(_planned: &Self, _found: &mut Self, _directory: &Path) -> Result<bool> {
        Ok(false)
    }
}

impl Record for RunRecord {
    fn finished(&self) -> bool {
        self.finished
    }

    fn finish(&mut self) {
        self.finished = true;
    }

    fn difference(planned: &Self, found: &Self) -> Option<(String, String)> {
        difference(planned, found)
    }

    fn advice(planned: &Self, found: &Self) -> Option<&'static str> {
        let training = |record: &Self| record.configuration.get("training").cloned();
        let (planned, found) = (training(planned)?, training(found)?);
        wants_more_of_falling(&planned, &found).then_some(
            "a learning rate that falls (⟦decay⟧) does so over all epochs, so that a run with one \
             takes no more of them",
        )
    }

    /// More epochs, or more patience.
    fn extend(planned: &Self, found: &mut Self, directory: &Path) -> Result<bool> {
        let mut extended = found.clone();
        let training =
            |record: &mut Self| record.configuration.get_mut("training").map(Value::take);
        let (Some(wanted), Some(mut known)) =
            (training(&mut planned.clone()), training(&mut extended))
        else {
            return Ok(false);
        };
        raise_limits(&wanted, &mut known);
        extended.configuration["training"] = known;
        if extended.configuration == found.configuration || difference(planned, &extended).is_some()
        {
            return Ok(false);
        }
        for training in &found.trainings {
            let files = directory.join(&training.directory);
            if files.join(MODEL_FILE).exists() && !files.join(CHECKPOINT_FILE).exists() {
                return Err(Error::conflict(
                    files.join(CHECKPOINT_FILE),
                    "where the finished training stands, to go on from there",
                    "no such file",
                )
                .hint("choose another ⟦out⟧, which trains from the start"));
            }
        }
        extended.finished = false;
        extended.command.clone_from(&planned.command);
        *found = extended;
        Ok(true)
    }
}

/// Settings that say when a training ends, and nothing of what it does before.
const LIMITS: [&str; 2] = ["max_epochs", "patience"];

/// Raises the limits of `found` to those of `wanted`, of one training or of several by name. A
/// rate that decays does so over all epochs: more of them would be another training.
fn raise_limits(wanted: &Value, found: &mut Value) {
    let (Value::Object(wanted), Value::Object(found)) = (wanted, found) else {
        return;
    };
    let decays = found.contains_key("decay");
    for (name, known) in found {
        let Some(value) = wanted.get(name) else {
            continue;
        };
        if decays && name == "max_epochs" {
            continue;
        }
        if LIMITS.contains(&name.as_str()) {
            if value.as_u64() > known.as_u64() {
                *known = value.clone();
            }
        } else {
            raise_limits(value, known);
        }
    }
}

/// Whether `wanted` has more epochs than `found`, of one training or of several by name, where the
/// rate of both falls in the same way.
fn wants_more_of_falling(wanted: &Value, found: &Value) -> bool {
    let (Value::Object(wanted), Value::Object(found)) = (wanted, found) else {
        return false;
    };
    let epochs = |of: &serde_json::Map<String, Value>| of.get(LIMITS[0]).and_then(Value::as_u64);
    if found.contains_key("decay") {
        return wanted.get("decay") == found.get("decay") && epochs(wanted) > epochs(found);
    }
    let mut below = found.iter();
    below.any(|(name, known)| {
        let of_name = wanted.get(name);
        of_name.is_some_and(|wanted| wants_more_of_falling(wanted, known))
    })
}

/// A directory that holds one run.
pub(crate) struct RunDirectory<R = RunRecord> {
    path: PathBuf,
    /// What its `run.json` says.
    pub(crate) record: R,
    /// Held while this process works on the run; freed by the system when it ends.
    _lock: Lock,
}

impl<R: Record> RunDirectory<R> {
    /// Begins the run `planned` in `path`, or continues it if that run lies there. Other processes
    /// are kept from it before anything is compared.
    ///
    /// # Errors
    /// If another process works on the run, the directory holds another run or other files, or it
    /// cannot be written.
    pub(crate) fn begin(path: &Path, planned: R, progress: &dyn Progress) -> Result<Self> {
        // Nothing is left in a directory that is something else.
        refuse_other_files(path, R::FILE)?;
        atomic::make_directory(path)?;
        let lock = lock(path)?;
        // What another process did before it let go of the lock counts.
        refuse_other_files(path, R::FILE)?;
        let file = path.join(R::FILE);
        let continued = file.exists();
        let mut extended = false;
        let record = if continued {
            let mut found: R = read_json(&file)?;
            extended = R::extend(&planned, &mut found, path)?;
            if let Some((expected, differing)) = R::difference(&planned, &found) {
                let mut hint =
                    "choose another ⟦out⟧, or remove that directory if its run is not needed"
                        .to_owned();
                if let Some(advice) = R::advice(&planned, &found) {
                    hint.push_str("; ");
                    hint.push_str(advice);
                }
                return Err(Error::conflict(path, expected, differing).hint(hint));
            }
            found
        } else {
            planned
        };
        let run = Self {
            _lock: lock,
            path: path.to_path_buf(),
            record,
        };
        if !continued || extended {
            run.save()?;
        }
        if extended {
            progress.note(&format!(
                "the run in {} goes on: it may take more epochs than before",
                path.display()
            ));
        } else if continued && !run.record.finished() {
            progress.note(&format!("continuing the run in {}", path.display()));
        }
        Ok(run)
    }

    /// Directory of one training, made if need be.
    ///
    /// # Errors
    /// If it cannot be created.
    pub(crate) fn training(&self, name: &str) -> Result<PathBuf> {
        let path = self.path.join(name);
        std::fs::create_dir_all(&path).map_err(|source| Error::io("create", &path, source))?;
        Ok(path)
    }

    /// Marks the run as complete.
    ///
    /// # Errors
    /// If the record cannot be written.
    pub(crate) fn finish(&mut self) -> Result<()> {
        self.record.finish();
        self.save()
    }

    /// Writes the record.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(crate) fn save(&self) -> Result<()> {
        write_json(&self.path.join(R::FILE), &self.record)
    }
}

/// Refuses a directory that holds files but no run, whose `record` would be there.
///
/// # Errors
/// See above.
pub(crate) fn refuse_other_files(path: &Path, record: &str) -> Result<()> {
    if path.join(record).exists() {
        return Ok(());
    }
    if holds_files(path) {
        return Err(Error::conflict(
            path,
            "a new or empty directory, or one that holds the same run",
            format!("other files and no {record}"),
        )
        .hint("choose another ⟦out⟧"));
    }
    Ok(())
}

/// As [`refuse_occupied`], for a directory that this process has locked.
///
/// # Errors
/// See above.
pub(crate) fn refuse_files(directory: &Path) -> Result<()> {
    match holds_files(directory) {
        true => refuse_occupied(directory, "out"),
        false => Ok(()),
    }
}

/// Whether a directory holds more than a lock, which is left where a run was stopped before its
/// record was written.
pub(crate) fn holds_files(directory: &Path) -> bool {
    std::fs::read_dir(directory).is_ok_and(|mut entries| {
        entries.any(|entry| entry.is_ok_and(|entry| entry.file_name() != LOCK))
    })
}

/// Refuses a directory that already holds something, so that no stale file is left among new ones;
/// `field` of the plan names it.
///
/// # Errors
/// See above.
pub(crate) fn refuse_occupied(directory: &Path, field: &str) -> Result<()> {
    let occupied = std::fs::read_dir(directory).is_ok_and(|mut inside| inside.next().is_some());
    if occupied {
        return Err(Error::conflict(
            directory,
            "a new or empty directory",
            "one that holds files",
        )
        .hint(format!("choose another ⟦{field}⟧")));
    }
    Ok(())
}

/// Keeps other processes from the run in `path`, a directory.
///
/// # Errors
/// If another process works on it, or the lock cannot be created.
pub(crate) fn lock(path: &Path) -> Result<Lock> {
    Lock::acquire(&path.join(LOCK))?.ok_or_else(|| {
        Error::conflict(
            path,
            "a run that no other process works on",
            "one that another process works on",
        )
        .hint("wait for it, or choose another ⟦out⟧")
    })
}

/// Reads `run.json` of a run directory.
///
/// # Errors
/// If it is missing or not a run record.
pub(crate) fn read_record(run: &Path) -> Result<RunRecord> {
    read_json(&run.join(RECORD))
}

/// The file of the model at `path`: itself, or the one in the directory of one training; `wanted`
/// says what else it might be.
///
/// # Errors
/// If it is a directory that holds no model.
pub(crate) fn model_in(path: &Path, kind: Option<FileKind>, wanted: &str) -> Result<PathBuf> {
    if !path.is_dir() {
        return Ok(path.to_path_buf());
    }
    let file = path.join(MODEL_FILE);
    if !file.exists() {
        return Err(kind::mistaken(
            path,
            wanted,
            kind.unwrap_or(FileKind::Folder),
        ));
    }
    Ok(file)
}

/// Reads a JSON record.
///
/// # Errors
/// If it is missing or not of the form expected.
pub(crate) fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T> {
    let bytes = std::fs::read(path).map_err(|source| Error::io("read", path, source))?;
    serde_json::from_slice(&bytes).map_err(|error| {
        Error::input(
            path,
            Place::Line(error.line() as u64),
            "a record as bindscape writes it",
            error.to_string(),
        )
        .hint("the file was changed or cut; restore it or start the run again")
    })
}

/// Writes a JSON record.
///
/// # Errors
/// If it cannot be written.
///
/// # Panics
/// If the value makes no JSON.
pub(crate) fn write_json<T: Serialize>(path: &Path, value: &T) -> Result<()> {
    let mut text =
        serde_json::to_vec_pretty(value).expect("a record has string keys and finite numbers");
    text.push(b'\n');
    atomic::write(path, &text)
}

/// What sets two runs apart, as (expected, found); `None` if they are the same run.
fn difference(planned: &RunRecord, found: &RunRecord) -> Option<(String, String)> {
    let kind = |kind| match kind {
        RunKind::Pretrain => "a pre-training",
        RunKind::Finetune => "a fine-tuning",
    };
    if planned.kind != found.kind {
        return Some((kind(planned.kind).into(), kind(found.kind).into()));
    }
    if let Some(difference) = version_difference(&planned.bindscape, &found.bindscape) {
        return Some(difference);
    }
    if planned.tfs != found.tfs {
        return Some((
            format!("a run of {}", short_list(&planned.tfs)),
            format!("one of {}", short_list(&found.tfs)),
        ));
    }
    if let Some(difference) = input_difference(&planned.inputs, &found.inputs) {
        return Some(difference);
    }
    if planned.parent != found.parent {
        return Some((
            "a run from the same model".into(),
            "one from another (compare `parent` in its run.json)".into(),
        ));
    }
    device_difference(&planned.device, &found.device)
        .or_else(|| configuration_difference(&planned.configuration, &found.configuration))
}

/// Which versions of bindscape two runs are of, where they differ, as [`Record::difference`] tells
/// it.
#[must_use]
pub(crate) fn version_difference(planned: &str, found: &str) -> Option<(String, String)> {
    (planned != found).then(|| {
        (
            format!("a run of bindscape {planned}"),
            format!("one of {found}"),
        )
    })
}

/// On which devices two runs are, where they differ, as [`Record::difference`] tells it: devices
/// round differently, so that a run begun on one does not continue on another.
#[must_use]
pub(crate) fn device_difference(planned: &str, found: &str) -> Option<(String, String)> {
    (planned != found).then(|| {
        (
            format!("a run on the device `{planned}`"),
            format!("one on `{found}`"),
        )
    })
}

/// Which settings of two runs differ, as [`Record::difference`] tells it.
pub(crate) fn configuration_difference(
    planned: &serde_json::Value,
    found: &serde_json::Value,
) -> Option<(String, String)> {
    let differences = settings::differences(planned, found);
    if differences.is_empty() {
        return None;
    }
    let (planned, found) = settings::in_words(&differences);
    Some((format!("a run with {planned}"), format!("one with {found}")))
}

/// Which input files of two runs differ, as [`Record::difference`] tells it.
pub(crate) fn input_difference(
    planned: &[InputFile],
    found: &[InputFile],
) -> Option<(String, String)> {
    if planned == found {
        return None;
    }
    let others = |files: &[InputFile], than: &[InputFile]| {
        let words: Vec<String> = files
            .iter()
            .filter(|file| !than.contains(file))
            .map(|file| format!("{} {} ({})", file.role, file.name, short(&file.sha256)))
            .collect();
        match words.is_empty() {
            true => "fewer files".to_owned(),
            false => words.join(", "),
        }
    };
    Some((
        format!("a run on {}", others(planned, found)),
        format!("one on {}", others(found, planned)),
    ))
}

/// The beginning of a checksum, which tells files apart.
fn short(sha256: &str) -> &str {
    sha256.get(..8).unwrap_or(sha256)
}

fn short_list(names: &[String]) -> String {
    match names {
        [] => "no TF".into(),
        [one] => one.clone(),
        [first, second] => format!("{first} and {second}"),
        [first, rest @ ..] => format!("{first} and {} other TFs", rest.len()),
    }
}

#[cfg(test)]
mod tests {
    use bindscape_base::ErrorKind;
    use bindscape_base::progress::Silent;
    use bindscape_matrix::results::TrainingRecord;

    use super::*;

    fn record(device: &str, seed: u64) -> RunRecord {
        RunRecord {
            kind: RunKind::Pretrain,
            bindscape: "0.1.0".into(),
            command: Vec::new(),
            finished: false,
            simulated: None,
            genome: None,
            inputs: Vec::new(),
            configuration: serde_json::json!({ "training": { "seed": seed } }),
            tfs: vec!["MAX".into()],
            length: 200,
            device: device.into(),
            parameters: 1,
            parent: None,
            data_steps: Vec::new(),
            trainings: Vec::new(),
        }
    }

    fn refused(path: &Path, planned: RunRecord) -> String {
        let Err(error) = RunDirectory::begin(path, planned, &Silent) else {
            panic!("another run is not continued");
        };
        assert_eq!(error.kind(), ErrorKind::Conflict);
        error.to_string()
    }

    #[test]
    fn a_run_stays_on_its_device() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("run");
        drop(RunDirectory::begin(&path, record("cpu", 1), &Silent).unwrap());
        let message = refused(&path, record("cuda", 1));
        assert!(
            message.ends_with("expected a run on the device `cuda`, found one on `cpu`"),
            "{message}"
        );
        RunDirectory::begin(&path, record("cpu", 1), &Silent).unwrap();
    }

    #[test]
    fn a_run_may_be_given_more_epochs_or_patience_and_nothing_else() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("run");
        let planned = |epochs: u32, patience: u32, rate: f64| {
            let options = serde_json::json!({
                "max_epochs": epochs, "patience": patience, "learning_rate": rate
            });
            RunRecord {
                command: vec![format!("--epochs {epochs}")],
                configuration: serde_json::json!({
                    "training": { "transfer": options.clone(), "scratch": options },
                }),
                ..record("cpu", 1)
            }
        };
        let begin = |planned| RunDirectory::begin(&path, planned, &Silent);
        let mut run = begin(planned(2, 5, 0.1)).unwrap();
        run.finish().unwrap();
        drop(run);
        for (other, difference) in [
            (planned(4, 5, 0.2), "learning_rate 0.2"),
            (planned(1, 5, 0.1), "max_epochs 1"),
            (planned(4, 3, 0.1), "patience 3"),
        ] {
            let message = refused(&path, other);
            assert!(message.contains(difference), "{message}");
        }
        assert!(read_record(&path).unwrap().finished);
        for (epochs, patience) in [(4, 5), (4, 9), (5, 10)] {
            let run = begin(planned(epochs, patience, 0.1)).unwrap();
            assert!(!run.record.finished);
            assert_eq!(read_record(&path).unwrap(), planned(epochs, patience, 0.1));
        }
        // A finished training without its checkpoint stays as it is.
        let mut trained = planned(5, 10, 0.1);
        trained.trainings = vec![TrainingRecord {
            directory: "scratch-1".into(),
            start: bindscape_matrix::results::Start::Scratch,
            repeat: 1,
            seed: 1,
            parts: Default::default(),
        }];
        trained.finished = true;
        write_json(&path.join(RECORD), &trained).unwrap();
        std::fs::create_dir(path.join("scratch-1")).unwrap();
        std::fs::write(path.join("scratch-1").join(MODEL_FILE), "a model").unwrap();
        let message = refused(&path, planned(9, 10, 0.1));
        assert!(
            message.contains("scratch-1/checkpoint.safetensors"),
            "{message}"
        );
        assert_eq!(read_record(&path).unwrap(), trained);
    }

    #[test]
    fn what_a_falling_rate_forbids_is_said_where_one_falls() {
        let directory = tempfile::tempdir().unwrap();
        let planned = |epochs: u32, decay: Option<&str>| {
            let mut options = serde_json::json!({ "max_epochs": epochs });
            if let Some(decay) = decay {
                options["decay"] = decay.into();
            }
            RunRecord {
                configuration: serde_json::json!({ "training": { "transfer": options } }),
                ..record("cpu", 1)
            }
        };
        for (name, decay, epochs, says) in [
            ("falls", Some("cosine"), 9, true),
            ("fewer", Some("cosine"), 2, false),
            ("stays", None, 2, false),
        ] {
            let path = directory.path().join(name);
            drop(RunDirectory::begin(&path, planned(5, decay), &Silent).unwrap());
            let Err(error) = RunDirectory::begin(&path, planned(epochs, decay), &Silent) else {
                panic!("{name}: another run is not continued");
            };
            let message = error.to_string();
            assert!(
                message.contains(&format!("max_epochs {epochs}")),
                "{message}"
            );
            let advice = error.advice().unwrap();
            assert!(advice.contains("choose another"), "{name}: {advice}");
            assert_eq!(advice.contains("falls"), says, "{name}: {advice}");
        }
    }

    #[test]
    fn the_lock_comes_before_the_comparison() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("run");
        let run = RunDirectory::begin(&path, record("cpu", 1), &Silent).unwrap();
        // While another process works on it, what its record says may change.
        for planned in [record("cpu", 1), record("cpu", 2)] {
            let message = refused(&path, planned);
            assert!(message.contains("no other process"), "{message}");
        }
        drop(run);
        let message = refused(&path, record("cpu", 2));
        assert!(
            message.ends_with("expected a run with seed 2, found one with seed 1"),
            "{message}"
        );
    }

    #[test]
    fn input_files_that_differ_are_named() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("run");
        let on = |name: &str, sha256: &str| RunRecord {
            inputs: vec![InputFile {
                role: "matrix".into(),
                name: name.into(),
                bytes: 1,
                sha256: sha256.into(),
            }],
            ..record("cpu", 1)
        };
        drop(RunDirectory::begin(&path, on("a.parquet", "0123456789"), &Silent).unwrap());
        let message = refused(&path, on("b.parquet", "1123456789"));
        assert!(
            message.ends_with(
                "expected a run on matrix b.parquet (11234567), found one on matrix a.parquet (01234567)"
            ),
            "{message}"
        );
    }

    #[test]
    fn nothing_is_left_among_other_files() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("thesis.tex"), "precious").unwrap();
        refused(directory.path(), record("cpu", 1));
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
    }
}
