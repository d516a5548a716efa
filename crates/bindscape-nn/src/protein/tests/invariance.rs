//! What a protein's output must not depend on.

use bindscape_base::progress::Silent;
use bindscape_protein::{Features, Label, ProteinClass, Representation};
use burn::tensor::Device;

use super::super::forward::{Batch, predict};
use super::super::loss::{ClassWeights, Task};
use super::super::predict::logits;
use super::super::{DeepTFactorConfig, Heads, MultiTaskConfig, ProteinNetwork};
use crate::host::to_vec;
use crate::train::Freeze;
use crate::train::step::Learner;

/// Rows of numbers that depend on the protein alone.
pub(super) struct Numbers {
    pub(super) rows: Vec<usize>,
    pub(super) features: usize,
    /// One-hot rows instead.
    pub(super) letters: bool,
}

impl Features for Numbers {
    fn representation(&self) -> Representation {
        Representation::named("numbers")
    }

    fn features(&self) -> usize {
        self.features
    }

    fn rows(&self, protein: usize) -> usize {
        self.rows[protein]
    }

    fn read(&self, protein: usize, out: &mut Vec<f32>) -> bindscape_base::Result<()> {
        let mut rng = crate::random::stream(9, "numbers", &[protein as u64]);
        out.clear();
        for _ in 0..self.rows[protein] {
            if self.letters {
                let letter = (crate::random::unit(&mut rng) * self.features as f32) as usize;
                out.extend((0..self.features).map(|f| f32::from(u8::from(f == letter))));
            } else {
                let mut number = || 2.0 * crate::random::unit(&mut rng) - 1.0;
                out.extend((0..self.features).map(|_| number()));
            }
        }
        Ok(())
    }
}

pub(super) fn small(positions: usize, pool: usize, kernel: usize) -> ProteinNetwork {
    ProteinNetwork::MultiTask(MultiTaskConfig {
        positions,
        pool,
        kernel,
        filters: [12, 20],
        hidden: vec![24, 10],
        ..MultiTaskConfig::new(7, Heads::Both)
    })
}

fn labels(count: usize) -> Vec<Label> {
    (0..count)
        .map(|i| ProteinClass::ALL[i * 3 % 5].into())
        .collect()
}

fn close(found: &[f32], expected: &[f32], least: f32, what: &str) {
    assert_eq!(found.len(), expected.len());
    let scale = expected.iter().fold(least, |most, v| most.max(v.abs()));
    for (a, b) in found.iter().zip(expected) {
        assert!((a - b).abs() <= 1e-5 * scale, "{what}: {a} {b}");
    }
}

#[test]
fn cropped_is_padded_in_outputs_and_gradients() {
    for (positions, pool, kernel) in [(40, 2, 3), (41, 2, 5), (40, 3, 3), (40, 1, 1), (43, 3, 7)] {
        let network = &small(positions, pool, kernel);
        let rows = vec![1, 2, 3, 9, 14, 7];
        let features = Numbers {
            rows,
            features: 7,
            letters: false,
        };
        let labels = labels(6);
        let proteins: Vec<usize> = (0..6).collect();
        let weights = ClassWeights::None;
        let task = Task::new(Heads::Both, &labels, &proteins, [0.7, 0.3], weights);
        let gradients = |least: usize| {
            let device = Device::flex();
            let state = network.initial(1);
            let mut learner = Learner::new(network.on(&state, &device), Freeze::None);
            let batch = Batch::read(network, &features, &proteins, true, least).unwrap();
            let (loss, gradients) =
                learner.differentiate_proteins(network, &task, &proteins, batch, None);
            let gradients: Vec<Vec<f32>> = gradients.into_iter().flatten().map(to_vec).collect();
            (loss, gradients)
        };
        let (cropped, own) = gradients(0);
        let (padded, full) = gradients(positions);
        assert!((cropped.total - padded.total).abs() < 1e-6);
        close(&cropped.d_tf, &padded.d_tf, 0.01, "d_tf");
        assert_eq!(own.len(), full.len());
        for (number, (own, full)) in own.iter().zip(&full).enumerate() {
            assert!(full.iter().any(|&g| g != 0.0), "array {number}");
            close(
                own,
                full,
                1e-3,
                &format!("array {number}, {positions} {pool} {kernel}"),
            );
        }
    }
}

#[test]
fn a_protein_alone_is_the_protein_in_a_batch_bit_for_bit() {
    let deeptfactor = ProteinNetwork::DeepTFactor(DeepTFactorConfig {
        length: 90,
        filters: 16,
        hidden: 20,
        ..DeepTFactorConfig::default()
    });
    let multitask = ProteinNetwork::MultiTask(MultiTaskConfig::new(40, Heads::Both));
    for network in [multitask, deeptfactor] {
        let rows: Vec<usize> = (0..75).map(|i| 1 + i * 37 % 100).collect();
        let features = Numbers {
            rows,
            features: network.features(),
            letters: false,
        };
        let on_device = network.on(&network.initial(3), &Device::flex());
        let run = |rows: &[usize]| logits(&network, &on_device, &features, rows, &Silent).unwrap();
        let mut order: Vec<usize> = (0..75).collect();
        let together = run(&order);
        for &protein in &[0, 5, 37, 38, 74] {
            assert_eq!(run(&[protein])[0], together[protein], "{protein}");
        }
        order.reverse();
        let mut reversed = run(&order);
        reversed.reverse();
        assert_eq!(reversed, together);
    }
}

#[test]
fn deeptfactor_cropped_for_prediction_is_deeptfactor_at_full_length() {
    let network = ProteinNetwork::DeepTFactor(DeepTFactorConfig {
        length: 120,
        filters: 8,
        hidden: 12,
        ..DeepTFactorConfig::default()
    });
    let features = Numbers {
        rows: vec![1, 30, 97, 98, 99, 120],
        features: 21,
        letters: true,
    };
    let device = Device::flex();
    let on_device = network.on(&network.initial(5), &device);
    for protein in 0..6 {
        let run = |learning| {
            let batch = Batch::read(&network, &features, &[protein], learning, 0).unwrap();
            let heads = predict(&network, &on_device, batch.value(&device));
            to_vec(heads.tf.unwrap())
        };
        // What a training batch holds is the full length.
        close(&run(false), &run(true), 1.0, "logit");
    }
}

#[test]
fn lengths_beyond_the_protein_have_no_part_and_the_protein_has() {
    let network = small(40, 2, 3);
    let device = Device::flex();
    let on_device = network.on(&network.initial(3), &device);
    let run = |values: &[f32], rows: usize| {
        let mut batch = Batch::zeros(&network, vec![rows], 40, false);
        batch.put(&network, 0, values);
        let heads = predict(&network, &on_device, batch.value(&device));
        to_vec(heads.tf.unwrap())
    };
    let values = vec![0.5; 40 * 7];
    assert_ne!(run(&values, 12), run(&values, 14));
    let mut other = values.clone();
    other[11 * 7] = -0.5;
    assert_ne!(run(&values, 12), run(&other, 12));
}
