//! `explain`: all parts of an explanation on one page; what it refuses.

use std::fs;

use crate::{refuses, says, succeeds, toy};

#[test]
fn an_explanation_has_regions_patterns_hits_and_filters() {
    let directory = toy::with_matrix_of(400);
    let here = directory.path();
    let data = ["--matrix", "matrix.parquet", "--genome", "genome.fa"];
    let pretrain = ["pretrain", "--tfs", "top-resolved:2", "--out", "multi"];
    let short = ["--epochs", "2", "--resamples", "0"];
    succeeds(here, &[&pretrain[..], &data, &short].concat());
    let explain = ["explain", "--model", "multi"];
    let words = |more: &[&'static str]| [&explain[..], &data, more].concat();
    let said = succeeds(here, &words(&["--tf", "MAX", "--out", "why"]));
    says(
        &said,
        &[
            "Explained: the ",
            "bound by MAX in the test part of the model",
            "filters match a known motif",
            "wrote why/explanation.html",
        ],
    );
    let read = |name: &str| fs::read_to_string(here.join("why").join(name)).expect("written");
    let page = read("explanation.html");
    says(
        &page,
        &[
            "Why multi predicts MAX",
            "id=\"patterns\"",
            "id=\"regions\"",
            "id=\"filters-of-the-model\"",
            "for MAX.",
        ],
    );
    let regions = read("regions.bed").lines().count();
    assert!(regions >= 20, "{regions}");
    let attributed = read("contributions/regions.tsv");
    let rows = attributed.lines().filter(|line| !line.starts_with('#'));
    assert_eq!(rows.count(), regions + 1);
    assert!(read("explanation.json").contains(&format!("\"regions\": {regions}")));
    // Of the other TF of the model nothing is said.
    let influence = read("filters/influence.tsv");
    assert!(
        influence
            .lines()
            .skip(1)
            .all(|line| line.contains("\tMAX\t"))
    );

    let refused = |more: &[&'static str], expected: &[&str]| {
        says(&refuses(here, &words(more)), expected);
    };
    refused(
        &["--tf", "MAX", "--out", "why"],
        &["why", "a new or empty directory"],
    );
    refused(&["--out", "none"], &["--tf", "one of the model's TFs"]);
    refused(&["--tf", "NOTF", "--out", "none"], &["NOTF"]);
    refused(
        &["--tf", "MAX", "--max-regions", "5", "--out", "none"],
        &["--max-regions", "at least 20"],
    );
    refused(
        &["--tf", "MAX", "--motifs", "none.meme", "--out", "none"],
        &["none.meme"],
    );
    assert!(!here.join("none").exists());
    // Of a directory that was there nothing else is removed.
    fs::create_dir(here.join("mine")).expect("made");
    refused(
        &["--tf", "MAX", "--motifs", "none.meme", "--out", "mine"],
        &["none.meme"],
    );
    let left: Vec<_> = fs::read_dir(here.join("why"))
        .expect("a directory")
        .flatten()
        .collect();
    assert!(
        left.iter().all(|entry| entry.file_name() != ".lock"),
        "{left:?}"
    );
}

#[test]
fn a_readout_is_explained_by_what_it_weighs() {
    let directory = toy::with_matrix_of(400);
    let here = directory.path();
    let data = ["--matrix", "matrix.parquet", "--genome", "genome.fa"];
    let run = |words: &str| {
        succeeds(
            here,
            &[&words.split(' ').collect::<Vec<_>>()[..], &data].concat(),
        )
    };
    run("pretrain --tfs MAX,JUND --regions 300 --epochs 1 --resamples 0 --out multi");
    run("finetune --model multi --tf MAX --positives 130 --readout-only --resamples 0 --out max");
    let explain = "explain --model max/readout-1/model.safetensors";
    // The test part of a model of few peaks is too small.
    let words = format!("{explain} --out why");
    let words = [&words.split(' ').collect::<Vec<_>>()[..], &data].concat();
    says(
        &refuses(here, &words),
        &[
            "at least 20 bound regions of MAX in the test part",
            "--on unseen",
        ],
    );
    let told = run(&format!("{explain} --on unseen --out why"));
    says(&told, &["outside of all that the model was fitted on"]);
    says(
        &told,
        &["the readout weighs most", "wrote why/explanation.html"],
    );
    let page = fs::read_to_string(here.join("why/explanation.html")).expect("a page");
    says(
        &page,
        &[
            "Why readout-1/model.safetensors predicts MAX",
            "in-silico mutagenesis",
            "href=\"#weights\"",
            "gapped k-mers",
            "TF of the multi-model",
        ],
    );
    assert!(!page.contains("filters.html") && !here.join("why/filters").exists());
    // The site that was planted is what all of it comes from.
    let patterns = fs::read_to_string(here.join("why/patterns/patterns.tsv")).expect("a table");
    assert!(
        patterns
            .lines()
            .nth(1)
            .expect("a pattern")
            .contains("CACGTG"),
        "{patterns}"
    );

    // A fault of the known motifs is not taken for too little that stands out.
    let typo = "MEME version 4\nMOTIF a\nletter-probability matrix:\n 0.7 O.1 0.1 0.1\n";
    fs::write(here.join("typo.meme"), typo).expect("written");
    let words = format!("{explain} --on unseen --motifs typo.meme --out none");
    let words = [&words.split(' ').collect::<Vec<_>>()[..], &data].concat();
    says(&refuses(here, &words), &["typo.meme, line 4", "O.1"]);

    let before = format!("{explain} --before multi --out none");
    let words = [&before.split(' ').collect::<Vec<_>>()[..], &data].concat();
    says(
        &refuses(here, &words),
        &["--before", "a readout", "hint: leave --before out"],
    );
    assert!(!here.join("none").exists());
}
