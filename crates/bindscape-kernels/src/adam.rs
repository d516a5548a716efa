//! Adam in one pass over memory.

use crate::parallel::{self, Shared, vectorized};

/// Entries that a thread updates at a time.
const CHUNK: usize = 1 << 14;

/// Constants of a step.
#[derive(Debug, Clone, Copy)]
pub struct AdamStep {
    /// Decay of the first moment.
    pub beta1: f32,
    /// Decay of the second moment.
    pub beta2: f32,
    /// Added to the root of the second moment.
    pub epsilon: f32,
    /// `learning rate / (1 - beta1^step)`.
    pub size: f32,
    /// `sqrt(1 - beta2^step)`.
    pub root: f32,
    /// What the parameter is multiplied by before the step: 1, or less where weights decay.
    pub keep: f32,
}

/// `parameter` after a step along `gradient`, with its moments, in place; PyTorch's order
/// of operations.
///
/// # Panics
/// If the lengths differ.
pub fn adam(
    step: AdamStep,
    parameter: &mut [f32],
    gradient: &[f32],
    first: &mut [f32],
    second: &mut [f32],
) {
    let len = parameter.len();
    assert!(gradient.len() == len && first.len() == len && second.len() == len);
    let (parameter, first, second) = (
        Shared::new(parameter),
        Shared::new(first),
        Shared::new(second),
    );
    parallel::for_each(len.div_ceil(CHUNK), |task| {
        let from = task * CHUNK;
        let count = CHUNK.min(len - from);
        // SAFETY: chunks do not overlap.
        let (p, m, v) = unsafe {
            (
                parameter.part(from, count),
                first.part(from, count),
                second.part(from, count),
            )
        };
        let g = &gradient[from..from + count];
        vectorized(
            #[inline(always)]
            || {
                for i in 0..count {
                    m[i] += (g[i] - m[i]) * (1.0 - step.beta1);
                    v[i] = v[i] * step.beta2 + g[i] * g[i] * (1.0 - step.beta2);
                    p[i] = p[i] * step.keep
                        - m[i] / (v[i].sqrt() / step.root + step.epsilon) * step.size;
                }
            },
        );
    });
}
