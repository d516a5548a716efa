//! A pass through a network.

use bindscape_genome::sequence::{PackedSequences, Strand};
use burn::tensor::{Device, Tensor, TensorData, activation};

use super::layer::{FlattenOrder, LayerKind, Source};
use super::plan::{Operation, Plan, Step};
use super::{Dropout, Network, Output, Pass};
use crate::encode::Bases;
use crate::host::to_vec;
use crate::layers::{self, BatchNorm, BatchStatistics, NormMode};
use crate::random;
use crate::strands::Strands;

/// What goes from layer to layer.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    /// Sequences, which only a first layer reads.
    Bases(Bases),
    Positions(Positions),
    /// `[batch, units]`.
    Units(Tensor<2>),
}

/// Activations of positions.
#[derive(Debug, Clone)]
pub(crate) struct Positions {
    /// `[batch, positions, channels]`.
    pub(crate) x: Tensor<3>,
    /// Positions of each protein, where they are not all.
    pub(crate) kept: Option<Vec<usize>>,
}

impl Positions {
    /// Other activations of the same positions.
    fn map(self, layer: impl FnOnce(Tensor<3>) -> Tensor<3>) -> Value {
        Value::Positions(Self {
            x: layer(self.x),
            kept: self.kept,
        })
    }
}

impl Value {
    /// One-hot sequences or the features of proteins, as tensors.
    fn positions(self, device: &Device) -> Positions {
        match self {
            Self::Bases(bases) => Positions {
                x: bases.one_hot(device),
                kept: None,
            },
            Self::Positions(positions) => positions,
            Self::Units(_) => unreachable!("the list of layers flattens after the positions"),
        }
    }

    fn units(self) -> Tensor<2> {
        match self {
            Self::Units(units) => units,
            _ => unreachable!("the list of layers flattens before the dense layers"),
        }
    }
}

impl Network {
    /// Runs the network.
    pub(crate) fn forward(&self, input: Value, pass: Pass<'_>) -> Output {
        self.run(&self.plan, input, pass, |_, _| {})
    }

    /// Log odds `[rows, outputs]` of sequences without unknown letters, means over the strands.
    pub(crate) fn log_odds(
        &self,
        sequences: &PackedSequences,
        rows: &[usize],
        strands: Strands,
    ) -> Vec<f32> {
        self.over_strands(sequences, rows, strands, |logits| logits)
    }

    /// What `read` makes of the logits `[rows, outputs]` of sequences without unknown letters,
    /// means over the strands.
    pub(crate) fn over_strands(
        &self,
        sequences: &PackedSequences,
        rows: &[usize],
        strands: Strands,
        read: impl Fn(Tensor<2>) -> Tensor<2>,
    ) -> Vec<f32> {
        let of = |strand: Strand| {
            let items: Vec<_> = rows.iter().map(|&row| (row, strand)).collect();
            let input = Value::Bases(Bases::new(sequences, &items));
            read(self.forward(input, Pass::prediction()).logits())
        };
        match strands {
            Strands::Forward => to_vec(of(Strand::Forward)),
            Strands::Both => to_vec((of(Strand::Forward) + of(Strand::Reverse)) / 2.0),
        }
    }

    /// Runs the steps of a plan, and shows what each leaves with the place of its layer.
    pub(super) fn run(
        &self,
        plan: &Plan,
        input: Value,
        pass: Pass<'_>,
        mut show: impl FnMut(usize, &Value),
    ) -> Output {
        let mut input = Some(input);
        let mut values: Vec<Option<Value>> = vec![None; self.layers.len()];
        let mut statistics = Vec::new();
        for step in &plan.steps {
            let mut read = step.reads.iter().map(|&(source, last)| {
                let value = match source {
                    Source::Input => &mut input,
                    Source::Layer(place) => &mut values[place],
                };
                // The last to read it may write over it.
                let value = if last { value.take() } else { value.clone() };
                value.expect("a layer comes after those that it reads")
            });
            let first = read.next().expect("every layer reads something");
            let others = read.collect();
            let value = self.step(step, first, others, pass, &mut statistics);
            show(step.output, &value);
            values[step.output] = Some(value);
        }
        Output {
            heads: values.into_iter().flatten().map(Value::units).collect(),
            statistics,
        }
    }

