//! Explaining predictions: which residues of a protein are evidence that it is a transcription factor,
//! or of a class.

mod evidence;
mod output;

use std::collections::HashSet;
use std::path::PathBuf;

use bindscape_base::journal::Journal;
use bindscape_base::progress::Progress;
use bindscape_base::{Error, Place, Result, names};
use bindscape_nn::protein::{
    Baseline, ExplainOptions, ProteinClassifier, ProteinModel, ProteinPredictor, Target,
};
use bindscape_protein::{Domains, MendedCounts, Protein, ProteinReader, protein_id, share_inside};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::features::{EmbeddingOptions, FeatureSource};
use super::journal_key;
use super::model::load_model;
use crate::data::file_name;
use crate::job::Job;
use crate::session::Session;
use crate::unfinished;
use output::{Judged, Output};

pub use evidence::EvidenceCounts;
pub use output::{ExplanationCounts, MeanShares};

/// A plan of explanations of a model's scores.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Explain {
    /// Model: the directory of a training, a safetensors file, or the name of a
    /// [`ShippedModel`](super::shipped::ShippedModel).
    pub model: PathBuf,
    /// Proteins (FASTA); `-` is standard input.
    pub proteins: PathBuf,
    /// Embeddings, for a model that takes such.
    #[serde(default)]
    pub embeddings: EmbeddingOptions,
    /// Only these proteins; all if there are none.
    #[serde(default)]
    pub ids: Vec<String>,
    /// What is explained.
    pub target: Target,
    /// Points on the line from the baseline to the protein; `None` for 64.
    pub steps: Option<usize>,
    /// What the protein is compared with; `None` for zeros.
    pub baseline: Option<Baseline>,
    /// Domains to show and to count attribution in: a table with the columns `accession` and
    /// `domains`, which holds `NAME:START-END;…`.
    pub domains: Option<PathBuf>,
    /// Directory to write: `attributions.tsv`, `proteins.tsv` and a picture of each protein; for
    /// a homology model `domains.tsv`, `relatives.tsv` and `alignments.txt` in place of
    /// `attributions.tsv`. It must be new or empty, or one where the same explanations of a network
    /// were interrupted.
    pub out: PathBuf,
}

/// What explanations leave.
#[derive(Debug, Clone, PartialEq)]
pub struct Explained {
    /// The directory.
    pub out: PathBuf,
    /// What the scores came from.
    pub counts: Explanations,
}

/// Counts of explanations, by kind of model.
#[derive(Debug, Clone, PartialEq)]
pub enum Explanations {
    /// Attributions to residues, of a network.
    Attributions(ExplanationCounts),
    /// Domains and relatives, of a homology model.
    Evidence(EvidenceCounts),
}

impl Explain {
    /// Explains why proteins are called TFs.
    #[must_use]
    pub fn new(model: PathBuf, proteins: PathBuf, out: PathBuf) -> Self {
        Self {
            model,
            proteins,
            embeddings: EmbeddingOptions::default(),
            ids: Vec::new(),
            target: Target::Tf,
            steps: None,
            baseline: None,
            domains: None,
            out,
        }
    }

    fn options(&self) -> ExplainOptions {
        ExplainOptions {
            steps: self.steps.unwrap_or(ExplainOptions::default().steps),
            baseline: self.baseline.unwrap_or_default(),
        }
    }

    /// Refuses a target that the model does not answer.
    fn check_target(&self, model: &ProteinModel, file: &str) -> Result<()> {
        let heads = model.network.heads();
        let has_head = match self.target {
            Target::Tf => heads.tf(),
            Target::Class(_) => heads.domain(),
        };
        if has_head {
            return Ok(());
        }
        Err(Error::argument(
            "target",
            format!("what {file} answers"),
            format!("`{}`, for which it has no head", self.target.name()),
        )
        .hint(if heads.tf() {
            "it answers `tf`"
        } else {
            "it answers classes, such as `homeodomain`"
        }))
    }

    /// Explains the scores of a network.
    fn attribute(&self, model: &ProteinModel, session: &Session<'_>) -> Result<ExplanationCounts> {
        let domains = self.domains.as_deref().map(Domains::read).transpose()?;
        let mut proteins = Proteins::open(self)?;
        let device = session.device().open()?;
        let encoder = &model.training.encoder;
        let explainer = Explainer {
            features: FeatureSource::of(encoder, &self.embeddings, session.device(), session)?,
            predictor: ProteinPredictor::new(model, &device),
            domains: domains.as_ref(),
            target: self.target,
            options: self.options(),
        };
        let mut output = Output::create(&self.out)?;
        let mut journal = self.journal(model, session)?;
        let steps = explainer.options.steps;
        let points = proteins.known().map(|count| (count * steps) as u64);
        session.begin("explaining scores", points);
        for protein in proteins.by_ref() {
            let protein = protein?;
            let key = journal_key(&protein);
            let scores = match journal.find(&key, session)? {
                Some(found) => {
                    session.advance(steps as u64);
                    found
                }
                None => {
                    let scores = explainer.explain(&protein, session)?;
                    journal.add(&key, &scores)?;
                    scores
                }
            };
            output.write(&protein, &explainer.judge(&protein, scores)?)?;
        }
        session.finish();
        proteins.tell(session);
        journal.check_end()?;
        let counts = output.finish(self.domains.is_some())?;
        journal.finish()?;
        Ok(counts)
    }

