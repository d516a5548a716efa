//! Graphs of seqlets, from how like each and its neighbours are, adapted to how dense the
//! neighbourhoods are: as t-SNE sets the width of each point's kernel by a perplexity.

use bindscape_base::Result;
use bindscape_base::progress::{Progress, check};
use rayon::prelude::*;

use crate::options::{PERPLEXITY, SUBPATTERN_PERPLEXITY};

/// An undirected graph with weights.
#[derive(Debug, Clone, Default)]
pub(crate) struct Graph {
    /// Where the neighbours of each vertex begin.
    pub(crate) starts: Vec<usize>,
    /// Neighbours, in ascending order; each edge is there twice.
    pub(crate) targets: Vec<u32>,
    /// Weights of the edges.
    pub(crate) weights: Vec<f64>,
    /// Weight of each vertex's edge to itself, counted once.
    pub(crate) loops: Vec<f64>,
}

impl Graph {
    pub(crate) fn len(&self) -> usize {
        self.loops.len()
    }

    pub(crate) fn range(&self, vertex: usize) -> std::ops::Range<usize> {
        self.starts[vertex]..self.starts[vertex + 1]
    }

    pub(crate) fn neighbours(&self, vertex: usize) -> impl Iterator<Item = (u32, f64)> {
        let range = self.range(vertex);
        (self.targets[range.clone()].iter().copied()).zip(self.weights[range].iter().copied())
    }

    /// Sum of the weights of each vertex's edges, its loop once.
    pub(crate) fn strengths(&self) -> Vec<f64> {
        (0..self.len())
            .map(|vertex| self.weights[self.range(vertex)].iter().sum::<f64>() + self.loops[vertex])
            .collect()
    }
}

/// Numbers from rows to columns, both with the same names.
struct Sparse {
    starts: Vec<usize>,
    columns: Vec<u32>,
    values: Vec<f64>,
}

impl Sparse {
    /// `rows` of columns and values, in any order.
    fn new(rows: Vec<Vec<(u32, f64)>>) -> Self {
        let mut sparse = Self {
            starts: vec![0],
            columns: Vec::new(),
            values: Vec::new(),
        };
        for mut row in rows {
            row.sort_unstable_by_key(|entry| entry.0);
            for (column, value) in row {
                sparse.columns.push(column);
                sparse.values.push(value);
            }
            sparse.starts.push(sparse.columns.len());
        }
        sparse
    }

    fn row(&self, row: usize) -> (&[u32], &[f64]) {
        let range = self.starts[row]..self.starts[row + 1];
        (&self.columns[range.clone()], &self.values[range])
    }

    fn transposed(&self) -> Self {
        let n = self.starts.len() - 1;
        let mut starts = vec![0; n + 1];
        for &column in &self.columns {
            starts[column as usize + 1] += 1;
        }
        for i in 0..n {
            starts[i + 1] += starts[i];
        }
        let mut next = starts.clone();
        let mut columns = vec![0; self.columns.len()];
        let mut values = vec![0.0; self.columns.len()];
        for row in 0..n {
            let (these, their) = self.row(row);
            for (&column, &value) in these.iter().zip(their) {
                let place = &mut next[column as usize];
                (columns[*place], values[*place]) = (row as u32, value);
                *place += 1;
            }
        }
        Self {
            starts,
            columns,
            values,
        }
    }

    /// Each entry joined with that of the exchanged row and column; `None` where there is none.
    fn joined(&self, join: impl Fn(Option<f64>, Option<f64>) -> f64) -> Self {
        let other = self.transposed();
        let mut result = Self {
            starts: vec![0],
            columns: Vec::new(),
            values: Vec::new(),
        };
        for row in 0..self.starts.len() - 1 {
            let ((a, a_values), (b, b_values)) = (self.row(row), other.row(row));
            let (mut i, mut j) = (0, 0);
            while i < a.len() || j < b.len() {
                let of = |columns: &[u32], at: usize| columns.get(at).map_or(u32::MAX, |&c| c);
                let (left, right) = (of(a, i), of(b, j));
                let column = left.min(right);
                let value = join(
                    (left == column).then(|| a_values[i]),
                    (right == column).then(|| b_values[j]),
                );
                i += usize::from(left == column);
                j += usize::from(right == column);
                result.columns.push(column);
                result.values.push(value);
            }
            result.starts.push(result.columns.len());
        }
        result
    }

