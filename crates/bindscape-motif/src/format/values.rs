//! Matrices whose numbers may be counts or frequencies, in rows by letter or by position,
//! and how such numbers are written.

use bindscape_base::bgzf;
use bindscape_base::{Place, Result};

use super::doubts::Doubt;
use super::source::{Source, digits};
use crate::letters::letter_index;
use crate::matrix::{Counts, Frequencies};
use crate::motif::Motif;
use crate::text::{excerpt, line, word};

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

    /// The same, of a format in which whole numbers are frequencies, too.
    pub(super) fn of_frequencies(self) -> Self {
        Self {
            digits: self.digits.max(1),
            ..self
        }
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
/// Numbers are counts or frequencies as [`are_frequencies`] tells. A position without any count
/// gets a quarter of the sites for each base, and a motif without any is none: both are noted in
/// the source.
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
    if are_frequencies(&rows, digits) {
        let rows = filled(source, id, rows, 1.0);
        let rows: Result<Vec<[f64; 4]>> = rows
            .into_iter()
            .zip(lines)
            .map(|(row, &line)| source.normalised(line, row, digits))
            .collect();
        let frequencies = source.whole(lines, Frequencies::new(rows?))?;
        return Ok(Some(Motif::new(id, frequencies)));
    }
    let sites = sites(&rows, digits);
    let one_site = sites == 1.0 && is_whole(&rows);
    let counts = source.whole(lines, Counts::new(filled(source, id, rows, sites)))?;
    if one_site {
        source.doubt(Doubt::OneSite, id.to_owned());
    }
    Ok(Some(Motif {
        sites: Some(sites),
        ..Motif::from_counts(id, counts)
    }))
}

/// Whether numbers with up to `digits` decimals are frequencies: none is above one, and one has a
/// fraction, or all are written with decimals and every position sums to one. Whole numbers are
/// counts otherwise, and so are fractions where a number is above one (weighted sites).
fn are_frequencies(rows: &[[f64; 4]], digits: usize) -> bool {
    let sums_to_one = |row: &[f64; 4]| *row == [0.0; 4] || row.iter().sum::<f64>() == 1.0;
    let of_one = || digits > 0 && rows.iter().all(sums_to_one);
    rows.iter().flatten().all(|&value| value <= 1.0) && (!is_whole(rows) || of_one())
}

fn is_whole(rows: &[[f64; 4]]) -> bool {
    rows.iter().flatten().all(|value| value.fract() == 0.0)
}

/// The sites of counts with up to `digits` decimals: the largest sum of a position, to the decimals
/// that the rounding of four numbers to six leaves in no doubt.
fn sites(rows: &[[f64; 4]], digits: usize) -> f64 {
    let sums = rows.iter().map(|row| row.iter().sum());
    let most = sums.fold(0.0, f64::max);
    match digits {
        0..6 => most,
        _ => (most * 1e5).round() / 1e5,
    }
}

/// The bases of columns by their letters: A, C, G, T (or U) in any order come first.
pub(super) fn columns(letters: &[&str]) -> Option<[usize; 4]> {
    let base = |letter: &&str| match letter.as_bytes() {
        &[letter] => letter_index(letter),
        _ => None,
    };
    let bases: Option<Vec<usize>> = letters.get(..4)?.iter().map(base).collect();
    let columns: [usize; 4] = bases?.try_into().ok()?;
    (0..4)
        .all(|base| columns.contains(&base))
        .then_some(columns)
}

/// A row by base, whose columns are of these bases.
pub(super) fn by_base(row: [f64; 4], columns: [usize; 4]) -> [f64; 4] {
    let mut sorted = [0.0; 4];
    for (value, base) in row.into_iter().zip(columns) {
        sorted[base] = value;
    }
    sorted
}

/// The number of the position of a row, which follows `last`, or is 0 or 1.
pub(super) fn number_of_position(
    source: &Source,
    index: usize,
    number: &str,
    last: Option<u64>,
) -> Result<u64> {
    let read: Option<u64> = number.parse().ok();
    let next = |number: &u64| last.map_or(*number < 2, |last| *number == last + 1);
    read.filter(next).ok_or_else(|| {
        let expected = match last {
            Some(last) => format!("position {} after position {last}", last + 1),
            None => "position 1 (or 0) as the first of the matrix".to_owned(),
        };
        source
            .fault(index, expected, format!("{:?}", excerpt(number)))
            .hint("look for a missing row, or for two motifs that are not separated")
    })
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
    let (plain, _) = bgzf::split_ending(&name);
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

/// Id and name of a header, which is the line of this index.
pub(super) fn names(
    source: &Source,
    index: usize,
    header: &str,
) -> Result<(String, Option<String>)> {
    let names = id_and_name(header);
    if names.0.is_empty() {
        return Err(source.fault(index, "an id after `>`", "none"));
    }
    Ok(names)
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

/// The counts to write, where sites are known. Fractions that are nowhere above one would be read
/// as frequencies, so they are not written as counts.
pub(super) fn counts(motif: &Motif) -> Option<Counts> {
    let counts = motif.site_counts();
    counts.filter(|counts| !are_frequencies(counts.rows(), 0))
}

/// The rows to write: counts, or else frequencies, with a decimal where all are whole: they would be
/// read as counts of one site without.
pub(super) fn rows(motif: &Motif) -> Vec<[String; 4]> {
    let texts =
        |rows: &[[f64; 4]], text: fn(f64) -> String| rows.iter().map(|row| row.map(text)).collect();
    let frequencies = motif.frequencies.rows();
    match counts(motif) {
        Some(counts) => texts(counts.rows(), number),
        None if is_whole(frequencies) => texts(frequencies, |value| format!("{value:.1}")),
        None => texts(frequencies, number),
    }
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
