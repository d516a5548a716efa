//! Reading embeddings, a protein at a time.

use std::path::{Path, PathBuf};

use rustc_hash::FxHashMap;

use super::shard::{self, OpenShard};
use super::{COLUMNS, EmbeddingInfo, Entry, INDEX, fingerprint};
use crate::features::Features;
use crate::reader::Protein;
use crate::representation::Representation;
use bindscape_base::error::{Error, Place, Result};
use bindscape_base::table;
use bindscape_base::words::some_of;

/// A directory of embeddings, opened for reading. As [`Features`], its proteins are those
/// of the index, in its order; [`EmbeddingStore::of`] takes those of a list. Rows are read
/// from disk when asked for.
pub struct EmbeddingStore {
    directory: PathBuf,
    info: EmbeddingInfo,
    entries: Vec<Entry>,
    shards: Vec<OpenShard>,
    /// The first entry of each sequence.
    known: FxHashMap<String, usize>,
    /// The entry whose id names the array of each entry: its own, but in directories of versions
    /// that kept one array for all proteins of a sequence.
    arrays: Vec<usize>,
}

impl EmbeddingStore {
    /// Opens a directory that [`EmbeddingWriter`](super::EmbeddingWriter) made.
    ///
    /// # Errors
    /// If it is none, or a shard is missing or not of the size that the index says.
    pub fn open(directory: &Path) -> Result<Self> {
        let info = EmbeddingInfo::read(directory)?;
        let index = directory.join(INDEX);
        if !index.exists() {
            return Err(
                Error::input(directory, Place::File, "embeddings", "none finished yet")
                    .hint("run the same `bindscape protein embed` again: it continues"),
            );
        }
        let entries = read_index(&index)?;
        let mut known = FxHashMap::default();
        let mut first_of = FxHashMap::default();
        let mut arrays = Vec::with_capacity(entries.len());
        for (place, entry) in entries.iter().enumerate() {
            known.entry(entry.sha256.clone()).or_insert(place);
            arrays.push(
                *first_of
                    .entry((entry.shard, entry.first_row))
                    .or_insert(place),
            );
        }
        let shards = (0..).zip(shard_rows(&entries));
        let shards = shards
            .map(|(number, rows)| open_shard(directory, &info, number, rows))
            .collect::<Result<_>>()?;
        Ok(Self {
            directory: directory.to_path_buf(),
            info,
            entries,
            shards,
            known,
            arrays,
        })
    }

    /// What the embeddings are.
    #[must_use]
    pub fn info(&self) -> &EmbeddingInfo {
        &self.info
    }

    /// Proteins in the index.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Id of a protein of the index.
    #[must_use]
    pub fn protein_id(&self, protein: usize) -> &str {
        &self.entries[protein].id
    }

    /// Residues of a protein that the model did not know.
    #[must_use]
    pub fn unknown(&self, protein: usize) -> usize {
        self.entries[protein].unknown
    }

    /// Chunks in which a protein was computed.
    #[must_use]
    pub fn chunks(&self, protein: usize) -> usize {
        self.entries[protein].chunks
    }

    /// The embeddings of `proteins`, in their order, found by sequence.
    ///
    /// # Errors
    /// If some have none: they are counted, and some named.
    pub fn of(&self, proteins: &[Protein]) -> Result<StoredEmbeddings<'_>> {
        let mut places = Vec::with_capacity(proteins.len());
        let mut missing = Vec::new();
        for protein in proteins {
            match self.known.get(&fingerprint(&protein.sequence)) {
                Some(&place) => places.push(place),
                None => missing.push(protein.id.as_str()),
            }
        }
        if missing.is_empty() {
            return Ok(StoredEmbeddings {
                store: self,
                places,
            });
        }
        Err(Error::input(
            &self.directory,
            Place::File,
            "embeddings of all proteins",
            format!(
                "none of {} of {} ({})",
                missing.len(),
                proteins.len(),
                some_of(&missing)
            ),
        )
        .hint("`bindscape protein embed` into the same directory adds those that are missing"))
    }
}

impl Features for EmbeddingStore {
    fn representation(&self) -> Representation {
        self.info.representation()
    }

