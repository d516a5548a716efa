//! From packed sequences to batches.

use std::sync::Arc;

use bindscape_genome::sequence::{PackedSequences, Strand};
use burn::tensor::{Device, Tensor, TensorData};

/// A batch of sequences as numbers of bases (A 0, C 1, G 2, T 3), `[batch, length]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bases {
    bases: Arc<Vec<u8>>,
    length: usize,
}

impl Bases {
    /// The sequences named, each read along its strand.
    pub(crate) fn new(sequences: &PackedSequences, items: &[(usize, Strand)]) -> Self {
        Self::rotated(
            sequences,
            items.iter().map(|&(row, strand)| (row, strand, 0)),
        )
    }

    /// As [`Bases::new`], each rotated to the left by the third number.
    pub(crate) fn rotated(
        sequences: &PackedSequences,
        items: impl ExactSizeIterator<Item = (usize, Strand, usize)>,
    ) -> Self {
        let length = sequences.length();
        let mut bases = vec![0_u8; items.len() * length];
        for ((row, strand, by), out) in items.zip(bases.chunks_exact_mut(length)) {
            sequences.bases(row, strand, out);
            out.rotate_left(by);
        }
        Self {
            bases: Arc::new(bases),
            length,
        }
    }

    /// Number of sequences.
    pub(crate) fn batch(&self) -> usize {
        self.bases.len() / self.length
    }

    /// Bases of a sequence.
    pub(crate) fn length(&self) -> usize {
        self.length
    }

    /// The bases, one sequence after the other.
    pub(crate) fn as_slice(&self) -> &[u8] {
        &self.bases
    }

    /// Those of one-hot vectors `[batch, length, 4]`, flat.
    #[cfg(test)]
    pub(crate) fn of_one_hot(values: &[f32], length: usize) -> Self {
        let base = |x: &[f32; 4]| x.iter().position(|&x| x == 1.0).unwrap() as u8;
        Self {
            bases: Arc::new(values.as_chunks::<4>().0.iter().map(base).collect()),
            length,
        }
    }

    /// One-hot, `[batch, length, 4]` (A, C, G, T).
    pub(crate) fn one_hot(&self, device: &Device) -> Tensor<3> {
        let mut values = vec![0.0_f32; self.bases.len() * 4];
        for (&base, position) in self.bases.iter().zip(values.chunks_exact_mut(4)) {
            position[usize::from(base)] = 1.0;
        }
        let shape = [self.batch(), self.length, 4];
        Tensor::from_data(TensorData::new(values, shape), device)
    }
}
