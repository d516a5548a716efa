//! JASPAR's format of 2016, with letters and brackets, and what it shares with plain matrices of
//! four rows.

use std::fmt::Write as _;

use bindscape_base::Result;

use super::source::Source;
use super::values::{ByLetter, header, id_and_name, id_of_file, number, rows};
use crate::letters::{LETTERS, letter_index};
use crate::motif::{Motif, MotifSet};
use crate::text::excerpt;

/// Whether a line is a row like `A [ 1 2 3 ]`; the brackets may be missing.
fn is_row(line: &str) -> bool {
    row(line).is_some_and(|(_, fields)| fields.iter().all(|field| field.parse::<f64>().is_ok()))
}

/// The letter and the fields of a row.
fn row(line: &str) -> Option<(usize, Vec<&str>)> {
    let letter = letter_index(*line.as_bytes().first()?)?;
    let rest = &line[1..];
    if !rest.starts_with([' ', '\t', '[', '|', '=']) {
        return None;
    }
    let rest = rest.trim_start_matches([' ', '\t', '|', '=']).trim();
    let rest = rest.strip_prefix('[').unwrap_or(rest);
    let rest = rest.strip_suffix(']').unwrap_or(rest);
    Some((letter, rest.split_whitespace().collect()))
}

/// Whether the first motif has rows with letters.
pub(super) fn is(source: &Source) -> bool {
    let mut head = source.head(2);
    match head.next() {
        Some(first) if first.starts_with('>') => head.next().is_some_and(is_row),
        Some(first) => is_row(first),
        None => false,
    }
}

pub(super) fn parse(source: &Source) -> Result<MotifSet> {
    read(source, |index, line, _| match row(line) {
        Some(row) => Ok(row),
        None => {
            let letter = line.chars().next();
            let error = source.fault(
                index,
                "a row such as `A [ 1 2 3 ]`",
                format!("{:?}", excerpt(line)),
            );
            Err(match letter {
                Some(letter) if letter.is_ascii_alphabetic() => {
                    error.hint("rows are of A, C, G and T (or U); motifs of proteins are not read")
                }
                _ => error.hint("rows without letters are the format pfm"),
            })
        }
    })
}

/// Reads motifs of which each has four rows; `row` tells letter and fields from the index of the
/// line, its text, and the number of rows before it.
pub(super) fn read<'a>(
    source: &'a Source,
    row: impl Fn(usize, &'a str, usize) -> Result<(usize, Vec<&'a str>)>,
) -> Result<MotifSet> {
    let mut set = MotifSet::default();
    let mut begun: Option<(usize, String, Option<String>)> = None;
    let mut rows = ByLetter::default();
    let mut count = 0;
    for (index, line) in source.content() {
        if let Some(header) = line.strip_prefix('>') {
            if let Some(begun) = begun.take() {
                set.motifs
                    .extend(finish(source, begun, std::mem::take(&mut rows))?);
            }
            let (id, name) = id_and_name(header);
            if id.is_empty() {
                return Err(source.fault(index, "an id after `>`", "none"));
            }
            begun = Some((index, id, name));
            count = 0;
            continue;
        }
        if begun.is_none() {
            begun = Some((index, id_of_file(source, 0), None));
        }
        let (letter, fields) = row(index, line, count)?;
        rows.add(source, index, letter, &fields)?;
        count += 1;
    }
    if let Some(begun) = begun {
        set.motifs.extend(finish(source, begun, rows)?);
    }
    Ok(set)
}

fn finish(
    source: &Source,
    (line, id, name): (usize, String, Option<String>),
    rows: ByLetter,
) -> Result<Option<Motif>> {
    let motif = rows.motif(source, line, &id)?;
    Ok(motif.map(|motif| Motif { name, ..motif }))
}

/// Writes the format of 2016, columns aligned, or the plain one.
pub(super) fn write(set: &MotifSet, plain: bool) -> String {
    let mut out = String::new();
    for motif in &set.motifs {
        let rows = rows(motif);
        let texts: Vec<[String; 4]> = rows.iter().map(|row| row.map(number)).collect();
        let widths: Vec<usize> = texts
            .iter()
            .map(|texts| texts.iter().map(String::len).max().unwrap_or(0))
            .collect();
        writeln!(out, ">{}", header(motif, '\t')).expect("strings can be written to");
        for (base, &letter) in LETTERS.iter().enumerate() {
            let cells: Vec<String> = texts
                .iter()
                .zip(&widths)
                .map(|(texts, &width)| format!("{:>width$}", texts[base]))
                .collect();
            let cells = cells.join(" ");
            let row = if plain {
                cells
            } else {
                format!("{}  [ {cells} ]", char::from(letter))
            };
            writeln!(out, "{row}").expect("strings can be written to");
        }
    }
    out
}
