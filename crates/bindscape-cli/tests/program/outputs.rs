//! What outputs must not do: replace what is read, follow links to nothing, stay where half of them
//! are there, or be lost without a word.
#![cfg(unix)]

use std::fs;

use crate::{refuses, says, succeeds};

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
