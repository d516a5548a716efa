//! The layers behind the convolutions: LSTMs and linear layers, for many rows at a time.

use bindscape_kernels::differences::rectify_pair;

use super::chain::Chain;
use super::number::Number;
use super::recurrent::Recorded;

/// What the way back through the tail needs of the way forward.
pub(super) struct Tail<R> {
    recurrent: Vec<Recorded<R>>,
    /// Before ReLU, `[rows, units]`, of each hidden linear layer.
    hidden: Vec<Vec<R>>,
    /// The target's logit of each row.
    pub(super) outputs: Vec<R>,
}

impl<R: Number> Chain<R> {
    /// The target's logits of `features` `[rows, features]`, which the last convolutional block
    /// leaves.
    pub(super) fn tail(&self, features: Vec<R>) -> Tail<R> {
        let rows = features.len() / self.features();
        let mut x = features;
        let mut recurrent = Vec::new();
        for layer in &self.recurrent {
            let (out, recorded) = layer.forward(&x, rows);
            recurrent.push(recorded);
            x = out;
        }
        let mut hidden = Vec::new();
        for block in &self.dense {
            let mut z = vec![R::ZERO; rows * block.bias.len()];
            R::multiply(&block.forward, &x, Some(&block.bias), &mut z);
            x = z.clone();
            if block.rectified {
                x.iter_mut()
                    .for_each(|x| *x = if *x > R::ZERO { *x } else { R::ZERO });
            }
            hidden.push(z);
        }
        let (weight, bias) = &self.last;
        let outputs = x.chunks_exact(weight.len()).map(|x| {
            let products = x.iter().zip(weight).map(|(x, w)| x.wide() * w.wide());
            R::of(products.sum::<f64>() + bias.wide())
        });
        Tail {
            recurrent,
            outputs: outputs.collect(),
            hidden,
        }
    }

    /// Multipliers of the features, `[pairs, features]`, of pairs of rows: the input first, then its
    /// reference. With one row as both they are gradients. Those of the logit are `starts`.
    pub(super) fn tail_multipliers(
        &self,
        tail: &Tail<R>,
        pairs: &[(usize, usize)],
        starts: &[R],
    ) -> Vec<R> {
        let mut m: Vec<R> = starts
            .iter()
            .flat_map(|&start| self.last.0.iter().map(move |&weight| weight * start))
            .collect();
        for (block, z) in self.dense.iter().zip(&tail.hidden).rev() {
            let units = block.bias.len();
            if block.rectified {
                for (&(own, other), m) in pairs.iter().zip(m.chunks_exact_mut(units)) {
                    let row = |row: usize| &z[row * units..][..units];
                    rectify_pair(row(own), row(other), m);
                }
            }
            let mut inputs = vec![R::ZERO; pairs.len() * block.inputs];
            R::multiply(&block.backward, &m, None, &mut inputs);
            m = inputs;
        }
        for (layer, recorded) in self.recurrent.iter().zip(&tail.recurrent).rev() {
            m = layer.multipliers(recorded, pairs, &m);
        }
        m
    }
}
