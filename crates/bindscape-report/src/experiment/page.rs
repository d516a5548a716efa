//! The page of an experiment.

use bindscape_matrix::experiment::ExperimentRecord;
use maud::{Markup, html};

use super::figures;
use super::headline::{self, Contest};
use super::results::{Metric, Results};
use super::statistics::{self, Question, StatisticalTest};
use super::tables;
use super::test_tables;
use crate::date;
use crate::number::{count, counted, interval, listed, signed};
use crate::page::{Numbering, document, facts_table, inputs, settings, shell};
use crate::theme;

const CSS: &str = "main{margin-top:1.8rem}tbody th.group{font-weight:600;padding-top:.7rem}td.wrap{min-width:9em}";

/// A part of the page.
struct Section {
    id: &'static str,
    heading: &'static str,
    content: Markup,
}

/// The whole page.
pub(super) fn page(record: &ExperimentRecord, results: &Results<'_>, rows: usize) -> String {
    let tests = statistics::of_results(results);
    let mut numbering = Numbering::default();
    let lead = tables::contests(results, &mut numbering);
    let section = |id, heading, content| Section {
        id,
        heading,
        content,
    };
    let sections = [
        section(
            "results",
            "Results",
            self::results(record, results, &mut numbering),
        ),
        section(
            "statistics",
            "Statistics",
            tests_section(results, &tests, &mut numbering),
        ),
        section("tfs", "Every TF", tables::of_tfs(results, &mut numbering)),
        section("methods", "Methods, for a paper", methods(record, results)),
        section(
            "provenance",
            "Provenance",
            provenance(record, &mut numbering),
        ),
    ];
    let content = html! {
        div.sheet {
            header {
                p.kicker { "bindscape experiment · " (date::today()) }
                h1 { (record.title) }
                (banners(record, rows))
                p.lede { (headline::sentences(results)) }
                (key_numbers(results, &tests, rows))
                nav aria-label="Contents" {
                    ul { @for section in &sections { li { a href={ "#" (section.id) } { (section.heading) } } } }
                }
            }
            main {
                @if !record.description.is_empty() { p { (record.description) } }
                (lead)
                @for section in &sections {
                    section {
                        h2 id=(section.id) { (section.heading) }
                        (section.content)
                    }
                }
            }
            footer {
                "Made by bindscape " (env!("CARGO_PKG_VERSION")) " on " (date::today())
                " from experiment.json and results.tsv. This page is one file and loads nothing from the network."
            }
        }
    };
    document(&record.title, CSS, content, Some(theme::SCRIPT))
}

/// What a reader must know before believing anything below.
fn banners(record: &ExperimentRecord, rows: usize) -> Markup {
    html! {
        @if let Some(how) = &record.simulated {
            div.banner role="note" { p { strong { "Simulated data." } " " (how) } }
        }
        @if !record.finished {
            div.banner role="note" {
                p {
                    strong { "This experiment has not finished." }
                    " So far it has " (counted(rows as u64, "row")) ", and all that follows is of these alone. To finish it, repeat "
                    code { (shell(&record.command)) } "."
                }
            }
        }
    }
}

