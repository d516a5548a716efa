//! Training on small data.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use bindscape_base::progress::{Progress, Silent};
use bindscape_protein::{
    EncodedProteins, Encoding, KnownSequences, Label, Protein, ProteinClass, Windows, hold_out,
};
use burn::tensor::Device;

use super::super::{
    Encoder, ExplainOptions, Heads, MultiTaskConfig, ProteinData, ProteinEpoch, ProteinModel,
    ProteinNetwork, ProteinNetworkKind, ProteinPredictor, ProteinTrainOptions, ProteinTraining,
    Target, TrainedProteins, train,
};
use crate::train::Observer;

const WINDOWS: Windows = Windows {
    window: 5,
    positions: 40,
};

/// Proteins of random letters; each class has letters that are common in it.
fn proteins(count: usize) -> (Vec<Protein>, Vec<Label>) {
    let favourites = [b"CH", b"WF", b"LK", b"RQ", b"AG"];
    let mut rng = crate::random::stream(4, "proteins", &[]);
    let mut unit = || f64::from(crate::random::unit(&mut rng));
    let mut proteins = Vec::new();
    let mut labels = Vec::new();
    for number in 0..count {
        let class = ProteinClass::ALL[number % 5];
        let length = 20 + (unit() * 180.0) as usize;
        let sequence: Vec<u8> = (0..length)
            .map(|_| {
                let letters: &[u8] = if unit() < 0.4 {
                    favourites[class.index()]
                } else {
                    b"ACDEFGHIKLMNPQRSTVWY"
                };
                letters[(unit() * letters.len() as f64) as usize]
            })
            .collect();
        proteins.push(Protein::new(format!("p{number}"), sequence));
        labels.push(class.into());
    }
    (proteins, labels)
}

fn network(heads: Heads) -> ProteinNetwork {
    ProteinNetwork::MultiTask(MultiTaskConfig {
        positions: WINDOWS.positions,
        filters: [8, 16],
        hidden: vec![24],
        dropout: 0.2,
        ..MultiTaskConfig::new(21, heads)
    })
}

fn options() -> ProteinTrainOptions {
    ProteinTrainOptions {
        batch_size: 16,
        learning_rate: 3e-3,
        max_epochs: 25,
        neighbours: 4,
        checkpoint_seconds: 0.0,
        ..ProteinTrainOptions::new(ProteinNetworkKind::MultiTask, 7)
    }
}

fn run(
    network: &ProteinNetwork,
    options: &ProteinTrainOptions,
    directory: Option<&Path>,
    observer: &dyn Observer<ProteinEpoch>,
) -> bindscape_base::Result<TrainedProteins> {
    let (proteins, labels) = proteins(200);
    let features = EncodedProteins::new(&proteins, Encoding::Onehot, WINDOWS);
    let rows: Vec<usize> = (0..proteins.len()).collect();
    let (training, validation) = hold_out(&labels, None, &rows, 0.2, 1)?;
    let data = ProteinData {
        features: &features,
        labels: &labels,
        train: &training,
        validation: &validation,
    };
    let known = KnownSequences::new(proteins.iter().map(|p| &p.sequence[..]));
    let identity = ProteinTraining::new(Encoder::new(&features, WINDOWS), Vec::new(), known);
    let device = Device::flex();
    train(
        network, data, options, identity, directory, &device, observer,
    )
}

#[test]
fn it_learns_both_tasks_whatever_the_threads() {
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| run(&network(Heads::Both), &options(), None, &Silent).unwrap())
    };
    let trained = on(3);
    let last = trained.epochs.last().unwrap();
    assert!(last.validation_domain_accuracy.unwrap() > 0.8, "{last:?}");
    assert!(last.validation_tf_aucpr.unwrap() > 0.95, "{last:?}");
    assert!(last.train_loss < 0.7 * trained.epochs[0].train_loss);
    assert_eq!(trained.model.training.proteins["zinc_finger"], 32);
    assert!((trained.model.calibration.tf_prior.unwrap() - 0.8).abs() < 1e-12);
    assert_eq!(on(1).model.sha256(), trained.model.sha256());
}

#[test]
fn twins_learn_their_own_task() {
    for heads in [Heads::Tf, Heads::Domain] {
        let trained = run(&network(heads), &options(), None, &Silent).unwrap();
        let last = trained.epochs.last().unwrap();
        assert_eq!(last.validation_tf_loss.is_some(), heads == Heads::Tf);
        assert_eq!(
            last.validation_domain_loss.is_some(),
            heads == Heads::Domain
        );
        let (found, least) = match heads {
            Heads::Tf => (last.validation_tf_aucpr.unwrap(), 0.95),
            _ => (last.validation_domain_accuracy.unwrap(), 0.8),
        };
        assert!(found > least, "{last:?}");
    }
}

