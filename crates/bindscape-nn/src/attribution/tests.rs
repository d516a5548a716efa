//! Attributions against the field's own tools, brute force, and what must hold for any network. The
//! golden values and the script that made them are in `tests/golden`.

use rayon::ThreadPoolBuilder;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::*;
use crate::Device;
use crate::architecture::Architecture;
use crate::cnn::CnnConfig;
use crate::danq::DanqConfig;
use crate::network::{Builder, LayerKind};
use crate::parameters::StateDict;
use crate::train::parity::{fill, units};

const SMALL: &str = include_str!("../../tests/golden/attribution_small.json");
const PAPER: &str = include_str!("../../tests/golden/attribution_paper.json");
const DANQ: &str = include_str!("../../tests/golden/attribution_danq_small.json");

const LENGTH: usize = 200;
const SEQUENCES: usize = 2;
const REFERENCES: usize = 4;
const TARGET: usize = 1;

#[derive(Deserialize)]
struct Golden<Config> {
    config: Config,
    logits: Vec<f64>,
    reference_logits: Vec<f64>,
    hypothetical: Vec<f64>,
    multipliers: Vec<f64>,
    integrated_zero: Vec<f64>,
    integrated_first: Vec<f64>,
    saliency: Vec<f64>,
    changes: Vec<f64>,
}

fn bases(stream: u64, rows: usize) -> Vec<Vec<u8>> {
    let all = units(stream, rows * LENGTH);
    let rows = all.chunks(LENGTH);
    rows.map(|row| row.iter().map(|u| (u * 4.0) as u8).collect())
        .collect()
}

/// `inputs` of the generator.
fn inputs() -> Vec<(Vec<u8>, Vec<Vec<u8>>)> {
    let references = bases(4000, SEQUENCES * REFERENCES);
    bases(3000, SEQUENCES)
        .into_iter()
        .zip(references.chunks(REFERENCES))
        .map(|(bases, references)| {
            let mut references = references.to_vec();
            let mut near = bases.clone();
            near.iter_mut()
                .step_by(41)
                .for_each(|base| *base = (*base + 1) % 4);
            references[REFERENCES - 1] = near;
            (bases, references)
        })
        .collect()
}

fn network(architecture: &Architecture) -> Network {
    let state = fill(&architecture.slots());
    Network::new(architecture.layers(), &state, &Device::flex())
}

fn small() -> Architecture {
    let mut config = CnnConfig::new(LENGTH, 3);
    (config.filters, config.hidden) = ([8, 12, 12], 20);
    Architecture::Cnn(config)
}

/// Windows of pooling that differ.
fn wide() -> Architecture {
    let mut config = CnnConfig::wide(LENGTH, 3);
    (config.filters, config.hidden, config.pools) = ([8, 12, 12], 20, [4, 2, 2]);
    Architecture::WideCnn(config)
}

fn danq() -> Architecture {
    let mut config = DanqConfig::new(LENGTH, 3);
    (config.filters, config.units, config.hidden) = (8, 6, 10);
    Architecture::Danq(config)
}

fn attributor<R: Number>(architecture: &Architecture) -> Attributor<R> {
    Attributor::new(&network(architecture), LENGTH, TARGET).unwrap()
}

fn attribute<R: Number>(
    attributor: &Attributor<R>,
    inputs: &[(Vec<u8>, Vec<Vec<u8>>)],
    method: Method,
    strands: Strands,
) -> Vec<Attribution> {
    let references: Vec<Vec<Reference<'_>>> = inputs
        .iter()
        .map(|(_, references)| references.iter().map(|r| Reference::Bases(r)).collect())
        .collect();
    let examples: Vec<Example<'_>> = inputs
        .iter()
        .zip(&references)
        .map(|((bases, _), references)| Example { bases, references })
        .collect();
    attributor.attribute(&examples, method, strands)
}

/// The largest difference as a share of the largest number expected.
fn worst(found: impl IntoIterator<Item = f64>, expected: &[f64]) -> f64 {
    let mut count = 0;
    let mut difference = 0.0_f64;
    for (found, expected) in found.into_iter().zip(expected) {
        difference = difference.max((found - expected).abs());
        count += 1;
    }
    assert_eq!(count, expected.len());
    difference / expected.iter().fold(0.0_f64, |most, v| most.max(v.abs()))
}

fn hypothetical(found: &[Attribution]) -> impl Iterator<Item = f64> {
    found.iter().flat_map(|found| found.hypothetical.clone())
}

fn contributions(found: &[Attribution]) -> impl Iterator<Item = f64> {
    let pairs = found.iter().zip(inputs());
    pairs.flat_map(|(found, (bases, _))| found.contributions(&bases))
}

