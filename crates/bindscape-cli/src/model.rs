//! `bindscape model`: what a model is, and weights from elsewhere.

use std::path::PathBuf;

use bindscape::data::thousands;
use bindscape::model::{ImportModel, ImportedModel, InspectModel, ModelFacts};
use bindscape_base::Result;
use bindscape_base::progress::Progress;
use clap::{Args, Subcommand};

use crate::face::{Face, print_json};

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

impl ModelVerb {
    /// The verb as it is typed.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            ModelVerb::Inspect(_) => "model inspect",
            ModelVerb::Import(_) => "model import",
        }
    }
}

impl From<ImportArguments> for ImportModel {
    fn from(arguments: ImportArguments) -> Self {
        Self {
            weights: arguments.weights,
            tfs: arguments.tfs,
            length: arguments.length,
            build: arguments.build,
            out: arguments.out,
        }
    }
}

pub(crate) fn run(verb: ModelVerb, face: &Face<'_>) -> Result<()> {
    match verb {
        ModelVerb::Inspect(arguments) => {
            face.run(&InspectModel::new(arguments.model), report_facts)
        }
        ModelVerb::Import(arguments) => face.run(&ImportModel::from(arguments), report_import),
    }
}

/// Prints what a model is, by names in alphabetical order.
pub(crate) fn report_facts(facts: ModelFacts, _face: &Face<'_>) -> Result<()> {
    print_json(&serde_json::to_value(facts).expect("facts have plain fields"))
}

/// Says what was taken over.
pub(crate) fn report_import(imported: ImportedModel, face: &Face<'_>) -> Result<()> {
    let facts = &imported.facts;
    face.terminal.note(&format!(
        "wrote {}: {}, {} parameters, {} TFs. The regions it was trained on are not known, \
         so nothing can be kept out of fine-tuning, and `evaluate` refuses it.",
        imported.file.display(),
        facts.architecture.kind(),
        thousands(facts.parameters),
        facts.tfs.len()
    ));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_those_of_the_plan() {
        let arguments: ImportArguments = crate::cli::parsed(&["w", "--tfs", "A,B", "--out", "m"]);
        let tfs = vec!["A".into(), "B".into()];
        assert_eq!(
            ImportModel::from(arguments),
            ImportModel::new("w".into(), tfs, "m".into())
        );
    }
}
