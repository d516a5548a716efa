//! A training as it is shown.

use std::sync::{Mutex, PoisonError};

use bindscape_base::progress::Progress;
use bindscape_nn::protein::ProteinEpoch;
use bindscape_nn::train::{BatchReport, Observer};

/// Shows a training: a bar where there is one, and a line at the end of each epoch.
pub(crate) struct Watcher<'a> {
    progress: &'a dyn Progress,
    label: &'a str,
    /// What the last epoch reached on the validation part, in words.
    validation: Mutex<String>,
}

/// What is said of an epoch that is over.
pub(crate) struct Epoch {
    pub(crate) number: u32,
    pub(crate) train_loss: f64,
    pub(crate) seconds: f64,
    /// Whether it is the best so far.
    pub(crate) best: bool,
    /// What it reached on the validation part, in words.
    pub(crate) validation: String,
}

impl<'a> Watcher<'a> {
    pub(crate) fn new(progress: &'a dyn Progress, label: &'a str) -> Self {
        Self {
            progress,
            label,
            validation: Mutex::default(),
        }
    }

    /// A batch of `items` ("proteins") is done.
    pub(crate) fn show_batch(&self, report: &BatchReport, items: &str) {
        let validation = self
            .validation
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        self.progress.status(&format!(
            "loss {:.4}, {:.0} {items}/s{validation}",
            report.mean_loss, report.sequences_per_second
        ));
    }

    pub(crate) fn show_epoch(&self, epoch: &Epoch) {
        let validation = &epoch.validation;
        *self
            .validation
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = format!(", {validation}");
        self.progress.note(&format!(
            "{}: epoch {:>2}  loss {:.4}  {validation}  {:.0} s{}",
            self.label,
            epoch.number,
            epoch.train_loss,
            epoch.seconds,
            if epoch.best { "  best" } else { "" },
        ));
    }
}

impl Progress for Watcher<'_> {
    fn begin(&self, label: &str, total: Option<u64>) {
        // Without bars, the line at the end of each epoch is enough.
        if self.progress.draws_bars() {
            self.progress
                .begin(&format!("{}: {label}", self.label), total);
        }
    }

    fn advance(&self, by: u64) {
        self.progress.advance(by);
    }

    fn note(&self, message: &str) {
        self.progress.note(message);
    }

    fn finish(&self) {
        self.progress.finish();
    }

    fn interrupted(&self) -> bool {
        self.progress.interrupted()
    }
}

impl Observer<ProteinEpoch> for Watcher<'_> {
    fn batch(&self, report: &BatchReport) {
        self.show_batch(report, "proteins");
    }

    fn epoch(&self, record: &ProteinEpoch) {
        self.show_epoch(&Epoch {
            number: record.epoch,
            train_loss: record.train_loss,
            seconds: record.seconds,
            best: record.best,
            validation: validation_words(record),
        });
    }
}

/// What an epoch reached on the validation part.
#[must_use]
pub(crate) fn validation_words(record: &ProteinEpoch) -> String {
    let mut words = vec![format!(
        "validation loss {:.4}, calibrated {:.4}",
        record.validation_loss, record.validation_calibrated_loss
    )];
    if let Some(aucpr) = record.validation_tf_aucpr {
        words.push(format!("TF AUCPR {aucpr:.3}"));
    }
    if let Some(accuracy) = record.validation_domain_accuracy {
        words.push(format!("class accuracy {accuracy:.3}"));
    }
    words.join("  ")
}
