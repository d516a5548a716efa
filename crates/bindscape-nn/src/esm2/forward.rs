//! What a pass through the network is asked for, and what it gives.

use bindscape_base::{Error, Result};

use super::config::Esm2Config;
use super::tokens::{CLS, EOS, MASK, PAD, VOCABULARY};

/// What a pass shall give.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Request {
    /// Hidden states after so many layers, each at most once: 0 are the embeddings, the
    /// number of layers stands for the last one with the final layer norm.
    pub layers: Vec<usize>,
    /// Logits of the language-model head.
    pub logits: bool,
    /// Probabilities of contact. Takes memory for `heads x tokens x tokens` numbers.
    pub contacts: bool,
}

/// What a pass gives for one protein; tokens include the two around it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Output {
    /// Hidden states, `[tokens, width]`, in the order of layers, with their layer.
    pub layers: Vec<(usize, Vec<f32>)>,
    /// `[tokens, 33]`, if asked for.
    pub logits: Option<Vec<f32>>,
    /// `[residues, residues]`, if asked for.
    pub contacts: Option<Vec<f32>>,
}

impl Request {
    /// Layers to go through.
    pub(crate) fn last_layer(&self, layers: usize) -> usize {
        if self.logits || self.contacts {
            return layers;
        }
        self.layers.iter().copied().max().unwrap_or(0)
    }

    pub(crate) fn check(&self, config: Esm2Config, logits: bool, contacts: bool) -> Result<()> {
        if let Some(layer) = self.layers.iter().find(|&&layer| layer > config.layers) {
            return Err(layer_error(*layer, config));
        }
        let lacking = match (self.logits && !logits, self.contacts && !contacts) {
            (true, _) => "a language-model head",
            (_, true) => "a contact head",
            _ => return Ok(()),
        };
        Err(
            Error::argument("model", format!("weights with {lacking}"), "none in them").hint(
                "files of `EsmForMaskedLM` have both heads; fair-esm keeps the contact head in \
                 a file of its own, NAME-contact-regression.pt, which belongs beside NAME.pt",
            ),
        )
    }
}

/// The error for a layer that the network does not have.
pub(crate) fn layer_error(layer: usize, config: Esm2Config) -> Error {
    Error::argument(
        "layer",
        format!("a layer from 0 (embeddings) to {} (last)", config.layers),
        format!("{layer}"),
    )
}

/// Refuses what is no protein of the vocabulary.
pub(crate) fn check_tokens(proteins: &[&[u8]]) -> Result<()> {
    for (number, tokens) in proteins.iter().enumerate() {
        let whole = tokens.len() >= 2 && tokens.starts_with(&[CLS]) && tokens.ends_with(&[EOS]);
        let inner = tokens
            .iter()
            .all(|&token| usize::from(token) < VOCABULARY.len() && token != PAD);
        if !whole || !inner {
            return Err(Error::about(
                format!("protein {number}"),
                "tokens of ESM-2 between <cls> and <eos>, no <pad>",
                format!("{tokens:?}"),
            ));
        }
    }
    Ok(())
}

/// Factor and divisor of a protein's embeddings. In training, 12% of the residues were
/// masked and their embeddings were zero; what is left is scaled as if it were so here.
pub(crate) fn embed_scale(tokens: &[u8]) -> (f32, f32) {
    const MASKED_IN_TRAINING: f64 = 0.15 * 0.8;
    let masked = tokens.iter().filter(|&&token| token == MASK).count();
    let share = masked as f32 / tokens.len() as f32;
    ((1.0 - MASKED_IN_TRAINING) as f32, 1.0 - share)
}
