//! How alike TFs bind (Novakovsky et al. 2021, Methods, "Cosine similarity").

use kodama::{Method, linkage};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{BindingMatrix, RegionsOf, View};

/// Pairwise cosine similarities of binding vectors.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Similarity {
    /// TFs in the order of the matrix.
    pub tfs: Vec<String>,
    /// Row-major, `tfs.len()` x `tfs.len()`, symmetric; 0 to 1. `None` where a TF
    /// has no bound region among those resolved for both.
    pub values: Vec<Option<f64>>,
    /// TFs (numbers in `tfs`) in the order of the leaves of a hierarchical
    /// clustering: average linkage, distance 1 - similarity, 1 where undefined.
    pub order: Vec<usize>,
    /// The tree of that clustering, one merge fewer than TFs, nearest first.
    pub merges: Vec<Merge>,
}

/// Two groups of TFs that a hierarchical clustering joined.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Merge {
    /// The groups: a TF by its number, or an earlier merge by its number and that of TFs.
    pub groups: [usize; 2],
    /// Mean distance between the TFs of the two.
    pub distance: f64,
}

impl Similarity {
    /// The similarity of two TFs, by number.
    #[must_use]
    pub fn get(&self, a: usize, b: usize) -> Option<f64> {
        self.values[a * self.tfs.len() + b]
    }
}

/// Cosine similarity of all pairs of TFs over the regions that `view` resolves for both
/// ([`RegionsOf::cosine`]).
///
/// In the paper: the sparse view for the figure of all TFs, the less sparse one to choose cofactors.
#[must_use]
pub fn similarity(matrix: &BindingMatrix, view: View) -> Similarity {
    let n = matrix.tfs.len();
    let regions = RegionsOf::matrix(matrix, view);
    let rows: Vec<Vec<Option<f64>>> = (0..n)
        .into_par_iter()
        .map(|a| (0..=a).map(|b| regions.cosine(a, b)).collect())
        .collect();
    let mut values = vec![None; n * n];
    for (a, row) in rows.iter().enumerate() {
        for (b, &value) in row.iter().enumerate() {
            values[a * n + b] = value;
            values[b * n + a] = value;
        }
    }
    let merges = merges(n, &values);
    let order = leaf_order(n, &merges);
    Similarity {
        tfs: matrix.tfs.clone(),
        values,
        order,
        merges,
    }
}

fn merges(n: usize, values: &[Option<f64>]) -> Vec<Merge> {
    if n < 2 {
        return Vec::new();
    }
    let mut distances: Vec<f64> = (0..n)
        .flat_map(|a| (a + 1..n).map(move |b| 1.0 - values[a * n + b].unwrap_or(0.0)))
        .collect();
    let tree = linkage(&mut distances, n, Method::Average);
    let steps = tree.steps().iter();
    steps
        .map(|step| Merge {
            groups: [step.cluster1, step.cluster2],
            distance: step.dissimilarity,
        })
        .collect()
}

fn leaf_order(n: usize, merges: &[Merge]) -> Vec<usize> {
    let Some(last) = merges.len().checked_sub(1) else {
        return (0..n).collect();
    };
    let mut order = Vec::with_capacity(n);
    let mut open = vec![n + last];
    while let Some(group) = open.pop() {
        match group.checked_sub(n) {
            None => order.push(group),
            Some(merge) => open.extend(merges[merge].groups.iter().rev()),
        }
    }
    order
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::BindingState;
    use crate::inspect::tests::matrix_of;

    /// scikit-learn's formula over the entries that `view` resolves for both.
    fn plain(a: &[BindingState], b: &[BindingState], view: View) -> Option<f64> {
        let (mut dot, mut norm_a, mut norm_b) = (0.0, 0.0, 0.0);
        for (a, b) in a.iter().zip(b) {
            if let (Some(a), Some(b)) = (a.label(view), b.label(view)) {
                let (a, b) = (f64::from(u8::from(a)), f64::from(u8::from(b)));
                dot += a * b;
                norm_a += a * a;
                norm_b += b * b;
            }
        }
        (norm_a > 0.0 && norm_b > 0.0).then(|| dot / (norm_a.sqrt() * norm_b.sqrt()))
    }

    fn state() -> impl Strategy<Value = BindingState> {
        prop::sample::select(vec![
            BindingState::Closed,
            BindingState::Unbound,
            BindingState::OneEvidence,
            BindingState::Bound,
        ])
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn equals_the_plain_formula(
            columns in (1..130_usize).prop_flat_map(|rows| {
                prop::collection::vec(prop::collection::vec(state(), rows), 1..6)
            }),
            view in prop::sample::select(vec![View::Sparse, View::LessSparse]),
        ) {
            let n = columns.len();
            let similarity = similarity(&matrix_of(columns.clone()), view);
            for a in 0..n {
                for b in 0..n {
                    let (ours, theirs) = (similarity.get(a, b), plain(&columns[a], &columns[b], view));
                    prop_assert_eq!(ours.is_some(), theirs.is_some());
                    if let (Some(ours), Some(theirs)) = (ours, theirs) {
                        prop_assert!((ours - theirs).abs() < 1e-12);
                    }
                }
            }
            let mut order = similarity.order.clone();
            order.sort_unstable();
            prop_assert_eq!(order, (0..n).collect::<Vec<_>>());
        }
    }

    #[test]
    fn like_tfs_are_neighbours() {
        let column = |bound: &[usize]| -> Vec<BindingState> {
            (0..12)
                .map(|row| {
                    if bound.contains(&row) {
                        BindingState::Bound
                    } else {
                        BindingState::Unbound
                    }
                })
                .collect()
        };
        let similarity = similarity(
            &matrix_of(vec![
                column(&[0, 1, 2, 3]),
                column(&[8, 9, 10]),
                column(&[0, 1, 2, 4]),
                column(&[]),
                column(&[8, 9, 11]),
            ]),
            View::Sparse,
        );
        assert_eq!(similarity.get(0, 0), Some(1.0));
        assert_eq!(similarity.get(0, 2), Some(0.75));
        assert_eq!(similarity.get(3, 3), None);
        let place = |tf| similarity.order.iter().position(|&of| of == tf).unwrap();
        assert_eq!(place(0).abs_diff(place(2)), 1);
        assert_eq!(place(1).abs_diff(place(4)), 1);
        // Nearest first: 0 with 2 at a quarter, 1 with 4 at a third; the TF without a region last.
        let merges = &similarity.merges;
        assert_eq!((merges[0].groups, merges[0].distance), ([0, 2], 0.25));
        assert_eq!(merges[1].groups, [1, 4]);
        assert!((merges[1].distance - 1.0 / 3.0).abs() < 1e-12);
        assert_eq!((merges.len(), merges[3].distance), (4, 1.0));
    }
}
