//! What `run.json` of a run on proteins says.

use std::collections::BTreeMap;

use bindscape_base::digest::InputFile;
use bindscape_base::progress::Progress;
use bindscape_protein::Label;
use serde::{Deserialize, Serialize};

use crate::data::{counted, thousands};
use crate::run_directory::{
    Record, configuration_difference, device_difference, input_difference, version_difference,
};

/// What kind of run on proteins a directory holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProteinRunKind {
    /// One network.
    ProteinTrain,
}

/// `run.json`: what a run is, from what, and whether it is done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProteinRunRecord {
    /// What kind of run it is.
    pub kind: ProteinRunKind,
    /// Version of bindscape.
    pub bindscape: String,
    /// Command line that started it, as the user may repeat it.
    pub command: Vec<String>,
    /// Whether all of it is done.
    pub finished: bool,
    /// Files it was made from.
    pub inputs: Vec<InputFile>,
    /// Hyper-parameters and data options after defaults were filled in.
    pub configuration: serde_json::Value,
    /// Compute device.
    pub device: String,
    /// Number of trainable parameters.
    pub parameters: u64,
    /// Per part (`train`, `validation`): proteins by label.
    pub parts: BTreeMap<String, BTreeMap<String, u64>>,
    /// Proteins whose ends are cut, because they are longer than the standardised length.
    pub cut: u64,
}

impl ProteinRunRecord {
    /// Tells how many proteins of which kind are in each part.
    pub fn tell_parts(&self, progress: &dyn Progress) {
        for (part, labels) in &self.parts {
            let all: u64 = labels.values().sum();
            let each: Vec<String> = labels
                .iter()
                .map(|(label, &count)| format!("{} {label}", thousands(count)))
                .collect();
            progress.note(&format!(
                "{part}: {} ({})",
                counted(all, "protein"),
                each.join(", ")
            ));
        }
    }
}

impl Record for ProteinRunRecord {
    fn finished(&self) -> bool {
        self.finished
    }

    fn finish(&mut self) {
        self.finished = true;
    }

    fn difference(planned: &Self, found: &Self) -> Option<(String, String)> {
        version_difference(&planned.bindscape, &found.bindscape)
            .or_else(|| input_difference(&planned.inputs, &found.inputs))
            .or_else(|| device_difference(&planned.device, &found.device))
            .or_else(|| configuration_difference(&planned.configuration, &found.configuration))
    }
}

/// Number of proteins by label.
pub fn count_labels(
    labels: &[Label],
    rows: impl IntoIterator<Item = usize>,
) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for row in rows {
        *counts.entry(labels[row].name().to_owned()).or_default() += 1;
    }
    counts
}
