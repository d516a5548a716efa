//! The plain records of a run directory, which training and evaluation write
//! and reports read. All are JSON; unknown fields are ignored when read.
//!
//! ```text
//! RUN/
//!   run.json                  RunRecord
//!   comparison.json           Comparison, of a fine-tuning
//!   TRAINING/                 one per entry of RunRecord::trainings
//!     epochs.jsonl            EpochRecord, one line per epoch
//!     model.safetensors       weights of the best epoch
//!     metrics.json            Evaluation on the test part
//!     pwm.json                Evaluation of a de novo PWM there, once `evaluate --pwm` measured one
//!     test.tsv.gz             test regions with labels and scores
//!     checkpoint.safetensors  where the training stands, from which it goes on
//! ```

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use bindscape_base::digest::InputFile;

/// How a network's weights began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Start {
    /// Random weights.
    Scratch,
    /// The weights of a pre-trained multi-model.
    Transfer,
}

/// What kind of run a directory holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunKind {
    /// A multi-model.
    Pretrain,
    /// One TF, several repeats, with or without transfer.
    Finetune,
}

/// `run.json`: what a run is, from what, and how far it has come.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// Kind of run.
    pub kind: RunKind,
    /// Version of bindscape.
    pub bindscape: String,
    /// Command line that started it, as the user may repeat it.
    pub command: Vec<String>,
    /// Whether every training has finished.
    pub finished: bool,
    /// The data are simulated (the demonstration), with a sentence that says how.
    pub simulated: Option<String>,
    /// Genome build.
    pub genome: Option<String>,
    /// Files it was made from.
    pub inputs: Vec<InputFile>,
    /// Hyper-parameters and data options after defaults were filled in.
    pub configuration: serde_json::Value,
    /// TFs, one per output.
    pub tfs: Vec<String>,
    /// Length of the sequences in base pairs.
    pub length: usize,
    /// Compute device.
    pub device: String,
    /// Number of trainable parameters.
    pub parameters: u64,
    /// For a fine-tuning: the multi-model it began from.
    pub parent: Option<ParentModel>,
    /// What was taken and what was left out, and why, in order of the steps
    /// (`regions in the matrix`, `dropped: resolved for some TFs only`…).
    pub data_steps: Vec<DataStep>,
    /// The trainings of the run.
    pub trainings: Vec<TrainingRecord>,
}

/// The model that a fine-tuning started from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParentModel {
    /// File name.
    pub name: String,
    /// SHA-256 of the file.
    pub sha256: String,
    /// Its TFs.
    pub tfs: Vec<String>,
    /// Number of regions it was trained, validated and tested on.
    pub regions: u64,
}

/// One step of data selection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataStep {
    /// What happened, in words.
    pub what: String,
    /// Regions concerned.
    pub regions: u64,
}

/// One training of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrainingRecord {
    /// Directory below the run directory.
    pub directory: String,
    /// How its weights began.
    pub start: Start,
    /// Number of the repeat, from 1.
    pub repeat: u32,
    /// Seed of split, weights and batches.
    pub seed: u64,
    /// Per part (`train`, `validation`, `test`): regions and positives per TF.
    pub parts: BTreeMap<String, PartCounts>,
}

/// Size of one part of the data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartCounts {
    /// Regions (reverse complements not counted).
    pub regions: u64,
    /// Bound regions, one entry per TF.
    pub positives: Vec<u64>,
    /// Bound or unbound regions, one entry per TF; empty where that is all of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resolved: Vec<u64>,
}

impl PartCounts {
    /// The bound or unbound regions of a TF.
    #[must_use]
    pub fn resolved(&self, tf: usize) -> u64 {
        self.resolved.get(tf).copied().unwrap_or(self.regions)
    }
}

/// One line of `epochs.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EpochRecord {
    /// Epoch, from 1.
    pub epoch: u32,
    /// Mean training loss over the epoch's batches.
    pub train_loss: f64,
    /// Loss on the validation part.
    pub validation_loss: f64,
    /// Mean AUCPR over the TFs for which it is defined on the validation part.
    pub validation_aucpr: Option<f64>,
    /// What a model without skill reaches: the mean share of bound regions over the TFs for which
    /// AUCPR is defined; `None` in records of earlier versions, too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation_no_skill: Option<f64>,
    /// Whether this is the best epoch so far.
    pub best: bool,
    /// Wall time of the epoch in seconds.
    pub seconds: f64,
    /// Sequences trained on per second.
    pub sequences_per_second: f64,
}

