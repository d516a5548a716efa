//! Adjustment of p values for their number, by the chance of any false rejection.

/// Bonferroni's adjustment: each p value times their number, at most 1 (Dunn 1961).
#[must_use]
pub fn bonferroni(p_values: &[f64]) -> Vec<f64> {
    let tests = p_values.len() as f64;
    p_values.iter().map(|p| (p * tests).min(1.0)).collect()
}

/// Holm's adjustment: the smallest p value times the number of tests, the next times one less,
/// and so on, none below the one before, at most 1 (Holm 1979). It rejects whatever
/// [`bonferroni`] rejects, and more. A NaN stays NaN and sorts last.
#[must_use]
pub fn holm(p_values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|&a, &b| p_values[a].total_cmp(&p_values[b]));
    let mut adjusted = vec![0.0; p_values.len()];
    let mut most = 0.0_f64;
    for (rank, at) in order.into_iter().enumerate() {
        let p = p_values[at] * (p_values.len() - rank) as f64;
        most = most.max(p.min(1.0));
        adjusted[at] = if p.is_nan() { p } else { most };
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_none_and_of_one() {
        assert!(holm(&[]).is_empty() && bonferroni(&[]).is_empty());
        assert_eq!((holm(&[0.3]), bonferroni(&[0.3])), (vec![0.3], vec![0.3]));
        assert_eq!(bonferroni(&[0.3, 0.6]), [0.6, 1.0]);
        assert_eq!(holm(&[0.04, 0.01, 0.03]), [0.06, 0.03, 0.06]);
        assert!(holm(&[f64::NAN, 0.01])[0].is_nan());
    }
}
