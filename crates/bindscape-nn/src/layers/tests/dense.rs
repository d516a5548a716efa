//! Dense layers, with and without normalisation.

use super::*;

/// A mask of dropout that keeps about two of three.
fn mask(seed: u64, count: usize) -> Vec<f32> {
    numbers(seed, "mask", count)
        .iter()
        .map(|&x| if x < -0.33 { 0.0 } else { 1.5 })
        .collect()
}

/// A dense layer at random.
#[derive(Debug, Clone)]
struct Dense {
    seed: u64,
    batch: usize,
    inputs: usize,
    outputs: usize,
    turned: bool,
}

/// Batches from `batch` sequences on.
fn dense(batch: usize, inputs: usize) -> impl Strategy<Value = Dense> {
    let outputs = prop_oneof![Just(1_usize), 1_usize..140];
    let sizes = (batch..batch + 24, inputs..inputs + 40, outputs);
    (any::<u64>(), sizes, any::<bool>()).prop_map(|(seed, (batch, inputs, outputs), turned)| {
        Dense {
            seed,
            batch,
            inputs,
            outputs,
            turned,
        }
    })
}

impl Dense {
    fn arrays(&self) -> [Vec<f32>; 3] {
        [
            numbers(self.seed, "x", self.batch * self.inputs),
            weights(self.seed, self.outputs, self.inputs),
            numbers(self.seed, "bias", self.outputs),
        ]
    }

    fn x(&self, flat: &Tensor<1>) -> Tensor<2> {
        if self.turned {
            flat.clone().reshape([self.inputs, self.batch]).transpose()
        } else {
            flat.clone().reshape([self.batch, self.inputs])
        }
    }

    fn w(&self, flat: &Tensor<1>) -> Tensor<2> {
        flat.clone().reshape([self.outputs, self.inputs])
    }

    /// The products, `[batch][outputs]`.
    fn products(&self) -> Vec<f64> {
        let [x, weight, _] = self.arrays();
        let x = to_vec(self.x(&tensor(&x, [x.len()])));
        let product = |x: &[f32], w: &[f32]| -> f64 {
            x.iter()
                .zip(w)
                .map(|(&x, &w)| f64::from(x) * f64::from(w))
                .sum()
        };
        x.chunks(self.inputs)
            .flat_map(|x| weight.chunks(self.inputs).map(move |w| product(x, w)))
            .collect()
    }

    fn is_clear(&self, norm: Option<(&Norm, NormMode)>) -> bool {
        let [_, _, bias] = self.arrays();
        let kinks = Kinks::new(self.products(), self.outputs, &bias, norm);
        // Of two rows, only what conditioning leaves alone is compared.
        (self.batch == 2 || kinks.conditioned())
            && (0..self.batch).all(|row| kinks.clear(row..row + 1, |_, _| false))
    }

    /// Both sides of the block with normalisation.
    fn compare_blocks(
        &self,
        mode: NormMode,
        masked: bool,
        tracked: u32,
    ) -> Result<(), TestCaseError> {
        let norm = Norm::new(self.seed, self.outputs);
        prop_assume!(self.is_clear(Some((&norm, mode))));
        let [x, weight, bias] = self.arrays();
        let arrays = [x, weight, bias, norm.scale.clone(), norm.shift.clone()];
        let mask = masked.then(|| mask(self.seed, self.batch * self.outputs));
        type Block = fn(
            Tensor<2>,
            Tensor<2>,
            Tensor<1>,
            &BatchNorm,
            Option<Tensor<2>>,
            NormMode,
        ) -> (Tensor<2>, Option<BatchStatistics>);
        let with = |block: Block| {
            let (mask, norm) = (&mask, &norm);
            move |a: &[Tensor<1>]| {
                let norm = norm.with(&a[3], &a[4]);
                let mask = mask
                    .as_ref()
                    .map(|mask| tensor(mask, [self.batch, self.outputs]));
                let (y, statistics) = block(
                    self.x(&a[0]),
                    self.w(&a[1]),
                    a[2].clone(),
                    &norm,
                    mask,
                    mode,
                );
                (flat(y), statistics)
            }
        };
        compare(
            &BLOCK,
            &arrays,
            tracked,
            self.seed,
            with(fused::dense_block),
            with(reference::dense_block),
        )
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn dense_blocks_by_running_statistics(
        case in dense(1, 1), masked in any::<bool>(), tracked in tracked(),
    ) {
        case.compare_blocks(NormMode::Running, masked, tracked)?;
    }

    #[test]
    fn dense_blocks_by_statistics_of_the_batch(
        case in dense(16, 4), masked in any::<bool>(), tracked in tracked(),
    ) {
        case.compare_blocks(NormMode::Batch, masked, tracked)?;
    }

    /// Of two numbers only the sign is left after normalisation: the gradients of what lies
    /// before it are differences of equals, so those of scale and shift are compared, and
    /// the numbers must differ by far more than rounding.
    #[test]
    fn dense_blocks_of_two_sequences(
        case in dense(2, 4), masked in any::<bool>(), tracked in 0b01_u32..=0b11,
    ) {
        let case = Dense { batch: 2, outputs: case.outputs % 20 + 1, ..case };
        let products = case.products();
        let (first, second) = products.split_at(case.outputs);
        prop_assume!(first.iter().zip(second).all(|(a, b)| (a - b).abs() > 0.1));
        case.compare_blocks(NormMode::Batch, masked, tracked << 3)?;
    }

    #[test]
    fn linear_layers(case in dense(1, 1), rectify in any::<bool>(), tracked in 1_u32..8) {
        prop_assume!(!rectify || case.is_clear(None));
        let arrays = case.arrays();
        let kernel = |a: &[Tensor<1>]| {
            let y = fused::linear(case.x(&a[0]), case.w(&a[1]), a[2].clone(), rectify);
            (flat(y), None)
        };
        let composition = |a: &[Tensor<1>]| {
            let layer = if rectify { recurrent::linear_relu } else { reference::linear };
            (flat(layer(case.x(&a[0]), case.w(&a[1]), a[2].clone())), None)
        };
        compare(&BLOCK, &arrays, tracked, case.seed, kernel, composition)?;
    }
}
