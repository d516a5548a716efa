//! In-silico mutagenesis of a readout: what an edit changes in the outputs of the multi-model, in the
//! motifs' windows, in the words, and in the network that supports it.

use bindscape_base::Result;
use burn::tensor::Device;
use rayon::prelude::*;

use super::{Attribution, Attributor, Example, Method, Number};
use crate::kmers::{Counter, WordWeights};
use crate::model::Model;
use crate::readout::MotifFeatures;
use crate::strands::Strands;

/// A model with a readout made ready for in-silico mutagenesis of its log odds.
///
/// All that the log odds add up is computed again for an edit, and only where the edit reaches it.
#[derive(Debug)]
pub struct ReadoutMutagenesis<R: Number = f32> {
    /// The outputs of the multi-model, weighed; the network that supports the readout, if any. Each
    /// with its share of the log odds.
    networks: Vec<(Attributor<R>, f64)>,
    scanner: MotifFeatures,
    /// Of the features of the scanner.
    weights: Vec<f64>,
    words: Option<WordWeights>,
    /// Share of motifs and words in the log odds.
    share: f64,
    /// What all sequences have.
    constant: f64,
}

impl<R: Number> ReadoutMutagenesis<R> {
    /// For the TF of `model`; `None` if that has no readout.
    ///
    /// # Errors
    /// If one of its networks has a layer without a rule of attribution.
    pub fn of(model: &Model) -> Result<Option<Self>> {
        let Some(readout) = model.readout() else {
            return Ok(None);
        };
        let length = model.architecture.length();
        let device = Device::flex();
        let supported = model.companion().map_or(0.0, |companion| companion.share);
        let share = 1.0 - supported;
        let of_outputs = readout.weights.len() - readout.outputs.len();
        let (weights, outputs) = readout.weights.split_at(of_outputs);
        let logits: Vec<(usize, f64)> = outputs.iter().copied().enumerate().collect();
        let network = model.network(&device);
        let mut networks = vec![(Attributor::of_sum(&network, length, &logits)?, share)];
        let mut constant = share * readout.constant;
        if let Some(companion) = model.companion() {
            let network = companion.network(&device);
            networks.push((Attributor::new(&network, length, 0)?, companion.share));
            constant += companion.share * companion.constant;
        }
        Ok(Some(Self {
            networks,
            scanner: MotifFeatures::new(&readout.motifs),
            weights: weights.to_vec(),
            words: readout.words.clone(),
            share,
            constant,
        }))
    }

    /// The change of the log odds for every base at every position of `sequences` (A 0, C 1, G 2,
    /// T 3), in their order, on the threads of the current pool; 0 for a sequence's own bases. With
    /// `centred`, less the mean of the four.
    ///
    /// The log odds are those that [`Predictor`](crate::Predictor) makes probabilities of, but for
    /// rounding.
    ///
    /// # Panics
    /// If sequences have another length than the model's, or hold other bases.
    #[must_use]
    pub fn attribute(
        &self,
        sequences: &[Vec<u8>],
        centred: bool,
        strands: Strands,
    ) -> Vec<Attribution> {
        let references = &[];
        let examples: Vec<Example<'_>> = (sequences.iter())
            .map(|bases| Example { bases, references })
            .collect();
        let mut found: Vec<(f64, Vec<f64>)> = sequences
            .par_iter()
            .map_init(Counter::new, |counter, bases| {
                self.mutate_sites(counter, bases, strands)
            })
            .collect();
        for (network, share) in &self.networks {
            let method = Method::Ism { centred: false };
            let of_network = network.attribute(&examples, method, strands);
            for ((output, changes), own) in found.iter_mut().zip(of_network) {
                *output += share * own.output;
                let pairs = changes.iter_mut().zip(own.hypothetical);
                pairs.for_each(|(change, own)| *change += share * own);
            }
        }
        let found = found.into_iter();
        found
            .map(|(output, changes)| Attribution::of_changes(output, changes, centred))
            .collect()
    }

    /// What motifs and words add to the log odds, with the constant, and the change for every base
    /// at every position.
    fn mutate_sites(
        &self,
        counter: &mut Counter,
        bases: &[u8],
        strands: Strands,
    ) -> (f64, Vec<f64>) {
        let mut changes = vec![0.0; 4 * bases.len()];
        let mut log_odds = self
            .scanner
            .mutate(bases, strands, &self.weights, &mut changes);
        if let Some(words) = &self.words {
            log_odds += counter.mutate(bases, words, &mut changes);
        }
        changes.iter_mut().for_each(|change| *change *= self.share);
        (self.constant + self.share * log_odds, changes)
    }
}
