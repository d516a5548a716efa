//! Bootstrap percentile intervals (Efron 1979).
//!
//! Resample `i` draws from stream `i` of the seed, so that the result does not
//! depend on the number of threads. An interval is `None` where fewer than nine
//! tenths of the resamples define the statistic: the others would bias it.

use bindscape_base::random;
use rand::Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::Score;
use crate::confusion::Confusion;
use crate::ranking::{Ranking, Tally, ranking_metrics};
use crate::summary::of_sorted;

/// Bootstrap percentile interval of `statistic` over `n` rows.
///
/// Each of the `resamples` gives `statistic` the rows it drew, `n` with
/// replacement; `level` is the coverage, e.g. 0.95. `None` if there are no rows
/// or resamples, or the statistic is defined in fewer than nine tenths of them.
///
/// # Panics
/// If `level` is not between 0 and 1.
pub fn bootstrap_interval(
    n: usize,
    resamples: u32,
    level: f64,
    seed: u64,
    statistic: impl Fn(&[usize]) -> Option<f64> + Sync,
) -> Option<(f64, f64)> {
    let rows: Vec<usize> = (0..n).collect();
    by_strata(&[&rows], resamples, level, seed, statistic)
}

/// As [`bootstrap_interval`], drawing positives from positives and negatives from
/// negatives, so that every resample has as many of each as the data.
///
/// # Panics
/// If `level` is not between 0 and 1.
pub fn bootstrap_interval_stratified(
    labels: &[bool],
    resamples: u32,
    level: f64,
    seed: u64,
    statistic: impl Fn(&[usize]) -> Option<f64> + Sync,
) -> Option<(f64, f64)> {
    let [positives, negatives] = strata(labels);
    by_strata(&[&positives, &negatives], resamples, level, seed, statistic)
}

/// Interval of the difference `first - second` of two statistics of the same
/// resamples: two models on the same rows, stratified by label.
/// The statistics get the drawn rows.
///
/// # Panics
/// If `level` is not between 0 and 1.
pub fn paired_bootstrap(
    labels: &[bool],
    resamples: u32,
    level: f64,
    seed: u64,
    first: impl Fn(&[usize]) -> Option<f64> + Sync,
    second: impl Fn(&[usize]) -> Option<f64> + Sync,
) -> Option<(f64, f64)> {
    bootstrap_interval_stratified(labels, resamples, level, seed, |rows| {
        Some(first(rows)? - second(rows)?)
    })
}

/// As [`bootstrap_interval`], drawing from each stratum as many rows as it has, in the order of strata.
pub(crate) fn by_strata(
    strata: &[&[usize]],
    resamples: u32,
    level: f64,
    seed: u64,
    statistic: impl Fn(&[usize]) -> Option<f64> + Sync,
) -> Option<(f64, f64)> {
    let n: usize = strata.iter().map(|rows| rows.len()).sum();
    if n == 0 {
        return None;
    }
    let values = (0..resamples)
        .into_par_iter()
        .map_init(
            || Vec::with_capacity(n),
            |drawn, resample| {
                drawn.clear();
                draw(strata, seed, resample, |row, _| drawn.push(row));
                statistic(drawn)
            },
        )
        .collect::<Vec<_>>();
    interval(values.into_iter(), level)
}

/// Draws one resample; `take` gets each row and the number of its stratum.
fn draw(strata: &[&[usize]], seed: u64, resample: u32, mut take: impl FnMut(usize, usize)) {
    let mut rng = random::stream(seed, "bootstrap", &[u64::from(resample)]);
    for (stratum, rows) in strata.iter().enumerate() {
        let size = u32::try_from(rows.len()).expect("fewer than 2^32 rows");
        for _ in 0..size {
            take(rows[rng.random_range(0..size) as usize], stratum);
        }
    }
}

fn strata(labels: &[bool]) -> [Vec<usize>; 2] {
    [true, false].map(|label| {
        (0..labels.len())
            .filter(|&row| labels[row] == label)
            .collect()
    })
}

fn interval(values: impl Iterator<Item = Option<f64>>, level: f64) -> Option<(f64, f64)> {
    assert!(level > 0.0 && level < 1.0, "a level lies between 0 and 1");
    let mut all = 0_usize;
    let mut defined: Vec<f64> = values.inspect(|_| all += 1).flatten().collect();
    if defined.is_empty() || defined.len() * 10 < all * 9 {
        return None;
    }
    defined.sort_unstable_by(f64::total_cmp);
    let tail = (1.0 - level) / 2.0;
    Some((of_sorted(&defined, tail), of_sorted(&defined, 1.0 - tail)))
}

