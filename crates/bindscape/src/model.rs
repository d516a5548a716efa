//! Models of binding sites: where they are found, what they are, and weights from elsewhere.

use std::path::{Path, PathBuf};

use bindscape_base::digest::InputFile;
use bindscape_base::kind::FileKind;
use bindscape_base::progress::Progress;
use bindscape_base::{Error, Place, Result};
use bindscape_genome::assembly;
use bindscape_matrix::results::RunKind;
use bindscape_nn::readout::Readout;
use bindscape_nn::train::MODEL_FILE;
use bindscape_nn::{Architecture, Model, Precision};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::content::Content;
use crate::data;
use crate::job::Job;
use crate::protein;
use crate::run_directory::{model_in, read_record};
use crate::session::Session;

/// The model of a run directory or file, and the file it lies in.
///
/// # Errors
/// If there is none, or the run has several.
pub fn load(path: &Path) -> Result<(Model, PathBuf)> {
    let file = match FileKind::of(path) {
        Some(FileKind::Run) => of_run(path)?,
        kind => model_in(
            path,
            kind,
            "a model of binding sites, or the directory of a run",
        )?,
    };
    Ok((Model::load(&file)?, file))
}

/// The file of the only model of a run.
fn of_run(run: &Path) -> Result<PathBuf> {
    let record = read_record(run)?;
    let [training] = record.trainings.as_slice() else {
        let example = record
            .trainings
            .first()
            .map_or_else(String::new, |training| training.directory.clone());
        return Err(Error::input(
            run,
            Place::File,
            "a run with one model",
            format!("{} models", record.trainings.len()),
        )
        .hint(format!(
            "name one, such as {}",
            run.join(example).join(MODEL_FILE).display()
        )));
    };
    let file = run.join(&training.directory).join(MODEL_FILE);
    if !file.exists() {
        return Err(Error::input(
            run,
            Place::File,
            "a finished run",
            "one that has no model yet",
        )
        .hint("repeat the command that began it; it continues"));
    }
    Ok(file)
}

/// Refuses a model trained on another genome build than that of a matrix, `genome`: its regions
/// could not be kept out. Says where that cannot be checked.
///
/// # Errors
/// If both builds are named and they are different assemblies ([`assembly::same`]).
pub fn check_build(
    model: &Model,
    file: &Path,
    genome: Option<&str>,
    matrix: &Path,
    progress: &dyn Progress,
) -> Result<()> {
    match (model.training.genome.as_deref(), genome) {
        (Some(trained), Some(given)) if !assembly::same(trained, given) => Err(Error::input(
            file,
            Place::File,
            format!(
                "a model trained on {given}, the genome build of {}",
                matrix.display()
            ),
            format!("one trained on {trained}"),
        )
        .hint(
            "regions of one build say nothing of those of another: \
             build the matrix on the model's genome",
        )),
        (Some(_), Some(_)) => Ok(()),
        _ => {
            progress.note(&format!(
                "warning: the genome build of {} or of {} is not named; whether they are the same \
                 cannot be checked",
                file.display(),
                matrix.display()
            ));
            Ok(())
        }
    }
}

/// The remedy for [`check_length`] where a model is used as it is.
pub(crate) const OTHER_LENGTH: &str = "give the width that a wider model was trained with as ⟦width⟧, or build a matrix of the model's width";

/// Refuses a model of another length than `width`, that of the regions of `matrix`.
pub(crate) fn check_length(
    model: &Model,
    file: &Path,
    width: usize,
    matrix: &Path,
    hint: &str,
) -> Result<()> {
    let length = model.architecture.length();
    if length == width {
        return Ok(());
    }
    Err(Error::input(
        file,
        Place::File,
        format!(
            "a model of {width} bp, the width of the regions in {}",
            matrix.display()
        ),
        format!("one of {length} bp"),
    )
    .hint(hint))
}

/// A plan of looking at a model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InspectModel {
    /// A run directory with one model, or a model file.
    pub model: PathBuf,
}

/// What a model is and what it was trained on.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
#[expect(
    clippy::large_enum_variant,
    reason = "there is one at a time, and a box would only be in the way"
)]
pub enum ModelFacts {
    /// A model of binding sites.
    Binding(BindingFacts),
    /// A model of proteins. Its facts are those of its kind, by the names in its file.
    Protein(Value),
}

/// What a model of binding sites is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BindingFacts {
    /// SHA-256 of its file.
    pub sha256: String,
    /// The network.
    pub architecture: Architecture,
    /// Trainable parameters.
    pub parameters: u64,
    /// TFs, one per output.
    pub tfs: Vec<String>,
    /// Version of bindscape that trained it.
    pub bindscape: String,
    /// Pre-trained or fine-tuned.
    pub kind: RunKind,
    /// Seed of its training.
    pub seed: u64,
    /// Type of the products in training.
    pub precision: Precision,
    /// Epoch whose weights these are.
    pub best_epoch: u32,
    /// Genome build.
    pub genome: Option<String>,
    /// Files that its data came from.
    pub inputs: Vec<InputFile>,
    /// SHA-256 of the model it was fine-tuned from.
    pub parent_sha256: Option<String>,
    /// Whether the regions it was trained on are known.
    pub regions_known: bool,
    /// Regions that it or an ancestor was trained or validated on.
    pub regions_fitted: usize,
    /// Regions of its test part.
    pub regions_held_out: usize,
    /// Chromosomes of the fitted regions.
    pub chromosomes: Vec<String>,
    /// The network that supports a readout; absent for other models.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub companion: Option<CompanionFacts>,
    /// What a readout weighs, that which counts most first; absent for other models.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub readout: Option<Vec<WeighedFeature>>,
}

