//! A convolution alone, with filters that are made ready once.

use crate::parallel::Shared;
use crate::products::add_rows;

use super::{ConvShape, Filters};

/// A convolution of stride 1 without padding, plus a bias: neither normalised, rectified nor
/// pooled.
pub struct Convolution {
    filters: Filters,
    bias: Vec<f32>,
    /// Of the shortest input.
    shape: ConvShape,
}

impl Convolution {
    /// Of `weight` `[filters, channels, kernel]` and `bias` `[filters]`.
    ///
    /// # Panics
    /// If the weight has another size.
    #[must_use]
    pub fn new(weight: &[f32], bias: &[f32], channels: usize, kernel: usize) -> Self {
        let shape = ConvShape {
            batch: 1,
            length: kernel,
            channels,
            filters: bias.len(),
            kernel,
            pool: 1,
        };
        assert_eq!(weight.len(), bias.len() * channels * kernel);
        Self {
            filters: Filters::new(&shape, weight),
            bias: bias.to_vec(),
            shape,
        }
    }

    /// `out` `[sequences, length - kernel + 1, filters]` of `x` `[sequences, length, channels]`,
    /// on this thread.
    ///
    /// # Panics
    /// If the arrays do not fit.
    pub fn apply(&self, x: &[f32], length: usize, out: &mut [f32]) {
        let sequence_x = length * self.shape.channels;
        let batch = x.len() / sequence_x;
        let shape = ConvShape {
            batch,
            length,
            ..self.shape
        };
        assert!(length >= shape.kernel && x.len() == batch * sequence_x);
        let sequence_z = shape.convolved() * shape.filters;
        assert_eq!(out.len(), batch * sequence_z);
        for first in (0..batch).step_by(shape.group()) {
            let sequences = shape.group().min(batch - first);
            let mut input = self.filters.room(&shape, sequences);
            let input = Shared::new(&mut input);
            let z = &mut out[first * sequence_z..][..sequences * sequence_z];
            let own = (first, sequences);
            self.filters
                .convolve(&shape, x, own, &input, (0, sequences), z);
            add_rows(z, &self.bias);
        }
    }
}

impl std::fmt::Debug for Convolution {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Convolution")
            .field("shape", &self.shape)
            .finish_non_exhaustive()
    }
}
