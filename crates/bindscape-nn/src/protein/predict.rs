//! Scores of proteins.

use bindscape_base::Result;
use bindscape_base::progress::{Progress, check};
use bindscape_protein::{CLASSES, Features, ProteinScores};
use burn::tensor::Device;

use super::batches;
use super::calibration::Calibration;
use super::config::ProteinNetwork;
use super::encoder::Encoder;
use super::forward::{self, Batch};
use super::loss::Logits;
use super::model::ProteinModel;
use crate::host::to_vec;
use crate::network::{Network, Traced, Tracer};
use crate::train::batches::ahead;

/// Proteins computed at a time.
const BATCH: usize = 64;

/// A model on a device, ready to score.
#[derive(Debug, Clone)]
pub struct ProteinPredictor {
    pub(super) config: ProteinNetwork,
    pub(super) network: Network,
    pub(super) encoder: Encoder,
    calibration: Calibration,
}

impl ProteinPredictor {
    /// Puts the weights of `model` onto `device`.
    #[must_use]
    pub fn new(model: &ProteinModel, device: &Device) -> Self {
        Self {
            config: model.network.clone(),
            network: model.network.on(&model.state, device),
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
        rayon::scope(|_| logits(&self.config, &self.network, features, rows, progress))
    }

    /// The network and its weights.
    #[must_use]
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// The network, to change its weights: what follows is of the changed one.
    pub fn network_mut(&mut self) -> &mut Network {
        &mut self.network
    }

    /// The activations of the layers named `layers` for the proteins `rows`, batch by batch:
    /// proteins of similar length together, so not in their order ([`Traced::rows`] says which are in
    /// a batch, as places in `rows`). Positions beyond the end of a protein are those of its
    /// batch. `progress` advances by one per protein.
    ///
    /// # Errors
    /// If there is no such layer, the features are not of the model's encoder or cannot be read,
    /// the user asked to stop, or `visit` fails.
    pub fn trace(
        &self,
        features: &dyn Features,
        rows: &[usize],
        layers: &[&str],
        progress: &dyn Progress,
        mut visit: impl FnMut(Traced) -> Result<()> + Send,
    ) -> Result<()> {
        self.encoder.check(features)?;
        let tracer = Tracer::new(&self.network, layers)?;
        rayon::scope(|_| {
            in_batches(&self.config, features, rows, |places, batch| {
                check(progress)?;
                visit(Traced {
                    rows: places.to_vec(),
                    activations: tracer.activations(batch.value(self.network.device())),
                })?;
                progress.advance(places.len() as u64);
                Ok(())
            })
        })
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
    config: &ProteinNetwork,
    network: &Network,
    features: &dyn Features,
    rows: &[usize],
    progress: &dyn Progress,
) -> Result<Vec<Logits>> {
    let mut all = vec![
        Logits {
            tf: None,
            classes: None
        };
        rows.len()
    ];
    in_batches(config, features, rows, |places, batch| {
        check(progress)?;
        let input = batch.value(network.device());
        let outputs = forward::predict(config, network, input);
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

/// Calls `take` with the proteins `rows` in batches for prediction, each with its places in `rows`.
fn in_batches(
    config: &ProteinNetwork,
    features: &dyn Features,
    rows: &[usize],
    mut take: impl FnMut(&[usize], Batch) -> Result<()>,
) -> Result<()> {
    let group = |positions| config.batch_group(positions);
    let batches = batches::by_length(rows, &|row| features.rows(row), &group, BATCH);
    let read = |places: &Vec<usize>| {
        let proteins: Vec<usize> = places.iter().map(|&place| rows[place]).collect();
        Batch::read(config, features, &proteins, false, 0)
    };
    ahead(&batches, read, |places, batch| take(places, batch))
}
