//! Metrics at one threshold, and the Brier score.

use serde::{Deserialize, Serialize};

use crate::Score;

/// Counts of right and wrong predictions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confusion {
    /// Positives predicted positive.
    pub true_positives: u64,
    /// Negatives predicted positive.
    pub false_positives: u64,
    /// Negatives predicted negative.
    pub true_negatives: u64,
    /// Positives predicted negative.
    pub false_negatives: u64,
}

impl Confusion {
    /// Counts with rows scored at least `threshold` predicted positive. `None` if a score is NaN.
    ///
    /// # Panics
    /// If the slices differ in length.
    #[must_use]
    pub fn at<S: Score>(scores: &[S], labels: &[bool], threshold: f64) -> Option<Self> {
        assert_eq!(scores.len(), labels.len(), "one label per score");
        let mut counts = Self::default();
        for (score, &label) in scores.iter().zip(labels) {
            let score = score.value();
            if score.is_nan() {
                return None;
            }
            counts.add(score >= threshold, label, 1);
        }
        Some(counts)
    }

    pub(crate) fn add(&mut self, predicted: bool, label: bool, rows: u64) {
        match (predicted, label) {
            (true, true) => self.true_positives += rows,
            (true, false) => self.false_positives += rows,
            (false, false) => self.true_negatives += rows,
            (false, true) => self.false_negatives += rows,
        }
    }

    /// Share of the rows that were predicted right; `None` without rows.
    #[must_use]
    pub fn accuracy(self) -> Option<f64> {
        let right = self.true_positives + self.true_negatives;
        share(right, right + self.false_positives + self.false_negatives)
    }

    /// Share of the negatives that were predicted negative; `None` without negatives.
    #[must_use]
    pub fn specificity(self) -> Option<f64> {
        share(
            self.true_negatives,
            self.true_negatives + self.false_positives,
        )
    }

    /// Share of positives among the rows predicted positive; `None` if there are none.
    #[must_use]
    pub fn precision(self) -> Option<f64> {
        share(
            self.true_positives,
            self.true_positives + self.false_positives,
        )
    }

    /// Share of the positives that were predicted positive, also called sensitivity;
    /// `None` without positives.
    #[must_use]
    pub fn recall(self) -> Option<f64> {
        share(
            self.true_positives,
            self.true_positives + self.false_negatives,
        )
    }

    /// Harmonic mean of precision and recall; `None` if no row is positive or predicted so.
    #[must_use]
    pub fn f1(self) -> Option<f64> {
        share(
            2 * self.true_positives,
            2 * self.true_positives + self.false_positives + self.false_negatives,
        )
    }

    /// Matthews correlation coefficient, -1 to 1; `None` where a class does not
    /// occur or is never predicted (scikit-learn gives 0 there).
    #[must_use]
    pub fn mcc(self) -> Option<f64> {
        let [tp, fp, tn, fn_] = [
            self.true_positives,
            self.false_positives,
            self.true_negatives,
            self.false_negatives,
        ]
        .map(|count| count as f64);
        // Square roots first: the product of the four sums may leave the range of exact numbers.
        let scale = (tp + fp).sqrt() * (tp + fn_).sqrt() * (tn + fp).sqrt() * (tn + fn_).sqrt();
        (scale > 0.0).then(|| (tp * tn - fp * fn_) / scale)
    }
}

fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// [`Confusion::mcc`] at `threshold`.
///
/// # Panics
/// If the slices differ in length.
#[must_use]
pub fn mcc<S: Score>(scores: &[S], labels: &[bool], threshold: f64) -> Option<f64> {
    Confusion::at(scores, labels, threshold)?.mcc()
}

/// [`Confusion::precision`] at `threshold`.
///
/// # Panics
/// If the slices differ in length.
#[must_use]
pub fn precision<S: Score>(scores: &[S], labels: &[bool], threshold: f64) -> Option<f64> {
    Confusion::at(scores, labels, threshold)?.precision()
}

/// [`Confusion::recall`] at `threshold`.
///
/// # Panics
/// If the slices differ in length.
#[must_use]
pub fn recall<S: Score>(scores: &[S], labels: &[bool], threshold: f64) -> Option<f64> {
    Confusion::at(scores, labels, threshold)?.recall()
}

/// [`Confusion::f1`] at `threshold`.
///
/// # Panics
/// If the slices differ in length.
#[must_use]
pub fn f1<S: Score>(scores: &[S], labels: &[bool], threshold: f64) -> Option<f64> {
    Confusion::at(scores, labels, threshold)?.f1()
}

/// Mean squared difference between probability and label (Brier 1950); `None`
/// without rows, or if a score is no probability (NaN, below 0, above 1).
///
/// # Panics
/// If the slices differ in length.
#[must_use]
pub fn brier<S: Score>(scores: &[S], labels: &[bool]) -> Option<f64> {
    assert_eq!(scores.len(), labels.len(), "one label per score");
    if scores.is_empty()
        || !scores
            .iter()
            .all(|score| (0.0..=1.0).contains(&score.value()))
    {
        return None;
    }
    let sum: f64 = scores
        .iter()
        .zip(labels)
        .map(|(score, &label)| (score.value() - f64::from(u8::from(label))).powi(2))
        .sum();
    Some(sum / scores.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_threshold_itself_is_positive() {
        let counts = Confusion::at(&[0.5_f32, 0.4999], &[true, false], 0.5).unwrap();
        assert_eq!((counts.true_positives, counts.true_negatives), (1, 1));
        assert_eq!(counts.mcc(), Some(1.0));
    }

    #[test]
    fn undefined_is_none() {
        let none = Confusion::default();
        assert_eq!(none.precision(), None);
        assert_eq!(none.recall(), None);
        assert_eq!(none.f1(), None);
        assert_eq!(none.mcc(), None);
        assert_eq!((none.accuracy(), none.specificity()), (None, None));
        assert_eq!(mcc(&[0.9, 0.8], &[true, true], 0.5), None);
        assert_eq!(precision(&[f64::NAN], &[true], 0.5), None);
        assert_eq!(brier::<f64>(&[], &[]), None);
        assert_eq!(brier(&[1.2], &[true]), None);
    }
}
