//! ESM-2 as a composition of Burn operations, for any device: a batch is filled up to its
//! longest protein, and what fills it up is masked.

use bindscape_base::{Error, Result};
use burn::tensor::{Device, Tensor, TensorData, activation};

use super::checkpoint::{Affine, Checkpoint, ContactHead, LanguageHead};
use super::config::{EPSILON, Esm2Config};
use super::contacts::{ContactSum, corrected};
use super::forward::{Output, Request, embed_scale};
use super::tokens::{MASK, VOCABULARY};

/// What is added to the scores of keys that are none.
const MASKED: f32 = -1e30;

/// The network's weights on a device.
#[derive(Debug)]
pub(crate) struct Reference {
    config: Esm2Config,
    device: Device,
    /// `[33, width]`.
    embeddings: Vec<f32>,
    layers: Vec<Layer>,
    /// Of the rotary positions.
    frequencies: Vec<f32>,
    final_norm: Pair,
    language: Option<Language>,
    contacts: Option<ContactHead>,
}

/// Weight `[in, out]` and bias of a linear layer, or scale `[1, width]` and shift.
#[derive(Debug, Clone)]
struct Pair {
    weight: Tensor<2>,
    bias: Tensor<1>,
}

#[derive(Debug)]
struct Layer {
    attention_norm: Pair,
    query: Pair,
    key: Pair,
    value: Pair,
    output: Pair,
    forward_norm: Pair,
    up: Pair,
    down: Pair,
}

#[derive(Debug)]
struct Language {
    dense: Pair,
    norm: Pair,
    decoder: Pair,
}

impl Pair {
    fn linear(weights: Affine, device: &Device) -> Self {
        let out = weights.bias.len();
        let shape = [out, weights.weight.len() / out];
        let weight = Tensor::<2>::from_data(TensorData::new(weights.weight, shape), device);
        Self {
            weight: weight.transpose(),
            bias: Tensor::from_data(TensorData::new(weights.bias, [out]), device),
        }
    }

    fn norm(weights: Affine, device: &Device) -> Self {
        let width = weights.bias.len();
        Self {
            weight: Tensor::from_data(TensorData::new(weights.weight, [1, width]), device),
            bias: Tensor::from_data(TensorData::new(weights.bias, [width]), device),
        }
    }

    /// `[rows, in]` to `[rows, out]`.
    fn apply(&self, x: Tensor<2>) -> Tensor<2> {
        x.matmul(self.weight.clone()) + self.bias.clone().unsqueeze::<2>()
    }

    /// Layer norm of `[rows, width]`.
    fn normalise(&self, x: Tensor<2>) -> Tensor<2> {
        let x = x.clone() - x.mean_dim(1);
        let variance = (x.clone() * x.clone()).mean_dim(1);
        let x = x / (variance + EPSILON).sqrt();
        x * self.weight.clone() + self.bias.clone().unsqueeze::<2>()
    }
}

fn gelu(x: Tensor<2>) -> Tensor<2> {
    let half = (x.clone() * std::f32::consts::FRAC_1_SQRT_2).erf() + 1.0;
    x * half * 0.5
}

impl Layer {
    fn new(checkpoint: &mut Checkpoint, layer: usize, device: &Device) -> Result<Self> {
        let weights = checkpoint.layer(layer)?;
        Ok(Self {
            attention_norm: Pair::norm(weights.attention_norm, device),
            query: Pair::linear(weights.query, device),
            key: Pair::linear(weights.key, device),
            value: Pair::linear(weights.value, device),
            output: Pair::linear(weights.output, device),
            forward_norm: Pair::norm(weights.forward_norm, device),
            up: Pair::linear(weights.up, device),
            down: Pair::linear(weights.down, device),
        })
    }

