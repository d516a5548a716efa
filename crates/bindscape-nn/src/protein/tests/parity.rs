//! The networks against PyTorch, and integrated gradients against Captum. The golden values and
//! the script that made them, `protein.py`, are in `tests/golden`.

use std::collections::BTreeMap;

use bindscape_base::progress::Silent;
use bindscape_protein::{Features, KnownSequences, Label, ProteinClass, Representation, Windows};
use burn::tensor::Device;
use serde::Deserialize;

use super::super::forward::{Batch, HeadLogits};
use super::super::loss::{ClassWeights, Logits, Task};
use super::super::predict::logits;
use super::super::{
    Baseline, Calibration, Encoder, ExplainOptions, ProteinModel, ProteinNetwork, ProteinPredictor,
    ProteinTraining, Target,
};
use crate::host::to_vec;
use crate::network::Pass;
use crate::parameters::{Slot, StateDict, Values};
use crate::train::Freeze;
use crate::train::parity::{fill, relative, units};
use crate::train::step::Learner;

#[derive(Deserialize)]
struct Golden {
    network: ProteinNetwork,
    proteins: usize,
    letters: bool,
    loss_weights: [f64; 2],
    learning_rate: f64,
    losses: Vec<f64>,
    eval_logits: Vec<f32>,
    train_logits: Vec<f32>,
    gradients: BTreeMap<String, Gradient>,
    running: BTreeMap<String, Vec<f32>>,
    explained: Vec<Explained>,
}

#[derive(Deserialize)]
struct Gradient {
    norm: f64,
    values: Vec<f32>,
}

#[derive(Deserialize)]
struct Explained {
    protein: usize,
    output: usize,
    values: Vec<f32>,
}

/// `batch` of the generator.
struct Given {
    x: Vec<f32>,
    rows: Vec<usize>,
    positions: usize,
    features: usize,
    labels: Vec<Label>,
}

impl Given {
    fn new(golden: &Golden, number: u64) -> Self {
        let (positions, features) = (golden.network.positions(), golden.network.features());
        let proteins = golden.proteins;
        let up_to = |stream: u64, most: usize| {
            let units = units(stream + number, proteins);
            units.into_iter().map(move |u| (u * most as f32) as usize)
        };
        let labels = up_to(2000, 5).map(|class| match class {
            // The class of unknown kind.
            3 => Label {
                tf: true,
                class: None,
            },
            class => ProteinClass::ALL[class].into(),
        });
        let mut x = units(3000 + number, proteins * positions * features);
        for row in x.chunks_exact_mut(features) {
            let letter = (row[0] * features as f32) as usize;
            for (feature, value) in row.iter_mut().enumerate() {
                *value = if golden.letters {
                    f32::from(u8::from(feature == letter))
                } else {
                    2.0 * *value - 1.0
                };
            }
        }
        Self {
            x,
            rows: up_to(1000, positions).map(|rows| rows + 1).collect(),
            positions,
            features,
            labels: labels.collect(),
        }
    }
}

impl Features for Given {
    fn representation(&self) -> Representation {
        Representation::named("given")
    }

    fn features(&self) -> usize {
        self.features
    }

    fn rows(&self, protein: usize) -> usize {
        self.rows[protein]
    }

    fn read(&self, protein: usize, out: &mut Vec<f32>) -> bindscape_base::Result<()> {
        out.clear();
        let all = &self.x[protein * self.positions * self.features..];
        out.extend(&all[..self.rows[protein] * self.features]);
        Ok(())
    }
}

fn flat(logits: &[Logits]) -> Vec<f32> {
    let both = |logits: &Logits| {
        let classes = logits.classes.into_iter().flatten();
        logits.tf.into_iter().chain(classes).collect::<Vec<f32>>()
    };
    logits.iter().flat_map(both).collect()
}

fn task<'a>(golden: &Golden, labels: &'a [Label], proteins: &[usize]) -> Task<'a> {
    let heads = golden.network.heads();
    Task::new(
        heads,
        labels,
        proteins,
        golden.loss_weights,
        ClassWeights::None,
    )
}

fn slots(network: &ProteinNetwork) -> Vec<Slot> {
    network.layers().slots().cloned().collect()
}

