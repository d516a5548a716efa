//! What the predictions of all models and folds come to: `metrics.json`, `metrics.tsv` and
//! `metrics.md`.

use std::fmt::Write;

use bindscape_base::{Result, atomic};
use bindscape_nn::protein::{ClassAssessment, TfAssessment, called_tf};
use bindscape_protein::{Folds, Label, ProteinClass, ProteinScores};
use bindscape_stats::{mean, standard_deviation};
use serde::Serialize;
use serde_json::Value;

use super::models::Model;
use super::predictions;
use super::run::Run;
use crate::data::thousands;
use crate::run_directory::write_json;

/// Metrics on further proteins, none of them a transcription factor.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ExternalMetrics {
    /// Number of proteins.
    pub proteins: u64,
    /// Those that are called transcription factors.
    pub called_tf: u64,
    /// Their share.
    pub false_positive_rate: Option<f64>,
}

/// Metrics of a model on the test part of a fold.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FoldMetrics {
    /// The fold, from 1.
    pub fold: u32,
    /// Transcription factor or not, where the model tells it.
    pub tf: Option<TfAssessment>,
    /// The class, where the model tells it.
    pub classes: Option<ClassAssessment>,
    /// Further proteins, where there are some.
    pub external: Option<ExternalMetrics>,
}

/// A metric over the folds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MetricSummary {
    /// Its name: `tf.mcc`, `classes.macro_f1`, `classes.homeodomain.f1`…
    pub metric: String,
    /// Mean over the folds; `None` where it is undefined in one.
    pub mean: Option<f64>,
    /// Sample standard deviation.
    pub sd: Option<f64>,
    /// The values.
    pub folds: Vec<Option<f64>>,
}

/// All that is known of a model.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ModelMetrics {
    /// The model, as it was asked for.
    pub model: String,
    /// The folds that it has scored.
    pub folds: Vec<FoldMetrics>,
    /// Every metric over these folds.
    pub summary: Vec<MetricSummary>,
}

#[derive(Serialize)]
struct Report<'a> {
    bindscape: &'static str,
    split: String,
    folds: u32,
    threshold: f64,
    proteins: usize,
    calibration_bins: usize,
    models: &'a [ModelMetrics],
}

/// Assesses the models that have finished a fold, in the order of the run.
pub(super) fn collect(run: &Run<'_>, folds: &Folds) -> Result<Vec<ModelMetrics>> {
    let mut all = Vec::new();
    for model in &run.known_models {
        let mut done = Vec::new();
        for fold in 0..folds.k {
            if run.finished(model, fold) {
                done.push(fold_metrics(run, folds, model, fold)?);
            }
        }
        if !done.is_empty() {
            all.push(ModelMetrics {
                model: model.name.clone(),
                summary: summarise(&done),
                folds: done,
            });
        }
    }
    Ok(all)
}

fn fold_metrics(run: &Run<'_>, folds: &Folds, model: &Model, fold: u32) -> Result<FoldMetrics> {
    let threshold = run.plan.threshold;
    let test = folds.test(fold);
    let scores = predictions::read(&run.file("predictions", model, fold), &run.ids(&test))?;
    let labels: Vec<Label> = test.iter().map(|&row| run.labels[row]).collect();
    let rows: Vec<usize> = run.external().collect();
    let external = if rows.is_empty() {
        None
    } else {
        let path = run.file("external", model, fold);
        external(&predictions::read(&path, &run.ids(&rows))?, threshold)
    };
    Ok(FoldMetrics {
        fold: fold + 1,
        tf: TfAssessment::of(&scores, &labels, threshold),
        classes: ClassAssessment::of(&scores, &labels),
        external,
    })
}

fn external(scores: &[ProteinScores], threshold: f64) -> Option<ExternalMetrics> {
    let called: Vec<bool> = scores
        .iter()
        .map(|score| called_tf(score, threshold))
        .collect::<Option<_>>()?;
    let count = called.iter().filter(|&&called| called).count() as u64;
    let proteins = scores.len() as u64;
    Some(ExternalMetrics {
        proteins,
        called_tf: count,
        false_positive_rate: (proteins > 0).then(|| count as f64 / proteins as f64),
    })
}

/// Every number of every fold by name: `tf.mcc`, `classes.macro_f1`,
/// `classes.homeodomain.f1`, `external.false_positive_rate`.
fn flat(fold: &FoldMetrics) -> Vec<(String, Option<f64>)> {
    let mut out = Vec::new();
    let value = serde_json::to_value(fold).expect("plain fields make JSON");
    for part in ["tf", "classes", "external"] {
        let Some(fields) = value[part].as_object() else {
            continue;
        };
        for (name, value) in fields {
            match value {
                Value::Number(_) | Value::Null => {
                    out.push((format!("{part}.{name}"), value.as_f64()));
                }
                Value::Array(classes) if name == "classes" => {
                    for (class, known) in classes.iter().zip(ProteinClass::ALL) {
                        let fields = class.as_object().into_iter().flatten();
                        for (name, value) in fields.filter(|(name, _)| *name != "class") {
                            let name = format!("{part}.{}.{name}", known.name());
                            out.push((name, value.as_f64()));
                        }
                    }
                }
                _ => {}
            }
        }
    }
    out
}

