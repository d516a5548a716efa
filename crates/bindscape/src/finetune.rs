//! Fine-tuning: a model of one TF, by transfer or from scratch, and what simpler models make of the
//! same peaks.

mod comparison;
mod inputs;
pub(crate) mod readout;

use std::path::PathBuf;

use bindscape_base::progress::Progress;
use bindscape_base::{Error, Result, Subject};
use bindscape_genome::load::SequenceInput;
use bindscape_matrix::dataset::{Dataset, Part};
use bindscape_matrix::results::{Compared, Comparison, Evaluation, RunRecord, Start as StartKind};
use bindscape_matrix::sample::{FinetuneOptions, FinetuningPool, Prepared};
use bindscape_matrix::split::Split;
use bindscape_matrix::{BindingMatrix, View, parquet};
use bindscape_nn::features::Penalty;
use bindscape_nn::network::Network;
use bindscape_nn::train::{Freeze, TrainOptions, TransferLayers};
use bindscape_nn::{Architecture, ArchitectureKind, Model};
use serde::{Deserialize, Serialize};
use serde_json::json;

use self::inputs::{Inputs, tested_by};
pub(crate) use self::inputs::{fitted_to, with_background};
use crate::data;
use crate::job::Job;
use crate::model;
use crate::motif::motifs_from;
use crate::pretrain::filters;
use crate::run_directory::{Record, RunDirectory, refuse_other_files};
use crate::session::Session;
use crate::side_by_side;
use crate::training::{Preset, TrainingPlan};

/// Which weights the trainings of a fine-tuning begin with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StartChoice {
    /// Those of the multi-model.
    #[default]
    Transfer,
    /// Random ones.
    Scratch,
    /// Both, each on the same regions and split, for comparison.
    Both,
    /// No network is trained: a readout of the multi-model alone, or without one what needs no
    /// multi-model.
    None,
}

/// What becomes of regions that the multi-model was fitted to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SeenRegions {
    /// They may be trained on; validation and test regions are others. The multi-model saw their
    /// sequences with the labels of its own TFs.
    #[default]
    Train,
    /// They, and those it was tested on, are left out altogether.
    Drop,
}

impl StartChoice {
    /// The kinds of training, with the first part of their directories' names.
    fn kinds(self) -> Vec<(StartKind, &'static str)> {
        let transfer = (StartKind::Transfer, "transfer");
        let scratch = (StartKind::Scratch, "scratch");
        match self {
            Self::Transfer => vec![transfer],
            Self::Scratch => vec![scratch],
            Self::Both => vec![transfer, scratch],
            Self::None => Vec::new(),
        }
    }
}

/// A plan of fine-tuning (Novakovsky et al. 2021, Methods, "Transfer learning").
///
/// ```
/// use bindscape::Session;
/// use bindscape::finetune::{Finetune, StartChoice};
/// use bindscape_genome::load::SequenceInput;
/// # use bindscape::demo::{Demo, DemoStep};
/// # let directory = tempfile::tempdir()?;
/// # let here = directory.path();
/// # let demo = Demo { regions: 600, ..Demo::new(here.into()) };
/// # let data = demo.simulate(&bindscape_base::progress::Silent)?;
/// # let [DemoStep::Build(build), ..] = demo.steps(&data) else { unreachable!() };
/// # Session::silent().run(&build)?;
/// # let tf = data.pretraining_tfs[0].clone();
///
/// let sequences = SequenceInput::Genome(here.join("data/genome.fa"));
/// let matrix = here.join("matrix.parquet");
/// // A multi-model would be the first argument; here, a network begins with random weights.
/// let mut plan = Finetune::new("multi".into(), matrix, sequences, tf, here.join("run"));
/// (plan.model, plan.start) = (None, StartChoice::Scratch);
/// plan.training.max_epochs = 1;
/// let finetuned = Session::silent().run(&plan)?;
/// assert_eq!(finetuned.trainings.len(), 1);
/// assert!(finetuned.trainings[0].model.ends_with("scratch-1/model.safetensors"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finetune {
    /// Multi-model to transfer from: its run directory or file. From scratch, only its regions
    /// are kept out.
    pub model: Option<PathBuf>,
    /// Binding matrix (Parquet).
    pub matrix: PathBuf,
    /// Where the sequences of its regions come from.
    pub sequences: SequenceInput,
    /// Width of the sequences in base pairs, around the centres of the regions, whose labels they
    /// keep; `None` for that of the regions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// The TF.
    pub tf: String,
    /// The network; `None` for the multi-model's, or [`ArchitectureKind::Cnn`] without a
    /// multi-model.
    pub architecture: Option<ArchitectureKind>,
    /// Take so many bound regions at random; `None` for all.
    pub positives: Option<usize>,
    /// Unbound regions per bound one, matched in GC content.
    pub negatives_per_positive: f64,
    /// Width of the bins in which GC content is matched, in per cent.
    pub gc_bin_percent: u32,
    /// Repeats, each with its own draw, split and weights.
    pub repeats: u32,
    /// Which weights trainings begin with.
    pub start: StartChoice,
    /// What becomes of regions that the multi-model was fitted to.
    #[serde(default)]
    pub seen: SeenRegions,
    /// Whether a readout of the multi-model is fitted, too ([`bindscape_nn::readout`]).
    #[serde(default = "yes")]
    pub readout: bool,
    /// Unbound regions per bound one, whatever their GC content, that readout and k-mer regression
    /// are fitted to beside the matched ones.
    #[serde(default = "background")]
    pub background_per_positive: f64,
    /// Whether networks are trained on these regions, too; a share of them as large as that of the
    /// other regions validates.
    #[serde(default)]
    pub networks_see_background: bool,
    /// Motifs that the first filters of networks from scratch begin as
    /// ([`bindscape_motif::motifs_from`] takes them, and [`DE_NOVO`]), each cluster's mean in both
    /// orientations; `None` for random filters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub motif_filters: Option<String>,
    /// Layers whose weights come from the multi-model.
    pub transfer: TransferLayers,
    /// Layers of the transferred model that keep their weights.
    pub freeze: Freeze,
    /// How regions are split into training, validation and test parts.
    pub split: Split,
    /// How the networks are trained.
    pub training: TrainingPlan,
    /// Run directory.
    pub out: PathBuf,
}

