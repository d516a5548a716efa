//! Kruskal and Wallis' test for several independent samples.

use statrs::distribution::{ChiSquared, ContinuousCDF};

use crate::ranks::midranks;
use crate::summary::finite;

/// Result of [`kruskal_wallis`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct KruskalWallis {
    /// H, corrected for ties.
    pub statistic: f64,
    /// Groups minus one.
    pub degrees_of_freedom: usize,
    /// p value by the chi-squared distribution.
    pub p: f64,
    /// Values of all groups.
    pub values: usize,
}

impl KruskalWallis {
    /// Epsilon squared, `H / (n - 1)`: the share of the variance of ranks that lies between the
    /// groups, 0 to 1 (Kelley 1935; Tomczak and Tomczak 2014).
    #[must_use]
    pub fn epsilon_squared(&self) -> f64 {
        (self.statistic / (self.values - 1) as f64).clamp(0.0, 1.0)
    }
}

/// Test of whether values of several groups come from one distribution, by their ranks (Kruskal
/// and Wallis 1952), with the correction for ties. It agrees with `scipy.stats.kruskal`.
///
/// The p value is that of the chi-squared distribution, which is rough for groups of fewer than
/// five values. `None` with fewer than two groups, an empty group, no two different values, or a
/// value that is not finite.
///
/// ```
/// let test = bindscape_stats::kruskal_wallis(&[&[1.0, 2.0, 3.0], &[4.0, 5.0, 6.0]]).unwrap();
/// assert!((test.statistic - 27.0 / 7.0).abs() < 1e-12 && test.p < 0.05);
/// ```
#[must_use]
pub fn kruskal_wallis(groups: &[&[f64]]) -> Option<KruskalWallis> {
    if groups.len() < 2
        || groups
            .iter()
            .any(|group| group.is_empty() || !finite(group))
    {
        return None;
    }
    let values = groups.concat();
    let n = values.len() as f64;
    let (ranks, ties) = midranks(&values);
    let correction = 1.0 - ties / (n * (n * n - 1.0));
    if correction <= 0.0 || correction.is_nan() {
        return None;
    }
    let mut from = 0;
    let mut between = 0.0;
    for group in groups {
        let sum: f64 = ranks[from..from + group.len()].iter().sum();
        let size = group.len() as f64;
        between += size * (sum / size - (n + 1.0) / 2.0).powi(2);
        from += group.len();
    }
    let statistic = 12.0 / (n * (n + 1.0)) * between / correction;
    let degrees_of_freedom = groups.len() - 1;
    Some(KruskalWallis {
        statistic,
        degrees_of_freedom,
        p: upper_tail(statistic, degrees_of_freedom),
        values: values.len(),
    })
}

fn upper_tail(statistic: f64, degrees_of_freedom: usize) -> f64 {
    ChiSquared::new(degrees_of_freedom as f64)
        .expect("degrees of freedom are positive")
        .sf(statistic.max(0.0))
}

/// The smallest p value that [`kruskal_wallis`] can give for groups of these sizes: that of
/// groups that follow each other without an overlap. `None` where there is no test. With more
/// than seven groups it is a lower bound.
#[must_use]
pub fn kruskal_wallis_least_p(sizes: &[usize]) -> Option<f64> {
    let n: usize = sizes.iter().sum();
    if sizes.len() < 2 || sizes.contains(&0) {
        return None;
    }
    let statistic = if sizes.len() > 7 {
        (n - 1) as f64
    } else {
        let mut order = sizes.to_vec();
        let mut most = 0.0;
        crate::permutations::each(&mut order, &mut |sizes| {
            let mut from = 0;
            let mut between = 0.0;
            for &size in sizes {
                let middle = (2 * from + size + 1) as f64 / 2.0;
                between += size as f64 * (middle - (n + 1) as f64 / 2.0).powi(2);
                from += size;
            }
            most = f64::max(most, 12.0 / (n * (n + 1)) as f64 * between);
        });
        most
    };
    Some(upper_tail(statistic, sizes.len() - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_defines_no_test_is_none() {
        assert_eq!(kruskal_wallis(&[]), None);
        assert_eq!(kruskal_wallis(&[&[1.0, 2.0]]), None);
        assert_eq!(kruskal_wallis(&[&[1.0, 2.0], &[]]), None);
        assert_eq!(kruskal_wallis(&[&[1.0, 1.0], &[1.0]]), None);
        assert_eq!(kruskal_wallis(&[&[1.0, f64::NAN], &[2.0]]), None);
        assert!(kruskal_wallis(&[&[1.0], &[2.0]]).is_some());
    }

    #[test]
    fn groups_without_overlap_have_the_smallest_p_value() {
        let test = kruskal_wallis(&[&[1.0, 2.0], &[3.0, 4.0, 5.0], &[6.0]]).unwrap();
        let least = kruskal_wallis_least_p(&[2, 3, 1]).unwrap();
        assert!(
            least <= test.p + 1e-15 && least > 0.05,
            "{least} {}",
            test.p
        );
        let apart = kruskal_wallis(&[&[1.0, 2.0, 3.0], &[4.0, 5.0, 6.0]]).unwrap();
        assert!((kruskal_wallis_least_p(&[3, 3]).unwrap() - apart.p).abs() < 1e-15);
        assert_eq!(kruskal_wallis_least_p(&[5]), None);
        assert_eq!(kruskal_wallis_least_p(&[5, 0]), None);
        assert!(kruskal_wallis_least_p(&[5; 10]).unwrap() < 1e-6);
    }

    #[test]
    fn epsilon_squared_is_a_share() {
        let alike = kruskal_wallis(&[&[1.0, 4.0], &[2.0, 3.0]]).unwrap();
        assert_eq!(alike.epsilon_squared(), 0.0);
        let apart = kruskal_wallis(&[&[1.0], &[2.0], &[3.0]]).unwrap();
        assert!((apart.epsilon_squared() - 1.0).abs() < 1e-12);
    }
}
