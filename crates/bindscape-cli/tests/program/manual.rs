//! What the command line says of itself, and to whom.

use std::io::Read;
use std::process::Stdio;

use super::{bindscape, command, refuses, says, succeeds};

fn printed(words: &str) -> String {
    let directory = tempfile::tempdir().expect("a directory");
    let words: Vec<&str> = words.split_whitespace().collect();
    let output = bindscape(directory.path(), &words);
    assert!(output.status.success(), "{words:?}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn shells_complete_all_verbs() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = printed(&format!("completions {shell}"));
        says(
            &script,
            &["finetune", "discover", "crossval", "min-identity"],
        );
    }
    let directory = tempfile::tempdir().expect("a directory");
    let told = refuses(directory.path(), &["completions", "csh"]);
    says(&told, &["csh", "bash", "zsh"]);
}

#[test]
fn the_manual_has_a_page_for_each_verb() {
    let directory = tempfile::tempdir().expect("a directory");
    succeeds(directory.path(), &["man", "share/man1"]);
    let page = |name: &str| {
        let path = directory.path().join("share/man1").join(name);
        std::fs::read_to_string(path).expect("a page")
    };
    says(&page("bindscape.1"), &[".TH bindscape 1", "finetune"]);
    says(
        &page("bindscape-predict.1"),
        &[".TH bindscape-predict 1", ".SH SYNOPSIS", "regions"],
    );
    says(&page("bindscape-motif-scan.1"), &["bindscape-motif-scan"]);
}

#[test]
fn the_long_version_says_what_was_built() {
    let version = printed("--version");
    says(
        &version,
        &[
            concat!("bindscape ", env!("CARGO_PKG_VERSION"), "\n"),
            "\ncommit: ",
            "\ndevices: cpu",
            "\nvectors: ",
        ],
    );
    assert_eq!(
        printed("-V"),
        concat!("bindscape ", env!("CARGO_PKG_VERSION"), "\n")
    );
}

#[test]
fn options_that_all_verbs_have_come_last() {
    for verb in [
        "matrix build",
        "pretrain",
        "finetune",
        "evaluate",
        "predict",
        "motif discover",
        "motif scan",
        "protein train",
        "protein predict",
        "report",
        "demo",
    ] {
        let help = printed(&format!("{verb} --help"));
        let headings: Vec<&str> = help
            .lines()
            .filter(|line| line.ends_with(':') && !line.starts_with(' '))
            .collect();
        assert_eq!(headings.last(), Some(&"Global options:"), "{verb}: {help}");
        let (_, global) = help.split_once("Global options:").expect("a section");
        says(
            global,
            &["--threads", "--plan", "--quiet", "--color", "--help"],
        );
    }
    let help = printed("finetune --help");
    says(
        &help,
        &[
            "\nSplit:",
            "\nTraining:",
            "\nConfidence intervals:",
            "\nDevice:",
        ],
    );
}

#[test]
fn alternatives_are_shown_as_such() {
    let directory = tempfile::tempdir().expect("a directory");
    let refused = |words: &str| {
        let words: Vec<&str> = words.split_whitespace().collect();
        refuses(directory.path(), &words)
    };
    says(
        &refused("finetune"),
        &[
            "<--model <RUN|FILE>|--scratch|--simple-only>",
            "<--sequences <FASTA>|--genome <FILE>>",
        ],
    );
    let either = "<--fasta <FILE>|--regions <FILE>>";
    says(&refused("predict --model m"), &[either]);
    says(
        &refused("protein embed p.fa --out d"),
        &["<--model <ID|PATH>|--import <DIR>>"],
    );
    says(&refused("predict --model m --regions r.bed"), &["--genome"]);
}

#[test]
fn colours_are_for_those_who_want_them() {
    let directory = tempfile::tempdir().expect("a directory");
    let told = |when: &str| {
        let words = ["model", "inspect", "none.safetensors", "--color", when];
        refuses(directory.path(), &words)
    };
    let red = "\u{1b}[1;31merror:\u{1b}[0m";
    assert!(told("always").starts_with(red));
    for when in ["never", "auto"] {
        assert!(told(when).starts_with("error:"), "{when}");
    }
    says(&told("pink"), &["pink", "auto", "always", "never"]);
}

#[test]
fn a_reader_that_leaves_ends_every_verb_quietly() {
    let directory = tempfile::tempdir().expect("a directory");
    for words in [
        "completions zsh",
        "motif convert jaspar --to meme",
        "motif discover --help",
        "finetune --help",
    ] {
        let words: Vec<&str> = words.split_whitespace().collect();
        let mut child = command(directory.path(), &words)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program was built");
        let mut first = [0];
        let mut out = child.stdout.take().expect("a pipe");
        out.read_exact(&mut first).expect("a byte");
        drop(out);
        let output = child.wait_with_output().expect("it ends");
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{words:?}: {told}");
        assert!(!told.contains("error"), "{words:?}: {told}");
    }
}
