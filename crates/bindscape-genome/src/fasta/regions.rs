//! A FASTA file of regions, as `bedtools getfasta` writes it, held in memory.

use std::path::{Path, PathBuf};

use super::names::{NameStyle, RegionName};
use super::{Reader, Record};
use crate::region::{Region, Regions};
use crate::sequence::{SequenceSource, base_code, reverse_complement};
use bindscape_base::error::{Error, Place, Result};
use bindscape_base::input::Lines;

/// The sequences of a FASTA file whose headers name regions ([`RegionName`]). Two bits a base;
/// every letter other than A, C, G, T is held as N. Sequences of the reverse strand are turned
/// around.
pub struct RegionFasta {
    path: PathBuf,
    regions: Regions,
    /// First base of each row in `packed`, and one past the last of the last row.
    offsets: Vec<u64>,
    packed: Vec<u8>,
    /// Runs of N as `[start, end)` in `packed`, ascending.
    unknown: Vec<(u64, u64)>,
    /// Rows ordered by region.
    order: Vec<u32>,
    /// Place in `order` of the last region fetched: files are mostly read in order.
    last: usize,
    /// Records named as samtools names them.
    one_based: u64,
    note: Option<String>,
}

impl RegionFasta {
    /// Loads the file at `path`.
    ///
    /// # Errors
    /// If it is no FASTA file of regions, a sequence has not the length that its
    /// header says, or two sequences of one region differ.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        super::check_kind(path)?;
        Self::from_lines(Lines::open(path)?)
    }

    /// Loads from `lines`; errors as [`RegionFasta::open`].
    ///
    /// # Errors
    /// See above.
    pub fn from_lines(lines: Lines) -> Result<Self> {
        let mut fasta = Self {
            path: lines.path().to_path_buf(),
            regions: Regions::new(),
            offsets: vec![0],
            packed: Vec::new(),
            unknown: Vec::new(),
            order: Vec::new(),
            last: 0,
            one_based: 0,
            note: None,
        };
        let mut reader = Reader::new(lines);
        let mut record = Record::default();
        while reader.read(&mut record)? {
            fasta.add(&mut record)?;
        }
        fasta.index()?;
        fasta.note = (fasta.one_based > 0).then(|| {
            format!(
                "{}: {} of {} records are named from 1, as `samtools faidx` names them",
                fasta.path.display(),
                fasta.one_based,
                fasta.regions.len()
            )
        });
        Ok(fasta)
    }

    /// The regions in file order.
    #[must_use]
    pub fn regions(&self) -> &Regions {
        &self.regions
    }

    fn add(&mut self, record: &mut Record) -> Result<()> {
        let name = RegionName::parse(&record.name).ok_or_else(|| {
            Error::input(
                &self.path,
                Place::Line(record.line),
                "a region in the header, as chrom:start-end or name::chrom:start-end",
                format!("{:?}", record.name),
            )
            .hint(
                "make the file with `bedtools getfasta` (`-name` keeps the region, `-nameOnly` \
                 does not), or give a genome instead",
            )
        })?;
        let found = record.sequence.len() as u64;
        let named = name.placed(found).ok_or_else(|| {
            Error::input(
                &self.path,
                Place::Line(record.line),
                format!("{} bases for {}", name.length(), record.name),
                format!("{found}"),
            )
            .hint("wrong genome build, or a trimmed sequence?")
        })?;
        if named.reverse {
            reverse_complement(&mut record.sequence);
        }
        let Region { chrom, start, end } = named.region;
        self.one_based += u64::from(named.style == NameStyle::Samtools);
        self.regions.push(chrom, start, end);
        self.pack(&record.sequence);
        Ok(())
    }

    fn pack(&mut self, letters: &[u8]) {
        let mut position = self.offsets[self.offsets.len() - 1];
        for &letter in letters {
            let code = match base_code(letter) {
                Some(code) => code,
                None => {
                    match self.unknown.last_mut() {
                        Some(run) if run.1 == position => run.1 += 1,
                        _ => self.unknown.push((position, position + 1)),
                    }
                    0
                }
            };
            if position.is_multiple_of(4) {
                self.packed.push(code);
            } else if let Some(byte) = self.packed.last_mut() {
                *byte |= code << (2 * (position % 4));
            }
            position += 1;
        }
        self.offsets.push(position);
    }

    fn key(&self, row: u32) -> (u32, u32, u32) {
        let row = row as usize;
        (
            self.regions.chrom_column()[row],
            self.regions.start_column()[row],
            self.regions.end_column()[row],
        )
    }

    fn index(&mut self) -> Result<()> {
        let count = u32::try_from(self.regions.len()).map_err(|_| {
            Error::input(
                &self.path,
                Place::File,
                "fewer than 2^32 sequences",
                self.regions.len().to_string(),
            )
        })?;
        let mut order: Vec<u32> = (0..count).collect();
        order.sort_by_key(|&row| self.key(row));
        let (mut one, mut other) = (Vec::new(), Vec::new());
        for pair in order.windows(2) {
            if self.key(pair[0]) != self.key(pair[1]) {
                continue;
            }
            one.clear();
            other.clear();
            self.unpack(pair[0] as usize, &mut one);
            self.unpack(pair[1] as usize, &mut other);
            if one != other {
                return Err(Error::input(
                    &self.path,
                    Place::Record(self.regions.get(pair[0] as usize).to_string()),
                    "one sequence per region",
                    "two that differ",
                )
                .hint("were sequences of two genome builds joined?"));
            }
        }
        self.order = order;
        Ok(())
    }

    fn unpack(&self, row: usize, out: &mut Vec<u8>) {
        let (start, end) = (self.offsets[row], self.offsets[row + 1]);
        let from = out.len();
        out.extend((start..end).map(|position| {
            let byte = self.packed[(position / 4) as usize];
            b"ACGT"[usize::from((byte >> (2 * (position % 4))) & 3)]
        }));
        let first = self.unknown.partition_point(|run| run.1 <= start);
        for run in self.unknown[first..].iter().take_while(|run| run.0 < end) {
            let (a, b) = (run.0.max(start) - start, run.1.min(end) - start);
            out[from + a as usize..from + b as usize].fill(b'N');
        }
    }

    /// The row of `region`, tried first after the last one fetched.
    fn find(&mut self, region: Region<'_>) -> Option<usize> {
        let chrom = self.regions.chromosome_index(region.chrom)?;
        let wanted = (chrom, region.start, region.end);
        let next = self.last + 1;
        let place = if self
            .order
            .get(next)
            .is_some_and(|&row| self.key(row) == wanted)
        {
            next
        } else {
            let place = self.order.partition_point(|&row| self.key(row) < wanted);
            if self.order.get(place).map(|&row| self.key(row)) != Some(wanted) {
                return None;
            }
            place
        };
        self.last = place;
        Some(self.order[place] as usize)
    }

    fn missing(&self, region: Region<'_>) -> Error {
        let error = Error::input(
            &self.path,
            Place::File,
            format!("a sequence of {region}"),
            "none",
        );
        let Some(chrom) = self.regions.chromosome_index(region.chrom) else {
            return error.hint(crate::chromosome::absent_chromosome(
                region.chrom,
                self.regions.chromosomes().iter().map(String::as_str),
                "the file",
            ));
        };
        let place = self
            .order
            .partition_point(|&row| self.key(row) < (chrom, region.start, region.end));
        let near = [place.checked_sub(1), Some(place)]
            .into_iter()
            .flatten()
            .filter_map(|place| self.order.get(place))
            .map(|&row| self.regions.get(row as usize))
            .find(|near| {
                near.chrom == region.chrom && near.start < region.end && region.start < near.end
            });
        match near {
            Some(near) => error.hint(format!(
                "the nearest there is {near} ({} bp): sequences of another length, \
                 another genome build, or another matrix?",
                near.end - near.start
            )),
            None => error.hint("were the sequences made from the regions of this matrix?"),
        }
    }
}

