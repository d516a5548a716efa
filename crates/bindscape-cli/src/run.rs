//! `bindscape run`: a written plan.

use std::path::PathBuf;

use bindscape::demo::Demo;
use bindscape::evaluate::Evaluate;
use bindscape::finetune::Finetune;
use bindscape::matrix::{BuildMatrix, CompareTfs, ExportMatrix, ImportMatrix, InspectMatrix};
use bindscape::model::{ImportModel, InspectModel};
use bindscape::predict::Predict;
use bindscape::pretrain::Pretrain;
use bindscape::report::Report;
use bindscape::{Job, WrittenPlan, motif};
use bindscape_base::{Error, Place, Result};
use bindscape_nn::DeviceChoice;
use clap::Args;

use crate::face::Face;
use crate::motif::{cluster, compare, convert, discover, logo, scan};
use crate::{demo, evaluate, finetune, matrix, model, predict, pretrain, report};

/// Options of `run`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Plan, as --plan of any command writes it
    // The global option that writes a plan is called `plan`; one name would make them one.
    #[arg(value_name = "PLAN.json")]
    file: PathBuf,
    /// Compute device: cpu, or one that this program was built with
    #[arg(long, default_value = "cpu", value_name = "DEVICE")]
    device: DeviceChoice,
}

/// Reads a plan as the job of its name, runs it on the device, and reports.
type Runner = fn(&WrittenPlan, &Arguments, &Face<'_>) -> Result<()>;

/// A table of jobs by name, with what reports their outcomes; a demonstration shows its jobs.
macro_rules! jobs {
    ($($job:ty => $report:path,)*) => {
        &[$((<$job>::NAME, |written, arguments, face| {
            let plan: $job = written.parse(&arguments.file)?;
            face.run_on(&plan, arguments.device, $report)
        }),)*
        (Demo::NAME, |written, arguments, face| {
            demo::show(&written.parse(&arguments.file)?, face)
        })]
    };
}

/// The jobs by name.
const JOBS: &[(&str, Runner)] = jobs![
    BuildMatrix => matrix::build::report,
    ImportMatrix => matrix::convert::report_import,
    ExportMatrix => matrix::convert::report_export,
    InspectMatrix => matrix::look::report_inspection,
    CompareTfs => matrix::look::report_similarity,
    Pretrain => pretrain::report,
    Finetune => finetune::report,
    Evaluate => evaluate::report,
    Predict => predict::report,
    InspectModel => model::report_facts,
    ImportModel => model::report_import,
    Report => report::report,
    motif::Scan => scan::report,
    motif::Compare => compare::report,
    motif::Discover => discover::report,
    motif::Cluster => cluster::report,
    motif::Convert => convert::report,
    motif::Logo => logo::report,
];

pub(crate) fn run(arguments: &Arguments, face: &Face<'_>) -> Result<()> {
    let written = WrittenPlan::read(&arguments.file)?;
    let known = JOBS.iter().find(|(name, _)| *name == written.job);
    let Some((_, runner)) = known else {
        return Err(Error::missing(
            arguments.file.as_path(),
            "the name of a job",
            &written.job,
            JOBS.iter().map(|(name, _)| *name),
            "write a plan with --plan of a command",
        )
        .at(Place::Record("job".into())));
    };
    runner(&written, arguments, face)
}
