//! Recurrent layers.

use std::fmt;
use std::sync::Arc;

use bindscape_kernels::buffer::Buffer;
use bindscape_kernels::lstm::{self, LstmGradients, LstmSaved, LstmShape};
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Flex, TensorMetadata, backend_extension};
use burn::tensor::Tensor;

use super::{register, wanted};
use crate::layers::memory::{Flat, tensor, values};

/// One direction of an LSTM.
#[backend_extension(Flex, Autodiff)]
trait FusedLstm: Backend {
    fn fused_lstm(
        x: FloatTensor<Self>,
        w_ih: FloatTensor<Self>,
        w_hh: FloatTensor<Self>,
        b_ih: FloatTensor<Self>,
        b_hh: FloatTensor<Self>,
        reverse: bool,
    ) -> FloatTensor<Self>;
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

impl FusedLstm for Flex {
    fn fused_lstm(x: Flat, w_ih: Flat, w_hh: Flat, b_ih: Flat, b_hh: Flat, reverse: bool) -> Flat {
        run_lstm([&x, &w_ih, &w_hh, &b_ih, &b_hh], reverse, false).0
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

impl<C: CheckpointStrategy> FusedLstm for Autodiff<Flex, C> {
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
}

/// As the reference's layer, by kernels.
pub(in crate::layers) fn lstm(
    x: Tensor<3>,
    w_ih: Tensor<2>,
    w_hh: Tensor<2>,
    b_ih: Tensor<1>,
    b_hh: Tensor<1>,
    reverse: bool,
) -> Tensor<3> {
    Tensor::from_dispatch(<Dispatch as FusedLstm>::fused_lstm(
        x.into_dispatch(),
        w_ih.into_dispatch(),
        w_hh.into_dispatch(),
        b_ih.into_dispatch(),
        b_hh.into_dispatch(),
        reverse,
    ))
}
