//! Best site of every sequence, on both strands.
//!
//! The logarithms of a matrix are summed over five bases at a time and looked up by the
//! word at a position: a site of fifteen bases costs three additions, for both strands at
//! once.

use std::ops::Range;

use super::corpus::{CODE, CODES, Corpus, Segment};

/// Largest number of tables: widths up to 30.
const MOST: usize = 6;

/// Best-scoring site of a sequence.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Best {
    /// Log-odds score in bits; `-inf` where no site fits.
    pub(super) score: f32,
    /// Position of the first base in the corpus.
    pub(super) start: u32,
    /// Whether the motif lies on the reverse strand.
    pub(super) reverse: bool,
}

impl Best {
    const NONE: Self = Self {
        score: f32::NEG_INFINITY,
        start: 0,
        reverse: false,
    };
}

/// Scores of both strands by word, for each five columns of a matrix.
#[derive(Debug, Clone)]
pub(super) struct Scanner {
    width: usize,
    tables: Vec<[[f32; 2]; CODES]>,
}

impl Scanner {
    /// Prepares the scan with a matrix of probabilities, none of which is 0.
    pub(super) fn new(frequencies: &[[f64; 4]]) -> Self {
        let width = frequencies.len();
        debug_assert!((1..=MOST * CODE).contains(&width));
        let forward: Vec<[f64; 4]> = frequencies.iter().map(|c| c.map(f64::log2)).collect();
        let tables = (0..width)
            .step_by(CODE)
            .map(|first| {
                let columns = first..(first + CODE).min(width);
                let mut table = [[0.0; 2]; CODES];
                for (code, scores) in table.iter_mut().enumerate() {
                    let mut sums = [0.0; 2];
                    for (index, column) in columns.clone().enumerate() {
                        let base = code >> (2 * (CODE - 1 - index)) & 3;
                        sums[0] += forward[column][base];
                        sums[1] += forward[width - 1 - column][3 - base];
                    }
                    *scores = sums.map(|sum| sum as f32);
                }
                table
            })
            .collect();
        Self { width, tables }
    }

    /// Best site of each of `sequences`. Of equal scores the first position wins, and on
    /// it the forward strand.
    pub(super) fn best(&self, corpus: &Corpus, sequences: Range<usize>, best: &mut Vec<Best>) {
        best.clear();
        best.extend(sequences.map(|sequence| {
            let mut best = Best::NONE;
            for segment in corpus.segments(sequence) {
                self.each(corpus, *segment, |at, [forward, reverse]| {
                    let score = forward.max(reverse);
                    if score > best.score {
                        best = Best {
                            score,
                            start: at,
                            reverse: reverse > forward,
                        };
                    }
                });
            }
            best
        }));
    }

    /// Positions of all sites of `sequence` with at least `threshold` bits on either strand.
    pub(super) fn sites(
        &self,
        corpus: &Corpus,
        sequence: usize,
        threshold: f32,
        out: &mut Vec<u32>,
    ) {
        for segment in corpus.segments(sequence) {
            self.each(corpus, *segment, |at, [forward, reverse]| {
                if forward.max(reverse) >= threshold {
                    out.push(at);
                }
            });
        }
    }

    fn each(&self, corpus: &Corpus, segment: Segment, each: impl FnMut(u32, [f32; 2])) {
        match self.tables.len() {
            1 => self.each_of::<1>(corpus, segment, each),
            2 => self.each_of::<2>(corpus, segment, each),
            3 => self.each_of::<3>(corpus, segment, each),
            4 => self.each_of::<4>(corpus, segment, each),
            5 => self.each_of::<5>(corpus, segment, each),
            _ => self.each_of::<MOST>(corpus, segment, each),
        }
    }

    #[inline(always)]
    fn each_of<const TABLES: usize>(
        &self,
        corpus: &Corpus,
        segment: Segment,
        mut each: impl FnMut(u32, [f32; 2]),
    ) {
        let start = segment.start as usize;
        let Some(count) = (segment.length as usize + 1).checked_sub(self.width) else {
            return;
        };
        let tables: &[[[f32; 2]; CODES]; TABLES] = self.tables[..]
            .try_into()
            .expect("called with the number of tables");
        let codes: [&[u16]; TABLES] =
            std::array::from_fn(|table| &corpus.codes()[start + table * CODE..][..count]);
        let before = &corpus.background()[start..][..count];
        let after = &corpus.background()[start + self.width..][..count];
        for at in 0..count {
            let mut score = [0.0_f32; 2];
            for table in 0..TABLES {
                let scores = tables[table][usize::from(codes[table][at]) % CODES];
                score[0] += scores[0];
                score[1] += scores[1];
            }
            let background = after[at].wrapping_sub(before[at]) as f32 * Corpus::bits();
            each(
                segment.start + at as u32,
                score.map(|score| score - background),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::discover::background::Markov;

    fn reverse_complement(bases: &[u8]) -> Vec<u8> {
        let flip = |&b: &u8| if b < 4 { 3 - b } else { b };
        bases.iter().rev().map(flip).collect()
    }

    proptest! {
        /// The scan in tables against a plain sum over columns.
        #[test]
        fn scores_are_sums_of_logarithms(
            bases in prop::collection::vec(0_u8..5, 1..80),
            columns in prop::collection::vec([0.05..1.0_f64, 0.05..1.0, 0.05..1.0, 0.05..1.0], 1..31),
        ) {
            let frequencies: Vec<[f64; 4]> = columns
                .iter()
                .map(|column| column.map(|f| f / column.iter().sum::<f64>()))
                .collect();
            let width = frequencies.len();
            let model = Markov::of(std::slice::from_ref(&bases), 2);
            let mut background = Vec::new();
            model.each_log_probability(&bases, |bits| background.push(bits));
            let corpus = Corpus::new(&[std::slice::from_ref(&bases)], 1, &model);
            let scanner = Scanner::new(&frequencies);
            let mut best = Vec::new();
            scanner.best(&corpus, 0..1, &mut best);

            let plain = |word: &[u8]| -> f64 {
                frequencies.iter().zip(word).map(|(f, &b)| f[usize::from(b)].log2()).sum()
            };
            let mut expected = f64::NEG_INFINITY;
            for at in 0..(bases.len() + 1).saturating_sub(width) {
                let word = &bases[at..at + width];
                if word.contains(&4) {
                    continue;
                }
                let subtract: f64 = background[at..at + width].iter().sum();
                let score = plain(word).max(plain(&reverse_complement(word))) - subtract;
                expected = expected.max(score);
                let mut sites = Vec::new();
                scanner.sites(&corpus, 0, (score - 1e-3) as f32, &mut sites);
                prop_assert!(sites.contains(&(at as u32)));
            }
            let got = f64::from(best[0].score);
            prop_assert!(got == expected || (got - expected).abs() < 1e-3, "{got} {expected}");
        }
    }
}
