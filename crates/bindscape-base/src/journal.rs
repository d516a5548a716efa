//! What a command has computed so far, so that the same command continues after an
//! interruption.
//!
//! A journal is a file of JSON lines: the plan, which is all that results depend on beside the
//! items themselves, then a result for each item in the order of the input, with a key that
//! tells the item. Results of an unfinished run with the same plan are handed out again as long
//! as the items come in the same order; from the first other item on the journal is written anew.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, Result};
use crate::progress::Progress;

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
    /// there is none, or one of another `plan`, of which `progress` is told.
    ///
    /// # Errors
    /// If the file cannot be read or written.
    pub fn open(
        path: impl AsRef<Path>,
        items: &'static str,
        plan: &impl Serialize,
        progress: &dyn Progress,
    ) -> Result<Self> {
        let path = path.as_ref().to_path_buf();
        let plan = line(plan);
        let failed = |source| Error::io("read", &path, source);
        match File::open(&path) {
            Ok(file) => {
                let mut reader = BufReader::new(file);
                let mut first = Vec::new();
                reader.read_until(b'\n', &mut first).map_err(failed)?;
                if first == plan {
                    let place = plan.len() as u64;
                    let state = State::Reading { reader, place };
                    return Ok(Self::new(path, items, state));
                }
                progress.note(&format!(
                    "{} is of another command that was interrupted; beginning anew",
                    path.display()
                ));
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed(error)),
        }
        let create = |source| Error::io("create", &path, source);
        let mut writer = BufWriter::new(File::create(&path).map_err(create)?);
        writer.write_all(&plan).map_err(create)?;
        let state = State::Writing {
            writer,
            flushed: Instant::now(),
        };
        Ok(Self::new(path, items, state))
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
    /// If the file cannot be read or written.
    pub fn find<T: DeserializeOwned>(
        &mut self,
        key: &str,
        progress: &dyn Progress,
    ) -> Result<Option<T>> {
        let State::Reading { reader, place } = &mut self.state else {
            return Ok(None);
        };
        let mut bytes = Vec::new();
        reader
            .read_until(b'\n', &mut bytes)
            .map_err(|source| Error::io("read", &self.path, source))?;
        // A line without its end, of a program that was killed, is no JSON or has another key.
        let entry = serde_json::from_slice::<(String, T)>(&bytes);
        if let Ok((found, value)) = entry
            && found == key
            && bytes.ends_with(b"\n")
        {
            *place += bytes.len() as u64;
            self.found += 1;
            return Ok(Some(value));
        }
        let place = *place;
        self.write_from(place)?;
        if self.found > 0 {
            progress.note(&format!(
                "continuing after the first {} {} of an interrupted run",
                self.found, self.items
            ));
        }
        Ok(None)
    }

    /// Notes the result for the item of `key`, for which [`Journal::find`] found none.
    ///
    /// # Errors
    /// If the file cannot be written.
    ///
    /// # Panics
    /// If results of before are not read to their end, or the value makes no JSON.
    pub fn add(&mut self, key: &str, value: &impl Serialize) -> Result<()> {
        let State::Writing { writer, flushed } = &mut self.state else {
            panic!("an item is looked up before its result is added");
        };
        let failed = |source| Error::io("write", &self.path, source);
        self.added += 1;
        writer.write_all(&line(&(key, value))).map_err(failed)?;
        if flushed.elapsed() < FLUSH {
            return Ok(());
        }
        *flushed = Instant::now();
        self.flush()
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
    /// If it cannot be removed.
    pub fn finish(mut self) -> Result<()> {
        self.state = State::Closed;
        std::fs::remove_file(&self.path).map_err(|source| Error::io("remove", &self.path, source))
    }

    /// Drops what lies behind `place`, and writes from there.
    fn write_from(&mut self, place: u64) -> Result<()> {
        let open = || -> std::io::Result<File> {
            let mut file = OpenOptions::new().write(true).open(&self.path)?;
            file.set_len(place)?;
            file.seek(SeekFrom::End(0))?;
            Ok(file)
        };
        let file = open().map_err(|source| Error::io("write", &self.path, source))?;
        self.state = State::Writing {
            writer: BufWriter::new(file),
            flushed: Instant::now(),
        };
        Ok(())
    }
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
    use super::*;
    use crate::progress::{Notes, Silent};

    /// Runs over `items`, computing a result where there is none; gives those computed.
    fn run(path: &Path, plan: &str, items: &[&str], heard: &Notes) -> (Journal, Vec<String>) {
        let mut journal = Journal::open(path, "words", &plan, heard).unwrap();
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
        // Another order: what follows the first difference is computed again.
        assert_eq!(
            run(&path, "1", &["a", "ccc", "bb"], &heard).1,
            ["ccc", "bb"]
        );
        let (journal, computed) = run(&path, "1", &["a", "ccc", "bb"], &heard);
        assert!(computed.is_empty());
        journal.finish().unwrap();
        assert!(!path.exists());
    }

    #[test]
    fn a_line_cut_short_is_computed_again() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("unfinished");
        let all = ["a", "bb", "ccc"];
        drop(run(&path, "1", &all, &Notes::default()));
        let whole = std::fs::read(&path).unwrap();
        let lines: Vec<usize> = (0..whole.len()).filter(|&i| whole[i] == b'\n').collect();
        for cut in lines[1] + 1..whole.len() {
            std::fs::write(&path, &whole[..cut]).unwrap();
            let (_, computed) = run(&path, "1", &all, &Notes::default());
            let from = if cut > lines[2] { 2 } else { 1 };
            assert_eq!(computed, all[from..], "{cut}");
            assert_eq!(std::fs::read(&path).unwrap(), whole);
        }
    }

    #[test]
    fn another_plan_begins_anew_and_says_so() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("unfinished");
        drop(run(&path, "1", &["a"], &Notes::default()));
        let heard = Notes::default();
        assert_eq!(run(&path, "2", &["a"], &heard).1, ["a"]);
        assert!(heard.0.lock().unwrap()[0].contains("another command"));
        drop(Journal::open(&path, "words", &"3", &Silent).unwrap());
        assert!(!path.exists());
        let failed = Journal::open(
            directory.path().join("none/unfinished"),
            "words",
            &"",
            &Silent,
        );
        assert!(failed.unwrap_err().to_string().contains("none/unfinished"));
    }
}