impl SequenceSource for RegionFasta {
    fn fetch(&mut self, region: Region<'_>, out: &mut Vec<u8>) -> Result<()> {
        match self.fetch_if_held(region, out)? {
            true => Ok(()),
            false => Err(self.missing(region)),
        }
    }

    fn fetch_if_held(&mut self, region: Region<'_>, out: &mut Vec<u8>) -> Result<bool> {
        let row = self.find(region);
        if let Some(row) = row {
            self.unpack(row, out);
        }
        Ok(row.is_some())
    }

    fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    fn load(text: &str) -> Result<RegionFasta> {
        let path = Path::new("regions.fa");
        let reader =
            bindscape_base::input::from_reader(Cursor::new(text.as_bytes().to_vec()), path, None)?;
        RegionFasta::from_lines(Lines::new(reader, path))
    }

    fn fetch(fasta: &mut RegionFasta, chrom: &str, start: u32, end: u32) -> Result<String> {
        let mut out = Vec::new();
        fasta.fetch(Region { chrom, start, end }, &mut out)?;
        Ok(String::from_utf8_lossy(&out).into_owned())
    }

    fn message(error: &Error) -> String {
        format!("{error} hint: {}", error.advice().unwrap_or_default())
    }

    #[test]
    fn headers_strands_and_unknown_letters() {
        let mut fasta = load(
            ">7::chr1:10-15\nacgtt\n>chr1:2-5\nNNA\n>x::y::HLA:1:0-3(-)\nACC\n>chr1:20-23(+)\nRGG\n",
        )
        .unwrap();
        assert_eq!(fetch(&mut fasta, "chr1", 10, 15).unwrap(), "ACGTT");
        assert_eq!(fetch(&mut fasta, "chr1", 2, 5).unwrap(), "NNA");
        assert_eq!(fetch(&mut fasta, "HLA:1", 0, 3).unwrap(), "GGT");
        assert_eq!(fetch(&mut fasta, "chr1", 20, 23).unwrap(), "NGG");
        assert_eq!(fasta.regions().len(), 4);
    }

