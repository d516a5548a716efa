//! Models that tell transcription factors from other proteins, and their classes.

use std::path::PathBuf;

use bindscape_base::Result;
use bindscape_nn::protein::{ProteinEpoch, ProteinNetworkKind};
use serde::{Deserialize, Serialize};

use super::split::{ProteinSplit, check_share};
use crate::job::Job;
use crate::session::Session;

mod homology;
mod network;
mod parts;

pub use network::{NetworkPlan, NetworkTrainingPlan};

/// A plan of training a model on labelled proteins.
///
/// ```
/// use bindscape::Session;
/// use bindscape::protein::train::{ModelPlan, Train, Trained};
/// use bindscape::protein::split::ProteinSplit;
/// # use std::fmt::Write;
/// # let directory = tempfile::tempdir()?;
/// # let path = |name: &str| directory.path().join(name);
/// # let (proteins, labels, out) = (path("proteins.fa"), path("labels.tsv"), path("run"));
/// # let (mut fasta, mut table) = (String::new(), "accession\tclass\n".to_owned());
/// # for number in 0..24 {
/// #     let (class, letters) = [("zinc_finger", b"CHKRED"), ("non_tf", b"IVAFLG")][number % 2];
/// #     let letter = |place: usize| char::from(letters[(place * place + number * place) % 6]);
/// #     writeln!(fasta, ">p{number}\n{}", (0..60).map(letter).collect::<String>())?;
/// #     writeln!(table, "p{number}\t{class}")?;
/// # }
/// # std::fs::write(&proteins, fasta)?;
/// # std::fs::write(&labels, table)?;
///
/// let mut plan = Train::new(proteins, labels, out);
/// plan.split = ProteinSplit::Random;
/// plan.validation = 0.25;
/// if let ModelPlan::Network { network, training } = &mut plan.model {
///     network.filters = Some([8, 8]);
///     network.hidden = Some(vec![16]);
///     training.max_epochs = Some(2);
/// }
/// let trained = Session::silent().with_threads(1)?.run(&plan)?;
/// assert!(trained.model().is_file());
/// assert!(matches!(trained, Trained::Network { epochs, .. } if epochs.len() == 2));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Train {
    /// Proteins (FASTA, may be compressed).
    pub proteins: PathBuf,
    /// Their labels: a table with the columns `accession` and `class`.
    pub labels: PathBuf,
    /// What is trained.
    pub model: ModelPlan,
    /// Which proteins may not be in both the training and the validation part.
    #[serde(default)]
    pub split: ProteinSplit,
    /// Share of the proteins that choose the epoch and the temperatures of a network, and are not
    /// trained on.
    pub validation: f64,
    /// Seed of the split, the weights, the order of batches and dropout.
    pub seed: u64,
    /// Run directory.
    pub out: PathBuf,
}

/// What is trained.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(
    clippy::large_enum_variant,
    reason = "there is one at a time, and a box would only be in the way"
)]
pub enum ModelPlan {
    /// A neural network.
    Network {
        /// Which one, and on what.
        network: NetworkPlan,
        /// How it is trained.
        #[serde(default)]
        training: NetworkTrainingPlan,
    },
    /// Labelled proteins to compare with, profiles of their domains, and a regression on the
    /// composition.
    Homology {
        /// The DNA-binding domains of labelled proteins: a table with the columns `accession` and
        /// `domains`, which holds `NAME:START-END;…`. Without it there are no profiles.
        #[serde(default)]
        domains: Option<PathBuf>,
    },
}

/// What a training leaves.
#[derive(Debug, Clone, PartialEq)]
pub enum Trained {
    /// A network.
    Network {
        /// The model file.
        model: PathBuf,
        /// One record per epoch.
        epochs: Vec<ProteinEpoch>,
        /// The epoch whose weights the model has, from 1.
        best_epoch: u32,
    },
    /// Labelled proteins to compare with.
    Homology {
        /// The model file.
        model: PathBuf,
        /// Proteins that it was fitted on, and families of domains that it has profiles of; `None`
        /// if an earlier call had fitted it.
        fitted: Option<[usize; 2]>,
    },
}

impl Trained {
    /// The model file (safetensors).
    #[must_use]
    pub fn model(&self) -> &std::path::Path {
        match self {
            Self::Network { model, .. } | Self::Homology { model, .. } => model,
        }
    }
}

impl Train {
    /// A training of the paper's network on an encoding of the residues.
    #[must_use]
    pub fn new(proteins: PathBuf, labels: PathBuf, out: PathBuf) -> Self {
        Self {
            proteins,
            labels,
            model: ModelPlan::Network {
                network: NetworkPlan::new(ProteinNetworkKind::default()),
                training: NetworkTrainingPlan::default(),
            },
            split: ProteinSplit::default(),
            validation: 0.1,
            seed: 1,
            out,
        }
    }
}

impl Job for Train {
    type Outcome = Trained;

    const NAME: &'static str = "protein train";

    fn check(&self) -> Result<()> {
        if let ModelPlan::Network { network, training } = &self.model {
            network.check()?;
            training.check(network.kind)?;
        }
        check_share("validation", self.validation)?;
        self.split.check()
    }

    fn run(&self, session: &Session<'_>) -> Result<Trained> {
        match &self.model {
            ModelPlan::Network { network, training } => {
                network::train(self, network, training, session)
            }
            ModelPlan::Homology { domains } => homology::train(self, domains.as_deref(), session),
        }
    }
}
