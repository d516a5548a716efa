//! `motif discover`: its files, what it says, and what it refuses.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::toy;
use crate::{bindscape, refuses, says, succeeds};

/// `count` sequences of 60 bases that differ, with `site` in the middle.
fn fasta(directory: &Path, name: &str, count: usize, site: &str) {
    let mut text = String::new();
    let mut draw = toy::draws(name.len() as u64);
    for index in 0..count {
        let mut bases: Vec<u8> = (0..60).map(|_| b"ACGT"[draw() % 4]).collect();
        bases[20..20 + site.len()].copy_from_slice(site.as_bytes());
        writeln!(text, ">{name}{index}\n{}", String::from_utf8_lossy(&bases)).expect("a string");
    }
    fs::write(directory.join(name), text).expect("a writable directory");
}

fn with_input() -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a temporary directory");
    fasta(directory.path(), "bound.fa", 80, "TGACTCAGCA");
    fasta(directory.path(), "other.fa", 80, "");
    directory
}

const RUN: [&str; 10] = [
    "motif",
    "discover",
    "-p",
    "bound.fa",
    "-n",
    "other.fa",
    "-w",
    "10",
    "--nmotifs",
    "1",
];

fn with<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&RUN[..], more].concat()
}

#[test]
fn files_and_words_of_a_discovery() {
    let directory = with_input();
    let path = directory.path();
    let said = succeeds(path, &with(&["--oc", "out"]));
    says(
        &said,
        &[
            "72 positives and 72 controls for training, 8 and 8 held out; Fisher's exact test",
            "1-",
            "E-value",
            "in 8 of 8 positives",
            "stopped: 1 motif found",
            "wrote out",
        ],
    );
    let read = |name: &str| fs::read_to_string(path.join("out").join(name)).expect("written");
    let motifs = read("streme.txt");
    assert!(
        motifs.contains("MEME version") && motifs.contains("MOTIF 1-"),
        "{motifs}"
    );
    assert!(read("motifs.tsv").contains("test_p-value\tE-value"));
    let sites = read("sites.tsv");
    assert!(sites.contains("\t21\t30\t"), "{sites}");
    assert!(read("logo1.svg").starts_with("<svg"));
    let record: serde_json::Value = serde_json::from_str(&read("discover.json")).expect("JSON");
    assert_eq!(record["options"]["max_width"], 10);
    assert_eq!(record["inputs"][1]["name"], "other.fa");
    assert_eq!(record["result"]["test"], "fisher");

    // The same again, with one thread, over the same directory and to standard output. The logo
    // of a second motif would be of an earlier discovery.
    fs::write(path.join("out/logo2.svg"), "<svg/>").expect("writable");
    succeeds(path, &with(&["--oc", "out", "--threads", "1"]));
    assert!(!path.join("out/logo2.svg").exists());
    assert_eq!(read("streme.txt"), motifs);
    assert_eq!(read("sites.tsv"), sites);
    let output = bindscape(path, &with(&["--text", "--quiet"]));
    assert_eq!(String::from_utf8_lossy(&output.stdout), motifs);
    assert!(output.stderr.is_empty());
    // The motif file is one that other verbs read.
    succeeds(
        path,
        &["motif", "convert", "out/streme.txt", "--to", "meme"],
    );
}

#[test]
fn refusals() {
    let directory = with_input();
    let path = directory.path();
    says(
        &refuses(path, &with(&["--o", "."])),
        &["expected a directory that does not exist yet", "--oc"],
    );
    says(
        &refuses(path, &with(&["--text", "--hofract", "0.9"])),
        &["--hofract: expected a share of 0 to 0.5, found 0.9"],
    );
    says(
        &refuses(
            path,
            &[
                "motif", "discover", "-p", "bound.fa", "-n", "bound.fa", "--text",
            ],
        ),
        &[
            "--n: expected other sequences than those of --p",
            "shuffled",
        ],
    );
    says(&refuses(path, &RUN), &["--oc", "--text"]);
    fs::write(path.join("short.fa"), ">a\nACGT\n>b\nACGT\n").expect("writable");
    says(
        &refuses(
            path,
            &["motif", "discover", "-p", "short.fa", "--oc", "out"],
        ),
        &["short.fa", "8 known bases in a row", "0 of 2", "--minw"],
    );
    fs::write(path.join("protein.fa"), ">a\nMSTLERRQ\n").expect("writable");
    says(
        &refuses(
            path,
            &["motif", "discover", "-p", "protein.fa", "--oc", "out"],
        ),
        &[
            "protein.fa: expected sequences of nucleotides",
            "FASTA file of proteins",
        ],
    );
    assert!(!path.join("out").exists());
}
