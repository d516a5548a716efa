//! UniPROBE's files: a line with the name, then `A:`, `C:`, `G:` and `T:` with frequencies; and
//! the output of Seed-and-Wobble, which has such a matrix among others of scores and energies.

use std::fmt::Write as _;

use bindscape_base::Result;

use super::source::Source;
use super::values::{ByLetter, header, id_and_name, id_of_file};
use crate::letters::{LETTERS, letter_index};
use crate::motif::{Metadata, Motif, MotifSet};
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

/// Titles of the matrices in the output of Seed-and-Wobble, of which the last alone has
/// frequencies.
const SECTIONS: [&str; 4] = [
    "enrichment score matrix",
    "energy matrix",
    "reverse complement matrix",
    PROBABILITIES,
];
const PROBABILITIES: &str = "probability matrix";

fn is_section(line: &str, title: &str) -> bool {
    let start = line.get(..title.len());
    start.is_some_and(|start| start.eq_ignore_ascii_case(title))
}

pub(super) fn is(source: &Source) -> bool {
    source.head(4).any(|line| row(line).is_some())
        || source
            .content()
            .any(|(_, line)| is_section(line, PROBABILITIES))
}

pub(super) fn parse(source: &Source) -> Result<MotifSet> {
    let sections = |(_, line): (usize, &str)| SECTIONS.iter().any(|title| is_section(line, title));
    if source.content().any(sections) {
        return of_sections(source);
    }
    let mut set = MotifSet::default();
    let mut header: Option<(usize, &str)> = None;
    let mut rows = ByLetter::default();
    for (index, line) in source.content() {
        let Some((letter, fields)) = row(line) else {
            if !rows.is_empty() {
                let (header, rows) = (header.take(), std::mem::take(&mut rows));
                let motif = finish(source, header, rows, index, set.motifs.len())?;
                set.motifs.extend(motif);
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
        add(source, index, letter, &fields, &mut rows)?;
        if rows.is_complete() {
            let (header, rows) = (header.take(), std::mem::take(&mut rows));
            let motif = finish(source, header, rows, index, set.motifs.len())?;
            set.motifs.extend(motif);
        }
    }
    if !rows.is_empty() || header.is_some() {
        let last = header.map_or(0, |(index, _)| index);
        let motif = finish(source, header, rows, last, set.motifs.len())?;
        set.motifs.extend(motif);
    }
    Ok(set)
}

fn add(
    source: &Source,
    index: usize,
    letter: u8,
    fields: &[&str],
    rows: &mut ByLetter,
) -> Result<()> {
    let Some(base) = letter_index(letter) else {
        return Err(source
            .fault(
                index,
                "rows of A, C, G and T (or U)",
                format!("{:?}", char::from(letter)),
            )
            .hint("motifs of proteins are not read"));
    };
    rows.add(source, index, base, fields)
}

/// The output of Seed-and-Wobble: its probability matrices, called after the file, with the word
/// that they grew from as name.
fn of_sections(source: &Source) -> Result<MotifSet> {
    let mut set = MotifSet::default();
    let mut seed = None;
    let mut section = None;
    let mut rows = ByLetter::default();
    for (index, line) in source.lines_from(0) {
        if let Some(rest) = line.trim_start_matches('#').trim().strip_prefix("Motif:") {
            seed = rest.split_whitespace().next();
        }
        if let Some(title) = SECTIONS.into_iter().find(|title| is_section(line, title)) {
            section = Some((title, index));
        }
        let (Some((PROBABILITIES, begun)), Some((letter, fields))) = (section, row(line)) else {
            continue;
        };
        add(source, index, letter, &fields, &mut rows)?;
        if rows.is_complete() {
            section = None;
            let id = id_of_file(source, set.motifs.len());
            let motif = std::mem::take(&mut rows)
                .of_frequencies()
                .motif(source, begun, &id)?;
            set.motifs.extend(motif.map(|motif| Motif {
                name: seed.map(str::to_owned),
                ..motif
            }));
        }
    }
    match section {
        Some((PROBABILITIES, begun)) => {
            let id = id_of_file(source, set.motifs.len());
            set.motifs
                .extend(rows.of_frequencies().motif(source, begun, &id)?);
        }
        Some((title, begun)) if set.motifs.is_empty() => {
            return Err(source
                .fault(
                    begun,
                    "the section `Probability matrix`",
                    format!("`{title}` alone"),
                )
                .hint("scores and energies are no frequencies; the file may be truncated"));
        }
        _ => {}
    }
    Ok(set)
}

/// What stands before the name in a header.
const KEYS: [&str; 2] = ["Protein:", "Gene:"];

/// Name and further fields of a header: after `>`, `Protein:` or `Gene:`, separated by tabs or
/// several blanks.
fn names(header: &str) -> ((String, Option<String>), Vec<String>) {
    let header = header.strip_prefix('>').unwrap_or(header).trim();
    let named = KEYS.into_iter().find_map(|key| header.strip_prefix(key));
    let parts = named.unwrap_or(header).split(['\t']);
    let mut fields: Vec<String> = Vec::new();
    for part in parts.flat_map(|part| part.split("  ")).map(str::trim) {
        let further = fields.len() > 1;
        match fields.last_mut() {
            _ if part.is_empty() => {}
            // `Enrichment Score:  0.49` is one field.
            Some(key) if further && key.ends_with(':') => {
                key.push(' ');
                key.push_str(part);
            }
            _ => fields.push(part.to_owned()),
        }
    }
    let first = if fields.is_empty() {
        String::new()
    } else {
        fields.remove(0)
    };
    (id_and_name(&first), fields)
}

/// The motif whose header and rows these are, after so many others; `line` places it where it has
/// no header.
fn finish(
    source: &Source,
    header: Option<(usize, &str)>,
    rows: ByLetter,
    line: usize,
    number: usize,
) -> Result<Option<Motif>> {
    let (line, text) = header.unwrap_or((line, ""));
    let ((mut id, name), comments) = names(text);
    if id.is_empty() {
        id = id_of_file(source, number);
    }
    let motif = rows.of_frequencies().motif(source, line, &id)?;
    Ok(motif.map(|motif| Motif {
        name,
        metadata: Metadata {
            comments,
            ..Metadata::default()
        },
        ..motif
    }))
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
