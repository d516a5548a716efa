//! `protein train`: from a FASTA file and a table to a model.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use super::{refuses, says, succeeds};

const WORDS: &[&str] = &[
    "protein",
    "train",
    "--proteins",
    "p.fasta",
    "--labels",
    "labels.tsv",
    "--encoder",
    "onehot",
    "--window",
    "5",
    "--positions",
    "40",
    "--filters",
    "8,12",
    "--hidden",
    "16",
    "--epochs",
    "3",
    "--batch-size",
    "16",
    "--learning-rate",
    "0.003",
    "--checkpoint-seconds",
    "0",
    "--out",
];

/// Sixty proteins, whose class shows in their composition.
fn write(directory: &Path) {
    let classes = [
        "zinc_finger",
        "homeodomain",
        "leucine_zipper",
        "other_tf",
        "non_tf",
    ];
    let letters = ["CHKE", "WFQN", "LKER", "RQST", "AGVD"];
    let (mut fasta, mut labels) = (String::new(), "accession\tclass\ttaxon\n".to_owned());
    for number in 0..60 {
        let class = number % 5;
        let sequence: String = (0..30 + number * 7 % 180)
            .map(|place| {
                let mixed = (place * 31 + number * 17) % 7 > 3;
                let letters = if mixed {
                    "ACDEFGHIKLMNPQRSTVWY"
                } else {
                    letters[class]
                };
                letters.as_bytes()[(place * place + 3 * number) % letters.len()] as char
            })
            .collect();
        writeln!(fasta, ">sp|P{number}|NAME\n{sequence}").expect("a text");
        writeln!(labels, "P{number}\t{}\tt{}", classes[class], number / 4).expect("a text");
    }
    fs::write(directory.join("p.fasta"), fasta).expect("a file");
    fs::write(directory.join("labels.tsv"), labels).expect("a file");
}

fn with<'a>(words: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    words.iter().chain(more).copied().collect()
}

#[test]
fn a_network_is_trained_once_and_predicts() {
    let directory = tempfile::tempdir().expect("a directory");
    let here = directory.path();
    write(here);
    let told = succeeds(here, &with(WORDS, &["run", "--split", "taxon"]));
    says(
        &told,
        &[
            "train: ",
            " zinc_finger",
            "multitask: epoch  3  loss",
            "TF AUCPR",
            "class accuracy",
            "the model is run/model.safetensors",
        ],
    );
    let record: serde_json::Value =
        serde_json::from_slice(&fs::read(here.join("run/run.json")).expect("a record"))
            .expect("JSON");
    assert_eq!(record["kind"], "protein-train");
    assert_eq!(record["finished"], true);
    assert_eq!(record["cut"], 2, "205 and 207 residues are more than 200");
    assert_eq!(
        record["configuration"]["encoder"],
        "onehot:window=5,positions=40"
    );
    let parts = fs::read_to_string(here.join("run/parts.tsv")).expect("parts");
    let of = |part: &str| -> std::collections::BTreeSet<&str> {
        let rows = parts.lines().filter(|line| line.ends_with(part));
        rows.map(|line| line.split('\t').nth(2).expect("a taxon"))
            .collect()
    };
    let (train, validation) = (of("\ttrain"), of("\tvalidation"));
    assert!(!validation.is_empty() && validation.is_disjoint(&train));
    assert!(train.contains("t1") || validation.contains("t1"));
    let epochs = fs::read_to_string(here.join("run/epochs.jsonl")).expect("records");
    assert_eq!(epochs.lines().count(), 3);
    let model = fs::read(here.join("run/model.safetensors")).expect("a model");

    // Done once; the same whatever the threads; another seed is another run.
    let again = succeeds(here, &with(WORDS, &["run", "--split", "taxon"]));
    assert!(!again.contains("epoch  1"), "{again}");
    let one = ["one", "--split", "taxon", "--threads", "1"];
    succeeds(here, &with(WORDS, &one));
    assert!(model == fs::read(here.join("one/model.safetensors")).expect("a model"));
    let other = refuses(
        here,
        &with(WORDS, &["run", "--split", "taxon", "--seed", "2"]),
    );
    says(
        &other,
        &["run: expected a run with seed 2, found one with seed 1"],
    );

    let table = super::bindscape(
        here,
        &[
            "protein",
            "predict",
            "--model",
            "run",
            "--proteins",
            "p.fasta",
        ],
    );
    assert_eq!(String::from_utf8_lossy(&table.stdout).lines().count(), 61);
}

