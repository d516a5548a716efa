//! `bindscape protein explain`: which residues a score comes from.

use std::path::PathBuf;

use bindscape::protein::explain::Explain;
use bindscape::protein::shipped::ShippedModel;
use bindscape_base::{Error, Result, names};
use bindscape_nn::DeviceChoice;
use bindscape_nn::protein::{Baseline, Target};
use bindscape_protein::ProteinClass;
use clap::Args;

use super::options::EmbeddingArguments;
use crate::choice::{choice, name};
use crate::face::Verb;

/// Options of `protein explain`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Model: the directory of a training, a .safetensors file, or one that the program brings along: eukaryotes or prokaryotes
    #[arg(long, value_name = "RUN|FILE|NAME", default_value = ShippedModel::ALL[0].name)]
    model: PathBuf,
    /// Proteins (FASTA, may be compressed; `-` is standard input)
    #[arg(long, value_name = "FASTA")]
    proteins: PathBuf,
    #[command(flatten)]
    embeddings: EmbeddingArguments,
    /// Only these proteins [default: all]
    #[arg(long, value_delimiter = ',', value_name = "ID,…", value_parser = name())]
    id: Vec<String>,
    /// What is explained: `tf`, or a class (zinc_finger, homeodomain, leucine_zipper, other_tf, non_tf)
    #[arg(long, default_value = "tf", value_name = "TARGET", value_parser = target)]
    target: Target,
    /// Points on the line from the baseline to the protein [default: 64]
    #[arg(long, value_name = "N")]
    steps: Option<usize>,
    /// What the protein is compared with [default: zeros]
    #[arg(long, value_parser = choice::<Baseline>(BASELINES))]
    baseline: Option<Baseline>,
    /// Domains to show and to count attribution in (TSV with the columns accession and domains, which holds NAME:START-END;…)
    #[arg(long, value_name = "TSV")]
    domains: Option<PathBuf>,
    /// Directory to write: attributions.tsv, proteins.tsv, and a picture ID.svg of each protein; for a homology model domains.tsv, relatives.tsv and alignments.txt in place of attributions.tsv. The same command continues an interrupted one
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Compute device
    #[arg(long, default_value = "cpu", value_name = "DEVICE")]
    device: DeviceChoice,
}

/// What a protein is compared with.
const BASELINES: &[(&str, &str)] = &[
    ("zeros", "No residues"),
    ("mean", "The protein's own composition, without an order"),
];

impl Verb for Arguments {
    type Job = Explain;

    fn device(&self) -> DeviceChoice {
        self.device
    }

    fn plan(self) -> Result<Explain> {
        Ok(Explain {
            model: self.model,
            proteins: self.proteins,
            embeddings: self.embeddings.options(),
            ids: self.id,
            target: self.target,
            steps: self.steps,
            baseline: self.baseline,
            domains: self.domains,
            out: self.out,
        })
    }
}

fn target(name: &str) -> Result<Target> {
    if name == "tf" {
        return Ok(Target::Tf);
    }
    ProteinClass::from_name(name)
        .map(Target::Class)
        .ok_or_else(|| {
            let mut all = vec!["tf"];
            all.extend(ProteinClass::ALL.map(ProteinClass::name));
            Error::argument(
                "target",
                format!("one of {}", all.join(", ")),
                format!("{name:?}"),
            )
            .hint(names::suggestion(name, all, "choose one of these"))
        })
}
