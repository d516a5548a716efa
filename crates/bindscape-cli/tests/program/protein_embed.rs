//! `protein embed` and `protein cluster`.

use std::fs;
use std::path::Path;

use bindscape_protein::{EmbeddingStore, EncodedProteins, Encoding, Features, Windows};

use super::{bindscape, refuses, says, succeeds};

const FASTA: &str = ">sp|P1|ONE first\nMKVLEDWQHHCCMKVLEDWQ\n>P2\nMKVLX\nEDW*\n>P3 as P2\nMKVLXEDW\n>P4\nWWHHCCLEDQ\n";

fn with_fasta() -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    fs::write(directory.path().join("p.fa"), FASTA).expect("written");
    directory
}

#[test]
fn encodings_are_stored_and_not_computed_twice() {
    let directory = with_fasta();
    let words = |format: &'static str, out: &'static str| {
        [
            "protein",
            "embed",
            "p.fa",
            "--model",
            "residue",
            "--window",
            "4",
            "--positions",
            "4",
            "--format",
            format,
            "--out",
            out,
        ]
    };
    for (format, out) in [("safetensors", "s"), ("npz", "n")] {
        let told = succeeds(directory.path(), &words(format, out));
        says(
            &told,
            &[
                "cut the final stop ('*' or '.') of 1 protein",
                "4 proteins, 3 of them to compute: 11 rows, 2.3 kB to write",
                "1 protein cut: residues of the end are missing",
                "1 protein with residues that the model does not know",
                "3 new, 4 in all",
            ],
        );
        let again = succeeds(directory.path(), &words(format, out));
        says(
            &again,
            &["4 proteins, 0 of them to compute", "0 new, 4 in all"],
        );
        let store = EmbeddingStore::open(&directory.path().join(out)).expect("a store");
        let proteins = bindscape_protein::read_proteins(directory.path().join("p.fa"));
        let proteins = proteins.expect("proteins");
        let windows = Windows {
            window: 4,
            positions: 4,
        };
        let computed = EncodedProteins::new(&proteins, Encoding::Residue, windows);
        let stored = store.of(&proteins).expect("all");
        assert_eq!(stored.representation(), computed.representation());
        let (mut a, mut b) = (Vec::new(), Vec::new());
        for protein in 0..4 {
            stored.read(protein, &mut a).expect("read");
            computed.read(protein, &mut b).expect("computed");
            assert_eq!(a, b);
        }
    }
    // Other embeddings do not go into the same directory.
    let error = refuses(
        directory.path(),
        &[
            "protein", "embed", "p.fa", "--model", "onehot", "--out", "s",
        ],
    );
    says(
        &error,
        &[
            "expected embeddings of model onehot",
            "found model residue",
            "another directory",
        ],
    );
    let error = refuses(
        directory.path(),
        &[
            "protein", "embed", "p.fa", "--model", "onehot", "--layer", "3", "--out", "t",
        ],
    );
    says(
        &error,
        &["--layer: expected none, since `onehot` has no layers, found 3"],
    );
    let error = refuses(
        directory.path(),
        &[
            "protein",
            "embed",
            "p.fa",
            "--model",
            "esm2_t6_8M_UR50",
            "--chunk",
            "9",
            "--overlap",
            "9",
            "--out",
            "t",
        ],
    );
    says(&error, &["--overlap", "fewer residues than --chunk (9)"]);
}

#[test]
fn the_index_is_a_table() {
    let directory = with_fasta();
    succeeds(
        directory.path(),
        &[
            "protein",
            "embed",
            "p.fa",
            "--model",
            "onehot",
            "--representation",
            "residues",
            "--dtype",
            "f16",
            "--out",
            "o",
        ],
    );
    let index = fs::read_to_string(directory.path().join("o/index.tsv")).expect("an index");
    let lines: Vec<Vec<&str>> = index
        .lines()
        .map(|line| line.split('\t').collect())
        .collect();
    assert_eq!(
        lines[0],
        [
            "id",
            "sha256",
            "length",
            "rows",
            "shard",
            "first_row",
            "chunks",
            "unknown",
            "cut"
        ]
    );
    assert_eq!(
        (lines[1][0], &lines[1][2..]),
        ("P1", &["20", "20", "0", "0", "1", "0", "0"][..])
    );
    assert_eq!(
        (lines[2][0], &lines[2][2..]),
        ("P2", &["8", "8", "0", "20", "1", "1", "0"][..])
    );
    // The array of P3 is a copy.
    assert_eq!(
        (lines[3][0], &lines[3][2..]),
        ("P4", &["10", "10", "0", "28", "1", "0", "0"][..])
    );
    assert_eq!((lines[4][0], &lines[4][1..5]), ("P3", &lines[2][1..5]));
    assert_eq!(lines[4][5], "38");
}