#[test]
fn stored_features_train_as_computed_ones() {
    let directory = tempfile::tempdir().expect("a directory");
    let here = directory.path();
    write(here);
    succeeds(here, &with(WORDS, &["computed"]));
    let embed = "protein embed p.fasta --model onehot --window 5 --positions 40 --out stored";
    let embed: Vec<&str> = embed.split_whitespace().collect();
    succeeds(here, &embed);
    let place = WORDS
        .iter()
        .position(|&word| word == "--encoder")
        .expect("an encoder");
    let mut words = WORDS.to_vec();
    words.splice(
        place..place + 6,
        ["--encoder", "esm2", "--embeddings", "stored"],
    );
    succeeds(here, &with(&words, &["from-store"]));
    let losses = |run: &str| -> Vec<String> {
        let text = fs::read_to_string(here.join(run).join("epochs.jsonl")).expect("records");
        let losses = text.lines().map(|line| {
            let record: serde_json::Value = serde_json::from_str(line).expect("JSON");
            format!("{} {}", record["train_loss"], record["validation_loss"])
        });
        losses.collect()
    };
    assert_eq!(losses("computed"), losses("from-store"));

    let refused = |more: &[&str], parts: &[&str]| {
        says(
            &refuses(here, &with(&words, &with(&["other"], more))),
            parts,
        );
    };
    refused(
        &["--window", "5"],
        &["--window: expected no such option with --embeddings"],
    );
    words.drain(place + 2..place + 4);
    let error = refuses(here, &with(&words, &["other"]));
    says(
        &error,
        &["--embeddings: expected a directory", "protein embed"],
    );
}

#[test]
fn each_network_trains() {
    let directory = tempfile::tempdir().expect("a directory");
    let here = directory.path();
    write(here);
    for network in ["tf", "domain"] {
        let told = succeeds(here, &with(WORDS, &[network, "--network", network]));
        says(&told, &[&format!("{network}: epoch  1"), "best epoch"]);
        // What it does not answer is said.
        let words = [
            "protein",
            "predict",
            "--model",
            network,
            "--proteins",
            "p.fasta",
        ];
        let empty = match network {
            "tf" => "class and p_… of classes are empty",
            _ => "p_tf and is_tf are empty",
        };
        let out = format!("{network}.tsv");
        says(
            &succeeds(here, &[&words[..], &["--out", &out]].concat()),
            &[empty],
        );
    }
    // The sizes of DeepTFactor are fixed: few proteins, one epoch.
    let fasta = fs::read_to_string(here.join("p.fasta")).expect("a file");
    let labels = fs::read_to_string(here.join("labels.tsv")).expect("a file");
    let head = |text: &str, lines: usize| -> String {
        text.lines()
            .take(lines)
            .map(|line| format!("{line}\n"))
            .collect()
    };
    fs::write(here.join("few.fasta"), head(&fasta, 20)).expect("a file");
    fs::write(here.join("few.tsv"), head(&labels, 11)).expect("a file");
    let words = "protein train --network deeptfactor --proteins few.fasta --labels few.tsv \
                 --epochs 1 --batch-size 4 --validation 0.2 --out deeptfactor";
    let words: Vec<&str> = words.split_whitespace().collect();
    says(
        &succeeds(here, &words),
        &["deeptfactor: epoch  1", "TF AUCPR"],
    );
}

#[test]
fn wrong_input_is_refused_before_any_work() {
    let directory = tempfile::tempdir().expect("a directory");
    let here = directory.path();
    write(here);
    fs::write(here.join("other.tsv"), "accession\tclass\nQ1\tnon_tf\n").expect("a file");
    fs::write(
        here.join("twice.tsv"),
        "accession\tclass\tclass\nQ1\tnon_tf\ttf\n",
    )
    .expect("a file");
    fs::write(
        here.join("dna.fasta"),
        ">a\nACGTACGTTAGCTAGCTAGCTAGCATCGACTAGCATCGAT\n",
    )
    .expect("a file");
    for (more, parts) in [
        (
            &["run", "--network", "cnn"][..],
            &["--network", "multitask, tf, domain, deeptfactor"][..],
        ),
        (
            &["run", "--network", "deeptfactor"],
            &["--encoder", "deeptfactor"],
        ),
        (
            &["run", "--kernel", "4"],
            &["--kernel: expected an odd width"],
        ),
        (&["run", "--dropout", "1"], &["--dropout"]),
        (
            &["run", "--loss-weights", "1"],
            &["--loss-weights: expected two numbers"],
        ),
        (&["run", "--class-weights", "some"], &["none or balanced"]),
        (
            &["run", "--validation", "0"],
            &["--validation: expected a share above 0"],
        ),
        (&["run", "--split", "family"], &["labels.tsv", "family"]),
    ] {
        says(&refuses(here, &with(WORDS, more)), parts);
    }
    let swapped = |from: &str, to: &'static str| -> Vec<&str> {
        let words = WORDS
            .iter()
            .map(|&word| if word == from { to } else { word });
        words.chain(["run"]).collect()
    };
    says(
        &refuses(here, &swapped("onehot", "one-hot")),
        &["--encoder", "did you mean onehot"],
    );
    says(
        &refuses(here, &swapped("labels.tsv", "other.tsv")),
        &["ids", "Q1"],
    );
    says(
        &refuses(here, &swapped("labels.tsv", "twice.tsv")),
        &[
            "twice.tsv, line 1",
            "expected one column `class`",
            "columns 2 and 3",
        ],
    );
    says(
        &refuses(here, &swapped("p.fasta", "dna.fasta")),
        &["dna.fasta", "nucleotide"],
    );
}
