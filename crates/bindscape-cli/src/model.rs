//! `bindscape model`: what a model is, and weights from elsewhere.

use std::path::PathBuf;

use bindscape::model::{ImportModel, InspectModel};
use bindscape_base::Result;
use clap::Args;

use crate::choice::name;
use crate::face::{Verb, verbs};

verbs! {
    /// The verbs below `model`.
    ModelVerb {
        /// Print what a model is and what it was trained on (JSON)
        Inspect(InspectArguments),
        /// Take over weights of a published network that PyTorch saved
        Import(ImportArguments),
    }
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
    #[arg(long, value_delimiter = ',', value_name = "TF,…", required = true, value_parser = name())]
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

impl Verb for InspectArguments {
    type Job = InspectModel;

    fn plan(self) -> Result<InspectModel> {
        Ok(InspectModel::new(self.model))
    }
}

impl Verb for ImportArguments {
    type Job = ImportModel;

    fn plan(self) -> Result<ImportModel> {
        Ok(ImportModel {
            weights: self.weights,
            tfs: self.tfs,
            length: self.length,
            build: self.build,
            out: self.out,
        })
    }
}
