//! Loss and gradients of a batch of proteins.

use burn::tensor::{Tensor, TensorData};

use super::config::{CLASSES, ProteinNetwork};
use super::forward::{Batch, Input};
use super::loss::{Loss, Task};
use crate::network::{Dropout, to_vec};
use crate::train::step::{Gradients, Learner};

/// A network for proteins in training.
pub(crate) type ProteinLearner = Learner<ProteinNetwork>;

impl ProteinLearner {
    /// Loss and gradients of `batch`, which holds the proteins `proteins`. Running
    /// statistics take the batch in.
    pub(crate) fn differentiate_proteins(
        &mut self,
        task: &Task<'_>,
        proteins: &[usize],
        mut batch: Batch,
        dropout: Option<Dropout>,
    ) -> (Loss, Gradients) {
        let tracked = self.network.tracked(|_| true);
        let device = self.network.device().clone();
        let input = Input {
            x: batch.tensor(&device),
            rows: &batch.rows,
        };
        let outputs = tracked.run(input, true, dropout);
        let logits = |head: &Option<Tensor<2>>| head.clone().map(|head| to_vec(head.inner()));
        let (tf, domain) = (logits(&outputs.tf), logits(&outputs.domain));
        let loss = task.loss(proteins, tf.as_deref(), domain.as_deref());
        // The loss and its gradient for the logits are few numbers, computed in double
        // precision; what the network adds is the derivative of this sum of products.
        let weighted = |head: Option<Tensor<2>>, d: &[f32], width: usize| {
            head.map(|head| {
                let d = TensorData::new(d.to_vec(), [proteins.len(), width]);
                (head * Tensor::from_data(d, &device)).sum()
            })
        };
        let parts = [
            weighted(outputs.tf, &loss.d_tf, 1),
            weighted(outputs.domain, &loss.d_domain, CLASSES),
        ];
        let sum = parts.into_iter().flatten().reduce(|a, b| a + b);
        let mut gradients = sum.expect("a network has a head").backward();
        let gradients = tracked
            .arrays
            .iter()
            .map(|array| array.tensor.as_ref()?.grad_remove(&mut gradients))
            .collect();
        self.network.absorb(&outputs.statistics);
        (loss, gradients)
    }
}
