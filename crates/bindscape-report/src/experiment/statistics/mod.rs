//! Tests of an experiment. The unit is the TF: repeats, draws and splits of a TF share its regions,
//! so they are averaged before any test over TFs.

mod adjust;
mod against;
mod sets;
mod table;

use bindscape_matrix::experiment::{Relation, ResultRow};
use bindscape_stats::{Effect, Resampling, spearman, welch_t_test};

use super::results::{Condition, Metric, Results};
use adjust::Draft;

pub(super) use table::written;

/// How intervals are drawn: over TFs, always from the same seed.
pub(super) const DRAWN: Resampling = Resampling {
    resamples: 2000,
    level: LEVEL,
    seed: 1,
};

/// Coverage of all intervals.
const LEVEL: f64 = 0.95;

/// What a p value must be below to be called significant; only used to say when it cannot be.
pub(super) const ALPHA: f64 = 0.05;

/// What a test asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Question {
    /// Is a model better than the PWM of the same regions?
    AgainstPwm,
    /// Is a model better than training from scratch?
    AgainstScratch,
    /// Does transfer change more for TFs that share a binding mode with the multi-model's TFs?
    Modes,
    /// Does the change by transfer depend on the number of training regions?
    Size,
    /// Do sets differ for one TF?
    SetsOfTf,
    /// Do two sets differ over TFs?
    SetAgainstSet,
}

impl Question {
    /// All, in the order of page and table.
    pub const ALL: [Self; 6] = [
        Self::AgainstPwm,
        Self::AgainstScratch,
        Self::Modes,
        Self::Size,
        Self::SetsOfTf,
        Self::SetAgainstSet,
    ];

    /// Its name in the table.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::AgainstPwm => "against-pwm",
            Self::AgainstScratch => "against-scratch",
            Self::Modes => "same-mode-against-other-mode",
            Self::Size => "change-with-size",
            Self::SetsOfTf => "sets-of-a-tf",
            Self::SetAgainstSet => "set-against-set",
        }
    }
}

/// One test with its effect size.
#[derive(Debug, Clone, PartialEq)]
pub struct StatisticalTest {
    /// What it asks.
    pub question: Question,
    /// The test regions.
    pub metric: Metric,
    /// The set of multi-models; empty where several are compared, or there is none.
    pub set: String,
    /// Bound regions that were asked for; `None` for all.
    pub asked: Option<u64>,
    /// The TFs taken: `all`, or the name of a relation.
    pub tfs: &'static str,
    /// The TF, of a test within one.
    pub tf: String,
    /// What is compared.
    pub first: String,
    /// With what.
    pub second: String,
    /// Number of units: TFs, or repeats within one TF.
    pub units: usize,
    /// What a unit is: `TF` or `repeat`.
    pub unit: &'static str,
    /// Mean of first minus second, with its 95% interval: bootstrap over TFs, and by Student's t
    /// for [`Question::Modes`].
    pub difference: Option<Effect>,
    /// Units in which first is larger.
    pub improved: Option<usize>,
    /// Name of the test.
    pub test: &'static str,
    /// Its statistic.
    pub statistic: Option<f64>,
    /// Its p value; `None` if there is no test, or none that could be below 0.05.
    pub p: Option<f64>,
    /// The p value adjusted for the number of tests; `None` without one, or if none of the family
    /// could be below 0.05.
    pub adjusted: Option<f64>,
    /// How it was adjusted: `Holm, 4 tests`.
    pub adjustment: String,
    /// Name of the effect size.
    pub effect_size: &'static str,
    /// The effect size with its 95% interval, if it has one.
    pub effect: Option<Effect>,
    /// What has to be said: why there is no p value, how many TFs are in each group.
    pub note: String,
}

impl StatisticalTest {
    /// Share of the units in which first is larger.
    #[must_use]
    pub fn share_improved(&self) -> Option<f64> {
        (self.units > 0)
            .then_some(self.improved?)
            .map(|improved| improved as f64 / self.units as f64)
    }
}

/// The tests of a result table, in the order of [`Question::ALL`], matched regions before natural
/// ones. Tests that the table does not allow are absent; those that have too few values are there
/// with words in place of their p value.
///
/// Each model is tested against the PWM and against training from scratch over TFs (Wilcoxon's
/// signed-rank test, adjusted by Holm over the models of a set and number of bound regions), also
/// by relation where more than one occurs; the change by transfer of same-mode against other-mode
/// TFs (Welch) and with the number of training regions (Spearman); sets of one TF over repeats
/// (Kruskal and Wallis, Bonferroni over TFs), those that hold the TF apart; and sets against each
/// other over TFs (Wilcoxon, Holm).
#[must_use]
pub fn statistics(rows: &[ResultRow]) -> Vec<StatisticalTest> {
    of_results(&Results::new(rows))
}

