//! Regression on gapped words of the sequences: the simplest model that learns more than one motif
//! from a few regions, near to gkm-SVM (Ghandi et al. 2014; Lee 2016).
//!
//! A feature is a word of six letters in a window of eight bases, the same on both strands: how
//! often it occurs in the sequence. As in gkm-SVM, the features of a sequence are scaled to a
//! vector of unit length. A logistic regression with a squared penalty weighs them.
//!
//! A sequence of 200 bases has 5,404 such words, but only 193 windows, and all words of a window
//! follow from it. So a sequence is kept as its windows (2 bytes each, 16 MB for 40,000
//! sequences of 200 bases), and weights of words are summed to weights of the 32,896 windows
//! that there are.
//!
//! The words stand alone ([`scores`]) or beside the other features of a
//! [readout](crate::readout).

use std::sync::LazyLock;

use bindscape_base::progress::{Progress, check};
use bindscape_base::{Error, Result};
use bindscape_genome::sequence::{PackedSequences, Strand};
use bindscape_stats::{Design, LogisticRegression};
use serde::{Deserialize, Serialize};

/// Bases of a window.
const WIDTH: usize = 8;
/// Letters of a word; the other bases of the window are gaps.
const LETTERS: usize = 6;
/// Ways to place the gaps in a window.
const SHAPES: usize = WIDTH * (WIDTH - 1) / 2;
/// Of the squared weights, beside the summed cross-entropy of the sequences, where words stand
/// alone. Chosen with the words on TFs that no table reports.
const PENALTY: f64 = 0.2;
/// Sequences between two questions whether to stop.
const STEP: usize = 1024;

/// Sequences of one length, and which of them are bound.
pub type Labelled<'a> = (&'a PackedSequences, &'a [bool]);

/// The probabilities that `tests` are bound, where as many are as in `train`, one row of them for
/// each of `tests`; `None` for sequences with unknown letters, which are not fitted to either. The
/// same on both strands.
///
/// # Errors
/// If the sequences to fit to are not of both kinds, or the user asked to stop.
///
/// # Panics
/// If sequences of `train` lack a label.
pub fn scores(
    train: &[Labelled<'_>],
    tests: &[&PackedSequences],
    progress: &dyn Progress,
) -> Result<Vec<Vec<Option<f32>>>> {
    let mut design = WordCounts::new();
    let mut labels = Vec::new();
    for (sequences, bound) in train {
        assert_eq!(bound.len(), sequences.len(), "a label for each sequence");
        let known: Vec<usize> = (0..bound.len())
            .filter(|&row| !sequences.has_unknown(row))
            .collect();
        design.extend(sequences, &known, progress)?;
        labels.extend(known.iter().map(|&row| bound[row]));
    }
    if labels.iter().all(|&label| label) || !labels.iter().any(|&label| label) {
        return Err(Error::about(
            "the sequences to fit to",
            "bound and unbound ones with the letters A, C, G and T alone",
            "one kind",
        ));
    }
    let penalties = vec![PENALTY; design.columns()];
    let fitted = LogisticRegression::fit_design(&design, &labels, &penalties, || check(progress))?;
    let weights = WORDS.weigh(&fitted.weights);
    let mut counter = Counter::new();
    let mut scores = Vec::with_capacity(tests.len());
    for test in tests {
        let mut of_test = Vec::with_capacity(test.len());
        for row in 0..test.len() {
            if row % STEP == 0 {
                check(progress)?;
            }
            let score = (!test.has_unknown(row))
                .then(|| fitted.constant + counter.count(test, row).product(&weights));
            of_test.push(score.map(|score| (1.0 / (1.0 + (-score).exp())) as f32));
        }
        scores.push(of_test);
    }
    Ok(scores)
}

/// What a regression made of the words of sequences, beside other features.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WordWeights {
    /// The weight of each window, in `f32`.
    #[serde(with = "bindscape_base::packed")]
    windows: Vec<f32>,
    /// Standard deviation of what the words add to the log odds, among the regions that they
    /// were fitted to.
    pub effect: f64,
}

