//! ESM-2 on the processor: proteins lie one after the other, nothing is padded.

use bindscape_base::Result;
use bindscape_kernels::transformer::{
    AttentionShape, Encoder, EncoderLayer, Finish, Linear, Norm, Rotary, Sequences, State,
    attention_weights, layer_norm,
};
use rayon::prelude::*;

use super::checkpoint::{Affine, Checkpoint, ContactHead, LanguageHead, LayerWeights};
use super::config::{EPSILON, Esm2Config};
use super::contacts::{ContactSum, corrected};
use super::forward::{Output, Request, embed_scale};
use super::tokens::{MASK, VOCABULARY};

/// The network, its weights packed.
#[derive(Debug)]
pub(crate) struct Fast {
    config: Esm2Config,
    /// `[33, width]`.
    embeddings: Vec<f32>,
    encoder: Encoder,
    /// Of the rotary positions.
    frequencies: Vec<f32>,
    final_norm: Norm,
    language: Option<Language>,
    contacts: Option<ContactHead>,
}

#[derive(Debug)]
struct Language {
    dense: Linear,
    norm: Norm,
    decoder: Linear,
}

fn norm(weights: Affine) -> Norm {
    Norm {
        scale: weights.weight,
        shift: weights.bias,
    }
}

fn linear(weights: &Affine) -> Linear {
    let inputs = weights.weight.len() / weights.bias.len();
    Linear::new(&weights.weight, Some(&weights.bias), inputs)
}

fn encoder_layer(weights: LayerWeights) -> EncoderLayer {
    let qkv = Affine {
        weight: [
            weights.query.weight,
            weights.key.weight,
            weights.value.weight,
        ]
        .concat(),
        bias: [weights.query.bias, weights.key.bias, weights.value.bias].concat(),
    };
    EncoderLayer {
        attention_norm: norm(weights.attention_norm),
        qkv: linear(&qkv),
        output: linear(&weights.output),
        forward_norm: norm(weights.forward_norm),
        up: linear(&weights.up),
        down: linear(&weights.down),
    }
}

impl Fast {
    pub(crate) fn new(checkpoint: &mut Checkpoint) -> Result<Self> {
        let config = checkpoint.config;
        let embeddings = checkpoint.embeddings()?;
        let mut layers = Vec::with_capacity(config.layers);
        for layer in 0..config.layers {
            layers.push(encoder_layer(checkpoint.layer(layer)?));
        }
        let language = checkpoint.language_head()?.map(|head: LanguageHead| {
            let decoder = Affine {
                weight: embeddings.clone(),
                bias: head.bias,
            };
            Language {
                dense: linear(&head.dense),
                norm: norm(head.norm),
                decoder: linear(&decoder),
            }
        });
        Ok(Self {
            config,
            encoder: Encoder {
                shape: AttentionShape {
                    width: config.width,
                    heads: config.heads,
                },
                epsilon: EPSILON,
                layers,
            },
            frequencies: checkpoint.frequencies()?,
            final_norm: norm(checkpoint.final_norm()?),
            language,
            contacts: checkpoint.contact_head()?,
            embeddings,
        })
    }

    pub(crate) fn has_logits(&self) -> bool {
        self.language.is_some()
    }

    pub(crate) fn has_contacts(&self) -> bool {
        self.contacts.is_some()
    }

