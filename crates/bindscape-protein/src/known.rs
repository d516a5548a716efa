//! Sequences that are recognised again.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

/// Bytes of a checksum that are kept: a billionth of a chance that ten thousand sequences
/// and all of UniProt have two in common by accident.
const KEPT: usize = 8;

/// Sequences by checksum, to be recognised again: the first eight bytes of each SHA-256.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KnownSequences(Vec<[u8; KEPT]>);

impl KnownSequences {
    /// The checksums of `sequences`.
    pub fn new<'a>(sequences: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut all: Vec<_> = sequences.into_iter().map(checksum).collect();
        all.sort_unstable();
        all.dedup();
        Self(all)
    }

    /// Whether `sequence` is among them.
    #[must_use]
    pub fn contains(&self, sequence: &[u8]) -> bool {
        self.0.binary_search(&checksum(sequence)).is_ok()
    }

    /// Number of different sequences.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn checksum(sequence: &[u8]) -> [u8; KEPT] {
    let digest = Sha256::digest(sequence);
    std::array::from_fn(|index| digest[index])
}

impl Serialize for KnownSequences {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(self.0.as_flattened()))
    }
}

impl<'de> Deserialize<'de> for KnownSequences {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = STANDARD.decode(text).map_err(serde::de::Error::custom)?;
        let (all, rest) = bytes.as_chunks::<KEPT>();
        if !rest.is_empty() || !all.is_sorted() {
            return Err(serde::de::Error::custom("no sorted list of checksums"));
        }
        Ok(Self(all.to_vec()))
    }
}