    /// The layer's output `[batch * tokens, width]` and its attention
    /// `[batch, heads, tokens, tokens]`.
    fn forward(&self, x: Tensor<2>, batch: &Batch, heads: usize) -> (Tensor<2>, Tensor<4>) {
        let [rows, width] = x.dims();
        let size = width / heads;
        let split = |x: Tensor<2>| {
            x.reshape([batch.size, batch.tokens, heads, size])
                .swap_dims(1, 2)
        };
        let normal = self.attention_norm.normalise(x.clone());
        let query = split(self.query.apply(normal.clone())) * (1.0 / (size as f32).sqrt());
        let key = split(self.key.apply(normal.clone()));
        let value = split(self.value.apply(normal));
        let (query, key) = (batch.turn(query), batch.turn(key));
        let scores = query.matmul(key.swap_dims(2, 3)) + batch.mask.clone();
        let attention = activation::softmax(scores, 3);
        let mixed = attention.clone().matmul(value).swap_dims(1, 2);
        let x = x + self.output.apply(mixed.reshape([rows, width]));
        let normal = self.forward_norm.normalise(x.clone());
        let hidden = gelu(self.up.apply(normal));
        (x + self.down.apply(hidden), attention)
    }
}

/// Proteins side by side.
struct Batch {
    size: usize,
    tokens: usize,
    /// Zero, or [`MASKED`] for keys that fill up, `[batch, 1, 1, tokens]`.
    mask: Tensor<4>,
    /// `[1, 1, tokens, size]`, both halves alike.
    cos: Tensor<4>,
    sin: Tensor<4>,
}

impl Batch {
    fn new(lengths: &[usize], frequencies: &[f32], device: &Device) -> Self {
        let tokens = lengths.iter().copied().max().unwrap_or(0);
        let mask: Vec<f32> = lengths
            .iter()
            .flat_map(|&length| (0..tokens).map(move |t| if t < length { 0.0 } else { MASKED }))
            .collect();
        let angles: Vec<f64> = (0..tokens)
            .flat_map(|position| {
                let both = frequencies.iter().chain(frequencies);
                both.map(move |frequency| f64::from(position as f32 * frequency))
            })
            .collect();
        let size = 2 * frequencies.len();
        let table = |turn: fn(f64) -> f64| {
            let values: Vec<f32> = angles.iter().map(|&angle| turn(angle) as f32).collect();
            Tensor::from_data(TensorData::new(values, [1, 1, tokens, size]), device)
        };
        Self {
            size: lengths.len(),
            tokens,
            mask: Tensor::from_data(TensorData::new(mask, [lengths.len(), 1, 1, tokens]), device),
            cos: table(f64::cos),
            sin: table(f64::sin),
        }
    }

    /// Rotary positions of `[batch, heads, tokens, size]`.
    fn turn(&self, x: Tensor<4>) -> Tensor<4> {
        let half = x.dims()[3] / 2;
        let (a, b) = (
            x.clone().narrow(3, 0, half),
            x.clone().narrow(3, half, half),
        );
        let turned = Tensor::cat(vec![b.neg(), a], 3);
        x * self.cos.clone() + turned * self.sin.clone()
    }
}

impl Reference {
    pub(crate) fn new(checkpoint: &mut Checkpoint, device: &Device) -> Result<Self> {
        let embeddings = checkpoint.embeddings()?;
        let layers = (0..checkpoint.config.layers)
            .map(|layer| Layer::new(checkpoint, layer, device))
            .collect::<Result<_>>()?;
        let language = checkpoint.language_head()?.map(|head: LanguageHead| {
            let decoder = Affine {
                weight: embeddings.clone(),
                bias: head.bias,
            };
            Language {
                dense: Pair::linear(head.dense, device),
                norm: Pair::norm(head.norm, device),
                decoder: Pair::linear(decoder, device),
            }
        });
        Ok(Self {
            config: checkpoint.config,
            device: device.clone(),
            embeddings,
            layers,
            frequencies: checkpoint.frequencies()?,
            final_norm: Pair::norm(checkpoint.final_norm()?, device),
            language,
            contacts: checkpoint.contact_head()?,
        })
    }

    pub(crate) fn has_logits(&self) -> bool {
        self.language.is_some()
    }

    pub(crate) fn has_contacts(&self) -> bool {
        self.contacts.is_some()
    }

