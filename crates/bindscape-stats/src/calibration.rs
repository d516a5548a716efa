//! Whether probabilities are as often right as they say, and how to make them so.

use crate::Score;
use crate::multiclass::{most_probable, rows};

/// Expected calibration error of binary predictions (Naeini et al. 2015): the rows fall
/// into `bins` bins of equal width by the probability of the positive class, each bin
/// open below and closed above, the first closed at 0; the error is the mean, weighted
/// by rows, of the difference between a bin's mean probability and its share of
/// positives. `None` without rows, or if a score is no probability.
///
/// # Panics
/// If the slices differ in length, or there are no bins.
#[must_use]
pub fn expected_calibration_error<S: Score>(
    scores: &[S],
    labels: &[bool],
    bins: usize,
) -> Option<f64> {
    assert_eq!(scores.len(), labels.len(), "one label per score");
    error(
        scores.iter().map(|p| p.value()).zip(labels.iter().copied()),
        bins,
    )
}

/// As [`expected_calibration_error`], of several classes (Guo et al. 2017): the
/// probability is that of the most probable class, and a row is positive where that
/// class is right.
///
/// # Panics
/// If there is not one label per row of probabilities, or there are no bins.
#[must_use]
pub fn expected_calibration_error_multiclass<S: Score>(
    probabilities: &[S],
    labels: &[usize],
    classes: usize,
    bins: usize,
) -> Option<f64> {
    assert_eq!(
        probabilities.len(),
        labels.len() * classes,
        "one label per row"
    );
    let best = most_probable(probabilities, classes)?;
    let judged = rows(probabilities, classes)
        .zip(best)
        .zip(labels)
        .map(|((row, best), &label)| (row[best].value(), best == label));
    error(judged, bins)
}

fn error(judged: impl Iterator<Item = (f64, bool)>, bins: usize) -> Option<f64> {
    assert!(bins > 0, "at least one bin");
    let mut count = 0_u64;
    // What counts per bin is the sum of probabilities less the number of positives.
    let mut excess = vec![0.0_f64; bins];
    for (probability, positive) in judged {
        if !(0.0..=1.0).contains(&probability) {
            return None;
        }
        let bin = ((probability * bins as f64).ceil() as usize).clamp(1, bins) - 1;
        excess[bin] += probability - f64::from(u8::from(positive));
        count += 1;
    }
    (count > 0).then(|| excess.iter().map(|sum| sum.abs()).sum::<f64>() / count as f64)
}

/// Temperatures that are tried.
const RANGE: (f64, f64) = (1e-3, 1e3);

/// The temperature T that makes `sigmoid(logit / T)` fit the labels best: least log
/// loss (Platt scaling without offset; Guo et al. 2017). It leaves the order of rows
/// and every decision at 0.5 as they are. `None` if the rows do not determine it: there are
/// none, all logits tell right, or they do no better than chance; or if a logit is not finite.
///
/// # Panics
/// If the slices differ in length.
#[must_use]
pub fn temperature<S: Score>(logits: &[S], labels: &[bool]) -> Option<f64> {
    assert_eq!(logits.len(), labels.len(), "one label per logit");
    let both: Vec<f64> = logits.iter().flat_map(|z| [0.0, z.value()]).collect();
    let labels: Vec<usize> = labels.iter().map(|&label| label.into()).collect();
    temperature_multiclass(&both, &labels, 2)
}

/// As [`temperature`], of several classes: `softmax(logits / T)`. Logits are rows x
/// classes; logarithms of probabilities serve as well.
///
/// # Panics
/// If there is not one label per row of logits.
#[must_use]
pub fn temperature_multiclass<S: Score>(
    logits: &[S],
    labels: &[usize],
    classes: usize,
) -> Option<f64> {
    assert_eq!(logits.len(), labels.len() * classes, "one label per row");
    if labels.is_empty() || !logits.iter().all(|z| z.value().is_finite()) {
        return None;
    }
    // The loss is convex in 1 / T, so its slope there changes sign at most once.
    let slope = |inverse: f64| -> f64 {
        rows(logits, classes)
            .zip(labels)
            .map(|(row, &label)| {
                let most = row.iter().map(|z| z.value()).fold(f64::MIN, f64::max);
                let (mut sum, mut weighted) = (0.0, 0.0);
                for z in row {
                    let weight = ((z.value() - most) * inverse).exp();
                    sum += weight;
                    weighted += weight * z.value();
                }
                weighted / sum - row[label].value()
            })
            .sum()
    };
    let (mut low, mut high) = (1.0 / RANGE.1, 1.0 / RANGE.0);
    if slope(low) >= 0.0 || slope(high) <= 0.0 {
        return None;
    }
    // Bisection until the ends are next to each other.
    loop {
        let middle = low + (high - low) / 2.0;
        if middle <= low || middle >= high {
            return Some(1.0 / middle);
        }
        if slope(middle) > 0.0 {
            high = middle;
        } else {
            low = middle;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn undefined_is_none() {
        assert_eq!(expected_calibration_error::<f64>(&[], &[], 15), None);
        assert_eq!(expected_calibration_error(&[1.5], &[true], 15), None);
        assert_eq!(
            expected_calibration_error_multiclass(&[f64::NAN, 0.5], &[0], 2, 15),
            None
        );
        assert_eq!(temperature::<f64>(&[], &[]), None);
        assert_eq!(temperature(&[f64::INFINITY], &[true]), None);
    }

    #[test]
    fn bins_are_closed_above() {
        // 0.2 and 0.1 share the first of five bins, 0.3 is alone.
        let error = expected_calibration_error(&[0.2, 0.1, 0.3], &[false, true, false], 5);
        assert!((error.expect("defined") - (0.7 + 0.3) / 3.0).abs() < 1e-12);
        assert_eq!(
            expected_calibration_error(&[0.0, 1.0], &[false, true], 15),
            Some(0.0)
        );
    }

    #[test]
    fn a_known_temperature_is_found() {
        // A logit of 2 that is right three times of four: sigmoid(2 / T) = 3/4.
        let logits = [2.0, 2.0, 2.0, 2.0, -2.0, -2.0, -2.0, -2.0];
        let labels = [true, true, true, false, false, false, false, true];
        let found = temperature(&logits, &labels).expect("defined");
        assert!((found - 2.0 / 3.0_f64.ln()).abs() < 1e-9, "{found}");
        assert_eq!(temperature(&[3.0], &[true]), None, "always right");
        assert_eq!(temperature(&[3.0], &[false]), None, "always wrong");
        assert_eq!(temperature(&[0.0], &[false]), None, "no difference");
    }
}
