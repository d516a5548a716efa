//! `bindscape run`: a written plan.

use std::path::PathBuf;

use bindscape::{Job, WrittenPlan, motif, pretrain, protein};
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

/// The entry of a job: its plan, and the module of the command line that reports it.
macro_rules! job {
    ($plan:ty, $($face:ident)::+) => {
        (<$plan>::NAME, |written, arguments, face| {
            let plan: $plan = written.parse(&arguments.file)?;
            face.run_on(&plan, arguments.device, crate::$($face)::+::report)
        })
    };
}

/// The jobs by name.
const JOBS: &[(&str, Runner)] = &[
    job!(pretrain::Pretrain, pretrain),
    job!(motif::Scan, motif::scan),
    job!(motif::Compare, motif::compare),
    job!(motif::Discover, motif::discover),
    job!(motif::Cluster, motif::cluster),
    job!(motif::Convert, motif::convert),
    job!(motif::Logo, motif::logo),
    job!(protein::cluster::Cluster, protein::cluster),
    job!(protein::crossval::Crossval, protein::crossval),
    job!(protein::train::Train, protein::train),
    job!(protein::fetch::Fetch, protein::fetch),
    job!(protein::embed::Embed, protein::embed),
    job!(protein::predict::Predict, protein::predict),
    job!(protein::explain::Explain, protein::explain),
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
