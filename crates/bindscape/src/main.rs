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
mod watcher;

use std::process::ExitCode;

use clap::Parser;

/// Training makes and drops large arrays in every step; this allocator keeps
/// their memory where the system's gives it back and asks for it anew.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments = cli::Arguments::parse();
    if let Err(error) = terminal::listen_for_interrupts() {
        terminal::say(format!("warning: Ctrl-C will stop at once: {error}"));
    }
    match arguments.run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(bindscape_core::Error::Interrupted) => {
            terminal::say(
                "interrupted; nothing is half-written, and the same command continues trainings after their last epoch, and work on proteins where it stopped",
            );
            ExitCode::from(130)
        }
        Err(error) => {
            terminal::say(format!("error: {error}"));
            if let Some(hint) = error.advice() {
                terminal::say(format!("  hint: {hint}"));
            }
            ExitCode::from(2)
        }
    }
}
