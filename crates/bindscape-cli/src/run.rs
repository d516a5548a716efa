//! `bindscape run`: a written plan.

use std::path::PathBuf;

use bindscape::pretrain::Pretrain;
use bindscape::{Job, WrittenPlan};
use bindscape_base::{Error, Place, Result};
use bindscape_nn::DeviceChoice;
use clap::Args;

use crate::face::Face;
use crate::pretrain;

/// Options of `run`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Plan, as --plan of any command writes it
    #[arg(value_name = "PLAN.json")]
    plan: PathBuf,
    /// Compute device: cpu, or one that this program was built with
    #[arg(long, default_value = "cpu", value_name = "DEVICE")]
    device: DeviceChoice,
}

/// Reads a plan as the job of its name, runs it on the device, and reports.
type Runner = fn(&WrittenPlan, &Arguments, &Face<'_>) -> Result<()>;

/// The jobs by name.
const JOBS: &[(&str, Runner)] = &[(Pretrain::NAME, |written, arguments, face| {
    let plan: Pretrain = written.parse(&arguments.plan)?;
    face.run_on(&plan, arguments.device, pretrain::report)
})];

pub(crate) fn run(arguments: &Arguments, face: &Face<'_>) -> Result<()> {
    let written = WrittenPlan::read(&arguments.plan)?;
    let known = JOBS.iter().find(|(name, _)| *name == written.job);
    let Some((_, runner)) = known else {
        return Err(Error::missing(
            arguments.plan.as_path(),
            "the name of a job",
            &written.job,
            JOBS.iter().map(|(name, _)| *name),
            "write a plan with --plan of a command",
        )
        .at(Place::Record("job".into())));
    };
    runner(&written, arguments, face)
}
