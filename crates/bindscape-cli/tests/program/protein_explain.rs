//! `protein explain`.

use bindscape_nn::protein::Heads;

use super::protein_model::{fasta, model, proteins};
use super::{command, refuses, says, stops, succeeds};

/// The cells of a table below its header.
fn cells(text: &str) -> Vec<Vec<&str>> {
    text.lines()
        .skip(1)
        .map(|line| line.split('\t').collect())
        .collect()
}

#[test]
fn attributions_add_up_and_lie_where_the_domain_is() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = |name: &str| directory.path().join(name);
    model(directory.path(), Heads::Both);
    // Not those the model was trained on: these are TFs, of 20 residues and more.
    let mut held_out: Vec<_> = proteins(100).into_iter().skip(70).step_by(2).collect();
    held_out[0].id = "A/b:1".into();
    held_out[1].id = "A:b/1".into();
    // Beyond the network's 100 residues, as three others are.
    held_out[2].sequence = held_out[2].sequence.repeat(9);
    std::fs::write(path("p.fa"), fasta(&held_out)).expect("writable");
    let domains: String = held_out[1..]
        .iter()
        .map(|p| format!("{}\tHC:11-20\n", p.id))
        .collect();
    std::fs::write(path("d.tsv"), format!("accession\tdomains\n{domains}")).expect("writable");
    for target in ["tf", "zinc_finger"] {
        let told = succeeds(
            directory.path(),
            &[
                "protein",
                "explain",
                "--model",
                ".",
                "--proteins",
                "p.fa",
                "--domains",
                "d.tsv",
                "--target",
                target,
                "--steps",
                "300",
                "--out",
                target,
            ],
        );
        says(
            &told,
            &[
                "15  proteins explained",
                "4  longer",
                "1  without domains",
                "inside domains:",
            ],
        );
        let table = std::fs::read_to_string(path(target).join("proteins.tsv")).expect("a table");
        let rows = cells(&table);
        assert_eq!(rows.len(), held_out.len());
        let residues = std::fs::read_to_string(path(target).join("attributions.tsv"));
        let residues = residues.expect("a table");
        let residues = cells(&residues);
        let total: usize = held_out.iter().map(|p| p.sequence.len()).sum();
        assert_eq!(residues.len(), total);
        let number = |cell: &str| cell.parse::<f64>().expect("a number");
        let mut shares = (0.0, 0.0);
        for (row, protein) in rows.iter().zip(&held_out) {
            assert_eq!(row[0], protein.id);
            let own: Vec<_> = residues
                .iter()
                .filter(|residue| residue[0] == row[0])
                .collect();
            let letters: Vec<u8> = own.iter().map(|residue| residue[2].as_bytes()[0]).collect();
            assert_eq!(letters, protein.sequence);
            let seen: Vec<f64> = own
                .iter()
                .map(|r| r[3])
                .filter(|c| !c.is_empty())
                .map(number)
                .collect();
            assert_eq!(seen.len().to_string(), row[2]);
            let difference = number(row[4]) - number(row[5]);
            let sum: f64 = seen.iter().sum();
            assert!(
                (sum - difference).abs() <= number(row[6]) + 1e-3,
                "{row:?}: {sum}"
            );
            if !row[7].is_empty() {
                shares = (shares.0 + number(row[7]), shares.1 + number(row[8]));
            }
        }
        assert!(shares.0 > 1.5 * shares.1, "{target}: {shares:?}");
        assert_eq!(
            (rows[0][7], rows[0][9], rows[1][9]),
            ("", "A_b_1.svg", "A_b_1-2.svg")
        );
        let picture = std::fs::read_to_string(path(target).join("A_b_1-2.svg")).expect("a picture");
        says(
            &picture,
            &[
                "A:b/1 (",
                ">HC</text>",
                "<title>HC, residues 11 to 20</title>",
            ],
        );
    }

    // One of them alone gives the same numbers.
    succeeds(
        directory.path(),
        &[
            "protein",
            "explain",
            "--model",
            ".",
            "--proteins",
            "p.fa",
            "--id",
            "P76",
            "--target",
            "tf",
            "--steps",
            "300",
            "--out",
            "one",
        ],
    );
    let all = std::fs::read_to_string(path("tf/attributions.tsv")).expect("a table");
    let one = std::fs::read_to_string(path("one/attributions.tsv")).expect("a table");
    let of_one: Vec<&str> = all
        .lines()
        .filter(|line| line.starts_with("P76\t"))
        .collect();
    assert_eq!(one.lines().skip(1).collect::<Vec<_>>(), of_one);
}

#[test]
fn wrong_requests_are_named() {
    let directory = tempfile::tempdir().expect("a directory");
    model(directory.path(), Heads::Tf);
    std::fs::write(directory.path().join("p.fa"), fasta(&proteins(12))).expect("writable");
    std::fs::write(
        directory.path().join("d.tsv"),
        "accession\tdomains\nP0\tHC:1-5000\n",
    )
    .expect("writable");
    let refused = |more: &[&str]| {
        let mut words = vec!["protein", "explain", "--model", ".", "--proteins", "p.fa"];
        words.extend(["--out", "out"]);
        words.extend(more);
        refuses(directory.path(), &words)
    };
    says(
        &refused(&["--target", "homeobox"]),
        &["--target", "homeodomain"],
    );
    says(&refused(&["--target", "homeodomain"]), &["no head", "`tf`"]);
    says(
        &refused(&["--id", "P3,P77"]),
        &["p.fa", "\"P77\"", "did you mean"],
    );
    let found = ["p.fa: expected a table", "found a FASTA file of proteins"];
    says(&refused(&["--domains", "p.fa"]), &found);
    // What lies there may be what was given, or another result.
    let out = directory.path().join("out");
    std::fs::create_dir_all(&out).expect("writable");
    std::fs::rename(directory.path().join("d.tsv"), out.join("domains.tsv")).expect("writable");
    let message = refused(&["--domains", "out/domains.tsv"]);
    says(&message, &["out: expected a new or empty directory"]);
    let left = std::fs::read_to_string(out.join("domains.tsv")).expect("still there");
    assert!(left.starts_with("accession"), "{left}");
}

#[cfg(unix)]
#[test]
fn stopped_and_continued_is_the_same_as_never_stopped() {
    let directory = tempfile::tempdir().expect("a directory");
    let here = directory.path();
    model(here, Heads::Both);
    std::fs::write(here.join("p.fa"), fasta(&proteins(40))).expect("writable");
    let words = |out: &'static str| {
        let mut words = vec!["protein", "explain", "--model", ".", "--proteins", "p.fa"];
        words.extend(["--steps", "2000", "--out", out]);
        words
    };
    succeeds(here, &words("whole"));

    let child = command(here, &words("stopped"))
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("the program was built");
    while !here.join("stopped/P2.svg").exists() {
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    says(&stops(child), &["interrupted"]);
    let journal = here.join("stopped/unfinished.jsonl");
    assert!(journal.exists());
    assert!(!here.join("stopped/attributions.tsv").exists());

    let told = succeeds(here, &words("stopped"));
    says(
        &told,
        &["continuing after the first ", "40  proteins explained"],
    );
    for name in ["attributions.tsv", "proteins.tsv", "P0.svg", "P39.svg"] {
        let read = |run: &str| std::fs::read_to_string(here.join(run).join(name)).expect("a file");
        assert_eq!(read("whole"), read("stopped"), "{name}");
    }
    assert!(!journal.exists());
}
