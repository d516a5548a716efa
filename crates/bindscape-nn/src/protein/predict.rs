//! Scores of proteins.

use bindscape_base::Result;
use bindscape_base::progress::{Progress, check};
use bindscape_protein::Features;
use burn::tensor::Device;

use super::batches;
use super::calibration::Calibration;
use super::config::{CLASSES, ProteinNetwork};
use super::forward::{Batch, Input};
use super::loss::Logits;
use super::model::{Encoder, ProteinModel};
use crate::network::{Network, to_vec};

/// Proteins computed at a time.
const BATCH: usize = 64;

/// Probabilities of a protein.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ProteinScores {
    /// That it is a transcription factor; `None` where the network has no head for it.
    pub p_tf: Option<f64>,
    /// Of each class, in the order of [`ProteinClass::ALL`](bindscape_protein::ProteinClass::ALL).
    pub p_class: Option<[f64; CLASSES]>,
}

/// A model on a device, ready to score.
#[derive(Debug, Clone)]
pub struct ProteinPredictor {
    pub(crate) network: Network<ProteinNetwork>,
    pub(super) encoder: Encoder,
    calibration: Calibration,
}

impl ProteinPredictor {
    /// Puts the weights of `model` onto `device`.
    #[must_use]
    pub fn new(model: &ProteinModel, device: &Device) -> Self {
        Self {
            network: Network::for_proteins(&model.network, model.state.clone(), device),
            encoder: model.training.encoder.clone(),
            calibration: model.calibration,
        }
    }

    /// What the heads say of the proteins `rows`, in their order. What they say of a
    /// protein does not depend on the others (on the CPU bit for bit).
    ///
    /// # Errors
    /// If the features are not of the model's encoder or cannot be read, or the user asked
    /// to stop.
    pub fn logits(
        &self,
        features: &dyn Features,
        rows: &[usize],
        progress: &dyn Progress,
    ) -> Result<Vec<Logits>> {
        self.encoder.check(features)?;
        // On a thread of the pool: calls of kernels from outside would wake it up each time.
        rayon::scope(|_| logits(&self.network, features, rows, progress))
    }

    /// Probabilities of the proteins `rows`, in their order; `prior` as in [`Calibration::tf`].
    ///
    /// # Errors
    /// As [`ProteinPredictor::logits`].
    pub fn scores(
        &self,
        features: &dyn Features,
        rows: &[usize],
        prior: Option<f64>,
        progress: &dyn Progress,
    ) -> Result<Vec<ProteinScores>> {
        let logits = self.logits(features, rows, progress)?;
        Ok(logits
            .iter()
            .map(|logits| self.probabilities(logits, prior))
            .collect())
    }

    /// The probabilities of logits.
    #[must_use]
    pub fn probabilities(&self, logits: &Logits, prior: Option<f64>) -> ProteinScores {
        ProteinScores {
            p_tf: logits.tf.map(|logit| self.calibration.tf(logit, prior)),
            p_class: logits
                .classes
                .map(|logits| self.calibration.classes(&logits, prior)),
        }
    }
}

/// See [`ProteinPredictor::logits`]. Progress advances by the number of proteins done.
pub(crate) fn logits(
    network: &Network<ProteinNetwork>,
    features: &dyn Features,
    rows: &[usize],
    progress: &dyn Progress,
) -> Result<Vec<Logits>> {
    let architecture = &network.architecture;
    let company = |positions| architecture.company(positions);
    let batches = batches::by_length(rows, &|row| features.rows(row), &company, BATCH);
    let mut all = vec![
        Logits {
            tf: None,
            classes: None
        };
        rows.len()
    ];
    let read = |places: &Vec<usize>| {
        let proteins: Vec<usize> = places.iter().map(|&place| rows[place]).collect();
        Batch::read(architecture, features, &proteins, false, 0)
    };
    batches::ahead(&batches, read, |places, mut batch| {
        check(progress)?;
        let input = Input {
            x: batch.tensor(network.device()),
            rows: &batch.rows,
        };
        let outputs = network.run(input, false, None);
        if let Some(tf) = outputs.tf {
            for (&place, logit) in places.iter().zip(to_vec(tf)) {
                all[place].tf = Some(logit);
            }
        }
        if let Some(domain) = outputs.domain {
            let logits = to_vec(domain);
            for (&place, logits) in places.iter().zip(logits.as_chunks::<CLASSES>().0) {
                all[place].classes = Some(*logits);
            }
        }
        progress.advance(places.len() as u64);
        Ok(())
    })?;
    Ok(all)
}
