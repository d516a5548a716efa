//! How good are models of proteins, on proteins that they were not trained on?
//!
//! Every model is fitted on the same folds. The run directory:
//!
//! ```text
//! OUT/
//!   crossval.json                     what the run is; another run is refused
//!   folds.tsv                         id, class, group and fold of every protein
//!   predictions/MODEL.foldN.tsv       probabilities of the proteins of fold N's test part
//!   external/MODEL.foldN.tsv          those of further proteins by the same model
//!   trainings/MODEL.foldN/            networks under way, or kept
//!   choices/MODEL.foldN.tsv           learning rates and loss weights, where several were tried
//!   metrics.json metrics.tsv metrics.md
//!   seconds.tsv                       how long each model took
//! ```

mod fit;
mod folds;
mod inputs;
mod metrics;
mod models;
mod networks;
mod predictions;
mod run;

use std::collections::BTreeSet;
use std::path::PathBuf;

use bindscape_base::{Error, Result};
use bindscape_nn::protein::{ProteinNetworkKind, ProteinTrainOptions};
use bindscape_protein::Windows;
use serde::{Deserialize, Serialize};

use super::split::{ProteinSplit, check_share};
use super::train::NetworkTrainingPlan;
use crate::job::Job;
use crate::run_directory::lock;
use crate::session::Session;

pub use metrics::{ExternalMetrics, FoldMetrics, MetricSummary, ModelMetrics};
pub use models::InputKind;
use run::Run;

/// A plan of cross-validating models of proteins.
///
/// ```
/// use bindscape::Session;
/// use bindscape::protein::crossval::Crossval;
/// use bindscape::protein::split::ProteinSplit;
/// # use std::fmt::Write;
/// # let directory = tempfile::tempdir()?;
/// # let path = |name: &str| directory.path().join(name);
/// # let (proteins, labels, out) = (path("proteins.fa"), path("labels.tsv"), path("run"));
/// # let (mut fasta, mut table) = (String::new(), "accession\tclass\n".to_owned());
/// # for number in 0..36 {
/// #     let (class, letters) = [("zinc_finger", b"CHKRED"), ("non_tf", b"IVAFLG")][number % 2];
/// #     let letter = |place: usize| char::from(letters[(place * place + number * place) % 6]);
/// #     writeln!(fasta, ">p{number}\n{}", (0..60).map(letter).collect::<String>())?;
/// #     writeln!(table, "p{number}\t{class}")?;
/// # }
/// # std::fs::write(&proteins, fasta)?;
/// # std::fs::write(&labels, table)?;
///
/// let mut plan = Crossval::new(proteins, labels, out);
/// plan.models = vec!["logistic".into(), "nearest-embedding".into()];
/// plan.split = ProteinSplit::Random;
/// plan.folds = 3;
/// let done = Session::silent().run(&plan)?;
/// let mcc = done.models[0].mean("tf.mcc").expect("defined in every fold");
/// assert!(mcc > 0.9);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Crossval {
    /// Proteins (FASTA, may be compressed).
    pub proteins: PathBuf,
    /// Their labels: a table with the columns `accession` and `class`.
    pub labels: PathBuf,
    /// Directory of the run; a run with the same settings is continued, and further models are
    /// added to it.
    pub out: PathBuf,
    /// Networks: `multitask`, `tf`, `domain`, `deeptfactor`. Without training of a network:
    /// `tfpredict`, `nearest-alignment`, `nearest-embedding`, `logistic`, `homology`.
    /// `MODEL:REPRESENTATION` takes another representation: `onehot`, `residue` or `esm2`;
    /// `composition` for `logistic` and `nearest-embedding`, which is their default. All, if there
    /// are none.
    #[serde(default)]
    pub models: Vec<String>,
    /// Representation of the proteins for networks that name none; `None` for
    /// [`InputKind::Esm2`] with ⟦embeddings⟧, and [`InputKind::Residue`] without.
    #[serde(default)]
    pub representation: Option<InputKind>,
    /// A directory of embeddings of all proteins, for [`InputKind::Esm2`].
    #[serde(default)]
    pub embeddings: Option<PathBuf>,
    /// The DNA-binding domains of labelled proteins, for `homology`: a table with the columns
    /// `accession` and `domains`, which holds `NAME:START-END;…`.
    #[serde(default)]
    pub domains: Option<PathBuf>,
    /// How residues become the positions of an encoding; embeddings have their own.
    pub windows: Windows,
    /// How proteins are divided into folds, and training parts into two.
    #[serde(default)]
    pub split: ProteinSplit,
    /// Number of folds.
    pub folds: u32,
    /// Fit the models of these folds now, from 1; of all, if there are none.
    #[serde(default)]
    pub only: Vec<u32>,
    /// Share of each training part that chooses epochs, hyper-parameters and temperatures.
    pub validation: f64,
    /// Most epochs of the networks; `None` here and below for their defaults.
    #[serde(default)]
    pub max_epochs: Option<u32>,
    /// Learning rate of the paper's networks. Of several, each fold takes the one with the smallest
    /// loss on the validation part of its training part, after temperature scaling and with both
    /// questions weighed the same: its test part chooses nothing.
    #[serde(default)]
    pub learning_rate: Vec<f64>,
    /// Weights of the losses of `multitask`: transcription factor or not, and class. Several as
    /// those of ⟦learning_rate⟧, each with each.
    #[serde(default)]
    pub loss_weights: Vec<[f64; 2]>,
    /// Further proteins, none of them a transcription factor, scored by the model of every fold
    /// (FASTA).
    #[serde(default)]
    pub external: Option<PathBuf>,
    /// Probability from which on a protein is called a transcription factor.
    pub threshold: f64,
    /// Keep the models of the networks.
    #[serde(default)]
    pub keep_models: bool,
    /// Seed of folds, weights and batches.
    pub seed: u64,
}

