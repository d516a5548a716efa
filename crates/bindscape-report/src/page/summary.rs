//! Title, the one sentence with the key numbers, banners and key numbers.

use bindscape_base::words::first_of;
use std::collections::BTreeSet;

use bindscape_matrix::results::{FEW_REGIONS, RunKind, Start};
use bindscape_stats::quantile;
use maud::{Markup, html};

use crate::compare::{Comparison, Metric, Spread};
use crate::figures::metrics;
use crate::number::{UNDEFINED, count, counted, fixed, in_words, interval, no_skill, signed};
use crate::run::{Run, start_name};

use super::peaks;
use super::shell::shell;

/// What the run is, in a line.
pub(super) fn title(run: &Run) -> String {
    let tfs = &run.record.tfs;
    match run.record.kind {
        RunKind::Pretrain => format!("Multi-model of {}", counted(tfs.len() as u64, "TF")),
        RunKind::Finetune => format!("Binding of {}, fine-tuned", tfs.join(", ")),
    }
}

/// The result in one or two sentences, in plain words.
pub(super) fn sentence(run: &Run) -> String {
    match run.record.kind {
        RunKind::Pretrain => pretrain_sentence(run),
        RunKind::Finetune => {
            let headline = run.compared.as_ref().and_then(peaks::sentence);
            let trained = (0..run.record.tfs.len())
                .filter(|_| !run.trainings.is_empty() || headline.is_none())
                .map(|tf| finetune_sentence(run, tf));
            let sentences: Vec<String> = headline.clone().into_iter().chain(trained).collect();
            sentences.join(" ")
        }
    }
}

fn finetune_sentence(run: &Run, tf: usize) -> String {
    let name = &run.record.tfs[tf];
    let comparison = Comparison::new(run, tf, Metric::Aucpr);
    let Some((before, after)) = comparison.paired_means() else {
        return one_way_sentence(run, tf, &comparison);
    };
    let both = comparison.difference.values.len();
    let (over, mean) = match both {
        1 => (" in one repeat".to_owned(), ""),
        n => (format!(" over {} repeats", in_words(n)), "mean "),
    };
    let (from, to) = (fixed(before, 2), fixed(after, 2));
    let level = in_brackets(run.no_skill(tf));
    let mut text = if from == to {
        format!("Transfer left the {mean}AUCPR of {name} at {to}{over}{level}")
    } else {
        let verb = if after > before { "raised" } else { "lowered" };
        format!("Transfer {verb} the {mean}AUCPR of {name} from {from} to {to}{over}{level}")
    };
    if both > 1 {
        let better = comparison
            .difference
            .values
            .iter()
            .filter(|&&d| d > 0.0)
            .count();
        let how_many = if better == both {
            "in every one".to_owned()
        } else {
            let some = if better == 0 {
                "none".to_owned()
            } else {
                in_words(better)
            };
            format!("in {some} of them")
        };
        text.push_str(&format!("; it was better {how_many}"));
    }
    text.push('.');
    text
}

/// For a TF trained one way only, or not yet evaluated.
fn one_way_sentence(run: &Run, tf: usize, comparison: &Comparison) -> String {
    let name = &run.record.tfs[tf];
    let (start, spread) = if comparison.transfer.values.is_empty() {
        (Start::Scratch, &comparison.scratch)
    } else {
        (Start::Transfer, &comparison.transfer)
    };
    let Some(mean) = spread.mean() else {
        return if run.evaluated() {
            format!("The AUCPR of {name} is not defined on its test regions.")
        } else {
            format!("The models of {name} have no test results yet.")
        };
    };
    let how = match start {
        Start::Scratch => "trained from scratch",
        Start::Transfer => "fine-tuned by transfer",
    };
    let level = in_brackets(run.no_skill(tf));
    match spread.values.len() {
        1 => format!(
            "The model of {name}, {how}, reaches an AUCPR of {} on the test regions{level}.",
            fixed(mean, 2)
        ),
        n => format!(
            "The models of {name}, {how}, reach a mean AUCPR of {} on the test regions of {} repeats{level}.",
            fixed(mean, 2),
            in_words(n)
        ),
    }
}

