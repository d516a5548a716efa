//! The loss.

use bindscape_kernels::buffer::Buffer;
use bindscape_kernels::dense;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Flex, TensorMetadata, backend_extension};
use burn::tensor::Tensor;

use super::{register, wanted};
use crate::layers::memory::{Flat, tensor, values};

/// The loss.
#[backend_extension(Flex, Autodiff)]
trait FusedLoss: Backend {
    fn fused_bce(logits: FloatTensor<Self>, labels: FloatTensor<Self>) -> FloatTensor<Self>;
}

impl FusedLoss for Flex {
    fn fused_bce(logits: Flat, labels: Flat) -> Flat {
        bce(&logits, &labels).0
    }
}

fn bce(logits: &Flat, labels: &Flat) -> (Flat, Flat) {
    let shape = logits.shape();
    let mut gradient = Buffer::any(shape[0] * shape[1]);
    let loss = dense::bce_with_logits(&values(logits), &values(labels), &mut gradient);
    (
        tensor(Buffer::collect(1, [loss].into_iter()), &[1]),
        tensor(gradient, &[shape[0], shape[1]]),
    )
}

#[derive(Debug)]
struct BceBackward;

impl Backward<Flex, 1> for BceBackward {
    /// Gradient of the logits.
    type State = Flat;

    fn backward(
        self,
        ops: Ops<Self::State, 1>,
        grads: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let g = grads.consume::<Flex>(&ops.node);
        let [to_logits] = wanted(&ops);
        let factor = values(&g)[0];
        let dims = ops.state.shape();
        let gradient = values(&ops.state);
        let gradient = Buffer::collect(gradient.len(), gradient.iter().map(|x| x * factor));
        register(grads, to_logits, gradient, &[dims[0], dims[1]]);
    }
}

impl<C: CheckpointStrategy> FusedLoss for Autodiff<Flex, C> {
    fn fused_bce(logits: FloatTensor<Self>, labels: FloatTensor<Self>) -> FloatTensor<Self> {
        let (logits, node) = logits.into_parts();
        let (loss, gradient) = bce(&logits, &labels.into_parts().0);
        match BceBackward.prepare::<C>([node]).compute_bound().stateful() {
            OpsKind::UnTracked(prep) => prep.finish(loss),
            OpsKind::Tracked(prep) => prep.finish(gradient, loss),
        }
    }
}

/// As the reference's loss, by a kernel.
pub(in crate::layers) fn bce_with_logits(logits: Tensor<2>, labels: Tensor<2>) -> Tensor<1> {
    Tensor::from_dispatch(<Dispatch as FusedLoss>::fused_bce(
        logits.into_dispatch(),
        labels.into_dispatch(),
    ))
}
