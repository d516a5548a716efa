//! Random sets of TFs.

use bindscape_base::random::{shuffle, stream};

use super::Rule;

/// Sets that are tried where TFs are drawn at random. Where there are no more than that, all are.
const DRAWS: u64 = 2_000;

/// Sets of a pool by number: all of them in random order where they are few, draws otherwise.
pub(super) struct Draws<'a> {
    pool: &'a [usize],
    wanted: usize,
    seed: u64,
    /// Keeps the draws of different rules apart.
    purpose: String,
    /// All sets, where there are no more than [`DRAWS`].
    all: Vec<Vec<usize>>,
    pub(super) complete: bool,
}

impl<'a> Draws<'a> {
    pub(super) fn new(pool: &'a [usize], wanted: usize, seed: u64, rule: Rule) -> Self {
        let purpose = format!("pre-training TFs: {}", rule.name());
        let wanted = wanted.min(pool.len());
        let complete = wanted > 0 && combinations(pool.len() as u64, wanted as u64) <= DRAWS;
        let mut all = Vec::new();
        if complete {
            subsets(pool, wanted, &mut Vec::new(), &mut all);
            shuffle(&mut all, &mut stream(seed, &purpose, &[]));
        }
        Self {
            pool,
            wanted,
            seed,
            purpose,
            all,
            complete,
        }
    }

    pub(super) fn count(&self) -> u64 {
        if self.complete {
            self.all.len() as u64
        } else if self.wanted == 0 {
            0
        } else {
            DRAWS
        }
    }

    /// The set of that number, by column.
    pub(super) fn set(&self, number: u64) -> Vec<usize> {
        if self.complete {
            return self.all[number as usize].clone();
        }
        let mut pool = self.pool.to_vec();
        shuffle(&mut pool, &mut stream(self.seed, &self.purpose, &[number]));
        pool.truncate(self.wanted);
        pool.sort_unstable();
        pool
    }
}

/// Ways to take `k` of `n`, or some number above [`DRAWS`] where there are more.
fn combinations(n: u64, k: u64) -> u64 {
    let mut count: u64 = 1;
    for i in 0..k.min(n - k) {
        count = count * (n - i) / (i + 1);
        if count > DRAWS {
            break;
        }
    }
    count
}

/// All sets of `wanted` of `pool`, in order.
fn subsets(pool: &[usize], wanted: usize, begun: &mut Vec<usize>, all: &mut Vec<Vec<usize>>) {
    if begun.len() == wanted {
        all.push(begun.clone());
        return;
    }
    let missing = wanted - begun.len();
    for first in 0..=pool.len().saturating_sub(missing) {
        let Some(&tf) = pool.get(first) else {
            return;
        };
        begun.push(tf);
        subsets(&pool[first + 1..], wanted, begun, all);
        begun.pop();
    }
}
