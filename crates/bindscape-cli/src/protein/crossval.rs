//! `bindscape protein crossval`: how good are the models, on proteins that they were not
//! trained on?

use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;

use bindscape::protein::crossval::{Crossval, InputKind};
use bindscape_base::Result;
use bindscape_nn::DeviceChoice;
use bindscape_protein::Windows;
use clap::Args;

use super::options::{LossWeights, ProteinSplitArguments};
use crate::choice::name;
use crate::face::Verb;

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
    #[arg(long, value_delimiter = ',', value_name = "MODEL,…", value_parser = name())]
    models: Vec<String>,
    /// Encoder of the networks: onehot, residue or esm2 [default: esm2 with --embeddings, else
    /// residue]
    #[arg(long, value_name = "NAME")]
    encoder: Option<InputKind>,
    /// Embeddings of all proteins, for the encoder esm2: a directory that `protein embed` made
    #[arg(long, value_name = "DIR")]
    embeddings: Option<PathBuf>,
    /// Residues that an encoder averages; embeddings have theirs
    #[arg(long, default_value = "10", value_name = "N")]
    window: NonZeroUsize,
    /// Windows of the networks' input; embeddings have theirs [default: 3,000 residues]
    #[arg(long, value_name = "N")]
    positions: Option<NonZeroUsize>,
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
    /// Learning rate of the paper's networks; of several, each fold chooses by its validation part
    /// [default: 0.0001 on embeddings; on other encodings 0.0005 for tf, 0.002 for networks that learn classes]
    #[arg(long, value_name = "RATE,…", value_delimiter = ',', num_args = 1)]
    learning_rate: Vec<f64>,
    /// Weights of the losses of multitask: TF or not, and class; given several times, each fold
    /// chooses by its validation part [default: 0.7,0.3 on embeddings, 0.3,0.7 on other encodings]
    #[arg(long, value_name = "W,W", action = clap::ArgAction::Append)]
    loss_weights: Vec<LossWeights>,
    /// DNA-binding domains of labelled proteins, for homology (TSV with the columns accession and domains, which holds NAME:START-END;…)
    #[arg(long, value_name = "TSV")]
    domains: Option<PathBuf>,
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

impl Verb for Arguments {
    type Job = Crossval;

    fn device(&self) -> DeviceChoice {
        self.device
    }

    fn plan(self) -> Result<Crossval> {
        let window = self.window.get();
        let usual = Windows::default().length().div_ceil(window);
        Ok(Crossval {
            models: self.models,
            representation: self.encoder,
            embeddings: self.embeddings,
            windows: Windows {
                window,
                positions: self.positions.map_or(usual, NonZeroUsize::get),
            },
            split: self.split.split(),
            folds: self.folds,
            only: self.only.into_iter().map(NonZeroU32::get).collect(),
            validation: self.validation,
            max_epochs: self.epochs.map(NonZeroU32::get),
            learning_rate: self.learning_rate,
            loss_weights: self.loss_weights.iter().map(|weights| weights.0).collect(),
            domains: self.domains,
            external: self.external,
            threshold: self.threshold,
            keep_models: self.keep_models,
            seed: self.seed,
            ..Crossval::new(self.proteins, self.labels, self.out)
        })
    }
}
