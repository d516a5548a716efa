//! Training of DanQ.

use super::*;
use crate::danq::DanqConfig;
use crate::host::to_vec;
use crate::network::{Pass, Value};

fn config() -> DanqConfig {
    let mut config = DanqConfig::new(90, 2);
    (config.filters, config.units, config.hidden) = (12, 8, 16);
    config
}

#[test]
fn a_stopped_training_resumes_to_the_same_bytes() {
    let data = dataset(60);
    let directory = tempfile::tempdir().unwrap();
    let danq = Architecture::Danq(config());
    let train = |name: &str, observer: &dyn Observer| {
        let directory = directory.path().join(name);
        run_network(
            &danq,
            Start::Scratch,
            &data,
            &options(),
            &directory,
            observer,
        )
    };
    let whole = train("whole", &Silent).unwrap();
    let stop = Stop {
        after: 8,
        asked: AtomicU32::new(0),
    };
    assert!(matches!(train("part", &stop), Err(Error::Interrupted)));
    let resumed = train("part", &Silent).unwrap();
    assert_eq!(resumed.resumed_from, Some(1));
    let bytes = |name: &str| std::fs::read(directory.path().join(name).join(MODEL_FILE)).unwrap();
    assert_eq!(bytes("part"), bytes("whole"));
    assert_eq!(Model::load(&whole.model_path).unwrap(), resumed.model);
}

#[test]
fn the_number_of_threads_does_not_matter() {
    let data = dataset(60);
    let mut options = options();
    options.max_epochs = 1;
    options.batch_size = 50;
    // Large enough for products to be split among threads.
    let mut config = DanqConfig::new(90, 2);
    (config.filters, config.units) = (128, 128);
    let danq = Architecture::Danq(config);
    let weights: Vec<_> = [1, 2, 3]
        .into_iter()
        .map(|threads| {
            let directory = tempfile::tempdir().unwrap();
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            pool.install(|| {
                run_network(
                    &danq,
                    Start::Scratch,
                    &data,
                    &options,
                    directory.path(),
                    &Silent,
                )
                .unwrap()
                .model
                .state
            })
        })
        .collect();
    assert!(weights[0] == weights[1] && weights[0] == weights[2]);
}

#[test]
fn a_planted_motif_is_learned() {
    let data = dataset(400);
    let directory = tempfile::tempdir().unwrap();
    let mut options = options();
    options.max_epochs = 20;
    options.learning_rate = 0.01;
    let trained = run_network(
        &Architecture::Danq(config()),
        Start::Scratch,
        &data,
        &options,
        directory.path(),
        &Silent,
    )
    .unwrap();
    let best = &trained.epochs[trained.best_epoch as usize - 1];
    assert!(best.validation_aucpr.unwrap() > 0.9, "{best:?}");
}

#[test]
fn transfer_takes_and_freezing_keeps_the_convolution() {
    let data = dataset(60);
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    let danq = Architecture::Danq(config());
    let mut options = options();
    options.max_epochs = 1;
    let train = |start, options: &TrainOptions, name: &str| {
        run_network(&danq, start, &data, options, &at(name), &Silent)
            .unwrap()
            .model
    };
    let parent = train(Start::Scratch, &options, "parent");
    let mut frozen = options.clone();
    frozen.seed = 9;
    frozen.freeze = Freeze::Convolutional;
    let start = Start::Transfer {
        parent: &parent,
        layers: TransferLayers::AllButOutput,
    };
    let child = train(start, &frozen, "child");
    for (array, known) in child.state.0.iter().zip(&parent.state.0) {
        let kept = array.name.starts_with("Conv1.");
        assert_eq!(array == known, kept, "{}", array.name);
    }

    let start = Start::Transfer {
        parent: &parent,
        layers: TransferLayers::AllButOutput,
    };
    let error = run(start, &data, &options, &at("other"), &Silent).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the pre-trained model: expected a model of architecture cnn, as the one to train, \
         found one of architecture danq"
    );
    assert!(error.advice().is_some());
}

/// With everything between the LSTMs dropped, the second sees nothing of the sequence:
/// the same as if it had no input weights. Likewise for the first and the convolution.
#[test]
fn dropout_acts_before_each_lstm_and_in_training_alone() {
    let data = dataset(10);
    let items: Vec<_> = (0..4).map(|row| (row, Strand::Forward)).collect();
    let x = Value::Bases(Bases::new(&data.sequences, &items));
    let logits = |config: &DanqConfig, state: &StateDict, dropout: Option<Dropout>| {
        let danq = Architecture::Danq(config.clone());
        let network = Network::new(danq.layers(), state, &Device::flex());
        let pass = Pass {
            dropout,
            ..Pass::prediction()
        };
        to_vec(network.forward(x.clone(), pass).logits())
    };
    let dropout = Some(Dropout { seed: 1, step: 1 });
    let mut config = config();
    (config.convolutional_dropout, config.recurrent_dropout) = (0.0, 0.0);
    let state = StateDict::initial(&Architecture::Danq(config.clone()).slots(), 4);
    let plain = logits(&config, &state, None);
    assert_eq!(logits(&config, &state, dropout), plain, "a rate of zero");
    for layer in 0..2 {
        let mut config = config.clone();
        // So high that no activation of the batch is kept.
        let rate = 1.0 - 1e-7;
        match layer {
            0 => config.convolutional_dropout = rate,
            _ => config.recurrent_dropout = rate,
        }
        let mut cut = state.clone();
        for array in &mut cut.0 {
            if array
                .name
                .starts_with(&format!("BiLSTM.weight_ih_l{layer}"))
            {
                array.values = Values::F32(vec![0.0; array.shape.iter().product()]);
            }
        }
        let expected = logits(&config, &cut, None);
        assert_ne!(expected, plain);
        assert_eq!(logits(&config, &state, dropout), expected);
        assert_eq!(
            logits(&config, &state, None),
            plain,
            "prediction drops nothing"
        );
    }
}
