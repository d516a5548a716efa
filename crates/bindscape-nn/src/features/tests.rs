use bindscape_base::progress::Silent;
use bindscape_genome::sequence::Strand;
use bindscape_matrix::results::RunKind;
use rand_chacha::rand_core::RngCore;

use super::*;
use crate::attribution::{Attribution, ReadoutMutagenesis};
use crate::kmers::Counter;
use crate::model::TrainingIdentity;
use crate::{Architecture, CnnConfig, Predictor, random};

/// The E-box of MAX, and a motif that is wider than any sequence here.
fn motifs() -> Vec<ReadoutMotif> {
    let row = |base: usize| {
        let mut row = [0.01; 4];
        row[base] = 0.97;
        row
    };
    let ebox = [1, 0, 1, 2, 3, 2].map(row).to_vec();
    vec![
        ReadoutMotif {
            name: "CACGTG".into(),
            frequencies: ebox,
        },
        ReadoutMotif {
            name: "wide".into(),
            frequencies: vec![row(0); 91],
        },
    ]
}

fn sequences(count: usize) -> (PackedSequences, Vec<bool>) {
    let mut rng = random::stream(3, "sequences", &[]);
    let mut sequences = PackedSequences::new(90);
    let mut labels = Vec::new();
    for row in 0..count {
        let mut letters: Vec<u8> = (0..90)
            .map(|_| b"ACGT"[(rng.next_u32() >> 30) as usize])
            .collect();
        if row % 2 == 0 {
            letters[20 + row % 50..][..6].copy_from_slice(b"CACGTG");
        }
        sequences.push(&letters);
        labels.push(row % 2 == 0);
    }
    (sequences, labels)
}

fn identity() -> TrainingIdentity {
    let data = bindscape_matrix::dataset::Dataset {
        tfs: vec!["MAX".into()],
        regions: bindscape_genome::region::Regions::new(),
        sequences: PackedSequences::new(90),
        labels: Vec::new(),
        parts: Vec::new(),
    };
    TrainingIdentity::new(RunKind::Finetune, 1, None, Vec::new(), &data, None)
}

fn multi() -> Model {
    let mut config = CnnConfig::new(90, 2);
    (config.filters, config.hidden) = ([4, 4, 4], 8);
    let architecture = Architecture::Cnn(config);
    let state = crate::parameters::StateDict::initial(&architecture.slots(), 1);
    Model::new(
        architecture,
        vec!["A".into(), "B".into()],
        identity(),
        state,
    )
}

fn fitted(
    model: &Model,
    rows: &PackedSequences,
    labels: &[bool],
) -> (FeatureSource, Vec<f32>, Readout) {
    let source = FeatureSource::new(model, motifs(), &Device::flex());
    let features = source.features(rows, Strands::Both, 7, &Silent).unwrap();
    let readout = source
        .fit(
            model.output_names(),
            &features,
            &[rows],
            labels,
            Penalty::default(),
            &Silent,
        )
        .unwrap();
    (source, features, readout)
}

#[test]
fn features_are_occupancy_best_window_and_outputs() {
    let (rows, _) = sequences(5);
    let model = multi();
    let source = FeatureSource::new(&model, motifs(), &Device::flex());
    assert_eq!(source.columns(), 6);
    let features = source.features(&rows, Strands::Both, 2, &Silent).unwrap();
    let odds = |frequency: f64| ((frequency + 0.001) / 1.004 * 4.0).ln();
    for (row, found) in features.chunks_exact(6).enumerate() {
        let letters = rows.letters(row).into_bytes();
        let mut other = letters.clone();
        bindscape_genome::sequence::reverse_complement(&mut other);
        let mut windows: Vec<f64> = Vec::new();
        for strand in [&letters, &other] {
            windows.extend(strand.windows(6).map(|window| {
                let pairs = window.iter().zip(b"CACGTG");
                pairs
                    .map(|(a, b)| odds(if a == b { 0.97 } else { 0.01 }))
                    .sum::<f64>()
            }));
        }
        let sum = windows.iter().map(|w| w.exp()).sum::<f64>().ln();
        let best = windows.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        assert!(
            (f64::from(found[0]) - sum).abs() < 1e-3,
            "{} {sum}",
            found[0]
        );
        assert!((f64::from(found[1]) - best).abs() < 1e-4);
        assert!(
            (f64::from(found[2]) - 91.0 * odds(0.01)).abs() < 0.01,
            "the wide one"
        );
    }
    // The outputs are the mean of both strands' log odds.
    let mean = |strand| {
        let mut logits = Vec::new();
        let predictor = Predictor::new(&model, &Device::flex());
        predictor
            .trace(&rows, strand, &["d6"], 8, &Silent, |batch| {
                logits = batch.activations[0].values.clone();
                Ok(())
            })
            .unwrap();
        logits
    };
    let (forward, reverse) = (mean(Strand::Forward), mean(Strand::Reverse));
    for row in 0..5 {
        for output in 0..2 {
            let expected = (forward[2 * row + output] + reverse[2 * row + output]) / 2.0;
            assert!((features[6 * row + 4 + output] - expected).abs() < 1e-5);
        }
    }
}

