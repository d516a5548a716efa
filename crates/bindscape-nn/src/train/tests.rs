use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use bindscape_genome::region::Regions;
use bindscape_genome::sequence::PackedSequences;
use bindscape_matrix::dataset::{Part, UNRESOLVED};
use bindscape_matrix::results::RunKind;

use super::trainer::Objective;
use super::*;
use crate::cnn::CnnConfig;
use crate::encode::Bases;
use crate::network::{Dropout, Network};
use crate::parameters::Values;
use crate::predict::Strands;
use crate::random;
use rand_chacha::rand_core::RngCore;

mod danq;
mod half;

/// Random sequences of 90 bp; the second TF binds those with a planted `CACGTG`,
/// the first those without.
fn dataset(rows: usize) -> Dataset {
    dataset_of(rows, 90)
}

/// As [`dataset`], of sequences of `length`.
fn dataset_of(rows: usize, length: usize) -> Dataset {
    let mut rng = random::stream(11, "test data", &[]);
    let mut data = Dataset {
        tfs: vec!["OTHER".into(), "MAX".into()],
        regions: Regions::new(),
        sequences: PackedSequences::new(length),
        labels: Vec::new(),
        parts: Vec::new(),
    };
    for row in 0..rows {
        let mut letters: Vec<u8> = (0..length)
            .map(|_| b"ACGT"[(rng.next_u32() >> 30) as usize])
            .collect();
        let bound = row % 2 == 0;
        if bound {
            let place = 10 + (row * 7) % 60;
            letters[place..place + 6].copy_from_slice(b"CACGTG");
        }
        data.sequences.push(&letters);
        let start = 1000 * row as u32;
        data.regions.push("chr1", start, start + length as u32);
        data.labels.extend([u8::from(!bound), u8::from(bound)]);
        data.parts.push(match row % 10 {
            8 => Part::Validation,
            9 => Part::Test,
            _ => Part::Train,
        });
    }
    data
}

fn architecture() -> Architecture {
    let mut config = CnnConfig::new(90, 2);
    config.filters = [12, 12, 12];
    config.hidden = 24;
    Architecture::Cnn(config)
}

fn options() -> TrainOptions {
    TrainOptions {
        batch_size: 20,
        max_epochs: 3,
        checkpoint_seconds: 0.0,
        ..TrainOptions::scratch(5)
    }
}

fn run(
    start: Start<'_>,
    data: &Dataset,
    options: &TrainOptions,
    directory: &Path,
    observer: &dyn Observer,
) -> Result<Trained> {
    run_network(&architecture(), start, data, options, directory, observer)
}

fn run_network(
    architecture: &Architecture,
    start: Start<'_>,
    data: &Dataset,
    options: &TrainOptions,
    directory: &Path,
    observer: &dyn Observer,
) -> Result<Trained> {
    let identity = TrainingIdentity::new(RunKind::Pretrain, 5, None, Vec::new(), data, None);
    train(
        architecture,
        start,
        data,
        options,
        identity,
        directory,
        &Device::flex(),
        observer,
    )
}

/// Requests a stop at the query number `after`.
struct Stop {
    after: u32,
    asked: AtomicU32,
}

impl Progress for Stop {
    fn begin(&self, _label: &str, _total: Option<u64>) {}
    fn advance(&self, _by: u64) {}
    fn note(&self, _message: &str) {}
    fn finish(&self) {}
    fn interrupted(&self) -> bool {
        self.asked.fetch_add(1, Ordering::Relaxed) >= self.after
    }
}

impl Observer for Stop {}

