//! Experiments: the table, its continuation, what is left out, and what is refused.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::{command, refuses, says, succeeds, toy};

/// A study of `MAX` on the toy data with all kinds of models, of one epoch each.
const STUDY: &str = r#"{
  "title": "A toy",
  "tfs": ["MAX"],
  "sets": [{ "name": "both", "tfs": "MAX,JUND" }],
  "models": ["profile", "pwm", "kmers", "multi-model", "scratch", "motif-filters", "de-novo-filters", "layers:convolutional", "transfer",
             "freeze:convolutional", "readout", "joint"],
  "positives": [40, 500],
  "pretraining": { "max_epochs": 1 },
  "training": { "max_epochs": 1 }
}"#;

fn directory() -> tempfile::TempDir {
    let directory = toy::with_matrix();
    fs::write(directory.path().join("mine.json"), STUDY).expect("a writable directory");
    directory
}

/// The words of an experiment into `out`.
fn experiment<'a>(study: &'a str, out: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let words = [
        "experiment",
        study,
        "--matrix",
        "matrix.parquet",
        "--genome",
        "genome.fa",
        "--out",
        out,
    ];
    [&words[..], more].concat()
}

/// The result table: names of columns, and rows without the seconds, which are last.
fn rows(experiment: &Path) -> Vec<Vec<String>> {
    let text = fs::read_to_string(experiment.join("results.tsv")).expect("a table");
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let mut rows: Vec<Vec<String>> = lines
        .map(|line| line.split('\t').map(str::to_owned).collect())
        .collect();
    assert_eq!(rows[0].last().map(String::as_str), Some("seconds"));
    for row in &mut rows {
        row.pop();
    }
    rows
}

/// The values of one column.
fn column(rows: &[Vec<String>], name: &str) -> Vec<String> {
    let place = rows[0].iter().position(|of| of == name).expect("a column");
    rows[1..].iter().map(|row| row[place].clone()).collect()
}

