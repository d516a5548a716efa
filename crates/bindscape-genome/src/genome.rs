//! Sequences of a genome by coordinates: FASTA with its index, or 2bit.

mod bytes;
mod index;
mod verify;

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use self::bytes::Bytes;
use self::index::{Entry, Index};
use crate::fasta::nucleotide;
use crate::region::Region;
use crate::sequence::SequenceSource;
use crate::twobit;
use crate::twobit::TwoBit;
use bindscape_base::error::{Error, Place, Result};
use bindscape_base::input::Compression;
use bindscape_base::kind::{self, FileKind};

/// A genome on disk.
pub struct Genome {
    path: PathBuf,
    chromosomes: Vec<(String, u64)>,
    /// Places in `chromosomes`.
    by_name: HashMap<String, usize>,
    note: Option<String>,
    source: Source,
}

fn by_name(chromosomes: &[(String, u64)]) -> HashMap<String, usize> {
    let names = chromosomes.iter().map(|(name, _)| name.clone());
    names
        .enumerate()
        .map(|(place, name)| (name, place))
        .collect()
}

enum Source {
    Fasta { bytes: Bytes, entries: Vec<Entry> },
    TwoBit(Box<TwoBit<File>>),
}

impl Genome {
    /// Opens `genome.fa` (with or without `genome.fa.fai`), `genome.fa.gz` made by
    /// bgzip (with its `.fai` and `.gzi`), or `genome.2bit`, distinguished by content.
    ///
    /// # Errors
    /// If the file or its index cannot be read, is corrupted, or the index is
    /// not the file's; if the file is compressed with plain gzip, which allows no
    /// access by position.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        kind::expect_text(
            path,
            "a genome (FASTA or 2bit)",
            &[FileKind::NucleotideFasta, FileKind::TwoBit],
        )?;
        let failed = |source| Error::io("read", path, source);
        let mut file = File::open(path).map_err(failed)?;
        let mut head = Vec::new();
        file.by_ref()
            .take(16)
            .read_to_end(&mut head)
            .map_err(failed)?;
        if twobit::is_twobit(&head) {
            let twobit = TwoBit::from_reader(file, path)?;
            return Ok(Self {
                path: path.to_path_buf(),
                by_name: by_name(twobit.chromosomes()),
                chromosomes: twobit.chromosomes().to_vec(),
                note: None,
                source: Source::TwoBit(Box::new(twobit)),
            });
        }
        let size = file.metadata().map_err(failed)?.len();
        match Compression::detect(&head) {
            Compression::Plain => {
                let bytes = Bytes::plain(path, file, size);
                match Index::beside(path)? {
                    Some(index) => Self::indexed(path, bytes, index),
                    None => {
                        let note = format!(
                            "{0} has no index {0}.fai: it was made in memory; \
                             `samtools faidx` makes one to keep",
                            path.display()
                        );
                        Ok(Self::fasta(path, bytes, Index::build(path)?, Some(note)))
                    }
                }
            }
            Compression::Bgzip => {
                let Some(index) = Index::beside(path)? else {
                    return Err(missing_index(path, "fai"));
                };
                let Some(bytes) = Bytes::bgzip(path, file, size)? else {
                    return Err(missing_index(path, "gzi"));
                };
                Self::indexed(path, bytes, index)
            }
            Compression::Gzip => Err(Error::input(
                path,
                Place::File,
                "a genome as FASTA, plain or compressed with bgzip, or as 2bit",
                "one compressed with plain gzip, which cannot be read by coordinates",
            )
            .hint("decompress it with `gunzip`, or compress it again with `bgzip`")),
        }
    }

    /// A FASTA file with the index that lies beside it.
    fn indexed(path: &Path, mut bytes: Bytes, index: Index) -> Result<Self> {
        if let Some(size) = bytes.length() {
            index.check_size(size)?;
        }
        let unlisted = verify::verify(&index, &mut bytes)?;
        let note = unlisted.first().map(|first| {
            let others = match unlisted.len() - 1 {
                0 => String::new(),
                others => format!(" and {others} more"),
            };
            format!(
                "warning: {} does not list {first}{others}, which {} holds: nothing can be read \
                 there; if that is not meant, run `samtools faidx {1}` again",
                index.path().display(),
                path.display()
            )
        });
        Ok(Self::fasta(path, bytes, index, note))
    }

    fn fasta(path: &Path, bytes: Bytes, index: Index, note: Option<String>) -> Self {
        let chromosomes: Vec<(String, u64)> = index
            .entries
            .iter()
            .map(|entry| (entry.name.clone(), entry.length))
            .collect();
        Self {
            path: path.to_path_buf(),
            by_name: by_name(&chromosomes),
            chromosomes,
            note,
            source: Source::Fasta {
                bytes,
                entries: index.entries,
            },
        }
    }

    /// Names and lengths in file order.
    #[must_use]
    pub fn chromosomes(&self) -> &[(String, u64)] {
        &self.chromosomes
    }

    /// The place of `region`'s chromosome, once the region is known to lie on it.
    fn locate(&self, region: Region<'_>) -> Result<usize> {
        let place = self.by_name.get(region.chrom).copied().ok_or_else(|| {
            Error::input(
                &self.path,
                Place::File,
                format!("a chromosome {:?}", region.chrom),
                "none of that name",
            )
            .hint(crate::chromosome::absent_chromosome(
                region.chrom,
                self.chromosomes.iter().map(|(name, _)| name.as_str()),
                "the genome",
            ))
        })?;
        let length = self.chromosomes[place].1;
        if u64::from(region.end) > length || region.start >= region.end {
            return Err(Error::input(
                &self.path,
                Place::File,
                format!("{region} within {} of {length} bp", region.chrom),
                "a region beyond its end",
            )
            .hint("wrong genome build?"));
        }
        Ok(place)
    }
}