/// Intervals of the usual metrics, lower and upper end each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct MetricIntervals {
    /// [`crate::aucpr`].
    pub aucpr: Option<(f64, f64)>,
    /// [`crate::average_precision`].
    pub average_precision: Option<(f64, f64)>,
    /// [`crate::auroc`].
    pub auroc: Option<(f64, f64)>,
    /// [`crate::mcc`] at 0.5.
    pub mcc: Option<(f64, f64)>,
    /// [`crate::precision`] at 0.5.
    pub precision: Option<(f64, f64)>,
    /// [`crate::recall`] at 0.5.
    pub recall: Option<(f64, f64)>,
}

/// Differences `first - second` of two models' metrics on the same rows, with intervals.
pub type MetricDifferences = MetricIntervals;

/// Number of metrics in [`MetricIntervals`].
const METRICS: usize = 6;

/// Scores ready to be resampled: sorted once, so that a resample costs O(n).
struct Resampled {
    ranking: Ranking,
    /// Groups below this one score at least 0.5.
    predicted: usize,
}

impl Resampled {
    fn new<S: Score>(scores: &[S]) -> Option<Self> {
        let ranking = Ranking::new(scores)?;
        let predicted = ranking.score.partition_point(|&score| score >= 0.5);
        Some(Self { ranking, predicted })
    }

    fn metrics(&self, tally: &[Tally]) -> [Option<f64>; METRICS] {
        let ranked = ranking_metrics(tally);
        let mut counts = Confusion::default();
        for (group, tally) in tally.iter().enumerate() {
            let predicted = group < self.predicted;
            counts.add(predicted, true, u64::from(tally.positives));
            counts.add(predicted, false, u64::from(tally.negatives));
        }
        [
            ranked.aucpr,
            ranked.average_precision,
            ranked.auroc,
            counts.mcc(),
            counts.precision(),
            counts.recall(),
        ]
    }
}

/// Bootstrap percentile intervals of the usual metrics.
///
/// Resamples are stratified by label: positives are drawn among positives,
/// negatives among negatives, because precision depends on their ratio, which
/// the sampling of negatives has set. The scores are sorted once and every
/// resample costs O(n). The same draws as [`bootstrap_interval_stratified`].
/// Intervals of metrics that the data do not define are `None`.
///
/// # Panics
/// If the slices differ in length, or `level` is not between 0 and 1.
#[must_use]
pub fn bootstrap_metrics<S: Score>(
    scores: &[S],
    labels: &[bool],
    resamples: u32,
    level: f64,
    seed: u64,
) -> MetricIntervals {
    resample_all(&[scores], labels, resamples, level, seed, |values| {
        values[0]
    })
}

impl MetricIntervals {
    /// Intervals of the differences `first - second` of two models scored on the
    /// same rows: both see the same resamples, drawn as in [`bootstrap_metrics`].
    ///
    /// # Panics
    /// If the slices differ in length, or `level` is not between 0 and 1.
    #[must_use]
    pub fn of_difference<S: Score>(
        first: &[S],
        second: &[S],
        labels: &[bool],
        resamples: u32,
        level: f64,
        seed: u64,
    ) -> MetricDifferences {
        resample_all(&[first, second], labels, resamples, level, seed, |values| {
            std::array::from_fn(|metric| Some(values[0][metric]? - values[1][metric]?))
        })
    }
}

