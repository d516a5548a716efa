//! DeepLIFT with the rescale rule, many references for one sequence.
//!
//! A sequence passes through the network once for all of its references. Multipliers of a pair of
//! sequence and reference come from there: rules of the layers are in
//! [`bindscape_kernels::differences`].

use bindscape_kernels::differences::{Pooled, Routes, pool, pool_pair};

use super::chain::{Chain, ConvBlock, Convolve};
use super::number::Number;
use super::{Attribution, Example, Reference};

/// What multipliers need of the convolutional blocks for one sequence: block by block, reference by
/// reference.
struct Passed<R> {
    routes: Vec<Vec<Routes<R>>>,
}

impl<R: Number> Chain<R> {
    /// Attributions of a few examples, which are computed together.
    pub(super) fn deeplift(&self, examples: &[Example<'_>]) -> Vec<Attribution> {
        let mut features = Vec::new();
        let passed: Vec<Passed<R>> = examples
            .iter()
            .map(|example| self.pass(example, &mut features))
            .collect();
        // Rows of the tail: each sequence, and its references behind it.
        let mut pairs = Vec::new();
        let mut next = 0;
        for example in examples {
            let own = next;
            pairs.extend((0..example.references.len()).map(|number| (own, own + 1 + number)));
            next += 1 + example.references.len();
        }
        let tail = self.tail(features);
        let m = self.tail_multipliers(&tail, &pairs, &vec![R::ONE; pairs.len()]);
        let mut rows = m.chunks_exact(self.features()).zip(&pairs);
        examples
            .iter()
            .zip(&passed)
            .map(|(example, passed)| {
                let mut sum = Sum::new(self.length);
                for (number, reference) in example.references.iter().enumerate() {
                    let (m, &(own, other)) = rows.next().expect("a row per pair");
                    let m = self.input_multipliers(passed, number, m);
                    let outputs = [tail.outputs[own].wide(), tail.outputs[other].wide()];
                    sum.add(example.bases, reference, &m, outputs);
                }
                sum.attribution()
            })
            .collect()
    }

    /// Takes a sequence and its references through the convolutional blocks; appends a row of
    /// features for each.
    fn pass(&self, example: &Example<'_>, features: &mut Vec<R>) -> Passed<R> {
        let count = example.references.len();
        let mut passed = Passed { routes: Vec::new() };
        let (mut own, mut others) = (Vec::new(), Vec::new());
        for block in &self.convolutions {
            let (pooled, next, routes) = match &block.convolve {
                Convolve::Bases(first) => first_block(block, first, example),
                Convolve::Activations(convolution) => {
                    let mut z = vec![R::ZERO; block.width()];
                    R::convolve(convolution, &own, block.length, &mut z);
                    let mut z_refs = vec![R::ZERO; count * block.width()];
                    R::convolve(convolution, &others, block.length, &mut z_refs);
                    let pooled = pool(block.pool, &z);
                    let mut next = vec![R::ZERO; count * block.pool.pooled()];
                    let rows = z_refs.chunks_exact(block.width());
                    let routes = rows
                        .zip(next.chunks_exact_mut(block.pool.pooled()))
                        .map(|(z_ref, out)| pool_pair(block.pool, &z, &pooled, z_ref, out))
                        .collect();
                    (pooled, next, routes)
                }
            };
            passed.routes.push(routes);
            (own, others) = (pooled.out, next);
        }
        features.extend_from_slice(&own);
        features.extend_from_slice(&others);
        passed
    }

    /// Multipliers of the bases, `[length, 4]`, for those of the features.
    fn input_multipliers(&self, passed: &Passed<R>, reference: usize, features: &[R]) -> Vec<R> {
        let mut m = features.to_vec();
        for (block, routes) in self.convolutions.iter().zip(&passed.routes).rev() {
            m = back(block, &routes[reference], &m);
        }
        m
    }
}

/// Multipliers of the input of a block, `[length, channels]`, for those of its output.
pub(super) fn back<R: Number>(block: &ConvBlock<R>, routes: &Routes<R>, m: &[R]) -> Vec<R> {
    block.scatter.apply(m, routes, block.length)
}

/// The first block: pooled maxima of the sequence and of its references, and their routes.
fn first_block<R: Number>(
    block: &ConvBlock<R>,
    first: &R::First,
    example: &Example<'_>,
) -> (Pooled<R>, Vec<R>, Vec<Routes<R>>) {
    let z = first_convolution(block, first, &Reference::Bases(example.bases));
    let pooled = pool(block.pool, &z);
    let mut next = vec![R::ZERO; example.references.len() * block.pool.pooled()];
    let outs = next.chunks_exact_mut(block.pool.pooled());
    let pairs = example.references.iter().zip(outs);
    let routes = pairs
        .map(|(reference, out)| {
            let z_ref = first_convolution(block, first, reference);
            pool_pair(block.pool, &z, &pooled, &z_ref, out)
        })
        .collect();
    (pooled, next, routes)
}

/// The first convolution of a sequence or reference, `[positions, filters]`.
pub(super) fn first_convolution<R: Number>(
    block: &ConvBlock<R>,
    first: &R::First,
    of: &Reference<'_>,
) -> Vec<R> {
    match of {
        Reference::Zeros => block.bias.repeat(block.convolved()),
        Reference::Bases(bases) => {
            let mut z = vec![R::ZERO; block.width()];
            R::apply_first(first, bases, &mut z);
            z
        }
    }
}

/// The sum of attributions over the references of a sequence.
pub(super) struct Sum {
    /// `[length, 4]`.
    hypothetical: Vec<f64>,
    output: f64,
    reference_outputs: Vec<f64>,
    gaps: Vec<f64>,
}

impl Sum {
    pub(super) fn new(length: usize) -> Self {
        Self {
            hypothetical: vec![0.0; length * 4],
            output: 0.0,
            reference_outputs: Vec::new(),
            gaps: Vec::new(),
        }
    }

    /// Adds what multipliers `m` `[length, 4]` of a pair say; `outputs` are those of sequence and
    /// reference.
    pub(super) fn add<R: Number>(
        &mut self,
        bases: &[u8],
        reference: &Reference<'_>,
        m: &[R],
        outputs: [f64; 2],
    ) {
        let rows = m.chunks_exact(4).zip(self.hypothetical.chunks_exact_mut(4));
        let mut total = 0.0;
        for (position, (m, sum)) in rows.enumerate() {
            let start = match reference {
                Reference::Bases(other) => m[usize::from(other[position])].wide(),
                Reference::Zeros => 0.0,
            };
            for (sum, m) in sum.iter_mut().zip(m) {
                *sum += m.wide() - start;
            }
            total += m[usize::from(bases[position])].wide() - start;
        }
        self.output = outputs[0];
        self.reference_outputs.push(outputs[1]);
        self.gaps.push((outputs[0] - outputs[1] - total).abs());
    }

    /// The mean.
    pub(super) fn attribution(self) -> Attribution {
        let count = self.gaps.len() as f64;
        let length = self.hypothetical.len() / 4;
        let mean = |at: usize| self.hypothetical[at % length * 4 + at / length] / count;
        Attribution {
            output: self.output,
            hypothetical: (0..4 * length).map(mean).collect(),
            reference_outputs: self.reference_outputs,
            gaps: self.gaps,
        }
    }
}
