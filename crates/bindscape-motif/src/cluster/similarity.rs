//! How similar two motifs are at their best alignment.

use bindscape_base::Result;
use bindscape_base::progress::{Progress, check};
use rayon::prelude::*;

use crate::{Frequencies, Motif};

/// The best gapless alignment of two motifs. Where no alignment has enough positions, all
/// is zero.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Similarity {
    /// Pearson correlation over the frequencies of the aligned positions.
    pub correlation: f64,
    /// The correlation times aligned positions over positions that either motif spans.
    pub normalized: f64,
    /// Aligned positions.
    pub overlap: usize,
    /// Where the second motif begins in the first, from 0; may be negative.
    pub offset: i32,
    /// Whether the second motif is reverse-complemented.
    pub reverse: bool,
}

/// The alignment of the highest normalized correlation among those with at least
/// `min_overlap` positions.
#[must_use]
pub fn similarity(first: &Frequencies, second: &Frequencies, min_overlap: usize) -> Similarity {
    best(
        &centred(first),
        [&centred(second), &centred(&second.reverse_complement())],
        min_overlap,
    )
}

/// Frequencies less a quarter: the mean of every position.
fn centred(motif: &Frequencies) -> Vec<[f64; 4]> {
    motif
        .rows()
        .iter()
        .map(|row| row.map(|value| value - 0.25))
        .collect()
}

fn best(first: &[[f64; 4]], strands: [&[[f64; 4]]; 2], min_overlap: usize) -> Similarity {
    let mut best = Similarity {
        normalized: f64::NEG_INFINITY,
        ..Similarity::default()
    };
    for (second, reverse) in strands.into_iter().zip([false, true]) {
        let (width, other) = (first.len() as i32, second.len() as i32);
        for offset in 1 - other..width {
            let from = offset.max(0) as usize;
            let to = (offset + other).min(width) as usize;
            if to - from < min_overlap {
                continue;
            }
            let skipped = (-offset).max(0) as usize;
            let (mut xy, mut xx, mut yy) = (0.0, 0.0, 0.0);
            for (x, y) in first[from..to].iter().zip(&second[skipped..]) {
                for letter in 0..4 {
                    xy += x[letter] * y[letter];
                    xx += x[letter] * x[letter];
                    yy += y[letter] * y[letter];
                }
            }
            let length = (xx * yy).sqrt();
            // Positions without any preference correlate with nothing.
            let correlation = if length > 1e-12 { xy / length } else { 0.0 };
            let overlap = to - from;
            let spanned = first.len() + second.len() - overlap;
            let normalized = correlation * overlap as f64 / spanned as f64;
            if normalized > best.normalized {
                best = Similarity {
                    correlation,
                    normalized,
                    overlap,
                    offset,
                    reverse,
                };
            }
        }
    }
    if best.overlap == 0 {
        return Similarity::default();
    }
    best
}

/// The similarities of all pairs of motifs.
pub(super) struct Similarities {
    count: usize,
    /// Of each motif with those after it.
    pairs: Vec<Similarity>,
    widths: Vec<usize>,
}

impl Similarities {
    pub(super) fn new(
        motifs: &[Motif],
        min_overlap: usize,
        progress: &dyn Progress,
    ) -> Result<Self> {
        let forward: Vec<Vec<[f64; 4]>> = motifs
            .iter()
            .map(|motif| centred(&motif.frequencies))
            .collect();
        let reverse: Vec<Vec<[f64; 4]>> = motifs
            .iter()
            .map(|motif| centred(&motif.frequencies.reverse_complement()))
            .collect();
        let rows: Vec<Vec<Similarity>> = (0..motifs.len())
            .into_par_iter()
            .map(|first| {
                check(progress)?;
                let row = (first + 1..motifs.len())
                    .map(|second| {
                        best(
                            &forward[first],
                            [&forward[second], &reverse[second]],
                            min_overlap,
                        )
                    })
                    .collect();
                progress.advance(1);
                Ok(row)
            })
            .collect::<Result<_>>()?;
        Ok(Self {
            count: motifs.len(),
            pairs: rows.concat(),
            widths: motifs.iter().map(Motif::width).collect(),
        })
    }

    /// Dissimilarities of all pairs, each motif with those after it.
    pub(super) fn distances(&self) -> Vec<f64> {
        self.pairs
            .iter()
            .map(|pair| 1.0 - pair.normalized)
            .collect()
    }

    /// The similarity of two different motifs, seen from the first.
    pub(super) fn of(&self, first: usize, second: usize) -> Similarity {
        let (low, high) = (first.min(second), first.max(second));
        let before = low * (2 * self.count - low - 1) / 2;
        let pair = self.pairs[before + high - low - 1];
        if first < second {
            return pair;
        }
        // The first motif's place in the second, turned where the second was.
        let (width, other) = (self.widths[high] as i32, self.widths[low] as i32);
        Similarity {
            offset: if pair.reverse {
                width - other + pair.offset
            } else {
                -pair.offset
            },
            ..pair
        }
    }
}
