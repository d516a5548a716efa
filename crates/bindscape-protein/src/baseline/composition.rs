//! One vector per protein.

use crate::{Features, Protein, amino_acid};
use bindscape_base::Result;
use bindscape_base::progress::{Progress, check};
use rayon::prelude::*;

/// Distances of the pairs of residues that are counted: neighbours and up to seven
/// residues between. They catch the spacing of zinc fingers, the heptads of leucine
/// zippers and the turns of helices.
const DISTANCES: std::ops::RangeInclusive<usize> = 1..=8;

/// Amino acids, pairs of them at each distance, and the length.
const COLUMNS: usize = 20 + 400 * 8 + 1;

/// One vector of numbers per protein of a list.
#[derive(Debug, Clone)]
pub struct MeanFeatures {
    pub(super) columns: usize,
    /// Proteins x columns.
    pub(super) values: Vec<f32>,
}

impl MeanFeatures {
    /// Means over the rows of the first `proteins` proteins. Progress advances by one per
    /// protein.
    ///
    /// # Errors
    /// If features cannot be read, or the user asked to stop.
    pub fn new(features: &dyn Features, proteins: usize, progress: &dyn Progress) -> Result<Self> {
        let columns = features.features();
        let mut values = vec![0.0_f32; proteins * columns];
        values
            .par_chunks_exact_mut(columns)
            .enumerate()
            .try_for_each_init(Vec::new, |rows, (protein, mean)| {
                check(progress)?;
                features.read(protein, rows)?;
                let count = rows.len() / columns;
                for row in rows.chunks_exact(columns) {
                    for (mean, value) in mean.iter_mut().zip(row) {
                        *mean += value / count as f32;
                    }
                }
                progress.advance(1);
                Ok(())
            })?;
        Ok(Self { columns, values })
    }

    /// Square roots of the shares of the amino acids and of their pairs at distances one
    /// to eight, and the logarithm of the length: 3,221 numbers. The square root weighs
    /// rare pairs up (products of such vectors are the Bhattacharyya coefficient).
    #[must_use]
    pub fn composition(proteins: &[Protein]) -> Self {
        let mut values = vec![0.0; proteins.len() * COLUMNS];
        values
            .par_chunks_exact_mut(COLUMNS)
            .zip(proteins)
            .for_each(|(row, protein)| describe(&protein.sequence, row));
        Self {
            columns: COLUMNS,
            values,
        }
    }

    /// Numbers per protein.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// The numbers of a protein.
    #[must_use]
    pub fn row(&self, protein: usize) -> &[f32] {
        &self.values[protein * self.columns..][..self.columns]
    }

    /// The proteins `rows`, each column less its mean and divided by its standard deviation
    /// over the proteins `reference`; constant columns become zero.
    pub(super) fn standardised(&self, reference: &[usize], rows: &[usize]) -> Vec<f32> {
        self.standard(reference).apply(self, rows)
    }

    /// Mean and scale of each column over the proteins `reference`.
    pub(crate) fn standard(&self, reference: &[usize]) -> Standard {
        let n = reference.len() as f64;
        let mut mean = vec![0.0_f64; self.columns];
        for &row in reference {
            for (mean, &value) in mean.iter_mut().zip(self.row(row)) {
                *mean += f64::from(value) / n;
            }
        }
        let mut variance = vec![0.0_f64; self.columns];
        for &row in reference {
            for ((variance, mean), &value) in variance.iter_mut().zip(&mean).zip(self.row(row)) {
                *variance += (f64::from(value) - mean).powi(2) / n;
            }
        }
        let scale = |(&mean, &variance): (&f64, &f64)| {
            let varies = variance > 1e-12 * (1.0 + mean * mean);
            (if varies { 1.0 / variance.sqrt() } else { 0.0 }) as f32
        };
        Standard {
            scale: mean.iter().zip(&variance).map(scale).collect(),
            mean: mean.iter().map(|&mean| mean as f32).collect(),
        }
    }
}

/// What makes columns of [`MeanFeatures`] comparable.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Standard {
    /// What is taken away from a column,
    pub(crate) mean: Vec<f32>,
    /// and what it is then multiplied by.
    pub(crate) scale: Vec<f32>,
}

impl Standard {
    /// The proteins `rows`, standardised.
    pub(crate) fn apply(&self, features: &MeanFeatures, rows: &[usize]) -> Vec<f32> {
        let mut out = vec![0.0; rows.len() * features.columns];
        out.par_chunks_exact_mut(features.columns)
            .zip(rows)
            .for_each(|(out, &row)| {
                let columns = self.mean.iter().zip(&self.scale);
                for ((out, &value), (mean, scale)) in
                    out.iter_mut().zip(features.row(row)).zip(columns)
                {
                    *out = (value - mean) * scale;
                }
            });
        out
    }
}

fn describe(sequence: &[u8], row: &mut [f32]) {
    let places: Vec<Option<usize>> = sequence.iter().map(|&letter| amino_acid(letter)).collect();
    for place in places.iter().flatten() {
        row[*place] += 1.0;
    }
    for (number, distance) in DISTANCES.enumerate() {
        let counts = &mut row[20 + 400 * number..][..400];
        let second = places.get(distance..).unwrap_or_default();
        for (&first, &second) in places.iter().zip(second) {
            if let (Some(first), Some(second)) = (first, second) {
                counts[20 * first + second] += 1.0;
            }
        }
    }
    let length = sequence.len() as f32;
    let (last, counts) = row.split_last_mut().expect("there is a column of lengths");
    for count in counts {
        *count = (*count / length).sqrt();
    }
    *last = length.ln();
}

#[cfg(test)]
mod tests {
    use crate::{EncodedProteins, Encoding, Windows};

    use super::*;

    fn protein(sequence: &[u8]) -> Protein {
        Protein::new("p", sequence)
    }

    #[test]
    fn pairs_by_distance() {
        let features = MeanFeatures::composition(&[protein(b"ACXA"), protein(b"M")]);
        assert_eq!(features.columns(), 3221);
        let row = features.row(0);
        assert_eq!((row[0], row[1]), (0.5_f32.sqrt(), 0.25_f32.sqrt()));
        assert_eq!(row[20 + 1], 0.5, "A then C");
        assert_eq!(row[20 + 20], 0.0, "C then A is not adjacent");
        assert_eq!(row[420 + 20], 0.5, "C, one between, A");
        assert_eq!(row[820], 0.5, "A, two between, A");
        assert_eq!(row[3220], 4.0_f32.ln());
        assert!(row[820 + 1..3220].iter().all(|&v| v == 0.0));
        assert_eq!(features.row(1).iter().filter(|&&v| v != 0.0).count(), 1);
    }

    #[test]
    fn means_and_standardisation() {
        let proteins = [protein(b"AAAC"), protein(b"AACC"), protein(b"ACCC")];
        let windows = Windows {
            window: 1,
            positions: 10,
        };
        let encoded = EncodedProteins::new(&proteins, Encoding::Onehot, windows);
        let means =
            MeanFeatures::new(&encoded, 3, &bindscape_base::progress::Silent).expect("read");
        assert_eq!(&means.row(0)[..3], [0.75, 0.25, 0.0]);
        let standard = means.standardised(&[0, 2], &[0, 1, 2]);
        assert_eq!(standard[0], 1.0);
        assert_eq!(standard[21], 0.0);
        assert_eq!(standard[42], -1.0);
        assert_eq!(standard[2], 0.0, "a constant column");
    }
}
