//! The layers of DanQ as compositions of Burn operations.

use burn::tensor::{Tensor, activation};

use super::reference::{linear, max_pool, product, unfold};

/// Convolution (stride 1, no padding), ReLU, max-pooling (window and stride `pool`, a
/// remainder is dropped).
///
/// # Shapes
/// - `x`: `[batch, length, in]`
/// - `weight`: `[out, in, kernel]`, `bias`: `[out]`
/// - output: `[batch, (length - kernel + 1) / pool, out]`
///
/// # Panics
/// If the shapes do not fit, or nothing is left after pooling.
#[must_use]
pub(super) fn conv_relu_pool(
    x: Tensor<3>,
    weight: Tensor<3>,
    bias: Tensor<1>,
    pool: usize,
) -> Tensor<3> {
    let [batch, length, _] = x.dims();
    let [out, _, kernel] = weight.dims();
    let length = length - kernel + 1;
    let (columns, weight) = unfold(x, weight);
    let y = max_pool(product(columns, weight).reshape([batch, length, out]), pool);
    // Neither adding a constant nor rectifying changes which position is the largest:
    // both are done on the smaller array after pooling.
    activation::relu(y + bias.reshape([1, 1, out]))
}

/// One direction of one LSTM layer from a zero state, as in PyTorch: gates in
/// the order input, forget, cell, output, and two biases, which add up.
///
/// # Shapes
/// - `x`: `[batch, steps, in]`
/// - `w_ih`: `[4 * hidden, in]`, `w_hh`: `[4 * hidden, hidden]`
/// - `b_ih`, `b_hh`: `[4 * hidden]`
/// - output: the hidden state at every step, `[batch, steps, hidden]`
///
/// With `reverse` the layer runs from the last step to the first; the state that
/// has seen step `t` and all after it stands at `t`.
///
/// # Panics
/// If the shapes do not fit, or there are no steps.
#[must_use]
pub(super) fn lstm(
    x: Tensor<3>,
    w_ih: Tensor<2>,
    w_hh: Tensor<2>,
    b_ih: Tensor<1>,
    b_hh: Tensor<1>,
    reverse: bool,
) -> Tensor<3> {
    let [batch, steps, channels] = x.dims();
    let [gates, hidden] = w_hh.dims();
    assert!(steps > 0, "an LSTM needs at least one step");
    let projected = linear(x.reshape([batch * steps, channels]), w_ih, b_ih + b_hh)
        .reshape([batch, steps, gates]);
    let w_hh = w_hh.transpose();
    let mut state: Option<(Tensor<2>, Tensor<2>)> = None;
    let mut outputs = Vec::with_capacity(steps);
    for done in 0..steps {
        let step = if reverse { steps - 1 - done } else { done };
        let mut all = projected.clone().narrow(1, step, 1).reshape([batch, gates]);
        // The state before the first step is zero, and so are its products.
        if let Some((h, _)) = &state {
            all = all + product(h.clone(), w_hh.clone());
        }
        let gate = |number: usize| all.clone().narrow(1, number * hidden, hidden);
        let mut c = activation::sigmoid(gate(0)) * activation::tanh(gate(2));
        if let Some((_, before)) = state {
            c = c + activation::sigmoid(gate(1)) * before;
        }
        let h = activation::sigmoid(gate(3)) * activation::tanh(c.clone());
        outputs.push(h.clone().reshape([batch, 1, hidden]));
        state = Some((h, c));
    }
    if reverse {
        outputs.reverse();
    }
    Tensor::cat(outputs, 1)
}

