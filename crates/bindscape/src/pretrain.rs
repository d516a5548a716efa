//! Pre-training: a multi-model on several TFs.

pub(crate) mod filters;

use std::path::PathBuf;

use bindscape_base::digest::InputFile;
use bindscape_base::progress::Progress;
use bindscape_base::{Error, Result, Subject};
use bindscape_genome::load::SequenceInput;
use bindscape_matrix::results::{Evaluation, RunKind, RunRecord, Start as StartKind};
use bindscape_matrix::sample::{self, Fetch, Prepared, PretrainOptions, Unresolved};
use bindscape_matrix::split::Split;
use bindscape_matrix::{BindingMatrix, BindingState, View, parquet, tf_index};
use bindscape_nn::train::{Observer, Start};
use bindscape_nn::{Architecture, ArchitectureKind, TrainingIdentity};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::data;
use crate::job::Job;
use crate::motif::{motif_file, motifs_from};
use crate::run_directory::{Record, RunDirectory, refuse_other_files};
use crate::select::{
    Choosing, ChosenSet,
    choose::{Chooser, Question},
};
use crate::session::Session;
use crate::training::{self, Preset, Task, TrainingPlan};
use crate::watcher::Watcher;

pub use crate::select::TfChoice;

/// Name of the only training of a pre-training run.
pub(crate) const TRAINING: &str = "multi";

/// A plan of pre-training (Novakovsky et al. 2021, Methods, "Transfer learning").
///
/// ```
/// use bindscape::Session;
/// use bindscape::pretrain::{Pretrain, TfChoice};
/// use bindscape_genome::load::SequenceInput;
/// # use bindscape::demo::{Demo, DemoStep};
/// # let directory = tempfile::tempdir()?;
/// # let here = directory.path();
/// # let demo = Demo { regions: 200, ..Demo::new(here.into()) };
/// # let data = demo.simulate(&bindscape_base::progress::Silent)?;
/// # let [DemoStep::Build(build), ..] = demo.steps(&data) else { unreachable!() };
/// # Session::silent().run(&build)?;
///
/// let genome = SequenceInput::Genome(here.join("data/genome.fa"));
/// let mut plan = Pretrain::new(here.join("matrix.parquet"), genome, here.join("multi"));
/// plan.tfs = TfChoice::TopResolved(5);
/// plan.training.max_epochs = 1;
/// plan.training.bootstrap.resamples = 0;
/// let pretrained = Session::silent().with_threads(2)?.run(&plan)?;
/// assert_eq!(pretrained.evaluation.tfs.len(), 5);
/// assert!(pretrained.model.exists());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pretrain {
    /// Binding matrix (Parquet).
    pub matrix: PathBuf,
    /// Where the sequences of its regions come from.
    pub sequences: SequenceInput,
    /// Width of the sequences in base pairs, around the centres of the regions, whose labels they
    /// keep; `None` for that of the regions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// The TFs.
    pub tfs: TfChoice,
    /// How TFs are chosen for one TF.
    #[serde(default)]
    pub choosing: Choosing,
    /// TFs that are left out of that choice.
    #[serde(default)]
    pub without: Vec<String>,
    /// What becomes of regions that are resolved for some of the TFs.
    #[serde(default)]
    pub unresolved: Unresolved,
    /// How entries with one kind of evidence only are read; `None`: as unbound where regions must
    /// be resolved for all TFs, which then are more, as in the paper; as unresolved where
    /// unresolved entries are left out of the loss anyway.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub view: Option<View>,
    /// The network.
    pub architecture: ArchitectureKind,
    /// Motifs that the first filters begin as ([`bindscape_motif::motifs_from`] takes them), each
    /// cluster's mean in both orientations; `None` for random filters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub motif_filters: Option<String>,
    /// Take so many regions at random; `None` for all.
    pub regions: Option<usize>,
    /// How regions are split into training, validation and test parts.
    pub split: Split,
    /// How the network is trained.
    pub training: TrainingPlan,
    /// Run directory.
    pub out: PathBuf,
}