/// Holds to the golden values within a share of the largest one.
fn agrees<R: Number, Config: DeserializeOwned>(
    text: &str,
    architecture: fn(Config) -> Architecture,
    within: f64,
) {
    let golden: Golden<Config> = serde_json::from_str(text).unwrap();
    let attributor: Attributor<R> = attributor(&architecture(golden.config));
    let inputs = inputs();
    let run = |inputs: &[_], method| attribute(&attributor, inputs, method, Strands::Forward);
    let near = |what: &str, error: f64| assert!(error < within, "{what}: {error:e}");

    let found = run(&inputs, Method::DeepLift);
    near(
        "logits",
        worst(found.iter().map(|a| a.output), &golden.logits),
    );
    let references = found.iter().flat_map(|a| a.reference_outputs.clone());
    near("references", worst(references, &golden.reference_logits));
    near(
        "DeepLIFT",
        worst(hypothetical(&found), &golden.hypothetical),
    );
    for found in &found {
        for (gap, reference) in found.gaps.iter().zip(&found.reference_outputs) {
            let difference = (found.output - reference).abs();
            assert!(
                *gap <= 0.1 * within * difference.max(1e-2),
                "{gap:e} of {difference}"
            );
        }
    }

    let firsts: Vec<_> = inputs
        .iter()
        .map(|(bases, references)| (bases.clone(), vec![references[0].clone()]))
        .collect();
    let found = run(&firsts, Method::DeepLift);
    // Hypothetical contributions of multipliers m: m of the base less m of the reference's.
    let from_multipliers: Vec<f64> = golden
        .multipliers
        .chunks(4 * LENGTH)
        .zip(&firsts)
        .flat_map(|(m, (_, references))| {
            let at = |base: usize, position: usize| m[base * LENGTH + position];
            let row = move |base| {
                let own = references[0].iter().enumerate();
                own.map(move |(position, &other)| {
                    at(base, position) - at(usize::from(other), position)
                })
            };
            (0..4).flat_map(row).collect::<Vec<f64>>()
        })
        .collect();
    near(
        "multipliers",
        worst(hypothetical(&found), &from_multipliers),
    );

    // A gradient jumps where a unit is next to zero, which rounding decides at some of the points.
    let near_in_the_mean = |what: &str, error: f64| near(what, error / 10.0);
    let integrated = Method::IntegratedGradients { steps: 50 };
    let found = run(&firsts, integrated);
    near_in_the_mean("IG", worst(contributions(&found), &golden.integrated_first));
    let zeros = [Reference::Zeros];
    let examples: Vec<Example<'_>> = inputs
        .iter()
        .map(|(bases, _)| Example {
            bases,
            references: &zeros,
        })
        .collect();
    let found = attributor.attribute(&examples, integrated, Strands::Forward);
    near_in_the_mean(
        "IG of zeros",
        worst(contributions(&found), &golden.integrated_zero),
    );

    let found = run(&inputs, Method::Saliency);
    near("saliency", worst(hypothetical(&found), &golden.saliency));

    let found = run(&inputs, Method::Ism { centred: false });
    near("mutagenesis", worst(hypothetical(&found), &golden.changes));
    let centred = run(&inputs, Method::Ism { centred: true });
    for (raw, centred) in found.iter().zip(&centred) {
        for position in 0..LENGTH {
            let sum = |of: &Attribution| -> f64 {
                (0..4)
                    .map(|base| of.hypothetical[base * LENGTH + position])
                    .sum()
            };
            assert!(sum(centred).abs() < 1e-12);
            let shift = raw.hypothetical[position] - centred.hypothetical[position];
            assert!((shift - sum(raw) / 4.0).abs() < 1e-12);
        }
    }
}

#[test]
fn the_small_network_agrees_with_tangermeme_and_captum() {
    agrees::<f64, _>(SMALL, Architecture::Cnn, 1e-6);
    agrees::<f32, _>(SMALL, Architecture::Cnn, 1e-4);
}

#[test]
fn the_papers_network_agrees_with_tangermeme_and_captum() {
    agrees::<f64, _>(PAPER, Architecture::Cnn, 1e-6);
    agrees::<f32, _>(PAPER, Architecture::Cnn, 1e-4);
}

#[test]
fn danq_agrees_with_its_unrolled_form() {
    agrees::<f64, _>(DANQ, Architecture::Danq, 1e-6);
    agrees::<f32, _>(DANQ, Architecture::Danq, 1e-4);
}

const METHODS: [Method; 4] = [
    Method::DeepLift,
    Method::IntegratedGradients { steps: 8 },
    Method::Ism { centred: true },
    Method::Saliency,
];

/// More examples than a group, of different sequences.
fn many() -> Vec<(Vec<u8>, Vec<Vec<u8>>)> {
    let references = bases(6000, 40 * 3);
    let sequences = bases(5000, 40).into_iter();
    sequences
        .zip(references.chunks(3))
        .map(|(bases, references)| (bases, references.to_vec()))
        .collect()
}

