//! Where a verb that is named after one of the MEME suite leaves its result.

use std::path::PathBuf;

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
    /// The directory, or `-` for standard output, and whether files in it are replaced.
    pub(super) fn destination(self) -> (PathBuf, bool) {
        let replace = self.replaced.is_some();
        let directory = self.new.or(self.replaced);
        (directory.unwrap_or_else(|| "-".into()), replace)
    }
}
