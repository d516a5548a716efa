//! From predictions and labels to the metrics of one TF.

use bindscape_matrix::results::{Estimate, TfMetrics};
use bindscape_stats as stats;

/// Probability from which a region is called bound.
pub const THRESHOLD: f64 = 0.5;
/// Points that a stored precision-recall curve has at most.
pub const CURVE_POINTS: usize = 500;

/// How confidence intervals are computed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bootstrap {
    /// Number of resamples, stratified by label; 0 computes no intervals.
    pub resamples: u32,
    /// Level of the intervals, e.g. 0.95.
    pub level: f64,
    /// Seed of the resamples.
    pub seed: u64,
}

/// The metrics of `tf` over the rows that have both a score and a label; rows
/// without a score (sequences with unknown letters) are left out, and
/// [`TfMetrics::regions`] counts the others.
///
/// ```
/// use bindscape_nn::evaluate::{Bootstrap, evaluate};
///
/// let bootstrap = Bootstrap { resamples: 100, level: 0.95, seed: 1 };
/// let scores = [Some(0.9), Some(0.2), None, Some(0.1)];
/// let labels = [Some(true), Some(false), Some(true), Some(false)];
/// let metrics = evaluate("MAX", &scores, &labels, bootstrap);
/// assert_eq!((metrics.regions, metrics.positives), (3, 1));
/// assert_eq!(metrics.auroc.value, Some(1.0));
/// ```
///
/// # Panics
/// If there is not one label per score, or the level is not between 0 and 1.
#[must_use]
pub fn evaluate(
    tf: &str,
    scores: &[Option<f32>],
    labels: &[Option<bool>],
    bootstrap: Bootstrap,
) -> TfMetrics {
    assert_eq!(scores.len(), labels.len(), "one label per score");
    let (scores, labels): (Vec<f32>, Vec<bool>) = scores
        .iter()
        .zip(labels)
        .filter_map(|(&score, &label)| Some((score?, label?)))
        .unzip();
    let intervals = (bootstrap.resamples > 0).then(|| {
        stats::bootstrap_metrics(
            &scores,
            &labels,
            bootstrap.resamples,
            bootstrap.level,
            bootstrap.seed,
        )
    });
    let estimate = |value, pick: fn(&stats::MetricIntervals) -> Option<(f64, f64)>| Estimate {
        value,
        interval: intervals.as_ref().and_then(pick),
    };
    TfMetrics {
        tf: tf.to_owned(),
        regions: scores.len() as u64,
        positives: labels.iter().filter(|&&label| label).count() as u64,
        aucpr: estimate(stats::aucpr(&scores, &labels), |i| i.aucpr),
        average_precision: estimate(stats::average_precision(&scores, &labels), |i| {
            i.average_precision
        }),
        auroc: estimate(stats::auroc(&scores, &labels), |i| i.auroc),
        mcc: estimate(stats::mcc(&scores, &labels, THRESHOLD), |i| i.mcc),
        precision: estimate(stats::precision(&scores, &labels, THRESHOLD), |i| {
            i.precision
        }),
        recall: estimate(stats::recall(&scores, &labels, THRESHOLD), |i| i.recall),
        curve: stats::precision_recall_curve(&scores, &labels)
            .map_or_else(Vec::new, |curve| curve.points(CURVE_POINTS)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_without_score_or_label_are_left_out() {
        let bootstrap = Bootstrap {
            resamples: 50,
            level: 0.95,
            seed: 1,
        };
        let scores = [Some(0.9), Some(0.2), None, Some(0.7), Some(0.1)];
        let labels = [Some(true), Some(false), Some(true), None, Some(false)];
        let metrics = evaluate("MAX", &scores, &labels, bootstrap);
        assert_eq!((metrics.regions, metrics.positives), (3, 1));
        assert_eq!(metrics.aucpr.value, Some(1.0));
        assert!((metrics.mcc.value.unwrap() - 1.0).abs() < 1e-12);
        assert!(metrics.auroc.interval.is_some());
        assert!(!metrics.curve.is_empty());
        let none = evaluate("MAX", &[Some(0.5)], &[Some(false)], bootstrap);
        assert_eq!(none.aucpr.value, None, "no positives");
        assert_eq!(none.aucpr.interval, None);
    }
}
