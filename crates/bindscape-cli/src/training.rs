//! Options of trainings.

use bindscape::training::{BootstrapPlan, TrainingPlan};
use bindscape_nn::train::Decay;
use clap::Args;

use crate::choice::choice;
use crate::device::DeviceArguments;

const DECAYS: &[(&str, &str)] = &[
    ("none", "It stays, as in the paper"),
    ("cosine", "It falls to 0 along half a cosine over --epochs"),
];

/// Options of a training.
#[derive(Debug, Args)]
#[command(next_help_heading = "Training")]
pub(crate) struct TrainingArguments {
    /// Most epochs of a training
    #[arg(long, value_name = "N", default_value_t = 100)]
    epochs: u32,
    /// Stop after so many epochs in a row without a smaller validation loss
    #[arg(long, value_name = "N", default_value_t = 10)]
    patience: u32,
    /// Sequences per batch
    #[arg(long, value_name = "N", default_value_t = 100)]
    batch_size: usize,
    /// Learning rate of Adam [default: 0.003; 0.0003 for transfer]
    #[arg(long, value_name = "RATE")]
    learning_rate: Option<f64>,
    /// How the learning rate changes in the course of a training
    #[arg(long, default_value = "none", value_parser = choice::<Decay>(DECAYS))]
    decay: Decay,
    /// Weight decay of AdamW: each step multiplies the weights of layers by 1 less this times the
    /// learning rate
    #[arg(long, value_name = "NUMBER", default_value_t = 0.0)]
    weight_decay: f64,
    /// Rotate each sequence by up to so many bases in either direction whenever it is trained on,
    /// so that the network learns motifs and not places
    #[arg(long, value_name = "BP", default_value_t = 0)]
    shift: usize,
    /// Train on the regions as given only, without their reverse complements
    #[arg(long)]
    forward_only: bool,
    /// Fewest seconds between two checkpoints, which lie between epochs
    #[arg(long, value_name = "SECONDS", default_value_t = 10.0)]
    checkpoint_seconds: f64,
    /// Seed of the split, the weights and the order of batches
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    #[command(flatten)]
    pub(crate) device: DeviceArguments,
    #[command(flatten)]
    pub(crate) bootstrap: BootstrapArguments,
}

/// Options of confidence intervals.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Confidence intervals")]
pub(crate) struct BootstrapArguments {
    /// Bootstrap resamples for the confidence intervals of metrics; 0 for none
    #[arg(long, value_name = "N", default_value_t = 1000)]
    pub(crate) resamples: u32,
    /// Level of the confidence intervals
    #[arg(long, value_name = "SHARE", default_value_t = 0.95)]
    pub(crate) level: f64,
}

impl BootstrapArguments {
    pub(crate) fn plan(&self) -> BootstrapPlan {
        BootstrapPlan {
            resamples: self.resamples,
            level: self.level,
        }
    }
}

impl TrainingArguments {
    pub(crate) fn plan(&self) -> TrainingPlan {
        TrainingPlan {
            max_epochs: self.epochs,
            patience: self.patience,
            batch_size: self.batch_size,
            learning_rate: self.learning_rate,
            decay: self.decay,
            weight_decay: self.weight_decay,
            shift: self.shift,
            reverse_complement: !self.forward_only,
            checkpoint_seconds: self.checkpoint_seconds,
            seed: self.seed,
            precision: self.device.precision,
            bootstrap: self.bootstrap.plan(),
        }
    }
}
