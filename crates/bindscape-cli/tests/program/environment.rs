//! What surrounds the program: arguments that are no UTF-8, readers that leave early, variables.

use std::fs;
use std::process::Stdio;

use crate::{command, refuses, says, toy};

const FASTA: &str = ">P1\nMKVLEDWQHHCCMKVLEDWQ\n>P2\nMKVLXEDW\n";

fn with_fasta() -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    fs::write(directory.path().join("p.fa"), FASTA).expect("written");
    directory
}

#[test]
fn a_reader_that_leaves_early_is_no_failure() {
    let directory = tempfile::tempdir().expect("a directory");
    let motif = "MEME version 4\n\nALPHABET= ACGT\n\nMOTIF M1\nletter-probability matrix: alength= 4 w= 4\n1 0 0 0\n0 1 0 0\n0 0 1 0\n0 0 0 1\n";
    fs::write(directory.path().join("m.meme"), motif).expect("written");
    // More than a pipe holds.
    let sequences = format!(">chr1\n{}\n", "ACGT".repeat(100_000));
    fs::write(directory.path().join("s.fa"), sequences).expect("written");
    let words = [
        "motif", "scan", "--motifs", "m.meme", "--thresh", "0.01", "s.fa",
    ];
    let mut child = command(directory.path(), &words)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program was built");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("the program ends");
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{error}");
    assert!(!error.contains("error"), "{error}");
}

#[cfg(unix)]
mod not_utf8 {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::path::Path;

    use super::*;

    const NAME: &[u8] = b"prot\xe9ines";

    fn run(directory: &Path, words: &[&OsStr]) -> (Option<i32>, String) {
        let output = command(directory, &[])
            .args(words)
            .output()
            .expect("the program was built");
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code(), error)
    }

    #[test]
    fn paths_are_taken_as_they_are() {
        let directory = with_fasta();
        let name = OsStr::from_bytes(NAME);
        let fasta = directory.path().join(name);
        fs::write(&fasta, FASTA).expect("written");
        let words = ["protein", "embed", "--model", "onehot", "--out", "d"].map(OsStr::new);
        let (status, error) = run(directory.path(), &[&words[..], &[name]].concat());
        assert_eq!(status, Some(0), "{error}");
        assert!(directory.path().join("d/index.tsv").exists());
    }

    #[test]
    fn a_verb_that_records_its_command_fails_in_words() {
        let directory = with_fasta();
        // Nothing listens there.
        let words = [
            "protein",
            "fetch",
            "--endpoint",
            "http://127.0.0.1:9",
            "--attempts",
            "1",
            "--out",
        ]
        .map(OsStr::new);
        let out = OsStr::from_bytes(NAME);
        let (status, error) = run(directory.path(), &[&words[..], &[out]].concat());
        assert_eq!(status, Some(2), "{error}");
        says(&error, &["no answer", "1 attempts"]);
    }

    #[test]
    fn a_plan_holds_no_such_path() {
        let directory = with_fasta();
        let words = ["protein", "embed", "--model", "onehot", "--plan", "plan"].map(OsStr::new);
        let rest = ["p.fa", "--out"].map(OsStr::new);
        let out = OsStr::from_bytes(NAME);
        let (status, error) = run(directory.path(), &[&words[..], &rest, &[out]].concat());
        assert_eq!(status, Some(2), "{error}");
        says(&error, &["plan", "UTF-8"]);
        assert!(!directory.path().join("plan").exists());
    }
}

#[test]
fn vectors_are_asked_for_by_name() {
    let directory = with_fasta();
    let run = |vectors: &str, out: &str| {
        let words = [
            "protein", "embed", "p.fa", "--model", "onehot", "--out", out,
        ];
        let output = command(directory.path(), &words)
            .env("BINDSCAPE_VECTORS", vectors)
            .output()
            .expect("the program was built");
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code(), error)
    };
    let (status, error) = run("avx", "a");
    assert_eq!(status, Some(2), "{error}");
    says(
        &error,
        &[
            "BINDSCAPE_VECTORS: expected one of avx2, none, found \"avx\"",
            "did you mean avx2?",
        ],
    );
    assert!(!directory.path().join("a").exists());
    for (vectors, out) in [("avx2", "b"), ("none", "c"), ("", "d")] {
        let (status, error) = run(vectors, out);
        assert_eq!(status, Some(0), "{vectors}: {error}");
    }
}

/// Files that are read stay as they are, whatever `--out` says.
#[test]
fn what_is_read_is_not_written_over() {
    let directory = toy::with_matrix();
    let here = directory.path();
    let motif = "MEME version 4\n\nMOTIF M1\nletter-probability matrix: alength= 4 w= 2\n\
                 0.97 0.01 0.01 0.01\n0.01 0.01 0.97 0.01\n";
    fs::write(here.join("m.meme"), motif).expect("writable");
    #[cfg(unix)]
    std::os::unix::fs::symlink("m.meme", here.join("link.meme")).expect("a link");
    let before: Vec<_> = ["m.meme", "genome.fa", "matrix.parquet"]
        .map(|name| (name, fs::read(here.join(name)).expect("a file")))
        .into();
    for words in [
        "motif scan --motifs m.meme genome.fa --out m.meme",
        "motif scan --motifs m.meme genome.fa --out ./genome.fa",
        #[cfg(unix)]
        "motif scan --motifs m.meme genome.fa --out link.meme",
        "matrix export matrix.parquet --bound MAX --genome genome.fa --out genome.fa",
        "matrix similarity matrix.parquet --out matrix.parquet",
    ] {
        let words: Vec<&str> = words.split(' ').collect();
        says(
            &refuses(here, &words),
            &["--out", "a file that is not read", "which is "],
        );
    }
    for (name, content) in before {
        assert!(
            fs::read(here.join(name)).expect("a file") == content,
            "{name}"
        );
    }
}
