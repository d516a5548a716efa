//! Regions to test on, apart from all draws of a pool (Novakovsky et al. 2021, "downsampling").

use rand::seq::SliceRandom;

use super::super::gc::match_gc;
use super::{FinetuneOptions, FinetuningPool, MIN_POSITIVES, taken};
use crate::dataset::{Dataset, Part};
use bindscape_base::error::{Error, Result};
use bindscape_base::random;

/// Regions of a TF to test on, which no draw has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldOut {
    /// Bound regions, and unbound ones matched in GC content.
    pub matched: Dataset,
    /// The same bound regions, and unbound ones in the proportion that they have in the pool.
    pub natural: Dataset,
}

impl FinetuningPool {
    /// Takes `bound` bound regions at random to test on, half of all at most, with unbound ones
    /// matched in GC content and others in the proportion of the pool; gives them, and the pool
    /// without any region that shares a base with one of them. `options` says how GC content is
    /// matched. Regions that may only be trained on stay in the pool.
    ///
    /// # Errors
    /// If fewer than [`MIN_POSITIVES`] bound regions could be tested on or would be left.
    pub fn hold_out(
        &self,
        bound: usize,
        options: &FinetuneOptions,
        seed: u64,
    ) -> Result<(HeldOut, Self)> {
        let mut positives: Vec<usize> = self.positives.clone();
        positives.retain(|&row| !self.seen[row]);
        let count = bound.min(positives.len()).min(self.positives.len() / 2);
        if count < MIN_POSITIVES {
            return Err(Error::argument(
                "test_positives",
                format!(
                    "at least {MIN_POSITIVES} bound regions of {} to test on, half of all at most",
                    self.tf
                ),
                format!(
                    "{} of {} that may be tested on",
                    positives.len(),
                    self.positives.len()
                ),
            ));
        }
        let mut rng = random::stream(seed, "held-out", &[]);
        positives.shuffle(&mut rng);
        positives.truncate(count);
        let mut free = self.negatives_where(|row| !self.seen[row]);
        let matched = match_gc(
            &positives,
            &free,
            |row| self.gc(row),
            options.gc_bin_percent,
            options.negatives_per_positive,
            seed,
        );
        let share = self.negatives.len() as f64 / self.positives.len() as f64;
        free.shuffle(&mut rng);
        free.truncate((count as f64 * share).round() as usize);
        let test = |negatives: &[usize]| {
            let mut rows = [&positives[..], negatives].concat();
            rows.sort_unstable();
            self.of_rows(&rows, vec![Part::Test; rows.len()])
        };
        let held_out = HeldOut {
            matched: test(&matched.rows),
            natural: test(&free),
        };
        let near =
            [&held_out.matched, &held_out.natural].map(|data| self.regions.overlaps(&data.regions));
        let kept: Vec<usize> = (0..self.regions.len())
            .filter(|&row| !near[0][row] && !near[1][row])
            .collect();
        let mut rest = self.only(&kept);
        rest.steps
            .add(taken("bound regions to test on", count, bound), count);
        rest.steps.add("left to draw from".into(), kept.len());
        if rest.positives.len() < MIN_POSITIVES || rest.negatives.is_empty() {
            let wanted = format!("bound and unbound regions of {} to learn from", self.tf);
            return Err(rest.steps.nothing_left("test_positives", &wanted));
        }
        Ok((held_out, rest))
    }

    /// The pool of some of its rows, ascending.
    fn only(&self, rows: &[usize]) -> Self {
        let (positives, negatives) = (0..rows.len()).partition(|&new| self.is_bound(rows[new]));
        Self {
            tf: self.tf.clone(),
            regions: self.regions.select(rows),
            sequences: self.sequences.select(rows),
            matrix_rows: rows.iter().map(|&row| self.matrix_rows[row]).collect(),
            positives,
            negatives,
            seen: rows.iter().map(|&row| self.seen[row]).collect(),
            steps: self.steps.clone(),
        }
    }
}