fn resample_all<S: Score>(
    models: &[&[S]],
    labels: &[bool],
    resamples: u32,
    level: f64,
    seed: u64,
    statistic: impl Fn(&[[Option<f64>; METRICS]]) -> [Option<f64>; METRICS] + Sync,
) -> MetricIntervals {
    for scores in models {
        assert_eq!(scores.len(), labels.len(), "one label per score");
    }
    let Some(models) = models
        .iter()
        .map(|scores| Resampled::new(scores))
        .collect::<Option<Vec<_>>>()
    else {
        return MetricIntervals::default();
    };
    let [positives, negatives] = strata(labels);
    let values: Vec<[Option<f64>; METRICS]> = (0..resamples)
        .into_par_iter()
        .map_init(
            || {
                models
                    .iter()
                    .map(|model| vec![Tally::default(); model.ranking.score.len()])
                    .collect::<Vec<_>>()
            },
            |tallies, resample| {
                for tally in tallies.iter_mut() {
                    tally.fill(Tally::default());
                }
                draw(&[&positives, &negatives], seed, resample, |row, stratum| {
                    for (tally, model) in tallies.iter_mut().zip(&models) {
                        tally[model.ranking.group[row] as usize].add(stratum == 0);
                    }
                });
                let metrics: Vec<_> = models
                    .iter()
                    .zip(tallies.iter())
                    .map(|(model, tally)| model.metrics(tally))
                    .collect();
                statistic(&metrics)
            },
        )
        .collect();
    let [aucpr, average_precision, auroc, mcc, precision, recall] =
        std::array::from_fn(|metric| interval(values.iter().map(|value| value[metric]), level));
    MetricIntervals {
        aucpr,
        average_precision,
        auroc,
        mcc,
        precision,
        recall,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{aucpr, auroc, mcc, precision};

    fn example(n: usize) -> (Vec<f32>, Vec<bool>) {
        let mut rng = random::stream(3, "test", &[]);
        (0..n)
            .map(|_| {
                let label = rng.random_bool(0.3);
                let score = 0.6 * rng.random::<f32>() + if label { 0.3 } else { 0.0 };
                // Ties on purpose.
                ((score * 50.0).round() / 50.0, label)
            })
            .unzip()
    }

    fn take<T: Copy>(values: &[T], rows: &[usize]) -> Vec<T> {
        rows.iter().map(|&row| values[row]).collect()
    }

    #[test]
    fn sorting_once_equals_sorting_each_resample() {
        let (scores, labels) = example(300);
        let fast = bootstrap_metrics(&scores, &labels, 100, 0.9, 5);
        let plain = |metric: fn(&[f32], &[bool]) -> Option<f64>| {
            bootstrap_interval_stratified(&labels, 100, 0.9, 5, |rows| {
                metric(&take(&scores, rows), &take(&labels, rows))
            })
        };
        assert_eq!(fast.aucpr, plain(aucpr));
        assert_eq!(fast.auroc, plain(auroc));
        assert_eq!(fast.mcc, plain(|scores, labels| mcc(scores, labels, 0.5)));
        assert_eq!(
            fast.precision,
            plain(|scores, labels| precision(scores, labels, 0.5))
        );
        let (low, high) = fast.aucpr.unwrap();
        let value = aucpr(&scores, &labels).unwrap();
        assert!(low < value && value < high);
    }

    #[test]
    fn paired_differences_use_the_same_resamples() {
        let (scores, labels) = example(200);
        let worse: Vec<f32> = scores.iter().rev().copied().collect();
        let fast = MetricIntervals::of_difference(&scores, &worse, &labels, 60, 0.9, 1);
        let plain = paired_bootstrap(
            &labels,
            60,
            0.9,
            1,
            |rows| aucpr(&take(&scores, rows), &take(&labels, rows)),
            |rows| aucpr(&take(&worse, rows), &take(&labels, rows)),
        );
        assert_eq!(fast.aucpr, plain);
        assert!(fast.aucpr.unwrap().0 > 0.0);
        let same = MetricIntervals::of_difference(&scores, &scores, &labels, 60, 0.9, 1);
        assert_eq!(same.aucpr, Some((0.0, 0.0)));
    }

    #[test]
    fn threads_do_not_change_the_numbers() {
        let (scores, labels) = example(200);
        let run = |threads| {
            rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap()
                .install(|| bootstrap_metrics(&scores, &labels, 50, 0.95, 9))
        };
        assert_eq!(run(1), run(3));
    }

    #[test]
    fn undefined_is_none() {
        let none = bootstrap_metrics(&[0.1, 0.2], &[false, false], 20, 0.95, 0);
        assert_eq!((none.aucpr, none.auroc, none.recall), (None, None, None));
        let nan = bootstrap_metrics(&[0.1, f64::NAN], &[false, true], 20, 0.95, 0);
        assert_eq!(nan, MetricIntervals::default());
        assert_eq!(bootstrap_interval(0, 10, 0.95, 0, |_| Some(1.0)), None);
        assert_eq!(bootstrap_interval(5, 10, 0.95, 0, |_| None), None);
    }

    #[test]
    fn the_mean_of_normal_data_has_the_textbook_interval() {
        let values: Vec<f64> = (0..400)
            .map(|i| f64::from((i * 37) % 400) / 400.0)
            .collect();
        let (low, high) = bootstrap_interval(values.len(), 2000, 0.95, 2, |rows| {
            crate::mean(&take(&values, rows))
        })
        .unwrap();
        let half = 1.96 * crate::standard_deviation(&values).unwrap() / 20.0;
        assert!(((high - low) / 2.0 - half).abs() < 0.1 * half);
    }
}