/// Stops before the batch of that number.
struct Stops(AtomicUsize, usize);

impl Progress for Stops {
    fn begin(&self, _label: &str, _total: Option<u64>) {}
    fn advance(&self, by: u64) {
        self.0.fetch_add(by as usize, Ordering::SeqCst);
    }
    fn note(&self, _message: &str) {}
    fn finish(&self) {}
    fn interrupted(&self) -> bool {
        self.0.load(Ordering::SeqCst) >= self.1
    }
}

impl Observer<ProteinEpoch> for Stops {}

#[test]
fn an_interrupted_training_ends_with_the_same_bytes() {
    let whole = tempfile::tempdir().unwrap();
    let parts = tempfile::tempdir().unwrap();
    let options = ProteinTrainOptions {
        max_epochs: 4,
        ..options()
    };
    let network = network(Heads::Both);
    let straight = run(&network, &options, Some(whole.path()), &Silent).unwrap();
    let stop = |after| Stops(AtomicUsize::new(0), after);
    for (after, epochs) in [(14, 1), (15, 2)] {
        let error = run(&network, &options, Some(parts.path()), &stop(after)).unwrap_err();
        assert!(matches!(error, bindscape_base::Error::Interrupted));
        let lines = std::fs::read_to_string(parts.path().join("epochs.jsonl")).unwrap();
        assert_eq!(lines.lines().count(), epochs);
    }
    let resumed = run(&network, &options, Some(parts.path()), &Silent).unwrap();
    assert_eq!(resumed.resumed_from, Some(2));
    let bytes = |path: &Path| std::fs::read(path.join("model.safetensors")).unwrap();
    assert_eq!(bytes(whole.path()), bytes(parts.path()));
    assert!(!parts.path().join("checkpoint.safetensors").exists());
    let again = run(&network, &options, Some(parts.path()), &Silent).unwrap();
    assert!(again.found_finished);
    assert_eq!((again.model, again.epochs.len()), (straight.model, 4));

    let other = ProteinTrainOptions { seed: 8, ..options };
    let error = run(&network, &other, Some(parts.path()), &Silent).unwrap_err();
    assert!(error.to_string().contains("another training"), "{error}");
}

#[test]
fn patience_ends_a_training() {
    let options = ProteinTrainOptions {
        patience: Some(1),
        learning_rate: 0.3,
        max_epochs: 30,
        ..options()
    };
    let trained = run(&network(Heads::Tf), &options, None, &Silent).unwrap();
    assert!(trained.epochs.len() < 30);
    assert_eq!(trained.epochs.len() as u32, trained.best_epoch + 1);
}

#[test]
fn files_round_trip_and_predict_the_same() {
    let directory = tempfile::tempdir().unwrap();
    let options = ProteinTrainOptions {
        max_epochs: 1,
        ..options()
    };
    let trained = run(&network(Heads::Both), &options, None, &Silent).unwrap();
    let path = directory.path().join("model.safetensors");
    trained.model.save(&path).unwrap();
    let loaded = ProteinModel::load(&path).unwrap();
    assert_eq!(loaded, trained.model);
    let (proteins, _) = proteins(20);
    assert!(loaded.training.known.contains(&proteins[3].sequence));
    assert!(!loaded.training.known.contains(b"MKV"));
    let features = EncodedProteins::new(&proteins, Encoding::Onehot, WINDOWS);
    let device = Device::flex();
    let rows = [3, 0, 19];
    let scores = |model: &ProteinModel, prior| {
        let predictor = ProteinPredictor::new(model, &device);
        predictor.scores(&features, &rows, prior, &Silent).unwrap()
    };
    let found = scores(&loaded, None);
    assert_eq!(found, scores(&trained.model, None));
    assert!(scores(&loaded, Some(0.05))[0].p_tf < found[0].p_tf);
    let other = EncodedProteins::new(&proteins, Encoding::Residue, WINDOWS);
    let predictor = ProteinPredictor::new(&loaded, &device);
    let error = predictor.logits(&other, &rows, &Silent).unwrap_err();
    assert!(
        error.to_string().contains("onehot:window=5,positions=40"),
        "{error}"
    );
}