    /// The graph of a symmetric matrix; `added` is added to its diagonal.
    fn graph(self, added: &[f64]) -> Graph {
        let mut graph = Graph {
            starts: vec![0],
            targets: Vec::with_capacity(self.columns.len()),
            weights: Vec::with_capacity(self.columns.len()),
            loops: added.to_vec(),
        };
        for row in 0..added.len() {
            let (columns, values) = self.row(row);
            for (&column, &value) in columns.iter().zip(values) {
                if column as usize == row {
                    graph.loops[row] += value;
                } else if value != 0.0 {
                    graph.targets.push(column);
                    graph.weights.push(value);
                }
            }
            graph.starts.push(graph.targets.len());
        }
        graph
    }
}

/// Distance that belongs to a similarity: 0 for 1, about 17 for none.
fn distance(similarity: f64) -> f64 {
    (1.0 / (0.5 * similarity.max(1e-7)) - 1.0).ln().max(0.0)
}

/// The graph of seqlets, each row of which lists neighbours and similarities.
pub(crate) fn seqlet_graph(rows: Vec<Vec<(u32, f64)>>, progress: &dyn Progress) -> Result<Graph> {
    let rows = rows
        .into_par_iter()
        .map(|row| {
            row.into_iter()
                .map(|(column, similarity)| (column, distance(similarity)))
                .filter(|entry| entry.1 != 0.0)
                .collect()
        })
        .collect();
    let mut distances = Sparse::new(rows).joined(|a, b| match (a, b) {
        (Some(a), Some(b)) => (a + b) / 2.0,
        (a, b) => a.or(b).unwrap_or(0.0),
    });
    check(progress)?;
    let n = distances.starts.len() - 1;
    let widths: Vec<(f64, f64)> = (0..n)
        .into_par_iter()
        .map(|row| {
            let (_, row) = distances.row(row);
            let width = precision(row, PERPLEXITY.ln(), true);
            // As in both versions of the original: the distance is divided by what it was
            // multiplied by in the search.
            let all = row.iter().map(|d| (-d / width).exp()).sum::<f64>() + 1.0;
            (width, all)
        })
        .collect();
    for row in 0..n {
        let range = distances.starts[row]..distances.starts[row + 1];
        let (width, all) = widths[row];
        for at in range {
            let (other, others) = widths[distances.columns[at] as usize];
            let d = distances.values[at];
            distances.values[at] =
                (((-d / width).exp() / all) * ((-d / other).exp() / others)).sqrt();
        }
    }
    let diagonal: Vec<f64> = widths.iter().map(|width| 1.0 / width.1).collect();
    Ok(distances.graph(&diagonal))
}

/// The graph of seqlets within a pattern. Each row lists the most similar, the seqlet itself
/// first, which is left out.
pub(crate) fn subpattern_graph(rows: &[Vec<(u32, f64)>]) -> Graph {
    let n = rows.len();
    let count = (n - 1).min((3.0 * SUBPATTERN_PERPLEXITY + 1.0) as usize);
    let rows = rows
        .par_iter()
        .map(|row| {
            let row = &row[1.min(row.len())..row.len().min(count + 1)];
            let distances: Vec<f64> = (row.iter())
                .map(|entry| f64::from(distance(entry.1) as f32))
                .collect();
            let beta = precision(&distances, SUBPATTERN_PERPLEXITY.ln(), false);
            let weights: Vec<f64> = distances.iter().map(|d| (-d * beta).exp()).collect();
            // Far neighbours weigh little in all; their shares count.
            let all: f64 = weights.iter().sum();
            let all = if all == 0.0 { 1.0 } else { all };
            (row.iter().zip(weights))
                .map(|(entry, weight)| (entry.0, weight / all))
                .collect()
        })
        .collect();
    Sparse::new(rows)
        .joined(|a, b| a.unwrap_or(0.0) + b.unwrap_or(0.0))
        .graph(&vec![0.0; n])
}

