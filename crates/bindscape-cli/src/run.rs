//! `bindscape run`: a written plan.

use std::path::PathBuf;

use bindscape::pretrain::Pretrain;
use bindscape::protein::embed::Embed;
use bindscape::protein::explain::Explain;
use bindscape::protein::fetch::Fetch;
use bindscape::protein::predict::Predict;
use bindscape::{Job, WrittenPlan, motif};
use bindscape_base::{Error, Place, Result};
use bindscape_nn::DeviceChoice;
use clap::Args;

use crate::face::Face;
use crate::motif::{cluster, compare, convert, discover, logo, scan};
use crate::pretrain;
use crate::protein::{embed, explain, fetch, predict};

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

/// The jobs by name.
const JOBS: &[(&str, Runner)] = &[
    (Pretrain::NAME, |written, arguments, face| {
        let plan: Pretrain = written.parse(&arguments.file)?;
        face.run_on(&plan, arguments.device, pretrain::report)
    }),
    (motif::Scan::NAME, |written, arguments, face| {
        let plan: motif::Scan = written.parse(&arguments.file)?;
        face.run(&plan, scan::report)
    }),
    (motif::Compare::NAME, |written, arguments, face| {
        let plan: motif::Compare = written.parse(&arguments.file)?;
        face.run(&plan, compare::report)
    }),
    (motif::Discover::NAME, |written, arguments, face| {
        let plan: motif::Discover = written.parse(&arguments.file)?;
        face.run(&plan, discover::report)
    }),
    (motif::Cluster::NAME, |written, arguments, face| {
        let plan: motif::Cluster = written.parse(&arguments.file)?;
        face.run(&plan, cluster::report)
    }),
    (motif::Convert::NAME, |written, arguments, face| {
        let plan: motif::Convert = written.parse(&arguments.file)?;
        face.run(&plan, convert::report)
    }),
    (motif::Logo::NAME, |written, arguments, face| {
        let plan: motif::Logo = written.parse(&arguments.file)?;
        face.run(&plan, logo::report)
    }),
    (Fetch::NAME, |written, arguments, face| {
        let plan: Fetch = written.parse(&arguments.file)?;
        face.run(&plan, fetch::report)
    }),
    (Embed::NAME, |written, arguments, face| {
        let plan: Embed = written.parse(&arguments.file)?;
        face.run_on(&plan, arguments.device, embed::report)
    }),
    (Predict::NAME, |written, arguments, face| {
        let plan: Predict = written.parse(&arguments.file)?;
        face.run_on(&plan, arguments.device, predict::report)
    }),
    (Explain::NAME, |written, arguments, face| {
        let plan: Explain = written.parse(&arguments.file)?;
        face.run_on(&plan, arguments.device, explain::report)
    }),
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