/// A number with a confidence interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The value on the whole data; `None` where it is not defined.
    pub value: Option<f64>,
    /// Lower and upper end of the bootstrap interval; `None` where not computed.
    pub interval: Option<(f64, f64)>,
}

/// Metrics of one TF on one set of regions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TfMetrics {
    /// TF.
    pub tf: String,
    /// Regions with a label.
    pub regions: u64,
    /// Bound regions among them.
    pub positives: u64,
    /// Area under the precision-recall curve (trapezoid).
    pub aucpr: Estimate,
    /// Average precision (step-wise).
    pub average_precision: Estimate,
    /// Area under the receiver operating characteristic.
    pub auroc: Estimate,
    /// Matthews correlation coefficient at probability 0.5.
    pub mcc: Estimate,
    /// Precision at probability 0.5.
    pub precision: Estimate,
    /// Recall at probability 0.5.
    pub recall: Estimate,
    /// Points of the precision-recall curve `(recall, precision)`, recall ascending, at most 500.
    pub curve: Vec<(f64, f64)>,
}

/// Fewer regions of either class than this make a metric uncertain: one region more or less on the
/// right side changes it visibly.
pub const FEW_REGIONS: u64 = 20;

impl TfMetrics {
    /// AUCPR and average precision of a model without skill: the share of bound regions; `None`
    /// without regions.
    #[must_use]
    pub fn no_skill(&self) -> Option<f64> {
        (self.regions > 0).then(|| self.positives as f64 / self.regions as f64)
    }

    /// Whether there are fewer than [`FEW_REGIONS`] bound or unbound regions.
    #[must_use]
    pub fn is_of_few(&self) -> bool {
        self.positives.min(self.regions - self.positives) < FEW_REGIONS
    }
}

/// `metrics.json`: an evaluation of one model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// What was evaluated: file name of the model.
    pub model: String,
    /// SHA-256 of the model file.
    pub model_sha256: String,
    /// What it was evaluated on, in words.
    pub data: String,
    /// Level of the confidence intervals, e.g. 0.95.
    pub level: f64,
    /// Bootstrap resamples.
    pub resamples: u32,
    /// One entry per TF.
    pub tfs: Vec<TfMetrics>,
}

/// A way to score regions for one TF.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Compared {
    /// The built-in JASPAR profile of the TF that ranks the fitted regions best, by sum occupancy.
    Profile,
    /// The first de novo motif of the same peaks, by sum occupancy.
    Pwm,
    /// A regression on gapped k-mers of the same sequences.
    Kmers,
    /// A network that began with random weights.
    Scratch,
    /// A network that began with the weights of a multi-model.
    Transfer,
    /// A regression on the multi-model's outputs and on de novo motifs of the same peaks.
    Readout,
    /// The readout and the network that began with the weights of the multi-model, together.
    Joint,
}

impl Compared {
    /// The share of the network in the log odds of [`Compared::Joint`]. Chosen on TFs that no table
    /// reports: a fifth helps each of them, more helps some and harms others.
    pub const NETWORK_SHARE: f64 = 0.2;

    /// All, the simplest first.
    pub const ALL: [Self; 7] = [
        Self::Profile,
        Self::Pwm,
        Self::Kmers,
        Self::Scratch,
        Self::Transfer,
        Self::Readout,
        Self::Joint,
    ];

    /// Its name in tables and sentences.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Profile => "JASPAR profile",
            Self::Pwm => "de novo PWM",
            Self::Kmers => "k-mer regression",
            Self::Scratch => "from scratch",
            Self::Transfer => "transfer",
            Self::Readout => "readout",
            Self::Joint => "readout and network",
        }
    }

    /// Whether it is a tool that every user has without a network: what others must beat.
    #[must_use]
    pub fn is_simple(self) -> bool {
        match self {
            Self::Profile | Self::Pwm | Self::Kmers => true,
            Self::Scratch | Self::Transfer | Self::Readout | Self::Joint => false,
        }
    }
}

impl From<Start> for Compared {
    fn from(start: Start) -> Self {
        match start {
            Start::Scratch => Self::Scratch,
            Start::Transfer => Self::Transfer,
        }
    }
}

/// `comparison.json`: what can be made of the same peaks, on the same test regions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// TF.
    pub tf: String,
    /// Level of the intervals.
    pub level: f64,
    /// One entry per repeat.
    pub repeats: Vec<RepeatComparison>,
}

