//! Tables of tests.

use maud::{Markup, html};

use super::models::name;
use super::results::{Metric, Results, set_name};
use super::statistics::{Question, StatisticalTest};
use super::tables::{asked, effect};
use crate::number::{UNDEFINED, fixed, maybe, p_value};
use crate::page::Numbering;

/// Which columns a table of tests needs.
struct Columns {
    sets: bool,
    numbers: bool,
    groups: bool,
    tf: bool,
    differences: bool,
    improved: bool,
}

impl Columns {
    fn of(results: &Results<'_>, tests: &[&StatisticalTest]) -> Self {
        let any = |of: fn(&StatisticalTest) -> bool| tests.iter().any(|test| of(test));
        Self {
            sets: results.sets.len() > 1 && any(|test| !test.set.is_empty()),
            numbers: results.asked.len() > 1,
            groups: any(|test| test.tfs != "all"),
            tf: any(|test| !test.tf.is_empty()),
            differences: any(|test| test.difference.is_some()),
            improved: any(|test| test.improved.is_some()),
        }
    }

    fn count(&self) -> usize {
        let optional = [
            self.sets,
            self.numbers,
            self.groups,
            self.tf,
            self.differences,
            self.improved,
        ];
        6 + optional.into_iter().filter(|&shown| shown).count()
    }
}

/// A statistic: whole as it is, others with two decimals.
fn statistic(value: Option<f64>) -> String {
    maybe(
        value,
        value.map_or(0, |value| if value.fract() == 0.0 { 0 } else { 2 }),
    )
}

/// A table of the tests that ask one question; nothing if there are none.
pub(super) fn table(
    results: &Results<'_>,
    tests: &[StatisticalTest],
    question: Question,
    numbering: &mut Numbering,
) -> Markup {
    let (tests, small): (Vec<&StatisticalTest>, Vec<&StatisticalTest>) = tests
        .iter()
        .filter(|test| test.question == question)
        .partition(|test| {
            test.question == Question::SetsOfTf || test.tfs == "all" || test.p.is_some()
        });
    let Some(first) = tests.first() else {
        return html! {};
    };
    let columns = Columns::of(results, &tests);
    let (title, compared, notes) = words(question);
    let content = html! {
        thead {
            tr {
                @if columns.tf { th.left scope="col" { "TF" } }
                th.left scope="col" { (compared) }
                @if columns.sets { th.left scope="col" { "Set" } }
                @if columns.numbers { th scope="col" { "Bound regions" } }
                @if columns.groups { th.left scope="col" { "TFs" } }
                th scope="col" { "n" }
                @if columns.differences { th scope="col" { "Mean difference" } }
                @if columns.improved { th scope="col" { "Larger" } }
                th scope="col" { "Statistic" }
                th scope="col" { "p" }
                th scope="col" { "Adjusted p" }
                th scope="col" { (capitalised(first.effect_size)) }
            }
        }
        @for metric in Metric::ALL {
            @let of: Vec<_> = tests.iter().filter(|test| test.metric == metric).collect();
            @if !of.is_empty() {
                tbody.total {
                    tr { th.group scope="rowgroup" colspan=(columns.count()) { "Test regions " (metric.words()) } }
                    @for test in of { (test_row(test, &columns)) }
                }
            }
        }
    };
    let mut notes = notes.to_owned();
    if !small.is_empty() {
        notes.push_str(" Groups of TFs by relation that are too small for p < 0.05, or do not differ, are left out here; statistics.tsv has them.");
    }
    numbering.table(title, &notes, "wide metrics", &content)
}

fn test_row(test: &StatisticalTest, columns: &Columns) -> Markup {
    let compared = match test.question {
        Question::AgainstPwm | Question::AgainstScratch | Question::SetAgainstSet => {
            html! { (name(&test.first)) " − " (name(&test.second)) }
        }
        Question::Modes => html! { "change by transfer " span.interval { (test.note) } },
        Question::Size => html! { "change by transfer" },
        Question::SetsOfTf => html! { (test.second) },
    };
    html! {
        tr {
            @if columns.tf {
                th scope="row" { (test.tf) }
                td.left.wrap { (compared) }
            } @else {
                th scope="row" { (compared) }
            }
            @if columns.sets { td.left { (set_name(&test.set)) } }
            @if columns.numbers { td { (asked(test.asked)) } }
            @if columns.groups { td.left { (test.tfs) } }
            td { (test.units) }
            @if columns.differences { td { (effect(test.difference.as_ref(), true)) } }
            @if columns.improved {
                td {
                    @match (test.improved, test.share_improved()) {
                        (Some(improved), Some(share)) => {
                            (improved) " " span.interval { "(" (fixed(100.0 * share, 0)) "%)" }
                        }
                        _ => (UNDEFINED),
                    }
                }
            }
            td { (statistic(test.statistic)) }
            @match test.p {
                Some(p) => {
                    td { (p_value(p)) }
                    td.wrap {
                        @match test.adjusted {
                            Some(adjusted) => { (p_value(adjusted)) " " span.interval { (test.adjustment) } }
                            None => span.interval { (test.note) },
                        }
                    }
                }
                None => td.wrap colspan="2" { span.interval { (test.note) } },
            }
            td { (effect(test.effect.as_ref(), false)) }
        }
    }
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

const OVER_TFS: &str = "n: TFs. Mean difference with its 95% bootstrap interval over TFs; larger: TFs for which the first is. Wilcoxon\u{2019}s signed-rank test on the pairs of means, adjusted by Holm over the models of a set, number of bound regions, group of TFs and kind of test regions. Rank-biserial correlation: from −1 (always smaller) to 1 (always larger), with its 95% bootstrap interval, which the ends do not have.";

/// Title, head of the first column and notes of a table of tests.
fn words(question: Question) -> (&'static str, &'static str, &'static str) {
    match question {
        Question::AgainstPwm => ("Models against the PWM, over TFs", "Compared", OVER_TFS),
        Question::AgainstScratch => (
            "Models against training from scratch, over TFs",
            "Compared",
            OVER_TFS,
        ),
        Question::Modes => (
            "Change by transfer, TFs of the same against TFs of another binding mode",
            "Compared",
            "n: TFs. Difference of the mean changes with its 95% interval, and Welch\u{2019}s t test, adjusted by Holm over sets and numbers of bound regions. Hedges\u{2019} g: the difference in pooled standard deviations, with its 95% interval (Hedges and Olkin), which is rough for few TFs.",
        ),
        Question::Size => (
            "Change by transfer with the number of training regions",
            "Compared",
            "n: TFs. Spearman\u{2019}s correlation of the change with the logarithm of the number of training regions; the p value is exact up to eight TFs, adjusted by Holm over sets and numbers of bound regions. Its 95% interval is by Fisher\u{2019}s transformation.",
        ),
        Question::SetsOfTf => (
            "Sets of pre-training TFs, within each TF",
            "Sets",
            "n: repeats of all sets. Sets whose multi-model holds the TF (among) apart from the others. Kruskal and Wallis\u{2019} test over repeats, adjusted by Bonferroni over TFs. Repeats of a TF share regions, so this says whether sets differ for these regions, and nothing about other TFs. Epsilon squared: the share of the variance of ranks between sets, 0 to 1, with its 95% bootstrap interval.",
        ),
        Question::SetAgainstSet => (
            "Sets of pre-training TFs against each other, over TFs",
            "Compared",
            "n: TFs that have both sets. Wilcoxon\u{2019}s signed-rank test on the pairs of means, adjusted by Holm over all pairs of sets.",
        ),
    }
}
