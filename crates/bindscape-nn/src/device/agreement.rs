//! The networks on every other device that this program was built with, beside the
//! CPU: the kernels of the one against the compositions of the other.

use bindscape_genome::sequence::{PackedSequences, Strand};
use burn::tensor::{Device, Tensor, TensorData};

use super::DeviceChoice;
use crate::architecture::Architecture;
use crate::cnn::CnnConfig;
use crate::danq::DanqConfig;
use crate::encode::Bases;
use crate::host::to_vec;
use crate::network::{Dropout, Network, Pass, Value};
use crate::parameters::{StateDict, Values};
use crate::precision::Precision;
use crate::random;
use crate::train::Freeze;
use crate::train::step::Learner;

const LENGTH: usize = 200;
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
fn batch(number: u64, rows: usize, device: &Device) -> (Value, Tensor<2>) {
    let mut rng = random::stream(number, "agreement", &[]);
    let mut unit = || random::unit(&mut rng);
    let mut sequences = PackedSequences::new(LENGTH);
    for _ in 0..rows {
        let letters: Vec<u8> = (0..LENGTH)
            .map(|_| b"ACGT"[(unit() * 4.0) as usize])
            .collect();
        sequences.push(&letters);
    }
    let labels: Vec<f32> = (0..rows * OUTPUTS)
        .map(|_| f32::from(unit() < 0.3))
        .collect();
    let items: Vec<_> = (0..rows).map(|row| (row, Strand::Reverse)).collect();
    (
        Value::Bases(Bases::new(&sequences, &items)),
        Tensor::from_data(TensorData::new(labels, [rows, OUTPUTS]), device),
    )
}

/// A measure of `found` against `expected`, relative to the latter.
type Measure = fn(found: &[f32], expected: &[f32]) -> f64;

/// Largest difference over the largest number expected.
fn largest(found: &[f32], expected: &[f32]) -> f64 {
    let differences = found.iter().zip(expected).map(|(a, b)| f64::from(a - b));
    let most = |values: &mut dyn Iterator<Item = f64>| values.map(f64::abs).fold(0.0, f64::max);
    most(&mut differences.into_iter())
        / most(&mut expected.iter().map(|&b| f64::from(b))).max(f64::MIN_POSITIVE)
}

/// Euclidean norm of the differences over that of the numbers expected.
fn norm(found: &[f32], expected: &[f32]) -> f64 {
    let length = |values: &mut dyn Iterator<Item = f64>| values.map(|v| v * v).sum::<f64>().sqrt();
    let differences = found.iter().zip(expected).map(|(a, b)| f64::from(a - b));
    length(&mut differences.into_iter())
        / length(&mut expected.iter().map(|&b| f64::from(b))).max(f64::MIN_POSITIVE)
}

/// How far a device may be from the CPU.
struct Case {
    architecture: Architecture,
    /// Sequences of a batch.
    rows: usize,
    /// Of gradients and of the network after training. Logits and losses are
    /// held to 1e-4 at most everywhere.
    measure: Measure,
    most: f64,
}

/// Two networks that are small enough that no activation lies within rounding of a kink, and
/// two of the paper's sizes, for which a device chooses other kernels. With hundreds of
/// thousands of activations one is now and then so close to zero that the devices disagree
/// on rectifying it: all gradients of that one filter change, and by a little those of the
/// layers below it.
fn cases() -> [Case; 4] {
    let small = |architecture| Case {
        architecture,
        rows: 7,
        measure: largest,
        most: 1e-4,
    };
    let paper = |architecture| Case {
        architecture,
        rows: 60,
        measure: norm,
        most: 2e-2,
    };
    [
        small(small_cnn()),
        small(small_danq()),
        paper(Architecture::Cnn(CnnConfig::new(LENGTH, OUTPUTS))),
        paper(Architecture::Danq(DanqConfig::new(LENGTH, OUTPUTS))),
    ]
}

