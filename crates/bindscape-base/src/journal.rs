//! What a command has computed so far, so that the same command continues after an
//! interruption.
//!
//! A journal is a file of JSON lines: the plan, which is all that results depend on beside the
//! items themselves, then a result for each item in the order of the input, with a key that
//! identifies the item. The same plan gets the results of an interrupted run back as long as the
//! same items come in the same order. Results of another plan or of other items are never
//! overwritten: they are an [`Error::Conflict`], as another run in a run directory is. One
//! process at a time works with a journal.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::Serialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;

use crate::atomic;
use crate::error::{Error, Result};
use crate::lock;
use crate::progress::Progress;
use crate::settings;

/// Results may wait so long before they are handed to the operating system.
const FLUSH: Duration = Duration::from_secs(1);

/// See the module.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    /// What the items are, in the plural.
    items: &'static str,
    state: State,
    /// Results handed out from before.
    found: u64,
    /// Results added.
    added: u64,
}

/// The file is the same in both states, and locked.
#[derive(Debug)]
enum State {
    /// Results of before; the line at `place` is the next.
    Reading {
        reader: BufReader<File>,
        place: u64,
    },
    Writing {
        writer: BufWriter<File>,
        flushed: Instant,
    },
    Closed,
}

impl Journal {
    /// Opens the journal of `items` (what they are, in the plural) at `path`, or begins it if
    /// there is none.
    ///
    /// # Errors
    /// If it has results of another `plan`, another process works with it, or the file cannot be
    /// read or written.
    pub fn open(
        path: impl AsRef<Path>,
        items: &'static str,
        plan: &impl Serialize,
    ) -> Result<Self> {
        let path = path.as_ref().to_path_buf();
        atomic::make_parent(&path)?;
        let plan = line(plan);
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(|source| Error::io("create", &path, source))?;
        if !lock::try_lock(&file, &path)? {
            return Err(Error::conflict(
                &path,
                format!("{items} that no other process works on"),
                "that another one does",
            )
            .hint("wait for it, or choose another ⟦out⟧"));
        }
        let failed = |source| Error::io("read", &path, source);
        let mut reader = BufReader::new(file);
        let mut first = Vec::new();
        reader.read_until(b'\n', &mut first).map_err(failed)?;
        let results = !reader.fill_buf().map_err(failed)?.is_empty();
        if first != plan && results {
            let found = differences(&plan, &first);
            return Err(occupied(
                &path,
                "the unfinished results of the same command",
                found,
            ));
        }
        let mut journal = Self::new(path, items, State::Closed);
        if first == plan {
            let place = plan.len() as u64;
            journal.state = State::Reading { reader, place };
        } else {
            journal.write_from(reader, 0)?;
            journal.write(&plan)?;
        }
        Ok(journal)
    }

    fn new(path: PathBuf, items: &'static str, state: State) -> Self {
        Self {
            path,
            items,
            state,
            found: 0,
            added: 0,
        }
    }

    /// The result for the next item, the one of `key`, if it was computed before.
    ///
    /// # Errors
    /// If the next result is that of another item, or the file cannot be read or written.
    pub fn find<T: DeserializeOwned>(
        &mut self,
        key: &str,
        progress: &dyn Progress,
    ) -> Result<Option<T>> {
        let Some(bytes) = self.next_line()? else {
            return Ok(None);
        };
        // A line without its end, of a program that was killed, is computed again.
        if let Some(found) = key_of(&bytes) {
            if found != key {
                return Err(self.other_items());
            }
            if let Ok((_, value)) = serde_json::from_slice::<(IgnoredAny, T)>(&bytes) {
                if let State::Reading { place, .. } = &mut self.state {
                    *place += bytes.len() as u64;
                }
                self.found += 1;
                return Ok(Some(value));
            }
        }
        if let State::Reading { reader, place } = std::mem::replace(&mut self.state, State::Closed)
        {
            self.write_from(reader, place)?;
        }
        if self.found > 0 {
            progress.note(&format!(
                "continuing after the first {} {} of an interrupted run",
                self.found, self.items
            ));
        }
        Ok(None)
    }

    /// Checks that there are no results beyond those of the items that were looked up. To be
    /// called before the results are written where they belong.
    ///
    /// # Errors
    /// If there are, or the file cannot be read.
    pub fn check_end(&mut self) -> Result<()> {
        match self.next_line()? {
            Some(bytes) if key_of(&bytes).is_some() => Err(self.other_items()),
            _ => Ok(()),
        }
    }

