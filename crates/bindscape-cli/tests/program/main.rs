//! The program as its users meet it: the real binary, real files, fresh directories.

mod attribute;
mod bad_input;
mod danq;
mod devices;
mod environment;
mod experiment;
mod explain;
mod filters;
mod kinds;
mod learns;
mod main_job;
mod manual;
mod matrix_build;
mod measures;
mod meme_suite;
mod motif;
mod motif_compare;
mod motif_discover;
mod motif_modisco;
mod motif_scan;
mod outputs;
mod places;
mod plan;
mod protein_crossval;
mod protein_embed;
mod protein_explain;
mod protein_fetch;
mod protein_homology;
mod protein_model;
mod protein_predict;
mod protein_train;
mod select;
mod sweep;
mod toy;
mod width;

use std::path::Path;
use std::process::{Command, Output};

/// Runs `bindscape` with `words` in `directory`.
fn bindscape(directory: &Path, words: &[&str]) -> Output {
    command(directory, words)
        .output()
        .expect("the program was built")
}

fn command(directory: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bindscape"));
    command.current_dir(directory).args(words);
    command
}

/// Asks a program to stop, as a scheduler does; its standard error.
#[cfg(unix)]
fn stops(child: std::process::Child) -> String {
    let told = Command::new("kill")
        .args(["-TERM", &child.id().to_string()])
        .status()
        .expect("a kill command");
    assert!(told.success());
    let output = child.wait_with_output().expect("a stopped program");
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(130), "{message}");
    message
}

/// Standard error of a run that must succeed.
fn succeeds(directory: &Path, words: &[&str]) -> String {
    let output = bindscape(directory, words);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        output.status.success(),
        "{words:?} ended with {}:\n{error}",
        output.status
    );
    error
}

/// Standard error of a run that must end with status 2 and leave no new file behind.
fn refuses(directory: &Path, words: &[&str]) -> String {
    let before = listing(directory);
    let output = bindscape(directory, words);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{words:?}:\n{error}");
    assert_eq!(
        before,
        listing(directory),
        "{words:?} left something behind"
    );
    error
}

/// Asserts that a message holds all of `parts`.
fn says(message: &str, parts: &[&str]) {
    for part in parts {
        assert!(message.contains(part), "no {part:?} in:\n{message}");
    }
}

/// All files below a directory, sorted.
fn listing(directory: &Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    let mut directories = vec![directory.to_path_buf()];
    while let Some(next) = directories.pop() {
        for entry in std::fs::read_dir(&next).expect("a readable directory") {
            let path = entry.expect("a readable entry").path();
            if path.is_dir() {
                directories.push(path.clone());
            }
            files.push(path);
        }
    }
    files.sort();
    files
}
