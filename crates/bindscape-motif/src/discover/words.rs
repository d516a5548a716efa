//! Words of every width, by the number of positives and controls that hold them.
//!
//! All positions of both strands are sorted once by the word of 32 bases that begins
//! there. Words of any smaller width that are equal then lie side by side, and stay so
//! when sites are erased: positions whose word runs into an erased base are skipped.

use rayon::prelude::*;

use super::bases::UNKNOWN;
use super::corpus::Corpus;
use super::enrichment::Enrichment;

/// Bases in a sort key.
const KEY: usize = 32;

/// A word that more positives hold than chance would have it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Seed {
    /// The bases, two bits each, the last least significant; not greater than its reverse
    /// complement.
    pub(super) word: u64,
    pub(super) width: usize,
    /// Natural logarithm of the p-value of exact occurrences.
    pub(super) ln_p: f64,
}

impl Seed {
    /// Base numbers.
    pub(super) fn bases(&self) -> impl Iterator<Item = u8> {
        let Seed { word, width, .. } = *self;
        (0..width).rev().map(move |at| (word >> (2 * at) & 3) as u8)
    }
}

/// The sorted positions of the first two sets of a corpus.
#[derive(Debug)]
pub(super) struct Words {
    keys: Vec<u64>,
    /// Position, doubled, plus one on the reverse strand.
    places: Vec<u32>,
    sequences: Vec<u32>,
    /// Bases from there on that a site may cover, at most [`KEY`].
    room: Vec<u8>,
    /// Number of sequences, and of positives among them, which come first.
    total: usize,
    positives: usize,
}

impl Words {
    /// Sorts the positions of the sets 0 (positives) and 1 (controls).
    pub(super) fn new(corpus: &Corpus) -> Self {
        let positives = corpus.set(0).len();
        let total = corpus.set(1).end;
        let end = match total {
            0 => 0,
            total => corpus.positions(total - 1).end,
        };
        let bases = &corpus.bases()[..end];
        let mut entries = Vec::with_capacity(2 * end);
        let mut push = |at: usize, key: u64, reverse: u32| {
            if bases[at] < UNKNOWN {
                entries.push((key, (at as u32) << 1 | reverse));
            }
        };
        let mut key = 0;
        for at in (0..end).rev() {
            key = key >> 2 | u64::from(bases[at] % UNKNOWN) << (2 * (KEY - 1));
            push(at, key, 0);
        }
        key = 0;
        for (at, base) in bases.iter().enumerate() {
            key = key >> 2 | u64::from(3 - base % UNKNOWN) << (2 * (KEY - 1));
            push(at, key, 1);
        }
        entries.par_sort_unstable();
        let mut sequence_of = vec![0_u32; end];
        for sequence in 0..total {
            sequence_of[corpus.positions(sequence)].fill(sequence as u32);
        }
        let (keys, places): (Vec<u64>, Vec<u32>) = entries.into_iter().unzip();
        let sequences = places
            .iter()
            .map(|&place| sequence_of[(place >> 1) as usize])
            .collect();
        Self {
            room: vec![0; keys.len()],
            keys,
            places,
            sequences,
            total,
            positives,
        }
    }

    /// Takes over what is erased in `corpus`.
    pub(super) fn update(&mut self, corpus: &Corpus) {
        let free = corpus.free();
        let run = |runs: &mut Vec<u8>, positions: &mut dyn Iterator<Item = usize>| {
            let mut length = 0;
            for at in positions {
                length = if free[at] {
                    (length + 1).min(KEY as u8)
                } else {
                    0
                };
                runs[at] = length;
            }
        };
        let mut rooms = [vec![0_u8; free.len()], vec![0_u8; free.len()]];
        run(&mut rooms[0], &mut (0..free.len()).rev());
        run(&mut rooms[1], &mut (0..free.len()));
        for (room, &place) in self.room.iter_mut().zip(&self.places) {
            *room = rooms[(place & 1) as usize][(place >> 1) as usize];
        }
    }

