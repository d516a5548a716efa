//! From attention maps to contacts (Rao et al. 2021): maps without the tokens around the
//! protein, made symmetric, corrected for the average product of their margins, and summed
//! by a logistic regression.

use super::checkpoint::ContactHead;

/// Sums the maps of a protein.
#[derive(Debug)]
pub(crate) struct ContactSum {
    residues: usize,
    /// `[residues, residues]`.
    logits: Vec<f32>,
}

impl ContactSum {
    /// For a protein of so many residues.
    pub(crate) fn new(residues: usize, head: &ContactHead) -> Self {
        Self {
            residues,
            logits: vec![head.bias; residues * residues],
        }
    }

    /// Adds `weight` times the corrected `map` of [`corrected`].
    pub(crate) fn add(&mut self, map: &[f32], weight: f32) {
        for (logit, value) in self.logits.iter_mut().zip(map) {
            *logit += weight * value;
        }
    }

    /// Probabilities of contact, `[residues, residues]`.
    pub(crate) fn probabilities(self) -> Vec<f32> {
        debug_assert_eq!(self.logits.len(), self.residues * self.residues);
        let logits = self.logits.into_iter();
        logits.map(|logit| 1.0 / (1.0 + (-logit).exp())).collect()
    }
}

/// A map of `tokens x tokens` between the residues, symmetric and corrected.
pub(crate) fn corrected(attention: &[f32], tokens: usize) -> Vec<f32> {
    let n = tokens - 2;
    let at = |i: usize, j: usize| attention[(i + 1) * tokens + j + 1];
    let mut map = Vec::with_capacity(n * n);
    for i in 0..n {
        map.extend((0..n).map(|j| at(i, j) + at(j, i)));
    }
    // The map is symmetric: sums of rows are sums of columns.
    let sums: Vec<f64> = map
        .chunks_exact(n.max(1))
        .map(|row| row.iter().map(|&value| f64::from(value)).sum())
        .collect();
    let total: f64 = sums.iter().sum();
    for (row, sum) in map.chunks_exact_mut(n.max(1)).zip(&sums) {
        for (value, other) in row.iter_mut().zip(&sums) {
            *value -= (sum * other / total) as f32;
        }
    }
    map
}