    #[test]
    fn names_of_samtools_are_from_1() {
        let mut fasta = load(">chr1:11-15\nACGTA\n>chr1:21-23/rc\nACC\n>chr1:30-32\nAC\n").unwrap();
        assert_eq!(fetch(&mut fasta, "chr1", 10, 15).unwrap(), "ACGTA");
        assert_eq!(fetch(&mut fasta, "chr1", 20, 23).unwrap(), "GGT");
        assert_eq!(fetch(&mut fasta, "chr1", 30, 32).unwrap(), "AC");
        let note = fasta.note().unwrap();
        assert!(
            note.contains("2 of 3 records") && note.contains("samtools faidx"),
            "{note}"
        );
        assert_eq!(load(">chr1:30-32\nAC\n").unwrap().note(), None);
    }

    #[test]
    fn wrong_lengths_and_headers_are_named() {
        let short = message(&load(">chr1:10-15\nACGT\n").err().unwrap());
        assert!(
            short.contains("line 1") && short.contains("expected 5 bases"),
            "{short}"
        );
        assert!(
            short.contains("found 4") && short.contains("wrong genome build"),
            "{short}"
        );
        let plain = message(&load(">gene1\nACGT\n").err().unwrap());
        assert!(
            plain.contains("chrom:start-end") && plain.contains("\"gene1\""),
            "{plain}"
        );
        let twice = message(&load(">chr1:0-2\nAC\n>chr1:0-2\nAG\n").err().unwrap());
        assert!(twice.contains("two that differ"), "{twice}");
        assert!(load(">chr1:0-2\nAC\n>chr1:0-2\nAC\n").is_ok());
    }

    #[test]
    fn missing_regions_are_named_with_what_is_near() {
        let mut fasta = load(">chr1:100-104\nACGT\n").unwrap();
        let near = message(&fetch(&mut fasta, "chr1", 98, 106).unwrap_err());
        assert!(
            near.contains("regions.fa") && near.contains("chr1:98-106"),
            "{near}"
        );
        assert!(near.contains("chr1:100-104 (4 bp)"), "{near}");
        let far = message(&fetch(&mut fasta, "chr1", 0, 4).unwrap_err());
        assert!(far.contains("this matrix"), "{far}");
        let chrom = message(&fetch(&mut fasta, "1", 100, 104).unwrap_err());
        assert!(chrom.contains("with the prefix chr"), "{chrom}");
    }
}