fn agrees(text: &str) {
    let golden: Golden = serde_json::from_str(text).unwrap();
    let network = &golden.network;
    network.validate().unwrap();
    let device = Device::flex();
    let fresh = || network.on(&fill(&slots(network)), &device);
    let proteins: Vec<usize> = (0..golden.proteins).collect();
    let given = Given::new(&golden, 0);

    let found = logits(network, &fresh(), &given, &proteins, &Silent).unwrap();
    assert!(relative(&flat(&found), &golden.eval_logits) < 1e-5);

    let mut learner = Learner::new(fresh(), Freeze::None);
    let batch = |given: &Given| Batch::read(network, given, &proteins, true, 0).unwrap();
    let own = task(&golden, &given.labels, &proteins);
    let (loss, gradients) =
        learner.differentiate_proteins(network, &own, &proteins, batch(&given), None);
    assert!((loss.total - golden.losses[0]).abs() < 1e-5 * loss.total);
    let on_file = file_layout(network, &gradients);
    for array in &on_file.0 {
        let Values::F32(found) = &array.values else {
            continue;
        };
        let Some(expected) = golden.gradients.get(&array.name) else {
            continue;
        };
        if expected.norm < 1e-12 {
            // A shift before a normalisation: PyTorch's gradient is rounding.
            assert!(array.name.ends_with("bias"));
            continue;
        }
        let error = relative(found, &expected.values);
        assert!(error < 1e-4, "gradient of {}: {error:e}", array.name);
    }
    let state = learner.network.state();
    for (name, expected) in &golden.running {
        let Values::F32(found) = &state.get(name).unwrap().values else {
            panic!("{name} is f32");
        };
        assert!(relative(found, expected) < 1e-5, "{name}");
    }
    let pass = Pass {
        learning: &|_| true,
        dropout: None,
    };
    let heads = fresh().forward(batch(&given).value(&device), pass).heads;
    let tf = HeadLogits::new(network, heads).tf.map(to_vec).unwrap();
    let width = golden.train_logits.len() / proteins.len();
    let expected: Vec<f32> = golden.train_logits.iter().copied().step_by(width).collect();
    assert!(relative(&tf, &expected) < 1e-5);

    let mut learner = Learner::new(fresh(), Freeze::None);
    for (number, &expected) in golden.losses.iter().enumerate() {
        let given = Given::new(&golden, number as u64);
        let own = task(&golden, &given.labels, &proteins);
        let (loss, gradients) =
            learner.differentiate_proteins(network, &own, &proteins, batch(&given), None);
        learner.update(gradients, golden.learning_rate);
        let error = (loss.total - expected).abs() / expected;
        assert!(error < 1e-4, "loss {number}: {} for {expected}", loss.total);
    }
    explains(&golden, &given);
}

/// Gradients as the arrays of a file; zero where there is none.
fn file_layout(network: &ProteinNetwork, gradients: &crate::train::scale::Gradients) -> StateDict {
    let slots = slots(network);
    let mut state = fill(&slots);
    for ((slot, array), gradient) in slots.iter().zip(&mut state.0).zip(gradients) {
        if let Values::F32(values) = &mut array.values {
            match gradient {
                Some(gradient) => *values = to_vec(gradient.clone()),
                None => values.fill(0.0),
            }
            slot.to_stored(values);
        }
    }
    state
}

/// Integrated gradients against Captum's.
fn explains(golden: &Golden, given: &Given) {
    let network = &golden.network;
    let windows = Windows {
        window: 1,
        positions: network.positions(),
    };
    let encoder = Encoder::new(given, windows);
    let training = ProteinTraining::new(encoder, Vec::new(), KnownSequences::default());
    let state = fill(&slots(network));
    let model = ProteinModel::new(network.clone(), training, Calibration::default(), state);
    let predictor = ProteinPredictor::new(&model, &Device::flex());
    for explained in &golden.explained {
        let target = match explained.output {
            0 => Target::Tf,
            output => Target::Class(ProteinClass::ALL[output - 1]),
        };
        let options = |steps, baseline| ExplainOptions { steps, baseline };
        let explain = |options| {
            let protein = explained.protein;
            predictor
                .explain(given, protein, target, options, &Silent)
                .unwrap()
        };
        let found = explain(options(20, Baseline::Zeros));
        let values: Vec<f32> = found.features().iter().map(|&v| v as f32).collect();
        let error = relative(&values, &explained.values);
        assert!(error < 1e-4, "output {}: {error:e}", explained.output);

        // More points come nearer to the difference of the outputs.
        for baseline in [Baseline::Zeros, Baseline::Mean] {
            let fine = explain(options(300, baseline));
            let difference = (fine.output - fine.baseline_output).abs();
            assert!(
                fine.gap() < 0.02 * difference.max(0.1),
                "{} {difference}",
                fine.gap()
            );
        }
        let residues = found.residues(windows, given.rows[explained.protein], None);
        assert_eq!(residues, found.positions(), "windows of one residue");
    }
}

#[test]
fn the_multi_task_network_is_pytorchs() {
    agrees(include_str!("../../../tests/golden/protein_multitask.json"));
}

#[test]
fn a_twin_is_pytorchs() {
    agrees(include_str!("../../../tests/golden/protein_tf.json"));
}

#[test]
fn deeptfactor_is_pytorchs() {
    agrees(include_str!(
        "../../../tests/golden/protein_deeptfactor.json"
    ));
}