/// The TFs to train on.
pub(crate) struct Chosen {
    pub(crate) tfs: Vec<String>,
    /// Further TFs for which regions must be resolved.
    pub(crate) also_resolved_for: Vec<String>,
    /// The files of the run: at first those that the choice depends on beside the matrix.
    pub(crate) inputs: Vec<InputFile>,
    /// What is recorded of the choice, where it is more than names.
    pub(crate) set: Option<ChosenSet>,
}

impl Chosen {
    fn without_record(tfs: Vec<String>) -> Self {
        Self {
            tfs,
            also_resolved_for: Vec::new(),
            inputs: Vec::new(),
            set: None,
        }
    }
}

/// What a pre-training leaves.
#[derive(Debug, Clone, PartialEq)]
pub struct Pretrained {
    /// The model file (safetensors).
    pub model: PathBuf,
    /// Metrics on the test part.
    pub evaluation: Evaluation,
}

impl Pretrain {
    /// A pre-training with the recommended settings.
    #[must_use]
    pub fn new(matrix: PathBuf, sequences: SequenceInput, out: PathBuf) -> Self {
        Self {
            matrix,
            sequences,
            width: None,
            tfs: TfChoice::All,
            choosing: Choosing::default(),
            without: Vec::new(),
            unresolved: Unresolved::default(),
            view: None,
            architecture: ArchitectureKind::default(),
            motif_filters: None,
            regions: None,
            split: Split::default(),
            training: TrainingPlan::default(),
            out,
        }
        .with_preset(Preset::Recommended)
    }

    /// The same with the TFs, the network and its training of `preset`: a wide network, whose
    /// filters begin as motifs, on all TFs and every region that is resolved for any of them; or
    /// the paper's, on 50 TFs and the regions that are resolved for each.
    #[must_use]
    pub fn with_preset(self, preset: Preset) -> Self {
        let (tfs, architecture, motifs) = match preset {
            Preset::Recommended => {
                let motifs = Some("jaspar:vertebrates".to_owned());
                (TfChoice::All, ArchitectureKind::WideCnn, motifs)
            }
            Preset::Paper2021 => (TfChoice::TopResolved(50), ArchitectureKind::Cnn, None),
        };
        Self {
            unresolved: preset.unresolved(&tfs),
            tfs,
            architecture,
            motif_filters: motifs,
            training: TrainingPlan::pretraining(preset),
            ..self
        }
    }

    /// How entries with one kind of evidence only are read.
    fn view(&self) -> View {
        let usual = match self.unresolved {
            Unresolved::Drop => View::LessSparse,
            Unresolved::Mask => View::Sparse,
        };
        self.view.unwrap_or(usual)
    }

    /// The TFs to read, by name.
    fn candidates(&self) -> Result<Vec<String>> {
        let header = parquet::read_header(&self.matrix)?;
        for name in &self.without {
            tf_index(&header.tfs, name, Subject::field("without"))?;
        }
        if let TfChoice::Named(names) = &self.tfs {
            for name in names {
                tf_index(&header.tfs, name, Subject::field("tfs"))?;
            }
        }
        // A target that is left out of the choice is compared with the others.
        let target = self.tfs.around().map(|(_, target)| target.to_uppercase());
        let candidates: Vec<String> = match &self.tfs {
            TfChoice::Named(names) => names.clone(),
            _ => header.tfs,
        }
        .into_iter()
        .filter(|name| !self.without.contains(name) || target == Some(name.to_uppercase()))
        .collect();
        if candidates.is_empty() {
            return Err(Error::argument(
                "without",
                "TFs that leave others",
                "all of them",
            ));
        }
        Ok(candidates)
    }