/// Linear layer and ReLU: `x` `[batch, in]`, `weight` `[out, in]`, `bias` `[out]`.
#[must_use]
pub(super) fn linear_relu(x: Tensor<2>, weight: Tensor<2>, bias: Tensor<1>) -> Tensor<2> {
    activation::relu(linear(x, weight, bias))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::to_vec;
    use burn::tensor::{Device, TensorData};
    use proptest::prelude::*;

    fn tensor<const D: usize>(values: &[f32], shape: [usize; D]) -> Tensor<D> {
        Tensor::from_data(TensorData::new(values.to_vec(), shape), &Device::flex())
    }

    /// Numbers in [-1, 1) that depend on `stream` alone.
    fn numbers(stream: u64, count: usize) -> Vec<f32> {
        let mut rng = crate::random::stream(stream, "test", &[]);
        (0..count)
            .map(|_| 2.0 * crate::random::unit(&mut rng) - 1.0)
            .collect()
    }

    /// The definition of the layer, number by number, for one sequence.
    fn scalar_lstm(x: &[Vec<f64>], w: [&[f32]; 4], hidden: usize) -> Vec<Vec<f64>> {
        let sigmoid = |v: f64| 1.0 / (1.0 + (-v).exp());
        let (mut h, mut c) = (vec![0.0; hidden], vec![0.0; hidden]);
        let mut out = Vec::new();
        for input in x {
            let gate = |row: usize| {
                let dot = |matrix: &[f32], v: &[f64]| {
                    (0..v.len())
                        .map(|i| f64::from(matrix[row * v.len() + i]) * v[i])
                        .sum::<f64>()
                };
                dot(w[0], input) + dot(w[1], &h) + f64::from(w[2][row]) + f64::from(w[3][row])
            };
            let gates: Vec<f64> = (0..4 * hidden).map(gate).collect();
            for unit in 0..hidden {
                let [i, f, g, o] = [0, 1, 2, 3].map(|number| gates[number * hidden + unit]);
                c[unit] = sigmoid(f) * c[unit] + sigmoid(i) * g.tanh();
                h[unit] = sigmoid(o) * c[unit].tanh();
            }
            out.push(h.clone());
        }
        out
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]
        #[test]
        fn lstm_is_its_definition_in_both_directions(
            batch in 1_usize..4, steps in 1_usize..6, channels in 1_usize..5, hidden in 1_usize..5,
        ) {
            let x = numbers(1, batch * steps * channels);
            let w_ih = numbers(2, 4 * hidden * channels);
            let w_hh = numbers(3, 4 * hidden * hidden);
            let (b_ih, b_hh) = (numbers(4, 4 * hidden), numbers(5, 4 * hidden));
            for reverse in [false, true] {
                let found = to_vec(lstm(
                    tensor(&x, [batch, steps, channels]),
                    tensor(&w_ih, [4 * hidden, channels]),
                    tensor(&w_hh, [4 * hidden, hidden]),
                    tensor(&b_ih, [4 * hidden]),
                    tensor(&b_hh, [4 * hidden]),
                    reverse,
                ));
                for (sequence, found) in x.chunks(steps * channels).zip(found.chunks(steps * hidden)) {
                    let mut input: Vec<Vec<f64>> = sequence
                        .chunks(channels)
                        .map(|step| step.iter().map(|&v| f64::from(v)).collect())
                        .collect();
                    if reverse {
                        input.reverse();
                    }
                    let mut expected = scalar_lstm(&input, [&w_ih, &w_hh, &b_ih, &b_hh], hidden);
                    if reverse {
                        expected.reverse();
                    }
                    for (a, b) in found.iter().zip(expected.concat()) {
                        prop_assert!((f64::from(*a) - b).abs() < 1e-6, "{a} {b}");
                    }
                }
            }
        }

        #[test]
        fn convolution_is_its_definition(
            batch in 1_usize..3, spare in 0_usize..9, channels in 1_usize..4, out in 1_usize..4,
            kernel in 1_usize..5, pool in 1_usize..5,
        ) {
            let length = kernel - 1 + pool + spare;
            let x = numbers(1, batch * length * channels);
            let weight = numbers(2, out * channels * kernel);
            let bias = numbers(3, out);
            let y = conv_relu_pool(
                tensor(&x, [batch, length, channels]),
                tensor(&weight, [out, channels, kernel]),
                tensor(&bias, [out]),
                pool,
            );
            let left = (length - kernel + 1) / pool;
            prop_assert_eq!(y.dims(), [batch, left, out]);
            let found = to_vec(y);
            for (index, &found) in found.iter().enumerate() {
                let (row, window, filter) = (index / (left * out), index / out % left, index % out);
                let expected = (window * pool..(window + 1) * pool)
                    .map(|start| {
                        let sum: f32 = (0..kernel * channels)
                            .map(|i| {
                                let (offset, channel) = (i / channels, i % channels);
                                x[(row * length + start + offset) * channels + channel]
                                    * weight[(filter * channels + channel) * kernel + offset]
                            })
                            .sum();
                        (sum + bias[filter]).max(0.0)
                    })
                    .fold(0.0, f32::max);
                prop_assert!((found - expected).abs() < 1e-5, "{found} {expected}");
            }
        }
    }
}
