//! Where seqlets and hits lie in the genome.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::ops::Range;
use std::path::Path;

use bindscape_base::error::Place;
use bindscape_base::input::Lines;
use bindscape_base::table::{Row, Table};
use bindscape_base::{Error, Result};
use bindscape_genome::bed::{self, Format};
use bindscape_genome::region::Window;
use bindscape_modisco::hdf5::{Contents, Stored};
use bindscape_modisco::{Seqlet, Tracks};

use crate::data::counted;

/// The place of a sequence.
#[derive(Debug, PartialEq)]
struct Region {
    chrom: String,
    /// First position, the last one of a sequence of the reverse strand.
    start: i64,
    /// Whether the sequence is that of the reverse strand.
    reverse: bool,
}

/// What lies in a sequence, in the genome.
#[derive(Debug, PartialEq)]
pub(in crate::motif) struct Placed<'a> {
    /// `sequence_` and its number without regions.
    pub(in crate::motif) chrom: Cow<'a, str>,
    /// From 0, the end not included.
    pub(in crate::motif) range: Range<i64>,
    pub(in crate::motif) reverse: bool,
}

impl Placed<'_> {
    pub(in crate::motif) fn strand(&self) -> char {
        if self.reverse { '-' } else { '+' }
    }
}

/// The place of each sequence.
pub(in crate::motif) struct Places {
    /// Of each sequence; empty where no regions were given.
    regions: Vec<Region>,
    /// Positions of the sequences; `None` where a file does not say.
    length: Option<usize>,
}

impl Places {
    /// The places of `tracks`, which were read from `sequences`.
    pub(in crate::motif) fn of_tracks(
        regions: Option<&Path>,
        tracks: &Tracks,
        sequences: &Path,
    ) -> Result<Self> {
        let length = tracks.length();
        let mut places = Self {
            regions: Vec::new(),
            length: Some(length),
        };
        if let Some(path) = regions {
            places.regions = read(path, length)?;
            if places.regions.len() != tracks.examples() {
                let expected = format!(
                    "{}, one for each sequence of {}",
                    counted(tracks.examples() as u64, "region"),
                    sequences.display()
                );
                return Err(too_many_or_few(path, expected, places.regions.len()));
            }
        }
        Ok(places)
    }

    /// The places of the patterns of a file.
    pub(in crate::motif) fn of_file(
        regions: Option<&Path>,
        contents: &Contents,
        file: &Path,
    ) -> Result<Self> {
        let mut places = Self {
            regions: Vec::new(),
            length: contents.window,
        };
        let Some(path) = regions else {
            return Ok(places);
        };
        let Some(length) = contents.window else {
            return Err(Error::input(
                file,
                Place::File,
                "an attribute `window_size`, to place seqlets in ⟦regions⟧",
                "none",
            )
            .hint("leave ⟦regions⟧ out"));
        };
        places.regions = read(path, length)?;
        let seqlets = contents
            .patterns
            .iter()
            .flat_map(|pattern| &pattern.seqlets);
        let last = seqlets.map(|seqlet| seqlet.example as usize).max();
        if let Some(last) = last.filter(|&last| last >= places.regions.len()) {
            let expected = format!(
                "at least {}, one for each sequence of {}",
                counted(last as u64 + 1, "region"),
                file.display()
            );
            return Err(too_many_or_few(path, expected, places.regions.len()));
        }
        Ok(places)
    }

    /// A row for each seqlet, without positions beyond the ends of its sequence.
    pub(in crate::motif) fn bed(&self, patterns: &[Stored]) -> String {
        let mut text = String::new();
        for pattern in patterns {
            for (number, seqlet) in pattern.seqlets.iter().enumerate() {
                self.row(&mut text, &format!("{}.{number}", pattern.name), seqlet);
            }
        }
        text
    }

    fn row(&self, text: &mut String, name: &str, seqlet: &Seqlet) {
        let last = self.length.map_or(i64::MAX, |length| length as i64);
        let range = i64::from(seqlet.start.max(0))..i64::from(seqlet.end).min(last);
        let placed = self.place(seqlet.example as usize, range, seqlet.reverse);
        let Range { start, end } = placed.range;
        let (chrom, start, strand) = (&placed.chrom, start.max(0), placed.strand());
        writeln!(text, "{chrom}\t{start}\t{end}\t{name}\t0\t{strand}")
            .expect("writing to a string");
    }