pub(super) fn of_results(results: &Results<'_>) -> Vec<StatisticalTest> {
    let mut tests = Vec::new();
    for question in Question::ALL {
        for metric in results.metrics() {
            tests.extend(match question {
                Question::AgainstPwm => against::pwm(results, metric),
                Question::AgainstScratch => against::scratch(results, metric),
                Question::Modes => modes(results, metric),
                Question::Size => sizes(results, metric),
                Question::SetsOfTf => sets::of_tfs(results, metric),
                Question::SetAgainstSet => sets::against_each_other(results, metric),
            });
        }
    }
    tests
}

/// A test of which nothing is known yet.
fn blank(
    results: &Results<'_>,
    question: Question,
    metric: Metric,
    at: Condition,
) -> StatisticalTest {
    StatisticalTest {
        question,
        metric,
        set: results.sets[at.set].to_owned(),
        asked: results.asked[at.asked],
        tfs: "all",
        tf: String::new(),
        first: String::new(),
        second: String::new(),
        units: 0,
        unit: "TF",
        difference: None,
        improved: None,
        test: "",
        statistic: None,
        p: None,
        adjusted: None,
        adjustment: String::new(),
        effect_size: "",
        effect: None,
        note: String::new(),
    }
}

/// Changes by transfer of the TFs of a condition, with the TF.
pub(super) fn changes(results: &Results<'_>, at: Condition, metric: Metric) -> Vec<(usize, f64)> {
    let Some(models) = results.transfer_and_scratch() else {
        return Vec::new();
    };
    let tfs = results.tfs_of(at).into_iter();
    tfs.filter_map(|tf| Some((tf, results.change(at, tf, models, metric)?)))
        .collect()
}

/// Same-mode against other-mode TFs.
fn modes(results: &Results<'_>, metric: Metric) -> Vec<StatisticalTest> {
    let mut drafts = Vec::new();
    for at in results.conditions() {
        let of = |relation: Relation| -> Vec<f64> {
            changes(results, at, metric)
                .into_iter()
                .filter(|&(tf, _)| results.relation(at, tf) == relation)
                .map(|(_, change)| change)
                .collect()
        };
        let (same, other) = (of(Relation::SameMode), of(Relation::OtherMode));
        if same.is_empty() || other.is_empty() {
            continue;
        }
        let mut test = StatisticalTest {
            first: "change of same-mode TFs".into(),
            second: "change of other-mode TFs".into(),
            units: same.len() + other.len(),
            test: "Welch\u{2019}s t",
            effect_size: "Hedges\u{2019} g",
            effect: bindscape_stats::hedges_g(&same, &other, LEVEL),
            note: format!(
                "{} same-mode and {} other-mode TFs",
                same.len(),
                other.len()
            ),
            ..blank(results, Question::Modes, metric, at)
        };
        match welch_t_test(&same, &other) {
            Some(welch) => {
                test.statistic = Some(welch.statistic);
                test.p = Some(welch.p);
                test.difference = Some(Effect {
                    value: welch.difference,
                    interval: Some(welch.interval(LEVEL)),
                });
            }
            None => test.note.push_str(": too few for a test, or no variation"),
        }
        drafts.push(Draft { test, least: None });
    }
    adjust::holm(drafts)
}

/// Change by transfer with the logarithm of the number of training regions.
fn sizes(results: &Results<'_>, metric: Metric) -> Vec<StatisticalTest> {
    let mut drafts = Vec::new();
    for at in results.conditions() {
        let (sizes, changes): (Vec<f64>, Vec<f64>) = changes(results, at, metric)
            .into_iter()
            .filter_map(|(tf, change)| Some((results.size(at, tf)?.log10(), change)))
            .unzip();
        if changes.len() < 2 {
            continue;
        }
        let mut test = StatisticalTest {
            first: "transfer \u{2212} scratch".into(),
            second: "log10 of the training regions".into(),
            units: changes.len(),
            test: "Spearman\u{2019}s correlation",
            effect_size: "rho",
            ..blank(results, Question::Size, metric, at)
        };
        let mut least = None;
        match spearman(&sizes, &changes) {
            Some(found) => {
                test.statistic = Some(found.rho);
                test.p = Some(found.p);
                test.effect = Some(Effect {
                    value: found.rho,
                    interval: found.interval(LEVEL),
                });
                // All orders are equally likely; two agree wholly with the sizes.
                let orders: f64 = (1..=found.pairs).map(|n| n as f64).product();
                least = found.exact.then_some(2.0 / orders);
            }
            None => test.note = "too few TFs, or no variation".into(),
        }
        drafts.push(Draft { test, least });
    }
    adjust::holm(drafts)
}

#[cfg(test)]
mod tests;
