//! How a residue becomes numbers.

use std::sync::LazyLock;

use super::alphabet::{amino_acid, stands_for};
use super::scales::{BLOSUM62, SCALES};
use super::windows::Windows;

/// How a residue becomes numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// One of 21: the amino acids in alphabetical order, and everything else.
    Onehot,
    /// The 21 of [`Encoding::Onehot`], then the [`SCALES`], then the row of
    /// [`BLOSUM62`], each column with mean 0 and standard deviation 1 over the twenty
    /// amino acids. B, J and Z are the means of the two amino acids they stand for, U
    /// and O take the figures of cysteine and lysine, X has zeros: the mean.
    Residue,
}

/// Columns of the one-hot part: the amino acids and "other".
const ONEHOT: usize = 21;

/// Columns of the residue encoding.
const RESIDUE: usize = ONEHOT + SCALES.len() + 20;

impl Encoding {
    /// All encodings.
    pub const ALL: [Encoding; 2] = [Encoding::Onehot, Encoding::Residue];

    /// The name in options and files: `onehot` or `residue`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Encoding::Onehot => "onehot",
            Encoding::Residue => "residue",
        }
    }

    /// The encoding of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|encoding| encoding.name() == name)
    }

    /// Numbers per residue: 21 or 53.
    #[must_use]
    pub fn features(self) -> usize {
        match self {
            Encoding::Onehot => ONEHOT,
            Encoding::Residue => RESIDUE,
        }
    }

    /// The numbers of an upper-case letter A to Z.
    ///
    /// # Panics
    /// If it is none.
    #[must_use]
    pub fn residue(self, letter: u8) -> &'static [f32] {
        let row = &ROWS[usize::from(letter - b'A')];
        &row[..self.features()]
    }

    /// Encodes a sequence, averaged by windows, into `out` (windows x features,
    /// row-major), in place of what it held.
    ///
    /// # Panics
    /// If the sequence holds anything but upper-case letters.
    pub fn encode(self, sequence: &[u8], windows: Windows, out: &mut Vec<f32>) {
        let features = self.features();
        let count = windows.windows(sequence.len());
        out.clear();
        out.resize(count * features, 0.0);
        for (window, sums) in out.chunks_exact_mut(features).enumerate() {
            let range = windows.residues(window, sequence.len());
            let share = 1.0 / range.len() as f32;
            for &letter in &sequence[range] {
                for (sum, value) in sums.iter_mut().zip(self.residue(letter)) {
                    *sum += value;
                }
            }
            for sum in sums {
                *sum *= share;
            }
        }
    }
}

/// The residue encoding of each letter A to Z; its first columns are the one-hot one.
static ROWS: LazyLock<[[f32; RESIDUE]; 26]> = LazyLock::new(|| {
    let columns = standardised();
    std::array::from_fn(|index| {
        let letter = b'A' + index as u8;
        let mut row = [0.0; RESIDUE];
        row[amino_acid(letter).unwrap_or(ONEHOT - 1)] = 1.0;
        let likeness = stands_for(&letter);
        for like in likeness {
            let place = amino_acid(*like).expect("letters stand for amino acids");
            for (value, column) in row[ONEHOT..].iter_mut().zip(&columns) {
                *value += column[place] / likeness.len() as f32;
            }
        }
        row
    })
});

/// The columns of scales and BLOSUM62 with mean 0 and standard deviation 1.
fn standardised() -> [[f32; 20]; RESIDUE - ONEHOT] {
    std::array::from_fn(|column| {
        let values: [f64; 20] = std::array::from_fn(|place| match SCALES.get(column) {
            Some(scale) => scale.values[place].into(),
            None => BLOSUM62[place][column - SCALES.len()].into(),
        });
        let mean = values.iter().sum::<f64>() / 20.0;
        let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / 20.0;
        values.map(|value| ((value - mean) / variance.sqrt()) as f32)
    })
}