impl WordWeights {
    /// Those of the words of `design`, which they were fitted to.
    pub(crate) fn new(weights: &[f64], design: &WordCounts) -> Self {
        let of_windows = WORDS.weigh(weights);
        let added: Vec<f64> = design.each().map(|row| row.product(&of_windows)).collect();
        Self {
            windows: of_windows.iter().map(|&weight| weight as f32).collect(),
            effect: bindscape_stats::standard_deviation(&added).unwrap_or(0.0),
        }
    }

    /// Whether there is a weight for each window.
    pub(crate) fn is_whole(&self) -> bool {
        self.windows.len() == WORDS.windows()
            && self.windows.iter().all(|weight| weight.is_finite())
    }

    /// What the words of a sequence without unknown letters add to the log odds of binding; the
    /// same on both strands.
    pub(crate) fn log_odds(&self, words: &Counted<'_>) -> f64 {
        let weight = |&window: &u16| f64::from(self.windows[usize::from(window)]);
        words.share * words.windows.iter().map(weight).sum::<f64>()
    }
}

/// The words are the same for all sequences.
static WORDS: LazyLock<Words> = LazyLock::new(Words::new);

/// The windows and the words that they hold, each in the place of its reverse complement, too.
struct Words {
    /// By the bases of a window, the number of it or its reverse complement.
    numbers: Vec<u16>,
    /// The words of each window.
    words: Vec<[u32; SHAPES]>,
    /// Words that there are.
    count: usize,
}

impl Words {
    fn new() -> Self {
        let shapes = shapes();
        let mirrored: Vec<usize> = shapes
            .iter()
            .map(|shape| {
                let mirror = shape.map(|place| WIDTH - 1 - place);
                let same = |other: &[usize; LETTERS]| other.iter().rev().eq(mirror.iter());
                shapes.iter().position(same).expect("all shapes are there")
            })
            .collect();
        // The word that is numbered first, of two that are each other's reverse complement.
        let word = |window: [usize; WIDTH], shape: usize| {
            let places = shapes[shape];
            let code = |letters: [usize; LETTERS]| letters.iter().fold(0, |code, l| code << 2 | l);
            let forward = places.map(|place| window[place]);
            let mut reverse = forward.map(|letter| 3 - letter);
            reverse.reverse();
            let number = |shape: usize, letters| (shape << (2 * LETTERS)) | code(letters);
            number(shape, forward).min(number(mirrored[shape], reverse))
        };
        let mut numbers = vec![0; 1 << (2 * WIDTH)];
        let mut of_words = vec![None; SHAPES << (2 * LETTERS)];
        let (mut words, mut count) = (Vec::new(), 0);
        for code in 0..numbers.len() {
            let bases: [usize; WIDTH] =
                std::array::from_fn(|place| code >> (2 * (WIDTH - 1 - place)) & 3);
            let reverse = bases
                .iter()
                .rev()
                .fold(0, |code, base| code << 2 | (3 - base));
            numbers[code] = if reverse < code {
                numbers[reverse]
            } else {
                let number = words.len() as u16;
                words.push(std::array::from_fn(|shape| {
                    *of_words[word(bases, shape)].get_or_insert_with(|| {
                        count += 1;
                        count as u32 - 1
                    })
                }));
                number
            };
        }
        Self {
            numbers,
            words,
            count,
        }
    }

    /// Windows that there are.
    fn windows(&self) -> usize {
        self.words.len()
    }

    /// The weight of each window: the sum of its words'.
    fn weigh(&self, weights: &[f64]) -> Vec<f64> {
        let weight = |&word: &u32| weights[word as usize];
        let of_window = |words: &[u32; SHAPES]| words.iter().map(weight).sum();
        self.words.iter().map(of_window).collect()
    }
}

/// The places of the letters in a window.
fn shapes() -> Vec<[usize; LETTERS]> {
    let mut shapes = Vec::with_capacity(SHAPES);
    for first in 0..WIDTH {
        for second in first + 1..WIDTH {
            let mut letters = (0..WIDTH).filter(|&place| place != first && place != second);
            shapes.push(std::array::from_fn(|_| {
                letters.next().expect("two are gaps")
            }));
        }
    }
    shapes
}