#[test]
fn a_readout_is_kept_in_the_model_and_predicts() {
    let (rows, labels) = sequences(80);
    let model = multi();
    let (_, features, readout) = fitted(&model, &rows, &labels);
    assert_eq!(readout.names().len(), readout.weights.len());
    let read = model.with_readout("MAX".into(), identity(), readout.clone());
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("model.safetensors");
    read.save(&path).unwrap();
    let loaded = Model::load(&path).unwrap();
    assert_eq!(loaded, read);
    assert_eq!(loaded.tfs, ["MAX"]);
    assert_eq!(loaded.output_names(), ["A", "B"]);

    let device = Device::flex();
    let probabilities = loaded
        .predict(&rows, Strands::Both, 9, &device, &Silent)
        .unwrap();
    assert_eq!(probabilities.len(), 80);
    let (mut with, mut without) = (0.0, 0.0);
    let weights = readout.words.as_ref().unwrap();
    assert!(weights.effect > 0.0);
    let mut counter = Counter::new();
    for (row, (found, &label)) in probabilities.iter().zip(&labels).enumerate() {
        let found = found.unwrap();
        let words = weights.log_odds(&counter.count(&rows, row));
        let log_odds = readout.log_odds(&features[6 * row..][..6], words);
        let expected = 1.0 / (1.0 + (-log_odds).exp());
        assert!((f64::from(found) - expected).abs() < 1e-6);
        *(if label { &mut with } else { &mut without }) += found / 40.0;
    }
    assert!(with > without + 0.5, "{with} {without}");

    // Both strands count alike.
    let mut turned = PackedSequences::new(90);
    for row in 0..80 {
        let mut letters = rows.letters(row).into_bytes();
        bindscape_genome::sequence::reverse_complement(&mut letters);
        turned.push(&letters);
    }
    let other = loaded
        .predict(&turned, Strands::Both, 9, &device, &Silent)
        .unwrap();
    for (a, b) in probabilities.iter().zip(&other) {
        assert!((a.unwrap() - b.unwrap()).abs() < 1e-5);
    }

    let mut unknown = PackedSequences::new(90);
    unknown.push(&[b'N'; 90]);
    let none = loaded
        .predict(&unknown, Strands::Both, 9, &device, &Silent)
        .unwrap();
    assert_eq!(none, [None]);
}

/// A network of MAX alone, whose training data were half bound.
fn single() -> Model {
    let mut config = CnnConfig::new(90, 1);
    (config.filters, config.hidden) = ([4, 4, 4], 8);
    let architecture = Architecture::Cnn(config);
    let state = crate::parameters::StateDict::initial(&architecture.slots(), 5);
    let mut training = identity();
    training.bound_shares = Some(vec![0.5]);
    Model::new(architecture, vec!["MAX".into()], training, state)
}

/// 80 sequences, and a readout that was fitted to them, which takes a tenth for bound.
fn read_out() -> (PackedSequences, Model) {
    let (rows, labels) = sequences(80);
    let model = multi();
    let (_, _, readout) = fitted(&model, &rows, &labels);
    let mut training = identity();
    training.bound_shares = Some(vec![0.1]);
    let read = model.with_readout("MAX".into(), training, readout);
    (rows, read)
}

#[test]
fn a_companion_takes_its_share_of_the_log_odds() {
    let (rows, read) = read_out();
    let mut network = single();
    network.training.fitted.push("chr9", 100, 190);
    let joint = read.with_companion(&network, 0.25);
    assert_eq!(joint.training.fitted.len(), read.training.fitted.len() + 1);
    assert_eq!(
        joint.parameters(),
        read.parameters() + network.parameters(),
        "both networks are trained"
    );

    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("model.safetensors");
    joint.save(&path).unwrap();
    let loaded = Model::load(&path).unwrap();
    assert_eq!(loaded, joint);
    assert_eq!(loaded.companion().unwrap().share, 0.25);

    let device = Device::flex();
    for strands in [Strands::Both, Strands::Forward] {
        let of = |model: &Model| -> Vec<f64> {
            let scores = model.predict(&rows, strands, 9, &device, &Silent).unwrap();
            let odds = |score: f64| (score / (1.0 - score)).ln();
            scores
                .into_iter()
                .map(|score| odds(f64::from(score.unwrap())))
                .collect()
        };
        // One network gives the mean of probabilities, a joint model that of log odds.
        let all: Vec<usize> = (0..80).collect();
        let own = network.network(&device).log_odds(&rows, &all, strands);
        for ((found, readout), own) in of(&loaded).into_iter().zip(of(&read)).zip(own) {
            let at_one_in_ten = f64::from(own) + (0.1f64 / 0.9).ln();
            let expected = 0.75 * readout + 0.25 * at_one_in_ten;
            assert!((found - expected).abs() < 1e-3, "{found} {expected}");
        }
    }
}