/// Compares logits; losses and gradients of three steps of training with dropout; the
/// network after them. Gives the largest difference of logits and losses, then of the rest,
/// each with the name of what differs.
///
/// Both devices take the CPU's gradients into Adam. It divides a gradient by its own size, so
/// one that is nothing but rounding would make a whole step of it, and a different one on
/// each device.
fn compare(case: &Case, device: &Device) -> [(f64, String); 2] {
    let state = StateDict::initial(&case.architecture.slots(), 5);
    let mut learners = [&Device::flex(), device].map(|device| {
        let network = Network::new(case.architecture.layers(), &state, device);
        Learner::new(network, Freeze::None)
    });
    let mut worst = [(0.0, String::new()), (0.0, String::new())];
    let mut note = |kind: usize, name: String, measure: Measure, [cpu, other]: [&[f32]; 2]| {
        assert_eq!(cpu.len(), other.len(), "{name}");
        let finite = other.iter().all(|value| value.is_finite());
        let difference = if finite {
            measure(other, cpu)
        } else {
            f64::INFINITY
        };
        if difference >= worst[kind].0 {
            worst[kind] = (difference, name);
        }
    };
    let [cpu, other] = learners.each_ref().map(|learner| {
        let (x, _) = batch(0, case.rows, learner.network.device());
        to_vec(learner.network.forward(x, Pass::prediction()).logits())
    });
    note(0, "logits".to_owned(), largest, [&cpu, &other]);
    for step in 0..3 {
        let [(cpu_loss, cpu), (loss, other)] = learners.each_mut().map(|learner| {
            let (x, labels) = batch(step, case.rows, learner.network.device());
            learner.differentiate_labels(x, labels, Some(Dropout { seed: 1, step }))
        });
        note(0, format!("loss {step}"), largest, [&[cpu_loss], &[loss]]);
        let mut uploaded = Vec::new();
        for ((array, cpu), other) in learners[0].network.arrays.iter().zip(&cpu).zip(other) {
            let name = format!("gradient {step} of {}", array.slot.name);
            assert_eq!(cpu.is_some(), other.is_some(), "{name}");
            uploaded.push(cpu.clone().zip(other).map(|(cpu, other)| {
                let cpu = to_vec(cpu);
                note(1, name, case.measure, [&cpu, &to_vec(other)]);
                let length = cpu.len();
                Tensor::from_data(TensorData::new(cpu, [length]), device)
            }));
        }
        let [first, second] = &mut learners;
        first.update(cpu, 1e-3);
        second.update(uploaded, 1e-3);
    }
    let [cpu, other] = learners.map(|learner| learner.network.state().0);
    for (cpu, other) in cpu.into_iter().zip(other) {
        if let (Values::F32(values), Values::F32(found)) = (cpu.values, other.values) {
            note(1, cpu.name, case.measure, [&values, &found]);
        }
    }
    worst
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
        for case in cases() {
            let worst = compare(&case, &device);
            let kind = case.architecture.kind();
            for ((difference, name), most) in worst.iter().zip([1e-4, case.most]) {
                eprintln!(
                    "{choice}, {kind}, {} rows: at most {difference:.1e} apart ({name})",
                    case.rows
                );
                assert!(
                    *difference < most,
                    "{choice}, {kind}: {name} differs by {difference}"
                );
            }
        }
    }
    if tried == 0 {
        eprintln!("no device beside the CPU: nothing compared");
    }
}

/// Logits, loss and all gradients of the first step of training.
fn first_step(architecture: &Architecture, device: &Device, precision: Precision) -> [Vec<f32>; 3] {
    let state = StateDict::initial(&architecture.slots(), 5);
    let network = Network::new(architecture.layers(), &state, device).with_precision(precision);
    let mut learner = Learner::new(network, Freeze::None);
    let (x, labels) = batch(0, 40, device);
    let logits = to_vec(
        learner
            .network
            .forward(x.clone(), Pass::prediction())
            .logits(),
    );
    let (loss, gradients) = learner.differentiate_labels(x, labels, None);
    let gradients = gradients.into_iter().flatten().flat_map(to_vec).collect();
    [logits, vec![loss], gradients]
}

/// Half types on a device against `f32` on the CPU, with the bounds of the compositions on
/// the CPU (`precision::tests`, which tell why gradients of the convolutional network are
/// further apart).
#[test]
#[ignore = "needs a device beside the CPU, its Cargo feature and its driver"]
fn other_devices_compute_in_half_types_as_far_as_these_reach() {
    for choice in DeviceChoice::ALL.into_iter().skip(1) {
        for (precision, most, jumps) in [(Precision::Bf16, 3e-2, 0.4), (Precision::F16, 3e-3, 0.2)]
        {
            let device = match choice.open_for(precision) {
                Ok(device) => device,
                Err(error) => {
                    eprintln!("{choice}, {precision}: skipped, {error}");
                    continue;
                }
            };
            for (architecture, gradients) in [(small_cnn(), jumps), (small_danq(), most)] {
                let exact = first_step(&architecture, &Device::flex(), Precision::F32);
                let found = first_step(&architecture, &device, precision);
                let kind = architecture.kind();
                let parts = [("logits", most), ("loss", most), ("gradients", gradients)];
                for (number, (what, most)) in parts.into_iter().enumerate() {
                    let difference = norm(&found[number], &exact[number]);
                    eprintln!("{choice}, {precision}, {kind}: {what} {difference:.1e} apart");
                    assert!(
                        difference < most,
                        "{choice}, {precision}, {kind}: {what} {difference}"
                    );
                }
            }
        }
    }
}
