//! `bindscape report`: one HTML page from run directories.

use std::path::PathBuf;

use bindscape::report::Report;
use bindscape_base::Result;
use clap::Args;

use crate::face::Face;
use crate::terminal::say;

/// Options of `report`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Run directories: the main one first, further ones (such as the pre-training of a fine-tuning) after it
    #[arg(required = true, value_name = "RUN")]
    runs: Vec<PathBuf>,
    /// The page [default: report.html in the first run directory]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(crate) fn run(arguments: Arguments, face: &Face<'_>) -> Result<()> {
    let plan = Report {
        runs: arguments.runs,
        out: arguments.out,
    };
    face.run(&plan, report)
}

/// Says where the page is.
pub(crate) fn report(page: PathBuf, _face: &Face<'_>) -> Result<()> {
    say(format!("wrote {}", page.display()));
    Ok(())
}
