//! `bindscape protein explain`: which residues a score comes from.

mod output;
mod voters;

use std::collections::HashSet;
use std::path::PathBuf;

use bindscape_base::journal::Journal;
use bindscape_base::progress::Progress;
use bindscape_base::{Error, Place, Result, names};
use bindscape_nn::DeviceChoice;
use bindscape_nn::protein::{
    Baseline, ExplainOptions, ProteinClassifier, ProteinPredictor, Target,
};
use bindscape_protein::{Domains, Protein, ProteinClass, ProteinReader, share_inside};
use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::options::EmbeddingArguments;
use crate::finetune::file_name;
use crate::terminal::Terminal;
use bindscape::data::thousands;
use bindscape::protein::features::FeatureSource;
use bindscape::protein::journal_key;
use bindscape::protein::model::load_model;
use bindscape::unfinished;
use output::{Explained, Output};

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
    #[arg(long, default_value = "tf", value_name = "TARGET")]
    target: String,
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
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum, Serialize)]
enum BaselineChoice {
    /// No residues
    #[default]
    Zeros,
    /// The protein's own composition, without an order
    Mean,
}

pub(super) fn run(arguments: Arguments, terminal: &Terminal) -> Result<()> {
    let target = target(&arguments.target)?;
    let (model, file) = load_model(&arguments.model)?;
    let model = match model {
        ProteinClassifier::Network(model) => model,
        ProteinClassifier::Homology(model) => {
            return voters::run(&arguments, &model, terminal);
        }
    };
    let heads = model.network.heads();
    let has_head = match target {
        Target::Tf => heads.tf(),
        Target::Class(_) => heads.domain(),
    };
    if !has_head {
        return Err(Error::argument(
            "target",
            format!("what {} answers", file_name(&file)),
            format!("`{}`, for which it has no head", arguments.target),
        )
        .hint(if heads.tf() {
            "it answers `tf`"
        } else {
            "it answers classes, such as `homeodomain`"
        }));
    }
    let domains = arguments
        .domains
        .as_deref()
        .map(Domains::read)
        .transpose()?;
    let proteins = Proteins::open(&arguments)?;
    let device = arguments.device.open()?;
    let encoder = &model.training.encoder;
    let source = FeatureSource::of(
        encoder,
        &arguments.embeddings.options(),
        arguments.device,
        terminal,
    )?;
    let explainer = Explainer {
        predictor: ProteinPredictor::new(&model, &device),
        source: &source,
        domains: domains.as_ref(),
        target,
        options: options(&arguments),
    };
    let steps = explainer.options.steps;
    let mut output = Output::create(&arguments.out)?;
    let plan = unfinished::plan(
        "protein explain",
        model.sha256(),
        arguments.device,
        json!({
            "embeddings": arguments.embeddings.options(),
            "target": arguments.target,
            "steps": steps,
            "baseline": arguments.baseline.unwrap_or_default(),
        }),
    );
    let path = arguments.out.join("unfinished.jsonl");
    let mut journal = Journal::open(path, "proteins", &plan)?;
    let points = proteins.known().map(|count| (count * steps) as u64);
    terminal.begin("explaining scores", points);
    for protein in proteins {
        let protein = protein?;
        let key = journal_key(&protein);
        let scores = match journal.find(&key, terminal)? {
            Some(found) => {
                terminal.advance(steps as u64);
                found
            }
            None => {
                let scores = explainer.explain(&protein, terminal)?;
                journal.add(&key, &scores)?;
                scores
            }
        };
        output.write(&protein, &explainer.judge(&protein, scores)?)?;
    }
    terminal.finish();
    journal.check_end()?;
    let told = output.finish()?;
    journal.finish()?;
    told.tell(domains.is_some(), &arguments, terminal);
    Ok(())
}