/// A warning where a TF was measured on few regions.
pub(super) fn few_regions(run: &Run) -> Option<String> {
    let few: BTreeSet<&str> = run
        .trainings
        .iter()
        .filter_map(|training| training.evaluation.as_ref())
        .flat_map(|evaluation| &evaluation.tfs)
        .filter(|metrics| metrics.is_of_few())
        .map(|metrics| &*metrics.tf)
        .collect();
    (!few.is_empty()).then(|| {
        format!(
            "Fewer than {FEW_REGIONS} bound or unbound test regions: {}. A number of so few says little without its interval.",
            first_of(&Vec::from_iter(few), 5)
        )
    })
}

fn pretrain_sentence(run: &Run) -> String {
    let rows = metrics::rows(run);
    let defined: Vec<f64> = rows.iter().filter_map(|row| row.aucpr.value).collect();
    let many = counted(rows.len() as u64, "TF");
    let length = run.record.length;
    let Some(median) = quantile(&defined, 0.5) else {
        return format!(
            "One network that learns the binding of {many} from {length} bp of sequence; it has no test results yet."
        );
    };
    let chances: Vec<f64> = rows.iter().filter_map(|row| row.chance).collect();
    let mut text = format!(
        "One network predicts the binding of {many} from {length} bp of sequence, with a median AUCPR of {} on regions it has not seen",
        fixed(median, 2)
    );
    if let Some(chance) = quantile(&chances, 0.5) {
        text.push_str(&format!(", where no skill gives {}", fixed(chance, 2)));
    }
    if let (true, Some(first), Some(last)) = (
        defined.len() > 1,
        rows.first(),
        rows.iter().rfind(|row| row.aucpr.value.is_some()),
    ) {
        let named = |row: &metrics::Row| {
            let value = row.aucpr.value.map_or_else(String::new, |v| fixed(v, 2));
            format!(
                "{} ({value}, {})",
                run.record.tfs[row.tf],
                no_skill(row.chance)
            )
        };
        text.push_str(&format!(
            "; it does best for {} and worst for {}",
            named(first),
            named(last)
        ));
    }
    text.push('.');
    text
}

/// ` (no skill gives 0.50)`.
fn in_brackets(level: Option<f64>) -> String {
    level.map_or_else(String::new, |level| {
        format!(" (no skill gives {})", fixed(level, 2))
    })
}

/// Why precision on the genome is lower than on the test regions, in a sentence; `None` before
/// the first evaluation.
pub(super) fn natural(run: &Run) -> Option<String> {
    let levels: Vec<f64> = (0..run.record.tfs.len())
        .filter_map(|tf| run.no_skill(tf))
        .collect();
    let low = levels.iter().copied().reduce(f64::min)?;
    let high = levels.iter().copied().reduce(f64::max)?;
    let share = |level: f64| format!("{}%", fixed(100.0 * level, 0));
    let bound = if (0.45..0.55).contains(&low) && (0.45..0.55).contains(&high) {
        "Half of the test regions are".to_owned()
    } else if share(low) == share(high) {
        format!("{} of the test regions are", share(low))
    } else {
        format!(
            "From {} to {} of the test regions are",
            share(low),
            share(high)
        )
    };
    let why = match run.record.kind {
        RunKind::Finetune => "by construction, since unbound regions were drawn for the bound ones",
        RunKind::Pretrain => "by the choice of the matrix's regions",
    };
    Some(format!(
        "{bound} bound, {why}; of the genome far less is bound, so precision on the genome is lower than here."
    ))
}

/// What a reader must know before believing anything below.
pub(super) fn banners(runs: &[Run]) -> Markup {
    html! {
        @for (i, run) in runs.iter().enumerate() {
            @let which = if i == 0 { String::new() } else { format!("{}: ", title(run)) };
            @if let Some(how) = &run.record.simulated {
                div.banner role="note" {
                    p { strong { (which) "Simulated data." } " " (how) }
                }
            }
            @if !run.record.finished {
                div.banner role="note" {
                    p {
                        strong { (which) "This run has not finished." }
                        " What follows is what there is so far. To finish it, repeat "
                        code { (shell(&run.record.command)) } "."
                    }
                    @if !run.missing.is_empty() {
                        p { "Missing:" }
                        ul { @for what in &run.missing { li { (what) } } }
                    }
                }
            }
        }
    }
}

