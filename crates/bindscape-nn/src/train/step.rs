//! One step of training: forward, backward, Adam.

use burn::tensor::Tensor;

use crate::adam::{self, Moments, StepSize};
use crate::host::to_vec;
use crate::layers;
use crate::network::{Dropout, Network, Output, Pass, Value};
use crate::precision::Precision;

use super::options::Freeze;
use super::scale::{self, Gradients, LossScale};

/// A network in training.
#[derive(Debug, Clone)]
pub(crate) struct Learner {
    pub(crate) network: Network,
    /// One entry per array of the network; `None` before its first update.
    pub(crate) moments: Vec<Option<Moments>>,
    pub(crate) freeze: Freeze,
    /// By how much of the learning rate a step makes the weights of layers smaller.
    pub(crate) weight_decay: f64,
    /// Steps done.
    pub(crate) step: u64,
    /// With products in `f16` only.
    pub(crate) loss_scale: Option<LossScale>,
}

impl Learner {
    pub(crate) fn new(network: Network, freeze: Freeze) -> Self {
        let moments = vec![None; network.arrays.len()];
        let loss_scale = (network.precision == Precision::F16).then(LossScale::default);
        Self {
            network,
            moments,
            freeze,
            weight_decay: 0.0,
            step: 0,
            loss_scale,
        }
    }

    /// One step of Adam. None is done where the scaled loss had gradients beyond `f16`.
    pub(crate) fn update(&mut self, gradients: Gradients, learning_rate: f64) {
        if let Some(loss_scale) = &mut self.loss_scale
            && !loss_scale.admits(scale::finite(&gradients))
        {
            return;
        }
        self.step += 1;
        let size = StepSize::new(learning_rate, self.step);
        let decayed = size.decayed(learning_rate * self.weight_decay);
        for ((array, gradient), moments) in self
            .network
            .arrays
            .iter_mut()
            .zip(gradients)
            .zip(&mut self.moments)
        {
            let Some(gradient) = gradient else { continue };
            let parameter = array
                .tensor
                .take()
                .expect("what has a gradient is a tensor");
            let size = match array.slot.decays() {
                true => decayed,
                false => size,
            };
            let (parameter, after) = adam::step(parameter, gradient, moments.take(), size);
            array.tensor = Some(parameter);
            *moments = Some(after);
        }
    }
}

impl Learner {
    /// Gradients of a batch, by the objective that `loss` makes of what the heads leave; and
    /// what else `loss` gives. Running statistics take the batch in.
    pub(crate) fn differentiate<T>(
        &mut self,
        input: Value,
        dropout: Option<Dropout>,
        loss: impl FnOnce(Vec<Tensor<2>>) -> (Tensor<1>, T),
    ) -> (T, Gradients) {
        let freeze = self.freeze;
        let tracked = self.network.tracked(|slot| !freeze.holds(slot.stage));
        let pass = Pass {
            learning: &|stage| !freeze.holds(stage),
            dropout,
        };
        let Output { heads, statistics } = tracked.forward(input, pass);
        let (objective, given) = loss(heads);
        let factor = self.loss_scale.map(|scale| scale.factor);
        let mut gradients = match factor {
            Some(factor) => (objective * factor).backward(),
            None => objective.backward(),
        };
        let gradients = tracked
            .arrays
            .iter()
            .map(|array| {
                let gradient = array.tensor.as_ref()?.grad_remove(&mut gradients)?;
                Some(match factor {
                    Some(factor) => gradient / factor,
                    None => gradient,
                })
            })
            .collect();
        self.network.absorb(&statistics);
        (given, gradients)
    }

    /// Mean binary cross-entropy and its gradients, for a network with one head.
    pub(crate) fn differentiate_labels(
        &mut self,
        input: Value,
        labels: Tensor<2>,
        dropout: Option<Dropout>,
    ) -> (f32, Gradients) {
        let (loss, gradients) = self.differentiate(input, dropout, |mut heads| {
            let logits = heads.pop().expect("a network has a head");
            let loss = layers::bce_with_logits(logits, labels);
            (loss.clone(), loss)
        });
        (to_vec(loss.inner())[0], gradients)
    }
}
