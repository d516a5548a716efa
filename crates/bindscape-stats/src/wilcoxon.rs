//! Wilcoxon's signed-rank test for paired samples.

/// Result of [`wilcoxon_signed_rank`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SignedRank {
    /// The smaller of the rank sums of the positive and of the negative differences.
    pub statistic: f64,
    /// Two-sided p value.
    pub p: f64,
    /// Pairs that differ, those that were ranked.
    pub pairs: usize,
    /// Whether `p` is exact or the normal approximation.
    pub exact: bool,
}

/// Most pairs for which the exact distribution is computed, as in SciPy.
const EXACT: usize = 50;

/// Two-sided Wilcoxon signed-rank test of `x` against `y` (Wilcoxon 1945).
///
/// Pairs without a difference are left out; tied differences share their midrank.
/// Up to 50 pairs the p value is exact given the ties; above it is the normal
/// approximation with tie correction and without continuity correction. It
/// agrees with the default of `scipy.stats.wilcoxon`, except that SciPy already
/// approximates samples of 14 to 50 pairs when they have ties or zeros.
/// `None` if no pair differs or a value is NaN.
///
/// # Panics
/// If the slices differ in length.
#[must_use]
pub fn wilcoxon_signed_rank(x: &[f64], y: &[f64]) -> Option<SignedRank> {
    assert_eq!(x.len(), y.len(), "paired samples");
    let mut differences: Vec<f64> = x.iter().zip(y).map(|(x, y)| x - y).collect();
    if differences.iter().any(|difference| difference.is_nan()) {
        return None;
    }
    differences.retain(|&difference| difference != 0.0);
    let n = differences.len();
    if n == 0 {
        return None;
    }
    differences.sort_unstable_by(|a, b| a.abs().total_cmp(&b.abs()));
    // Midranks are halves: doubled, they are whole.
    let mut doubled = vec![0_usize; n];
    let mut tie_term = 0.0;
    let mut first = 0;
    while first < n {
        let mut last = first;
        while last + 1 < n && differences[last + 1].abs() == differences[first].abs() {
            last += 1;
        }
        doubled[first..=last].fill(first + last + 2);
        let tied = (last - first + 1) as f64;
        tie_term += tied * (tied * tied - 1.0);
        first = last + 1;
    }
    let total: usize = doubled.iter().sum();
    let plus: usize = (0..n)
        .filter(|&i| differences[i] > 0.0)
        .map(|i| doubled[i])
        .sum();
    let smaller = plus.min(total - plus);
    let exact = n <= EXACT;
    let p = if exact {
        exact_p(&doubled, total, smaller)
    } else {
        let n = n as f64;
        let variance = n * (n + 1.0) * (2.0 * n + 1.0) / 24.0 - tie_term / 48.0;
        let z = (smaller as f64 / 2.0 - n * (n + 1.0) / 4.0) / variance.sqrt();
        libm::erfc(z.abs() / std::f64::consts::SQRT_2)
    };
    Some(SignedRank {
        statistic: smaller as f64 / 2.0,
        p: p.min(1.0),
        pairs: n,
        exact,
    })
}

/// The smallest p value that [`wilcoxon_signed_rank`] can give for so many pairs that differ: that
/// of pairs that all differ one way. It is above 0.05 up to five pairs. `None` without a pair.
#[must_use]
pub fn wilcoxon_least_p(pairs: usize) -> Option<f64> {
    let ones = vec![1.0; pairs];
    let ranks: Vec<f64> = (1..=pairs).map(|rank| rank as f64 * 2.0).collect();
    Some(wilcoxon_signed_rank(&ranks, &ones)?.p)
}

/// Twice the share of the 2^n choices of signs whose (doubled) rank sum is at most `smaller`.
fn exact_p(doubled: &[usize], total: usize, smaller: usize) -> f64 {
    // Counts stay below 2^50 and are exact in f64.
    let mut ways = vec![0.0_f64; total + 1];
    ways[0] = 1.0;
    let mut reach = 0;
    for &rank in doubled {
        reach += rank;
        for sum in (rank..=reach).rev() {
            ways[sum] += ways[sum - rank];
        }
    }
    let tail: f64 = ways[..=smaller].iter().sum();
    2.0 * tail / 2.0_f64.powi(i32::try_from(doubled.len()).expect("at most 50 pairs"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_repeats_all_better() {
        let test = wilcoxon_signed_rank(&[0.7, 0.8, 0.6, 0.9, 0.75], &[0.5; 5]).unwrap();
        assert_eq!((test.statistic, test.p, test.exact), (0.0, 0.0625, true));
        assert!(wilcoxon_signed_rank(&[1.0, 2.0], &[1.0, 2.0]).is_none());
        assert!(wilcoxon_signed_rank(&[f64::NAN], &[1.0]).is_none());
    }

    #[test]
    fn five_pairs_cannot_be_significant() {
        assert_eq!(wilcoxon_least_p(0), None);
        assert_eq!(wilcoxon_least_p(5), Some(0.0625));
        assert_eq!(wilcoxon_least_p(6), Some(0.03125));
        assert!(wilcoxon_least_p(148).unwrap() < 1e-20);
    }

    #[test]
    fn the_order_of_the_samples_does_not_matter() {
        let x = [3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0];
        let y = [2.0, 7.0, 1.0, 8.0, 2.0, 8.0, 1.0];
        assert_eq!(wilcoxon_signed_rank(&x, &y), wilcoxon_signed_rank(&y, &x));
    }
}