/// The numbers that a reader looks for first.
pub(super) fn key_numbers(run: &Run) -> Markup {
    let mut numbers: Vec<(String, String, String)> = Vec::new();
    if run.record.kind == RunKind::Finetune {
        let comparison = Comparison::new(run, 0, Metric::Aucpr);
        for (start, spread) in [
            (Start::Transfer, &comparison.transfer),
            (Start::Scratch, &comparison.scratch),
        ] {
            if run.starts().contains(&start) {
                numbers.push(spread_tile(run, start, spread));
            }
        }
        if let Some(mean) = comparison.difference.mean() {
            let n = comparison.difference.values.len();
            let over = format!("over {n} repeats of one TF");
            let test = comparison.interval.map_or_else(
                || counted(n as u64, "pair"),
                |ends| format!("95% interval {}, {over}", interval(ends, 3)),
            );
            numbers.push(("Difference".into(), signed(mean, 3), test));
        }
    } else {
        let rows = metrics::rows(run);
        let defined: Vec<f64> = rows.iter().filter_map(|row| row.aucpr.value).collect();
        let quartiles = quantile(&defined, 0.25).zip(quantile(&defined, 0.75));
        numbers.push((
            "Median AUCPR over TFs".into(),
            quantile(&defined, 0.5).map_or_else(|| UNDEFINED.into(), |v| fixed(v, 3)),
            quartiles.map_or_else(String::new, |ends| {
                let chances: Vec<f64> = rows.iter().filter_map(|row| row.chance).collect();
                let level = no_skill(quantile(&chances, 0.5));
                format!("{level}\nmiddle half {}", interval(ends, 2))
            }),
        ));
        numbers.push((
            "TFs".into(),
            count(rows.len() as u64),
            "one output each".into(),
        ));
    }
    let rows = metrics::rows(run);
    let chances: Vec<f64> = rows.iter().filter_map(|row| row.chance).collect();
    if let Some(chance) = quantile(&chances, 0.5) {
        let share = if rows.len() > 1 {
            "median share"
        } else {
            "share"
        };
        numbers.push((
            "AUCPR without skill".into(),
            fixed(chance, 3),
            format!("the {share} of bound test regions"),
        ));
    }
    if let Some(train) = run
        .trainings
        .first()
        .and_then(|t| t.record.parts.get("train"))
    {
        let note = match train.positives[..] {
            [positives] => format!("{} of them bound", count(positives)),
            _ => String::new(),
        };
        numbers.push(("Regions to train on".into(), count(train.regions), note));
    }
    html! {
        dl.keys {
            @for (what, value, note) in &numbers {
                div {
                    dt { (what) }
                    dd {
                        (value)
                        @for line in note.lines().filter(|line| !line.is_empty()) { " " br; small { (line) } }
                    }
                }
            }
        }
    }
}

fn spread_tile(run: &Run, start: Start, spread: &Spread) -> (String, String, String) {
    let label = format!("AUCPR, {}", start_name(start));
    let value = spread
        .mean()
        .map_or_else(|| UNDEFINED.into(), |v| fixed(v, 3));
    let note = match (spread.sd(), run.metrics(0, start).next()) {
        (Some(sd), _) => format!("± {} s.d., n = {}", fixed(sd, 3), spread.values.len()),
        (None, Some((training, metrics))) => {
            let level = training.evaluation.as_ref().map_or(0.0, |e| e.level);
            metrics.aucpr.interval.map_or_else(String::new, |ends| {
                format!(
                    "{}% interval {}",
                    fixed(level * 100.0, 0),
                    interval(ends, 2)
                )
            })
        }
        (None, None) => "no results yet".into(),
    };
    let note = format!("{}\n{note}", no_skill(run.no_skill(0)));
    (label, value, note)
}

/// How a further run relates to the main one.
pub(super) fn further(main: &Run, run: &Run) -> Markup {
    let parent = main
        .record
        .parent
        .as_ref()
        .filter(|_| run.record.kind == RunKind::Pretrain);
    let is_parent = parent.is_some_and(|parent| {
        run.trainings
            .iter()
            .filter_map(|training| training.evaluation.as_ref())
            .any(|evaluation| evaluation.model_sha256 == parent.sha256)
    });
    html! {
        p { (sentence(run)) }
        @if is_parent {
            p { "This is the multi-model from which the fine-tuning began (its SHA-256 agrees)." }
        } @else if let Some(parent) = parent {
            div.banner role="note" {
                p {
                    "No model of this run has the SHA-256 of the fine-tuning's parent "
                    code { (parent.name) }
                    ": the fine-tuning began from another model."
                }
            }
        }
        (key_numbers(run))
    }
}