    /// Opens the journal of the explanations, which depend on this.
    fn journal(&self, model: &ProteinModel, session: &Session<'_>) -> Result<Journal> {
        let options = self.options();
        let plan = unfinished::plan(
            Self::NAME,
            model.sha256(),
            session.device(),
            json!({
                "embeddings": self.embeddings.identity(),
                "target": self.target,
                "steps": options.steps,
                "baseline": options.baseline,
            }),
        );
        unfinished::journal_in(&self.out, "proteins", &plan)
    }
}

impl Job for Explain {
    type Outcome = Explained;

    const NAME: &'static str = "protein explain";

    fn check(&self) -> Result<()> {
        if self.steps == Some(0) {
            return Err(Error::argument("steps", "at least 1", "0"));
        }
        self.embeddings.check()
    }

    fn run(&self, session: &Session<'_>) -> Result<Explained> {
        unfinished::check_directory(&self.out)?;
        let (model, file) = load_model(&self.model)?;
        let counts = match model {
            ProteinClassifier::Network(model) => {
                self.check_target(&model, &file_name(&file))?;
                Explanations::Attributions(self.attribute(&model, session)?)
            }
            ProteinClassifier::Homology(model) => {
                Explanations::Evidence(evidence::run(self, &model, session)?)
            }
        };
        Ok(Explained {
            out: self.out.clone(),
            counts,
        })
    }
}

/// The proteins to explain, and what was mended in them.
struct Proteins {
    path: PathBuf,
    rest: Rest,
    mended: MendedCounts,
}

/// Those of the file as it is read, or chosen ones.
enum Rest {
    All(Box<ProteinReader>),
    Chosen(std::vec::IntoIter<Protein>),
}

impl Proteins {
    fn open(plan: &Explain) -> Result<Self> {
        let mut reader = ProteinReader::open(&plan.proteins)?;
        let path = reader.path().to_path_buf();
        let proteins = |rest| Self {
            path,
            rest,
            mended: MendedCounts::default(),
        };
        if plan.ids.is_empty() {
            return Ok(proteins(Rest::All(Box::new(reader))));
        }
        let ids: Vec<&str> = plan.ids.iter().map(|id| protein_id(id)).collect();
        let mut missing: HashSet<&str> = ids.iter().copied().collect();
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
        if let Some(&id) = ids.iter().find(|id| missing.contains(*id)) {
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
        Ok(proteins(Rest::Chosen(chosen.into_iter())))
    }

    /// How many there are, where that is known.
    fn known(&self) -> Option<usize> {
        match &self.rest {
            Rest::All(_) => None,
            Rest::Chosen(chosen) => Some(chosen.len()),
        }
    }

    /// Tells what was mended in those that were explained.
    fn tell(&self, progress: &dyn Progress) {
        self.mended.tell(&self.path, progress);
    }
}

impl Iterator for Proteins {
    type Item = Result<Protein>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = match &mut self.rest {
            Rest::Chosen(chosen) => chosen.next().map(Ok),
            Rest::All(reader) => {
                let mut protein = Protein::default();
                match reader.read(&mut protein) {
                    Ok(true) => Some(Ok(protein)),
                    Ok(false) => None,
                    Err(error) => Some(Err(error)),
                }
            }
        };
        if let Some(Ok(protein)) = &next {
            self.mended.add(protein);
        }
        next
    }
}

/// Explains scores of proteins.
struct Explainer<'a> {
    predictor: ProteinPredictor,
    features: FeatureSource,
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
        let features = self.features.represent(proteins, progress)?.features;
        let attribution =
            self.predictor
                .explain(features.as_ref(), 0, self.target, self.options, progress)?;
        let single = self.features.of_residues(protein, progress)?;
        let length = protein.sequence.len();
        Ok(Explanation {
            output: attribution.output,
            baseline: attribution.baseline_output,
            gap: attribution.gap(),
            residues: attribution.residues(self.features.windows(), length, single.as_deref()),
        })
    }

    /// Compares an explanation with the domains.
    fn judge(&self, protein: &Protein, explanation: Explanation) -> Result<Judged> {
        let domains = match self.domains {
            Some(domains) => domains.get(&protein.id, protein.sequence.len())?,
            None => None,
        };
        Ok(Judged {
            target: self.target,
            share: share_inside(domains.unwrap_or_default(), &explanation.residues),
            domains: domains.map(<[_]>::to_vec),
            explanation,
        })
    }
}

#[cfg(test)]
mod tests {
    use bindscape_protein::ProteinClass;

    use super::*;

    #[test]
    fn a_plan_is_written_and_read_back() {
        let mut plan = Explain::new("m".into(), "p.fa".into(), "d".into());
        for (target, name) in [
            (Target::Tf, "tf"),
            (Target::Class(ProteinClass::Homeodomain), "homeodomain"),
        ] {
            plan.target = target;
            plan.baseline = Some(Baseline::Mean);
            let json = serde_json::to_value(&plan).expect("plain fields");
            assert_eq!(json["target"], name);
            assert_eq!(json["baseline"], "mean");
            let read: Explain = serde_json::from_value(json).expect("a plan");
            assert_eq!(read, plan);
        }
        let mut json = serde_json::to_value(&plan).expect("plain fields");
        json["target"] = "homeobox".into();
        assert!(serde_json::from_value::<Explain>(json).is_err());
    }

    #[test]
    fn no_steps_are_refused() {
        let mut plan = Explain::new("m".into(), "p.fa".into(), "d".into());
        plan.steps = Some(0);
        let error = plan.check().expect_err("no steps").to_string();
        assert_eq!(error, "steps: expected at least 1, found 0");
    }
}
