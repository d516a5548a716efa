//! The paper's network and its single-task twins; [`MultiTaskConfig`] describes them.

use burn::tensor::{Device, Tensor, TensorData};

use super::config::{CLASSES, MultiTaskConfig, ProteinNetwork};
use super::forward::{Input, Outputs};
use crate::layers;
use crate::network::{Dropout, Network};
use crate::parameters::{Role, Slot, Stage, StateDict, Values};
use crate::random;

/// Place of the first dense layer in [`Network::arrays`].
const DENSE: usize = 4;

/// The arrays of the network, in PyTorch's order and layouts. A module whose forward pass
/// flattens `[batch, channels, positions]` takes them.
pub(super) fn slots(config: &MultiTaskConfig) -> Vec<Slot> {
    let mut slots = Vec::new();
    let mut layer = |name: &str, shape: &[usize], stage| {
        let fan_in = shape[1..].iter().product();
        for (part, shape) in [("weight", shape), ("bias", &shape[..1])] {
            slots.push(Slot {
                name: format!("{name}.{part}"),
                shape: shape.to_vec(),
                role: Role::Weight { fan_in },
                stage,
            });
        }
    };
    let [first, second] = config.filters;
    let stage = Stage::FirstConvolutional;
    layer("conv1", &[first, config.features, config.kernel], stage);
    layer(
        "conv2",
        &[second, first, config.kernel],
        Stage::Convolutional,
    );
    let mut width = config.flattened();
    for (number, &units) in config.hidden.iter().enumerate() {
        layer(&format!("fc{}", number + 1), &[units, width], Stage::Hidden);
        width = units;
    }
    if config.heads.tf() {
        layer("tf_head", &[1, width], Stage::Output);
    }
    if config.heads.domain() {
        layer("domain_head", &[CLASSES, width], Stage::Output);
    }
    slots
}

/// PyTorch flattens by channel, `[channel][position]`. On the device the first dense layer
/// takes `[position][channel]`, so that the weights of a protein's positions lie together.
pub(super) fn positions_first(config: &MultiTaskConfig, state: &mut StateDict) {
    transpose_rows(state, config.flattened(), config.filters[1]);
}

/// The way back from [`positions_first`].
pub(super) fn channels_first(config: &MultiTaskConfig, state: &mut StateDict) {
    transpose_rows(state, config.flattened(), config.pooled()[1]);
}

/// Turns each row of the first dense layer, a matrix of `height` rows, around.
fn transpose_rows(state: &mut StateDict, width: usize, height: usize) {
    if let Values::F32(values) = &mut state.0[DENSE].values {
        transpose_each(values, width, height);
    }
}

/// Turns matrices of `width` numbers in `height` rows around, one after the other.
pub(super) fn transpose_each(values: &mut [f32], width: usize, height: usize) {
    let columns = width / height;
    let mut turned = vec![0.0; width];
    for row in values.chunks_exact_mut(width) {
        for (index, value) in row.iter().enumerate() {
            turned[index % columns * height + index / columns] = *value;
        }
        row.copy_from_slice(&turned);
    }
}

/// How much of the standardised length a batch needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Crop {
    /// Positions after each pooling.
    pooled: [usize; 2],
}

impl Crop {
    /// The shortest that holds `rows` positions.
    fn new(config: &MultiTaskConfig, rows: usize) -> Self {
        let most = config.pooled();
        let first = rows.div_ceil(config.pool).clamp(1, most[0]);
        let second = first.div_ceil(config.pool).clamp(1, most[1]);
        Self {
            pooled: [first, second],
        }
    }

    /// That of an input of `length` positions, padding included.
    fn of_input(config: &MultiTaskConfig, length: usize) -> Self {
        Self::new(config, length + 1 - config.kernel)
    }

    /// Positions, with the padding of both ends, that enter the convolution before
    /// pooling number `stage`.
    fn padded(&self, config: &MultiTaskConfig, stage: usize) -> usize {
        self.pooled[stage] * config.pool + config.kernel - 1
    }
}

/// Positions before the first one of the protein in the network's input.
pub(super) fn lead(config: &MultiTaskConfig) -> usize {
    config.kernel / 2
}

/// Positions of the network's input that hold `rows` positions of a protein.
pub(super) fn input_length(config: &MultiTaskConfig, rows: usize) -> usize {
    Crop::new(config, rows).padded(config, 0)
}