    /// The next line of before; `None` if results are being written. Empty at the end.
    fn next_line(&mut self) -> Result<Option<Vec<u8>>> {
        let State::Reading { reader, .. } = &mut self.state else {
            return Ok(None);
        };
        let mut bytes = Vec::new();
        reader
            .read_until(b'\n', &mut bytes)
            .map_err(|source| Error::io("read", &self.path, source))?;
        Ok(Some(bytes))
    }

    fn other_items(&self) -> Error {
        let Self { items, found, .. } = self;
        let found = match found {
            0 => format!("those of other {items}"),
            found => format!("those of other {items} after the first {found}"),
        };
        occupied(
            &self.path,
            &format!("the unfinished results of the same {items}"),
            found,
        )
    }

    /// Notes the result for the item of `key`, for which [`Journal::find`] found none.
    ///
    /// # Errors
    /// If the file cannot be written.
    ///
    /// # Panics
    /// If results of before are not read to their end, or the value makes no JSON.
    pub fn add(&mut self, key: &str, value: &impl Serialize) -> Result<()> {
        self.added += 1;
        self.write(&line(&(key, value)))?;
        let State::Writing { flushed, .. } = &mut self.state else {
            return Ok(());
        };
        if flushed.elapsed() < FLUSH {
            return Ok(());
        }
        *flushed = Instant::now();
        self.flush()
    }

    fn write(&mut self, line: &[u8]) -> Result<()> {
        let State::Writing { writer, .. } = &mut self.state else {
            panic!("an item is looked up before its result is added");
        };
        writer
            .write_all(line)
            .map_err(|source| Error::io("write", &self.path, source))
    }

    /// Hands all results to the operating system, where they outlive this program. Happens by
    /// itself every second.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn flush(&mut self) -> Result<()> {
        if let State::Writing { writer, .. } = &mut self.state {
            writer
                .flush()
                .map_err(|source| Error::io("write", &self.path, source))?;
        }
        Ok(())
    }

    /// Removes the file, once the results lie where they belong.
    ///
    /// # Errors
    /// As [`Journal::check_end`], or if it cannot be removed.
    pub fn finish(mut self) -> Result<()> {
        self.check_end()?;
        self.state = State::Closed;
        std::fs::remove_file(&self.path).map_err(|source| Error::io("remove", &self.path, source))
    }

    /// Drops what lies behind `place`, and writes from there.
    fn write_from(&mut self, reader: BufReader<File>, place: u64) -> Result<()> {
        let mut file = reader.into_inner();
        file.set_len(place)
            .and_then(|()| file.seek(SeekFrom::Start(place)))
            .map_err(|source| Error::io("write", &self.path, source))?;
        self.state = State::Writing {
            writer: BufWriter::new(file),
            flushed: Instant::now(),
        };
        Ok(())
    }
}

/// Refuses to overwrite what lies in the journal at `path`.
fn occupied(path: &Path, expected: &str, found: String) -> Error {
    Error::conflict(path, expected, found).hint(format!(
        "remove {} if its results are not needed, or choose another ⟦out⟧",
        path.display()
    ))
}

/// The key of a line that is whole.
fn key_of(line: &[u8]) -> Option<String> {
    if !line.ends_with(b"\n") {
        return None;
    }
    let (key, _) = serde_json::from_slice::<(String, IgnoredAny)>(line).ok()?;
    Some(key)
}

/// In what the plan of a journal differs from the one it should have.
fn differences(planned: &[u8], found: &[u8]) -> String {
    let parse = |line| serde_json::from_slice::<Value>(line).unwrap_or_default();
    let differences = settings::differences(&parse(planned), &parse(found));
    if differences.is_empty() {
        return "those of another".into();
    }
    let named: Vec<String> = differences
        .iter()
        .map(|it| format!("`{}` ({} there, {} here)", it.name, it.found, it.planned))
        .collect();
    format!("those of another, which differs in {}", named.join(", "))
}

