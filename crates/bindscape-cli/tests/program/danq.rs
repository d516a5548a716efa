//! DanQ in place of the convolutional network, on toy data.

use std::path::Path;

use crate::toy;
use crate::{bindscape, refuses, says, succeeds};

/// Words of a tiny training.
fn words<'a>(verb: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let mut words = vec![verb, "--matrix", "matrix.parquet", "--genome", "genome.fa"];
    words.extend(["--epochs", "1", "--resamples", "20"]);
    words.extend(more);
    words
}

/// The description of a model.
fn inspect(directory: &Path, model: &str) -> serde_json::Value {
    let output = bindscape(directory, &["model", "inspect", model]);
    serde_json::from_slice(&output.stdout).expect("JSON")
}

#[test]
fn danq_is_pretrained_and_transferred() {
    let directory = toy::with_matrix();
    let here = directory.path();
    let pretrain = ["--tfs", "MAX,JUND", "--regions", "100", "--out", "multi"];
    let mut misspelt = words("pretrain", &pretrain);
    misspelt.extend(["--architecture", "dan"]);
    says(
        &refuses(here, &misspelt),
        &["--architecture", "cnn, danq", "`dan`"],
    );
    let mut right = words("pretrain", &pretrain);
    right.extend(["--architecture", "danq"]);
    succeeds(here, &right);
    let facts = inspect(here, "multi");
    assert_eq!(facts["architecture"]["kind"], "danq");
    assert_eq!(facts["architecture"]["units"], 320);
    assert_eq!(facts["parameters"], 11_838_617, "two outputs");

    let finetune = ["--model", "multi", "--tf", "MAX", "--positives", "30"];
    let mut other = words("finetune", &finetune);
    other.extend(["--architecture", "cnn", "--out", "other"]);
    says(
        &refuses(here, &other),
        &["--architecture", "danq", "multi", "found cnn", "--scratch"],
    );
    // From scratch the parent gives no weights, so its network does not matter.
    other.push("--scratch");
    succeeds(here, &other);
    assert_eq!(inspect(here, "other")["architecture"]["kind"], "cnn");
    let mut right = words("finetune", &finetune);
    right.extend(["--out", "max"]);
    succeeds(here, &right);
    let facts = inspect(here, "max");
    assert_eq!(facts["architecture"]["kind"], "danq");
    assert_eq!(facts["architecture"]["outputs"], 1);

    succeeds(here, &["report", "max"]);
    let scores = bindscape(
        here,
        &[
            "predict",
            "--model",
            "max",
            "--fasta",
            "genome.fa",
            "--stride",
            "5000",
        ],
    );
    assert!(scores.status.success());
}
