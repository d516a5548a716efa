//! Loading the sequences of many regions into memory.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::fasta::RegionFasta;
use crate::genome::Genome;
use crate::region::{Region, Regions, Window};
use crate::sequence::{PackedSequences, SequenceSource};
use bindscape_base::error::{Error, Result};
use bindscape_base::progress;
use bindscape_base::progress::Progress;
use bindscape_base::words::counted;

/// Regions between two reports of progress.
const STEP: usize = 4096;

/// Where the user has sequences.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SequenceInput {
    /// A FASTA file whose headers name regions.
    Fasta(PathBuf),
    /// A genome as FASTA or 2bit.
    Genome(PathBuf),
}

impl SequenceInput {
    /// The file.
    #[must_use]
    pub fn path(&self) -> &std::path::Path {
        match self {
            SequenceInput::Fasta(path) | SequenceInput::Genome(path) => path,
        }
    }

    /// Opens it; a FASTA of regions is loaded whole.
    ///
    /// # Errors
    /// As [`RegionFasta::open`] and [`Genome::open`].
    pub fn open(&self) -> Result<Box<dyn SequenceSource>> {
        Ok(match self {
            SequenceInput::Fasta(path) => Box::new(RegionFasta::open(path)?),
            SequenceInput::Genome(path) => Box::new(Genome::open(path)?),
        })
    }
}

/// Loads the sequences of `regions` from `source`, in row order, `length` bases each.
///
/// A region of another width is resized to the [`Window`] around its centre. Where that crosses an
/// end of the chromosome, N stands for the missing bases, and for all of a region that does not
/// lie in the genome itself ([the rule](crate::region)), or is one of a few that a FASTA of regions
/// lacks (`bedtools getfasta` leaves those out that cross an end): [`PackedSequences::has_unknown`]
/// flags such sequences, and `progress` is told how many there are. (Chromosomes and their lengths
/// are known for genomes only.)
///
/// # Errors
/// If the source lacks more than a tenth of the regions or cannot be read, if none of the regions
/// lies in the genome, or if the user interrupts.
///
/// # Panics
/// If `length` is 0.
pub fn load_sequences(
    source: &mut dyn SequenceSource,
    regions: &Regions,
    length: usize,
    progress: &dyn Progress,
) -> Result<PackedSequences> {
    let bases = u32::try_from(length).map_err(|_| {
        Error::argument("length", "a sequence length below 2^32", length.to_string())
    })?;
    if let Some(note) = source.note() {
        progress.note(note);
    }
    progress.begin("reading sequences", Some(regions.len() as u64));
    // Sources are read from front to back, whatever the order of the rows.
    let key = |row: usize| (regions.chrom_column()[row], regions.start_column()[row]);
    let sorted = (1..regions.len()).all(|row| key(row - 1) <= key(row));
    let mut order: Vec<usize> = (0..regions.len()).collect();
    if !sorted {
        order.sort_by_key(|&row| key(row));
    }
    let mut sequences = PackedSequences::new(length);
    let mut letters = Vec::with_capacity(length);
    let mut ends = Ends::default();
    for (place, &row) in order.iter().enumerate() {
        letters.clear();
        ends.fetch(source, regions.get(row), bases, &mut letters)?;
        sequences.push(&letters);
        if (place + 1).is_multiple_of(STEP) {
            progress.advance(STEP as u64);
            progress::check(progress)?;
        }
    }
    progress.advance((order.len() % STEP) as u64);
    progress.finish();
    ends.tell(source, regions, length, progress)?;
    if sorted {
        return Ok(sequences);
    }
    let mut place_of = vec![0; order.len()];
    for (place, &row) in order.iter().enumerate() {
        place_of[row] = place;
    }
    Ok(sequences.select(&place_of))
}

/// Regions at the ends of chromosomes and outside of the genome.
#[derive(Default)]
struct Ends {
    /// Windows that N was added to.
    padded: u64,
    /// Regions past the end of their chromosome, and the first.
    past_end: (u64, Option<String>),
    /// Regions on chromosomes that the genome lacks, and the first.
    unknown: (u64, Option<String>),
    /// Regions that a FASTA of regions lacks, and what was looked up for the first.
    absent: (u64, Option<(String, u32, u32)>),
}