    fn step(
        &self,
        step: &Step,
        input: Value,
        others: Vec<Value>,
        pass: Pass<'_>,
        statistics: &mut Vec<(usize, BatchStatistics)>,
    ) -> Value {
        match step.operation {
            Operation::ConvBlock {
                convolution,
                norm,
                pool,
            } => {
                let (y, batch) = self.conv_block(convolution, norm, pool, input, pass);
                statistics.extend(norm.zip(batch));
                Value::Positions(y)
            }
            Operation::DenseBlock {
                dense,
                norm,
                dropout,
            } => {
                let (y, batch) = self.dense_block(dense, norm, dropout, input.units(), pass);
                statistics.extend(batch.map(|batch| (norm, batch)));
                Value::Units(y)
            }
            Operation::DenseRelu { dense } => {
                let (x, weight, bias) = self.dense(dense, input.units());
                Value::Units(layers::linear_relu(x, weight, bias))
            }
            Operation::MaskedDropout { dropout } => {
                self.masked(input.positions(&self.device), Some(dropout), pass)
            }
            Operation::Single { layer } => self.single(layer, input, others, pass, statistics),
        }
    }

    /// A layer alone.
    fn single(
        &self,
        place: usize,
        input: Value,
        others: Vec<Value>,
        pass: Pass<'_>,
        statistics: &mut Vec<(usize, BatchStatistics)>,
    ) -> Value {
        let device = &self.device;
        match self.layers.at(place).kind() {
            LayerKind::Convolution { .. } => {
                let [weight, bias] = self.parameters(place);
                let (weight, bias) = (self.factor(weight), self.vector(bias));
                let input = input.positions(device);
                input.map(|x| layers::convolution(x, weight, bias))
            }
            LayerKind::BatchNorm { channels } => {
                let mut normalise = |x: Tensor<2>| {
                    let norm = self.norm(place);
                    let (y, batch) = layers::batch_norm(x, &norm, self.mode(place, pass));
                    statistics.extend(batch.map(|batch| (place, batch)));
                    y
                };
                match input {
                    Value::Units(x) => Value::Units(normalise(x)),
                    other => other.positions(device).map(|x| {
                        let shape = x.dims();
                        let rows = x.reshape([shape[0] * shape[1], channels]);
                        normalise(rows).reshape(shape)
                    }),
                }
            }
            LayerKind::Relu => match input {
                Value::Units(x) => Value::Units(activation::relu(x)),
                other => other.positions(device).map(activation::relu),
            },
            LayerKind::MaxPool { window } => {
                let Positions { x, kept } = input.positions(device);
                let window = window.unwrap_or(x.dims()[1]);
                Value::Positions(pooled(layers::max_pool(x, window), kept, window))
            }
            LayerKind::Dropout { rate, stream } => match input {
                Value::Units(x) => Value::Units(dropped(x, stream, rate, pass.dropout, device)),
                other => other
                    .positions(device)
                    .map(|x| dropped(x, stream, rate, pass.dropout, device)),
            },
            LayerKind::Lstm { .. } => input.positions(device).map(|x| self.lstm(place, x)),
            LayerKind::Concatenate => input.positions(device).map(|x| {
                let mut all = vec![x];
                all.extend(others.into_iter().map(|other| other.positions(device).x));
                Tensor::cat(all, 2)
            }),
            LayerKind::Pad { kernel, pool, most } => input.positions(device).map(|x| {
                let length = padded(x.dims()[1], kernel, pool, most);
                pad(x, kernel / 2, length, device)
            }),
            LayerKind::Mask => self.masked(input.positions(device), None, pass),
            LayerKind::Flatten { order } => {
                let x = input.positions(device).x;
                let [batch, positions, channels] = x.dims();
                let x = match order {
                    FlattenOrder::ChannelsFirst => x.swap_dims(1, 2),
                    FlattenOrder::PositionsFirst => x,
                };
                Value::Units(x.reshape([batch, positions * channels]))
            }
            LayerKind::Dense { .. } => {
                let (x, weight, bias) = self.dense(place, input.units());
                Value::Units(layers::linear(x, weight, bias))
            }
        }
    }

