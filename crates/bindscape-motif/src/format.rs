//! Motif files: which formats there are, how one is told from its text, reading and writing.

mod homer;
mod jaspar;
mod losses;
mod meme;
mod source;
mod transfac;
mod uniprobe;
mod values;

use std::path::Path;

use bindscape_base::{Error, Place, Result, names};
use serde::{Deserialize, Serialize};

use crate::jaspar as built_in;
use crate::motif::MotifSet;
use source::Source;

pub use losses::losses;

/// A format of motif files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// MEME's text, minimal or full, of version 4 or 5.
    Meme,
    /// JASPAR's of 2016: `>ID name`, then rows like `A [ 1 2 3 ]`.
    Jaspar,
    /// Four rows of numbers, of A, C, G and T, below `>ID name` or alone.
    Pfm,
    /// TRANSFAC's flat file.
    Transfac,
    /// HOMER's: `>consensus`, name and threshold, then a row of frequencies per position.
    Homer,
    /// UniPROBE's: a name, then rows like `A: 0.1 0.9`.
    Uniprobe,
}

impl Format {
    /// All formats.
    pub const ALL: [Self; 6] = [
        Self::Meme,
        Self::Jaspar,
        Self::Pfm,
        Self::Transfac,
        Self::Homer,
        Self::Uniprobe,
    ];

    /// Its name in options and messages.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Meme => "meme",
            Self::Jaspar => "jaspar",
            Self::Pfm => "pfm",
            Self::Transfac => "transfac",
            Self::Homer => "homer",
            Self::Uniprobe => "uniprobe",
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
                let otherwise = "without a name, the format is told from the file";
                Error::about(
                    "format",
                    format!("one of {}", known.join(", ")),
                    format!("{name:?}"),
                )
                .hint(names::suggestion(name, known, otherwise))
            })
    }

    /// Tells the format from the first lines.
    fn detect(source: &Source) -> Result<Self> {
        type Test = fn(&Source) -> bool;
        let tests: [(Test, Self); 6] = [
            (meme::is, Self::Meme),
            (homer::is, Self::Homer),
            (jaspar::is, Self::Jaspar),
            (uniprobe::is, Self::Uniprobe),
            (transfac::is, Self::Transfac),
            (jaspar::is_plain, Self::Pfm),
        ];
        tests
            .into_iter()
            .find_map(|(is, format)| is(source).then_some(format))
            .ok_or_else(|| source.unknown())
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
        Format::Jaspar => jaspar::parse(source)?,
        Format::Pfm => jaspar::parse_plain(source)?,
        Format::Transfac => transfac::parse(source)?,
        Format::Homer => homer::parse(source)?,
        Format::Uniprobe => uniprobe::parse(source)?,
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
        Format::Jaspar => jaspar::write(set, false),
        Format::Pfm => jaspar::write(set, true),
        Format::Transfac => transfac::write(set),
        Format::Homer => homer::write(set),
        Format::Uniprobe => uniprobe::write(set),
    }
}

/// The motifs that a user names for an option such as `--motifs`: `jaspar` for all of the
/// built-in ones, `jaspar:` with what to take of them (see [`built_in::select`]), or the path of a
/// file (`./jaspar` for one of that name).
///
/// # Errors
/// As [`read_motifs`] and [`built_in::select`].
pub fn motifs_from(argument: &str) -> Result<MotifSet> {
    if argument == "jaspar" {
        return Ok(built_in::jaspar().clone());
    }
    match argument.strip_prefix("jaspar:") {
        Some(wanted) => built_in::select(wanted),
        None => read_motifs(Path::new(argument), None),
    }
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

#[cfg(test)]
mod tests;
