//! A readout: the log odds that one TF binds, as a linear function of what a multi-model says of
//! its own TFs and of how well motifs of the TF fit.
//!
//! It is fitted to a few peaks by penalised logistic regression, and its weights say why a region
//! scores as it does: which motif, and which other TFs bind there. Where the motif is all there is
//! to learn, it ranks as the motif does.

use bindscape_base::progress::{Progress, check};
use bindscape_base::{Error, Result};
use bindscape_genome::sequence::{PackedSequences, Strand};
use bindscape_stats::LogisticRegression;
use burn::tensor::Device;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::encode::Bases;
use crate::host::to_vec;
use crate::model::Model;
use crate::network::{Network, Pass, Value};
use crate::precision::Precision;
use crate::predict::Strands;

/// Added to each frequency of a motif before its logarithm is taken.
const PSEUDOFREQUENCY: f64 = 0.001;
/// Features of a motif: how often and how well it fits.
const PER_MOTIF: usize = 2;

/// A motif as features see it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReadoutMotif {
    /// What it is called, such as its consensus.
    pub name: String,
    /// Frequencies of A, C, G and T at each position.
    pub frequencies: Vec<[f64; 4]>,
}

impl ReadoutMotif {
    /// Natural log odds against a uniform background, forward or reverse complement.
    fn log_odds(&self, strand: Strand) -> Vec<[f32; 4]> {
        let odds = |frequency: f64| {
            let smoothed = (frequency + PSEUDOFREQUENCY) / (1.0 + 4.0 * PSEUDOFREQUENCY);
            (4.0 * smoothed).ln() as f32
        };
        let mut rows: Vec<[f32; 4]> = self.frequencies.iter().map(|row| row.map(odds)).collect();
        if strand == Strand::Reverse {
            rows.reverse();
            rows.iter_mut().for_each(|row| row.reverse());
        }
        rows
    }
}

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

    /// Fits a readout to `features`, one row per label.
    ///
    /// # Errors
    /// If a feature is not a number, the labels are all the same, or the user asked to stop.
    pub fn fit(
        &self,
        outputs: &[String],
        features: &[f32],
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
        let penalties: Vec<f64> = (0..columns)
            .map(|at| {
                if at < PER_MOTIF * self.motifs.len() {
                    penalty.motifs
                } else {
                    penalty.outputs
                }
            })
            .collect();
        let fitted = LogisticRegression::fit(&standard, labels, &penalties, || check(progress))?;
        // Weights of the features as they are.
        let mut constant = fitted.constant;
        let weights = fitted.weights.iter().zip(&scales);
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
            effects: fitted.weights,
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
}

impl Default for Penalty {
    /// Chosen on a third of the TFs of bench/few-shot, none of which its tables report.
    fn default() -> Self {
        Self {
            motifs: 6.25,
            outputs: 100.0,
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

/// Log odds of binding from features.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Readout {
    /// The TFs of the network's outputs.
    pub outputs: Vec<String>,
    /// The motifs.
    pub motifs: Vec<ReadoutMotif>,
    /// One per feature: of each motif the weight of its sum and of its best window, then those of
    /// the outputs.
    pub weights: Vec<f64>,
    /// The weights as they would be if every feature had a standard deviation of 1 among the
    /// regions it was fitted to: how much each counts.
    pub effects: Vec<f64>,
    /// The log odds where all features are 0.
    pub constant: f64,
}

impl Readout {
    /// Names of the features, in their order.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        let motifs = self.motifs.iter().flat_map(|motif| {
            [
                format!("{} (sum)", motif.name),
                format!("{} (best)", motif.name),
            ]
        });
        motifs.chain(self.outputs.iter().cloned()).collect()
    }

    /// Whether the parts fit together, for what is read from a file.
    pub(crate) fn is_whole(&self, outputs: usize) -> bool {
        let columns = PER_MOTIF * self.motifs.len() + self.outputs.len();
        self.outputs.len() == outputs
            && self.weights.len() == columns
            && self.effects.len() == columns
            && self.constant.is_finite()
            && self.weights.iter().all(|weight| weight.is_finite())
            && self
                .motifs
                .iter()
                .all(|motif| !motif.frequencies.is_empty())
    }

    fn probability(&self, features: &[f32]) -> f32 {
        let products = features.iter().zip(&self.weights);
        let sum: f64 = products
            .map(|(&value, weight)| f64::from(value) * weight)
            .sum();
        (1.0 / (1.0 + (-(self.constant + sum)).exp())) as f32
    }
}

