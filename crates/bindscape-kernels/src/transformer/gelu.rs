//! The Gaussian error linear unit in its exact form, without branches.

use crate::activation::split_exponential;

/// `exp(x)` for `x <= 0`, to about an ulp; below -87 a number next to zero.
#[inline(always)]
pub(crate) fn exponential(x: f32) -> f32 {
    let (power, p) = split_exponential(x);
    power.mul_add(p, power)
}

/// `x Φ(x)`, `Φ` the normal distribution's cumulative function; within 1e-7 of it and 3
/// ulp where `x > 0`. NaN stays NaN.
///
/// `Φ(-a) = exp(-a²/2) k P(k)` with `k = 1 / (1 + 0.3 a)`, the form of Hastings' formulas
/// (Abramowitz and Stegun 7.1.26); `P` is the best polynomial by relative error over
/// `a` in 0..13.5 (1.3e-7).
#[inline(always)]
pub(crate) fn gelu(x: f32) -> f32 {
    let a = x.abs();
    let k = 1.0 / a.mul_add(0.3, 1.0);
    let p = 0.035_931_774_f32
        .mul_add(k, -0.158_276_16)
        .mul_add(k, 0.208_206_86)
        .mul_add(k, -0.055_394_064)
        .mul_add(k, 0.129_469_3)
        .mul_add(k, 0.099_637_46)
        .mul_add(k, 0.120_798_364)
        .mul_add(k, 0.119_626_39);
    let tail = exponential(-0.5 * a * a) * (k * p);
    // x Φ(x) = x - x Φ(-x) where x > 0.
    let positive = if x < 0.0 { 0.0 } else { x };
    (-a).mul_add(tail, positive)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parallel::vectorized;

    /// `Φ(x)` by Simpson's rule from the density.
    fn cumulative(x: f64) -> f64 {
        let density = |t: f64| (-0.5 * t * t).exp() / (2.0 * std::f64::consts::PI).sqrt();
        let steps = 4000;
        let h = x.abs() / f64::from(steps);
        let inner: f64 = (1..steps)
            .map(|i| density(f64::from(i) * h) * if i % 2 == 1 { 4.0 } else { 2.0 })
            .sum();
        0.5 + (h / 3.0 * (density(0.0) + inner + density(x))).copysign(x)
    }

    #[test]
    fn gelu_is_exact_to_single_precision() {
        let inputs: Vec<f32> = (-800..=800).map(|i| i as f32 * 0.01).collect();
        let mut outputs = inputs.clone();
        vectorized(
            #[inline(always)]
            || {
                for y in &mut outputs {
                    *y = gelu(*y);
                }
            },
        );
        for (&x, &y) in inputs.iter().zip(&outputs) {
            let truth = f64::from(x) * cumulative(f64::from(x));
            let allowed = 1.2e-7 + 3.0 * 6e-8 * f64::from(x.max(0.0));
            assert!((f64::from(y) - truth).abs() <= allowed, "{x}: {y} {truth}");
        }
    }

    #[test]
    fn limits() {
        assert_eq!(gelu(0.0), 0.0);
        assert_eq!(gelu(1e30), 1e30);
        assert!(gelu(-1e10).abs() < 1e-20);
        assert!(gelu(f32::NAN).is_nan());
        assert_eq!(exponential(0.0), 1.0);
        let worst = (0..87_000).map(|i| i as f32 * -1e-3).map(|x| {
            let truth = f64::from(x).exp();
            (f64::from(exponential(x)) - truth).abs() / truth
        });
        assert!(worst.fold(0.0, f64::max) < 1.3e-7);
    }
}
