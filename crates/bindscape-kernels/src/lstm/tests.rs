//! The LSTM beside its definition in double precision.

use proptest::prelude::*;

use super::*;
use crate::tests::{distance, noise};

/// Forward and backward, number by number, of all sequences.
struct Plain {
    out: Vec<f64>,
    w_ih: Vec<f64>,
    w_hh: Vec<f64>,
    bias: Vec<f64>,
    x: Vec<f64>,
}

/// Inputs of a layer and the gradient of its output.
struct Given {
    shape: LstmShape,
    reverse: bool,
    x: Vec<f32>,
    w_ih: Vec<f32>,
    w_hh: Vec<f32>,
    b_ih: Vec<f32>,
    b_hh: Vec<f32>,
    g: Vec<f32>,
}

impl Given {
    fn new(shape: LstmShape, reverse: bool, seed: u64) -> Self {
        let LstmShape {
            batch,
            steps,
            inputs,
            hidden,
        } = shape;
        let weights = |len: usize, stream: u64| {
            let wide = 2.0 / (inputs.max(hidden) as f32).sqrt();
            noise(len, seed + stream).iter().map(|w| w * wide).collect()
        };
        Self {
            shape,
            reverse,
            x: noise(batch * steps * inputs, seed),
            w_ih: weights(4 * hidden * inputs, 1),
            w_hh: weights(4 * hidden * hidden, 2),
            b_ih: noise(4 * hidden, seed + 3),
            b_hh: noise(4 * hidden, seed + 4),
            g: noise(batch * steps * hidden, seed + 5),
        }
    }

    fn plain(&self) -> Plain {
        let LstmShape {
            batch,
            steps,
            inputs,
            hidden,
        } = self.shape;
        let sigmoid = |v: f64| 1.0 / (1.0 + (-v).exp());
        let wide = |v: &[f32]| v.iter().map(|&v| f64::from(v)).collect::<Vec<f64>>();
        let (w_ih, w_hh) = (wide(&self.w_ih), wide(&self.w_hh));
        let mut result = Plain {
            out: vec![0.0; batch * steps * hidden],
            w_ih: vec![0.0; w_ih.len()],
            w_hh: vec![0.0; w_hh.len()],
            bias: vec![0.0; 4 * hidden],
            x: vec![0.0; self.x.len()],
        };
        let order: Vec<usize> = if self.reverse {
            (0..steps).rev().collect()
        } else {
            (0..steps).collect()
        };
        for b in 0..batch {
            let (mut h, mut c) = (vec![vec![0.0; hidden]], vec![vec![0.0; hidden]]);
            let mut gates = Vec::new();
            for (done, &t) in order.iter().enumerate() {
                let x = wide(&self.x[(b * steps + t) * inputs..][..inputs]);
                let z: Vec<f64> = (0..4 * hidden)
                    .map(|r| {
                        let ih: f64 = (0..inputs).map(|i| w_ih[r * inputs + i] * x[i]).sum();
                        let hh: f64 = (0..hidden).map(|i| w_hh[r * hidden + i] * h[done][i]).sum();
                        ih + hh + f64::from(self.b_ih[r]) + f64::from(self.b_hh[r])
                    })
                    .collect();
                let a: Vec<f64> = (0..4 * hidden)
                    .map(|r| {
                        if r / hidden == 2 {
                            z[r].tanh()
                        } else {
                            sigmoid(z[r])
                        }
                    })
                    .collect();
                let next: Vec<f64> = (0..hidden)
                    .map(|u| a[hidden + u] * c[done][u] + a[u] * a[2 * hidden + u])
                    .collect();
                let state: Vec<f64> = (0..hidden)
                    .map(|u| a[3 * hidden + u] * next[u].tanh())
                    .collect();
                result.out[(b * steps + t) * hidden..][..hidden].copy_from_slice(&state);
                h.push(state);
                c.push(next);
                gates.push(a);
            }
            let (mut dh, mut dc) = (vec![0.0; hidden], vec![0.0; hidden]);
            for (done, &t) in order.iter().enumerate().rev() {
                let at = b * steps + t;
                let a = &gates[done];
                let mut dz = vec![0.0; 4 * hidden];
                for u in 0..hidden {
                    let d = dh[u] + f64::from(self.g[at * hidden + u]);
                    let tc = c[done + 1][u].tanh();
                    let [i, f, g, o] = [0, 1, 2, 3].map(|gate| a[gate * hidden + u]);
                    dc[u] += d * o * (1.0 - tc * tc);
                    dz[u] = dc[u] * g * i * (1.0 - i);
                    dz[hidden + u] = dc[u] * c[done][u] * f * (1.0 - f);
                    dz[2 * hidden + u] = dc[u] * i * (1.0 - g * g);
                    dz[3 * hidden + u] = d * tc * o * (1.0 - o);
                    dc[u] *= f;
                }
                dh.fill(0.0);
                for (r, &dz) in dz.iter().enumerate() {
                    result.bias[r] += dz;
                    for i in 0..inputs {
                        result.w_ih[r * inputs + i] += dz * f64::from(self.x[at * inputs + i]);
                        result.x[at * inputs + i] += dz * w_ih[r * inputs + i];
                    }
                    for u in 0..hidden {
                        result.w_hh[r * hidden + u] += dz * h[done][u];
                        dh[u] += dz * w_hh[r * hidden + u];
                    }
                }
            }
        }
        result
    }

