//! A readout: the log odds that one TF binds, as a linear function of what a multi-model says of
//! its own TFs, of how well motifs of the TF fit, and of the gapped words of the sequence.
//!
//! It is fitted to a few peaks by penalised logistic regression, and its weights say why a region
//! scores as it does: which motif, and which other TFs bind there. Where the motif is all there is
//! to learn, it ranks as the motif does.

use bindscape_genome::sequence::{PackedSequences, Strand};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::kmers::WordWeights;
use crate::network::Network;
use crate::strands::Strands;

/// Added to each frequency of a motif before its logarithm is taken.
const PSEUDOFREQUENCY: f64 = 0.001;
/// Features of a motif: how often and how well it fits.
pub(crate) const PER_MOTIF: usize = 2;

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
    /// What the words of the sequence weigh, beside the features; `None` of a readout without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<WordWeights>,
    /// The log odds where all features are 0.
    pub constant: f64,
}

impl Readout {
    /// Names of the features, in their order, without the words.
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
            && self.words.as_ref().is_none_or(WordWeights::is_whole)
            && self.weights.iter().all(|weight| weight.is_finite())
            && self
                .motifs
                .iter()
                .all(|motif| !motif.frequencies.is_empty())
    }

    /// The log odds of what has these features, and words that add `words`.
    pub(crate) fn log_odds(&self, features: &[f32], words: f64) -> f64 {
        let products = features.iter().zip(&self.weights);
        let sum: f64 = products
            .map(|(&value, weight)| f64::from(value) * weight)
            .sum();
        self.constant + sum + words
    }
}

/// Features of sequences without unknown letters, row by row.
pub(crate) fn of_rows(
    network: &Network,
    scanner: &MotifFeatures,
    sequences: &PackedSequences,
    rows: &[usize],
    strands: Strands,
) -> Vec<f32> {
    let logits = network.log_odds(sequences, rows, strands);
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
pub(crate) struct MotifFeatures(Vec<[Vec<[f32; 4]>; 2]>);

impl MotifFeatures {
    pub(crate) fn new(motifs: &[ReadoutMotif]) -> Self {
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
            for log_odds in taken(motif, strands) {
                scores.extend(window_scores(log_odds, &bases));
            }
            let best = scores.iter().copied().reduce(f32::max);
            let best = best.unwrap_or_else(|| worst(motif));
            let sum: f32 = scores.iter().map(|score| (score - best).exp()).sum();
            features.extend([best + sum.max(1.0).ln(), best]);
        }
        features
    }

    /// The sum of the features of a sequence, each times its weight. What every base at every
    /// position would change in it is added to `changes`.
    ///
    /// # Shapes
    /// `changes`: `[4, bases]`
    pub(crate) fn mutate(
        &self,
        bases: &[u8],
        strands: Strands,
        weights: &[f64],
        changes: &mut [f64],
    ) -> f64 {
        let motifs = self.0.iter().zip(weights.chunks_exact(PER_MOTIF));
        motifs
            .map(|(motif, weights)| {
                let [of_sum, of_best] = *weights else {
                    unreachable!("a motif has two features");
                };
                let orientations = taken(motif, strands);
                let scores = orientations.iter().map(|odds| window_scores(odds, bases));
                let scores: Vec<Vec<f32>> = scores.map(Iterator::collect).collect();
                let Some(sums) = Sums::of(&scores) else {
                    return (of_sum + of_best) * f64::from(worst(motif));
                };
                let value = |found: Summed| {
                    let (sum, best) = (sums.scale + found.sum.ln(), found.best);
                    of_sum * sum + of_best * best
                };
                let (width, last) = (motif[0].len(), scores[0].len() - 1);
                let own = value(sums.before[last + 1]);
                for (position, &base) in bases.iter().enumerate() {
                    let first = (position + 1).saturating_sub(width);
                    let reached = first..=position.min(last);
                    let others = sums.before[first].and(sums.after[reached.end() + 1]);
                    for other in (0..4).filter(|&other| other != base) {
                        let mut edited = others;
                        for (odds, scores) in orientations.iter().zip(&scores) {
                            for start in reached.clone() {
                                let odds = odds[position - start];
                                let change = odds[usize::from(other)] - odds[usize::from(base)];
                                edited = edited.and(sums.window(scores[start] + change));
                            }
                        }
                        changes[usize::from(other) * bases.len() + position] += value(edited) - own;
                    }
                }
                own
            })
            .sum()
    }
}

/// The orientations of a motif that count.
fn taken(motif: &[Vec<[f32; 4]>; 2], strands: Strands) -> &[Vec<[f32; 4]>] {
    match strands {
        Strands::Both => &motif[..],
        Strands::Forward => &motif[..1],
    }
}

/// How well each window of a sequence fits.
fn window_scores(log_odds: &[[f32; 4]], bases: &[u8]) -> impl Iterator<Item = f32> {
    bases.windows(log_odds.len()).map(move |window| {
        let positions = window.iter().zip(log_odds);
        positions
            .map(|(&base, odds)| odds[usize::from(base)])
            .sum::<f32>()
    })
}

/// How well the least fitting window there is fits.
fn worst(motif: &[Vec<[f32; 4]>; 2]) -> f32 {
    let least = |odds: &[f32; 4]| odds.iter().copied().fold(f32::INFINITY, f32::min);
    motif[0].iter().map(least).sum()
}

/// What some windows make of a motif.
#[derive(Debug, Clone, Copy)]
struct Summed {
    /// Their summed odds, as a multiple of the best window's of the unedited sequence.
    sum: f64,
    /// Log odds of the best one.
    best: f64,
}

impl Summed {
    const NONE: Self = Self {
        sum: 0.0,
        best: f64::NEG_INFINITY,
    };

    fn and(self, other: Self) -> Self {
        Self {
            sum: self.sum + other.sum,
            best: self.best.max(other.best),
        }
    }
}

/// What the windows before and from each place make of a motif, all orientations together: an edit
/// leaves these as they are, and nothing is subtracted from a sum that is much larger.
#[derive(Debug)]
struct Sums {
    scale: f64,
    /// `[windows + 1]`: of those before a window, and of all.
    before: Vec<Summed>,
    /// `[windows + 1]`: of a window and those behind it, and of none.
    after: Vec<Summed>,
}

impl Sums {
    /// Of the scores of windows, orientation by orientation; `None` if there are none.
    fn of(scores: &[Vec<f32>]) -> Option<Self> {
        let best = scores.iter().flatten().copied().reduce(f32::max)?;
        let mut sums = Self {
            scale: f64::from(best),
            before: vec![Summed::NONE],
            after: vec![Summed::NONE],
        };
        let windows: Vec<Summed> = (0..scores[0].len())
            .map(|start| {
                let both = scores.iter().map(|scores| sums.window(scores[start]));
                both.fold(Summed::NONE, Summed::and)
            })
            .collect();
        for window in &windows {
            sums.before
                .push(sums.before[sums.before.len() - 1].and(*window));
        }
        for window in windows.iter().rev() {
            sums.after
                .push(sums.after[sums.after.len() - 1].and(*window));
        }
        sums.after.reverse();
        Some(sums)
    }

    fn window(&self, score: f32) -> Summed {
        let score = f64::from(score);
        Summed {
            // Not 0, of which there is no logarithm.
            sum: (score - self.scale).exp().max(f64::MIN_POSITIVE),
            best: score,
        }
    }
}