    /// The request has been checked as for the processor.
    ///
    /// # Errors
    /// If the device fails.
    pub(crate) fn forward(&self, proteins: &[&[u8]], request: &Request) -> Result<Vec<Output>> {
        let mut outputs = vec![Output::default(); proteins.len()];
        if proteins.is_empty() {
            return Ok(outputs);
        }
        let lengths: Vec<usize> = proteins.iter().map(|tokens| tokens.len()).collect();
        let batch = Batch::new(&lengths, &self.frequencies, &self.device);
        let mut x = self.embed(proteins, batch.tokens);
        let mut sums: Vec<ContactSum> = match &self.contacts {
            Some(head) if request.contacts => lengths
                .iter()
                .map(|tokens| ContactSum::new(tokens - 2, head))
                .collect(),
            _ => Vec::new(),
        };
        let wanted = |layer: usize| request.layers.contains(&layer);
        let last = request.last_layer(self.config.layers);
        for layer in 0..last {
            if wanted(layer) {
                keep(&x, layer, &batch, &lengths, &mut outputs)?;
            }
            let (y, attention) = self.layers[layer].forward(x, &batch, self.config.heads);
            x = y;
            if !sums.is_empty() {
                self.add_contacts(attention, layer, &lengths, &mut sums)?;
            }
        }
        if last == self.config.layers {
            x = self.final_norm.normalise(x);
        }
        if wanted(last) {
            keep(&x, last, &batch, &lengths, &mut outputs)?;
        }
        if let (Some(head), true) = (&self.language, request.logits) {
            let dense = head.norm.normalise(gelu(head.dense.apply(x)));
            let logits = numbers(head.decoder.apply(dense))?;
            for (sequence, output) in outputs.iter_mut().enumerate() {
                let row = batch.tokens * VOCABULARY.len();
                let own = &logits[sequence * row..][..lengths[sequence] * VOCABULARY.len()];
                output.logits = Some(own.to_vec());
            }
        }
        for (output, sum) in outputs.iter_mut().zip(sums) {
            output.contacts = Some(sum.probabilities());
        }
        Ok(outputs)
    }

    /// `[batch * tokens, width]`, zero where it fills up.
    fn embed(&self, proteins: &[&[u8]], tokens: usize) -> Tensor<2> {
        let width = self.config.width;
        let mut x = vec![0.0; proteins.len() * tokens * width];
        for (out, own) in x.chunks_exact_mut(tokens * width).zip(proteins) {
            let (factor, divisor) = embed_scale(own);
            for (out, &token) in out.chunks_exact_mut(width).zip(*own) {
                if token != MASK {
                    let row = &self.embeddings[usize::from(token) * width..][..width];
                    for (out, value) in out.iter_mut().zip(row) {
                        *out = value * factor / divisor;
                    }
                }
            }
        }
        let shape = [proteins.len() * tokens, width];
        Tensor::from_data(TensorData::new(x, shape), &self.device)
    }

    fn add_contacts(
        &self,
        attention: Tensor<4>,
        layer: usize,
        lengths: &[usize],
        sums: &mut [ContactSum],
    ) -> Result<()> {
        let Some(head) = &self.contacts else {
            return Ok(());
        };
        for (sequence, (sum, &length)) in sums.iter_mut().zip(lengths).enumerate() {
            for number in 0..self.config.heads {
                let map = attention
                    .clone()
                    .narrow(0, sequence, 1)
                    .narrow(1, number, 1)
                    .narrow(2, 0, length)
                    .narrow(3, 0, length);
                let map = numbers(map.reshape([length, length]))?;
                let weight = head.weight[layer * self.config.heads + number];
                sum.add(&corrected(&map, length), weight);
            }
        }
        Ok(())
    }
}

fn numbers(x: Tensor<2>) -> Result<Vec<f32>> {
    x.into_data().try_into_vec::<f32>().map_err(|error| {
        Error::argument("device", "a device that computes in f32", error.to_string())
    })
}

fn keep(
    x: &Tensor<2>,
    layer: usize,
    batch: &Batch,
    lengths: &[usize],
    outputs: &mut [Output],
) -> Result<()> {
    let width = x.dims()[1];
    let values = numbers(x.clone())?;
    for (sequence, output) in outputs.iter_mut().enumerate() {
        let first = sequence * batch.tokens * width;
        let own = &values[first..first + lengths[sequence] * width];
        output.layers.push((layer, own.to_vec()));
    }
    Ok(())
}
