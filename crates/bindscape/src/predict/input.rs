//! Sequences and regions, one after the other, on their way to the scorer.

use std::collections::HashMap;
use std::path::Path;

use bindscape_base::input::Lines;
use bindscape_base::{Error, Place, Result};
use bindscape_genome::bed::{self, Record as BedRecord};
use bindscape_genome::fasta;
use bindscape_genome::genome::Genome;
use bindscape_genome::region::Region;
use bindscape_genome::sequence::SequenceSource;

use super::scorer::{Scorer, Span};

/// Scores all records; returns how many were too short.
pub(super) fn score_fasta(path: &Path, scorer: &mut Scorer<'_>) -> Result<u64> {
    let mut reader = fasta::Reader::open(path)?;
    let mut record = fasta::Record::default();
    let mut short = 0;
    while reader.read(&mut record)? {
        let end = record.sequence.len() as u64;
        short += u64::from(end < scorer.length());
        // A record that is named by its region is reported there.
        let placed = fasta::region_of_name(&record.name)
            .filter(|(region, reverse)| !reverse && u64::from(region.end - region.start) == end);
        let span = match placed {
            Some((region, _)) => Span {
                chrom: region.chrom,
                start: u64::from(region.start),
                end: u64::from(region.end),
                name: &record.name,
            },
            None => Span {
                chrom: &record.name,
                start: 0,
                end,
                name: ".",
            },
        };
        let offset = span.start;
        scorer.add(span, offset, &record.sequence)?;
    }
    Ok(short)
}

/// Scores all regions; returns how many were widened.
pub(super) fn score_regions(path: &Path, genome: &Path, scorer: &mut Scorer<'_>) -> Result<u64> {
    bed::check_kind(path)?;
    let mut genome = RegionGenome::open(path, genome)?;
    let mut lines = Lines::open(path)?;
    let mut short = 0;
    while let Some((number, line)) = lines.next()? {
        let record = match BedRecord::parse(line) {
            Ok(Some(record)) => record,
            Ok(None) => continue,
            Err(malformed) => return Err(malformed.at(path, number)),
        };
        let name = match record.column(4) {
            Some(name) if !name.is_empty() => text(name, path, number, "a name")?,
            _ => ".",
        };
        let span = Span {
            chrom: text(record.chrom, path, number, "a chromosome name")?,
            start: u64::from(record.start),
            end: u64::from(record.end),
            name,
        };
        if span.end - span.start >= scorer.length() {
            let start = span.start;
            let letters = genome.letters(span.chrom, start, span.end, number)?;
            scorer.add(span, start, letters)?;
            continue;
        }
        short += 1;
        let window = genome.window(span.chrom, u64::from(record.centre()), scorer.length());
        let Some((start, end)) = window else {
            // Checks that the region itself lies in the genome.
            genome.letters(span.chrom, span.start, span.end, number)?;
            let start = span.start;
            scorer.add(span, start, &[])?;
            continue;
        };
        let letters = genome.letters(span.chrom, start, end, number)?;
        scorer.add(span, start, letters)?;
    }
    Ok(short)
}

/// The genome of the regions in a file.
struct RegionGenome<'a> {
    /// The file.
    regions: &'a Path,
    genome: Genome,
    lengths: HashMap<String, u64>,
    letters: Vec<u8>,
}

impl<'a> RegionGenome<'a> {
    fn open(regions: &'a Path, genome: &Path) -> Result<Self> {
        let genome = Genome::open(genome)?;
        Ok(Self {
            regions,
            lengths: genome.chromosomes().iter().cloned().collect(),
            genome,
            letters: Vec::new(),
        })
    }

    /// `length` bases around `centre`; `None` where the chromosome has no room for them.
    fn window(&self, chrom: &str, centre: u64, length: u64) -> Option<(u64, u64)> {
        let start = centre.checked_sub(length / 2)?;
        let room = self.lengths.get(chrom).copied().unwrap_or(u64::MAX);
        let end = start + length;
        (end <= room).then_some((start, end))
    }

    /// The letters from `start` to `end`, for the region on `line`.
    fn letters(&mut self, chrom: &str, start: u64, end: u64, line: u64) -> Result<&[u8]> {
        let narrow = |value: u64| {
            u32::try_from(value).map_err(|_| {
                Error::input(
                    self.regions,
                    Place::Line(line),
                    "positions below 2^32",
                    value.to_string(),
                )
            })
        };
        let region = Region {
            chrom,
            start: narrow(start)?,
            end: narrow(end)?,
        };
        self.letters.clear();
        self.genome
            .fetch(region, &mut self.letters)
            .map_err(|error| at_line(error, self.regions, line))?;
        Ok(&self.letters)
    }
}

/// A genome's error, with the line of the regions that asked for it.
fn at_line(error: Error, path: &Path, line: u64) -> Error {
    match error {
        Error::Input(inner) => {
            let told = Error::input(
                path,
                Place::Line(line),
                format!("{} (in {})", inner.expected, inner.subject),
                inner.found,
            );
            match inner.hint {
                Some(hint) => told.hint(hint),
                None => told,
            }
        }
        other => other,
    }
}

fn text<'a>(bytes: &'a [u8], path: &Path, line: u64, what: &str) -> Result<&'a str> {
    std::str::from_utf8(bytes).map_err(|_| {
        Error::input(
            path,
            Place::Line(line),
            what,
            "bytes that are no UTF-8 text",
        )
    })
}
