//! `motif compare` and `motif cluster`: their files, and what they refuse.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::{bindscape, refuses, says, succeeds};

/// A MEME file of a motif per word.
fn meme(directory: &Path, name: &str, words: &[(&str, &str)]) {
    let mut text = String::from("MEME version 4\n\nALPHABET= ACGT\n\nstrands: + -\n");
    for (id, word) in words {
        write!(
            text,
            "\nMOTIF {id} TF_{id}\nletter-probability matrix: alength= 4 w= {} nsites= 50\n",
            word.len()
        )
        .expect("a string");
        for base in word.bytes() {
            let row = b"ACGT".map(|letter| if letter == base { "0.94" } else { "0.02" });
            writeln!(text, "{}", row.join(" ")).expect("a string");
        }
    }
    fs::write(directory.join(name), text).expect("a writable directory");
}

fn with_motifs() -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a temporary directory");
    meme(directory.path(), "query.meme", &[("Q1", "CGTTGCAC")]);
    meme(
        directory.path(),
        "known.meme",
        &[
            ("A", "ACGTTGCACC"),
            ("B", "GGTGCAACGT"),
            ("C", "TTTAAACTTT"),
            ("D", "GATTACAGAT"),
        ],
    );
    directory
}

#[test]
fn matches_have_the_columns_of_tomtom() {
    let directory = with_motifs();
    let path = directory.path();
    let words = ["motif", "compare", "query.meme", "known.meme"];
    let said = succeeds(path, &[&words[..], &["--o", "out"]].concat());
    says(
        &said,
        &["4 targets depend on which they are", "1 of 1 motif matches"],
    );
    let table = fs::read_to_string(path.join("out/tomtom.tsv")).expect("written");
    let lines: Vec<Vec<&str>> = table
        .lines()
        .map(|line| line.split('\t').collect())
        .collect();
    assert_eq!(
        lines[0],
        [
            "Query_ID",
            "Target_ID",
            "Optimal_offset",
            "p-value",
            "E-value",
            "q-value",
            "Overlap",
            "Query_consensus",
            "Target_consensus",
            "Orientation",
        ]
    );
    for (line, target, strand) in [(&lines[1], "A", "+"), (&lines[2], "B", "-")] {
        assert_eq!(
            [
                line[0], line[1], line[2], line[6], line[7], line[8], line[9]
            ],
            ["Q1", target, "1", "8", "CGTTGCAC", "ACGTTGCACC", strand]
        );
    }
    assert!(table.contains("Optimal_offset:"), "{table}");
    let text = bindscape(
        path,
        &[&words[..], &["--text", "--threads", "1", "-q"]].concat(),
    );
    // The last line is the command.
    let text = String::from_utf8_lossy(&text.stdout).into_owned();
    let above = |table: &str| {
        table
            .trim_end()
            .rsplit_once('\n')
            .map(|(above, _)| above.to_owned())
    };
    assert_eq!(above(&text), above(&table));
    let strict = bindscape(
        path,
        &[&words[..], &["--text", "--evalue", "--thresh", "1e-30"]].concat(),
    );
    let strict = String::from_utf8_lossy(&strict.stdout).into_owned();
    assert_eq!(
        strict.lines().filter(|line| line.starts_with("Q1")).count(),
        0
    );
}

#[test]
fn the_page_shows_as_many_matches_as_wanted() {
    let directory = with_motifs();
    let path = directory.path();
    let words = ["motif", "compare", "query.meme", "known.meme"];
    let page = path.join("out/tomtom.html");
    let rows = |more: &[&str]| {
        succeeds(path, &[&words[..], &["--oc", "out"], more].concat());
        let page = fs::read_to_string(&page).expect("written");
        let at = |id: &str| page.find(&format!("<th scope=\"row\">{id}<br>TF_{id}"));
        assert!(page.contains("id=\"logo-A\"") && page.contains("Q1 TF_Q1"));
        (["A", "B", "C", "D"].map(at), page.matches("<rect ").count())
    };
    let (all, pairs) = rows(&["--thresh", "1"]);
    assert!(all[0].is_some() && all[0] < all[1], "{all:?}");
    assert_eq!((all.iter().flatten().count(), pairs), (4, 4));
    let (best, pairs) = rows(&["--drawn", "1"]);
    assert_eq!((best.iter().flatten().count(), pairs), (1, 1));
    // A page of another comparison does not stay.
    succeeds(
        path,
        &[&words[..], &["--oc", "out", "--drawn", "0"]].concat(),
    );
    assert!(!page.exists() && path.join("out/tomtom.tsv").exists());
}

