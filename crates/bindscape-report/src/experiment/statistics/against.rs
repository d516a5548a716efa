//! Models against the PWM and against training from scratch, over TFs.

use bindscape_matrix::experiment::Relation;
use bindscape_stats::{mean_difference, rank_biserial, wilcoxon_least_p, wilcoxon_signed_rank};

use super::adjust::{self, Draft};
use super::{DRAWN, Question, StatisticalTest, blank};
use crate::experiment::models;
use crate::experiment::results::{Condition, Metric, Results};

/// Every model against the PWM.
pub(super) fn pwm(results: &Results<'_>, metric: Metric) -> Vec<StatisticalTest> {
    all(results, metric, Question::AgainstPwm, models::PWM, &[])
}

/// Every model but the PWM against training from scratch.
pub(super) fn scratch(results: &Results<'_>, metric: Metric) -> Vec<StatisticalTest> {
    let question = Question::AgainstScratch;
    all(results, metric, question, models::SCRATCH, &[models::PWM])
}

fn all(
    results: &Results<'_>,
    metric: Metric,
    question: Question,
    baseline: &str,
    without: &[&str],
) -> Vec<StatisticalTest> {
    let Some(second) = results.model(baseline) else {
        return Vec::new();
    };
    let others: Vec<usize> = (0..results.models.len())
        .filter(|&model| model != second && !without.contains(&results.models[model]))
        .collect();
    let mut tests = Vec::new();
    for at in results.conditions() {
        let tfs = results.tfs_of(at);
        let mut groups = vec![("all", tfs.clone())];
        let by_relation = Relation::ALL.map(|relation| {
            let of = |tf: &usize| results.relation(at, *tf) == relation;
            (
                relation.name(),
                tfs.iter().copied().filter(of).collect::<Vec<_>>(),
            )
        });
        let occurring: Vec<_> = by_relation
            .into_iter()
            .filter(|(_, tfs)| !tfs.is_empty())
            .collect();
        if occurring.len() > 1 {
            groups.extend(occurring);
        }
        for (name, tfs) in groups {
            let drafts = others.iter().filter_map(|&first| {
                let pairs = pairs(results, at, &tfs, (first, second), metric);
                let test = StatisticalTest {
                    first: results.models[first].to_owned(),
                    second: baseline.to_owned(),
                    tfs: name,
                    ..blank(results, question, metric, at)
                };
                paired(test, &pairs)
            });
            tests.extend(adjust::holm(drafts.collect()));
        }
    }
    tests
}

fn pairs(
    results: &Results<'_>,
    at: Condition,
    tfs: &[usize],
    models: (usize, usize),
    metric: Metric,
) -> Vec<(f64, f64)> {
    tfs.iter()
        .filter_map(|&tf| results.pair(at, tf, models, metric))
        .collect()
}

/// Fills in Wilcoxon's test of pairs, one per TF; `None` without a pair.
pub(super) fn paired(mut test: StatisticalTest, pairs: &[(f64, f64)]) -> Option<Draft> {
    if pairs.is_empty() {
        return None;
    }
    let (first, second): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
    test.units = pairs.len();
    test.difference = mean_difference(&first, &second, DRAWN);
    test.improved = Some(
        pairs
            .iter()
            .filter(|(first, second)| first > second)
            .count(),
    );
    test.test = "Wilcoxon signed-rank";
    test.effect_size = "rank-biserial correlation";
    test.effect = rank_biserial(&first, &second, DRAWN);
    let mut least = None;
    match wilcoxon_signed_rank(&first, &second) {
        Some(found) => {
            test.statistic = Some(found.statistic);
            test.p = Some(found.p);
            least = wilcoxon_least_p(found.pairs);
        }
        None => test.note = "no TF differs".into(),
    }
    Some(Draft { test, least })
}
