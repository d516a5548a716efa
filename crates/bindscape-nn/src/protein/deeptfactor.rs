//! DeepTFactor; [`DeepTFactorConfig`] describes it.

use burn::tensor::Tensor;

use super::config::{DeepTFactorConfig, ProteinNetwork};
use super::forward::{Input, Outputs};
use crate::layers::{self, BATCH_NORM_EPSILON, BatchNorm, BatchStatistics, NormMode};
use crate::network::{Dropout, Network};
use crate::parameters::{Role, Slot, Stage};

/// The letters of the input, in the authors' order.
pub(crate) const LETTERS: &[u8; 21] = b"ACDEFGHIKLMNPQRSTVWXY";

/// Arrays of a layer and its normalisation in [`Network::arrays`].
const BLOCK: usize = 7;
/// Place of the running mean among them.
const RUNNING_MEAN: usize = 4;
/// Layers before the convolution over all branches.
const BRANCH_LAYERS: usize = 9;

/// The arrays of the network, with the names and in the order of the authors' module. Their
/// convolutions are two-dimensional over `[position][letter]`; here they are `[out, in, kernel]`.
pub(super) fn slots(config: &DeepTFactorConfig) -> Vec<Slot> {
    let mut slots = Vec::new();
    let mut block = |layer: &str, norm: &str, shape: &[usize], stage| {
        let fan_in = shape[1..].iter().product();
        let mut push = |name: String, shape: &[usize], role| {
            slots.push(Slot {
                name,
                shape: shape.to_vec(),
                role,
                stage,
            });
        };
        push(format!("{layer}.weight"), shape, Role::Weight { fan_in });
        push(
            format!("{layer}.bias"),
            &shape[..1],
            Role::Weight { fan_in },
        );
        for (part, role) in [
            ("weight", Role::Scale),
            ("bias", Role::Shift),
            ("running_mean", Role::RunningMean),
            ("running_var", Role::RunningVar),
        ] {
            push(format!("{norm}.{part}"), &shape[..1], role);
        }
        push(format!("{norm}.num_batches_tracked"), &[], Role::Counter);
    };
    for (branch, kernels) in config.kernels.iter().enumerate() {
        for (layer, &kernel) in kernels.iter().enumerate() {
            let name = format!("cnn0.layers.{branch}.{layer}");
            let (channels, stage) = if layer == 0 {
                (LETTERS.len(), Stage::FirstConvolutional)
            } else {
                (config.filters, Stage::Convolutional)
            };
            let shape = [config.filters, channels, kernel];
            block(&format!("{name}.0"), &format!("{name}.1"), &shape, stage);
        }
    }
    let width = config.kernels.len() * config.filters;
    let stage = Stage::Convolutional;
    block("cnn0.conv", "cnn0.batchnorm", &[width, width, 1], stage);
    block("fc1", "bn1", &[config.hidden, width], Stage::Hidden);
    block("fc2", "bn2", &[1, config.hidden], Stage::Output);
    slots
}

/// What turns a weight drawn from `U(-1, 1) / sqrt(fan_in)` into one of Xavier's uniform
/// initialisation; `None` for a bias. The authors' first convolutions see a picture of one
/// channel and `kernel x letters` points, which counts for what goes out of them.
pub(super) fn xavier(slot: &Slot, fan_in: usize) -> Option<f32> {
    let fan_out = match slot.shape[..] {
        [out, channels, kernel] if channels == LETTERS.len() => out * kernel * channels,
        [out, _, kernel] => out * kernel,
        [out, _] => out,
        _ => return None,
    };
    Some((6.0 * fan_in as f64 / (fan_in + fan_out) as f64).sqrt() as f32)
}

/// Lengths of the network's input in prediction are multiples of this, or the full length.
const GRAIN: usize = 64;

/// Positions of the network's input in prediction that give the same as the full length for a
/// protein of `rows` positions: where the padding begins, one window lies wholly in it, and all
/// others there are like it. Few different lengths, so that there are batches of one length:
/// in another one the same numbers would be rounded differently.
pub(super) fn shortest(config: &DeepTFactorConfig, rows: usize) -> usize {
    (rows + config.reach() + 1)
        .next_multiple_of(GRAIN)
        .min(config.length)
}

