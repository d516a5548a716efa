//! Linear layers whose weights are packed once.

use crate::gemm::{self, Left, Packed, Rows};
use crate::parallel::vectorized;

use super::gelu::gelu;

/// Most columns of the product that are finished together, while they lie in the cache.
const GROUP: usize = 64;

/// What becomes of a layer's output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finish {
    /// It is stored.
    Store,
    /// Its GELU is stored.
    Gelu,
    /// It is added to what is there.
    Add,
}

/// `y = x weight^T + bias`.
#[derive(Debug)]
pub struct Linear {
    inputs: usize,
    outputs: usize,
    bias: Vec<f32>,
    groups: Vec<Group>,
}

/// Weights of neighbouring outputs.
#[derive(Debug)]
struct Group {
    first: usize,
    width: usize,
    factor: Packed,
}

impl Linear {
    /// Packs a layer's `weight` `[outputs, inputs]`; without a `bias`, it is zero.
    ///
    /// # Panics
    /// If the arrays do not fit, or there are no inputs or outputs.
    #[must_use]
    pub fn new(weight: &[f32], bias: Option<&[f32]>, inputs: usize) -> Self {
        assert!(inputs > 0 && !weight.is_empty() && weight.len().is_multiple_of(inputs));
        let outputs = weight.len() / inputs;
        let bias = bias.map_or_else(|| vec![0.0; outputs], <[f32]>::to_vec);
        assert_eq!(bias.len(), outputs);
        let groups = groups(outputs).map(|(first, width)| {
            let rows = &weight[first * inputs..(first + width) * inputs];
            Group {
                first,
                width,
                factor: Packed::new(rows, inputs, width, 1, inputs),
            }
        });
        Self {
            inputs,
            outputs,
            bias,
            groups: groups.collect(),
        }
    }

    /// Features that come in.
    #[must_use]
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// Features that go out.
    #[must_use]
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// Applies the layer to rows, on this thread. A row's numbers do not depend on the
    /// other rows.
    ///
    /// # Shapes
    /// `x` is `[rows, inputs]`, `out` `[rows, outputs]`.
    ///
    /// # Panics
    /// If the arrays do not fit.
    pub fn forward(&self, x: &[f32], out: &mut [f32], finish: Finish) {
        assert!(x.len().is_multiple_of(self.inputs));
        let rows = x.len() / self.inputs;
        assert_eq!(rows * self.outputs, out.len());
        if rows == 0 {
            return;
        }
        let left = Left {
            values: x,
            row: self.inputs,
            column: 1,
        };
        for group in &self.groups {
            let (k, n) = (self.inputs, group.width);
            let c = &mut out[group.first..];
            let right = group.factor.right();
            let add = finish == Finish::Add;
            gemm::multiply_here(Rows::plain(rows), n, k, left, right, c, self.outputs, add);
            let bias = &self.bias[group.first..group.first + n];
            vectorized(
                #[inline(always)]
                || {
                    for row in c.chunks_mut(self.outputs) {
                        let row = &mut row[..n];
                        if finish == Finish::Gelu {
                            for (y, &bias) in row.iter_mut().zip(bias) {
                                *y = gelu(*y + bias);
                            }
                        } else {
                            for (y, &bias) in row.iter_mut().zip(bias) {
                                *y += bias;
                            }
                        }
                    }
                },
            );
        }
    }
}

/// First column and width of the groups of `columns` columns, of even widths.
fn groups(columns: usize) -> impl Iterator<Item = (usize, usize)> {
    let lanes = gemm::lanes();
    let vectors = columns.div_ceil(lanes);
    let count = columns.div_ceil(GROUP);
    let first = move |group: usize| (group * vectors / count * lanes).min(columns);
    (0..count).map(move |group| (first(group), first(group + 1) - first(group)))
}
