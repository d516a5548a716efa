//! Words of bases and gaps that a seqlet consists of.
//!
//! The positions that contribute most are combined, four to six at a time within fifteen
//! positions, into words whose letters are bases and whose other places are gaps. A word weighs as
//! much as its positions contribute in the mean, summed over the places where it is.

use rustc_hash::FxHashMap;

use crate::options::TOP_POSITIONS;
use crate::stretch::Seqlet;
use crate::tracks::{Tracks, UNKNOWN};

/// Letters of a word.
const LETTERS: std::ops::RangeInclusive<usize> = 4..=6;
/// Positions that a word spans at most.
const SPAN: usize = 15;
/// Words that are kept of a seqlet.
const KEPT: usize = 500;

/// Bits of a word: its letters in base 5.
pub(crate) const WORD_BITS: u32 = 35;

/// A word and its weight.
pub(crate) type Weighted = (u64, f64);

/// A position that words are made of.
#[derive(Clone, Copy)]
struct Letter {
    position: usize,
    base: u64,
    contribution: f64,
}

/// A word that may become longer.
#[derive(Clone, Copy)]
struct Begun {
    /// Its last letter.
    last: usize,
    /// What its positions contribute in all.
    contribution: f64,
    word: u64,
}

/// What finds the words of one seqlet after another.
#[derive(Default)]
pub(crate) struct WordFinder {
    places: FxHashMap<u64, u32>,
    words: Vec<Weighted>,
    order: Vec<u32>,
}

impl WordFinder {
    /// The heaviest words of a seqlet in order, their weights scaled to a length of 1. `sign` is
    /// 1, or -1 where contributions below 0 are sought.
    pub(crate) fn find(&mut self, tracks: &Tracks, seqlet: &Seqlet, sign: f32) -> Vec<Weighted> {
        self.collect(&letters(tracks, seqlet, sign));
        let words = &self.words;
        self.order.clear();
        self.order.extend(0..words.len() as u32);
        // The heaviest; of equal ones, the first that was found.
        let heavier = |a: &u32, b: &u32| {
            let weight = |i: &u32| words[*i as usize].1.abs();
            weight(b).total_cmp(&weight(a)).then(a.cmp(b))
        };
        if self.order.len() > KEPT {
            self.order.select_nth_unstable_by(KEPT, heavier);
            self.order.truncate(KEPT);
        }
        let mut kept: Vec<Weighted> = (self.order.iter().map(|&i| words[i as usize]))
            .filter(|word| word.1 != 0.0)
            .collect();
        kept.sort_unstable_by_key(|word| word.0);
        let length = kept
            .iter()
            .fold(0.0, |sum, word| sum + word.1 * word.1)
            .sqrt();
        if length > 0.0 {
            for word in &mut kept {
                word.1 /= length;
            }
        }
        kept
    }

    fn collect(&mut self, letters: &[Letter]) {
        self.places.clear();
        self.words.clear();
        let mut begun: Vec<Vec<Begun>> = (letters.iter().enumerate())
            .map(|(last, letter)| {
                vec![Begun {
                    last,
                    contribution: letter.contribution,
                    word: letter.base + 1,
                }]
            })
            .collect();
        for length in 2..=*LETTERS.end() {
            for (first, shorter) in begun.iter_mut().enumerate() {
                *shorter = self.lengthen(letters, first, shorter, length);
            }
        }
    }

    /// The words of `length` letters that begin with the letter `first`.
    fn lengthen(
        &mut self,
        letters: &[Letter],
        first: usize,
        shorter: &[Begun],
        length: usize,
    ) -> Vec<Begun> {
        let mut longer = Vec::new();
        for (next, letter) in letters.iter().enumerate().skip(first + 1) {
            let distance = letter.position - letters[first].position;
            if distance >= SPAN {
                break;
            }
            let value = (letter.base + 1) * 5_u64.pow(distance as u32);
            for begun in shorter.iter().take_while(|begun| begun.last < next) {
                let word = begun.word + value;
                let contribution = begun.contribution + letter.contribution;
                if length < *LETTERS.end() {
                    longer.push(Begun {
                        last: next,
                        contribution,
                        word,
                    });
                }
                if LETTERS.contains(&length) {
                    self.add(word, contribution / length as f64);
                }
            }
        }
        longer
    }

    fn add(&mut self, word: u64, weight: f64) {
        let place = *self.places.entry(word).or_insert_with(|| {
            self.words.push((word, 0.0));
            self.words.len() as u32 - 1
        });
        self.words[place as usize].1 += weight;
    }
}

/// The positions of a seqlet that contribute most, in their order.
fn letters(tracks: &Tracks, seqlet: &Seqlet, sign: f32) -> Vec<Letter> {
    let example = seqlet.example as usize;
    let mut letters: Vec<(Letter, f32)> = (tracks.positions(seqlet).enumerate())
        .zip(tracks.seqlet_bases(seqlet))
        .filter_map(|((position, place), base)| {
            let contribution = tracks.contribution(example, place?) * sign;
            let letter = Letter {
                position,
                // As modisco-lite has it, N counts as A; it contributes nothing.
                base: u64::from(base.filter(|&base| base != UNKNOWN).unwrap_or(0)),
                contribution: contribution.into(),
            };
            Some((letter, contribution))
        })
        .collect();
    letters.sort_by(|a, b| b.1.total_cmp(&a.1));
    letters.truncate(TOP_POSITIONS);
    letters.sort_unstable_by_key(|(letter, _)| letter.position);
    letters.into_iter().map(|(letter, _)| letter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_seqlet_and_of_its_other_strand() {
        // ACGTA of contributions 1 to 5.
        let bases = vec![0, 1, 2, 3, 0];
        let mut hypothetical = vec![0.0; 20];
        for (position, &base) in bases.iter().enumerate() {
            hypothetical[usize::from(base) * 5 + position] = position as f32 + 1.0;
        }
        let tracks = Tracks::new(5, bases, hypothetical).expect("tracks");
        let seqlet = Seqlet {
            example: 0,
            start: 0,
            end: 5,
            reverse: false,
        };
        let mut finder = WordFinder::default();
        let words = finder.find(&tracks, &seqlet, 1.0);
        // Five words of four letters, one of five.
        assert_eq!(words.len(), 6);
        let whole = [1, 2, 3, 4, 1];
        let word = (0..5).map(|i| whole[i] * 5_u64.pow(i as u32)).sum::<u64>();
        let length: f64 = [2.5, 2.75, 3.0, 3.25, 3.5, 3.0]
            .map(|w: f64| w * w)
            .iter()
            .sum();
        let found = words.iter().find(|found| found.0 == word).expect("word");
        assert!((found.1 - 3.0 / length.sqrt()).abs() < 1e-12);
        let other = finder.find(&tracks, &seqlet.flipped(), 1.0);
        let word = [4, 1, 2, 3, 4]
            .iter()
            .zip(0..)
            .map(|(l, i)| l * 5_u64.pow(i))
            .sum::<u64>();
        assert!(other.iter().any(|found| found.0 == word));
    }
}