#[test]
fn files_of_esm_extract_are_imported() {
    let directory = tempfile::tempdir().expect("a directory");
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../bindscape-arrays/tests/data/torch");
    fs::create_dir(directory.path().join("pt")).expect("made");
    fs::copy(golden.join("extract.pt"), directory.path().join("pt/a.pt")).expect("copied");
    fs::write(directory.path().join("p.fa"), ">P01106\nMPLNVS\n>Q\nMKV\n").expect("written");
    let words = [
        "protein", "embed", "p.fa", "--import", "pt", "--out", "o", "--window", "2",
    ];
    let told = succeeds(directory.path(), &words);
    says(
        &told,
        &[
            "1 protein truncated by `esm-extract`",
            "1 protein of the FASTA file without an embedding",
            "1 new, 1 in all",
        ],
    );
    let store = EmbeddingStore::open(&directory.path().join("o")).expect("a store");
    assert_eq!(
        store.representation().to_string(),
        "esm-extract:layer=6:window=2,positions=300"
    );
    let mut rows = Vec::new();
    store.read(0, &mut rows).expect("read");
    assert_eq!(rows.len(), 9);
    assert_eq!(rows[..3], [-2.625, -2.375, -2.125]);
    assert!(store.cut(0));
    fs::write(directory.path().join("p.fa"), ">P01106\nMPL\n").expect("written");
    let words = ["protein", "embed", "p.fa", "--import", "pt", "--out", "x"];
    let output = bindscape(directory.path(), &words);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    says(&error, &["at most 3 rows of 3 numbers, found shape [5, 3]"]);
    fs::write(directory.path().join("p.fa"), ">P01106\nMPLNVS\n").expect("written");
    fs::copy(golden.join("extract.pt"), directory.path().join("pt/b.pt")).expect("copied");
    let words = ["protein", "embed", "p.fa", "--import", "pt", "--out", "z"];
    let output = bindscape(directory.path(), &words);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    let expected = "P01106|MYC_HUMAN: expected a protein that no other file is of";
    says(&error, &[expected, "a.pt"]);
    fs::copy(golden.join("types.pt"), directory.path().join("pt/0.pt")).expect("copied");
    let error = refuses(
        directory.path(),
        &["protein", "embed", "p.fa", "--import", "pt", "--out", "y"],
    );
    says(
        &error,
        &["0.pt: expected a file of `esm-extract`, with a `label`"],
    );
}

#[test]
fn clusters_are_a_table() {
    let directory = with_fasta();
    let told = succeeds(
        directory.path(),
        &["protein", "cluster", "p.fa", "--out", "c.tsv"],
    );
    says(
        &told,
        &[
            "4 proteins in 3 clusters: 2 alone, 2 in the largest",
            "1 protein with the sequence of another",
        ],
    );
    let table = fs::read_to_string(directory.path().join("c.tsv")).expect("a table");
    assert_eq!(
        table,
        "id\tcluster\trepresentative\nP1\t0\tP1\nP2\t1\tP2\nP3\t1\tP2\nP4\t2\tP4\n"
    );
    let error = refuses(
        directory.path(),
        &[
            "protein",
            "cluster",
            "p.fa",
            "--min-identity",
            "30",
            "--out",
            "d.tsv",
        ],
    );
    says(
        &error,
        &["--min-identity: expected a share from 0 to 1, found 30"],
    );
    fs::write(
        directory.path().join("dna.fa"),
        ">a\nACGTACGTACGTTTGACGATGACC\n",
    )
    .expect("written");
    let error = refuses(
        directory.path(),
        &["protein", "cluster", "dna.fa", "--out", "d.tsv"],
    );
    says(
        &error,
        &[
            "dna.fa: expected sequences of proteins, found nucleotides",
            "translate",
        ],
    );
}

