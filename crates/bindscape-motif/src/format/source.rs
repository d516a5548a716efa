//! The text of a motif file, line by line, and the errors in it.

use std::cell::RefCell;
use std::path::{Path, PathBuf};

use bindscape_base::input::Lines;
use bindscape_base::kind::{self, FileKind};
use bindscape_base::{Error, Place, Result};

use super::doubts::{Doubt, Doubts};
use super::name::Format;
use crate::letters::letter_index;
use crate::matrix::SUM_TOLERANCE;
use crate::text::excerpt;

/// More text than any motif file: all of JASPAR is about a megabyte.
const LARGEST: usize = 256 << 20;

/// How far the sum of frequencies may be from one, whatever their digits.
const LOOSE: f64 = 0.01;

/// The same where frequencies have two digits or fewer.
pub(super) const LOOSEST: f64 = 0.02;

/// A sum further from one than this is told, unless frequencies have two digits or fewer.
const TOLD: f64 = 0.002;

/// What is read here.
const WANTED: &str = "motifs (MEME, JASPAR, PFM, TRANSFAC, HOMER or UniPROBE)";

/// A motif file, read whole.
pub(super) struct Source {
    path: PathBuf,
    lines: Vec<String>,
    doubts: RefCell<Doubts>,
    /// The error for a file whose motifs are all without a matrix.
    without_matrix: RefCell<Option<Error>>,
}

/// The kind of a file that looks as if it were not of motifs; its first line decides.
///
/// # Errors
/// If it certainly is not.
fn doubtful(path: &Path, format: Option<Format>) -> Result<Option<FileKind>> {
    match FileKind::of(path) {
        // Pages and XML of the MEME suite hold motifs, but not for reading.
        Some(kind @ (FileKind::Html | FileKind::Xml)) => Err(kind::mistaken(path, WANTED, kind)
            .hint("of the MEME suite's output, give the text (`meme.txt`, `streme.txt`)")),
        // Rows of whole numbers behind a name look like intervals.
        Some(kind @ (FileKind::Bed | FileKind::Gff)) => Ok(Some(kind).filter(|_| format.is_none())),
        _ => kind::expect_text(path, WANTED, &[FileKind::Motifs]).map(|()| None),
    }
}

/// Whether a line begins with a base for itself, as rows of matrices do: `A`, `a|`, `A:`.
fn begins_with_base(line: &str) -> bool {
    let field = line.split_whitespace().next().unwrap_or_default();
    let base = field.bytes().next().and_then(letter_index);
    base.is_some() && !field[1..].contains(char::is_alphanumeric)
}

impl Source {
    /// Reads a file, of that format if one is named.
    pub(super) fn open(path: &Path, format: Option<Format>) -> Result<Self> {
        let mut doubtful = doubtful(path, format)?;
        let mut lines = Lines::open(path)?;
        let mut all = Vec::new();
        let mut bytes = 0;
        while let Some((number, line)) = lines.next()? {
            bytes += line.len() + 1;
            if bytes > LARGEST {
                return Err(Error::input(
                    path,
                    Place::Line(number),
                    "a motif file",
                    "too much text",
                )
                .hint("motif files above 256 MiB are not read; is it another file?"));
            }
            let line = String::from_utf8_lossy(line).into_owned();
            if let Some(kind) = doubtful.take_if(|_| is_content(line.trim()))
                && !begins_with_base(line.trim())
            {
                return Err(kind::mistaken(path, WANTED, kind));
            }
            all.push(line);
        }
        Ok(Self::of_lines(all, lines.path()))
    }

