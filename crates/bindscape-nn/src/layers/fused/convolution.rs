//! Convolutional blocks.

use std::sync::Arc;

use bindscape_kernels::buffer::Buffer;
use bindscape_kernels::conv::{self, ConvGradients, ConvSaved, ConvShape};
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Flex, TensorMetadata, backend_extension};
use burn::tensor::Tensor;

use super::normalisation::{
    NormParameters, Normalise, State, batch_statistics, bias_gradient, empty, statistics,
};
use super::{constant, register, wanted};
use crate::layers::memory::{Flat, tensor, values};
use crate::layers::{BatchNorm, BatchStatistics, NormMode};

/// Convolution, normalisation, ReLU, pooling.
#[backend_extension(Flex, Autodiff)]
trait FusedConvolution: Backend {
    /// Output, mean of the products, unbiased variance.
    #[allow(clippy::too_many_arguments)]
    fn fused_conv(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        scale: FloatTensor<Self>,
        shift: FloatTensor<Self>,
        mean: FloatTensor<Self>,
        var: FloatTensor<Self>,
        pool: usize,
        normalise: Normalise,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);
}

fn conv_shape(x: &Flat, weight: &Flat, pool: usize) -> ConvShape {
    let (x, weight) = (x.shape(), weight.shape());
    ConvShape {
        batch: x[0],
        length: x[1],
        channels: x[2],
        filters: weight[0],
        kernel: weight[2],
        pool,
    }
}

impl FusedConvolution for Flex {
    fn fused_conv(
        x: Flat,
        weight: Flat,
        bias: Flat,
        scale: Flat,
        shift: Flat,
        mean: Flat,
        var: Flat,
        pool: usize,
        normalise: Normalise,
    ) -> (Flat, Flat, Flat) {
        let shape = conv_shape(&x, &weight, pool);
        let parameters = NormParameters::new([&bias, &scale, &shift, &mean, &var], normalise);
        let norm = parameters.norm();
        let (x, weight) = (values(&x), values(&weight));
        let mut out = Buffer::any(shape.batch * shape.pooled() * shape.filters);
        let (mean, var) = if normalise == Normalise::Batch {
            let saved = conv::conv_forward(shape, &x, &weight, &norm, &mut out);
            statistics(saved.moments(), &parameters.bias)
        } else {
            conv::conv_predict(shape, &x, &weight, &norm, &mut out);
            (empty(), empty())
        };
        let out = tensor(out, &[shape.batch, shape.pooled(), shape.filters]);
        (out, mean, var)
    }
}

#[derive(Debug)]
struct ConvBackward;

impl Backward<Flex, 5> for ConvBackward {
    type State = Arc<(State<ConvSaved>, ConvShape)>;

    fn backward(
        self,
        ops: Ops<Self::State, 5>,
        grads: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let [to_x, to_weight, to_bias, to_scale, to_shift] = wanted(&ops);
        let g = grads.consume::<Flex>(&ops.node);
        let (state, shape) = &*ops.state;
        let shape = *shape;
        let g = values(&g);
        let weight = values(&state.weight);
        let scale = values(&state.parameters[1]);
        let mut d_weight = Buffer::any(weight.len());
        let (mut d_scale, mut d_shift) = (Buffer::any(shape.filters), Buffer::any(shape.filters));
        let mut d_x = to_x.map(|_| Buffer::any(shape.batch * shape.length * shape.channels));
        conv::conv_backward(
            &state.record,
            &weight,
            &scale,
            &g,
            ConvGradients {
                weight: &mut d_weight,
                scale: &mut d_scale,
                shift: &mut d_shift,
                x: d_x.as_deref_mut(),
            },
        );
        let moments = state.record.moments();
        let bias = bias_gradient(moments, &scale, &d_shift, state.normalise);
        if let Some(d_x) = d_x {
            let dims = [shape.batch, shape.length, shape.channels];
            register(grads, to_x, d_x, &dims);
        }
        let dims = [shape.filters, shape.channels, shape.kernel];
        register(grads, to_weight, d_weight, &dims);
        if let Some(bias) = bias {
            register(grads, to_bias, bias, &[shape.filters]);
        }
        register(grads, to_scale, d_scale, &[shape.filters]);
        register(grads, to_shift, d_shift, &[shape.filters]);
    }
}