#[test]
fn what_compare_refuses() {
    let directory = with_motifs();
    let path = directory.path();
    let words = ["motif", "compare", "query.meme", "known.meme"];
    let with = |more: &[&str]| refuses(path, &[&words[..], more].concat());
    says(
        &with(&["--text", "--thresh", "2"]),
        &["--thresh: expected a q-value", "found 2", "--evalue"],
    );
    says(
        &with(&["--text", "--min-overlap", "0"]),
        &["--min-overlap: expected at least 1, found 0"],
    );
    says(
        &with(&["--text", "--dist", "allr", "--motif-pseudo", "0"]),
        &["--motif-pseudo: expected a number above 0, as --dist allr takes logarithms"],
    );
    fs::create_dir(path.join("there")).expect("a directory");
    says(
        &with(&["--o", "there"]),
        &[
            "there: expected a directory that does not exist yet",
            "--oc",
        ],
    );
    says(
        &refuses(
            path,
            &["motif", "compare", "none.meme", "known.meme", "--text"],
        ),
        &["none.meme"],
    );
}

/// JASPAR calls some TFs as in the mouse (`Rxra`); they are the same TFs.
#[test]
fn modes_of_a_tf_are_told_without_case() {
    let directory = with_motifs();
    let path = directory.path();
    let motifs = fs::read_to_string(path.join("known.meme")).expect("motifs");
    let renamed = motifs.replace("TF_B", "Rxra").replace("TF_C", "RXRA::VDR");
    fs::write(path.join("renamed.meme"), renamed).expect("written");
    succeeds(path, &["motif", "cluster", "renamed.meme", "--out", "out"]);
    let modes = fs::read_to_string(path.join("out/modes.tsv")).expect("written");
    says(&modes, &["\nRXRA\t2\t1,2\tB,C\n", "\nVDR\t1\t2\tC\n"]);
    assert!(!modes.contains("Rxra"), "{modes}");
}

#[test]
fn clusters_and_modes() {
    let directory = with_motifs();
    let path = directory.path();
    fs::write(
        path.join("labels.tsv"),
        "matrix_id\tname\tclass\nA\tx\tone\nB\tx\tone\nC\tx\ttwo\n",
    )
    .expect("written");
    let words = ["motif", "cluster", "known.meme", "--out", "out"];
    let labels = ["--compare-to", "class", "--metadata", "labels.tsv"];
    let said = succeeds(path, &[&words[..], &labels].concat());
    says(
        &said,
        &[
            "4 motifs in 3 clusters, 2 of them of one motif",
            "adjusted Rand index 1.0000, homogeneity 1.0000, completeness 1.0000 (3 motifs; 1 without one",
        ],
    );
    let read = |name: &str| fs::read_to_string(path.join("out").join(name)).expect("written");
    assert!(
        read("clusters.tsv").starts_with(
            "cluster\tmotif\tname\toffset\torientation\n1\tA\tTF_A\t0\t+\n1\tB\tTF_B\t0\t-\n2\tC"
        ),
        "{}",
        read("clusters.tsv")
    );
    assert!(
        read("modes.tsv").contains("TF_B\t1\t1\tB\n"),
        "{}",
        read("modes.tsv")
    );
    assert!(
        read("tree.nwk").contains("'TF_C (C)':"),
        "{}",
        read("tree.nwk")
    );
    assert_eq!(read("consensus.meme").matches("MOTIF").count(), 3);
    let page = read("clusters.html");
    says(
        &page,
        &[
            "4 motifs in 3 clusters, 2 of them of one motif.",
            "id=\"cluster-3\"",
            "TF_B (B), reverse complement",
            "href=\"tree.nwk\"",
        ],
    );
    // A consensus and a motif each, and the consensus once more above the cluster of two.
    assert_eq!(page.matches("Sequence logo").count(), 3 + 4 + 1);
    says(
        &refuses(path, &["motif", "cluster", "known.meme", "--out", "out"]),
        &["out: expected a new or empty directory", "another --out"],
    );
    let with_labels = |text: &str| {
        fs::write(path.join("wrong.tsv"), text).expect("written");
        let words = ["motif", "cluster", "known.meme", "--out", "none"];
        let labels = ["--compare-to", "class", "--metadata", "wrong.tsv"];
        let said = refuses(path, &[&words[..], &labels].concat());
        assert!(!path.join("none").exists());
        said
    };
    says(
        &with_labels("matrix_id\tclass\n\nA\tone\nB\tone\nA\ttwo\n"),
        &[
            "wrong.tsv",
            "line 5",
            "one class of A, on line 3 \"one\", found \"two\"",
        ],
    );
    says(
        &with_labels("matrix_id\tfamily\nA\tone\n"),
        &["line 1", "a header with columns `matrix_id` and `class`"],
    );
    says(
        &with_labels("matrix_id\tclass\nA\n"),
        &["line 2", "expected 2 columns, found 1"],
    );
    let other = ["motif", "cluster", "known.meme", "--out", "new"];
    says(
        &refuses(path, &[&other[..], &["--ncor", "2"]].concat()),
        &["--ncor: expected a correlation: -1 to 1, found 2"],
    );
    says(
        &refuses(path, &[&other[..], &["--compare-to", "family"]].concat()),
        &[
            "--compare-to: expected motifs with a family, found none",
            "--metadata",
        ],
    );
    says(
        &refuses(
            path,
            &[
                &other[..],
                &["--compare-to", "family", "--metadata", "labels.tsv"],
            ]
            .concat(),
        ),
        &["labels.tsv, line 1: expected a header with columns `matrix_id` and `family`"],
    );
}