/// One region in so many may be absent from a FASTA of regions. More are another matrix's.
const ABSENT: u64 = 10;

impl Ends {
    /// Appends exactly `length` letters around the centre of `region`.
    fn fetch(
        &mut self,
        source: &mut dyn SequenceSource,
        region: Region<'_>,
        length: u32,
        letters: &mut Vec<u8>,
    ) -> Result<()> {
        let known = source.chromosome_length(region.chrom);
        let limit = known.map_or(i64::MAX, |length| i64::try_from(length).unwrap_or(i64::MAX));
        let outside = if known.is_none() && source.knows_chromosomes() {
            Some(&mut self.unknown)
        } else if i64::from(region.end) > limit {
            Some(&mut self.past_end)
        } else {
            None
        };
        if let Some((count, first)) = outside {
            *count += 1;
            first.get_or_insert_with(|| region.to_string());
            letters.resize(length as usize, b'N');
            return Ok(());
        }
        if region.end.checked_sub(region.start) == Some(length) {
            return self.hold(source, region, letters);
        }
        let Window { start, end } = Window::around(region.centre(), length);
        let inside = (start.max(0), end.min(limit).min(i64::from(u32::MAX)));
        letters.resize((inside.0 - start) as usize, b'N');
        let window = Region {
            chrom: region.chrom,
            start: inside.0 as u32,
            end: inside.1 as u32,
        };
        self.hold(source, window, letters)?;
        letters.resize(length as usize, b'N');
        self.padded += u64::from(inside != (start, end));
        Ok(())
    }

    /// Appends the bases of `region`, or N for each if the source lacks it.
    fn hold(
        &mut self,
        source: &mut dyn SequenceSource,
        region: Region<'_>,
        letters: &mut Vec<u8>,
    ) -> Result<()> {
        if source.fetch_if_held(region, letters)? {
            return Ok(());
        }
        let (count, first) = &mut self.absent;
        *count += 1;
        first.get_or_insert_with(|| (region.chrom.to_owned(), region.start, region.end));
        let bases = (region.end - region.start) as usize;
        letters.resize(letters.len() + bases, b'N');
        Ok(())
    }

