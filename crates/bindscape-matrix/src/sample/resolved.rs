//! Regions resolved for all of several TFs, and the TFs that share most of them.

use rayon::prelude::*;

use crate::bits::Bits;
use crate::{BindingMatrix, BindingState, View};
use bindscape_base::error::{Error, Result};

/// Rows that are bound or unbound in `view` for every one of `columns`, ascending.
///
/// No rows if there are no columns.
///
/// # Panics
/// If the columns differ in length.
#[must_use]
pub fn resolved_for_all(columns: &[&[BindingState]], view: View) -> Vec<usize> {
    rows_where(columns, |row| {
        columns
            .iter()
            .all(|column| column[row].label(view).is_some())
    })
}

/// Rows that are bound or unbound in `view` for at least one of `columns`, ascending.
///
/// # Panics
/// If the columns differ in length.
#[must_use]
pub fn resolved_for_any(columns: &[&[BindingState]], view: View) -> Vec<usize> {
    rows_where(columns, |row| {
        columns
            .iter()
            .any(|column| column[row].label(view).is_some())
    })
}

fn rows_where(columns: &[&[BindingState]], take: impl Fn(usize) -> bool + Sync) -> Vec<usize> {
    let Some(first) = columns.first() else {
        return Vec::new();
    };
    assert!(
        columns.iter().all(|column| column.len() == first.len()),
        "columns of one matrix"
    );
    (0..first.len())
        .into_par_iter()
        .filter(|&row| take(row))
        .collect()
}

/// Words of 64 rows on which [`top_resolved`] searches: 65,536 rows rank sets of
/// TFs as well as millions do, in a fraction of the time.
const SEARCH_WORDS: usize = 1024;

/// Starts that are tried on all regions.
const STARTS: usize = 8;

/// The `n` of the TFs `among` (columns, both ascending) that have many regions resolved in common.
///
/// The best set is out of reach (the maximum k-subset intersection is NP-hard), and which
/// set is good depends on which TFs were profiled in the same cells. So: from
/// every TF as the start, the TF that leaves most regions resolved for all is
/// added until there are `n` (the first in the matrix where several do); of
/// the sets so found the one with most regions in common is taken. Every start
/// is tried on 65,536 regions spread over the matrix, the 8 best starts on all.
/// TFs without any bound region are left out: they teach a network nothing.
///
/// On a quarter of the published matrix and 50 TFs this leaves 41,632 regions;
/// starting from the best-resolved TF alone 31,481, removing TFs one by one
/// from all 26,429, and the 50 TFs with most resolved regions 22,242.
///
/// # Errors
/// If fewer than `n` of them have bound regions, `n` is 0, or no
/// region is resolved for all of them.
pub fn top_resolved(
    matrix: &BindingMatrix,
    among: &[usize],
    n: usize,
    view: View,
) -> Result<Vec<usize>> {
    let candidates: Vec<usize> = (among.iter().copied())
        .filter(|&tf| matrix.columns[tf].contains(&BindingState::Bound))
        .collect();
    let asked = format!("top-resolved:{n}");
    if n == 0 || candidates.len() < n {
        return Err(Error::argument(
            "tfs",
            format!(
                "a number of TFs from 1 to {}, those with bound regions that can be chosen",
                candidates.len()
            ),
            asked,
        ));
    }
    let resolved: Vec<Bits> = candidates
        .par_iter()
        .map(|&tf| Bits::resolved(&matrix.columns[tf], view))
        .collect();
    let step = resolved[0].len_in_words().div_ceil(SEARCH_WORDS).max(1);
    let thinned: Vec<Bits> = resolved.iter().map(|bits| bits.thinned(step)).collect();
    let starts = best_of((0..candidates.len()).collect(), &thinned, n, STARTS);
    let starts = starts.into_iter().map(|(start, _, _)| start).collect();
    let (_, common, best) = best_of(starts, &resolved, n, 1)
        .pop()
        .expect("there is a start for each candidate");
    if common == 0 {
        return Err(Error::argument(
            "tfs",
            format!("{n} TFs with regions that are resolved for all of them"),
            "no such region",
        )
        .hint("ask for fewer TFs"));
    }
    Ok(best.into_iter().map(|index| candidates[index]).collect())
}

/// The `keep` of `starts` whose greedy sets have most regions in common, the
/// first of equals first: start, regions in common, set.
fn best_of(
    starts: Vec<usize>,
    resolved: &[Bits],
    n: usize,
    keep: usize,
) -> Vec<(usize, u64, Vec<usize>)> {
    let mut grown: Vec<(usize, u64, Vec<usize>)> = starts
        .into_par_iter()
        .map(|start| {
            let (common, set) = grow(resolved, start, n);
            (start, common, set)
        })
        .collect();
    grown.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    // Many starts lead to the same set.
    grown.dedup_by(|a, b| a.2 == b.2);
    grown.truncate(keep);
    grown
}

/// Greedy set of `n` from `start` on, ascending, and its regions in common.
fn grow(resolved: &[Bits], start: usize, n: usize) -> (u64, Vec<usize>) {
    let mut chosen = vec![start];
    let mut common = resolved[start].clone();
    while chosen.len() < n {
        let next = (0..resolved.len())
            .filter(|tf| !chosen.contains(tf))
            .map(|tf| (common.common(&resolved[tf]), tf))
            .max_by(|a, b| a.0.cmp(&b.0).then(b.1.cmp(&a.1)))
            .expect("n is at most the number of TFs");
        common.intersect(&resolved[next.1]);
        chosen.push(next.1);
    }
    chosen.sort_unstable();
    (common.count(), chosen)
}

#[cfg(test)]
mod tests {
    use super::super::datasets::tests::matrix_of;
    use super::*;

    #[test]
    fn views_differ_in_what_is_resolved() {
        use BindingState::{Bound, Closed, OneEvidence, Unbound};
        let a = [Closed, Unbound, OneEvidence, Bound, Bound];
        let b = [Bound, Bound, Bound, Bound, Closed];
        assert_eq!(resolved_for_all(&[&a, &b], View::Sparse), [1, 3]);
        assert_eq!(resolved_for_all(&[&a, &b], View::LessSparse), [1, 2, 3]);
        assert!(resolved_for_all(&[], View::Sparse).is_empty());
    }

    /// TF 0 has most regions, but TFs 1 and 2 share more; TF 3 is never bound.
    #[test]
    fn the_search_is_not_caught_by_the_best_resolved_tf() {
        let column = |from: usize, to: usize, bound: bool| -> Vec<BindingState> {
            (0..300)
                .map(|row| match (from..to).contains(&row) {
                    true if bound && row % 7 == 0 => BindingState::Bound,
                    true => BindingState::Unbound,
                    false => BindingState::Closed,
                })
                .collect()
        };
        let matrix = matrix_of(vec![
            column(0, 180, true),
            column(150, 300, true),
            column(160, 300, true),
            column(0, 300, false),
        ]);
        let all = [0, 1, 2, 3];
        assert_eq!(
            top_resolved(&matrix, &all, 2, View::Sparse).unwrap(),
            [1, 2]
        );
        // One that is left out is none of them.
        let without = top_resolved(&matrix, &[0, 2, 3], 2, View::Sparse).unwrap();
        assert_eq!(without, [0, 2]);
        assert_eq!(top_resolved(&matrix, &all, 1, View::Sparse).unwrap(), [0]);
        let error = top_resolved(&matrix, &all, 4, View::Sparse)
            .unwrap_err()
            .to_string();
        assert!(error.contains("from 1 to 3"), "{error}");
        assert!(error.contains("top-resolved:4"), "{error}");
    }
}
