//! Numbers from a device to the host.

use burn::tensor::Tensor;

/// The numbers of a tensor on the host, in the order of its shape.
pub(crate) fn to_vec<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor
        .into_data()
        .try_into_vec::<f32>()
        .expect("the tensors of this crate are f32")
}