/// What [`Finetune::motif_filters`] is for the motifs that are found in the training part itself.
pub const DE_NOVO: &str = "de-novo";

fn yes() -> bool {
    true
}

/// More of the genome as it is ranks better there; chosen on TFs that no table reports.
pub(crate) fn background() -> f64 {
    10.0
}

/// What a fine-tuning leaves.
#[derive(Debug, Clone, PartialEq)]
pub struct Finetuned {
    /// The TF.
    pub tf: String,
    /// The trainings, repeat by repeat.
    pub trainings: Vec<FinetunedModel>,
    /// What else can be made of the same peaks, on the same test regions.
    pub comparison: Comparison,
    /// The readouts (safetensors), repeat by repeat.
    pub readouts: Vec<PathBuf>,
    /// The readouts that the networks of transfer support (safetensors), repeat by repeat.
    pub joint: Vec<PathBuf>,
}

/// One training of a fine-tuning.
#[derive(Debug, Clone, PartialEq)]
pub struct FinetunedModel {
    /// How its weights began.
    pub start: StartKind,
    /// The model file (safetensors).
    pub model: PathBuf,
    /// Metrics on the test part.
    pub evaluation: Evaluation,
}

/// The multi-model and its file.
type Parent = (Model, PathBuf);

/// A training that is to be done.
struct Planned {
    directory: String,
    start: StartKind,
    repeat: u32,
    seed: u64,
}

impl Finetune {
    /// A fine-tuning of `model` on all bound regions of `tf`, with the recommended settings.
    #[must_use]
    pub fn new(
        model: PathBuf,
        matrix: PathBuf,
        sequences: SequenceInput,
        tf: String,
        out: PathBuf,
    ) -> Self {
        let draw = FinetuneOptions::default();
        Self {
            model: Some(model),
            matrix,
            sequences,
            width: None,
            tf,
            architecture: None,
            positives: draw.positives,
            negatives_per_positive: draw.negatives_per_positive,
            gc_bin_percent: draw.gc_bin_percent,
            repeats: 1,
            start: StartChoice::default(),
            seen: SeenRegions::default(),
            readout: true,
            background_per_positive: background(),
            networks_see_background: false,
            motif_filters: None,
            transfer: TransferLayers::default(),
            freeze: Freeze::default(),
            split: draw.split,
            training: TrainingPlan::default(),
            out,
        }
        .with_preset(Preset::Recommended)
    }

    /// The same with the training of `preset`, and without a multi-model its network. By the
    /// recommended one, networks see unbound regions of every kind, too.
    #[must_use]
    pub fn with_preset(self, preset: Preset) -> Self {
        let recommended = preset == Preset::Recommended;
        let own = (self.model.is_none() && recommended).then_some(ArchitectureKind::WideCnn);
        Self {
            architecture: own,
            networks_see_background: recommended,
            training: TrainingPlan::finetuning(preset),
            ..self
        }
    }

    /// Whether any network begins with the weights of a multi-model.
    fn transfers(&self) -> bool {
        matches!(self.start, StartChoice::Transfer | StartChoice::Both)
    }

