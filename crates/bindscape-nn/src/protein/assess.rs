//! How good probabilities of proteins are.

use bindscape_protein::{CLASSES, Label, ProteinClass, ProteinScores};
use bindscape_stats as stats;
use bindscape_stats::{ClassConfusion, Confusion};
use serde::{Deserialize, Serialize};

/// Bins of the expected calibration error.
pub const CALIBRATION_BINS: usize = 15;

/// Metrics of "transcription factor or not". What the data do not define is `None`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TfAssessment {
    /// Proteins.
    pub proteins: u64,
    /// Transcription factors among them.
    pub positives: u64,
    /// Share of right answers.
    pub accuracy: Option<f64>,
    /// Share of the transcription factors that are found.
    pub sensitivity: Option<f64>,
    /// Share of the others that are called so.
    pub specificity: Option<f64>,
    /// Share of transcription factors among those called so.
    pub precision: Option<f64>,
    /// Harmonic mean of precision and sensitivity.
    pub f1: Option<f64>,
    /// Matthews correlation coefficient.
    pub mcc: Option<f64>,
    /// Area under the receiver operating characteristic.
    pub auroc: Option<f64>,
    /// Area under the precision-recall curve.
    pub auprc: Option<f64>,
    /// Mean squared error of the probability.
    pub brier: Option<f64>,
    /// Expected calibration error, [`CALIBRATION_BINS`] bins.
    pub ece: Option<f64>,
    /// Mean negative logarithm of the probability of the truth.
    pub log_loss: Option<f64>,
}

impl TfAssessment {
    /// Of proteins that are called transcription factors from `threshold` on; `None` if
    /// one has no such probability.
    #[must_use]
    pub fn of(scores: &[ProteinScores], labels: &[Label], threshold: f64) -> Option<Self> {
        let p: Vec<f64> = scores
            .iter()
            .map(|score| score.p_tf)
            .collect::<Option<_>>()?;
        let labels: Vec<bool> = labels.iter().map(|label| label.tf).collect();
        let counts = Confusion::at(&p, &labels, threshold)?;
        Some(Self {
            proteins: labels.len() as u64,
            positives: counts.true_positives + counts.false_negatives,
            accuracy: counts.accuracy(),
            sensitivity: counts.recall(),
            specificity: counts.specificity(),
            precision: counts.precision(),
            f1: counts.f1(),
            mcc: counts.mcc(),
            auroc: stats::auroc(&p, &labels),
            auprc: stats::aucpr(&p, &labels),
            brier: stats::brier(&p, &labels),
            ece: stats::expected_calibration_error(&p, &labels, CALIBRATION_BINS),
            log_loss: stats::log_loss(&p, &labels),
        })
    }
}

/// Metrics of one class against the rest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OneClass {
    /// The class.
    pub class: ProteinClass,
    /// Its proteins.
    pub proteins: u64,
    /// Share of its proteins among those called so.
    pub precision: Option<f64>,
    /// Share of its proteins that are called so.
    pub recall: Option<f64>,
    /// Harmonic mean of the two.
    pub f1: Option<f64>,
    /// Area under the receiver operating characteristic.
    pub auroc: Option<f64>,
    /// Area under the precision-recall curve.
    pub auprc: Option<f64>,
}

/// Metrics of the five classes, over the proteins whose class is known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClassAssessment {
    /// Proteins of known class.
    pub proteins: u64,
    /// Actual by predicted class.
    pub confusion: Vec<Vec<u64>>,
    /// Share of right answers.
    pub accuracy: Option<f64>,
    /// Matthews correlation coefficient of several classes.
    pub mcc: Option<f64>,
    /// Mean over the classes.
    pub macro_precision: Option<f64>,
    /// Mean over the classes.
    pub macro_recall: Option<f64>,
    /// Mean over the classes.
    pub macro_f1: Option<f64>,
    /// Mean over the classes.
    pub macro_auroc: Option<f64>,
    /// Mean over the classes.
    pub macro_auprc: Option<f64>,
    /// Mean squared distance of the probabilities from the truth, 0 to 2.
    pub brier: Option<f64>,
    /// Expected calibration error of the most probable class, [`CALIBRATION_BINS`] bins.
    pub ece: Option<f64>,
    /// Mean negative logarithm of the probability of the truth.
    pub log_loss: Option<f64>,
    /// Each class against the rest.
    pub classes: Vec<OneClass>,
}

