//! Recurrent layers and the loss.

use super::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Two directions over one input, whose gradient is the sum of both.
    #[test]
    fn recurrent_layers(
        seed in any::<u64>(),
        batch in 1_usize..=60, steps in 1_usize..=4, inputs in 1_usize..24, hidden in 1_usize..24,
        directions in prop_oneof![Just(&[false][..]), Just(&[true][..]), Just(&[false, true][..])],
        tracked in 1_u32..32,
    ) {
        // A single step has no part of `w_hh`.
        prop_assume!(steps > 1 || tracked != 0b00100);
        let gates = 4 * hidden;
        let arrays = [
            numbers(seed, "x", batch * steps * inputs),
            numbers(seed, "w_ih", gates * inputs),
            numbers(seed, "w_hh", gates * hidden),
            numbers(seed, "b_ih", gates),
            numbers(seed, "b_hh", gates),
        ];
        type Layer = fn(Tensor<3>, Tensor<2>, Tensor<2>, Tensor<1>, Tensor<1>, bool) -> Tensor<3>;
        let with = |layer: Layer| {
            move |a: &[Tensor<1>]| {
                let run = |&reverse: &bool| {
                    layer(
                        a[0].clone().reshape([batch, steps, inputs]),
                        a[1].clone().reshape([gates, inputs]),
                        a[2].clone().reshape([gates, hidden]),
                        a[3].clone(),
                        a[4].clone(),
                        reverse,
                    )
                };
                (flat(Tensor::cat(directions.iter().map(run).collect(), 2)), None)
            }
        };
        compare(
            &["x", "w_ih", "w_hh", "b_ih", "b_hh"], &arrays, tracked, seed,
            with(fused::lstm), with(recurrent::lstm),
        )?;
    }

    /// Logits so large that `exp` of them would leave single precision in a product.
    #[test]
    fn cross_entropy(
        seed in any::<u64>(), batch in 1_usize..60, outputs in 1_usize..60,
        size in prop_oneof![Just(1.0_f32), Just(50.0), Just(500.0)],
    ) {
        let entries = batch * outputs;
        let logits: Vec<f32> = numbers(seed, "logits", entries).iter().map(|x| x * size).collect();
        // Some are left out; all of them where the last one is.
        let label = |&x: &f32| match x {
            ..-0.5 => -1.0,
            x => f32::from(x > 0.5),
        };
        let labels: Vec<f32> = numbers(seed, "labels", entries).iter().map(label).collect();
        let with = |loss: fn(Tensor<2>, Tensor<2>) -> Tensor<1>| {
            let labels = &labels;
            move |a: &[Tensor<1>]| {
                let logits = a[0].clone().reshape([batch, outputs]);
                // Times the number of entries, so that gradients are of the size of one.
                let loss = loss(logits, tensor(labels, [batch, outputs]));
                (loss * entries as f32, None)
            }
        };
        compare(
            &["logits"], &[logits], 1, seed,
            with(fused::bce_with_logits), with(reference::bce_with_logits),
        )?;
    }
}