#[test]
fn mutagenesis_of_a_readout_is_what_edited_sequences_score() {
    let (rows, read) = read_out();
    assert!(ReadoutMutagenesis::<f64>::of(&single()).unwrap().is_none());
    let joint = read.with_companion(&single(), 0.25);
    for (model, strands) in [
        (&read, Strands::Both),
        (&joint, Strands::Both),
        (&joint, Strands::Forward),
    ] {
        let mutagenesis = ReadoutMutagenesis::<f64>::of(model).unwrap().unwrap();
        let log_odds = |rows: &PackedSequences| -> Vec<f64> {
            let scores = model.predict(rows, strands, 64, &Device::flex(), &Silent);
            let odds = |score: Option<f32>| {
                let score = f64::from(score.unwrap());
                (score / (1.0 - score)).ln()
            };
            scores.unwrap().into_iter().map(odds).collect()
        };
        let bases: Vec<Vec<u8>> = (0..3)
            .map(|row| {
                let mut bases = vec![0; 90];
                rows.bases(row, Strand::Forward, &mut bases);
                bases
            })
            .collect();
        let own = log_odds(&rows);
        let found = mutagenesis.attribute(&bases, false, strands);
        let centred = mutagenesis.attribute(&bases, true, strands);
        for (row, (found, centred)) in found.iter().zip(&centred).enumerate() {
            assert!((found.output - own[row]).abs() < 1e-4);
            let mut edited = PackedSequences::new(90);
            for base in 0..4 {
                for position in 0..90 {
                    let mut letters = rows.letters(row).into_bytes();
                    letters[position] = b"ACGT"[base];
                    edited.push(&letters);
                }
            }
            let scored = log_odds(&edited);
            for (at, (change, scored)) in found.hypothetical.iter().zip(&scored).enumerate() {
                let expected = scored - own[row];
                assert!(
                    (change - expected).abs() < 2e-4,
                    "{at}: {change} {expected}"
                );
            }
            for position in 0..90 {
                let at = |base: usize| base * 90 + position;
                let sum: f64 = (0..4).map(|base| found.hypothetical[at(base)]).sum();
                let expected = found.hypothetical[at(2)] - sum / 4.0;
                assert!((centred.hypothetical[at(2)] - expected).abs() < 1e-9);
            }
        }
        // The site counts, which begins at base 20 of the first sequence.
        let most = |bases: &[u8], found: &Attribution| {
            let of = found.contributions(bases);
            (0..90).max_by(|&a, &b| of[a].total_cmp(&of[b])).unwrap()
        };
        assert!((20..26).contains(&most(&bases[0], &centred[0])));
    }
}

#[test]
fn a_damaged_companion_is_refused() {
    let (rows, labels) = sequences(20);
    let model = multi();
    let (_, _, readout) = fitted(&model, &rows, &labels);
    let joint = model
        .with_readout("MAX".into(), identity(), readout)
        .with_companion(&single(), 0.25);
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("model.safetensors");
    joint.save(&path).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    for (part, other) in [
        (r#"\"share\":0.25"#, r#"\"share\":1.25"#),
        (r#"\"companion\":"#, r#"\"companioN\":"#),
        ("companion.d6.bias", "companioN.d6.bias"),
    ] {
        let place = bytes
            .windows(part.len())
            .position(|window| window == part.as_bytes())
            .unwrap();
        let mut damaged = bytes.clone();
        damaged[place..place + part.len()].copy_from_slice(other.as_bytes());
        std::fs::write(&path, &damaged).unwrap();
        let message = Model::load(&path).unwrap_err().to_string();
        assert!(
            message.contains("model.safetensors") && message.contains("companio"),
            "{message}"
        );
    }
}

#[test]
fn what_cannot_be_fitted_is_refused() {
    let (rows, labels) = sequences(10);
    let model = multi();
    let source = FeatureSource::new(&model, motifs(), &Device::flex());
    let mut features = source.features(&rows, Strands::Both, 7, &Silent).unwrap();
    let fit = |features: &[f32], labels: &[bool]| {
        source.fit(
            model.output_names(),
            features,
            &[&rows],
            labels,
            Penalty::default(),
            &Silent,
        )
    };
    let message = fit(&features, &[true; 10]).unwrap_err().to_string();
    assert!(message.contains("bound and unbound"), "{message}");
    features[0] = f32::NAN;
    assert!(fit(&features, &labels).is_err());
}

#[test]
fn a_damaged_readout_is_refused() {
    let (rows, labels) = sequences(20);
    let model = multi();
    let (_, _, readout) = fitted(&model, &rows, &labels);
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("model.safetensors");
    let refused = |readout: Readout| {
        let broken = model.with_readout("MAX".into(), identity(), readout);
        broken.save(&path).unwrap();
        let message = Model::load(&path).unwrap_err().to_string();
        assert!(message.contains("readout"), "{message}");
    };
    let mut fewer = readout.clone();
    fewer.weights.pop();
    refused(fewer);
    let mut without_words = serde_json::to_value(&readout).unwrap();
    without_words["words"]["windows"] = "AAAAAA".into();
    refused(serde_json::from_value(without_words).unwrap());
}