/// A readout made ready to predict.
#[derive(Debug, Clone)]
pub(crate) struct Reader {
    readout: Readout,
    scanner: MotifFeatures,
}

impl Reader {
    pub(crate) fn new(readout: &Readout) -> Self {
        Self {
            scanner: MotifFeatures::new(&readout.motifs),
            readout: readout.clone(),
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
        of_rows(network, &self.scanner, sequences, rows, strands)
            .chunks_exact(self.readout.weights.len())
            .map(|features| self.readout.probability(features))
            .collect()
    }
}

/// Features of sequences without unknown letters, row by row.
fn of_rows(
    network: &Network,
    scanner: &MotifFeatures,
    sequences: &PackedSequences,
    rows: &[usize],
    strands: Strands,
) -> Vec<f32> {
    let logits = |strand: Strand| {
        let items: Vec<_> = rows.iter().map(|&row| (row, strand)).collect();
        let input = Value::Bases(Bases::new(sequences, &items));
        network.forward(input, Pass::prediction()).logits()
    };
    let logits = match strands {
        Strands::Forward => to_vec(logits(Strand::Forward)),
        Strands::Both => to_vec((logits(Strand::Forward) + logits(Strand::Reverse)) / 2.0),
    };
    let outputs = logits.len() / rows.len().max(1);
    let motifs: Vec<Vec<f32>> = rows
        .par_iter()
        .map(|&row| scanner.of(sequences, row, strands))
        .collect();
    motifs
        .into_iter()
        .zip(logits.chunks_exact(outputs.max(1)))
        .flat_map(|(mut motifs, logits)| {
            motifs.extend_from_slice(logits);
            motifs
        })
        .collect()
}

/// Motifs in both orientations.
#[derive(Debug, Clone)]
struct MotifFeatures(Vec<[Vec<[f32; 4]>; 2]>);

impl MotifFeatures {
    fn new(motifs: &[ReadoutMotif]) -> Self {
        let strands = [Strand::Forward, Strand::Reverse];
        Self(
            motifs
                .iter()
                .map(|motif| strands.map(|strand| motif.log_odds(strand)))
                .collect(),
        )
    }

    /// Of each motif the logarithm of the summed odds of its windows, and that of the best one.
    /// A motif wider than the sequence has neither: it counts as its worst window would.
    fn of(&self, sequences: &PackedSequences, row: usize, strands: Strands) -> Vec<f32> {
        let mut bases = vec![0; sequences.length()];
        sequences.bases(row, Strand::Forward, &mut bases);
        let mut features = Vec::with_capacity(PER_MOTIF * self.0.len());
        let mut scores = Vec::new();
        for motif in &self.0 {
            scores.clear();
            let orientations = match strands {
                Strands::Both => &motif[..],
                Strands::Forward => &motif[..1],
            };
            for log_odds in orientations {
                scores.extend(bases.windows(log_odds.len()).map(|window| {
                    let positions = window.iter().zip(log_odds);
                    positions
                        .map(|(&base, odds)| odds[usize::from(base)])
                        .sum::<f32>()
                }));
            }
            let worst = || -> f32 {
                let least = |odds: &[f32; 4]| odds.iter().copied().fold(f32::INFINITY, f32::min);
                motif[0].iter().map(least).sum()
            };
            let best = scores
                .iter()
                .copied()
                .reduce(f32::max)
                .unwrap_or_else(worst);
            let sum: f32 = scores.iter().map(|score| (score - best).exp()).sum();
            features.extend([best + sum.max(1.0).ln(), best]);
        }
        features
    }
}

#[cfg(test)]
mod tests;
