//! Embeddings on disk: a directory that serves as cache and as input of networks.
//!
//! | file | what it is |
//! |---|---|
//! | `embedding.json` | model, layer, representation, type of numbers ([`EmbeddingInfo`]) |
//! | `index.tsv` | one line per protein: `id`, `sha256` of its sequence, `length`, `rows`, `shard`, `first_row` in it, `chunks` in which it was computed, `unknown` residues, `cut` (1 if residues of its end are missing) |
//! | `shard-00000.safetensors`… | one tensor per protein (rows x features), under its id; or `.npz` with arrays |
//!
//! Whatever shares model, layer, representation and type may share a directory: a
//! protein is known again by its sequence and never computed twice, under whatever id and
//! from whatever file. Every id has an array of its own, also where several stand for one
//! sequence, and stands for one sequence. Shards and index appear whole; the index tells which
//! shards count.

mod read;
mod shard;
mod write;

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::representation::{ChunkSizes, EmbeddingModel, Embeddings, Representation};
use super::rows::{RowsOf, StoredType};
use bindscape_base::atomic;
use bindscape_base::digest;
use bindscape_base::error::{Error, Place, Result};
use bindscape_base::kind;

pub use self::read::{EmbeddingStore, StoredEmbeddings};
pub use self::shard::ShardFormat;
pub use self::write::{EmbeddingRow, EmbeddingWriter};

/// Name of the description of a directory.
const INFO: &str = "embedding.json";

/// Name of its index.
const INDEX: &str = "index.tsv";

/// Name of the file that a writer locks.
const LOCK: &str = ".lock";

/// Columns of the index.
const COLUMNS: [&str; 9] = [
    "id",
    "sha256",
    "length",
    "rows",
    "shard",
    "first_row",
    "chunks",
    "unknown",
    "cut",
];

/// What the embeddings of a directory are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmbeddingInfo {
    /// The model's name, such as `facebook/esm2_t6_8M_UR50D`, or an encoding's.
    pub model: String,
    /// SHA-256 of its weights, where it has weights that are known.
    pub checksum: Option<String>,
    /// The layer whose hidden states these are.
    pub layer: Option<usize>,
    /// Numbers per row.
    pub features: usize,
    /// What a row is.
    pub rows: RowsOf,
    /// Type of the numbers.
    pub dtype: StoredType,
    /// Format of the shards.
    pub format: ShardFormat,
    /// How long proteins were cut for the model, where that is known.
    #[serde(rename = "settings", with = "chunk_settings")]
    pub chunks: Option<ChunkSizes>,
    /// Version of bindscape that began the directory.
    pub version: String,
}

impl EmbeddingInfo {
    /// The representation. That of an encoding in `f32` is the encoding's own: computed or
    /// stored, it is the same.
    #[must_use]
    pub fn representation(&self) -> Representation {
        // Weights are known by what they are, not by where they lie.
        let model = match &self.checksum {
            Some(checksum) => {
                EmbeddingModel::Weights(checksum.get(..16).unwrap_or(checksum).to_owned())
            }
            None => EmbeddingModel::Name(self.model.clone()),
        };
        Embeddings {
            model,
            layer: self.layer,
            rows: self.rows,
            chunks: self.chunks,
            dtype: self.dtype,
        }
        .representation()
    }

    fn read(directory: &Path) -> Result<Self> {
        if directory.is_file() {
            kind::expect(directory, "a directory of embeddings", &[])?;
        }
        let path = directory.join(INFO);
        let text = std::fs::read_to_string(&path).map_err(|source| {
            if source.kind() == std::io::ErrorKind::NotFound {
                Error::input(
                    directory,
                    Place::File,
                    format!("a directory of embeddings, with {INFO}"),
                    "none",
                )
                .hint("`bindscape protein embed` makes one")
            } else {
                Error::io("read", &path, source)
            }
        })?;
        serde_json::from_str(&text).map_err(|error| {
            Error::input(
                &path,
                Place::File,
                "a description of embeddings",
                error.to_string(),
            )
        })
    }

    fn write(&self, directory: &Path) -> Result<()> {
        let mut text = serde_json::to_vec_pretty(self).expect("plain values");
        text.push(b'\n');
        atomic::write(directory.join(INFO), &text)
    }

    /// Refuses to put `self` beside what a directory holds.
    fn check_same(&self, other: &Self, directory: &Path) -> Result<()> {
        let words = |info: &Self| {
            [
                ("model", info.model.clone()),
                (
                    "checksum",
                    info.checksum.clone().unwrap_or_else(|| "none".into()),
                ),
                (
                    "layer",
                    info.layer.map_or_else(|| "none".into(), |l| l.to_string()),
                ),
                ("features", info.features.to_string()),
                ("representation", info.rows.to_string()),
                ("dtype", info.dtype.name().to_owned()),
                ("format", info.format.extension().to_owned()),
                (
                    "settings",
                    info.chunks
                        .map_or_else(String::new, |chunks| chunks.settings().join(", ")),
                ),
            ]
        };
        // Equal weights may lie in two places.
        let by_name = self.checksum.is_none() || self.checksum != other.checksum;
        let differ: Vec<(String, String)> = words(self)
            .into_iter()
            .zip(words(other))
            .filter(|(ours, theirs)| ours != theirs && (by_name || ours.0 != "model"))
            .map(|((name, ours), (_, theirs))| {
                (format!("{name} {ours}"), format!("{name} {theirs}"))
            })
            .collect();
        if differ.is_empty() {
            return Ok(());
        }
        let (ours, theirs): (Vec<String>, Vec<String>) = differ.into_iter().unzip();
        Err(Error::conflict(
            directory,
            format!("embeddings of {}", ours.join(", ")),
            theirs.join(", "),
        )
        .hint("choose another directory for these"))
    }
}

/// [`EmbeddingInfo::chunks`] as a list of settings, `["chunk=1022", "overlap=256"]`.
mod chunk_settings {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::representation::ChunkSizes;

    pub(super) fn serialize<S: Serializer>(
        chunks: &Option<ChunkSizes>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let settings: Vec<String> = chunks.iter().flat_map(|it| it.settings()).collect();
        settings.serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<ChunkSizes>, D::Error> {
        let settings = Vec::<String>::deserialize(deserializer)?;
        match &settings[..] {
            [] => Ok(None),
            [chunk, overlap] => ChunkSizes::parse([chunk, overlap])
                .map(Some)
                .ok_or_else(|| D::Error::custom("other settings than `chunk` and `overlap`")),
            _ => Err(D::Error::custom(
                "other settings than `chunk` and `overlap`",
            )),
        }
    }
}

/// The line of a protein in the index.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    id: String,
    sha256: String,
    length: usize,
    rows: usize,
    shard: u32,
    first_row: usize,
    chunks: usize,
    unknown: usize,
    cut: bool,
}

/// What a sequence is known by.
fn fingerprint(sequence: &[u8]) -> String {
    digest::sha256_hex(sequence)
}

#[cfg(test)]
mod tests;