#[test]
fn all_models_come_into_one_table_whatever_the_threads() {
    let directory = directory();
    let here = directory.path();
    let told = succeeds(here, &experiment("mine.json", "one", &["--threads", "1"]));
    says(
        &told,
        &[
            "A toy: 1 TF, 1 multi-model, 2 cases with 12 models each",
            "both-1: 300 regions of 2 TFs, mean test AUCPR",
            "MAX.both.500.1.1.1: left out, positives: expected 500 bound regions of MAX, found 100",
            "both, 40 bound regions, transfer: mean AUCPR",
            "wrote 12 rows",
        ],
    );
    let table = rows(&here.join("one"));
    assert_eq!(
        column(&table, "model"),
        [
            "profile",
            "pwm",
            "kmers",
            "multi-model",
            "scratch",
            "motif-filters",
            "de-novo-filters",
            "layers:convolutional",
            "transfer",
            "freeze:convolutional",
            "readout",
            "joint"
        ]
    );
    for (name, expected) in [
        ("tf", "MAX"),
        ("set", "both"),
        ("relation", "among"),
        ("asked", "40"),
        ("multi_tfs", "MAX,JUND"),
        ("multi_regions", "300"),
        ("multi_bound", "200"),
    ] {
        let values = column(&table, name);
        assert!(
            values.iter().all(|value| value == expected),
            "{name}: {values:?}"
        );
    }
    let bound = |name| column(&table, name)[0].parse::<u32>().expect("a number");
    assert!((30..=34).contains(&bound("train_bound")) && (3..=6).contains(&bound("test_bound")));
    for name in ["aucpr", "natural_aucpr"] {
        for value in column(&table, name) {
            let value: f64 = value.parse().expect("a number");
            assert!(value > 0.0 && value <= 1.0);
        }
    }
    // The motif is planted; a PWM of 32 regions finds it.
    assert!(column(&table, "aucpr")[0].parse::<f64>().expect("a number") > 0.95);
    let trained: Vec<bool> = column(&table, "epochs")
        .iter()
        .map(|of| of == "1")
        .collect();
    // A joint model has the epochs of its network.
    let by_epochs = |row: usize| (4..10).contains(&row) || row == 11;
    assert!(
        (0..12).all(|row| trained[row] == by_epochs(row)),
        "{trained:?}"
    );
    // The page and the tests follow from the table alone.
    let page = fs::read_to_string(here.join("one/report.html")).expect("a page");
    says(&page, &["A toy", "readout", "MAX"]);
    let tests = fs::read_to_string(here.join("one/statistics.tsv")).expect("tests");
    says(&tests, &["readout", "pwm"]);
    succeeds(here, &["report", "one", "--out", "again.html"]);
    assert_eq!(
        fs::read_to_string(here.join("again.html")).expect("a page"),
        page
    );
    says(
        &refuses(here, &["report", "one", "one/multi/both-1"]),
        &["one directory of an experiment alone"],
    );
    // The multi-model is a run like any other; models of single TFs are not kept.
    assert!(
        here.join("one/multi/both-1/multi/model.safetensors")
            .exists()
    );
    assert!(!here.join("one/cases").exists());
    succeeds(here, &["model", "inspect", "one/multi/both-1"]);

    let more = ["--threads", "3", "--keep-models"];
    succeeds(here, &experiment("mine.json", "three", &more));
    assert_eq!(rows(&here.join("three")), table);
    assert!(
        here.join("three/cases/MAX.both.40.1.1.1/transfer/model.safetensors")
            .exists()
    );

    // The paper's protocol, and options in place of the study's fields. A multi-model of fewer
    // regions leaves others to draw from.
    let mut more = vec![
        "--protocol",
        "paper-2021",
        "--models",
        "pwm,transfer",
        "--repeats",
        "2",
    ];
    more.extend(["--positives", "30", "--regions", "120"]);
    succeeds(here, &experiment("mine.json", "paper", &more));
    let paper = rows(&here.join("paper"));
    assert_eq!(column(&paper, "repeat"), ["1", "1", "2", "2"]);
    assert_eq!(
        column(&paper, "model"),
        ["pwm", "transfer", "pwm", "transfer"]
    );
    let record = fs::read_to_string(here.join("paper/experiment.json")).expect("a record");
    says(
        &record,
        &[
            "\"protocol\": \"paper-2021\"",
            "forward strand",
            "\"finished\": true",
        ],
    );
}

#[test]
fn a_killed_experiment_goes_on_to_the_same_table() {
    let directory = directory();
    let here = directory.path();
    let more = ["--threads", "1", "--positives", "40", "--repeats", "3"];
    succeeds(here, &experiment("mine.json", "whole", &more));
    let mut child = command(here, &experiment("mine.json", "killed", &more))
        .stderr(Stdio::null())
        .spawn()
        .expect("the program was built");
    let cases = here.join("killed/cases.jsonl");
    let began = Instant::now();
    while fs::metadata(&cases).map_or(0, |file| file.len()) == 0 {
        assert!(began.elapsed() < Duration::from_secs(300), "no case ended");
        std::thread::sleep(Duration::from_millis(20));
    }
    child.kill().expect("a process to kill");
    child.wait().expect("a killed process");
    let told = succeeds(here, &experiment("mine.json", "killed", &more));
    says(
        &told,
        &["continuing the run in killed", "of an earlier call kept"],
    );
    assert_eq!(rows(&here.join("killed")), rows(&here.join("whole")));

    // Another study, or other inputs, are not continued.
    let other = experiment("mine.json", "killed", &["--positives", "50"]);
    says(
        &refuses(here, &other),
        &["killed: expected a run with", "positives"],
    );
    let build = [&toy::build_with("--build", "other")[..]].concat();
    succeeds(here, &build);
    says(
        &refuses(here, &experiment("mine.json", "killed", &more)),
        &["expected a run on matrix matrix.parquet"],
    );
}

