//! Regions that do not lie in the genome.

use std::collections::BTreeMap;
use std::path::Path;

use bindscape_base::{Error, Place, Result};
use bindscape_genome::chromosome::absent_chromosome;

use crate::data::thousands;

/// Chromosomes named in a note.
const SHOWN: usize = 3;

/// Counts of regions beyond the ends of their chromosome, or on chromosomes that the genome lacks.
#[derive(Default)]
pub(super) struct Outside {
    /// Regions that do lie in the genome.
    pub(super) inside: u64,
    beyond: u64,
    /// The first of them, with its line and the length of its chromosome.
    first: Option<(String, u64, u64)>,
    unknown: BTreeMap<String, u64>,
}

impl Outside {
    /// Counts a region, as its line states it, on a chromosome of `length` bases, if there is one.
    pub(super) fn add(
        &mut self,
        chrom: &str,
        (start, end): (i64, i64),
        length: Option<u64>,
        line: u64,
    ) {
        let Some(length) = length else {
            match self.unknown.get_mut(chrom) {
                Some(count) => *count += 1,
                None => {
                    self.unknown.insert(chrom.to_owned(), 1);
                }
            }
            return;
        };
        self.beyond += 1;
        if self.first.is_none() {
            let region = format!("{chrom}:{start}-{end}");
            self.first = Some((region, line, length));
        }
    }

    /// Regions outside.
    pub(super) fn count(&self) -> u64 {
        self.beyond + self.unknown.values().sum::<u64>()
    }

    /// What is to be said of them; `chromosomes` are those of the genome.
    ///
    /// # Errors
    /// If no region lies in the genome.
    pub(super) fn note<'a>(
        &self,
        path: &Path,
        chromosomes: impl Iterator<Item = &'a str> + Clone,
    ) -> Result<Option<String>> {
        let count = self.count();
        if count == 0 {
            return Ok(None);
        }
        if self.inside == 0 {
            let error = Error::input(
                path,
                Place::File,
                "regions of the genome",
                format!("only others: {}", self.in_words()),
            );
            return Err(match self.unknown.keys().next() {
                Some(name) => error.hint(absent_chromosome(name, chromosomes, "the genome")),
                None => error.hint("wrong genome build?"),
            });
        }
        Ok(Some(format!(
            "warning: no score for {} of {} regions of {}: {}; are they of another genome build?",
            thousands(count),
            thousands(count + self.inside),
            path.display(),
            self.in_words()
        )))
    }

    fn in_words(&self) -> String {
        let mut parts = Vec::new();
        if let Some((region, line, length)) = &self.first {
            parts.push(format!(
                "{} beyond the ends of their chromosomes (first: line {line}, {region}; the chromosome \
                 has {} bp)",
                thousands(self.beyond),
                thousands(*length)
            ));
        }
        if !self.unknown.is_empty() {
            let mut names: Vec<&str> = self
                .unknown
                .keys()
                .take(SHOWN)
                .map(String::as_str)
                .collect();
            if self.unknown.len() > SHOWN {
                names.push("…");
            }
            parts.push(format!(
                "{} on chromosomes that the genome lacks ({})",
                thousands(self.unknown.values().sum()),
                names.join(", ")
            ));
        }
        parts.join(", ")
    }
}
