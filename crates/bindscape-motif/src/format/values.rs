//! Matrices whose numbers may be counts or frequencies, in rows by letter or by position,
//! and how such numbers are written.

use std::path::Path;

use bindscape_base::{Place, Result};

use super::source::{Source, digits};
use crate::matrix::{Counts, Frequencies};
use crate::motif::Motif;
use crate::text::{line, word};

/// The rows of one motif by letter, with the index of their lines.
#[derive(Default)]
pub(super) struct ByLetter {
    rows: [Option<(usize, Vec<f64>)>; 4],
    digits: usize,
}

impl ByLetter {
    pub(super) fn is_empty(&self) -> bool {
        self.rows.iter().all(Option::is_none)
    }

    pub(super) fn is_complete(&self) -> bool {
        self.rows.iter().all(Option::is_some)
    }

    /// Adds the row of a letter (0 for A to 3 for T).
    pub(super) fn add(
        &mut self,
        source: &Source,
        index: usize,
        letter: usize,
        fields: &[&str],
    ) -> Result<()> {
        let values = source.numbers(index, fields)?;
        if values.is_empty() {
            return Err(source.fault(index, "a number for each position", "none"));
        }
        self.digits = self.digits.max(digits(fields));
        if self.rows[letter].replace((index, values)).is_some() {
            return Err(source.fault(
                index,
                "one row for each of A, C, G, T",
                format!("a second row of {}", name(letter)),
            ));
        }
        Ok(())
    }

    /// The values by position, for the motif that began on the line of index `motif`.
    fn turn(&self, source: &Source, motif: usize) -> Result<Vec<[f64; 4]>> {
        let [Some(a), Some(c), Some(g), Some(t)] = &self.rows else {
            let absent = |&letter: &usize| self.rows[letter].is_none();
            let missing: Vec<&str> = (0..4).filter(absent).map(name).collect();
            return Err(source
                .fault(
                    motif,
                    "a row for each of A, C, G, T",
                    format!("none for {}", missing.join(", ")),
                )
                .hint("the file may be truncated"));
        };
        for (letter, row) in [(1, c), (2, g), (3, t)] {
            if row.1.len() != a.1.len() {
                return Err(source.fault(
                    row.0,
                    format!("{} numbers, as in the row of A", a.1.len()),
                    format!("{} in the row of {}", row.1.len(), name(letter)),
                ));
            }
        }
        Ok((0..a.1.len())
            .map(|at| [a.1[at], c.1[at], g.1[at], t.1[at]])
            .collect())
    }

    /// The motif that began on the line of index `line`.
    pub(super) fn motif(self, source: &Source, line: usize, id: &str) -> Result<Motif> {
        let digits = self.digits;
        let rows = self.turn(source, line)?;
        let lines = vec![line; rows.len()];
        motif(source, &lines, id, rows, digits)
    }
}

fn name(letter: usize) -> &'static str {
    ["A", "C", "G", "T"][letter]
}

/// A motif from rows by position; `lines` are the indices of the lines that they stand on, and
/// numbers have up to `digits` decimals.
///
/// Whole numbers are counts. So are others above one (weighted sites); where none is above
/// one they are frequencies.
pub(super) fn motif(
    source: &Source,
    lines: &[usize],
    id: &str,
    rows: Vec<[f64; 4]>,
    digits: usize,
) -> Result<Motif> {
    for (&line, row) in lines.iter().zip(&rows) {
        if let Some(value) = row.iter().find(|&&value| value < 0.0) {
            return Err(source
                .fault(
                    line,
                    "counts or frequencies, which are not negative",
                    format!("{value} in motif {id}"),
                )
                .hint("matrices of log-odds or energies are no input here"));
        }
    }
    let all = || rows.iter().flatten();
    if all().any(|value| value.fract() != 0.0) && all().all(|&value| value <= 1.0) {
        let rows: Result<Vec<[f64; 4]>> = rows
            .into_iter()
            .zip(lines)
            .map(|(row, &line)| source.normalised(line, row, digits))
            .collect();
        return Ok(Motif::new(
            id,
            source.whole(lines, Frequencies::new(rows?))?,
        ));
    }
    if let Some(at) = rows.iter().position(|row| *row == [0.0; 4]) {
        return Err(source.fault(
            lines[at],
            "counts of A, C, G, T, not all of them zero",
            format!("zeros at position {} of motif {id}", at + 1),
        ));
    }
    let counts = source.whole(lines, Counts::new(rows))?;
    Ok(Motif::from_counts(id, counts))
}

impl Source {
    /// What a constructor made of the rows on `lines`, its error placed in the file.
    fn whole<T>(&self, lines: &[usize], made: Result<T>) -> Result<T> {
        made.map_err(|error| {
            let line = lines.first().map_or(0, |&line| line as u64) + 1;
            error
                .at(Place::Line(line))
                .within(&self.path().display().to_string())
        })
    }
}

/// What a motif without a name of its own is called: its file without extensions.
pub(super) fn id_of_file(path: &Path) -> String {
    let name = path
        .file_name()
        .map_or(String::new(), |name| name.to_string_lossy().into_owned());
    let plain = name.strip_suffix(".gz").unwrap_or(&name);
    let stem = plain.rsplit_once('.').map_or(plain, |(stem, _)| stem);
    match word(stem).as_str() {
        "" | "<stdin>" => "motif".to_owned(),
        id => id.to_owned(),
    }
}

/// A header's first word, and the rest if there is some.
pub(super) fn id_and_name(header: &str) -> (String, Option<String>) {
    let header = header.trim();
    let (id, name) = header
        .split_once(char::is_whitespace)
        .unwrap_or((header, ""));
    let name = line(name);
    (id.to_owned(), Some(name).filter(|name| !name.is_empty()))
}

/// A header of id and name.
pub(super) fn header(motif: &Motif, between: char) -> String {
    let mut header = word(&motif.id);
    if let Some(name) = &motif.name {
        header.push(between);
        header.push_str(&line(name));
    }
    header
}

/// The rows to write: counts where sites are known, else frequencies. Fractions that are nowhere
/// above one would be read as frequencies, so they are not written as counts.
pub(super) fn rows(motif: &Motif) -> Vec<[f64; 4]> {
    let frequencies = || motif.frequencies.rows().to_vec();
    let Some(counts) = motif.site_counts() else {
        return frequencies();
    };
    let mut all = counts.rows().iter().flatten();
    if all.clone().any(|count| count.fract() != 0.0) && all.all(|&count| count <= 1.0) {
        return frequencies();
    }
    counts.rows().to_vec()
}

/// Up to six decimals, none that are zero at the end. What is not zero does not become zero:
/// a position without any count is none.
pub(super) fn number(value: f64) -> String {
    if value != 0.0 && value.abs() < 5e-7 {
        return format!("{value:e}");
    }
    let text = format!("{value:.6}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    text.to_owned()
}
