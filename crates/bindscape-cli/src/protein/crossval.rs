//! `bindscape protein crossval`: how good are the models, on proteins that they were not
//! trained on?
//!
//! Every model sees the same folds. The run directory:
//!
//! ```text
//! OUT/
//!   crossval.json                     what the run is; another run is refused
//!   folds.tsv                         id, class, group and fold of every protein
//!   predictions/MODEL.foldN.tsv       probabilities of the proteins of fold N's test part
//!   external/MODEL.foldN.tsv          those of further proteins by the same model
//!   trainings/MODEL.foldN/            networks under way, or kept
//!   metrics.json metrics.tsv metrics.md
//!   seconds.tsv                       how long each model took
//! ```

mod fit;
mod folds;
mod metrics;
mod models;
mod predictions;

use std::collections::BTreeSet;
use std::io::Write;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use bindscape_base::digest::InputFile;
use bindscape_base::progress::Progress;
use bindscape_base::{Error, Place, Result, digest};
use bindscape_nn::DeviceChoice;
use bindscape_nn::protein::{ProteinNetworkKind, ProteinTrainOptions};
use bindscape_protein::{Label, Labels, Protein, Windows, read_proteins_with};
use clap::Args;
use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize};

use crate::terminal::Terminal;
use bindscape::run_directory::{lock, read_json, write_json};

use models::Model;

use super::options::ProteinSplitArguments;
use super::train::options::loss_weights;
use bindscape::protein::features::FeatureSource;
use bindscape::protein::split::{ProteinSplit, check_share};

const RECORD: &str = "crossval.json";

/// Options of `protein crossval`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Proteins (FASTA, may be compressed)
    #[arg(long, value_name = "FASTA")]
    proteins: PathBuf,
    /// Their classes: tab-separated, with the columns `accession` and `class`
    #[arg(long, value_name = "TSV")]
    labels: PathBuf,
    /// Directory of the run; the same command continues it, and other --models are added
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Networks: multitask, tf, domain, deeptfactor. Without training of a network: tfpredict,
    /// nearest-alignment, nearest-embedding, logistic, homology. MODEL:ENCODER takes
    /// another encoder: onehot, residue or esm2; composition for logistic and nearest-embedding,
    /// which is their default [default: all]
    #[arg(long, value_delimiter = ',', value_name = "MODEL,…")]
    models: Vec<String>,
    /// Encoder of the networks: onehot, residue or esm2 [default: esm2 with --embeddings, else
    /// residue]
    #[arg(long, value_name = "NAME")]
    encoder: Option<String>,
    /// Embeddings of all proteins, for the encoder esm2: a directory that `protein embed` made
    #[arg(long, value_name = "DIR")]
    embeddings: Option<PathBuf>,
    /// Residues that an encoder averages; embeddings have theirs
    #[arg(long, default_value = "10", value_name = "N")]
    window: std::num::NonZeroUsize,
    /// Windows of the networks' input; embeddings have theirs [default: 3,000 residues]
    #[arg(long, value_name = "N")]
    positions: Option<std::num::NonZeroUsize>,
    #[command(flatten)]
    split: ProteinSplitArguments,
    /// Number of folds
    #[arg(long, default_value_t = 5, value_name = "N")]
    folds: u32,
    /// Do these folds now, from 1 [default: all]
    #[arg(long, value_delimiter = ',', value_name = "N,…")]
    only: Vec<NonZeroU32>,
    /// Share of each training part that chooses epochs, hyper-parameters and temperatures
    #[arg(long, default_value_t = 0.1, value_name = "SHARE")]
    validation: f64,
    /// Epochs of the networks [default: 40; DeepTFactor at most 30]
    #[arg(long, value_name = "N")]
    epochs: Option<NonZeroU32>,
    /// Learning rate of the paper's networks [default: 0.0001 on embeddings, 0.0005 on other
    /// encodings]
    #[arg(long, value_name = "RATE")]
    learning_rate: Option<f64>,
    /// Weights of the losses of multitask: TF or not, and class [default: 0.7,0.3 on embeddings, 0.3,0.7 on other encodings]
    #[arg(long, value_name = "W,W", value_delimiter = ',', num_args = 1)]
    loss_weights: Option<Vec<f64>>,
    /// Further proteins, none of them a TF, scored by the model of every fold (FASTA)
    #[arg(long, value_name = "FASTA")]
    external: Option<PathBuf>,
    /// Probability from which on a protein is called a TF
    #[arg(long, default_value_t = 0.5, value_name = "P")]
    threshold: f64,
    /// Keep the models of the networks
    #[arg(long)]
    keep_models: bool,
    /// Seed of folds, weights and batches
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Compute device of the networks
    #[arg(long, default_value = "cpu", value_name = "DEVICE")]
    device: DeviceChoice,
}

