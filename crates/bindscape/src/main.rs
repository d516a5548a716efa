//! `bindscape`: from a transcription factor's protein to the places it binds.
//!
//! One module per verb; each turns arguments into a validated plan before any
//! work starts. Exit status: 0 done, 2 wrong input or a failed system call
//! (message and hint on standard error), 130 interrupted, 101 a defect.

mod cli;
mod data;
mod demo;
mod device;
mod evaluate;
mod finetune;
mod matrix;
mod model;
mod motif;
mod predict;
mod pretrain;
mod protein;
mod report;
mod run_directory;
mod side_by_side;
mod terminal;
mod training;
mod unfinished;
mod watcher;

use std::error::Error as _;
use std::process::ExitCode;

use clap::Parser;
use clap::error::ContextKind;

/// Training makes and drops large arrays in every step; this allocator keeps
/// their memory where the system's gives it back and asks for it anew.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments = match cli::Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => match wrong_value(&error) {
            Some(status) => return status,
            None => error.exit(),
        },
    };
    if let Err(error) = terminal::listen_for_interrupts() {
        terminal::say(format!("warning: Ctrl-C will stop at once: {error}"));
    }
    match arguments.run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(bindscape_base::Error::Interrupted) => {
            terminal::say(
                "interrupted; nothing is half-written, and the same command continues trainings after their last epoch, and predictions and work on proteins where they stopped",
            );
            ExitCode::from(130)
        }
        Err(error) => wrong(&error.to_string(), &error),
    }
}

/// Says what one of our types found wrong with the value of an option, as every other error is
/// said: clap would wrap it in a message of its own and drop the hint. `None` for other errors.
fn wrong_value(error: &clap::Error) -> Option<ExitCode> {
    let ours: &bindscape_base::Error = error.source()?.downcast_ref()?;
    let option = error.get(ContextKind::InvalidArg)?.to_string();
    let option = option.split(' ').next()?;
    let mut message = ours.to_string();
    if !message.starts_with(option) {
        message = format!("{option}: {message}");
    }
    Some(wrong(&message, ours))
}

fn wrong(message: &str, error: &bindscape_base::Error) -> ExitCode {
    terminal::say(format!("error: {message}"));
    if let Some(hint) = error.advice() {
        terminal::say(format!("  hint: {hint}"));
    }
    ExitCode::from(2)
}