/// A journal without results is not worth keeping: a command that is refused at its first item
/// leaves none behind.
impl Drop for Journal {
    fn drop(&mut self) {
        if matches!(self.state, State::Writing { .. }) && self.found + self.added == 0 {
            self.state = State::Closed;
            // What remains holds a plan alone, which is no harm.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

fn line(value: &impl Serialize) -> Vec<u8> {
    let mut line = serde_json::to_vec(value).expect("plain fields make JSON");
    line.push(b'\n');
    line
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::error::ErrorKind;
    use crate::progress::{Notes, Silent};

    /// Runs over `items`, computing a result where there is none; gives those computed.
    fn run(path: &Path, plan: &str, items: &[&str], heard: &Notes) -> (Journal, Vec<String>) {
        let mut journal = Journal::open(path, "words", &plan).unwrap();
        let mut computed = Vec::new();
        for &item in items {
            let value = item.len() as f64 / 3.0;
            match journal.find::<f64>(item, heard).unwrap() {
                Some(found) => assert_eq!(found, value),
                None => {
                    journal.add(item, &value).unwrap();
                    computed.push(item.to_owned());
                }
            }
        }
        (journal, computed)
    }

    /// The error of a conflict, with its hint.
    fn refused<T: std::fmt::Debug>(result: Result<T>) -> String {
        let error = result.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict);
        format!("{error}; {}", error.advice().unwrap())
    }

    #[test]
    fn what_was_computed_is_found_again() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("unfinished");
        let heard = Notes::default();
        let all = ["a", "bb", "ccc", "dddd"];
        assert_eq!(run(&path, "1", &all[..2], &heard).1, ["a", "bb"]);
        assert!(heard.0.lock().unwrap().is_empty());
        assert_eq!(run(&path, "1", &all, &heard).1, ["ccc", "dddd"]);
        assert_eq!(
            *heard.0.lock().unwrap(),
            ["continuing after the first 2 words of an interrupted run"]
        );
        let (journal, computed) = run(&path, "1", &all, &heard);
        assert!(computed.is_empty());
        journal.finish().unwrap();
        assert!(!path.exists());
    }

    #[test]
    fn other_items_are_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("unfinished");
        drop(run(&path, "1", &["a", "bb", "ccc"], &Notes::default()));
        let before = std::fs::read(&path).unwrap();

        // Another order.
        let mut journal = Journal::open(&path, "words", &"1").unwrap();
        assert_eq!(journal.find::<f64>("a", &Silent).unwrap(), Some(1.0 / 3.0));
        let message = refused(journal.find::<f64>("ccc", &Silent));
        assert!(message.contains("the same words, found those of other words after the first 1"));
        assert!(message.contains("remove "), "{message}");
        drop(journal);

        // Fewer items: what follows is not dropped either.
        let (mut journal, _) = run(&path, "1", &["a", "bb"], &Notes::default());
        refused(journal.check_end());
        drop(journal);
        let (journal, _) = run(&path, "1", &["a", "bb"], &Notes::default());
        refused(journal.finish());
        assert_eq!(std::fs::read(&path).unwrap(), before);
    }

    #[test]
    fn a_line_cut_short_is_computed_again() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("unfinished");
        let all = ["a", "bb", "ccc"];
        drop(run(&path, "1", &all, &Notes::default()));
        let whole = std::fs::read(&path).unwrap();
        let lines: Vec<usize> = (0..whole.len()).filter(|&i| whole[i] == b'\n').collect();
        for cut in 0..whole.len() {
            std::fs::write(&path, &whole[..cut]).unwrap();
            let (_, computed) = run(&path, "1", &all, &Notes::default());
            let kept = lines.iter().filter(|&&end| end < cut).count();
            assert_eq!(computed, all[kept.saturating_sub(1)..], "{cut}");
            assert_eq!(std::fs::read(&path).unwrap(), whole);
        }
    }

    #[test]
    fn another_plan_is_refused_and_named() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("unfinished");
        let plan = |device: &str, width: u32| json!({ "device": device, "settings": { "width": width, "top": 1 } });
        let open = |plan: &Value| Journal::open(&path, "words", plan);
        let mut journal = open(&plan("cpu", 5)).unwrap();
        assert_eq!(journal.find::<f64>("a", &Silent).unwrap(), None);
        journal.add("a", &1.0).unwrap();
        drop(journal);
        let before = std::fs::read(&path).unwrap();
        let message = refused(open(&plan("cuda", 6)));
        assert!(
            message.contains(
                "those of another, which differs in `device` (cpu there, cuda here), \
                 `width` (5 there, 6 here); remove "
            ),
            "{message}"
        );
        assert_eq!(std::fs::read(&path).unwrap(), before);

        // A plan without results is nothing to keep.
        std::fs::write(&path, line(&plan("cuda", 6))).unwrap();
        drop(open(&plan("cpu", 5)).unwrap());
        assert!(!path.exists());
        // A directory that is missing is made; one that cannot be is named.
        std::fs::write(directory.path().join("file"), "").unwrap();
        let failed = Journal::open(directory.path().join("file/unfinished"), "words", &"");
        assert!(failed.unwrap_err().to_string().contains("file"));
    }

    #[test]
    fn one_process_at_a_time() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("unfinished");
        let (journal, _) = run(&path, "1", &["a"], &Notes::default());
        let message = refused(Journal::open(&path, "words", &"1"));
        assert!(message.contains("no other process"), "{message}");
        drop(journal);
        let (journal, computed) = run(&path, "1", &["a"], &Notes::default());
        assert!(computed.is_empty());
        refused(Journal::open(&path, "words", &"1"));
        journal.finish().unwrap();
    }
}