#[test]
fn a_stopped_training_resumes_to_the_same_bytes() {
    let data = dataset(60);
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    let whole = run(Start::Scratch, &data, &options(), &at("whole"), &Silent).unwrap();
    assert_eq!(whole.resumed_from, None);

    // 48 regions on two strands are 96 sequences, 5 batches, and the validation
    // asks once: the stop falls into the second epoch.
    let stop = Stop {
        after: 8,
        asked: AtomicU32::new(0),
    };
    let error = run(Start::Scratch, &data, &options(), &at("part"), &stop).unwrap_err();
    assert!(matches!(error, Error::Interrupted));
    let records = read_records(&at("part").join(RECORDS_FILE)).unwrap();
    assert_eq!(records.len(), 1, "one epoch was kept");

    // What a `kill -9` leaves: the files as they lie, with a stray temporary one.
    std::fs::create_dir(at("killed")).unwrap();
    for name in [CHECKPOINT_FILE, RECORDS_FILE] {
        std::fs::copy(at("part").join(name), at("killed").join(name)).unwrap();
    }
    std::fs::write(at("killed").join(".checkpoint.safetensors.x.tmp"), "half").unwrap();
    std::fs::write(at("killed").join(RECORDS_FILE), "").unwrap();
    for name in ["part", "killed"] {
        let resumed = run(Start::Scratch, &data, &options(), &at(name), &Silent).unwrap();
        assert_eq!(resumed.resumed_from, Some(1));
        assert_eq!(resumed.epochs.len(), 3);
        assert_eq!(
            std::fs::read(at(name).join(MODEL_FILE)).unwrap(),
            std::fs::read(at("whole").join(MODEL_FILE)).unwrap(),
            "{name}"
        );
    }
}

/// A training that ended goes on with more epochs or patience, and ends as if it had been given
/// them from the start, wherever it is stopped on the way.
#[test]
fn a_finished_training_goes_on_to_the_same_bytes() {
    let data = dataset(60);
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    let model = |name: &str| std::fs::read(at(name).join(MODEL_FILE)).unwrap();
    let at_rate = |learning_rate, name: &str, max_epochs, patience, observer: &dyn Observer| {
        let options = TrainOptions {
            max_epochs,
            patience,
            // Only the first epoch is kept before the end.
            checkpoint_seconds: 1e9,
            learning_rate,
            ..options()
        };
        run(Start::Scratch, &data, &options, &at(name), observer)
    };
    // The validation loss soon rises.
    let train = |name: &str, max_epochs, patience, observer: &dyn Observer| {
        at_rate(0.02, name, max_epochs, patience, observer)
    };
    let whole = train("whole", 8, 8, &Silent).unwrap();
    assert_eq!(whole.epochs.len(), 8);
    train("parts", 2, 8, &Silent).unwrap();
    // The weights of the best epoch lie in the model alone.
    let sizes = [MODEL_FILE, CHECKPOINT_FILE]
        .map(|name| std::fs::metadata(at("parts").join(name)).unwrap().len());
    assert!(sizes[1] < 4 * sizes[0], "{sizes:?}");
    let stop = Stop {
        after: 8,
        asked: AtomicU32::new(0),
    };
    assert!(matches!(
        train("parts", 8, 8, &stop),
        Err(Error::Interrupted)
    ));
    let resumed = train("parts", 8, 8, &Silent).unwrap();
    assert!(!resumed.found_finished && resumed.resumed_from.is_some());
    assert_eq!(model("parts"), model("whole"));
    assert!(train("parts", 8, 8, &Silent).unwrap().found_finished);

    // Killed after the model was written, but not its checkpoint, at a rate at which a later epoch
    // than the first is the best.
    let rate = (1..12)
        .map(|halvings| 0.02 / f64::from(1 << halvings))
        .find(|&rate| {
            let name = format!("rate-{rate}");
            at_rate(rate, &name, 3, 8, &Silent).unwrap().best_epoch > 1
        })
        .expect("some rate lets the loss fall");
    at_rate(rate, "killed", 1, 8, &Silent).unwrap();
    let first = std::fs::read(at("killed").join(CHECKPOINT_FILE)).unwrap();
    let killed = at_rate(rate, "killed", 3, 8, &Silent).unwrap();
    assert!(
        killed.best_epoch > 1,
        "the model is not that of the first epoch"
    );
    at_rate(rate, "three", 3, 8, &Silent).unwrap();
    assert_eq!(model("killed"), model("three"));
    std::fs::write(at("killed").join(CHECKPOINT_FILE), first).unwrap();
    let error = at_rate(rate, "killed", 8, 8, &Silent).unwrap_err();
    assert!(error.to_string().contains("another model.safetensors"));

    // Stopped early, more patience is what it lacks, and more epochs change nothing.
    let short = train("early", 8, 1, &Silent).unwrap();
    assert!(short.epochs.len() < 8, "the loss falls in every epoch");
    train("early-whole", 9, 1, &Silent).unwrap();
    train("early", 9, 1, &Silent).unwrap();
    assert_eq!(model("early"), model("early-whole"));
    assert_eq!(train("early", 8, 8, &Silent).unwrap().epochs.len(), 8);
    assert_eq!(model("early"), model("whole"));

    // Not backwards: the weights of fewer epochs are gone.
    let error = train("parts", 3, 8, &Silent).unwrap_err();
    assert!(error.to_string().contains("went on for longer"), "{error}");
    assert_eq!(model("parts"), model("whole"));
    std::fs::remove_file(at("parts").join(CHECKPOINT_FILE)).unwrap();
    assert!(train("parts", 9, 8, &Silent).is_err());
    assert!(train("parts", 8, 8, &Silent).unwrap().found_finished);
}

