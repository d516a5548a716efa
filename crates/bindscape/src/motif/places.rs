//! Where seqlets and hits lie in the genome.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::path::Path;

use bindscape_base::error::Place;
use bindscape_base::input::Lines;
use bindscape_base::{Error, Result};
use bindscape_genome::bed;
use bindscape_genome::region::Window;
use bindscape_modisco::hdf5::{Contents, Stored};
use bindscape_modisco::{Seqlet, Tracks};

use crate::data::counted;

/// The place of each sequence.
pub(in crate::motif) struct Places {
    /// Chromosome and first position of each sequence; empty where no regions were given.
    regions: Vec<(String, i64)>,
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
        let (chrom, offset) = self.of(seqlet.example as usize);
        let start = i64::from(seqlet.start.max(0)) + offset;
        let last = self.length.map_or(i64::MAX, |length| length as i64);
        let end = i64::from(seqlet.end).min(last) + offset;
        let strand = if seqlet.reverse { '-' } else { '+' };
        let start = start.max(0);
        writeln!(text, "{chrom}\t{start}\t{end}\t{name}\t0\t{strand}")
            .expect("writing to a string");
    }

    /// Chromosome and first position of a sequence; without regions `sequence_` and its number,
    /// and 0.
    pub(in crate::motif) fn of(&self, example: usize) -> (Cow<'_, str>, i64) {
        match self.regions.get(example) {
            Some((chrom, start)) => (Cow::Borrowed(chrom), *start),
            None => (Cow::Owned(format!("sequence_{example}")), 0),
        }
    }

    /// What a sequence is called: its chromosome, start (from 0) and end, or its number.
    pub(in crate::motif) fn name(&self, example: usize) -> String {
        let (chrom, start) = self.of(example);
        match (self.regions.is_empty(), self.length) {
            (false, Some(length)) => format!("{chrom}:{start}-{}", start + length as i64),
            _ => chrom.into_owned(),
        }
    }
}

fn too_many_or_few(path: &Path, expected: String, found: usize) -> Error {
    Error::input(path, Place::File, expected, found.to_string())
        .hint("give the regions that the sequences were made from, in the same order")
}

/// Chromosome and first position of the windows of `length` around the centres of the regions.
fn read(path: &Path, length: usize) -> Result<Vec<(String, i64)>> {
    bed::check_kind(path)?;
    let mut lines = Lines::open(path)?;
    let mut regions = Vec::new();
    while let Some((number, line)) = lines.next()? {
        let record = bed::Record::parse(line).map_err(|fault| fault.at(path, number))?;
        if let Some(record) = record {
            let window = Window::around(record.centre(), length as u32);
            regions.push((
                String::from_utf8_lossy(record.chrom).into_owned(),
                window.start,
            ));
        }
    }
    Ok(regions)
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
}
