//! From a plan to a job that runs, or to a file that holds the plan.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;

use bindscape::{Job, Outcome, Session, WrittenPlan};
use bindscape_base::progress::Progress;
use bindscape_base::{Error, Result};
use bindscape_nn::DeviceChoice;
use serde::Serialize;

use crate::terminal::Terminal;

/// Where plans go.
pub(crate) struct Face<'a> {
    pub(crate) terminal: &'a Terminal,
    /// Write the plan to this file instead of running it.
    plan: Option<PathBuf>,
    /// The command as the user typed it.
    command: Vec<String>,
}

impl<'a> Face<'a> {
    pub(crate) fn new(terminal: &'a Terminal, plan: Option<PathBuf>, command: Vec<String>) -> Self {
        Self {
            terminal,
            plan,
            command,
        }
    }

    /// Whether plans are written instead of run.
    pub(crate) fn writes_plan(&self) -> bool {
        self.plan.is_some()
    }

    /// The same face for a command of its own.
    pub(crate) fn with_command(&self, command: Vec<String>) -> Self {
        Self {
            terminal: self.terminal,
            plan: self.plan.clone(),
            command,
        }
    }

    /// Runs the job of a verb's options, and shows what it leaves.
    pub(crate) fn run<V: Verb>(&self, verb: V) -> Result<()> {
        let (device, show) = (verb.device(), verb.show());
        for remark in verb.remarks() {
            self.terminal.note(&remark);
        }
        self.run_job(&verb.plan()?, device, show)
    }

    /// Runs a job on `device` and shows what it leaves, or writes its plan.
    pub(crate) fn run_job<J: Job>(
        &self,
        plan: &J,
        device: DeviceChoice,
        show: Show<J>,
    ) -> Result<()> {
        if let Some(file) = &self.plan {
            plan.check()?;
            WrittenPlan::of(plan)?.write(file)?;
            self.terminal.note(&format!(
                "wrote the plan; run it with `bindscape run {}`",
                file.display()
            ));
            return Ok(());
        }
        let session = Session::new(self.terminal)
            .with_device(device)
            .with_command(self.command.clone())
            .with_output(&|| Box::new(std::io::stdout()));
        show(self, &session.run(plan)?)
    }
}

/// Says what a job leaves, and prints its table: one to look at on a terminal, and the one that
/// programs read elsewhere.
pub(crate) fn show(face: &Face<'_>, outcome: &impl Outcome) -> Result<()> {
    for note in outcome.notes() {
        face.terminal.note(&note);
    }
    let mut out = std::io::stdout().lock();
    let written = if out.is_terminal() {
        outcome.write_readable(&mut out)
    } else {
        outcome.write_result(&mut out)
    };
    written.map_err(unwritten)
}

/// The error that standard output takes nothing.
pub(crate) fn unwritten(source: std::io::Error) -> Error {
    Error::io("write", "standard output", source)
}

/// Shows what the job `J` leaves.
pub(crate) type Show<J> = fn(&Face<'_>, &<J as Job>::Outcome) -> Result<()>;

/// The options of a verb, which become the plan of a job.
pub(crate) trait Verb: Sized {
    /// The job.
    type Job: Job;

    /// Where networks run.
    fn device(&self) -> DeviceChoice {
        DeviceChoice::Cpu
    }

    /// What is to be said of the options before the work begins.
    fn remarks(&self) -> Vec<String> {
        Vec::new()
    }

    /// How the outcome is shown.
    fn show(&self) -> Show<Self::Job> {
        show
    }

    /// The plan that the options write.
    fn plan(self) -> Result<Self::Job>;
}

impl<V: Verb> Verb for Box<V> {
    type Job = V::Job;

    fn device(&self) -> DeviceChoice {
        (**self).device()
    }

    fn show(&self) -> Show<V::Job> {
        (**self).show()
    }

    fn remarks(&self) -> Vec<String> {
        (**self).remarks()
    }

    fn plan(self) -> Result<V::Job> {
        (*self).plan()
    }
}

/// Verbs below another: an enumeration of their options, and what runs the one that was typed.
macro_rules! verbs {
    ($(#[$meta:meta])* $name:ident { $($(#[$help:meta])* $verb:ident($options:ty),)* }) => {
        $(#[$meta])*
        #[derive(Debug, clap::Subcommand)]
        pub(crate) enum $name {
            $($(#[$help])* $verb($options),)*
        }

        impl $name {
            pub(crate) fn run(self, face: &crate::face::Face<'_>) -> bindscape_base::Result<()> {
                match self {
                    $(Self::$verb(options) => face.run(options),)*
                }
            }
        }
    };
}
pub(crate) use verbs;

/// Prints JSON on standard output.
pub(crate) fn print_json(value: &impl Serialize) -> Result<()> {
    let mut out = std::io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, value)
        .map_err(std::io::Error::from)
        .and_then(|()| writeln!(out))
        .map_err(unwritten)
}