#[test]
fn a_finished_training_is_not_redone_and_another_is_refused() {
    let data = dataset(40);
    let directory = tempfile::tempdir().unwrap();
    let first = run(Start::Scratch, &data, &options(), directory.path(), &Silent).unwrap();
    let never = Stop {
        after: 0,
        asked: AtomicU32::new(0),
    };
    let again = run(Start::Scratch, &data, &options(), directory.path(), &never).unwrap();
    assert!(again.found_finished && !first.found_finished);
    assert_eq!(again.model, first.model);
    assert_eq!(again.epochs, first.epochs);
    let mut other = options();
    other.seed = 6;
    let error = run(Start::Scratch, &data, &other, directory.path(), &Silent).unwrap_err();
    assert!(
        error.to_string().contains("found another training"),
        "{error}"
    );
    assert!(error.advice().unwrap().contains("another output directory"));
    let mut changed = data.clone();
    changed.labels[0] ^= 1;
    assert!(
        run(
            Start::Scratch,
            &changed,
            &options(),
            directory.path(),
            &Silent
        )
        .is_err()
    );
}

#[test]
fn unresolved_labels_teach_nothing() {
    let data = dataset(60);
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    let of = |data: &Dataset, name: &str| {
        run(Start::Scratch, data, &options(), &at(name), &Silent).unwrap()
    };
    // The first TF is resolved nowhere: its output keeps its weights, and the other one learns as
    // if it were alone, but for the mean over half as many entries.
    let mut masked = data.clone();
    masked
        .labels
        .iter_mut()
        .step_by(2)
        .for_each(|label| *label = UNRESOLVED);
    let trained = of(&masked, "masked");
    let before = initial(&architecture(), Start::Scratch, options().seed).unwrap();
    let output = |state: &StateDict| match &state.get("d6.weight").unwrap().values {
        Values::F32(values) => values.clone(),
        Values::I64(_) => unreachable!(),
    };
    let (before, after) = (output(&before), output(&trained.model.state));
    let width = before.len() / 2;
    assert_eq!(before[..width], after[..width]);
    assert_ne!(before[width..], after[width..]);
    assert!(
        trained
            .epochs
            .iter()
            .all(|epoch| epoch.validation_loss.is_finite())
    );
    assert_eq!(trained.model.training.bound_shares, Some(vec![0.0, 0.5]));

    // Which label lies under the mask does not matter, and one that is resolved does.
    let mut one = masked.clone();
    one.labels[0] = 0;
    assert_ne!(of(&one, "one").model.state, trained.model.state);
}

#[test]
fn a_decaying_rate_ends_at_zero_and_resumes() {
    assert_eq!(Decay::None.factor(0.7), 1.0);
    assert_eq!(Decay::Cosine.factor(0.0), 1.0);
    assert!((Decay::Cosine.factor(0.5) - 0.5).abs() < 1e-12);
    assert!(Decay::Cosine.factor(1.0).abs() < 1e-12);
    let data = dataset(60);
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    let decaying = TrainOptions {
        decay: Decay::Cosine,
        ..options()
    };
    let whole = run(Start::Scratch, &data, &decaying, &at("whole"), &Silent).unwrap();
    let constant = run(Start::Scratch, &data, &options(), &at("constant"), &Silent).unwrap();
    assert_ne!(whole.epochs[0].train_loss, constant.epochs[0].train_loss);
    assert_eq!(stopped_and_continued(&data, &decaying).model, whole.model);
}

