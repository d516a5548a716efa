//! Convolutions, with and without normalisation.

use super::*;
use crate::encode::Bases;

/// One-hot vectors of random bases.
fn one_hot(seed: u64, positions: usize) -> Vec<f32> {
    numbers(seed, "bases", positions)
        .iter()
        .flat_map(|x| {
            let base = ((x + 1.0) * 2.0) as usize;
            (0..4).map(move |i| f32::from(i == base))
        })
        .collect()
}

/// A convolutional block at random.
#[derive(Debug, Clone)]
struct Conv {
    seed: u64,
    batch: usize,
    length: usize,
    /// `None`: one-hot vectors of four.
    channels: Option<usize>,
    filters: usize,
    kernel: usize,
    pool: usize,
    /// The input is a view whose numbers lie in another order.
    turned: bool,
}

fn conv() -> impl Strategy<Value = Conv> {
    let sizes = (1_usize..=6, 0_usize..40, 1_usize..=26, 1_usize..=13);
    let widths = (
        prop::option::of(1_usize..12),
        prop_oneof![Just(1_usize), 1_usize..40],
    );
    (any::<u64>(), sizes, widths, any::<bool>()).prop_map(
        |(seed, (batch, spare, kernel, pool), (channels, filters), turned)| Conv {
            seed,
            batch,
            length: kernel - 1 + pool.max(16) + spare,
            channels,
            filters,
            kernel,
            pool,
            turned,
        },
    )
}

impl Conv {
    fn channels(&self) -> usize {
        self.channels.unwrap_or(4)
    }

    fn convolved(&self) -> usize {
        self.length + 1 - self.kernel
    }

    /// `[batch, length, channels]`, or `[length, batch, channels]` if turned.
    fn input(&self) -> Vec<f32> {
        let positions = self.batch * self.length;
        match self.channels {
            None => one_hot(self.seed, positions),
            Some(channels) => numbers(self.seed, "x", positions * channels),
        }
    }

    fn weight(&self) -> Vec<f32> {
        weights(self.seed, self.filters, self.channels() * self.kernel)
    }

    fn bias(&self) -> Vec<f32> {
        numbers(self.seed, "bias", self.filters)
    }

    fn x(&self, flat: &Tensor<1>) -> Tensor<3> {
        let (batch, length, channels) = (self.batch, self.length, self.channels());
        if self.turned {
            flat.clone()
                .reshape([length, batch, channels])
                .swap_dims(0, 1)
        } else {
            flat.clone().reshape([batch, length, channels])
        }
    }

    fn w(&self, flat: &Tensor<1>) -> Tensor<3> {
        flat.clone()
            .reshape([self.filters, self.channels(), self.kernel])
    }

    /// The sequences of one-hot vectors whose gradient is not asked for.
    fn bases(&self, flat: &Tensor<1>, tracked: u32) -> Option<Bases> {
        (self.channels.is_none() && tracked & 1 == 0)
            .then(|| Bases::of_one_hot(&to_vec(self.x(flat)), self.length))
    }

    /// Whether rounding cannot move a maximum. Where `x_tracked`, windows of the same bases
    /// count as different: which of them is the maximum decides on the gradient.
    fn is_clear(&self, norm: Option<(&Norm, NormMode)>, x_tracked: bool) -> bool {
        let x = to_vec(self.x(&tensor(&self.input(), [self.input().len()])));
        let (weight, channels, convolved) = (self.weight(), self.channels(), self.convolved());
        let window = |row: usize| {
            let from = (row / convolved * self.length + row % convolved) * channels;
            &x[from..from + self.kernel * channels]
        };
        let rows = self.batch * convolved;
        let mut values = Vec::with_capacity(rows * self.filters);
        for row in 0..rows {
            for weight in weight.chunks(channels * self.kernel) {
                let product = |(i, x): (usize, &f32)| {
                    let (tap, channel) = (i / channels, i % channels);
                    f64::from(*x) * f64::from(weight[channel * self.kernel + tap])
                };
                values.push(window(row).iter().enumerate().map(product).sum());
            }
        }
        let kinks = Kinks::new(values, self.filters, &self.bias(), norm);
        kinks.conditioned()
            && (0..self.batch * (convolved / self.pool)).all(|number| {
                let pooled = convolved / self.pool;
                let first = number / pooled * convolved + number % pooled * self.pool;
                kinks.clear(first..first + self.pool, |a, b| {
                    !x_tracked && window(a) == window(b)
                })
            })
    }
}

/// With eight taps and more where the gradient of a one-hot input is asked for: shorter
/// words often occur twice among those that are pooled together.
fn long_enough(mut case: Conv, tracked: u32) -> Conv {
    if case.channels.is_none() && tracked & 1 == 1 && case.kernel < 8 {
        case.length += 8 - case.kernel;
        case.kernel = 8;
    }
    case
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn convolutional_blocks(case in conv(), mode in mode(), tracked in tracked()) {
        let case = long_enough(case, tracked);
        let norm = Norm::new(case.seed, case.filters);
        prop_assume!(case.is_clear(Some((&norm, mode)), tracked & 1 == 1));
        let arrays = [
            case.input(), case.weight(), case.bias(), norm.scale.clone(), norm.shift.clone(),
        ];
        let with = |block: fn(Tensor<3>, Tensor<3>, Tensor<1>, &BatchNorm, usize, NormMode) -> _| {
            let (case, norm) = (&case, &norm);
            move |a: &[Tensor<1>]| {
                let norm = norm.with(&a[3], &a[4]);
                let (y, statistics): (Tensor<3>, _) =
                    block(case.x(&a[0]), case.w(&a[1]), a[2].clone(), &norm, case.pool, mode);
                (flat(y), statistics)
            }
        };
        let kernels = |a: &[Tensor<1>]| match case.bases(&a[0], tracked) {
            Some(bases) => {
                let (norm, pool) = (norm.with(&a[3], &a[4]), case.pool);
                let (w, bias) = (case.w(&a[1]), a[2].clone());
                let (y, statistics) = fused::first_conv_block(bases, w, bias, &norm, pool, mode);
                (flat(y), statistics)
            }
            None => with(fused::conv_block)(a),
        };
        compare(&BLOCK, &arrays, tracked, case.seed, kernels, with(reference::conv_block))?;
    }

    #[test]
    fn convolutions_without_normalisation(case in conv(), tracked in 1_u32..8) {
        let case = long_enough(case, tracked);
        prop_assume!(case.is_clear(None, tracked & 1 == 1));
        let arrays = [case.input(), case.weight(), case.bias()];
        let with = |layer: fn(Tensor<3>, Tensor<3>, Tensor<1>, usize) -> Tensor<3>| {
            let case = &case;
            move |a: &[Tensor<1>]| {
                let y = layer(case.x(&a[0]), case.w(&a[1]), a[2].clone(), case.pool);
                (flat(y), None)
            }
        };
        let kernels = |a: &[Tensor<1>]| match case.bases(&a[0], tracked) {
            Some(bases) => {
                let y = fused::first_conv_relu_pool(bases, case.w(&a[1]), a[2].clone(), case.pool);
                (flat(y), None)
            }
            None => with(fused::conv_relu_pool)(a),
        };
        compare(&BLOCK, &arrays, tracked, case.seed, kernels, with(recurrent::conv_relu_pool))?;
    }
}
