//! Alignment of seqlets and patterns with a pattern.

use crate::kernel::{jaccard_along, reverse_complement, running_sizes};
use crate::options::MIN_OVERLAP;
use crate::pattern::{Context, Pattern};
use crate::profiles::normalize;
use crate::stretch::Seqlet;
use crate::tracks::CHANNELS;
use bindscape_kernels::vectorized;

/// Where a child lies best on its parent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Alignment {
    /// Column of the parent at the child's first; negative where the child hangs over.
    pub(crate) shift: i32,
    /// Whether the child's other strand lies there.
    pub(crate) reverse: bool,
    pub(crate) similarity: f64,
}

/// How seqlets are compared with a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Metric {
    /// Continuous Jaccard index of hypothetical and projected contributions.
    Jaccard,
    /// Cosine of projected contributions less their mean.
    Pearson,
}

/// Positions that a child of this width may hang over.
fn reach(width: usize) -> i32 {
    (width as f64 * (1.0 - MIN_OVERLAP)).ceil() as i32
}

/// The better of both strands; the strand as it is where they are equal.
fn better(forward: (i32, f64), reverse: (i32, f64)) -> Alignment {
    let other = reverse.1 > forward.1;
    let (shift, similarity) = if other { reverse } else { forward };
    Alignment {
        shift,
        reverse: other,
        similarity,
    }
}

fn by_jaccard(parent: &Pattern, child: &[f32]) -> Alignment {
    let parent = profile(parent);
    let (long, wide) = (parent.len() / CHANNELS, child.len() / CHANNELS);
    let reach = reach(wide);
    let last = long as i32 - wide as i32 + reach;
    let [forward, reverse] = [child.to_vec(), reverse_complement(child)].map(|child| {
        let sizes = running_sizes(&child);
        let mut best = (-reach, f32::NEG_INFINITY);
        vectorized(
            #[inline(always)]
            || {
                jaccard_along(&child, &parent, &sizes, -reach..=last, |shift, index| {
                    if index > best.1 {
                        best = (shift, index);
                    }
                });
            },
        );
        (best.0, f64::from(best.1))
    });
    better(forward, reverse)
}

/// The means of a pattern, hypothetical and projected each scaled to a sum of sizes of 1.
fn profile(pattern: &Pattern) -> Vec<f32> {
    let halves = [pattern.hypothetical(), pattern.contributions()];
    let scales = halves.each_ref().map(|half| {
        let sum: f64 = half.iter().flatten().map(|value| value.abs()).sum();
        if sum == 0.0 { 1.0 } else { sum }
    });
    let mut profile = Vec::with_capacity(pattern.width() * CHANNELS);
    for (hypothetical, projected) in halves[0].iter().zip(&halves[1]) {
        profile.extend(hypothetical.map(|value| (value / scales[0]) as f32));
        profile.extend(projected.map(|value| (value / scales[1]) as f32));
    }
    profile
}

/// Contributions less their mean, scaled to a length of 1; columns × 4 in a row.
fn centred(contributions: &[[f64; 4]]) -> Vec<f64> {
    let values = contributions.as_flattened();
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let mut centred: Vec<f64> = values.iter().map(|value| value - mean).collect();
    let length = centred.iter().map(|v| v * v).sum::<f64>().sqrt() + 1e-7;
    for value in &mut centred {
        *value /= length;
    }
    centred
}

fn by_pearson(parent: &[[f64; 4]], child: &[[f64; 4]]) -> Alignment {
    let (parent, child) = (centred(parent), centred(child));
    let (long, wide) = (parent.len() / 4, child.len() / 4);
    let reach = reach(wide);
    let last = long as i32 - wide as i32 + reach;
    let own = child.iter().map(|v| v * v).sum::<f64>().sqrt();
    let mut reversed = child.clone();
    reversed.reverse();
    let [forward, reverse] = [child, reversed].map(|child| {
        let mut best = (-reach, f64::NEG_INFINITY);
        for shift in -reach..=last {
            let from = (-shift).clamp(0, wide as i32) as usize;
            let to = (long as i32 - shift).clamp(from as i32, wide as i32) as usize;
            let at = (from as i32 + shift).max(0) as usize;
            let child = &child[from * 4..to * 4];
            let window = &parent[(at * 4).min(parent.len())..][..child.len()];
            let dot: f64 = child.iter().zip(window).map(|(a, b)| a * b).sum();
            let length = window.iter().map(|v| v * v).sum::<f64>().sqrt();
            let cosine = dot / (own * length);
            let cosine = if cosine.is_finite() { cosine } else { 0.0 };
            if cosine > best.1 {
                best = (shift, cosine);
            }
        }
        best
    });
    better(forward, reverse)
}

/// Aligns two patterns by their mean contributions.
pub(crate) fn align_patterns(parent: &Pattern, child: &Pattern) -> Alignment {
    by_pearson(&parent.contributions(), &child.contributions())
}

/// The pattern `parent` with `seqlets` added one after another, where each lies best. The pattern
/// grows where one hangs over.
pub(crate) fn merge(
    context: &Context<'_>,
    mut parent: Pattern,
    seqlets: &[Seqlet],
    metric: Metric,
) -> Pattern {
    let mut sizes = Vec::new();
    let mut child: Vec<f32> = Vec::new();
    for &seqlet in seqlets {
        let width = seqlet.end - seqlet.start;
        child.resize(width as usize * CHANNELS, 0.0);
        context.tracks.fill(&seqlet, &mut child);
        let aligned = match metric {
            Metric::Jaccard => {
                normalize(&mut child, &mut sizes);
                by_jaccard(&parent, &child)
            }
            Metric::Pearson => {
                let (rows, _) = child.as_chunks::<CHANNELS>();
                let projected: Vec<[f64; 4]> = (rows.iter())
                    .map(|row| std::array::from_fn(|base| f64::from(row[4 + base])))
                    .collect();
                by_pearson(&parent.contributions(), &projected)
            }
        };
        let seqlet = if aligned.reverse {
            seqlet.flipped()
        } else {
            seqlet
        };
        let shift = aligned.shift;
        let long = parent.width() as i32;
        let whole = seqlet.expanded(shift.max(0), (long - (shift + width)).max(0));
        if !context.admits(&whole) {
            continue;
        }
        let [left, right] = [(-shift).max(0), (shift + width - long).max(0)];
        if left > 0 || right > 0 {
            match parent.expanded(context, left as usize, right as usize) {
                Some(expanded) => parent = expanded,
                None => continue,
            }
        }
        parent.add(context.tracks, whole);
    }
    parent
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_lies_where_it_is_from() {
        let parent: Vec<[f64; 4]> = (0..12)
            .map(|i| std::array::from_fn(|b| f64::from((i * 7 + b as u32 * 5) % 11)))
            .collect();
        let found = by_pearson(&parent, &parent[3..9]);
        assert_eq!((found.shift, found.reverse), (3, false));
        assert!(found.similarity > 0.9);
        let mut other: Vec<[f64; 4]> = parent[3..9].to_vec();
        other.reverse();
        for row in &mut other {
            row.reverse();
        }
        let found = by_pearson(&parent, &other);
        assert_eq!((found.shift, found.reverse), (3, true));
    }

    #[test]
    fn a_child_may_hang_over_by_three_tenths() {
        assert_eq!([30, 41, 50].map(reach), [10, 13, 16]);
    }
}
