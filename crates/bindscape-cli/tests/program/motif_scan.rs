//! `motif scan`: hits, best hits and occupancies as files and on standard output, and what it
//! refuses.

use std::path::Path;

use crate::{bindscape, refuses, says, succeeds};

const MOTIFS: &str = "MEME version 4\n\nALPHABET= ACGT\n\nstrands: + -\n\n\
    Background letter frequencies\nA 0.3 C 0.2 G 0.2 T 0.3\n\n\
    MOTIF M1 box\nletter-probability matrix: alength= 4 w= 8 nsites= 50\n\
    0 0 0 1\n0 0 1 0\n1 0 0 0\n0 1 0 0\n0 0 1 0\n0 0 0 1\n1 0 0 0\n1 0 0 0\n\n\
    MOTIF M2\nletter-probability matrix: alength= 4 w= 4 nsites= 50\n\
    1 0 0 0\n0 1 0 0\n0 0 1 0\n0 0 0 1\n";

fn directory() -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    let write = |name: &str, text: &str| {
        std::fs::write(directory.path().join(name), text).expect("written");
    };
    write("m.meme", MOTIFS);
    write(
        "s.fa",
        ">chr1:100-120\nccccTGACGTAAccccNccc\n>b\nTTACGTCAtgac\n",
    );
    directory
}

fn output(directory: &Path, words: &[&str]) -> String {
    let output = bindscape(directory, words);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    String::from_utf8(output.stdout).expect("text")
}

fn rows(text: &str) -> Vec<Vec<&str>> {
    let rows = text.lines().filter(|line| !line.starts_with('#'));
    rows.map(|line| line.split('\t').collect()).collect()
}

#[test]
fn hits_in_both_formats() {
    let directory = directory();
    let at = directory.path();
    let words = ["motif", "scan", "--motifs", "m.meme", "s.fa"];
    let tsv = output(at, &words);
    let rows_of = rows(&tsv);
    assert_eq!(rows_of.len(), 3, "{tsv}");
    assert_eq!(
        rows_of[1][..6],
        ["M1", "box", "chr1:100-120", "5", "12", "+"]
    );
    assert_eq!(rows_of[2][..6], ["M1", "box", "b", "1", "8", "-"]);
    assert_eq!((rows_of[1][9], rows_of[2][9]), ("TGACGTAA", "TGACGTAA"));
    // Five of its bases are A or T.
    let p = 0.3_f64.powi(5) * 0.2_f64.powi(3);
    assert_eq!(rows_of[1][7], format!("{p:.4e}"));
    // 9 windows before the N and 5 in b, on both strands; two hits.
    assert_eq!(rows_of[1][8], format!("{:.4e}", p * 28.0 / 2.0));

    let notes = succeeds(
        at,
        &[
            &words[..],
            &[
                "--parse-genomic-coord",
                "--format",
                "bed",
                "--out",
                "hits.bed",
            ],
        ]
        .concat(),
    );
    says(&notes, &["A 0.3000", "2 rows", "1  N and other ambiguous"]);
    says(&notes, &["motifs without hits", "above 0.0001"]);
    let bed = std::fs::read_to_string(at.join("hits.bed")).expect("written");
    assert!(bed.starts_with("# start and end: 0-based, end excluded; chromosome and position"));
    assert_eq!(rows(&bed)[0][..6], ["chr1", "104", "112", "M1", "47", "+"]);

    let more = [
        "--skip-masked",
        "--norc",
        "--motif",
        "M2",
        "--thresh",
        "0.004",
    ];
    let masked = output(at, &[&words[..], &more].concat());
    assert_eq!(rows(&masked).len(), 3, "{masked}");
    let few = output(
        at,
        &[&words[..], &["--qv-thresh", "--thresh", "0.0001"]].concat(),
    );
    assert_eq!(rows(&few).len(), 1);
    let one = output(
        at,
        &[
            &words[..],
            &["--motif", "M2", "--thresh", "0.01", "--no-qvalue"],
        ]
        .concat(),
    );
    assert!(
        rows(&one)[1..]
            .iter()
            .all(|row| row[0] == "M2" && row[8] == "NA")
    );
    assert_eq!(rows(&one).len(), 5, "{one}");
}

#[test]
fn best_hits_and_occupancies() {
    let directory = directory();
    let at = directory.path();
    let words = ["motif", "scan", "--motifs", "m.meme", "s.fa"];
    let best = output(at, &[&words[..], &["--best"]].concat());
    let best = rows(&best);
    assert_eq!(best.len(), 5);
    assert_eq!((best[1][0], best[2][0], best[3][2]), ("M1", "M2", "b"));
    let occupancy = output(at, &[&words[..], &["--occupancy"]].concat());
    let occupancy = rows(&occupancy);
    assert_eq!(occupancy[0][4], "sum_occupancy");
    assert_eq!(occupancy[1][..4], ["chr1:100-120", "M1", "box", "18"]);
    let sum: f64 = occupancy[1][4].parse().expect("a number");
    assert!((0.9..1.1).contains(&sum), "{sum}");
}