    /// Output, and gradients of both weights, the bias and the input.
    fn ours(&self) -> [Vec<f32>; 5] {
        let mut out = vec![f32::NAN; self.g.len()];
        let forward = |record: bool, out: &mut [f32]| {
            lstm_forward(
                self.shape,
                &self.x,
                &self.w_ih,
                &self.w_hh,
                &self.b_ih,
                &self.b_hh,
                self.reverse,
                record,
                out,
            )
        };
        let saved = forward(true, &mut out);
        let mut unrecorded = vec![f32::NAN; out.len()];
        forward(false, &mut unrecorded);
        assert_eq!(out, unrecorded);
        let [mut w_ih, mut w_hh, mut bias, mut dx] =
            [&self.w_ih, &self.w_hh, &self.b_ih, &self.x].map(|like| vec![f32::NAN; like.len()]);
        let mut backward = |x| {
            let gradients = LstmGradients {
                w_ih: &mut w_ih,
                w_hh: &mut w_hh,
                bias: &mut bias,
                x,
            };
            lstm_backward(
                &saved, &self.x, &self.w_ih, &self.w_hh, &out, &self.g, gradients,
            );
        };
        backward(None);
        backward(Some(&mut dx));
        [out, w_ih, w_hh, bias, dx]
    }
}

fn check(given: &Given) -> Result<(), TestCaseError> {
    let plain = given.plain();
    let wanted = [&plain.out, &plain.w_ih, &plain.w_hh, &plain.bias, &plain.x];
    let names = ["output", "w_ih", "w_hh", "bias", "x"];
    for ((ours, wanted), name) in given.ours().iter().zip(wanted).zip(names) {
        let d = distance(ours, wanted);
        prop_assert!(d < 1e-5, "{name}: {d} for {:?}", given.shape);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn definition(
        batch in 1_usize..60,
        steps in 1_usize..6,
        inputs in 1_usize..40,
        hidden in 1_usize..24,
        reverse in any::<bool>(),
        seed in 0_u64..1000,
    ) {
        check(&Given::new(LstmShape { batch, steps, inputs, hidden }, reverse, seed))?;
    }
}

#[test]
fn single_sequence_and_step() {
    for (batch, steps) in [(1, 1), (1, 7), (31, 1)] {
        for reverse in [false, true] {
            let shape = LstmShape {
                batch,
                steps,
                inputs: 5,
                hidden: 17,
            };
            check(&Given::new(shape, reverse, 9)).unwrap();
        }
    }
}

#[test]
fn blocks_cover_the_batch() {
    for batch in 1..200 {
        let shape = LstmShape {
            batch,
            steps: 1,
            inputs: 1,
            hidden: 1,
        };
        let mut next = 0;
        for block in shape.blocks() {
            assert!(block.first == next && block.rows > 0);
            next += block.rows;
        }
        assert_eq!(next, batch);
    }
}

#[test]
fn any_number_of_threads_gives_the_same_bytes() {
    let shape = LstmShape {
        batch: 70,
        steps: 4,
        inputs: 33,
        hidden: 40,
    };
    let given = Given::new(shape, true, 3);
    let results = [1, 2, 3].map(|threads| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| given.ours())
            .map(|all| all.iter().map(|x| x.to_bits()).collect::<Vec<_>>())
    });
    assert!(results[0] == results[1] && results[0] == results[2]);
}

#[test]
fn missing_numbers_stay_missing() {
    let shape = LstmShape {
        batch: 2,
        steps: 3,
        inputs: 4,
        hidden: 5,
    };
    let mut given = Given::new(shape, false, 1);
    given.x[4] = f32::NAN;
    let mut out = vec![0.0; given.g.len()];
    let Given {
        x,
        w_ih,
        w_hh,
        b_ih,
        b_hh,
        ..
    } = &given;
    lstm_forward(shape, x, w_ih, w_hh, b_ih, b_hh, false, false, &mut out);
    let (own, other) = out.split_at(15);
    assert!(own[..5].iter().chain(other).all(|h| h.is_finite()));
    assert!(own[5..].iter().all(|h| h.is_nan()));
}

#[test]
#[should_panic(expected = "the forward pass was recorded")]
fn an_unrecorded_pass_has_no_gradient() {
    let shape = LstmShape {
        batch: 1,
        steps: 1,
        inputs: 1,
        hidden: 1,
    };
    let (mut out, w) = ([0.0], [0.5; 4]);
    let saved = lstm_forward(shape, &[1.0], &w, &w, &w, &w, false, false, &mut out);
    let (mut w_ih, mut w_hh, mut bias) = ([0.0; 4], [0.0; 4], [0.0; 4]);
    let gradients = LstmGradients {
        w_ih: &mut w_ih,
        w_hh: &mut w_hh,
        bias: &mut bias,
        x: None,
    };
    lstm_backward(&saved, &[1.0], &w, &w, &out, &[1.0], gradients);
}
