//! `bindscape report`: one HTML page from run directories.

use std::path::PathBuf;

use bindscape::report::Report;
use bindscape_base::Result;
use clap::Args;

use crate::face::Verb;

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

impl Verb for Arguments {
    type Job = Report;

    fn plan(self) -> Result<Report> {
        Ok(Report {
            runs: self.runs,
            out: self.out,
        })
    }
}
