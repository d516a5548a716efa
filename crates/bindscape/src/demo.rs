//! The whole job on a simulated genome, with no files needed.

use std::path::PathBuf;

use bindscape_base::Result;
use bindscape_base::progress::Progress;
use bindscape_genome::load::SequenceInput;
use bindscape_matrix::simulate::{self, Simulation, SimulationOptions};
use serde::{Deserialize, Serialize};

use crate::data::SIMULATED_BUILD;
use crate::finetune::{Finetune, Finetuned, StartChoice};
use crate::job::Job;
use crate::matrix::{BuildMatrix, BuiltMatrix};
use crate::pretrain::{Pretrain, Pretrained};
use crate::report::Report;
use crate::session::Session;

/// A plan of a demonstration: simulated data, a matrix, a multi-model, a model of one TF by
/// transfer and from scratch, and a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Demo {
    /// Directory for the simulated data, the models and the page.
    pub out: PathBuf,
    /// Accessible regions to simulate.
    pub regions: usize,
    /// Seed of the simulation and of the trainings.
    pub seed: u64,
}

/// One job of a demonstration.
#[derive(Debug, Clone, PartialEq)]
pub enum DemoStep {
    /// The matrix.
    Build(BuildMatrix),
    /// The multi-model.
    Pretrain(Pretrain),
    /// The model of one TF.
    Finetune(Box<Finetune>),
    /// The page.
    Report(Report),
}

/// What a demonstration leaves.
#[derive(Debug, Clone, PartialEq)]
pub struct Demonstrated {
    /// The simulated data.
    pub simulation: Simulation,
    /// The matrix.
    pub matrix: BuiltMatrix,
    /// The multi-model.
    pub multi: Pretrained,
    /// The models of one TF.
    pub target: Finetuned,
    /// The page.
    pub page: PathBuf,
}

impl Demo {
    /// A demonstration in `out`.
    #[must_use]
    pub fn new(out: PathBuf) -> Self {
        let SimulationOptions { seed, regions } = SimulationOptions::default();
        Self { out, regions, seed }
    }

    /// Writes the simulated data and reports what was written.
    ///
    /// # Errors
    /// As [`simulate::simulate`].
    pub fn simulate(&self, progress: &dyn Progress) -> Result<Simulation> {
        progress.note(
            "The data of this demonstration are simulated; nothing in it is a biological result.",
        );
        let options = SimulationOptions {
            seed: self.seed,
            regions: self.regions,
        };
        let simulation = simulate::simulate(&self.out.join("data"), &options, progress)?;
        progress.note(&simulation.description);
        Ok(simulation)
    }

    /// The jobs that follow the simulation, in their order.
    #[must_use]
    pub fn steps(&self, simulation: &Simulation) -> [DemoStep; 4] {
        [
            DemoStep::Build(self.build(simulation)),
            DemoStep::Pretrain(self.pretrain(simulation)),
            DemoStep::Finetune(Box::new(self.finetune(simulation))),
            DemoStep::Report(self.report(simulation)),
        ]
    }

    /// The page.
    #[must_use]
    pub fn page(&self) -> PathBuf {
        self.out.join("report.html")
    }

    fn matrix(&self) -> PathBuf {
        self.out.join("matrix.parquet")
    }

    fn multi(&self) -> PathBuf {
        self.out.join("multi")
    }

    fn build(&self, simulation: &Simulation) -> BuildMatrix {
        BuildMatrix {
            dhs: Some(simulation.dhs_clusters.clone()),
            dhs_sources: Some(simulation.dhs_sources.clone()),
            chip: vec![simulation.chip.clone()],
            tfbs: vec![simulation.tfbs.clone()],
            build: Some(SIMULATED_BUILD.into()),
            ..BuildMatrix::new(self.matrix())
        }
    }

    fn pretrain(&self, simulation: &Simulation) -> Pretrain {
        let genome = SequenceInput::Genome(simulation.genome.clone());
        let mut plan = Pretrain::new(self.matrix(), genome, self.multi());
        plan.without = vec![simulation.target_tf.clone()];
        plan.training.max_epochs = 4;
        plan.training.seed = self.seed;
        plan
    }

    fn finetune(&self, simulation: &Simulation) -> Finetune {
        let tf = &simulation.target_tf;
        let mut plan = Finetune::new(
            self.multi(),
            self.matrix(),
            SequenceInput::Genome(simulation.genome.clone()),
            tf.clone(),
            self.out.join(tf),
        );
        plan.positives = Some(250);
        plan.repeats = 3;
        plan.start = StartChoice::Both;
        plan.training.max_epochs = 10;
        plan.training.patience = 3;
        plan.training.seed = self.seed;
        plan
    }

    fn report(&self, simulation: &Simulation) -> Report {
        Report {
            runs: vec![self.out.join(&simulation.target_tf), self.multi()],
            out: Some(self.page()),
        }
    }
}

impl Job for Demo {
    type Outcome = Demonstrated;

    const NAME: &'static str = "demo";

    fn check(&self) -> Result<()> {
        Ok(())
    }

    fn run(&self, session: &Session<'_>) -> Result<Demonstrated> {
        let simulation = self.simulate(session)?;
        Ok(Demonstrated {
            matrix: session.run(&self.build(&simulation))?,
            multi: session.run(&self.pretrain(&simulation))?,
            target: session.run(&self.finetune(&simulation))?,
            page: session.run(&self.report(&simulation))?,
            simulation,
        })
    }
}
