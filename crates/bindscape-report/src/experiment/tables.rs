//! Tables of the page.

use bindscape_stats::{Effect, mean, standard_deviation};
use maud::{Markup, html};

use super::headline::{Contest, guess};
use super::models::{PWM, name};
use super::results::{Condition, Metric, Results, set_name};
use crate::number::{UNDEFINED, count, fixed, interval, maybe, signed};
use crate::page::Numbering;

/// Number of bound regions in a cell.
pub(super) fn asked(asked: Option<u64>) -> String {
    asked.map_or_else(|| "all".to_owned(), count)
}

/// Value of a cell by which it is sorted.
fn key(value: Option<f64>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

/// The simplest against the best, a row per condition and kind of test regions.
pub(super) fn contests(results: &Results<'_>, numbering: &mut Numbering) -> Markup {
    let contests: Vec<Contest> = results
        .conditions()
        .into_iter()
        .flat_map(|at| {
            Metric::ALL
                .into_iter()
                .rev()
                .map(move |metric| (at, metric))
        })
        .filter_map(|(at, metric)| Contest::of(results, at, metric))
        .collect();
    if contests.is_empty() {
        return html! {};
    }
    let (sets, numbers) = (results.sets.len() > 1, results.asked.len() > 1);
    let content = html! {
        thead {
            tr {
                th.left scope="col" { "Test regions" }
                (condition_heads(sets, numbers))
                th scope="col" { "TFs" }
                th scope="col" { "Guessing" }
                th scope="col" { "PWM" }
                th scope="col" { "Best model" }
                th.left scope="col" { "Which" }
                th scope="col" { "Best − PWM" }
                th scope="col" { "TFs better than PWM" }
            }
        }
        tbody {
            @for contest in &contests {
                tr class=(if contest.pwm_wins() { "pwm-wins" } else { "" }) {
                    th scope="row" { (contest.metric.head()) }
                    (condition_cells(results, contest.at, sets, numbers))
                    td { (contest.tfs.len()) }
                    td { (maybe(contest.guess, 3)) }
                    td { (strong_if(contest.pwm_wins(), &maybe(contest.pwm, 3))) }
                    td { (strong_if(!contest.pwm_wins(), &fixed(contest.best, 3))) }
                    td.left { (name(results.models[contest.model])) }
                    td { (effect(contest.difference.as_ref(), true)) }
                    td {
                        @if contest.pwm.is_some() { (contest.better) " of " (contest.tfs.len()) } @else { (UNDEFINED) }
                    }
                }
            }
        }
    };
    let notes = "Mean AUCPR over TFs; the larger of PWM and best model in bold. Guessing: the share of bound regions. Best model: the one with the largest mean difference from the PWM on these very regions, so that its lead is a little flattered. Best − PWM: mean over TFs with its 95% bootstrap interval.";
    numbering.table(
        "The simplest against the best",
        notes,
        "wide metrics",
        &content,
    )
}

fn strong_if(strong: bool, text: &str) -> Markup {
    html! { @if strong { strong { (text) } } @else { (text) } }
}

/// A number with its interval below.
pub(super) fn effect(effect: Option<&Effect>, with_sign: bool) -> Markup {
    let Some(effect) = effect else {
        return html! { (UNDEFINED) };
    };
    let number = if with_sign {
        signed(effect.value, 3)
    } else {
        fixed(effect.value, 3)
    };
    html! {
        (number)
        @if let Some(ends) = effect.interval { " " span.interval { "(" (interval(ends, 3)) ")" } }
    }
}

/// Means over TFs, a row per condition and model.
pub(super) fn means(results: &Results<'_>, numbering: &mut Numbering) -> Markup {
    let (sets, numbers) = (results.sets.len() > 1, results.asked.len() > 1);
    let metrics = results.metrics();
    let content = html! {
        thead {
            tr {
                th.left scope="col" { "Model" }
                (condition_heads(sets, numbers))
                th scope="col" { "TFs" }
                @for metric in &metrics { th scope="col" { (metric.head()) } }
                @for metric in &metrics { th scope="col" { "Better than PWM: " (metric.head()) } }
            }
        }
        @for at in results.conditions() {
            tbody.total {
                tr {
                    th scope="row" { "Guessing" }
                    (condition_cells(results, at, sets, numbers))
                    td { (results.tfs_of(at).len()) }
                    @for &metric in &metrics { td { (maybe(guess(results, at, &results.tfs_of(at), metric), 3)) } }
                    @for _ in &metrics { td {} }
                }
                @for model in 0..results.models.len() {
                    (mean_row(results, at, model, (sets, numbers)))
                }
            }
        }
    };
    let notes = "Mean AUCPR over TFs ± standard deviation over TFs; repeats, draws and splits of a TF are averaged first. Better than PWM: number of TFs whose mean is larger than that of the PWM, of those that have both.";
    numbering.table(
        "Models, the simplest first",
        notes,
        "wide metrics",
        &content,
    )
}

/// Heads of [`condition_cells`].
fn condition_heads(sets: bool, numbers: bool) -> Markup {
    html! {
        @if sets { th.left scope="col" { "Set" } }
        @if numbers { th scope="col" { "Bound regions" } }
    }
}

fn condition_cells(results: &Results<'_>, at: Condition, sets: bool, numbers: bool) -> Markup {
    html! {
        @if sets { td.left { (set_name(results.sets[at.set])) } }
        @if numbers { td { (asked(results.asked[at.asked])) } }
    }
}

fn mean_row(results: &Results<'_>, at: Condition, model: usize, shown: (bool, bool)) -> Markup {
    let metrics = results.metrics();
    let tfs = results.tfs_of(at);
    let of = |metric: Metric| -> Vec<f64> {
        let values = tfs
            .iter()
            .filter_map(|&tf| results.mean(at, tf, model, metric));
        values.collect()
    };
    let with = tfs
        .iter()
        .filter(|&&tf| !results.cell(at, tf, model).is_empty())
        .count();
    if with == 0 {
        return html! {};
    }
    html! {
        tr {
            th scope="row" { (name(results.models[model])) }
            (condition_cells(results, at, shown.0, shown.1))
            td { (with) }
            @for &metric in &metrics { td { (mean_and_deviation(&of(metric))) } }
            @for &metric in &metrics { td { (better(results, at, &tfs, model, metric)) } }
        }
    }
}

fn better(
    results: &Results<'_>,
    at: Condition,
    tfs: &[usize],
    model: usize,
    metric: Metric,
) -> String {
    let Some(pwm) = results.model(PWM).filter(|&pwm| pwm != model) else {
        return String::new();
    };
    let changes: Vec<f64> = tfs
        .iter()
        .filter_map(|&tf| results.change(at, tf, (model, pwm), metric))
        .collect();
    if changes.is_empty() {
        return UNDEFINED.to_owned();
    }
    let better = changes.iter().filter(|&&change| change > 0.0).count();
    format!("{better} of {}", changes.len())
}

fn mean_and_deviation(values: &[f64]) -> String {
    match (mean(values), standard_deviation(values)) {
        (Some(mean), Some(deviation)) => format!("{} ± {}", fixed(mean, 3), fixed(deviation, 3)),
        (mean, _) => maybe(mean, 3),
    }
}

/// A row per TF, condition and model, to be sorted.
pub(super) fn of_tfs(results: &Results<'_>, numbering: &mut Numbering) -> Markup {
    let (sets, numbers) = (results.sets.len() > 1, results.asked.len() > 1);
    let metrics = results.metrics();
    let content = html! {
        thead {
            tr {
                th.left scope="col" { "TF" }
                @if sets { th.left scope="col" { "Set" } }
                @if numbers { th scope="col" { "Bound regions asked" } }
                th.left scope="col" { "Relation" }
                th scope="col" { "Training regions" }
                th.left scope="col" { "Model" }
                th scope="col" { "n" }
                @for metric in &metrics { th scope="col" { (metric.head()) } }
                th scope="col" { "AUROC" }
                th scope="col" { "MCC" }
            }
        }
        tbody {
            @for at in results.conditions() {
                @for tf in results.tfs_of(at) {
                    @for model in 0..results.models.len() {
                        @if !results.cell(at, tf, model).is_empty() {
                            (tf_row(results, at, (tf, model), (sets, numbers)))
                        }
                    }
                }
            }
        }
    };
    let notes = "Means over repeats, draws and splits ± standard deviation over them; n: how many. AUCPR on both kinds of test regions, AUROC and MCC (at probability 0.5) on those matched in GC. Relation: what the TF has to do with the TFs of the multi-model.";
    numbering.table(
        "Every TF, set and model",
        notes,
        "wide metrics sortable",
        &content,
    )
}

fn tf_row(
    results: &Results<'_>,
    at: Condition,
    (tf, model): (usize, usize),
    (sets, numbers): (bool, bool),
) -> Markup {
    let rows = results.cell(at, tf, model);
    let size = results.size(at, tf);
    let auroc: Vec<f64> = rows.iter().filter_map(|row| row.auroc).collect();
    let mcc: Vec<f64> = rows.iter().filter_map(|row| row.mcc).collect();
    let (number, set) = (results.asked[at.asked], set_name(results.sets[at.set]));
    html! {
        tr {
            th scope="row" data-value=(results.tfs[tf]) { (results.tfs[tf]) }
            @if sets { td.left data-value=(set) { (set) } }
            @if numbers { td data-value=(number.unwrap_or(u64::MAX)) { (asked(number)) } }
            td.left data-value=(results.relation(at, tf).name()) { (results.relation(at, tf).name()) }
            td data-value=(key(size)) { (size.map_or_else(|| UNDEFINED.to_owned(), |size| count(size.round() as u64))) }
            td.left data-value=(results.models[model]) { (name(results.models[model])) }
            td data-value=(rows.len()) { (rows.len()) }
            @for metric in results.metrics() {
                @let values = results.values(at, tf, model, metric);
                td data-value=(key(mean(&values))) { (mean_and_deviation(&values)) }
            }
            @for values in [&auroc, &mcc] {
                td data-value=(key(mean(values))) { (maybe(mean(values), 3)) }
            }
        }
    }
}

/// What the multi-models of each set were trained on; nothing without a multi-model.
pub(super) fn sets(results: &Results<'_>, numbering: &mut Numbering) -> Markup {
    let with: Vec<usize> = (0..results.sets.len())
        .filter(|&set| {
            results
                .rows_of_set(set)
                .any(|row| !row.multi_tfs.is_empty())
        })
        .collect();
    if with.is_empty() {
        return html! {};
    }
    let content = html! {
        thead {
            tr {
                th.left scope="col" { "Set" }
                th scope="col" { "Multi-models" }
                th scope="col" { "TFs each" }
                th scope="col" { "Regions" }
                th scope="col" { "Bound, summed over TFs" }
                th scope="col" { "Bound, of the TF\u{2019}s binding mode" }
            }
        }
        tbody {
            @for set in with { (set_row(results, set)) }
        }
    };
    let notes = "Ranges over the multi-models of a set. Sets with equally many regions may differ much in their bound ones, and with that in what there is to learn.";
    numbering.table("Multi-models", notes, "compact", &content)
}

fn set_row(results: &Results<'_>, set: usize) -> Markup {
    let rows: Vec<_> = results
        .rows_of_set(set)
        .filter(|row| !row.multi_tfs.is_empty())
        .collect();
    let mut models: Vec<&str> = rows.iter().map(|row| row.multi_model.as_str()).collect();
    models.sort_unstable();
    models.dedup();
    let range = |of: fn(&bindscape_matrix::experiment::ResultRow) -> u64| {
        let least = rows.iter().map(|row| of(row)).min().unwrap_or(0);
        let most = rows.iter().map(|row| of(row)).max().unwrap_or(0);
        if least == most {
            count(most)
        } else {
            format!("{}–{}", count(least), count(most))
        }
    };
    html! {
        tr {
            th scope="row" { (set_name(results.sets[set])) }
            td { (models.len()) }
            td { (range(|row| row.multi_tfs.len() as u64)) }
            td { (range(|row| row.multi_regions)) }
            td { (range(|row| row.multi_bound)) }
            td { (range(|row| row.multi_bound_of_mode)) }
        }
    }
}
