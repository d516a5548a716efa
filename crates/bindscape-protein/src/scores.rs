//! What every classifier of proteins answers.

use crate::class::CLASSES;

/// Probabilities of a protein.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ProteinScores {
    /// That it is a transcription factor; `None` where the network has no head for it.
    pub p_tf: Option<f64>,
    /// Of each class, in the order of [`ProteinClass::ALL`](crate::ProteinClass::ALL).
    pub p_class: Option<[f64; CLASSES]>,
}

/// What a change of the share of transcription factors, from that in `training` to a `prior`, adds
/// to the logarithm of the odds; 0 where one of them is not known.
#[must_use]
pub fn prior_shift(training: Option<f64>, prior: Option<f64>) -> f64 {
    let odds = |p: f64| (p / (1.0 - p)).ln();
    match (training, prior) {
        (Some(training), Some(prior)) => odds(prior) - odds(training),
        _ => 0.0,
    }
}

/// The share of transcription factors that makes the probabilities `p` most likely, which are those
/// of the share `prior`: expectation maximisation after
/// [Saerens et al. (2002)](https://doi.org/10.1162/089976602753284446). `None` without
/// probabilities.
///
/// It presumes that proteins of either kind score as they did where the probabilities were
/// calibrated.
///
/// ```
/// use bindscape_protein::likely_share;
///
/// // Where all is certain, it is the share of those that are.
/// let share = likely_share(&[1.0, 0.0, 0.0, 0.0], 0.5).unwrap();
/// assert!((share - 0.25).abs() < 1e-6);
/// ```
#[must_use]
pub fn likely_share(p: &[f64], prior: f64) -> Option<f64> {
    const MOST_STEPS: usize = 10_000;
    if p.is_empty() {
        return None;
    }
    let mut share = prior;
    for _ in 0..MOST_STEPS {
        let (for_tfs, for_others) = (share / prior, (1.0 - share) / (1.0 - prior));
        let expected: f64 = p
            .iter()
            .map(|p| p * for_tfs / (p * for_tfs + (1.0 - p) * for_others))
            .sum();
        let before = std::mem::replace(&mut share, expected / p.len() as f64);
        if (share - before).abs() < 1e-9 {
            break;
        }
    }
    Some(share)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_is_found_whatever_the_prior_was() {
        // Scores of two kinds of proteins, of which each is twice as frequent at its own end: of
        // 1,000 proteins with TFs at a share of 0.1, so many have each score.
        let frequencies = [[0.5, 0.25, 0.15, 0.1], [0.1, 0.15, 0.25, 0.5]];
        for prior in [0.25, 0.5, 0.03] {
            let mut p = Vec::new();
            for score in 0..4 {
                let [other, tf] = frequencies.map(|of| of[score]);
                let count = 1000.0 * (0.1 * tf + 0.9 * other);
                let odds = tf / other * prior / (1.0 - prior);
                p.extend(vec![odds / (1.0 + odds); count as usize]);
            }
            let share = likely_share(&p, prior).expect("proteins");
            assert!((share - 0.1).abs() < 2e-3, "{share} from {prior}");
        }
    }

    #[test]
    fn the_ends_are_reached() {
        assert_eq!(likely_share(&[], 0.5), None);
        for (p, share) in [(0.0, 0.0), (1.0, 1.0)] {
            assert_eq!(likely_share(&[p; 5], 0.2), Some(share));
        }
        // Nothing is known: the share stays what it was.
        let share = likely_share(&[0.2; 5], 0.2).expect("proteins");
        assert!((share - 0.2).abs() < 1e-12);
    }
}
