//! Two models on the same regions.

use bindscape_matrix::results::{Estimate, TfMetrics};
use bindscape_stats::MetricIntervals;
use serde::{Deserialize, Serialize};

use crate::evaluate::{Bootstrap, evaluate};

/// Metrics of the first model minus those of the second, for one TF.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// TF.
    pub tf: String,
    /// Regions that both models scored and that have a label.
    pub regions: u64,
    /// Bound regions among them.
    pub positives: u64,
    /// Difference in area under the precision-recall curve.
    pub aucpr: Estimate,
    /// Difference in average precision.
    pub average_precision: Estimate,
    /// Difference in area under the receiver operating characteristic.
    pub auroc: Estimate,
    /// Difference in Matthews correlation coefficient.
    pub mcc: Estimate,
    /// Difference in precision.
    pub precision: Estimate,
    /// Difference in recall.
    pub recall: Estimate,
}

/// Compares two models over the rows that both have scored and that have a
/// label. The intervals are those of the differences: both models see the same resamples.
///
/// ```
/// use bindscape_nn::compare::compare;
/// use bindscape_nn::evaluate::Bootstrap;
///
/// let bootstrap = Bootstrap { resamples: 100, level: 0.95, seed: 1 };
/// let [first, second] = [[0.9, 0.2, 0.1], [0.1, 0.2, 0.9]].map(|scores| scores.map(Some));
/// let labels = [Some(true), Some(false), Some(false)];
/// let difference = compare("MAX", &first, &second, &labels, bootstrap);
/// assert_eq!(difference.auroc.value, Some(1.0));
/// ```
///
/// # Panics
/// If there is not one label per score, or the level is not between 0 and 1.
#[must_use]
pub fn compare(
    tf: &str,
    first: &[Option<f32>],
    second: &[Option<f32>],
    labels: &[Option<bool>],
    bootstrap: Bootstrap,
) -> Difference {
    assert_eq!(first.len(), second.len(), "both models score the same rows");
    assert_eq!(first.len(), labels.len(), "one label per score");
    let rows: Vec<(f32, f32, bool)> = first
        .iter()
        .zip(second)
        .zip(labels)
        .filter_map(|((&first, &second), &label)| Some((first?, second?, label?)))
        .collect();
    let first: Vec<f32> = rows.iter().map(|row| row.0).collect();
    let second: Vec<f32> = rows.iter().map(|row| row.1).collect();
    let labels: Vec<bool> = rows.iter().map(|row| row.2).collect();
    let intervals = (bootstrap.resamples > 0).then(|| {
        MetricIntervals::of_difference(
            &first,
            &second,
            &labels,
            bootstrap.resamples,
            bootstrap.level,
            bootstrap.seed,
        )
    });
    let values = |scores: &[f32]| {
        let scores: Vec<Option<f32>> = scores.iter().copied().map(Some).collect();
        let labels: Vec<Option<bool>> = labels.iter().copied().map(Some).collect();
        evaluate(
            tf,
            &scores,
            &labels,
            Bootstrap {
                resamples: 0,
                ..bootstrap
            },
        )
    };
    let (a, b) = (values(&first), values(&second));
    let estimate =
        |metric: fn(&TfMetrics) -> Estimate,
         interval: fn(&MetricIntervals) -> Option<(f64, f64)>| Estimate {
            value: metric(&a).value.zip(metric(&b).value).map(|(a, b)| a - b),
            interval: intervals.as_ref().and_then(interval),
        };
    Difference {
        tf: tf.to_owned(),
        regions: a.regions,
        positives: a.positives,
        aucpr: estimate(|m| m.aucpr, |i| i.aucpr),
        average_precision: estimate(|m| m.average_precision, |i| i.average_precision),
        auroc: estimate(|m| m.auroc, |i| i.auroc),
        mcc: estimate(|m| m.mcc, |i| i.mcc),
        precision: estimate(|m| m.precision, |i| i.precision),
        recall: estimate(|m| m.recall, |i| i.recall),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_against_itself_differs_by_nothing() {
        let scores = [Some(0.9), Some(0.4), None, Some(0.6), Some(0.2)];
        let worse = [Some(0.1), Some(0.4), Some(0.3), Some(0.6), Some(0.2)];
        let labels = [Some(true), Some(false), Some(true), Some(true), Some(false)];
        let bootstrap = Bootstrap {
            resamples: 100,
            level: 0.9,
            seed: 3,
        };
        let same = compare("MAX", &scores, &scores, &labels, bootstrap);
        assert_eq!((same.regions, same.positives), (4, 2));
        assert_eq!(same.aucpr.value, Some(0.0));
        assert_eq!(same.aucpr.interval, Some((0.0, 0.0)));
        let better = compare("MAX", &scores, &worse, &labels, bootstrap);
        assert!(
            better
                .auroc
                .value
                .is_some_and(|difference| difference > 0.0)
        );
    }
}
