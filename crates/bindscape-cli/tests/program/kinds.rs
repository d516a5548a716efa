//! A file of the wrong kind is named, and what was wanted.

use std::fs;
use std::path::Path;

use bindscape_nn::protein::Heads;

use super::protein_model::model;
use super::{command, refuses, says};

/// A directory with a file of each kind.
fn prepared() -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    let write = |name: &str, bytes: &[u8]| {
        fs::write(directory.path().join(name), bytes).expect("a writable directory");
    };
    write("g.fa", b">chr1\nACGTTGCATTAGCCGATAGG\n");
    write("p.fa", b">P1\nMKVLEDWQHHRRSTWYFPLE\n");
    write("r.bed", b"chr1\t2\t8\n");
    write(
        "m.meme",
        b"MEME version 4\n\nMOTIF a\nletter-probability matrix: w= 1\n1 0 0 0\n",
    );
    write("t.tsv", b"accession\tclass\nP1\ttf\n");
    write("m.parquet", b"PAR1\0\0\0\0PAR1");
    write("page.bed", b"<!DOCTYPE html><html>not found</html>");
    write("meme.xml", b"<?xml version='1.0'?><MEME/>");
    write(
        "pointer.bed",
        b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n",
    );
    let header = serde_json::json!({ "__metadata__": { "bindscape": "{\"format\":1}" } });
    let header = header.to_string();
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.bytes());
    write("dna.safetensors", &bytes);
    for (folder, record) in [("run", "pretrain"), ("trained", "protein-train")] {
        fs::create_dir(directory.path().join(folder)).expect("made");
        write(
            &format!("{folder}/run.json"),
            format!("{{\"kind\":\"{record}\"}}").as_bytes(),
        );
    }
    fs::create_dir_all(directory.path().join("run/multi")).expect("made");
    write("run/multi/model.safetensors", &bytes);
    fs::create_dir(directory.path().join("folder")).expect("made");
    model(directory.path(), Heads::Both);
    directory
}

fn refused(directory: &Path, words: &str, parts: &[&str]) {
    let words: Vec<&str> = words.split(' ').collect();
    says(&refuses(directory, &words), parts);
}

#[test]
fn models() {
    let directory = prepared();
    let wrong = |model: &str, found: &str| {
        let more = "--regions r.bed --genome g.fa --out o.tsv";
        let words = format!("predict --model {model} {more}");
        refused(
            directory.path(),
            &words,
            &[model, "expected a model", found],
        );
    };
    wrong(
        "model.safetensors",
        "found a model of proteins\n  hint: `bindscape protein predict`",
    );
    wrong(
        "m.meme",
        "found a file of motifs\n  hint: `bindscape motif`",
    );
    wrong(
        "m.parquet",
        "found a Parquet file\n  hint: `bindscape matrix inspect`",
    );
    wrong("g.fa", "found a FASTA file of nucleotides");
    wrong("folder", "found a directory");
    wrong("trained", "found the directory of a run of `protein train`");
    let wrong = |model: &str, found: &str| {
        let words = format!("protein predict --model {model} --proteins p.fa --out o");
        refused(
            directory.path(),
            &words,
            &[model, "expected a model", found],
        );
    };
    wrong("dna.safetensors", "found a model of binding sites");
    wrong("t.tsv", "found a table");
    wrong(
        "run",
        "found the directory of a run of `pretrain` or `finetune`",
    );
    let wrong = |words: &str, parts: &[&str]| refused(directory.path(), words, parts);
    wrong(
        "model import m.meme --tfs A --out o",
        &["m.meme: expected weights", "found a file of motifs"],
    );
    wrong(
        "model inspect folder",
        &["folder: expected a model", "found a directory"],
    );
}

#[test]
fn regions_sequences_tables_and_matrices() {
    let directory = prepared();
    let wrong = |words: &str, parts: &[&str]| refused(directory.path(), words, parts);
    let chip = "matrix build --evidence chip --out o --dhs-sources t.tsv --dhs";
    wrong(
        &format!("{chip} g.fa --chip r.bed"),
        &["g.fa: expected regions or peaks in BED, found a FASTA file of nucleotides"],
    );
    wrong(
        &format!("{chip} page.bed --chip r.bed"),
        &["page.bed", "found a web page (HTML)", "error page"],
    );
    wrong(
        &format!("{chip} pointer.bed --chip r.bed"),
        &["pointer.bed", "found what git keeps", "git lfs pull"],
    );
    wrong(
        "matrix inspect r.bed",
        &[
            "r.bed: expected a binding matrix (Parquet), found a BED file",
            "matrix build",
        ],
    );
    wrong(
        "matrix inspect run",
        &["expected a binding matrix", "found the directory of a run"],
    );
    wrong(
        "motif convert g.fa --to meme",
        &["g.fa: expected motifs", "found a FASTA file of nucleotides"],
    );
    wrong(
        "motif convert meme.xml --to meme",
        &["found an XML file", "meme.txt"],
    );
    wrong(
        "motif scan --motifs m.meme p.fa --out o",
        &["p.fa: expected sequences of nucleotides (FASTA), found a FASTA file of proteins"],
    );
    wrong(
        "protein train --proteins t.tsv --labels p.fa --network homology --out o",
        &["p.fa: expected a table of columns separated by tabs, found a FASTA file of proteins"],
    );
    wrong(
        "protein cluster r.bed --out o",
        &["r.bed: expected sequences of proteins (FASTA), found a BED file"],
    );
    wrong(
        "protein predict --model . --proteins folder --out o",
        &["folder: expected sequences of proteins (FASTA), found a directory"],
    );
    wrong(
        "protein train --proteins p.fa --labels t.tsv --embeddings m.parquet --out o",
        &["m.parquet: expected a directory of embeddings, found a Parquet file"],
    );
    wrong(
        "run r.bed",
        &["r.bed: expected a plan (JSON), found a BED file"],
    );
}

#[test]
fn a_report_is_of_runs() {
    let directory = prepared();
    let wrong = |path: &str, parts: &[&str]| {
        refused(directory.path(), &format!("report {path} --out o"), parts);
    };
    wrong(
        "run/multi/model.safetensors",
        &[
            "expected the directory of a run of `pretrain` or `finetune`, found a model of binding sites",
            "hint: give the run it lies in: `run`",
        ],
    );
    wrong(
        "run/multi",
        &["found a directory", "hint: give the run it lies in: `run`"],
    );
    wrong(
        "trained",
        &["found the directory of a run of `protein train`"],
    );
    wrong("m.parquet", &["found a Parquet file"]);
}

#[test]
fn streams_are_told_by_their_first_bytes() {
    let directory = prepared();
    let file = fs::File::open(directory.path().join("m.parquet")).expect("a file");
    let words = ["protein", "predict", "--model", ".", "--proteins", "-"];
    let output = command(directory.path(), &words)
        .stdin(file)
        .output()
        .expect("the program was built");
    assert_eq!(output.status.code(), Some(2));
    says(
        &String::from_utf8_lossy(&output.stderr),
        &["<stdin>: expected text", "found a Parquet file"],
    );
}
