//! What the user sees while a command works, and how Ctrl-C reaches it.
//! Data go to standard output, everything else to standard error.

use std::io::{IsTerminal, Write};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bindscape_base::error::with_fields;
use bindscape_base::progress::Progress;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::options;

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Turns Ctrl-C and SIGTERM into a request to stop; a second one stops at once.
pub(crate) fn listen_for_interrupts() -> Result<(), ctrlc::Error> {
    ctrlc::set_handler(|| {
        if INTERRUPTED.swap(true, Ordering::SeqCst) {
            std::process::exit(130);
        }
        say("stopping after the current step; press Ctrl-C again to stop at once");
    })
}

/// A line for the user, on standard error.
pub(crate) fn say(message: impl AsRef<str>) {
    // Nothing can be done, and nothing is lost, when standard error is closed.
    let _ = writeln!(std::io::stderr(), "{}", message.as_ref());
}

/// Progress bars on a terminal; plain lines for the stages elsewhere.
pub(crate) struct Terminal {
    /// The verb whose options are shown where notes mention fields of plans.
    verb: String,
    quiet: bool,
    drawn: bool,
    bar: Mutex<Option<ProgressBar>>,
}

impl Terminal {
    pub(crate) fn new(quiet: bool, verb: &str) -> Self {
        Self {
            verb: verb.to_owned(),
            quiet,
            drawn: !quiet && std::io::stderr().is_terminal(),
            bar: Mutex::new(None),
        }
    }

    fn with_bar(&self, act: impl FnOnce(&mut Option<ProgressBar>)) {
        // A panic elsewhere while drawing leaves the bar usable.
        let mut bar = self
            .bar
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        act(&mut bar);
    }
}

impl Progress for Terminal {
    fn begin(&self, label: &str, total: Option<u64>) {
        if self.quiet {
            return;
        }
        if !self.drawn {
            say(label);
            return;
        }
        let style = match total {
            Some(_) => "{prefix} {bar:30} {human_pos}/{human_len} {eta} left {wide_msg}",
            None => "{prefix} {spinner} {human_pos} {elapsed} {wide_msg}",
        };
        let new = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr_with_hz(10))
            .with_style(
                ProgressStyle::with_template(style)
                    .unwrap_or_else(|_| ProgressStyle::default_bar()),
            )
            .with_prefix(label.to_owned());
        new.enable_steady_tick(Duration::from_millis(200));
        self.with_bar(|bar| {
            if let Some(old) = bar.take() {
                old.finish_and_clear();
            }
            *bar = Some(new);
        });
    }

    fn advance(&self, by: u64) {
        self.with_bar(|bar| {
            if let Some(bar) = bar {
                bar.inc(by);
            }
        });
    }

    fn note(&self, message: &str) {
        if self.quiet {
            return;
        }
        let message = &with_fields(message, &|field| options::of_field(&self.verb, field));
        self.with_bar(|bar| match bar {
            Some(bar) => bar.suspend(|| say(message)),
            None => say(message),
        });
    }

    fn finish(&self) {
        self.with_bar(|bar| {
            if let Some(old) = bar.take() {
                old.finish_and_clear();
            }
        });
    }

    fn status(&self, text: &str) {
        self.with_bar(|bar| {
            if let Some(bar) = bar {
                bar.set_message(text.to_owned());
            }
        });
    }

    fn draws_bars(&self) -> bool {
        self.drawn
    }

    fn interrupted(&self) -> bool {
        INTERRUPTED.load(Ordering::SeqCst)
    }
}
