//! Metrics that depend on the order of the scores only.

use crate::Score;

/// Rows ranked by score, descending; rows with equal scores form one group.
#[derive(Debug, Clone)]
pub(crate) struct Ranking {
    /// Group of each row of the input; group 0 has the highest score.
    pub(crate) group: Vec<u32>,
    /// Score of each group, descending.
    pub(crate) score: Vec<f64>,
}

impl Ranking {
    /// `None` if a score is NaN.
    pub(crate) fn new<S: Score>(scores: &[S]) -> Option<Self> {
        if scores.iter().any(|score| score.value().is_nan()) {
            return None;
        }
        let mut order: Vec<(f64, u32)> = scores
            .iter()
            .zip(0..)
            .map(|(score, row)| (score.value(), row))
            .collect();
        // -0 equals 0, which `total_cmp` would tell apart.
        order.sort_unstable_by(|a, b| b.0.partial_cmp(&a.0).expect("NaN was refused above"));
        let mut group = vec![0; scores.len()];
        let mut distinct: Vec<f64> = Vec::new();
        for (score, row) in order {
            if distinct.last() != Some(&score) {
                distinct.push(score);
            }
            group[row as usize] =
                u32::try_from(distinct.len() - 1).expect("fewer than 2^32 scores");
        }
        Some(Self {
            group,
            score: distinct,
        })
    }

    /// Positives and negatives per group.
    pub(crate) fn tally(&self, labels: &[bool]) -> Vec<Tally> {
        let mut tally = vec![Tally::default(); self.score.len()];
        for (&group, &label) in self.group.iter().zip(labels) {
            tally[group as usize].add(label);
        }
        tally
    }
}

/// Rows of one score.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) positives: u32,
    pub(crate) negatives: u32,
}

impl Tally {
    pub(crate) fn add(&mut self, label: bool) {
        if label {
            self.positives += 1;
        } else {
            self.negatives += 1;
        }
    }
}

/// The three ranking metrics of one walk down the scores.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct RankingMetrics {
    pub(crate) aucpr: Option<f64>,
    pub(crate) average_precision: Option<f64>,
    pub(crate) auroc: Option<f64>,
}

pub(crate) fn ranking_metrics(tally: &[Tally]) -> RankingMetrics {
    let positives: u64 = tally.iter().map(|group| u64::from(group.positives)).sum();
    let negatives: u64 = tally.iter().map(|group| u64::from(group.negatives)).sum();
    let (mut tp, mut fp) = (0_u64, 0_u64);
    // The curve starts at the precision of the highest score. scikit-learn's is 1 there, which is the
    // same area unless rows share that score: if all do, a model that cannot rank would have much.
    let mut precision = None;
    let (mut trapezoid, mut steps, mut half_pairs) = (0.0, 0.0, 0_u128);
    for group in tally {
        let (gained, wrong) = (u64::from(group.positives), u64::from(group.negatives));
        if gained + wrong == 0 {
            continue;
        }
        half_pairs += u128::from(wrong) * u128::from(2 * tp + gained);
        tp += gained;
        fp += wrong;
        let here = tp as f64 / (tp + fp) as f64;
        trapezoid += gained as f64 * (precision.unwrap_or(here) + here) / 2.0;
        steps += gained as f64 * here;
        precision = Some(here);
    }
    let per_positive = |sum: f64| (positives > 0).then(|| sum / positives as f64);
    RankingMetrics {
        aucpr: per_positive(trapezoid),
        average_precision: per_positive(steps),
        auroc: (positives > 0 && negatives > 0)
            .then(|| half_pairs as f64 / (2.0 * positives as f64 * negatives as f64)),
    }
}

fn metrics<S: Score>(scores: &[S], labels: &[bool]) -> Option<RankingMetrics> {
    assert_eq!(scores.len(), labels.len(), "one label per score");
    Some(ranking_metrics(&Ranking::new(scores)?.tally(labels)))
}

/// Area under the precision-recall curve by the trapezoid rule. `None` without positives.
///
/// It is scikit-learn's `auc(recall, precision)` of [`precision_recall_curve`] unless several rows
/// share the highest score: up to their recall it takes their precision, where scikit-learn draws a
/// line from precision 1. So rows that all have one score have the share of positives, as guessing
/// does.
///
/// # Panics
/// If the slices differ in length.
#[must_use]
pub fn aucpr<S: Score>(scores: &[S], labels: &[bool]) -> Option<f64> {
    metrics(scores, labels)?.aucpr
}

/// Average precision, the step-wise area under the precision-recall curve:
/// scikit-learn's `average_precision_score`. `None` without positives.
///
/// # Panics
/// If the slices differ in length.
#[must_use]
pub fn average_precision<S: Score>(scores: &[S], labels: &[bool]) -> Option<f64> {
    metrics(scores, labels)?.average_precision
}

/// Area under the receiver operating characteristic; a tie between a positive
/// and a negative counts half (midranks). `None` unless both classes occur.
///
/// # Panics
/// If the slices differ in length.
#[must_use]
pub fn auroc<S: Score>(scores: &[S], labels: &[bool]) -> Option<f64> {
    metrics(scores, labels)?.auroc
}

/// A precision-recall curve in scikit-learn's layout.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    /// Precision among the rows scored at least `thresholds[i]`; a last entry of 1.
    pub precision: Vec<f64>,
    /// Recall at the same thresholds, not ascending; a last entry of 0.
    pub recall: Vec<f64>,
    /// The distinct scores, ascending; one entry fewer than the other two.
    pub thresholds: Vec<f64>,
}

