//! Which regions each TF of a matrix has, as sets to count with.

use rayon::prelude::*;

use crate::bits::Bits;
use crate::{BindingMatrix, View};

/// The bound and the resolved regions of every TF of a matrix, in one view. TFs are columns of the
/// matrix.
#[derive(Debug, Clone)]
pub struct RegionsOf {
    tfs: Vec<Sets>,
}

/// The regions of one TF, and how many there are.
#[derive(Debug, Clone)]
struct Sets {
    bound: Bits,
    resolved: Bits,
    bound_count: u64,
    resolved_count: u64,
}

/// Regions that several TFs have to train on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrainingRegions {
    /// How many there are.
    pub regions: u64,
    /// How many of them each TF binds, in the order in which the TFs were given.
    pub bound: Vec<u64>,
}

impl RegionsOf {
    /// Those of the TFs of `matrix` in `view`.
    #[must_use]
    pub fn matrix(matrix: &BindingMatrix, view: View) -> Self {
        let sets = |column: &Vec<_>| {
            let (bound, resolved) = (Bits::bound(column), Bits::resolved(column, view));
            Sets {
                bound_count: bound.count(),
                resolved_count: resolved.count(),
                bound,
                resolved,
            }
        };
        Self {
            tfs: matrix.columns.par_iter().map(sets).collect(),
        }
    }

    /// Number of regions that `tf` binds.
    #[must_use]
    pub fn bound(&self, tf: usize) -> u64 {
        self.tfs[tf].bound_count
    }

    /// Number of regions that are resolved for `tf`.
    #[must_use]
    pub fn resolved(&self, tf: usize) -> u64 {
        self.tfs[tf].resolved_count
    }

    /// Cosine similarity of two TFs over the regions resolved for both: as scikit-learn's
    /// `cosine_similarity` of their 0/1 vectors there. `None` where one of them has only zeros.
    #[must_use]
    pub fn cosine(&self, a: usize, b: usize) -> Option<f64> {
        let (a, b) = (&self.tfs[a], &self.tfs[b]);
        // What is bound is resolved.
        let (bound_a, bound_b) = (a.bound.common(&b.resolved), b.bound.common(&a.resolved));
        (bound_a > 0 && bound_b > 0).then(|| {
            // The root of the product, not the product of roots, makes equal vectors exactly 1.
            a.bound.common(&b.bound) as f64 / (bound_a as f64 * bound_b as f64).sqrt()
        })
    }

    /// The regions resolved for all of `tfs`; none where there are no TFs.
    #[must_use]
    pub fn in_common(&self, tfs: &[usize]) -> TrainingRegions {
        let Some((&first, others)) = tfs.split_first() else {
            return TrainingRegions::none();
        };
        let mut common = self.tfs[first].resolved.clone();
        for &tf in others {
            common.intersect(&self.tfs[tf].resolved);
        }
        self.within(&common, tfs)
    }

    /// The regions resolved for at least one of `tfs`.
    #[must_use]
    pub fn in_any(&self, tfs: &[usize]) -> TrainingRegions {
        let Some((&first, others)) = tfs.split_first() else {
            return TrainingRegions::none();
        };
        let mut any = self.tfs[first].resolved.clone();
        for &tf in others {
            any.unite(&self.tfs[tf].resolved);
        }
        self.within(&any, tfs)
    }

    fn within(&self, regions: &Bits, tfs: &[usize]) -> TrainingRegions {
        let bound = tfs.iter().map(|&tf| self.tfs[tf].bound.common(regions));
        TrainingRegions {
            regions: regions.count(),
            bound: bound.collect(),
        }
    }

    /// The TFs with bound regions, those with most resolved regions first; of equals the first in
    /// the matrix first. The paper's 50 pre-training TFs are the first 50 of the less sparse view
    /// (Novakovsky et al. 2021; the code sorts by unresolved regions).
    #[must_use]
    pub fn by_resolved(&self) -> Vec<usize> {
        let mut tfs: Vec<usize> = (0..self.tfs.len())
            .filter(|&tf| self.bound(tf) > 0)
            .collect();
        tfs.sort_by_key(|&tf| std::cmp::Reverse(self.resolved(tf)));
        tfs
    }
}

impl TrainingRegions {
    fn none() -> Self {
        Self {
            regions: 0,
            bound: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::BindingState::{Bound, Closed, OneEvidence, Unbound};
    use crate::inspect::tests::matrix_of;

    #[test]
    fn regions_in_common_and_in_any_are_counted_with_those_bound_in_them() {
        let matrix = matrix_of(vec![
            vec![Bound, Unbound, Closed, OneEvidence, Bound],
            vec![Bound, Closed, Bound, Bound, Unbound],
            vec![Unbound, Closed, Closed, Closed, Closed],
        ]);
        let sparse = RegionsOf::matrix(&matrix, View::Sparse);
        let less = RegionsOf::matrix(&matrix, View::LessSparse);
        let counts = |regions, bound: &[u64]| TrainingRegions {
            regions,
            bound: bound.to_vec(),
        };
        assert_eq!(sparse.in_common(&[0, 1]), counts(2, &[2, 1]));
        assert_eq!(less.in_common(&[1, 0]), counts(3, &[2, 2]));
        assert_eq!(less.in_common(&[0, 1, 2]), counts(1, &[1, 1, 0]));
        assert_eq!(less.in_any(&[0, 2]), counts(4, &[2, 0]));
        assert_eq!(less.in_any(&[0, 1]), counts(5, &[2, 3]));
        assert_eq!(less.in_common(&[]), counts(0, &[]));
        assert_eq!(
            (less.bound(1), sparse.resolved(0), less.resolved(0)),
            (3, 3, 4)
        );
        // A region of one evidence only counts as unbound for the cosine in one view alone.
        assert_eq!(sparse.cosine(0, 1), Some(1.0 / 2.0_f64.sqrt()));
        assert_eq!(less.cosine(0, 1), Some(0.5));
        assert_eq!(less.cosine(0, 2), None);
    }

    #[test]
    fn most_resolved_come_first_and_equals_keep_their_order() {
        let matrix = matrix_of(vec![
            vec![Bound, Closed, Closed],
            vec![Bound, OneEvidence, Unbound],
            vec![Closed, Bound, Closed],
            vec![Unbound, Unbound, Unbound],
        ]);
        let regions = RegionsOf::matrix(&matrix, View::LessSparse);
        assert_eq!(regions.by_resolved(), [1, 0, 2]);
    }
}
