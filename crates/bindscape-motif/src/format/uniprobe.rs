//! UniPROBE's files: a line with the name, then `A:`, `C:`, `G:` and `T:` with frequencies.

use std::fmt::Write as _;

use bindscape_base::Result;

use super::source::Source;
use super::values::{ByLetter, header, id_and_name, id_of_file};
use crate::letters::{LETTERS, letter_index};
use crate::motif::{Motif, MotifSet};
use crate::text::{excerpt, line};

/// The letter before the colon, of whatever kind, and the fields after it.
fn row(line: &str) -> Option<(u8, Vec<&str>)> {
    let &[letter, b':', ..] = line.as_bytes() else {
        return None;
    };
    letter
        .is_ascii_alphabetic()
        .then(|| (letter, line[2..].split_whitespace().collect()))
}

pub(super) fn is(source: &Source) -> bool {
    source.head(4).any(|line| row(line).is_some())
}

pub(super) fn parse(source: &Source) -> Result<MotifSet> {
    let mut set = MotifSet::default();
    let mut header: Option<(usize, &str)> = None;
    let mut rows = ByLetter::default();
    for (index, line) in source.lines_from(0) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let Some((letter, fields)) = row(line) else {
            if !rows.is_empty() {
                let rows = std::mem::take(&mut rows);
                set.motifs.push(finish(source, header.take(), rows, index)?);
            }
            if line
                .split_whitespace()
                .all(|field| field.parse::<f64>().is_ok())
            {
                return Err(source.fault(
                    index,
                    "a row that begins with its letter, as in `A: 0.1 0.9`",
                    format!("{:?}", excerpt(line)),
                ));
            }
            header = Some((index, line));
            continue;
        };
        let Some(base) = letter_index(letter) else {
            return Err(source
                .fault(
                    index,
                    "rows of A, C, G and T (or U)",
                    format!("{:?}", char::from(letter)),
                )
                .hint("motifs of proteins are not read"));
        };
        rows.add(source, index, base, &fields)?;
        if rows.is_complete() {
            let rows = std::mem::take(&mut rows);
            set.motifs.push(finish(source, header.take(), rows, index)?);
        }
    }
    if !rows.is_empty() || header.is_some() {
        let last = header.map_or(0, |(index, _)| index);
        set.motifs.push(finish(source, header, rows, last)?);
    }
    Ok(set)
}

/// The motif whose header and rows these are; `line` places it where it has no header.
fn finish(
    source: &Source,
    header: Option<(usize, &str)>,
    rows: ByLetter,
    line: usize,
) -> Result<Motif> {
    let (line, text) = header.unwrap_or((line, ""));
    let mut fields = text.split('\t').map(str::trim);
    let label = fields.next().unwrap_or("");
    let (mut id, name) = id_and_name(label.strip_prefix("Protein:").unwrap_or(label));
    if id.is_empty() {
        id = id_of_file(source.path());
    }
    let mut motif = rows.motif(source, line, &id)?;
    motif.name = name;
    motif.metadata.comments = fields.map(str::to_owned).collect();
    Ok(motif)
}

pub(super) fn write(set: &MotifSet) -> String {
    let mut out = String::new();
    for motif in &set.motifs {
        // The word before the id keeps ids such as `A:` from being rows.
        out.push_str("Protein: ");
        out.push_str(&header(motif, ' '));
        for comment in &motif.metadata.comments {
            out.push('\t');
            out.push_str(&line(comment));
        }
        out.push('\n');
        for (base, &letter) in LETTERS.iter().enumerate() {
            write!(out, "{}:", char::from(letter)).expect("strings can be written to");
            for row in motif.frequencies.rows() {
                write!(out, "\t{:.6}", row[base]).expect("strings can be written to");
            }
            out.push('\n');
        }
        out.push('\n');
    }
    out
}
