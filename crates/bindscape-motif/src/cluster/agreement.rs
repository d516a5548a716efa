//! How well clusters agree with labels.

use std::collections::BTreeMap;

/// Agreement between two partitions of the same items.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Agreement {
    /// Adjusted Rand index (Hubert and Arabie 1985): 1 for equal partitions, about 0 for
    /// unrelated ones. `None` where either is trivial and so any index would do.
    pub rand: Option<f64>,
    /// Homogeneity (Rosenberg and Hirschberg 2007): 1 if every cluster has one label.
    pub homogeneity: f64,
    /// Completeness: 1 if all items of a label are in one cluster.
    pub completeness: f64,
}

/// The agreement of `clusters` with `labels`, one of each per item; `None` without items.
///
/// # Panics
/// If there are not as many of one as of the other.
#[must_use]
pub fn agreement<C: Ord, L: Ord>(clusters: &[C], labels: &[L]) -> Option<Agreement> {
    assert_eq!(clusters.len(), labels.len(), "one label per item");
    if clusters.is_empty() {
        return None;
    }
    let by_cluster = sizes(clusters);
    let by_label = sizes(labels);
    let both = sizes(&clusters.iter().zip(labels).collect::<Vec<_>>());
    let total = clusters.len() as f64;
    let pairs = |sizes: &[f64]| -> f64 { sizes.iter().map(|n| n * (n - 1.0) / 2.0).sum() };
    let (a, b, ab) = (pairs(&by_cluster), pairs(&by_label), pairs(&both));
    let expected = a * b / pairs(&[total]);
    let range = 0.5 * (a + b) - expected;
    let entropy =
        |sizes: &[f64]| -> f64 { sizes.iter().map(|n| -(n / total) * (n / total).ln()).sum() };
    let (of_clusters, of_labels, joint) =
        (entropy(&by_cluster), entropy(&by_label), entropy(&both));
    // One less the share of the entropy that the other partition leaves.
    let explained = |own: f64, other: f64| {
        if own > 0.0 {
            1.0 - (joint - other).max(0.0) / own
        } else {
            1.0
        }
    };
    Some(Agreement {
        rand: (range.abs() > 1e-9 * total).then(|| (ab - expected) / range),
        homogeneity: explained(of_labels, of_clusters),
        completeness: explained(of_clusters, of_labels),
    })
}

/// How often each value occurs.
fn sizes<T: Ord>(values: &[T]) -> Vec<f64> {
    let mut counts: BTreeMap<&T, f64> = BTreeMap::new();
    for value in values {
        *counts.entry(value).or_default() += 1.0;
    }
    counts.into_values().collect()
}