    fn conv_block(
        &self,
        convolution: usize,
        norm: Option<usize>,
        pool: Option<usize>,
        input: Value,
        pass: Pass<'_>,
    ) -> (Positions, Option<BatchStatistics>) {
        let [weight, bias] = self.parameters(convolution);
        let (weight, bias) = (self.factor::<3>(weight), self.vector(bias));
        let length = match &input {
            Value::Bases(bases) => bases.length(),
            Value::Positions(positions) => positions.x.dims()[1],
            Value::Units(_) => unreachable!("convolutions come before the positions are flattened"),
        };
        let all = length + 1 - weight.dims()[2];
        let window = match pool.map(|pool| self.layers.at(pool).kind()) {
            Some(LayerKind::MaxPool { window }) => window.unwrap_or(all),
            _ => 1,
        };
        let device = &self.device;
        let norm = norm.map(|norm| (self.norm(norm), self.mode(norm, pass)));
        let (y, batch, kept) = match (input, norm) {
            (Value::Bases(bases), Some((norm, mode))) => {
                let (y, batch) =
                    layers::first_conv_block(bases, weight, bias, &norm, window, mode, device);
                (y, batch, None)
            }
            (Value::Bases(bases), None) => {
                let y = layers::first_conv_relu_pool(bases, weight, bias, window, device);
                (y, None, None)
            }
            (input, Some((norm, mode))) => {
                let Positions { x, kept } = input.positions(device);
                let (y, batch) = layers::conv_block(x, weight, bias, &norm, window, mode);
                (y, batch, kept)
            }
            (input, None) => {
                let Positions { x, kept } = input.positions(device);
                (layers::conv_relu_pool(x, weight, bias, window), None, kept)
            }
        };
        (pooled(y, kept, window), batch)
    }

    fn dense_block(
        &self,
        dense: usize,
        norm: usize,
        dropout: Option<usize>,
        x: Tensor<2>,
        pass: Pass<'_>,
    ) -> (Tensor<2>, Option<BatchStatistics>) {
        let (x, weight, bias) = self.dense(dense, x);
        let shape = [x.dims()[0], weight.dims()[0]];
        let mask = match dropout.map(|dropout| self.layers.at(dropout).kind()) {
            Some(LayerKind::Dropout { rate, stream }) => pass
                .dropout
                .and_then(|dropout| dropout.mask(stream, shape, rate, &self.device)),
            _ => None,
        };
        let mode = self.mode(norm, pass);
        layers::dense_block(x, weight, bias, &self.norm(norm), mask, mode)
    }

    /// Input, weight and bias of a linear layer.
    fn dense(&self, place: usize, x: Tensor<2>) -> (Tensor<2>, Tensor<2>, Tensor<1>) {
        let [weight, bias] = self.parameters(place);
        let mut weight = self.factor::<2>(weight);
        let given = x.dims()[1];
        if let LayerKind::Dense {
            positions: Some(_),
            inputs,
            ..
        } = self.layers.at(place).kind()
            && given < inputs
        {
            weight = weight.narrow(1, 0, given);
        }
        (x, weight, self.vector(bias))
    }

    fn norm(&self, place: usize) -> BatchNorm {
        let [weight, bias, mean, var, _] = self.parameters(place);
        BatchNorm {
            weight: self.vector(weight),
            bias: self.vector(bias),
            running_mean: self.vector(mean),
            running_var: self.vector(var),
        }
    }

    fn mode(&self, norm: usize, pass: Pass<'_>) -> NormMode {
        let stage = self.layers.at(norm).slots()[0].stage;
        if (pass.learning)(stage) {
            NormMode::Batch
        } else {
            NormMode::Running
        }
    }

