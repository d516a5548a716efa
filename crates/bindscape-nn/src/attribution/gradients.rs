//! Gradients: at a sequence (saliency), and in the mean on the line from a reference to it
//! (integrated gradients; Sundararajan, Taly & Yan 2017, "Axiomatic attribution for deep networks").
//!
//! The first convolution is linear, so that of a point on the line is a mean of those of its ends.

use bindscape_kernels::differences::{Routes, pool, slopes};

use super::chain::{Chain, Convolve};
use super::deeplift::{Sum, back, first_convolution};
use super::number::Number;
use super::{Attribution, Example, Reference};
use crate::quadrature::gauss_legendre;

/// Points that pass through the network together.
const POINTS: usize = 16;

impl<R: Number> Chain<R> {
    /// The gradient at a sequence for every base at every position.
    pub(super) fn saliency(&self, bases: &[u8]) -> Attribution {
        let (block, first) = self.first();
        let z = first_convolution(block, first, &Reference::Bases(bases));
        let (outputs, m) = self.gradient(&[z], &[R::ONE]);
        let at = |at: usize| m[at % self.length * 4 + at / self.length].wide();
        Attribution {
            output: outputs[0].wide(),
            hypothetical: (0..4 * self.length).map(at).collect(),
            reference_outputs: Vec::new(),
            gaps: Vec::new(),
        }
    }

    /// Integrated gradients with `steps` points on each line.
    pub(super) fn integrated_gradients(&self, example: &Example<'_>, steps: usize) -> Attribution {
        let (block, first) = self.first();
        let points = gauss_legendre(steps);
        let own = first_convolution(block, first, &Reference::Bases(example.bases));
        let mut sum = Sum::new(self.length);
        for reference in example.references {
            let other = first_convolution(block, first, reference);
            let ends = self.outputs(&[own.clone(), other.clone()]);
            let mut m = vec![R::ZERO; self.length * 4];
            for points in points.chunks(POINTS) {
                let starts: Vec<R> = points.iter().map(|&(_, weight)| R::of(weight)).collect();
                let places = points.iter().map(|&(place, _)| R::of(place));
                let rows: Vec<Vec<R>> = places
                    .map(|place| {
                        let pairs = own.iter().zip(&other);
                        pairs.map(|(&x, &r)| r + place * (x - r)).collect()
                    })
                    .collect();
                let (_, part) = self.gradient(&rows, &starts);
                m.iter_mut().zip(part).for_each(|(m, part)| *m = *m + part);
            }
            let outputs = [ends[0].wide(), ends[1].wide()];
            sum.add(example.bases, reference, &m, outputs);
        }
        sum.attribution()
    }

    pub(super) fn first(&self) -> (&super::chain::ConvBlock<R>, &R::First) {
        let block = &self.convolutions[0];
        match &block.convolve {
            Convolve::Bases(first) => (block, first),
            Convolve::Activations(_) => unreachable!("the first convolution reads bases"),
        }
    }

    /// The target's logits for first convolutions `z`.
    pub(super) fn outputs(&self, z: &[Vec<R>]) -> Vec<R> {
        self.tail(self.points(z).0).outputs
    }

    /// The target's logits for first convolutions `z`, and the sum of the gradients, each times its
    /// weight, `[length, 4]`.
    fn gradient(&self, z: &[Vec<R>], weights: &[R]) -> (Vec<R>, Vec<R>) {
        let (features, routes) = self.points(z);
        let tail = self.tail(features);
        let pairs: Vec<(usize, usize)> = (0..z.len()).map(|row| (row, row)).collect();
        let m = self.tail_multipliers(&tail, &pairs, weights);
        let mut sum = vec![R::ZERO; self.length * 4];
        for (point, m) in m.chunks_exact(self.features()).enumerate() {
            let mut m = m.to_vec();
            for (block, routes) in self.convolutions.iter().zip(&routes).rev() {
                m = back(block, &routes[point], &m);
            }
            sum.iter_mut().zip(m).for_each(|(sum, m)| *sum = *sum + m);
        }
        (tail.outputs, sum)
    }

    /// Features, and routes of gradients block by block, of first convolutions.
    fn points(&self, z: &[Vec<R>]) -> (Vec<R>, Vec<Vec<Routes<R>>>) {
        let mut z: Vec<R> = z.concat();
        let mut all = Vec::new();
        for (number, block) in self.convolutions.iter().enumerate() {
            let mut out = Vec::new();
            let mut routes = Vec::new();
            for z in z.chunks_exact(block.width()) {
                let pooled = pool(block.pool, z);
                routes.push(slopes(&pooled));
                out.extend(pooled.out);
            }
            all.push(routes);
            match self.convolutions.get(number + 1) {
                None => return (out, all),
                Some(next) => {
                    z = vec![R::ZERO; routes_len(&all) * next.width()];
                    if let Convolve::Activations(convolution) = &next.convolve {
                        R::convolve(convolution, &out, next.length, &mut z);
                    }
                }
            }
        }
        unreachable!("a network has convolutions")
    }
}

fn routes_len<R>(all: &[Vec<Routes<R>>]) -> usize {
    all.first().map_or(0, Vec::len)
}
