//! `protein predict`.

use std::io::Write;
use std::process::Stdio;

use bindscape_nn::protein::Heads;
use bindscape_protein::Protein;

use super::protein_model::{fasta, model, proteins};
use super::{command, refuses, says, succeeds};

/// The rows of a table by column name.
fn table(text: &str) -> Vec<Vec<(String, String)>> {
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().expect("a header").split('\t').collect();
    lines
        .map(|line| {
            let cells: Vec<&str> = line.split('\t').collect();
            assert_eq!(cells.len(), header.len(), "{line}");
            let pairs = header.iter().zip(cells);
            pairs
                .map(|(n, c)| ((*n).to_owned(), c.to_owned()))
                .collect()
        })
        .collect()
}

fn cell<'a>(row: &'a [(String, String)], column: &str) -> &'a str {
    let found = row.iter().find(|(name, _)| name == column);
    &found.expect("a column of that name").1
}

fn special(id: &str, sequence: Vec<u8>) -> Protein {
    Protein::new(id, sequence)
}

#[test]
fn every_protein_once_in_order_and_none_depends_on_the_others() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = |name: &str| directory.path().join(name);
    model(directory.path(), Heads::Both);
    // More than are scored at a time.
    let mut all = proteins(4300);
    all.push(special("unknown", b"MAXUHCHCHCHCHCHCKLMNPQRS".to_vec()));
    all.push(special("long", proteins(1)[0].sequence.repeat(20)));
    std::fs::write(path("all.fa"), fasta(&all)).expect("a writable directory");
    let told = succeeds(
        directory.path(),
        &[
            "protein",
            "predict",
            "--model",
            ".",
            "--proteins",
            "all.fa",
            "--out",
            "all.tsv",
        ],
    );
    says(
        &told,
        &["4,302  proteins", "called TFs", "flagged seen_in_training"],
    );
    let text = std::fs::read_to_string(path("all.tsv")).expect("a table");
    let rows = table(&text);
    let ids: Vec<&str> = rows.iter().map(|row| cell(row, "id")).collect();
    assert!(ids.iter().copied().eq(all.iter().map(|p| p.id.as_str())));
    let right = rows[..4300].iter().enumerate().filter(|(i, row)| {
        let is_tf = cell(row, "is_tf") == "yes";
        let class = cell(row, "class");
        is_tf == (i % 2 == 0) && class == if i % 2 == 0 { "zinc_finger" } else { "non_tf" }
    });
    assert!(right.count() > 4000, "the model has learned");
    let known = cell(&rows[3], "flags");
    assert!(known.ends_with("seen_in_training"), "{known}");
    for row in &rows[..200] {
        let length: usize = cell(row, "length").parse().expect("a number");
        assert_eq!(
            cell(row, "flags").contains("short"),
            length < 100,
            "{row:?}"
        );
    }
    assert!(!cell(&rows[100], "flags").contains("seen_in_training"));
    let flags = |row: &[(String, String)]| cell(row, "flags").to_owned();
    assert!(flags(&rows[4300]).contains("unknown_residues"));
    assert!(flags(&rows[4301]).contains("cut"));
    for row in &rows {
        let classes = row[5..10]
            .iter()
            .map(|(_, p)| p.parse::<f64>().expect("a number"));
        assert!((classes.sum::<f64>() - 1.0).abs() < 1e-5);
        let above = cell(row, "p_tf").parse::<f64>().expect("a number") >= 0.5;
        let disagree = above == (cell(row, "class") == "non_tf");
        assert_eq!(disagree, cell(row, "flags").contains("heads_disagree"));
        let call = match (disagree, above) {
            (true, _) => "uncertain",
            (false, true) => "yes",
            (false, false) => "no",
        };
        assert_eq!(cell(row, "is_tf"), call, "{row:?}");
    }

    // A few of them alone, over standard input and output.
    let few: Vec<Protein> = [4301, 17, 4300].map(|i| all[i].clone()).to_vec();
    let mut child = command(
        directory.path(),
        &[
            "protein",
            "predict",
            "--model",
            "model.safetensors",
            "--proteins",
            "-",
            "-q",
        ],
    )
    .stdin(Stdio::piped())
    .stdout(Stdio::piped())
    .spawn()
    .expect("the program was built");
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin
        .write_all(fasta(&few).as_bytes())
        .expect("an open pipe");
    drop(stdin);
    let output = child.wait_with_output().expect("it ends");
    let alone = table(&String::from_utf8_lossy(&output.stdout));
    assert_eq!(alone, [4301, 17, 4300].map(|i| rows[i].clone()));

    // The best, the highest first.
    succeeds(
        directory.path(),
        &[
            "protein",
            "predict",
            "--model",
            ".",
            "--proteins",
            "all.fa",
            "--out",
            "top.tsv",
            "--top",
            "7",
        ],
    );
    let top = table(&std::fs::read_to_string(path("top.tsv")).expect("a table"));
    let p = |row: &[(String, String)]| cell(row, "p_tf").parse::<f64>().expect("a number");
    let mut sorted: Vec<f64> = rows.iter().map(|row| p(row)).collect();
    sorted.sort_by(|a, b| b.total_cmp(a));
    assert_eq!(
        top.iter().map(|row| p(row)).collect::<Vec<_>>(),
        sorted[..7]
    );

    // A rarer prior lowers the odds of all by one factor.
    succeeds(
        directory.path(),
        &[
            "protein",
            "predict",
            "--model",
            ".",
            "--proteins",
            "all.fa",
            "--out",
            "rare.tsv",
            "--prior",
            "0.05",
            "--threshold",
            "0.9",
        ],
    );
    let rare = table(&std::fs::read_to_string(path("rare.tsv")).expect("a table"));
    let odds = |p: f64| p / (1.0 - p);
    for (row, rare) in rows
        .iter()
        .zip(&rare)
        .filter(|(row, _)| (0.01..0.99).contains(&p(row)))
    {
        let ratio = odds(p(rare)) / odds(p(row));
        assert!((ratio - odds(0.05)).abs() < 1e-3, "{ratio}");
        assert_eq!(cell(rare, "is_tf") == "yes", p(rare) >= 0.9);
    }
    let json = std::fs::read_to_string(path("rare.tsv.json")).expect("the record");
    says(
        &json,
        &[
            "\"prior\": 0.05",
            "\"threshold\": 0.9",
            "\"model_sha256\"",
            "\"unknown_residues\": 1",
            "\"proteins\": 4302",
        ],
    );
}