/// What a cross-validation gives.
#[derive(Debug, Clone, PartialEq)]
pub struct Crossvalidated {
    /// The models that have scored a fold, in the order in which they were asked for.
    pub models: Vec<ModelMetrics>,
    /// The page of tables.
    pub page: PathBuf,
    /// What it says (Markdown).
    pub text: String,
}

impl Crossval {
    /// Five folds of all models that need no embeddings.
    #[must_use]
    pub fn new(proteins: PathBuf, labels: PathBuf, out: PathBuf) -> Self {
        Self {
            proteins,
            labels,
            out,
            models: Vec::new(),
            representation: None,
            embeddings: None,
            domains: None,
            windows: Windows::default(),
            split: ProteinSplit::default(),
            folds: 5,
            only: Vec::new(),
            validation: 0.1,
            max_epochs: None,
            learning_rate: Vec::new(),
            loss_weights: Vec::new(),
            external: None,
            threshold: 0.5,
            keep_models: false,
            seed: 1,
        }
    }

    /// The representation of networks that name none.
    fn representation(&self) -> InputKind {
        let usual = match self.embeddings {
            Some(_) => InputKind::Esm2,
            None => InputKind::Residue,
        };
        self.representation.unwrap_or(usual)
    }

    /// The folds whose models are fitted now, from 0.
    fn folds_now(&self) -> Result<Vec<u32>> {
        if self.only.is_empty() {
            return Ok((0..self.folds).collect());
        }
        let wanted: BTreeSet<u32> = self.only.iter().copied().collect();
        match wanted.iter().find(|fold| !(1..=self.folds).contains(fold)) {
            Some(other) => Err(Error::argument(
                "only",
                format!("folds from 1 to {}", self.folds),
                other.to_string(),
            )),
            None => Ok(wanted.into_iter().map(|fold| fold - 1).collect()),
        }
    }

    /// How a network is trained, on features that a language model has `learned` or on an
    /// encoding of residues: the settings to choose among, mostly one. Rates and weights are those
    /// of the paper's networks, weights only where a network answers both questions.
    fn trainings(
        &self,
        kind: ProteinNetworkKind,
        learned: bool,
        seed: u64,
    ) -> Vec<ProteinTrainOptions> {
        let mut rates: Vec<_> = self.learning_rate.iter().copied().map(Some).collect();
        let mut weights: Vec<_> = self.loss_weights.iter().copied().map(Some).collect();
        let of_paper = kind != ProteinNetworkKind::DeepTFactor;
        if rates.is_empty() || !of_paper {
            rates = vec![None];
        }
        if weights.is_empty() || !of_paper {
            weights = vec![None];
        }
        if kind != ProteinNetworkKind::MultiTask {
            weights.truncate(1);
        }
        let plan = |(learning_rate, loss_weights)| NetworkTrainingPlan {
            max_epochs: self.max_epochs,
            learning_rate,
            loss_weights,
            ..NetworkTrainingPlan::default()
        };
        let each = |rate| weights.iter().map(move |&weights| (rate, weights));
        rates
            .into_iter()
            .flat_map(each)
            .map(|settings| plan(settings).options(kind, learned, seed))
            .collect()
    }
}

impl Job for Crossval {
    type Outcome = Crossvalidated;

    const NAME: &'static str = "protein crossval";

    fn check(&self) -> Result<()> {
        let embeddings = self.embeddings.is_some();
        self.representation().check(embeddings)?;
        models::parse(&self.models, self.representation(), embeddings)?;
        self.folds_now()?;
        check_share("threshold", self.threshold)?;
        check_share("validation", self.validation)?;
        if self.windows.window == 0 {
            return Err(Error::argument("window", "at least 1", "0"));
        }
        self.split.check()?;
        let trainings = self.trainings(ProteinNetworkKind::MultiTask, false, self.seed);
        trainings.iter().try_for_each(ProteinTrainOptions::validate)
    }

    fn run(&self, session: &Session<'_>) -> Result<Crossvalidated> {
        let mut run = Run::read(self, session)?;
        run.check_directory()?;
        let (groups, folds) = folds::folds(&run, session)?;
        std::fs::create_dir_all(&self.out)
            .map_err(|source| Error::io("create", &self.out, source))?;
        let _lock = lock(&self.out)?;
        // Another process may have begun a run there since.
        run.check_directory()?;
        run.save(session)?;
        folds::write(&run, groups.as_deref(), &folds)?;
        fit::fit(&run, groups.as_deref(), &folds, session)?;
        let models = metrics::collect(&run, &folds)?;
        let text = metrics::write(&run, &models)?;
        Ok(Crossvalidated {
            models,
            page: self.out.join("metrics.md"),
            text,
        })
    }
}
