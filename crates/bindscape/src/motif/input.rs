//! Motifs that a plan names, and some of them.

use std::path::Path;

use bindscape_base::digest::{self, InputFile};
use bindscape_base::progress::Progress;
use bindscape_base::{Error, Result, Subject};
use bindscape_motif::{self as motif, Format, Motif, MotifSet, read_motifs};
use serde::{Deserialize, Serialize};

use crate::session::Session;

/// Reads what [`bindscape_motif::motifs_from`] takes, and says what is doubtful in it.
pub(crate) fn motifs_from(argument: &str, session: &Session<'_>) -> Result<MotifSet> {
    motif::motifs_from(argument).inspect(|set| tell_doubts(set, session))
}

/// The file that an argument of [`motifs_from`] names, if it is one, with its digest.
pub(crate) fn motif_file(role: &str, argument: &str) -> Result<Option<InputFile>> {
    let path = Path::new(argument);
    let is_file = !is_built_in(argument) && path.is_file();
    is_file.then(|| digest::input_file(role, path)).transpose()
}

/// Whether an argument of [`motifs_from`] names built-in motifs.
fn is_built_in(argument: &str) -> bool {
    argument == "jaspar" || argument.starts_with("jaspar:")
}

/// Says what was doubtful in a file of motifs.
fn tell_doubts(set: &MotifSet, session: &Session<'_>) {
    for remark in &set.remarks {
        session.note(&format!("warning: {remark}"));
    }
}

/// Which motifs to work on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MotifInput {
    /// Motif file, plain or gzip; `-` is standard input; `jaspar` stands for the built-in motifs
    /// and `jaspar:` with a group, ids or names for some of them ([`bindscape_motif::motifs_from`]).
    pub motifs: String,
    /// Format of the file; `None` recognises it from the text.
    #[serde(default)]
    pub from: Option<Format>,
    /// Only the motifs of these ids or names, in this order; empty for all.
    #[serde(default)]
    pub select: Vec<String>,
}

impl MotifInput {
    /// All motifs of a file, or of what [`bindscape_motif::motifs_from`] takes.
    #[must_use]
    pub fn new(motifs: impl Into<String>) -> Self {
        Self {
            motifs: motifs.into(),
            from: None,
            select: Vec::new(),
        }
    }

    /// Reads them.
    pub(super) fn read(&self, session: &Session<'_>) -> Result<MotifSet> {
        let mut set = match self.from {
            Some(from) => read_motifs(Path::new(&self.motifs), Some(from))
                .inspect(|set| tell_doubts(set, session))?,
            None => motifs_from(&self.motifs, session)?,
        };
        if !self.select.is_empty() {
            set.motifs = select(&set.motifs, &self.select)?;
        }
        Ok(set)
    }
}

/// The motifs of these ids, or, where no id fits, of these names.
fn select(motifs: &[Motif], wanted: &[String]) -> Result<Vec<Motif>> {
    let mut selected = Vec::new();
    for id in wanted {
        let before = selected.len();
        selected.extend(motifs.iter().filter(|motif| motif.id == *id).cloned());
        if selected.len() == before {
            let named = |motif: &&Motif| motif.name.as_deref() == Some(id);
            selected.extend(motifs.iter().filter(named).cloned());
        }
        if selected.len() == before {
            return Err(unknown("ids or names of motifs of the input", id, motifs));
        }
    }
    Ok(selected)
}

/// Whether `wanted` is the id or the name of a motif.
pub(super) fn goes_by(motif: &Motif, wanted: &str) -> bool {
    motif.id == wanted || motif.name.as_deref() == Some(wanted)
}

/// Makes sure that each of `wanted` is the id or the name of one of `motifs`, which are those of
/// the file `of`.
pub(super) fn check_known(motifs: &[Motif], wanted: &[String], of: &str) -> Result<()> {
    for name in wanted {
        if !motifs.iter().any(|motif| goes_by(motif, name)) {
            let expected = format!("an id or a name of a motif of {of}");
            return Err(unknown(expected, name, motifs));
        }
    }
    Ok(())
}

/// The field `select` names a motif that is not among `motifs`.
pub(super) fn unknown(expected: impl Into<String>, wanted: &str, motifs: &[Motif]) -> Error {
    let known = motifs.iter().flat_map(|motif| {
        let name = motif.name.as_deref();
        std::iter::once(motif.id.as_str()).chain(name)
    });
    Error::missing(
        Subject::field("select"),
        expected,
        wanted,
        known,
        "ids are compared letter by letter",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_motifs_is_recorded_whatever_it_is_called() {
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join("jaspar2026.meme");
        std::fs::write(&file, "MEME version 4").expect("written");
        let found = |argument: &str| motif_file("motifs", argument).expect("read");
        let text = file.to_str().expect("UTF-8");
        assert_eq!(found(text).expect("a file").name, "jaspar2026.meme");
        assert!(!is_built_in("jaspar2026.meme"));
        for built_in in ["jaspar", "jaspar:vertebrates", "de-novo"] {
            assert_eq!(found(built_in), None, "{built_in}");
        }
    }
}
