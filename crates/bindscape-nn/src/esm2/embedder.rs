//! Many proteins, in batches of bounded size.

use bindscape_base::progress;
use bindscape_base::progress::Progress;
use bindscape_base::{Error, Result};

use super::Esm2;
use super::chunks::{Chunking, Part};
use super::forward::{Request, layer_error};
use super::tokens::{UNKNOWN, encode};

/// How proteins are embedded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EmbedOptions {
    /// The layer whose hidden states are taken, 0 being the embeddings; the last by default.
    pub layer: Option<usize>,
    /// How long proteins are cut.
    pub chunking: Chunking,
    /// Most tokens that are computed at once. The memory needed grows with it: some
    /// `40 x width` bytes per token on the processor.
    pub token_budget: usize,
}

impl Default for EmbedOptions {
    fn default() -> Self {
        Self {
            layer: None,
            chunking: Chunking::default(),
            token_budget: 8192,
        }
    }
}

/// The embedding of one protein.
#[derive(Debug, Clone, PartialEq)]
pub struct Embedding {
    /// `[residues, width]`.
    pub values: Vec<f32>,
    /// Parts in which the protein was computed; 1 unless it is longer than a chunk.
    pub chunks: usize,
    /// Residues whose letter is not of the vocabulary.
    pub unknown: usize,
}

/// The embeddings of neighbouring proteins.
#[derive(Debug, Clone, PartialEq)]
pub struct EmbeddingBatch {
    /// Number of the first one.
    pub first: usize,
    /// In input order.
    pub embeddings: Vec<Embedding>,
}

/// Embeds proteins batch by batch, in input order.
///
/// A batch holds as many neighbouring proteins as the token budget lets it, at least
/// one; the parts of a protein longer than the budget are computed one after the other. On
/// the processor nothing is padded, so the order of lengths does not matter. For other
/// devices a batch spans [`Embedder::PADDED_BATCHES`] budgets and is computed sorted by
/// length.
#[derive(Debug)]
pub struct Embedder<'a> {
    model: &'a Esm2,
    options: EmbedOptions,
    layer: usize,
    sequences: &'a [&'a [u8]],
    next: usize,
}

/// A part of one of a batch's proteins.
struct Piece {
    /// Number within the batch.
    protein: usize,
    part: Part,
    tokens: Vec<u8>,
}

impl<'a> Embedder<'a> {
    /// Budgets that a batch spans where proteins are sorted by length.
    pub const PADDED_BATCHES: usize = 8;

    /// Prepares to embed `sequences`, upper-case letters.
    ///
    /// # Errors
    /// If the options do not fit each other or the model, or a sequence is empty.
    pub fn new(model: &'a Esm2, sequences: &'a [&'a [u8]], options: EmbedOptions) -> Result<Self> {
        options.chunking.check()?;
        let config = model.config();
        let layer = options.layer.unwrap_or(config.layers);
        if layer > config.layers {
            return Err(layer_error(layer, config));
        }
        if let Some(number) = sequences.iter().position(|sequence| sequence.is_empty()) {
            return Err(Error::about(
                format!("protein {}", number + 1),
                "at least one residue",
                "none",
            ));
        }
        Ok(Self {
            model,
            options,
            layer,
            sequences,
            next: 0,
        })
    }

    /// The layer that is taken.
    #[must_use]
    pub fn layer(&self) -> usize {
        self.layer
    }

    /// The next proteins' embeddings, `None` after the last. Tells `progress` of the
    /// residues done.
    ///
    /// # Errors
    /// If the device fails or the user asked to stop.
    pub fn next_batch(&mut self, progress: &dyn Progress) -> Result<Option<EmbeddingBatch>> {
        let first = self.next;
        if first == self.sequences.len() {
            return Ok(None);
        }
        let padded = self.model.pads();
        let span = self.options.token_budget * if padded { Self::PADDED_BATCHES } else { 1 };
        let (mut pieces, mut embeddings, mut total) = (Vec::new(), Vec::new(), 0);
        while let Some(sequence) = self.sequences.get(self.next) {
            let parts = self.options.chunking.parts(sequence.len());
            let tokens: usize = parts.iter().map(|part| part.residues.len() + 2).sum();
            if total > 0 && total + tokens > span {
                break;
            }
            total += tokens;
            embeddings.push(Embedding {
                values: vec![0.0; sequence.len() * self.model.config().width],
                chunks: parts.len(),
                unknown: encode(sequence)
                    .iter()
                    .filter(|&&token| token == UNKNOWN)
                    .count(),
            });
            for part in parts {
                pieces.push(Piece {
                    protein: self.next - first,
                    tokens: encode(&sequence[part.residues.clone()]),
                    part,
                });
            }
            self.next += 1;
        }
        if padded {
            pieces.sort_by_key(|piece| piece.tokens.len());
        }
        let mut rest = &pieces[..];
        while !rest.is_empty() {
            progress::check(progress)?;
            let (now, later) = rest.split_at(fitting(rest, self.options.token_budget, padded));
            self.compute(now, &mut embeddings)?;
            progress.advance(now.iter().map(|piece| piece.part.kept.len() as u64).sum());
            rest = later;
        }
        Ok(Some(EmbeddingBatch { first, embeddings }))
    }

    fn compute(&self, pieces: &[Piece], embeddings: &mut [Embedding]) -> Result<()> {
        let width = self.model.config().width;
        let tokens: Vec<&[u8]> = pieces.iter().map(|piece| &piece.tokens[..]).collect();
        let request = Request {
            layers: vec![self.layer],
            ..Request::default()
        };
        let outputs = self.model.forward(&tokens, &request)?;
        for (piece, output) in pieces.iter().zip(outputs) {
            let (_, values) = &output.layers[0];
            let Part { residues, kept } = &piece.part;
            // One token stands before the first residue.
            let from = (kept.start - residues.start + 1) * width;
            embeddings[piece.protein].values[kept.start * width..kept.end * width]
                .copy_from_slice(&values[from..from + kept.len() * width]);
        }
        Ok(())
    }
}

/// How many of the first pieces fit the budget; at least one.
fn fitting(pieces: &[Piece], budget: usize, padded: bool) -> usize {
    let (mut longest, mut total) = (0, 0);
    let fits = |piece: &&Piece| {
        longest = piece.tokens.len().max(longest);
        total = if padded {
            // As many rows as pieces so far, each as long as the longest.
            (total / longest.max(1) + 1) * longest
        } else {
            total + piece.tokens.len()
        };
        total <= budget
    };
    pieces.iter().take_while(fits).count().max(1)
}