    /// The `most` most enriched words of `width` bases, best first; of equal p-values the
    /// smaller word comes first.
    pub(super) fn seeds(&self, width: usize, most: usize, test: &Enrichment) -> Vec<Seed> {
        if most == 0 {
            return Vec::new();
        }
        let shift = 2 * (KEY - width);
        let mut seeds: Vec<Seed> = Vec::with_capacity(most + 1);
        // Sequences seen with the current word are stamped with its number.
        let mut stamps = vec![0_u32; self.total];
        let mut stamp = 0;
        let mut current = None;
        let mut counts = [0_usize; 2];
        let mut finish = |word: u64, counts: [usize; 2]| {
            let limit = match seeds.get(most - 1) {
                Some(worst) => worst.ln_p,
                None => 0.0,
            };
            if counts[0] == 0 || word > reverse_complement(word, width) {
                return;
            }
            if let Some(ln_p) = test.ln_p_below(counts[0], counts[1], limit) {
                // Words come in ascending order, so equals stay behind those before.
                let place = seeds.partition_point(|seed| seed.ln_p <= ln_p);
                seeds.insert(place, Seed { word, width, ln_p });
                seeds.truncate(most);
            }
        };
        for ((&key, &sequence), &room) in self.keys.iter().zip(&self.sequences).zip(&self.room) {
            if usize::from(room) < width {
                continue;
            }
            let word = key >> shift;
            if current != Some(word) {
                if let Some(word) = current {
                    finish(word, counts);
                }
                current = Some(word);
                stamp += 1;
                counts = [0; 2];
            }
            let sequence = sequence as usize;
            if stamps[sequence] != stamp {
                stamps[sequence] = stamp;
                counts[usize::from(sequence >= self.positives)] += 1;
            }
        }
        if let Some(word) = current {
            finish(word, counts);
        }
        seeds
    }
}

fn reverse_complement(word: u64, width: usize) -> u64 {
    // Order of the two-bit groups reversed, bits complemented.
    let mut reversed = (!word).reverse_bits();
    reversed = (reversed & 0x5555_5555_5555_5555) << 1 | reversed >> 1 & 0x5555_5555_5555_5555;
    reversed >> (2 * (KEY - width))
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;

    use super::*;
    use crate::discover::background::Markov;
    use crate::discover::enrichment::Test;

    fn sets() -> impl Strategy<Value = Vec<Vec<u8>>> {
        // Few letters and short sequences, so that words repeat.
        let base = prop::sample::select(vec![0_u8, 0, 1, 1, 2, 3, 4]);
        prop::collection::vec(prop::collection::vec(base, 1..30), 1..8)
    }

    proptest! {
        /// Counting by sorting against counting with sets, with erased bases.
        #[test]
        fn seeds_are_the_most_enriched_words(
            positives in sets(), controls in sets(), width in 1_usize..7, most in 1_usize..6,
            erased in prop::collection::vec(0_usize..200, 0..3),
        ) {
            let model = Markov::of(&controls, 0);
            let mut corpus = Corpus::new(&[&positives, &controls], 1, &model);
            let mut words = Words::new(&corpus);
            for at in erased {
                if at < corpus.bases().len() {
                    corpus.erase(at..at + 1);
                }
            }
            corpus.find_segments();
            words.update(&corpus);
            let sizes = [positives.len(), controls.len()];
            let test = Enrichment::new(Test::Fisher, sizes, [0, 0]);

            let mut holders: BTreeMap<u64, [BTreeSet<usize>; 2]> = BTreeMap::new();
            for set in 0..2 {
                for sequence in corpus.set(set) {
                    for segment in corpus.segments(sequence) {
                        let bases = &corpus.bases()[segment.start as usize..][..segment.length as usize];
                        for word in bases.windows(width) {
                            let forward = word.iter().fold(0, |w, &b| w << 2 | u64::from(b));
                            let reverse = word.iter().rev().fold(0, |w, &b| w << 2 | u64::from(3 - b));
                            holders.entry(forward.min(reverse)).or_default()[set].insert(sequence);
                        }
                    }
                }
            }
            let mut expected: Vec<(f64, u64)> = holders
                .iter()
                .filter_map(|(&word, [p, c])| {
                    test.ln_p_below(p.len(), c.len(), 0.0).map(|ln_p| (ln_p, word))
                })
                .collect();
            expected.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            expected.truncate(most);
            let got: Vec<(f64, u64)> = words
                .seeds(width, most, &test)
                .iter()
                .map(|seed| (seed.ln_p, seed.word))
                .collect();
            prop_assert_eq!(got, expected);
        }

        #[test]
        fn reversing_twice_changes_nothing(word: u64, width in 1_usize..33) {
            let word = word >> (64 - 2 * width);
            prop_assert_eq!(reverse_complement(reverse_complement(word, width), width), word);
        }
    }

    #[test]
    fn bases_of_a_seed() {
        let seed = Seed {
            word: 0b00_11_10,
            width: 3,
            ln_p: 0.0,
        };
        assert_eq!(seed.bases().collect::<Vec<_>>(), [0, 3, 2]);
        assert_eq!(reverse_complement(0b00_11_10, 3), 0b01_00_11);
    }
}
