//! Shuffling that keeps the counts of all words of `order + 1` letters.
//!
//! A sequence is a walk through a graph: words of `order` letters are its vertices,
//! and each occurrence of a word of `order + 1` letters an edge. Every walk over all edges
//! from the first vertex (an Euler path) spells a sequence with the same counts. A walk
//! drawn uniformly comes from a uniform random tree of last exits towards the last vertex,
//! and a random order of the other exits (Altschul & Erickson 1985; the tree by Wilson's
//! loop-erased random walk, as Jiang et al. 2008 do it).

use rand::Rng;
use rand::seq::SliceRandom;

/// Shuffles each stretch of letters `0..4` of `bases`, in place; letters from 4 on (unknown
/// bases) stay where they are. The counts of words of 1 to `order + 1` letters that hold
/// no unknown base are kept.
pub fn shuffle_words(bases: &mut [u8], order: usize, rng: &mut impl Rng) {
    for stretch in bases.split_mut(|&base| base > 3) {
        if order == 0 {
            stretch.shuffle(rng);
        } else if stretch.len() > order + 1 {
            shuffle_stretch(stretch, order, rng);
        }
    }
}

fn shuffle_stretch(bases: &mut [u8], order: usize, rng: &mut impl Rng) {
    let vertices = 1 << (2 * order);
    let vertex = |bases: &[u8]| {
        bases
            .iter()
            .fold(0, |word, &base| (word << 2 | usize::from(base)) % vertices)
    };
    let step = |from: usize, base: u8| (from << 2 | usize::from(base)) % vertices;
    let first = vertex(&bases[..order]);
    let last = vertex(&bases[bases.len() - order..]);

    // The exits of a vertex are the letters that follow it, one per occurrence.
    let mut exits: Vec<Vec<u8>> = vec![Vec::new(); vertices];
    let mut at = first;
    for &base in &bases[order..] {
        exits[at].push(base);
        at = step(at, base);
    }

    // Wilson: from each vertex walk at random until the tree is met; the exits last taken
    // from the vertices on the way are added to it.
    let mut in_tree = vec![false; vertices];
    in_tree[last] = true;
    let mut last_exit = vec![0; vertices];
    for start in 0..vertices {
        if exits[start].is_empty() {
            continue;
        }
        let mut at = start;
        while !in_tree[at] {
            last_exit[at] = rng.random_range(0..exits[at].len());
            at = step(at, exits[at][last_exit[at]]);
        }
        let mut at = start;
        while !in_tree[at] {
            in_tree[at] = true;
            at = step(at, exits[at][last_exit[at]]);
        }
    }
    for (index, exits) in exits.iter_mut().enumerate() {
        if index == last || exits.is_empty() {
            exits.shuffle(rng);
        } else {
            let end = exits.len() - 1;
            exits.swap(last_exit[index], end);
            exits[..end].shuffle(rng);
        }
    }

    let mut taken = vec![0; vertices];
    let mut at = first;
    for base in &mut bases[order..] {
        *base = exits[at][taken[at]];
        taken[at] += 1;
        at = step(at, *base);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use bindscape_base::random;
    use proptest::prelude::*;

    use super::*;

    fn words(bases: &[u8], length: usize) -> BTreeMap<Vec<u8>, usize> {
        let mut counts = BTreeMap::new();
        for word in bases
            .windows(length)
            .filter(|word| word.iter().all(|&b| b < 4))
        {
            *counts.entry(word.to_vec()).or_default() += 1;
        }
        counts
    }

    proptest! {
        #[test]
        fn counts_of_words_are_kept(
            bases in prop::collection::vec(0_u8..4, 0..120),
            unknown in prop::collection::vec(0_usize..120, 0..4),
            order in 0_usize..5, seed: u64,
        ) {
            let mut bases = bases;
            for at in unknown {
                if let Some(base) = bases.get_mut(at) {
                    *base = 4;
                }
            }
            let mut shuffled = bases.clone();
            shuffle_words(&mut shuffled, order, &mut random::stream(seed, "test", &[]));
            for length in 1..=order + 1 {
                prop_assert_eq!(words(&bases, length), words(&shuffled, length));
            }
            for (before, after) in bases.iter().zip(&shuffled) {
                prop_assert_eq!(*before > 3, *after > 3);
            }
        }
    }

    /// Every sequence with the same counts of pairs is drawn equally often.
    #[test]
    fn draws_are_uniform() {
        // AACABCA has 8 arrangements? The test counts them itself: all that appear must do
        // so within five standard deviations of the mean.
        let bases = [0, 0, 1, 0, 2, 0, 1, 1, 0, 3, 0];
        let draws = 60_000;
        let mut seen: BTreeMap<Vec<u8>, f64> = BTreeMap::new();
        for draw in 0..draws {
            let mut shuffled = bases;
            shuffle_words(&mut shuffled, 1, &mut random::stream(7, "test", &[draw]));
            *seen.entry(shuffled.to_vec()).or_default() += 1.0;
        }
        // Exits of A: A, C, G, C, T in any order (5!/2! = 60); of C: A and C, A (3 orders, of
        // which the last exit must leave C: 2). G and T have one exit.
        assert_eq!(seen.len(), 120);
        let mean = draws as f64 / seen.len() as f64;
        for (sequence, count) in seen {
            assert!(
                (count - mean).abs() < 5.0 * mean.sqrt(),
                "{sequence:?} {count} {mean}"
            );
        }
    }
}
