//! The metrics and tests equal those of scikit-learn and SciPy (`golden/generate.py`).

use bindscape_stats as stats;
use serde::Deserialize;

#[derive(Deserialize)]
struct Golden {
    cases: Vec<Case>,
    wilcoxon: Vec<Wilcoxon>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    scores: Vec<f64>,
    labels: Vec<bool>,
    precision_curve: Vec<f64>,
    recall_curve: Vec<f64>,
    thresholds: Vec<f64>,
    aucpr: f64,
    average_precision: f64,
    auroc: f64,
    mcc: f64,
    precision: f64,
    recall: f64,
    f1: f64,
    brier: f64,
}

#[derive(Deserialize)]
struct Wilcoxon {
    x: Vec<f64>,
    y: Vec<f64>,
    statistic: f64,
    p: f64,
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("golden/metrics.json")).expect("the generator wrote it")
}

#[track_caller]
fn all_close(name: &str, ours: &[f64], theirs: &[f64]) {
    assert_eq!(ours.len(), theirs.len(), "{name}");
    for (&ours, &theirs) in ours.iter().zip(theirs) {
        close(name, Some(ours), theirs);
    }
}

#[track_caller]
fn close(name: &str, ours: Option<f64>, theirs: f64) {
    let ours = ours.unwrap_or_else(|| panic!("{name} is undefined"));
    assert!(
        (ours - theirs).abs() <= 1e-12 * theirs.abs().max(1.0),
        "{name}: {ours} against {theirs}"
    );
}

#[test]
fn metrics_equal_scikit_learn() {
    for case in golden().cases {
        let (scores, labels) = (&case.scores, &case.labels);
        let curve = stats::precision_recall_curve(scores, labels).unwrap();
        all_close(&case.name, &curve.precision, &case.precision_curve);
        all_close(&case.name, &curve.recall, &case.recall_curve);
        all_close(&case.name, &curve.thresholds, &case.thresholds);
        // Up to the recall of the highest score scikit-learn draws a line from precision 1.
        let highest = case.recall_curve.len() - 2;
        let (recall, precision) = (case.recall_curve[highest], case.precision_curve[highest]);
        let area = case.aucpr - recall * (1.0 - precision) / 2.0;
        close(&case.name, stats::aucpr(scores, labels), area);
        close(
            &case.name,
            stats::average_precision(scores, labels),
            case.average_precision,
        );
        close(&case.name, stats::auroc(scores, labels), case.auroc);
        close(&case.name, stats::mcc(scores, labels, 0.5), case.mcc);
        close(
            &case.name,
            stats::precision(scores, labels, 0.5),
            case.precision,
        );
        close(&case.name, stats::recall(scores, labels, 0.5), case.recall);
        close(&case.name, stats::f1(scores, labels, 0.5), case.f1);
        close(&case.name, stats::brier(scores, labels), case.brier);
    }
}

#[test]
fn signed_rank_test_equals_scipy() {
    for test in golden().wilcoxon {
        let ours = stats::wilcoxon_signed_rank(&test.x, &test.y).unwrap();
        assert_eq!(ours.statistic, test.statistic);
        assert_eq!(ours.exact, test.x.len() <= 50);
        close("p", Some(ours.p), test.p);
    }
}
