//! `bindscape run`: a written plan.

use std::path::PathBuf;

use bindscape::{
    Job, WrittenPlan, attribute, demo, evaluate, experiment, explain, filters, finetune, matrix,
    model, motif, predict, pretrain, protein, report, select,
};
use bindscape_base::{Error, Place, Result};
use bindscape_nn::DeviceChoice;
use clap::Args;

use crate::face::{Face, show};

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

/// Reads a plan as the job of its name, runs it on the device, and shows what it leaves.
type Runner = fn(&WrittenPlan, &Arguments, &Face<'_>) -> Result<()>;

/// A table of jobs by name; a demonstration shows the jobs it is made of.
macro_rules! jobs {
    ($($job:ty,)*) => {
        &[$((<$job>::NAME, |written, arguments, face| {
            let plan: $job = written.parse(&arguments.file)?;
            face.run_job(&plan, arguments.device, show)
        }),)*
        (demo::Demo::NAME, |written, arguments, face| {
            crate::demo::demonstrate(&written.parse(&arguments.file)?, face)
        })]
    };
}

/// The jobs by name.
const JOBS: &[(&str, Runner)] = jobs![
    matrix::BuildMatrix,
    matrix::ImportMatrix,
    matrix::ExportMatrix,
    matrix::InspectMatrix,
    matrix::CompareTfs,
    select::Select,
    pretrain::Pretrain,
    finetune::Finetune,
    experiment::Experiment,
    evaluate::Evaluate,
    predict::Predict,
    attribute::Attribute,
    explain::Explain,
    filters::Filters,
    model::InspectModel,
    model::ImportModel,
    report::Report,
    motif::Scan,
    motif::Compare,
    motif::Discover,
    motif::Modisco,
    motif::CallHits,
    motif::Cluster,
    motif::Convert,
    motif::Logo,
    protein::cluster::Cluster,
    protein::crossval::Crossval,
    protein::train::Train,
    protein::fetch::Fetch,
    protein::embed::Embed,
    protein::predict::Predict,
    protein::explain::Explain,
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
