//! `protein crossval`: every model on the same folds, resumed to the same bytes.

use std::fmt::Write;
use std::path::Path;

use super::{refuses, says, succeeds, toy};

const CLASSES: [&str; 5] = [
    "zinc_finger",
    "homeodomain",
    "leucine_zipper",
    "other_tf",
    "non_tf",
];

/// Proteins of five classes, each with frequent letters of its own, in families of two; as a
/// FASTA file, a table with a column of families, and three further proteins.
fn write_proteins(directory: &Path) {
    let letters = [b"CHKR", b"RWKN", b"LEKQ", b"GSDT", b"IVAF"];
    let mut number = toy::draws(7);
    let mut draw = |below: usize| number() % below;
    let mut fasta = String::new();
    let mut table = String::from("accession\tclass\tfamily\n");
    let mut further = String::new();
    for family in 0..45 {
        let class = family % 5;
        let mut sequence: Vec<u8> = (0..90)
            .map(|_| match draw(3) {
                0 => b"ACDEFGHIKLMNPQRSTVWY"[draw(20)],
                _ => letters[class][draw(4)],
            })
            .collect();
        for member in 0..2 {
            let text = String::from_utf8(sequence.clone()).expect("letters");
            writeln!(fasta, ">f{family}m{member}\n{text}").expect("text");
            writeln!(table, "f{family}m{member}\t{}\tf{family}", CLASSES[class]).expect("text");
            for _ in 0..9 {
                sequence[draw(90)] = b"ACDEFGHIKLMNPQRSTVWY"[draw(20)];
            }
        }
        if family < 15 && class == 4 {
            sequence.reverse();
            let text = String::from_utf8(sequence).expect("letters");
            writeln!(further, ">x{family}\n{text}").expect("text");
        }
    }
    // One that is in the labelled set as well.
    let known = fasta.lines().nth(1).expect("a sequence");
    writeln!(further, ">known\n{known}").expect("text");
    std::fs::write(directory.join("p.fa"), fasta).expect("written");
    std::fs::write(directory.join("p.tsv"), table).expect("written");
    std::fs::write(directory.join("x.fa"), further).expect("written");
}

fn words<'a>(more: &[&'a str]) -> Vec<&'a str> {
    let mut words = vec![
        "protein",
        "crossval",
        "--proteins",
        "p.fa",
        "--labels",
        "p.tsv",
        "--folds",
        "3",
        "--validation",
        "0.3",
    ];
    words.extend(more);
    words
}

