//! Clusters of similar motifs: binding modes.
//!
//! After RSAT's matrix-clustering (Castro-Mondragon, Jaeger, Thieffry, Thomas-Chollier and
//! van Helden 2017, RSAT matrix-clustering, Nucleic Acids Research 45:e119), by which
//! JASPAR groups its profiles. Two motifs are as similar as their best gapless alignment
//! on either strand; average linkage makes a tree of them; and a branch of the tree is a
//! cluster if it and all branches within it keep to the thresholds, and no larger one does.

mod agreement;
mod alignment;
mod similarity;
mod subtree;
#[cfg(test)]
mod tests;

use std::fmt::Write as _;

use bindscape_base::progress::{Progress, check};
use bindscape_base::{Error, Result};
use kodama::{Method, linkage};
use serde::{Deserialize, Serialize};

use crate::Motif;
use similarity::Similarities;

pub use agreement::{Agreement, agreement};
pub use alignment::{Member, consensus};
pub use similarity::{Similarity, similarity};
pub use subtree::{Merge, Subtree};

/// Thresholds that the mean similarity between the two sides of a branch must reach;
/// defaults as RSAT's.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Thresholds {
    /// Correlation of the aligned positions; default 0.6.
    pub correlation: f64,
    /// Correlation times the aligned share of the positions that both motifs span;
    /// default 0.4.
    pub normalized: f64,
    /// Aligned positions; default 5. Alignments of fewer are not considered.
    pub overlap: usize,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            correlation: 0.6,
            normalized: 0.4,
            overlap: 5,
        }
    }
}

impl Thresholds {
    /// Refuses thresholds that make no sense.
    ///
    /// # Errors
    /// If a correlation is not -1 to 1, or the overlap is 0.
    pub fn validate(&self) -> Result<()> {
        for (field, value) in [
            ("correlation", self.correlation),
            ("normalized", self.normalized),
        ] {
            if !(-1.0..=1.0).contains(&value) {
                return Err(Error::argument(
                    field,
                    "a correlation: -1 to 1",
                    value.to_string(),
                ));
            }
        }
        if self.overlap == 0 {
            return Err(Error::argument("overlap", "at least 1", "0"));
        }
        Ok(())
    }
}

/// A branching of the tree.
#[derive(Debug, Clone, PartialEq)]
struct Branch {
    /// Nodes below: a motif by its number, or a branch by its number and that of motifs.
    children: [usize; 2],
    /// Mean dissimilarity, 1 less the normalized correlation, between the two sides.
    height: f64,
    /// Motifs below, in order.
    members: Vec<usize>,
    /// Whether it and all branches below keep to the thresholds.
    holds: bool,
}

/// Motifs in clusters, with the tree they were cut from.
#[derive(Debug, Clone, PartialEq)]
pub struct Clustering {
    motifs: usize,
    branches: Vec<Branch>,
    /// The clusters, the largest first, each with its motifs aligned.
    pub clusters: Vec<Vec<Member>>,
}

/// Clusters `motifs`.
///
/// ```
/// use bindscape_base::progress::Silent;
/// use bindscape_motif::cluster::{Thresholds, cluster, consensus};
/// use bindscape_motif::jaspar;
///
/// let motifs = jaspar::select("FOXA1,FOXA2,CTCF")?.motifs;
/// let clustering = cluster(&motifs, Thresholds::default(), &Silent)?;
/// // Forkheads bind like forkheads, and CTCF like itself.
/// let of = |name: &str| {
///     let motif = motifs.iter().position(|motif| motif.name.as_deref() == Some(name));
///     clustering.assignments()[motif.expect("selected")]
/// };
/// assert_eq!(of("FOXA1"), of("FOXA2"));
/// assert_ne!(of("FOXA1"), of("CTCF"));
/// let mean = consensus("cluster_1", &motifs, &clustering.clusters[0]);
/// assert!(mean.width() >= 6);
/// # Ok::<(), bindscape_base::Error>(())
/// ```
///
/// # Errors
/// If there is no motif, a threshold is out of its range, or the user asked to stop.
pub fn cluster(
    motifs: &[Motif],
    thresholds: Thresholds,
    progress: &dyn Progress,
) -> Result<Clustering> {
    thresholds.validate()?;
    if motifs.is_empty() {
        return Err(Error::about("the motifs", "at least one", "none"));
    }
    let similarities = Similarities::new(motifs, thresholds.overlap, progress)?;
    let branches = tree(motifs.len(), &similarities, thresholds);
    check(progress)?;
    let mut inside = vec![false; motifs.len()];
    let mut clusters: Vec<Vec<Member>> = Vec::new();
    // A branch comes after those below it: the last that holds is the largest.
    let mut largest: Vec<&Branch> = Vec::new();
    for branch in branches.iter().rev().filter(|branch| branch.holds) {
        if !inside[branch.members[0]] {
            for &motif in &branch.members {
                inside[motif] = true;
            }
            largest.push(branch);
        }
    }
    for branch in largest {
        let widths: Vec<usize> = motifs.iter().map(Motif::width).collect();
        clusters.push(alignment::align(
            branch.members.clone(),
            &widths,
            |visit| {
                merges(branch, &branches, motifs.len(), visit);
            },
            &similarities,
        ));
    }
    for (motif, _) in inside.iter().enumerate().filter(|(_, inside)| !**inside) {
        clusters.push(vec![Member::alone(motif)]);
    }
    clusters.sort_by_key(|members| (std::cmp::Reverse(members.len()), members[0].motif));
    Ok(Clustering {
        motifs: motifs.len(),
        branches,
        clusters,
    })
}

