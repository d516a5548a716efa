//! Written plans: `--plan` writes what `run` runs, with the same result.

use std::path::{Path, PathBuf};

use bindscape::evaluate::Evaluate;
use bindscape::filters::Filters;
use bindscape::finetune::Finetune;
use bindscape::predict::PredictionInput;
use bindscape::pretrain::Pretrain;
use bindscape::protein::crossval::Crossval;
use bindscape::protein::embed::{Embed, EmbeddingOrigin};
use bindscape::protein::explain::Explain;
use bindscape::protein::fetch::Fetch;
use bindscape::protein::train::Train;
use bindscape::report::Report;
use bindscape::select::Select;
use bindscape::{Result, WrittenPlan, attribute, matrix, model, motif, predict, protein};
use bindscape_genome::load::SequenceInput;
use bindscape_motif::Format;

use crate::{bindscape, refuses, says, succeeds, toy};

#[test]
fn a_written_plan_runs_to_the_same_model() {
    let directory = toy::with_matrix();
    let here = directory.path();
    succeeds(here, &[toy::PRETRAIN, &["typed"]].concat());
    succeeds(
        here,
        &[toy::PRETRAIN, &["planned", "--plan", "plan.json"]].concat(),
    );
    assert!(!here.join("planned").exists(), "--plan runs nothing");
    let over = [toy::PRETRAIN, &["over", "--plan", "matrix.parquet"]].concat();
    says(
        &refuses(here, &over),
        &["--plan: expected a file that is not read"],
    );
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

/// The plan that the command `line` writes.
fn written(here: &Path, line: &str) -> WrittenPlan {
    let words: Vec<&str> = line.split(' ').collect();
    succeeds(here, &[&words[..], &["--plan", "plan.json"]].concat());
    WrittenPlan::read(&here.join("plan.json")).expect("a plan")
}

/// Asserts that the command `line` writes `plan`.
fn assert_plan(here: &Path, line: &str, plan: Result<WrittenPlan>) {
    let (typed, plan) = (written(here, line), plan.expect("a plan"));
    assert_eq!((typed.job, typed.plan), (plan.job, plan.plan), "{line}");
}

/// The options of each command that are left out are the defaults of its job.
#[test]
fn defaults_are_those_of_the_plans() {
    let directory = tempfile::tempdir().unwrap();
    let here = directory.path();
    fn path(name: &str) -> PathBuf {
        name.into()
    }
    let same = |line: &str, plan| assert_plan(here, line, plan);
    let genome = || SequenceInput::Genome(path("g"));
    same(
        "matrix build --out m --dhs d --dhs-sources s --chip c --tfbs t",
        WrittenPlan::of(&matrix::BuildMatrix {
            dhs: Some(path("d")),
            dhs_sources: Some(path("s")),
            chip: vec![path("c")],
            tfbs: vec![path("t")],
            ..matrix::BuildMatrix::new(path("m"))
        }),
    );
    let columns = matrix::PublishedColumns::Tfs(path("t"));
    same(
        "matrix import --sparse s --regions r --tfs t --out m",
        WrittenPlan::of(&matrix::ImportMatrix::new(
            path("s"),
            path("r"),
            columns,
            path("m"),
        )),
    );
    same(
        "matrix export m --out d",
        WrittenPlan::of(&matrix::ExportMatrix::new(path("m"), path("d"))),
    );
    same(
        "matrix inspect m",
        WrittenPlan::of(&matrix::InspectMatrix::new(path("m"))),
    );
    same(
        "select MAX --matrix b",
        WrittenPlan::of(&Select::new("MAX".into(), path("b"))),
    );
    same(
        "pretrain --matrix b --genome g --out o",
        WrittenPlan::of(&Pretrain::new(path("b"), genome(), path("o"))),
    );
    same(
        "finetune --model m --matrix b --genome g --tf MAX --out o",
        WrittenPlan::of(&Finetune::new(
            path("m"),
            path("b"),
            genome(),
            "MAX".into(),
            path("o"),
        )),
    );
    let sequences = SequenceInput::Fasta(path("s"));
    same(
        "evaluate --model m --matrix b --sequences s",
        WrittenPlan::of(&Evaluate::new(path("m"), path("b"), sequences)),
    );
    let input = PredictionInput::Fasta {
        fasta: path("f"),
        genome: None,
    };
    same(
        "predict --model m --fasta f",
        WrittenPlan::of(&predict::Predict::new(path("m"), input.clone(), path("-"))),
    );
    same(
        "attribute --model m --fasta f --out o",
        WrittenPlan::of(&attribute::Attribute::new(path("m"), input, path("o"))),
    );
    same(
        "filters --model m --matrix b --genome g --out o",
        WrittenPlan::of(&Filters::new(path("m"), path("b"), genome(), path("o"))),
    );
    let tfs = vec!["A".into(), "B".into()];
    same(
        "model import w --tfs A,B --out m",
        WrittenPlan::of(&model::ImportModel::new(path("w"), tfs, path("m"))),
    );
    same("report r", WrittenPlan::of(&Report::new(vec![path("r")])));
}

/// The same for motifs.
#[test]
fn defaults_of_motif_commands_are_those_of_the_plans() {
    let directory = tempfile::tempdir().unwrap();
    let here = directory.path();
    let same = |line: &str, plan| assert_plan(here, line, plan);
    let input = || motif::MotifInput::new("m.meme");
    same(
        "motif scan --motifs m.meme s.fa",
        WrittenPlan::of(&motif::Scan::new("s.fa".into(), "m.meme", "-".into())),
    );
    let targets = vec!["t.meme".into(), "u.meme".into()];
    same(
        "motif compare q.meme t.meme u.meme --text",
        WrittenPlan::of(&motif::Compare::new("q.meme", targets, "-".into())),
    );
    same(
        "motif discover --p p.fa --oc out",
        WrittenPlan::of(&motif::Discover {
            replace: true,
            ..motif::Discover::new("p.fa".into(), "out".into())
        }),
    );
    same(
        "motif cluster m.meme --out out",
        WrittenPlan::of(&motif::Cluster::new("m.meme", "out".into())),
    );
    same(
        "motif convert m.meme --to meme",
        WrittenPlan::of(&motif::Convert::new(input(), Format::Meme, "-".into())),
    );
    same(
        "motif logo m.meme --out out",
        WrittenPlan::of(&motif::Logo::new(input(), "out".into())),
    );
}

/// The same for proteins.
#[test]
fn defaults_of_protein_commands_are_those_of_the_plans() {
    let directory = tempfile::tempdir().unwrap();
    let here = directory.path();
    let same = |line: &str, plan| assert_plan(here, line, plan);
    let [proteins, labels, out, model] = ["p.fa", "l.tsv", "run", "m"].map(PathBuf::from);
    same(
        "protein train --proteins p.fa --labels l.tsv --out run",
        WrittenPlan::of(&Train::new(proteins.clone(), labels.clone(), out.clone())),
    );
    same(
        "protein crossval --proteins p.fa --labels l.tsv --out run",
        WrittenPlan::of(&Crossval::new(proteins.clone(), labels, out.clone())),
    );
    same(
        "protein cluster p.fa --out run",
        WrittenPlan::of(&protein::cluster::Cluster::new(
            proteins.clone(),
            out.clone(),
        )),
    );
    let origin = EmbeddingOrigin::Named("onehot".into());
    same(
        "protein embed p.fa --model onehot --out run",
        WrittenPlan::of(&Embed::new(proteins.clone(), origin, out.clone())),
    );
    same(
        "protein predict --model m --proteins p.fa",
        WrittenPlan::of(&protein::predict::Predict::new(
            model.clone(),
            proteins.clone(),
            "-".into(),
        )),
    );
    same(
        "protein explain --model m --proteins p.fa --out run",
        WrittenPlan::of(&Explain::new(model, proteins, out.clone())),
    );
    same("protein fetch --out run", WrittenPlan::of(&Fetch::new(out)));
}
