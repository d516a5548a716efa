//! False discovery rates.

/// The q-value of each p-value: the least false discovery rate at which it would be
/// significant (Benjamini and Hochberg 1995), every null hypothesis taken to be possibly
/// true (`pi0 = 1`).
#[must_use]
pub fn q_values(p_values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|&a, &b| p_values[a].total_cmp(&p_values[b]));
    let sorted: Vec<(f64, u64)> = order.iter().map(|&at| (p_values[at], 1)).collect();
    let mut q_values = vec![0.0; p_values.len()];
    for (at, q) in order
        .into_iter()
        .zip(q_values_of_counts(&sorted, p_values.len() as u64))
    {
        q_values[at] = q;
    }
    q_values
}

/// As [`q_values`], of p-values that rise, each with the number of tests that have it, among
/// `tests` in all: those that are not listed have larger ones.
#[must_use]
pub fn q_values_of_counts(sorted: &[(f64, u64)], tests: u64) -> Vec<f64> {
    let mut rank = 0;
    let mut q_values: Vec<f64> = sorted
        .iter()
        .map(|&(p, count)| {
            rank += count;
            p * tests as f64 / rank as f64
        })
        .collect();
    let mut least = 1.0_f64;
    for q in q_values.iter_mut().rev() {
        least = least.min(*q);
        *q = least;
    }
    q_values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_benjamini_and_hochberg_have_it() {
        assert_eq!(
            q_values(&[0.01, 0.04, 0.03, 0.5]),
            [0.04, 0.16 / 3.0, 0.16 / 3.0, 0.5]
        );
        assert!(q_values(&[]).is_empty());
    }

    #[test]
    fn counts_stand_for_equal_p_values_and_tests_beyond_the_list() {
        let single = q_values(&[0.001, 0.001, 0.02, 1.0, 1.0]);
        let counted = q_values_of_counts(&[(0.001, 2), (0.02, 1)], 5);
        assert_eq!(counted, [single[0], single[2]]);
    }
}
