//! `protein fetch` against a service on this machine.

#[path = "../../../bindscape-uniprot/tests/server/mod.rs"]
mod server;

use std::collections::BTreeMap;

use super::{listing, refuses, says, succeeds};
use server::{Fault, Server, proteins};

#[test]
fn a_set_is_fetched_and_described() {
    let faults = BTreeMap::from([(1, Fault::Drop), (2, Fault::CutGzip)]);
    let service = Server::start(proteins(600), faults);
    let directory = tempfile::tempdir().expect("a directory");
    let words = |seed| {
        [
            "protein",
            "fetch",
            "--out",
            "set",
            "--endpoint",
            &service.endpoint,
            "--non-tf",
            "50",
            "--wait",
            "0.01",
            "--seed",
            seed,
        ]
        .map(str::to_owned)
    };
    let run = |seed| {
        let words = words(seed);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        succeeds(directory.path(), &words)
    };
    let told = run("1");
    says(
        &told,
        &[
            "asking again",
            "UniProt release 2026_03",
            "50  non_tf of 603 found",
            "left out: of two domain classes",
            "left out: homeodomain or bZIP domain without the GO term",
            "left out: same sequence",
            "not drawn",
            "wrote set",
        ],
    );
    let names: Vec<String> = listing(directory.path())
        .iter()
        .filter(|path| path.is_file())
        .map(|path| {
            path.file_name()
                .expect("a name")
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    assert_eq!(names, ["fetch.json", "labels.tsv", "proteins.fasta.gz"]);

    let again = words("1");
    let again: Vec<&str> = again.iter().map(String::as_str).collect();
    says(&refuses(directory.path(), &again), &["fetch.json", "hint:"]);
    assert!(service.count() > 0);
}

#[test]
fn wrong_options_are_refused_before_any_request() {
    let directory = tempfile::tempdir().expect("a directory");
    let refused = |more: &[&str]| {
        let words: Vec<&str> = ["protein", "fetch", "--out", "set"]
            .iter()
            .chain(more)
            .copied()
            .collect();
        refuses(directory.path(), &words)
    };
    says(
        &refused(&["--classes", "zinc_finger,homeobox"]),
        &["--classes", "homeodomain", "\"homeobox\""],
    );
    says(
        &refused(&["--endpoint", "ftp://x"]),
        &["--endpoint", "https://"],
    );
    says(&refused(&["--wait", "61"]), &["--wait"]);
    // Nothing listens there.
    says(
        &refused(&[
            "--endpoint",
            "http://127.0.0.1:9",
            "--attempts",
            "2",
            "--wait",
            "0",
        ]),
        &["no answer", "2 attempts", "hint:"],
    );
}
