//! Sets of multi-models against each other, for the model that a study is about.

use std::collections::BTreeMap;

use bindscape_matrix::experiment::Relation;
use bindscape_stats::{Effect, epsilon_squared, kruskal_wallis, kruskal_wallis_least_p};

use super::adjust::{self, Draft};
use super::against::paired;
use super::{DRAWN, Question, StatisticalTest, blank};
use crate::experiment::results::{Condition, Metric, Results, set_name};

/// Sets of each TF by its repeats, those whose multi-model holds the TF apart.
pub(super) fn of_tfs(results: &Results<'_>, metric: Metric) -> Vec<StatisticalTest> {
    let Some(model) = results.studied() else {
        return Vec::new();
    };
    let mut tests = Vec::new();
    for (asked, conditions) in by_asked(results) {
        for among in [true, false] {
            let mut drafts = Vec::new();
            for tf in 0..results.tfs.len() {
                let groups: Vec<(&str, Vec<f64>)> = conditions
                    .iter()
                    .filter(|&&at| (results.relation(at, tf) == Relation::Among) == among)
                    .map(|&at| (results.sets[at.set], results.repeats(at, tf, model, metric)))
                    .filter(|(_, values)| !values.is_empty())
                    .collect();
                let test = StatisticalTest {
                    set: String::new(),
                    tf: results.tfs[tf].to_owned(),
                    tfs: if among { "among" } else { "not-among" },
                    first: results.models[model].to_owned(),
                    ..blank(
                        results,
                        Question::SetsOfTf,
                        metric,
                        Condition { set: 0, asked },
                    )
                };
                drafts.extend(of_tf(test, &groups));
            }
            tests.extend(adjust::bonferroni(drafts));
        }
    }
    tests
}

/// `None` with fewer than two sets.
fn of_tf(mut test: StatisticalTest, groups: &[(&str, Vec<f64>)]) -> Option<Draft> {
    if groups.len() < 2 {
        return None;
    }
    let names: Vec<String> = groups
        .iter()
        .map(|(name, _)| set_name(name).to_owned())
        .collect();
    let values: Vec<&[f64]> = groups.iter().map(|(_, values)| values.as_slice()).collect();
    let sizes: Vec<usize> = values.iter().map(|values| values.len()).collect();
    test.second = format!("sets {}", crate::number::listed(&names));
    test.units = sizes.iter().sum();
    test.unit = "repeat";
    test.test = "Kruskal\u{2013}Wallis";
    test.effect_size = "epsilon squared";
    match kruskal_wallis(&values) {
        Some(found) => {
            test.statistic = Some(found.statistic);
            test.p = Some(found.p);
            // A group of one value is the same in every resample.
            test.effect = if sizes.iter().all(|&size| size > 1) {
                epsilon_squared(&values, DRAWN)
            } else {
                Some(Effect {
                    value: found.epsilon_squared(),
                    interval: None,
                })
            };
        }
        None => test.note = "all values are equal".into(),
    }
    let least = kruskal_wallis_least_p(&sizes);
    Some(Draft { test, least })
}

/// Every set against every other over the TFs that have both.
pub(super) fn against_each_other(results: &Results<'_>, metric: Metric) -> Vec<StatisticalTest> {
    let Some(model) = results.studied() else {
        return Vec::new();
    };
    let mut tests = Vec::new();
    for (_, conditions) in by_asked(results) {
        let mut drafts = Vec::new();
        for (i, &one) in conditions.iter().enumerate() {
            for &other in &conditions[i + 1..] {
                let value = |at: Condition, tf: usize| {
                    let own = results.occurs(at, tf);
                    own.then(|| results.mean(at, tf, model, metric)).flatten()
                };
                let pairs: Vec<(f64, f64)> = (0..results.tfs.len())
                    .filter_map(|tf| Some((value(one, tf)?, value(other, tf)?)))
                    .collect();
                let named = |at: Condition| {
                    let model = results.models[model];
                    format!("{model} from {}", set_name(results.sets[at.set]))
                };
                let test = StatisticalTest {
                    set: String::new(),
                    first: named(one),
                    second: named(other),
                    ..blank(results, Question::SetAgainstSet, metric, one)
                };
                drafts.extend(paired(test, &pairs));
            }
        }
        tests.extend(adjust::holm(drafts));
    }
    tests
}

fn by_asked(results: &Results<'_>) -> BTreeMap<usize, Vec<Condition>> {
    let mut conditions: BTreeMap<usize, Vec<Condition>> = BTreeMap::new();
    for at in results.conditions() {
        conditions.entry(at.asked).or_default().push(at);
    }
    conditions
}
