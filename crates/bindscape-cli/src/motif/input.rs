//! Motifs that a user names, and some of them.

use std::path::Path;

use bindscape_base::{Error, Result, names};
use bindscape_motif::{Format, Motif, MotifSet, motifs_from, read_motifs};
use clap::Args;

/// Which motifs to work on.
#[derive(Debug, Args)]
pub(super) struct Input {
    /// Motif file, plain or gzip; `-` is standard input; `jaspar` are the built-in motifs (JASPAR
    /// CORE 2026), `jaspar:` with a group, ids or names some of them (`jaspar:vertebrates`)
    #[arg(value_name = "MOTIFS")]
    pub(super) motifs: String,
    /// Format of the input: meme, jaspar, pfm, transfac, homer or uniprobe [default: told from the text]
    #[arg(long, value_name = "FORMAT", value_parser = Format::from_name)]
    from: Option<Format>,
    /// Only the motifs of these ids or names, in this order
    #[arg(long, value_name = "ID,...", value_delimiter = ',')]
    select: Vec<String>,
}

impl Input {
    pub(super) fn read(&self) -> Result<MotifSet> {
        let mut set = match self.from {
            Some(from) => read_motifs(Path::new(&self.motifs), Some(from))?,
            None => motifs_from(&self.motifs)?,
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
            let expected = "ids or names of motifs of the input";
            return Err(unknown("--select", expected, id, motifs));
        }
    }
    Ok(selected)
}

/// `option` names a motif that is not among `motifs`.
pub(super) fn unknown(
    option: &str,
    expected: impl Into<String>,
    wanted: &str,
    motifs: &[Motif],
) -> Error {
    let known = motifs.iter().flat_map(|motif| {
        let name = motif.name.as_deref();
        std::iter::once(motif.id.as_str()).chain(name)
    });
    let otherwise = "ids are compared letter by letter";
    Error::option(option, expected, format!("{wanted:?}"))
        .hint(names::suggestion(wanted, known, otherwise))
}