/// A network that supports a readout.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CompanionFacts {
    /// The network.
    pub architecture: Architecture,
    /// The share of the log odds that are its own; those of the readout make up the rest.
    pub share: f64,
}

/// A feature of a readout.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WeighedFeature {
    /// A motif, by its sum over all windows or its best one, a TF of the multi-model, or all
    /// gapped words together.
    pub feature: String,
    /// Change of the log odds of binding for one standard deviation of the feature among the
    /// regions that the readout was fitted to.
    pub effect: f64,
    /// Change of the log odds for a feature greater by 1.
    pub weight: f64,
    /// What kind of feature it is.
    pub kind: FeatureKind,
}

/// Kinds of features of a readout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FeatureKind {
    /// How well a motif fits.
    Motif,
    /// An output of the multi-model.
    Output,
    /// All gapped words together.
    Words,
}

/// What a model is called where it is spoken of: the name of the file or directory, behind that of
/// its directory where all models have the same.
pub(crate) fn called(path: &Path) -> String {
    let name = data::file_name(path);
    let parent = path.parent().map(data::file_name).unwrap_or_default();
    match name == MODEL_FILE && !parent.is_empty() {
        true => format!("{parent}/{name}"),
        false => name,
    }
}

/// All gapped words of a readout.
const WORDS: &str = "k-mers";

/// What a readout weighs, that which counts most first.
pub(crate) fn weighed(readout: &Readout) -> Vec<WeighedFeature> {
    let motifs = readout.weights.len() - readout.outputs.len();
    let kind = |at: usize| match at < motifs {
        true => FeatureKind::Motif,
        false => FeatureKind::Output,
    };
    let features = readout.names().into_iter().enumerate();
    let mut weighed: Vec<WeighedFeature> = features
        .zip(&readout.weights)
        .zip(&readout.effects)
        .map(|(((at, feature), &weight), &effect)| WeighedFeature {
            feature,
            effect,
            weight,
            kind: kind(at),
        })
        .collect();
    // What the words add is their feature, already in log odds.
    weighed.extend(readout.words.iter().map(|words| WeighedFeature {
        feature: WORDS.into(),
        effect: words.effect,
        weight: 1.0,
        kind: FeatureKind::Words,
    }));
    weighed.sort_by(|a, b| b.effect.abs().total_cmp(&a.effect.abs()));
    weighed
}

impl From<&Model> for BindingFacts {
    fn from(model: &Model) -> Self {
        let training = &model.training;
        Self {
            sha256: model.sha256().to_owned(),
            architecture: model.architecture.clone(),
            parameters: model.parameters(),
            tfs: model.tfs.clone(),
            bindscape: training.bindscape.clone(),
            kind: training.kind,
            seed: training.seed,
            precision: training.precision,
            best_epoch: training.best_epoch,
            genome: training.genome.clone(),
            inputs: training.inputs.clone(),
            parent_sha256: training.parent.clone(),
            regions_known: training.regions_known,
            regions_fitted: training.fitted.len(),
            regions_held_out: training.held_out.len(),
            chromosomes: training.chromosomes.clone(),
            companion: model.companion().map(|companion| CompanionFacts {
                architecture: companion.architecture.clone(),
                share: companion.share,
            }),
            readout: model.readout().map(weighed),
        }
    }
}

impl InspectModel {
    /// Looks at `model`.
    #[must_use]
    pub fn new(model: PathBuf) -> Self {
        Self { model }
    }
}

impl Job for InspectModel {
    type Outcome = ModelFacts;

    const NAME: &'static str = "model inspect";

    fn check(&self) -> Result<()> {
        Ok(())
    }

    fn run(&self, _session: &Session<'_>) -> Result<ModelFacts> {
        if let Some(facts) = protein::model::facts(&self.model)? {
            return Ok(ModelFacts::Protein(facts));
        }
        let (model, _) = load(&self.model)?;
        Ok(ModelFacts::Binding((&model).into()))
    }
}

/// A plan of taking over the weights of a published network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportModel {
    /// Weights under the authors' names: a `state_dict` that PyTorch saved, or safetensors.
    pub weights: PathBuf,
    /// TFs in the order of the outputs.
    pub tfs: Vec<String>,
    /// Length of the sequences in base pairs.
    pub length: usize,
    /// Genome build that it was trained on.
    pub build: Option<String>,
    /// Model to write.
    pub out: PathBuf,
}

/// A model whose weights were taken over.
#[derive(Debug, Clone, PartialEq)]
pub struct ImportedModel {
    /// Its file.
    pub file: PathBuf,
    /// What it is.
    pub facts: BindingFacts,
}

impl ImportModel {
    /// Takes over `weights` of a network of 200 bp, the published length.
    #[must_use]
    pub fn new(weights: PathBuf, tfs: Vec<String>, out: PathBuf) -> Self {
        Self {
            weights,
            tfs,
            length: 200,
            build: None,
            out,
        }
    }
}

impl Job for ImportModel {
    type Outcome = ImportedModel;

    const NAME: &'static str = "model import";

    fn check(&self) -> Result<()> {
        Content::Model.check("out", &self.out)?;
        if self.tfs.is_empty() {
            return Err(Error::argument("tfs", "names of TFs", "none"));
        }
        Ok(())
    }

    fn run(&self, _session: &Session<'_>) -> Result<ImportedModel> {
        let model = Model::import(
            &self.weights,
            self.tfs.clone(),
            self.length,
            self.build.clone(),
        )?;
        model.save(&self.out)?;
        Ok(ImportedModel {
            file: self.out.clone(),
            facts: (&model).into(),
        })
    }
}
