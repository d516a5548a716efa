//! Products with a factor that is made ready once, on the thread that asks for them.

use crate::gemm::{self, Left, Packed, Rows};
use crate::parallel::vectorized;

/// The weights of a linear layer, ready for products with any number of rows.
///
/// ```
/// use bindscape_kernels::products::Factor;
///
/// // Two inputs, three outputs.
/// let weight = [1.0, 2.0, 0.0, 1.0, -1.0, 0.0];
/// let mut out = [0.0; 3];
/// Factor::new(&weight, 3, 2).apply(&[1.0, 10.0], Some(&[0.5, 0.0, 0.0]), &mut out);
/// assert_eq!(out, [21.5, 10.0, -1.0]);
/// let mut back = [0.0; 2];
/// Factor::transposed(&weight, 3, 2).apply(&[1.0, 1.0, 0.0], None, &mut back);
/// assert_eq!(back, [1.0, 3.0]);
/// ```
#[derive(Debug)]
pub struct Factor {
    packed: Packed,
    inputs: usize,
    outputs: usize,
}

impl Factor {
    /// Of `weight` `[outputs, inputs]`: [`Factor::apply`] goes from inputs to outputs.
    ///
    /// # Panics
    /// If the weight has another size.
    #[must_use]
    pub fn new(weight: &[f32], outputs: usize, inputs: usize) -> Self {
        assert_eq!(weight.len(), outputs * inputs);
        Self {
            packed: Packed::new(weight, inputs, outputs, 1, inputs),
            inputs,
            outputs,
        }
    }

    /// Of the transpose of `weight` `[outputs, inputs]`: [`Factor::apply`] goes from outputs to
    /// inputs.
    ///
    /// # Panics
    /// If the weight has another size.
    #[must_use]
    pub fn transposed(weight: &[f32], outputs: usize, inputs: usize) -> Self {
        assert_eq!(weight.len(), outputs * inputs);
        Self {
            packed: Packed::new(weight, outputs, inputs, inputs, 1),
            inputs: outputs,
            outputs: inputs,
        }
    }

    /// `out` `[rows, outputs]` for `x` `[rows, inputs]`, plus `bias` `[outputs]`.
    ///
    /// # Panics
    /// If the arrays do not fit.
    pub fn apply(&self, x: &[f32], bias: Option<&[f32]>, out: &mut [f32]) {
        let rows = x.len() / self.inputs;
        assert_eq!(x.len(), rows * self.inputs);
        assert_eq!(out.len(), rows * self.outputs);
        let left = Left {
            values: x,
            row: self.inputs,
            column: 1,
        };
        let (n, k) = (self.outputs, self.inputs);
        let right = self.packed.right();
        gemm::multiply_here(Rows::plain(rows), n, k, left, right, out, n, false);
        if let Some(bias) = bias {
            add_rows(out, bias);
        }
    }
}

/// Adds `bias` to each row.
pub(crate) fn add_rows(out: &mut [f32], bias: &[f32]) {
    vectorized(
        #[inline(always)]
        || {
            for row in out.chunks_exact_mut(bias.len()) {
                for (out, &bias) in row.iter_mut().zip(bias) {
                    *out += bias;
                }
            }
        },
    );
}
