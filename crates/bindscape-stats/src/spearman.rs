//! Spearman's rank correlation.

use statrs::distribution::{ContinuousCDF, Normal};

use crate::pearson::{centred, of_centred, product};
use crate::permutations;
use crate::ranks::midranks;
use crate::summary::finite;
use crate::welch::two_sided;

/// Result of [`spearman`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spearman {
    /// The correlation of ranks, -1 to 1.
    pub rho: f64,
    /// Two-sided p value of no correlation.
    pub p: f64,
    /// Pairs.
    pub pairs: usize,
    /// Whether `p` is exact or by Student's t.
    pub exact: bool,
}

impl Spearman {
    /// Interval of the correlation at `level` (0 to 1), by Fisher's transformation with the
    /// standard error of Bonett and Wright (2000). `None` with fewer than four pairs, or where the
    /// ranks agree wholly.
    ///
    /// # Panics
    /// If `level` is not between 0 and 1.
    #[must_use]
    pub fn interval(&self, level: f64) -> Option<(f64, f64)> {
        assert!(level > 0.0 && level < 1.0, "a level lies between 0 and 1");
        if self.pairs < 4 || self.rho.abs() >= 1.0 {
            return None;
        }
        let error = ((1.0 + self.rho * self.rho / 2.0) / (self.pairs - 3) as f64).sqrt();
        let half = Normal::standard().inverse_cdf(0.5 + level / 2.0) * error;
        let centre = self.rho.atanh();
        Some(((centre - half).tanh(), (centre + half).tanh()))
    }
}

/// Most pairs whose orders are all counted: 40,320 of them.
const EXACT: usize = 8;

/// Spearman's correlation of `x` and `y` (1904): Pearson's of their midranks.
///
/// Up to eight pairs the p value is the share of all orders of `y` whose correlation is at least
/// as far from 0, ties as they are; above it is by Student's t with `n - 2` degrees of freedom, as
/// in `scipy.stats.spearmanr`. `None` with fewer than three pairs, where `x` or `y` does not vary,
/// or with a value that is not finite.
///
/// ```
/// let test = bindscape_stats::spearman(&[1.0, 2.0, 3.0, 4.0], &[2.0, 1.0, 3.0, 4.0]).unwrap();
/// assert!((test.rho - 0.8).abs() < 1e-12 && test.exact);
/// ```
///
/// # Panics
/// If the slices differ in length.
#[must_use]
pub fn spearman(x: &[f64], y: &[f64]) -> Option<Spearman> {
    assert_eq!(x.len(), y.len(), "paired samples");
    let pairs = x.len();
    if pairs < 3 || !finite(x) || !finite(y) {
        return None;
    }
    let (x, mut y) = (centred(&midranks(x).0)?, centred(&midranks(y).0)?);
    let rho = of_centred(&x, &y)?;
    let exact = pairs <= EXACT;
    let p = if exact {
        // Sums of ranks are quarters; a sum that equals the one found must count.
        let found = product(&x, &y).abs() - 1e-6;
        let (mut all, mut as_far) = (0_u32, 0_u32);
        permutations::each(&mut y, &mut |order| {
            all += 1;
            as_far += u32::from(product(&x, order).abs() >= found);
        });
        f64::from(as_far) / f64::from(all)
    } else {
        let freedom = (pairs - 2) as f64;
        two_sided(
            rho * (freedom / ((1.0 + rho) * (1.0 - rho))).sqrt(),
            freedom,
        )
    };
    Some(Spearman {
        rho,
        p,
        pairs,
        exact,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_defines_no_correlation_is_none() {
        assert_eq!(spearman(&[1.0, 2.0], &[1.0, 2.0]), None);
        assert_eq!(spearman(&[1.0; 5], &[1.0, 2.0, 3.0, 4.0, 5.0]), None);
        assert_eq!(spearman(&[1.0, 2.0, f64::NAN], &[1.0, 2.0, 3.0]), None);
    }

    #[test]
    fn few_pairs_that_agree_are_no_certainty() {
        let test = spearman(&[1.0, 2.0, 3.0, 4.0], &[1.0, 2.0, 3.0, 9.0]).unwrap();
        assert_eq!((test.rho, test.p, test.exact), (1.0, 2.0 / 24.0, true));
        assert_eq!(test.interval(0.95), None);
        let many: Vec<f64> = (0..20).map(f64::from).collect();
        assert_eq!(spearman(&many, &many).unwrap().p, 0.0);
    }

    #[test]
    fn the_interval_holds_the_correlation_and_stays_within_one() {
        let x: Vec<f64> = (0..12).map(f64::from).collect();
        let y: Vec<f64> = (0..12).map(|i| f64::from(i * 5 % 12)).collect();
        let test = spearman(&x, &y).unwrap();
        let (low, high) = test.interval(0.95).unwrap();
        assert!(-1.0 < low && low < test.rho && test.rho < high && high < 1.0);
    }
}
