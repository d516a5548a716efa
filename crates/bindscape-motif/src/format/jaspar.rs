//! JASPAR's format of 2016, with letters and brackets, and what it shares with plain matrices of
//! four rows.

use std::fmt::Write as _;

use bindscape_base::Result;

use super::positions;
use super::source::Source;
use super::values::{ByLetter, header, id_of_file, names, rows};
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
            let error = source.fault(
                index,
                "a row such as `A [ 1 2 3 ]`",
                format!("{:?}", excerpt(line)),
            );
            Err(error.hint(match line.chars().next() {
                Some(_) if positions::is_row(line) => {
                    "a row per position, with its letter before the numbers, is the format pcm"
                }
                Some(letter) if letter.is_ascii_alphabetic() => {
                    "rows are of A, C, G and T (or U); motifs of proteins are not read"
                }
                _ => "rows without letters are the format pfm",
            }))
        }
    })
}

/// A motif that began, on the line of this index.
struct Begun {
    line: usize,
    id: String,
    name: Option<String>,
    rows: ByLetter,
    count: usize,
}

impl Begun {
    fn new(line: usize, (id, name): (String, Option<String>)) -> Self {
        Self {
            line,
            id,
            name,
            rows: ByLetter::default(),
            count: 0,
        }
    }

    fn finish(self, source: &Source) -> Result<Option<Motif>> {
        let empty = self.rows.is_empty();
        match self.rows.motif(source, self.line, &self.id) {
            Err(error) if empty => {
                source.leave_out(self.line, &self.id, error);
                Ok(None)
            }
            motif => Ok(motif?.map(|motif| Motif {
                name: self.name,
                ..motif
            })),
        }
    }
}

/// Reads motifs of which each has four rows; `row` tells letter and fields from the index of the
/// line, its text, and the number of rows before it. A motif ends with `//`, as RSAT writes it, or
/// where another begins.
pub(super) fn read<'a>(
    source: &'a Source,
    row: impl Fn(usize, &'a str, usize) -> Result<(usize, Vec<&'a str>)>,
) -> Result<MotifSet> {
    let mut set = MotifSet::default();
    let mut begun: Option<Begun> = None;
    for (index, line) in source.content() {
        let header = line.strip_prefix('>');
        if header.is_some() || line == "//" {
            if let Some(begun) = begun.take() {
                set.motifs.extend(begun.finish(source)?);
            }
            if let Some(header) = header {
                begun = Some(Begun::new(index, names(source, index, header)?));
            }
            continue;
        }
        let begun = begun.get_or_insert_with(|| {
            let id = id_of_file(source, set.motifs.len());
            Begun::new(index, (id, None))
        });
        let (letter, fields) = row(index, line, begun.count)?;
        begun.rows.add(source, index, letter, &fields)?;
        begun.count += 1;
    }
    if let Some(begun) = begun {
        set.motifs.extend(begun.finish(source)?);
    }
    Ok(set)
}

/// Writes the format of 2016, columns aligned, or the plain one.
pub(super) fn write(set: &MotifSet, plain: bool) -> String {
    let mut out = String::new();
    for motif in &set.motifs {
        let texts = rows(motif);
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
