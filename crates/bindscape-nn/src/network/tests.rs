use burn::tensor::{Device, TensorData};

use super::*;
use crate::architecture::{Architecture, ArchitectureKind};
use crate::cnn::CnnConfig;
use crate::danq::DanqConfig;
use crate::encode::Bases;
use crate::protein::{DeepTFactorConfig, Heads, MultiTaskConfig, ProteinNetwork};
use bindscape_genome::sequence::{PackedSequences, Strand};

const ROWS: usize = 6;

fn cnn() -> Architecture {
    let mut config = CnnConfig::new(90, 3);
    (config.filters, config.hidden) = ([6, 8, 10], 12);
    Architecture::Cnn(config)
}

fn danq() -> Architecture {
    let mut config = DanqConfig::new(90, 3);
    (config.filters, config.units, config.hidden) = (6, 5, 8);
    Architecture::Danq(config)
}

fn proteins() -> [ProteinNetwork; 2] {
    let multitask = MultiTaskConfig {
        positions: 40,
        filters: [6, 8],
        hidden: vec![10, 7],
        ..MultiTaskConfig::new(21, Heads::Both)
    };
    let deeptfactor = DeepTFactorConfig {
        length: 40,
        filters: 6,
        hidden: 8,
        ..DeepTFactorConfig::default()
    };
    [
        ProteinNetwork::MultiTask(multitask),
        ProteinNetwork::DeepTFactor(deeptfactor),
    ]
}

/// Weights, scales, shifts and statistics that differ from each other.
fn network(layers: Layers) -> Network {
    let slots: Vec<Slot> = layers.slots().cloned().collect();
    let state = crate::train::parity::fill(&slots);
    Network::new(layers, &state, &Device::flex())
}

fn sequences() -> Value {
    let letters = |row: usize, i: usize| b"ACGT"[(i * i + 7 * row * i + row) / 3 % 4];
    let mut sequences = PackedSequences::new(90);
    for row in 0..ROWS {
        let row: Vec<u8> = (0..90).map(|i| letters(row, i)).collect();
        sequences.push(&row);
    }
    let items: Vec<_> = (0..ROWS).map(|row| (row, Strand::Forward)).collect();
    Value::Bases(Bases::new(&sequences, &items))
}

/// Numbers for proteins, which are of different lengths.
fn features(network: &ProteinNetwork) -> Value {
    let length = match network {
        ProteinNetwork::MultiTask(config) => config.input_length(40),
        ProteinNetwork::DeepTFactor(config) => config.length,
    };
    let shape = [ROWS, length, network.features()];
    let mut values = crate::train::parity::units(5, shape.iter().product());
    values
        .iter_mut()
        .for_each(|value| *value = 2.0 * *value - 1.0);
    Value::Positions(Positions {
        x: Tensor::from_data(TensorData::new(values, shape), &Device::flex()),
        kept: Some((1..=ROWS).map(|row| 6 * row).collect()),
    })
}

fn heads(network: &Network, input: Value) -> Vec<Vec<f32>> {
    let output = network.forward(input, Pass::prediction());
    output.heads.into_iter().map(to_vec).collect()
}

/// Every layer alone leaves the same at the heads as the blocks do, and every subset of layers that
/// is asked for is computed as all of them are.
fn blocks_are_their_layers(layers: Layers, input: Value) {
    let network = network(layers);
    let names: Vec<&str> = network.layers.iter().map(Layer::name).collect();
    let alone = Tracer::new(&network, &names)
        .unwrap()
        .activations(input.clone());
    let near = |a: &[f32], b: &[f32], what: &str| {
        assert_eq!(a.len(), b.len(), "{what}");
        let largest = b.iter().fold(0.1_f32, |most, v| most.max(v.abs()));
        for (a, b) in a.iter().zip(b) {
            assert!((a - b).abs() <= 2e-5 * largest, "{what}: {a} {b}");
        }
    };
    let readers = network.layers.readers();
    let last: Vec<&NamedArray> = alone
        .iter()
        .enumerate()
        .filter(|(place, _)| readers[*place].is_empty())
        .map(|(_, array)| array)
        .collect();
    let heads = heads(&network, input.clone());
    assert_eq!(last.len(), heads.len());
    for (alone, block) in last.into_iter().zip(&heads) {
        near(&alone.values, block, &alone.name);
        let spread = alone.values.iter().any(|v| *v != alone.values[0]);
        assert!(spread, "{} says something of the input", alone.name);
    }
    for (name, alone) in names.iter().zip(&alone) {
        let found = Tracer::new(&network, &[name]).unwrap();
        let found = &found.activations(input.clone())[0];
        assert_eq!((&found.name, &found.shape), (&alone.name, &alone.shape));
        near(&found.values, &alone.values, name);
        assert_eq!(alone.shape[0], ROWS);
        assert_eq!(alone.values.len(), alone.shape.iter().product::<usize>());
    }
}

