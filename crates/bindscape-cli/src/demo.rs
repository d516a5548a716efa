//! `bindscape demo`: the whole job on a simulated genome, with the commands that a user types
//! for real files.

use std::path::{Path, PathBuf};
use std::time::Instant;

use bindscape::Job;
use bindscape::demo::{Demo, DemoStep};
use bindscape::finetune::Finetune;
use bindscape::matrix::BuildMatrix;
use bindscape::pretrain::Pretrain;
use bindscape::report::Report;
use bindscape_base::Result;
use bindscape_nn::DeviceChoice;
use clap::Args;

use crate::face::{Face, show};
use crate::terminal::say;

/// Options of `demo`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Directory for the simulated data, the models and the report
    #[arg(long, value_name = "DIR", default_value = "bindscape-demo")]
    out: PathBuf,
    /// Seed of the simulation and of the training
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// The same job on real files.
const OWN_FILES: &str = "
The same on your own files:

  bindscape matrix build --build hg38 --genome hg38.2bit \\
    --dhs dhs_clusters.bed.gz --dhs-sources dhs_sources.tsv \\
    --chip remap_peaks.bed.gz --tfbs unibind/ --out matrix.parquet
  bindscape pretrain --matrix matrix.parquet --genome hg38.2bit --out multi
  bindscape finetune --model multi --matrix matrix.parquet --genome hg38.2bit \\
    --tf MYTF --positives 500 --repeats 5 --with-scratch --out mytf
  bindscape report mytf multi

README.md tells of other formats, and of peaks without predicted sites.";

pub(crate) fn run(arguments: Arguments, face: &Face<'_>) -> Result<()> {
    let plan = Demo {
        seed: arguments.seed,
        ..Demo::new(arguments.out)
    };
    demonstrate(&plan, face)
}

/// Runs the jobs of a demonstration, each with the command that does the same.
pub(crate) fn demonstrate(plan: &Demo, face: &Face<'_>) -> Result<()> {
    let device = DeviceChoice::Cpu;
    if face.writes_plan() {
        return face.run_job(plan, device, show);
    }
    let begun = Instant::now();
    plan.check()?;
    let simulation = plan.simulate(face.terminal)?;
    for step in plan.steps(&simulation) {
        let command = command(&step);
        say(format!("\n$ {}", shown(&command)));
        let face = &face.with_command(command);
        match step {
            DemoStep::Build(plan) => face.run_job(&plan, device, show)?,
            DemoStep::Pretrain(plan) => face.run_job(&plan, device, show)?,
            DemoStep::Finetune(plan) => face.run_job(&*plan, device, show)?,
            DemoStep::Report(plan) => face.run_job(&plan, device, show)?,
        }
    }
    say(format!(
        "\nDone in {:.0} s. Open {} in a browser.",
        begun.elapsed().as_secs_f64(),
        plan.page().display()
    ));
    say(OWN_FILES);
    Ok(())
}

/// The command that does the same as `step`, as a user would type it.
fn command(step: &DemoStep) -> Vec<String> {
    let words = match step {
        DemoStep::Build(plan) => build(plan),
        DemoStep::Pretrain(plan) => pretraining(plan),
        DemoStep::Finetune(plan) => finetuning(plan),
        DemoStep::Report(plan) => page(plan),
    };
    std::iter::once("bindscape".to_owned())
        .chain(words)
        .collect()
}

fn path(path: &Path) -> String {
    path.display().to_string()
}

/// The words of `text`, then `options` with their values.
fn words<const N: usize>(text: &str, options: [(&str, String); N]) -> Vec<String> {
    text.split_whitespace()
        .map(str::to_owned)
        .chain(
            options
                .into_iter()
                .flat_map(|(option, value)| [option.to_owned(), value]),
        )
        .collect()
}

fn build(plan: &BuildMatrix) -> Vec<String> {
    let given = |file: &Option<PathBuf>| path(file.as_deref().unwrap_or(Path::new("")));
    words(
        "matrix build",
        [
            ("--build", plan.build.clone().unwrap_or_default()),
            ("--dhs", given(&plan.dhs)),
            ("--dhs-sources", given(&plan.dhs_sources)),
            ("--chip", path(&plan.chip[0])),
            ("--tfbs", path(&plan.tfbs[0])),
            ("--out", path(&plan.out)),
        ],
    )
}

fn pretraining(plan: &Pretrain) -> Vec<String> {
    words(
        &format!("pretrain --epochs {}", plan.training.max_epochs),
        [
            ("--matrix", path(&plan.matrix)),
            ("--genome", path(plan.sequences.path())),
            ("--without", plan.without.join(",")),
            ("--seed", plan.training.seed.to_string()),
            ("--out", path(&plan.out)),
        ],
    )
}

fn finetuning(plan: &Finetune) -> Vec<String> {
    let text = format!(
        "finetune --positives {} --repeats {} --with-scratch --epochs {} --patience {}",
        plan.positives.unwrap_or_default(),
        plan.repeats,
        plan.training.max_epochs,
        plan.training.patience
    );
    words(
        &text,
        [
            (
                "--model",
                path(plan.model.as_deref().unwrap_or(Path::new(""))),
            ),
            ("--matrix", path(&plan.matrix)),
            ("--genome", path(plan.sequences.path())),
            ("--tf", plan.tf.clone()),
            ("--seed", plan.training.seed.to_string()),
            ("--out", path(&plan.out)),
        ],
    )
}

fn page(plan: &Report) -> Vec<String> {
    let runs = plan.runs.iter().map(|run| path(run));
    let out = plan.out.iter().flat_map(|out| ["--out".into(), path(out)]);
    std::iter::once("report".to_owned())
        .chain(runs)
        .chain(out)
        .collect()
}

/// A command as a shell takes it.
fn shown(command: &[String]) -> String {
    command
        .iter()
        .map(|word| {
            if word
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "-_./,:=+@".contains(c))
            {
                word.clone()
            } else {
                format!("'{}'", word.replace('\'', "'\\''"))
            }
        })
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use bindscape::WrittenPlan;
    use bindscape_base::progress::Silent;
    use clap::Parser;

    use super::*;
    use crate::cli;
    use crate::terminal::Terminal;

    /// What is shown does what is run: each command writes the plan of its step.
    #[test]
    fn commands_are_those_of_the_jobs() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let file = directory.path().join("plan.json");
        let demo = Demo {
            regions: 120,
            seed: 3,
            ..Demo::new(directory.path().join("a demo"))
        };
        let simulation = demo.simulate(&Silent).expect("a simulation");
        for step in demo.steps(&simulation) {
            let planned = match &step {
                DemoStep::Build(plan) => WrittenPlan::of(plan),
                DemoStep::Pretrain(plan) => WrittenPlan::of(plan),
                DemoStep::Finetune(plan) => WrittenPlan::of(&**plan),
                DemoStep::Report(plan) => WrittenPlan::of(plan),
            }
            .expect("a plan");
            let mut words = command(&step);
            words.extend(["--plan".to_owned(), path(&file)]);
            cli::Arguments::parse_from(&words)
                .run_verb(&Terminal::new(true, "demo"), Vec::new())
                .expect("a plan");
            let typed = WrittenPlan::read(&file).expect("a plan");
            assert_eq!(
                (typed.job, typed.plan),
                (planned.job, planned.plan),
                "{words:?}"
            );
        }
    }
}
