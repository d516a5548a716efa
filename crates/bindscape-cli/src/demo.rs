//! `bindscape demo`: the whole job on a simulated genome, by the very commands
//! that a user types for real files.

use std::path::{Path, PathBuf};
use std::time::Instant;

use bindscape_base::Result;
use bindscape_base::progress::Progress;
use bindscape_matrix::simulate;
use bindscape_matrix::simulate::{Simulation, SimulationOptions};
use clap::{Args, Parser};

use crate::cli;
use crate::terminal::{Terminal, say};

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
  bindscape pretrain --matrix matrix.parquet --genome hg38.2bit \\
    --tfs top-resolved:50 --out multi
  bindscape finetune --model multi --matrix matrix.parquet --genome hg38.2bit \\
    --tf MYTF --positives 250 --repeats 5 --with-scratch --out mytf
  bindscape report mytf multi

README.md tells of other formats, and of peaks without predicted sites.";

pub(crate) fn run(arguments: Arguments, terminal: &Terminal) -> Result<()> {
    let begun = Instant::now();
    let data = arguments.out.join("data");
    let options = SimulationOptions {
        seed: arguments.seed,
        ..SimulationOptions::default()
    };
    terminal.note(
        "The data of this demonstration are simulated; nothing in it is a biological result.",
    );
    let simulation = simulate::simulate(&data, &options, terminal)?;
    terminal.note(&simulation.description);
    for command in commands(&arguments.out, &simulation, arguments.seed) {
        say(format!("\n$ {}", shown(&command)));
        cli::Arguments::parse_from(&command).run_verb(terminal, command)?;
    }
    say(format!(
        "\nDone in {:.0} s. Open {} in a browser.",
        begun.elapsed().as_secs_f64(),
        arguments.out.join("report.html").display()
    ));
    say(OWN_FILES);
    Ok(())
}

/// The commands of the job, as a user would type them.
fn commands(out: &Path, simulation: &Simulation, seed: u64) -> Vec<Vec<String>> {
    let place = |name: &str| out.join(name).display().to_string();
    let words = |text: &str, more: &[(&str, String)]| {
        let mut words: Vec<String> = std::iter::once("bindscape")
            .chain(text.split_whitespace())
            .map(str::to_owned)
            .collect();
        for (option, value) in more {
            words.extend([(*option).to_owned(), value.clone()]);
        }
        words
    };
    let path = |path: &Path| path.display().to_string();
    let matrix = place("matrix.parquet");
    let genome = path(&simulation.genome);
    let multi = place("multi");
    let target = place(&simulation.target_tf);
    vec![
        words(
            "matrix build --build simulated",
            &[
                ("--dhs", path(&simulation.dhs_clusters)),
                ("--dhs-sources", path(&simulation.dhs_sources)),
                ("--chip", path(&simulation.chip)),
                ("--tfbs", path(&simulation.tfbs)),
                ("--out", matrix.clone()),
            ],
        ),
        words(
            "pretrain --epochs 4",
            &[
                ("--matrix", matrix.clone()),
                ("--genome", genome.clone()),
                ("--tfs", simulation.pretraining_tfs.join(",")),
                ("--seed", seed.to_string()),
                ("--out", multi.clone()),
            ],
        ),
        words(
            "finetune --positives 250 --repeats 3 --with-scratch --epochs 10 --patience 3",
            &[
                ("--model", multi.clone()),
                ("--matrix", matrix.clone()),
                ("--genome", genome),
                ("--tf", simulation.target_tf.clone()),
                ("--seed", seed.to_string()),
                ("--out", target.clone()),
            ],
        ),
        words(
            &format!("report {target} {multi}"),
            &[("--out", place("report.html"))],
        ),
    ]
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
