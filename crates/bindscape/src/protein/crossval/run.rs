//! A cross-validation under way: its data, and what its directory says.

use std::path::{Path, PathBuf};

use bindscape_base::digest::InputFile;
use bindscape_base::progress::Progress;
use bindscape_base::reading::Reading;
use bindscape_base::{Error, Result, digest, settings};
use bindscape_nn::DeviceChoice;
use bindscape_protein::{Label, Labels, Protein, Windows, read_proteins_with};
use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize};

use super::models::{self, InputKind, Model};
use super::{Crossval, ProteinSplit};
use crate::protein::domains::DomainTable;
use crate::protein::features::FeatureSource;
use crate::run_directory::{holds_files, input_difference, read_json, write_json};
use crate::session::Session;

const RECORD: &str = "crossval.json";

/// What sets two runs apart.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Settings {
    bindscape: String,
    pub(super) inputs: Vec<InputFile>,
    split: ProteinSplit,
    folds: u32,
    validation: f64,
    encoder: InputKind,
    windows: Windows,
    epochs: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    learning_rate: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    loss_weights: Option<[f64; 2]>,
    /// Learning rates and loss weights to choose among, where they are several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    learning_rates: Vec<f64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    several_loss_weights: Vec<[f64; 2]>,
    threshold: f64,
    seed: u64,
    /// The device of the networks; runs of earlier versions do not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    device: Option<String>,
}

impl Settings {
    fn of(plan: &Crossval, inputs: Vec<InputFile>, device: DeviceChoice) -> Self {
        Self {
            bindscape: env!("CARGO_PKG_VERSION").into(),
            inputs,
            split: plan.split.clone(),
            folds: plan.folds,
            validation: plan.validation,
            encoder: plan.representation(),
            windows: plan.windows,
            epochs: plan.max_epochs,
            learning_rate: only(&plan.learning_rate),
            loss_weights: only(&plan.loss_weights),
            learning_rates: several(&plan.learning_rate),
            several_loss_weights: several(&plan.loss_weights),
            threshold: plan.threshold,
            seed: plan.seed,
            device: Some(device.to_string()),
        }
    }
}

fn only<T: Copy>(values: &[T]) -> Option<T> {
    match values {
        &[value] => Some(value),
        _ => None,
    }
}

fn several<T: Clone>(values: &[T]) -> Vec<T> {
    match values {
        [_] => Vec::new(),
        values => values.to_vec(),
    }
}

/// `crossval.json`.
#[derive(Debug, Serialize, Deserialize)]
struct Record {
    command: Vec<String>,
    #[serde(flatten)]
    settings: Settings,
    /// Models in the order in which they were asked for.
    models: Vec<String>,
    /// Proteins that are in the labelled set too, and therefore not scored.
    external_known: u64,
}

/// What a cross-validation works on.
pub(super) struct Run<'a> {
    pub(super) plan: &'a Crossval,
    pub(super) settings: Settings,
    /// Labelled ones first.
    pub(super) proteins: Vec<Protein>,
    pub(super) labels: Vec<Label>,
    /// Values of the group column.
    pub(super) column: Option<(Vec<u32>, Vec<String>)>,
    external_known: u64,
    /// Labelled domains.
    pub(super) domains: DomainTable,
    /// Embeddings.
    pub(super) stored: Option<FeatureSource>,
    /// To be fitted now.
    pub(super) models: Vec<Model>,
    /// These and those of the run's earlier calls.
    pub(super) known_models: Vec<Model>,
    /// From 0.
    pub(super) folds_now: Vec<u32>,
}

impl<'a> Run<'a> {
    /// Reads the data of `plan`.
    ///
    /// # Errors
    /// If a file cannot be read, or they do not fit together.
    pub(super) fn read(plan: &'a Crossval, session: &Session<'_>) -> Result<Self> {
        let embeddings = plan.embeddings.as_deref();
        let stored = embeddings.map(FeatureSource::stored).transpose()?;
        let models = models::parse(&plan.models, plan.representation(), stored.is_some())?;
        Reading::current().digest_as_read([plan.proteins.as_path(), &plan.labels]);
        let labels = Labels::read(&plan.labels, plan.split.column())?;
        let mut proteins = read_proteins_with(&plan.proteins, session)?;
        let matched = labels.matched(&proteins, &plan.proteins, session)?;
        let mut inputs = vec![
            digest::input_file("proteins", &plan.proteins)?,
            digest::input_file("labels", &plan.labels)?,
        ];
        if let Some(directory) = embeddings {
            let info = directory.join("embedding.json");
            inputs.push(digest::input_file("embeddings", &info)?);
        }
        let domains = DomainTable::read(plan.domains.as_deref())?;
        if let Some(path) = &plan.domains {
            inputs.push(digest::input_file("domains", path)?);
        }
        let mut external_known = 0;
        if let Some(path) = &plan.external {
            Reading::current().digest_as_read([path.as_path()]);
            let (mut external, known) = read_external(path, &proteins, session)?;
            inputs.push(digest::input_file("external", path)?);
            external_known = known as u64;
            if known > 0 {
                session.note(&format!(
                    "left out {known} of {} proteins of {} whose sequence is in {}",
                    known + external.len(),
                    path.display(),
                    plan.proteins.display()
                ));
            }
            proteins.append(&mut external);
        }
        Ok(Self {
            plan,
            settings: Settings::of(plan, inputs, session.device()),
            proteins,
            labels: matched.labels,
            column: matched.groups.map(|groups| (groups, matched.group_names)),
            external_known,
            domains,
            stored,
            known_models: models.clone(),
            models,
            folds_now: plan.folds_now()?,
        })
    }

