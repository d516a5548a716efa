//! Hits as tables: FIMO's TSV, and BED.
//!
//! q-values are known only after the last hit, so rows wait in a temporary file, of which
//! the first 64 MiB are kept in memory.

use std::io::{self, BufReader, Read, Seek, Write};
use std::path::Path;

use bindscape_base::{Error, Place as ErrorPlace, Result};
use bindscape_genome::fasta::region_of_name;
use bindscape_genome::region::Region;
use rayon::prelude::*;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use tempfile::SpooledTempFile;

use super::cells::Best;
use super::hits::Hit;
use super::scanner::{ScanMotif, Scanner};
use super::stream::{Batch, Sequence};
use crate::letters::LETTERS;

/// Bytes of waiting rows kept in memory.
pub(super) const IN_MEMORY: usize = 64 << 20;

/// Rows formatted by a task.
const ROWS: usize = 1 << 12;

/// The table's format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// FIMO's columns; positions from 1, both ends included.
    Tsv,
    /// BED6 with further columns; positions from 0, the end excluded.
    Bed,
}

/// Where a motif lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    /// Sequence, or chromosome.
    pub sequence: &'a str,
    /// First base, from 0.
    pub start: u64,
    /// One past the last base.
    pub end: u64,
    /// Whether the motif lies on the reverse strand.
    pub reverse: bool,
}

impl<'a> Place<'a> {
    /// The place of a window of `sequence`, or in the genome if the sequence is that of `region`,
    /// which may be one of the reverse strand.
    fn new(
        name: &'a str,
        region: Option<(Region<'a>, bool)>,
        start: u64,
        width: u64,
        reverse: bool,
    ) -> Self {
        let (sequence, start, reverse) = match region {
            None => (name, start, reverse),
            Some((region, false)) => (region.chrom, u64::from(region.start) + start, reverse),
            // A sequence longer than its region is refused where it ends; until then its
            // places may lie anywhere.
            Some((region, true)) => (
                region.chrom,
                u64::from(region.end).saturating_sub(start + width),
                !reverse,
            ),
        };
        Self {
            sequence,
            start,
            end: start + width,
            reverse,
        }
    }
}

/// The region that a sequence's name states (`chr1:100-300`, `name::chr1:100-300`, with a strand
/// or without, from 0 and without the end, as `bedtools getfasta` writes it), and whether it is
/// the reverse strand; `None` if it states none.
///
/// # Errors
/// If the sequence ends in this batch and has another length than the region.
pub fn genomic<'a>(sequence: &'a Sequence, path: &Path) -> Result<Option<(Region<'a>, bool)>> {
    let Some((region, reverse)) = region_of_name(&sequence.name) else {
        return Ok(None);
    };
    let expected = u64::from(region.end - region.start);
    match sequence.length {
        Some(found) if found != expected => {
            let error = Error::input(
                path,
                ErrorPlace::Line(sequence.line),
                format!("{expected} letters for {:?}", sequence.name),
                found.to_string(),
            );
            Err(if found == expected + 1 {
                error.hint(
                    "the coordinates look 1-based, as `samtools faidx` writes them; \
                     make the file with `bedtools getfasta`",
                )
            } else {
                error.hint("leave out ⟦genomic_coordinates⟧ if names are no regions")
            })
        }
        _ => Ok(Some((region, reverse))),
    }
}

/// A row of the table, without its q-value.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    /// The motif.
    pub motif: &'a ScanMotif,
    /// Where it lies.
    pub place: Place<'a>,
    /// Its score.
    pub score: i64,
    /// The bases of the window as they lie in the sequence, 0 to 3 for A, C, G, T.
    pub bases: &'a [u8],
    /// Whether the motif fits their reverse complement.
    pub turned: bool,
}

