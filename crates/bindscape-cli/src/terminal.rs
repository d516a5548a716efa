//! What the user sees while a command works, and how Ctrl-C reaches it.
//! Data go to standard output, everything else to standard error.

use std::ffi::OsString;
use std::io::{IsTerminal, Write};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bindscape_base::error::with_fields;
use bindscape_base::progress::Progress;
use clap::{ColorChoice, ValueEnum};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::options;

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Whether messages have colours.
static COLOURED: AtomicBool = AtomicBool::new(false);

/// Words that messages begin with, and their colours on a terminal (ECMA-48): red, yellow, cyan.
const MARKED: [(&str, &str); 3] = [
    ("error:", "\x1b[1;31m"),
    ("warning:", "\x1b[1;33m"),
    ("hint:", "\x1b[1;36m"),
];

/// Sets whether messages have colours, by the words of the command line, before these are parsed:
/// what is wrong with them is a message, too. Gives the choice for clap.
pub(crate) fn colour(words: impl Iterator<Item = OsString>) -> ColorChoice {
    let words: Vec<OsString> = words.collect();
    let choice = colour_choice(&words);
    let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
        && std::env::var_os("TERM").is_none_or(|value| value != "dumb")
        && std::io::stderr().is_terminal();
    let coloured = match choice {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto => wanted,
    };
    COLOURED.store(coloured, Ordering::Relaxed);
    choice
}

/// The choice of `--color` among `words`; `auto` without one, and for other values, which are
/// refused later.
fn colour_choice(words: &[OsString]) -> ColorChoice {
    let given = words.iter().enumerate().find_map(|(place, word)| {
        let word = word.to_str()?;
        match word.strip_prefix("--color")? {
            "" => words.get(place + 1)?.to_str(),
            value => value.strip_prefix('='),
        }
    });
    given
        .and_then(|value| ColorChoice::from_str(value, true).ok())
        .unwrap_or_default()
}

/// A message with its first word in colour.
fn painted(message: &str) -> String {
    let text = message.trim_start();
    let (blank, _) = message.split_at(message.len() - text.len());
    match MARKED.iter().find(|(word, _)| text.starts_with(word)) {
        Some((word, colour)) => format!("{blank}{colour}{word}\x1b[0m{}", &text[word.len()..]),
        None => message.to_owned(),
    }
}

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
    let message = message.as_ref();
    let _ = if COLOURED.load(Ordering::Relaxed) {
        writeln!(std::io::stderr(), "{}", painted(message))
    } else {
        writeln!(std::io::stderr(), "{message}")
    };
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_choice_of_colours_is_known_before_words_are_parsed() {
        let choice = |words: &str| {
            let words: Vec<OsString> = words.split(' ').map(OsString::from).collect();
            colour_choice(&words)
        };
        assert_eq!(choice("bindscape predict"), ColorChoice::Auto);
        assert_eq!(choice("bindscape --color never x"), ColorChoice::Never);
        assert_eq!(choice("bindscape x --color=always"), ColorChoice::Always);
        assert_eq!(choice("bindscape --color"), ColorChoice::Auto);
        assert_eq!(choice("bindscape --color pink"), ColorChoice::Auto);
    }

    #[test]
    fn marks_are_painted_and_nothing_else() {
        assert_eq!(painted("error: a: b"), "\x1b[1;31merror:\x1b[0m a: b");
        assert_eq!(painted("  hint: c"), "  \x1b[1;36mhint:\x1b[0m c");
        assert_eq!(painted("an error: d"), "an error: d");
    }
}
