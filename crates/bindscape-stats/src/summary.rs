//! Mean, spread and quantiles.

use statrs::distribution::{ContinuousCDF, StudentsT};

/// Arithmetic mean; `None` of nothing.
#[must_use]
pub fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// Sample standard deviation (divisor `n - 1`); `None` of fewer than two values.
#[must_use]
pub fn standard_deviation(values: &[f64]) -> Option<f64> {
    let centre = mean(values)?;
    if values.len() < 2 {
        return None;
    }
    let squares: f64 = values.iter().map(|value| (value - centre).powi(2)).sum();
    Some((squares / (values.len() - 1) as f64).sqrt())
}

/// The interval of the mean at `level` (0 to 1), by Student's t with `n - 1` degrees of freedom.
/// `None` of fewer than two values.
///
/// ```
/// let (low, high) = bindscape_stats::mean_interval(&[1.0, 2.0, 3.0], 0.95).unwrap();
/// // scipy.stats.t.interval(0.95, 2, 2, 1 / sqrt(3)), SciPy 1.16
/// assert!((low + 0.484138).abs() < 1e-6 && (high - 4.484138).abs() < 1e-6);
/// ```
///
/// # Panics
/// If `level` is not between 0 and 1.
#[must_use]
pub fn mean_interval(values: &[f64], level: f64) -> Option<(f64, f64)> {
    assert!(level > 0.0 && level < 1.0, "a level lies between 0 and 1");
    let (centre, spread) = (mean(values)?, standard_deviation(values)?);
    let n = values.len() as f64;
    let student = StudentsT::new(0.0, 1.0, n - 1.0).ok()?;
    let half = student.inverse_cdf(0.5 + level / 2.0) * spread / n.sqrt();
    Some((centre - half, centre + half))
}

/// The quantile at `share` (0 to 1), interpolated linearly between order
/// statistics as NumPy does by default. `None` of nothing, or with NaN among the values.
///
/// # Panics
/// If `share` is outside 0 to 1.
#[must_use]
pub fn quantile(values: &[f64], share: f64) -> Option<f64> {
    assert!((0.0..=1.0).contains(&share), "a share lies in 0 to 1");
    if values.is_empty() || values.iter().any(|value| value.is_nan()) {
        return None;
    }
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    Some(of_sorted(&sorted, share))
}

/// Whether all values are finite.
pub(crate) fn finite(values: &[f64]) -> bool {
    values.iter().all(|value| value.is_finite())
}

pub(crate) fn of_sorted(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    let below = place.floor() as usize;
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (sorted[above] - sorted[below]) * (place - below as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_samples() {
        assert_eq!(mean(&[]), None);
        assert_eq!(standard_deviation(&[1.0]), None);
        assert_eq!(mean(&[1.0, 2.0, 6.0]), Some(3.0));
        assert_eq!(standard_deviation(&[1.0, 3.0]), Some(2.0_f64.sqrt()));
        assert_eq!(quantile(&[4.0, 1.0, 2.0, 3.0], 0.5), Some(2.5));
        assert_eq!(quantile(&[1.0, f64::NAN], 0.5), None);
    }
}