#[test]
fn models_with_one_head_leave_the_other_empty() {
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::write(directory.path().join("p.fa"), fasta(&proteins(4))).expect("writable");
    for (heads, filled, empty) in [
        (Heads::Tf, ["p_tf", "is_tf"], ["class", "p_non_tf"]),
        (Heads::Domain, ["class", "p_non_tf"], ["p_tf", "is_tf"]),
    ] {
        model(directory.path(), heads);
        let words = [
            "protein",
            "predict",
            "--model",
            ".",
            "--proteins",
            "p.fa",
            "--out",
            "p.tsv",
        ];
        succeeds(directory.path(), &words);
        let text = std::fs::read_to_string(directory.path().join("p.tsv")).expect("a table");
        for row in table(&text) {
            assert!(filled.iter().all(|column| !cell(&row, column).is_empty()));
            assert!(empty.iter().all(|column| cell(&row, column).is_empty()));
        }
    }
    let top = [
        "protein",
        "predict",
        "--model",
        ".",
        "--proteins",
        "p.fa",
        "--top",
        "2",
    ];
    says(
        &refuses(directory.path(), &top),
        &["--top", "p_tf", "hint:"],
    );
}

#[test]
fn wrong_input_is_named() {
    let directory = tempfile::tempdir().expect("a directory");
    model(directory.path(), Heads::Both);
    let refused = |fasta: &str, more: &[&str]| {
        std::fs::write(directory.path().join("p.fa"), fasta).expect("writable");
        let mut words = vec!["protein", "predict", "--model", ".", "--proteins", "p.fa"];
        words.extend(["--out", "out.tsv"]);
        words.extend(more);
        refuses(directory.path(), &words)
    };
    says(
        &refused(">a\nACGTACGTTGCATGCATGCAAATTCCGG\n", &[]),
        &["p.fa", "nucleotides", "translate"],
    );
    says(
        &refused(">P1;A\nALPHA CHAIN\nMKVLED*\n", &[]),
        &["p.fa, line 1", "a PIR file (NBRF)", "hint:", "Biopython"],
    );
    says(
        &refused(">a\nMKL\n>a\nMKL\n", &[]),
        &["p.fa", "line 3", "\"a\" again"],
    );
    says(
        &refused(">a\nMKVLED\n>b\n", &[]),
        &["p.fa, line 3", "after the header of \"b\"", "truncated"],
    );
    says(
        &refused(">a\nMKL\n", &["--threshold", "2"]),
        &["--threshold"],
    );
    says(
        &refused(">a\nMKL\n", &["--prior", "0"]),
        &["--prior", "hint:"],
    );
    std::fs::write(directory.path().join("model.safetensors"), b"no model").expect("writable");
    says(&refused(">a\nMKL\n", &[]), &["model.safetensors"]);
}