/// What sets two runs apart.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Settings {
    bindscape: String,
    inputs: Vec<InputFile>,
    split: ProteinSplit,
    folds: u32,
    validation: f64,
    encoder: String,
    windows: Windows,
    epochs: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    learning_rate: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    loss_weights: Option<[f64; 2]>,
    threshold: f64,
    seed: u64,
}

impl Settings {
    /// How a network is trained, on features that a language model has `learned` or on an
    /// encoding of residues.
    fn training(&self, kind: ProteinNetworkKind, learned: bool, seed: u64) -> ProteinTrainOptions {
        let mut options = if learned {
            ProteinTrainOptions::new(kind, seed)
        } else {
            ProteinTrainOptions::for_encoding(kind, seed)
        };
        options.max_epochs = self.epochs.unwrap_or(options.max_epochs);
        if kind != ProteinNetworkKind::DeepTFactor {
            options.learning_rate = self.learning_rate.unwrap_or(options.learning_rate);
            options.loss_weights = self.loss_weights.unwrap_or(options.loss_weights);
        }
        options
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

/// What a run works on.
struct Plan {
    out: PathBuf,
    settings: Settings,
    /// Labelled ones first.
    proteins: Vec<Protein>,
    labels: Vec<Label>,
    /// Values of the group column.
    column: Option<(Vec<u32>, Vec<String>)>,
    external_known: u64,
    /// Embeddings.
    stored: Option<FeatureSource>,
    /// To be fitted now.
    models: Vec<Model>,
    /// These and those of the run's earlier commands.
    known_models: Vec<Model>,
    /// From 0.
    only: Vec<u32>,
    keep_models: bool,
    device: DeviceChoice,
}

pub(super) fn run(arguments: Arguments, terminal: &Terminal) -> Result<()> {
    let mut plan = plan(arguments, terminal)?;
    plan.check_directory()?;
    let (groups, folds) = folds::folds(&plan, terminal)?;
    std::fs::create_dir_all(&plan.out).map_err(|source| Error::io("create", &plan.out, source))?;
    let _lock = lock(&plan.out)?;
    save(&plan)?;
    folds::write(&plan, groups.as_deref(), &folds)?;
    fit::fit(&plan, groups.as_deref(), &folds, terminal)?;
    let done = metrics::collect(&plan, &folds)?;
    let text = metrics::write(&plan, &done)?;
    terminal.note(&format!("wrote {}", plan.out.join("metrics.md").display()));
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())
        .map_err(|source| Error::io("write", "standard output", source))
}

fn plan(arguments: Arguments, terminal: &Terminal) -> Result<Plan> {
    let stored = arguments
        .embeddings
        .as_deref()
        .map(FeatureSource::stored)
        .transpose()?;
    let encoder = arguments
        .encoder
        .unwrap_or_else(|| if stored.is_some() { "esm2" } else { "residue" }.into());
    let sight = models::sight("encoder", &encoder, stored.is_some())?;
    let models = models::parse(&arguments.models, sight, stored.is_some())?;
    let only = only(&arguments.only, arguments.folds)?;
    for (name, share) in [
        ("threshold", arguments.threshold),
        ("validation", arguments.validation),
    ] {
        check_share(name, share)?;
    }
    let split = arguments.split.split();
    split.check()?;
    let labels = Labels::read(&arguments.labels, split.column())?;
    let mut proteins = read_proteins_with(&arguments.proteins, terminal)?;
    let matched = labels.matched(&proteins, &arguments.proteins)?;
    let mut inputs = vec![
        digest::input_file("proteins", &arguments.proteins)?,
        digest::input_file("labels", &arguments.labels)?,
    ];
    if let Some(directory) = &arguments.embeddings {
        inputs.push(digest::input_file(
            "embeddings",
            &directory.join("embedding.json"),
        )?);
    }
    let mut external_known = 0;
    if let Some(path) = &arguments.external {
        inputs.push(digest::input_file("external", path)?);
        let known: FxHashSet<Vec<u8>> = proteins.iter().map(|p| p.sequence.clone()).collect();
        let mut external = read_proteins_with(path, terminal)?;
        let all = external.len();
        external.retain(|protein| !known.contains(&protein.sequence));
        external_known = (all - external.len()) as u64;
        if external_known > 0 {
            terminal.note(&format!(
                "left out {external_known} of {all} proteins of {} whose sequence is in {}",
                path.display(),
                arguments.proteins.display()
            ));
        }
        proteins.append(&mut external);
    }
    let window = arguments.window.get();
    let positions = arguments
        .positions
        .map_or(Windows::default().length().div_ceil(window), |n| n.get());
    let settings = Settings {
        bindscape: env!("CARGO_PKG_VERSION").into(),
        inputs,
        split,
        folds: arguments.folds,
        validation: arguments.validation,
        encoder,
        windows: Windows { window, positions },
        epochs: arguments.epochs.map(NonZeroU32::get),
        learning_rate: arguments.learning_rate,
        loss_weights: loss_weights(arguments.loss_weights.as_deref())?,
        threshold: arguments.threshold,
        seed: arguments.seed,
    };
    settings
        .training(ProteinNetworkKind::MultiTask, false, settings.seed)
        .validate()?;
    Ok(Plan {
        out: arguments.out,
        settings,
        proteins,
        labels: matched.labels,
        column: matched.groups.map(|groups| (groups, matched.group_names)),
        external_known,
        stored,
        known_models: models.clone(),
        models,
        only,
        keep_models: arguments.keep_models,
        device: arguments.device,
    })
}

fn only(wanted: &[NonZeroU32], folds: u32) -> Result<Vec<u32>> {
    if wanted.is_empty() {
        return Ok((0..folds).collect());
    }
    let wanted: BTreeSet<u32> = wanted.iter().map(|fold| fold.get() - 1).collect();
    match wanted.last() {
        Some(&last) if last >= folds => Err(Error::argument(
            "only",
            format!("folds from 1 to {folds}"),
            (last + 1).to_string(),
        )),
        _ => Ok(wanted.into_iter().collect()),
    }
}

fn refuse_other(planned: &Settings, found: &Settings, out: &Path) -> Result<()> {
    if planned == found {
        return Ok(());
    }
    let json = |settings| serde_json::to_value(settings).expect("plain fields make JSON");
    let (planned, found) = (json(planned), json(found));
    let fields = planned.as_object().into_iter().flatten();
    let changed: Vec<&str> = fields
        .filter(|(name, value)| found.get(*name) != Some(*value))
        .map(|(name, _)| name.as_str())
        .collect();
    Err(Error::input(
        out,
        Place::File,
        "a cross-validation with the same settings",
        format!("one with other {}", changed.join(", ")),
    )
    .hint("choose another ⟦out⟧"))
}

fn save(plan: &Plan) -> Result<()> {
    let record = Record {
        command: std::env::args().collect(),
        settings: plan.settings.clone(),
        models: plan
            .known_models
            .iter()
            .map(|model| model.name.clone())
            .collect(),
        external_known: plan.external_known,
    };
    write_json(&plan.out.join(RECORD), &record)
}

impl Plan {
    /// Checks that the directory is free or holds this run, and takes over the models of the
    /// run's earlier commands.
    fn check_directory(&mut self) -> Result<()> {
        let file = self.out.join(RECORD);
        if file.exists() {
            let record: Record = read_json(&file)?;
            refuse_other(&self.settings, &record.settings, &self.out)?;
            let stored = self.stored.is_some();
            let encoder = models::sight("encoder", &record.settings.encoder, stored)?;
            let mut known = models::parse(&record.models, encoder, stored)?;
            let new = self
                .models
                .iter()
                .filter(|model| !record.models.contains(&model.name));
            known.extend(new.cloned());
            self.known_models = known;
            return Ok(());
        }
        let occupied = std::fs::read_dir(&self.out).is_ok_and(|mut entries| {
            // The lock alone is left where a run was stopped before its record was written.
            entries.any(|entry| entry.is_ok_and(|entry| entry.file_name() != ".lock"))
        });
        if occupied {
            return Err(Error::input(
                &self.out,
                Place::File,
                "a new or empty directory, or one that holds the same cross-validation",
                format!("other files and no {RECORD}"),
            )
            .hint("choose another ⟦out⟧"));
        }
        Ok(())
    }

    /// The proteins that are not labelled.
    fn external(&self) -> std::ops::Range<usize> {
        self.labels.len()..self.proteins.len()
    }

    fn ids(&self, rows: &[usize]) -> Vec<&str> {
        rows.iter()
            .map(|&row| self.proteins[row].id.as_str())
            .collect()
    }

    /// File of predictions of a model and fold, of labelled or of further proteins.
    fn file(&self, folder: &str, model: &Model, fold: u32) -> PathBuf {
        self.out
            .join(folder)
            .join(format!("{}.fold{}.tsv", model.file(), fold + 1))
    }

    /// Whether a model has scored the test part of a fold.
    fn finished(&self, model: &Model, fold: u32) -> bool {
        // The further proteins are written first.
        self.file("predictions", model, fold).exists()
    }
}
