//! Which numbers stand for a protein.

use std::fmt;
use std::str::FromStr;

use bindscape_base::{Error, Result};
use serde::{Deserialize, Serialize};

use super::encoding::Encoding;
use super::rows::{RowsOf, StoredType};
use super::windows::Windows;

/// Which numbers stand for a protein: equal for equal numbers, and only then.
///
/// Models and tables keep it in one line, which it is parsed from again:
///
/// ```
/// use bindscape_protein::{Encoding, Representation, Windows};
///
/// let representation = Representation::Encoding(Encoding::Residue, Windows::default());
/// let line = representation.to_string();
/// assert_eq!(line, "residue:window=10,positions=300");
/// assert_eq!(line.parse::<Representation>()?, representation);
/// # Ok::<(), bindscape_base::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Representation {
    /// An encoding of the residues, averaged by windows.
    Encoding(Encoding, Windows),
    /// The letters of a protein, as DeepTFactor takes them: a row for each of so many residues.
    Letters {
        /// Residues; what lies beyond is cut.
        length: usize,
    },
    /// Numbers that a model has made of the residues.
    Embeddings(Embeddings),
}

/// Numbers that a model, such as a protein language model, has made of the residues.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Embeddings {
    /// The model.
    pub model: EmbeddingModel,
    /// The layer whose hidden states these are.
    pub layer: Option<usize>,
    /// What a row is.
    pub rows: RowsOf,
    /// How long proteins were cut for the model, where that is known.
    pub chunks: Option<ChunkSizes>,
    /// Type of the numbers: values are rounded to it.
    pub dtype: StoredType,
}

/// What a model of embeddings is known by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum EmbeddingModel {
    /// The first sixteen digits of the SHA-256 of its weights.
    Weights(String),
    /// Its name, where the weights are not known.
    Name(String),
}

/// The sizes of the overlapping chunks in which long proteins are embedded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ChunkSizes {
    /// Most residues of a chunk.
    pub chunk: usize,
    /// Residues that neighbouring chunks share at least.
    pub overlap: usize,
}

const CHUNK: &str = "chunk=";
const OVERLAP: &str = "overlap=";
const WEIGHTS: &str = "weights=";
const LAYER: &str = "layer=";
const LETTERS: &str = "deeptfactor:length=";
const HALF: &str = "f16";

impl Representation {
    /// Numbers of a row per residue, from a model that is known by its name alone.
    #[must_use]
    pub fn named(model: impl Into<String>) -> Self {
        Embeddings {
            model: EmbeddingModel::Name(model.into()),
            layer: None,
            rows: RowsOf::Residues,
            chunks: None,
            dtype: StoredType::F32,
        }
        .representation()
    }

    /// How residues become rows; `None` for embeddings that have no windows.
    #[must_use]
    pub fn windows(&self) -> Option<Windows> {
        match self {
            Self::Encoding(_, windows) => Some(*windows),
            &Self::Letters { length } => Some(Windows {
                window: 1,
                positions: length,
            }),
            Self::Embeddings(embeddings) => match embeddings.rows {
                RowsOf::Windows(windows) => Some(windows),
                RowsOf::Residues | RowsOf::Mean => None,
            },
        }
    }

    /// Whether a model has learned the numbers; else they are an encoding of the residues.
    #[must_use]
    pub fn is_learned(&self) -> bool {
        match self {
            Self::Encoding(..) | Self::Letters { .. } => false,
            Self::Embeddings(embeddings) => embeddings.encoding().is_none(),
        }
    }
}

impl Embeddings {
    /// The encoding that was stored, if it is no language model's.
    fn encoding(&self) -> Option<Encoding> {
        match &self.model {
            EmbeddingModel::Name(name) => Encoding::from_name(name),
            EmbeddingModel::Weights(_) => None,
        }
    }

    /// As a [`Representation`]. An encoding that is stored as it is computed is the encoding.
    #[must_use]
    pub fn representation(self) -> Representation {
        match (self.encoding(), self.rows) {
            (Some(encoding), RowsOf::Windows(windows))
                if self.dtype == StoredType::F32
                    && self.layer.is_none()
                    && self.chunks.is_none() =>
            {
                Representation::Encoding(encoding, windows)
            }
            _ => Representation::Embeddings(self),
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let (model, rest) = text.rsplit_once(':')?;
        let (model, layer) = match model.rsplit_once(':') {
            Some((model, layer)) if layer.starts_with(LAYER) => {
                (model, Some(layer.strip_prefix(LAYER)?.parse().ok()?))
            }
            _ => (model, None),
        };
        let mut settings = rest.split(',').peekable();
        let rows = RowsOf::parse(&mut settings)?;
        let mut chunks = None;
        if settings
            .peek()
            .is_some_and(|setting| setting.starts_with(CHUNK))
        {
            chunks = Some(ChunkSizes::parse([settings.next()?, settings.next()?])?);
        }
        let dtype = match (settings.next(), settings.next()) {
            (None, None) => StoredType::F32,
            (Some(HALF), None) => StoredType::F16,
            _ => return None,
        };
        let model = match model.strip_prefix(WEIGHTS) {
            Some(weights) => EmbeddingModel::Weights(weights.to_owned()),
            None if model.is_empty() => return None,
            None => EmbeddingModel::Name(model.to_owned()),
        };
        Some(Self {
            model,
            layer,
            rows,
            chunks,
            dtype,
        })
    }
}

impl ChunkSizes {
    /// The sizes as two settings, `chunk=N` and `overlap=N`.
    #[must_use]
    pub fn settings(self) -> [String; 2] {
        [
            format!("{CHUNK}{}", self.chunk),
            format!("{OVERLAP}{}", self.overlap),
        ]
    }

