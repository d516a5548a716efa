//! Features of sequences for a readout, and how it is fitted to them.

use bindscape_base::progress::{Progress, check};
use bindscape_base::{Error, Result};
use bindscape_genome::sequence::PackedSequences;
use bindscape_stats::{DenseRows, Design as _, LogisticRegression, SideBySide};
use burn::tensor::Device;
use serde::{Deserialize, Serialize};

use crate::kmers::{WordCounts, WordWeights};
use crate::model::Model;
use crate::network::Network;
use crate::precision::Precision;
use crate::readout::{MotifFeatures, PER_MOTIF, Readout, ReadoutMotif, of_rows};
use crate::strands::Strands;

/// What features are computed from: the outputs of a multi-model, and motifs.
#[derive(Debug, Clone)]
pub struct FeatureSource {
    network: Network,
    motifs: Vec<ReadoutMotif>,
    scanner: MotifFeatures,
    length: usize,
    outputs: usize,
}

impl FeatureSource {
    /// The outputs of `model` on `device`, with `motifs`.
    #[must_use]
    pub fn new(model: &Model, motifs: Vec<ReadoutMotif>, device: &Device) -> Self {
        Self {
            network: model.network(device),
            scanner: MotifFeatures::new(&motifs),
            motifs,
            length: model.architecture.length(),
            outputs: model.architecture.outputs(),
        }
    }

    /// The same with products in another type.
    #[must_use]
    pub fn with_precision(mut self, precision: Precision) -> Self {
        self.network = self.network.with_precision(precision);
        self
    }

    /// Features per sequence.
    #[must_use]
    pub fn columns(&self) -> usize {
        PER_MOTIF * self.motifs.len() + self.outputs
    }

    /// The features of `sequences`, `batch` of them computed at a time: of each motif the natural
    /// logarithm of its summed odds over all windows, and of its best window; then the log odds of
    /// each output. `progress` advances by one per sequence.
    ///
    /// # Shapes
    /// `[sequences, columns]`; a sequence with letters other than A, C, G, T is NaN
    ///
    /// # Errors
    /// If the sequences have another length than the model's, or the user asked to stop.
    pub fn features(
        &self,
        sequences: &PackedSequences,
        strands: Strands,
        batch: usize,
        progress: &dyn Progress,
    ) -> Result<Vec<f32>> {
        if sequences.length() != self.length {
            return Err(Error::about(
                "sequences",
                format!("{} bp, the length of the model", self.length),
                format!("{} bp", sequences.length()),
            ));
        }
        rayon::scope(|_| {
            let columns = self.columns();
            let mut features = vec![f32::NAN; sequences.len() * columns];
            let known: Vec<usize> = (0..sequences.len())
                .filter(|&row| !sequences.has_unknown(row))
                .collect();
            progress.advance((sequences.len() - known.len()) as u64);
            for rows in known.chunks(batch.max(1)) {
                check(progress)?;
                let found = of_rows(&self.network, &self.scanner, sequences, rows, strands);
                for (&row, found) in rows.iter().zip(found.chunks_exact(columns)) {
                    features[row * columns..][..columns].copy_from_slice(found);
                }
                progress.advance(rows.len() as u64);
            }
            Ok(features)
        })
    }

    /// Fits a readout to `features`, one row per label, and to the words of `sequences`, one per
    /// label, too.
    ///
    /// # Errors
    /// If a feature is not a number, the labels are all the same, or the user asked to stop.
    pub fn fit(
        &self,
        outputs: &[String],
        features: &[f32],
        sequences: &[&PackedSequences],
        labels: &[bool],
        penalty: Penalty,
        progress: &dyn Progress,
    ) -> Result<Readout> {
        let columns = self.columns();
        assert_eq!(outputs.len(), self.outputs, "a name for each output");
        assert_eq!(
            features.len(),
            labels.len() * columns,
            "a row for each label"
        );
        if features.iter().any(|feature| !feature.is_finite()) {
            return Err(
                Error::about("the features", "numbers", "a row without them")
                    .hint("leave out sequences with letters other than A, C, G and T"),
            );
        }
        if labels.iter().all(|&label| label) || !labels.iter().any(|&label| label) {
            return Err(Error::about(
                "the labels",
                "bound and unbound regions",
                "one kind",
            ));
        }
        let scales: Vec<(f64, f64)> = (0..columns)
            .map(|at| scale(features, columns, at))
            .collect();
        let standard: Vec<f32> = features
            .chunks_exact(columns)
            .flat_map(|row| standardised(row, &scales))
            .collect();
        let mut words = WordCounts::new();
        for sequences in sequences {
            let rows: Vec<usize> = (0..sequences.len()).collect();
            words.extend(sequences, &rows, progress)?;
        }
        assert_eq!(words.rows(), labels.len(), "a sequence for each label");
        let of_motifs = PER_MOTIF * self.motifs.len();
        let mut penalties = vec![penalty.motifs; of_motifs];
        penalties.resize(columns, penalty.outputs);
        penalties.resize(columns + words.columns(), penalty.words);
        let dense = DenseRows::new(&standard, labels.len(), columns);
        let design = SideBySide(&dense, &words);
        let fitted =
            LogisticRegression::fit_design(&design, labels, &penalties, || check(progress))?;
        let (effects, of_words) = fitted.weights.split_at(columns);
        // Weights of the features as they are.
        let mut constant = fitted.constant;
        let weights = effects.iter().zip(&scales);
        let weights: Vec<f64> = weights
            .map(|(weight, (mean, deviation))| {
                constant -= weight * mean / deviation;
                weight / deviation
            })
            .collect();
        Ok(Readout {
            outputs: outputs.to_vec(),
            motifs: self.motifs.clone(),
            weights,
            effects: effects.to_vec(),
            words: Some(WordWeights::new(of_words, &words)),
            constant,
        })
    }
}

/// How strongly weights are held at 0, in the units of [`LogisticRegression::fit`] on features of
/// standard deviation 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Penalty {
    /// Those of the motifs.
    pub motifs: f64,
    /// Those of the multi-model's outputs.
    pub outputs: f64,
    /// Those of the words, whose counts in a sequence are a vector of length 1.
    pub words: f64,
}

impl Default for Penalty {
    /// Chosen on a third of the TFs of bench/few-shot, none of which its tables report.
    fn default() -> Self {
        Self {
            motifs: 6.25,
            outputs: 100.0,
            words: 0.5,
        }
    }
}

/// Mean and standard deviation of a column; a constant one has the deviation 1.
fn scale(features: &[f32], columns: usize, at: usize) -> (f64, f64) {
    let values: Vec<f64> = features
        .iter()
        .skip(at)
        .step_by(columns)
        .map(|&value| f64::from(value))
        .collect();
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values
        .iter()
        .map(|value| (value - mean).powi(2))
        .sum::<f64>()
        / n;
    let deviation = variance.sqrt();
    (mean, if deviation > 1e-9 { deviation } else { 1.0 })
}

fn standardised<'a>(row: &'a [f32], scales: &'a [(f64, f64)]) -> impl Iterator<Item = f32> + 'a {
    row.iter()
        .zip(scales)
        .map(|(&value, (mean, deviation))| ((f64::from(value) - mean) / deviation) as f32)
}

#[cfg(test)]
mod tests;
