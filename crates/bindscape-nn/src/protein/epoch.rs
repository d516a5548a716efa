//! An epoch of a training: batches, the validation after them, and the temperatures that
//! validation determines at the end.

use std::time::Instant;

use bindscape_base::progress::{Unshown, check};
use bindscape_base::{Error, Result};
use bindscape_protein::Label;

use super::calibration::{Calibration, temperature_of_classes};
use super::config::ProteinNetwork;
use super::forward::Batch;
use super::loss::{Logits, Loss, Task};
use super::options::ProteinTrainOptions;
use super::train::{ProteinData, ProteinEpoch, ProteinObserver};
use super::{batches, predict};
use crate::network::Dropout;
use crate::train::BatchReport;
use crate::train::checkpoint::Checkpoint;
use crate::train::step::Learner;

/// What every epoch goes over.
pub(super) struct Plan<'a> {
    pub(super) network: &'a ProteinNetwork,
    pub(super) data: ProteinData<'a>,
    pub(super) options: &'a ProteinTrainOptions,
    pub(super) task: Task<'a>,
}

impl Plan<'_> {
    /// The next epoch: every protein once, then validation.
    ///
    /// # Errors
    /// If the features cannot be read, the loss is no number, or the user asked to stop.
    pub(super) fn epoch(
        &self,
        learner: &mut Learner,
        state: &Checkpoint<ProteinEpoch>,
        observer: &dyn ProteinObserver,
    ) -> Result<ProteinEpoch> {
        let options = self.options;
        let features = self.data.features;
        let epoch = state.records.len() as u32 + 1;
        let epochs = options.max_epochs;
        let batches = batches::of_epoch(
            self.data.train,
            &|row| features.rows(row),
            options.batch_size,
            options.neighbours,
            options.seed,
            epoch,
        );
        let stage = if options.patience.is_some() {
            format!("epoch {epoch} of at most {epochs}")
        } else {
            format!("epoch {epoch} of {epochs}")
        };
        observer.begin(&stage, Some(batches.len() as u64));
        let began = Instant::now();
        let (mut sum, mut seen, mut number) = (0.0, 0, 0);
        let network = self.network;
        let read = |proteins: &Vec<usize>| Batch::read(network, features, proteins, true, 0);
        batches::ahead(&batches, read, |proteins, batch| {
            check(observer)?;
            number += 1;
            let dropout = Dropout {
                seed: options.seed,
                step: learner.step + 1,
            };
            let (loss, gradients) =
                learner.differentiate_proteins(network, &self.task, proteins, batch, Some(dropout));
            if !loss.total.is_finite() {
                return Err(diverged(epoch, number, loss.total));
            }
            learner.update(gradients, options.learning_rate);
            sum += loss.total;
            seen += proteins.len();
            observer.advance(1);
            observer.batch(&BatchReport {
                epoch,
                epochs,
                batch: number,
                batches: batches.len(),
                mean_loss: sum / number as f64,
                sequences_per_second: seen as f64 / began.elapsed().as_secs_f64(),
            });
            Ok(())
        })?;
        let sequences_per_second = seen as f64 / began.elapsed().as_secs_f64();
        let validation = self.data.validation;
        let logits = predict::logits(
            network,
            &learner.network,
            features,
            validation,
            &Unshown(observer),
        )?;
        let loss = self.loss(&logits);
        if !loss.total.is_finite() {
            return Err(diverged(epoch, batches.len(), loss.total));
        }
        let calibration = self.calibrate(&logits);
        let scaled: Vec<Logits> = logits.iter().map(|l| calibration.scaled(l)).collect();
        let calibrated = self.loss(&scaled).total;
        observer.finish();
        Ok(ProteinEpoch {
            epoch,
            train_loss: sum / batches.len() as f64,
            validation_loss: loss.total,
            validation_calibrated_loss: calibrated,
            validation_tf_loss: loss.tf,
            validation_domain_loss: loss.domain,
            validation_tf_aucpr: tf_of(&logits).and_then(|tf| {
                let labels: Vec<bool> = self.labels(validation).map(|label| label.tf).collect();
                bindscape_stats::aucpr(&tf, &labels)
            }),
            validation_domain_accuracy: self.accuracy(&logits),
            best: state
                .best_record()
                .is_none_or(|best| calibrated < best.validation_calibrated_loss),
            seconds: began.elapsed().as_secs_f64(),
            sequences_per_second,
        })
    }

    fn labels(&self, rows: &[usize]) -> impl Iterator<Item = Label> {
        rows.iter().map(|&row| self.data.labels[row])
    }

    /// Share of validation proteins of known class that are given their class.
    fn accuracy(&self, logits: &[Logits]) -> Option<f64> {
        let (mut right, mut all) = (0.0, 0.0);
        for (logits, label) in logits.iter().zip(self.labels(self.data.validation)) {
            let (Some(logits), Some(class)) = (logits.classes, label.class) else {
                continue;
            };
            all += 1.0;
            let own = logits[class.index()];
            if logits.iter().all(|&logit| logit <= own) {
                right += 1.0;
            }
        }
        (all > 0.0).then(|| right / all)
    }

    /// The loss on the validation part.
    fn loss(&self, logits: &[Logits]) -> Loss {
        let tf = tf_of(logits);
        let domain: Option<Vec<_>> = logits.iter().map(|logits| logits.classes).collect();
        let flat = domain.as_ref().map(|domain| domain.as_flattened());
        self.task.loss(self.data.validation, tf.as_deref(), flat)
    }

    /// Temperatures from the logits of the validation part, and the shares of the training part.
    pub(super) fn calibrate(&self, logits: &[Logits]) -> Calibration {
        let labels = || self.labels(self.data.validation);
        let tf = tf_of(logits);
        let known: Vec<bool> = labels().map(|label| label.tf).collect();
        let (domain, classes): (Vec<_>, Vec<_>) = logits
            .iter()
            .zip(labels())
            .filter_map(|(logits, label)| Some((logits.classes?, label.class?)))
            .unzip();
        Calibration {
            tf_temperature: tf.and_then(|tf| bindscape_stats::temperature(&tf, &known)),
            domain_temperature: temperature_of_classes(&domain, &classes),
            tf_prior: self.task.tf_prior(),
            domain_prior: self.task.domain_prior(),
        }
    }
}

/// Those of the transcription-factor head, if there is one.
fn tf_of(logits: &[Logits]) -> Option<Vec<f32>> {
    logits.iter().map(|logits| logits.tf).collect()
}

fn diverged(epoch: u32, batch: usize, loss: f64) -> Error {
    Error::argument(
        "learning_rate",
        "a training whose loss stays a number",
        format!("{loss} in epoch {epoch}, batch {batch}"),
    )
    .hint("try a tenth of the learning rate")
}
