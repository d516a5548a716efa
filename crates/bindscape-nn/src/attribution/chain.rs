//! A network as attribution computes it: blocks of its layers with their weights on the host.
//!
//! A normalisation is a factor and a summand in prediction; they go into the weights of the layer
//! before it. Of the last layer only the target's row is there, or the weighed sum of its rows.

use bindscape_base::{Error, Result};
use bindscape_kernels::differences::{PoolShape, Scatter};

use super::number::{Number, taps_first};
use super::recurrent::Bidirectional;
use crate::layers::BATCH_NORM_EPSILON;
use crate::network::{AttributionRule, FlattenOrder, Layer, LayerKind, Network, Source};

/// A convolution, ReLU and max-pooling.
#[derive(Debug)]
pub(super) struct ConvBlock<R: Number> {
    pub(super) convolve: Convolve<R>,
    /// `[filters, kernel, channels]`.
    pub(super) weight: Vec<R>,
    /// The way back.
    pub(super) scatter: Scatter<R>,
    pub(super) bias: Vec<R>,
    pub(super) kernel: usize,
    /// Positions and channels of the input.
    pub(super) length: usize,
    pub(super) channels: usize,
    pub(super) pool: PoolShape,
}

impl<R: Number> ConvBlock<R> {
    /// Positions of the convolution.
    pub(super) fn convolved(&self) -> usize {
        self.length + 1 - self.kernel
    }

    /// Numbers that the convolution of a sequence has.
    pub(super) fn width(&self) -> usize {
        self.convolved() * self.pool.channels
    }
}

/// What a convolution reads.
#[derive(Debug)]
pub(super) enum Convolve<R: Number> {
    Bases(R::First),
    Activations(R::Convolution),
}

/// A linear layer and, but for the last one, a ReLU.
#[derive(Debug)]
pub(super) struct DenseBlock<R: Number> {
    pub(super) forward: R::Factor,
    pub(super) backward: R::Factor,
    pub(super) bias: Vec<R>,
    pub(super) inputs: usize,
    pub(super) rectified: bool,
}

/// The blocks.
#[derive(Debug)]
pub(super) struct Chain<R: Number> {
    pub(super) convolutions: Vec<ConvBlock<R>>,
    pub(super) recurrent: Vec<Bidirectional<R>>,
    pub(super) dense: Vec<DenseBlock<R>>,
    /// Weights of the target, `[inputs]`, and its bias.
    pub(super) last: (Vec<R>, R),
    pub(super) length: usize,
}

/// Weights of a convolution or of a linear layer that later layers are taken into.
struct Affine {
    /// `[outputs, …]`.
    weight: Vec<f64>,
    bias: Vec<f64>,
}

/// Where in the list of layers the work is.
struct Reader<'a> {
    network: &'a Network,
    layers: Vec<&'a Layer>,
    next: usize,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<&'a Layer> {
        self.layers.get(self.next).copied()
    }

    /// The next layer, if `is` takes its kind.
    fn take(&mut self, is: impl Fn(LayerKind) -> bool) -> Option<&'a Layer> {
        let layer = self.peek().filter(|layer| is(layer.kind()))?;
        self.next += 1;
        Some(layer)
    }

    fn skip_dropout(&mut self) {
        while self
            .take(|kind| matches!(kind, LayerKind::Dropout { .. }))
            .is_some()
        {}
    }

    /// The parameters of a layer, but for counters.
    fn weights(&self, layer: &Layer) -> Result<Vec<Vec<f64>>> {
        let wide = |values: Vec<f32>| values.into_iter().map(f64::from).collect();
        let weights = self.network.layer(layer.name())?.weights();
        Ok(weights
            .into_iter()
            .map(|array| wide(array.values))
            .collect())
    }

    /// Weight and bias of a layer, with the normalisation that follows it.
    fn affine(&mut self, layer: &Layer) -> Result<Affine> {
        let mut arrays = self.weights(layer)?.into_iter();
        let mut both = || arrays.next().expect("a weight and a bias");
        let (mut weight, mut bias) = (both(), both());
        if let Some(norm) = self.take(|kind| matches!(kind, LayerKind::BatchNorm { .. })) {
            let arrays = self.weights(norm)?;
            let [scale, shift, mean, var] = &arrays[..] else {
                unreachable!("a normalisation has four arrays beside its counter");
            };
            let width = weight.len() / bias.len();
            for (unit, row) in weight.chunks_exact_mut(width).enumerate() {
                let factor = scale[unit] / (var[unit] + BATCH_NORM_EPSILON).sqrt();
                row.iter_mut().for_each(|weight| *weight *= factor);
                bias[unit] = (bias[unit] - mean[unit]) * factor + shift[unit];
            }
        }
        Ok(Affine { weight, bias })
    }

    fn relu(&mut self) -> bool {
        self.take(|kind| kind == LayerKind::Relu).is_some()
    }
}

/// Refuses a layer that has no rule, or none at its place.
fn refuse(layer: &Layer) -> Error {
    Error::about(
        "the network",
        "layers with a rule of attribution: convolutions, each with a ReLU, bidirectional LSTMs, \
         linear layers",
        format!("`{}`, for which there is none", layer.name()),
    )
    .hint("models of the kinds cnn, wide-cnn and danq have a rule for every layer")
}

