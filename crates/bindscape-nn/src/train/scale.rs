//! The scale of the loss in training with products in `f16`.
//!
//! Its smallest number is 6e-8: gradients below it would be zeros. The loss is multiplied
//! by a factor before it is differentiated and the gradients are divided by it. The factor
//! follows PyTorch's `GradScaler`: 65,536 at first, half of it after gradients that are not
//! finite, whose step is left out, and twice of it after 2,000 steps in a row.

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use crate::host::to_vec;

/// Gradients of a batch, one entry per array of the network, flat.
pub(crate) type Gradients = Vec<Option<Tensor<1>>>;

/// Good steps in a row after which the factor doubles.
const GROWTH: u32 = 2000;

/// The factor of the loss, and how it came about.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct LossScale {
    /// A power of two: scaling by it rounds nothing.
    pub(crate) factor: f32,
    /// Steps since the factor changed.
    good: u32,
    /// Steps left out so far.
    pub(crate) skipped: u64,
}

impl Default for LossScale {
    fn default() -> Self {
        Self {
            factor: 65_536.0,
            good: 0,
            skipped: 0,
        }
    }
}

impl LossScale {
    /// Takes note of the gradients of a step; whether the step is to be done.
    pub(crate) fn admits(&mut self, finite: bool) -> bool {
        if !finite {
            self.factor /= 2.0;
            self.good = 0;
            self.skipped += 1;
        } else if self.good + 1 == GROWTH {
            // Beyond this the factor itself would leave f32.
            self.factor = (2.0 * self.factor).min(2.0_f32.powi(126));
            self.good = 0;
        } else {
            self.good += 1;
        }
        finite
    }

    /// Whether gradients leave the range of the type without any scaling.
    pub(crate) fn exhausted(&self) -> bool {
        self.factor < 1.0
    }
}

/// Whether all gradients are finite: then so is the sum of their squares, for anything
/// that training could go on from.
pub(crate) fn finite(gradients: &Gradients) -> bool {
    let sums: Vec<Tensor<1>> = gradients
        .iter()
        .flatten()
        .map(|gradient| gradient.clone().square().sum())
        .collect();
    sums.is_empty()
        || to_vec(Tensor::cat(sums, 0))
            .iter()
            .all(|sum| sum.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    #[test]
    fn the_factor_follows_the_gradients() {
        let mut scale = LossScale::default();
        assert!(!scale.admits(false));
        assert_eq!((scale.factor, scale.skipped), (32_768.0, 1));
        for _ in 1..GROWTH {
            assert!(scale.admits(true));
        }
        assert_eq!(scale.factor, 32_768.0);
        assert!(scale.admits(true));
        assert_eq!(scale.factor, 65_536.0);
        for _ in 0..16 {
            scale.admits(false);
            assert!(!scale.exhausted());
        }
        scale.admits(false);
        assert!(scale.exhausted());
        assert_eq!(scale.skipped, 18);
    }

    #[test]
    fn one_number_that_is_not_finite_is_found() {
        let gradients = |values: [f32; 3]| -> Gradients {
            let tensor = |values: &[f32]| Some(Tensor::from_floats(values, &Device::flex()));
            vec![tensor(&values[..1]), None, tensor(&values[1..])]
        };
        assert!(finite(&gradients([1.0, -2.0, 1e15])));
        assert!(finite(&vec![None]));
        for odd in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            assert!(!finite(&gradients([1.0, 2.0, odd])));
            assert!(!finite(&gradients([odd, 2.0, 0.0])));
        }
    }
}
