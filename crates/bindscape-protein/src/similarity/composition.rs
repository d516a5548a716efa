//! How the residues of two proteins change what a score between them is worth.
//!
//! Scores are logarithms of odds against the frequencies of an average protein. Two
//! proteins that are both rich in the same residues reach high scores by chance, which is
//! what the scale parameter λ of their own frequencies says (Karlin and Altschul 1990,
//! PNAS 87, 2264): the positive root of `Σ p(a) q(b) exp(λ S(a, b)) = 1`. As in
//! composition-based statistics (Schäffer et al. 2001, Nucleic Acids Research 29, 2994)
//! scores are multiplied by its ratio to the standard λ.

use std::sync::LazyLock;

use crate::alphabet::amino_acid;
use crate::scales::BLOSUM62;

/// Number of amino acids.
const KINDS: usize = 20;

/// The least score of BLOSUM62 and how many there are from it to the greatest, 11.
const LEAST: i32 = -4;
const SCORES: usize = 16;

/// The least ratio: that of two proteins for which no alignment says anything, because the
/// expected score of a pair of their residues is not negative. An alignment between them
/// then needs five times the score.
const LEAST_RATIO: f64 = 0.2;

/// Newton's steps end at a change of λ that moves no score by a thousandth.
const CLOSE: f64 = 1e-6;

/// Frequencies in an average protein, per 1,000 residues, in the order of the alphabet
/// (Robinson and Robinson 1991, PNAS 88, 8880).
const AVERAGE: [f64; KINDS] = [
    78.05, 19.25, 53.64, 62.95, 38.56, 73.77, 21.99, 51.42, 57.44, 90.19, 22.43, 44.87, 52.03,
    42.64, 51.29, 71.20, 58.41, 64.41, 13.30, 32.16,
];

/// The scale parameter of ungapped alignments between average proteins: 0.318.
static STANDARD: LazyLock<f64> = LazyLock::new(|| {
    let average = Frequencies::average();
    // From the right of the root, whence Newton's steps go down to it.
    average.scores().lambda(&average, 1.0, 0.0)
});

/// Share of each amino acid among the known residues of a protein.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Frequencies([f32; KINDS]);

impl Frequencies {
    /// Those of an average protein.
    pub(super) fn average() -> Self {
        let sum: f64 = AVERAGE.iter().sum();
        Self(AVERAGE.map(|frequency| (frequency / sum) as f32))
    }

    /// Those of a protein; of one without known residues the average ones.
    pub(super) fn of(sequence: &[u8]) -> Self {
        let mut counts = [0_u32; KINDS];
        for residue in sequence.iter().filter_map(|&letter| amino_acid(letter)) {
            counts[residue] += 1;
        }
        let known: u32 = counts.iter().sum();
        if known == 0 {
            return Self::average();
        }
        Self(counts.map(|count| count as f32 / known as f32))
    }

    /// What each amino acid scores against these.
    pub(super) fn scores(&self) -> ScoresAgainst {
        let mut shares = [[0.0; SCORES]; KINDS];
        for (shares, scores) in shares.iter_mut().zip(&BLOSUM62) {
            for (&share, &score) in self.0.iter().zip(scores) {
                shares[(i32::from(score) - LEAST) as usize] += share;
            }
        }
        ScoresAgainst(shares)
    }
}

/// Of each amino acid, how often it has which score against the residues of a protein.
pub(super) struct ScoresAgainst([[f32; SCORES]; KINDS]);

impl ScoresAgainst {
    /// The ratio of the pair's λ to the standard one, from [`LEAST_RATIO`] to 1.
    pub(super) fn ratio(&self, other: &Frequencies) -> f64 {
        let standard = *STANDARD;
        self.lambda(other, standard, LEAST_RATIO * standard) / standard
    }

    /// The pair's λ if it is between `least` and `from`, else the nearer of these.
    ///
    /// `Σ p(s) exp(λ s) - 1` is convex, and zero at 0 and at the root: from the right of
    /// the root Newton's steps go down to it and never past it. Where it is not positive at
    /// `from`, the root is not smaller.
    fn lambda(&self, other: &Frequencies, from: f64, least: f64) -> f64 {
        let mut shares = [0.0_f32; SCORES];
        for (scores, &share) in self.0.iter().zip(&other.0) {
            for (sum, &score) in shares.iter_mut().zip(scores) {
                *sum += share * score;
            }
        }
        let mut lambda = from;
        loop {
            let factor = lambda.exp();
            let mut term = factor.powi(LEAST);
            let (mut value, mut slope) = (-1.0, 0.0);
            for (score, &share) in (LEAST..).zip(&shares) {
                let part = f64::from(share) * term;
                value += part;
                slope += part * f64::from(score);
                term *= factor;
            }
            if value <= 0.0 || slope <= 0.0 {
                return lambda;
            }
            let step = value / slope;
            lambda -= step;
            if lambda <= least {
                return least;
            }
            if step < CLOSE {
                return lambda;
            }
        }
    }
}