    /// Says what was met.
    ///
    /// # Errors
    /// If no region lies in the genome, or the source lacks many.
    fn tell(
        self,
        source: &mut dyn SequenceSource,
        regions: &Regions,
        length: usize,
        progress: &dyn Progress,
    ) -> Result<()> {
        let outside = self.past_end.0 + self.unknown.0;
        if outside > 0 && outside == regions.len() as u64 {
            // The source says what is wrong with the first.
            source.fetch(regions.get(0), &mut Vec::new())?;
        }
        if let (count, Some((chrom, start, end))) = self.absent {
            let first = Region {
                chrom: &chrom,
                start,
                end,
            };
            if count * ABSENT > regions.len() as u64 {
                source.fetch(first, &mut Vec::new())?;
            }
            progress.note(&format!(
                "warning: {count} of {} regions have no sequence in the FASTA file (the first: \
                 {first}): N stands for their bases; `bedtools getfasta` leaves out what crosses \
                 an end of a chromosome",
                regions.len()
            ));
        }
        if self.padded > 0 {
            progress.note(&format!(
                "{} with bases beyond an end of the chromosome at {length} bp: N stands for these",
                counted(self.padded, "region")
            ));
        }
        for ((count, first), where_to) in [
            (self.past_end, "lie past the end of their chromosome"),
            (self.unknown, "lie on chromosomes that the genome lacks"),
        ] {
            if let Some(first) = first {
                progress.note(&format!(
                    "warning: {count} of {} regions {where_to} (the first: {first}): N stands for \
                     their sequences; if that is not meant, are they of another genome build?",
                    regions.len()
                ));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bindscape_base::progress::Notes;

    /// A chromosome of 100 bases on which position `p` holds `ACGT[p % 4]`.
    struct Small;

    impl SequenceSource for Small {
        fn fetch(&mut self, region: Region<'_>, out: &mut Vec<u8>) -> Result<()> {
            if region.end > 100 {
                return Err(Error::input(
                    "small.fa",
                    bindscape_base::Place::File,
                    "100 bp",
                    "more",
                ));
            }
            out.extend((region.start..region.end).map(|p| b"ACGT"[p as usize % 4]));
            Ok(())
        }

        fn chromosome_length(&self, chrom: &str) -> Option<u64> {
            (chrom == "chr1").then_some(100)
        }

        fn knows_chromosomes(&self) -> bool {
            true
        }
    }

    #[test]
    fn a_few_regions_may_be_absent_from_a_fasta_of_regions() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("regions.fa");
        let spans: Vec<(u32, u32)> = (0..20).map(|place| (10 * place, 10 * place + 4)).collect();
        let load = |absent: &[u32]| {
            let text: String = spans
                .iter()
                .filter(|(start, _)| !absent.contains(start))
                .map(|(start, end)| format!(">chr1:{start}-{end}\nACGT\n"))
                .collect();
            std::fs::write(&path, text).unwrap();
            let mut source = RegionFasta::open(&path).unwrap();
            let notes = Notes::default();
            let loaded = load_sequences(&mut source, &regions(&spans), 4, &notes);
            (loaded, notes.0.into_inner().unwrap())
        };
        let (loaded, notes) = load(&[30, 190]);
        let loaded = loaded.expect("two of twenty may be absent");
        let unknown: Vec<usize> = (0..20).filter(|&row| loaded.has_unknown(row)).collect();
        assert_eq!(unknown, [3, 19]);
        assert!(
            notes
                .iter()
                .any(|note| note.contains("2 of 20 regions have no sequence")
                    && note.contains("chr1:30-34")),
            "{notes:?}"
        );
        let error = load(&[30, 60, 190]).0.expect_err("three may not");
        assert!(
            error
                .to_string()
                .contains("expected a sequence of chr1:30-34"),
            "{error}"
        );
    }

    fn regions(spans: &[(u32, u32)]) -> Regions {
        let mut regions = Regions::new();
        for &(start, end) in spans {
            regions.push("chr1", start, end);
        }
        regions
    }

    #[test]
    fn rows_keep_their_order_and_are_resized_around_the_centre() {
        let notes = Notes::default();
        let regions = regions(&[(41, 45), (8, 12), (20, 21), (0, 2), (97, 99)]);
        let got = load_sequences(&mut Small, &regions, 4, &notes).unwrap();
        assert_eq!(got.letters(0), "CGTA");
        assert_eq!(got.letters(1), "ACGT");
        // Centre 20, so [18, 22).
        assert_eq!(got.letters(2), "GTAC");
        // [-1, 3): one N before the chromosome, stored as A and flagged.
        assert_eq!(got.letters(3), "AACG");
        let flags: Vec<bool> = (0..5).map(|row| got.has_unknown(row)).collect();
        assert_eq!(flags, [false, false, false, true, false]);
        assert!(notes.0.lock().unwrap()[0].starts_with("1 region with bases beyond"));
    }

    #[test]
    fn regions_outside_the_genome_have_no_sequence_and_are_counted() {
        for length in [4, 10, 50] {
            let notes = Notes::default();
            let some = regions(&[(97, 107), (50, 60), (150, 160)]);
            let got = load_sequences(&mut Small, &some, length, &notes).unwrap();
            let flags: Vec<bool> = (0..3).map(|row| got.has_unknown(row)).collect();
            assert_eq!(flags, [true, false, true]);
            let notes = notes.0.lock().unwrap();
            assert!(
                notes
                    .iter()
                    .any(|note| note.starts_with("warning: 2 of 3 regions lie past")
                        && note.contains("chr1:97-107")),
                "{notes:?}"
            );
            // A genome in which no region lies is another one.
            let none = regions(&[(97, 107), (150, 160)]);
            assert!(load_sequences(&mut Small, &none, length, &Notes::default()).is_err());
        }
        let notes = Notes::default();
        let mut some = regions(&[(40, 50)]);
        some.push("chrUn", 5, 15);
        let got = load_sequences(&mut Small, &some, 10, &notes).unwrap();
        assert!(got.has_unknown(1) && !got.has_unknown(0));
        assert!(notes.0.lock().unwrap()[0].contains("1 of 2 regions lie on chromosomes"));
    }
}