    /// Reads the columns of the matrix that are needed, and chooses the TFs.
    fn read_matrix(&self, session: &Session<'_>) -> Result<(BindingMatrix, Chosen)> {
        let candidates = self.candidates()?;
        let matrix = data::read_matrix(&self.matrix, Some(&candidates), session)?;
        let matrix = data::widened(matrix, self.width, &self.matrix, session)?;
        let of = |columns: Vec<usize>| {
            let names = columns.into_iter().map(|tf| matrix.tfs[tf].clone());
            Chosen::without_record(names.collect())
        };
        let chosen = match &self.tfs {
            // Their regions are counted by name, and modes are not asked for.
            TfChoice::Named(_) if self.choosing.min_regions.is_none() => {
                return Ok((matrix, Chosen::without_record(candidates)));
            }
            &TfChoice::TopResolved(count) if self.choosing.min_regions.is_none() => {
                session.begin("choosing TFs", None);
                let all: Vec<usize> = (0..matrix.tfs.len()).collect();
                let columns = sample::top_resolved(&matrix, &all, count, View::LessSparse)?;
                session.finish();
                of(columns)
            }
            TfChoice::All if self.choosing.min_regions.is_none() => of((0..matrix.tfs.len())
                .filter(|&tf| matrix.columns[tf].contains(&BindingState::Bound))
                .collect()),
            choice => {
                let question = Question {
                    matrix: &matrix,
                    choosing: &self.choosing,
                    without: &self.without,
                    unresolved: self.unresolved,
                    take: self.regions,
                    seed: self.training.seed,
                };
                let chooser = Chooser::new(question, session)?;
                session.begin("choosing TFs", None);
                let set = match choice {
                    TfChoice::Named(_) => {
                        chooser.choose(&TfChoice::Named(candidates.clone()), None)?
                    }
                    choice => chooser.choose(choice, None)?,
                };
                session.finish();
                for line in set.lines() {
                    session.note(&line);
                }
                Chosen {
                    tfs: set.names(),
                    also_resolved_for: Vec::new(),
                    inputs: chooser.inputs(choice)?,
                    set: Some(set),
                }
            }
        };
        if chosen.set.is_none() {
            let tfs = &chosen.tfs;
            let chosen = data::counted(tfs.len() as u64, "TF");
            session.note(&format!("{chosen} chosen: {}", tfs.join(", ")));
        }
        Ok((matrix, chosen))
    }

    /// What `run.json` says of the run before it begins.
    fn record(
        &self,
        architecture: &Architecture,
        pretrain: &PretrainOptions,
        prepared: &Prepared,
        (genome, chosen): (&Option<String>, &Chosen),
        session: &Session<'_>,
    ) -> RunRecord {
        let options = self.training.options(false, self.training.seed);
        let bootstrap = self.training.bootstrap;
        let mut configuration = json!({
            "architecture": architecture,
            "data": pretrain,
            "training": options,
            "motif_filters": self.motif_filters,
            "bootstrap": { "resamples": bootstrap.resamples, "level": bootstrap.level },
        });
        if let Some(set) = &chosen.set {
            configuration["choice"] = json!(set);
        }
        RunRecord {
            kind: RunKind::Pretrain,
            bindscape: env!("CARGO_PKG_VERSION").into(),
            command: session.command().to_vec(),
            finished: false,
            simulated: data::simulated(genome.as_deref()),
            genome: genome.clone(),
            inputs: chosen.inputs.clone(),
            configuration,
            tfs: pretrain.tfs.clone(),
            length: architecture.length(),
            device: session.device().to_string(),
            parameters: architecture.parameters(),
            parent: None,
            data_steps: prepared.steps.clone(),
            trainings: vec![training::training_record(
                TRAINING.into(),
                StartKind::Scratch,
                1,
                options.seed,
                &prepared.dataset,
            )],
        }
    }
}

impl Job for Pretrain {
    type Outcome = Pretrained;

    const NAME: &'static str = "pretrain";

    fn check(&self) -> Result<()> {
        self.choosing.check(&self.tfs)?;
        self.split.check()?;
        self.training.check()
    }

