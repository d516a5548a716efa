//! False discovery rates.

/// The q-value of each p-value: the least false discovery rate at which it would be
/// significant (Benjamini and Hochberg 1995), every null hypothesis taken to be possibly
/// true (`pi0 = 1`).
#[must_use]
pub fn q_values(p_values: &[f64]) -> Vec<f64> {
    let count = p_values.len() as f64;
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|&a, &b| p_values[a].total_cmp(&p_values[b]));
    let mut q = vec![0.0; p_values.len()];
    let mut least = 1.0_f64;
    for (rank, &at) in order.iter().enumerate().rev() {
        least = least.min(p_values[at] * count / (rank + 1) as f64);
        q[at] = least;
    }
    q
}
