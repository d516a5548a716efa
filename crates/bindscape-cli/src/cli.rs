//! The command line: every option, its default, and the verb it belongs to.

use bindscape_base::Result;
use clap::{ArgMatches, Command, CommandFactory, Parser, Subcommand};

use crate::face::Face;
use crate::terminal::Terminal;
use crate::{
    attribute, demo, evaluate, experiment, explain, filters, finetune, manual, matrix, model,
    motif, predict, pretrain, protein, report, run, select,
};

/// The section of options that all verbs have. Clap puts it last.
const GLOBAL: &str = "Global options";

/// From a transcription factor's protein to the places it binds in a genome.
///
/// The main job: `matrix build` turns accessible regions, ChIP-seq peaks and
/// predicted sites into a binding matrix; `pretrain` trains a multi-model on
/// several TFs; `finetune` transfers it to one TF with few peaks; `evaluate`,
/// `predict` and `report` use the result. `demo` runs all of it on simulated data.
#[derive(Debug, Parser)]
#[command(
    name = "bindscape",
    version,
    max_term_width = 100,
    disable_help_flag = true
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
    /// Threads for all work; results do not depend on it [default: all cores]
    #[arg(long, global = true, value_name = "N", help_heading = GLOBAL)]
    threads: Option<std::num::NonZeroUsize>,
    /// Write the plan of this command to a file, for `bindscape run`, instead of running it
    #[arg(long, global = true, value_name = "FILE", help_heading = GLOBAL)]
    plan: Option<std::path::PathBuf>,
    /// Print nothing but errors and data
    #[arg(long, short, global = true, help_heading = GLOBAL)]
    quiet: bool,
    /// Colours in messages and help; `auto` has them on a terminal, unless NO_COLOR is set
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        help_heading = GLOBAL
    )]
    color: clap::ColorChoice,
    /// Print help (`-h` is short, `--help` in full)
    #[arg(long, short, global = true, action = clap::ArgAction::Help, help_heading = GLOBAL)]
    help: Option<bool>,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Make, convert and look at binding matrices
    #[command(subcommand)]
    Matrix(matrix::MatrixVerb),
    /// Choose the TFs that a multi-model for one TF is trained on
    Select(Box<select::Arguments>),
    /// Train a multi-model on several TFs
    Pretrain(Box<pretrain::Arguments>),
    /// Train a model of one TF, by transfer from a multi-model or from scratch
    Finetune(Box<finetune::Arguments>),
    /// Compare many models of many TFs: the studies of the paper, or your own
    Experiment(Box<experiment::Arguments>),
    /// Measure a model on regions that it was not fitted on
    Evaluate(evaluate::Arguments),
    /// Score sequences or regions of a genome
    Predict(predict::Arguments),
    /// Explain a model: contributions, their patterns and hits, filters, all on one page
    Explain(explain::Arguments),
    /// Tell which bases of sequences or regions a prediction comes from
    Attribute(Box<attribute::Arguments>),
    /// Show what the filters of a network look for, and what is lost without them
    Filters(Box<filters::Arguments>),
    /// Look at models, and take over weights from elsewhere
    #[command(subcommand)]
    Model(model::ModelVerb),
    /// Tell transcription factors, and their kind, from protein sequences
    #[command(subcommand)]
    Protein(protein::ProteinVerb),
    /// Find, convert and draw motifs
    #[command(subcommand)]
    Motif(motif::MotifVerb),
    /// Make one self-contained HTML page from run directories
    Report(report::Arguments),
    /// Run a plan that --plan of a command wrote
    Run(run::Arguments),
    /// Run the whole job on a simulated genome, with no files needed
    Demo(demo::Arguments),
    /// Write a script that completes commands in a shell
    Completions(manual::Completions),
    /// Write pages of the manual
    Man(manual::Manual),
}

/// The command line with the long version.
pub(crate) fn command() -> Command {
    Arguments::command().long_version(manual::long_version())
}

/// The verb of a command line as it is typed, such as `motif scan`.
pub(crate) fn verb_of(matches: &ArgMatches) -> String {
    match matches.subcommand() {
        Some((name, below)) => format!("{name} {}", verb_of(below)).trim_end().to_owned(),
        None => String::new(),
    }
}

impl Arguments {
    /// Runs `verb`, the verb as it is typed (`motif scan`).
    pub(crate) fn run(self, verb: &str) -> Result<()> {
        let threads = self.threads.map_or(0, std::num::NonZeroUsize::get);
        rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build_global()
            .expect("the thread pool is made once, here");
        let terminal = Terminal::new(self.quiet, verb);
        let command = std::env::args_os()
            .map(|word| word.to_string_lossy().into_owned())
            .collect();
        self.run_verb(&terminal, command)
    }

    /// Runs the verb on the threads there are.
    pub(crate) fn run_verb(self, terminal: &Terminal, command: Vec<String>) -> Result<()> {
        let face = &Face::new(terminal, self.plan, command);
        match self.verb {
            Verb::Matrix(verb) => verb.run(face),
            Verb::Select(arguments) => face.run(arguments),
            Verb::Pretrain(arguments) => face.run(arguments),
            Verb::Finetune(arguments) => face.run(arguments),
            Verb::Experiment(arguments) => face.run(arguments),
            Verb::Evaluate(arguments) => face.run(arguments),
            Verb::Predict(arguments) => face.run(arguments),
            Verb::Explain(arguments) => face.run(arguments),
            Verb::Attribute(arguments) => face.run(arguments),
            Verb::Filters(arguments) => face.run(arguments),
            Verb::Model(verb) => verb.run(face),
            Verb::Protein(verb) => verb.run(face),
            Verb::Motif(verb) => verb.run(face),
            Verb::Report(arguments) => face.run(arguments),
            Verb::Run(arguments) => run::run(&arguments, face),
            Verb::Demo(arguments) => demo::run(arguments, face),
            Verb::Completions(arguments) => manual::completions(&arguments),
            Verb::Man(arguments) => manual::manual(&arguments, face),
        }
    }
}
