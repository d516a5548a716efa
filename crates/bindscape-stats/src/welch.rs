//! Welch's t test for two independent samples.

use statrs::distribution::{ContinuousCDF, StudentsT};

use crate::summary::{finite, mean, standard_deviation};

/// Result of [`welch_t_test`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Welch {
    /// The difference of means over its standard error.
    pub statistic: f64,
    /// Degrees of freedom by Welch and Satterthwaite; seldom whole.
    pub degrees_of_freedom: f64,
    /// Two-sided p value.
    pub p: f64,
    /// Mean of the first sample minus that of the second.
    pub difference: f64,
    /// Standard error of the difference.
    pub standard_error: f64,
}

impl Welch {
    /// Interval of the difference of means at `level` (0 to 1).
    ///
    /// # Panics
    /// If `level` is not between 0 and 1.
    #[must_use]
    pub fn interval(&self, level: f64) -> (f64, f64) {
        assert!(level > 0.0 && level < 1.0, "a level lies between 0 and 1");
        let half =
            student(self.degrees_of_freedom).inverse_cdf(0.5 + level / 2.0) * self.standard_error;
        (self.difference - half, self.difference + half)
    }
}

/// Two-sided t test of the means of `x` and `y` that supposes normal values, but not equal
/// variances (Welch 1947). It agrees with `scipy.stats.ttest_ind(x, y, equal_var=False)`.
///
/// `None` if a sample has fewer than two values, neither varies, or a value is not finite.
///
/// ```
/// let test = bindscape_stats::welch_t_test(&[1.0, 2.0, 3.0], &[4.0, 6.0, 9.0, 5.0]).unwrap();
/// assert!(test.difference == -4.0 && test.p < 0.05);
/// assert!(bindscape_stats::welch_t_test(&[1.0], &[2.0, 3.0]).is_none());
/// ```
#[must_use]
pub fn welch_t_test(x: &[f64], y: &[f64]) -> Option<Welch> {
    if !finite(x) || !finite(y) {
        return None;
    }
    let of_mean = |sample: &[f64]| {
        let spread = standard_deviation(sample)?;
        Some(spread * spread / sample.len() as f64)
    };
    let (first, second) = (of_mean(x)?, of_mean(y)?);
    let variance = first + second;
    if variance <= 0.0 {
        return None;
    }
    let degrees_of_freedom = variance * variance
        / (first * first / (x.len() - 1) as f64 + second * second / (y.len() - 1) as f64);
    if !(degrees_of_freedom.is_finite() && degrees_of_freedom > 0.0) {
        return None;
    }
    let difference = mean(x)? - mean(y)?;
    let standard_error = variance.sqrt();
    let statistic = difference / standard_error;
    Some(Welch {
        statistic,
        degrees_of_freedom,
        p: two_sided(statistic, degrees_of_freedom),
        difference,
        standard_error,
    })
}

/// Two-sided p value of Student's t.
pub(crate) fn two_sided(t: f64, degrees_of_freedom: f64) -> f64 {
    (2.0 * student(degrees_of_freedom).sf(t.abs())).min(1.0)
}

fn student(degrees_of_freedom: f64) -> StudentsT {
    StudentsT::new(0.0, 1.0, degrees_of_freedom).expect("degrees of freedom are positive")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_defines_no_test_is_none() {
        for (x, y) in [
            (&[][..], &[1.0, 2.0][..]),
            (&[1.0], &[1.0, 2.0]),
            (&[1.0, 1.0], &[2.0, 2.0]),
            (&[1.0, f64::NAN], &[1.0, 2.0]),
            (&[1.0, f64::INFINITY], &[1.0, 2.0]),
        ] {
            assert_eq!(welch_t_test(x, y), None, "{x:?} {y:?}");
        }
        // One sample that varies is enough.
        let test = welch_t_test(&[1.0, 1.0], &[2.0, 3.0]).unwrap();
        assert_eq!((test.difference, test.degrees_of_freedom), (-1.5, 1.0));
    }

    #[test]
    fn the_order_of_the_samples_changes_signs_alone() {
        let (x, y) = ([0.1, 0.4, 0.2], [0.5, 0.9, 0.6, 0.8]);
        let (one, other) = (welch_t_test(&x, &y).unwrap(), welch_t_test(&y, &x).unwrap());
        assert_eq!((one.statistic, one.p), (-other.statistic, other.p));
        let ((low, high), (other_low, other_high)) = (one.interval(0.9), other.interval(0.9));
        assert_eq!((low, high), (-other_high, -other_low));
    }
}