    /// Checks that the directory is free or holds this run, and takes over the models of the
    /// run's earlier calls.
    ///
    /// # Errors
    /// If it holds something else.
    pub(super) fn check_directory(&mut self) -> Result<()> {
        let out = &self.plan.out;
        let file = out.join(RECORD);
        if file.exists() {
            let record: Record = read_json(&file)?;
            let mut planned = self.settings.clone();
            if record.settings.device.is_none() {
                planned.device = None;
            }
            refuse_other(&planned, &record.settings, out)?;
            let mut known = models::parse(
                &record.models,
                record.settings.encoder,
                self.stored.is_some(),
            )?;
            let new = |model: &&Model| !record.models.contains(&model.name);
            known.extend(self.models.iter().filter(new).cloned());
            self.known_models = known;
            return Ok(());
        }
        if holds_files(out) {
            return Err(Error::conflict(
                out,
                "a new or empty directory, or one that holds the same cross-validation",
                format!("other files and no {RECORD}"),
            )
            .hint("choose another ⟦out⟧"));
        }
        Ok(())
    }

    /// Writes the record.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(super) fn save(&self, session: &Session<'_>) -> Result<()> {
        let names = self.known_models.iter().map(|model| model.name.clone());
        let record = Record {
            command: session.command().to_vec(),
            settings: self.settings.clone(),
            models: names.collect(),
            external_known: self.external_known,
        };
        write_json(&self.plan.out.join(RECORD), &record)
    }

    /// The proteins that are not labelled.
    pub(super) fn external(&self) -> std::ops::Range<usize> {
        self.labels.len()..self.proteins.len()
    }

    /// Ids of proteins.
    pub(super) fn ids(&self, rows: &[usize]) -> Vec<&str> {
        rows.iter()
            .map(|&row| self.proteins[row].id.as_str())
            .collect()
    }

    /// File of predictions of a model and fold, of labelled or of further proteins.
    pub(super) fn file(&self, folder: &str, model: &Model, fold: u32) -> PathBuf {
        let name = format!("{}.fold{}.tsv", model.file(), fold + 1);
        self.plan.out.join(folder).join(name)
    }

    /// Whether a model has scored the test part of a fold.
    pub(super) fn finished(&self, model: &Model, fold: u32) -> bool {
        // The further proteins are written first.
        self.file("predictions", model, fold).exists()
    }
}

/// Further proteins whose sequence is not among `proteins`, and how many are left out.
fn read_external(
    path: &Path,
    proteins: &[Protein],
    session: &Session<'_>,
) -> Result<(Vec<Protein>, usize)> {
    let known: FxHashSet<&[u8]> = proteins.iter().map(|p| p.sequence.as_slice()).collect();
    let mut external = read_proteins_with(path, session)?;
    let all = external.len();
    external.retain(|protein| !known.contains(protein.sequence.as_slice()));
    let left_out = all - external.len();
    Ok((external, left_out))
}

fn refuse_other(planned: &Settings, found: &Settings, out: &Path) -> Result<()> {
    if planned == found {
        return Ok(());
    }
    if let Some((planned, found)) = input_difference(&planned.inputs, &found.inputs) {
        return Err(Error::conflict(out, planned, found).hint("choose another ⟦out⟧"));
    }
    let json = |settings| serde_json::to_value(settings).expect("plain fields make JSON");
    let differences = settings::differences(&json(planned), &json(found));
    let (planned, found) = settings::in_words(&differences);
    Err(Error::conflict(
        out,
        format!("a cross-validation with {planned}"),
        format!("one with {found}"),
    )
    .hint("choose another ⟦out⟧"))
}
