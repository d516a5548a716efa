//! First convolutional blocks, on sequences of bases.

use std::fmt;
use std::sync::Arc;

use bindscape_kernels::buffer::Buffer;
use bindscape_kernels::conv::ConvShape;
use bindscape_kernels::first::{self, FirstGradients, FirstSaved};
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Flex, TensorMetadata, backend_extension};
use burn::tensor::Tensor;

use super::normalisation::{
    NormParameters, Normalise, batch_statistics, bias_gradient, statistics,
};
use super::{constant, register, wanted};
use crate::encode::Bases;
use crate::layers::memory::{Flat, tensor, values};
use crate::layers::{BatchNorm, BatchStatistics, NormMode};

/// Convolution of bases, normalisation, ReLU, pooling.
#[backend_extension(Flex, Autodiff)]
trait FusedFirst: Backend {
    /// Output, mean of the products, unbiased variance.
    #[allow(clippy::too_many_arguments)]
    fn fused_first(
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        scale: FloatTensor<Self>,
        shift: FloatTensor<Self>,
        mean: FloatTensor<Self>,
        var: FloatTensor<Self>,
        bases: Bases,
        pool: usize,
        normalise: Normalise,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);
}

/// Output, statistics, and what the backward pass needs if `record` says so.
fn run(
    bases: &Bases,
    weight: &Flat,
    parameters: &NormParameters<'_>,
    pool: usize,
    record: bool,
) -> ((Flat, Flat, Flat), FirstSaved) {
    let dims = weight.shape();
    let shape = ConvShape {
        batch: bases.batch(),
        length: bases.length(),
        channels: 4,
        filters: dims[0],
        kernel: dims[2],
        pool,
    };
    let mut out = Buffer::any(shape.batch * shape.pooled() * shape.filters);
    let (weight, norm) = (values(weight), parameters.norm());
    let saved = first::first_forward(shape, bases.as_slice(), &weight, &norm, record, &mut out);
    let (mean, var) = statistics(saved.moments(), &parameters.bias);
    let out = tensor(out, &[shape.batch, shape.pooled(), shape.filters]);
    ((out, mean, var), saved)
}

impl FusedFirst for Flex {
    fn fused_first(
        weight: Flat,
        bias: Flat,
        scale: Flat,
        shift: Flat,
        mean: Flat,
        var: Flat,
        bases: Bases,
        pool: usize,
        normalise: Normalise,
    ) -> (Flat, Flat, Flat) {
        let parameters = NormParameters::new([&bias, &scale, &shift, &mean, &var], normalise);
        run(&bases, &weight, &parameters, pool, false).0
    }
}

#[derive(Debug)]
struct FirstBackward;

/// What the backward pass needs.
struct FirstState {
    record: FirstSaved,
    weight: Flat,
    scale: Flat,
    normalise: Normalise,
}

impl fmt::Debug for FirstState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FirstState").finish_non_exhaustive()
    }
}

impl Backward<Flex, 4> for FirstBackward {
    type State = Arc<FirstState>;

    fn backward(
        self,
        ops: Ops<Self::State, 4>,
        grads: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let [to_weight, to_bias, to_scale, to_shift] = wanted(&ops);
        let g = grads.consume::<Flex>(&ops.node);
        let state = &*ops.state;
        let (weight, scale) = (values(&state.weight), values(&state.scale));
        let filters = scale.len();
        let mut d_weight = Buffer::any(weight.len());
        let (mut d_scale, mut d_shift) = (Buffer::any(filters), Buffer::any(filters));
        first::first_backward(
            &state.record,
            &weight,
            &scale,
            &values(&g),
            FirstGradients {
                weight: &mut d_weight,
                scale: &mut d_scale,
                shift: &mut d_shift,
            },
        );
        let bias = bias_gradient(state.record.moments(), &scale, &d_shift, state.normalise);
        let dims = state.weight.shape();
        register(grads, to_weight, d_weight, &[dims[0], dims[1], dims[2]]);
        if let Some(bias) = bias {
            register(grads, to_bias, bias, &[filters]);
        }
        register(grads, to_scale, d_scale, &[filters]);
        register(grads, to_shift, d_shift, &[filters]);
    }
}

impl<C: CheckpointStrategy> FusedFirst for Autodiff<Flex, C> {
    fn fused_first(
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        scale: FloatTensor<Self>,
        shift: FloatTensor<Self>,
        mean: FloatTensor<Self>,
        var: FloatTensor<Self>,
        bases: Bases,
        pool: usize,
        normalise: Normalise,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let (weight, weight_node) = weight.into_parts();
        let (bias, bias_node) = bias.into_parts();
        let (scale, scale_node) = scale.into_parts();
        let (shift, shift_node) = shift.into_parts();
        let (mean, var) = (mean.into_parts().0, var.into_parts().0);
        let nodes = [weight_node, bias_node, scale_node, shift_node];
        let forward = |record| {
            let parameters = NormParameters::new([&bias, &scale, &shift, &mean, &var], normalise);
            run(&bases, &weight, &parameters, pool, record)
        };
        match FirstBackward.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::UnTracked(prep) => {
                let ((out, mean, var), _) = forward(false);
                (prep.finish(out), constant::<C>(mean), constant::<C>(var))
            }
            OpsKind::Tracked(prep) => {
                let ((out, mean, var), record) = forward(true);
                let state = FirstState {
                    record,
                    weight,
                    scale,
                    normalise,
                };
                let out = prep.finish(Arc::new(state), out);
                (out, constant::<C>(mean), constant::<C>(var))
            }
        }
    }
}

/// As the reference's block on one-hot sequences, by kernels.
pub(in crate::layers) fn first_conv_block(
    bases: Bases,
    weight: Tensor<3>,
    bias: Tensor<1>,
    norm: &BatchNorm,
    pool: usize,
    mode: NormMode,
) -> (Tensor<3>, Option<BatchStatistics>) {
    let (out, mean, var) = <Dispatch as FusedFirst>::fused_first(
        weight.into_dispatch(),
        bias.into_dispatch(),
        norm.weight.clone().into_dispatch(),
        norm.bias.clone().into_dispatch(),
        norm.running_mean.clone().into_dispatch(),
        norm.running_var.clone().into_dispatch(),
        bases,
        pool,
        mode.into(),
    );
    (
        Tensor::from_dispatch(out),
        batch_statistics(
            mode,
            Tensor::from_dispatch(mean),
            Tensor::from_dispatch(var),
        ),
    )
}

/// As the reference's block on one-hot sequences, by kernels.
pub(in crate::layers) fn first_conv_relu_pool(
    bases: Bases,
    weight: Tensor<3>,
    bias: Tensor<1>,
    pool: usize,
) -> Tensor<3> {
    let [filters] = bias.dims();
    let ones = Tensor::<1>::ones([filters], &weight.device());
    let (out, _, _) = <Dispatch as FusedFirst>::fused_first(
        weight.into_dispatch(),
        ones.clone().into_dispatch(),
        ones.clone().into_dispatch(),
        bias.into_dispatch(),
        ones.clone().into_dispatch(),
        ones.into_dispatch(),
        bases,
        pool,
        Normalise::Identity,
    );
    Tensor::from_dispatch(out)
}