    /// The sizes that [`ChunkSizes::settings`] gave.
    #[must_use]
    pub fn parse([chunk, overlap]: [&str; 2]) -> Option<Self> {
        Some(Self {
            chunk: chunk.strip_prefix(CHUNK)?.parse().ok()?,
            overlap: overlap.strip_prefix(OVERLAP)?.parse().ok()?,
        })
    }
}

impl fmt::Display for Representation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Encoding(encoding, windows) => {
                write!(f, "{}:{}", encoding.name(), RowsOf::Windows(*windows))
            }
            Self::Letters { length } => write!(f, "{LETTERS}{length}"),
            Self::Embeddings(embeddings) => embeddings.fmt(f),
        }
    }
}

impl fmt::Display for Embeddings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.model {
            EmbeddingModel::Weights(weights) => write!(f, "{WEIGHTS}{weights}")?,
            EmbeddingModel::Name(name) => f.write_str(name)?,
        }
        if let Some(layer) = self.layer {
            write!(f, ":{LAYER}{layer}")?;
        }
        write!(f, ":{}", self.rows)?;
        for setting in self.chunks.into_iter().flat_map(ChunkSizes::settings) {
            write!(f, ",{setting}")?;
        }
        if self.dtype == StoredType::F16 {
            write!(f, ",{HALF}")?;
        }
        Ok(())
    }
}

impl FromStr for Representation {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let length = text.strip_prefix(LETTERS).map(|length| length.parse().ok());
        let parsed = match length {
            Some(length) => length.map(|length| Self::Letters { length }),
            None => Embeddings::parse(text).map(Embeddings::representation),
        };
        parsed.ok_or_else(|| {
            Error::about(
                "representation",
                "a representation of proteins, such as `residue:window=10,positions=300`",
                format!("`{text}`"),
            )
        })
    }
}

impl From<Representation> for String {
    fn from(representation: Representation) -> Self {
        representation.to_string()
    }
}

impl TryFrom<String> for Representation {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn numbers() -> impl Strategy<Value = usize> {
        1usize..5000
    }

    fn windows() -> impl Strategy<Value = Windows> {
        (numbers(), numbers()).prop_map(|(window, positions)| Windows { window, positions })
    }

    fn representation() -> impl Strategy<Value = Representation> {
        let rows = prop_oneof![
            Just(RowsOf::Residues),
            Just(RowsOf::Mean),
            windows().prop_map(RowsOf::Windows),
        ];
        let model = prop_oneof![
            "[0-9a-f]{16}".prop_map(EmbeddingModel::Weights),
            "(onehot|residue|esm-extract|facebook/esm2_t6|C:/models/a,b)"
                .prop_map(EmbeddingModel::Name),
        ];
        let chunks = proptest::option::of(
            (numbers(), numbers()).prop_map(|(chunk, overlap)| ChunkSizes { chunk, overlap }),
        );
        let dtype = prop_oneof![Just(StoredType::F32), Just(StoredType::F16)];
        let layer = proptest::option::of(numbers());
        prop_oneof![
            (0..2usize, windows()).prop_map(|(which, windows)| Representation::Encoding(
                Encoding::ALL[which],
                windows
            )),
            numbers().prop_map(|length| Representation::Letters { length }),
            (model, layer, rows, chunks, dtype).prop_map(|(model, layer, rows, chunks, dtype)| {
                Embeddings {
                    model,
                    layer,
                    rows,
                    chunks,
                    dtype,
                }
                .representation()
            }),
        ]
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(representation in representation()) {
            let json = serde_json::to_string(&representation).expect("a line");
            prop_assert_eq!(&json, &format!("\"{representation}\""));
            let read: Representation = serde_json::from_str(&json).expect("the same");
            prop_assert_eq!(read, representation);
        }
    }

    #[test]
    fn lines_of_earlier_models_are_read() {
        let windows = Windows::default();
        let read = |text: &str| text.parse::<Representation>().expect(text);
        assert_eq!(
            read("onehot:window=10,positions=300"),
            Representation::Encoding(Encoding::Onehot, windows)
        );
        assert_eq!(
            read("deeptfactor:length=1000"),
            Representation::Letters { length: 1000 }
        );
        let esm2 = read(
            "weights=0123456789abcdef:layer=6:window=10,positions=300,chunk=1022,overlap=256,f16",
        );
        let Representation::Embeddings(esm2) = esm2 else {
            panic!("embeddings");
        };
        assert_eq!(esm2.layer, Some(6));
        assert_eq!(esm2.rows, RowsOf::Windows(windows));
        assert_eq!(esm2.dtype, StoredType::F16);
        assert!(esm2.chunks.is_some_and(|chunks| chunks.overlap == 256));
        assert!(!read("onehot:window=10,positions=300,f16").is_learned());
        for wrong in ["", "onehot", "onehot:", "a:window=1", "a:mean,f32", ":mean"] {
            assert!(wrong.parse::<Representation>().is_err(), "{wrong}");
        }
    }
}
