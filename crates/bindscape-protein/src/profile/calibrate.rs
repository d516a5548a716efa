//! What random sequences score, so that scores have E-values.
//!
//! As in HMMER 3 (Eddy 2008, PLoS Computational Biology 4, e1000069): the slope of all
//! distributions follows from the information of the profile, and their places are fitted to the
//! scores of random sequences.

use std::f64::consts::LN_2;

use bindscape_base::random::stream;
use rand::Rng;
use rand::distr::weighted::WeightedIndex;
use rustyhmmer::msv::null_one;
use rustyhmmer::pipeline::Model;

use super::prior::{BACKGROUND, information};
use super::{Profile, Statistics, search};

/// Random sequences (HMMER takes 200, which leaves the places unsure by a third of a bit), and
/// their lengths for the filters and for Forward scores.
const SEQUENCES: usize = 1000;
const LENGTH: usize = 200;
const FORWARD_LENGTH: usize = 100;
/// Share of the Forward scores that make up the tail.
const TAIL: f64 = 0.04;
/// Information in a profile raises the slope: 1.44 over all of it in bits.
const SLOPE: f64 = 1.44;

pub(super) fn statistics(profile: &Profile) -> Statistics {
    let positions = profile.positions() as f64;
    let lambda = LN_2 + SLOPE / (positions * information(profile.matches.iter().copied()));
    let model = search::model(profile);
    let mut random = stream(42, "random proteins", &[]);
    let amino_acids = WeightedIndex::new(BACKGROUND).expect("frequencies");
    let mut scores = |length: usize, score: &dyn Fn(&Model, &[u8]) -> f32| -> Vec<f64> {
        let null = null_one(length);
        // The crate's sequences have a byte before and behind.
        let mut letters = vec![u8::MAX; length + 2];
        let scores = (0..SEQUENCES).map(|_| {
            for letter in &mut letters[1..=length] {
                *letter = random.sample(&amino_acids) as u8;
            }
            f64::from(score(&model, &letters) - null) / LN_2
        });
        scores.collect()
    };
    let msv = scores(LENGTH, &|model, letters| {
        model.msv.msv_score(letters, LENGTH)
    });
    let viterbi = scores(LENGTH, &|model, letters| {
        model.vit.vit_score(letters, LENGTH)
    });
    let forward = scores(FORWARD_LENGTH, &|model, letters| {
        model.fwd.score(letters, FORWARD_LENGTH)
    });
    Statistics {
        lambda,
        msv: place(&msv, lambda),
        viterbi: place(&viterbi, lambda),
        forward: tail(&forward, lambda),
    }
}

/// The place of a Gumbel distribution of slope `lambda` that makes `scores` most likely.
fn place(scores: &[f64], lambda: f64) -> f64 {
    let sum: f64 = scores.iter().map(|score| (-lambda * score).exp()).sum();
    -(sum / scores.len() as f64).ln() / lambda
}

/// Where an exponential distribution of slope `lambda` begins whose tail is that of the Gumbel
/// distribution that fits `scores` best.
fn tail(scores: &[f64], lambda: f64) -> f64 {
    let slope = slope(scores);
    let quantile = place(scores, slope) - (-(1.0 - TAIL).ln()).ln() / slope;
    quantile + TAIL.ln() / lambda
}

/// The slope of a Gumbel distribution that makes `scores` most likely (Lawless 1982).
fn slope(scores: &[f64]) -> f64 {
    let mean = scores.iter().sum::<f64>() / scores.len() as f64;
    let excess = |lambda: f64| {
        let (mut weights, mut weighted) = (0.0, 0.0);
        for score in scores {
            let weight = (-lambda * (score - mean)).exp();
            weights += weight;
            weighted += weight * score;
        }
        1.0 / lambda - mean + weighted / weights
    };
    let (mut low, mut high) = (1e-3, 1e2);
    for _ in 0..60 {
        let middle = f64::sqrt(low * high);
        if excess(middle) > 0.0 {
            low = middle;
        } else {
            high = middle;
        }
    }
    f64::sqrt(low * high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gumbel_distribution_is_found_again() {
        let (mu, lambda) = (3.0, 0.7);
        let n = 5000;
        let scores: Vec<f64> = (0..n)
            .map(|i| (f64::from(i) + 0.5) / f64::from(n))
            .map(|p| mu - (-p.ln()).ln() / lambda)
            .collect();
        assert!((slope(&scores) - lambda).abs() < 0.01);
        assert!((place(&scores, lambda) - mu).abs() < 0.01);
        // Beyond its beginning the exponential has the share of the tail.
        let beginning = tail(&scores, lambda);
        let share = (-lambda
            * (place(&scores, lambda) - (-(1.0 - TAIL).ln()).ln() / lambda - beginning))
            .exp();
        assert!((share - TAIL).abs() < 1e-3, "{share}");
    }
}
