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

    /// The rows of a set that is stored over the members of this one, ascending.
    pub(super) fn rows<'a>(&'a self, subset: &'a SharedBits) -> impl Iterator<Item = usize> + 'a {
        let mut word = 0;
        subset.members().map(move |member| {
            while self
                .before
                .get(word + 1)
                .is_some_and(|&before| before as usize <= member)
            {
                word += 1;
            }
            let mut bits = self.words[word];
            for _ in self.before[word] as usize..member {
                bits &= bits - 1;
            }
            word * 64 + bits.trailing_zeros() as usize
        })
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

    /// What was inserted, ascending.
    fn members(&self) -> impl Iterator<Item = usize> {
        self.0.iter().enumerate().flat_map(|(place, word)| {
            let mut bits = word.load(Ordering::Relaxed);
            std::iter::from_fn(move || {
                (bits != 0).then(|| {
                    let bit = bits.trailing_zeros() as usize;
                    bits &= bits - 1;
                    place * 64 + bit
                })
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100))]

        #[test]
        fn a_subset_knows_its_rows(
            words in prop::collection::vec(
                prop_oneof![any::<u64>(), Just(0), Just(u64::MAX)], 1..20),
            picks in prop::collection::vec(any::<bool>(), 20 * 64),
        ) {
            let open = RankedBits::new(words.clone());
            let subset = SharedBits::new(open.len());
            let mut expected = Vec::new();
            let mut rank = 0;
            for row in 0..words.len() * 64 {
                let is_open = words[row / 64] >> (row % 64) & 1 == 1;
                prop_assert_eq!(open.rank(row), is_open.then_some(rank));
                if is_open {
                    if picks[row] {
                        subset.insert(rank);
                        subset.insert(rank);
                        expected.push(row);
                    }
                    rank += 1;
                }
            }
            prop_assert_eq!(open.len(), rank);
            prop_assert_eq!(open.rows(&subset).collect::<Vec<_>>(), expected);
        }
    }
}
