//! Products in half types against `f32`, on the compositions that the devices run.

use bindscape_genome::sequence::{PackedSequences, Strand};
use burn::tensor::{DType, Device, Tensor, TensorData};

use super::Precision;
use crate::architecture::Architecture;
use crate::cnn::CnnConfig;
use crate::danq::DanqConfig;
use crate::encode::Bases;
use crate::host::to_vec;
use crate::network::{Network, Pass, Value};
use crate::parameters::StateDict;
use crate::random;
use crate::train::Freeze;
use crate::train::parity::relative;
use crate::train::step::Learner;

const LENGTH: usize = 120;
const OUTPUTS: usize = 2;

fn networks() -> [Architecture; 2] {
    let mut cnn = CnnConfig::new(LENGTH, OUTPUTS);
    (cnn.filters, cnn.hidden) = ([16, 20, 20], 40);
    let mut danq = DanqConfig::new(LENGTH, OUTPUTS);
    (danq.filters, danq.units, danq.hidden) = (16, 12, 20);
    [Architecture::Cnn(cnn), Architecture::Danq(danq)]
}

/// Sequences of which the first output marks those with a planted `CACGTG`.
fn batch(number: u64, rows: usize) -> (Value, Tensor<2>) {
    let device = Device::flex();
    let mut rng = random::stream(number, "precision", &[]);
    let mut sequences = PackedSequences::new(LENGTH);
    let mut labels = Vec::new();
    for _ in 0..rows {
        let mut letters: Vec<u8> = (0..LENGTH)
            .map(|_| b"ACGT"[(random::unit(&mut rng) * 4.0) as usize])
            .collect();
        let bound = random::unit(&mut rng) < 0.5;
        if bound {
            letters[50..56].copy_from_slice(b"CACGTG");
        }
        sequences.push(&letters);
        labels.extend([f32::from(bound), f32::from(random::unit(&mut rng) < 0.3)]);
    }
    let items: Vec<_> = (0..rows).map(|row| (row, Strand::Forward)).collect();
    (
        Value::Bases(Bases::new(&sequences, &items)),
        Tensor::from_data(TensorData::new(labels, [rows, OUTPUTS]), &device),
    )
}

fn learner(architecture: &Architecture, precision: Precision) -> Learner {
    let state = StateDict::initial(&architecture.slots(), 3);
    let network =
        Network::new(architecture.layers(), &state, &Device::flex()).with_precision(precision);
    Learner::new(network, Freeze::None)
}

/// Logits, the loss, and all gradients in one row.
fn pass(architecture: &Architecture, precision: Precision) -> [Vec<f32>; 3] {
    let mut learner = learner(architecture, precision);
    let (x, labels) = batch(0, 40);
    let logits = learner
        .network
        .forward(x.clone(), Pass::prediction())
        .logits();
    assert_eq!(logits.dtype(), DType::F32);
    let (loss, gradients) = learner.differentiate_labels(x, labels, None);
    let gradients = gradients.into_iter().flatten().flat_map(to_vec).collect();
    [to_vec(logits), vec![loss], gradients]
}

/// Logits and losses hold to what the types reach, and so do the gradients of DanQ. Those
/// of the convolutional network do not: where rounding makes another position of a pooling
/// window the largest, or rectifies an activation, whole terms of a gradient change. With
/// PyTorch's autocast they are as far apart (`tests/golden/autocast_gradients.py`, ten
/// seeds): 0.15 to 0.24 in bf16, 0.04 to 0.09 in f16. The layers are held to the types one by one
/// (`layers::tests::half`).
#[test]
fn half_types_agree_with_f32_as_far_as_they_reach() {
    let [cnn, danq] = networks();
    for (architecture, precision, most, gradients) in [
        (&cnn, Precision::Bf16, 3e-2, 0.4),
        (&cnn, Precision::F16, 3e-3, 0.2),
        (&danq, Precision::Bf16, 3e-2, 3e-2),
        (&danq, Precision::F16, 3e-3, 3e-3),
    ] {
        let exact = pass(architecture, Precision::F32);
        let found = pass(architecture, precision);
        let kind = architecture.kind();
        for (number, (what, most)) in [("logits", most), ("loss", most), ("gradients", gradients)]
            .into_iter()
            .enumerate()
        {
            let error = relative(&found[number], &exact[number]);
            println!("{kind}, {precision}: {what} {error:.1e} apart");
            assert!(error < most, "{kind}, {precision}: {what} {error}");
            // Or the type would have no part in it.
            assert!(
                what == "loss" || error > 1e-6,
                "{kind}, {precision}: {what}"
            );
        }
    }
}

#[test]
fn training_in_half_types_lowers_the_loss_as_f32_does() {
    for architecture in networks() {
        let kind = architecture.kind();
        let [(start, exact), halves @ ..] = Precision::ALL.map(|precision| {
            let mut learner = learner(&architecture, precision);
            assert_eq!(learner.loss_scale.is_some(), precision == Precision::F16);
            let losses: Vec<f32> = (0..60)
                .map(|step| {
                    let (x, labels) = batch(step % 6, 40);
                    let (loss, gradients) = learner.differentiate_labels(x, labels, None);
                    learner.update(gradients, 3e-3);
                    loss
                })
                .collect();
            let last = losses[54..].iter().sum::<f32>() / 6.0;
            println!("{kind}, {precision}: from {} to {last}", losses[0]);
            (losses[0], last)
        });
        assert!(exact < start - 0.03, "{kind}: from {start} to {exact}");
        for (_, last) in halves {
            let apart = (last - exact).abs() / (start - exact);
            assert!(apart < 0.05, "{kind}: {last} instead of {exact}");
        }
    }
}

#[test]
fn names_round_trip_and_errors_help() {
    for precision in Precision::ALL {
        assert_eq!(
            precision.to_string().parse::<Precision>().unwrap(),
            precision
        );
        let json = serde_json::to_string(&precision).unwrap();
        assert_eq!(json, format!("\"{precision}\""));
    }
    let error = "fp16".parse::<Precision>().unwrap_err();
    assert_eq!(
        error.to_string(),
        "precision: expected one of f32, bf16, f16, found `fp16`"
    );
    assert!(error.advice().is_some());
}
