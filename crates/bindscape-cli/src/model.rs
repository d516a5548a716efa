//! `bindscape model`: what a model is, and weights from elsewhere.

use std::io::Write;
use std::path::{Path, PathBuf};

use bindscape_base::progress::Progress;
use bindscape_base::{Error, Result};
use bindscape_nn::Model;
use clap::{Args, Subcommand};
use serde_json::json;

use crate::finetune::load_model;
use crate::terminal::Terminal;
use bindscape::data::thousands;
use bindscape::protein::model as protein_model;

/// The verbs below `model`.
#[derive(Debug, Subcommand)]
pub(crate) enum ModelVerb {
    /// Print what a model is and what it was trained on (JSON)
    Inspect(InspectArguments),
    /// Take over weights of a published network that PyTorch saved
    Import(ImportArguments),
}

/// Options of `model inspect`.
#[derive(Debug, Args)]
pub(crate) struct InspectArguments {
    /// Model of binding sites or of proteins: a run directory with one model, or a .safetensors file
    model: PathBuf,
}

/// Options of `model import`.
#[derive(Debug, Args)]
pub(crate) struct ImportArguments {
    /// Weights under the authors' names, a state_dict (.pth) or safetensors: the convolutional
    /// network (c1.weight, … d6.bias) or DanQ (Conv1.weight, BiLSTM.weight_ih_l0, … Linear2.bias)
    weights: PathBuf,
    /// TFs in the order of the outputs
    #[arg(long, value_delimiter = ',', value_name = "TF,…", required = true)]
    tfs: Vec<String>,
    /// Length of the sequences in base pairs
    #[arg(long, value_name = "BP", default_value_t = 200)]
    length: usize,
    /// Name of the genome build that it was trained on
    #[arg(long, value_name = "NAME")]
    build: Option<String>,
    /// Model to write (.safetensors)
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

pub(crate) fn run(verb: ModelVerb, terminal: &Terminal) -> Result<()> {
    match verb {
        ModelVerb::Inspect(arguments) => inspect(&arguments),
        ModelVerb::Import(arguments) => import(arguments, terminal),
    }
}

fn inspect(arguments: &InspectArguments) -> Result<()> {
    let facts = match protein_model::facts(&arguments.model)? {
        Some(facts) => facts,
        None => binding_facts(&arguments.model)?,
    };
    let mut out = std::io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, &facts)
        .map_err(std::io::Error::from)
        .and_then(|()| writeln!(out))
        .map_err(|source| Error::io("write", "standard output", source))
}

/// What is known of a model of binding sites.
fn binding_facts(path: &Path) -> Result<serde_json::Value> {
    let (model, _) = load_model(path)?;
    let training = &model.training;
    Ok(json!({
        "sha256": model.sha256(),
        "architecture": model.architecture,
        "parameters": model.architecture.parameters(),
        "tfs": model.tfs,
        "bindscape": training.bindscape,
        "kind": training.kind,
        "seed": training.seed,
        "precision": training.precision,
        "best_epoch": training.best_epoch,
        "genome": training.genome,
        "inputs": training.inputs,
        "parent_sha256": training.parent,
        "regions_known": training.regions_known,
        "regions_fitted": training.fitted.len(),
        "regions_held_out": training.held_out.len(),
        "chromosomes": training.chromosomes,
    }))
}

fn import(arguments: ImportArguments, terminal: &Terminal) -> Result<()> {
    let model = Model::import(
        &arguments.weights,
        arguments.tfs,
        arguments.length,
        arguments.build,
    )?;
    model.save(&arguments.out)?;
    terminal.note(&format!(
        "wrote {}: {}, {} parameters, {} TFs. The regions it was trained on are not known, \
         so nothing can be kept out of fine-tuning, and `evaluate` refuses it.",
        arguments.out.display(),
        model.architecture.kind(),
        thousands(model.architecture.parameters()),
        model.tfs.len()
    ));
    Ok(())
}