fn options(arguments: &Arguments) -> ExplainOptions {
    let usual = ExplainOptions::default();
    ExplainOptions {
        steps: arguments.steps.unwrap_or(usual.steps),
        baseline: match arguments.baseline.unwrap_or_default() {
            BaselineChoice::Zeros => Baseline::Zeros,
            BaselineChoice::Mean => Baseline::Mean,
        },
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

/// The proteins to explain: those of the file as it is read, or chosen ones.
enum Proteins {
    All(Box<ProteinReader>),
    Chosen(std::vec::IntoIter<Protein>),
}

impl Proteins {
    fn open(arguments: &Arguments) -> Result<Self> {
        let mut reader = ProteinReader::open(&arguments.proteins)?;
        if arguments.id.is_empty() {
            return Ok(Self::All(Box::new(reader)));
        }
        let mut missing: HashSet<&str> = arguments.id.iter().map(String::as_str).collect();
        let mut chosen = Vec::new();
        let mut others = Vec::new();
        let mut protein = Protein::default();
        while reader.read(&mut protein)? {
            if missing.remove(protein.id.as_str()) {
                chosen.push(std::mem::take(&mut protein));
            } else {
                others.push(std::mem::take(&mut protein.id));
            }
        }
        // The first that is missing, in the user's order.
        if let Some(id) = arguments.id.iter().find(|id| missing.contains(id.as_str())) {
            let near = others.iter().map(String::as_str);
            return Err(Error::input(
                reader.path(),
                Place::File,
                format!("a protein called {id:?}"),
                format!("none among {}", chosen.len() + others.len()),
            )
            .hint(names::suggestion(
                id,
                near,
                "headers begin with the id; of `sp|ACCESSION|NAME` it is the accession",
            )));
        }
        Ok(Self::Chosen(chosen.into_iter()))
    }

    /// How many there are, where that is known.
    fn known(&self) -> Option<usize> {
        match self {
            Self::All(_) => None,
            Self::Chosen(chosen) => Some(chosen.len()),
        }
    }
}

impl Iterator for Proteins {
    type Item = Result<Protein>;

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::Chosen(chosen) => chosen.next().map(Ok),
            Self::All(reader) => {
                let mut protein = Protein::default();
                match reader.read(&mut protein) {
                    Ok(true) => Some(Ok(protein)),
                    Ok(false) => None,
                    Err(error) => Some(Err(error)),
                }
            }
        }
    }
}

struct Explainer<'a> {
    predictor: ProteinPredictor,
    source: &'a FeatureSource,
    domains: Option<&'a Domains>,
    target: Target,
    options: ExplainOptions,
}

/// Where a score comes from.
#[derive(Debug, Serialize, Deserialize)]
struct Explanation {
    /// The logit for the protein.
    output: f64,
    /// The logit for the baseline.
    baseline: f64,
    /// How much the attributions miss the difference of the two by.
    gap: f64,
    /// One attribution per residue that the network saw.
    residues: Vec<f64>,
}

impl Explainer<'_> {
    fn explain(&self, protein: &Protein, progress: &dyn Progress) -> Result<Explanation> {
        let proteins = std::slice::from_ref(protein);
        let features = self.source.represent(proteins, progress)?.features;
        let attribution =
            self.predictor
                .explain(features.as_ref(), 0, self.target, self.options, progress)?;
        let single = self.source.of_residues(protein, progress)?;
        let length = protein.sequence.len();
        Ok(Explanation {
            output: attribution.output,
            baseline: attribution.baseline_output,
            gap: attribution.gap(),
            residues: attribution.residues(self.source.windows(), length, single.as_deref()),
        })
    }

    /// Compares an explanation with the domains.
    fn judge(&self, protein: &Protein, explanation: Explanation) -> Result<Explained> {
        let domains = match self.domains {
            Some(domains) => domains.get(&protein.id, protein.sequence.len())?,
            None => None,
        };
        Ok(Explained {
            target: self.target,
            share: share_inside(domains.unwrap_or_default(), &explanation.residues),
            domains: domains.map(<[_]>::to_vec),
            explanation,
        })
    }
}

impl output::Told {
    fn tell(&self, with_domains: bool, arguments: &Arguments, terminal: &Terminal) {
        let line = |count, what: &str| terminal.note(&format!("{:>12}  {what}", thousands(count)));
        line(self.proteins, "proteins explained");
        if self.cut > 0 {
            line(
                self.cut,
                "longer than the network's input; their ends have no attribution",
            );
        }
        if self.rough > 0 {
            line(
                self.rough,
                "whose attributions miss the score by more than a twentieth; more --steps help",
            );
        }
        if with_domains {
            line(self.without_domains, "without domains in the table");
            if let Some((attribution, length)) = self.mean_share() {
                terminal.note(&format!(
                    "positive attribution inside domains: {:.0}% on average, {:.0}% expected by length ({} proteins)",
                    100.0 * attribution,
                    100.0 * length,
                    thousands(self.shares)
                ));
            }
        }
        terminal.note(&format!("wrote {}", arguments.out.display()));
    }
}
