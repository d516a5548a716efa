//! `bindscape run`: a written plan.

use std::path::PathBuf;

use bindscape::{
    Job, WrittenPlan, demo, evaluate, finetune, matrix, model, motif, predict, pretrain, protein,
    report,
};
use bindscape_base::{Error, Place, Result};
use bindscape_nn::DeviceChoice;
use clap::Args;

use crate::face::Face;

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
        (demo::Demo::NAME, |written, arguments, face| {
            crate::demo::show(&written.parse(&arguments.file)?, face)
        })]
    };
}

/// The jobs by name.
const JOBS: &[(&str, Runner)] = jobs![
    matrix::BuildMatrix => crate::matrix::build::report,
    matrix::ImportMatrix => crate::matrix::convert::report_import,
    matrix::ExportMatrix => crate::matrix::convert::report_export,
    matrix::InspectMatrix => crate::matrix::look::report_inspection,
    matrix::CompareTfs => crate::matrix::look::report_similarity,
    pretrain::Pretrain => crate::pretrain::report,
    finetune::Finetune => crate::finetune::report,
    evaluate::Evaluate => crate::evaluate::report,
    predict::Predict => crate::predict::report,
    model::InspectModel => crate::model::report_facts,
    model::ImportModel => crate::model::report_import,
    report::Report => crate::report::report,
    motif::Scan => crate::motif::scan::report,
    motif::Compare => crate::motif::compare::report,
    motif::Discover => crate::motif::discover::report,
    motif::Cluster => crate::motif::cluster::report,
    motif::Convert => crate::motif::convert::report,
    motif::Logo => crate::motif::logo::report,
    protein::cluster::Cluster => crate::protein::cluster::report,
    protein::crossval::Crossval => crate::protein::crossval::report,
    protein::train::Train => crate::protein::train::report,
    protein::fetch::Fetch => crate::protein::fetch::report,
    protein::embed::Embed => crate::protein::embed::report,
    protein::predict::Predict => crate::protein::predict::report,
    protein::explain::Explain => crate::protein::explain::report,
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
