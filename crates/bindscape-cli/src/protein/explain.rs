//! `bindscape protein explain`: which residues a score comes from.

use std::path::PathBuf;

use bindscape::data::thousands;
use bindscape::protein::explain::{Explain, Explained, ExplanationCounts, Explanations};
use bindscape_base::progress::Progress;
use bindscape_base::{Error, Result, names};
use bindscape_nn::DeviceChoice;
use bindscape_nn::protein::{Baseline, Target};
use bindscape_protein::ProteinClass;
use clap::{Args, ValueEnum};

use super::options::EmbeddingArguments;
use crate::face::Face;
use crate::terminal::Terminal;

/// Options of `protein explain`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Model: the directory of a training, or a .safetensors file
    #[arg(long, value_name = "RUN|FILE")]
    model: PathBuf,
    /// Proteins (FASTA, may be compressed; `-` is standard input)
    #[arg(long, value_name = "FASTA")]
    proteins: PathBuf,
    #[command(flatten)]
    embeddings: EmbeddingArguments,
    /// Only these proteins [default: all]
    #[arg(long, value_delimiter = ',', value_name = "ID,…")]
    id: Vec<String>,
    /// What is explained: `tf`, or a class (zinc_finger, homeodomain, leucine_zipper, other_tf, non_tf)
    #[arg(long, default_value = "tf", value_name = "TARGET", value_parser = target)]
    target: Target,
    /// Points on the line from the baseline to the protein [default: 64]
    #[arg(long, value_name = "N")]
    steps: Option<usize>,
    /// What the protein is compared with [default: zeros]
    #[arg(long, value_enum)]
    baseline: Option<BaselineChoice>,
    /// Domains to show and to count attribution in (TSV with the columns accession and domains, which holds NAME:START-END;…)
    #[arg(long, value_name = "TSV")]
    domains: Option<PathBuf>,
    /// Directory to write: attributions.tsv, proteins.tsv, and a picture ID.svg of each protein; for a homology model proteins.tsv and voters.tsv. The same command continues an interrupted one
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Compute device
    #[arg(long, default_value = "cpu", value_name = "DEVICE")]
    device: DeviceChoice,
}

/// Baselines, as the command line names them.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum BaselineChoice {
    /// No residues
    Zeros,
    /// The protein's own composition, without an order
    Mean,
}

impl Arguments {
    fn plan(self) -> Explain {
        Explain {
            model: self.model,
            proteins: self.proteins,
            embeddings: self.embeddings.options(),
            ids: self.id,
            target: self.target,
            steps: self.steps,
            baseline: self.baseline.map(|baseline| match baseline {
                BaselineChoice::Zeros => Baseline::Zeros,
                BaselineChoice::Mean => Baseline::Mean,
            }),
            domains: self.domains,
            out: self.out,
        }
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

pub(super) fn run(arguments: Arguments, face: &Face<'_>) -> Result<()> {
    let device = arguments.device;
    face.run_on(&arguments.plan(), device, report)
}

/// Says what was explained.
pub(crate) fn report(outcome: Explained, face: &Face<'_>) -> Result<()> {
    match outcome.counts {
        Explanations::Attributions(counts) => attributions(&counts, face.terminal),
        Explanations::Voters(counts) => face.terminal.note(&format!(
            "{:>12}  proteins, {} of them like none that is labelled",
            thousands(counts.proteins),
            thousands(counts.alone)
        )),
    }
    face.terminal
        .note(&format!("wrote {}", outcome.out.display()));
    Ok(())
}

fn attributions(counts: &ExplanationCounts, terminal: &Terminal) {
    let line = |count, what: &str| terminal.note(&format!("{:>12}  {what}", thousands(count)));
    line(counts.proteins, "proteins explained");
    if counts.cut > 0 {
        line(
            counts.cut,
            "longer than the network's input; their ends have no attribution",
        );
    }
    if counts.rough > 0 {
        line(
            counts.rough,
            "whose attributions miss the score by more than a twentieth; more --steps help",
        );
    }
    if let Some(count) = counts.without_domains {
        line(count, "without domains in the table");
    }
    if let Some(inside) = counts.inside_domains {
        terminal.note(&format!(
            "positive attribution inside domains: {:.0}% on average, {:.0}% expected by length ({} proteins)",
            100.0 * inside.attribution,
            100.0 * inside.length,
            thousands(inside.proteins)
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_those_of_the_plan() {
        let words = ["--model", "m", "--proteins", "p.fa", "--out", "d"];
        assert_eq!(
            crate::cli::parsed::<Arguments>(&words).plan(),
            Explain::new("m".into(), "p.fa".into(), "d".into())
        );
    }
}
