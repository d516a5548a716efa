//! One step of training: forward, backward, Adam.

use burn::tensor::Tensor;

use crate::adam::{self, Moments, StepSize};
use crate::architecture::Architecture;
use crate::layers;
use crate::network::{Dropout, Network, Output, Pass, to_vec};
use crate::precision::Precision;

use super::Freeze;
use super::scale::{self, LossScale};

/// A network in training.
#[derive(Debug, Clone)]
pub(crate) struct Learner<A = Architecture> {
    pub(crate) network: Network<A>,
    /// One entry per array of the network; `None` before its first update.
    pub(crate) moments: Vec<Option<Moments>>,
    pub(crate) freeze: Freeze,
    /// Steps done.
    pub(crate) step: u64,
    /// With products in `f16` only.
    pub(crate) loss_scale: Option<LossScale>,
}

/// Gradients of a batch, one entry per array of the network, flat.
pub(crate) type Gradients = Vec<Option<Tensor<1>>>;

impl<A> Learner<A> {
    pub(crate) fn new(network: Network<A>, freeze: Freeze) -> Self {
        let moments = vec![None; network.arrays.len()];
        let loss_scale = (network.precision == Precision::F16).then(LossScale::default);
        Self {
            network,
            moments,
            freeze,
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
            let (parameter, after) = adam::step(parameter, gradient, moments.take(), size);
            array.tensor = Some(parameter);
            *moments = Some(after);
        }
    }
}

impl Learner {
    /// Loss and gradients of a batch. Running statistics take the batch in.
    pub(crate) fn differentiate(
        &mut self,
        x: Tensor<3>,
        labels: Tensor<2>,
        dropout: Option<Dropout>,
    ) -> (f32, Gradients) {
        let freeze = self.freeze;
        let tracked = self.network.tracked(|slot| !freeze.holds(slot.stage));
        let pass = Pass {
            learning: &|stage| !freeze.holds(stage),
            dropout,
        };
        let Output { logits, statistics } = tracked.forward(x, pass);
        let loss = layers::bce_with_logits(logits, labels);
        let factor = self.loss_scale.map(|scale| scale.factor);
        let mut gradients = match factor {
            Some(factor) => (loss.clone() * factor).backward(),
            None => loss.backward(),
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
        let loss = to_vec(loss.inner())[0];
        (loss, gradients)
    }
}
