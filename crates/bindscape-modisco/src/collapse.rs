//! Merging of patterns that are alike and whose seqlets cannot be told from one another.

use std::cell::OnceCell;
use std::rc::Rc;

use bindscape_base::Result;
use bindscape_base::progress::{Progress, check};
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use crate::align::{Alignment, Metric, align_patterns, merge};
use crate::kernel::jaccard;
use crate::numeric::Mersenne;
use crate::options::{Edges, MERGE_SAMPLE};
use crate::pattern::{Context, Pattern};
use crate::profiles::Profiles;
use crate::stretch::Seqlet;
use bindscape_kernels::vectorized;

/// Patterns are merged where contamination and similarity both reach one of these pairs …
const MERGE: [(f64, f64); 3] = [(0.8, 0.8), (0.5, 0.85), (0.2, 0.9)];
/// … unless, for two of all that would be joined, neither exceeds one of these.
const APART: [(f64, f64); 4] = [(0.4, 0.75), (0.2, 0.8), (0.1, 0.85), (0.0, 0.9)];

/// A pattern with what comparisons need of it.
struct Node {
    number: usize,
    pattern: Pattern,
    /// At most [`MERGE_SAMPLE`] of its seqlets; where edges are kept, of those that lie within
    /// their sequence, as others differ by what is not known of them.
    sample: Vec<Seqlet>,
    profiles: OnceCell<Profiles>,
    /// Similarities of the sample's seqlets with one another, in ascending order.
    within: OnceCell<Vec<f32>>,
}

impl Node {
    fn new(context: &Context<'_>, number: usize, pattern: Pattern) -> Rc<Self> {
        let complete: Vec<Seqlet>;
        let seqlets = match context.options.edges {
            Edges::Drop => pattern.seqlets(),
            Edges::Keep => {
                let seqlets = pattern.seqlets().iter().copied();
                complete = seqlets
                    .filter(|seqlet| context.is_complete(seqlet))
                    .collect();
                &complete
            }
        };
        let sample = if seqlets.len() > MERGE_SAMPLE {
            let chosen = Mersenne::new(1234).choose(seqlets.len(), MERGE_SAMPLE);
            chosen.into_iter().map(|index| seqlets[index]).collect()
        } else {
            seqlets.to_vec()
        };
        Rc::new(Self {
            number,
            pattern,
            sample,
            profiles: OnceCell::new(),
            within: OnceCell::new(),
        })
    }

    fn profiles(&self, context: &Context<'_>) -> &Profiles {
        self.profiles
            .get_or_init(|| Profiles::new(context.tracks, &self.sample))
    }

    fn within(&self, context: &Context<'_>) -> &[f32] {
        self.within.get_or_init(|| {
            let profiles = self.profiles(context);
            let mut within = between(profiles, profiles);
            within.par_sort_unstable_by(f32::total_cmp);
            within
        })
    }
}

/// Similarity of each of `a` with each of `b`, as they lie.
fn between(a: &Profiles, b: &Profiles) -> Vec<f32> {
    (0..b.len())
        .into_par_iter()
        .flat_map_iter(|number| {
            let b = b.get(number);
            vectorized(
                #[inline(always)]
                || {
                    (0..a.len())
                        .map(|other| jaccard(a.get(other), b))
                        .collect::<Vec<f32>>()
                },
            )
        })
        .collect()
}

/// Probability that one of `positive` (in ascending order) is above one of `negative`, ties by
/// half.
fn auroc(negative: &[f32], positive: &[f32]) -> f64 {
    let above: f64 = negative
        .par_iter()
        .map(|&value| {
            let below = positive.partition_point(|&other| other < value);
            let equal = positive[below..].partition_point(|&other| other <= value);
            (positive.len() - below - equal) as f64 + equal as f64 / 2.0
        })
        .sum();
    above / (negative.len() as f64 * positive.len() as f64)
}

/// What is known of pairs of patterns.
#[derive(Default)]
struct Pairs {
    alignments: FxHashMap<(usize, usize), Alignment>,
    aurocs: FxHashMap<(usize, usize), f64>,
}

impl Pairs {
    /// Seqlets of `child` as they lie on `parent`.
    fn shifted(context: &Context<'_>, child: &Node, alignment: Alignment) -> Vec<Seqlet> {
        (child.sample.iter())
            .map(|seqlet| {
                let seqlet = if alignment.reverse {
                    seqlet.flipped()
                } else {
                    *seqlet
                };
                let by = if seqlet.reverse {
                    alignment.shift
                } else {
                    -alignment.shift
                };
                Seqlet {
                    start: seqlet.start + by,
                    end: seqlet.end + by,
                    ..seqlet
                }
            })
            .filter(|seqlet| match context.options.edges {
                // One position less than there are, as in the original.
                Edges::Drop => seqlet.start >= 0 && seqlet.end < context.tracks.length() as i32,
                Edges::Keep => context.is_complete(seqlet),
            })
            .collect()
    }

    /// Similarity of `child` with `parent`; 0 where no seqlet of the child lies on the parent,
    /// unless edges are kept.
    fn similarity(&mut self, context: &Context<'_>, parent: &Node, child: &Node) -> f64 {
        let alignment = *self
            .alignments
            .entry((parent.number, child.number))
            .or_insert_with(|| {
                let found = align_patterns(&parent.pattern, &child.pattern);
                let similarity = if context.options.edges == Edges::Drop
                    && Self::shifted(context, child, found).is_empty()
                {
                    0.0
                } else {
                    found.similarity
                };
                Alignment {
                    similarity,
                    ..found
                }
            });
        alignment.similarity
    }