/// A small ESM-2 of random weights.
pub(crate) const ESM2: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../bindscape-nn/tests/golden/esm2"
);

#[test]
fn embeddings_stored_or_computed_give_the_same() {
    let directory = tempfile::tempdir().expect("a directory");
    let here = directory.path();
    let mut all = proteins(40);
    all.push(special("long", proteins(3)[2].sequence.repeat(4)));
    std::fs::write(here.join("p.fa"), fasta(&all)).expect("writable");
    let labels: String = (0..all.len())
        .map(|i| {
            let class = if i % 2 == 0 { "zinc_finger" } else { "non_tf" };
            format!("{}\t{class}\n", all[i].id)
        })
        .collect();
    std::fs::write(here.join("l.tsv"), format!("accession\tclass\n{labels}")).expect("writable");
    let run = |words: &str| succeeds(here, &words.split_whitespace().collect::<Vec<_>>());
    let read = |name: &str| std::fs::read_to_string(here.join(name)).expect("a table");
    let table_of = |name: &str| table(&read(name));
    for (dtype, stored, model) in [("f32", "stored", "run"), ("f16", "half", "run16")] {
        run(&format!(
            "protein embed p.fa --model {ESM2} --out {stored} --dtype {dtype} --window 5 --positions 20 \
             --chunk 90 --overlap 20"
        ));
        run(&format!(
            "protein train --proteins p.fa --labels l.tsv --embeddings {stored} --out {model} --epochs 2 \
             --filters 8,8 --hidden 8 --validation 0.2"
        ));
        let predict = format!("protein predict --model {model} --proteins p.fa");
        run(&format!(
            "{predict} --embeddings {stored} --out {stored}.tsv"
        ));
        run(&format!("{predict} --esm2 {ESM2} --out computed.tsv"));
        assert_eq!(
            table_of(&format!("{stored}.tsv")),
            table_of("computed.tsv"),
            "{dtype}"
        );
    }
    let rows = table_of("stored.tsv");
    let last = rows.last().expect("rows");
    assert!(cell(last, "flags").contains("chunked,cut"), "{last:?}");

    // A residue's own embedding tells more than its window's, and both add up to the same.
    run("protein explain --model run --proteins p.fa --id P4 --embeddings stored --out e1");
    run(&format!(
        "protein explain --model run --proteins p.fa --id P4 --esm2 {ESM2} --out e2"
    ));
    let sum = |name: &str| -> (Vec<f64>, f64) {
        let text = read(&format!("{name}/attributions.tsv"));
        let values: Vec<f64> = text
            .lines()
            .skip(1)
            .map(|line| {
                line.split('\t')
                    .nth(3)
                    .expect("4 cells")
                    .parse()
                    .expect("a number")
            })
            .collect();
        let sum = values.iter().sum();
        (values, sum)
    };
    let ((windows, first), (residues, second)) = (sum("e1"), sum("e2"));
    assert!((first - second).abs() < 1e-4, "{first} {second}");
    assert!(windows[..5].iter().all(|value| *value == windows[0]));
    assert!(residues[..5].iter().any(|value| *value != residues[0]));

    let refused = |more: &str, parts: &[&str]| {
        let words = format!("protein predict --model run --proteins p.fa --out o.tsv {more}");
        says(
            &refuses(here, &words.split_whitespace().collect::<Vec<_>>()),
            parts,
        );
    };
    refused("", &["--embeddings", "weights=", "--esm2"]);
    run("protein embed p.fa --model residue --out other --window 5 --positions 20");
    refused("--embeddings other", &["residue:window=5"]);
    std::fs::write(here.join("new.fa"), ">new\nMKLVEDRRSTWMKLVEDRRSTW\n").expect("writable");
    let words = [
        "protein",
        "predict",
        "--model",
        "run",
        "--proteins",
        "new.fa",
    ];
    let words = [&words[..], &["--embeddings", "stored", "--out", "o.tsv"]].concat();
    says(&refuses(here, &words), &["stored", "new", "protein embed"]);
}

