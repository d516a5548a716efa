//! Written plans: `--plan` writes what `run` runs, with the same result.

use crate::{bindscape, succeeds, toy};

const PRETRAIN: &[&str] = &[
    "pretrain",
    "--matrix",
    "matrix.parquet",
    "--genome",
    "genome.fa",
    "--tfs",
    "MAX,JUND",
    "--epochs",
    "1",
    "--resamples",
    "0",
    "--out",
];

#[test]
fn a_written_plan_runs_to_the_same_model() {
    let directory = toy::with_matrix();
    let here = directory.path();
    succeeds(here, &[PRETRAIN, &["typed"]].concat());
    succeeds(
        here,
        &[PRETRAIN, &["planned", "--plan", "plan.json"]].concat(),
    );
    assert!(!here.join("planned").exists(), "--plan runs nothing");
    succeeds(here, &["run", "plan.json"]);
    let model = |run: &str| std::fs::read(here.join(run).join("multi/model.safetensors")).unwrap();
    assert!(model("typed") == model("planned"), "the same bytes");
}

#[test]
fn plans_that_are_none_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let here = directory.path();
    let refused = |text: &str| {
        std::fs::write(here.join("plan.json"), text).unwrap();
        let output = bindscape(here, &["run", "plan.json"]);
        assert_eq!(output.status.code(), Some(2));
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let message = refused(r#"{"bindscape": "0.1.0", "job": "pretrian", "plan": {}}"#);
    assert!(message.contains("did you mean pretrain"), "{message}");
    let message = refused(r#"{"bindscape": "0.1.0", "job": "pretrain", "plan": {"matrx": "m"}}"#);
    assert!(message.contains("unknown field `matrx`"), "{message}");
    let message = refused("{");
    assert!(
        message.contains("plan.json, line 1: expected a plan"),
        "{message}"
    );
    assert!(message.contains("--plan"), "{message}");
}
