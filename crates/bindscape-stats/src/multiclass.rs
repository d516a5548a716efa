//! Metrics of several classes that exclude each other.
//!
//! Probabilities are rows x classes, row-major; labels are the numbers of classes.

use serde::{Deserialize, Serialize};

use crate::Score;
use crate::confusion::Confusion;

/// Smallest probability that a logarithm is taken of, as in scikit-learn.
const LEAST: f64 = f64::EPSILON;

/// Counts of rows by actual and predicted class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassConfusion {
    classes: usize,
    /// Actual x predicted.
    counts: Vec<u64>,
}

impl ClassConfusion {
    /// Counts of `predicted` against `labels`, both numbers below `classes`.
    ///
    /// # Panics
    /// If the slices differ in length or hold other numbers.
    #[must_use]
    pub fn new(labels: &[usize], predicted: &[usize], classes: usize) -> Self {
        assert_eq!(labels.len(), predicted.len(), "one label per prediction");
        let mut counts = vec![0; classes * classes];
        for (&label, &predicted) in labels.iter().zip(predicted) {
            assert!(label < classes && predicted < classes, "a class");
            counts[label * classes + predicted] += 1;
        }
        Self { classes, counts }
    }

    /// Rows of class `actual` that were predicted as `predicted`.
    ///
    /// # Panics
    /// If there is no such class.
    #[must_use]
    pub fn count(&self, actual: usize, predicted: usize) -> u64 {
        assert!(predicted < self.classes, "a class");
        self.counts[actual * self.classes + predicted]
    }

    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Share of the rows that were predicted right; `None` without rows.
    #[must_use]
    pub fn accuracy(&self) -> Option<f64> {
        let rows = self.rows();
        (rows > 0).then(|| self.right() as f64 / rows as f64)
    }

    /// One class against the rest.
    ///
    /// # Panics
    /// If there is no such class.
    #[must_use]
    pub fn class(&self, class: usize) -> Confusion {
        let right = self.count(class, class);
        let (actual, predicted) = (self.actual(class), self.predicted(class));
        Confusion {
            true_positives: right,
            false_positives: predicted - right,
            false_negatives: actual - right,
            true_negatives: self.rows() + right - actual - predicted,
        }
    }

    /// Mean precision over the classes; `None` if one is never predicted.
    #[must_use]
    pub fn macro_precision(&self) -> Option<f64> {
        self.macro_of(Confusion::precision)
    }

    /// Mean recall over the classes, also called balanced accuracy; `None` if one
    /// does not occur.
    #[must_use]
    pub fn macro_recall(&self) -> Option<f64> {
        self.macro_of(Confusion::recall)
    }

    /// Mean F1 over the classes; `None` if one neither occurs nor is predicted.
    #[must_use]
    pub fn macro_f1(&self) -> Option<f64> {
        self.macro_of(Confusion::f1)
    }

    /// Matthews correlation coefficient of several classes (Gorodkin 2004); `None` if
    /// all rows are of one class or predicted as one.
    #[must_use]
    pub fn mcc(&self) -> Option<f64> {
        let rows = self.rows() as f64;
        let (mut both, mut actual, mut predicted) = (0.0, 0.0, 0.0);
        for class in 0..self.classes {
            let (a, p) = (self.actual(class) as f64, self.predicted(class) as f64);
            both += a * p;
            actual += a * a;
            predicted += p * p;
        }
        let scale = (rows * rows - actual).sqrt() * (rows * rows - predicted).sqrt();
        (scale > 0.0).then(|| (self.right() as f64 * rows - both) / scale)
    }

    fn macro_of(&self, metric: impl Fn(Confusion) -> Option<f64>) -> Option<f64> {
        let values: Vec<Option<f64>> = (0..self.classes)
            .map(|class| metric(self.class(class)))
            .collect();
        macro_mean(&values)
    }

    fn right(&self) -> u64 {
        (0..self.classes)
            .map(|class| self.count(class, class))
            .sum()
    }

    fn actual(&self, class: usize) -> u64 {
        (0..self.classes)
            .map(|other| self.count(class, other))
            .sum()
    }

    fn predicted(&self, class: usize) -> u64 {
        (0..self.classes)
            .map(|other| self.count(other, class))
            .sum()
    }
}

/// Mean of a metric over classes; `None` if it is undefined for one of them, or
/// without classes.
#[must_use]
pub fn macro_mean(values: &[Option<f64>]) -> Option<f64> {
    let values: Vec<f64> = values.iter().copied().collect::<Option<_>>()?;
    crate::mean(&values)
}

/// The most probable class of each row, the first of equally probable ones; `None` if
/// a probability is NaN.
///
/// # Panics
/// If the probabilities are no whole number of rows.
#[must_use]
pub fn most_probable<S: Score>(probabilities: &[S], classes: usize) -> Option<Vec<usize>> {
    if probabilities.iter().any(|p| p.value().is_nan()) {
        return None;
    }
    let most = rows(probabilities, classes).map(|row| {
        let mut best = 0;
        for class in 1..classes {
            if row[class].value() > row[best].value() {
                best = class;
            }
        }
        best
    });
    Some(most.collect())
}

