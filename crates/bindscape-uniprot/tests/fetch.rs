//! The fetch against a service with every fault it is meant to survive: the set
//! is the one that a service without faults gives.

mod server;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bindscape_base::Error;
use bindscape_base::progress::{Progress, Silent};
use bindscape_protein::{Labels, ProteinClass, read_proteins};
use bindscape_uniprot::{Plan, Record, Retry, fetch};
use server::{Fault, Server, proteins};

const NON_TF: usize = 57;
const DRAWN: usize = 40;

fn plan(out: &Path, server: &Server) -> Plan {
    Plan {
        non_tf: Some(DRAWN),
        endpoint: server.endpoint.clone(),
        page: 10,
        retry: Retry {
            attempts: 4,
            first_wait: Duration::from_millis(2),
            longest_wait: Duration::from_millis(10),
        },
        ..Plan::new(out)
    }
}

/// Files of a set, without `fetch.json`, whose dates differ.
fn files(out: &Path) -> (Vec<u8>, String) {
    (
        std::fs::read(out.join("proteins.fasta.gz")).expect("a set was written"),
        std::fs::read_to_string(out.join("labels.tsv")).expect("a set was written"),
    )
}

fn fetch_with(faults: &[(usize, Fault)]) -> (tempfile::TempDir, Record, Vec<String>) {
    let server = Server::start(proteins(NON_TF), faults.iter().copied().collect());
    let directory = tempfile::tempdir().expect("a directory");
    let notes = Notes::default();
    let record = fetch(&plan(directory.path(), &server), &[], &notes).expect("faults are survived");
    (directory, record, notes.0.into_inner().expect("no panic"))
}

#[derive(Default)]
struct Notes(Mutex<Vec<String>>);

impl Progress for Notes {
    fn begin(&self, _label: &str, _total: Option<u64>) {}
    fn advance(&self, _by: u64) {}
    fn note(&self, message: &str) {
        self.0.lock().expect("no panic").push(message.to_owned());
    }
    fn finish(&self) {}
}

/// Interrupts once so many records have come.
struct StopAfter(AtomicU64, u64);

impl Progress for StopAfter {
    fn begin(&self, _label: &str, _total: Option<u64>) {}
    fn advance(&self, by: u64) {
        self.0.fetch_add(by, Ordering::SeqCst);
    }
    fn note(&self, _message: &str) {}
    fn finish(&self) {}
    fn interrupted(&self) -> bool {
        self.0.load(Ordering::SeqCst) >= self.1
    }
}

#[test]
fn a_set_is_what_training_reads() {
    let (directory, record, _) = fetch_with(&[]);
    let out = directory.path();
    let proteins = read_proteins(out.join("proteins.fasta.gz")).unwrap();
    let labels = Labels::read(out.join("labels.tsv"), Some("taxon")).unwrap();
    let count = |class: ProteinClass| {
        let of_class = |id: &str| labels.get(id).unwrap().class == Some(class);
        proteins.iter().filter(|p| of_class(&p.id)).count()
    };
    // 23 zinc fingers and 20 others, less the one whose sequence a non-TF has.
    let counts = ProteinClass::ALL.map(count);
    assert_eq!(counts, [23, 33, 7, 19, DRAWN]);
    assert_eq!(proteins.len(), labels.len());

    assert_eq!(record.release.as_deref(), Some("2026_03"));
    assert_eq!(record.queries.len(), 5);
    assert!(
        record
            .queries
            .iter()
            .all(|query| query.without_evidence.unwrap_or(0) == 0)
    );
    let non_tf = record.classes[&ProteinClass::NonTf];
    assert_eq!(non_tf.found, NON_TF as u64 + 3);
    assert_eq!((non_tf.with_domain, non_tf.contradictory), (2, 1));
    assert_eq!(record.classes[&ProteinClass::ZincFinger].ambiguous, 1);
    let json = std::fs::read(out.join("fetch.json")).unwrap();
    assert_eq!(serde_json::from_slice::<Record>(&json).unwrap(), record);
    assert!(!out.join("pages").exists());

    let table = std::fs::read_to_string(out.join("labels.tsv")).unwrap();
    assert!(table.starts_with("accession\tclass\tsource\ttaxon\tlength\n"));
}

#[test]
fn faults_leave_no_trace_in_the_set() {
    let (clean, _, _) = fetch_with(&[]);
    let (faulty, record, notes) = fetch_with(&[
        (0, Fault::Status(500, None)),
        (2, Fault::Drop),
        (4, Fault::ShortBody),
        (5, Fault::CutGzip),
        (7, Fault::Status(503, None)),
        (9, Fault::MissingRecord),
        (13, Fault::Drop),
        (14, Fault::Status(429, None)),
        (15, Fault::CutGzip),
    ]);
    assert_eq!(files(clean.path()), files(faulty.path()));
    assert_eq!(record.requests_repeated, 9);
    let notes = notes.join("\n");
    for part in [
        "status 500",
        "no answer",
        "cut short",
        "9 instead of 10 proteins",
    ] {
        assert!(notes.contains(part), "no {part:?} in:\n{notes}");
    }
}

#[test]
fn the_service_says_how_long_to_wait() {
    let begin = Instant::now();
    let (_directory, _, notes) = fetch_with(&[(1, Fault::Status(429, Some(1)))]);
    assert!(begin.elapsed() >= Duration::from_secs(1));
    assert!(notes[0].contains("asking again in 1.0 s"), "{notes:?}");
}