/// A training that was stopped in its first epochs, and went on.
fn stopped_and_continued(data: &Dataset, options: &TrainOptions) -> Trained {
    let directory = tempfile::tempdir().unwrap();
    let stop = Stop {
        after: 12,
        asked: AtomicU32::new(0),
    };
    run(Start::Scratch, data, options, directory.path(), &stop).unwrap_err();
    let trained = run(Start::Scratch, data, options, directory.path(), &Silent).unwrap();
    assert!(trained.resumed_from.is_some());
    trained
}

#[test]
fn shifted_and_decaying_trainings_resume() {
    let data = dataset(60);
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    let trained = |options: &TrainOptions, name: &str| {
        run(Start::Scratch, &data, options, &at(name), &Silent).unwrap()
    };
    let usual = trained(&options(), "usual");
    let shifted = TrainOptions {
        shift: 9,
        ..options()
    };
    let smaller = TrainOptions {
        weight_decay: 0.1,
        ..options()
    };
    assert_ne!(trained(&shifted, "shifted").model.state, usual.model.state);
    assert_ne!(trained(&smaller, "smaller").model.state, usual.model.state);
    let both = TrainOptions {
        weight_decay: 0.1,
        ..shifted
    };
    let whole = trained(&both, "whole");
    assert_eq!(stopped_and_continued(&data, &both).model, whole.model);
}

/// A sequence is rotated by as much as is allowed in either direction and no more, differently in
/// each epoch, and all lengths come up.
#[test]
fn sequences_are_rotated_within_the_shift() {
    let data = dataset(60);
    let length = data.sequences.length() as i64;
    let drawn = |shift: usize, epoch: u32| -> Vec<i64> {
        let options = TrainOptions { shift, ..options() };
        let objective = BindingSites::new(&architecture(), &data, &options).unwrap();
        let mut whole = vec![0; length as usize];
        let mut rotations = Vec::new();
        for items in objective.batches(epoch) {
            let (bases, _) = objective.read(&items).unwrap();
            for (item, shown) in items.iter().zip(bases.as_slice().chunks(length as usize)) {
                data.sequences.bases(item.row, item.strand, &mut whole);
                whole.rotate_left(item.rotated);
                assert_eq!(shown, whole);
                let by = item.rotated as i64;
                rotations.push(if by > length / 2 { by - length } else { by });
            }
        }
        rotations
    };
    assert!(drawn(0, 1).iter().all(|&by| by == 0));
    let shifts = drawn(3, 1);
    let distinct: std::collections::BTreeSet<i64> = shifts.iter().copied().collect();
    assert!(distinct.into_iter().eq(-3..=3));
    assert_ne!(shifts, drawn(3, 2));
    assert_eq!(shifts, drawn(3, 1));
}

#[test]
fn what_makes_no_sense_is_refused() {
    let data = dataset(60);
    let directory = tempfile::tempdir().unwrap();
    let refused = |change: &dyn Fn(&mut TrainOptions), option: &str| {
        let mut options = options();
        change(&mut options);
        let error = run(Start::Scratch, &data, &options, directory.path(), &Silent).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with(&format!("{option}: expected")),
            "{error}"
        );
    };
    refused(&|o| o.shift = 90, "shift");
    refused(&|o| o.weight_decay = -0.1, "weight_decay");
    refused(&|o| o.weight_decay = f64::NAN, "weight_decay");
    refused(&|o| o.weight_decay = 1.0 / o.learning_rate, "weight_decay");
}

#[test]
fn the_number_of_threads_does_not_matter() {
    // The paper's network and batches, so that every kernel has work for all threads: 100
    // regions on two strands, two steps.
    let data = dataset_of(125, 200);
    let mut options = options();
    options.batch_size = 100;
    options.max_epochs = 1;
    let trained = |threads| {
        let directory = tempfile::tempdir().unwrap();
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| {
            run_network(
                &Architecture::Cnn(CnnConfig::new(200, 2)),
                Start::Scratch,
                &data,
                &options,
                directory.path(),
                &Silent,
            )
            .unwrap();
        });
        std::fs::read(directory.path().join(MODEL_FILE)).unwrap()
    };
    let one = trained(1);
    assert!(one == trained(2) && one == trained(3));
}