    /// Whether a readout is fitted.
    fn reads_out(&self) -> bool {
        self.readout && self.model.is_some()
    }

    fn draw(&self) -> FinetuneOptions {
        FinetuneOptions {
            positives: self.positives,
            gc_bin_percent: self.gc_bin_percent,
            negatives_per_positive: self.negatives_per_positive,
            split: self.split.clone(),
        }
    }

    /// The trainings in the order of their evaluations.
    fn planned(&self) -> Vec<Planned> {
        let kinds = self.start.kinds();
        (1..=self.repeats)
            .flat_map(|repeat| {
                kinds.iter().map(move |&(start, name)| Planned {
                    directory: format!("{name}-{repeat}"),
                    start,
                    repeat,
                    seed: self.seed(repeat),
                })
            })
            .collect()
    }

    /// Reads the column of the TF.
    fn read_matrix(&self, session: &Session<'_>) -> Result<BindingMatrix> {
        let header = parquet::read_header(&self.matrix)?;
        bindscape_matrix::tf_index(&header.tfs, &self.tf, Subject::field("tf"))?;
        let only = std::slice::from_ref(&self.tf);
        let matrix = data::read_matrix(&self.matrix, Some(only), session)?;
        data::widened(matrix, self.width, &self.matrix, session)
    }

    /// Refuses a parent whose length or genome build differ from the matrix's, and warns where
    /// leakage cannot be excluded.
    fn check_parent(
        &self,
        (parent, file): &Parent,
        length: usize,
        genome: Option<&str>,
        session: &Session<'_>,
    ) -> Result<()> {
        let hint = "give a wider model's width as ⟦width⟧, build a matrix of the model's width, or \
                    pre-train on this one";
        model::check_length(parent, file, length, &self.matrix, hint)?;
        model::check_build(parent, file, genome, &self.matrix, session)?;
        if !parent.training.regions_known {
            session.note(&format!(
                "warning: the regions that {} was trained on are not known; none can be kept out, \
                 so the metrics of this run may be too optimistic",
                file.display()
            ));
        }
        Ok(())
    }

    /// The parent's network for one TF, or one of the paper's sizes where there is no parent or,
    /// from scratch, another network is asked for.
    fn network(&self, parent: Option<&Parent>, length: usize) -> Result<Architecture> {
        let asked = self.architecture;
        let chosen = match parent {
            Some((model, file)) => {
                let kind = model.architecture.kind();
                match asked.filter(|&asked| asked != kind) {
                    None => model.architecture.with_outputs(1),
                    Some(other) if self.start == StartChoice::Scratch => {
                        Architecture::usual(other, length, 1)
                    }
                    Some(other) => {
                        return Err(Error::argument(
                            "architecture",
                            format!("{kind}, the network of {}", file.display()),
                            other.to_string(),
                        )
                        .hint(format!(
                            "leave the option out, pre-train a {other}, \
                             or train one from random weights (⟦start⟧)"
                        )));
                    }
                }
            }
            None => Architecture::usual(asked.unwrap_or_default(), length, 1),
        };
        chosen.validate()?;
        Ok(chosen)
    }

    /// What each repeat draws, and the regions beside it as they occur in the genome.
    fn datasets(
        &self,
        matrix: &BindingMatrix,
        parent: Option<&Parent>,
        length: usize,
        session: &Session<'_>,
    ) -> Result<Vec<(Prepared, Dataset)>> {
        let mut source = data::open_recorded(&self.sequences)?;
        let model = parent.map(|(model, _)| model);
        let (excluded, seen) = match (model, self.seen) {
            (None, _) => (Vec::new(), None),
            (Some(model), SeenRegions::Drop) => {
                (vec![fitted_to(model, false), tested_by(model)], None)
            }
            (Some(model), SeenRegions::Train) => (Vec::new(), Some(fitted_to(model, false))),
        };
        let pool = FinetuningPool::new(
            matrix,
            &self.tf,
            View::Sparse,
            &excluded,
            seen,
            &mut |regions| data::fetch(source.as_mut(), regions, length, session),
        )?;
        let draw = self.draw();
        (1..=self.repeats)
            .map(|repeat| {
                let seed = self.seed(repeat);
                let prepared = pool.dataset(&draw, seed)?;
                let natural = pool.natural(&prepared, self.background_per_positive, seed);
                Ok((prepared, natural))
            })
            .collect()
    }

    /// The seed of a repeat, counted from 1.
    fn seed(&self, repeat: u32) -> u64 {
        self.training.seed + u64::from(repeat) - 1
    }