/// Counts words of sequences.
pub(crate) struct Counter {
    bases: Vec<u8>,
    /// Those of the sequence, in the order of their numbers.
    windows: Vec<u16>,
    /// Occurrences of each word; 0 between two sequences.
    counts: Vec<u32>,
}

impl Counter {
    pub(crate) fn new() -> Self {
        Self {
            bases: Vec::new(),
            windows: Vec::new(),
            counts: vec![0; WORDS.count],
        }
    }

    /// The words of a sequence without unknown letters.
    pub(crate) fn count(&mut self, sequences: &PackedSequences, row: usize) -> Counted<'_> {
        self.bases.resize(sequences.length(), 0);
        sequences.bases(row, Strand::Forward, &mut self.bases);
        self.windows.clear();
        let windows = self.bases.windows(WIDTH);
        self.windows
            .extend(windows.map(|window| WORDS.numbers[code(window)]));
        // One order on both strands, and so the same sums bit for bit.
        self.windows.sort_unstable();
        let words = |&window: &u16| &WORDS.words[usize::from(window)];
        for &word in self.windows.iter().flat_map(words) {
            self.counts[word as usize] += 1;
        }
        // A word that occurs n times is met n times: n from each is its square.
        let mut squares = 0;
        for &word in self.windows.iter().flat_map(words) {
            squares += u64::from(self.counts[word as usize]);
        }
        for &word in self.windows.iter().flat_map(words) {
            self.counts[word as usize] = 0;
        }
        Counted {
            windows: &self.windows,
            share: share(squares),
        }
    }

    /// What the words of a sequence add to the log odds. What every base at every position would
    /// change in that is added to `changes`.
    ///
    /// # Shapes
    /// `changes`: `[4, bases]`
    pub(crate) fn mutate(
        &mut self,
        bases: &[u8],
        weights: &WordWeights,
        changes: &mut [f64],
    ) -> f64 {
        let codes: Vec<usize> = bases.windows(WIDTH).map(code).collect();
        let weight = |code: usize| f64::from(weights.windows[usize::from(WORDS.numbers[code])]);
        let mut squares = 0;
        let mut sum = 0.0;
        for &code in &codes {
            squares = self.add(code, squares);
            sum += weight(code);
        }
        let own = share(squares) * sum;
        for (position, &base) in bases.iter().enumerate() {
            let reached = (position + 1).saturating_sub(WIDTH)..(position + 1).min(codes.len());
            for other in (0..4).filter(|&other| other != base) {
                let edited = |start: usize| {
                    let shift = 2 * (WIDTH - 1 - (position - start));
                    codes[start] ^ (usize::from(base ^ other) << shift)
                };
                let (mut squares, mut sum) = (squares, sum);
                for start in reached.clone() {
                    squares = self.remove(codes[start], squares);
                    squares = self.add(edited(start), squares);
                    sum += weight(edited(start)) - weight(codes[start]);
                }
                changes[usize::from(other) * bases.len() + position] += share(squares) * sum - own;
                for start in reached.clone() {
                    squares = self.remove(edited(start), squares);
                    squares = self.add(codes[start], squares);
                }
            }
        }
        for &code in &codes {
            squares = self.remove(code, squares);
        }
        debug_assert_eq!(squares, 0);
        own
    }

    /// Adds the words of a window to the counts, whose summed squares are `squares`, and says
    /// what these are then.
    fn add(&mut self, code: usize, mut squares: u64) -> u64 {
        for &word in &WORDS.words[usize::from(WORDS.numbers[code])] {
            let count = &mut self.counts[word as usize];
            squares += u64::from(2 * *count + 1);
            *count += 1;
        }
        squares
    }

    /// The opposite of [`Counter::add`].
    fn remove(&mut self, code: usize, mut squares: u64) -> u64 {
        for &word in &WORDS.words[usize::from(WORDS.numbers[code])] {
            let count = &mut self.counts[word as usize];
            squares -= u64::from(2 * *count - 1);
            *count -= 1;
        }
        squares
    }
}

/// One over the length of the vector of counts with these summed squares.
fn share(squares: u64) -> f64 {
    1.0 / (squares.max(1) as f64).sqrt()
}

/// The number of a window's bases.
fn code(window: &[u8]) -> usize {
    (window.iter()).fold(0, |code, &base| code << 2 | usize::from(base))
}

