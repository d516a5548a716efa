//! `motif modisco` and `motif hits`: their files, what they say, and what they refuse.

use std::fs;
use std::path::Path;

use bindscape_arrays::npz::ArrayWriter;

use crate::toy;
use crate::{refuses, says, succeeds};

const LENGTH: usize = 80;

fn write(directory: &Path, name: &str, shape: &[u64], numbers: &[f64]) {
    let mut writer = ArrayWriter::create(&directory.join(name), shape).expect("created");
    writer.write(numbers).expect("written");
    writer.finish().expect("finished");
}

/// Sixty sequences with the site TGACTCA, whose bases contribute more or less, and their regions.
fn with_input() -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let mut draw = toy::draws(3);
    let (mut one_hot, mut contributions, mut regions) = (Vec::new(), Vec::new(), String::new());
    for example in 0..60 {
        let mut bases: Vec<usize> = (0..LENGTH).map(|_| draw() % 4).collect();
        let mut values: Vec<f64> = (0..4 * LENGTH)
            .map(|_| (draw() % 1000) as f64 * 1e-4 - 0.05)
            .collect();
        let start = draw() % (LENGTH - 7);
        for (i, base) in [3, 2, 0, 1, 3, 1, 0].into_iter().enumerate() {
            bases[start + i] = base;
            let size = 0.5 + (draw() % 100) as f64 * 0.01;
            for other in 0..4 {
                let one = if other == base { size } else { -0.3 * size };
                values[other * LENGTH + start + i] += one;
            }
        }
        let mut letters = vec![0.0; 4 * LENGTH];
        for (position, base) in bases.into_iter().enumerate() {
            letters[base * LENGTH + position] = 1.0;
        }
        one_hot.extend(letters);
        contributions.extend(values);
        regions.push_str(&format!(
            "chr1\t{}\t{}\n",
            example * 1000,
            example * 1000 + 80
        ));
    }
    let shape = [60, 4, LENGTH as u64];
    write(directory.path(), "s.npz", &shape, &one_hot);
    write(directory.path(), "a.npz", &shape, &contributions);
    fs::write(directory.path().join("regions.bed"), regions).expect("written");
    directory
}

const RUN: [&str; 6] = ["motif", "modisco", "-s", "s.npz", "-a", "a.npz"];

fn with<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&RUN[..], more].concat()
}

#[test]
fn files_and_words_of_a_search_and_of_its_file() {
    let directory = with_input();
    let path = directory.path();
    let said = succeeds(path, &with(&["--regions", "regions.bed", "-o", "out"]));
    says(
        &said,
        &[
            "60 sequences of 80 positions",
            "no negative patterns",
            "pos_patterns.pattern_0",
            "wrote out",
        ],
    );
    let read = |name: &str| fs::read_to_string(path.join(name)).expect("written");
    let table = read("out/patterns.tsv");
    assert!(
        table.contains("TGACTCA") || table.contains("TGAGTCA"),
        "{table}"
    );
    let bed = read("out/seqlets.bed");
    assert!(bed.lines().all(|line| line.starts_with("chr1\t")), "{bed}");
    assert!(bed.lines().count() > 40);
    assert!(read("out/patterns.html").contains("pos_patterns.pattern_0"));
    assert!(read("out/modisco.json").contains("\"positions\": 80"));
    // The page of a file, and the same tables.
    let again = [
        "motif",
        "modisco",
        "--patterns",
        "out/patterns.h5",
        "--regions",
        "regions.bed",
    ];
    succeeds(path, &[&again[..], &["-o", "again"]].concat());
    for name in [
        "patterns.tsv",
        "matches.tsv",
        "seqlets.bed",
        "patterns.meme",
    ] {
        assert_eq!(
            read(&format!("out/{name}")),
            read(&format!("again/{name}")),
            "{name}"
        );
    }
    says(&refuses(path, &with(&["-o", "out"])), &["out"]);
}

const HITS: [&str; 8] = [
    "motif",
    "hits",
    "-m",
    "out/patterns.h5",
    "-s",
    "s.npz",
    "-a",
    "a.npz",
];

