//! `bindscape protein train`: a network that tells transcription factors from other
//! proteins, and their kinds.

use std::path::PathBuf;

use bindscape_base::progress::Progress;

use bindscape_base::{Result, digest};
use bindscape_nn::DeviceChoice;
use bindscape_nn::protein::{
    self as networks, Encoder, KnownSequences, ProteinData, ProteinNetworkKind, ProteinTraining,
};
use clap::Args;
use serde_json::json;

use super::options::ProteinSplitArguments;
use crate::terminal::Terminal;
use bindscape::data::thousands;
use bindscape::watcher::{Watcher, validation_words};

mod homology;
pub(super) mod options;
mod parts;
use options::{ModelKind, NetworkArguments, TrainArguments};
use parts::{Labelled, Parts, Planned};

/// Options of `protein train`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Proteins (FASTA, may be compressed)
    #[arg(long, value_name = "FASTA")]
    proteins: PathBuf,
    /// Their labels: a table with the columns `accession` and `class`
    #[arg(long, value_name = "TSV")]
    labels: PathBuf,
    #[command(flatten)]
    split: ProteinSplitArguments,
    /// Run directory
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    #[command(flatten)]
    network: NetworkArguments,
    #[command(flatten)]
    training: TrainArguments,
    /// Compute device: cpu, or one that this program was built with
    #[arg(long, default_value = "cpu", value_name = "DEVICE")]
    device: DeviceChoice,
}

pub(crate) fn run(arguments: Arguments, terminal: &Terminal) -> Result<()> {
    match arguments.network.kind() {
        ModelKind::Network(kind) => network(kind, &arguments, terminal),
        ModelKind::Homology => homology::run(&arguments, terminal),
    }
}

fn network(kind: ProteinNetworkKind, arguments: &Arguments, terminal: &Terminal) -> Result<()> {
    let source = arguments.network.source(kind)?;
    let options = arguments.training.options(kind, source.learned())?;
    let windows = source.windows();
    // Sizes that make no network are refused before any file is read.
    let positions = windows.positions;
    let network = arguments.network.network(kind, source.width(), positions)?;
    let device = arguments.device.open()?;

    let mut labelled = Labelled::read(arguments, terminal)?;
    if let Some(directory) = source.directory() {
        let info = directory.join("embedding.json");
        let embeddings = digest::input_file("embeddings", &info)?;
        labelled.inputs.push(embeddings);
    }
    let proteins = &labelled.proteins;
    let features = source.represent(proteins, terminal)?.features;
    let cut = (0..proteins.len()).filter(|&row| features.cut(row)).count() as u64;
    let planned = Planned {
        configuration: json!({
            "network": network,
            "encoder": features.representation(),
            "training": options,
        }),
        parameters: network.parameters(),
        cut,
    };
    let (mut run, Parts { train, validation }) = labelled.begin(arguments, planned, terminal)?;
    if cut > 0 {
        terminal.note(&format!(
            "{} proteins are longer than {} residues: their ends are cut",
            thousands(cut),
            thousands(windows.length() as u64)
        ));
    }
    let known = KnownSequences::new(proteins.iter().map(|protein| &protein.sequence[..]));
    let training = ProteinTraining::new(
        Encoder::new(&*features, windows),
        labelled.inputs.clone(),
        known,
    );
    let trained = networks::train(
        &network,
        ProteinData {
            features: &*features,
            labels: &labelled.matched.labels,
            train: &train,
            validation: &validation,
        },
        &options,
        training,
        Some(&arguments.out),
        &device,
        &Watcher::new(terminal, kind.name()),
    )?;
    run.finish()?;
    let record = trained
        .epochs
        .iter()
        .find(|record| record.epoch == trained.best_epoch);
    terminal.note(&format!(
        "best epoch {} of {}{}; the model is {}",
        trained.best_epoch,
        trained.epochs.len(),
        record.map_or_else(String::new, |record| format!(
            ": {}",
            validation_words(record)
        )),
        arguments
            .out
            .join(bindscape_nn::train::MODEL_FILE)
            .display(),
    ));
    Ok(())
}
