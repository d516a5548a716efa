//! Ranks with ties.

/// The rank of each value from 1, tied ones sharing their midrank, and the sum of `t³ - t` over
/// groups of `t` tied values.
pub(crate) fn midranks(values: &[f64]) -> (Vec<f64>, f64) {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_unstable_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    let mut ties = 0.0;
    let mut first = 0;
    while first < order.len() {
        let mut last = first;
        while last + 1 < order.len() && values[order[last + 1]] == values[order[first]] {
            last += 1;
        }
        for &at in &order[first..=last] {
            ranks[at] = (first + last) as f64 / 2.0 + 1.0;
        }
        let tied = (last - first + 1) as f64;
        ties += tied * (tied * tied - 1.0);
        first = last + 1;
    }
    (ranks, ties)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_share_their_midrank() {
        let (ranks, ties) = midranks(&[0.3, 0.1, 0.3, 0.3, 0.9]);
        assert_eq!((ranks, ties), (vec![3.0, 1.0, 3.0, 3.0, 5.0], 24.0));
        assert_eq!(midranks(&[-0.0, 0.0]).0, [1.5, 1.5]);
        assert_eq!(midranks(&[]), (vec![], 0.0));
    }
}
