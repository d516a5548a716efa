//! Test results and the course of training.

use bindscape_matrix::results::{Start, TfMetrics};
use maud::{Markup, html};

use super::summary::{few_regions, natural};
use super::{Numbering, compares, curves, dots, peaks};
use crate::compare::{Comparison, Metric, Spread};
use crate::figures::learning::learning_curves;
use crate::figures::metrics::rows;
use crate::figures::precision_recall::intervals;
use crate::number::{
    UNDEFINED, count, duration, estimate, fixed, interval, maybe, no_skill, percent, signed,
};
use crate::run::{Run, Training, start_name};

/// Figures and tables of the test results.
pub(super) fn section(run: &Run, numbering: &mut Numbering) -> Markup {
    let compared = run.compared.as_ref();
    if !run.evaluated() {
        return html! {
            @match compared {
                Some(comparison) => (peaks::table(comparison, numbering)),
                None => p { "No model of this run has been evaluated yet." },
            }
        };
    }
    let evaluated = run.trainings.iter().filter_map(|t| t.evaluation.as_ref());
    let mut data: Vec<&str> = evaluated
        .map(|evaluation| evaluation.data.as_str())
        .collect();
    data.sort_unstable();
    data.dedup();
    let both = run.starts().len() == 2;
    html! {
        p {
            "Evaluated on: " (data.join("; ")) ". "
            "AUCPR, the area under the precision-recall curve, is the precision (how many of the regions predicted are bound) averaged over all levels of recall (how many of the bound regions are predicted): 1 is perfect, and no skill gives the share of bound regions."
        }
        @if let Some(text) = natural(run) { p { strong { (text) } } }
        @if let Some(warning) = few_regions(run) {
            div.banner role="note" { p { strong { "Few regions. " } (warning) } }
        }
        @if let Some(comparison) = compared { (peaks::table(comparison, numbering)) }
        @for figure in dots(run) { (numbering.figure(&figure)) }
        @if compares(run) {
            @for tf in 0..run.record.tfs.len() {
                @if both { (comparison_table(run, tf, numbering)) }
            }
        }
        @for figure in curves(run) { (numbering.figure(&figure)) }
        @if compares(run) {
            @for tf in 0..run.record.tfs.len() {
                (repeats_table(run, tf, numbering))
            }
        } @else {
            (tfs_table(run, numbering))
        }
    }
}

fn mean_sd(spread: &Spread) -> String {
    match (spread.mean(), spread.sd()) {
        (Some(mean), Some(sd)) => format!("{} ± {}", fixed(mean, 3), fixed(sd, 3)),
        (mean, _) => maybe(mean, 3),
    }
}

fn comparison_table(run: &Run, tf: usize, numbering: &mut Numbering) -> Markup {
    let comparisons: Vec<(Metric, Comparison)> = Metric::ALL
        .into_iter()
        .map(|metric| (metric, Comparison::new(run, tf, metric)))
        .collect();
    let level = run.no_skill(tf);
    let notes = "No skill: what a model without skill reaches. Others: mean ± standard deviation over the repeats. Difference: transfer minus scratch, paired by repeat; n: pairs with both values. 95% interval: of the mean difference, by Student's t. The repeats are of one TF and share regions, so the interval says how much its repeats vary; it is no test over TFs.";
    let content = html! {
        thead {
            tr {
                th.left scope="col" { "Metric" }
                th scope="col" { "No skill" }
                th scope="col" { "From scratch" }
                th scope="col" { "Transfer" }
                th scope="col" { "Difference" }
                th scope="col" { "n" }
                th scope="col" { "95% interval" }
            }
        }
        tbody {
            @for (metric, comparison) in &comparisons {
                @let difference = &comparison.difference;
                tr class=(if *metric == Metric::Aucpr { "strong" } else { "" }) {
                    th scope="row" { (metric.name()) }
                    td { (no_skill_at(*metric, level)) }
                    td { (mean_sd(&comparison.scratch)) }
                    td { (mean_sd(&comparison.transfer)) }
                    td {
                        @match (difference.mean(), difference.sd()) {
                            (Some(mean), Some(sd)) => { (signed(mean, 3)) " ± " (fixed(sd, 3)) }
                            (Some(mean), None) => (signed(mean, 3)),
                            (None, _) => (UNDEFINED),
                        }
                    }
                    td { (difference.values.len()) }
                    td { (comparison.interval.map_or_else(|| UNDEFINED.to_owned(), |ends| interval(ends, 3))) }
                }
            }
        }
    };
    let title = format!(
        "Transfer against training from scratch, {}",
        run.record.tfs[tf]
    );
    numbering.table(&title, notes, "", &content)
}

