//! Training with products in half types.

use std::sync::Mutex;

use super::*;
use crate::precision::Precision;
use crate::train::checkpoint::Checkpoint;

/// Keeps what is said.
#[derive(Default)]
struct Notes(Mutex<Vec<String>>);

impl Progress for Notes {
    fn begin(&self, _label: &str, _total: Option<u64>) {}
    fn advance(&self, _by: u64) {}
    fn note(&self, message: &str) {
        self.0.lock().unwrap().push(message.to_owned());
    }
    fn finish(&self) {}
    fn interrupted(&self) -> bool {
        false
    }
}

impl Observer for Notes {}

fn half() -> TrainOptions {
    TrainOptions {
        precision: Precision::F16,
        ..options()
    }
}

#[test]
fn the_scale_of_the_loss_is_part_of_a_checkpoint() {
    let data = dataset(60);
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    let train = |name: &str, observer: &dyn Observer| {
        super::run(Start::Scratch, &data, &half(), &at(name), observer)
    };
    let whole = train("whole", &Silent).unwrap();
    assert_eq!(whole.model.training.precision, Precision::F16);
    let stop = Stop {
        after: 8,
        asked: AtomicU32::new(0),
    };
    assert!(matches!(train("part", &stop), Err(Error::Interrupted)));

    // Gradients of a loss that is scaled by so much are beyond the type.
    let path = at("part").join(CHECKPOINT_FILE);
    let identity = TrainingIdentity::new(RunKind::Pretrain, 5, None, Vec::new(), &data, None);
    let course = without_end(&half());
    let run = fingerprint(&architecture(), Start::Scratch, &data, &course, &identity);
    let mut state = Checkpoint::<EpochRecord>::load(&path, &architecture().layers(), &run).unwrap();
    let scale = state.loss_scale.as_mut().unwrap();
    assert_eq!(scale.factor, 65_536.0);
    scale.factor = 2.0_f32.powi(60);
    std::fs::create_dir(at("scaled")).unwrap();
    state.save(&at("scaled").join(CHECKPOINT_FILE)).unwrap();
    let notes = Notes::default();
    let scaled = train("scaled", &notes).unwrap();
    let notes = notes.0.into_inner().unwrap();
    let said = format!(
        "epoch 2: left out 5 of 5 steps, whose gradients were beyond f16; the loss is scaled \
         by {} now",
        2.0_f32.powi(55)
    );
    assert_eq!(notes[0], said);
    // The best weights may be those of the first epoch, which all three have in common.
    let losses = |trained: &Trained| -> Vec<f64> {
        let epochs = trained.epochs.iter();
        epochs.map(|epoch| epoch.train_loss).collect()
    };
    assert!(losses(&scaled).iter().all(|loss| loss.is_finite()));
    assert_ne!(losses(&scaled), losses(&whole));

    let resumed = train("part", &Silent).unwrap();
    assert_eq!(resumed.resumed_from, Some(1));
    assert_eq!(losses(&resumed), losses(&whole));
}

#[test]
fn another_precision_is_another_training() {
    let data = dataset(40);
    let directory = tempfile::tempdir().unwrap();
    run(Start::Scratch, &data, &half(), directory.path(), &Silent).unwrap();
    for precision in [Precision::F32, Precision::Bf16] {
        let other = TrainOptions {
            precision,
            ..half()
        };
        let error = run(Start::Scratch, &data, &other, directory.path(), &Silent).unwrap_err();
        assert!(
            error.to_string().contains("found another training"),
            "{error}"
        );
    }
}

#[test]
fn gradients_that_no_scale_helps_end_the_training_with_advice() {
    let error = trainer::out_of_range(2, 3);
    let message = error.to_string();
    assert!(message.contains("precision") && message.contains("epoch 2, batch 3"));
    assert!(error.advice().unwrap().contains("bf16"));
}
