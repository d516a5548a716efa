//! Adding to a directory of embeddings.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustc_hash::FxHashMap;

use super::shard::{self, Shard};
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
    /// Places of entries by id and sequence.
    named: FxHashMap<(String, String), usize>,
    shard: Shard,
    number: u32,
    since: Instant,
    /// Whether entries were added that need no new shard.
    renamed: bool,
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
            number,
            since: Instant::now(),
            renamed: false,
            _lock: lock,
        };
        for entry in entries {
            writer.note(entry);
        }
        Ok(writer)
    }

    fn note(&mut self, entry: Entry) {
        let place = self.entries.len();
        self.known.entry(entry.sha256.clone()).or_insert(place);
        self.named
            .insert((entry.id.clone(), entry.sha256.clone()), place);
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

    /// Whether the protein's sequence is there; if so, it is also noted under its id.
    pub fn has(&mut self, protein: &Protein) -> bool {
        let sha256 = fingerprint(&protein.sequence);
        let Some(&place) = self.known.get(&sha256) else {
            return false;
        };
        if !self.named.contains_key(&(protein.id.clone(), sha256)) {
            let entry = Entry {
                id: protein.id.clone(),
                ..self.entries[place].clone()
            };
            self.note(entry);
            self.renamed = true;
        }
        true
    }

    /// Adds the rows of a protein (rows x features, row-major), unless its sequence is
    /// there.
    ///
    /// # Errors
    /// If a shard is full and cannot be written.
    ///
    /// # Panics
    /// If the numbers are not as many as its length and the representation make.
    pub fn add(&mut self, protein: &Protein, values: &[f32], row: EmbeddingRow) -> Result<()> {
        assert!(
            !values.is_empty() && values.len().is_multiple_of(self.info.features),
            "whole rows"
        );
        if self.has(protein) {
            return Ok(());
        }
        // An id that stands for another sequence, from another file, needs another shard.
        if self.shard.holds(&protein.id) {
            self.flush()?;
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
        if self.shard.is_empty() && !self.renamed {
            return Ok(());
        }
        if !self.shard.is_empty() {
            let path = shard::path(&self.directory, self.number, self.info.format);
            self.shard.write(&path, self.info.format)?;
            self.shard = Shard::new(self.info.dtype, self.info.features);
            self.number += 1;
        }
        self.write_index()?;
        self.since = Instant::now();
        self.renamed = false;
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
