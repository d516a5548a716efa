//! Dense layers.

use std::fmt;
use std::sync::Arc;

use bindscape_kernels::buffer::Buffer;
use bindscape_kernels::dense::{self, DenseGradients, DenseSaved, DenseShape};
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Flex, TensorMetadata, backend_extension};
use burn::tensor::Tensor;

use super::normalisation::{
    NormParameters, Normalise, State, batch_statistics, bias_gradient, statistics,
};
use super::{constant, register, wanted};
use crate::layers::memory::{Flat, tensor, values};
use crate::layers::{BatchNorm, BatchStatistics, NormMode};

/// Dense layers.
#[backend_extension(Flex, Autodiff)]
trait FusedDense: Backend {
    /// Output, mean of the products, unbiased variance. `mask` counts if `masked`.
    #[allow(clippy::too_many_arguments)]
    fn fused_dense(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        scale: FloatTensor<Self>,
        shift: FloatTensor<Self>,
        mean: FloatTensor<Self>,
        var: FloatTensor<Self>,
        mask: FloatTensor<Self>,
        masked: bool,
        normalise: Normalise,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);

    fn fused_linear(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        rectify: bool,
    ) -> FloatTensor<Self>;
}

fn dense_shape(x: &Flat, weight: &Flat) -> DenseShape {
    let (x, weight) = (x.shape(), weight.shape());
    DenseShape {
        batch: x[0],
        inputs: x[1],
        outputs: weight[0],
    }
}

impl FusedDense for Flex {
    fn fused_dense(
        x: Flat,
        weight: Flat,
        bias: Flat,
        scale: Flat,
        shift: Flat,
        mean: Flat,
        var: Flat,
        mask: Flat,
        masked: bool,
        normalise: Normalise,
    ) -> (Flat, Flat, Flat) {
        let shape = dense_shape(&x, &weight);
        let parameters = NormParameters::new([&bias, &scale, &shift, &mean, &var], normalise);
        let mask = masked.then(|| values(&mask));
        let mut out = Buffer::any(shape.batch * shape.outputs);
        let saved = dense::dense_forward(
            shape,
            &values(&x),
            &values(&weight),
            &parameters.norm(),
            mask.as_deref(),
            &mut out,
        );
        let (mean, var) = statistics(saved.moments(), &parameters.bias);
        (tensor(out, &[shape.batch, shape.outputs]), mean, var)
    }

    fn fused_linear(x: Flat, weight: Flat, bias: Flat, rectify: bool) -> Flat {
        let shape = dense_shape(&x, &weight);
        let mut out = Buffer::any(shape.batch * shape.outputs);
        dense::linear_forward(
            shape,
            &values(&x),
            &values(&weight),
            &values(&bias),
            rectify,
            &mut out,
        );
        tensor(out, &[shape.batch, shape.outputs])
    }
}

#[derive(Debug)]
struct DenseBackward;

impl Backward<Flex, 5> for DenseBackward {
    type State = Arc<(State<DenseSaved>, DenseShape)>;

    fn backward(
        self,
        ops: Ops<Self::State, 5>,
        grads: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let [to_x, to_weight, to_bias, to_scale, to_shift] = wanted(&ops);
        let g = grads.consume::<Flex>(&ops.node);
        let (state, shape) = &*ops.state;
        let scale = values(&state.parameters[1]);
        let mut d_weight = Buffer::any(shape.outputs * shape.inputs);
        let (mut d_scale, mut d_shift) = (Buffer::any(shape.outputs), Buffer::any(shape.outputs));
        let mut d_x = to_x.map(|_| Buffer::any(shape.batch * shape.inputs));
        let mask = state.mask.as_ref().map(values);
        dense::dense_backward(
            &state.record,
            &values(&state.x),
            &values(&state.weight),
            &scale,
            &values(&state.parameters[2]),
            mask.as_deref(),
            &values(&g),
            DenseGradients {
                weight: &mut d_weight,
                scale: &mut d_scale,
                shift: &mut d_shift,
                x: d_x.as_deref_mut(),
            },
        );
        let bias = bias_gradient(state.record.moments(), &scale, &d_shift, state.normalise);
        if let Some(d_x) = d_x {
            register(grads, to_x, d_x, &[shape.batch, shape.inputs]);
        }
        register(grads, to_weight, d_weight, &[shape.outputs, shape.inputs]);
        if let Some(bias) = bias {
            register(grads, to_bias, bias, &[shape.outputs]);
        }
        register(grads, to_scale, d_scale, &[shape.outputs]);
        register(grads, to_shift, d_shift, &[shape.outputs]);
    }
}

#[derive(Debug)]
struct LinearBackward;

/// Input, weight, and the output if it was rectified.
#[derive(Clone)]
struct LinearState {
    x: Flat,
    weight: Flat,
    out: Option<Flat>,
}

impl fmt::Debug for LinearState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LinearState").finish_non_exhaustive()
    }
}

impl Backward<Flex, 3> for LinearBackward {
    type State = LinearState;