#[test]
fn a_planted_motif_is_learned_and_scored_alike_on_both_strands() {
    let data = dataset(400);
    let directory = tempfile::tempdir().unwrap();
    let mut options = options();
    options.max_epochs = 12;
    let trained = run(Start::Scratch, &data, &options, directory.path(), &Silent).unwrap();
    let best = &trained.epochs[trained.best_epoch as usize - 1];
    assert!(
        best.best && best.validation_aucpr.unwrap() > 0.9,
        "{best:?}"
    );
    assert!(
        trained
            .epochs
            .iter()
            .all(|epoch| epoch.validation_loss >= best.validation_loss)
    );

    let predict = |sequences: &PackedSequences, strands, batch| {
        trained
            .model
            .predict(sequences, strands, batch, &Device::flex(), &Silent)
            .unwrap()
    };
    let some =
        |values: Vec<Option<f32>>| values.into_iter().map(|v| v.unwrap()).collect::<Vec<_>>();
    let all = some(predict(&data.sequences, Strands::Both, 64));
    for batch in [1, 7, 1000] {
        let other = some(predict(&data.sequences, Strands::Both, batch));
        for (a, b) in all.iter().zip(&other) {
            assert!((a - b).abs() < 1e-6, "{a} {b}");
        }
    }
    let mut reversed = PackedSequences::new(90);
    let mut bases = [0; 90];
    for row in 0..data.len() {
        data.sequences.bases(row, Strand::Reverse, &mut bases);
        reversed.push(&bases.map(|base| b"ACGT"[usize::from(base)]));
    }
    let mirrored = some(predict(&reversed, Strands::Both, 64));
    assert_eq!(all, mirrored);
    let forward = some(predict(&data.sequences, Strands::Forward, 64));
    let backward = some(predict(&reversed, Strands::Forward, 64));
    for ((both, a), b) in all.iter().zip(&forward).zip(&backward) {
        assert!((both - (a + b) / 2.0).abs() < 1e-6);
    }
}

#[test]
fn unknown_letters_are_scored_as_missing_and_lengths_are_checked() {
    let data = dataset(40);
    let directory = tempfile::tempdir().unwrap();
    let model = run(Start::Scratch, &data, &options(), directory.path(), &Silent)
        .unwrap()
        .model;
    let mut sequences = data.sequences.select(&[0]);
    sequences.push(&[b'N'; 90]);
    let values = model
        .predict(&sequences, Strands::Both, 10, &Device::flex(), &Silent)
        .unwrap();
    assert!(values[0].is_some() && values[2..] == [None, None]);
    let other = PackedSequences::new(100);
    let error = model
        .predict(&other, Strands::Both, 10, &Device::flex(), &Silent)
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "sequences: expected 90 bp, the length that the model was trained on, found 100 bp"
    );
}

#[test]
fn transfer_and_freezing_keep_what_they_say() {
    let data = dataset(60);
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    let parent = run(Start::Scratch, &data, &options(), &at("parent"), &Silent)
        .unwrap()
        .model;
    let start = Start::Transfer {
        parent: &parent,
        layers: TransferLayers::Convolutional,
    };
    let state = initial(&architecture(), start, 9).unwrap();
    let fresh = initial(&architecture(), Start::Scratch, 9).unwrap();
    for ((slot, array), (known, fresh)) in architecture()
        .slots()
        .iter()
        .zip(&state.0)
        .zip(parent.state.0.iter().zip(&fresh.0))
    {
        let wanted = if TransferLayers::Convolutional.takes(slot.stage) {
            known
        } else {
            fresh
        };
        assert_eq!(array, wanted);
    }

    let mut frozen = options();
    frozen.seed = 9;
    frozen.freeze = Freeze::Convolutional;
    let child = run(start, &data, &frozen, &at("child"), &Silent)
        .unwrap()
        .model;
    for (slot, (array, known)) in architecture()
        .slots()
        .iter()
        .zip(child.state.0.iter().zip(&parent.state.0))
    {
        // Both trained for three epochs, so their counters are alike.
        if slot.role == crate::parameters::Role::Counter {
            continue;
        }
        let same = array == known;
        assert_eq!(
            same,
            Freeze::Convolutional.holds(slot.stage),
            "{}",
            slot.name
        );
    }

    let mut other = CnnConfig::new(120, 2);
    other.filters = [12, 12, 12];
    other.hidden = 24;
    let error = initial(
        &Architecture::Cnn(other),
        Start::Transfer {
            parent: &parent,
            layers: TransferLayers::AllButOutput,
        },
        1,
    )
    .unwrap_err();
    assert!(
        error.to_string().contains("`d4.weight` of shape [24, 24]"),
        "{error}"
    );
    assert!(error.advice().unwrap().contains("it takes 90 bp"));
}

