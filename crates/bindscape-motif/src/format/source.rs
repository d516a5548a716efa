//! The text of a motif file, line by line, and the errors in it.

use std::path::{Path, PathBuf};

use bindscape_base::input::Lines;
use bindscape_base::{Error, Place, Result};

use crate::matrix::SUM_TOLERANCE;
use crate::text::excerpt;

/// More text than any motif file: all of JASPAR is about a megabyte.
const LARGEST: usize = 256 << 20;

/// A motif file, read whole.
pub(super) struct Source {
    path: PathBuf,
    lines: Vec<String>,
}

impl Source {
    pub(super) fn open(path: &Path) -> Result<Self> {
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
            all.push(String::from_utf8_lossy(line).into_owned());
        }
        Ok(Self {
            path: lines.path().to_path_buf(),
            lines: all,
        })
    }

    pub(super) fn of_text(text: &str, path: &Path) -> Self {
        Self {
            path: path.to_path_buf(),
            lines: text.lines().map(str::to_owned).collect(),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The lines with their index, from that of `from` on, without blanks at their ends.
    pub(super) fn lines_from(&self, from: usize) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.lines.get(from..).unwrap_or_default();
        (from..).zip(lines.iter().map(|line| line.trim()))
    }

    /// The first lines that are not blank, for telling the format.
    pub(super) fn head(&self, count: usize) -> impl Iterator<Item = &str> {
        let lines = self.lines.iter().map(|line| line.trim());
        lines.filter(|line| !line.is_empty()).take(count)
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

    /// The error for a file of no known format.
    pub(super) fn unknown(&self) -> Error {
        let first = self.head(1).next();
        let found = first.map_or("an empty file".to_owned(), |line| {
            format!("{:?}", excerpt(line))
        });
        let hint = match first {
            Some(line) if line.starts_with('<') => {
                "XML and HTML are not read: give the text file that MEME writes beside it (meme.txt)"
            }
            _ => {
                "MEME, JASPAR, TRANSFAC, HOMER and UniPROBE are recognised by their first lines; name the format if these are unusual"
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
                    .ok_or_else(|| self.fault(index, "a number", format!("{:?}", excerpt(field))))
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

    /// A row whose frequencies were written with `digits` decimals: those of six or more are kept
    /// as they are, those of fewer are scaled to the sum of one.
    pub(super) fn normalised(
        &self,
        index: usize,
        row: [f64; 4],
        digits: usize,
    ) -> Result<[f64; 4]> {
        let sum: f64 = row.iter().sum();
        let tolerance = (4.0 * 0.1_f64.powi(digits.min(9) as i32)).clamp(2.0 * SUM_TOLERANCE, 0.02);
        if let Some(value) = row.iter().find(|p| !(0.0..=1.0 + tolerance).contains(*p)) {
            return Err(self.fault(index, "frequencies from 0 to 1", value.to_string()));
        }
        if (sum - 1.0).abs() > tolerance + 1e-9 {
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
        if (sum - 1.0).abs() <= SUM_TOLERANCE {
            Ok(row)
        } else {
            Ok(row.map(|p| p / sum))
        }
    }
}

/// Decimals of the field that has most of them; scientific notation counts as six.
pub(super) fn digits(fields: &[&str]) -> usize {
    let of = |field: &&str| match (field.contains(['e', 'E']), field.split_once('.')) {
        (true, _) => 6,
        (false, Some((_, decimals))) => decimals.len(),
        (false, None) => 0,
    };
    fields.iter().map(of).max().unwrap_or(0)
}
