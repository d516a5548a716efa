//! Best site of every sequence, on both strands.
//!
//! The logarithms of a matrix are summed over five bases at a time and looked up by the
//! word at a position. Scores are whole numbers, and both strands lie in one: a site of
//! fifteen bases costs three additions.

use std::ops::Range;

use bindscape_kernels::vectorized;

use super::corpus::{CODE, CODES, Corpus, Score, Segment, UNITS};

/// Largest number of tables: widths up to 30.
const MOST: usize = 6;

/// Best-scoring site of a sequence.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Best {
    /// Log-odds score; [`Score::MIN`] where no site fits.
    pub(super) score: Score,
    /// Position of the first base in the corpus.
    pub(super) start: u32,
    /// Whether the motif lies on the reverse strand.
    pub(super) reverse: bool,
}

impl Best {
    const NONE: Self = Self {
        score: Score::MIN,
        start: 0,
        reverse: false,
    };
}

/// Scores of all sites of a segment; used over again.
#[derive(Debug, Default)]
pub(super) struct Buffer {
    /// Both strands before the background: forward in the upper half.
    strands: Vec<u64>,
    /// The better strand, over the background.
    scores: Vec<Score>,
}

/// Scores of both strands by word, for each five columns of a matrix.
#[derive(Debug, Clone)]
pub(super) struct Scanner {
    width: usize,
    /// By word, the score of the forward strand in the upper half and of the reverse strand
    /// in the lower half, each over the smallest of its table: sums never carry over.
    tables: Vec<[u64; CODES]>,
    /// Sum of what was subtracted in the tables, forward and reverse.
    smallest: [Score; 2],
}

impl Scanner {
    /// Prepares the scan with a matrix of probabilities, none of which is 0.
    pub(super) fn new(frequencies: &[[f64; 4]]) -> Self {
        let width = frequencies.len();
        debug_assert!((1..=MOST * CODE).contains(&width));
        let units = |f: f64| (f.log2() * UNITS).round() as Score;
        let forward: Vec<[Score; 4]> = frequencies.iter().map(|c| c.map(units)).collect();
        let reverse: Vec<[Score; 4]> = forward
            .iter()
            .rev()
            .map(|&[a, c, g, t]| [t, g, c, a])
            .collect();
        let mut smallest = [0; 2];
        let tables = (0..width)
            .step_by(CODE)
            .map(|first| {
                let columns = first..(first + CODE).min(width);
                let mut table = [0; CODES];
                for (strand, matrix) in [&forward, &reverse].into_iter().enumerate() {
                    let over_least: Vec<[u64; 4]> = matrix[columns.clone()]
                        .iter()
                        .map(|column| {
                            let least = column.iter().copied().min().unwrap_or(0);
                            smallest[strand] += least;
                            column.map(|score| (score - least) as u64)
                        })
                        .collect();
                    for (code, scores) in table.iter_mut().enumerate() {
                        let bases = (0..CODE).rev().map(|at| code >> (2 * at) & 3);
                        let sum: u64 = over_least.iter().zip(bases).map(|(c, b)| c[b]).sum();
                        *scores |= sum << (32 * (1 - strand));
                    }
                }
                table
            })
            .collect();
        Self {
            width,
            tables,
            smallest,
        }
    }

    /// Best site of each of `sequences`. Of equal scores the first position wins, and on
    /// it the forward strand.
    pub(super) fn best(
        &self,
        corpus: &Corpus,
        sequences: Range<usize>,
        best: &mut Vec<Best>,
        buffer: &mut Buffer,
    ) {
        best.clear();
        // Everything below is `#[inline(always)]`: a function of its own would be compiled without
        // the vectors.
        vectorized(
            #[inline(always)]
            || {
                for sequence in sequences {
                    best.push(self.best_of(corpus, sequence, buffer));
                }
            },
        );
    }