impl SequenceSource for Genome {
    fn fetch(&mut self, region: Region<'_>, out: &mut Vec<u8>) -> Result<()> {
        let place = self.locate(region)?;
        match &mut self.source {
            Source::TwoBit(twobit) => {
                twobit.fetch(place, region.start.into(), region.end.into(), out)
            }
            Source::Fasta { bytes, entries } => {
                let entry = &entries[place];
                let (start, end) = (u64::from(region.start), u64::from(region.end));
                let (from, to) = (entry.offset_of(start), entry.offset_of(end - 1) + 1);
                let text = bytes.read(from, to)?;
                let before = out.len();
                out.reserve((end - start) as usize);
                // Where in its line a byte lies; blanks and line ends belong after its bases, nowhere else.
                let mut in_line = start % entry.line_bases;
                for &byte in text {
                    if in_line >= entry.line_bases {
                        if !byte.is_ascii_whitespace() {
                            return Err(stale_index(&self.path, &entry.name, "a longer line"));
                        }
                    } else {
                        let letter = nucleotide(byte).ok_or_else(|| {
                            stale_index(&self.path, &entry.name, &format!("{:?}", byte as char))
                        })?;
                        out.push(letter);
                    }
                    in_line += 1;
                    if in_line == entry.line_bytes {
                        in_line = 0;
                    }
                }
                let found = (out.len() - before) as u64;
                if found != end - start {
                    return Err(stale_index(
                        &self.path,
                        &entry.name,
                        &format!("{found} letters for {region}"),
                    ));
                }
                Ok(())
            }
        }
    }

    fn chromosome_length(&self, chrom: &str) -> Option<u64> {
        let &place = self.by_name.get(chrom)?;
        Some(self.chromosomes[place].1)
    }

    fn knows_chromosomes(&self) -> bool {
        true
    }

    fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }
}

fn missing_index(path: &Path, extension: &str) -> Error {
    Error::input(
        path,
        Place::File,
        format!("its index {}.{extension} beside it", path.display()),
        "none",
    )
    .hint(format!(
        "run `samtools faidx {}`, which writes .fai and .gzi",
        path.display()
    ))
}

fn stale_index(path: &Path, chrom: &str, found: &str) -> Error {
    Error::input(
        path,
        Place::Record(chrom.to_owned()),
        "nucleotide letters where the index points",
        found,
    )
    .hint(format!(
        "the file holds something else there, or its index is of another file: \
         run `samtools faidx {}` again",
        path.display()
    ))
}

#[cfg(test)]
mod tests;
