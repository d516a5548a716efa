//! Sigmoid and hyperbolic tangent without branches, for the compiler to vectorize.

/// `2^n` and `expm1(y - n ln 2)` for `y <= 0`, where `n` is the whole number next to
/// `y / ln 2`: what `exp(y) = 2^n (1 + p)` and `expm1(y) = 2^n p + (2^n - 1)` are made of.
///
/// Below -87 `y` counts as -87, where `2^n` is still a normal number.
#[inline(always)]
pub(crate) fn split_exponential(y: f32) -> (f32, f32) {
    // Adding this number rounds to a whole one, which stands in the lowest bits.
    const ROUND: f32 = 12_582_912.0;
    // ln 2 in two parts: few enough bits that n times the first is exact, and the rest.
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    // Written so that NaN stays NaN.
    let y = if y < -87.0 { -87.0 } else { y };
    let rounded = y.mul_add(std::f32::consts::LOG2_E, ROUND);
    let n = rounded - ROUND;
    let power = f32::from_bits((rounded.to_bits() << 23).wrapping_add(127 << 23));
    let r = n.mul_add(-LN_2_LOW, n.mul_add(-LN_2_HIGH, y));
    // The best polynomial for (expm1(r) - r) / r^2 within half an ln 2 of zero, by the
    // relative error of expm1, which it keeps below 1.4e-8.
    let q = 0.001_388_251_6_f32
        .mul_add(r, 0.008_366_547)
        .mul_add(r, 0.041_667_2)
        .mul_add(r, 0.166_665_43)
        .mul_add(r, 0.499_999_97);
    (power, (q * r).mul_add(r, r))
}

/// `1 / (1 + exp(-x))`, to three units in the last place above -87; below, a number
/// next to zero. NaN stays NaN.
#[inline(always)]
pub(crate) fn sigmoid(x: f32) -> f32 {
    let (power, p) = split_exponential(-x.abs());
    let small = power.mul_add(p, power);
    // exp(-x) / (1 + exp(-x)) = 1 / (1 + exp(x)): the smaller half without cancellation.
    let top = if x < 0.0 { small } else { 1.0 };
    top / (1.0 + small)
}

/// Hyperbolic tangent to three units in the last place. NaN stays NaN.
#[inline(always)]
pub(crate) fn tanh(x: f32) -> f32 {
    let (power, p) = split_exponential(-2.0 * x.abs());
    let less = power.mul_add(p, power - 1.0);
    (-less / (2.0 + less)).copysign(x)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parallel::vectorized;

    /// Largest error in units in the last place of the true number.
    fn worst(inputs: &[f32], ours: &[f32], truth: impl Fn(f64) -> f64) -> f64 {
        let errors = inputs.iter().zip(ours).map(|(&x, &y)| {
            let truth = truth(f64::from(x));
            let near = (truth as f32).abs();
            let unit = f64::from(f32::from_bits(near.to_bits() + 1)) - f64::from(near);
            (f64::from(y) - truth).abs() / unit
        });
        errors.fold(0.0, |most, e| if e > most || e.is_nan() { e } else { most })
    }

    fn both(inputs: &[f32]) -> (Vec<f32>, Vec<f32>) {
        let (mut s, mut t) = (vec![0.0; inputs.len()], vec![0.0; inputs.len()]);
        vectorized(
            #[inline(always)]
            || {
                for ((s, t), &x) in s.iter_mut().zip(&mut t).zip(inputs) {
                    *s = sigmoid(x);
                    *t = tanh(x);
                }
            },
        );
        (s, t)
    }

    #[test]
    fn exact_to_three_units_in_the_last_place() {
        let even = (-870_000..=870_000).map(|i| i as f32 * 1e-4);
        let near_zero = (0..400_000_u32).map(|i| f32::from_bits(0x0080_0000 + i * 2600));
        let inputs: Vec<f32> = even
            .chain(near_zero.clone())
            .chain(near_zero.map(|x| -x))
            .collect();
        let (s, t) = both(&inputs);
        let (s, t) = (
            worst(&inputs, &s, |x| 1.0 / (1.0 + (-x).exp())),
            worst(&inputs, &t, f64::tanh),
        );
        println!("sigmoid {s:.2}, tanh {t:.2}");
        assert!(s < 3.0 && t < 3.0, "{s} {t}");
    }

    #[test]
    fn limits_signs_and_nan() {
        let inputs = [
            f32::INFINITY,
            f32::NEG_INFINITY,
            f32::MAX,
            f32::MIN,
            0.0,
            -0.0,
            f32::NAN,
        ];
        let (s, t) = both(&inputs);
        assert_eq!(s[..1], [1.0]);
        assert!(s[1] >= 0.0 && s[1] < 2e-38 && s[3] < 2e-38 && s[2] == 1.0);
        assert_eq!(s[4..6], [0.5, 0.5]);
        assert_eq!(t[..4], [1.0, -1.0, 1.0, -1.0]);
        assert!(t[4].to_bits() == 0 && t[5].to_bits() == (-0.0_f32).to_bits());
        assert!(s[6].is_nan() && t[6].is_nan());
    }
}
