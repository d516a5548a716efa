//! `bindscape`: from a transcription factor's protein to the places it binds.
//!
//! One module per verb; each turns arguments into a validated plan before any
//! work starts. Exit status: 0 done, or nobody reads the output any more; 2 wrong input or a
//! failed system call (message and hint on standard error); 130 interrupted; 101 a defect.

mod attribute;
mod choice;
mod choosing;
mod cli;
mod data;
mod demo;
mod device;
mod evaluate;
mod experiment;
mod explain;
mod face;
mod filters;
mod finetune;
mod manual;
mod matrix;
mod model;
mod motif;
mod options;
mod predict;
mod pretrain;
mod protein;
mod report;
mod run;
mod select;
mod spelling;
mod terminal;
mod training;
mod vectors;

use std::error::Error as _;
use std::io::Write as _;
use std::process::ExitCode;

use bindscape_base::{Error, Subject};
use clap::FromArgMatches;
use clap::error::ContextKind;

/// Training makes and drops large arrays in every step; this allocator keeps
/// their memory where the system's gives it back and asks for it again.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // The version tells which vectors are used.
    let limited = vectors::limit();
    let command = cli::command().color(terminal::colour(std::env::args_os()));
    let words = spelling::long_options(&command, std::env::args_os().collect());
    let parsed = command.try_get_matches_from(words).and_then(|matches| {
        Ok((
            cli::verb_of(&matches),
            cli::Arguments::from_arg_matches(&matches)?,
        ))
    });
    let (verb, arguments) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => match wrong_value(&error) {
            Some(status) => return status,
            None => return told(&error),
        },
    };
    if let Err(error) = terminal::listen_for_interrupts() {
        terminal::say(format!("warning: Ctrl-C will stop at once: {error}"));
    }
    let done = limited
        .and_then(|()| arguments.run(&verb))
        .and_then(|()| flush());
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if nobody_reads(&error) => ExitCode::SUCCESS,
        Err(error) => wrong(&error, &|field| options::of_field(&verb, field)),
    }
}

/// Makes sure that what is written on standard output gets there, such as a last line without its
/// end.
fn flush() -> Result<(), Error> {
    std::io::stdout().flush().map_err(face::unwritten)
}

/// Says what the parser of arguments has to say, such as help, and gives the exit status.
fn told(error: &clap::Error) -> ExitCode {
    let status = u8::try_from(error.exit_code()).unwrap_or(2);
    match error
        .print()
        .map_err(face::unwritten)
        .and_then(|()| flush())
    {
        Err(error) if status == 0 && !nobody_reads(&error) => {
            wrong(&error, &|field| options::of_field("", field))
        }
        // What is wrong with the arguments counts, even where nobody reads it.
        _ => ExitCode::from(status),
    }
}

/// Whether whoever read the output has seen enough and left, as `head` does. That is no failure;
/// `rg` and others end quietly, too.
fn nobody_reads(error: &Error) -> bool {
    matches!(error, Error::Io { source, .. } if source.kind() == std::io::ErrorKind::BrokenPipe)
}

/// Says what one of our types found wrong with the value of an option, as every other error is
/// said: clap would wrap it in a message of its own and drop the hint. `None` for other errors.
fn wrong_value(error: &clap::Error) -> Option<ExitCode> {
    let ours: &Error = error.source()?.downcast_ref()?;
    let option = error.get(ContextKind::InvalidArg)?.to_string();
    let option = option.split(' ').next()?;
    // The field at fault is that of the option, whatever the type calls it.
    let own = match ours.mismatch()?.subject {
        Subject::Field(ref field) => field.clone().into_owned(),
        Subject::Input(_) => String::new(),
    };
    let name = |field: &str| {
        if field == own {
            option.to_owned()
        } else {
            options::of_field("", field)
        }
    };
    if own.is_empty() {
        terminal::say(format!("error: {option}: {ours}"));
        return Some(advise(ours, &name));
    }
    Some(wrong(ours, &name))
}

/// Says an error, with fields of plans as `name` calls them, and gives the exit status.
fn wrong(error: &Error, name: &dyn Fn(&str) -> String) -> ExitCode {
    if matches!(error, Error::Interrupted) {
        terminal::say(
            "interrupted; nothing is half-written, and the same command continues trainings after their last epoch, and what is written in the order of its input (predictions, attributions, proteins) where it stopped; other work begins again",
        );
        return ExitCode::from(130);
    }
    terminal::say(format!("error: {}", error.message(name)));
    advise(error, name)
}

fn advise(error: &Error, name: &dyn Fn(&str) -> String) -> ExitCode {
    if let Some(hint) = error.hint_with(name) {
        terminal::say(format!("  hint: {hint}"));
    }
    ExitCode::from(2)
}