/// Runs the network.
pub(super) fn forward(
    config: &MultiTaskConfig,
    network: &Network<ProteinNetwork>,
    input: Input<'_>,
    dropout: Option<Dropout>,
) -> Outputs {
    let device = network.device();
    let crop = Crop::of_input(config, input.x.dims()[1]);
    let mut kept: Vec<usize> = input.rows.to_vec();
    let mut x = input.x;
    for stage in 0..2 {
        if stage > 0 {
            x = pad(x, lead(config), crop.padded(config, stage), device);
        }
        let (weight, bias) = (network.shaped(2 * stage), network.vector(2 * stage + 1));
        x = layers::conv_relu_pool(x, weight, bias, config.pool);
        for kept in &mut kept {
            *kept = kept.div_ceil(config.pool).min(crop.pooled[stage]);
        }
        if let Some(mask) = stage_mask(&kept, x.dims(), stage, config.dropout, dropout, device) {
            x = x * mask;
        }
    }
    let [batch, positions, channels] = x.dims();
    let mut x = x.reshape([batch, positions * channels]);
    for (number, &units) in config.hidden.iter().enumerate() {
        let place = DENSE + 2 * number;
        let mut weight: Tensor<2> = network.shaped(place);
        if number == 0 && positions * channels < config.flattened() {
            weight = weight.narrow(1, 0, positions * channels);
        }
        x = layers::linear_relu(x, weight, network.vector(place + 1));
        let mask = dropout
            .and_then(|dropout| dropout.mask(2 + number, [batch, units], config.dropout, device));
        if let Some(mask) = mask {
            x = x * mask;
        }
    }
    let mut place = DENSE + 2 * config.hidden.len();
    let mut head = |wanted: bool| {
        wanted.then(|| {
            let (weight, bias) = (network.shaped(place), network.vector(place + 1));
            place += 2;
            layers::linear(x.clone(), weight, bias)
        })
    };
    Outputs {
        tf: head(config.heads.tf()),
        domain: head(config.heads.domain()),
        statistics: Vec::new(),
    }
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

/// Zero beyond the `kept` positions of each protein and where dropout says so; `None`
/// where nothing is zero.
fn stage_mask(
    kept: &[usize],
    [batch, positions, channels]: [usize; 3],
    stage: usize,
    rate: f64,
    dropout: Option<Dropout>,
    device: &Device,
) -> Option<Tensor<3>> {
    let dropout = dropout.filter(|_| rate > 0.0);
    let all = kept.iter().all(|&kept| kept >= positions);
    let (mut mask, channels) = match dropout {
        None if all => return None,
        None => (vec![1.0; batch * positions], 1),
        Some(Dropout { seed, step }) => {
            let entries = batch * positions * channels;
            let mask = random::dropout_mask(seed, step, stage, entries, rate);
            (mask, channels)
        }
    };
    for (mask, &kept) in mask.chunks_exact_mut(positions * channels).zip(kept) {
        mask[kept.min(positions) * channels..].fill(0.0);
    }
    let data = TensorData::new(mask, [batch, positions, channels]);
    Some(Tensor::from_data(data, device))
}

#[cfg(test)]
mod tests {
    use super::super::config::Heads;
    use super::*;

    #[test]
    fn crops_hold_the_protein_and_no_more() {
        let config = MultiTaskConfig::new(1, Heads::Tf);
        let crop = |rows| Crop::new(&config, rows);
        assert_eq!(crop(1).pooled, [1, 1]);
        assert_eq!(crop(5).pooled, [3, 2]);
        assert_eq!(crop(300).pooled, [150, 75]);
        assert_eq!(input_length(&config, 5), 8);
        assert_eq!(input_length(&config, 300), 302);
        // The third pooled position has no partner: the second stage is padded for it.
        assert_eq!(crop(5).padded(&config, 1), 6);
    }

    #[test]
    fn rows_turn_around_and_back() {
        let mut values: Vec<f32> = (0..12).map(|v| v as f32).collect();
        let before = values.clone();
        transpose_each(&mut values, 6, 2);
        assert_eq!(values[..6], [0.0, 3.0, 1.0, 4.0, 2.0, 5.0]);
        transpose_each(&mut values, 6, 3);
        assert_eq!(values, before);
    }
}
