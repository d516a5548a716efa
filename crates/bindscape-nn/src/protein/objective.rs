//! Transcription factors and their classes as the objective of a training: batches, the
//! validation after an epoch, and the temperatures that validation determines at the end.

use bindscape_base::Result;
use bindscape_base::progress::{Progress, Unshown};
use bindscape_protein::{Features, Label};
use serde::{Deserialize, Serialize};

use super::calibration::{Calibration, temperature_of_classes};
use super::config::ProteinNetwork;
use super::forward::Batch;
use super::loss::{Logits, Loss, Task};
use super::options::ProteinTrainOptions;
use super::{batches, predict};
use crate::network::{Dropout, Network};
use crate::train::checkpoint::Epoch;
use crate::train::scale::Gradients;
use crate::train::step::Learner;
use crate::train::trainer::{Objective, TrainedEpoch};

/// Proteins to train and validate on.
#[derive(Clone, Copy)]
pub struct ProteinData<'a> {
    /// Features of all proteins.
    pub features: &'a dyn Features,
    /// Labels of all proteins, in the same order.
    pub labels: &'a [Label],
    /// Proteins to train on.
    pub train: &'a [usize],
    /// Proteins to validate on: they choose the epoch and the temperatures.
    pub validation: &'a [usize],
}

/// One line of `epochs.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProteinEpoch {
    /// Epoch, from 1.
    pub epoch: u32,
    /// Mean loss over the epoch's batches.
    pub train_loss: f64,
    /// Loss on the validation part, the weighted sum of those of the heads.
    pub validation_loss: f64,
    /// The same with the temperatures that fit the validation part best, as a model made of this
    /// epoch would have them. Confidence that grows faster than what is known makes the other
    /// loss rise while answers still get better. The smallest one wins.
    pub validation_calibrated_loss: f64,
    /// Loss of the transcription-factor head there.
    pub validation_tf_loss: Option<f64>,
    /// Loss of the domain head there.
    pub validation_domain_loss: Option<f64>,
    /// Area under the precision-recall curve of the transcription-factor head there.
    pub validation_tf_aucpr: Option<f64>,
    /// Share of proteins of known class there whose class has the largest probability.
    pub validation_domain_accuracy: Option<f64>,
    /// Whether this is the best epoch so far.
    pub best: bool,
    /// Wall time of the epoch in seconds.
    pub seconds: f64,
    /// Proteins trained on per second.
    pub sequences_per_second: f64,
}

impl Epoch for ProteinEpoch {
    fn number(&self) -> u32 {
        self.epoch
    }

    fn best(&self) -> bool {
        self.best
    }
}

/// Proteins to train and validate on, and what is to be learned of them.
pub(super) struct Proteins<'a> {
    network: &'a ProteinNetwork,
    data: ProteinData<'a>,
    options: &'a ProteinTrainOptions,
    task: Task<'a>,
}

impl<'a> Proteins<'a> {
    pub(super) fn new(
        network: &'a ProteinNetwork,
        data: ProteinData<'a>,
        options: &'a ProteinTrainOptions,
    ) -> Self {
        Self {
            network,
            data,
            options,
            task: Task::new(
                network.heads(),
                data.labels,
                data.train,
                options.loss_weights,
                options.class_weights,
            ),
        }
    }

    /// Whether there is more than one class to learn.
    pub(super) fn has_classes(&self) -> bool {
        self.task.has_classes()
    }

    /// The calibration of a network by the validation part.
    ///
    /// # Errors
    /// If features cannot be read, or the user asked to stop.
    pub(super) fn calibration(
        &self,
        network: &Network,
        progress: &dyn Progress,
    ) -> Result<Calibration> {
        Ok(self.calibrate(&self.validate(network, progress)?))
    }

    /// What the network says of the validation part.
    fn validate(&self, network: &Network, progress: &dyn Progress) -> Result<Vec<Logits>> {
        let (features, rows) = (self.data.features, self.data.validation);
        predict::logits(self.network, network, features, rows, progress)
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
    fn calibrate(&self, logits: &[Logits]) -> Calibration {
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

impl Objective for Proteins<'_> {
    type Item = usize;
    type Batch = Batch;
    type Record = ProteinEpoch;

    fn batches(&self, epoch: u32) -> Vec<Vec<usize>> {
        let (features, options) = (self.data.features, self.options);
        batches::of_epoch(
            self.data.train,
            &|row| features.rows(row),
            options.batch_size,
            options.neighbours,
            options.seed,
            epoch,
        )
    }

    fn read(&self, proteins: &[usize]) -> Result<Batch> {
        Batch::read(self.network, self.data.features, proteins, true, 0)
    }

    fn differentiate(
        &self,
        learner: &mut Learner,
        proteins: &[usize],
        batch: Batch,
        dropout: Dropout,
    ) -> (f64, Gradients) {
        let (task, dropout) = (&self.task, Some(dropout));
        let (loss, gradients) =
            learner.differentiate_proteins(self.network, task, proteins, batch, dropout);
        (loss.total, gradients)
    }

    fn record(
        &self,
        network: &Network,
        epoch: &TrainedEpoch,
        best: Option<&ProteinEpoch>,
        progress: &dyn Progress,
    ) -> Result<ProteinEpoch> {
        let logits = self.validate(network, &Unshown(progress))?;
        let loss = self.loss(&logits);
        epoch.check(loss.total)?;
        let calibration = self.calibrate(&logits);
        let scaled: Vec<Logits> = logits.iter().map(|l| calibration.scaled(l)).collect();
        let calibrated = self.loss(&scaled).total;
        let aucpr = |tf: Vec<f32>| {
            let labels = self.labels(self.data.validation).map(|label| label.tf);
            bindscape_stats::aucpr(&tf, &labels.collect::<Vec<bool>>())
        };
        Ok(ProteinEpoch {
            epoch: epoch.number,
            train_loss: epoch.loss,
            validation_loss: loss.total,
            validation_calibrated_loss: calibrated,
            validation_tf_loss: loss.tf,
            validation_domain_loss: loss.domain,
            validation_tf_aucpr: tf_of(&logits).and_then(aucpr),
            validation_domain_accuracy: self.accuracy(&logits),
            best: best.is_none_or(|best| calibrated < best.validation_calibrated_loss),
            seconds: epoch.began.elapsed().as_secs_f64(),
            sequences_per_second: epoch.per_second,
        })
    }
}

/// Those of the transcription-factor head, if there is one.
fn tf_of(logits: &[Logits]) -> Option<Vec<f32>> {
    logits.iter().map(|logits| logits.tf).collect()
}
