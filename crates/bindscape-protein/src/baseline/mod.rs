//! What networks have to beat: classifiers that are fitted in seconds.
//!
//! - [`Logistic`]: multinomial logistic regression on one vector per protein, the mean of its
//!   embedding or its [composition](MeanFeatures::composition);
//! - [`NearestEmbedding`] and [`NearestAlignment`]: votes of the most similar proteins;
//! - [`TfPredict`]: support vector machines on similarity scores, after Eichner et al. (2013).
//!
//! All proteins are identified by their place in one list; those after the last label (further
//! proteins to score) are in no part.

pub(crate) mod composition;
pub(crate) mod logistic;
mod nearest;
mod neighbours;
mod tfpredict;

use crate::Label;
use bindscape_base::Result;
use bindscape_base::progress::Progress;
use bindscape_stats::temperature_multiclass;

pub use composition::MeanFeatures;
pub use logistic::Logistic;
pub use nearest::{NearestAlignment, NearestEmbedding};
pub use neighbours::{Neighbour, Neighbours};
pub use tfpredict::TfPredict;

use crate::class::CLASSES;
use crate::scores::ProteinScores;

/// The proteins that a classifier is fitted on.
#[derive(Debug, Clone, Copy)]
pub struct BaselineData<'a> {
    /// Labels of the first proteins of the list.
    pub labels: &'a [Label],
    /// Proteins of one group are not taken as evidence for each other; one entry per label.
    pub groups: Option<&'a [u32]>,
    /// Proteins to fit on.
    pub train: &'a [usize],
    /// Proteins that choose hyper-parameters and the temperature.
    pub validation: &'a [usize],
}

/// One question about proteins: transcription factor or not, or which class.
#[derive(Debug, Clone)]
pub struct Task<'a> {
    /// Number of answers.
    pub classes: usize,
    /// Proteins to fit on.
    pub train: Vec<usize>,
    /// Their answers.
    pub train_answers: Vec<usize>,
    /// Proteins that choose hyper-parameters.
    pub validation: Vec<usize>,
    /// Their answers.
    pub validation_answers: Vec<usize>,
    /// See [`BaselineData::groups`].
    pub groups: Option<&'a [u32]>,
}

impl<'a> Task<'a> {
    /// The proteins of `data` that have an answer; `None` where those to fit on have no two
    /// different ones, or none is left to validate on.
    fn new(
        data: BaselineData<'a>,
        classes: usize,
        answer: impl Fn(Label) -> Option<usize>,
    ) -> Option<Self> {
        let answered = |rows: &[usize]| -> (Vec<usize>, Vec<usize>) {
            rows.iter()
                .filter_map(|&row| Some((row, answer(data.labels[row])?)))
                .unzip()
        };
        let (train, train_answers) = answered(data.train);
        let (validation, validation_answers) = answered(data.validation);
        let varied = train_answers
            .iter()
            .any(|&answer| answer != train_answers[0]);
        (varied && !validation.is_empty()).then_some(Self {
            classes,
            train,
            train_answers,
            validation,
            validation_answers,
            groups: data.groups,
        })
    }

    /// The proteins to validate on, then `rows`.
    fn with_validation(&self, rows: &[usize]) -> Vec<usize> {
        self.validation.iter().chain(rows).copied().collect()
    }

    /// The answer of each of `proteins` proteins, where it is one to fit on.
    fn evidence(&self, proteins: usize) -> Vec<Option<usize>> {
        let mut evidence = vec![None; proteins];
        for (&row, &answer) in self.train.iter().zip(&self.train_answers) {
            evidence[row] = Some(answer);
        }
        evidence
    }

    /// Share of each answer among the proteins to fit on.
    fn shares(&self) -> Vec<f64> {
        let mut shares = vec![0.0; self.classes];
        for &answer in &self.train_answers {
            shares[answer] += 1.0 / self.train_answers.len() as f64;
        }
        shares
    }
}

/// A classifier that is fitted and used at once.
pub trait Baseline: Sync {
    /// Fits the classifier on the proteins of `task` and gives the probabilities of the
    /// answers for the proteins `rows` (rows x classes), which may be of any part.
    ///
    /// # Errors
    /// If the user asked to stop.
    fn probabilities(
        &self,
        task: &Task<'_>,
        rows: &[usize],
        progress: &dyn Progress,
    ) -> Result<Vec<f64>>;

    /// Probabilities of the proteins `rows`, after fitting on `data`; scaled by the temperature
    /// that fits the validation part best, as those of the networks are. Where the labels
    /// tell no two classes, those of the classes are `None`.
    ///
    /// # Errors
    /// As [`Baseline::probabilities`].
    fn scores(
        &self,
        data: BaselineData<'_>,
        rows: &[usize],
        progress: &dyn Progress,
    ) -> Result<Vec<ProteinScores>> {
        let tf = Task::new(data, 2, |label| Some(label.tf.into()));
        let classes = Task::new(data, CLASSES, |label| Some(label.class?.index()));
        let mut scores = vec![
            ProteinScores {
                p_tf: None,
                p_class: None
            };
            rows.len()
        ];
        if let Some(task) = tf {
            let p = self.calibrated(&task, rows, progress)?;
            for (scores, p) in scores.iter_mut().zip(p.as_chunks::<2>().0) {
                scores.p_tf = Some(p[1]);
            }
        }
        if let Some(task) = classes {
            let p = self.calibrated(&task, rows, progress)?;
            for (scores, p) in scores.iter_mut().zip(p.as_chunks::<CLASSES>().0) {
                scores.p_class = Some(*p);
            }
        }
        Ok(scores)
    }

    /// [`Baseline::probabilities`] scaled by temperature.
    ///
    /// # Errors
    /// As there.
    fn calibrated(
        &self,
        task: &Task<'_>,
        rows: &[usize],
        progress: &dyn Progress,
    ) -> Result<Vec<f64>> {
        let all = task.with_validation(rows);
        let mut logs = self.probabilities(task, &all, progress)?;
        for p in &mut logs {
            *p = logarithm(*p);
        }
        let (validation, logs) = logs.split_at_mut(task.validation.len() * task.classes);
        // Where validation does not determine it, probabilities stay as they are.
        let temperature =
            temperature_multiclass(validation, &task.validation_answers, task.classes)
                .unwrap_or(1.0);
        for row in logs.chunks_exact_mut(task.classes) {
            for log in row.iter_mut() {
                *log /= temperature;
            }
            softmax(row);
        }
        Ok(logs.to_vec())
    }
}

/// Nothing is impossible: a logarithm of 0 could not be scaled.
pub(crate) fn logarithm(p: f64) -> f64 {
    p.max(1e-12).ln()
}

/// Logits to probabilities.
fn softmax(row: &mut [f64]) {
    let most = row.iter().copied().fold(f64::MIN, f64::max);
    let mut sum = 0.0;
    for value in row.iter_mut() {
        *value = (*value - most).exp();
        sum += *value;
    }
    for value in row {
        *value /= sum;
    }
}

/// Mean negative logarithm of the probabilities of `answers`.
pub(crate) fn loss(probabilities: &[f64], answers: &[usize], classes: usize) -> f64 {
    let sum: f64 = probabilities
        .chunks_exact(classes)
        .zip(answers)
        .map(|(row, &answer)| -row[answer].max(1e-12).ln())
        .sum();
    sum / answers.len() as f64
}

#[cfg(test)]
mod tests;