/// The precision at which neighbours at these distances have this entropy; with `itself`, a
/// neighbour at distance 0 is added.
fn precision(distances: &[f64], entropy: f64, itself: bool) -> f64 {
    let (mut least, mut most) = (f64::NEG_INFINITY, f64::INFINITY);
    let mut beta = 1.0;
    for _ in 0..100 {
        let (mut all, mut mean) = (f64::from(u8::from(itself)), 0.0);
        for d in distances {
            let weight = (-d * beta).exp();
            all += weight;
            mean += d * weight;
        }
        if all == 0.0 {
            all = 1e-8;
        }
        let difference = all.ln() + beta * mean / all - entropy;
        if difference.abs() <= 1e-5 {
            break;
        }
        if difference > 0.0 {
            least = beta;
            beta = if most == f64::INFINITY {
                beta * 2.0
            } else {
                f64::midpoint(beta, most)
            };
        } else {
            most = beta;
            beta = if least == f64::NEG_INFINITY {
                beta / 2.0
            } else {
                f64::midpoint(beta, least)
            };
        }
    }
    beta
}

/// The rows of `neighbours`, with the seqlets alone that `kept` names, by their new numbers.
pub(crate) fn kept_rows(
    (numbers, similarities): (&[u32], &[f32]),
    count: usize,
    kept: &[bool],
) -> Vec<Vec<(u32, f64)>> {
    let mut next = 0;
    let new: Vec<Option<u32>> = (kept.iter())
        .map(|&kept| {
            kept.then(|| {
                next += 1;
                next - 1
            })
        })
        .collect();
    (numbers
        .par_chunks(count)
        .zip(similarities.par_chunks(count))
        .zip(kept))
    .filter(|(_, kept)| **kept)
    .map(|((numbers, similarities), _)| {
        (numbers.iter().zip(similarities))
            .filter_map(|(&number, &similarity)| {
                Some((new[number as usize]?, f64::from(similarity)))
            })
            .collect()
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edge_has_the_mean_of_the_distances_that_are_there() {
        let rows = vec![vec![(1, 1.0), (2, 4.0)], vec![(0, 3.0)], vec![]];
        let mean = Sparse::new(rows).joined(|a, b| match (a, b) {
            (Some(a), Some(b)) => (a + b) / 2.0,
            (a, b) => a.or(b).unwrap_or(0.0),
        });
        assert_eq!(mean.columns, [1, 2, 0, 0]);
        assert_eq!(mean.values, [2.0, 4.0, 2.0, 4.0]);
    }

    #[test]
    fn the_entropy_at_the_precision_is_the_one_wanted() {
        let distances: Vec<f64> = (1..40).map(|i| f64::from(i) / 7.0).collect();
        let beta = precision(&distances, 10.0_f64.ln(), true);
        let weights: Vec<f64> = (std::iter::once(0.0).chain(distances))
            .map(|d| (-d * beta).exp())
            .collect();
        let all: f64 = weights.iter().sum();
        let entropy: f64 = weights.iter().map(|w| -(w / all) * (w / all).ln()).sum();
        assert!((entropy - 10.0_f64.ln()).abs() < 1e-5);
    }

    #[test]
    fn rows_of_kept_seqlets_have_their_new_numbers() {
        let rows = kept_rows(
            (
                &[0, 1, 2, 1, 0, 2, 2, 0, 1],
                &[1.0, 0.5, 0.25, 1.0, 0.5, 0.125, 1.0, 0.25, 0.125],
            ),
            3,
            &[true, false, true],
        );
        assert_eq!(rows, [vec![(0, 1.0), (1, 0.25)], vec![(1, 1.0), (0, 0.25)]]);
    }
}