    /// What becomes of these trainings in the run's configuration.
    fn configuration(&self, architecture: &Architecture, planned: &[Planned]) -> serde_json::Value {
        let bootstrap = self.training.bootstrap;
        let seed = self.training.seed;
        let starts: Vec<&String> = planned.iter().map(|training| &training.directory).collect();
        json!({
            "architecture": architecture,
            "data": self.draw(),
            "view": View::Sparse,
            "repeats": self.repeats,
            "starts": starts,
            "seen": self.seen,
            "readout": self.reads_out().then(|| json!({
                "background_per_positive": self.background_per_positive,
                "penalty": Penalty::default(),
            })),
            // Null where the readout names it, or as it was before: older runs lack the entry.
            "kmers": (!self.reads_out() && self.background_per_positive != background()).then(|| {
                json!({ "background_per_positive": self.background_per_positive })
            }),
            // Null as it was before.
            "network_background": (self.networks_see_background && !planned.is_empty())
                .then_some(self.background_per_positive),
            "motif_filters": self.motif_filters,
            "transfer": self.transfers().then_some(self.transfer),
            "freeze": self.freeze,
            "training": {
                "transfer": self.training.options(true, seed),
                "scratch": self.training.options(false, seed),
            },
            "bootstrap": { "resamples": bootstrap.resamples, "level": bootstrap.level },
        })
    }

    /// Networks whose first filters begin as `motifs`, one for each repeat.
    fn initial(
        &self,
        motifs: &str,
        architecture: &Architecture,
        repeats: &[Prepared],
        session: &Session<'_>,
    ) -> Result<Vec<Network>> {
        let given = (motifs != DE_NOVO)
            .then(|| motifs_from(motifs, session))
            .transpose()?;
        (1..)
            .zip(repeats)
            .map(|(repeat, prepared)| {
                let seed = self.seed(repeat);
                let data = &prepared.dataset;
                let found;
                let set = match &given {
                    Some(set) => set,
                    None => {
                        let rows = data.rows(Part::Train);
                        found = readout::motifs(&self.matrix, data, &rows, seed, session)?;
                        &found
                    }
                };
                filters::initial(architecture, set, seed, session)
            })
            .collect()
    }

    /// The options of one training.
    fn options(&self, training: &Planned) -> TrainOptions {
        let transfer = training.start == StartKind::Transfer;
        let mut options = self.training.options(transfer, training.seed);
        if transfer {
            options.freeze = self.freeze;
        }
        options
    }
}

impl Job for Finetune {
    type Outcome = Finetuned;

    const NAME: &'static str = "finetune";

    fn check(&self) -> Result<()> {
        if self.repeats == 0 {
            return Err(Error::argument("repeats", "at least 1", "0"));
        }
        if !(self.background_per_positive >= 0.0 && self.background_per_positive.is_finite()) {
            return Err(Error::argument(
                "background_per_positive",
                "a number of at least 0",
                self.background_per_positive.to_string(),
            ));
        }
        let needs_model = match self.start {
            StartChoice::Transfer | StartChoice::Both => Some("a multi-model to transfer from"),
            StartChoice::None if self.readout => Some("a multi-model to read out"),
            StartChoice::None | StartChoice::Scratch => None,
        };
        if let (Some(expected), None) = (needs_model, &self.model) {
            return Err(Error::argument("model", expected, "none"));
        }
        let from_scratch = matches!(self.start, StartChoice::Scratch | StartChoice::Both);
        if self.motif_filters.is_some() && !from_scratch {
            return Err(Error::argument(
                "motif_filters",
                "a network from scratch, whose filters can begin as motifs",
                "none",
            ));
        }
        self.draw().validate()?;
        self.training.check()
    }

    fn run(&self, session: &Session<'_>) -> Result<Finetuned> {
        session.open_device(self.training.precision)?;
        refuse_other_files(&self.out, RunRecord::FILE)?;
        let inputs = Inputs::read(self, session)?;
        let mut run = RunDirectory::begin(&self.out, inputs.record(self, session), session)?;
        let planned = &inputs.planned;
        let options: Vec<TrainOptions> = planned
            .iter()
            .map(|training| self.options(training))
            .collect();
        let evaluations = side_by_side::train_and_test(
            &run,
            planned.len(),
            &|index| inputs.task(self, &planned[index], &options[index], session),
            session,
        )?;
        let trainings: Vec<FinetunedModel> = planned
            .iter()
            .zip(evaluations)
            .map(|(training, evaluation)| FinetunedModel {
                start: training.start,
                model: self.out.join(&evaluation.model),
                evaluation,
            })
            .collect();
        let comparison = comparison::compare(self, &inputs, &run, &trainings, session)?;
        run.finish()?;
        Ok(Finetuned {
            tf: self.tf.clone(),
            readouts: comparison::files(self, &comparison, Compared::Readout),
            joint: comparison::files(self, &comparison, Compared::Joint),
            trainings,
            comparison,
        })
    }
}