fn file(directory: &Path, name: &str) -> String {
    std::fs::read_to_string(directory.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn models_in_parts_equal_all_at_once() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let here = directory.path();
    write_proteins(here);
    let models = "multitask,tfpredict,nearest-alignment,nearest-embedding,logistic,homology";
    let shared = ["--external", "x.fa", "--epochs", "2", "--seed", "3"];
    let with = |more: &[&'static str]| words(&[&shared[..], more].concat());
    let said = succeeds(
        here,
        &with(&["--models", models, "--out", "once", "--threads", "2"]),
    );
    says(
        &said,
        &["left out 1 of 4 proteins of x.fa", "multitask fold 1"],
    );

    // In three steps, on one thread: the models one after the other, a fold first.
    succeeds(
        here,
        &with(&[
            "--models",
            "multitask,tfpredict",
            "--only",
            "2",
            "--out",
            "steps",
            "--threads",
            "1",
        ]),
    );
    let first = file(here, "steps/predictions/multitask.fold2.tsv");
    assert!(file(here, "steps/metrics.md").contains("multitask (1 of 3 folds)"));
    succeeds(
        here,
        &with(&[
            "--models",
            "multitask,tfpredict",
            "--out",
            "steps",
            "--threads",
            "1",
        ]),
    );
    succeeds(
        here,
        &with(&[
            "--models",
            "nearest-alignment,nearest-embedding,logistic,homology",
            "--out",
            "steps",
        ]),
    );
    assert_eq!(first, file(here, "steps/predictions/multitask.fold2.tsv"));
    for name in ["folds.tsv", "metrics.json", "metrics.tsv", "metrics.md"] {
        let (once, steps) = (
            file(here, &format!("once/{name}")),
            file(here, &format!("steps/{name}")),
        );
        assert_eq!(once, steps, "{name}");
    }
    assert!(!here.join("once/trainings/multitask.fold1").exists());

    // No family in two folds; all models beyond chance.
    let folds = file(here, "once/folds.tsv");
    let fold_of = |id: &str| {
        let line = folds
            .lines()
            .find(|line| line.starts_with(id))
            .expect("a protein");
        line.rsplit('\t').next().map(str::to_owned)
    };
    for family in 0..45 {
        assert_eq!(
            fold_of(&format!("f{family}m0\t")),
            fold_of(&format!("f{family}m1\t"))
        );
    }
    let metrics: serde_json::Value =
        serde_json::from_str(&file(here, "once/metrics.json")).expect("JSON");
    let logistic = &metrics["models"][4];
    assert_eq!(logistic["model"], "logistic");
    let summary = logistic["summary"].as_array().expect("metrics");
    let mean = |name: &str| {
        let metric = summary.iter().find(|metric| metric["metric"] == name);
        metric.expect("a metric")["mean"].as_f64().expect("defined")
    };
    assert!(mean("tf.mcc") > 0.8, "{}", mean("tf.mcc"));
    assert!(mean("classes.homeodomain.f1") > 0.7);
    assert_eq!(mean("external.proteins"), 3.0);
}

#[test]
fn splits_by_column_and_by_chance() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let here = directory.path();
    write_proteins(here);
    for (split, out) in [("family", "a"), ("random", "b")] {
        succeeds(
            here,
            &words(&["--models", "logistic", "--split", split, "--out", out]),
        );
        assert_eq!(file(here, &format!("{out}/folds.tsv")).lines().count(), 91);
    }
    assert!(file(here, "a/folds.tsv").contains("f3m1\tother_tf\tf3\t"));
    assert!(file(here, "a/metrics.md").contains("proteins of the same family in one fold"));
    // The folds are read back, groups and all.
    succeeds(
        here,
        &words(&["--models", "homology", "--split", "family", "--out", "a"]),
    );
    assert!(file(here, "a/metrics.md").contains("| homology |"));
}

#[test]
fn stored_embeddings_are_as_good_as_computed_ones() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let here = directory.path();
    write_proteins(here);
    succeeds(
        here,
        &[
            "protein",
            "embed",
            "p.fa",
            "--model",
            "residue",
            "--representation",
            "windows",
            "--out",
            "stored",
        ],
    );
    let models = "logistic:residue,logistic:esm2,tf:residue,tf:esm2";
    let more = [
        "--embeddings",
        "stored",
        "--models",
        models,
        "--epochs",
        "1",
        "--out",
        "o",
    ];
    succeeds(here, &words(&more));
    for (computed, stored) in [
        ("logistic-residue", "logistic-esm2"),
        ("tf-residue", "tf-esm2"),
    ] {
        assert_eq!(
            file(here, &format!("o/predictions/{computed}.fold1.tsv")),
            file(here, &format!("o/predictions/{stored}.fold1.tsv")),
        );
    }
    let without = refuses(here, &words(&["--models", "logistic:esm2", "--out", "x"]));
    says(
        &without,
        &["--embeddings: expected a directory", "protein embed"],
    );
}