/// A binary metric of each class against the rest, such as [`crate::auroc`] of the
/// probability of that class.
///
/// # Panics
/// If there is not one label per row of probabilities.
#[must_use]
pub fn one_against_rest<S: Score>(
    probabilities: &[S],
    labels: &[usize],
    classes: usize,
    metric: impl Fn(&[S], &[bool]) -> Option<f64>,
) -> Vec<Option<f64>> {
    assert_eq!(
        probabilities.len(),
        labels.len() * classes,
        "one label per row"
    );
    let of = |class| {
        let scores: Vec<S> = rows(probabilities, classes).map(|row| row[class]).collect();
        let labels: Vec<bool> = labels.iter().map(|&label| label == class).collect();
        metric(&scores, &labels)
    };
    (0..classes).map(of).collect()
}

/// Mean over the rows of the squared distance between probabilities and label, 0 to 2
/// (the original definition of Brier 1950: with two classes twice [`crate::brier`]).
/// `None` without rows, or if a number is no probability.
///
/// # Panics
/// If there is not one label per row of probabilities.
#[must_use]
pub fn brier_multiclass<S: Score>(
    probabilities: &[S],
    labels: &[usize],
    classes: usize,
) -> Option<f64> {
    mean_of_rows(probabilities, labels, classes, |row, label| {
        let squares = row
            .iter()
            .enumerate()
            .map(|(class, p)| (p.value() - f64::from(u8::from(class == label))).powi(2));
        squares.sum()
    })
}

/// Mean negative logarithm of the probability of the actual label (natural logarithm;
/// probabilities below 2.2e-16 count as that). `None` without rows, or if a score is no
/// probability.
///
/// # Panics
/// If the slices differ in length.
#[must_use]
pub fn log_loss<S: Score>(scores: &[S], labels: &[bool]) -> Option<f64> {
    assert_eq!(scores.len(), labels.len(), "one label per score");
    let labels: Vec<usize> = labels.iter().map(|&label| usize::from(label)).collect();
    mean_of_rows(scores, &labels, 1, |row, label| {
        let p = row[0].value();
        -(if label == 1 { p } else { 1.0 - p }).max(LEAST).ln()
    })
}

/// As [`log_loss`], of several classes.
///
/// # Panics
/// If there is not one label per row of probabilities.
#[must_use]
pub fn log_loss_multiclass<S: Score>(
    probabilities: &[S],
    labels: &[usize],
    classes: usize,
) -> Option<f64> {
    mean_of_rows(probabilities, labels, classes, |row, label| {
        -row[label].value().max(LEAST).ln()
    })
}

fn mean_of_rows<S: Score>(
    probabilities: &[S],
    labels: &[usize],
    classes: usize,
    of_row: impl Fn(&[S], usize) -> f64,
) -> Option<f64> {
    assert_eq!(
        probabilities.len(),
        labels.len() * classes,
        "one label per row"
    );
    let valid = |p: &S| (0.0..=1.0).contains(&p.value());
    if labels.is_empty() || !probabilities.iter().all(valid) {
        return None;
    }
    let sum: f64 = rows(probabilities, classes)
        .zip(labels)
        .map(|(row, &label)| of_row(row, label))
        .sum();
    Some(sum / labels.len() as f64)
}

pub(crate) fn rows<S>(probabilities: &[S], classes: usize) -> std::slice::ChunksExact<'_, S> {
    let rows = probabilities.chunks_exact(classes);
    assert!(rows.remainder().is_empty(), "whole rows");
    rows
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn undefined_is_none() {
        let none = ClassConfusion::new(&[], &[], 3);
        assert_eq!(
            (none.accuracy(), none.mcc(), none.macro_f1()),
            (None, None, None)
        );
        let one = ClassConfusion::new(&[0, 1], &[0, 0], 3);
        assert_eq!(one.accuracy(), Some(0.5));
        assert_eq!(
            (one.mcc(), one.macro_f1(), one.macro_recall()),
            (None, None, None)
        );
        assert_eq!(most_probable(&[0.2, f64::NAN], 2), None);
        assert_eq!(brier_multiclass::<f64>(&[], &[], 2), None);
        assert_eq!(log_loss_multiclass(&[1.5, -0.5], &[0], 2), None);
        assert_eq!(log_loss(&[f32::NAN], &[true]), None);
        let auroc = one_against_rest(&[0.9, 0.1], &[0], 2, crate::auroc);
        assert_eq!(auroc, [None, None]);
    }

    #[test]
    fn ties_go_to_the_first_class() {
        assert_eq!(
            most_probable(&[0.4, 0.4, 0.2, 0.1, 0.2, 0.7], 3),
            Some(vec![0, 2])
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn two_classes_are_the_binary_case(rows in prop::collection::vec((0.0..1.0, any::<bool>()), 1..40)) {
            let scores: Vec<f64> = rows.iter().map(|row| row.0).collect();
            let labels: Vec<bool> = rows.iter().map(|row| row.1).collect();
            let both: Vec<f64> = scores.iter().flat_map(|&p| [1.0 - p, p]).collect();
            let numbers: Vec<usize> = labels.iter().map(|&label| label.into()).collect();
            let binary = Confusion::at(&scores, &labels, 0.5 + 1e-12).expect("no NaN");
            let predicted = most_probable(&both, 2).expect("no NaN");
            let several = ClassConfusion::new(&numbers, &predicted, 2);
            prop_assert_eq!(several.class(1), binary);
            prop_assert_eq!(several.accuracy(), binary.accuracy());
            match (several.mcc(), binary.mcc()) {
                (Some(a), Some(b)) => prop_assert!((a - b).abs() < 1e-12),
                (a, b) => prop_assert_eq!(a, b),
            }
            let twice = brier_multiclass(&both, &numbers, 2).expect("rows");
            prop_assert!((twice - 2.0 * crate::brier(&scores, &labels).expect("rows")).abs() < 1e-12);
        }
    }
}
