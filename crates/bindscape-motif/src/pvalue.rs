//! Scores as whole numbers, and their exact p-values.
//!
//! As in FIMO (Grant, Bailey and Noble 2011, Bioinformatics 27:1017), log-odds are scaled
//! and rounded, so that a score is a sum of whole numbers, and the distribution of such sums in
//! random sequence follows by dynamic programming, position by position. The p-value is the
//! probability that a window of random sequence, its bases independent (order 0), scores as
//! high or higher.
//!
//! What is computed is the distribution of the *deficit*, the best score less the score,
//! from zero up to where the p-value is larger than anyone will ask for: the tail is a
//! twentieth of the whole for the usual threshold of 1e-4. Sums of probabilities have no
//! cancellation, so small p-values are as accurate as large ones.

use std::sync::OnceLock;

use crate::background::Background;
use crate::matrix::LogOdds;

/// Units per bit for motifs of up to [`SHORT`] positions: words of these all have distinct scores.
const FINE: f64 = (1 << 20) as f64;

/// Units per bit for wider motifs (FIMO has about 70).
const COARSE: f64 = (1 << 10) as f64;

/// Largest width with at most 65,536 words.
const SHORT: usize = 8;

/// Units per bit of the search for the end of the tail.
const SEARCH: i64 = 8;

/// Log-odds as whole numbers.
///
/// ```
/// use bindscape_motif::pvalue::{PValues, ScaledLogOdds};
/// use bindscape_motif::{Background, Counts, Pseudocount};
///
/// let background = Background::uniform();
/// let counts = Counts::of_sites(["ACGT", "ACGT", "ACGA"])?;
/// let scores = ScaledLogOdds::new(
///     &counts.frequencies(Pseudocount::new(1.0)?, &background).log_odds(&background)?,
/// );
/// // One word of four bases scores best: one in 4^4 windows of random sequence.
/// let p_values = PValues::new(&scores, &background, 0.01);
/// assert_eq!(p_values.p_value(scores.best()), 1.0 / 256.0);
/// # Ok::<(), bindscape_base::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScaledLogOdds {
    rows: Vec<[i64; 4]>,
    per_bit: i64,
}

impl ScaledLogOdds {
    /// Scales and rounds: to 2^-20 bits for motifs of up to 8 positions, 2^-10 for wider ones.
    #[must_use]
    pub fn new(log_odds: &LogOdds) -> Self {
        let per_bit = if log_odds.width() <= SHORT {
            FINE
        } else {
            COARSE
        };
        let scaled = |bits: f64| (bits * per_bit).round() as i64;
        Self {
            rows: log_odds.rows().iter().map(|row| row.map(scaled)).collect(),
            per_bit: per_bit as i64,
        }
    }

    /// The scaled log-odds, a row of A, C, G, T per position.
    #[must_use]
    pub fn rows(&self) -> &[[i64; 4]] {
        &self.rows
    }

    /// Positions.
    #[must_use]
    pub fn width(&self) -> usize {
        self.rows.len()
    }

    /// The same on the other strand.
    #[must_use]
    pub fn reverse_complement(&self) -> Self {
        let flipped = self.rows.iter().rev().map(|&[a, c, g, t]| [t, g, c, a]);
        Self {
            rows: flipped.collect(),
            per_bit: self.per_bit,
        }
    }

    /// The highest score of any word.
    #[must_use]
    pub fn best(&self) -> i64 {
        let best = |row: &[i64; 4]| row.iter().copied().fold(i64::MIN, i64::max);
        self.rows.iter().map(best).sum()
    }

    /// The score of a word of the motif's width, its bases 0 to 3 for A, C, G, T.
    ///
    /// # Panics
    /// If the word is shorter than the motif, or a base above 3.
    #[must_use]
    pub fn score(&self, word: &[u8]) -> i64 {
        let word = &word[..self.rows.len()];
        let bases = self.rows.iter().zip(word);
        bases.map(|(row, &base)| row[usize::from(base)]).sum()
    }

    /// A score in bits.
    #[must_use]
    pub fn bits(&self, score: i64) -> f64 {
        score as f64 / self.per_bit as f64
    }

    /// What each base takes off the best score.
    #[must_use]
    pub fn deficits(&self) -> Vec<[i64; 4]> {
        let deficits = |row: &[i64; 4]| {
            let best = row.iter().copied().fold(i64::MIN, i64::max);
            row.map(|score| best - score)
        };
        self.rows.iter().map(deficits).collect()
    }
}

/// Exact p-values of the scores of a motif in random sequence.
#[derive(Debug)]
pub struct PValues {
    best: i64,
    deficits: Vec<[i64; 4]>,
    /// Units of the search for the end of the tail.
    search: i64,
    background: [f64; 4],
    tail: Cumulative,
    whole: OnceLock<Cumulative>,
}

