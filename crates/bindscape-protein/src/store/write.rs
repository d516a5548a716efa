//! Adding to a directory of embeddings.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustc_hash::{FxHashMap, FxHashSet};

use super::shard::{self, OpenShard, Shard};
use super::{COLUMNS, EmbeddingInfo, Entry, INDEX, INFO, LOCK, fingerprint, read};
use crate::reader::Protein;
use bindscape_base::atomic;
use bindscape_base::error::{Error, Result};
use bindscape_base::lock::Lock;

/// A shard is written when it holds so many bytes, or after that time, so that an
/// interrupted job loses little.
const SHARD_BYTES: usize = 64 << 20;
const SHARD_TIME: Duration = Duration::from_secs(300);

/// What is known of a protein beside its numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EmbeddingRow {
    /// Chunks in which it was computed.
    pub chunks: usize,
    /// Residues that the model does not know.
    pub unknown: usize,
    /// Whether residues of its end are missing.
    pub cut: bool,
}

/// A directory of embeddings that grows.
pub struct EmbeddingWriter {
    directory: PathBuf,
    info: EmbeddingInfo,
    /// What lies on disk, and after that what is in `shard`.
    entries: Vec<Entry>,
    /// Place of the first entry of each sequence.
    known: FxHashMap<String, usize>,
    /// Places of entries by id.
    named: FxHashMap<String, usize>,
    /// Entries without an array of their own: older versions kept one for all ids of a sequence.
    shared: FxHashSet<usize>,
    /// Shards on disk that rows were copied from.
    opened: FxHashMap<u32, OpenShard>,
    shard: Shard,
    number: u32,
    since: Instant,
    /// Keeps other writers from the directory.
    _lock: Lock,
}

/// Makes the directory if need be, and keeps other processes from writing to it.
fn lock(directory: &Path) -> Result<Lock> {
    std::fs::create_dir_all(directory).map_err(|source| Error::io("create", directory, source))?;
    let inside =
        std::fs::read_dir(directory).map_err(|source| Error::io("read", directory, source))?;
    // A lock alone is left where a writer stopped before the description was written.
    let mut others = inside.filter(|entry| !entry.as_ref().is_ok_and(|it| it.file_name() == LOCK));
    if !directory.join(INFO).exists() && others.next().is_some() {
        return Err(Error::conflict(
            directory,
            "a directory of embeddings or an empty one",
            "other files",
        )
        .hint("choose another directory"));
    }
    Lock::acquire(&directory.join(LOCK))?.ok_or_else(|| {
        Error::conflict(
            directory,
            "a directory of embeddings that no other process writes to",
            "one that another process is adding to",
        )
        .hint("wait for it, or choose another directory")
    })
}

impl EmbeddingWriter {
    /// Continues the directory, or begins it.
    ///
    /// # Errors
    /// If it holds other embeddings or other files, another writer is adding to it, or it cannot be
    /// made.
    pub fn open(directory: &Path, info: EmbeddingInfo) -> Result<Self> {
        let lock = lock(directory)?;
        let mut entries = Vec::new();
        if directory.join(INFO).exists() {
            info.check_same(&EmbeddingInfo::read(directory)?, directory)?;
            if directory.join(INDEX).exists() {
                entries = read::read_index(&directory.join(INDEX))?;
            }
        } else {
            info.write(directory)?;
        }
        let number = entries
            .iter()
            .map(|entry| entry.shard + 1)
            .max()
            .unwrap_or(0);
        let mut writer = Self {
            directory: directory.to_path_buf(),
            shard: Shard::new(info.dtype, info.features),
            info,
            entries: Vec::new(),
            known: FxHashMap::default(),
            named: FxHashMap::default(),
            shared: FxHashSet::default(),
            opened: FxHashMap::default(),
            number,
            since: Instant::now(),
            _lock: lock,
        };
        let mut arrays = FxHashSet::default();
        for entry in entries {
            if !arrays.insert((entry.shard, entry.first_row)) {
                writer.shared.insert(writer.entries.len());
            }
            writer.note(entry);
        }
        Ok(writer)
    }

    fn note(&mut self, entry: Entry) {
        let place = self.entries.len();
        self.known.entry(entry.sha256.clone()).or_insert(place);
        self.named.insert(entry.id.clone(), place);
        self.entries.push(entry);
    }

    /// Proteins of the directory.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether the protein's sequence is there, under whatever id.
    #[must_use]
    pub fn knows(&self, protein: &Protein) -> bool {
        self.known.contains_key(&fingerprint(&protein.sequence))
    }

    /// Whether the protein is there with its id and sequence, and an array under that id.
    ///
    /// # Errors
    /// If its id stands for another sequence.
    pub fn holds(&self, protein: &Protein) -> Result<bool> {
        let place = self.place(protein, &fingerprint(&protein.sequence))?;
        Ok(place.is_some_and(|place| !self.shared.contains(&place)))
    }

