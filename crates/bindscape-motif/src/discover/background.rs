//! A Markov model of what lies between sites.

use std::path::Path;

use bindscape_base::{Error, Place, Result};
use serde::{Deserialize, Serialize};

use super::bases::UNKNOWN;
use crate::background::Background;
use crate::format::word_probabilities;

/// Longest words of a model that is given.
const LONGEST: usize = 5;

/// A background that is given rather than estimated from the controls: probabilities of all words
/// of one length, as `fasta-get-markov` of the MEME suite writes them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WordModel {
    /// Bases of a word, 1 to 5; the order of the model is one less.
    length: usize,
    /// By word, its first base most significant.
    probabilities: Vec<f64>,
}

impl WordModel {
    /// Reads a background file of MEME's, of the order that it has (at most 4), or a MEME motif
    /// file, whose background has single bases.
    ///
    /// # Errors
    /// If the file is neither, or lacks a word of its longest length.
    pub fn read(path: &Path) -> Result<Self> {
        let Some(words) = word_probabilities(path)? else {
            return Ok(Self::of_bases(&Background::read(path)?));
        };
        // Shorter words follow from the longest, which must sum to one as single bases do.
        Background::read(path)?;
        let longest = words.keys().map(Vec::len).max().unwrap_or(0);
        if longest > LONGEST {
            return Err(Error::input(
                path,
                Place::File,
                format!("words of at most {LONGEST} bases"),
                format!("words of {longest}"),
            )
            .hint("make it with `fasta-get-markov -m 4`, or a lower order"));
        }
        let word = |number: usize| -> Vec<u8> {
            let base = |at: usize| (number >> (2 * at) & 3) as u8;
            (0..longest).rev().map(base).collect()
        };
        let probability = |number: usize| {
            words.get(&word(number)).copied().ok_or_else(|| {
                let letters = word(number);
                let letters = letters
                    .iter()
                    .map(|&base| char::from(b"ACGT"[usize::from(base)]));
                Error::input(
                    path,
                    Place::File,
                    format!("a probability for each word of {longest} bases"),
                    format!("none for {}", letters.collect::<String>()),
                )
            })
        };
        Ok(Self {
            length: longest,
            probabilities: (0..1 << (2 * longest))
                .map(probability)
                .collect::<Result<_>>()?,
        })
    }

    /// The model of independent bases.
    #[must_use]
    pub fn of_bases(background: &Background) -> Self {
        Self {
            length: 1,
            probabilities: background.probabilities().to_vec(),
        }
    }

    /// Whether it is one: a probability for each word.
    pub(super) fn is_valid(&self) -> bool {
        (1..=LONGEST).contains(&self.length)
            && self.probabilities.len() == 1 << (2 * self.length)
            && self
                .probabilities
                .iter()
                .all(|&p| p >= 0.0 && p.is_finite())
    }
}

/// The smallest probability of a word, so that none is impossible.
const LEAST: f64 = 1e-9;

/// Probabilities of a base after its predecessors, the same on both strands: words are
/// counted along both.
#[derive(Debug, Clone)]
pub(super) struct Markov {
    order: usize,
    /// Per number of predecessors `0..=order`: binary logarithm of the probability by word
    /// (predecessors and base, the base least significant).
    log_probability: Vec<Vec<f64>>,
}

impl Markov {
    /// Estimates a model of `order` from base numbers. Each word is counted once more than
    /// it occurs, so that none is impossible.
    pub(super) fn of(sequences: &[Vec<u8>], order: usize) -> Self {
        let length = order + 1;
        let mut counts = vec![1.0; 1 << (2 * length)];
        for sequence in sequences {
            for word in sequence.windows(length) {
                if word.iter().all(|&base| base < UNKNOWN) {
                    let forward = word.iter().fold(0, |w, &b| w << 2 | usize::from(b));
                    let reverse = word
                        .iter()
                        .rev()
                        .fold(0, |w, &b| w << 2 | usize::from(3 - b));
                    counts[forward] += 1.0;
                    counts[reverse] += 1.0;
                }
            }
        }
        Self::of_counts(counts, order)
    }

    /// The model of given probabilities, both strands alike.
    pub(super) fn of_words(model: &WordModel) -> Self {
        let length = model.length;
        let turned = |word: usize| {
            (0..length).fold(0, |turned, at| turned << 2 | (3 - (word >> (2 * at) & 3)))
        };
        let both = |word: usize| {
            let sum = model.probabilities[word] + model.probabilities[turned(word)];
            sum.max(LEAST)
        };
        let counts = (0..model.probabilities.len()).map(both).collect();
        Self::of_counts(counts, length - 1)
    }

    /// From how often words of `order + 1` bases occur.
    fn of_counts(mut counts: Vec<f64>, order: usize) -> Self {
        // Shorter words are the sums over what stands before them.
        let mut log_probability = vec![Vec::new(); order + 1];
        for slot in log_probability.iter_mut().rev() {
            *slot = counts
                .chunks(4)
                .flat_map(|next| {
                    let sum: f64 = next.iter().sum();
                    next.iter().map(move |count| (count / sum).log2())
                })
                .collect();
            let quarter = counts.len() / 4;
            counts = (0..quarter)
                .map(|word| (0..4).map(|before| counts[before * quarter + word]).sum())
                .collect();
        }
        Self {
            order,
            log_probability,
        }
    }

