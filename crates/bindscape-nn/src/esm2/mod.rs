//! ESM-2, the protein language model (Lin et al. 2023, *Science* 379:1123): from residues
//! to the features that the networks of the protein side read.
//!
//! [`Esm2::load`] takes a file, a directory or the name of a published model; an
//! [`Embedder`] turns many proteins into embeddings; [`Esm2::forward`] gives all that the
//! network computes. Two implementations share one set of weights: kernels for the
//! processor, which work on proteins without padding, and a composition of Burn operations
//! for every other device. Tests hold both to `transformers` and to fair-esm.

mod checkpoint;
mod chunks;
mod config;
mod contacts;
mod embedder;
mod fair;
mod fast;
mod forward;
mod load;
mod reference;
mod tensors;
mod tokens;

#[cfg(test)]
mod tests;

pub use chunks::{Chunking, Part};
pub use config::{Esm2Config, PUBLISHED, Published};
pub use embedder::{EmbedOptions, Embedder, Embedding, EmbeddingBatch};
pub use forward::{Output, Request};
pub use load::{LoadOptions, Provenance};
pub use tokens::{CLS, EOS, MASK, PAD, UNKNOWN, VOCABULARY, encode, token};

use bindscape_base::Result;
use bindscape_base::progress::Silent;

use fast::Fast;
use reference::Reference;

/// An ESM-2 with its weights, ready to compute.
#[derive(Debug)]
pub struct Esm2 {
    config: Esm2Config,
    provenance: Provenance,
    engine: Engine,
}

#[derive(Debug)]
enum Engine {
    Fast(Box<Fast>),
    Reference(Box<Reference>),
}

impl Esm2 {
    /// Sizes of the network.
    #[must_use]
    pub fn config(&self) -> Esm2Config {
        self.config
    }

    /// Where its weights came from.
    #[must_use]
    pub fn provenance(&self) -> &Provenance {
        &self.provenance
    }

    /// Whether proteins of a batch are filled up to the longest.
    pub(crate) fn pads(&self) -> bool {
        matches!(self.engine, Engine::Reference(_))
    }

    /// Takes `proteins`, as [`encode`] writes them, through the network. On the processor a
    /// protein's numbers are the same whatever the others.
    ///
    /// # Errors
    /// If a layer or head is asked for that the model does not have, tokens are none of the
    /// vocabulary, or the device fails.
    pub fn forward(&self, proteins: &[&[u8]], request: &Request) -> Result<Vec<Output>> {
        let (logits, contacts) = match &self.engine {
            Engine::Fast(network) => (network.has_logits(), network.has_contacts()),
            Engine::Reference(network) => (network.has_logits(), network.has_contacts()),
        };
        request.check(self.config, logits, contacts)?;
        forward::check_tokens(proteins)?;
        match &self.engine {
            Engine::Fast(network) => Ok(network.forward(proteins, request)),
            Engine::Reference(network) => network.forward(proteins, request),
        }
    }

    /// Embeds all of `sequences` at once, upper-case letters; see [`Embedder`] for many.
    ///
    /// # Errors
    /// As [`Embedder::new`] and [`Embedder::next_batch`].
    pub fn embed(&self, sequences: &[&[u8]], options: EmbedOptions) -> Result<Vec<Embedding>> {
        let mut embedder = Embedder::new(self, sequences, options)?;
        let mut all = Vec::with_capacity(sequences.len());
        while let Some(batch) = embedder.next_batch(&Silent)? {
            all.extend(batch.embeddings);
        }
        Ok(all)
    }
}
