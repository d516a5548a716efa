//! Sets of regions: which are open in a cell, and, among those, which have evidence.

use std::sync::atomic::{AtomicU64, Ordering};

/// A set of row numbers that knows how many members come before a row.
///
/// Evidence counts only where the region is open, so that a set of evidence
/// is stored over the open rows alone: a tenth of the bits, typically.
#[derive(Debug)]
pub(super) struct RankedBits {
    words: Vec<u64>,
    /// Members before each word.
    before: Vec<u32>,
    members: usize,
}

impl RankedBits {
    pub(super) fn new(words: Vec<u64>) -> Self {
        let mut members = 0u32;
        let before = words
            .iter()
            .map(|word| {
                let before = members;
                members += word.count_ones();
                before
            })
            .collect();
        Self {
            words,
            before,
            members: members as usize,
        }
    }

    /// The place of `row` among the members, if it is one.
    #[inline]
    pub(super) fn rank(&self, row: usize) -> Option<usize> {
        let word = self.words[row / 64];
        let bit = 1u64 << (row % 64);
        (word & bit != 0)
            .then(|| self.before[row / 64] as usize + (word & (bit - 1)).count_ones() as usize)
    }

    /// Number of members.
    pub(super) fn len(&self) -> usize {
        self.members
    }

    /// The rows, 64 per word.
    pub(super) fn words(&self) -> &[u64] {
        &self.words
    }

    /// The rows `64 * word..64 * word + 64` of a set that is stored over the members of this one.
    pub(super) fn expand(&self, subset: &SharedBits, word: usize) -> u64 {
        let mask = self.words[word];
        let mut bits = subset.take(self.before[word] as usize, mask.count_ones());
        // Deposit the low bits of `bits` at the set bits of `mask`.
        let mut mask = mask;
        let mut rows = 0;
        while bits != 0 {
            let lowest = mask & mask.wrapping_neg();
            if bits & 1 != 0 {
                rows |= lowest;
            }
            bits >>= 1;
            mask ^= lowest;
        }
        rows
    }
}

/// A set that many threads add to. The order of additions does not matter.
#[derive(Debug)]
pub(super) struct SharedBits(Vec<AtomicU64>);

impl SharedBits {
    pub(super) fn new(length: usize) -> Self {
        Self(
            std::iter::repeat_with(AtomicU64::default)
                .take(length.div_ceil(64))
                .collect(),
        )
    }

    #[inline]
    pub(super) fn insert(&self, index: usize) {
        let word = &self.0[index / 64];
        let bit = 1u64 << (index % 64);
        // Most additions repeat an earlier one: a load is cheaper than a locked instruction.
        if word.load(Ordering::Relaxed) & bit == 0 {
            word.fetch_or(bit, Ordering::Relaxed);
        }
    }

    /// `count <= 64` bits from `from` on, in the low bits of the result.
    fn take(&self, from: usize, count: u32) -> u64 {
        if count == 0 {
            return 0;
        }
        let shift = from % 64;
        let mut bits = self.0[from / 64].load(Ordering::Relaxed) >> shift;
        if shift + count as usize > 64 {
            bits |= self.0[from / 64 + 1].load(Ordering::Relaxed) << (64 - shift);
        }
        if count < 64 {
            bits &= (1 << count) - 1;
        }
        bits
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100))]

        #[test]
        fn a_subset_expands_to_its_rows(
            words in prop::collection::vec(
                prop_oneof![any::<u64>(), Just(0), Just(u64::MAX)], 1..20),
            picks in prop::collection::vec(any::<bool>(), 20 * 64),
        ) {
            let open = RankedBits::new(words.clone());
            let subset = SharedBits::new(open.len());
            let mut expected = vec![0u64; words.len()];
            let mut rank = 0;
            for row in 0..words.len() * 64 {
                let is_open = words[row / 64] >> (row % 64) & 1 == 1;
                prop_assert_eq!(open.rank(row), is_open.then_some(rank));
                if is_open {
                    if picks[row] {
                        subset.insert(rank);
                        subset.insert(rank);
                        expected[row / 64] |= 1 << (row % 64);
                    }
                    rank += 1;
                }
            }
            prop_assert_eq!(open.len(), rank);
            let expanded: Vec<u64> =
                (0..words.len()).map(|word| open.expand(&subset, word)).collect();
            prop_assert_eq!(expanded, expected);
        }
    }
}