#[cfg(unix)]
#[test]
fn stopped_and_continued_is_the_same_as_never_stopped() {
    let directory = tempfile::tempdir().expect("a directory");
    let here = directory.path();
    // Each a batch of its own, and long: a stop falls between two.
    let all: Vec<_> = (0..120).map(long).collect();
    fs::write(here.join("p.fa"), all.concat()).expect("written");
    let words = |out: &'static str| {
        let words =
            "protein embed p.fa --window 100 --positions 30 --chunk 3000 --token-budget 3000";
        let mut words: Vec<&str> = words.split(' ').collect();
        words.extend(["--model", super::protein_predict::ESM2, "--out", out]);
        words
    };
    let child = super::command(here, &words("stopped"))
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("the program was built");
    let begun = std::time::Instant::now();
    while !here.join("stopped/embedding.json").exists() {
        assert!(begun.elapsed().as_secs() < 60, "no directory was begun");
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    super::stops(child);

    let told = succeeds(here, &words("stopped"));
    says(&told, &["120 proteins, ", "120 in all"]);
    succeeds(here, &words("whole"));
    let [stopped, whole] = ["stopped", "whole"].map(|out| {
        let store = EmbeddingStore::open(&here.join(out)).expect("a store");
        let proteins = bindscape_protein::read_proteins(here.join("p.fa"));
        let stored = store.of(&proteins.expect("proteins")).expect("all of them");
        let mut rows = Vec::new();
        (0..120)
            .map(|protein| {
                stored.read(protein, &mut rows).expect("readable");
                rows.clone()
            })
            .collect::<Vec<_>>()
    });
    assert!(stopped == whole);
}

/// A FASTA record of 3,000 residues.
#[cfg(unix)]
fn long(number: usize) -> String {
    let letters = b"ACDEFGHIKLMNPQRSTVWY";
    let sequence: String = (0..3000)
        .map(|at| char::from(letters[(at * (number + 7) + at / 7) % letters.len()]))
        .collect();
    format!(">L{number}\n{sequence}\n")
}

#[test]
fn a_written_plan_gives_the_same_embeddings() {
    let directory = with_fasta();
    let words = [
        "protein", "embed", "p.fa", "--model", "residue", "--window", "4", "--out",
    ];
    succeeds(directory.path(), &[&words[..], &["typed"]].concat());
    succeeds(
        directory.path(),
        &[&words[..], &["planned", "--plan", "plan.json"]].concat(),
    );
    assert!(!directory.path().join("planned").exists());
    let told = succeeds(directory.path(), &["run", "plan.json"]);
    says(&told, &["wrote planned: 3 new, 4 in all"]);
    let read = |out: &str, file: &str| {
        fs::read(directory.path().join(out).join(file)).expect("a file of embeddings")
    };
    for file in ["index.tsv", "embedding.json"] {
        assert!(read("typed", file) == read("planned", file), "{file}");
    }
}

#[test]
fn every_id_has_an_array_and_stands_for_one_sequence() {
    let directory = tempfile::tempdir().expect("a directory");
    let here = directory.path();
    let write = |name: &str, text: &str| std::fs::write(here.join(name), text).expect("writable");
    let words = |file: &'static str| {
        [
            "protein", "embed", file, "--model", "onehot", "--out", "store",
        ]
    };
    write("p.fa", ">sp|P1|A_HUMAN\nMKVLEDWQHH\n>P2\nMKVLEDWQHH\n");
    says(&succeeds(here, &words("p.fa")), &["1 new, 2 in all"]);
    write("q.fa", ">P3\nMKVLEDWQHH\n");
    says(&succeeds(here, &words("q.fa")), &["0 new, 3 in all"]);
    let ids = |shard: &str| {
        let bytes = std::fs::read(here.join("store").join(shard)).expect("a shard");
        let header = serde_json::from_slice(&bytes[8..8 + usize::from(bytes[0])]);
        let serde_json::Value::Object(arrays) = header.expect("JSON") else {
            panic!("no object");
        };
        arrays.keys().cloned().collect::<Vec<_>>()
    };
    assert_eq!(ids("shard-00000.safetensors"), ["P1", "P2"]);
    assert_eq!(ids("shard-00001.safetensors"), ["P3"]);
    // The same name for something else is refused before anything is written.
    write("r.fa", ">P9\nWWW\n>P1\nMKVLEDWQHC\n");
    says(
        &refuses(here, &words("r.fa")),
        &["store", "\"P1\"", "another sequence", "name of its own"],
    );
    let index = std::fs::read_to_string(here.join("store/index.tsv")).expect("an index");
    assert_eq!(index.lines().count(), 4, "{index}");
}