#[test]
fn hits_lie_where_the_patterns_were_found() {
    let directory = with_input();
    let path = directory.path();
    succeeds(path, &with(&["-o", "out"]));
    let hits = |more: &[&str]| -> Vec<String> {
        let words = HITS.iter().chain(more).map(|word| (*word).to_owned());
        words.collect()
    };
    let run = |more: &[&str]| {
        let words = hits(more);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        succeeds(path, &words)
    };
    let said = run(&["--regions", "regions.bed", "-o", "hits"]);
    says(
        &said,
        &[
            "60 sequences",
            "pos_patterns.pattern_0",
            "seqlets found",
            "wrote hits",
        ],
    );
    let read = |name: &str| fs::read_to_string(path.join(name)).expect("written");
    let table = read("hits/hits.tsv");
    let mut rows = table
        .lines()
        .map(|line| line.split('\t').collect::<Vec<_>>());
    let header = rows.next().expect("a header");
    let column = |name: &str| {
        let found = header.iter().position(|column| *column == name);
        found.unwrap_or_else(|| panic!("{name} in {header:?}"))
    };
    let [start, end, strand, example] = ["start", "end", "strand", "peak_id"].map(column);
    let rows: Vec<Vec<&str>> = rows.collect();
    // Nearly every sequence has a hit at its site.
    let sequences = bases(path);
    let mut sites = 0;
    for row in &rows {
        let number = |at: usize| row[at].parse::<usize>().expect("a number");
        let (start, end, example) = (number(start), number(end), number(example));
        assert!(["+", "-"].contains(&row[strand]));
        let offset = example * 1000;
        let site = offset + sequences[example].find("TGACTCA").expect("the site");
        sites += usize::from(start < site + 7 && site < end);
        assert_eq!(row[column("chr")], "chr1");
        assert_eq!(
            row[column("peak_name")],
            format!("chr1:{offset}-{}", offset + 80)
        );
    }
    assert!(sites > 50, "{sites} of {}", rows.len());
    let bed = read("hits/hits.bed");
    assert_eq!(bed.lines().count(), rows.len());
    assert!(bed.starts_with("chr1\t"), "{bed}");
    assert!(read("hits/sequences.tsv").lines().count() >= 61);
    assert!(read("hits/patterns.tsv").contains("seqlets_found"));
    assert!(read("hits/hits.json").contains("\"penalty\": 0.7"));
    // A higher penalty, fewer hits; without regions sequences have numbers.
    let said = run(&["-o", "again", "--penalty", "0.95"]);
    says(&said, &["wrote again"]);
    let fewer = read("again/hits.tsv");
    assert!(fewer.lines().count() < table.lines().count(), "{fewer}");
    assert!(
        fewer
            .lines()
            .nth(1)
            .is_none_or(|line| line.starts_with("sequence_"))
    );
    // Other sequences than those of the patterns: seqlets are not counted.
    run(&["-o", "middle", "--window", "60"]);
    let patterns = read("middle/patterns.tsv");
    let row = patterns.lines().nth(1).expect("a pattern");
    assert!(row.ends_with("\tNA\tNA"), "{row}");

    let refused = |more: &[&str], expected: &[&str]| {
        let words = hits(more);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        says(&refuses(path, &words), expected);
    };
    refused(&["-o", "hits"], &["hits"]);
    refused(
        &["-o", "none", "--penalty", "1"],
        &["--penalty", "expected a number between 0 and 1, found 1"],
    );
    refused(&["-o", "none", "--core", "2"], &["--core", "from 0 to 1"]);
    refused(
        &["-o", "none", "--window", "3"],
        &["expected at least one that fits into 3 positions"],
    );
    assert!(!path.join("none").exists());
    let words = [
        "motif", "hits", "-m", "s.npz", "-s", "s.npz", "-a", "a.npz", "-o", "none",
    ];
    says(&refuses(path, &words), &["s.npz: expected an HDF5 file"]);
}

/// The sequences of the input, as letters.
fn bases(directory: &Path) -> Vec<String> {
    let mut archive = bindscape_arrays::npz::Npz::open(directory.join("s.npz")).expect("open");
    let mut array = archive
        .array(bindscape_arrays::npz::UNNAMED)
        .expect("arr_0");
    let mut row = vec![0.0; 4 * LENGTH];
    (0..60)
        .map(|_| {
            array.read(&mut row).expect("a row");
            (0..LENGTH)
                .map(|at| {
                    let base = (0..4).find(|base| row[base * LENGTH + at] == 1.0);
                    ['A', 'C', 'G', 'T'][base.expect("one-hot")]
                })
                .collect()
        })
        .collect()
}

#[test]
fn wrong_input_is_refused() {
    let directory = with_input();
    let path = directory.path();
    write(
        path,
        "other.npz",
        &[60, LENGTH as u64, 4],
        &vec![0.0; 240 * LENGTH],
    );
    let words = [
        "motif",
        "modisco",
        "-s",
        "s.npz",
        "-a",
        "other.npz",
        "-o",
        "out",
    ];
    says(
        &refuses(path, &words),
        &[
            "other.npz: expected an array of sequences × 4 × positions",
            "found one of 60 × 80 × 4",
            "hint: exchange the last two dimensions",
        ],
    );
    write(
        path,
        "few.npz",
        &[59, 4, LENGTH as u64],
        &vec![0.0; 236 * LENGTH],
    );
    let words = [
        "motif", "modisco", "-s", "s.npz", "-a", "few.npz", "-o", "out",
    ];
    says(
        &refuses(path, &words),
        &["few.npz", "60 × 4 × 80", "found one of 59 × 4 × 80"],
    );
    says(
        &refuses(path, &with(&["-o", "out", "--min-seqlets", "500"])),
        &["expected at least 500 that raise or lower the prediction"],
    );
    says(
        &refuses(path, &with(&["-o", "out", "--size", "1"])),
        &["--size", "expected 4 to 200, found 1"],
    );
    fs::write(path.join("short.bed"), "chr1\t0\t80\n").expect("written");
    says(
        &refuses(path, &with(&["-o", "out", "--regions", "short.bed"])),
        &["short.bed: expected 60 regions", "found 1"],
    );
    let words = ["motif", "modisco", "--patterns", "s.npz", "-o", "out"];
    says(&refuses(path, &words), &["s.npz: expected an HDF5 file"]);
}
