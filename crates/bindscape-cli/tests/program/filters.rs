//! What filters look for: tables, motifs and page of a multi-model and of a model fine-tuned from
//! it; wrong input.

use std::fs;
use std::path::Path;

use crate::{bindscape, refuses, says, succeeds, toy};

/// Words of `filters` on the toy data.
fn filters<'a>(model: &'a str, out: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let mut words = vec![
        "filters",
        "--model",
        model,
        "--matrix",
        "matrix.parquet",
        "--genome",
        "genome.fa",
        "--influence-regions",
        "20",
        "--resamples",
        "20",
        "--out",
        out,
    ];
    words.extend(more);
    words
}

/// The rows of a table, with its header first.
fn rows(path: &Path) -> Vec<Vec<String>> {
    let text = fs::read_to_string(path).expect("a table");
    let row = |line: &str| line.split('\t').map(str::to_owned).collect();
    text.lines().map(row).collect()
}

#[test]
fn tables_motifs_and_page_of_filters() {
    let directory = toy::with_matrix();
    let here = directory.path();
    let common = ["--matrix", "matrix.parquet", "--genome", "genome.fa"];
    let short = "--preset paper-2021 --epochs 1 --resamples 0"
        .split(' ')
        .collect::<Vec<_>>();
    let run = |words: &[&str]| succeeds(here, &[words, &common, &short].concat());
    run(&["pretrain", "--tfs", "top-resolved:2", "--out", "multi"]);
    run(&[
        "finetune",
        "--model",
        "multi",
        "--tf",
        "MAX",
        "--seen-regions",
        "train",
        "--positives",
        "60",
        "--out",
        "max",
    ]);

    let all = ["--regions", "resolved"];
    let told = succeeds(here, &filters("multi", "seen", &all));
    says(
        &told,
        &[
            "of 100 filters match a known motif",
            "wrote seen/filters.html",
        ],
    );
    let table = rows(&here.join("seen/filters.tsv"));
    assert_eq!(table.len(), 101);
    assert_eq!(table[0][..4], ["filter", "sites", "maximum", "information"]);
    let influence = rows(&here.join("seen/influence.tsv"));
    assert_eq!(influence.len(), 1 + 100 * 2);
    let responding = table[1..].iter().filter(|row| row[1] != "0").count();
    let motifs = fs::read_to_string(here.join("seen/filters.meme")).expect("motifs");
    assert_eq!(motifs.matches("\nMOTIF ").count(), responding);
    let page = fs::read_to_string(here.join("seen/filters.html")).expect("a page");
    says(&page, &["Filters of multi", "What filters look for"]);

    // The same with another number of threads, and nothing is replaced unasked.
    let words = filters(
        "multi",
        "again",
        &["--regions", "resolved", "--threads", "1"],
    );
    succeeds(here, &words);
    let both = ["seen", "again"].map(|out| fs::read(here.join(out).join("filters.tsv")).unwrap());
    assert!(both[0] == both[1], "tables depend on the threads");
    let told = refuses(here, &filters("multi", "seen", &all));
    says(
        &told,
        &[
            "seen: expected a directory that does not exist yet",
            "--replace",
        ],
    );

    let before = ["--regions", "resolved", "--before", "multi"];
    let told = succeeds(here, &filters("max/transfer-1", "changed", &before));
    says(&told, &["against the model before: "]);
    let table = rows(&here.join("changed/filters.tsv"));
    let column = |name: &str| table[0].iter().position(|field| field == name).unwrap();
    let (kind, weights) = (column("kind"), column("weights_r"));
    for row in &table[1..] {
        assert!(!row[kind].is_empty());
        let r: f64 = row[weights].parse().expect("a correlation");
        assert!(r > 0.9, "a few steps change little: {r}");
    }
    let page = fs::read_to_string(here.join("changed/filters.html")).expect("a page");
    says(&page, &["and what they were in multi"]);

    // Filters correspond with those of the multi-model that fine-tuning began with, and no others.
    let told = refuses(here, &filters("multi", "none", &["--before", "multi"]));
    says(
        &told,
        &["was fine-tuned from", "hint: give the multi-model"],
    );
    // A readout has no filters of its own.
    let told = refuses(
        here,
        &filters("max/readout-1/model.safetensors", "none", &[]),
    );
    says(&told, &["a readout", "hint: give the multi-model"]);
    let told = refuses(here, &filters("multi", "none", &["--share", "1.5"]));
    says(
        &told,
        &["--share: expected a number between 0 and 1, found 1.5"],
    );
    let told = refuses(here, &filters("multi", "none", &["--trim", "2"]));
    says(&told, &["--trim: expected 0 to less than 2 bits"]);
    // Two TFs that are never both right after one epoch, or are: either is said.
    let output = bindscape(here, &filters("multi", "right", &["--max-regions", "1"]));
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    match output.status.code() {
        Some(0) => says(&told, &["warning: only 1 region to show"]),
        _ => says(&told, &["predicted rightly", "--regions resolved"]),
    }
}