    /// Both directions, `[batch, steps, 2 * units]`.
    fn lstm(&self, place: usize, x: Tensor<3>) -> Tensor<3> {
        let [w_ih, w_hh, b_ih, b_hh, reverse @ ..] = self.parameters::<8>(place);
        let direction = |[w_ih, w_hh, b_ih, b_hh]: [usize; 4], reverse| {
            layers::lstm(
                x.clone(),
                self.factor(w_ih),
                self.factor(w_hh),
                self.vector(b_ih),
                self.vector(b_hh),
                reverse,
            )
        };
        let forward = direction([w_ih, w_hh, b_ih, b_hh], false);
        Tensor::cat(vec![forward, direction(reverse, true)], 2)
    }

    /// Zero beyond the positions of each protein and where dropout says so.
    fn masked(&self, input: Positions, dropout: Option<usize>, pass: Pass<'_>) -> Value {
        let (rate, stream) = match dropout.map(|dropout| self.layers.at(dropout).kind()) {
            Some(LayerKind::Dropout { rate, stream }) => (rate, stream),
            _ => (0.0, 0),
        };
        let shape = input.x.dims();
        let kept = input.kept.as_deref();
        match mask(kept, shape, stream, rate, pass.dropout, &self.device) {
            Some(mask) => input.map(|x| x * mask),
            None => Value::Positions(input),
        }
    }
}

/// Positions after a pooling.
fn pooled(x: Tensor<3>, kept: Option<Vec<usize>>, window: usize) -> Positions {
    let positions = x.dims()[1];
    let after = |kept: usize| kept.div_ceil(window).min(positions);
    Positions {
        kept: kept.map(|kept| kept.into_iter().map(after).collect()),
        x,
    }
}

fn dropped<const D: usize>(
    x: Tensor<D>,
    stream: usize,
    rate: f64,
    dropout: Option<Dropout>,
    device: &Device,
) -> Tensor<D> {
    let mask = dropout.and_then(|dropout| dropout.mask(stream, x.dims(), rate, device));
    match mask {
        Some(mask) => x * mask,
        None => x,
    }
}

/// Zero beyond the `kept` positions of each protein and where dropout says so; `None`
/// where nothing is zero.
fn mask(
    kept: Option<&[usize]>,
    [batch, positions, channels]: [usize; 3],
    stream: usize,
    rate: f64,
    dropout: Option<Dropout>,
    device: &Device,
) -> Option<Tensor<3>> {
    let dropout = dropout.filter(|_| rate > 0.0);
    let all = kept.is_none_or(|kept| kept.iter().all(|&kept| kept >= positions));
    let (mut mask, channels) = match dropout {
        None if all => return None,
        None => (vec![1.0; batch * positions], 1),
        Some(Dropout { seed, step }) => {
            let entries = batch * positions * channels;
            let mask = random::dropout_mask(seed, step, stream, entries, rate);
            (mask, channels)
        }
    };
    for (mask, &kept) in mask
        .chunks_exact_mut(positions * channels)
        .zip(kept.into_iter().flatten())
    {
        mask[kept.min(positions) * channels..].fill(0.0);
    }
    let data = TensorData::new(mask, [batch, positions, channels]);
    Some(Tensor::from_data(data, device))
}

/// Positions of the input of a convolution of width `kernel` which leaves as many whole
/// windows of `pool` positions as hold `positions`, but not more than `most`.
pub(crate) fn padded(positions: usize, kernel: usize, pool: usize, most: usize) -> usize {
    positions.div_ceil(pool).clamp(1, most) * pool + kernel - 1
}

/// `x` `[batch, positions, channels]` between zeros: `lead` positions before it, and as many
/// after it as make `length`. What has no place there would not survive the pooling.
fn pad(x: Tensor<3>, lead: usize, length: usize, device: &Device) -> Tensor<3> {
    let [batch, positions, channels] = x.dims();
    let taken = positions.min(length - lead);
    let x = if taken < positions {
        x.narrow(1, 0, taken)
    } else {
        x
    };
    let zeros = |count: usize| Tensor::<3>::zeros([batch, count, channels], device);
    let mut parts = Vec::with_capacity(3);
    if lead > 0 {
        parts.push(zeros(lead));
    }
    parts.push(x);
    if length > lead + taken {
        parts.push(zeros(length - lead - taken));
    }
    Tensor::cat(parts, 1)
}
