//! Where a verb that is named after one of the MEME suite leaves its result.

use std::path::PathBuf;

use clap::Args;

/// Where the result goes.
#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
pub(super) struct Output {
    /// Directory to make and write; must not exist
    #[arg(
        short = 'o',
        long = "o",
        visible_alias = "out",
        value_name = "DIR",
        conflicts_with = "replaced"
    )]
    new: Option<PathBuf>,
    /// Directory to write; files of an earlier run in it are replaced
    #[arg(long = "oc", value_name = "DIR")]
    replaced: Option<PathBuf>,
    /// Write the result to standard output and nothing else, whatever directory is given
    #[arg(long)]
    text: bool,
}

impl Output {
    /// The directory, or `-` for standard output, and whether files in it are replaced.
    pub(super) fn destination(self) -> (PathBuf, bool) {
        destination(self.text, self.new, self.replaced, "-")
    }
}

/// Where the result of a program of the MEME suite goes, which has a directory by default.
#[derive(Debug, Args)]
pub(super) struct SuiteOutput {
    /// Directory to make and write; must not exist
    #[arg(
        short = 'o',
        long = "o",
        value_name = "DIR",
        conflicts_with = "replaced"
    )]
    new: Option<PathBuf>,
    /// Directory to write; files of an earlier run in it are replaced [default: the program's name
    /// and _out]
    #[arg(long = "oc", value_name = "DIR")]
    replaced: Option<PathBuf>,
    /// Write the result to standard output and nothing else, whatever directory is given
    #[arg(long)]
    pub(super) text: bool,
}

impl SuiteOutput {
    /// As [`Output::destination`], or `usual` without a directory.
    pub(super) fn destination(self, usual: &str) -> (PathBuf, bool) {
        destination(self.text, self.new, self.replaced, usual)
    }
}

fn destination(
    text: bool,
    new: Option<PathBuf>,
    replaced: Option<PathBuf>,
    usual: &str,
) -> (PathBuf, bool) {
    let directory = match (text, new, replaced) {
        (true, ..) => return ("-".into(), false),
        (false, Some(new), _) => return (new, false),
        (false, None, Some(replaced)) => replaced,
        (false, None, None) => usual.into(),
    };
    (directory, true)
}

/// How much a program of the MEME suite says.
#[derive(Debug, Args)]
pub(super) struct Verbosity {
    /// How much is said; 1 is --quiet, and all others are the same
    #[arg(long, value_name = "1-5", value_parser = clap::value_parser!(u8).range(1..=5))]
    #[allow(dead_code)] // The command line has --quiet for 1 before clap sees it.
    verbosity: Option<u8>,
}