#[test]
fn files_of_other_networks_are_refused_with_their_names() {
    let directory = tempfile::tempdir().unwrap();
    let options = ProteinTrainOptions {
        max_epochs: 1,
        ..options()
    };
    let mut model = run(&network(Heads::Tf), &options, None, &Silent)
        .unwrap()
        .model;
    let path = directory.path().join("model.safetensors");
    let array = model
        .state
        .0
        .iter_mut()
        .find(|array| array.name == "tf_head.bias")
        .unwrap();
    array.name = "head.bias".into();
    model.save(&path).unwrap();
    let message = ProteinModel::load(&path).unwrap_err().to_string();
    assert!(message.contains("1 missing: tf_head.bias"), "{message}");
    assert!(message.contains("1 unexpected: head.bias"), "{message}");
    assert!(message.contains("model.safetensors"), "{message}");
}

#[test]
fn held_out_parts_keep_labels_and_groups() {
    let (_, labels) = proteins(200);
    let rows: Vec<usize> = (0..200).collect();
    let (train, validation) = hold_out(&labels, None, &rows, 0.1, 1).unwrap();
    assert_eq!((train.len(), validation.len()), (180, 20));
    let zinc = validation.iter().filter(|&&row| row % 5 == 0).count();
    assert_eq!(zinc, 4);
    assert_ne!(
        validation,
        hold_out(&labels, None, &rows, 0.1, 2).unwrap().1
    );
    let groups: Vec<u32> = rows.iter().map(|&row| (row / 7) as u32).collect();
    let (train, validation) = hold_out(&labels, Some(&groups), &rows, 0.2, 1).unwrap();
    assert!(!validation.is_empty() && validation.len() <= 45);
    assert!(
        train
            .iter()
            .all(|a| validation.iter().all(|b| groups[*a] != groups[*b]))
    );
    // One group would fill the room of its class; nearly always smaller ones do.
    let groups: Vec<u32> = (0..200)
        .map(|row| if row % 5 == 0 && row < 40 { 0 } else { row })
        .collect();
    let large = (0..50)
        .filter(|&seed| {
            let (_, validation) = hold_out(&labels, Some(&groups), &rows, 0.2, seed).unwrap();
            assert_eq!(validation.len(), 40);
            validation.contains(&0)
        })
        .count();
    assert!((1..10).contains(&large), "{large} of 50");
    let error = hold_out(&labels, Some(&[0; 200]), &rows, 0.1, 1).unwrap_err();
    assert!(error.to_string().contains("in different groups"), "{error}");
    let error = hold_out(&labels, None, &rows, 1.0, 1).unwrap_err();
    assert!(error.to_string().contains("validation"), "{error}");
}

#[test]
fn residues_share_what_their_window_contributes() {
    let options = ProteinTrainOptions {
        max_epochs: 2,
        ..options()
    };
    let trained = run(&network(Heads::Both), &options, None, &Silent).unwrap();
    let predictor = ProteinPredictor::new(&trained.model, &Device::flex());
    let (proteins, _) = proteins(10);
    let features = EncodedProteins::new(&proteins, Encoding::Onehot, WINDOWS);
    let single = Windows {
        window: 1,
        positions: WINDOWS.length(),
    };
    for (protein, target) in [
        (2, Target::Tf),
        (7, Target::Class(ProteinClass::LeucineZipper)),
    ] {
        let explained = predictor
            .explain(
                &features,
                protein,
                target,
                ExplainOptions::default(),
                &Silent,
            )
            .unwrap();
        let sequence = &proteins[protein].sequence;
        let mut letters = Vec::new();
        Encoding::Onehot.encode(sequence, single, &mut letters);
        let exact = explained.residues(WINDOWS, sequence.len(), Some(&letters));
        let equal = explained.residues(WINDOWS, sequence.len(), None);
        assert_eq!((exact.len(), equal.len()), (sequence.len(), sequence.len()));
        assert_ne!(exact, equal);
        for (window, position) in explained.positions().into_iter().enumerate() {
            let range = WINDOWS.residues(window, sequence.len());
            for residues in [&exact, &equal] {
                let sum: f64 = residues[range.clone()].iter().sum();
                assert!((sum - position).abs() < 1e-6, "{sum} {position}");
            }
        }
        // Equal letters of a window have equal shares.
        let (a, b) = (0..WINDOWS.window)
            .flat_map(|a| (0..a).map(move |b| (a, b)))
            .find(|&(a, b)| sequence[a] == sequence[b])
            .unwrap_or((0, 0));
        assert_eq!(exact[a], exact[b]);
    }
    let twin = run(&network(Heads::Tf), &options, None, &Silent).unwrap();
    let predictor = ProteinPredictor::new(&twin.model, &Device::flex());
    let target = Target::Class(ProteinClass::ZincFinger);
    let error = predictor
        .explain(&features, 0, target, ExplainOptions::default(), &Silent)
        .unwrap_err();
    assert!(
        error.to_string().contains("a network with a domain head"),
        "{error}"
    );
}