#[cfg(unix)]
#[test]
fn killed_and_continued_is_the_same_as_never_stopped() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = |name: &str| directory.path().join(name);
    model(directory.path(), Heads::Both);
    // More than are scored at a time.
    let all = fasta(&proteins(4300));
    std::fs::write(path("all.fa"), &all).expect("a writable directory");
    let words = |from: &'static str, to: &'static str| {
        let mut words = vec!["protein", "predict", "--model", "."];
        words.extend(["--proteins", from, "--out", to]);
        words
    };
    succeeds(directory.path(), &words("all.fa", "whole.tsv"));

    // Standard input does not end, so the program waits for more after the first.
    let mut child = command(directory.path(), &words("-", "p.tsv"))
        .stdin(Stdio::piped())
        .spawn()
        .expect("the program was built");
    let mut input = child.stdin.take().expect("a pipe");
    input.write_all(all.as_bytes()).expect("a reading program");
    input.flush().expect("a reading program");
    let unfinished = path("p.tsv.unfinished");
    while std::fs::read_to_string(&unfinished).map_or(0, |text| text.lines().count()) < 4097 {
        assert!(child.try_wait().expect("a child").is_none());
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    child.kill().expect("a running program");
    child.wait().expect("a killed program");
    assert!(!path("p.tsv").exists());

    // With another threshold it is not the same run.
    let mut other = words("all.fa", "p.tsv");
    other.extend(["--threshold", "0.9"]);
    let kept = std::fs::read(&unfinished).expect("a journal");
    let message = refuses(directory.path(), &other);
    says(
        &message,
        &[
            "p.tsv.unfinished",
            "differs in `threshold`",
            "another --out",
        ],
    );
    assert!(std::fs::read(&unfinished).expect("a journal") == kept);

    let told = succeeds(directory.path(), &words("all.fa", "p.tsv"));
    says(
        &told,
        &[
            "continuing after the first 4096 proteins of ",
            "4,300  proteins",
        ],
    );
    let read = |name: &str| std::fs::read_to_string(path(name)).expect("a table");
    assert_eq!(read("p.tsv"), read("whole.tsv"));
    assert!(!unfinished.exists());
}

