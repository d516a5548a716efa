//! Sequences and regions, one after the other, on their way to the taker.

use std::collections::HashMap;
use std::path::Path;

use bindscape_base::input::{self, Lines};
use bindscape_base::{Error, Place, Result};
use bindscape_genome::bed::{self, Format, Record as BedRecord};
use bindscape_genome::fasta::{self, NameStyle, RegionName};
use bindscape_genome::genome::Genome;
use bindscape_genome::region::{Region, Window};
use bindscape_genome::sequence::{SequenceSource, reverse_complement};

use super::outside::Outside;
use super::taker::{Span, Taker};
use crate::data::counted;

/// What was read.
#[derive(Default)]
pub(crate) struct Read {
    /// Sequences or regions shorter than the model's length.
    pub(crate) short: u64,
    /// Short regions whose summit was the centre of the window.
    pub(crate) at_summit: u64,
    /// Regions that do not lie in the genome.
    pub(crate) outside: u64,
    /// What the user should know of it.
    pub(crate) notes: Vec<String>,
}

/// Reads all records.
pub(crate) fn read_fasta(path: &Path, taker: &mut dyn Taker) -> Result<Read> {
    let mut reader = fasta::Reader::open(path)?;
    let mut record = fasta::Record::default();
    let mut names = Names::default();
    let mut short = 0;
    while reader.read(&mut record)? {
        let length = record.sequence.len() as u64;
        short += u64::from(length < taker.length());
        // A record that is named by its region is reported there.
        let name = RegionName::parse(&record.name);
        let placed = name.and_then(|name| name.placed(length));
        let span = match placed {
            Some(placed) => {
                names.one_based += u64::from(placed.style == NameStyle::Samtools);
                names.turned += u64::from(placed.reverse);
                if placed.reverse {
                    reverse_complement(&mut record.sequence);
                }
                Span {
                    chrom: placed.region.chrom,
                    start: placed.region.start.into(),
                    end: placed.region.end.into(),
                    name: &record.name,
                    turned: placed.reverse,
                }
            }
            None => {
                if name.is_some() {
                    names.other_length(&record);
                }
                Span {
                    chrom: &record.name,
                    start: 0,
                    end: length as i64,
                    name: ".",
                    turned: false,
                }
            }
        };
        let offset = placed.map_or(0, |placed| u64::from(placed.region.start));
        taker.add(span, offset, &record.sequence)?;
    }
    Ok(Read {
        short,
        notes: names.notes(path),
        ..Read::default()
    })
}

/// How records were named.
#[derive(Default)]
struct Names {
    one_based: u64,
    turned: u64,
    other_lengths: u64,
    /// The first record whose length is not that of the region in its name, and its line.
    first: Option<(String, u64)>,
}

impl Names {
    fn other_length(&mut self, record: &fasta::Record) {
        self.other_lengths += 1;
        if self.first.is_none() {
            self.first = Some((record.name.clone(), record.line));
        }
    }

    fn notes(self, path: &Path) -> Vec<String> {
        let mut notes = Vec::new();
        if self.one_based > 0 {
            notes.push(format!(
                "{} named from 1, as `samtools faidx` names them: the table counts from 0",
                counted(self.one_based, "record")
            ));
        }
        if self.turned > 0 {
            notes.push(format!(
                "{} of the reverse strand, as their names say: reported at their regions",
                counted(self.turned, "record")
            ));
        }
        if let Some((name, line)) = self.first {
            notes.push(format!(
                "warning: {} named by a region of another length than theirs, the first on line \
                 {line} of {} ({name}): reported by name, from 0",
                counted(self.other_lengths, "record"),
                path.display()
            ));
        }
        notes
    }
}