#[test]
fn what_is_refused() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let here = directory.path();
    write_proteins(here);
    let near = refuses(here, &words(&["--models", "multitsak", "--out", "o"]));
    says(
        &near,
        &["--models: expected multitask", "did you mean multitask"],
    );
    let mut many = words(&["--models", "logistic", "--out", "o"]);
    many[7] = "12";
    let groups = refuses(here, &many);
    says(
        &groups,
        &[
            "--folds: expected at least one of every class in each of 12 folds",
            "zinc_finger: 18 proteins in",
        ],
    );
    let column = refuses(here, &words(&["--split", "familie", "--out", "o"]));
    says(
        &column,
        &["the group column \"familie\"", "did you mean family?"],
    );
    let weights = refuses(here, &words(&["--loss-weights", "1,0,1", "--out", "o"]));
    says(&weights, &["--loss-weights: expected two numbers"]);
    let rate = refuses(here, &words(&["--learning-rate", "0", "--out", "o"]));
    says(&rate, &["--learning-rate: expected a number above 0"]);
    let fold = refuses(here, &words(&["--only", "4", "--out", "o"]));
    says(&fold, &["--only: expected folds from 1 to 3, found 4"]);
    let table = file(here, "p.tsv").replace("f0m0\t", "unheard\t");
    std::fs::write(here.join("other.tsv"), table).expect("written");
    let ids = refuses(
        here,
        &[
            "protein",
            "crossval",
            "--proteins",
            "p.fa",
            "--labels",
            "other.tsv",
            "--out",
            "o",
        ],
    );
    says(
        &ids,
        &[
            "1 of 90 ids that are not in it (unheard)",
            "without a label (f0m0)",
        ],
    );

    succeeds(here, &words(&["--models", "logistic", "--out", "o"]));
    let other = refuses(
        here,
        &words(&["--models", "logistic", "--seed", "9", "--out", "o"]),
    );
    says(
        &other,
        &["expected a cross-validation with seed 9, found one with seed 1"],
    );
    std::fs::create_dir(here.join("full")).expect("made");
    std::fs::write(here.join("full/notes.txt"), "mine").expect("written");
    let full = refuses(here, &words(&["--models", "logistic", "--out", "full"]));
    says(
        &full,
        &["other files and no crossval.json", "choose another --out"],
    );
    let path = here.join("o/predictions/logistic.fold1.tsv");
    let cut = file(here, "o/predictions/logistic.fold1.tsv").replacen("\t0.", "\tx", 1);
    std::fs::write(&path, cut).expect("written");
    let damaged = refuses(here, &words(&["--models", "logistic", "--out", "o"]));
    says(&damaged, &["logistic.fold1.tsv, line 2", "remove the file"]);
}

/// What is cross-validated as `homology` is what `protein train` makes of the same proteins.
#[test]
fn the_homology_model_is_that_of_protein_train() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let here = directory.path();
    write_proteins(here);
    let shared = ["--split", "random", "--seed", "3"];
    let more = ["--models", "homology", "--only", "1", "--out", "o"];
    succeeds(here, &words(&[&shared[..], &more].concat()));
    let folds = file(here, "o/folds.tsv");
    let is_test = |id: &str| {
        let line = folds
            .lines()
            .find(|line| line.starts_with(&format!("{id}\t")));
        line.expect("a protein").ends_with("\t1")
    };
    let (mut train, mut test) = (String::new(), String::new());
    let fasta = file(here, "p.fa");
    let lines: Vec<&str> = fasta.lines().collect();
    for record in lines.chunks(2) {
        let part = if is_test(&record[0][1..]) {
            &mut test
        } else {
            &mut train
        };
        writeln!(part, "{}\n{}", record[0], record[1]).expect("text");
    }
    let table = file(here, "p.tsv");
    let known = |line: &&str| line.starts_with("accession") || !is_test(id_of(line));
    let labels: Vec<&str> = table.lines().filter(known).collect();
    std::fs::write(here.join("train.fa"), train).expect("written");
    std::fs::write(here.join("test.fa"), test).expect("written");
    std::fs::write(here.join("train.tsv"), labels.join("\n")).expect("written");

    let train =
        "protein train --network homology --proteins train.fa --labels train.tsv --out model";
    let train: Vec<&str> = train.split_whitespace().chain(shared).collect();
    succeeds(here, &train);
    let predict = "protein predict --model model --proteins test.fa --out scores.tsv";
    succeeds(here, &predict.split(' ').collect::<Vec<_>>());

    let p_tf = |name: &str| -> Vec<(String, f64)> {
        let text = file(here, name);
        let rows = text.lines().skip(1).map(|line| {
            let p = line.split('\t').nth(2).expect("p_tf");
            (id_of(line).to_owned(), p.parse().expect("a number"))
        });
        rows.collect()
    };
    let (trained, crossed) = (p_tf("scores.tsv"), p_tf("o/predictions/homology.fold1.tsv"));
    assert_eq!(trained.len(), crossed.len());
    for (trained, crossed) in trained.iter().zip(&crossed) {
        assert_eq!(trained.0, crossed.0);
        let difference = (trained.1 - crossed.1).abs();
        assert!(difference < 1e-5, "{trained:?}, {crossed:?}");
    }
}