#[test]
fn odd_proteins_are_flagged_and_stop_nothing() {
    let directory = tempfile::tempdir().expect("a directory");
    let here = directory.path();
    model(here, Heads::Both);
    let whole = proteins(3).remove(1);
    let residues = String::from_utf8_lossy(&whole.sequence).into_owned();
    let (start, end) = residues.split_at(9);
    let text = format!(
        ">whole\n{residues}\n>final\n{residues}.\n>inside\n{start}*{end}*\n>gff\n{start}.{end}\n\
         >aligned\n{start}--.{end}\n>digit\n{start}7{end}\n>unknown\n{}\n>few\nMKV\n>none\n\
         >residue\nM\n>last\n{residues}\n",
        "X".repeat(300)
    );
    std::fs::write(here.join("p.fa"), text).expect("writable");
    let words = [
        "protein",
        "predict",
        "--model",
        ".",
        "--proteins",
        "p.fa",
        "--out",
        "p.tsv",
    ];
    let told = succeeds(here, &words);
    says(
        &told,
        &[
            "11  proteins",
            "4  flagged nothing_known",
            "2  flagged internal_stop",
            "2  final stops ('*' or '.') cut",
        ],
    );
    let rows = table(&std::fs::read_to_string(here.join("p.tsv")).expect("a table"));
    let flags = rows.iter().map(|row| (cell(row, "id"), cell(row, "flags")));
    let seen = "short,seen_in_training";
    assert_eq!(
        flags.collect::<Vec<_>>(),
        [
            ("whole", seen),
            ("final", seen),
            ("inside", "internal_stop,short,unknown_residues"),
            ("gff", "internal_stop,short,unknown_residues"),
            ("aligned", &format!("gaps_removed,{seen}")),
            ("digit", "odd_characters,short,unknown_residues"),
            ("unknown", "nothing_known,unknown_residues"),
            ("few", "nothing_known"),
            ("none", "nothing_known,unknown_residues"),
            ("residue", "nothing_known"),
            ("last", seen),
        ]
    );
    for row in &rows {
        let said = !cell(row, "flags").contains("nothing_known");
        for column in ["p_tf", "is_tf", "class", "p_non_tf"] {
            assert_eq!(!cell(row, column).is_empty(), said, "{row:?}");
        }
    }
    // What was mended does not move the scores of the others.
    let p = |row: usize| cell(&rows[row], "p_tf");
    assert!([1, 4, 10].iter().all(|&row| p(row) == p(0)));
    assert_eq!(p(2), p(3));
    let lengths = rows.iter().map(|row| cell(row, "length"));
    assert_eq!(
        lengths.skip(6).take(4).collect::<Vec<_>>(),
        ["300", "3", "0", "1"]
    );

    // Nothing to say of any, and a name that is no UTF-8.
    std::fs::write(here.join("p.fa"), ">a\nXXXX\n").expect("writable");
    says(&succeeds(here, &words), &["1  flagged nothing_known"]);
    std::fs::write(here.join("p.fa"), b">prot\xe9ine\nMKV\n").expect("writable");
    says(&refuses(here, &words), &["p.fa, line 1", "UTF-8", "iconv"]);
}

#[test]
fn directories_are_made_or_found_missing_before_the_work() {
    let directory = tempfile::tempdir().expect("a directory");
    let here = directory.path();
    model(here, Heads::Both);
    std::fs::write(here.join("p.fa"), fasta(&proteins(4))).expect("writable");
    let predict = |out: &'static str| {
        [
            "protein",
            "predict",
            "--model",
            ".",
            "--proteins",
            "p.fa",
            "--out",
            out,
        ]
    };
    succeeds(here, &predict("new/below/p.tsv"));
    assert!(here.join("new/below/p.tsv").is_file());
    succeeds(
        here,
        &["protein", "cluster", "p.fa", "--out", "other/c.tsv"],
    );
    // A table is replaced when the next is whole.
    succeeds(here, &predict("new/below/p.tsv"));
    let told = refuses(here, &predict("p.fa/p.tsv"));
    says(&told, &["cannot create p.fa/p.tsv"]);
    assert!(!told.contains("scoring"), "before the work: {told}");
    let told = refuses(here, &["protein", "cluster", "p.fa", "--out", "p.fa/c.tsv"]);
    says(&told, &["cannot create p.fa/c.tsv"]);
}
