//! Embeddings of ESM-2 computed when they are needed, as those that a model was
//! trained on.

use bindscape_base::progress::{Progress, Unshown};
use bindscape_base::{Error, Result};
use bindscape_nn::DeviceChoice;
use bindscape_nn::esm2::{Chunking, EmbedOptions, Embedder, Embedding, Esm2, LoadOptions};
use bindscape_nn::protein::Encoder;
use bindscape_protein::{
    EmbeddingInfo, Features, Protein, RowsOf, ShardFormat, StoredType, Windows,
};

/// Bytes of embeddings that are kept at a time.
const BYTES: usize = 1 << 28;

/// An ESM-2 that makes what a model takes.
pub struct Embedded {
    network: Esm2,
    options: EmbedOptions,
    /// See [`Features::id`].
    id: String,
    windows: Windows,
    /// The numbers are rounded as those that the model was trained on.
    dtype: StoredType,
}

impl Embedded {
    /// Loads `model` and checks that its embeddings are those of `encoder`, whose id
    /// tells layer, windows and chunks.
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
        let value = |name: &str| -> Option<usize> {
            encoder
                .id
                .split([':', ','])
                .find_map(|part| part.strip_prefix(name)?.strip_prefix('='))?
                .parse()
                .ok()
        };
        let (Some(layer), Some(chunk), Some(overlap)) =
            (value("layer"), value("chunk"), value("overlap"))
        else {
            return Err(Error::argument(
                "esm2",
                "a model that was trained on ESM-2's embeddings",
                format!("one that takes `{}`", encoder.id),
            )
            .hint("name its embeddings with ⟦embeddings⟧"));
        };
        let dtype = if encoder.id.ends_with(",f16") {
            StoredType::F16
        } else {
            StoredType::F32
        };
        let options = LoadOptions { device };
        let network = Esm2::load(model, options, progress)?;
        let info = EmbeddingInfo {
            model: model.to_owned(),
            checksum: Some(network.provenance().checksum()),
            layer: Some(layer),
            features: network.config().width,
            rows: RowsOf::Windows(encoder.windows),
            dtype,
            format: ShardFormat::Safetensors,
            settings: vec![format!("chunk={chunk}"), format!("overlap={overlap}")],
            version: env!("CARGO_PKG_VERSION").to_owned(),
        };
        if info.id() != encoder.id {
            return Err(Error::argument(
                "esm2",
                format!(
                    "the weights that the model was trained on, `{}`",
                    encoder.id
                ),
                format!("`{}`", info.id()),
            )
            .hint("the first part is the beginning of the checksum of the weights"));
        }
        Ok(Self {
            network,
            options: EmbedOptions {
                layer: Some(layer),
                chunking: Chunking { chunk, overlap },
                ..EmbedOptions::default()
            },
            id: encoder.id.clone(),
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
            id: self.id.clone(),
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
    id: String,
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
    fn id(&self) -> String {
        self.id.clone()
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
