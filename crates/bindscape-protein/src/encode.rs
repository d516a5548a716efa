//! Proteins in encodings that need no weights.

use super::encoding::Encoding;
use super::features::Features;
use super::reader::Protein;
use super::representation::Representation;
use super::windows::Windows;
use bindscape_base::error::Result;

/// Proteins in an [`Encoding`], computed when asked for.
#[derive(Debug, Clone, Copy)]
pub struct EncodedProteins<'a> {
    proteins: &'a [Protein],
    encoding: Encoding,
    windows: Windows,
}

impl<'a> EncodedProteins<'a> {
    /// `proteins` in `encoding`, averaged by `windows`.
    #[must_use]
    pub fn new(proteins: &'a [Protein], encoding: Encoding, windows: Windows) -> Self {
        Self {
            proteins,
            encoding,
            windows,
        }
    }
}

impl Features for EncodedProteins<'_> {
    fn representation(&self) -> Representation {
        Representation::Encoding(self.encoding, self.windows)
    }

    fn features(&self) -> usize {
        self.encoding.features()
    }

    fn rows(&self, protein: usize) -> usize {
        self.windows.windows(self.proteins[protein].sequence.len())
    }

    fn read(&self, protein: usize, out: &mut Vec<f32>) -> Result<()> {
        self.encoding
            .encode(&self.proteins[protein].sequence, self.windows, out);
        Ok(())
    }

    fn cut(&self, protein: usize) -> bool {
        self.windows.cut(self.proteins[protein].sequence.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::AMINO_ACIDS;

    fn protein(sequence: &[u8]) -> Protein {
        Protein::new("p", sequence)
    }

    #[test]
    fn onehot_counts_letters_of_a_window() {
        let proteins = [protein(b"AACXUW")];
        let windows = Windows {
            window: 4,
            positions: 1,
        };
        let features = EncodedProteins::new(&proteins, Encoding::Onehot, windows);
        let mut out = Vec::new();
        features.read(0, &mut out).expect("computed");
        assert_eq!(
            (features.rows(0), features.features(), out.len()),
            (1, 21, 21)
        );
        assert_eq!((out[0], out[1], out[20]), (0.5, 0.25, 0.25));
        assert!(features.cut(0));
        assert_eq!(
            features.representation().to_string(),
            "onehot:window=4,positions=1"
        );
        let residues = Windows {
            window: 1,
            positions: 10,
        };
        let features = EncodedProteins::new(&proteins, Encoding::Onehot, residues);
        features.read(0, &mut out).expect("computed");
        assert_eq!(features.rows(0), 6);
        assert!(out.chunks(21).all(|row| row.iter().sum::<f32>() == 1.0));
        assert_eq!(out[5 * 21 + 18], 1.0, "W is the 19th");
    }

    #[test]
    fn columns_are_standardised() {
        for column in 21..53 {
            let values: Vec<f32> = AMINO_ACIDS
                .iter()
                .map(|&letter| Encoding::Residue.residue(letter)[column])
                .collect();
            let mean = values.iter().sum::<f32>() / 20.0;
            let variance = values.iter().map(|v| v * v).sum::<f32>() / 20.0;
            assert!(
                mean.abs() < 1e-5 && (variance - 1.0).abs() < 1e-4,
                "{column}"
            );
        }
    }

    #[test]
    fn ambiguous_letters_lie_between() {
        let of = |letter| Encoding::Residue.residue(letter);
        for column in 21..53 {
            let middle = (of(b'D')[column] + of(b'N')[column]) / 2.0;
            assert!((of(b'B')[column] - middle).abs() < 1e-6);
            assert_eq!(of(b'U')[column], of(b'C')[column]);
            assert_eq!(of(b'X')[column], 0.0);
        }
        assert_eq!(of(b'U')[20], 1.0);
        assert_eq!(of(b'U')[1], 0.0);
    }

    #[test]
    fn windows_average_residues() {
        let sequence = b"MKVLEDWQHHCCBXA";
        let windows = Windows {
            window: 4,
            positions: 3,
        };
        for encoding in Encoding::ALL {
            let residues: Vec<f32> = sequence
                .iter()
                .flat_map(|&letter| encoding.residue(letter).iter().copied())
                .collect();
            let (mut averaged, mut encoded) = (Vec::new(), Vec::new());
            windows.average(&residues, encoding.features(), &mut averaged);
            encoding.encode(sequence, windows, &mut encoded);
            assert_eq!(averaged, encoded);
            assert_eq!(Encoding::from_name(encoding.name()), Some(encoding));
        }
    }
}
