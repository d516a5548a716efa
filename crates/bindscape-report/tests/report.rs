//! The page and its figures from made-up run directories.

#![allow(clippy::unwrap_used, reason = "a panic is how a test reports")]

#[allow(dead_code, unreachable_pub, missing_docs)]
mod common;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use bindscape_base::Error;
use bindscape_matrix::results::{Estimate, Evaluation, RunRecord, Start};
use bindscape_report::{figures, report, write_report};
use common::markup::{Element, elements};
use tempfile::TempDir;

fn checked(page: &str) -> Vec<Element> {
    elements(page, true).unwrap_or_else(|what| panic!("{what}"))
}

fn finetuning() -> (TempDir, RunRecord) {
    let run = tempfile::tempdir().unwrap();
    let record = common::finetune(run.path());
    (run, record)
}

fn evaluation(run: &Path, directory: &str) -> Evaluation {
    let text = fs::read_to_string(run.join(directory).join("metrics.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn write_evaluation(run: &Path, directory: &str, evaluation: &Evaluation) {
    let text = serde_json::to_string(evaluation).unwrap();
    fs::write(run.join(directory).join("metrics.json"), text).unwrap();
}

/// Sets the AUCPR of every repeat.
fn set_aucpr(run: &Path, record: &RunRecord, scratch: f64, transfer: f64) {
    for training in &record.trainings {
        let mut metrics = evaluation(run, &training.directory);
        let base = if training.start == Start::Scratch {
            scratch
        } else {
            transfer
        };
        metrics.tfs[0].aucpr = Estimate {
            value: Some(base + 0.001 * f64::from(training.repeat)),
            interval: Some((base - 0.05, base + 0.05)),
        };
        write_evaluation(run, &training.directory, &metrics);
    }
}

/// The message and the hint of the error that a report of `run` ends with.
fn failure(run: &Path) -> String {
    let error = report(&[run]).unwrap_err();
    assert!(matches!(error, Error::Input(_)), "{error}");
    format!("{error}; {}", error.advice().unwrap_or_default())
}

#[test]
fn the_page_is_well_formed_accessible_and_complete() {
    let (run, record) = finetuning();
    let multi = tempfile::tempdir().unwrap();
    let multi_record = common::pretrain(multi.path());
    let page = report(&[run.path(), multi.path()]).unwrap();
    let found = checked(&page);

    let mut ids = BTreeSet::new();
    for element in &found {
        if let Some(id) = element.attributes.get("id") {
            assert!(ids.insert(id.as_str()), "{id} twice");
        }
    }
    for element in &found {
        let of = |name: &str| element.attributes.get(name);
        if let Some(target) = of("href").and_then(|link| link.strip_prefix('#')) {
            assert!(ids.contains(target), "no {target}");
        }
        for name in ["aria-labelledby", "aria-describedby"] {
            if let Some(id) = of(name) {
                assert!(ids.contains(id.as_str()), "no {id}");
            }
        }
        if of("role").is_some_and(|role| role == "img") {
            assert!(of("aria-labelledby").is_some());
        }
    }
    let count = |name: &str| found.iter().filter(|element| element.name == name).count();
    assert_eq!(count("h1"), 1);
    assert_eq!(count("table"), count("caption"));
    assert_eq!(count("figure"), count("figcaption"));
    assert_eq!(count("figure"), 8);

    for training in &record.trainings {
        let metrics = evaluation(run.path(), &training.directory);
        assert!(page.contains(&metrics.model_sha256) && page.contains(&metrics.model));
        let tf = &metrics.tfs[0];
        for value in [
            tf.aucpr,
            tf.average_precision,
            tf.auroc,
            tf.precision,
            tf.recall,
        ] {
            let (low, high) = value.interval.unwrap();
            assert!(page.contains(&format!("{:.3}", value.value.unwrap())));
            assert!(
                page.contains(&format!("({low:.3}–{high:.3})")),
                "{low}–{high}"
            );
        }
    }
    for record in [&record, &multi_record] {
        assert!(page.contains(&record.command.join(" ")));
        for input in &record.inputs {
            assert!(page.contains(&input.sha256) && page.contains(&input.name));
        }
        for step in &record.data_steps {
            let what = step.what.trim_start_matches("dropped: ");
            let bound = what.ends_with("bound regions available") || what.contains("the dropped");
            assert!(bound || page.contains(&what[1..]), "{what}");
        }
    }
    for text in [
        "296,969",
        "−27,911",
        "2,405,101",
        "835 MB",
        "learning_rate",
        "0.0003",
        "34,120",
        "over 5 repeats of one TF",
        "its SHA-256 agrees",
        "10.1186/s13059-021-02499-5",
        "1,000 bootstrap resamples",
        "bindscape predict --model",
    ] {
        assert!(page.contains(text), "{text}");
    }
    for tf in common::TFS {
        assert!(page.contains(&format!("data-value=\"{tf}\"")), "{tf}");
    }
    assert!(page.len() < 1_000_000, "{} bytes", page.len());
}

#[test]
fn nothing_is_loaded_from_anywhere() {
    let (run, _) = finetuning();
    let page = report(&[run.path()]).unwrap();
    for element in checked(&page) {
        assert!(
            !["link", "img", "iframe", "object", "image", "use", "base"]
                .contains(&element.name.as_str()),
            "{element:?}"
        );
        for (name, value) in &element.attributes {
            assert!(
                name != "src" && name != "srcset" && !name.starts_with("on"),
                "{element:?}"
            );
            assert!(!value.contains("url("), "{element:?}");
            let reference = element.name == "a" && value.starts_with("https://doi.org/");
            assert!(reference || !value.contains("://"), "{element:?}");
        }
    }
    assert!(!page.contains("@import") && !page.contains("url("));
    assert!(page.contains("default-src 'none'"));
    for figure in figures(run.path()).unwrap() {
        let svg = figure.svg();
        let links = svg.matches("://").count();
        assert_eq!(links, 1, "the name space alone");
        assert!(!svg.contains("var("), "{}", figure.name);
        elements(&svg, false).unwrap_or_else(|what| panic!("{}: {what}", figure.name));
    }
}

#[test]
fn the_same_files_give_the_same_bytes() {
    let (run, _) = finetuning();
    let out = run.path().join("report.html");
    write_report(&[run.path()], &out).unwrap();
    let page = report(&[run.path()]).unwrap();
    assert_eq!(fs::read_to_string(&out).unwrap(), page);
    assert_eq!(report(&[run.path()]).unwrap(), page);
}

#[test]
fn the_summary_says_what_happened() {
    let (run, record) = finetuning();
    let says = |text: &str| {
        let page = report(&[run.path()]).unwrap();
        assert!(page.contains(text), "{text}");
    };
    set_aucpr(run.path(), &record, 0.52, 0.70);
    says(
        "Transfer raised the mean AUCPR of HNF4A from 0.52 to 0.70 over five repeats (no skill gives 0.50); it was better in every one.",
    );
    set_aucpr(run.path(), &record, 0.70, 0.52);
    says(
        "Transfer lowered the mean AUCPR of HNF4A from 0.70 to 0.52 over five repeats (no skill gives 0.50); it was better in none of them.",
    );
    set_aucpr(run.path(), &record, 0.60, 0.60);
    says("Transfer left the mean AUCPR of HNF4A at 0.60 over five repeats");
}

#[test]
fn nothing_is_wider_than_the_page() {
    let (run, _) = finetuning();
    let multi = tempfile::tempdir().unwrap();
    common::pretrain(multi.path());
    let page = report(&[run.path(), multi.path()]).unwrap();
    common::markup::within_the_page(&page);
}

#[test]
fn every_aucpr_has_the_level_without_skill_beside_it() {
    let (run, _) = finetuning();
    let page = report(&[run.path()]).unwrap();
    // Ten rows of repeats and ten of trainings, two tiles, six panels and the figure of dots.
    let beside = page.matches("no skill 0.50").count();
    assert_eq!(beside, 10 + 10 + 2 + 6 + 1);
    assert!(page.contains("<th scope=\"row\">AUCPR</th><td>0.500</td>"));
    assert!(page.contains("Half of the test regions are bound, by construction"));
    assert!(page.contains("precision on the genome is lower than here"));

    let multi = tempfile::tempdir().unwrap();
    let record = common::pretrain(multi.path());
    let page = report(&[multi.path()]).unwrap();
    let test = &record.trainings[0].parts["test"];
    for positives in &test.positives {
        let level = *positives as f64 / test.regions as f64;
        assert!(page.contains(&format!("no skill {level:.2}")), "{level}");
    }
}

#[test]
fn the_selection_is_a_funnel() {
    let (run, _) = finetuning();
    let page = report(&[run.path()]).unwrap();
    let (rows, table) = common::funnel(&page);
    assert_eq!(rows[0], (0, 296_969));
    assert_eq!(rows.last(), Some(&(65_397, 1_000)));
    for pair in rows.windows(2) {
        assert_eq!(pair[0].1, pair[1].0 + pair[1].1, "{rows:?}");
    }
    assert!(table.contains("3,208 bound, 63,189 unbound"));
}

#[test]
fn curves_begin_at_the_first_bound_region_found() {
    let (run, _) = finetuning();
    let mut metrics = evaluation(run.path(), "transfer-1");
    metrics.tfs[0].curve = vec![(0.0, 1.0), (0.0, 0.0), (0.5, 0.25), (1.0, 0.5)];
    write_evaluation(run.path(), "transfer-1", &metrics);
    let figures = figures(run.path()).unwrap();
    let figure = figures
        .iter()
        .find(|f| f.name.starts_with("precision-recall"))
        .unwrap();
    let svg = figure.svg();
    // A panel is 240 wide from 50, and 206.4 high below its heading.
    let path = svg
        .split("<path class=\"only transfer\" d=\"")
        .nth(1)
        .unwrap();
    let path = &path[..path.find('"').unwrap()];
    assert!(
        path.starts_with("M170 ") && path.matches('L').count() == 1,
        "{path}"
    );
}

#[test]
fn the_methods_are_prose() {
    let (run, _) = finetuning();
    let multi = tempfile::tempdir().unwrap();
    let mut record = common::pretrain(multi.path());
    let page = report(&[run.path(), multi.path()]).unwrap();
    for text in [
        "Of these, 97,410 were resolved for HNF4A in the sparse matrix. We left out 27,911 regions that overlap regions that the multi-model was trained or validated on and 3,102 regions that overlap",
        "Of 3,208 bound regions, 500 were drawn at random, with 500 unbound regions of similar GC content (bins of 10%).",
        "divided at random into a training part of 800, a validation part of 100 and a test part of 100.",
        "(learning rate 0.0003 after transfer and 0.003 from scratch, batches of 100 sequences, dropout 0.3) for at most 100 epochs, ending once",
        "a model without skill would reach 0.50, the share of bound regions. Intervals are percentile 95% intervals of",
        "We left out 262,812 regions (not resolved for all 50 TFs in the less-sparse matrix) and 37 regions (unknown letters in the sequence). 34,120 regions were used.",
    ] {
        assert!(page.contains(text), "{text}");
    }
    let prose = page.split("<blockquote>").nth(1).unwrap();
    let prose = &prose[..prose.find("</blockquote>").unwrap()];
    assert!(!prose.contains("dropped:") && !prose.contains("none") && !prose.contains("; ;"));

    record.configuration["architecture"]["kind"] = "danq".into();
    common::write_record(multi.path(), &record);
    let page = report(&[multi.path()]).unwrap();
    assert!(page.contains("bidirectional LSTM (DanQ)"));

    // What is not as in the paper is said.
    assert!(!page.contains("AdamW") && !page.contains("rotated"));
    for (key, value) in [
        ("decay", serde_json::json!("cosine")),
        ("weight_decay", serde_json::json!(0.05)),
        ("shift", serde_json::json!(20)),
        ("max_epochs", serde_json::json!(8)),
    ] {
        record.configuration["training"][key] = value;
    }
    record.configuration["motif_filters"] = "jaspar:vertebrates".into();
    record.configuration["data"]["unresolved"] = "mask".into();
    record.configuration["network_background"] = 10.0.into();
    common::write_record(multi.path(), &record);
    let page = report(&[multi.path()]).unwrap();
    for text in [
        "minimised with AdamW (learning rate 0.003, falling to 0 along half a cosine, weight decay 0.05, batches",
        "for 8 epochs; the weights",
        "it was rotated by up to 20 bases in either direction",
        "on 10 further unbound regions per bound one",
        "The loss left out the TFs for which a region was not resolved.",
        "mean motifs of clusters of jaspar:vertebrates",
    ] {
        assert!(page.contains(text), "{text}");
    }
}

#[test]
fn the_report_and_its_runs_have_dates() {
    let (run, _) = finetuning();
    let page = report(&[run.path()]).unwrap();
    let written = page.split("Last written").nth(1).unwrap();
    assert!(written.contains(" 20") && written.contains("UTC"));
    assert!(page.contains("bindscape report · "));
}

#[test]
fn hostile_names_stay_text() {
    let name = "<script>alert(1)</script>\"&'\u{7}";
    let run = tempfile::tempdir().unwrap();
    let mut record = common::finetune_repeats(run.path(), name, 2);
    record.simulated = Some("</style><b>".into());
    record.command = vec!["bindscape".into(), "--tf".into(), name.into()];
    common::write_record(run.path(), &record);
    let page = report(&[run.path()]).unwrap();
    assert!(!page.contains("<script>alert") && !page.contains("<b>"));
    let scripts = elements(&page.replace('\u{7}', ""), true).unwrap();
    assert_eq!(
        scripts
            .iter()
            .filter(|element| element.name == "script")
            .count(),
        1
    );
    for figure in figures(run.path()).unwrap() {
        elements(&figure.svg(), false).unwrap();
        assert!(
            figure
                .name
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
        );
    }
}

#[test]
fn an_unfinished_run_says_what_is_missing() {
    let (run, mut record) = finetuning();
    record.finished = false;
    common::write_record(run.path(), &record);
    fs::remove_file(run.path().join("scratch-5/metrics.json")).unwrap();
    let epochs = run.path().join("scratch-5/epochs.jsonl");
    let text = fs::read_to_string(&epochs).unwrap();
    fs::write(&epochs, &text[..text.len() - 20]).unwrap();
    fs::remove_dir_all(run.path().join("transfer-5")).unwrap();
    let page = report(&[run.path()]).unwrap();
    checked(&page);
    for text in [
        "This run has not finished.",
        "test results of training `scratch-5`",
        "epochs of training `transfer-5`",
        "the end of line 27 of",
        "over four repeats",
        "over 4 repeats of one TF",
    ] {
        assert!(page.contains(text), "{text}");
    }

    record.trainings.clear();
    common::write_record(run.path(), &record);
    let page = report(&[run.path()]).unwrap();
    checked(&page);
    assert!(page.contains("The models of HNF4A have no test results yet."));
    assert!(figures(run.path()).unwrap().is_empty());
}

#[test]
fn undefined_results_are_dashes() {
    let run = tempfile::tempdir().unwrap();
    let mut record = common::finetune_repeats(run.path(), "MAX", 1);
    record
        .trainings
        .retain(|training| training.start == Start::Scratch);
    record.parent = None;
    record.genome = None;
    common::write_record(run.path(), &record);
    let mut metrics = evaluation(run.path(), "scratch-1");
    let undefined = Estimate {
        value: None,
        interval: None,
    };
    metrics.resamples = 0;
    let tf = &mut metrics.tfs[0];
    (tf.positives, tf.curve) = (0, Vec::new());
    (tf.aucpr, tf.average_precision, tf.auroc) = (undefined, undefined, undefined);
    (tf.mcc, tf.precision, tf.recall) = (undefined, undefined, undefined);
    write_evaluation(run.path(), "scratch-1", &metrics);
    keep_one_epoch(run.path());
    let page = report(&[run.path()]).unwrap();
    checked(&page);
    assert!(page.contains("The AUCPR of MAX is not defined on its test regions."));
    assert!(page.contains("the genome build is not recorded"));
    assert!(!page.contains(">NaN") && !page.contains("bootstrap resamples"));
}

/// Leaves only the first epoch of the training from scratch.
fn keep_one_epoch(run: &Path) {
    let file = run.join("scratch-1/epochs.jsonl");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.lines().next().unwrap().to_owned() + "\n").unwrap();
}

#[test]
fn a_run_that_is_not_the_parent_is_named_so() {
    let (run, mut record) = finetuning();
    let multi = tempfile::tempdir().unwrap();
    common::pretrain(multi.path());
    record.parent.as_mut().unwrap().sha256 = "0".repeat(64);
    common::write_record(run.path(), &record);
    let page = report(&[run.path(), multi.path()]).unwrap();
    assert!(page.contains("the fine-tuning began from another model"));
}

#[test]
fn damaged_runs_are_errors_with_file_and_hint() {
    let (run, record) = finetuning();
    let path = run.path();
    let restore = || common::finetune(path);

    fs::write(path.join("transfer-1/metrics.json"), "{\"model\": \"m\", ").unwrap();
    let message = failure(path);
    assert!(
        message.contains("metrics.json, line 1") && message.contains("JSON"),
        "{message}"
    );
    assert!(
        message.contains("repeat the step that wrote it"),
        "{message}"
    );

    restore();
    fs::remove_file(path.join("transfer-2/metrics.json")).unwrap();
    let message = failure(path);
    assert!(
        message.contains("test results of training `transfer-2`"),
        "{message}"
    );
    assert!(
        message.contains("says that the run is finished"),
        "{message}"
    );

    restore();
    let epochs = path.join("scratch-3/epochs.jsonl");
    let text = fs::read_to_string(&epochs).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    fs::write(&epochs, [lines[0], lines[2], lines[1]].join("\n")).unwrap();
    let message = failure(path);
    assert!(
        message.contains("epochs.jsonl, line 3") && message.contains("epoch 2"),
        "{message}"
    );
    fs::write(
        &epochs,
        text.replacen("\"train_loss\":", "\"train_loss\":null,\"x\":", 1),
    )
    .unwrap();
    let message = failure(path);
    assert!(
        message.contains("line 1") && message.contains("the loss is not a number"),
        "{message}"
    );

    restore();
    let mut metrics = evaluation(path, "scratch-1");
    metrics.tfs[0].tf = "MAX".into();
    write_evaluation(path, "scratch-1", &metrics);
    let message = failure(path);
    assert!(
        message.contains("HNF4A") && message.contains("MAX"),
        "{message}"
    );
    assert!(message.contains("belongs to another run"), "{message}");
    metrics.tfs[0].tf = "HNF4A".into();
    metrics.tfs[0].curve[0].1 = 1.5;
    write_evaluation(path, "scratch-1", &metrics);
    assert!(failure(path).contains("record HNF4A: expected no more positives than regions"));

    restore();
    let mut outside = record.clone();
    outside.trainings[0].directory = "../elsewhere".into();
    common::write_record(path, &outside);
    assert!(failure(path).contains("a directory below the run directory"));

    let mut short = record;
    short.trainings[0]
        .parts
        .get_mut("test")
        .unwrap()
        .positives
        .clear();
    common::write_record(path, &short);
    assert!(failure(path).contains("positives of 1 TFs in part `test`"));

    fs::write(path.join("run.json"), [0xff, 0xfe]).unwrap();
    assert!(failure(path).contains("run.json, byte 0: expected text in UTF-8"));

    fs::remove_file(path.join("run.json")).unwrap();
    let message = failure(path);
    assert!(
        message.contains("the record of a run") && message.contains("pretrain"),
        "{message}"
    );
    assert!(
        report(&[])
            .unwrap_err()
            .to_string()
            .contains("at least one run")
    );
}

#[test]
fn few_test_regions_are_said() {
    let (run, record) = finetuning();
    let page = |run: &TempDir| report(&[run.path()]).unwrap();
    for training in &record.trainings {
        let mut metrics = evaluation(run.path(), &training.directory);
        (metrics.tfs[0].positives, metrics.tfs[0].regions) = (40, 100);
        write_evaluation(run.path(), &training.directory, &metrics);
    }
    let many = page(&run);
    assert!(!many.contains("Few regions"));
    assert!(many.contains("no skill 0.40"), "beside AUCPR in the figure");
    let first = &record.trainings[0].directory;
    let mut metrics = evaluation(run.path(), first);
    metrics.tfs[0].positives = 19;
    write_evaluation(run.path(), first, &metrics);
    let few = page(&run);
    assert!(few.contains("Fewer than 20 bound or unbound test regions: HNF4A."));
}
