//! Motif files: which formats there are, how one is recognised, reading and writing.

mod alphabet;
mod background;
mod doubts;
mod homer;
mod jaspar;
mod losses;
mod meme;
mod name;
mod plain;
mod positions;
mod source;
mod transfac;
mod uniprobe;
mod values;

use std::path::Path;

use bindscape_base::{Error, Place, Result};

use crate::jaspar as built_in;
use crate::motif::{Motif, MotifSet};
use source::Source;

pub(crate) use background::word_probabilities;
pub use losses::losses;
pub use name::Format;

/// Reads a motif file, plain or compressed with gzip; `-` is standard input. Without a
/// format, it is recognised from the text.
///
/// # Errors
/// If the file cannot be read, is of no known or of another format, holds no motif, or
/// a motif in it is not as its format wants it.
pub fn read_motifs(path: &Path, format: Option<Format>) -> Result<MotifSet> {
    parse(&Source::open(path, format)?, format)
}

/// Reads motifs from text in memory, called `path` in messages.
///
/// ```
/// use std::path::Path;
/// use bindscape_motif::Format;
/// use bindscape_motif::format::{losses, parse_motifs, write_motifs};
///
/// let text = ">MA0001.1 AGL3\nA [ 0 3 79 ]\nC [ 94 75 4 ]\nG [ 1 0 3 ]\nT [ 2 19 11 ]\n";
/// let set = parse_motifs(text, Path::new("agl3.jaspar"), None)?;
/// assert_eq!(set.motifs[0].name.as_deref(), Some("AGL3"));
/// assert!(write_motifs(&set, Format::Meme).contains("MOTIF MA0001.1 AGL3"));
/// // HOMER's format has no place for the number of sites.
/// assert_eq!(losses(&set, Format::Homer)[0], "numbers of sites of 1 motif cannot be written as homer");
/// # Ok::<(), bindscape_base::Error>(())
/// ```
///
/// # Errors
/// As [`read_motifs`].
pub fn parse_motifs(text: &str, path: &Path, format: Option<Format>) -> Result<MotifSet> {
    parse(&Source::of_text(text, path), format)
}

/// Tells the format from the first lines.
fn detect(source: &Source) -> Result<Format> {
    type Test = fn(&Source) -> bool;
    let tests: [(Test, Format); 6] = [
        (meme::is, Format::Meme),
        (homer::is, Format::Homer),
        (positions::is, Format::Pcm),
        (jaspar::is, Format::Jaspar),
        (uniprobe::is, Format::Uniprobe),
        (transfac::is, Format::Transfac),
    ];
    tests
        .into_iter()
        .find_map(|(is, format)| is(source).then_some(format))
        .or_else(|| plain::detect(source))
        .ok_or_else(|| source.unknown())
}

fn parse(source: &Source, format: Option<Format>) -> Result<MotifSet> {
    let format = match format {
        Some(format) => format,
        None => detect(source)?,
    };
    let mut set = match format {
        Format::Meme => meme::parse(source)?,
        Format::Jaspar => jaspar::parse(source)?,
        Format::Pfm => plain::parse(source)?,
        Format::Pcm => positions::parse(source)?,
        Format::Transfac => transfac::parse(source)?,
        Format::Homer => homer::parse(source)?,
        Format::Uniprobe => uniprobe::parse(source)?,
    };
    set.remarks = source.remarks();
    for motif in &set.motifs {
        in_utf8(source, motif, "an id in UTF-8", Some(&motif.id))?;
        in_utf8(source, motif, "a name in UTF-8", motif.name.as_deref())?;
    }
    if set.motifs.is_empty() {
        if let Some(error) = source.error_without_matrix() {
            return Err(error);
        }
        let found = match set.remarks.is_empty() {
            true => "none",
            false => "only motifs without any count",
        };
        return Err(
            Error::input(source.path(), Place::File, "at least one motif", found)
                .hint("the file may be truncated"),
        );
    }
    Ok(set)
}

/// Bytes of another encoding would make one id, or name, of several.
fn in_utf8(source: &Source, motif: &Motif, expected: &str, text: Option<&str>) -> Result<()> {
    match text {
        Some(text) if text.contains(char::REPLACEMENT_CHARACTER) => {
            let place = Place::Record(motif.id.clone());
            Err(Error::input(source.path(), place, expected, "other bytes")
                .hint(bindscape_base::input::TO_UTF8))
        }
        _ => Ok(()),
    }
}

/// The motifs as the text of a file.
#[must_use]
pub fn write_motifs(set: &MotifSet, format: Format) -> String {
    match format {
        Format::Meme => meme::write(set),
        Format::Jaspar => jaspar::write(set, false),
        Format::Pfm => jaspar::write(set, true),
        Format::Pcm => positions::write(set),
        Format::Transfac => transfac::write(set),
        Format::Homer => homer::write(set),
        Format::Uniprobe => uniprobe::write(set),
    }
}

/// The motifs that a user names in one word: `jaspar` for all of the built-in ones, `jaspar:` with
/// what to take of them (see [`built_in::select`]), or the path of a file (`./jaspar` for one of
/// that name). What was doubtful in a file is in [`MotifSet::remarks`].
///
/// ```
/// use bindscape_motif::motifs_from;
///
/// let set = motifs_from("jaspar:MA0139,HNF4A")?;
/// assert_eq!(set.motifs[0].id, "MA0114.5");
/// let error = motifs_from("jaspar:HNF4AA").unwrap_err();
/// assert!(error.advice().is_some_and(|hint| hint.starts_with("did you mean HNF4A")));
/// # Ok::<(), bindscape_base::Error>(())
/// ```
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

#[cfg(test)]
mod tests;
