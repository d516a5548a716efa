//! One HTML page from run directories.

use std::path::{Path, PathBuf};

use bindscape_base::kind::{self, FileKind};
use bindscape_base::{Error, Result};
use serde::{Deserialize, Serialize};

use crate::job::Job;
use crate::session::Session;

/// A plan of a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// Run directories: the main one first, further ones, such as the pre-training of a
    /// fine-tuning, after it.
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
        if self.runs.is_empty() {
            return Err(Error::argument("runs", "run directories", "none"));
        }
        Ok(())
    }

    fn run(&self, _session: &Session<'_>) -> Result<PathBuf> {
        for run in &self.runs {
            check_run(run)?;
        }
        let out = self
            .out
            .clone()
            .unwrap_or_else(|| self.runs[0].join("report.html"));
        let runs: Vec<&Path> = self.runs.iter().map(PathBuf::as_path).collect();
        bindscape_report::write_report(&runs, &out)?;
        Ok(out)
    }
}
