//! The motifs of a cluster in one frame, and their consensus.

use super::similarity::Similarities;
use crate::{Frequencies, Motif};

/// Information below which positions at the ends of a consensus are cut.
const MIN_BITS: f64 = 0.25;

/// A motif of a cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member {
    /// Number of the motif, from 0.
    pub motif: usize,
    /// Where it begins in the frame of the cluster, from 0.
    pub offset: usize,
    /// Whether it is reverse-complemented there; never the first of a cluster.
    pub reverse: bool,
}

impl Member {
    pub(super) fn alone(motif: usize) -> Self {
        Self {
            motif,
            offset: 0,
            reverse: false,
        }
    }
}

/// Where a motif lies in a frame that is still under construction.
#[derive(Clone, Copy, Default)]
struct Placed {
    at: i32,
    reverse: bool,
}

/// Aligns `members`: wherever two groups meet, as their most similar motifs align. `merges`
/// calls its argument with both groups of each merge in turn.
pub(super) fn align(
    members: Vec<usize>,
    widths: &[usize],
    merges: impl FnOnce(&mut dyn FnMut(&[usize], &[usize])),
    similarities: &Similarities,
) -> Vec<Member> {
    let mut placed = vec![Placed::default(); widths.len()];
    let width = |motif: usize| widths[motif] as i32;
    let turn = |placed: Placed, motif: usize| Placed {
        at: -(placed.at + width(motif)),
        reverse: !placed.reverse,
    };
    merges(&mut |first, second| {
        let mut nearest = (first[0], second[0]);
        let mut highest = f64::NEG_INFINITY;
        for &a in first {
            for &b in second {
                let normalized = similarities.of(a, b).normalized;
                if normalized > highest {
                    (nearest, highest) = ((a, b), normalized);
                }
            }
        }
        let (a, b) = nearest;
        let pair = similarities.of(a, b);
        let wanted = if placed[a].reverse {
            Placed {
                at: placed[a].at + width(a) - pair.offset - width(b),
                reverse: !pair.reverse,
            }
        } else {
            Placed {
                at: placed[a].at + pair.offset,
                reverse: pair.reverse,
            }
        };
        if placed[b].reverse != wanted.reverse {
            for &motif in second {
                placed[motif] = turn(placed[motif], motif);
            }
        }
        let shift = wanted.at - placed[b].at;
        for &motif in second {
            placed[motif].at += shift;
        }
    });
    if placed[members[0]].reverse {
        for &motif in &members {
            placed[motif] = turn(placed[motif], motif);
        }
    }
    let leftmost = members.iter().map(|&motif| placed[motif].at).min();
    members
        .iter()
        .map(|&motif| Member {
            motif,
            offset: leftmost.map_or(0, |leftmost| placed[motif].at - leftmost) as usize,
            reverse: placed[motif].reverse,
        })
        .collect()
}

/// The mean of the aligned motifs, weighted by their sites, called `id`. A motif counts as
/// without preference where it does not reach; ends of less than a quarter bit are cut.
///
/// # Panics
/// If a member's number is not below the number of motifs, or there is no member.
#[must_use]
pub fn consensus(id: &str, motifs: &[Motif], members: &[Member]) -> Motif {
    let width = members
        .iter()
        .map(|member| member.offset + motifs[member.motif].width())
        .max()
        .expect("a cluster has members");
    let mut rows = vec![[0.0; 4]; width];
    let mut all = 0.0;
    for member in members {
        let motif = &motifs[member.motif];
        let sites = motif.sites_or_assumed();
        all += sites;
        let frequencies = if member.reverse {
            motif.frequencies.reverse_complement()
        } else {
            motif.frequencies.clone()
        };
        let reached = member.offset..member.offset + motif.width();
        for (at, row) in rows.iter_mut().enumerate() {
            let own = if reached.contains(&at) {
                frequencies.rows()[at - member.offset]
            } else {
                [0.25; 4]
            };
            for (sum, value) in row.iter_mut().zip(own) {
                *sum += sites * value;
            }
        }
    }
    let rows = rows.iter().map(|row| row.map(|sum| sum / all)).collect();
    let frequencies = Frequencies::new(rows).expect("means of frequencies are frequencies");
    let whole = Motif {
        sites: Some(all),
        ..Motif::new(id, frequencies)
    };
    // A consensus without any information is left as it is.
    whole.trim(MIN_BITS).map_or(whole, |(trimmed, _)| trimmed)
}