/// Standard error of the study in `bad.json`, which fails after its directory was made.
fn told_with_directory(here: &Path) -> String {
    let output = crate::bindscape(here, &experiment("bad.json", "begun", &[]));
    assert_eq!(output.status.code(), Some(2));
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn what_is_no_study_is_refused_before_anything_is_written() {
    let directory = directory();
    let here = directory.path();
    let put = |text: &str| fs::write(here.join("bad.json"), text).expect("a writable directory");
    let told = |more: &[&str]| refuses(here, &experiment("bad.json", "out", more));
    put("{\n \"repeat\": 5\n}");
    says(
        &told(&[]),
        &["bad.json, line 2", "unknown field `repeat`", "`repeats`"],
    );
    put("{ \"tfs\": [\"MAXX\"] }");
    says(&told(&[]), &["MAXX", "did you mean MAX?"]);
    put("{ \"models\": [\"transfer\"] }");
    says(
        &told(&[]),
        &["sets: expected a set to pre-train on, which `transfer` needs"],
    );
    put("{ \"min_bound\": 1000 }");
    says(
        &told(&[]),
        &[
            "expected a TF that can be studied",
            "2 TFs with fewer than 1,000",
        ],
    );
    for settings in ["training", "pretraining"] {
        put(&format!("{{ \"{settings}\": {{ \"shift\": 5000 }} }}"));
        says(
            &told(&[]),
            &["shift", "less than the", "bp of the sequences"],
        );
        assert!(!here.join("out").exists());
    }
    put("{ \"positives\": [5000] }");
    says(
        &told_with_directory(here),
        &["expected a case that can be studied", "5000 bound"],
    );
    // What is there twice would be counted twice.
    put(&STUDY.replace("[40, 500]", "[40, 40]"));
    says(
        &told(&[]),
        &["positives: expected each number once, found 40 twice"],
    );
    put(&STUDY.replace("\"kmers\"", "\"pwm\""));
    says(
        &told(&[]),
        &["models: expected each model once, found `pwm` twice"],
    );
    // A typo in a set is no reason to leave the set out.
    put(&STUDY.replace("MAX,JUND", "MAX,JUNND"));
    says(
        &told(&[]),
        &["the set `both`", "JUNND", "did you mean JUND?"],
    );
    let sets = "{ \"name\": \"both\", \"tfs\": \"random:{tf}\", \"count\": 1 }, \
                { \"name\": \"both-MAX\", \"tfs\": \"MAX,JUND\" }";
    put(&STUDY.replace("{ \"name\": \"both\", \"tfs\": \"MAX,JUND\" }", sets));
    says(
        &told(&[]),
        &[
            "differ by more than a TF at their end",
            "`both` and `both-MAX`",
        ],
    );
    put(&STUDY.replace("\"positives\"", "\"split\": { \"random\": { \"train\": 0.5, \"validation\": 0.2, \"test\": 0.2 } }, \"positives\""));
    says(&told(&[]), &["three positive shares that add up to 1"]);
    put("a,b\n");
    says(&told(&[]), &["bad.json"]);
    says(
        &refuses(here, &experiment("downsamplings", "out", &[])),
        &["`downsamplings`", "did you mean downsampling?"],
    );
    says(
        &refuses(here, &experiment("mine.json", "out", &["--sets", "bot"])),
        &[
            "expected sets of the study (both), found `bot`",
            "did you mean both?",
        ],
    );
    says(
        &refuses(here, &experiment("mine.json", "out", &["--models", "pvm"])),
        &["pvm", "pwm"],
    );
    // Sets of partners need STRING's files.
    let partners = STUDY.replace("MAX,JUND", "partners:{tf}");
    put(&partners);
    says(&told(&[]), &["the set both of MAX", "STRING"]);
}

#[test]
fn a_written_plan_is_run_with_its_study() {
    let directory = directory();
    let here = directory.path();
    let more = [
        "--positives",
        "40",
        "--models",
        "pwm",
        "--plan",
        "plan.json",
    ];
    succeeds(here, &experiment("mine.json", "out", &more));
    let plan = fs::read_to_string(here.join("plan.json")).expect("a plan");
    says(
        &plan,
        &["\"job\": \"experiment\"", "\"min_bound\"", "\"pwm\""],
    );
    fs::write(
        here.join("plan.json"),
        plan.replace("\"A toy\"", "\"Mine\""),
    )
    .expect("writable");
    says(&succeeds(here, &["run", "plan.json"]), &["Mine: 1 TF"]);
    assert_eq!(rows(&here.join("out")).len(), 2);
}

/// An experiment is what the commands are, one by one.
#[test]
fn rows_are_those_of_pretrain_and_finetune() {
    let directory = directory();
    let here = directory.path();
    let more = [
        "--positives",
        "40",
        "--models",
        "profile,pwm,kmers,scratch,transfer,readout,joint",
    ];
    succeeds(here, &experiment("mine.json", "out", &more));
    let words = [toy::PRETRAIN, &["multi", "--architecture", "cnn"]].concat();
    let random = ["--motif-filters", "random"];
    succeeds(here, &[&words[..], &random].concat());
    let models = ["out/multi/both-1/multi", "multi/multi"].map(|run| {
        let path = here.join(run).join("model.safetensors");
        fs::read(path).expect("a model")
    });
    assert!(
        models[0] == models[1],
        "another multi-model than that of `pretrain`"
    );
    are_equal(
        here,
        &here.join("out"),
        &["--no-train-background", "--out", "max"],
    );
    // With the unbound regions of any GC content that networks may see.
    let study = STUDY.replacen('{', "{ \"train_background\": true,", 1);
    fs::write(here.join("seen.json"), study).expect("writable");
    succeeds(here, &experiment("seen.json", "seen", &more));
    are_equal(here, &here.join("seen"), &["--out", "max-seen"]);
    let of_networks = |out: &str| {
        let table = rows(&here.join(out));
        let models = column(&table, "model").into_iter();
        let values = models.zip(column(&table, "natural_aucpr"));
        let networks = values.filter(|(model, _)| model == "scratch" || model == "transfer");
        networks.collect::<Vec<_>>()
    };
    assert_eq!(of_networks("out").len(), 2);
    assert_ne!(of_networks("out"), of_networks("seen"));
}

/// Compares the table of `experiment` with a fine-tuning of `multi` to 40 bound regions of `MAX`,
/// whose other words are `more`, the directory last.
fn are_equal(here: &Path, experiment: &Path, more: &[&str]) {
    let mut words = vec!["finetune", "--model", "multi", "--matrix", "matrix.parquet"];
    words.extend(["--genome", "genome.fa", "--tf", "MAX", "--positives", "40"]);
    words.extend(["--with-scratch", "--epochs", "1", "--resamples", "0"]);
    words.extend(more);
    succeeds(here, &words);
    let run = here.join(more[more.len() - 1]);
    let text = fs::read_to_string(run.join("comparison.json")).expect("a comparison");
    let comparison: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let table = rows(experiment);
    let values = |name| -> Vec<f64> {
        let values = column(&table, name);
        values
            .iter()
            .map(|value| value.parse().expect("a number"))
            .collect()
    };
    let (matched, natural) = (values("aucpr"), values("natural_aucpr"));
    for (row, model) in column(&table, "model").iter().enumerate() {
        let compared = comparison["repeats"][0]["models"]
            .as_array()
            .expect("models");
        let compared = compared.iter().find(|of| of["model"] == **model);
        let compared = compared.unwrap_or_else(|| panic!("no {model}"));
        assert_eq!(
            compared["matched"]["aucpr"]["value"], matched[row],
            "{model}"
        );
        assert_eq!(
            compared["natural"]["aucpr"]["value"], natural[row],
            "{model}"
        );
    }
}
