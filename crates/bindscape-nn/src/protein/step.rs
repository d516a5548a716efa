//! Loss and gradients of a batch of proteins.

use burn::tensor::{Tensor, TensorData};

use super::config::ProteinNetwork;
use super::forward::{Batch, HeadLogits};
use super::loss::{Loss, Task};
use crate::host::to_vec;
use crate::network::Dropout;
use crate::train::scale::Gradients;
use crate::train::step::Learner;
use bindscape_protein::CLASSES;

impl Learner {
    /// Loss and gradients of `batch`, which holds the proteins `proteins`, for the network of
    /// `config`. Running statistics take the batch in.
    pub(crate) fn differentiate_proteins(
        &mut self,
        config: &ProteinNetwork,
        task: &Task<'_>,
        proteins: &[usize],
        batch: Batch,
        dropout: Option<Dropout>,
    ) -> (Loss, Gradients) {
        let device = self.network.device().clone();
        self.differentiate(batch.value(&device), dropout, |heads| {
            let heads = HeadLogits::new(config, heads);
            let logits = |head: &Option<Tensor<2>>| head.clone().map(|head| to_vec(head.inner()));
            let (tf, domain) = (logits(&heads.tf), logits(&heads.domain));
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
                weighted(heads.tf, &loss.d_tf, 1),
                weighted(heads.domain, &loss.d_domain, CLASSES),
            ];
            let sum = parts.into_iter().flatten().reduce(|a, b| a + b);
            (sum.expect("a network has a head"), loss)
        })
    }
}
