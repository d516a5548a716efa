//! How a network for proteins is trained.

use bindscape_base::{Error, Result};
use serde::{Deserialize, Serialize};

use super::config::ProteinNetworkKind;
use super::loss::ClassWeights;

/// Hyper-parameters of a training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProteinTrainOptions {
    /// Proteins per batch.
    pub batch_size: usize,
    /// Learning rate of Adam.
    pub learning_rate: f64,
    /// Training ends after so many epochs,
    pub max_epochs: u32,
    /// or after so many in a row without a smaller calibrated validation loss.
    pub patience: Option<u32>,
    /// Factors of the losses of the transcription-factor head and the domain head, where a
    /// network has both.
    pub loss_weights: [f64; 2],
    /// How much the proteins of a class count.
    pub class_weights: ClassWeights,
    /// Batches whose proteins are sorted by length together; 1 leaves them shuffled.
    pub neighbours: usize,
    /// Seed of weights, order of proteins and dropout.
    pub seed: u64,
    /// Fewest seconds between two checkpoints, which lie between epochs. The weights of a
    /// training do not depend on it.
    #[serde(skip, default = "checkpoint_seconds")]
    pub checkpoint_seconds: f64,
}

/// A checkpoint holds the weights four times: some hundred megabytes.
fn checkpoint_seconds() -> f64 {
    60.0
}

impl ProteinTrainOptions {
    /// The defaults. For the paper's network and its twins those of the paper: 40 epochs,
    /// batches of 64, learning rate 0.0001 (paper, "Experimental settings"), and loss weights 0.7
    /// and 0.3, which its first author's later public code uses; the epoch with the smallest
    /// validation loss after calibration wins.
    ///
    /// For DeepTFactor those of its authors' public training program: Adam with learning rate
    /// 0.001, batches of 32, at most 30 epochs, patience 5.
    #[must_use]
    pub fn new(kind: ProteinNetworkKind, seed: u64) -> Self {
        let paper = Self {
            batch_size: 64,
            learning_rate: 1e-4,
            max_epochs: 40,
            patience: None,
            loss_weights: [0.7, 0.3],
            class_weights: ClassWeights::None,
            neighbours: 32,
            seed,
            checkpoint_seconds: checkpoint_seconds(),
        };
        match kind {
            ProteinNetworkKind::DeepTFactor => Self {
                batch_size: 32,
                learning_rate: 1e-3,
                max_epochs: 30,
                patience: Some(5),
                // Its batches are of full length whatever their proteins.
                neighbours: 1,
                ..paper
            },
            _ => paper,
        }
    }

    /// The defaults for encodings of the residues themselves, one-hot or physico-chemical:
    /// those of [`ProteinTrainOptions::new`], but for the paper's networks a learning rate of 0.002
    /// where they learn classes and 0.0005 where they do not, and loss weights 0.3 and 0.7. The
    /// paper's rate is for features that a language model has learned; with it, these are still far
    /// from their smallest validation loss after 40 epochs. And the classes, which are harder to
    /// learn from them, suffer from the other weights, while transcription factors are recognised
    /// as well with these. They have the smallest loss on the validation part of one fold of the
    /// eukaryotic set, whose test part had no say (docs/proteins.md).
    #[must_use]
    pub fn for_encoding(kind: ProteinNetworkKind, seed: u64) -> Self {
        let learning_rate = match kind {
            ProteinNetworkKind::MultiTask | ProteinNetworkKind::Domain => 2e-3,
            ProteinNetworkKind::Tf => 5e-4,
            ProteinNetworkKind::DeepTFactor => return Self::new(kind, seed),
        };
        Self {
            learning_rate,
            loss_weights: [0.3, 0.7],
            ..Self::new(kind, seed)
        }
    }

    /// Checks the ranges.
    ///
    /// # Errors
    /// If an option makes no sense; the message names it.
    pub fn validate(&self) -> Result<()> {
        if self.batch_size < 2 {
            return Err(Error::argument(
                "batch_size",
                "at least 2",
                self.batch_size.to_string(),
            ));
        }
        if !(self.learning_rate > 0.0 && self.learning_rate.is_finite()) {
            return Err(Error::argument(
                "learning_rate",
                "a number above 0",
                self.learning_rate.to_string(),
            )
            .hint("the paper uses 0.0001"));
        }
        if self.max_epochs == 0 {
            return Err(Error::argument("max_epochs", "at least 1", "0"));
        }
        if self.patience == Some(0) {
            return Err(Error::argument("patience", "at least 1", "0")
                .hint("leave the option away to train all epochs"));
        }
        let weights = self.loss_weights;
        let fits = weights.iter().all(|&w| w >= 0.0 && w.is_finite());
        if !fits || weights == [0.0; 2] {
            return Err(Error::argument(
                "loss_weights",
                "two numbers of at least 0, not both 0",
                format!("{},{}", weights[0], weights[1]),
            ));
        }
        if self.neighbours == 0 {
            return Err(Error::argument("neighbours", "at least 1", "0"));
        }
        if self.checkpoint_seconds.is_nan() || self.checkpoint_seconds < 0.0 {
            return Err(Error::argument(
                "checkpoint_seconds",
                "a number of seconds of at least 0",
                self.checkpoint_seconds.to_string(),
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_makes_no_sense_is_refused_by_name() {
        let refused = |change: &dyn Fn(&mut ProteinTrainOptions), option: &str| {
            let mut options = ProteinTrainOptions::new(ProteinNetworkKind::MultiTask, 0);
            options.validate().unwrap();
            change(&mut options);
            let message = options.validate().unwrap_err().to_string();
            assert!(
                message.starts_with(&format!("{option}: expected")),
                "{message}"
            );
        };
        refused(&|o| o.batch_size = 1, "batch_size");
        refused(&|o| o.learning_rate = f64::NAN, "learning_rate");
        refused(&|o| o.max_epochs = 0, "max_epochs");
        refused(&|o| o.patience = Some(0), "patience");
        refused(&|o| o.loss_weights = [0.0, 0.0], "loss_weights");
        refused(&|o| o.loss_weights = [0.7, -0.3], "loss_weights");
        refused(&|o| o.neighbours = 0, "neighbours");
        refused(&|o| o.checkpoint_seconds = -1.0, "checkpoint_seconds");
    }
}