    /// Where positions `range` of a sequence lie, read on its reverse strand if so.
    pub(in crate::motif) fn place(
        &self,
        example: usize,
        range: Range<i64>,
        reverse: bool,
    ) -> Placed<'_> {
        let Some(region) = self.regions.get(example) else {
            return Placed {
                chrom: Cow::Owned(format!("sequence_{example}")),
                range,
                reverse,
            };
        };
        let range = match region.reverse {
            true => {
                let past = region.start + self.length.unwrap_or_default() as i64;
                past - range.end..past - range.start
            }
            false => region.start + range.start..region.start + range.end,
        };
        Placed {
            chrom: Cow::Borrowed(&region.chrom),
            range,
            reverse: reverse != region.reverse,
        }
    }

    /// What a sequence is called: its chromosome, start (from 0) and end, or its number.
    pub(in crate::motif) fn name(&self, example: usize) -> String {
        match (self.regions.get(example), self.length) {
            (Some(Region { chrom, start, .. }), Some(length)) => {
                format!("{chrom}:{start}-{}", start + length as i64)
            }
            _ => format!("sequence_{example}"),
        }
    }
}

fn too_many_or_few(path: &Path, expected: String, found: usize) -> Error {
    Error::input(path, Place::File, expected, found.to_string())
        .hint("give the regions that the sequences were made from, in the same order")
}

/// The windows of `length` in the regions of a BED file, or of a table that
/// [`Attribute`](crate::attribute::Attribute) wrote.
fn read(path: &Path, length: usize) -> Result<Vec<Region>> {
    let first = bed::first_record_line(path)?;
    match first.is_some_and(|(_, line)| line.starts_with(b"chrom\tstart\tend\t")) {
        true => read_table(path, length),
        false => read_bed(path, length),
    }
}

/// The windows around the summits of the regions of a BED file, or their centres where it has none.
fn read_bed(path: &Path, length: usize) -> Result<Vec<Region>> {
    let mut lines = Lines::open(path)?;
    let mut format = Format::from_path(path);
    let mut regions = Vec::new();
    while let Some((number, line)) = lines.next()? {
        let record = bed::Record::parse(line).map_err(|fault| fault.at(path, number))?;
        let Some(record) = record else {
            continue;
        };
        let format = *format.get_or_insert_with(|| Format::detect(&record).unwrap_or(Format::Bed));
        let (start, end) = record.stated();
        if record.is_empty() {
            let found = format!("start and end {start}");
            return Err(bed::Malformed::new("a region that holds a base", found).at(path, number));
        }
        let summit = record.known_summit(format);
        let summit = summit.map_err(|fault| fault.at(path, number))?;
        // A summit before the chromosome is none that a sequence could lie around.
        let summit = summit.and_then(|summit| u32::try_from(summit).ok());
        let centre = summit.unwrap_or_else(|| record.centre());
        regions.push(Region {
            chrom: String::from_utf8_lossy(record.chrom).into_owned(),
            start: match end - start == length as i64 {
                // The sequence is the region itself, wherever its summit is.
                true => start,
                false => Window::around(centre, length as u32).start,
            },
            reverse: false,
        });
    }
    Ok(regions)
}

/// The middles of the windows in a table that [`Attribute`](crate::attribute::Attribute) wrote,
/// which says of which strand the sequences are.
fn read_table(path: &Path, length: usize) -> Result<Vec<Region>> {
    let mut table = Table::open(path)?;
    let header = table.next()?.map(|row| row.fields.join("\t"));
    let names: Vec<&str> = header.as_deref().unwrap_or_default().split('\t').collect();
    let column = |name: &str| {
        names.iter().position(|of| *of == name).ok_or_else(|| {
            Error::input(
                path,
                Place::File,
                format!("a column `{name}`, as in the table of `attribute`"),
                names.join(", "),
            )
        })
    };
    let columns = [
        column("chrom")?,
        column("start")?,
        column("end")?,
        column("strand")?,
        column("index")?,
    ];
    let mut regions = Vec::new();
    while let Some(row) = table.next()? {
        let [chrom, start, end, strand, index] =
            columns.map(|column| row.fields.get(column).copied().unwrap_or_default());
        if index == "NA" {
            continue;
        }
        if index.parse() != Ok(regions.len()) {
            let expected = format!("index {}", regions.len());
            return Err(Error::input(path, Place::Line(row.line), expected, index));
        }
        let [start, end] = [("start", start), ("end", end)].map(|of| position(path, &row, of));
        let (start, end) = (start?, end?);
        let reverse = strand == "-";
        let before = (end - start) / 2 - length as i64 / 2;
        regions.push(Region {
            chrom: chrom.to_owned(),
            start: match reverse {
                true => end - before - length as i64,
                false => start + before,
            },
            reverse,
        });
    }
    Ok(regions)
}

