//! One HTML page from run directories.

use std::path::{Path, PathBuf};

use bindscape_base::kind::{self, FileKind};
use bindscape_base::{Error, Result};
use serde::{Deserialize, Serialize};

use crate::content::Content;
use crate::job::Job;
use crate::session::Session;

/// A plan of a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// Run directories: the main one first, further ones, such as the pre-training of a
    /// fine-tuning, after it. Or the directory of an experiment alone.
    pub runs: Vec<PathBuf>,
    /// The page; `None` for `report.html` in the first run directory.
    pub out: Option<PathBuf>,
}

impl Report {
    /// The page of `runs`, in the first of them.
    #[must_use]
    pub fn new(runs: Vec<PathBuf>) -> Self {
        Self { runs, out: None }
    }
}

/// Whether the page is one of an experiment; a page of several things is one of runs.
fn is_experiment(runs: &[PathBuf]) -> Result<bool> {
    let experiments = runs
        .iter()
        .filter(|path| FileKind::of(path) == Some(FileKind::Experiment));
    match experiments.count() {
        0 => Ok(false),
        _ if runs.len() == 1 => Ok(true),
        _ => Err(Error::argument(
            "runs",
            "run directories, or one directory of an experiment alone",
            "an experiment among others",
        )
        .hint("make a page of each")),
    }
}

/// Refuses what is not the directory of a run; of what lies in one, the hint names that.
fn check_run(path: &Path) -> Result<()> {
    let Some(kind) = FileKind::of(path).filter(|kind| *kind != FileKind::Run) else {
        return Ok(());
    };
    let wanted = "the directory of a run of `pretrain` or `finetune`";
    let error = kind::mistaken(path, wanted, kind);
    let around = path.ancestors().skip(1);
    let run = around.map(|path| {
        if path == Path::new("") {
            Path::new(".")
        } else {
            path
        }
    });
    match run
        .into_iter()
        .find(|run| FileKind::of(run) == Some(FileKind::Run))
    {
        Some(run) => Err(error.hint(format!("give the run it lies in: `{}`", run.display()))),
        None => Err(error),
    }
}

impl Job for Report {
    /// The page.
    type Outcome = PathBuf;

    const NAME: &'static str = "report";

    fn check(&self) -> Result<()> {
        if let Some(path) = &self.out {
            Content::Page.check("out", path)?;
        }
        if self.runs.is_empty() {
            return Err(Error::argument("runs", "run directories", "none"));
        }
        Ok(())
    }

    fn run(&self, _session: &Session<'_>) -> Result<PathBuf> {
        let out = self
            .out
            .clone()
            .unwrap_or_else(|| self.runs[0].join("report.html"));
        if is_experiment(&self.runs)? {
            bindscape_report::experiment::write_experiment_report(&self.runs[0], &out)?;
            return Ok(out);
        }
        for run in &self.runs {
            check_run(run)?;
        }
        let runs: Vec<&Path> = self.runs.iter().map(PathBuf::as_path).collect();
        bindscape_report::write_report(&runs, &out)?;
        Ok(out)
    }
}