    /// Probabilities of A, C, G, T without predecessors.
    pub(super) fn base_probabilities(&self) -> [f64; 4] {
        let logarithms = &self.log_probability[0];
        std::array::from_fn(|base| logarithms[base].exp2())
    }

    /// Calls `each` with the binary logarithm of the probability of every base, 0 for
    /// unknown ones, after which predecessors are counted from zero.
    pub(super) fn each_log_probability(&self, bases: &[u8], mut each: impl FnMut(f64)) {
        let mask = (1 << (2 * (self.order + 1))) - 1;
        let mut word = 0_usize;
        let mut before = 0;
        for &base in bases {
            if base == UNKNOWN {
                (word, before) = (0, 0);
                each(0.0);
                continue;
            }
            word = (word << 2 | usize::from(base)) & mask;
            each(self.log_probability[before][word]);
            before = (before + 1).min(self.order);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_of_each_order() {
        // AACC and its reverse complement GGTT: pairs AA, AC, CC, GG, GT, TT once each.
        let model = Markov::of(&[vec![0, 0, 1, 1]], 1);
        let after = |before: usize, base: usize| model.log_probability[1][before * 4 + base].exp2();
        assert!((after(0, 0) - 2.0 / 6.0).abs() < 1e-12);
        assert!((after(0, 2) - 1.0 / 6.0).abs() < 1e-12);
        assert!((after(1, 1) - 2.0 / 5.0).abs() < 1e-12);
        // By symmetry the last bases of the pairs: A 5, C 6, G 5, T 6 of 22.
        let single = model.base_probabilities();
        assert!((single[0] - 5.0 / 22.0).abs() < 1e-12, "{single:?}");
        let mut bits = Vec::new();
        model.each_log_probability(&[0, 0, 4, 1], |b| bits.push(b));
        let expected = [5.0 / 22.0_f64, 2.0 / 6.0, 1.0, 6.0 / 22.0];
        for (got, expected) in bits.iter().zip(expected) {
            assert!((got - expected.log2()).abs() < 1e-12);
        }
    }

    #[test]
    fn given_probabilities_make_the_same_model_as_counts() {
        let bases = vec![0, 3, 1, 1, 2, 0, 3, 2, 2, 0, 1, 3, 3, 0, 0, 2];
        let counted = Markov::of(std::slice::from_ref(&bases), 1);
        let directory = tempfile::tempdir().expect("temporary directory");
        let path = directory.path().join("bg");
        // Probabilities of pairs of the same model, on one strand alone.
        let single = counted.base_probabilities();
        let mut text = String::from("# order 1\n");
        for (base, p) in single.iter().enumerate() {
            text += &format!("{} {p}\n", char::from(b"ACGT"[base]));
        }
        for (word, bits) in counted.log_probability[1].iter().enumerate() {
            // By symmetry a word is as likely as its reverse complement: what stands before
            // it has the probability of the complement of what stands behind.
            let p = bits.exp2() * single[word / 4];
            let letter = |base: usize| char::from(b"ACGT"[base]);
            text += &format!("{}{} {p:e}\n", letter(word / 4), letter(word % 4));
        }
        std::fs::write(&path, &text).expect("written");
        let model = WordModel::read(&path).expect("valid");
        assert!(model.is_valid() && model.length == 2);
        let given = Markov::of_words(&model);
        for (a, b) in given.base_probabilities().iter().zip(single) {
            assert!((a - b).abs() < 0.02, "{a} {b}");
        }
        let cut: String = text
            .lines()
            .take(20)
            .map(|line| format!("{line}\n"))
            .collect();
        std::fs::write(&path, cut).expect("written");
        let error = WordModel::read(&path)
            .expect_err("a word is missing")
            .to_string();
        assert!(
            error.contains("each word of 2 bases, found none for TT"),
            "{error}"
        );
        let bases = WordModel::of_bases(&Background::uniform());
        assert_eq!(Markov::of_words(&bases).base_probabilities(), [0.25; 4]);
    }

    #[test]
    fn both_strands_are_equally_likely() {
        let bases = vec![0, 3, 1, 1, 2, 0, 3, 2, 2, 0, 1, 3, 3, 0, 0, 2];
        let model = Markov::of(std::slice::from_ref(&bases), 2);
        let total = |of: &[u8]| {
            let mut sum = 0.0;
            model.each_log_probability(of, |bits| sum += bits);
            sum
        };
        let word = [1, 2, 3, 0, 0, 1];
        let reverse: Vec<u8> = word.iter().rev().map(|b| 3 - b).collect();
        // Equal up to the ends, which have fewer predecessors.
        assert!((total(&word) - total(&reverse)).abs() < 1.0);
    }
}