    /// The entry of the protein's id, which must be of its sequence.
    fn place(&self, protein: &Protein, sha256: &str) -> Result<Option<usize>> {
        let Some(&place) = self.named.get(&protein.id) else {
            return Ok(None);
        };
        let entry = &self.entries[place];
        if entry.sha256 == sha256 {
            return Ok(Some(place));
        }
        Err(Error::conflict(
            &self.directory,
            format!(
                "{:?} to be the sequence of {} residues that is stored under this id",
                protein.id, entry.length
            ),
            format!("another sequence, of {} residues", protein.sequence.len()),
        )
        .hint("give the protein a name of its own, or choose another directory"))
    }

    /// Gives the protein an array under its id if its sequence is there, and says whether it is.
    ///
    /// # Errors
    /// If its id stands for another sequence, or rows cannot be read or written.
    pub fn has(&mut self, protein: &Protein) -> Result<bool> {
        let sha256 = fingerprint(&protein.sequence);
        let named = self.place(protein, &sha256)?;
        if named.is_some_and(|place| !self.shared.contains(&place)) {
            return Ok(true);
        }
        let Some(&place) = self.known.get(&sha256) else {
            return Ok(false);
        };
        let values = self.values(place)?;
        let entry = Entry {
            id: protein.id.clone(),
            shard: self.number,
            first_row: self.shard.add(&protein.id, &values),
            ..self.entries[place].clone()
        };
        match named {
            Some(place) => {
                self.shared.remove(&place);
                self.entries[place] = entry;
            }
            None => self.note(entry),
        }
        self.flush_if_large()?;
        Ok(true)
    }

    /// The rows of an entry that names its array.
    fn values(&mut self, place: usize) -> Result<Vec<f32>> {
        let entry = &self.entries[place];
        let mut values = Vec::new();
        if entry.shard == self.number {
            self.shard.read(entry.first_row, entry.rows, &mut values);
            return Ok(values);
        }
        if !self.opened.contains_key(&entry.shard) {
            let rows = read::shard_rows(&self.entries)[entry.shard as usize];
            let shard = read::open_shard(&self.directory, &self.info, entry.shard, rows)?;
            self.opened.insert(entry.shard, shard);
        }
        self.opened[&entry.shard].read(
            &entry.id,
            entry.first_row,
            entry.rows,
            self.info.features,
            self.info.dtype,
            &mut values,
        )?;
        Ok(values)
    }

    /// Adds the rows of a protein (rows x features, row-major); where its sequence is there,
    /// those that are.
    ///
    /// # Errors
    /// If its id stands for another sequence, or a shard is full and cannot be written.
    ///
    /// # Panics
    /// If the numbers are not as many as its length and the representation make.
    pub fn add(&mut self, protein: &Protein, values: &[f32], row: EmbeddingRow) -> Result<()> {
        assert!(
            !values.is_empty() && values.len().is_multiple_of(self.info.features),
            "whole rows"
        );
        if self.has(protein)? {
            return Ok(());
        }
        let first_row = self.shard.add(&protein.id, values);
        self.note(Entry {
            id: protein.id.clone(),
            sha256: fingerprint(&protein.sequence),
            length: protein.sequence.len(),
            rows: values.len() / self.info.features,
            shard: self.number,
            first_row,
            chunks: row.chunks,
            unknown: row.unknown,
            cut: row.cut,
        });
        self.flush_if_large()
    }

    fn flush_if_large(&mut self) -> Result<()> {
        if self.shard.bytes() >= SHARD_BYTES || self.since.elapsed() >= SHARD_TIME {
            self.flush()?;
        }
        Ok(())
    }

    /// Writes what was added since the last shard. To be called at the end, and before
    /// stopping early.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn flush(&mut self) -> Result<()> {
        if self.shard.is_empty() {
            return Ok(());
        }
        let path = shard::path(&self.directory, self.number, self.info.format);
        self.shard.write(&path, self.info.format)?;
        self.shard = Shard::new(self.info.dtype, self.info.features);
        self.number += 1;
        self.write_index()?;
        self.since = Instant::now();
        Ok(())
    }

    fn write_index(&self) -> Result<()> {
        let mut text = COLUMNS.join("\t");
        text.push('\n');
        for entry in &self.entries {
            text.push_str(&format!(
                "{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\n",
                entry.id,
                entry.sha256,
                entry.length,
                entry.rows,
                entry.shard,
                entry.first_row,
                entry.chunks,
                entry.unknown,
                u8::from(entry.cut),
            ));
        }
        atomic::write(self.directory.join(INDEX), text.as_bytes())
    }
}
