//! From packed sequences to one-hot batches on a device.

use bindscape_genome::sequence::{PackedSequences, Strand};
use burn::tensor::{Device, Tensor, TensorData};

/// The sequences named, one-hot, `[batch, length, 4]` (A, C, G, T).
pub(crate) fn one_hot(
    sequences: &PackedSequences,
    items: &[(usize, Strand)],
    device: &Device,
) -> Tensor<3> {
    let length = sequences.length();
    let mut values = vec![0.0_f32; items.len() * length * 4];
    let mut bases = vec![0_u8; length];
    for (&(row, strand), out) in items.iter().zip(values.chunks_exact_mut(4 * length)) {
        sequences.bases(row, strand, &mut bases);
        for (&base, position) in bases.iter().zip(out.chunks_exact_mut(4)) {
            position[usize::from(base)] = 1.0;
        }
    }
    Tensor::from_data(TensorData::new(values, [items.len(), length, 4]), device)
}