impl<R: Number> Chain<R> {
    /// The blocks of `network` for sequences of `length` bases. The target is the sum of some of its
    /// logits, given by number, each times its weight.
    pub(super) fn new(network: &Network, length: usize, logits: &[(usize, f64)]) -> Result<Self> {
        let layers: Vec<&Layer> = network.layers().iter().collect();
        for (place, layer) in layers.iter().enumerate() {
            let before = match place {
                0 => Source::Input,
                _ => Source::Layer(place - 1),
            };
            if layer.reads() != [before] || layer.attribution() == AttributionRule::Gradient {
                return Err(refuse(layer));
            }
        }
        let mut reader = Reader {
            network,
            layers,
            next: 0,
        };
        let (convolutions, mut positions, mut channels) = convolutions(&mut reader, length)?;
        let mut recurrent = Vec::new();
        loop {
            reader.skip_dropout();
            let Some(layer) = reader.take(|kind| matches!(kind, LayerKind::Lstm { .. })) else {
                break;
            };
            let LayerKind::Lstm { inputs, units } = layer.kind() else {
                unreachable!("an LSTM was asked for");
            };
            let arrays = reader.weights(layer)?;
            recurrent.push(Bidirectional::new(&arrays, positions, inputs, units));
            channels = 2 * units;
        }
        let mut order = None;
        let flatten = reader.take(|kind| matches!(kind, LayerKind::Flatten { .. }));
        if let Some(LayerKind::Flatten { order: own }) = flatten.map(Layer::kind) {
            order = Some(own);
        }
        let mut dense = Vec::new();
        let mut last = None;
        while let Some(layer) = reader.peek() {
            let LayerKind::Dense {
                positions: None,
                inputs,
                ..
            } = layer.kind()
            else {
                return Err(refuse(layer));
            };
            reader.next += 1;
            let mut affine = reader.affine(layer)?;
            if order.take() == Some(FlattenOrder::ChannelsFirst) {
                // A row is a filter of all positions.
                affine.weight = taps_first(&affine.weight, channels, positions);
            }
            let rectified = reader.relu();
            reader.skip_dropout();
            if reader.peek().is_none() && !rectified {
                last = Some((affine, inputs));
                break;
            }
            dense.push(DenseBlock {
                forward: R::factor(&affine.weight, affine.bias.len(), inputs),
                backward: R::transposed(&affine.weight, affine.bias.len(), inputs),
                bias: numbers(&affine.bias),
                inputs,
                rectified,
            });
            positions = 1;
            channels = affine.bias.len();
        }
        let Some((affine, inputs)) = last else {
            let last = reader.layers.last().expect("a network has layers");
            return Err(refuse(last));
        };
        let mut row = vec![0.0; inputs];
        let mut constant = 0.0;
        for &(output, weight) in logits {
            let own = &affine.weight[output * inputs..][..inputs];
            row.iter_mut()
                .zip(own)
                .for_each(|(sum, w)| *sum += weight * w);
            constant += weight * affine.bias[output];
        }
        Ok(Self {
            convolutions,
            recurrent,
            dense,
            last: (numbers(&row), R::of(constant)),
            length,
        })
    }

    /// Numbers of a sequence that leave the last convolutional block.
    pub(super) fn features(&self) -> usize {
        let last = self.convolutions.last();
        last.expect("a network reads sequences by a convolution")
            .pool
            .pooled()
    }
}

/// The convolutional blocks, and positions and channels after them.
fn convolutions<R: Number>(
    reader: &mut Reader<'_>,
    length: usize,
) -> Result<(Vec<ConvBlock<R>>, usize, usize)> {
    let mut blocks: Vec<ConvBlock<R>> = Vec::new();
    let (mut positions, mut inputs) = (length, 4);
    while let Some(layer) = reader.take(|kind| matches!(kind, LayerKind::Convolution { .. })) {
        let LayerKind::Convolution {
            channels,
            filters,
            kernel,
        } = layer.kind()
        else {
            unreachable!("a convolution was asked for");
        };
        debug_assert_eq!(channels, inputs);
        let affine = reader.affine(layer)?;
        if !reader.relu() {
            return Err(refuse(layer));
        }
        let convolved = positions + 1 - kernel;
        let pooling = reader.take(|kind| matches!(kind, LayerKind::MaxPool { .. }));
        let window = match pooling.map(Layer::kind) {
            Some(LayerKind::MaxPool { window }) => window.unwrap_or(convolved),
            _ => 1,
        };
        let pool = PoolShape {
            window,
            windows: convolved / window,
            channels: filters,
        };
        let weight: Vec<R> = numbers(&taps_first(&affine.weight, channels, kernel));
        blocks.push(ConvBlock {
            convolve: if blocks.is_empty() {
                Convolve::Bases(R::first(&affine.weight, &affine.bias, kernel))
            } else {
                Convolve::Activations(R::convolution(
                    &affine.weight,
                    &affine.bias,
                    channels,
                    kernel,
                ))
            },
            scatter: Scatter::new(pool, &weight, kernel, channels),
            weight,
            bias: numbers(&affine.bias),
            kernel,
            length: positions,
            channels,
            pool,
        });
        (positions, inputs) = (pool.windows, filters);
    }
    if blocks.is_empty() {
        let first = reader.peek().expect("a network has layers");
        return Err(refuse(first));
    }
    Ok((blocks, positions, inputs))
}

fn numbers<R: Number>(values: &[f64]) -> Vec<R> {
    values.iter().map(|&value| R::of(value)).collect()
}
