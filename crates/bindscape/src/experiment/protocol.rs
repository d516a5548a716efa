//! How the models of an experiment are trained and tested: as is best, or as in the paper.

use bindscape_nn::Strands;
use bindscape_nn::train::{Decay, TrainOptions};
use serde::{Deserialize, Serialize};

use crate::training::{BootstrapPlan, Preset, TrainingPlan};

/// How models are trained and tested.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Protocol {
    /// With the settings of training that `pretrain` and `finetune` have by default.
    #[default]
    Bindscape,
    /// As Novakovsky et al. (2021) did, by their text and code.
    #[serde(rename = "paper-2021")]
    Paper2021,
}

/// Settings of a training, where they are not the protocol's.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TrainingSettings {
    /// Most epochs.
    pub max_epochs: Option<u32>,
    /// Stop after so many epochs in a row without a smaller validation loss.
    pub patience: Option<u32>,
    /// Sequences per batch.
    pub batch_size: Option<usize>,
    /// Learning rate.
    pub learning_rate: Option<f64>,
    /// How it changes.
    pub decay: Option<Decay>,
    /// By how much of the learning rate each step makes the weights of layers smaller.
    pub weight_decay: Option<f64>,
    /// Most bases that a sequence is rotated by when it is trained on.
    pub shift: Option<usize>,
}

impl TrainingSettings {
    /// These settings, and those of `plan` where there are none.
    #[must_use]
    pub fn over(self, plan: TrainingPlan) -> TrainingPlan {
        let of_transfer = plan.transfer_learning_rate;
        TrainingPlan {
            max_epochs: self.max_epochs.unwrap_or(plan.max_epochs),
            patience: self.patience.unwrap_or(plan.patience),
            batch_size: self.batch_size.unwrap_or(plan.batch_size),
            learning_rate: self.learning_rate.or(plan.learning_rate),
            transfer_learning_rate: of_transfer.filter(|_| self.learning_rate.is_none()),
            decay: self.decay.unwrap_or(plan.decay),
            weight_decay: self.weight_decay.unwrap_or(plan.weight_decay),
            shift: self.shift.unwrap_or(plan.shift),
            ..plan
        }
    }
}

/// Epochs of the paper's multi-models and of its individual models, always all of them.
const PAPER_EPOCHS: [u32; 2] = [15, 10];

impl Protocol {
    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Bindscape => "bindscape",
            Self::Paper2021 => "paper-2021",
        }
    }

    /// What it means, a line each.
    #[must_use]
    pub fn notes(self) -> Vec<String> {
        let lines: &[&str] = match self {
            Self::Bindscape => &[
                "Trainings take 8 epochs, with a learning rate that falls to 0, weight decay and \
                 sequences shifted by up to 20 bases, unless the study says otherwise; the epoch of \
                 smallest validation loss counts.",
                "Regions that the multi-model was trained or validated on may be trained on; \
                 validation and test regions share no base with them.",
                "Test sequences are scored on both strands.",
                "PWMs and readouts learn from the training and validation parts.",
            ],
            Self::Paper2021 => &[
                "Multi-models are trained for 15 epochs and individual models for 10, without early \
                 stopping, unless the study says otherwise; the epoch of smallest validation loss \
                 counts.",
                "Regions of the multi-model's training and validation parts are left out of the \
                 individual data by identity; those of its test part are not.",
                "Test sequences are scored on the forward strand.",
                "PWMs learn from the training part alone.",
                "What still differs from the paper: regions that share a base stay in one part, \
                 parts have equal shares of bound regions, bound regions are drawn without regard to \
                 their GC content, frozen layers keep the running statistics of their batch \
                 normalisation, and de novo motifs are those of `motif discover`, not of STREME \
                 5.3.0.",
            ],
        };
        lines.iter().map(ToString::to_string).collect()
    }

    /// The strands that test sequences are scored on.
    pub(super) fn strands(self) -> Strands {
        match self {
            Self::Bindscape => Strands::Both,
            Self::Paper2021 => Strands::Forward,
        }
    }

    /// Whether PWMs learn from the validation part, too.
    pub(super) fn pwm_sees_validation(self) -> bool {
        self == Self::Bindscape
    }

    /// The settings of multi-models; `own` are the study's.
    pub(super) fn pretraining(self, own: TrainingSettings, seed: u64) -> TrainingPlan {
        let usual = TrainingPlan::pretraining(self.preset());
        TrainingPlan {
            seed,
            ..self.plan(usual, PAPER_EPOCHS[0], own)
        }
    }

    /// The settings of other models; `own` are the study's.
    pub(super) fn training(self, own: TrainingSettings, transfer: bool, seed: u64) -> TrainOptions {
        let usual = TrainingPlan::finetuning(self.preset());
        let plan = self.plan(usual, PAPER_EPOCHS[1], own);
        plan.options(transfer, seed)
    }

    fn preset(self) -> Preset {
        match self {
            Self::Bindscape => Preset::Recommended,
            Self::Paper2021 => Preset::Paper2021,
        }
    }

    /// The `usual` settings but for those of a study.
    fn plan(
        self,
        usual: TrainingPlan,
        paper_epochs: u32,
        settings: TrainingSettings,
    ) -> TrainingPlan {
        let usual = TrainingPlan {
            bootstrap: BootstrapPlan {
                resamples: 0,
                ..usual.bootstrap
            },
            ..usual
        };
        let own = match self {
            Self::Bindscape => usual,
            Self::Paper2021 => TrainingPlan {
                max_epochs: paper_epochs,
                patience: paper_epochs,
                ..usual
            },
        };
        let patience = match self {
            Self::Bindscape => settings.patience,
            // All epochs, however many they are.
            Self::Paper2021 => settings.patience.or(settings.max_epochs),
        };
        TrainingSettings {
            patience,
            ..settings
        }
        .over(own)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_paper_trains_all_epochs_and_a_study_may_say_otherwise() {
        let paper = Protocol::Paper2021;
        let usual = TrainingSettings::default();
        let of = |plan: &TrainingPlan| (plan.max_epochs, plan.patience);
        assert_eq!(of(&paper.pretraining(usual, 1)), (15, 15));
        let individual = paper.training(usual, true, 1);
        assert_eq!((individual.max_epochs, individual.patience), (10, 10));
        assert_eq!(individual.learning_rate, 0.0003);
        assert_eq!(paper.training(usual, false, 1).learning_rate, 0.003);
        let own = TrainingSettings {
            max_epochs: Some(4),
            ..usual
        };
        assert_eq!(of(&paper.pretraining(own, 1)), (4, 4));
        assert_eq!(of(&Protocol::Bindscape.pretraining(own, 1)), (4, 10));
        let recommended = Protocol::Bindscape.training(usual, true, 1);
        assert_eq!((recommended.max_epochs, recommended.shift), (8, 20));
        assert_eq!(recommended.learning_rate, 0.002);
        let rate = TrainingSettings {
            learning_rate: Some(0.01),
            ..usual
        };
        for transfer in [true, false] {
            let options = Protocol::Bindscape.training(rate, transfer, 1);
            assert_eq!(options.learning_rate, 0.01);
        }
        let text = serde_json::to_string(&paper).expect("JSON");
        assert_eq!(text, format!("\"{}\"", paper.name()));
    }
}
