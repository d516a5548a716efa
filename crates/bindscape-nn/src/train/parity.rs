//! Training against PyTorch: same weights, same batches, no dropout. The golden
//! values and the script that made them are in `tests/golden`.

use std::collections::BTreeMap;
use std::path::Path;

use bindscape_genome::sequence::{PackedSequences, Strand};
use burn::tensor::{Device, Tensor, TensorData};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::Freeze;
use super::step::Learner;
use crate::architecture::{Architecture, ArchitectureKind};
use crate::encode::Bases;
use crate::host::to_vec;
use crate::model::Model;
use crate::network::{Network, Pass, Value};
use crate::parameters::{Role, Slot, StateDict, Values};

#[derive(Deserialize)]
struct Golden<Config> {
    config: Config,
    rows: usize,
    loss_rows: usize,
    learning_rate: f64,
    losses: Vec<f64>,
    eval_logits: Vec<f32>,
    train_logits: Vec<f32>,
    gradients: BTreeMap<String, Gradient>,
    running: BTreeMap<String, Vec<f32>>,
}

#[derive(Deserialize)]
struct Gradient {
    norm: f64,
    values: Vec<f32>,
}

/// `units` of the generator.
pub(crate) fn units(stream: u64, count: usize) -> Vec<f32> {
    let mask = 0xFFFF_FFFF_u64;
    (0..count as u64)
        .map(|index| {
            let i = index + stream * 1_000_003;
            let h = i.wrapping_mul(2_654_435_761) & mask;
            let h = (h ^ (h >> 15)).wrapping_mul(2_246_822_519) & mask;
            let h = h ^ (h >> 13);
            (h >> 8) as f32 / 16_777_216.0
        })
        .collect()
}

/// `fill` of the generator.
pub(crate) fn fill(slots: &[Slot]) -> StateDict {
    let mut state = StateDict::initial(slots, 0);
    for (number, (slot, array)) in slots.iter().zip(&mut state.0).enumerate() {
        let Values::F32(values) = &mut array.values else {
            continue;
        };
        let units = units(number as u64, slot.entries());
        for (value, u) in values.iter_mut().zip(units) {
            *value = match slot.role {
                Role::Weight { fan_in, .. } => {
                    (2.0 * u - 1.0) * (1.0 / (fan_in as f64).sqrt()) as f32
                }
                Role::Scale | Role::RunningVar => 1.0 + (2.0 * u - 1.0) * 0.25,
                Role::Shift | Role::RunningMean => (2.0 * u - 1.0) * 0.25,
                Role::Counter => unreachable!("counters are integers"),
            };
        }
    }
    state
}

fn weights(architecture: &Architecture) -> StateDict {
    fill(&architecture.slots())
}

/// `batch` of the generator.
fn batch(number: u64, rows: usize, architecture: &Architecture) -> (Value, Tensor<2>) {
    let device = Device::flex();
    let (length, outputs) = (architecture.length(), architecture.outputs());
    let mut sequences = PackedSequences::new(length);
    for row in units(1000 + number, rows * length).chunks(length) {
        let letters: Vec<u8> = row.iter().map(|u| b"ACGT"[(u * 4.0) as usize]).collect();
        sequences.push(&letters);
    }
    let items: Vec<_> = (0..rows).map(|row| (row, Strand::Forward)).collect();
    let labels = units(2000 + number, rows * outputs)
        .into_iter()
        .map(|u| f32::from(u < 0.3))
        .collect();
    (
        Value::Bases(Bases::new(&sequences, &items)),
        Tensor::from_data(TensorData::new(labels, [rows, outputs]), &device),
    )
}

/// Norm of the difference over the norm of what was expected.
pub(crate) fn relative(found: &[f32], expected: &[f32]) -> f64 {
    assert_eq!(found.len(), expected.len());
    let norm = |values: &mut dyn Iterator<Item = f64>| values.map(|v| v * v).sum::<f64>().sqrt();
    let difference = norm(
        &mut found
            .iter()
            .zip(expected)
            .map(|(a, b)| f64::from(*a) - f64::from(*b)),
    );
    difference / norm(&mut expected.iter().map(|b| f64::from(*b)))
}

