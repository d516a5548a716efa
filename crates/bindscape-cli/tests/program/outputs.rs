//! What outputs must not do: replace what is read, follow links to nothing, stay where half of them
//! are there, or be lost without a word.
#![cfg(unix)]

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::{bindscape, command, listing, refuses, says, succeeds};

/// A directory with `m.meme`, which holds two motifs, and `s.fa`.
fn directory() -> tempfile::TempDir {
    let here = tempfile::tempdir().expect("a temporary directory");
    let mut meme = "MEME version 4\n\nALPHABET= ACGT\n".to_owned();
    for (name, rows) in [("ebox", "CACGTG"), ("ap1", "TGACTCA")] {
        meme += &format!("\nMOTIF {name}\nletter-probability matrix: alength= 4 nsites= 20\n");
        for base in rows.chars() {
            let row = ["A", "C", "G", "T"].map(|of| if of == base.to_string() { "1" } else { "0" });
            meme += &format!("{}\n", row.join(" "));
        }
    }
    fs::write(here.path().join("m.meme"), meme).expect("a writable directory");
    let fasta = ">a\nTTGGCACGTGTTGGACCA\n>b\nCCATGACTCATTGACCAT\n";
    fs::write(here.path().join("s.fa"), fasta).expect("a writable directory");
    here
}

#[test]
fn a_directory_whose_files_are_read_is_not_written_over() {
    let here = directory();
    let words = |text: &'static str| text.split(' ').collect::<Vec<_>>();
    fs::create_dir(here.path().join("d")).expect("a new directory");
    for (file, text) in [
        (
            "filters.meme",
            "filters --model x --matrix m --genome g --motifs d/filters.meme --replace --out d",
        ),
        ("tomtom.tsv", "motif compare m.meme ./d/tomtom.tsv --oc d"),
        ("tomtom.tsv", "motif tomtom m.meme link --oc d"),
        (
            "streme.txt",
            "motif streme --p s.fa --bfile d/streme.txt --oc d",
        ),
        ("fimo.tsv", "motif fimo --oc d d/fimo.tsv s.fa"),
    ] {
        let path = here.path().join("d").join(file);
        fs::copy(here.path().join("m.meme"), &path).expect("a copy");
        let link = here.path().join("link");
        if !link.exists() {
            std::os::unix::fs::symlink("d/tomtom.tsv", &link).expect("a link");
        }
        let before = fs::read(&path).expect("an input");
        let message = refuses(here.path(), &words(text));
        says(
            &message,
            &[
                "expected a directory whose files are not read",
                &format!("found d, whose {file} is read ("),
                "hint: write to another directory",
            ],
        );
        assert_eq!(fs::read(&path).expect("an input"), before, "{text}");
    }
    // Other files in it do no harm.
    fs::copy(here.path().join("m.meme"), here.path().join("d/mine.meme")).expect("a copy");
    succeeds(
        here.path(),
        &words("motif compare m.meme d/mine.meme --oc d"),
    );
}

#[test]
fn a_link_to_nothing_is_named() {
    let here = directory();
    let link = |name: &str, to: &str| {
        std::os::unix::fs::symlink(to, here.path().join(name)).expect("a link");
    };
    link("file", "nowhere.txt");
    link("folder", "nowhere");
    for (words, parts) in [
        (
            "motif convert m.meme --to jaspar --out file",
            [
                "file: expected",
                "a symbolic link to nowhere.txt, which does not exist",
            ],
        ),
        (
            "motif scan m.meme s.fa --oc folder",
            [
                "folder: expected",
                "a symbolic link to nowhere, which does not exist",
            ],
        ),
        (
            "motif convert m.meme --to jaspar --out folder/below/m.jaspar",
            [
                "folder: expected",
                "a symbolic link to nowhere, which does not exist",
            ],
        ),
        (
            "man folder",
            [
                "folder: expected",
                "a symbolic link to nowhere, which does not exist",
            ],
        ),
    ] {
        let message = refuses(here.path(), &words.split(' ').collect::<Vec<_>>());
        says(&message, &parts);
        says(
            &message,
            &["hint: remove the link, or make what it leads to"],
        );
    }
    // A link to a file is written through.
    fs::write(here.path().join("nowhere.txt"), "old").expect("a writable directory");
    succeeds(
        here.path(),
        &[
            "motif", "convert", "m.meme", "--to", "jaspar", "--out", "file",
        ],
    );
    let text = fs::read_to_string(here.path().join("nowhere.txt")).expect("the file");
    assert!(text.starts_with(">ebox"), "{text}");
    assert!(fs::read_link(here.path().join("file")).is_ok());
}

/// Runs `words` where no file can be larger than 4 or 8 kB: writing fails as on a full disk.
fn with_small_files(directory: &Path, words: &[&str]) -> std::process::Output {
    Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 8; exec \"$0\" \"$@\""])
        .arg(env!("CARGO_BIN_EXE_bindscape"))
        .args(words)
        .current_dir(directory)
        .output()
        .expect("a shell")
}

#[test]
fn a_directory_that_cannot_be_filled_holds_nothing_new() {
    let here = directory();
    let at = |name: &str| here.path().join(name);
    for (out, words) in [
        ("new/below", "motif cluster m.meme --out new/below"),
        ("empty", "motif cluster m.meme --out empty"),
        (
            "old",
            "motif compare m.meme m.meme --evalue --thresh 100 --oc old",
        ),
        ("new", "motif scan m.meme s.fa --thresh 0.1 --oc new"),
    ] {
        for made in ["empty", "old"] {
            if !at(made).exists() {
                fs::create_dir(at(made)).expect("a new directory");
            }
        }
        fs::write(at("old/notes.txt"), "mine").expect("a writable directory");
        let before = listing(here.path());
        let words: Vec<&str> = words.split(' ').collect();
        let output = with_small_files(here.path(), &words);
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{words:?}: {message}");
        says(&message, &["error: cannot write", out]);
        assert_eq!(listing(here.path()), before, "{words:?}");
        succeeds(here.path(), &words);
        assert_ne!(listing(here.path()), before, "{words:?}");
        fs::remove_dir_all(at(out)).expect("the results");
    }
}

#[test]
fn help_that_cannot_be_written_is_no_success() {
    let here = tempfile::tempdir().expect("a temporary directory");
    for words in [
        &["--help"][..],
        &["help", "motif"],
        &["motif", "scan", "-h"],
        &["--version"],
        &["completions", "bash"],
    ] {
        let Ok(full) = fs::File::options().write(true).open("/dev/full") else {
            println!("skipped: this system has no /dev/full");
            return;
        };
        let output = command(here.path(), words)
            .stdout(full)
            .stderr(Stdio::piped())
            .output()
            .expect("the program was built");
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{words:?}: {message}");
        says(&message, &["error: cannot write standard output"]);
    }
    // Nobody reads: that is no failure.
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let output = command(here.path(), &["--help"])
        .stdout(writer)
        .output()
        .expect("the program was built");
    let quiet = output.status.success() && output.stderr.is_empty();
    assert!(quiet, "{}", String::from_utf8_lossy(&output.stderr));
    let help = bindscape(here.path(), &["--help"]);
    assert!(help.status.success() && help.stdout.ends_with(b"\n"));
    assert_eq!(
        bindscape(here.path(), &["--nonsense"]).status.code(),
        Some(2)
    );
}
