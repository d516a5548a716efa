//! Numbers beside what makes them small or doubtful, and regions of a matrix by what binds them.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::places::with_model;
use crate::{bindscape, refuses, says, succeeds};

#[test]
fn aucpr_stands_beside_what_no_skill_gives() {
    let toy = with_model();
    let here = toy.path();
    let words = [
        "evaluate",
        "--model",
        "multi",
        "--matrix",
        "matrix.parquet",
        "--genome",
        "genome.fa",
        "--resamples",
        "20",
    ];
    let output = bindscape(here, &words);
    assert!(output.status.success());
    let table = String::from_utf8(output.stdout).expect("text");
    let rows: Vec<Vec<&str>> = table.lines().map(|row| row.split('\t').collect()).collect();
    assert_eq!(rows[0].last(), Some(&"aucpr_no_skill"));
    for row in &rows[1..] {
        let number = |place: usize| -> f64 { row[place].parse().expect("a number") };
        let share = number(3) / number(2);
        assert!((number(row.len() - 1) - share).abs() < 1e-4, "{row:?}");
    }
    // A tenth of 300 regions, a third of them bound.
    says(
        &String::from_utf8_lossy(&output.stderr),
        &[
            "warning: fewer than 20 regions of a class to measure on",
            "MAX (",
            "unbound: AUCPR ",
        ],
    );
    readable(here, &words);
    // Regions with unknown bases are not scored, which is said.
    let genome = fs::read_to_string(here.join("genome.fa")).expect("a genome");
    let lines = genome.lines().enumerate();
    let masked: Vec<String> = lines
        .map(
            |(line, text)| match text.starts_with('>') || line % 20 != 0 {
                true => text.to_owned(),
                false => "N".repeat(text.len()),
            },
        )
        .collect();
    fs::write(here.join("n.fa"), masked.join("\n") + "\n").expect("writable");
    fs::write(here.join("all-n.fa"), {
        let of_line = |text: &str| match text.starts_with('>') {
            true => text.to_owned(),
            false => "N".repeat(text.len()),
        };
        genome.lines().map(of_line).collect::<Vec<_>>().join("\n") + "\n"
    })
    .expect("writable");
    let mut unknown = words;
    unknown[6] = "n.fa";
    let said = succeeds(here, &unknown);
    says(
        &said,
        &["of them are not scored: sequence with unknown bases (N)"],
    );
    unknown[6] = "all-n.fa";
    says(
        &refuses(here, &unknown),
        &["unknown bases (N) in each of them"],
    );
    // Labels are of regions of the width that the matrix has.
    let mut wide = crate::toy::build_with("--out", "wide.parquet");
    wide.extend(["--width", "240"]);
    succeeds(here, &wide);
    let mut other = words;
    other[4] = "wide.parquet";
    let mut other = other.to_vec();
    other.extend(["--on", "unseen"]);
    says(
        &refuses(here, &other),
        &[
            "expected a model of 240 bp, the width of the regions in wide.parquet",
            "found one of 200 bp",
        ],
    );
}

/// A person at a terminal gets columns of one width, intervals in brackets.
#[allow(clippy::print_stderr)]
fn readable(here: &Path, words: &[&str]) {
    let program = [&[env!("CARGO_BIN_EXE_bindscape"), "--quiet"], words].concat();
    let told = Command::new("script")
        .args(["-qec", &program.join(" "), "/dev/null"])
        .current_dir(here)
        .output();
    let Ok(told) = told.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()) else {
        eprintln!("skipped: no `script` that stands for a terminal");
        return;
    };
    let lines: Vec<&str> = told.lines().map(str::trim_end).collect();
    let head = lines.iter().position(|line| line.contains("no skill  "));
    let head = head.unwrap_or_else(|| panic!("no table in:\n{told}"));
    let place = |line: &str, word: &str| {
        let at = line
            .find(word)
            .unwrap_or_else(|| panic!("no {word} in {line}"));
        line[..at].chars().count()
    };
    for (row, tf) in [(head + 1, "MAX"), (head + 2, "JUND")] {
        assert_eq!(place(lines[row], tf), place(lines[head], "TF"), "{told}");
        // A value and its interval: `0.412 [0.300, 0.600]`.
        let aucpr = &lines[row][place(lines[head], "AUCPR")..];
        let (value, interval) = aucpr.split_once(' ').expect("an interval");
        assert!(
            value.parse::<f64>().is_ok_and(|value| value <= 1.0),
            "{told}"
        );
        assert!(interval.starts_with(['[', '(']), "{told}");
    }
    assert!(!told.contains("aucpr_no_skill"), "that is TSV:\n{told}");
}

