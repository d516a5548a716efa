//! q-values of hits.

use rustc_hash::FxHashMap;

use super::hits::Hit;
use super::scanner::Scanner;

/// Hits of each motif by score, from which their q-values follow: so many numbers as
/// there are different scores, however many hits there are.
#[derive(Debug, Default)]
pub struct QValues {
    counts: Vec<FxHashMap<i64, u64>>,
    windows: Vec<u64>,
}

impl QValues {
    /// No hits yet.
    #[must_use]
    pub fn new(scanner: &Scanner) -> Self {
        Self {
            counts: vec![FxHashMap::default(); scanner.motifs().len()],
            windows: vec![0; scanner.motifs().len()],
        }
    }

    /// Counts hits, and windows of each motif ([`Scanner::windows`]).
    pub fn add(&mut self, hits: &[Hit], windows: &[u64]) {
        for hit in hits {
            *self.counts[hit.motif].entry(hit.score).or_default() += 1;
        }
        for (sum, windows) in self.windows.iter_mut().zip(windows) {
            *sum += windows;
        }
    }

    /// Windows of each motif, on all strands scanned.
    #[must_use]
    pub fn windows(&self) -> &[u64] {
        &self.windows
    }

    /// The q-value of each score of each motif, after Benjamini and Hochberg (1995): the smallest
    /// share of false hits among all hits of the motif with at least this score or one below it,
    /// where all windows of the motif, on all strands, count as tests. No share of windows
    /// that are truly bound is estimated (FIMO's pi0 is 1), and windows beyond the threshold are
    /// not looked at, which can only make q-values larger.
    #[must_use]
    pub fn finish(self, scanner: &Scanner) -> Vec<FxHashMap<i64, f64>> {
        let motifs = scanner.motifs().iter().zip(self.counts).zip(self.windows);
        motifs
            .map(|((motif, counts), windows)| {
                let mut counts: Vec<(i64, u64)> = counts.into_iter().collect();
                counts.sort_unstable_by_key(|&(score, _)| std::cmp::Reverse(score));
                let p_values: Vec<(f64, u64)> = counts
                    .iter()
                    .map(|&(score, count)| (motif.p_values().p_value(score), count))
                    .collect();
                let q_values = bindscape_stats::q_values_of_counts(&p_values, windows);
                counts
                    .iter()
                    .map(|&(score, _)| score)
                    .zip(q_values)
                    .collect()
            })
            .collect()
    }
}
