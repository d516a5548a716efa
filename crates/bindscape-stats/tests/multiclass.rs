//! Metrics of several classes and of calibration equal scikit-learn's (`golden/multiclass.py`).

use bindscape_stats as stats;
use serde::Deserialize;

#[derive(Deserialize)]
struct Golden {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    classes: usize,
    labels: Vec<usize>,
    logits: Vec<f64>,
    probabilities: Vec<f64>,
    confusion: Vec<u64>,
    accuracy: f64,
    precision: Vec<f64>,
    recall: Vec<f64>,
    f1: Vec<f64>,
    macro_precision: f64,
    macro_recall: f64,
    macro_f1: f64,
    mcc: f64,
    auroc: Vec<f64>,
    macro_auroc: f64,
    average_precision: Vec<f64>,
    brier: f64,
    log_loss: f64,
    calibration_error: f64,
    temperature: f64,
    binary: Binary,
}

#[derive(Deserialize)]
struct Binary {
    accuracy: f64,
    specificity: f64,
    sensitivity: f64,
    log_loss: f64,
    calibration_error: f64,
}

#[track_caller]
fn close(name: &str, ours: Option<f64>, theirs: f64) {
    let ours = ours.unwrap_or_else(|| panic!("{name} is undefined"));
    assert!(
        (ours - theirs).abs() <= 1e-12 * theirs.abs().max(1.0),
        "{name}: {ours} against {theirs}"
    );
}

#[track_caller]
fn all_close(name: &str, ours: &[Option<f64>], theirs: &[f64]) {
    assert_eq!(ours.len(), theirs.len(), "{name}");
    for (&ours, &theirs) in ours.iter().zip(theirs) {
        close(name, ours, theirs);
    }
}

#[test]
fn metrics_equal_scikit_learn() {
    let golden: Golden = serde_json::from_str(include_str!("golden/multiclass.json"))
        .expect("the generator wrote it");
    for case in golden.cases {
        let (p, labels, k) = (&case.probabilities, &case.labels, case.classes);
        let name = &case.name;
        let predicted = stats::most_probable(p, k).unwrap();
        let confusion = stats::ClassConfusion::new(labels, &predicted, k);
        let counts: Vec<u64> = (0..k * k).map(|i| confusion.count(i / k, i % k)).collect();
        assert_eq!(counts, case.confusion, "{name}");
        close(name, confusion.accuracy(), case.accuracy);
        let each = |metric: fn(stats::Confusion) -> Option<f64>| -> Vec<Option<f64>> {
            (0..k).map(|class| metric(confusion.class(class))).collect()
        };
        all_close(name, &each(stats::Confusion::precision), &case.precision);
        all_close(name, &each(stats::Confusion::recall), &case.recall);
        all_close(name, &each(stats::Confusion::f1), &case.f1);
        close(name, confusion.macro_precision(), case.macro_precision);
        close(name, confusion.macro_recall(), case.macro_recall);
        close(name, confusion.macro_f1(), case.macro_f1);
        close(name, confusion.mcc(), case.mcc);
        let auroc = stats::one_against_rest(p, labels, k, stats::auroc);
        all_close(name, &auroc, &case.auroc);
        close(name, stats::macro_mean(&auroc), case.macro_auroc);
        let precision = stats::one_against_rest(p, labels, k, stats::average_precision);
        all_close(name, &precision, &case.average_precision);
        close(name, stats::brier_multiclass(p, labels, k), case.brier);
        close(
            name,
            stats::log_loss_multiclass(p, labels, k),
            case.log_loss,
        );
        close(
            name,
            stats::expected_calibration_error_multiclass(p, labels, k, 15),
            case.calibration_error,
        );
        let temperature = stats::temperature_multiclass(&case.logits, labels, k).unwrap();
        assert!(
            (temperature - case.temperature).abs() < 1e-5 * temperature,
            "{name}: {temperature}"
        );
        let logs: Vec<f64> = p.iter().map(|p| p.ln()).collect();
        let of_logs = stats::temperature_multiclass(&logs, labels, k).unwrap();
        assert!(
            (temperature - of_logs).abs() < 1e-9,
            "{name}: logits up to a constant"
        );

        let tf: Vec<bool> = labels.iter().map(|&label| label + 1 != k).collect();
        let p_tf: Vec<f64> = p.chunks(k).map(|row| 1.0 - row[k - 1]).collect();
        let binary = stats::Confusion::at(&p_tf, &tf, 0.5).unwrap();
        close(name, binary.accuracy(), case.binary.accuracy);
        close(name, binary.specificity(), case.binary.specificity);
        close(name, binary.recall(), case.binary.sensitivity);
        close(name, stats::log_loss(&p_tf, &tf), case.binary.log_loss);
        close(
            name,
            stats::expected_calibration_error(&p_tf, &tf, 15),
            case.binary.calibration_error,
        );
    }
}