    fn run(&self, session: &Session<'_>) -> Result<Pretrained> {
        session.open_device(self.training.precision)?;
        refuse_other_files(&self.out, RunRecord::FILE)?;
        let (matrix, mut chosen) = self.read_matrix(session)?;
        let length = data::width(&matrix, &self.matrix)?;
        let mut source = data::open_recorded(&self.sequences)?;
        let of_choice = std::mem::take(&mut chosen.inputs);
        chosen.inputs = data::records(&self.matrix, &self.sequences)?;
        chosen.inputs.extend(of_choice);
        if let Some(motifs) = &self.motif_filters {
            chosen.inputs.extend(motif_file("motif_filters", motifs)?);
        }
        let label = label(chosen.tfs.len());
        let watcher = Watcher::new(session, &label);
        let fetch: &mut Fetch<'_> =
            &mut |regions| data::fetch(source.as_mut(), regions, length, session);
        let on = TrainingInput {
            matrix: &matrix,
            length,
            chosen: &chosen,
        };
        let (_, evaluation) = self.train(&on, fetch, &watcher, session)?;
        Ok(Pretrained {
            model: self.out.join(&evaluation.model),
            evaluation,
        })
    }
}

/// What the training of so many TFs is called.
pub(crate) fn label(tfs: usize) -> String {
    format!("multi-model of {}", data::counted(tfs as u64, "TF"))
}

/// What a multi-model is trained on, read and chosen.
pub(crate) struct TrainingInput<'a> {
    pub(crate) matrix: &'a BindingMatrix,
    /// Width of its regions.
    pub(crate) length: usize,
    pub(crate) chosen: &'a Chosen,
}

impl Pretrain {
    /// Trains and tests the multi-model in its run directory, whatever `self` says of where the
    /// matrix lies and how TFs are chosen.
    pub(crate) fn train(
        &self,
        on: &TrainingInput<'_>,
        fetch: &mut Fetch<'_>,
        observer: &dyn Observer,
        session: &Session<'_>,
    ) -> Result<(RunRecord, Evaluation)> {
        let options = self.training.options(false, self.training.seed);
        let chosen = on.chosen;
        let architecture = Architecture::usual(self.architecture, on.length, chosen.tfs.len());
        architecture.validate()?;
        options.check_length(on.length)?;
        // Motifs that cannot be read are said before anything is written.
        let initial = self
            .motif_filters
            .as_deref()
            .map(|motifs| {
                let motifs = motifs_from(motifs, session)?;
                filters::initial(&architecture, &motifs, options.seed, observer)
            })
            .transpose()?;
        let pretrain = PretrainOptions {
            tfs: chosen.tfs.clone(),
            view: self.view(),
            unresolved: self.unresolved,
            also_resolved_for: chosen.also_resolved_for.clone(),
            regions: self.regions,
            split: self.split.clone(),
            seed: self.training.seed,
        };
        let prepared = sample::pretraining_dataset(on.matrix, &[], &pretrain, fetch)?;
        data::tell_steps(&prepared.steps, observer);

        let genome = on.matrix.provenance.genome.clone();
        let planned = self.record(
            &architecture,
            &pretrain,
            &prepared,
            (&genome, chosen),
            session,
        );
        let mut run = RunDirectory::begin(&self.out, planned, observer)?;
        let identity = TrainingIdentity::new(
            RunKind::Pretrain,
            options.seed,
            genome,
            chosen.inputs.clone(),
            &prepared.dataset,
            None,
        );
        let evaluation = training::train_and_test_watched(
            &run,
            Task {
                label: label(chosen.tfs.len()),
                directory: TRAINING,
                architecture: &architecture,
                start: initial.as_ref().map_or(Start::Scratch, Start::Weights),
                data: &prepared.dataset,
                options: &options,
                identity,
                device: session.device(),
                bootstrap: self.training.bootstrap.options(self.training.seed),
            },
            observer,
        )?;
        run.finish()?;
        Ok((run.record, evaluation))
    }
}
