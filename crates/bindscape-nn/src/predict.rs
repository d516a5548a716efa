//! Probabilities of binding for sequences.

use bindscape_base::progress::{Progress, check};
use bindscape_base::{Error, Result};
use bindscape_genome::sequence::{PackedSequences, Strand};
use burn::tensor::{Device, activation};
use serde::{Deserialize, Serialize};

use crate::encode;
use crate::model::Model;
use crate::network::{Network, Pass, to_vec};
use crate::precision::Precision;

/// The strands that a prediction looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strands {
    /// Both: the probability is the mean of the two strands' probabilities.
    #[default]
    Both,
    /// The sequence as given.
    Forward,
}

/// A model on a device, ready to predict.
#[derive(Debug, Clone)]
pub struct Predictor {
    network: Network,
    length: usize,
    outputs: usize,
}

impl Predictor {
    /// Puts `model` on `device`.
    #[must_use]
    pub fn new(model: &Model, device: &Device) -> Self {
        Self {
            network: Network::new(&model.architecture, &model.state, device),
            length: model.architecture.length(),
            outputs: model.architecture.outputs(),
        }
    }

    /// The same with products in another type; see [`DeviceChoice::open_for`] for whether
    /// a device computes in it.
    ///
    /// [`DeviceChoice::open_for`]: crate::DeviceChoice::open_for
    #[must_use]
    pub fn with_precision(self, precision: Precision) -> Self {
        Self {
            network: self.network.with_precision(precision),
            ..self
        }
    }

    /// The probability that each TF binds each sequence: one entry per sequence
    /// and TF, `[row * TFs + tf]`, in the order of `sequences`. `None` for the
    /// TFs of a sequence with letters other than A, C, G, T.
    ///
    /// `batch` sequences are computed at a time; the numbers do not depend on it
    /// beyond rounding. `progress` advances by one per sequence.
    ///
    /// # Errors
    /// If the sequences have another length than the model's, or the user asked to stop.
    pub fn predict(
        &self,
        sequences: &PackedSequences,
        strands: Strands,
        batch: usize,
        progress: &dyn Progress,
    ) -> Result<Vec<Option<f32>>> {
        if sequences.length() != self.length {
            return Err(Error::about(
                "sequences",
                format!(
                    "{} bp, the length that the model was trained on",
                    self.length
                ),
                format!("{} bp", sequences.length()),
            )
            .hint("resize the regions, or tile longer sequences"));
        }
        // On a thread of the pool: calls of kernels from outside would wake it up each time.
        rayon::scope(|_| self.predict_here(sequences, strands, batch, progress))
    }

    fn predict_here(
        &self,
        sequences: &PackedSequences,
        strands: Strands,
        batch: usize,
        progress: &dyn Progress,
    ) -> Result<Vec<Option<f32>>> {
        let mut out = vec![None; sequences.len() * self.outputs];
        let known: Vec<usize> = (0..sequences.len())
            .filter(|&row| !sequences.has_unknown(row))
            .collect();
        progress.advance((sequences.len() - known.len()) as u64);
        for rows in known.chunks(batch.max(1)) {
            check(progress)?;
            let probabilities = probabilities(&self.network, sequences, rows, strands);
            for (&row, values) in rows.iter().zip(probabilities.chunks_exact(self.outputs)) {
                let place = &mut out[row * self.outputs..(row + 1) * self.outputs];
                for (slot, &value) in place.iter_mut().zip(values) {
                    *slot = Some(value);
                }
            }
            progress.advance(rows.len() as u64);
        }
        Ok(out)
    }
}

impl Model {
    /// As [`Predictor::predict`], for a single call.
    ///
    /// # Errors
    /// As there.
    pub fn predict(
        &self,
        sequences: &PackedSequences,
        strands: Strands,
        batch: usize,
        device: &Device,
        progress: &dyn Progress,
    ) -> Result<Vec<Option<f32>>> {
        Predictor::new(self, device).predict(sequences, strands, batch, progress)
    }
}

/// Probabilities `[rows, outputs]` of sequences without unknown letters.
fn probabilities(
    network: &Network,
    sequences: &PackedSequences,
    rows: &[usize],
    strands: Strands,
) -> Vec<f32> {
    let of = |strand: Strand| {
        let items: Vec<_> = rows.iter().map(|&row| (row, strand)).collect();
        let x = encode::one_hot(sequences, &items, network.device());
        activation::sigmoid(network.forward(x, Pass::prediction()).logits)
    };
    match strands {
        Strands::Forward => to_vec(of(Strand::Forward)),
        Strands::Both => to_vec((of(Strand::Forward) + of(Strand::Reverse)) / 2.0),
    }
}