#[test]
fn a_new_release_starts_from_scratch() {
    // What the new release holds, from a service that has held it from the start.
    let (new, ..) = fetch_with(&[(0, Fault::NewRelease { cursors_work: true })]);
    for cursors_work in [true, false] {
        // In the middle of the second query (3 pages of the first come before).
        let (changed, record, notes) = fetch_with(&[(5, Fault::NewRelease { cursors_work })]);
        assert_eq!(files(new.path()), files(changed.path()));
        assert_eq!(record.release.as_deref(), Some("2026_04"));
        let notes = notes.join("\n");
        assert!(
            notes.contains("homeodomain: ") && notes.contains("again"),
            "{notes}"
        );
        assert!(
            notes.contains("zinc_finger: fetched from release 2026_03"),
            "{notes}"
        );
    }
}

#[test]
fn an_interrupted_fetch_continues_after_its_last_page() {
    let (clean, _, _) = fetch_with(&[]);
    for stop in [0, 10, 35, 90, 130] {
        let server = Server::start(proteins(NON_TF), BTreeMap::new());
        let directory = tempfile::tempdir().unwrap();
        let plan = plan(directory.path(), &server);
        let error = fetch(&plan, &[], &StopAfter(AtomicU64::new(0), stop)).unwrap_err();
        assert!(matches!(error, Error::Interrupted), "{error}");
        assert!(!directory.path().join("labels.tsv").exists());
        fetch(&plan, &[], &Silent).unwrap();
        assert_eq!(files(clean.path()), files(directory.path()));
        // 3 + 4 + 1 + 2 + 6 pages, each asked for once.
        assert_eq!(server.count(), 16, "stopped after {stop}");
    }
}

#[test]
fn damaged_and_foreign_pages_are_fetched_again() {
    let (clean, _, _) = fetch_with(&[]);
    let server = Server::start(proteins(NON_TF), BTreeMap::new());
    let directory = tempfile::tempdir().unwrap();
    let plan = plan(directory.path(), &server);
    fetch(&plan, &[], &StopAfter(AtomicU64::new(0), 90)).unwrap_err();
    let page = directory.path().join("pages/homeodomain/00003.tsv.gz");
    std::fs::write(&page, b"damaged").unwrap();
    let state = directory.path().join("pages/zinc_finger/state.json");
    let text = std::fs::read_to_string(&state).unwrap();
    std::fs::write(&state, text.replace("KW-0863", "KW-0001")).unwrap();
    let notes = Notes::default();
    fetch(&plan, &[], &notes).unwrap();
    assert_eq!(files(clean.path()), files(directory.path()));
    let notes = notes.0.into_inner().unwrap().join("\n");
    assert!(
        notes.contains("homeodomain: page 3 on disk is damaged"),
        "{notes}"
    );
    // `KW-0863` is percent-encoded nowhere, so the changed address is another query.
    assert!(
        notes.contains("zinc_finger: the pages on disk are of another query"),
        "{notes}"
    );
}

#[test]
fn failures_say_what_to_do_and_keep_the_pages() {
    let down: Vec<_> = (4..9).map(|n| (n, Fault::Status(503, None))).collect();
    let server = Server::start(proteins(NON_TF), down.into_iter().collect());
    let directory = tempfile::tempdir().unwrap();
    let plan = plan(directory.path(), &server);
    let message = |error: Error| format!("{error} hint: {}", error.advice().unwrap_or_default());
    let gave_up = message(fetch(&plan, &[], &Silent).unwrap_err());
    for part in ["none in 4 attempts", "status 503", "same command continues"] {
        assert!(gave_up.contains(part), "no {part:?} in {gave_up}");
    }
    assert!(
        directory
            .path()
            .join("pages/zinc_finger/00003.tsv.gz")
            .exists()
    );
    fetch(&plan, &[], &Silent).unwrap();

    let again = message(fetch(&plan, &[], &Silent).unwrap_err());
    assert!(again.contains("which holds fetch.json"), "{again}");

    let other = tempfile::tempdir().unwrap();
    let mut refused = plan.clone();
    refused.out = other.path().into();
    refused.endpoint.push_str("/elsewhere");
    let refused = message(fetch(&refused, &[], &Silent).unwrap_err());
    assert!(
        refused.contains("status 400") && refused.contains("endpoint"),
        "{refused}"
    );

    let mut release = plan.clone();
    release.out = other.path().into();
    release.release = Some("2025_01".into());
    let release = message(fetch(&release, &[], &Silent).unwrap_err());
    assert!(
        release.contains("2025_01") && release.contains("2026_03"),
        "{release}"
    );

    let mut scheme = plan;
    scheme.endpoint = "rest.uniprot.org".into();
    let scheme = message(fetch(&scheme, &[], &Silent).unwrap_err());
    assert!(scheme.contains("https://"), "{scheme}");
}

#[test]
fn classes_and_draws_are_those_of_the_plan() {
    let server = Server::start(proteins(NON_TF), BTreeMap::new());
    let directory = tempfile::tempdir().unwrap();
    let mut plan = plan(directory.path(), &server);
    plan.classes = vec![ProteinClass::ZincFinger, ProteinClass::Homeodomain];
    plan.max_per_class = Some(5);
    plan.keep_pages = true;
    let record = fetch(&plan, &[], &Silent).unwrap();
    let kept: Vec<_> = record.classes.values().map(|count| count.kept).collect();
    assert_eq!(kept, [5, 5]);
    assert_eq!(record.queries.len(), 3);
    let (_, first) = files(directory.path());
    let asked = server.count();

    // Another draw from the pages that were kept.
    for file in ["proteins.fasta.gz", "labels.tsv", "fetch.json"] {
        std::fs::remove_file(directory.path().join(file)).unwrap();
    }
    plan.seed = 2;
    fetch(&plan, &[], &Silent).unwrap();
    assert_ne!(files(directory.path()).1, first);
    assert_eq!(server.count(), asked);
}
