//! Steps of training.

use bindscape_kernels::adam::AdamStep;
use bindscape_kernels::buffer::Buffer;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, Flex, TensorMetadata, backend_extension};
use burn::tensor::Tensor;

use crate::layers::memory::{Flat, tensor, values};

/// A step of training, which nothing is differentiated through.
#[backend_extension(Flex)]
trait FusedStep: Backend {
    /// Parameter, first and second moment after a step, in place where nobody else
    /// holds them.
    fn fused_adam(
        parameter: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        first: FloatTensor<Self>,
        second: FloatTensor<Self>,
        step: AdamStep,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);
}

impl FusedStep for Flex {
    fn fused_adam(
        parameter: Flat,
        gradient: Flat,
        first: Flat,
        second: Flat,
        step: AdamStep,
    ) -> (Flat, Flat, Flat) {
        let [mut parameter, mut first, mut second] = [parameter, first, second].map(owned);
        bindscape_kernels::adam::adam(
            step,
            parameter.storage_mut(),
            &values(&gradient),
            first.storage_mut(),
            second.storage_mut(),
        );
        (parameter, first, second)
    }
}

/// The tensor itself if it owns all of its memory, a copy otherwise.
fn owned(tensor: Flat) -> Flat {
    let entries = tensor.shape().num_elements();
    if tensor.is_unique() && tensor.storage::<f32>().len() == entries {
        return tensor;
    }
    let copy = Buffer::collect(entries, values(&tensor).iter().copied());
    self::tensor(copy, &tensor.shape())
}

/// Adam on the CPU; see [`FusedStep`].
pub(crate) fn adam(
    parameter: Tensor<1>,
    gradient: Tensor<1>,
    first: Tensor<1>,
    second: Tensor<1>,
    step: AdamStep,
) -> (Tensor<1>, Tensor<1>, Tensor<1>) {
    let (parameter, first, second) = <Dispatch as FusedStep>::fused_adam(
        parameter.into_dispatch(),
        gradient.into_dispatch(),
        first.into_dispatch(),
        second.into_dispatch(),
        step,
    );
    (
        Tensor::from_dispatch(parameter),
        Tensor::from_dispatch(first),
        Tensor::from_dispatch(second),
    )
}