#[test]
fn blocks_of_the_convolutional_network_are_their_layers() {
    blocks_are_their_layers(cnn().layers(), sequences());
}

#[test]
fn blocks_of_danq_are_their_layers() {
    blocks_are_their_layers(danq().layers(), sequences());
}

#[test]
fn blocks_of_networks_for_proteins_are_their_layers() {
    for network in proteins() {
        blocks_are_their_layers(network.layers(), features(&network));
    }
}

#[test]
fn kinds_know_their_shapes_and_rules() {
    let layers = cnn().layers();
    let network = network(layers.clone());
    let names: Vec<&str> = layers.iter().map(Layer::name).collect();
    let found = Tracer::new(&network, &names)
        .unwrap()
        .activations(sequences());
    for (layer, array) in layers.iter().zip(&found) {
        let channels = array.shape[array.shape.len() - 1];
        match layer.kind() {
            LayerKind::Convolution { filters, .. } => assert_eq!(channels, filters),
            LayerKind::BatchNorm { channels: own } => assert_eq!(channels, own),
            LayerKind::Dense { outputs, .. } => assert_eq!(channels, outputs),
            _ => assert!(layer.slots().is_empty(), "{}", layer.name()),
        }
        let rectified = layer.kind() == LayerKind::Relu;
        assert_eq!(layer.attribution() == AttributionRule::Rescale, rectified);
        assert!(!rectified || array.values.iter().all(|&value| value >= 0.0));
    }
    let rule = |layers: &Layers, name: &str| layers.get(name).unwrap().attribution();
    assert_eq!(rule(&layers, "pool1"), AttributionRule::MaxPool);
    assert_eq!(rule(&danq().layers(), "BiLSTM.1"), AttributionRule::Gates);
}

#[test]
fn stages_follow_from_the_list() {
    let stage = |layers: &Layers, name: &str| layers.get(name).unwrap().slots()[0].stage;
    let [multitask, deeptfactor] = proteins().map(|network| network.layers());
    for (layers, name, expected) in [
        (&multitask, "conv1", Stage::FirstConvolutional),
        (&multitask, "conv2", Stage::Convolutional),
        (&multitask, "fc2", Stage::Hidden),
        (&multitask, "tf_head", Stage::Output),
        (&multitask, "domain_head", Stage::Output),
        (&deeptfactor, "cnn0.layers.2.0.1", Stage::FirstConvolutional),
        (&deeptfactor, "cnn0.layers.2.1.1", Stage::Convolutional),
        (&deeptfactor, "cnn0.batchnorm", Stage::Convolutional),
        (&deeptfactor, "bn1", Stage::Hidden),
        (&deeptfactor, "fc2", Stage::Output),
        (&deeptfactor, "bn2", Stage::Output),
    ] {
        assert_eq!(stage(layers, name), expected, "{name}");
    }
}

