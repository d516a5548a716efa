//! The blocks on the CPU: the kernels of `bindscape-kernels` as operations of
//! Burn, forward and backward.
//!
//! Sequences enter the first block as bases. Where a gradient of the input is asked for, which
//! training never does, they enter as one-hot vectors, and the block is one of any numbers.

// The macro's code has no documentation of its own.
#![allow(missing_docs)]

use bindscape_kernels::buffer::Buffer;
use burn::backend::autodiff::NodeId;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::Ops;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Flex};
use burn::tensor::Device;

use super::memory::{Flat, tensor};

mod adam;
mod convolution;
mod dense;
mod first;
mod loss;
mod normalisation;
mod recurrent;

pub(crate) use adam::adam;
pub(super) use convolution::{conv_block, conv_relu_pool};
pub(super) use dense::{dense_block, linear};
pub(super) use first::{first_conv_block, first_conv_relu_pool};
pub(super) use loss::bce_with_logits;
pub(super) use recurrent::lstm;

/// Whether the kernels are for tensors of this device. Without vectors that multiply and
/// add at once they would be slower than the compositions.
pub(crate) fn fits(device: &Device) -> bool {
    (*device == Device::flex() || *device == Device::flex().autodiff())
        && bindscape_kernels::vectors() != "none"
}

/// The node that a gradient goes to, if it is wanted.
fn wanted<S, const N: usize>(ops: &Ops<S, N>) -> [Option<NodeId>; N] {
    std::array::from_fn(|i| ops.parents[i].as_ref().map(|node| node.id))
}

fn register(grads: &mut Gradients, node: Option<NodeId>, gradient: Buffer, shape: &[usize]) {
    if let Some(node) = node {
        grads.register::<Flex>(node, tensor(gradient, shape));
    }
}

/// A tensor outside the graph of gradients.
fn constant<C: CheckpointStrategy>(tensor: Flat) -> FloatTensor<Autodiff<Flex, C>> {
    <Autodiff<Flex, C> as burn::backend::AutodiffBackend>::from_inner(tensor)
}