    fn features(&self) -> usize {
        self.info.features
    }

    fn rows(&self, protein: usize) -> usize {
        self.entries[protein].rows
    }

    fn read(&self, protein: usize, out: &mut Vec<f32>) -> Result<()> {
        let entry = &self.entries[protein];
        self.shards[entry.shard as usize].read(
            &self.entries[self.arrays[protein]].id,
            entry.first_row,
            entry.rows,
            self.info.features,
            self.info.dtype,
            out,
        )
    }

    fn cut(&self, protein: usize) -> bool {
        self.entries[protein].cut
    }
}

/// Stored embeddings of a list of proteins.
pub struct StoredEmbeddings<'a> {
    store: &'a EmbeddingStore,
    places: Vec<usize>,
}

impl StoredEmbeddings<'_> {
    /// Residues of a protein that the model did not know.
    #[must_use]
    pub fn unknown(&self, protein: usize) -> usize {
        self.store.unknown(self.places[protein])
    }

    /// Chunks in which a protein was computed.
    #[must_use]
    pub fn chunks(&self, protein: usize) -> usize {
        self.store.chunks(self.places[protein])
    }
}

impl Features for StoredEmbeddings<'_> {
    fn representation(&self) -> Representation {
        self.store.representation()
    }

    fn features(&self) -> usize {
        self.store.features()
    }

    fn rows(&self, protein: usize) -> usize {
        self.store.rows(self.places[protein])
    }

    fn read(&self, protein: usize, out: &mut Vec<f32>) -> Result<()> {
        self.store.read(self.places[protein], out)
    }

    fn cut(&self, protein: usize) -> bool {
        self.store.cut(self.places[protein])
    }
}

/// Rows of each shard, by its number.
pub(super) fn shard_rows(entries: &[Entry]) -> Vec<usize> {
    let mut rows: Vec<usize> = Vec::new();
    for entry in entries {
        let shard = entry.shard as usize;
        if rows.len() <= shard {
            rows.resize(shard + 1, 0);
        }
        rows[shard] = rows[shard].max(entry.first_row + entry.rows);
    }
    rows
}

/// Opens a shard of so many rows.
pub(super) fn open_shard(
    directory: &Path,
    info: &EmbeddingInfo,
    number: u32,
    rows: usize,
) -> Result<OpenShard> {
    let path = shard::path(directory, number, info.format);
    OpenShard::open(&path, info.format, rows, info.features * info.dtype.bytes())
}

/// The lines of an index.
pub(super) fn read_index(path: &Path) -> Result<Vec<Entry>> {
    let mut entries = Vec::new();
    let mut header = false;
    table::each_row(path, |line, fields| {
        if !header {
            header = true;
            if fields == COLUMNS {
                return Ok(());
            }
            return Err(Error::input(
                path,
                Place::Line(line),
                format!("the columns {}", COLUMNS.join(", ")),
                fields.join(", "),
            ));
        }
        let entry = entry(fields).ok_or_else(|| {
            Error::input(
                path,
                Place::Line(line),
                "a protein's line, with whole numbers after its checksum",
                format!("{:?}", fields.join(" ")),
            )
            .hint("the index is damaged: delete the directory and embed again")
        })?;
        entries.push(entry);
        Ok(())
    })?;
    Ok(entries)
}

fn entry(fields: &[&str]) -> Option<Entry> {
    let [
        id,
        sha256,
        length,
        rows,
        shard,
        first_row,
        chunks,
        unknown,
        cut,
    ] = fields
    else {
        return None;
    };
    // Numbers of shards and rows make arrays here.
    let shard: u32 = shard.parse().ok().filter(|&shard| shard < 1 << 20)?;
    let number = |text: &str| text.parse::<u32>().ok().map(|number| number as usize);
    Some(Entry {
        id: (*id).to_owned(),
        sha256: (*sha256).to_owned(),
        length: number(length)?,
        rows: number(rows)?,
        shard,
        first_row: number(first_row)?,
        chunks: number(chunks)?,
        unknown: number(unknown)?,
        cut: number(cut)? != 0,
    })
}