#[test]
fn training_says_what_no_skill_gives() {
    let toy = crate::toy::with_matrix();
    let said = succeeds(
        toy.path(),
        &[
            "pretrain",
            "--matrix",
            "matrix.parquet",
            "--genome",
            "genome.fa",
            "--tfs",
            "top-resolved:2",
            "--epochs",
            "1",
            "--resamples",
            "20",
            "--out",
            "multi",
        ],
    );
    says(
        &said,
        &[
            "2 TFs chosen: JUND, MAX",
            "(no skill: 0.",
            "validation AUCPR",
            "warning: fewer than 20 regions of a class",
        ],
    );
}

#[test]
fn regions_of_a_tf_are_exported() {
    let toy = crate::toy::with_matrix();
    let here = toy.path();
    let inspected = bindscape(here, &["matrix", "inspect", "matrix.parquet"]);
    let inspected = String::from_utf8(inspected.stdout).expect("text");
    says(
        &inspected,
        &["# MAX: 1 cell (K562), 1 data set of ChIP-seq peaks, 1 of binding sites"],
    );
    let counts: Vec<usize> = inspected
        .lines()
        .find_map(|line| line.strip_prefix("MAX\t"))
        .expect("a row of MAX")
        .split('\t')
        .map(|count| count.parse().expect("a count"))
        .collect();
    let export = |words: &[&str]| {
        let mut all = vec!["matrix", "export", "matrix.parquet"];
        all.extend(words);
        succeeds(here, &all);
        fs::read_to_string(here.join(words[words.len() - 1])).expect("a file")
    };
    let bound = export(&["--bound", "MAX", "--out", "bound.bed"]);
    assert_eq!(bound.lines().count(), counts[0]);
    let unbound = export(&["--unbound", "MAX", "--out", "unbound.bed"]);
    assert_eq!(unbound.lines().count(), counts[1]);
    let both = export(&["--bound", "MAX", "--unbound", "JUND", "--out", "both.bed"]);
    assert!(both.lines().all(|line| bound.contains(line)) && !both.is_empty());
    let fasta = export(&[
        "--bound",
        "MAX",
        "--genome",
        "genome.fa",
        "--out",
        "bound.fa",
    ]);
    let names: Vec<&str> = fasta
        .lines()
        .filter_map(|line| line.strip_prefix('>'))
        .collect();
    assert_eq!(names.len(), counts[0]);
    assert!(fasta.lines().filter(|line| line.contains("CACGTG")).count() == counts[0]);
    let compressed = [
        "matrix",
        "export",
        "matrix.parquet",
        "--bound",
        "MAX",
        "--out",
        "b.bed.gz",
    ];
    succeeds(here, &compressed);
    let bytes = fs::read(here.join("b.bed.gz")).expect("a file");
    assert!(bytes.ends_with(&bindscape_base::bgzf::END));
    for (words, parts) in [
        (
            &["--bound", "MAXX", "--out", "b.bed"][..],
            &["\"MAXX\"", "MAX"][..],
        ),
        (
            &["--bound", "MAX", "--out", "b.fa"],
            &["--genome: expected a genome"],
        ),
        (
            &["--bound", "MAX", "--out", "b.txt"],
            &["--out: expected a file name ending in .bed"],
        ),
        (
            &["--bound", "MAX", "--unbound", "MAX", "--out", "b.bed"],
            &["found no region"],
        ),
    ] {
        let mut all = vec!["matrix", "export", "matrix.parquet"];
        all.extend(words);
        says(&refuses(here, &all), parts);
    }
}
