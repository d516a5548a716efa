//! Embeddings of ESM-2 computed when they are needed, as those that a model was
//! trained on.

use bindscape_base::progress::{Progress, Unshown};
use bindscape_base::{Error, Result};
use bindscape_nn::DeviceChoice;
use bindscape_nn::esm2::{Chunking, EmbedOptions, Embedder, Embedding, Esm2, LoadOptions};
use bindscape_nn::protein::Encoder;
use bindscape_protein::{
    EmbeddingInfo, Features, Protein, Representation, RowsOf, ShardFormat, StoredType, Windows,
};

/// Bytes of embeddings that are kept at a time.
const BYTES: usize = 1 << 28;

/// An ESM-2 that makes what a model takes.
pub struct Embedded {
    network: Esm2,
    options: EmbedOptions,
    representation: Representation,
    windows: Windows,
    /// The numbers are rounded as those that the model was trained on.
    dtype: StoredType,
}

impl Embedded {
    /// Loads `model` and checks that its embeddings are those of `encoder`.
    ///
    /// # Errors
    /// If the encoder's embeddings are not of ESM-2, or not of these weights, or the
    /// weights cannot be loaded.
    pub fn new(
        encoder: &Encoder,
        model: &str,
        device: DeviceChoice,
        progress: &dyn Progress,
    ) -> Result<Self> {
        let unknown = || {
            Error::argument(
                "esm2",
                "a model that was trained on ESM-2's embeddings",
                format!("one that takes `{}`", encoder.representation),
            )
            .hint("name its embeddings with ⟦embeddings⟧")
        };
        let Representation::Embeddings(wanted) = &encoder.representation else {
            return Err(unknown());
        };
        let (Some(layer), Some(chunks)) = (wanted.layer, wanted.chunks) else {
            return Err(unknown());
        };
        let options = LoadOptions { device };
        let network = Esm2::load(model, options, progress)?;
        let info = EmbeddingInfo {
            model: model.to_owned(),
            checksum: Some(network.provenance().checksum()),
            layer: Some(layer),
            features: network.config().width,
            rows: RowsOf::Windows(encoder.windows),
            dtype: wanted.dtype,
            format: ShardFormat::Safetensors,
            chunks: Some(chunks),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        };
        let found = info.representation();
        if found != encoder.representation {
            return Err(Error::argument(
                "esm2",
                format!(
                    "the weights that the model was trained on, `{}`",
                    encoder.representation
                ),
                format!("`{found}`"),
            )
            .hint("the first part is the beginning of the checksum of the weights"));
        }
        let dtype = wanted.dtype;
        Ok(Self {
            network,
            options: EmbedOptions {
                layer: Some(layer),
                chunking: Chunking {
                    chunk: chunks.chunk,
                    overlap: chunks.overlap,
                },
                ..EmbedOptions::default()
            },
            representation: found,
            windows: encoder.windows,
            dtype,
        })
    }

    /// Numbers per row.
    pub fn width(&self) -> usize {
        self.network.config().width
    }

    /// How residues become rows.
    pub fn windows(&self) -> Windows {
        self.windows
    }

    /// Residues whose embeddings are kept at a time.
    pub fn residues_at_a_time(&self) -> usize {
        (BYTES / size_of::<f32>() / self.width()) * self.windows.window
    }

    /// The embeddings of `proteins`, averaged by windows.
    ///
    /// # Errors
    /// If the device fails, or the user asked to stop.
    pub fn embed(&self, proteins: &[Protein], progress: &dyn Progress) -> Result<Batch> {
        let mut proteins_done = Vec::with_capacity(proteins.len());
        self.each(proteins, progress, |protein, embedding| {
            let mut rows = Vec::new();
            self.windows
                .average(&embedding.values, self.width(), &mut rows);
            self.dtype.round(&mut rows);
            proteins_done.push(EmbeddedProtein {
                rows,
                chunks: embedding.chunks,
                cut: self.windows.cut(protein.sequence.len()),
            });
        })?;
        Ok(Batch {
            representation: self.representation.clone(),
            width: self.width(),
            proteins: proteins_done,
        })
    }

    /// The embeddings of the single residues of a protein.
    ///
    /// # Errors
    /// As [`Embedded::embed`].
    pub fn residues(&self, protein: &Protein, progress: &dyn Progress) -> Result<Vec<f32>> {
        let mut values = Vec::new();
        self.each(std::slice::from_ref(protein), progress, |_, embedding| {
            values = embedding.values;
        })?;
        Ok(values)
    }

    fn each(
        &self,
        proteins: &[Protein],
        progress: &dyn Progress,
        mut act: impl FnMut(&Protein, Embedding),
    ) -> Result<()> {
        let sequences: Vec<&[u8]> = proteins.iter().map(|p| p.sequence.as_slice()).collect();
        let mut embedder = Embedder::new(&self.network, &sequences, self.options)?;
        while let Some(batch) = embedder.next_batch(&Unshown(progress))? {
            for (number, embedding) in batch.embeddings.into_iter().enumerate() {
                act(&proteins[batch.first + number], embedding);
            }
        }
        Ok(())
    }
}

/// Embeddings of some proteins.
pub struct Batch {
    representation: Representation,
    width: usize,
    proteins: Vec<EmbeddedProtein>,
}

struct EmbeddedProtein {
    rows: Vec<f32>,
    chunks: usize,
    cut: bool,
}

impl Batch {
    /// Which proteins were computed in overlapping chunks.
    pub fn chunked(&self) -> Vec<bool> {
        let chunked = |protein: &EmbeddedProtein| protein.chunks > 1;
        self.proteins.iter().map(chunked).collect()
    }
}

impl Features for Batch {
    fn representation(&self) -> Representation {
        self.representation.clone()
    }

    fn features(&self) -> usize {
        self.width
    }

    fn rows(&self, protein: usize) -> usize {
        self.proteins[protein].rows.len() / self.width
    }

    fn read(&self, protein: usize, out: &mut Vec<f32>) -> Result<()> {
        out.clear();
        out.extend_from_slice(&self.proteins[protein].rows);
        Ok(())
    }

    fn cut(&self, protein: usize) -> bool {
        self.proteins[protein].cut
    }
}
