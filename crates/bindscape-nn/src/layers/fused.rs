//! The blocks on the CPU: the kernels of `bindscape-kernels` as operations of
//! Burn, forward and backward.
//!
//! Where a gradient of a one-hot input is asked for, which training never does, the
//! block is computed once more as a convolution of any numbers.

// The macro's code has no documentation of its own.
#![allow(missing_docs)]

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use bindscape_kernels::adam::AdamStep;
use bindscape_kernels::buffer::Buffer;
use bindscape_kernels::conv::{self, ConvGradients, ConvSaved, ConvShape};
use bindscape_kernels::dense::{self, DenseGradients, DenseSaved, DenseShape};
use bindscape_kernels::first::{self, FirstGradients, FirstSaved};
use bindscape_kernels::lstm::{self, LstmGradients, LstmSaved, LstmShape};
use bindscape_kernels::norm::{Moments, Norm, Statistics};
use burn::backend::autodiff::NodeId;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Flex, TensorMetadata, backend_extension};
use burn::tensor::{Device, Tensor};

use super::memory::{Flat, tensor, values};
use super::{BatchNorm, BatchStatistics, NormMode};

/// Whether the kernels are for tensors of this device. Without vectors that multiply and
/// add at once they would be slower than the compositions.
pub(crate) fn fits(device: &Device) -> bool {
    (*device == Device::flex() || *device == Device::flex().autodiff())
        && bindscape_kernels::vectors() != "none"
}

/// What a block normalises by, and what follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Normalise {
    Batch,
    Running,
    /// Not at all; the shift is the bias.
    Identity,
}

impl From<NormMode> for Normalise {
    fn from(mode: NormMode) -> Self {
        match mode {
            NormMode::Batch => Self::Batch,
            NormMode::Running => Self::Running,
        }
    }
}

/// The operations.
#[backend_extension(Flex, Autodiff)]
trait Fused: Backend {
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

    fn fused_lstm(
        x: FloatTensor<Self>,
        w_ih: FloatTensor<Self>,
        w_hh: FloatTensor<Self>,
        b_ih: FloatTensor<Self>,
        b_hh: FloatTensor<Self>,
        reverse: bool,
    ) -> FloatTensor<Self>;

    fn fused_bce(logits: FloatTensor<Self>, labels: FloatTensor<Self>) -> FloatTensor<Self>;
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

fn dense_shape(x: &Flat, weight: &Flat) -> DenseShape {
    let (x, weight) = (x.shape(), weight.shape());
    DenseShape {
        batch: x[0],
        inputs: x[1],
        outputs: weight[0],
    }
}

fn lstm_shape(x: &Flat, w_hh: &Flat) -> LstmShape {
    let x = x.shape();
    LstmShape {
        batch: x[0],
        steps: x[1],
        inputs: x[2],
        hidden: w_hh.shape()[1],
    }
}

/// The parameters of a normalisation, as the kernels want them.
struct NormParameters<'a> {
    bias: Cow<'a, [f32]>,
    scale: Cow<'a, [f32]>,
    shift: Cow<'a, [f32]>,
    mean: Cow<'a, [f32]>,
    var: Cow<'a, [f32]>,
    normalise: Normalise,
}

impl<'a> NormParameters<'a> {
    fn new(parameters: [&'a Flat; 5], normalise: Normalise) -> Self {
        let [bias, scale, shift, mean, var] = parameters.map(values);
        Self {
            bias,
            scale,
            shift,
            mean,
            var,
            normalise,
        }
    }

    fn norm(&self) -> Norm<'_> {
        Norm {
            scale: &self.scale,
            shift: &self.shift,
            statistics: match self.normalise {
                Normalise::Batch => Statistics::Batch,
                Normalise::Running => Statistics::Running {
                    mean: &self.mean,
                    var: &self.var,
                    bias: &self.bias,
                },
                Normalise::Identity => Statistics::Identity,
            },
        }
    }
}

fn empty() -> Flat {
    tensor(Buffer::any(0), &[0])
}