    /// The request has been checked against [`Fast::has_logits`] and [`Fast::has_contacts`].
    pub(crate) fn forward(&self, proteins: &[&[u8]], request: &Request) -> Vec<Output> {
        let width = self.config.width;
        let lengths: Vec<usize> = proteins.iter().map(|tokens| tokens.len()).collect();
        let sequences = Sequences::new(&lengths);
        let rotary = Rotary::new(sequences.longest(), &self.frequencies);
        let mut outputs = vec![Output::default(); proteins.len()];
        let mut sums: Vec<ContactSum> = match &self.contacts {
            Some(head) if request.contacts => lengths
                .iter()
                .map(|tokens| ContactSum::new(tokens - 2, head))
                .collect(),
            _ => Vec::new(),
        };
        let mut state = self
            .encoder
            .start(sequences, &self.embed(proteins, &lengths));
        let last = request.last_layer(self.config.layers);
        loop {
            if state.layer() < self.config.layers {
                keep(state.x(), &state, width, request, &mut outputs);
            }
            if state.layer() == last {
                break;
            }
            self.add_contacts(&state, &rotary, &mut sums);
            self.encoder.step(&mut state, &rotary);
        }
        if last == self.config.layers {
            let x = self.normed(state.x(), &self.final_norm);
            keep(&x, &state, width, request, &mut outputs);
            if let (Some(head), true) = (&self.language, request.logits) {
                let logits = self.logits(head, &x);
                for (sequence, output) in outputs.iter_mut().enumerate() {
                    output.logits = Some(rows(&logits, &state, sequence, VOCABULARY.len()));
                }
            }
        }
        for (output, sum) in outputs.iter_mut().zip(sums) {
            output.contacts = Some(sum.probabilities());
        }
        outputs
    }

    /// Embeddings of all tokens, `[rows, width]`.
    fn embed(&self, proteins: &[&[u8]], lengths: &[usize]) -> Vec<f32> {
        let width = self.config.width;
        let sequences = Sequences::new(lengths);
        let mut x = vec![0.0; sequences.rows() * width];
        for (sequence, tokens) in proteins.iter().enumerate() {
            let (factor, divisor) = embed_scale(tokens);
            let first = sequences.tokens(sequence).start * width;
            let out = x[first..first + tokens.len() * width].chunks_exact_mut(width);
            for (out, &token) in out.zip(*tokens).filter(|(_, token)| **token != MASK) {
                let row = &self.embeddings[usize::from(token) * width..][..width];
                for (out, value) in out.iter_mut().zip(row) {
                    *out = value * factor / divisor;
                }
            }
        }
        x
    }

    fn add_contacts(&self, state: &State, rotary: &Rotary, sums: &mut [ContactSum]) {
        let Some(head) = &self.contacts else { return };
        let (shape, heads) = (self.encoder.shape, self.config.heads);
        for (sequence, sum) in sums.iter_mut().enumerate() {
            let tokens = state.sequences().tokens(sequence).len();
            let maps: Vec<Vec<f32>> = (0..heads)
                .into_par_iter()
                .map(|head| {
                    let (sequences, qkv) = (state.sequences(), state.qkv());
                    let map = attention_weights(shape, sequences, rotary, qkv, sequence, head);
                    corrected(&map, tokens)
                })
                .collect();
            for (number, map) in maps.iter().enumerate() {
                sum.add(map, head.weight[state.layer() * heads + number]);
            }
        }
    }

    fn normed(&self, x: &[f32], norm: &Norm) -> Vec<f32> {
        let mut out = vec![0.0; x.len()];
        layer_norm(x, &norm.scale, &norm.shift, EPSILON, &mut out);
        out
    }

    fn logits(&self, head: &Language, x: &[f32]) -> Vec<f32> {
        let mut dense = vec![0.0; x.len()];
        head.dense.forward(x, &mut dense, Finish::Gelu);
        let dense = self.normed(&dense, &head.norm);
        let mut logits = vec![0.0; x.len() / self.config.width * VOCABULARY.len()];
        head.decoder.forward(&dense, &mut logits, Finish::Store);
        logits
    }
}

/// Keeps the layer that the state is after, `x`, if it was asked for.
fn keep(x: &[f32], state: &State, width: usize, request: &Request, outputs: &mut [Output]) {
    let wanted = request.layers.iter().filter(|&&l| l == state.layer());
    for _ in wanted {
        for (sequence, output) in outputs.iter_mut().enumerate() {
            output
                .layers
                .push((state.layer(), rows(x, state, sequence, width)));
        }
    }
}

/// The rows of a sequence's tokens.
fn rows(x: &[f32], state: &State, sequence: usize, width: usize) -> Vec<f32> {
    let tokens = state.sequences().tokens(sequence);
    x[tokens.start * width..tokens.end * width].to_vec()
}
