//! A run directory: made, recognised, continued, and never mistaken for another.

use std::fs::{File, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use bindscape_base::progress::Progress;
use bindscape_base::{Error, Place, Result, atomic};
use bindscape_matrix::results::{RunKind, RunRecord};
use serde::Serialize;
use serde::de::DeserializeOwned;

const RECORD: &str = "run.json";
const LOCK: &str = ".lock";

/// What `run.json` says of a run.
pub trait Record: Serialize + DeserializeOwned {
    /// Whether all of the run is done.
    fn finished(&self) -> bool;

    /// Marks it as done.
    fn finish(&mut self);

    /// What sets two runs apart, as (expected, found); `None` if they are the same run.
    fn difference(planned: &Self, found: &Self) -> Option<(String, String)>;
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
}

/// A directory that holds one run.
pub struct RunDirectory<R = RunRecord> {
    path: PathBuf,
    pub record: R,
    /// Held while this process works on the run; freed by the system when it ends.
    _lock: File,
}

impl<R: Record> RunDirectory<R> {
    /// Begins the run `planned` in `path`, or continues it if that run lies there.
    ///
    /// # Errors
    /// If the directory holds another run or other files, or cannot be written.
    pub fn begin(path: &Path, planned: R, progress: &dyn Progress) -> Result<Self> {
        let file = path.join(RECORD);
        if file.exists() {
            let found: R = read_json(&file)?;
            if let Some((expected, found)) = R::difference(&planned, &found) {
                return Err(Error::input(path, Place::File, expected, found).hint(
                    "choose another ⟦out⟧, or remove that directory if its run is not needed",
                ));
            }
            let run = Self {
                _lock: lock(path)?,
                path: path.to_path_buf(),
                record: found,
            };
            if !run.record.finished() {
                progress.note(&format!("continuing the run in {}", path.display()));
            }
            return Ok(run);
        }
        let occupied = std::fs::read_dir(path)
            .map(|mut entries| {
                // The lock alone is left where a run was stopped before its record was written.
                entries.any(|entry| entry.is_ok_and(|entry| entry.file_name() != LOCK))
            })
            .unwrap_or(false);
        if occupied {
            return Err(Error::input(
                path,
                Place::File,
                "a new or empty directory, or one that holds the same run",
                "other files and no run.json",
            )
            .hint("choose another ⟦out⟧"));
        }
        std::fs::create_dir_all(path).map_err(|source| Error::io("create", path, source))?;
        let run = Self {
            _lock: lock(path)?,
            path: path.to_path_buf(),
            record: planned,
        };
        run.save()?;
        Ok(run)
    }

    /// Directory of one training, made if need be.
    pub fn training(&self, name: &str) -> Result<PathBuf> {
        let path = self.path.join(name);
        std::fs::create_dir_all(&path).map_err(|source| Error::io("create", &path, source))?;
        Ok(path)
    }

    /// Marks the run as complete.
    pub fn finish(&mut self) -> Result<()> {
        self.record.finish();
        self.save()
    }

    pub fn save(&self) -> Result<()> {
        write_json(&self.path.join(RECORD), &self.record)
    }
}

/// Keeps other processes from the run in `path`.
pub fn lock(path: &Path) -> Result<File> {
    let name = path.join(LOCK);
    let failed = |source| Error::io("create", &name, source);
    let file = File::create(&name).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::input(
            path,
            Place::File,
            "a run that no other process works on",
            "one that another process is training",
        )
        .hint("wait for it, or choose another ⟦out⟧")),
        // Some network file systems have no locks; the run is as safe as before.
        Err(TryLockError::Error(source)) if source.kind() == ErrorKind::Unsupported => Ok(file),
        Err(TryLockError::Error(source)) => Err(failed(source)),
    }
}

/// Reads `run.json` of a run directory.
///
/// # Errors
/// If it is missing or not a run record.
pub fn read_record(run: &Path) -> Result<RunRecord> {
    read_json(&run.join(RECORD))
}

/// Reads a JSON record.
///
/// # Errors
/// If it is missing or not of the form expected.
pub fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T> {
    let bytes = std::fs::read(path).map_err(|source| Error::io("read", path, source))?;
    serde_json::from_slice(&bytes).map_err(|error| {
        Error::input(
            path,
            Place::Line(error.line() as u64),
            "a record as bindscape writes it",
            error.to_string(),
        )
        .hint("the file was changed or cut; restore it or start the run anew")
    })
}

/// Writes a JSON record.
pub fn write_json<T: Serialize>(path: &Path, value: &T) -> Result<()> {
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
    if planned.bindscape != found.bindscape {
        return Some((
            format!("a run of bindscape {}", planned.bindscape),
            format!("one of {}", found.bindscape),
        ));
    }
    if planned.tfs != found.tfs {
        return Some((
            format!("a run of {}", short_list(&planned.tfs)),
            format!("one of {}", short_list(&found.tfs)),
        ));
    }
    if planned.inputs != found.inputs || planned.parent != found.parent {
        return Some((
            "a run on the same input files".into(),
            "one on others (compare `inputs` and `parent` in its run.json)".into(),
        ));
    }
    configuration_difference(&planned.configuration, &found.configuration)
}

/// Which settings of two runs differ, as [`Record::difference`] tells it.
pub fn configuration_difference(
    planned: &serde_json::Value,
    found: &serde_json::Value,
) -> Option<(String, String)> {
    if planned == found {
        return None;
    }
    let changed: Vec<String> = match (planned.as_object(), found.as_object()) {
        (Some(planned), Some(found)) => planned
            .iter()
            .filter(|(key, value)| found.get(*key) != Some(value))
            .map(|(key, _)| key.clone())
            .collect(),
        _ => Vec::new(),
    };
    Some((
        "a run with the same settings".into(),
        format!("one with other {}", changed.join(", ")),
    ))
}

fn short_list(names: &[String]) -> String {
    match names {
        [] => "no TF".into(),
        [one] => one.clone(),
        [first, second] => format!("{first} and {second}"),
        [first, rest @ ..] => format!("{first} and {} other TFs", rest.len()),
    }
}