impl<C: CheckpointStrategy> FusedConvolution for Autodiff<Flex, C> {
    fn fused_conv(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        scale: FloatTensor<Self>,
        shift: FloatTensor<Self>,
        mean: FloatTensor<Self>,
        var: FloatTensor<Self>,
        pool: usize,
        normalise: Normalise,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let (x, x_node) = x.into_parts();
        let (weight, weight_node) = weight.into_parts();
        let (bias, bias_node) = bias.into_parts();
        let (scale, scale_node) = scale.into_parts();
        let (shift, shift_node) = shift.into_parts();
        let (mean, var) = (mean.into_parts().0, var.into_parts().0);
        let nodes = [x_node, weight_node, bias_node, scale_node, shift_node];
        match ConvBackward.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::UnTracked(prep) => {
                let (out, mean, var) =
                    Flex::fused_conv(x, weight, bias, scale, shift, mean, var, pool, normalise);
                (prep.finish(out), constant::<C>(mean), constant::<C>(var))
            }
            OpsKind::Tracked(prep) => {
                let shape = conv_shape(&x, &weight, pool);
                let parameters = [bias, scale, shift, mean, var];
                let mut out = Buffer::any(shape.batch * shape.pooled() * shape.filters);
                let (record, mean, var) = {
                    let parameters = NormParameters::new(parameters.each_ref(), normalise);
                    let norm = parameters.norm();
                    let (x, weight) = (values(&x), values(&weight));
                    let record = conv::conv_forward(shape, &x, &weight, &norm, &mut out);
                    let (mean, var) = statistics(record.moments(), &parameters.bias);
                    (record, mean, var)
                };
                let state = State {
                    record,
                    x,
                    weight,
                    parameters,
                    normalise,
                    mask: None,
                };
                let out = tensor(out, &[shape.batch, shape.pooled(), shape.filters]);
                let out = prep.finish(Arc::new((state, shape)), out);
                (out, constant::<C>(mean), constant::<C>(var))
            }
        }
    }
}

/// As the reference's block, by kernels.
pub(in crate::layers) fn conv_block(
    x: Tensor<3>,
    weight: Tensor<3>,
    bias: Tensor<1>,
    norm: &BatchNorm,
    pool: usize,
    mode: NormMode,
) -> (Tensor<3>, Option<BatchStatistics>) {
    let (out, mean, var) = <Dispatch as FusedConvolution>::fused_conv(
        x.into_dispatch(),
        weight.into_dispatch(),
        bias.into_dispatch(),
        norm.weight.clone().into_dispatch(),
        norm.bias.clone().into_dispatch(),
        norm.running_mean.clone().into_dispatch(),
        norm.running_var.clone().into_dispatch(),
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

/// As the reference's block, by kernels.
pub(in crate::layers) fn conv_relu_pool(
    x: Tensor<3>,
    weight: Tensor<3>,
    bias: Tensor<1>,
    pool: usize,
) -> Tensor<3> {
    let [filters] = bias.dims();
    let ones = Tensor::<1>::ones([filters], &x.device());
    let (out, _, _) = <Dispatch as FusedConvolution>::fused_conv(
        x.into_dispatch(),
        weight.into_dispatch(),
        ones.clone().into_dispatch(),
        ones.clone().into_dispatch(),
        bias.into_dispatch(),
        ones.clone().into_dispatch(),
        ones.into_dispatch(),
        pool,
        Normalise::Identity,
    );
    Tensor::from_dispatch(out)
}