/// The words of a sequence.
pub(crate) struct Counted<'a> {
    /// Its windows.
    windows: &'a [u16],
    /// One over the length of the vector of its words' counts.
    share: f64,
}

impl Counted<'_> {
    /// The weights of its windows, scaled.
    fn product(&self, weights: &[f64]) -> f64 {
        let weight = |&window: &u16| weights[usize::from(window)];
        self.share * self.windows.iter().map(weight).sum::<f64>()
    }
}

/// The words of sequences: their windows, times the words of each window.
#[derive(Default)]
pub(crate) struct WordCounts {
    /// Row after row.
    windows: Vec<u16>,
    /// By row, where its windows end, and its share.
    rows: Vec<(usize, f64)>,
}

impl WordCounts {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Adds `rows` of `sequences`, none of which has unknown letters.
    ///
    /// # Errors
    /// If the user asked to stop.
    pub(crate) fn extend(
        &mut self,
        sequences: &PackedSequences,
        rows: &[usize],
        progress: &dyn Progress,
    ) -> Result<()> {
        let mut counter = Counter::new();
        for (number, &row) in rows.iter().enumerate() {
            if number % STEP == 0 {
                check(progress)?;
            }
            self.push(counter.count(sequences, row));
        }
        Ok(())
    }

    fn push(&mut self, row: Counted<'_>) {
        self.windows.extend_from_slice(row.windows);
        self.rows.push((self.windows.len(), row.share));
    }

    fn each(&self) -> impl Iterator<Item = Counted<'_>> {
        let mut start = 0;
        self.rows.iter().map(move |&(end, share)| {
            let windows = &self.windows[std::mem::replace(&mut start, end)..end];
            Counted { windows, share }
        })
    }
}

impl Design for WordCounts {
    fn rows(&self) -> usize {
        self.rows.len()
    }

    fn columns(&self) -> usize {
        WORDS.count
    }

    fn multiply(&self, weights: &[f64], products: &mut [f64]) {
        let weights = WORDS.weigh(weights);
        for (row, product) in self.each().zip(products) {
            *product = row.product(&weights);
        }
    }