/// The numbers that a reader looks for first.
fn key_numbers(results: &Results<'_>, tests: &[StatisticalTest], rows: usize) -> Markup {
    let mut tiles: Vec<(String, String, String)> = Vec::new();
    for metric in Metric::ALL.into_iter().rev() {
        let Some(contest) = Contest::of_asked(results, 0, metric) else {
            continue;
        };
        if let Some(difference) = contest.difference {
            let ends = difference.interval.map_or_else(String::new, |ends| {
                format!("95% interval {}", interval(ends, 3))
            });
            tiles.push((
                format!("Best model − PWM, {}", lower(metric)),
                signed(difference.value, 3),
                format!("{}\n{ends}", contest.model_words(results)),
            ));
        }
    }
    let change = tests.iter().find(|test| {
        test.question == Question::AgainstScratch && test.first == "transfer" && test.tfs == "all"
    });
    if let Some((test, difference)) = change.and_then(|test| Some((test, test.difference?))) {
        let note = format!(
            "AUCPR, {}\nbetter for {} of {}",
            lower(test.metric),
            test.improved.unwrap_or(0),
            counted(test.units as u64, "TF"),
        );
        tiles.push((
            "Transfer − from scratch".into(),
            signed(difference.value, 3),
            note,
        ));
    }
    let mut parts = Vec::new();
    if results.sets.len() > 1 {
        parts.push(counted(results.sets.len() as u64, "set"));
    }
    parts.push(counted(results.models.len() as u64, "model"));
    parts.push(counted(rows as u64, "row"));
    tiles.push((
        "TFs".into(),
        count(results.tfs.len() as u64),
        parts.join(", "),
    ));
    html! {
        dl.keys {
            @for (what, value, note) in &tiles {
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

fn lower(metric: Metric) -> &'static str {
    match metric {
        Metric::Matched => "matched in GC",
        Metric::Natural => "as in the genome",
    }
}

fn results(record: &ExperimentRecord, results: &Results<'_>, numbering: &mut Numbering) -> Markup {
    let mut kinds = Vec::new();
    for kind in &record.figures {
        if !kinds.contains(kind) {
            kinds.push(*kind);
        }
    }
    html! {
        p {
            "AUCPR, the area under the precision-recall curve, is the precision (how many of the regions predicted are bound) averaged over all levels of recall (how many of the bound regions are predicted): 1 is perfect, and guessing gives the share of bound regions."
            @if results.has(Metric::Natural) {
                " Every model is tested twice: on unbound regions matched in GC content, about as many as bound ones, and on regions in which bound and unbound ones have the genome\u{2019}s proportion."
            }
        }
        (tables::means(results, numbering))
        @for kind in kinds {
            @for figure in figures::of_kind(kind, results) { (numbering.figure(&figure)) }
        }
        (tables::sets(results, numbering))
        @if !record.left_out.is_empty() {
            h3 id="left-out" { "Left out" }
            ul { @for what in &record.left_out { li { (what) } } }
        }
    }
}

fn tests_section(
    results: &Results<'_>,
    tests: &[StatisticalTest],
    numbering: &mut Numbering,
) -> Markup {
    if tests.is_empty() {
        return html! { p { "There is nothing to test: fewer than two models of the same TF have a defined AUCPR." } };
    }
    html! {
        p {
            "The unit of a test is the TF, whose repeats, draws and splits are averaged first, since they share its regions; tests within a TF say so. Where so few values cannot give p < 0.05, words stand in place of a p value."
            @if results.tfs.len() == 1 { " This experiment has one TF, so no test says anything about TFs in general." }
        }
        @for question in Question::ALL { (test_tables::table(results, tests, question, numbering)) }
    }
}

fn methods(record: &ExperimentRecord, results: &Results<'_>) -> Markup {
    html! {
        p { "The protocol is " code { (record.protocol) } ":" }
        blockquote {
            @for note in &record.protocol_notes { p { (note) } }
            p { (statistics_words(results)) }
            @if record.simulated.is_some() { p { "All data were simulated." } }
        }
    }
}

/// The statistics as prose.
fn statistics_words(results: &Results<'_>) -> String {
    let mut kinds = vec!["matched in GC content".to_owned()];
    if results.has(Metric::Natural) {
        kinds.push("in the genome\u{2019}s proportion of bound and unbound ones".to_owned());
    }
    let mut text = format!(
        "Models were compared by the area under the precision-recall curve on test regions {}, averaged over the repeats, draws and splits of a TF. Models were tested against the PWM and against training from scratch over TFs with Wilcoxon\u{2019}s signed-rank test (two-sided, exact up to 50 pairs, p values adjusted by Holm), with the mean difference, its 95% bootstrap percentile interval (2,000 resamples of TFs) and the matched-pairs rank-biserial correlation.",
        listed(&kinds),
    );
    text.push_str(" The change by transfer was compared between TFs that share a binding mode with the multi-model\u{2019}s TFs and TFs that do not with Welch\u{2019}s t test and Hedges\u{2019} g, and correlated with the logarithm of the number of training regions (Spearman).");
    if results.sets.len() > 1 {
        text.push_str(" Sets of pre-training TFs were compared within each TF over repeats with Kruskal and Wallis\u{2019} test (adjusted by Bonferroni) and epsilon squared, and against each other over TFs with Wilcoxon\u{2019}s signed-rank test (adjusted by Holm).");
    }
    text
}

fn provenance(record: &ExperimentRecord, numbering: &mut Numbering) -> Markup {
    let facts = [
        ("bindscape", record.bindscape.clone()),
        (
            "Genome build",
            record
                .genome
                .clone()
                .unwrap_or_else(|| "not recorded".into()),
        ),
        ("Protocol", record.protocol.clone()),
        (
            "Finished",
            if record.finished { "yes" } else { "no" }.to_owned(),
        ),
    ];
    html! {
        p { "The command of this experiment:" }
        pre { code { (shell(&record.command)) } }
        (facts_table("The experiment", &facts, numbering))
        (settings("Plan of the study", "After defaults were filled in.", &record.study, numbering))
        (inputs(&record.inputs, numbering))
    }
}