    #[inline(always)]
    fn best_of(&self, corpus: &Corpus, sequence: usize, buffer: &mut Buffer) -> Best {
        let mut best = Best::NONE;
        for segment in corpus.segments(sequence) {
            let highest = self.scores(corpus, *segment, buffer);
            if highest > best.score {
                let at = buffer
                    .scores
                    .iter()
                    .position(|&score| score == highest)
                    .expect("the highest score is one of them");
                let [forward, reverse] = self.of_strands(buffer.strands[at]);
                best = Best {
                    score: highest,
                    start: segment.start + at as u32,
                    reverse: reverse > forward,
                };
            }
        }
        best
    }

    /// Adds the positions of all sites of `sequence` with at least `threshold` on either
    /// strand.
    pub(super) fn sites(
        &self,
        corpus: &Corpus,
        sequence: usize,
        threshold: Score,
        sites: &mut Vec<u32>,
        buffer: &mut Buffer,
    ) {
        for segment in corpus.segments(sequence) {
            self.scores(corpus, *segment, buffer);
            let found = (segment.start..).zip(&buffer.scores);
            sites.extend(found.filter_map(|(at, &score)| (score >= threshold).then_some(at)));
        }
    }

    #[inline(always)]
    fn of_strands(&self, sums: u64) -> [Score; 2] {
        [
            (sums >> 32) as Score + self.smallest[0],
            sums as u32 as Score + self.smallest[1],
        ]
    }

    /// Scores of all sites of `segment`, and the highest of them.
    #[inline(always)]
    fn scores(&self, corpus: &Corpus, segment: Segment, buffer: &mut Buffer) -> Score {
        let start = segment.start as usize;
        let count = (segment.length as usize + 1).saturating_sub(self.width);
        buffer.strands.resize(count, 0);
        buffer.scores.resize(count, 0);
        if count == 0 {
            return Score::MIN;
        }
        let codes = &corpus.codes()[start..];
        let strands = &mut buffer.strands[..count];
        match self.tables.len() {
            1 => self.look_up::<1>(codes, strands),
            2 => self.look_up::<2>(codes, strands),
            3 => self.look_up::<3>(codes, strands),
            4 => self.look_up::<4>(codes, strands),
            5 => self.look_up::<5>(codes, strands),
            _ => self.look_up::<MOST>(codes, strands),
        }
        let before = &corpus.background()[start..][..count];
        let after = &corpus.background()[start + self.width..][..count];
        let scores = &mut buffer.scores[..count];
        let mut highest = Score::MIN;
        // Plain loops: closures of iterators may stay functions without vectors.
        for at in 0..count {
            let [forward, reverse] = self.of_strands(strands[at]);
            let score = forward.max(reverse) - after[at].wrapping_sub(before[at]);
            scores[at] = score;
            highest = highest.max(score);
        }
        highest
    }

    #[inline(always)]
    fn look_up<const TABLES: usize>(&self, codes: &[u16], sums: &mut [u64]) {
        let tables: &[[u64; CODES]; TABLES] = self.tables[..]
            .try_into()
            .expect("called with the number of tables");
        let span = (TABLES - 1) * CODE + 1;
        let codes = &codes[..sums.len() + span - 1];
        for (at, sum) in sums.iter_mut().enumerate() {
            let codes = &codes[at..at + span];
            let mut total = 0;
            for table in 0..TABLES {
                total += tables[table][usize::from(codes[table * CODE]) % CODES];
            }
            *sum = total;
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
            let mut buffer = Buffer::default();
            scanner.best(&corpus, 0..1, &mut best, &mut buffer);

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
                let threshold = ((score - 1e-3) * UNITS) as Score;
                scanner.sites(&corpus, 0, threshold, &mut sites, &mut buffer);
                prop_assert!(sites.contains(&(at as u32)));
            }
            if expected == f64::NEG_INFINITY {
                prop_assert_eq!(best[0], Best::NONE);
            } else {
                let got = f64::from(best[0].score) / UNITS;
                // Each of up to thirty columns and bases is rounded to half a unit.
                prop_assert!((got - expected).abs() < 40.0 / UNITS, "{got} {expected}");
            }
        }
    }
}
