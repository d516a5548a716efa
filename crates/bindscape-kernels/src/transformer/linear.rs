//! Linear layers whose weights are packed once.

use crate::buffer::Buffer;
use crate::gemm::{self, Left, Packed, Rows};
use crate::parallel::vectorized;

use super::gelu::gelu;

/// Most columns of the product that are finished together, while they lie in the cache.
const GROUP: usize = 64;
/// Products that [`Products::Fast`] needs for a block of two by two.
const SEVEN: usize = 7;

/// How products are formed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Products {
    /// An element is the sum of its terms in order.
    #[default]
    Plain,
    /// By Winograd's variant of Strassen's algorithm, one level: seven products of blocks
    /// instead of eight, an eighth less work. A block pairs two neighbouring rows, the two
    /// halves of the inputs and the two halves of the outputs. Packed weights take
    /// 7/4 of the space. The error is some two to three times that of plain sums, in the
    /// measure of the larger row of the pair.
    ///
    /// Layers with an odd number of inputs or outputs are computed plainly.
    Fast,
}

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
    fast: bool,
    groups: Vec<Group>,
}

/// Weights of neighbouring outputs.
#[derive(Debug)]
struct Group {
    first: usize,
    width: usize,
    /// One right factor, or [`SEVEN`].
    factors: Vec<Packed>,
}