/// Mean with the bias, and unbiased variance, as tensors; empty if not of the batch.
fn statistics(moments: &Moments, bias: &[f32]) -> (Flat, Flat) {
    if !moments.learned() {
        return (empty(), empty());
    }
    let channels = moments.mean.len();
    let mean = Buffer::collect(channels, moments.mean.iter().zip(bias).map(|(m, b)| m + b));
    (
        tensor(mean, &[channels]),
        tensor(
            Buffer::collect(channels, moments.unbiased.iter().copied()),
            &[channels],
        ),
    )
}

impl Fused for Flex {
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
        let (mean, var) = match one_hot(&shape, &x) {
            Some(bases) => {
                let saved = first::first_forward(shape, &bases, &weight, &norm, false, &mut out);
                statistics(saved.moments(), &parameters.bias)
            }
            None if normalise == Normalise::Batch => {
                let saved = conv::conv_forward(shape, &x, &weight, &norm, &mut out);
                statistics(saved.moments(), &parameters.bias)
            }
            None => {
                conv::conv_predict(shape, &x, &weight, &norm, &mut out);
                (empty(), empty())
            }
        };
        let out = tensor(out, &[shape.batch, shape.pooled(), shape.filters]);
        (out, mean, var)
    }

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

    fn fused_lstm(x: Flat, w_ih: Flat, w_hh: Flat, b_ih: Flat, b_hh: Flat, reverse: bool) -> Flat {
        run_lstm([&x, &w_ih, &w_hh, &b_ih, &b_hh], reverse, false).0
    }

    fn fused_bce(logits: Flat, labels: Flat) -> Flat {
        bce(&logits, &labels).0
    }
}

/// The hidden states of an LSTM, and what its backward pass needs if `record` says so.
fn run_lstm(arrays: [&Flat; 5], reverse: bool, record: bool) -> (Flat, LstmSaved) {
    let shape = lstm_shape(arrays[0], arrays[2]);
    let [x, w_ih, w_hh, b_ih, b_hh] = arrays.map(values);
    let mut out = Buffer::any(shape.batch * shape.steps * shape.hidden);
    let saved = lstm::lstm_forward(
        shape, &x, &w_ih, &w_hh, &b_ih, &b_hh, reverse, record, &mut out,
    );
    (
        tensor(out, &[shape.batch, shape.steps, shape.hidden]),
        saved,
    )
}

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

/// The bases of a one-hot input.
fn one_hot(shape: &ConvShape, x: &[f32]) -> Option<Vec<u8>> {
    (shape.channels == 4).then(|| first::bases(x)).flatten()
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

/// The node that a gradient goes to, if it is wanted.
fn wanted<S, const N: usize>(ops: &Ops<S, N>) -> [Option<NodeId>; N] {
    std::array::from_fn(|i| ops.parents[i].as_ref().map(|node| node.id))
}

fn register(grads: &mut Gradients, node: Option<NodeId>, gradient: Buffer, shape: &[usize]) {
    if let Some(node) = node {
        grads.register::<Flex>(node, tensor(gradient, shape));
    }
}

#[derive(Debug)]
enum ConvRecord {
    First(FirstSaved),
    Any(ConvSaved),
}

/// What the backward pass of a block needs, shared between clones.
struct State<R> {
    record: R,
    x: Flat,
    weight: Flat,
    parameters: [Flat; 5],
    normalise: Normalise,
    mask: Option<Flat>,
}

impl<R> fmt::Debug for State<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State").finish_non_exhaustive()
    }
}

#[derive(Debug)]
struct ConvBackward;