/// What a model without skill reaches in a metric, where `share` of the regions are bound.
fn no_skill_at(metric: Metric, share: Option<f64>) -> String {
    match metric {
        Metric::Aucpr | Metric::AveragePrecision | Metric::Precision => maybe(share, 3),
        Metric::Auroc => fixed(0.5, 3),
        Metric::Mcc => fixed(0.0, 3),
        Metric::Recall => UNDEFINED.to_owned(),
    }
}

/// One row per repeat and start.
fn repeats_table(run: &Run, tf: usize, numbering: &mut Numbering) -> Markup {
    let content = html! {
        (metrics_head("Training"))
        @for start in [Start::Transfer, Start::Scratch] {
            tbody.total {
                @for (training, metrics) in run.metrics(tf, start) {
                    (metrics_row(&capital(start_name(start), training.record.repeat), metrics))
                }
            }
        }
        @if has_pwms(run) {
            tbody.total {
                @for start in [Start::Transfer, Start::Scratch] {
                    @for training in run.started(start) {
                        @if let Some(pwm) = &training.pwm {
                            @let name = format!("De novo PWM ({})", training.label(run.record.kind));
                            (metrics_row(&name, &pwm.tfs[tf]))
                        }
                    }
                }
            }
        }
    };
    let title = format!("Test results of {} in every repeat", run.record.tfs[tf]);
    numbering.table(&title, &metrics_notes(run), "wide metrics", &content)
}

fn metrics_notes(run: &Run) -> String {
    let below = intervals(run).map_or_else(String::new, |what| format!("In brackets: {what}. "));
    let pwms = if has_pwms(run) {
        " De novo PWMs: learned from the regions that the network was fitted on, scored by sum occupancy."
    } else {
        ""
    };
    format!(
        "{below}MCC (Matthews correlation coefficient), precision and recall at probability 0.5. No skill: the AUCPR of a model without skill, the share of bound regions. {UNDEFINED}: not defined.{pwms}"
    )
}

fn has_pwms(run: &Run) -> bool {
    run.trainings.iter().any(|training| training.pwm.is_some())
}

fn capital(start: &str, repeat: u32) -> String {
    format!("{} {repeat}", crate::figures::data::capitalised(start))
}

/// One row per TF and repeat, in the order of the dot plot.
fn tfs_table(run: &Run, numbering: &mut Numbering) -> Markup {
    let several = run.trainings.len() > 1;
    let content = html! {
        (metrics_head("TF"))
        tbody {
            @for row in rows(run) {
                @for start in run.starts() {
                    @for (training, metrics) in run.metrics(row.tf, start) {
                        @let name = if several {
                            format!("{} ({})", metrics.tf, training.label(run.record.kind))
                        } else {
                            metrics.tf.clone()
                        };
                        (metrics_row(&name, metrics))
                        @if let Some(pwm) = &training.pwm {
                            (metrics_row(&format!("{name}, de novo PWM"), &pwm.tfs[row.tf]))
                        }
                    }
                }
            }
        }
    };
    numbering.table(
        "Test results of every TF",
        &metrics_notes(run),
        "wide metrics sortable",
        &content,
    )
}