/// Runs the network.
pub(super) fn forward(
    config: &DeepTFactorConfig,
    network: &Network<ProteinNetwork>,
    input: Input<'_>,
    learning: bool,
    dropout: Option<Dropout>,
) -> Outputs {
    let mode = if learning {
        NormMode::Batch
    } else {
        NormMode::Running
    };
    let mut statistics = Vec::with_capacity(BRANCH_LAYERS + 3);
    let norm = |block: usize| {
        let first = block * BLOCK + 2;
        BatchNorm {
            weight: network.vector(first),
            bias: network.vector(first + 1),
            running_mean: network.vector(first + 2),
            running_var: network.vector(first + 3),
        }
    };
    let mut note = |block: usize, batch: Option<BatchStatistics>| {
        statistics.extend(batch.map(|batch| (block * BLOCK + RUNNING_MEAN, batch)));
    };
    let weights = |block: usize| {
        (
            network.shaped(block * BLOCK),
            network.vector(block * BLOCK + 1),
        )
    };
    let branches: Vec<Tensor<3>> = (0..config.kernels.len())
        .map(|branch| {
            let mut x = input.x.clone();
            for layer in 0..3 {
                let block = branch * 3 + layer;
                let (weight, bias) = weights(block);
                let (y, batch) = layers::conv_block(x, weight, bias, &norm(block), 1, mode);
                note(block, batch);
                let mask = dropout.and_then(|dropout| {
                    dropout.mask(block, y.dims(), config.dropout, network.device())
                });
                x = match mask {
                    Some(mask) => y * mask,
                    None => y,
                };
            }
            x
        })
        .collect();
    let x = Tensor::cat(branches, 2);
    let (weight, bias) = weights(BRANCH_LAYERS);
    let all = x.dims()[1];
    let (x, batch) = layers::conv_block(x, weight, bias, &norm(BRANCH_LAYERS), all, mode);
    note(BRANCH_LAYERS, batch);
    let [batch_size, _, channels] = x.dims();
    let x = x.reshape([batch_size, channels]);
    let place = BRANCH_LAYERS + 1;
    let (weight, bias) = (
        network.shaped(place * BLOCK),
        network.vector(place * BLOCK + 1),
    );
    let (x, batch) = layers::dense_block(x, weight, bias, &norm(place), None, mode);
    note(place, batch);
    let place = BRANCH_LAYERS + 2;
    let (weight, bias) = (
        network.shaped(place * BLOCK),
        network.vector(place * BLOCK + 1),
    );
    let (logits, batch) = normalise(layers::linear(x, weight, bias), &norm(place), mode);
    note(place, batch);
    Outputs {
        tf: Some(logits),
        domain: None,
        statistics,
    }
}

/// Batch normalisation alone, for the output `[batch, 1]`.
fn normalise(
    x: Tensor<2>,
    norm: &BatchNorm,
    mode: NormMode,
) -> (Tensor<2>, Option<BatchStatistics>) {
    let rows = x.dims()[0] as f64;
    let (mean, var, statistics) = match mode {
        NormMode::Running => (
            norm.running_mean.clone().unsqueeze(),
            norm.running_var.clone().unsqueeze(),
            None,
        ),
        NormMode::Batch => {
            let mean = x.clone().sum_dim(0) / rows;
            let var = (x.clone() - mean.clone()).square().sum_dim(0) / rows;
            let unbiased = var.clone().inner() * (rows / (rows - 1.0));
            let statistics = BatchStatistics {
                mean: mean.clone().inner().reshape([1]),
                var: unbiased.reshape([1]),
            };
            (mean, var, Some(statistics))
        }
    };
    let scaled = (x - mean) / (var + BATCH_NORM_EPSILON).sqrt();
    let y = scaled * norm.weight.clone().unsqueeze::<2>() + norm.bias.clone().unsqueeze::<2>();
    (y, statistics)
}