fn id_of(line: &str) -> &str {
    line.split('\t').next().expect("an id")
}

#[test]
fn written_plans_run_as_typed_commands() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let here = directory.path();
    write_proteins(here);
    let models = ["--models", "logistic:onehot", "--split", "family"];
    let typed = words(&[&models[..], &["--out", "typed"]].concat());
    succeeds(here, &typed);
    let planned = words(&[&models[..], &["--out", "planned", "--plan", "plan.json"]].concat());
    succeeds(here, &planned);
    succeeds(here, &["run", "plan.json"]);
    let name = "predictions/logistic-onehot.fold2.tsv";
    assert_eq!(
        file(here, &format!("typed/{name}")),
        file(here, &format!("planned/{name}"))
    );

    let cluster = |out: &'static str| ["protein", "cluster", "p.fa", "--out", out];
    succeeds(here, &cluster("a.tsv"));
    succeeds(
        here,
        &[&cluster("b.tsv")[..], &["--plan", "cluster.json"]].concat(),
    );
    succeeds(here, &["run", "cluster.json"]);
    assert_eq!(file(here, "a.tsv"), file(here, "b.tsv"));

    let train = "protein train --proteins p.fa --labels p.tsv --split family --window 7 \
                 --filters 8,8 --hidden 16 --epochs 1 --validation 0.3";
    let train =
        |more: &[&'static str]| [&train.split_whitespace().collect::<Vec<_>>(), more].concat();
    succeeds(here, &train(&["--out", "once"]));
    succeeds(here, &train(&["--out", "again", "--plan", "train.json"]));
    succeeds(here, &["run", "train.json"]);
    let model =
        |run: &str| std::fs::read(here.join(run).join("model.safetensors")).expect("a model");
    assert!(model("once") == model("again"), "the same bytes");
}

/// Of several learning rates the validation part chooses, and the chosen one is what is scored.
#[test]
fn a_fold_chooses_its_learning_rate() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let here = directory.path();
    write_proteins(here);
    let shared = "--models multitask --split family --epochs 2 --only 2 --encoder onehot";
    let run = |more: &'static str| {
        let more: Vec<&str> = shared.split(' ').chain(more.split(' ')).collect();
        succeeds(here, &words(&more));
    };
    run("--learning-rate 0.00001,0.002 --loss-weights 0.5,0.5 --loss-weights 0,1 --out chosen");
    let table = file(here, "chosen/choices/multitask.fold2.tsv");
    let rows: Vec<Vec<&str>> = table
        .lines()
        .map(|line| line.split('\t').collect())
        .collect();
    assert_eq!(rows.len(), 5, "{table}");
    let loss = |row: &[&str]| row[3].parse::<f64>().expect("a loss");
    let chosen: Vec<&Vec<&str>> = rows[1..].iter().filter(|row| row[4] == "yes").collect();
    assert_eq!(chosen.len(), 1, "{table}");
    assert_eq!(chosen[0][..3], ["0.002", "0.5", "0.5"], "{table}");
    assert!(
        rows[1..].iter().all(|row| loss(row) >= loss(chosen[0])),
        "{table}"
    );
    run("--learning-rate 0.002 --loss-weights 0.5,0.5 --out alone");
    let name = "predictions/multitask.fold2.tsv";
    assert_eq!(
        file(here, &format!("chosen/{name}")),
        file(here, &format!("alone/{name}"))
    );
    assert!(!here.join("alone/choices").exists());
}
