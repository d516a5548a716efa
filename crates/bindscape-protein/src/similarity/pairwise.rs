//! A local alignment column by column.

use std::fmt::Write;

use super::Hit;
use super::substitution::SCORES;

/// Columns of an alignment that are alike in what they hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Run {
    /// Residues of both.
    Pairs(usize),
    /// Residues of the query alone.
    Query(usize),
    /// Residues of the target alone.
    Target(usize),
}

impl Run {
    /// Number of columns.
    #[must_use]
    pub fn columns(self) -> usize {
        match self {
            Self::Pairs(columns) | Self::Query(columns) | Self::Target(columns) => columns,
        }
    }
}

/// Adds `run` to `path`, to the last one if that is of its kind.
pub(super) fn push(path: &mut Vec<Run>, run: Run) {
    match (path.last_mut(), run) {
        (Some(Run::Pairs(last)), Run::Pairs(columns))
        | (Some(Run::Query(last)), Run::Query(columns))
        | (Some(Run::Target(last)), Run::Target(columns)) => *last += columns,
        _ => path.push(run),
    }
}

/// An alignment as it is read: a letter or a `-` per column.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AlignedRows {
    /// The query.
    pub query: String,
    /// Between the two: the letter where they have the same, `+` where BLOSUM62 is above 0, else a
    /// blank.
    pub between: String,
    /// The target.
    pub target: String,
}

impl Hit {
    /// The alignment in the CIGAR notation of SAM, the target as the reference: `=` for the same
    /// residue in both, `X` for two others, `I` for residues of the query alone and `D` for those
    /// of the target alone. The sequences are those that the hit is of.
    ///
    /// # Panics
    /// If they are shorter than those.
    #[must_use]
    pub fn cigar(&self, query: &[u8], target: &[u8]) -> String {
        let mut cigar = String::new();
        let mut add = |columns: usize, operation: char| {
            write!(cigar, "{columns}{operation}").expect("strings take everything");
        };
        for (run, query, target) in self.runs(query, target) {
            match run {
                Run::Query(columns) => add(columns, 'I'),
                Run::Target(columns) => add(columns, 'D'),
                Run::Pairs(_) => {
                    let same: Vec<bool> = query
                        .iter()
                        .zip(target)
                        .map(|(&a, &b)| same(a, b))
                        .collect();
                    for columns in same.chunk_by(|a, b| a == b) {
                        add(columns.len(), if columns[0] { '=' } else { 'X' });
                    }
                }
            }
        }
        cigar
    }

    /// The alignment column by column. The sequences are those that the hit is of.
    ///
    /// # Panics
    /// If they are shorter than those, or hold anything but upper-case letters.
    #[must_use]
    pub fn rows(&self, query: &[u8], target: &[u8]) -> AlignedRows {
        let mut rows = AlignedRows::default();
        let letters = |letters: &[u8]| letters.iter().map(|&letter| char::from(letter)).collect();
        for (run, query, target) in self.runs(query, target) {
            let gap = "-".repeat(run.columns());
            let (upper, lower): (String, String) = match run {
                Run::Pairs(_) => (letters(query), letters(target)),
                Run::Query(_) => (letters(query), gap),
                Run::Target(_) => (gap, letters(target)),
            };
            let between: String = match run {
                Run::Pairs(_) => query
                    .iter()
                    .zip(target)
                    .map(|(&a, &b)| link(a, b))
                    .collect(),
                _ => " ".repeat(run.columns()),
            };
            rows.query.push_str(&upper);
            rows.between.push_str(&between);
            rows.target.push_str(&lower);
        }
        rows
    }

    /// The runs, each with the residues of both that are in it.
    fn runs<'a>(
        &'a self,
        query: &'a [u8],
        target: &'a [u8],
    ) -> impl Iterator<Item = (Run, &'a [u8], &'a [u8])> {
        let mut query = &query[self.query_range.clone()];
        let mut target = &target[self.target_range.clone()];
        self.path.iter().map(move |&run| {
            let (of_query, of_target) = match run {
                Run::Pairs(columns) => (columns, columns),
                Run::Query(columns) => (columns, 0),
                Run::Target(columns) => (0, columns),
            };
            let (upper, rest) = query.split_at(of_query);
            let (lower, others) = target.split_at(of_target);
            (query, target) = (rest, others);
            (run, upper, lower)
        })
    }
}

/// Whether two letters stand for the same residue, which nobody knows of X.
pub(super) fn same(a: u8, b: u8) -> bool {
    a == b && a != b'X'
}

/// What stands between two residues.
fn link(a: u8, b: u8) -> char {
    let score = SCORES[usize::from(a - b'A')][usize::from(b - b'A')];
    match () {
        () if same(a, b) => char::from(a),
        () if score > 0 => '+',
        () => ' ',
    }
}