impl Backward<Flex, 5> for ConvBackward {
    type State = Arc<(State<ConvRecord>, ConvShape)>;

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
        let again;
        let (record, moments) = match &state.record {
            ConvRecord::First(saved) if to_x.is_none() => {
                first::first_backward(
                    saved,
                    &weight,
                    &scale,
                    &g,
                    FirstGradients {
                        weight: &mut d_weight,
                        scale: &mut d_scale,
                        shift: &mut d_shift,
                    },
                );
                (None, saved.moments())
            }
            ConvRecord::First(_) => {
                let parameters = state.parameters.each_ref();
                let parameters = NormParameters::new(parameters, state.normalise);
                let mut out = Buffer::any(g.len());
                again = conv::conv_forward(
                    shape,
                    &values(&state.x),
                    &weight,
                    &parameters.norm(),
                    &mut out,
                );
                (Some(&again), again.moments())
            }
            ConvRecord::Any(saved) => (Some(saved), saved.moments()),
        };
        if let Some(saved) = record {
            conv::conv_backward(
                saved,
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
        }
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

/// The gradient of the bias: none in training, where the mean takes it away again.
fn bias_gradient(
    moments: &Moments,
    scale: &[f32],
    d_shift: &[f32],
    normalise: Normalise,
) -> Option<Buffer> {
    (normalise == Normalise::Running).then(|| {
        let gradient = d_shift.iter().zip(scale).zip(&moments.inverse);
        Buffer::collect(
            d_shift.len(),
            gradient.map(|((d, scale), inverse)| d * scale * inverse),
        )
    })
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

#[derive(Debug)]
struct LstmBackward;

/// What the backward pass of an LSTM needs.
struct LstmState {
    record: LstmSaved,
    x: Flat,
    w_ih: Flat,
    w_hh: Flat,
    out: Flat,
}

impl fmt::Debug for LstmState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LstmState").finish_non_exhaustive()
    }
}

impl Backward<Flex, 5> for LstmBackward {
    type State = Arc<LstmState>;

    fn backward(
        self,
        ops: Ops<Self::State, 5>,
        grads: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let [to_x, to_w_ih, to_w_hh, to_b_ih, to_b_hh] = wanted(&ops);
        let g = grads.consume::<Flex>(&ops.node);
        let state = &*ops.state;
        let shape = lstm_shape(&state.x, &state.w_hh);
        let gates = 4 * shape.hidden;
        let mut d_w_ih = Buffer::any(gates * shape.inputs);
        let mut d_w_hh = Buffer::any(gates * shape.hidden);
        let mut d_bias = Buffer::any(gates);
        let mut d_x = to_x.map(|_| Buffer::any(shape.batch * shape.steps * shape.inputs));
        lstm::lstm_backward(
            &state.record,
            &values(&state.x),
            &values(&state.w_ih),
            &values(&state.w_hh),
            &values(&state.out),
            &values(&g),
            LstmGradients {
                w_ih: &mut d_w_ih,
                w_hh: &mut d_w_hh,
                bias: &mut d_bias,
                x: d_x.as_deref_mut(),
            },
        );
        if let Some(d_x) = d_x {
            let dims = [shape.batch, shape.steps, shape.inputs];
            register(grads, to_x, d_x, &dims);
        }
        register(grads, to_w_ih, d_w_ih, &[gates, shape.inputs]);
        register(grads, to_w_hh, d_w_hh, &[gates, shape.hidden]);
        // The two biases add up, so they have the same gradient.
        let d_b_hh = Buffer::collect(gates, d_bias.iter().copied());
        register(grads, to_b_ih, d_bias, &[gates]);
        register(grads, to_b_hh, d_b_hh, &[gates]);
    }
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

impl<C: CheckpointStrategy> Fused for Autodiff<Flex, C> {
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
                    let record = match one_hot(&shape, &x) {
                        Some(bases) => ConvRecord::First(first::first_forward(
                            shape, &bases, &weight, &norm, true, &mut out,
                        )),
                        None => {
                            ConvRecord::Any(conv::conv_forward(shape, &x, &weight, &norm, &mut out))
                        }
                    };
                    let moments = match &record {
                        ConvRecord::First(saved) => saved.moments(),
                        ConvRecord::Any(saved) => saved.moments(),
                    };
                    let (mean, var) = statistics(moments, &parameters.bias);
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

