//! A training on the terminal.

use std::sync::{Mutex, PoisonError};

use bindscape_base::progress::Progress;
use bindscape_nn::train::BatchReport;

use crate::terminal::Terminal;

/// Shows a training: a bar where there is one, and a line at the end of each epoch.
pub(crate) struct Watcher<'a> {
    terminal: &'a Terminal,
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
    pub(crate) fn new(terminal: &'a Terminal, label: &'a str) -> Self {
        Self {
            terminal,
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
        self.terminal.status(format!(
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
        self.terminal.note(&format!(
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
        if self.terminal.draws_bars() {
            self.terminal
                .begin(&format!("{}: {label}", self.label), total);
        }
    }

    fn advance(&self, by: u64) {
        self.terminal.advance(by);
    }

    fn note(&self, message: &str) {
        self.terminal.note(message);
    }

    fn finish(&self) {
        self.terminal.finish();
    }

    fn interrupted(&self) -> bool {
        self.terminal.interrupted()
    }
}
