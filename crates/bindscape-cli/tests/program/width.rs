//! Sequences wider than the regions that have the labels.

use std::fs;

use crate::main_job::{finetune, pretrain};
use crate::{refuses, says, succeeds, toy};

#[test]
fn longer_sequences_keep_the_labels_of_their_regions() {
    let directory = toy::with_matrix();
    let here = directory.path();
    let with_width = |mut words: Vec<&'static str>, width: &'static str| {
        words.extend(["--width", width]);
        words
    };
    let told = succeeds(here, &with_width(pretrain("multi"), "300"));
    // The first region of each chromosome has its centre at base 120.
    says(
        &told,
        &["2 regions left out: fewer than 300 bp around the centre"],
    );
    let run = |name: &str| -> serde_json::Value {
        let text = fs::read_to_string(here.join(name).join("run.json")).expect("a record");
        serde_json::from_str(&text).expect("JSON")
    };
    assert_eq!(run("multi")["length"], 300);
    says(
        &refuses(here, &finetune("max")),
        &[
            "expected a model of 200 bp",
            "found one of 300 bp",
            "as --width",
        ],
    );
    succeeds(here, &with_width(finetune("max"), "300"));
    assert_eq!(run("max")["length"], 300);
    let parts = &run("max")["trainings"][0]["parts"];
    let bound = ["train", "validation", "test"].map(|part| &parts[part]["positives"][0]);
    let bound: u64 = bound
        .iter()
        .map(|count| count.as_u64().expect("a number"))
        .sum();
    // 100 of 300 regions, less the two at the beginning.
    assert_eq!(bound, 98);
    let evaluate = [
        "evaluate",
        "--model",
        "max/transfer-1",
        "--matrix",
        "matrix.parquet",
    ];
    let evaluate = [
        &evaluate[..],
        &["--genome", "genome.fa", "--resamples", "0"],
    ]
    .concat();
    says(
        &refuses(here, &evaluate),
        &["expected a model of 200 bp", "as --width"],
    );
    succeeds(here, &[&evaluate[..], &["--width", "300"]].concat());
    says(
        &refuses(here, &with_width(pretrain("narrow"), "100")),
        &["--width: expected at least 200 bp", "found 100"],
    );
}
