//! From logits to probabilities that mean what they say: temperature scaling (Guo et al.,
//! 2017, "On calibration of modern neural networks", section 4.2) and another share of
//! transcription factors than in training.

use bindscape_protein::{CLASSES, ProteinClass, prior_shift};
use serde::{Deserialize, Serialize};

use super::loss::{Logits, sigmoid, softmax};

/// What turns the logits of a model into probabilities.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Calibration {
    /// What the logit of the transcription-factor head is divided by; `None` where it is not
    /// determined, which leaves the logit as it is.
    pub tf_temperature: Option<f64>,
    /// The same for the domain head.
    pub domain_temperature: Option<f64>,
    /// Share of transcription factors in training, as the loss of the head weighed them;
    /// `None` if there were only these or none.
    pub tf_prior: Option<f64>,
    /// The same for the domain head.
    pub domain_prior: Option<f64>,
}

impl Calibration {
    /// Logits over the temperatures.
    pub(super) fn scaled(&self, logits: &Logits) -> Logits {
        let [tf, domain] = [self.tf_temperature, self.domain_temperature].map(|t| t.unwrap_or(1.0));
        let over = |logit: f32, temperature: f64| (f64::from(logit) / temperature) as f32;
        Logits {
            tf: logits.tf.map(|logit| over(logit, tf)),
            classes: logits
                .classes
                .map(|logits| logits.map(|logit| over(logit, domain))),
        }
    }

    /// The probability that a protein is a transcription factor. `prior` is the share of
    /// transcription factors among the proteins in question: the odds are multiplied by its odds over
    /// those of the training. Without it, or if the share in training is not known, they stay.
    ///
    /// ```
    /// use bindscape_nn::protein::Calibration;
    ///
    /// let half = Calibration { tf_prior: Some(0.5), ..Calibration::default() };
    /// assert_eq!(half.tf(0.0, None), 0.5);
    /// assert!((half.tf(0.0, Some(0.05)) - 0.05).abs() < 1e-12);
    /// ```
    #[must_use]
    pub fn tf(&self, logit: f32, prior: Option<f64>) -> f64 {
        let scaled = f64::from(logit) / self.tf_temperature.unwrap_or(1.0);
        sigmoid(scaled + prior_shift(self.tf_prior, prior))
    }

    /// The probabilities of the classes. With a `prior` those of all kinds of transcription factors
    /// are multiplied by one factor, and all divided by their sum.
    #[must_use]
    pub fn classes(&self, logits: &[f32; CLASSES], prior: Option<f64>) -> [f64; CLASSES] {
        let temperature = self.domain_temperature.unwrap_or(1.0);
        let shift = prior_shift(self.domain_prior, prior);
        let mut scaled = logits.map(|logit| (f64::from(logit) / temperature) as f32);
        for class in ProteinClass::ALL.into_iter().filter(|class| class.is_tf()) {
            scaled[class.index()] += shift as f32;
        }
        softmax(&scaled)
    }
}

/// The temperature with which the logits of the domain head have the smallest cross-entropy on
/// `labels`; `None` as in [`bindscape_stats::temperature`].
///
/// # Panics
/// If there are not as many labels as rows of logits.
#[must_use]
pub fn temperature_of_classes(logits: &[[f32; CLASSES]], labels: &[ProteinClass]) -> Option<f64> {
    let labels: Vec<usize> = labels.iter().map(|class| class.index()).collect();
    bindscape_stats::temperature_multiclass(logits.as_flattened(), &labels, CLASSES)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn temperatures_undo_a_scale() {
        // p = 3/7 for the favoured class and 1/7 for each other: calibrated at ln 3.
        let right = 3_f32.ln();
        let mut rows = Vec::new();
        let mut classes = Vec::new();
        for (index, class) in ProteinClass::ALL.into_iter().enumerate() {
            for _ in 0..if index == 0 { 3 } else { 1 } {
                rows.push([right, 0.0, 0.0, 0.0, 0.0]);
                classes.push(class);
            }
        }
        let found = temperature_of_classes(&rows, &classes).unwrap();
        assert!((found - 1.0).abs() < 1e-5, "{found}");
        let five_times = rows
            .iter()
            .map(|row| row.map(|x| 5.0 * x))
            .collect::<Vec<_>>();
        let found = temperature_of_classes(&five_times, &classes).unwrap();
        assert!((found - 5.0).abs() < 1e-5, "{found}");
        assert_eq!(temperature_of_classes(&rows[..3], &classes[..3]), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn priors_change_odds_alone(
            logit in -8f32..8.0,
            logits in prop::array::uniform5(-4f32..4.0),
            training in 0.05f64..0.95,
            prior in 0.01f64..0.99,
        ) {
            let calibration = Calibration {
                tf_prior: Some(training),
                domain_prior: Some(training),
                ..Calibration::default()
            };
            let odds = |p: f64| p / (1.0 - p);
            let ratio = odds(prior) / odds(training);
            let (before, after) = (calibration.tf(logit, None), calibration.tf(logit, Some(prior)));
            prop_assert!((odds(after) / odds(before) / ratio - 1.0).abs() < 1e-6);
            let same = calibration.tf(logit, Some(training));
            prop_assert!((same - before).abs() < 1e-12);
            let (before, after) =
                (calibration.classes(&logits, None), calibration.classes(&logits, Some(prior)));
            prop_assert!((after.iter().sum::<f64>() - 1.0).abs() < 1e-9);
            let tf = |p: &[f64; CLASSES]| p[..CLASSES - 1].iter().sum::<f64>() / p[CLASSES - 1];
            prop_assert!((tf(&after) / tf(&before) / ratio - 1.0).abs() < 1e-4);
            // The order among transcription factors stays.
            prop_assert!((after[0] * before[1] - after[1] * before[0]).abs() < 1e-6);
        }
    }
}