/// Reads all regions. One that does not lie in the genome has no letters, and is refused with
/// `refuse_outside`.
pub(crate) fn read_regions(
    path: &Path,
    genome: &Path,
    refuse_outside: bool,
    taker: &mut dyn Taker,
) -> Result<Read> {
    bed::check_kind(path)?;
    let mut genome = RegionGenome::open(path, genome)?;
    let mut outside = Outside::default();
    // How many regions hold no base, and the line of the first.
    let mut without_base: Option<(u64, u64)> = None;
    let mut format = Format::from_path(path);
    let mut lines = Lines::open(path)?;
    let mut read = Read::default();
    read.notes.extend(genome.genome.note().map(str::to_owned));
    while let Some((number, line)) = lines.next()? {
        let record = match BedRecord::parse(line) {
            Ok(Some(record)) => record,
            Ok(None) => continue,
            Err(malformed) => return Err(malformed.at(path, number)),
        };
        // Other columns from the fourth on than those of peaks are no concern here.
        let format = *format.get_or_insert_with(|| Format::detect(&record).unwrap_or(Format::Bed));
        let span = span_of(&record, path, number)?;
        let (start, end) = (u64::from(record.start), u64::from(record.end));
        let room = genome.lengths.get(span.chrom).copied();
        if record.begins_before() || room.is_none_or(|length| end > length) {
            if refuse_outside && record.begins_before() {
                let found = record.stated().0.to_string();
                return Err(Error::input(
                    path,
                    Place::Line(number),
                    "a start of at least 0",
                    found,
                )
                .hint("without ⟦refuse_outside⟧, such a region has no score"));
            }
            if refuse_outside {
                genome.letters(span.chrom, start, end, number)?;
            }
            outside.add(span.chrom, record.stated(), room, number);
            taker.add(span, start, &[])?;
            continue;
        }
        outside.inside += 1;
        if record.is_empty() {
            without_base.get_or_insert((0, number)).0 += 1;
            taker.add(span, start, &[])?;
            continue;
        }
        if end - start >= taker.length() {
            let letters = genome.letters(span.chrom, start, end, number)?;
            taker.add(span, start, letters)?;
            continue;
        }
        read.short += 1;
        let summit = record
            .known_summit(format)
            .map_err(|error| error.at(path, number))?;
        read.at_summit += u64::from(summit.is_some());
        // The region begins at 0 or after it, and its summit does.
        let centre = summit.and_then(|summit| u32::try_from(summit).ok());
        let centre = centre.unwrap_or_else(|| record.centre());
        match window(centre, taker.length(), room) {
            Some((start, end)) => {
                let letters = genome.letters(span.chrom, start, end, number)?;
                taker.add(span, start, letters)?;
            }
            None => taker.add(span, start, &[])?,
        }
    }
    let chromosomes = genome.lengths.keys().map(String::as_str);
    read.notes.extend(outside.note(path, chromosomes)?);
    if let Some((count, line)) = without_base {
        read.notes.push(format!(
            "warning: no score for {} of {} without a base, whose end is their start (the first on \
             line {line})",
            counted(count, "region"),
            path.display()
        ));
    }
    read.outside = outside.count();
    Ok(read)
}

/// Where a line's region lies, and its name.
fn span_of<'a>(record: &BedRecord<'a>, path: &Path, line: u64) -> Result<Span<'a>> {
    let name = match record.column(4) {
        Some(name) if !name.is_empty() => text(name, path, line, "a name")?,
        _ => ".",
    };
    let (start, end) = record.stated();
    Ok(Span {
        chrom: text(record.chrom, path, line, "a chromosome name")?,
        start,
        end,
        name,
        turned: false,
    })
}

/// `length` bases around `centre`; `None` where the chromosome has no room for them.
fn window(centre: u32, length: u64, room: Option<u64>) -> Option<(u64, u64)> {
    let window = Window::around(centre, u32::try_from(length).ok()?);
    let (start, end) = window.within(room?)?;
    Some((u64::from(start), u64::from(end)))
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
            format!("{what} in UTF-8"),
            format!("other bytes in {:?}", String::from_utf8_lossy(bytes)),
        )
        .hint(input::TO_UTF8)
    })
}