    fn mean_similarity(&mut self, context: &Context<'_>, a: &Node, b: &Node) -> f64 {
        0.5 * (self.similarity(context, a, b) + self.similarity(context, b, a))
    }

    /// How little the seqlets of `child` differ from those of `parent`, from 0 to 1.
    fn contamination(&mut self, context: &Context<'_>, parent: &Node, child: &Node) -> f64 {
        let pair = (parent.number, child.number);
        self.similarity(context, parent, child);
        let alignment = self.alignments[&pair];
        let auroc = *self.aurocs.entry(pair).or_insert_with(|| {
            let shifted = Self::shifted(context, child, alignment);
            // Nothing tells the seqlets apart.
            if shifted.is_empty()
                || parent.sample.is_empty()
                || parent.pattern.width() != child.pattern.width()
            {
                return 0.5;
            }
            let child = Profiles::new(context.tracks, &shifted);
            let others = between(parent.profiles(context), &child);
            auroc(&others, parent.within(context))
        });
        2.0 * (1.0 - auroc.max(0.5))
    }

    /// Whether `a` and `b` are to be merged, if nothing speaks against it.
    fn alike(&mut self, context: &Context<'_>, a: &Node, b: &Node, similarity: f64) -> bool {
        // The contamination takes long; most pairs are not similar enough at any.
        if MERGE.iter().all(|pair| similarity < pair.1) {
            return false;
        }
        let contamination =
            (self.contamination(context, a, b)).min(self.contamination(context, b, a));
        (MERGE.iter()).any(|pair| contamination >= pair.0 && similarity >= pair.1)
    }

    /// Whether `a` and `b` must not be merged, even through others.
    fn apart(&mut self, context: &Context<'_>, a: &Node, b: &Node) -> bool {
        let similarity = self.mean_similarity(context, a, b);
        if APART.iter().all(|pair| similarity > pair.1) {
            return false;
        }
        let contamination =
            0.5 * (self.contamination(context, a, b) + self.contamination(context, b, a));
        (APART.iter()).any(|pair| contamination <= pair.0 && similarity <= pair.1)
    }
}

/// Merges `patterns` until none are to be merged any more; the largest comes first wherever some
/// were merged.
pub(crate) fn collapse(
    context: &Context<'_>,
    patterns: Vec<Pattern>,
    progress: &dyn Progress,
) -> Result<Vec<Pattern>> {
    let mut made = patterns.len();
    let mut nodes: Vec<Rc<Node>> = patterns
        .into_iter()
        .enumerate()
        .map(|(number, pattern)| Node::new(context, number, pattern))
        .collect();
    let mut pairs = Pairs::default();
    loop {
        let merges = merges(context, &nodes, &mut pairs, progress)?;
        if merges.is_empty() {
            break;
        }
        for (i, j) in merges {
            check(progress)?;
            let (a, b) = (Rc::clone(&nodes[i]), Rc::clone(&nodes[j]));
            if Rc::ptr_eq(&a, &b) {
                continue;
            }
            let smaller = a.pattern.seqlets().len() < b.pattern.seqlets().len();
            let (parent, child) = if smaller { (&b, &a) } else { (&a, &b) };
            let merged = merge(
                context,
                parent.pattern.clone(),
                child.pattern.seqlets(),
                Metric::Pearson,
            );
            if let Some(merged) = merged.polished(context) {
                let merged = Node::new(context, made, merged);
                made += 1;
                for node in &mut nodes {
                    if Rc::ptr_eq(node, &a) || Rc::ptr_eq(node, &b) {
                        *node = Rc::clone(&merged);
                    }
                }
            }
        }
        nodes.sort_by_key(|node| std::cmp::Reverse(node.pattern.seqlets().len()));
        let mut seen = rustc_hash::FxHashSet::default();
        nodes.retain(|node| seen.insert(node.number));
    }
    Ok(nodes.into_iter().map(|node| node.pattern.clone()).collect())
}

/// Pairs of patterns to merge, the most similar first.
fn merges(
    context: &Context<'_>,
    nodes: &[Rc<Node>],
    pairs: &mut Pairs,
    progress: &dyn Progress,
) -> Result<Vec<(usize, usize)>> {
    let mut candidates = Vec::new();
    for (i, a) in nodes.iter().enumerate() {
        check(progress)?;
        for (j, b) in nodes.iter().enumerate().skip(i + 1) {
            candidates.push((i, j, pairs.mean_similarity(context, a, b)));
        }
    }
    candidates.sort_by(|a, b| b.2.total_cmp(&a.2));
    let mut partners: Vec<Vec<usize>> = (0..nodes.len()).map(|i| vec![i]).collect();
    let mut merges = Vec::new();
    for (i, j, similarity) in candidates {
        check(progress)?;
        if !pairs.alike(context, &nodes[i], &nodes[j], similarity) {
            continue;
        }
        let mut joined = partners[i].clone();
        joined.extend(&partners[j]);
        joined.sort_unstable();
        joined.dedup();
        let apart = joined.iter().enumerate().any(|(place, &a)| {
            (joined[place + 1..].iter()).any(|&b| pairs.apart(context, &nodes[a], &nodes[b]))
        });
        if !apart {
            merges.push((i, j));
            for &partner in &joined {
                partners[partner].clone_from(&joined);
            }
        }
    }
    Ok(merges)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// scikit-learn 1.9.1: `roc_auc_score([0, 0, 0, 1, 1], [0.1, 0.4, 0.5, 0.4, 0.8])`.
    #[test]
    fn ties_count_by_half() {
        assert_eq!(auroc(&[0.5, 0.1, 0.4], &[0.4, 0.8]), 4.5 / 6.0);
    }
}
