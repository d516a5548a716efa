//! Motif files: which formats there are, how one is told from its text, reading and writing.

mod meme;
mod source;

use std::path::Path;

use bindscape_core::{Error, Place, Result, names};

use crate::motif::MotifSet;
use source::Source;

/// A format of motif files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// MEME's text, minimal or full, of version 4 or 5.
    Meme,
}

impl Format {
    /// All formats.
    pub const ALL: [Self; 1] = [Self::Meme];

    /// Its name in options and messages.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Meme => "meme",
        }
    }

    /// The format of that name.
    ///
    /// # Errors
    /// If there is none.
    pub fn from_name(name: &str) -> Result<Self> {
        let known = Self::ALL.map(Self::name);
        Self::ALL
            .into_iter()
            .find(|format| format.name().eq_ignore_ascii_case(name))
            .ok_or_else(|| {
                Error::option(
                    "format",
                    format!("one of {}", known.join(", ")),
                    format!("{name:?}"),
                )
                .hint(names::suggestion(
                    name,
                    known,
                    "without a name, the format is told from the file",
                ))
            })
    }

    /// Tells the format from the first lines.
    fn detect(source: &Source) -> Result<Self> {
        if meme::is(source) {
            return Ok(Self::Meme);
        }
        Err(source.unknown())
    }
}

/// Reads a motif file, plain or compressed with gzip; `-` is standard input. Without a
/// format it is told from the text.
///
/// # Errors
/// If the file cannot be read, is of no known or of another format, holds no motif, or
/// a motif in it is not as its format wants it.
pub fn read_motifs(path: &Path, format: Option<Format>) -> Result<MotifSet> {
    parse(&Source::open(path)?, format)
}

/// Reads motifs from text in memory, called `path` in messages.
///
/// # Errors
/// As [`read_motifs`].
pub fn parse_motifs(text: &str, path: &Path, format: Option<Format>) -> Result<MotifSet> {
    parse(&Source::of_text(text, path), format)
}

fn parse(source: &Source, format: Option<Format>) -> Result<MotifSet> {
    let format = match format {
        Some(format) => format,
        None => Format::detect(source)?,
    };
    let set = match format {
        Format::Meme => meme::parse(source)?,
    };
    if set.motifs.is_empty() {
        return Err(
            Error::input(source.path(), Place::File, "at least one motif", "none")
                .hint("the file may be truncated"),
        );
    }
    Ok(set)
}

/// The motifs as the text of a file.
#[must_use]
pub fn write_motifs(set: &MotifSet, format: Format) -> String {
    match format {
        Format::Meme => meme::write(set),
    }
}

/// The motifs that a user names for an option such as `--motifs`: the path of a file.
///
/// # Errors
/// As [`read_motifs`].
pub fn motifs_from(argument: &str) -> Result<MotifSet> {
    read_motifs(Path::new(argument), None)
}

/// A text without line ends and other blanks than single spaces, for formats in which
/// they part fields.
fn line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A text as one word: blanks become underscores.
fn word(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join("_")
}
