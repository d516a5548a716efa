//! Parts of the tree of motifs, as pictures need them.

use super::Clustering;

/// A tree with its leaves from left to right, so that no branches cross.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Subtree {
    /// Numbers of what the leaves are, motifs or clusters.
    pub leaves: Vec<usize>,
    /// Its branchings, those below first.
    pub merges: Vec<Merge>,
}

/// Two groups of leaves that are joined.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Merge {
    /// The groups: a leaf by its place, or an earlier merge by its number and that of leaves.
    pub groups: [usize; 2],
    /// Mean dissimilarity of the motifs of the two: 1 less the normalized correlation.
    pub height: f64,
}

/// A group before the number of leaves is known.
#[derive(Clone, Copy)]
enum Group {
    Leaf(usize),
    Merge(usize),
}

/// A tree under construction.
#[derive(Default)]
struct Builder {
    leaves: Vec<usize>,
    merges: Vec<([Group; 2], f64)>,
}

impl Clustering {
    /// The tree of the motifs of a cluster; its leaves are numbers of motifs.
    ///
    /// # Panics
    /// If there is no such cluster.
    #[must_use]
    pub fn tree_of(&self, cluster: usize) -> Subtree {
        let top = self.top_of(cluster);
        self.subtree(top, &|node| (node < self.motifs).then_some(node))
    }

    /// The tree of the clusters; its leaves are numbers of clusters.
    #[must_use]
    pub fn tree_of_clusters(&self) -> Subtree {
        let mut cluster_of = vec![None; self.motifs + self.branches.len()];
        for cluster in 0..self.clusters.len() {
            cluster_of[self.top_of(cluster)] = Some(cluster);
        }
        self.subtree(cluster_of.len() - 1, &|node| cluster_of[node])
    }

    /// The node that has just the motifs of a cluster below it.
    fn top_of(&self, cluster: usize) -> usize {
        let members = &self.clusters[cluster];
        let first = members[0].motif;
        // Branches with a motif in common lie within each other, so their sizes differ.
        let same = |members_below: &[usize]| {
            members_below.len() == members.len() && members_below.binary_search(&first).is_ok()
        };
        let branch = self
            .branches
            .iter()
            .position(|branch| same(&branch.members));
        branch.map_or(first, |branch| self.motifs + branch)
    }

    /// The tree from `top` down to the nodes that `leaf` has a number for.
    fn subtree(&self, top: usize, leaf: &dyn Fn(usize) -> Option<usize>) -> Subtree {
        let mut builder = Builder::default();
        self.build(top, leaf, &mut builder);
        let count = builder.leaves.len();
        let number = |group| match group {
            Group::Leaf(place) => place,
            Group::Merge(merge) => count + merge,
        };
        let merges = builder.merges.into_iter().map(|(groups, height)| Merge {
            groups: groups.map(number),
            height,
        });
        Subtree {
            merges: merges.collect(),
            leaves: builder.leaves,
        }
    }

    fn build(
        &self,
        node: usize,
        leaf: &dyn Fn(usize) -> Option<usize>,
        builder: &mut Builder,
    ) -> Group {
        if let Some(number) = leaf(node) {
            builder.leaves.push(number);
            return Group::Leaf(builder.leaves.len() - 1);
        }
        let branch = &self.branches[node - self.motifs];
        let groups = branch
            .children
            .map(|child| self.build(child, leaf, builder));
        builder.merges.push((groups, branch.height));
        Group::Merge(builder.merges.len() - 1)
    }
}