/// Calls `visit` with both sides of every branch from `top` down, those below first.
fn merges(
    top: &Branch,
    branches: &[Branch],
    motifs: usize,
    visit: &mut dyn FnMut(&[usize], &[usize]),
) {
    let below = |node: usize| node.checked_sub(motifs).map(|number| &branches[number]);
    for child in top.children {
        if let Some(branch) = below(child) {
            merges(branch, branches, motifs, visit);
        }
    }
    let alone = top.children;
    let side = |at: usize| match below(top.children[at]) {
        Some(branch) => &branch.members[..],
        None => &alone[at..=at],
    };
    visit(side(0), side(1));
}

fn tree(motifs: usize, similarities: &Similarities, thresholds: Thresholds) -> Vec<Branch> {
    let mut distances = similarities.distances();
    let steps = linkage(&mut distances, motifs, Method::Average);
    let mut branches: Vec<Branch> = Vec::with_capacity(motifs.saturating_sub(1));
    for step in steps.steps() {
        let children = [step.cluster1, step.cluster2];
        let side = |node: usize| match node.checked_sub(motifs) {
            Some(number) => (branches[number].members.clone(), branches[number].holds),
            None => (vec![node], true),
        };
        let ((mut members, first_holds), (second, second_holds)) =
            (side(children[0]), side(children[1]));
        let holds = first_holds && second_holds && {
            let (mut correlation, mut normalized, mut overlap) = (0.0, 0.0, 0.0);
            for &a in &members {
                for &b in &second {
                    let pair = similarities.of(a, b);
                    correlation += pair.correlation;
                    normalized += pair.normalized;
                    overlap += pair.overlap as f64;
                }
            }
            let pairs = (members.len() * second.len()) as f64;
            correlation >= thresholds.correlation * pairs
                && normalized >= thresholds.normalized * pairs
                && overlap >= thresholds.overlap as f64 * pairs
        };
        members.extend(second);
        members.sort_unstable();
        branches.push(Branch {
            children,
            height: step.dissimilarity,
            members,
            holds,
        });
    }
    branches
}

impl Clustering {
    /// The cluster of each motif, by number from 0.
    #[must_use]
    pub fn assignments(&self) -> Vec<usize> {
        let mut numbers = vec![0; self.motifs];
        for (number, members) in self.clusters.iter().enumerate() {
            for member in members {
                numbers[member.motif] = number;
            }
        }
        numbers
    }

    /// The tree in Newick's format, leaves called by `names`, one per motif. The length
    /// from a leaf up to a branch is half the branch's mean dissimilarity.
    #[must_use]
    pub fn newick(&self, names: &[&str]) -> String {
        let mut text = String::new();
        match self.branches.len() {
            0 => text.push_str(&quoted(names[0])),
            count => self.write_node(self.motifs + count - 1, names, &mut text),
        }
        text.push_str(";\n");
        text
    }

    fn height(&self, node: usize) -> f64 {
        node.checked_sub(self.motifs)
            .map_or(0.0, |number| self.branches[number].height / 2.0)
    }

    fn write_node(&self, node: usize, names: &[&str], text: &mut String) {
        let Some(number) = node.checked_sub(self.motifs) else {
            text.push_str(&quoted(names[node]));
            return;
        };
        for (at, &child) in self.branches[number].children.iter().enumerate() {
            text.push(if at == 0 { '(' } else { ',' });
            self.write_node(child, names, text);
            let length = (self.height(node) - self.height(child)).max(0.0);
            write!(text, ":{length:.6}").expect("writing to a string");
        }
        text.push(')');
    }
}

/// A name as Newick wants it: quoted if it holds anything but letters, digits, `_`, `.`, `-`.
fn quoted(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    if !name.is_empty() && name.chars().all(plain) {
        name.to_owned()
    } else {
        format!("'{}'", name.replace('\'', "''"))
    }
}
