//! `motif modisco`: its files, what it says, and what it refuses.

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