/// The comparison of one repeat.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RepeatComparison {
    /// Number of the repeat, from 1.
    pub repeat: u32,
    /// Seed of its draw and split.
    pub seed: u64,
    /// Bound regions that everything was fitted to.
    pub peaks: u64,
    /// The models, the simplest first.
    pub models: Vec<ComparedModel>,
}

/// One model of a comparison. Files of earlier versions lack [`Compared::Profile`] and
/// [`Compared::Kmers`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ComparedModel {
    /// Which.
    pub model: Compared,
    /// Its file, below the run directory; `None` where it leaves none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The id of a built-in profile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// On the test part, whose unbound regions are matched in GC content.
    pub matched: TfMetrics,
    /// On test regions in which bound and unbound ones have their natural proportion.
    pub natural: TfMetrics,
}

impl Comparison {
    /// The means over repeats of the AUCPR of one model, on matched and on natural test regions;
    /// `None` where no repeat has it.
    #[must_use]
    pub fn means(&self, model: Compared) -> Option<(f64, f64)> {
        let found: Vec<(f64, f64)> = self
            .repeats
            .iter()
            .flat_map(|repeat| &repeat.models)
            .filter(|compared| compared.model == model)
            .filter_map(|compared| {
                Some((compared.matched.aucpr.value?, compared.natural.aucpr.value?))
            })
            .collect();
        let count = found.len() as f64;
        (!found.is_empty()).then(|| {
            let sum = |of: fn(&(f64, f64)) -> f64| found.iter().map(of).sum::<f64>() / count;
            (sum(|pair| pair.0), sum(|pair| pair.1))
        })
    }

    /// The models that some repeat has, the simplest first, with the means over repeats of their
    /// AUCPR, on matched and on natural test regions.
    #[must_use]
    pub fn ranked(&self) -> Vec<(Compared, (f64, f64))> {
        let with_means = |model| Some((model, self.means(model)?));
        Compared::ALL.into_iter().filter_map(with_means).collect()
    }

    /// The means over models of what guessing reaches, the share of bound regions, on matched and
    /// on natural test regions; `None` without any.
    #[must_use]
    pub fn no_skill(&self) -> [Option<f64>; 2] {
        let of = |metrics: fn(&ComparedModel) -> &TfMetrics| {
            let models = self.repeats.iter().flat_map(|repeat| &repeat.models);
            let shares: Vec<f64> = models
                .filter_map(|model| metrics(model).no_skill())
                .collect();
            (!shares.is_empty()).then(|| shares.iter().sum::<f64>() / shares.len() as f64)
        };
        [of(|model| &model.matched), of(|model| &model.natural)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A comparison as versions before the JASPAR profile and the regression on k-mers wrote it.
    #[test]
    fn a_comparison_without_simple_models_is_read() {
        let metrics = r#"{"tf":"MAX","regions":4,"positives":2,
            "aucpr":{"value":0.5,"interval":null},"average_precision":{"value":0.5,"interval":null},
            "auroc":{"value":0.5,"interval":null},"mcc":{"value":null,"interval":null},
            "precision":{"value":null,"interval":null},"recall":{"value":null,"interval":null},
            "curve":[]}"#;
        let old = format!(
            r#"{{"tf":"MAX","level":0.95,"repeats":[{{"repeat":1,"seed":1,"peaks":40,"models":[
            {{"model":"pwm","file":"readout-1/motifs.meme","matched":{metrics},"natural":{metrics}}},
            {{"model":"readout","file":"readout-1/model.safetensors","matched":{metrics},"natural":{metrics}}}]}}]}}"#
        );
        let read: Comparison = serde_json::from_str(&old).unwrap();
        let found: Vec<Compared> = read.ranked().iter().map(|(model, _)| *model).collect();
        assert_eq!(found, [Compared::Pwm, Compared::Readout]);
        let model = &read.repeats[0].models[0];
        assert_eq!(model.file.as_deref(), Some("readout-1/motifs.meme"));
        assert_eq!(model.profile, None);
        // A model that leaves no file says nothing of one.
        let profile = ComparedModel {
            model: Compared::Profile,
            file: None,
            profile: Some("MA0058.4".into()),
            ..model.clone()
        };
        let written = serde_json::to_string(&profile).unwrap();
        assert!(
            written.starts_with(r#"{"model":"profile","profile":"MA0058.4","#),
            "{written}"
        );
        assert_eq!(
            serde_json::from_str::<ComparedModel>(&written).unwrap(),
            profile
        );
    }

    #[test]
    fn the_simplest_come_first() {
        assert!(Compared::ALL.is_sorted() && Compared::ALL.is_sorted_by_key(|m| !m.is_simple()));
    }
}