    pub(super) fn of_text(text: &str, path: &Path) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        Self::of_lines(text.lines().map(str::to_owned).collect(), path)
    }

    fn of_lines(lines: Vec<String>, path: &Path) -> Self {
        Self {
            path: path.to_path_buf(),
            lines,
            doubts: RefCell::default(),
            without_matrix: RefCell::default(),
        }
    }

    /// Notes what is doubtful at a place, for the user.
    pub(super) fn doubt(&self, doubt: Doubt, place: String) {
        self.doubts.borrow_mut().add(doubt, place);
    }

    /// Notes that a motif without a matrix is left out, the last line of which is that of `index`.
    /// Where no other motif is read, `error` is that of the file.
    pub(super) fn leave_out(&self, index: usize, id: &str, error: Error) {
        let mut below = self.lines_from(index + 1);
        let place = match below.any(|(_, line)| is_content(line)) {
            true => id.to_owned(),
            false => format!("{id}, with which the file ends: it may be truncated"),
        };
        self.doubt(Doubt::NoMatrix, place);
        self.without_matrix.borrow_mut().get_or_insert(error);
    }

    /// The error of the first motif that was left out for want of a matrix.
    pub(super) fn error_without_matrix(&self) -> Option<Error> {
        self.without_matrix.take()
    }

    /// What was doubtful, in sentences.
    pub(super) fn remarks(&self) -> Vec<String> {
        self.doubts.take().remarks(&self.path)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The lines with their index, from that of `from` on, without blanks at their ends.
    pub(super) fn lines_from(&self, from: usize) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.lines.get(from..).unwrap_or_default();
        (from..).zip(lines.iter().map(|line| line.trim()))
    }

    /// The lines that are neither blank nor a comment (RSAT's begin with `;`), with their index.
    pub(super) fn content(&self) -> impl Iterator<Item = (usize, &str)> {
        self.lines_from(0).filter(|(_, line)| is_content(line))
    }

    /// The first of these, for telling the format.
    pub(super) fn head(&self, count: usize) -> impl Iterator<Item = &str> {
        self.content().map(|(_, line)| line).take(count)
    }

    /// Whether the line of this index begins with a blank.
    pub(super) fn is_indented(&self, index: usize) -> bool {
        let line = self.lines.get(index);
        line.is_some_and(|line| line.starts_with(char::is_whitespace))
    }

    /// An error on the line of this index.
    pub(super) fn fault(
        &self,
        index: usize,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) -> Error {
        Error::input(&self.path, Place::Line(index as u64 + 1), expected, found)
    }

    /// Leaves out a motif that has nothing but its header, the line of this index.
    pub(super) fn no_rows(&self, index: usize, id: &str) {
        let expected = format!("a row for each position of {id}");
        let error = self.fault(index, expected, "none");
        self.leave_out(index, id, error.hint("the file may be truncated"));
    }

    /// The error for a file of no known format.
    pub(super) fn unknown(&self) -> Error {
        let first = self.head(1).next();
        let found = first.map_or("an empty file".to_owned(), |line| {
            format!("{:?}", excerpt(line))
        });
        let hint = match first {
            Some(line) if line.starts_with('<') => {
                "XML and HTML are not read: give the text file that MEME, STREME or DREME writes beside it (meme.txt, streme.txt, dreme.txt)"
            }
            _ => {
                "MEME, JASPAR, TRANSFAC, HOMER, UniPROBE and plain matrices are recognised by their first lines; name the format if these are unusual"
            }
        };
        Error::input(&self.path, Place::File, "a motif file", found).hint(hint)
    }

    /// The numbers of a row; `letters` says what each is of.
    pub(super) fn numbers(&self, index: usize, fields: &[&str]) -> Result<Vec<f64>> {
        fields
            .iter()
            .map(|field| {
                let value = field.parse().ok();
                value
                    .filter(|n: &f64| n.is_finite())
                    // Zero has no sign here.
                    .map(|n| n + 0.0)
                    .ok_or_else(|| {
                        self.fault(index, "a number", format!("{:?}", excerpt(field)))
                            .hint("correct it: a number such as 0.25, with digits and a point")
                    })
            })
            .collect()
    }

    /// Frequencies of A, C, G, T from the fields of a row, checked as far as their digits allow.
    pub(super) fn frequencies(&self, index: usize, fields: &[&str]) -> Result<[f64; 4]> {
        let row: [f64; 4] = self.numbers(index, fields)?.try_into().map_err(|_| {
            self.fault(
                index,
                "four frequencies, of A, C, G and T",
                fields.len().to_string(),
            )
        })?;
        self.normalised(index, row, digits(fields))
    }

    /// A row whose frequencies were written with up to `digits` decimals: those of six or more
    /// whose sum is one are kept as they are, others are scaled to it. A row of zeros alone, which
    /// counts of zero sites leave, becomes a quarter of each base.
    ///
    /// Neither many decimals nor fixed ones say how exact a row is: programs print single
    /// precision with forty digits, and cut values off at four.
    pub(super) fn normalised(
        &self,
        index: usize,
        row: [f64; 4],
        digits: usize,
    ) -> Result<[f64; 4]> {
        if row == [0.0; 4] {
            self.doubt(Doubt::EmptyPosition, format!("line {}", index + 1));
            return Ok([0.25; 4]);
        }
        let sum: f64 = row.iter().sum();
        let tolerance = if digits <= 2 { LOOSEST } else { LOOSE };
        if let Some(value) = row.iter().find(|p| !(0.0..=1.0 + tolerance).contains(*p)) {
            return Err(self.fault(index, "frequencies from 0 to 1", value.to_string()));
        }
        let off = (sum - 1.0).abs();
        if off > tolerance + 1e-9 {
            return Err(self
                .fault(
                    index,
                    "frequencies that sum to one",
                    format!(
                        "{} {} {} {}, which sum to {sum:.6}",
                        row[0], row[1], row[2], row[3]
                    ),
                )
                .hint("are these counts, or is a column missing?"));
        }
        if off <= SUM_TOLERANCE {
            return Ok(row);
        }
        if digits > 2 && off > TOLD {
            let place = format!("line {}: {sum:.4}", index + 1);
            self.doubt(Doubt::Scaled, place);
        }
        Ok(row.map(|p| p / sum))
    }
}

/// Whether a line without blanks at its ends is neither empty nor a comment.
fn is_content(line: &str) -> bool {
    !line.is_empty() && !is_comment(line)
}

/// Whether a line is a comment.
pub(super) fn is_comment(line: &str) -> bool {
    line.starts_with(['#', ';'])
}

/// Decimals of the field that has most of them; scientific notation counts as six, a point without
/// any, as NumPy prints it, as one.
pub(super) fn digits(fields: &[&str]) -> usize {
    let of = |field: &&str| match (field.contains(['e', 'E']), field.split_once('.')) {
        (true, _) => 6,
        (false, Some((_, decimals))) => decimals.len().max(1),
        (false, None) => 0,
    };
    fields.iter().map(of).max().unwrap_or(0)
}
