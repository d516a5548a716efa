//! The networks on every other device that this program was built with, beside the
//! CPU: the kernels of the one against the compositions of the other.

use bindscape_core::sequence::{PackedSequences, Strand};
use burn::tensor::{Device, Tensor, TensorData};

use super::DeviceChoice;
use crate::architecture::Architecture;
use crate::cnn::CnnConfig;
use crate::danq::DanqConfig;
use crate::encode;
use crate::network::{Dropout, Network, Pass, to_vec};
use crate::parameters::{StateDict, Values};
use crate::random;
use crate::train::Freeze;
use crate::train::step::Learner;

const ROWS: usize = 7;
const LENGTH: usize = 100;
const OUTPUTS: usize = 3;

fn small_cnn() -> Architecture {
    let mut config = CnnConfig::new(LENGTH, OUTPUTS);
    config.filters = [8, 12, 12];
    config.hidden = 20;
    Architecture::Cnn(config)
}

fn small_danq() -> Architecture {
    let mut config = DanqConfig::new(LENGTH, OUTPUTS);
    (config.filters, config.units, config.hidden) = (8, 6, 10);
    Architecture::Danq(config)
}

/// A batch of random sequences and labels, the same on every device.
fn batch(number: u64, device: &Device) -> (Tensor<3>, Tensor<2>) {
    let mut rng = random::stream(number, "agreement", &[]);
    let mut unit = || random::unit(&mut rng);
    let mut sequences = PackedSequences::new(LENGTH);
    for _ in 0..ROWS {
        let letters: Vec<u8> = (0..LENGTH)
            .map(|_| b"ACGT"[(unit() * 4.0) as usize])
            .collect();
        sequences.push(&letters);
    }
    let labels: Vec<f32> = (0..ROWS * OUTPUTS)
        .map(|_| f32::from(unit() < 0.3))
        .collect();
    let items: Vec<_> = (0..ROWS).map(|row| (row, Strand::Reverse)).collect();
    (
        encode::one_hot(&sequences, &items, device),
        Tensor::from_data(TensorData::new(labels, [ROWS, OUTPUTS]), device),
    )
}

/// Largest difference over the largest number expected; infinite if one is no number.
fn difference(found: &[f32], expected: &[f32]) -> f32 {
    assert_eq!(found.len(), expected.len());
    if !found.iter().all(|value| value.is_finite()) {
        return f32::INFINITY;
    }
    let largest = |values: &mut dyn Iterator<Item = f32>| values.fold(0.0, f32::max);
    let difference = largest(&mut found.iter().zip(expected).map(|(a, b)| (a - b).abs()));
    difference / largest(&mut expected.iter().map(|b| b.abs())).max(f32::MIN_POSITIVE)
}

/// What is compared, by name.
type Numbers = Vec<(String, Vec<f32>)>;

/// Logits, then losses and gradients of three steps of training with dropout, then
/// the network after them.
fn run(architecture: &Architecture, device: &Device) -> Numbers {
    let state = StateDict::initial(&architecture.slots(), 5);
    let network = Network::new(architecture, &state, device);
    let logits = network
        .forward(batch(0, device).0, Pass::prediction())
        .logits;
    let mut numbers = vec![("logits".to_owned(), to_vec(logits))];
    let mut learner = Learner::new(network, Freeze::None);
    for step in 0..3 {
        let (x, labels) = batch(step, device);
        let (loss, gradients) = learner.differentiate(x, labels, Some(Dropout { seed: 1, step }));
        numbers.push((format!("loss {step}"), vec![loss]));
        for (array, gradient) in learner.network.arrays.iter().zip(&gradients) {
            let gradient = gradient.clone().map_or_else(Vec::new, to_vec);
            numbers.push((format!("gradient {step} of {}", array.slot.name), gradient));
        }
        learner.update(gradients, 1e-3);
    }
    for array in learner.network.state().0 {
        if let Values::F32(values) = array.values {
            numbers.push((array.name, values));
        }
    }
    numbers
}

#[test]
#[ignore = "needs a device beside the CPU, its Cargo feature and its driver"]
fn other_devices_compute_what_the_cpu_computes() {
    let mut tried = 0;
    for choice in DeviceChoice::ALL.into_iter().skip(1) {
        let device = match choice.open() {
            Ok(device) => device,
            Err(error) => {
                eprintln!("{choice}: skipped, {error}");
                continue;
            }
        };
        tried += 1;
        for architecture in [small_cnn(), small_danq()] {
            let cpu = run(&architecture, &Device::flex());
            let other = run(&architecture, &device);
            let mut worst = (0.0, "");
            for ((name, expected), (_, found)) in cpu.iter().zip(&other) {
                let difference = difference(found, expected);
                if difference > worst.0 {
                    worst = (difference, name);
                }
            }
            eprintln!(
                "{choice}, {}: at most {:.1e} apart ({})",
                architecture.kind(),
                worst.0,
                worst.1
            );
            assert!(
                worst.0 < 1e-4,
                "{choice}: {} differs by {}",
                worst.1,
                worst.0
            );
        }
    }
    if tried == 0 {
        eprintln!("no device beside the CPU: nothing compared");
    }
}