#[test]
fn neither_batch_nor_order_nor_threads_change_a_digit() {
    for architecture in [small(), wide(), danq()] {
        let attributor: Attributor<f32> = attributor(&architecture);
        let inputs = &many()[..30];
        for method in METHODS {
            let on = |threads: usize, inputs: &[(Vec<u8>, Vec<Vec<u8>>)]| {
                let pool = ThreadPoolBuilder::new()
                    .num_threads(threads)
                    .build()
                    .unwrap();
                pool.install(|| attribute(&attributor, inputs, method, Strands::Both))
            };
            let all = on(1, inputs);
            assert_eq!(on(3, inputs), all, "{method:?}");
            let alone = on(1, &inputs[7..8]);
            assert_eq!(alone[0], all[7], "{method:?}");
            let backwards: Vec<_> = inputs.iter().rev().cloned().collect();
            let mut turned = on(2, &backwards);
            turned.reverse();
            assert_eq!(turned, all, "{method:?}");
        }
    }
}

#[test]
fn the_other_strand_gives_the_same_turned_around() {
    let attributor: Attributor<f32> = attributor(&danq());
    let inputs = &many()[..3];
    let other: Vec<(Vec<u8>, Vec<Vec<u8>>)> = inputs
        .iter()
        .map(|(bases, references)| {
            let references = references.iter().map(|r| super::turned(r)).collect();
            (super::turned(bases), references)
        })
        .collect();
    for method in METHODS {
        let found = attribute(&attributor, inputs, method, Strands::Both);
        let turned = attribute(&attributor, &other, method, Strands::Both);
        for (found, mut turned) in found.into_iter().zip(turned) {
            turned.hypothetical.reverse();
            assert_eq!(found, turned, "{method:?}");
        }
    }
}

#[test]
fn the_sum_is_the_difference_of_the_logits() {
    for architecture in [small(), wide(), danq()] {
        let attributor: Attributor<f32> = attributor(&architecture);
        for found in attribute(&attributor, &many(), Method::DeepLift, Strands::Both) {
            let largest = found.largest_gap().unwrap();
            assert!(largest < 1e-5, "{largest:e}");
        }
    }
}

/// Every edit through the whole network, at all lengths that shift where windows begin.
#[test]
fn mutagenesis_is_that_of_every_sequence_on_its_own() {
    let pools = |length: usize| [[3; 3], [5, 2, 1]][length % 2];
    for length in 90..102 {
        let mut config = CnnConfig::new(length, 2);
        (config.filters, config.hidden, config.pools) = ([4, 5, 6], 7, pools(length));
        let network = network(&Architecture::Cnn(config));
        let attributor = Attributor::<f64>::new(&network, length, TARGET).unwrap();
        let bases: Vec<u8> = units(9, length).iter().map(|u| (u * 4.0) as u8).collect();
        let logit = |bases: &[u8]| {
            let references = &[];
            let example = Example { bases, references };
            attributor.attribute(&[example], Method::Saliency, Strands::Forward)[0].output
        };
        let example = Example {
            bases: &bases,
            references: &[],
        };
        let method = Method::Ism { centred: false };
        let found = &attributor.attribute(&[example], method, Strands::Forward)[0];
        for position in 0..length {
            for base in 0..4 {
                let mut edited = bases.clone();
                edited[position] = base;
                let expected = logit(&edited) - logit(&bases);
                let change = found.hypothetical[usize::from(base) * length + position];
                assert!((change - expected).abs() < 1e-12, "{position} {base}");
            }
        }
    }
}

#[test]
fn a_layer_without_a_rule_is_refused_by_name() {
    let convolution = LayerKind::Convolution {
        channels: 4,
        filters: 2,
        kernel: 3,
    };
    let refused = |kinds: &[(&str, LayerKind)]| {
        let mut builder = Builder::default();
        for &(name, kind) in kinds {
            builder.push(name, kind);
        }
        let layers = builder.finish();
        let state = StateDict::initial(layers.slots(), 1);
        let network = Network::new(layers, &state, &Device::flex());
        let error = Attributor::<f32>::new(&network, 20, 0).unwrap_err();
        assert!(error.advice().is_some());
        error.to_string()
    };
    let masked = refused(&[
        ("c1", convolution),
        ("relu1", LayerKind::Relu),
        ("mask1", LayerKind::Mask),
    ]);
    assert!(masked.contains("found `mask1`, for which"), "{masked}");
    let bare = refused(&[
        ("c1", convolution),
        ("pool1", LayerKind::MaxPool { window: None }),
    ]);
    assert!(bare.contains("found `c1`, for which"), "{bare}");
}

#[test]
fn a_tf_that_the_model_lacks_is_missed() {
    let tfs = ["HNF4A".to_owned(), "JUND".to_owned()];
    assert_eq!(target(&tfs, "JUND").unwrap(), 1);
    let error = target(&tfs, "HNF4").unwrap_err();
    assert!(error.advice().unwrap().contains("HNF4A"), "{error}");
}
