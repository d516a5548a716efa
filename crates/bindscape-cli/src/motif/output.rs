//! Where a verb that is named after one of the MEME suite leaves its result.

use std::io::Write;
use std::path::{Path, PathBuf};

use bindscape_base::{Error, Place, Result};
use clap::Args;

/// Where the result goes.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(super) struct Output {
    /// Directory to make and write; must not exist
    #[arg(short = 'o', long = "o", visible_alias = "out", value_name = "DIR")]
    new: Option<PathBuf>,
    /// Directory to write; files of an earlier run in it are replaced
    #[arg(long = "oc", value_name = "DIR")]
    replaced: Option<PathBuf>,
    /// Write the result to standard output and nothing else
    #[arg(long)]
    text: bool,
}

impl Output {
    /// Refuses a directory that is there.
    ///
    /// # Errors
    /// If `--o` names one.
    pub(super) fn check(&self) -> Result<()> {
        match &self.new {
            Some(new) if new.exists() => Err(Error::input(
                new,
                Place::File,
                "a directory that does not exist yet",
                "one that does",
            )
            .hint("choose another, or write into it with --oc")),
            _ => Ok(()),
        }
    }

    /// The directory to write; `None` for standard output.
    pub(super) fn directory(&self) -> Option<&Path> {
        self.new.as_deref().or(self.replaced.as_deref())
    }
}

/// Writes a result to standard output.
///
/// # Errors
/// If it cannot be written.
pub(super) fn print(text: &str) -> Result<()> {
    std::io::stdout()
        .write_all(text.as_bytes())
        .map_err(|source| Error::io("write", "<stdout>", source))
}