    fn fused_lstm(
        x: FloatTensor<Self>,
        w_ih: FloatTensor<Self>,
        w_hh: FloatTensor<Self>,
        b_ih: FloatTensor<Self>,
        b_hh: FloatTensor<Self>,
        reverse: bool,
    ) -> FloatTensor<Self> {
        let (x, x_node) = x.into_parts();
        let (w_ih, w_ih_node) = w_ih.into_parts();
        let (w_hh, w_hh_node) = w_hh.into_parts();
        let (b_ih, b_ih_node) = b_ih.into_parts();
        let (b_hh, b_hh_node) = b_hh.into_parts();
        let nodes = [x_node, w_ih_node, w_hh_node, b_ih_node, b_hh_node];
        match LstmBackward.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::UnTracked(prep) => {
                prep.finish(Flex::fused_lstm(x, w_ih, w_hh, b_ih, b_hh, reverse))
            }
            OpsKind::Tracked(prep) => {
                let (out, record) = run_lstm([&x, &w_ih, &w_hh, &b_ih, &b_hh], reverse, true);
                let state = LstmState {
                    record,
                    x,
                    w_ih,
                    w_hh,
                    out: out.clone(),
                };
                prep.finish(Arc::new(state), out)
            }
        }
    }

    fn fused_bce(logits: FloatTensor<Self>, labels: FloatTensor<Self>) -> FloatTensor<Self> {
        let (logits, node) = logits.into_parts();
        let (loss, gradient) = bce(&logits, &labels.into_parts().0);
        match BceBackward.prepare::<C>([node]).compute_bound().stateful() {
            OpsKind::UnTracked(prep) => prep.finish(loss),
            OpsKind::Tracked(prep) => prep.finish(gradient, loss),
        }
    }
}

/// A tensor outside the graph of gradients.
fn constant<C: CheckpointStrategy>(tensor: Flat) -> FloatTensor<Autodiff<Flex, C>> {
    <Autodiff<Flex, C> as burn::backend::AutodiffBackend>::from_inner(tensor)
}

/// As the reference's block, by kernels.
pub(super) fn conv_block(
    x: Tensor<3>,
    weight: Tensor<3>,
    bias: Tensor<1>,
    norm: &BatchNorm,
    pool: usize,
    mode: NormMode,
) -> (Tensor<3>, Option<BatchStatistics>) {
    let (out, mean, var) = <Dispatch as Fused>::fused_conv(
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
pub(super) fn conv_relu_pool(
    x: Tensor<3>,
    weight: Tensor<3>,
    bias: Tensor<1>,
    pool: usize,
) -> Tensor<3> {
    let [filters] = bias.dims();
    let ones = Tensor::<1>::ones([filters], &x.device());
    let (out, _, _) = <Dispatch as Fused>::fused_conv(
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

/// As the reference's block, by kernels.
pub(super) fn dense_block(
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
    let (out, mean, var) = <Dispatch as Fused>::fused_dense(
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

fn batch_statistics(mode: NormMode, mean: Tensor<1>, var: Tensor<1>) -> Option<BatchStatistics> {
    (mode == NormMode::Batch).then(|| BatchStatistics {
        mean: mean.inner(),
        var: var.inner(),
    })
}

/// As the reference's layer, by kernels.
pub(super) fn linear(x: Tensor<2>, weight: Tensor<2>, bias: Tensor<1>, rectify: bool) -> Tensor<2> {
    Tensor::from_dispatch(<Dispatch as Fused>::fused_linear(
        x.into_dispatch(),
        weight.into_dispatch(),
        bias.into_dispatch(),
        rectify,
    ))
}

/// As the reference's layer, by kernels.
pub(super) fn lstm(
    x: Tensor<3>,
    w_ih: Tensor<2>,
    w_hh: Tensor<2>,
    b_ih: Tensor<1>,
    b_hh: Tensor<1>,
    reverse: bool,
) -> Tensor<3> {
    Tensor::from_dispatch(<Dispatch as Fused>::fused_lstm(
        x.into_dispatch(),
        w_ih.into_dispatch(),
        w_hh.into_dispatch(),
        b_ih.into_dispatch(),
        b_hh.into_dispatch(),
        reverse,
    ))
}

/// As the reference's loss, by a kernel.
pub(super) fn bce_with_logits(logits: Tensor<2>, labels: Tensor<2>) -> Tensor<1> {
    Tensor::from_dispatch(<Dispatch as Fused>::fused_bce(
        logits.into_dispatch(),
        labels.into_dispatch(),
    ))
}
