//! `bindscape report`: one HTML page from run directories.

use std::path::{Path, PathBuf};

use bindscape_base::Result;
use clap::Args;

use crate::terminal::{Terminal, say};

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

pub(crate) fn run(arguments: Arguments, _terminal: &Terminal) -> Result<()> {
    let out = arguments
        .out
        .unwrap_or_else(|| arguments.runs[0].join("report.html"));
    let runs: Vec<&Path> = arguments.runs.iter().map(PathBuf::as_path).collect();
    bindscape_report::write_report(&runs, &out)?;
    say(format!("wrote {}", out.display()));
    Ok(())
}