#[test]
fn weights_are_those_of_the_state_dict_and_can_be_replaced() {
    let [multitask, _] = proteins();
    let mut network = network(multitask.layers());
    let state = network.state();
    // The first dense layer lies in another order on the device.
    let weights = network.layer("fc1").unwrap().weights();
    assert_eq!(weights[0].name, "fc1.weight");
    for weight in &weights {
        let Values::F32(stored) = &state.get(&weight.name).unwrap().values else {
            panic!("weights are numbers");
        };
        assert_eq!(&weight.values, stored);
    }
    let before = heads(&network, features(&multitask));
    let mut layer = network.layer_mut("fc1").unwrap();
    layer.set("fc1.weight", &weights[0].values).unwrap();
    assert_eq!(heads(&network, features(&multitask)), before);
    let other: Vec<f32> = weights[0].values.iter().map(|w| -w).collect();
    let mut layer = network.layer_mut("fc1").unwrap();
    layer.set("fc1.weight", &other).unwrap();
    assert_ne!(heads(&network, features(&multitask)), before);
    assert_eq!(network.layer("fc1").unwrap().weights()[0].values, other);
}

#[test]
fn filters_are_set_and_silenced_one_by_one() {
    for architecture in [cnn(), danq()] {
        let mut network = network(architecture.layers());
        let first = match architecture.kind() {
            ArchitectureKind::Cnn | ArchitectureKind::WideCnn => "c1",
            ArchitectureKind::Danq => "Conv1",
        };
        let response = |network: &Network| {
            let tracer = Tracer::new(network, &[first, "relu1"]).unwrap();
            let found = tracer.activations(sequences());
            let column = |array: &NamedArray, filter: usize| {
                let values = array.values.iter().skip(filter);
                values.step_by(6).copied().collect::<Vec<f32>>()
            };
            [0, 2].map(|filter| [column(&found[0], filter), column(&found[1], filter)])
        };
        let before = response(&network);
        let shape = network.layer(first).unwrap().weights()[0].shape.clone();
        // Counts the As of a window.
        let kernel = shape[2];
        let filter: Vec<f32> = (0..4 * kernel)
            .map(|i| f32::from(u8::from(i < kernel)))
            .collect();
        let mut layer = network.layer_mut(first).unwrap();
        layer.set_filter(2, &filter).unwrap();
        layer.set(&format!("{first}.bias"), &[0.0; 6]).unwrap();
        let [_, [counts, _]] = response(&network);
        assert!(
            counts
                .iter()
                .all(|c| c.fract() == 0.0 && *c <= kernel as f32)
        );
        assert!(counts.iter().any(|c| *c > 0.0));

        network.layer_mut(first).unwrap().hold(2, 0.0).unwrap();
        let [_, [_, silent]] = response(&network);
        assert!(silent.iter().all(|value| *value == 0.0), "{silent:?}");
        network.layer_mut(first).unwrap().hold(2, 1.5).unwrap();
        let [kept, [_, held]] = response(&network);
        assert!(held.iter().all(|value| *value == 1.5));
        // The bias of all filters was set above; the weights of the others were not.
        let shift = before[0][0][0] - kept[0][0];
        let same = before[0][0].iter().zip(&kept[0]);
        assert!(same.into_iter().all(|(a, b)| (a - b - shift).abs() < 1e-5));
    }
}

#[test]
fn what_is_not_there_is_named_with_near_names() {
    let mut network = network(cnn().layers());
    let error = network.layer("rellu1").unwrap_err();
    assert!(error.to_string().contains("\"rellu1\""), "{error}");
    assert!(error.advice().unwrap().contains("relu1"));
    assert!(Tracer::new(&network, &["relu1", "relu9"]).is_err());
    let mut layer = network.layer_mut("c1").unwrap();
    let error = layer.set("c1.weights", &[]).unwrap_err();
    assert!(error.advice().unwrap().contains("c1.weight"));
    let error = layer.set("c1.bias", &[0.0; 5]).unwrap_err();
    assert!(error.to_string().contains("6 numbers"), "{error}");
    assert!(layer.set_filter(6, &[0.0; 76]).is_err());
    assert!(layer.set_filter(5, &[0.0; 75]).is_err());
    let mut layer = network.layer_mut("bn1").unwrap();
    assert!(layer.set("bn1.num_batches_tracked", &[0.0]).is_err());
    assert!(layer.hold(0, 0.0).is_err());
}
