//! The first convolution alone, with tables that are made once.

use crate::buffer::Buffer;
use crate::conv::ConvShape;
use crate::lanes::{kernel, lanes};

use super::{WORD, WORDS, Words, blocks, groups, tables};

/// A convolution of bases of stride 1 without padding, plus a bias: neither normalised, rectified
/// nor pooled.
#[derive(Debug)]
pub struct FirstConvolution {
    /// Of the shortest input.
    shape: ConvShape,
    /// Filters of a block: the first, how many, their tables.
    blocks: Vec<(usize, usize, Buffer)>,
}

impl FirstConvolution {
    /// Of `weight` `[filters, 4, kernel]` and `bias` `[filters]`.
    ///
    /// # Panics
    /// If the weight has another size.
    #[must_use]
    pub fn new(weight: &[f32], bias: &[f32], kernel: usize) -> Self {
        let shape = ConvShape {
            batch: 1,
            length: kernel,
            channels: 4,
            filters: bias.len(),
            kernel,
            pool: 1,
        };
        assert_eq!(weight.len(), bias.len() * 4 * kernel);
        let blocks = blocks(shape.filters).into_iter().map(|(first, width)| {
            let mut tables = tables(&shape, weight, first, width);
            // Each position looks into the first table once: the bias goes there.
            for row in tables[..WORDS * width].chunks_exact_mut(width) {
                for (value, bias) in row.iter_mut().zip(&bias[first..]) {
                    *value += bias;
                }
            }
            (first, width, tables)
        });
        Self {
            shape,
            blocks: blocks.collect(),
        }
    }

    /// `out` `[length - kernel + 1, filters]` of one sequence of bases `0..4`, on this thread.
    ///
    /// # Panics
    /// If the arrays do not fit, or there are other bases.
    pub fn apply(&self, bases: &[u8], out: &mut [f32]) {
        let shape = ConvShape {
            length: bases.len(),
            ..self.shape
        };
        assert!(bases.len() >= shape.kernel && bases.iter().all(|&base| base < 4));
        assert_eq!(out.len(), shape.convolved() * shape.filters);
        let words = Words::new(&shape, bases);
        for (first, width, tables) in &self.blocks {
            respond(shape, tables, words.of(0), *first, *width, out);
        }
    }
}

kernel! {
    /// The responses of the `width` filters from `first` on at every position.
    fn respond<'a>(
        simd;
        shape: ConvShape,
        tables: &'a [f32],
        words: &'a [u8],
        first: usize,
        width: usize,
        out: &'a mut [f32],
    ) {
        let groups = groups(shape.kernel);
        super::check_words(&shape, words, tables.len(), width);
        lanes(simd, width, #[inline(always)] |lane| {
            for position in 0..shape.convolved() {
                let mut x = lane.splat(0.0);
                for group in 0..groups {
                    let word = usize::from(words[position + group * WORD]);
                    let row = (group * WORDS + word) * width;
                    x = x + lane.load(&tables[row..row + width]);
                }
                lane.store(&mut out[position * shape.filters + first..][..width], x);
            }
        });
    }
}
