//! Pearson's correlation.

use crate::summary::{finite, mean};

/// Pearson's correlation of `x` and `y`, -1 to 1. `None` where `x` or `y` does not vary, or with a
/// value that is not finite.
///
/// ```
/// let r = bindscape_stats::pearson(&[1.0, 2.0, 4.0], &[2.0, 4.0, 8.0]).unwrap();
/// assert!((r - 1.0).abs() < 1e-12);
/// ```
///
/// # Panics
/// If the slices differ in length.
#[must_use]
pub fn pearson(x: &[f64], y: &[f64]) -> Option<f64> {
    assert_eq!(x.len(), y.len(), "paired samples");
    if !finite(x) || !finite(y) {
        return None;
    }
    of_centred(&centred(x)?, &centred(y)?)
}

/// The same of values less their mean.
pub(crate) fn of_centred(x: &[f64], y: &[f64]) -> Option<f64> {
    let scale = (product(x, x) * product(y, y)).sqrt();
    (scale > 0.0).then(|| (product(x, y) / scale).clamp(-1.0, 1.0))
}

/// Values less their mean.
pub(crate) fn centred(values: &[f64]) -> Option<Vec<f64>> {
    let middle = mean(values)?;
    Some(values.iter().map(|value| value - middle).collect())
}

pub(crate) fn product(x: &[f64], y: &[f64]) -> f64 {
    x.iter().zip(y).map(|(x, y)| x * y).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn correlations() {
        let x = [1.0, 2.0, 4.0];
        assert!((pearson(&x, &[2.0, 4.0, 8.0]).unwrap() - 1.0).abs() < 1e-12);
        assert!((pearson(&x, &[0.0, -1.0, -3.0]).unwrap() + 1.0).abs() < 1e-12);
        assert_eq!(pearson(&x, &[1.0; 3]), None);
    }
}