fn metrics_head(first: &str) -> Markup {
    html! {
        thead {
            tr {
                th.left scope="col" { (first) }
                th scope="col" { "Regions" }
                th scope="col" { "Bound" }
                @for metric in Metric::ALL { th scope="col" { (metric.name()) } }
            }
        }
    }
}

fn metrics_row(name: &str, metrics: &TfMetrics) -> Markup {
    html! {
        tr {
            th scope="row" data-value=(name) { (name) }
            td data-value=(metrics.regions) { (count(metrics.regions)) }
            td data-value=(metrics.positives) {
                (count(metrics.positives)) " (" (percent(metrics.positives, metrics.regions)) ")"
            }
            @for metric in Metric::ALL {
                @let value = metric.of(metrics);
                td data-value=(value.value.map_or_else(String::new, |v| v.to_string())) {
                    @match value.interval {
                        Some(_) => { (stacked(&estimate(&value, 3))) }
                        None => { (maybe(value.value, 3)) }
                    }
                    @if metric == Metric::Aucpr { " " span.interval { (no_skill(metrics.no_skill())) } }
                }
            }
        }
    }
}

/// Value, then its interval in smaller type below.
fn stacked(text: &str) -> Markup {
    let (value, interval) = text.split_once(' ').unwrap_or((text, ""));
    html! { (value) @if !interval.is_empty() { " " span.interval { (interval) } } }
}

/// Learning curves and the table of trainings.
pub(super) fn training(run: &Run, numbering: &mut Numbering) -> Markup {
    let Some(figure) = learning_curves(run) else {
        return html! { p { "No epoch has been completed yet." } };
    };
    let started: Vec<&Training> = run
        .trainings
        .iter()
        .filter(|t| !t.epochs.is_empty())
        .collect();
    let seconds: f64 = started
        .iter()
        .flat_map(|t| &t.epochs)
        .map(|epoch| epoch.seconds)
        .sum();
    let epochs: usize = started.iter().map(|training| training.epochs.len()).sum();
    let content = html! {
        thead {
            tr {
                th.left scope="col" { "Training" }
                th scope="col" { "Seed" }
                th scope="col" { "Epochs" }
                th scope="col" { "Epoch kept" }
                th scope="col" { "Validation loss" }
                th scope="col" { "Validation AUCPR" }
                th scope="col" { "Time" }
                th scope="col" { "Sequences/s" }
            }
        }
        tbody {
            @for training in &started {
                @let best = training.best();
                @let seconds: f64 = training.epochs.iter().map(|epoch| epoch.seconds).sum();
                @let speeds: Vec<f64> = training.epochs.iter().map(|e| e.sequences_per_second).collect();
                tr {
                    th scope="row" { (crate::figures::data::capitalised(&training.label(run.record.kind))) }
                    td { (training.record.seed) }
                    td { (training.epochs.len()) }
                    td { (best.map_or_else(|| UNDEFINED.to_owned(), |epoch| epoch.epoch.to_string())) }
                    td { (maybe(best.map(|epoch| epoch.validation_loss), 4)) }
                    td {
                        (maybe(best.and_then(|epoch| epoch.validation_aucpr), 3))
                        " " span.interval { (no_skill(training.validation_no_skill())) }
                    }
                    td { (duration(seconds)) }
                    td { (bindscape_stats::quantile(&speeds, 0.5).map_or_else(|| UNDEFINED.to_owned(), |s| count(s.round() as u64))) }
                }
            }
        }
    };
    let notes = "Validation values are those of the epoch kept; speed is the median over epochs.";
    html! {
        p {
            (count(run.record.parameters)) " trainable parameters, " (count(epochs as u64))
            " epochs in " (duration(seconds)) " on " (run.record.device) "."
        }
        (numbering.figure(&figure))
        (numbering.table("Trainings", notes, "", &content))
    }
}