    fn backward(
        self,
        ops: Ops<Self::State, 3>,
        grads: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let [to_x, to_weight, to_bias] = wanted(&ops);
        let g = grads.consume::<Flex>(&ops.node);
        let state = &ops.state;
        let shape = dense_shape(&state.x, &state.weight);
        let mut d_weight = Buffer::any(shape.outputs * shape.inputs);
        let mut d_bias = Buffer::any(shape.outputs);
        let mut d_x = to_x.map(|_| Buffer::any(shape.batch * shape.inputs));
        let out = state.out.as_ref().map(values);
        dense::linear_backward(
            shape,
            &values(&state.x),
            &values(&state.weight),
            out.as_deref(),
            &values(&g),
            &mut d_weight,
            &mut d_bias,
            d_x.as_deref_mut(),
        );
        if let Some(d_x) = d_x {
            register(grads, to_x, d_x, &[shape.batch, shape.inputs]);
        }
        register(grads, to_weight, d_weight, &[shape.outputs, shape.inputs]);
        register(grads, to_bias, d_bias, &[shape.outputs]);
    }
}

impl<C: CheckpointStrategy> FusedDense for Autodiff<Flex, C> {
    fn fused_dense(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        scale: FloatTensor<Self>,
        shift: FloatTensor<Self>,
        mean: FloatTensor<Self>,
        var: FloatTensor<Self>,
        mask: FloatTensor<Self>,
        masked: bool,
        normalise: Normalise,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let (x, x_node) = x.into_parts();
        let (weight, weight_node) = weight.into_parts();
        let (bias, bias_node) = bias.into_parts();
        let (scale, scale_node) = scale.into_parts();
        let (shift, shift_node) = shift.into_parts();
        let (mean, var) = (mean.into_parts().0, var.into_parts().0);
        let mask = mask.into_parts().0;
        let nodes = [x_node, weight_node, bias_node, scale_node, shift_node];
        match DenseBackward.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::UnTracked(prep) => {
                let (out, mean, var) = Flex::fused_dense(
                    x, weight, bias, scale, shift, mean, var, mask, masked, normalise,
                );
                (prep.finish(out), constant::<C>(mean), constant::<C>(var))
            }
            OpsKind::Tracked(prep) => {
                let shape = dense_shape(&x, &weight);
                let parameters = [bias, scale, shift, mean, var];
                let mask = masked.then_some(mask);
                let mut out = Buffer::any(shape.batch * shape.outputs);
                let (record, mean, var) = {
                    let parameters = NormParameters::new(parameters.each_ref(), normalise);
                    let mask = mask.as_ref().map(values);
                    let record = dense::dense_forward(
                        shape,
                        &values(&x),
                        &values(&weight),
                        &parameters.norm(),
                        mask.as_deref(),
                        &mut out,
                    );
                    let (mean, var) = statistics(record.moments(), &parameters.bias);
                    (record, mean, var)
                };
                let state = State {
                    record,
                    x,
                    weight,
                    parameters,
                    normalise,
                    mask,
                };
                let out = tensor(out, &[shape.batch, shape.outputs]);
                let out = prep.finish(Arc::new((state, shape)), out);
                (out, constant::<C>(mean), constant::<C>(var))
            }
        }
    }

    fn fused_linear(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        rectify: bool,
    ) -> FloatTensor<Self> {
        let (x, x_node) = x.into_parts();
        let (weight, weight_node) = weight.into_parts();
        let (bias, bias_node) = bias.into_parts();
        let out = Flex::fused_linear(x.clone(), weight.clone(), bias, rectify);
        let nodes = [x_node, weight_node, bias_node];
        match LinearBackward
            .prepare::<C>(nodes)
            .compute_bound()
            .stateful()
        {
            OpsKind::UnTracked(prep) => prep.finish(out),
            OpsKind::Tracked(prep) => {
                let state = LinearState {
                    x,
                    weight,
                    out: rectify.then(|| out.clone()),
                };
                prep.finish(state, out)
            }
        }
    }
}

/// As the reference's block, by kernels.
pub(in crate::layers) fn dense_block(
    x: Tensor<2>,
    weight: Tensor<2>,
    bias: Tensor<1>,
    norm: &BatchNorm,
    mask: Option<Tensor<2>>,
    mode: NormMode,
) -> (Tensor<2>, Option<BatchStatistics>) {
    let masked = mask.is_some();
    // Without a mask any tensor fills its place.
    let mask = mask.map_or_else(|| bias.clone().into_dispatch(), Tensor::into_dispatch);
    let (out, mean, var) = <Dispatch as FusedDense>::fused_dense(
        x.into_dispatch(),
        weight.into_dispatch(),
        bias.into_dispatch(),
        norm.weight.clone().into_dispatch(),
        norm.bias.clone().into_dispatch(),
        norm.running_mean.clone().into_dispatch(),
        norm.running_var.clone().into_dispatch(),
        mask,
        masked,
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

/// As the reference's layer, by kernels.
pub(in crate::layers) fn linear(
    x: Tensor<2>,
    weight: Tensor<2>,
    bias: Tensor<1>,
    rectify: bool,
) -> Tensor<2> {
    Tensor::from_dispatch(<Dispatch as FusedDense>::fused_linear(
        x.into_dispatch(),
        weight.into_dispatch(),
        bias.into_dispatch(),
        rectify,
    ))
}