impl Linear {
    /// Packs a layer's `weight` `[outputs, inputs]`; without a `bias`, it is zero.
    ///
    /// # Panics
    /// If the arrays do not fit, or there are no inputs or outputs.
    #[must_use]
    pub fn new(weight: &[f32], bias: Option<&[f32]>, inputs: usize, products: Products) -> Self {
        assert!(inputs > 0 && !weight.is_empty() && weight.len().is_multiple_of(inputs));
        let outputs = weight.len() / inputs;
        let bias = bias.map_or_else(|| vec![0.0; outputs], <[f32]>::to_vec);
        assert_eq!(bias.len(), outputs);
        let even = inputs.is_multiple_of(2) && outputs.is_multiple_of(2);
        let fast = products == Products::Fast && even;
        let columns = if fast { outputs / 2 } else { outputs };
        let groups = groups(columns).map(|(first, width)| {
            let factors = if fast {
                fast_factors(weight, inputs, outputs, first, width)
            } else {
                let rows = &weight[first * inputs..(first + width) * inputs];
                vec![Packed::new(rows, inputs, width, 1, inputs)]
            };
            Group {
                first,
                width,
                factors,
            }
        });
        Self {
            inputs,
            outputs,
            bias,
            fast,
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

    /// Applies the layer to rows, on this thread.
    ///
    /// # Shapes
    /// `x` is `[rows, inputs]`, `out` `[rows, outputs]`; the number of rows is even.
    ///
    /// # Panics
    /// If the arrays do not fit.
    pub fn forward(&self, x: &[f32], out: &mut [f32], finish: Finish) {
        assert!(x.len().is_multiple_of(2 * self.inputs));
        assert_eq!(x.len() / self.inputs * self.outputs, out.len());
        if x.is_empty() {
            return;
        }
        if self.fast {
            self.forward_fast(x, out, finish);
        } else {
            self.forward_plain(x, out, finish);
        }
    }

    fn forward_plain(&self, x: &[f32], out: &mut [f32], finish: Finish) {
        let rows = x.len() / self.inputs;
        let left = Left {
            values: x,
            row: self.inputs,
            column: 1,
        };
        for group in &self.groups {
            let (k, n) = (self.inputs, group.width);
            let c = &mut out[group.first..];
            let right = group.factors[0].right();
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

    /// Rows `2i` and `2i + 1` are the upper and the lower part of the left factor's blocks.
    /// Names are those of the literature: sums `s`, products `p`.
    fn forward_fast(&self, x: &[f32], out: &mut [f32], finish: Finish) {
        let pairs = x.len() / self.inputs / 2;
        let k = self.inputs / 2;
        let mut sums = Buffer::any(4 * pairs * k);
        left_sums(x, k, &mut sums);
        let halves = |from: usize| Left {
            values: &x[from * k..],
            row: 4 * k,
            column: 1,
        };
        let sum = |number: usize| Left {
            values: &sums[(number - 1) * pairs * k..number * pairs * k],
            row: k,
            column: 1,
        };
        let lefts = [
            halves(0),
            halves(1),
            sum(4),
            halves(3),
            sum(1),
            sum(2),
            sum(3),
        ];
        let mut products = Buffer::any(SEVEN * pairs * GROUP);
        for group in &self.groups {
            let n = group.width;
            for ((left, factor), p) in lefts
                .iter()
                .zip(&group.factors)
                .zip(products.chunks_exact_mut(pairs * GROUP))
            {
                gemm::multiply_here(Rows::plain(pairs), n, k, *left, factor.right(), p, n, false);
            }
            self.finish_fast(group, &products, pairs, out, finish);
        }
    }

    fn finish_fast(
        &self,
        group: &Group,
        products: &[f32],
        pairs: usize,
        out: &mut [f32],
        finish: Finish,
    ) {
        let (n, half) = (group.width, self.outputs / 2);
        let product = |number: usize| &products[(number - 1) * pairs * GROUP..][..pairs * n];
        let p: [&[f32]; SEVEN] = [
            product(1),
            product(2),
            product(3),
            product(4),
            product(5),
            product(6),
            product(7),
        ];
        let bias_1 = &self.bias[group.first..][..n];
        let bias_2 = &self.bias[half + group.first..][..n];
        vectorized(
            #[inline(always)]
            || {
                for (pair, rows) in out.chunks_exact_mut(2 * self.outputs).enumerate() {
                    let (upper, lower) = rows.split_at_mut(self.outputs);
                    let (c11, c12) = upper.split_at_mut(half);
                    let (c21, c22) = lower.split_at_mut(half);
                    let c11 = &mut c11[group.first..][..n];
                    let c12 = &mut c12[group.first..][..n];
                    let c21 = &mut c21[group.first..][..n];
                    let c22 = &mut c22[group.first..][..n];
                    let at = pair * n;
                    let (p1, p2) = (&p[0][at..at + n], &p[1][at..at + n]);
                    let (p3, p4) = (&p[2][at..at + n], &p[3][at..at + n]);
                    let (p5, p6) = (&p[4][at..at + n], &p[5][at..at + n]);
                    let p7 = &p[6][at..at + n];
                    // A block's four numbers, and what becomes of each.
                    macro_rules! each {
                        ($to:ident, $y:ident, $finish:expr) => {
                            for j in 0..n {
                                let u2 = p1[j] + p6[j];
                                let u3 = u2 + p7[j];
                                let ($to, $y) = (&mut c11[j], p1[j] + p2[j] + bias_1[j]);
                                $finish;
                                let ($to, $y) = (&mut c12[j], u2 + p5[j] + p3[j] + bias_2[j]);
                                $finish;
                                let ($to, $y) = (&mut c21[j], u3 - p4[j] + bias_1[j]);
                                $finish;
                                let ($to, $y) = (&mut c22[j], u3 + p5[j] + bias_2[j]);
                                $finish;
                            }
                        };
                    }
                    match finish {
                        Finish::Store => each!(to, y, *to = y),
                        Finish::Gelu => each!(to, y, *to = gelu(y)),
                        Finish::Add => each!(to, y, *to += y),
                    }
                }
            },
        );
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

/// The sums of the left factor's blocks, `s1` to `s4`, each `[pairs, k]`.
fn left_sums(x: &[f32], k: usize, sums: &mut [f32]) {
    let (s12, s34) = sums.split_at_mut(sums.len() / 2);
    let (s1, s2) = s12.split_at_mut(s12.len() / 2);
    let (s3, s4) = s34.split_at_mut(s34.len() / 2);
    vectorized(
        #[inline(always)]
        || {
            for (pair, rows) in x.chunks_exact(4 * k).enumerate() {
                let (upper, lower) = rows.split_at(2 * k);
                let (a11, a12) = upper.split_at(k);
                let (a21, a22) = lower.split_at(k);
                let s1 = &mut s1[pair * k..][..k];
                let s2 = &mut s2[pair * k..][..k];
                let s3 = &mut s3[pair * k..][..k];
                let s4 = &mut s4[pair * k..][..k];
                for j in 0..k {
                    let first = a21[j] + a22[j];
                    let second = first - a11[j];
                    s1[j] = first;
                    s2[j] = second;
                    s3[j] = a11[j] - a21[j];
                    s4[j] = a12[j] - second;
                }
            }
        },
    );
}

/// The seven right factors for `width` columns of each half, from the `first` on.
fn fast_factors(
    weight: &[f32],
    inputs: usize,
    outputs: usize,
    first: usize,
    width: usize,
) -> Vec<Packed> {
    let (k, half) = (inputs / 2, outputs / 2);
    // Number `at` of the block of input half `i` and output half `j`.
    let block = |i: usize, j: usize, at: usize| {
        weight[(j * half + first + at / k) * inputs + i * k + at % k]
    };
    let pack = |value: &dyn Fn(usize) -> f32| {
        let values: Vec<f32> = (0..width * k).map(value).collect();
        Packed::new(&values, k, width, 1, k)
    };
    let t1 = |at| block(0, 1, at) - block(0, 0, at);
    let t2 = |at| block(1, 1, at) - t1(at);
    vec![
        pack(&|at| block(0, 0, at)),
        pack(&|at| block(1, 0, at)),
        pack(&|at| block(1, 1, at)),
        pack(&|at| t2(at) - block(1, 0, at)),
        pack(&t1),
        pack(&t2),
        pack(&|at| block(1, 1, at) - block(0, 1, at)),
    ]
}