#[test]
fn identities_name_the_regions_of_a_model_and_its_ancestors() {
    let data = dataset(40);
    let directory = tempfile::tempdir().unwrap();
    let parent = run(Start::Scratch, &data, &options(), directory.path(), &Silent)
        .unwrap()
        .model;
    assert_eq!(
        (parent.training.fitted.len(), parent.training.held_out.len()),
        (36, 4)
    );
    let mut later = dataset(10);
    later.regions = Regions::new();
    for row in 0..10 {
        later.regions.push("chr2", row * 500, row * 500 + 90);
    }
    let child = TrainingIdentity::new(
        RunKind::Finetune,
        1,
        None,
        Vec::new(),
        &later,
        Some(&parent),
    );
    assert_eq!((child.fitted.len(), child.held_out.len()), (36 + 9, 1));
    assert_eq!(child.chromosomes, ["chr1", "chr2"]);
    assert_eq!(child.parent.as_deref(), Some(parent.sha256()));
    assert!(child.regions_known);
    // What the child saw itself, without the regions of its parent.
    assert_eq!(child.own_regions().map(Regions::len), Some(9));
    assert_eq!(parent.training.own_regions().map(Regions::len), Some(36));
    let early = TrainingIdentity { own: None, ..child };
    assert_eq!(early.own_regions(), None);
}

#[test]
fn unusable_data_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let refuse = |data: &Dataset| {
        run(Start::Scratch, data, &options(), directory.path(), &Silent)
            .unwrap_err()
            .to_string()
    };
    let mut data = dataset(40);
    data.parts.fill(Part::Train);
    assert!(refuse(&data).ends_with("found 40 and 0"));
    let mut data = dataset(40);
    data.tfs.pop();
    data.labels.truncate(40);
    assert!(refuse(&data).contains("expected 2 TFs, one per output, found 1 TFs"));
    let mut data = dataset(40);
    data.sequences = PackedSequences::new(90);
    for _ in 0..40 {
        data.sequences.push(&[b'N'; 90]);
    }
    assert!(refuse(&data).ends_with("found another letter in chr1:0-90"));
    assert!(!directory.path().join(CHECKPOINT_FILE).exists());
}

#[test]
fn a_damaged_checkpoint_is_named_with_advice() {
    let data = dataset(60);
    let directory = tempfile::tempdir().unwrap();
    let stop = Stop {
        after: 8,
        asked: AtomicU32::new(0),
    };
    assert!(run(Start::Scratch, &data, &options(), directory.path(), &stop).is_err());
    let path = directory.path().join(CHECKPOINT_FILE);
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    let error = run(Start::Scratch, &data, &options(), directory.path(), &Silent).unwrap_err();
    assert!(
        error.to_string().contains("checkpoint.safetensors"),
        "{error}"
    );
    assert!(error.advice().is_some());
}

#[test]
fn a_diverging_training_says_so() {
    let data = dataset(40);
    let directory = tempfile::tempdir().unwrap();
    let mut options = options();
    options.learning_rate = 1e38;
    let error = run(Start::Scratch, &data, &options, directory.path(), &Silent).unwrap_err();
    assert!(matches!(error, Error::Diverged(_)));
    assert!(error.advice().unwrap().contains("learning_rate"));
    assert!(error.to_string().contains("in epoch 1"), "{error}");
}

#[test]
fn frozen_statistics_count_no_batches() {
    let data = dataset(60);
    let directory = tempfile::tempdir().unwrap();
    let mut options = options();
    options.freeze = Freeze::FirstConvolutional;
    options.max_epochs = 1;
    let model = run(Start::Scratch, &data, &options, directory.path(), &Silent)
        .unwrap()
        .model;
    let count = |name: &str| match model.state.get(name).unwrap().values {
        Values::I64(count) => count,
        Values::F32(_) => panic!("counters are integers"),
    };
    assert_eq!(count("bn1.num_batches_tracked"), 0);
    assert_eq!(count("bn2.num_batches_tracked"), 5);
}