impl ClassAssessment {
    /// `None` if no class is known, or a protein has no probabilities of classes.
    #[must_use]
    pub fn of(scores: &[ProteinScores], labels: &[Label]) -> Option<Self> {
        let mut p: Vec<f64> = Vec::new();
        let mut truth: Vec<usize> = Vec::new();
        for (score, label) in scores.iter().zip(labels) {
            if let Some(class) = label.class {
                p.extend(score.p_class?);
                truth.push(class.index());
            }
        }
        // A set of transcription factors of unknown kind and other proteins is no
        // test of classes.
        let first = *truth.first()?;
        if truth.iter().all(|&class| class == first) {
            return None;
        }
        let counts = ClassConfusion::new(&truth, &stats::most_probable(&p, CLASSES)?, CLASSES);
        let auroc = stats::one_against_rest(&p, &truth, CLASSES, stats::auroc);
        let auprc = stats::one_against_rest(&p, &truth, CLASSES, stats::aucpr);
        let one = |class: ProteinClass| {
            let index = class.index();
            let counts = counts.class(index);
            OneClass {
                class,
                proteins: counts.true_positives + counts.false_negatives,
                precision: counts.precision(),
                recall: counts.recall(),
                f1: counts.f1(),
                auroc: auroc[index],
                auprc: auprc[index],
            }
        };
        let row = |actual| {
            (0..CLASSES)
                .map(|called| counts.count(actual, called))
                .collect()
        };
        Some(Self {
            proteins: truth.len() as u64,
            confusion: (0..CLASSES).map(row).collect(),
            accuracy: counts.accuracy(),
            mcc: counts.mcc(),
            macro_precision: counts.macro_precision(),
            macro_recall: counts.macro_recall(),
            macro_f1: counts.macro_f1(),
            macro_auroc: stats::macro_mean(&auroc),
            macro_auprc: stats::macro_mean(&auprc),
            brier: stats::brier_multiclass(&p, &truth, CLASSES),
            ece: stats::expected_calibration_error_multiclass(
                &p,
                &truth,
                CLASSES,
                CALIBRATION_BINS,
            ),
            log_loss: stats::log_loss_multiclass(&p, &truth, CLASSES),
            classes: ProteinClass::ALL.map(one).to_vec(),
        })
    }
}

/// Whether a protein is called a transcription factor: by its probability, or where a model has
/// none by its most probable class; `None` where it has neither.
#[must_use]
pub fn called_tf(score: &ProteinScores, threshold: f64) -> Option<bool> {
    match (score.p_tf, score.p_class) {
        (Some(p), _) => Some(p >= threshold),
        (None, Some(p)) => {
            Some(stats::most_probable(&p, CLASSES)?[0] != ProteinClass::NonTf.index())
        }
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn score(p_tf: Option<f64>, class: usize) -> ProteinScores {
        let mut p = [0.05; CLASSES];
        p[class] = 0.8;
        ProteinScores {
            p_tf,
            p_class: Some(p),
        }
    }

    #[test]
    fn both_tasks() {
        let labels: Vec<Label> = ProteinClass::ALL.map(Label::from).to_vec();
        // The last is wrong in both.
        let scores: Vec<_> = [0, 1, 2, 3, 3]
            .map(|class| score(Some(0.9), class))
            .to_vec();
        let tf = TfAssessment::of(&scores, &labels, 0.5).expect("probabilities");
        assert_eq!((tf.proteins, tf.positives), (5, 4));
        assert_eq!((tf.sensitivity, tf.specificity), (Some(1.0), Some(0.0)));
        assert_eq!((tf.accuracy, tf.mcc), (Some(0.8), None));
        let classes = ClassAssessment::of(&scores, &labels).expect("classes");
        assert_eq!(classes.accuracy, Some(0.8));
        assert_eq!(classes.confusion[4], [0, 0, 0, 1, 0]);
        assert_eq!(classes.classes[3].precision, Some(0.5));
        assert_eq!(classes.classes[4].precision, None);
        assert_eq!(classes.macro_precision, None);
        assert!((classes.macro_f1.expect("defined") - (3.0 + 2.0 / 3.0) / 5.0).abs() < 1e-12);
        assert_eq!(called_tf(&score(Some(0.4), 0), 0.5), Some(false));
        assert_eq!(called_tf(&score(None, 0), 0.5), Some(true));
        assert_eq!(called_tf(&score(None, 4), 0.5), Some(false));
    }

    #[test]
    fn without_classes() {
        let tf = Label {
            tf: true,
            class: None,
        };
        let labels = [tf, ProteinClass::NonTf.into()];
        let scores = [score(Some(0.9), 0), score(Some(0.2), 4)];
        assert!(ClassAssessment::of(&scores, &labels).is_none());
        assert_eq!(
            TfAssessment::of(&scores, &labels, 0.5)
                .expect("defined")
                .mcc,
            Some(1.0)
        );
        assert!(TfAssessment::of(&[score(None, 0)], &[tf], 0.5).is_none());
    }
}
