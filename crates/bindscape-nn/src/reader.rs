//! A readout that predicts, with the network that supports it.

use bindscape_genome::sequence::PackedSequences;
use burn::tensor::Device;
use rayon::prelude::*;

use crate::kmers::Counter;
use crate::model::{Companion, Model};
use crate::network::Network;
use crate::precision::Precision;
use crate::readout::{MotifFeatures, Readout, of_rows};
use crate::strands::Strands;

/// A readout made ready to predict.
#[derive(Debug, Clone)]
pub(crate) struct Reader {
    readout: Readout,
    scanner: MotifFeatures,
    companion: Option<CompanionNetwork>,
}

impl Reader {
    /// The reader of a model with a readout.
    pub(crate) fn of(model: &Model, device: &Device) -> Option<Self> {
        let readout = model.readout()?;
        let companion = model.companion();
        Some(Self {
            scanner: MotifFeatures::new(&readout.motifs),
            readout: readout.clone(),
            companion: companion.map(|companion| CompanionNetwork::new(companion, device)),
        })
    }

    /// The same with products of its companion in another type.
    pub(crate) fn with_precision(self, precision: Precision) -> Self {
        Self {
            companion: self
                .companion
                .map(|companion| companion.with_precision(precision)),
            ..self
        }
    }

    /// Probabilities of sequences without unknown letters.
    pub(crate) fn probabilities(
        &self,
        network: &Network,
        sequences: &PackedSequences,
        rows: &[usize],
        strands: Strands,
    ) -> Vec<f32> {
        let features = of_rows(network, &self.scanner, sequences, rows, strands);
        let words = self.words(sequences, rows);
        let mut log_odds: Vec<f64> = features
            .chunks_exact(self.readout.weights.len())
            .zip(words)
            .map(|(features, words)| self.readout.log_odds(features, words))
            .collect();
        if let Some(companion) = &self.companion {
            log_odds = companion.join(&log_odds, sequences, rows, strands);
        }
        let probability = |log_odds: f64| (1.0 / (1.0 + (-log_odds).exp())) as f32;
        log_odds.into_iter().map(probability).collect()
    }

    /// What the words of each sequence add to the log odds.
    fn words(&self, sequences: &PackedSequences, rows: &[usize]) -> Vec<f64> {
        let Some(weights) = &self.readout.words else {
            return vec![0.0; rows.len()];
        };
        rows.par_iter()
            .map_init(Counter::new, |counter, &row| {
                weights.log_odds(&counter.count(sequences, row))
            })
            .collect()
    }
}

/// A companion on a device.
#[derive(Debug, Clone)]
struct CompanionNetwork {
    network: Network,
    share: f64,
    constant: f64,
}

impl CompanionNetwork {
    fn new(companion: &Companion, device: &Device) -> Self {
        Self {
            network: companion.network(device),
            share: companion.share,
            constant: companion.constant,
        }
    }

    fn with_precision(self, precision: Precision) -> Self {
        Self {
            network: self.network.with_precision(precision),
            ..self
        }
    }

    /// The log odds of sequences without unknown letters, of which `log_odds` are the readout's.
    fn join(
        &self,
        log_odds: &[f64],
        sequences: &PackedSequences,
        rows: &[usize],
        strands: Strands,
    ) -> Vec<f64> {
        let own = self.network.log_odds(sequences, rows, strands);
        let pairs = log_odds.iter().zip(own);
        pairs
            .map(|(readout, own)| {
                (1.0 - self.share) * readout + self.share * (f64::from(own) + self.constant)
            })
            .collect()
    }
}
