//! Options of trainings.

use bindscape::experiment::TrainingSettings;
use bindscape::training::{BootstrapPlan, Preset, TrainingPlan};
use bindscape_nn::train::Decay;
use clap::Args;

use crate::choice::choice;
use crate::device::DeviceArguments;

const DECAYS: &[(&str, &str)] = &[
    ("none", "It stays, as in the paper"),
    ("cosine", "It falls to 0 along half a cosine over --epochs"),
];

const PRESETS: &[(&str, &str)] = &[
    ("recommended", "Those that rank best"),
    ("paper-2021", "Those of Novakovsky et al. (2021)"),
];

/// Options of a training.
#[derive(Debug, Args)]
#[command(next_help_heading = "Training")]
pub(crate) struct TrainingArguments {
    /// Which defaults other options have
    #[arg(long, default_value = "recommended", value_parser = choice::<Preset>(PRESETS))]
    pub(crate) preset: Preset,
    /// Most epochs of a training [default: 8, or 100 with --preset paper-2021]
    #[arg(long, value_name = "N")]
    epochs: Option<u32>,
    /// Stop after so many epochs in a row without a smaller validation loss
    #[arg(long, value_name = "N", default_value_t = 10)]
    patience: u32,
    /// Sequences per batch [default: 100; 128 for a multi-model, unless --preset
    /// is paper-2021]
    #[arg(long, value_name = "N")]
    batch_size: Option<usize>,
    /// Learning rate of Adam [default: 0.002, and 0.003 for one TF from scratch; with --preset
    /// paper-2021 0.003, and 0.0003 for transfer]
    #[arg(long, value_name = "RATE")]
    learning_rate: Option<f64>,
    /// How the learning rate changes in the course of a training [default: cosine, or none
    /// with --preset paper-2021]
    #[arg(long, value_parser = choice::<Decay>(DECAYS))]
    decay: Option<Decay>,
    /// Weight decay of AdamW: each step multiplies the weights of layers by 1 less this times the
    /// learning rate [default: 0.05, or 0 with --preset paper-2021]
    #[arg(long, value_name = "NUMBER")]
    weight_decay: Option<f64>,
    /// Rotate each sequence by up to so many bases in either direction whenever it is trained on,
    /// so that the network learns motifs and not places [default: 20, or 0 with --preset
    /// paper-2021]
    #[arg(long, value_name = "BP")]
    shift: Option<usize>,
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

/// What the first filters begin as, where it was given: motifs, or none of them.
pub(crate) fn motif_filters(given: Option<String>) -> Option<Option<String>> {
    given.map(|motifs| (motifs != "random").then_some(motifs))
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
    /// These settings, and those of `preset` where nothing was given.
    pub(crate) fn plan(&self, preset: TrainingPlan) -> TrainingPlan {
        let settings = TrainingSettings {
            max_epochs: self.epochs,
            patience: Some(self.patience),
            batch_size: self.batch_size,
            learning_rate: self.learning_rate,
            decay: self.decay,
            weight_decay: self.weight_decay,
            shift: self.shift,
        };
        TrainingPlan {
            reverse_complement: !self.forward_only,
            checkpoint_seconds: self.checkpoint_seconds,
            seed: self.seed,
            precision: self.device.precision,
            bootstrap: self.bootstrap.plan(),
            ..settings.over(preset)
        }
    }
}
