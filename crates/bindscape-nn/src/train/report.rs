//! Reports of a training while it runs.

/// Where a training stands within an epoch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BatchReport {
    /// Epoch, from 1.
    pub epoch: u32,
    /// Largest number of epochs.
    pub epochs: u32,
    /// Batch of the epoch, from 1.
    pub batch: usize,
    /// Batches of the epoch.
    pub batches: usize,
    /// Mean loss over the batches of this epoch so far.
    pub mean_loss: f64,
    /// Sequences or proteins trained on per second in this epoch so far.
    pub sequences_per_second: f64,
}
