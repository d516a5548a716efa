//! How long operations report progress and learn that they should stop.
//! Libraries know this trait only; the program decides what a terminal shows.

/// Receiver of progress.
pub trait Progress: Sync {
    /// A stage begins: what it does, and its size where that is known.
    fn begin(&self, label: &str, total: Option<u64>);
    /// `by` more of the stage's size is done.
    fn advance(&self, by: u64);
    /// Something worth a line of its own (a count of what was dropped, a note).
    fn note(&self, message: &str);
    /// The stage is over.
    fn finish(&self);
    /// Text beside the stage's bar, such as the loss; shown only where bars are.
    fn status(&self, _text: &str) {}
    /// Whether stages are shown while they run, so that a note for each is not needed.
    fn draws_bars(&self) -> bool {
        false
    }
    /// Whether the user asked to stop.
    fn interrupted(&self) -> bool {
        false
    }
}

/// A receiver that shows nothing and never stops.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {
    fn begin(&self, _label: &str, _total: Option<u64>) {}
    fn advance(&self, _by: u64) {}
    fn note(&self, _message: &str) {}
    fn finish(&self) {}
}

/// Passes on notes and requests to stop, but no stages: for work inside a stage that counts
/// something else.
pub struct Unshown<'a>(pub &'a dyn Progress);

impl Progress for Unshown<'_> {
    fn begin(&self, _label: &str, _total: Option<u64>) {}
    fn advance(&self, _by: u64) {}
    fn note(&self, message: &str) {
        self.0.note(message);
    }
    fn finish(&self) {}
    fn interrupted(&self) -> bool {
        self.0.interrupted()
    }
}

/// Keeps the notes and shows nothing, for callers that want to look at them afterwards.
#[derive(Debug, Default)]
pub struct Notes(pub std::sync::Mutex<Vec<String>>);

impl Progress for Notes {
    fn begin(&self, _label: &str, _total: Option<u64>) {}
    fn advance(&self, _by: u64) {}
    fn note(&self, message: &str) {
        self.0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .push(message.to_owned());
    }
    fn finish(&self) {}
}

/// Returns [`Error::Interrupted`](crate::Error::Interrupted) once the user asked to stop.
///
/// # Errors
/// See above.
pub fn check(progress: &dyn Progress) -> crate::Result<()> {
    if progress.interrupted() {
        Err(crate::Error::Interrupted)
    } else {
        Ok(())
    }
}