impl Row<'_> {
    /// Appends the row; returns where its q-value belongs.
    fn write(&self, format: Format, out: &mut Vec<u8>) -> usize {
        let Place {
            sequence,
            start,
            end,
            reverse,
        } = self.place;
        let (id, name) = (self.motif.id(), self.motif.name());
        let strand = if reverse { '-' } else { '+' };
        let bits = self.motif.bits(self.score);
        let p = self.motif.p_values().p_value(self.score);
        let written = match format {
            Format::Tsv => write!(
                out,
                "{id}\t{name}\t{sequence}\t{}\t{end}\t{strand}\t{bits:.4}\t{p:.4e}\t",
                start + 1
            ),
            Format::Bed => {
                let thousand = (-10.0 * p.log10()).round().clamp(0.0, 1000.0);
                write!(
                    out,
                    "{sequence}\t{start}\t{end}\t{id}\t{thousand}\t{strand}\t{bits:.4}\t{p:.4e}\t"
                )
            }
        };
        written.expect("writing to memory does not fail");
        let split = out.len();
        out.push(b'\t');
        if format == Format::Bed {
            out.extend_from_slice(if name.is_empty() {
                b"."
            } else {
                name.as_bytes()
            });
            out.push(b'\t');
        }
        if self.turned {
            let letters = self.bases.iter().rev();
            out.extend(letters.map(|&base| LETTERS[3 - usize::from(base)]));
        } else {
            out.extend(self.bases.iter().map(|&base| LETTERS[usize::from(base)]));
        }
        out.push(b'\n');
        split
    }
}

/// Collects rows and writes them.
pub struct Writer<'a> {
    scanner: &'a Scanner,
    format: Format,
    /// Whether names of sequences are read as regions.
    genomic: bool,
    /// Rows that wait for their q-values.
    waiting: SpooledTempFile,
    rows: u64,
}

impl<'a> Writer<'a> {
    /// A table without rows. `directory` is for the temporary file; without one it is the
    /// system's.
    #[must_use]
    pub fn new(
        scanner: &'a Scanner,
        format: Format,
        genomic: bool,
        directory: Option<&Path>,
    ) -> Self {
        let waiting = match directory {
            Some(directory) => SpooledTempFile::new_in(IN_MEMORY, directory),
            None => SpooledTempFile::new(IN_MEMORY),
        };
        Self {
            scanner,
            format,
            genomic,
            waiting,
            rows: 0,
        }
    }

    /// The lines above the rows: the coordinate convention, and the columns' names.
    #[must_use]
    pub fn header(&self) -> String {
        let place = if self.genomic {
            "chromosome and position in the genome where the sequence's name is a region, otherwise the sequence's name and position in it"
        } else {
            "sequence's name and position in it"
        };
        match self.format {
            Format::Tsv => format!(
                "# start and stop: 1-based, both included; {place}\n\
                 motif_id\tmotif_alt_id\tsequence_name\tstart\tstop\tstrand\tscore\tp-value\tq-value\tmatched_sequence\n"
            ),
            Format::Bed => format!(
                "# start and end: 0-based, end excluded; {place}; score: -10 log10(p-value), at most 1000\n\
                 #chrom\tstart\tend\tmotif_id\tscore\tstrand\tlog_odds_bits\tp-value\tq-value\tmotif_alt_id\tmatched_sequence\n"
            ),
        }
    }

    /// Adds the hits of a batch from the file called `path`.
    ///
    /// # Errors
    /// Those of [`genomic`]; if the temporary file cannot be written.
    pub fn add(&mut self, batch: &Batch, hits: &[Hit], path: &Path) -> Result<()> {
        let regions = self.regions(batch, path)?;
        let scanner = self.scanner;
        let row = |hit: &Hit| {
            let motif = &scanner.motifs()[hit.motif];
            let (start, width) = (hit.start, motif.width());
            let name = &batch.sequences[hit.sequence].name;
            let region = regions[hit.sequence];
            Row {
                motif,
                place: Place::new(name, region, start, width as u64, hit.reverse),
                score: hit.score,
                bases: &batch.bases[hit.at..hit.at + width],
                turned: hit.reverse,
            }
        };
        let format = self.format;
        let texts: Vec<Vec<u8>> = hits
            .par_chunks(ROWS)
            .map(|hits| {
                let mut text = Vec::with_capacity(hits.len() * 128);
                for hit in hits {
                    waiting(hit.motif, &row(hit), format, &mut text);
                }
                text
            })
            .collect();
        self.rows += hits.len() as u64;
        for text in texts {
            self.waiting.write_all(&text).map_err(failed)?;
        }
        Ok(())
    }