    fn add_rows(&self, factors: &[f64], sums: &mut [f64]) {
        let mut of_windows = vec![0.0; WORDS.windows()];
        for (row, factor) in self.each().zip(factors) {
            for &window in row.windows {
                of_windows[usize::from(window)] += factor * row.share;
            }
        }
        for (words, sum) in WORDS.words.iter().zip(of_windows) {
            for &word in words {
                sums[word as usize] += sum;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use bindscape_base::progress::Silent;
    use bindscape_base::random::stream;
    use bindscape_genome::sequence::reverse_complement;
    use rand::Rng;

    use super::*;

    const LENGTH: usize = 60;

    /// Random sequences, every second one with a site of eight bases on either strand.
    fn simulated(count: usize, seed: u64) -> (Vec<Vec<u8>>, Vec<bool>) {
        let mut rng = stream(seed, "kmers-test", &[]);
        let sequence = |number: usize| {
            let mut letters: Vec<u8> = (0..LENGTH)
                .map(|_| b"ACGT"[rng.random_range(0..4)])
                .collect();
            if number.is_multiple_of(2) {
                let at = rng.random_range(0..LENGTH - 8);
                letters[at..at + 8].copy_from_slice(b"TGACGCAA");
            }
            if number.is_multiple_of(4) {
                reverse_complement(&mut letters);
            }
            letters
        };
        let sequences = (0..count).map(sequence).collect();
        (
            sequences,
            (0..count).map(|number| number.is_multiple_of(2)).collect(),
        )
    }

    fn packed(sequences: &[Vec<u8>]) -> PackedSequences {
        let mut packed = PackedSequences::new(LENGTH);
        sequences.iter().for_each(|letters| packed.push(letters));
        packed
    }

    #[test]
    fn finds_what_bound_sequences_share_on_either_strand() {
        let (train, bound) = simulated(200, 1);
        let (test, labels) = simulated(100, 2);
        let mut mirrored = test.clone();
        mirrored
            .iter_mut()
            .for_each(|letters| reverse_complement(letters));
        let tests = [&packed(&test), &packed(&mirrored)];
        let found = scores(&[(&packed(&train), &bound)], &tests, &Silent).unwrap();
        let values: Vec<f32> = found[0].iter().map(|score| score.unwrap()).collect();
        assert!(bindscape_stats::auroc(&values, &labels).unwrap() > 0.97);
        // The same bit for bit.
        assert_eq!(found[0], found[1]);
    }

    #[test]
    fn unknown_letters_are_neither_fitted_nor_scored() {
        let (mut train, mut bound) = simulated(40, 3);
        let (test, _) = simulated(4, 4);
        let plain = scores(&[(&packed(&train), &bound)], &[&packed(&test)], &Silent).unwrap();
        train.push([b"N".as_slice(), &[b'A'; LENGTH - 1]].concat());
        bound.push(true);
        let mut with = test.clone();
        with.push(train[40].clone());
        let found = scores(&[(&packed(&train), &bound)], &[&packed(&with)], &Silent).unwrap();
        assert_eq!(found[0][..4], plain[0][..]);
        assert_eq!(found[0][4], None);
    }

    #[test]
    fn one_kind_of_sequences_is_refused() {
        let (train, _) = simulated(4, 5);
        let fault = scores(&[(&packed(&train), &[true; 4])], &[], &Silent).unwrap_err();
        assert!(fault.to_string().contains("bound and unbound"), "{fault}");
        // Both kinds, each in a set of its own.
        let [bound, unbound] = [packed(&train[..2]), packed(&train[2..])];
        let parts: [Labelled<'_>; 2] = [(&bound, &[true; 2]), (&unbound, &[false; 2])];
        assert!(scores(&parts, &[], &Silent).unwrap().is_empty());
    }

    /// Words by their letters, counted in the plainest way.
    #[test]
    fn as_counted_letter_by_letter() {
        let words = &*WORDS;
        // Windows that are not their own reverse complements, half; 256 that are.
        assert_eq!(words.windows(), (65_536 - 256) / 2 + 256);
        // Four shapes are their own mirrors; 64 words of these are their own reverse complements.
        assert_eq!(words.count, (SHAPES * 4096 - 4 * 64) / 2 + 4 * 64);
        let (sequences, _) = simulated(2, 6);
        let counted = |letters: &[u8]| {
            let mut counts = std::collections::BTreeMap::<String, f64>::new();
            for window in letters.windows(WIDTH) {
                for shape in shapes() {
                    let with_gaps = |window: &[u8], gaps: &dyn Fn(usize) -> bool| -> String {
                        let letter =
                            |(at, &l): (usize, &u8)| if gaps(at) { '-' } else { l as char };
                        window.iter().enumerate().map(letter).collect()
                    };
                    let mut other = window.to_vec();
                    reverse_complement(&mut other);
                    let gap = |at: usize| !shape.contains(&at);
                    let word = with_gaps(window, &gap);
                    let mirror = with_gaps(&other, &|at| gap(WIDTH - 1 - at));
                    *counts.entry(word.min(mirror)).or_default() += 1.0;
                }
            }
            counts
        };
        let [a, b] = [counted(&sequences[0]), counted(&sequences[1])];
        let dot = |a: &std::collections::BTreeMap<String, f64>,
                   b: &std::collections::BTreeMap<_, f64>| {
            a.iter()
                .filter_map(|(word, n)| Some(n * b.get(word)?))
                .sum::<f64>()
        };
        let expected = dot(&a, &b) / (dot(&a, &a) * dot(&b, &b)).sqrt();
        let (packed, mut counter) = (packed(&sequences), Counter::new());
        let mut design = WordCounts::new();
        (0..2).for_each(|row| design.push(counter.count(&packed, row)));
        let (mut first, mut products) = (vec![0.0; words.count], [0.0; 2]);
        design.add_rows(&[1.0, 0.0], &mut first);
        design.multiply(&first, &mut products);
        assert!((products[0] - 1.0).abs() < 1e-6, "{products:?}");
        assert!(
            (products[1] - expected).abs() < 1e-6,
            "{products:?} {expected}"
        );
    }
}