fn agrees<Config: DeserializeOwned>(text: &str, architecture: fn(Config) -> Architecture) {
    let golden: Golden<Config> = serde_json::from_str(text).unwrap();
    let architecture = &architecture(golden.config);
    let network = Network::new(
        architecture.layers(),
        &weights(architecture),
        &Device::flex(),
    );
    let (x, labels) = batch(0, golden.rows, architecture);
    let eval = to_vec(network.forward(x.clone(), Pass::prediction()).logits());
    assert!(relative(&eval, &golden.eval_logits) < 1e-5);

    let all = |_| true;
    let pass = Pass {
        learning: &all,
        dropout: None,
    };
    let logits = to_vec(network.forward(x.clone(), pass).logits());
    assert!(relative(&logits, &golden.train_logits) < 1e-5);

    let mut learner = Learner::new(network.clone(), Freeze::None);
    let (_, gradients) = learner.differentiate_labels(x, labels, None);
    for (array, gradient) in learner.network.arrays.iter().zip(&gradients) {
        let name = &array.slot.name;
        let Some(gradient) = gradient else {
            // A shift before a normalisation has no effect; PyTorch's gradient is rounding.
            let shift = ["c1", "c2", "c3", "d4", "d5"].contains(&name.trim_end_matches(".bias"));
            assert!(shift || !array.slot.role.learned(), "{name}");
            assert!(!shift || golden.gradients[name].norm < 1e-12, "{name}");
            continue;
        };
        let expected = &golden.gradients[name];
        let found = to_vec(gradient.clone());
        let stride = if found.len() == expected.values.len() {
            1
        } else {
            found.len() / 50 + 1
        };
        let sample: Vec<f32> = found.iter().copied().step_by(stride).collect();
        let error = relative(&sample, &expected.values);
        assert!(error < 1e-4, "gradient of {name}: {error:e}");
        let norm = found
            .iter()
            .map(|g| f64::from(*g).powi(2))
            .sum::<f64>()
            .sqrt();
        assert!((norm / expected.norm - 1.0).abs() < 1e-4, "{name}");
    }
    let state = learner.network.state();
    for (name, expected) in &golden.running {
        let Values::F32(found) = &state.get(name).unwrap().values else {
            panic!("{name} is f32");
        };
        assert!(relative(found, expected) < 1e-5, "{name}");
    }
    let counted = (architecture.kind() == ArchitectureKind::Cnn).then_some(1);
    assert_eq!(
        crate::model::counter(&state, "bn5.num_batches_tracked"),
        counted
    );

    let mut learner = Learner::new(network, Freeze::None);
    for (number, &expected) in golden.losses.iter().enumerate() {
        let (x, labels) = batch(number as u64, golden.loss_rows, architecture);
        let (loss, gradients) = learner.differentiate_labels(x, labels, None);
        learner.update(gradients, golden.learning_rate);
        let error = (f64::from(loss) - expected).abs() / expected;
        assert!(error < 1e-4, "loss {number}: {loss} for {expected}");
    }
}

#[test]
fn a_small_network_trains_as_in_pytorch() {
    let text = include_str!("../../tests/golden/parity_small.json");
    agrees(text, Architecture::Cnn);
}

#[test]
fn the_papers_network_trains_as_in_pytorch() {
    let text = include_str!("../../tests/golden/parity_paper.json");
    agrees(text, Architecture::Cnn);
}

#[test]
fn a_small_danq_trains_as_in_pytorch() {
    let text = include_str!("../../tests/golden/parity_danq_small.json");
    agrees(text, Architecture::Danq);
}

#[test]
fn the_papers_danq_trains_as_in_pytorch() {
    let text = include_str!("../../tests/golden/parity_danq_paper.json");
    agrees(text, Architecture::Danq);
}

#[test]
fn weights_saved_by_pytorch_are_imported() {
    let tfs = ["A", "B", "C"].map(String::from).to_vec();
    let import = |name: &str| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
        Model::import(path.join(name), tfs.clone(), 200, Some("hg38".into())).unwrap()
    };
    let model = import("pytorch_small.safetensors");
    let Architecture::Cnn(config) = &model.architecture else {
        panic!("a convolutional network");
    };
    assert_eq!((config.filters, config.hidden), ([8, 12, 12], 20));
    assert_eq!(model.state, weights(&model.architecture));
    let model = import("pytorch_danq_small.safetensors");
    let Architecture::Danq(config) = &model.architecture else {
        panic!("a DanQ");
    };
    assert_eq!(
        (config.filters, config.kernel, config.units, config.hidden),
        (8, 26, 6, 10)
    );
    assert_eq!(model.state, weights(&model.architecture));
}
