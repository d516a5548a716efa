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
/// A region of another width is resized to the [`Window`] around its centre. Where that
/// crosses an end of the chromosome, N stands for the missing bases, so that
/// [`PackedSequences::has_unknown`] flags the sequence; `progress` is told how
/// many. (The far end is known for genomes only.)
///
/// # Errors
/// If the source lacks a region or cannot be read, if a region itself lies
/// beyond its chromosome, or if the user interrupts.
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
    let mut padded = 0_u64;
    for (place, &row) in order.iter().enumerate() {
        letters.clear();
        padded += u64::from(fetch_resized(
            source,
            regions.get(row),
            bases,
            &mut letters,
        )?);
        sequences.push(&letters);
        if (place + 1).is_multiple_of(STEP) {
            progress.advance(STEP as u64);
            progress::check(progress)?;
        }
    }
    progress.advance((order.len() % STEP) as u64);
    progress.finish();
    if padded > 0 {
        progress.note(&format!(
            "{padded} regions reach beyond an end of their chromosome at {length} bp: \
             N stands for the missing bases"
        ));
    }
    if sorted {
        return Ok(sequences);
    }
    let mut place_of = vec![0; order.len()];
    for (place, &row) in order.iter().enumerate() {
        place_of[row] = place;
    }
    Ok(sequences.select(&place_of))
}

/// Appends exactly `length` letters around the centre of `region`; whether N was added.
fn fetch_resized(
    source: &mut dyn SequenceSource,
    region: Region<'_>,
    length: u32,
    letters: &mut Vec<u8>,
) -> Result<bool> {
    if region.end.checked_sub(region.start) == Some(length) {
        source.fetch(region, letters)?;
        return Ok(false);
    }
    let Window { start, end } = Window::around(region.centre(), length);
    let limit = source
        .chromosome_length(region.chrom)
        .map_or(i64::MAX, |length| i64::try_from(length).unwrap_or(i64::MAX));
    if i64::from(region.end) > limit {
        // The region itself is beyond the end: the source says what is wrong.
        source.fetch(region, letters)?;
    }
    let inside = (start.max(0), end.min(limit).min(i64::from(u32::MAX)));
    letters.resize((inside.0 - start) as usize, b'N');
    source.fetch(
        Region {
            chrom: region.chrom,
            start: inside.0 as u32,
            end: inside.1 as u32,
        },
        letters,
    )?;
    letters.resize(length as usize, b'N');
    Ok(inside != (start, end))
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

        fn chromosome_length(&self, _chrom: &str) -> Option<u64> {
            Some(100)
        }
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
        assert!(notes.0.lock().unwrap()[0].starts_with("1 regions reach"));
    }

    #[test]
    fn a_region_beyond_the_chromosome_is_an_error_at_every_length() {
        for length in [4, 10, 50] {
            let regions = regions(&[(97, 107)]);
            assert!(load_sequences(&mut Small, &regions, length, &Notes::default()).is_err());
        }
    }
}
