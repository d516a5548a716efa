//! Where the jobs on motifs leave their results.

use std::io::{BufWriter, Write};
use std::path::Path;

use bindscape_base::bgzf::TextFile;
use bindscape_base::{Error, Result, bgzf};

use crate::session::Session;

/// Whether `out` is the output of the session rather than a file.
pub(super) fn is_standard(out: &Path) -> bool {
    out == Path::new("-")
}

/// Hands `write` the file `out`, which appears once all is written, or the session's output.
pub(super) fn write_to<T>(
    out: &Path,
    session: &Session<'_>,
    write: impl FnOnce(&mut dyn Write) -> Result<T>,
) -> Result<T> {
    if is_standard(out) {
        let mut output = BufWriter::with_capacity(1 << 18, session.output()?);
        let written = write(&mut output)?;
        output
            .flush()
            .map_err(|source| Error::io("write", "<stdout>", source))?;
        return Ok(written);
    }
    let mut file = TextFile::create(out)?;
    let written = write(&mut file)?;
    file.commit()?;
    Ok(written)
}

/// Writes `text` to the file `out` or to the session's output.
pub(super) fn write_text(out: &Path, text: &str, session: &Session<'_>) -> Result<()> {
    if is_standard(out) {
        return session
            .output()?
            .write_all(text.as_bytes())
            .map_err(|source| Error::io("write", "<stdout>", source));
    }
    bgzf::write_text(out, text)
}

/// Refuses a directory that is there, unless its files may be replaced.
pub(crate) fn check_directory(directory: &Path, replace: bool) -> Result<()> {
    if !replace && !is_standard(directory) && directory.exists() {
        return Err(Error::conflict(
            directory,
            "a directory that does not exist yet",
            "one that does",
        )
        .hint("choose another, or write into it with ⟦replace⟧"));
    }
    Ok(())
}

/// The comments that end a table as the MEME suite lays it out: a blank line, what wrote it, where
/// its format is described (`page` of the suite's documentation), and the command.
pub(super) fn trailer(what: &str, page: &str, session: &Session<'_>) -> String {
    let version = env!("CARGO_PKG_VERSION");
    let mut words = session.command().iter();
    // The program's name without its place, as there.
    let program = words
        .next()
        .map_or("", |word| word.rsplit('/').next().unwrap_or(word));
    let command = std::iter::once(program)
        .chain(words.map(String::as_str))
        .collect::<Vec<_>>()
        .join(" ")
        .replace(['\n', '\r'], " ");
    format!(
        "\n# bindscape {version} {what}\n\
         # The format of this file is described at https://meme-suite.org/meme/doc/{page}.html.\n\
         # {command}\n"
    )
}

/// Removes a file of an earlier job, if there is one; says whether there was.
pub(super) fn remove(file: &Path) -> Result<bool> {
    match std::fs::remove_file(file) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(source) => Err(Error::io("remove", file, source)),
    }
}