fn position(path: &Path, row: &Row<'_>, (name, text): (&str, &str)) -> Result<i64> {
    text.parse().map_err(|_| {
        let expected = format!("a whole number in column `{name}`");
        Error::input(path, Place::Line(row.line), expected, format!("{text:?}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seqlets_lie_in_the_window_around_the_centre_of_their_region() {
        let directory = tempfile::tempdir().expect("directory");
        let path = directory.path().join("regions.bed");
        std::fs::write(&path, "chr1\t100\t300\nchr2\t1000\t1100\n").expect("written");
        let places = Places {
            regions: read(&path, 200).expect("regions"),
            length: Some(200),
        };
        let mut text = String::new();
        let seqlet = Seqlet {
            example: 1,
            start: -3,
            end: 20,
            reverse: true,
        };
        places.row(&mut text, "p.0", &seqlet);
        assert_eq!(text, "chr2\t950\t970\tp.0\t0\t-\n");
        let without = Places {
            regions: Vec::new(),
            length: Some(15),
        };
        text.clear();
        without.row(&mut text, "p.0", &seqlet);
        assert_eq!(text, "sequence_1\t0\t15\tp.0\t0\t-\n");
    }

    fn starts(name: &str, text: &str, length: usize) -> Result<Vec<(i64, bool)>> {
        let directory = tempfile::tempdir().expect("directory");
        let path = directory.path().join(name);
        std::fs::write(&path, text).expect("written");
        let regions = read(&path, length)?;
        Ok(regions.iter().map(|of| (of.start, of.reverse)).collect())
    }

    #[test]
    fn sequences_lie_around_the_summits_of_peaks() {
        let peaks = "chr1\t700\t800\tp\t0\t.\t5\t3\t2\t90\nchr1\t700\t800\tq\t0\t-\t5\t3\t2\t-1\n";
        let expected = vec![(690, false), (650, false)];
        assert_eq!(starts("p.narrowPeak", peaks, 200).expect("peaks"), expected);
        assert_eq!(starts("p.bed", peaks, 200).expect("peaks"), expected);
        let regions = vec![(700, false), (700, false)];
        assert_eq!(starts("p.narrowPeak", peaks, 100).expect("peaks"), regions);
        let outside = peaks.replace("\t90\n", "\t900\n");
        let error = starts("p.narrowPeak", &outside, 200).expect_err("outside");
        assert!(
            error.to_string().contains("p.narrowPeak, line 1"),
            "{error}"
        );
    }

    #[test]
    fn the_table_of_attributions_says_of_which_strand_sequences_are() {
        let header = "# a comment\nchrom\tstart\tend\tname\tstrand\tindex\tlogit\n";
        let rows = "chr1\t100\t300\ta\t+\t0\t1.5\nchr1\t100\t300\tb\t+\tNA\tNA\nchr1\t100\t300\tc\t-\t1\t2\n";
        let table = format!("{header}{rows}");
        let read_as = |length| starts("regions.tsv", &table, length).expect("regions");
        assert_eq!(read_as(200), [(100, false), (100, true)]);
        // The middle, which begins a base earlier or later as one looks.
        assert_eq!(read_as(51), [(175, false), (174, true)]);
        let wrong = table.replace("\t-\t1\t", "\t-\t2\t");
        let error = starts("regions.tsv", &wrong, 200).expect_err("another index");
        assert!(
            error.to_string().contains("line 5: expected index 1"),
            "{error}"
        );
        let places = Places {
            regions: vec![Region {
                chrom: "chr1".into(),
                start: 100,
                reverse: true,
            }],
            length: Some(200),
        };
        let placed = places.place(0, 10..30, true);
        assert_eq!((placed.range.clone(), placed.strand()), (270..290, '+'));
        assert_eq!(places.name(0), "chr1:100-300");
    }
}
