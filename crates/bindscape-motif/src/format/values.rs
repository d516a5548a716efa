//! Matrices whose numbers may be counts or frequencies, in rows by letter or by position,
//! and how such numbers are written.

use bindscape_base::{Place, Result};

use super::doubts::Doubt;
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

    /// The motif that began on the line of index `line`; `None` if it has no count at all.
    pub(super) fn motif(self, source: &Source, line: usize, id: &str) -> Result<Option<Motif>> {
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
/// one they are frequencies. A position without any count gets a quarter of the sites for each
/// base, and a motif without any is none: both are noted in the source.
pub(super) fn motif(
    source: &Source,
    lines: &[usize],
    id: &str,
    rows: Vec<[f64; 4]>,
    digits: usize,
) -> Result<Option<Motif>> {
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
    if rows.iter().all(|row| *row == [0.0; 4]) {
        source.doubt(Doubt::EmptyMotif, id.to_owned());
        return Ok(None);
    }
    let all = || rows.iter().flatten();
    if all().any(|value| value.fract() != 0.0) && all().all(|&value| value <= 1.0) {
        let rows = filled(source, id, rows, 1.0);
        let rows: Result<Vec<[f64; 4]>> = rows
            .into_iter()
            .zip(lines)
            .map(|(row, &line)| source.normalised(line, row, digits))
            .collect();
        let frequencies = source.whole(lines, Frequencies::new(rows?))?;
        return Ok(Some(Motif::new(id, frequencies)));
    }
    let sites = rows.iter().map(|row| row.iter().sum()).fold(0.0, f64::max);
    let counts = source.whole(lines, Counts::new(filled(source, id, rows, sites)))?;
    Ok(Some(Motif::from_counts(id, counts)))
}

/// Positions without any count as a quarter of `sites` for each base.
fn filled(source: &Source, id: &str, mut rows: Vec<[f64; 4]>, sites: f64) -> Vec<[f64; 4]> {
    for (at, row) in rows.iter_mut().enumerate() {
        if *row == [0.0; 4] {
            source.doubt(Doubt::EmptyPosition, format!("{id} position {}", at + 1));
            *row = [sites / 4.0; 4];
        }
    }
    rows
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

/// What a motif without a name of its own is called, of which so many others came before in the
/// file: its file without extensions, with a number from the second on.
pub(super) fn id_of_file(source: &Source, number: usize) -> String {
    let name = source.path().file_name();
    let name = name.map_or(String::new(), |name| name.to_string_lossy().into_owned());
    let plain = name.strip_suffix(".gz").unwrap_or(&name);
    let stem = plain.rsplit_once('.').map_or(plain, |(stem, _)| stem);
    let id = match word(stem).as_str() {
        "" | "<stdin>" => "motif".to_owned(),
        id => id.to_owned(),
    };
    match number {
        0 => id,
        number => format!("{id}-{}", number + 1),
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
    // Zero has no sign.
    let value = value + 0.0;
    if value != 0.0 && value.abs() < 5e-7 {
        return format!("{value:e}");
    }
    let text = format!("{value:.6}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    text.to_owned()
}
