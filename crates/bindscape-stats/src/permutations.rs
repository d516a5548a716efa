//! All orders of a few values.

/// Calls `visit` with every order of `values` (Heap 1963), equal values taken as different.
/// The slice ends in some order.
pub(crate) fn each<T>(values: &mut [T], visit: &mut impl FnMut(&[T])) {
    let n = values.len();
    let mut done = vec![0_usize; n];
    visit(values);
    let mut at = 1;
    while at < n {
        if done[at] < at {
            let other = if at % 2 == 0 { 0 } else { done[at] };
            values.swap(other, at);
            visit(values);
            done[at] += 1;
            at = 1;
        } else {
            done[at] = 0;
            at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_order_comes_once() {
        for (n, many) in [(0, 1), (1, 1), (2, 2), (3, 6), (5, 120)] {
            let mut values: Vec<usize> = (0..n).collect();
            let (mut seen, mut visits) = (BTreeSet::new(), 0);
            each(&mut values, &mut |order| {
                seen.insert(order.to_vec());
                visits += 1;
            });
            assert_eq!((seen.len(), visits), (many, many));
        }
    }
}