    /// Adds the best windows of each sequence that ends in the batch, if their p-value is at most
    /// `threshold`.
    ///
    /// # Errors
    /// As [`Writer::add`].
    pub fn add_best(
        &mut self,
        batch: &Batch,
        best: &[Best],
        threshold: f64,
        path: &Path,
    ) -> Result<()> {
        let regions = self.regions(batch, path)?;
        let motifs = self.scanner.motifs();
        let mut text = Vec::new();
        let sequences = batch.sequences.iter().zip(&regions);
        for ((sequence, region), cells) in sequences.zip(best.chunks(motifs.len())) {
            if sequence.length.is_none() {
                continue;
            }
            for (number, (motif, best)) in motifs.iter().zip(cells).enumerate() {
                let Some(score) = best.score else {
                    continue;
                };
                if motif.p_values().p_value(score) > threshold {
                    continue;
                }
                let width = motif.width() as u64;
                let row = Row {
                    motif,
                    place: Place::new(&sequence.name, *region, best.start, width, best.reverse),
                    score,
                    bases: &best.bases,
                    turned: best.reverse,
                };
                waiting(number, &row, self.format, &mut text);
                self.rows += 1;
            }
        }
        self.waiting.write_all(&text).map_err(failed)
    }

    fn regions<'b>(
        &self,
        batch: &'b Batch,
        path: &Path,
    ) -> Result<Vec<Option<(Region<'b>, bool)>>> {
        let of = |sequence| {
            if self.genomic {
                genomic(sequence, path)
            } else {
                Ok(None)
            }
        };
        batch.sequences.iter().map(of).collect()
    }

    /// Writes the rows whose q-value, by motif and score, is at most `most`, and returns their
    /// number. Without q-values there is `NA` in their place.
    ///
    /// # Errors
    /// If writing fails, or reading from the temporary file.
    pub fn finish(
        mut self,
        q_values: Option<(&[FxHashMap<i64, f64>], f64)>,
        out: &mut dyn Write,
    ) -> Result<u64> {
        let output = |source| Error::io("write", "the table of hits", source);
        out.write_all(self.header().as_bytes()).map_err(output)?;
        self.waiting.rewind().map_err(failed)?;
        let mut waiting = BufReader::with_capacity(1 << 18, self.waiting);
        let mut text = Vec::new();
        let mut written = 0;
        for _ in 0..self.rows {
            let mut fields = [[0; 8]; 4];
            for field in &mut fields {
                waiting.read_exact(field).map_err(failed)?;
            }
            let [motif, score, split, length] = fields.map(i64::from_le_bytes);
            text.resize(length as usize, 0);
            waiting.read_exact(&mut text).map_err(failed)?;
            let (before, after) = text.split_at(split as usize);
            match q_values {
                None => {
                    out.write_all(before).map_err(output)?;
                    out.write_all(b"NA").map_err(output)?;
                }
                Some((q_values, most)) => {
                    let q = q_values[motif as usize][&score];
                    if q > most {
                        continue;
                    }
                    out.write_all(before).map_err(output)?;
                    write!(out, "{q:.4e}").map_err(output)?;
                }
            }
            out.write_all(after).map_err(output)?;
            written += 1;
        }
        Ok(written)
    }
}

/// Appends a row as it waits: motif, score, place of the q-value, length, text.
fn waiting(motif: usize, row: &Row<'_>, format: Format, out: &mut Vec<u8>) {
    let head = out.len();
    out.extend_from_slice(&[0; 32]);
    let text = out.len();
    let split = row.write(format, out) - text;
    let length = out.len() - text;
    let fields = [motif as i64, row.score, split as i64, length as i64];
    for (place, field) in out[head..text].chunks_exact_mut(8).zip(fields) {
        place.copy_from_slice(&field.to_le_bytes());
    }
}

fn failed(source: io::Error) -> Error {
    Error::io("write", "the temporary file of hits", source)
}
