//! From a plan to a job that runs, or to a file that holds the plan.

use std::io::Write;
use std::path::PathBuf;

use bindscape::{Job, Session, WrittenPlan};
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

    /// Runs a job that needs no device, and hands its outcome to `report`.
    pub(crate) fn run<J: Job>(
        &self,
        plan: &J,
        report: impl FnOnce(J::Outcome, &Self) -> Result<()>,
    ) -> Result<()> {
        self.run_on(plan, DeviceChoice::Cpu, report)
    }

    /// Runs a job on `device`, and hands its outcome to `report`.
    pub(crate) fn run_on<J: Job>(
        &self,
        plan: &J,
        device: DeviceChoice,
        report: impl FnOnce(J::Outcome, &Self) -> Result<()>,
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
        report(session.run(plan)?, self)
    }
}

/// Prints JSON on standard output.
pub(crate) fn print_json(value: &impl Serialize) -> Result<()> {
    let mut out = std::io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, value)
        .map_err(std::io::Error::from)
        .and_then(|()| writeln!(out))
        .map_err(|source| Error::io("write", "standard output", source))
}
