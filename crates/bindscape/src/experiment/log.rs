//! The rows that are there so far, in whatever order cases end: JSON lines that outlive a kill.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use bindscape_base::{Error, Result};
use bindscape_matrix::experiment::ResultRow;
use serde::{Deserialize, Serialize};

/// What came of a case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum CaseResult {
    /// A row for each model.
    Rows(Vec<ResultRow>),
    /// It cannot be studied, for this reason.
    LeftOut(String),
}

/// The results of cases by key, in memory and in a file.
pub(super) struct Log {
    path: PathBuf,
    inner: Mutex<Inner>,
}

struct Inner {
    file: File,
    results: BTreeMap<String, CaseResult>,
}

impl Log {
    /// Opens the log at `path`, or begins it. The process must hold the lock of its directory.
    ///
    /// # Errors
    /// If it cannot be read or written.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let before = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            Err(source) => return Err(Error::io("read", path, source)),
        };
        // What follows the last end of line was cut off by a kill.
        let whole = before
            .iter()
            .rposition(|&byte| byte == b'\n')
            .map_or(0, |end| end + 1);
        let lines = before[..whole].split_inclusive(|&byte| byte == b'\n');
        let mut results = BTreeMap::new();
        for line in lines {
            if let Ok((key, result)) = serde_json::from_slice::<(String, CaseResult)>(line) {
                results.insert(key, result);
            }
        }
        let failed = |source| Error::io("write", path, source);
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(path)
            .map_err(failed)?;
        file.set_len(whole as u64).map_err(failed)?;
        Ok(Self {
            path: path.to_owned(),
            inner: Mutex::new(Inner { file, results }),
        })
    }

    fn inner(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the case of `key` has its result.
    pub(super) fn has(&self, key: &str) -> bool {
        self.inner().results.contains_key(key)
    }

    /// The result of the case of `key`.
    pub(super) fn get(&self, key: &str) -> Option<CaseResult> {
        self.inner().results.get(key).cloned()
    }

    /// Adds the result of a case.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub(super) fn add(&self, key: &str, result: CaseResult) -> Result<()> {
        let mut line = serde_json::to_vec(&(key, &result)).expect("rows have finite numbers");
        line.push(b'\n');
        let mut inner = self.inner();
        inner
            .file
            .write_all(&line)
            .map_err(|source| Error::io("write", &self.path, source))?;
        inner.results.insert(key.to_owned(), result);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_kill_cuts_off_is_done_again_and_the_rest_is_not() {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let path = folder.path().join("cases.jsonl");
        let left_out = |why: &str| CaseResult::LeftOut(why.into());
        {
            let log = Log::open(&path).expect("a log");
            log.add("a", left_out("too few")).expect("written");
            log.add("b", CaseResult::Rows(Vec::new())).expect("written");
        }
        let bytes = std::fs::read(&path).expect("a file");
        std::fs::write(&path, &bytes[..bytes.len() - 3]).expect("written");
        let log = Log::open(&path).expect("a log");
        assert_eq!(log.get("a"), Some(left_out("too few")));
        assert!(!log.has("b"));
        log.add("b", left_out("again")).expect("written");
        drop(log);
        let log = Log::open(&path).expect("a log");
        assert_eq!(log.get("b"), Some(left_out("again")));
        assert!(log.has("a"));
    }
}