impl Curve {
    /// At most `max` points `(recall, precision)` for drawing, recall ascending,
    /// both ends included, spread evenly over the range of recall.
    ///
    /// # Panics
    /// If `max` is below 2.
    #[must_use]
    pub fn points(&self, max: usize) -> Vec<(f64, f64)> {
        assert!(max >= 2, "a curve has two ends");
        let mut all: Vec<(f64, f64)> = self
            .recall
            .iter()
            .copied()
            .zip(self.precision.iter().copied())
            .rev()
            .collect();
        // The precision of the highest score holds from the start, as in [`aucpr`].
        if let [start, highest, ..] = &mut all[..]
            && highest.0 > 0.0
        {
            start.1 = highest.1;
        }
        if all.len() <= max {
            return all;
        }
        let last = all.len() - 1;
        let mut chosen: Vec<usize> = (0..max - 1)
            .map(|step| {
                let recall = step as f64 / (max - 1) as f64;
                all.partition_point(|point| point.0 < recall)
            })
            .chain([last])
            .collect();
        chosen.dedup();
        chosen.into_iter().map(|index| all[index]).collect()
    }
}

/// The precision-recall curve, as scikit-learn's `precision_recall_curve`.
/// `None` without positives.
///
/// # Panics
/// If the slices differ in length.
#[must_use]
pub fn precision_recall_curve<S: Score>(scores: &[S], labels: &[bool]) -> Option<Curve> {
    assert_eq!(scores.len(), labels.len(), "one label per score");
    let ranking = Ranking::new(scores)?;
    let positives = labels.iter().filter(|&&label| label).count();
    if positives == 0 {
        return None;
    }
    let mut curve = Curve {
        precision: vec![1.0],
        recall: vec![0.0],
        thresholds: Vec::new(),
    };
    let (mut tp, mut predicted) = (0_u64, 0_u64);
    for (group, &score) in ranking.tally(labels).iter().zip(&ranking.score) {
        tp += u64::from(group.positives);
        predicted += u64::from(group.positives) + u64::from(group.negatives);
        curve.precision.push(tp as f64 / predicted as f64);
        curve.recall.push(tp as f64 / positives as f64);
        curve.thresholds.push(score);
    }
    curve.precision.reverse();
    curve.recall.reverse();
    curve.thresholds.reverse();
    Some(curve)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_score_for_all_ranks_as_guessing_does() {
        let labels = [true, false, false, false];
        assert_eq!(aucpr(&[0.3; 4], &labels), Some(0.25));
        let curve = precision_recall_curve(&[0.3; 4], &labels).unwrap();
        assert_eq!(curve.points(10), [(0.0, 0.25), (1.0, 0.25)]);
        // Two share the highest score, and one of them is bound: half of them, for half of the recall.
        let labels = [true, false, true, false];
        let area = aucpr(&[0.9, 0.9, 0.8, 0.1], &labels).unwrap();
        assert!((area - (0.5 * 0.5 + 0.5 * (0.5 + 2.0 / 3.0) / 2.0)).abs() < 1e-12);
    }

    #[test]
    fn undefined_is_none() {
        assert_eq!(aucpr(&[0.1, 0.2], &[false, false]), None);
        assert_eq!(aucpr::<f64>(&[], &[]), None);
        assert_eq!(average_precision(&[0.1_f32], &[false]), None);
        assert_eq!(auroc(&[0.1, 0.2], &[true, true]), None);
        assert_eq!(auroc(&[0.1, f64::NAN], &[true, false]), None);
        assert!(precision_recall_curve(&[0.1], &[false]).is_none());
    }

    #[test]
    fn thinned_curves_keep_their_ends() {
        let scores: Vec<f64> = (0..1000).map(|i| f64::from(i * 7919 % 1009)).collect();
        let labels: Vec<bool> = (0..1000).map(|i| i % 3 == 0).collect();
        let curve = precision_recall_curve(&scores, &labels).unwrap();
        let points = curve.points(50);
        assert!(points.len() <= 50);
        assert_eq!(points[0], (0.0, 1.0));
        assert_eq!(points.last().unwrap().0, 1.0);
        assert!(points.is_sorted_by(|a, b| a.0 <= b.0));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn auroc_counts_pairs(rows in prop::collection::vec((0_u8..12, any::<bool>()), 2..40)) {
            let scores: Vec<f64> = rows.iter().map(|row| f64::from(row.0)).collect();
            let labels: Vec<bool> = rows.iter().map(|row| row.1).collect();
            let (mut won, mut pairs) = (0.0, 0.0);
            for a in 0..rows.len() {
                for b in 0..rows.len() {
                    if labels[a] && !labels[b] {
                        pairs += 1.0;
                        won += if scores[a] > scores[b] { 1.0 } else if scores[a] == scores[b] { 0.5 } else { 0.0 };
                    }
                }
            }
            match auroc(&scores, &labels) {
                Some(value) => prop_assert!((value - won / pairs).abs() < 1e-12),
                None => prop_assert_eq!(pairs, 0.0),
            }
        }

        #[test]
        fn only_the_order_matters(rows in prop::collection::vec((-20_i8..20, any::<bool>()), 1..40)) {
            let labels: Vec<bool> = rows.iter().map(|row| row.1).collect();
            let scores: Vec<f64> = rows.iter().map(|row| f64::from(row.0)).collect();
            let monotone: Vec<f64> = scores.iter().map(|score| (score / 7.0).exp()).collect();
            prop_assert_eq!(aucpr(&scores, &labels), aucpr(&monotone, &labels));
            prop_assert_eq!(auroc(&scores, &labels), auroc(&monotone, &labels));
        }
    }
}