impl PValues {
    /// The p-values up to `most`; larger ones are computed once they are asked for.
    #[must_use]
    pub fn new(scores: &ScaledLogOdds, background: &Background, most: f64) -> Self {
        let deficits = scores.deficits();
        let background = background.probabilities();
        let search = scores.per_bit / SEARCH;
        let last = end_of_tail(&deficits, background, search, most);
        Self {
            best: scores.best(),
            tail: Cumulative::new(&deficits, background, last),
            deficits,
            search,
            background,
            whole: OnceLock::new(),
        }
    }

    /// The probability that a window of random sequence scores `score` or more.
    #[must_use]
    pub fn p_value(&self, score: i64) -> f64 {
        let deficit = self.best - score;
        if deficit < 0 {
            return 0.0;
        }
        match self.tail.at_most(deficit) {
            Some(p) => p,
            None => self.whole().at_most(deficit).unwrap_or(1.0),
        }
    }

    /// The smallest score of a word whose p-value is at most `p`; `None` if not even the best
    /// one's is.
    #[must_use]
    pub fn threshold(&self, p: f64) -> Option<i64> {
        let deficit = if self.tail.total() > p {
            self.tail.last_within(p)
        } else {
            self.whole().last_within(p)
        };
        deficit.map(|deficit| self.best - deficit)
    }

    fn whole(&self) -> &Cumulative {
        self.whole.get_or_init(|| {
            let last = end_of_tail(&self.deficits, self.background, self.search, 1.0);
            Cumulative::new(&self.deficits, self.background, last)
        })
    }
}

/// Probabilities that the deficit is at most so much.
#[derive(Debug)]
enum Cumulative {
    /// Of the deficits that occur, ascending; complete up to `last`.
    Sparse {
        deficits: Vec<i64>,
        within: Vec<f64>,
        last: i64,
    },
    /// Of every deficit from 0.
    Dense(Vec<f64>),
}

impl Cumulative {
    /// The distribution for deficits up to `last`.
    fn new(deficits: &[[i64; 4]], background: [f64; 4], last: i64) -> Self {
        let mut sum = 0.0;
        let mut cumulate = |p: &mut f64| {
            sum += *p;
            // Rounding may carry the sum of all beyond one.
            *p = f64::min(sum, 1.0);
        };
        if deficits.len() <= SHORT {
            let (deficits, mut within) = sparse(deficits, background, last);
            within.iter_mut().for_each(&mut cumulate);
            Self::Sparse {
                deficits,
                within,
                last,
            }
        } else {
            let mut within = dense(deficits, background, last);
            within.iter_mut().for_each(cumulate);
            Self::Dense(within)
        }
    }

    /// The probability of a deficit of at most `deficit`; `None` beyond the end.
    fn at_most(&self, deficit: i64) -> Option<f64> {
        match self {
            Self::Sparse {
                deficits,
                within,
                last,
            } => {
                let count = deficits.partition_point(|&d| d <= deficit);
                (deficit <= *last).then(|| count.checked_sub(1).map_or(0.0, |at| within[at]))
            }
            Self::Dense(within) => within.get(usize::try_from(deficit).ok()?).copied(),
        }
    }

    /// The largest deficit that, with all smaller ones, has at most probability `p`.
    fn last_within(&self, p: f64) -> Option<i64> {
        match self {
            Self::Sparse {
                deficits, within, ..
            } => {
                let count = within.partition_point(|&q| q <= p);
                count.checked_sub(1).map(|at| deficits[at])
            }
            Self::Dense(within) => {
                let count = within.partition_point(|&q| q <= p);
                count.checked_sub(1).map(|at| at as i64)
            }
        }
    }

    fn total(&self) -> f64 {
        match self {
            Self::Sparse { within, .. } | Self::Dense(within) => {
                within.last().copied().unwrap_or(0.0)
            }
        }
    }
}

/// The largest deficit of all words.
fn largest(deficits: &[[i64; 4]]) -> i64 {
    let largest = |row: &[i64; 4]| row.iter().copied().fold(0, i64::max);
    deficits.iter().map(largest).sum()
}

/// A deficit up to which the probability is more than `most`, or the largest one.
///
/// Deficits in `unit`s are rounded down, which makes their sum smaller by less than a unit for
/// each position.
fn end_of_tail(deficits: &[[i64; 4]], background: [f64; 4], unit: i64, most: f64) -> i64 {
    let whole = largest(deficits);
    if most >= 1.0 {
        return whole;
    }
    let rough: Vec<[i64; 4]> = deficits
        .iter()
        .map(|row| row.map(|deficit| deficit / unit))
        .collect();
    let mut within = 0.0;
    for (at, p) in dense(&rough, background, largest(&rough))
        .iter()
        .enumerate()
    {
        within += p;
        if within > most {
            return whole.min((at + deficits.len()) as i64 * unit);
        }
    }
    whole
}