fn summarise(done: &[FoldMetrics]) -> Vec<MetricSummary> {
    let folds: Vec<Vec<(String, Option<f64>)>> = done.iter().map(flat).collect();
    let of = |name: &str| -> Vec<Option<f64>> {
        let find = |fold: &Vec<(String, Option<f64>)>| {
            fold.iter()
                .find(|(of, _)| of == name)
                .and_then(|(_, value)| *value)
        };
        folds.iter().map(find).collect()
    };
    let summary = |(name, _): &(String, Option<f64>)| {
        let values = of(name);
        let defined: Option<Vec<f64>> = values.iter().copied().collect();
        MetricSummary {
            metric: name.clone(),
            mean: defined.as_deref().and_then(mean),
            sd: defined.as_deref().and_then(standard_deviation),
            folds: values,
        }
    };
    folds[0].iter().map(summary).collect()
}

/// Writes the three files, and gives the text of the last.
pub(super) fn write(run: &Run<'_>, models: &[ModelMetrics]) -> Result<String> {
    let settings = run.plan;
    let report = Report {
        bindscape: env!("CARGO_PKG_VERSION"),
        split: settings.split.describe(),
        folds: settings.folds,
        threshold: settings.threshold,
        proteins: run.labels.len(),
        calibration_bins: bindscape_nn::protein::CALIBRATION_BINS,
        models,
    };
    write_json(&run.plan.out.join("metrics.json"), &report)?;
    atomic::write(run.plan.out.join("metrics.tsv"), table(models).as_bytes())?;
    let text = page(run, models);
    atomic::write(run.plan.out.join("metrics.md"), text.as_bytes())?;
    Ok(text)
}

fn table(models: &[ModelMetrics]) -> String {
    let cell = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
    let mut text = String::from("model\tmetric\tmean\tsd\tfold\tvalue\n");
    for model in models {
        for summary in &model.summary {
            for (fold, value) in model.folds.iter().zip(&summary.folds) {
                writeln!(
                    text,
                    "{}\t{}\t{}\t{}\t{}\t{}",
                    model.model,
                    summary.metric,
                    cell(summary.mean),
                    cell(summary.sd),
                    fold.fold,
                    cell(*value)
                )
                .expect("text takes all");
            }
        }
    }
    text
}

/// Columns of the two tables: heading and metric.
const TF: [(&str, &str); 9] = [
    ("MCC", "tf.mcc"),
    ("F1", "tf.f1"),
    ("sensitivity", "tf.sensitivity"),
    ("specificity", "tf.specificity"),
    ("accuracy", "tf.accuracy"),
    ("AUROC", "tf.auroc"),
    ("AUPRC", "tf.auprc"),
    ("Brier", "tf.brier"),
    ("ECE", "tf.ece"),
];
const EXTERNAL: (&str, &str) = (
    "false positives, further proteins",
    "external.false_positive_rate",
);
const CLASSES: [(&str, &str); 10] = [
    ("macro F1", "classes.macro_f1"),
    ("MCC", "classes.mcc"),
    ("macro AUROC", "classes.macro_auroc"),
    ("macro AUPRC", "classes.macro_auprc"),
    ("ECE", "classes.ece"),
    ("F1 zinc finger", "classes.zinc_finger.f1"),
    ("F1 homeodomain", "classes.homeodomain.f1"),
    ("F1 leucine zipper", "classes.leucine_zipper.f1"),
    ("F1 other TF", "classes.other_tf.f1"),
    ("F1 non-TF", "classes.non_tf.f1"),
];

fn page(run: &Run<'_>, models: &[ModelMetrics]) -> String {
    let settings = run.plan;
    let mut text = format!(
        "{} proteins, {} folds; {}. Mean ± standard deviation over folds.\n",
        thousands(run.labels.len() as u64),
        settings.folds,
        settings.split.describe(),
    );
    let mut tf = TF.to_vec();
    if !run.external().is_empty() {
        tf.push(EXTERNAL);
    }
    let headings = ["Transcription factor or not", "Class"];
    for (heading, columns) in headings.into_iter().zip([&tf[..], &CLASSES]) {
        let shown: Vec<&ModelMetrics> = models
            .iter()
            .filter(|model| columns.iter().any(|column| model.find(column.1).is_some()))
            .collect();
        if shown.is_empty() {
            continue;
        }
        let titles: Vec<&str> = columns.iter().map(|column| column.0).collect();
        let lines = "---|".repeat(columns.len());
        write!(
            text,
            "\n{heading}\n\n| model | {} |\n|---|{lines}\n",
            titles.join(" | ")
        )
        .expect("text takes all");
        for model in shown {
            let cells: Vec<String> = columns
                .iter()
                .map(|column| {
                    model
                        .find(column.1)
                        .map_or_else(String::new, MetricSummary::cell)
                })
                .collect();
            let folds = match model.folds.len() as u32 {
                done if done < settings.folds => format!(" ({done} of {} folds)", settings.folds),
                _ => String::new(),
            };
            writeln!(text, "| {}{folds} | {} |", model.model, cells.join(" | "))
                .expect("text takes all");
        }
    }
    text
}

impl ModelMetrics {
    /// Mean of a metric over the folds, by name; `None` if it is undefined in one.
    #[must_use]
    pub fn mean(&self, metric: &str) -> Option<f64> {
        self.find(metric)?.mean
    }

    fn find(&self, metric: &str) -> Option<&MetricSummary> {
        self.summary.iter().find(|summary| summary.metric == metric)
    }
}

impl MetricSummary {
    fn cell(&self) -> String {
        match (self.mean, self.sd) {
            (Some(mean), Some(sd)) => format!("{mean:.3} ± {sd:.3}"),
            (Some(mean), None) => format!("{mean:.3}"),
            _ => String::new(),
        }
    }
}