#[test]
fn a_written_plan_gives_the_same_hits() {
    let directory = directory();
    let at = directory.path();
    let words = ["motif", "scan", "--motifs", "m.meme", "s.fa", "--best"];
    let typed = output(at, &words);
    succeeds(at, &[&words[..], &["--plan", "plan.json"]].concat());
    assert_eq!(output(at, &["run", "plan.json"]), typed);
}

#[test]
fn the_name_of_the_file_tells_the_format() {
    let directory = directory();
    let at = directory.path();
    let words = ["motif", "scan", "--motifs", "m.meme", "s.fa"];
    let scan = |more: &[&str]| succeeds(at, &[&words[..], more].concat());
    let read = |name: &str| std::fs::read(at.join(name)).expect("a table");
    for (name, format) in [
        ("x.bed", "bed"),
        ("x.gff3", "gff"),
        ("x.tsv", "tsv"),
        ("x", "tsv"),
    ] {
        scan(&["--out", name]);
        let stated = output(at, &[&words[..], &["--format", format]].concat());
        assert_eq!(read(name), stated.as_bytes(), "{name}");
    }
    scan(&["--out", "x.bed.gz"]);
    assert_eq!(read("x.bed.gz")[..2], [0x1f, 0x8b]);
    for (more, name) in [
        (&["--format", "bed"][..], "y.tsv"),
        (&[], "y.csv"),
        (&["--occupancy"], "y.bed"),
    ] {
        let words = [&words[..], more, &["--out", name]].concat();
        says(
            &refuses(at, &words),
            &["--out: expected a name that ends in ."],
        );
        assert!(!at.join(name).exists());
    }
}

#[test]
fn a_record_without_bases_has_no_hits() {
    let directory = directory();
    let at = directory.path();
    std::fs::write(at.join("e.fa"), ">none\n>b\nTTACGTCAtgac\n").expect("written");
    let words = ["motif", "scan", "--motifs", "m.meme", "e.fa"];
    let hits = output(at, &words);
    assert_eq!(
        rows(&hits)[1..]
            .iter()
            .map(|row| row[2])
            .collect::<Vec<_>>(),
        ["b"]
    );
    let occupancies = output(at, &[&words[..], &["--occupancy"]].concat());
    let occupancies = rows(&occupancies);
    assert_eq!(occupancies[1], ["none", "M1", "box", "0", "NA"]);
    std::fs::write(at.join("e.fa"), ">b\nTTACGTCAtgac\n>none\n").expect("written");
    says(&refuses(at, &words), &["e.fa, line 3", "may be truncated"]);
}

#[test]
fn what_it_refuses() {
    let directory = directory();
    let at = directory.path();
    let write = |name: &str, text: &str| std::fs::write(at.join(name), text).expect("written");
    write("empty.fa", "");
    write("protein.fa", ">p\nMKVLSPADKTNVKAAW\n");
    write("short.fa", ">x\nACG\n>y\nACNGT\n");
    write("zero.bg", "A 0.5\nC 0.5\nG 0\nT 0\n");
    let refused = |more: &[&str]| {
        let words = ["motif", "scan", "--motifs", "m.meme", "--out", "x.tsv"];
        refuses(at, &[&words[..], more].concat())
    };
    says(&refused(&["empty.fa"]), &["empty.fa", "an empty file"]);
    says(
        &refused(&["protein.fa"]),
        &[
            "protein.fa: expected sequences of nucleotides",
            "FASTA file of proteins",
        ],
    );
    says(
        &refused(&["short.fa"]),
        &[
            "short.fa",
            "4 bases in a row, as wide as the narrowest motif",
        ],
    );
    says(
        &refused(&["s.fa", "--bfile", "zero.bg"]),
        &["zero.bg", "above zero"],
    );
    says(
        &refused(&["s.fa", "--bfile", "--nrbd--"]),
        &["--bfile", "--uniform--"],
    );
    says(
        &refused(&["s.fa", "--motif-pseudo", "0"]),
        &["M1", "add a pseudocount"],
    );
    says(
        &refused(&["s.fa", "--motif-pseudo", "-1"]),
        &["--motif-pseudo"],
    );
    says(
        &refused(&["s.fa", "--thresh", "0"]),
        &["--thresh", "above 0"],
    );
    says(
        &refused(&["s.fa", "--best", "--thresh", "2"]),
        &["--thresh", "at most 1"],
    );
    says(
        &refused(&["s.fa", "--motif", "m1"]),
        &["--motif", "did you mean M1"],
    );
    write("off.fa", ">chr1:101-119\nccccTGACGTAAccccNccc\n");
    says(
        &refused(&["off.fa", "--parse-genomic-coord"]),
        &[
            "off.fa, line 1",
            "expected 18 letters",
            "19 if it counts from 1",
        ],
    );
}
