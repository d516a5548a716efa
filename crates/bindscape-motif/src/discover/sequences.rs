//! Sets of sequences as a discovery takes them.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use bindscape_base::{Error, Place, Result};
use bindscape_genome::fasta::{Reader, Record};
use bindscape_genome::sequence::base_code;

use super::bases::UNKNOWN;

/// Named sequences of one origin.
#[derive(Debug, Clone)]
pub struct SequenceSet {
    /// The file they come from, for messages.
    path: PathBuf,
    names: Vec<String>,
    /// Base numbers: A 0, C 1, G 2, T 3, anything else 4.
    bases: Vec<Vec<u8>>,
}

impl SequenceSet {
    /// Reads a FASTA file, plain or compressed; `-` is standard input.
    ///
    /// # Errors
    /// If it cannot be read, is empty, holds letters that are no nucleotide codes, or a
    /// name twice.
    pub fn read(path: &Path) -> Result<Self> {
        let mut reader = Reader::open(path)?;
        let mut record = Record::default();
        let mut records = Vec::new();
        while reader.read(&mut record)? {
            records.push(std::mem::take(&mut record));
        }
        Self::new(path, records)
    }

    /// Takes records that were read from `path`.
    ///
    /// # Errors
    /// If a name occurs twice.
    pub fn new(path: impl Into<PathBuf>, records: Vec<Record>) -> Result<Self> {
        let path = path.into();
        let mut lines: HashMap<&str, u64> = HashMap::with_capacity(records.len());
        for record in &records {
            if let Some(first) = lines.insert(&record.name, record.line) {
                return Err(Error::input(
                    &path,
                    Place::Line(record.line),
                    "every sequence once",
                    format!("the name {:?} again, after line {first}", record.name),
                )
                .hint(
                    "remove or rename it: sequences given twice count twice as evidence, and their sites could not be distinguished",
                ));
            }
        }
        let (names, bases) = records
            .into_iter()
            .map(|record| (record.name, base_numbers(&record.sequence)))
            .unzip();
        Ok(Self { path, names, bases })
    }

    /// The file they come from.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Number of sequences.
    #[must_use]
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Name of a sequence.
    ///
    /// # Panics
    /// If there is no such sequence.
    #[must_use]
    pub fn name(&self, sequence: usize) -> &str {
        &self.names[sequence]
    }

    /// Base numbers of a sequence.
    pub(super) fn bases(&self, sequence: usize) -> &[u8] {
        &self.bases[sequence]
    }

    /// Numbers of the sequences that a site of `width` fits into.
    ///
    /// # Errors
    /// If these are fewer than two.
    pub(super) fn usable(&self, width: usize) -> Result<Vec<usize>> {
        let usable: Vec<usize> = (0..self.len())
            .filter(|&sequence| longest_stretch(&self.bases[sequence]) >= width)
            .collect();
        if usable.len() < 2 {
            return Err(Error::input(
                &self.path,
                Place::File,
                format!("at least 2 sequences with {width} known bases in a row"),
                format!("{} of {}", usable.len(), self.len()),
            )
            .hint("give more or longer sequences, or a smaller ⟦min_width⟧"));
        }
        Ok(usable)
    }
}

fn base_numbers(letters: &[u8]) -> Vec<u8> {
    let number = |&letter: &u8| base_code(letter).unwrap_or(UNKNOWN);
    letters.iter().map(number).collect()
}

fn longest_stretch(bases: &[u8]) -> usize {
    bases
        .split(|&base| base == UNKNOWN)
        .map(<[u8]>::len)
        .max()
        .unwrap_or(0)
}