/// Probabilities of the deficits 0 to `last`.
fn dense(deficits: &[[i64; 4]], background: [f64; 4], last: i64) -> Vec<f64> {
    let size = last as usize + 1;
    let mut now = vec![0.0; size];
    let mut next = vec![0.0; size];
    now[0] = 1.0;
    let mut used = 1;
    for row in deficits {
        let widest = row.iter().copied().fold(0, i64::max) as usize;
        let will = (used + widest).min(size);
        next[..will].fill(0.0);
        for (&deficit, p) in row.iter().zip(background) {
            let deficit = deficit as usize;
            if deficit < will {
                for (to, from) in next[deficit..will].iter_mut().zip(&now[..used]) {
                    *to += p * from;
                }
            }
        }
        std::mem::swap(&mut now, &mut next);
        used = will;
    }
    now
}

/// The deficits up to `last` that occur, ascending, and their probabilities.
fn sparse(deficits: &[[i64; 4]], background: [f64; 4], last: i64) -> (Vec<i64>, Vec<f64>) {
    let mut now = vec![(0_i64, 1.0_f64)];
    for row in deficits {
        let mut next: Vec<(i64, f64)> = Vec::with_capacity(4 * now.len());
        for (deficit, p) in row.iter().zip(background) {
            let shifted = now.iter().map(|(sum, q)| (sum + deficit, p * q));
            next.extend(shifted.filter(|&(sum, _)| sum <= last));
        }
        // Four ascending runs: what the stable sort is fastest at, and equal sums keep their order.
        next.sort_by_key(|&(sum, _)| sum);
        next.dedup_by(|other, first| {
            let same = other.0 == first.0;
            if same {
                first.1 += other.1;
            }
            same
        });
        now = next;
    }
    now.into_iter().unzip()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::matrix::Frequencies;

    fn words(width: usize) -> impl Iterator<Item = Vec<u8>> {
        (0..1_usize << (2 * width))
            .map(move |code| (0..width).map(|at| (code >> (2 * at) & 3) as u8).collect())
    }

    fn rows(width: std::ops::Range<usize>) -> impl Strategy<Value = Vec<[f64; 4]>> {
        prop::collection::vec([0.001..1.0_f64, 0.001..1.0, 0.001..1.0, 0.001..1.0], width)
            .prop_map(|rows| rows.into_iter().map(normalised).collect())
    }

    fn normalised(row: [f64; 4]) -> [f64; 4] {
        let sum: f64 = row.iter().sum();
        row.map(|p| p / sum)
    }

    fn log_odds(rows: &[[f64; 4]], background: &Background) -> LogOdds {
        let frequencies = Frequencies::new(rows.to_vec()).expect("rows sum to one");
        frequencies.log_odds(background).expect("none is zero")
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        /// Against all words, with log-odds that are not rounded: p-values are within 1e-3.
        #[test]
        fn exact_for_short_motifs(
            rows in rows(1..7),
            background in [0.1..1.0_f64, 0.1..1.0, 0.1..1.0, 0.1..1.0].prop_map(normalised),
            most in prop::sample::select(vec![1e-4, 1e-2, 1.0]),
        ) {
            let width = rows.len();
            let background = Background::new(background).expect("valid");
            let log_odds = log_odds(&rows, &background);
            let scores = ScaledLogOdds::new(&log_odds);
            let values = PValues::new(&scores, &background, most);
            let mut all: Vec<(f64, f64, Vec<u8>)> = words(width)
                .map(|word| {
                    let bases = || word.iter().map(|&b| usize::from(b));
                    let bits = log_odds.rows().iter().zip(bases()).map(|(row, b)| row[b]).sum();
                    let p = bases().map(|b| background.probabilities()[b]).product();
                    (bits, p, word)
                })
                .collect();
            all.sort_by(|a, b| b.0.total_cmp(&a.0));
            // Words closer than the rounding of scores are not always distinguished.
            let near = width as f64 / FINE;
            let (mut sum, mut from) = (0.0, 0);
            let mut within = Vec::new();
            for (bits, p, _) in &all {
                sum += p;
                within.push(sum);
                while all[from].0 > bits + near {
                    from += 1;
                }
            }
            for (at, (bits, _, word)) in all.iter().enumerate() {
                let tied = |k: usize| (all[k].0 - bits).abs() <= near;
                if (at > 0 && tied(at - 1)) || (at + 1 < all.len() && tied(at + 1)) {
                    continue;
                }
                let score = scores.score(word);
                prop_assert!((scores.bits(score) - bits).abs() < near);
                let p = values.p_value(score);
                prop_assert!((p / within[at] - 1.0).abs() < 1e-9, "{p} {}", within[at]);
                let threshold = values.threshold(within[at] * (1.0 + 1e-12));
                prop_assert_eq!(threshold, Some(score));
            }
        }

        /// Wider motifs: monotone, one for the worst word, and the tail is that of the whole.
        #[test]
        fn monotone_and_the_same_for_every_tail(rows in rows(7..14), most in 1e-6..0.1_f64) {
            let background = Background::new([0.3, 0.2, 0.2, 0.3]).expect("valid");
            let scores = ScaledLogOdds::new(&log_odds(&rows, &background));
            let tail = PValues::new(&scores, &background, most);
            let whole = PValues::new(&scores, &background, 1.0);
            let worst = scores.best() - largest(&scores.deficits());
            prop_assert!((whole.p_value(worst) - 1.0).abs() < 1e-12);
            prop_assert_eq!(whole.p_value(scores.best() + 1), 0.0);
            let mut last = 0.0;
            for step in 0..200 {
                let score = scores.best() - (scores.best() - worst) * step / 200;
                let (p, q) = (whole.p_value(score), tail.p_value(score));
                prop_assert!(p >= last);
                prop_assert!((p / q - 1.0).abs() < 1e-12);
                last = p;
            }
            let threshold = tail.threshold(most);
            prop_assert_eq!(threshold, whole.threshold(most));
            if let Some(score) = threshold {
                prop_assert!(tail.p_value(score) <= most);
                // Short motifs have no word of the next score as a rule.
                prop_assert!(rows.len() <= SHORT || tail.p_value(score - 1) > most);
            }
            // The other strand has the same distribution under a background that is the same
            // on both.
            let other = PValues::new(&scores.reverse_complement(), &background, most);
            let score = threshold.unwrap_or(scores.best());
            prop_assert!((other.p_value(score) / tail.p_value(score) - 1.0).abs() < 1e-12);
        }
    }

    /// A motif of ten positions: rounding moves a score by less than 0.005 bits, and the p-value
    /// lies between those of scores that much higher and lower, so within 1% but for the few
    /// best words.
    #[test]
    fn rounding_of_wider_motifs_is_bounded() {
        let mut state = 1_u64;
        let mut random = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            0.02 + (state >> 40) as f64 / (1 << 24) as f64
        };
        let rows: Vec<[f64; 4]> = (0..10)
            .map(|_| normalised([random(), random(), random(), random()]))
            .collect();
        let background = Background::new([0.28, 0.22, 0.22, 0.28]).expect("valid");
        let log_odds = log_odds(&rows, &background);
        let scores = ScaledLogOdds::new(&log_odds);
        let values = PValues::new(&scores, &background, 1e-3);
        let mut all: Vec<(f64, f64, i64)> = words(10)
            .map(|word| {
                let rows = log_odds.rows().iter().zip(&word);
                let p = word
                    .iter()
                    .map(|&b| background.probabilities()[usize::from(b)]);
                let bits = rows.map(|(row, &b)| row[usize::from(b)]).sum();
                (bits, p.product(), scores.score(&word))
            })
            .collect();
        all.sort_by(|a, b| b.0.total_cmp(&a.0));
        let mut sum = 0.0;
        let within: Vec<f64> = all
            .iter()
            .map(|(_, p, _)| {
                sum += p;
                sum
            })
            .collect();
        let exact = |bits: f64| {
            let count = all.partition_point(|word| word.0 >= bits);
            count.checked_sub(1).map_or(0.0, |at| within[at])
        };
        let slack = 10.0 * 0.5 / COARSE + 1e-9;
        for (at, &(bits, _, score)) in all.iter().enumerate().step_by(97) {
            let p = values.p_value(score);
            let rounded = scores.bits(score);
            assert!((rounded - bits).abs() <= slack);
            assert!(exact(rounded + slack) * (1.0 - 1e-9) <= p);
            assert!(p <= exact(rounded - slack) * (1.0 + 1e-9));
            if at > 1000 {
                assert!(
                    (p / within[at] - 1.0).abs() < 0.01,
                    "{at} {p} {}",
                    within[at]
                );
            }
        }
    }

    #[test]
    fn a_threshold_that_no_word_reaches() {
        let background = Background::uniform();
        let scores = ScaledLogOdds::new(&log_odds(&[[0.7, 0.1, 0.1, 0.1]; 3], &background));
        let values = PValues::new(&scores, &background, 1e-4);
        assert_eq!(values.threshold(1e-4), None);
        assert_eq!(values.threshold(1.0 / 64.0), Some(scores.best()));
        assert_eq!(values.p_value(scores.best()), 1.0 / 64.0);
    }
}
