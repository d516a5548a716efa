//! Hits as tables: FIMO's TSV, BED and GFF3.
//!
//! q-values are known only after the last hit, so rows wait in a temporary file, of which
//! the first 64 MiB are kept in memory.

use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;

use bindscape_base::bgzf;
use bindscape_base::{Error, Result};
use bindscape_genome::fasta::NameStyle;
use bindscape_genome::region::Region;
use rayon::prelude::*;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use tempfile::SpooledTempFile;

use super::cells::Best;
use super::fimo::{COLUMNS, GFF_HEADER, HitFields};
use super::genomic::Regions;
use super::hits::Hit;
use super::scanner::{ScanMotif, Scanner};
use super::stream::Batch;
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
    /// GFF3; positions from 1, both ends included.
    Gff,
    /// FIMO's table as it is: nothing before the header, an empty field without q-value.
    Fimo,
}

impl Format {
    /// The format that the ending of a file's name states (`.bed`, `.gff` or `.gff3`, before `.gz`
    /// or `.bgz`).
    #[must_use]
    pub fn of_name(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_string_lossy().to_ascii_lowercase();
        match bgzf::split_ending(&name).0.rsplit_once('.')?.1 {
            "bed" => Some(Self::Bed),
            "gff" | "gff3" => Some(Self::Gff),
            _ => None,
        }
    }
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

/// Where rows of a sequence lie in the genome, if its name says so, and whether on the reverse
/// strand.
type Stated<'a> = Option<(Region<'a>, bool)>;

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
            Format::Tsv | Format::Gff | Format::Fimo => write!(
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
    /// The regions that names of sequences state, where they are read as such.
    regions: Option<Regions>,
    /// Whether the bases of hits are left out.
    without_bases: bool,
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
            regions: genomic.then(Regions::default),
            without_bases: false,
            waiting,
            rows: 0,
        }
    }

    /// Leaves the bases of hits out, as FIMO's `--skip-matched-sequence` does.
    #[must_use]
    pub fn without_bases(self, without_bases: bool) -> Self {
        Self {
            without_bases,
            ..self
        }
    }

    /// From where the regions in names of sequences count; `None` if they are not read or none was
    /// there.
    #[must_use]
    pub fn name_style(&self) -> Option<NameStyle> {
        self.regions.as_ref().and_then(Regions::style)
    }

    /// The lines above the rows: the coordinate convention, and the columns' names.
    #[must_use]
    pub fn header(&self) -> String {
        let place = if self.regions.is_some() {
            "chromosome and position in the genome where the sequence's name is a region, otherwise the sequence's name and position in it"
        } else {
            "sequence's name and position in it"
        };
        match self.format {
            Format::Tsv => format!("# start and stop: 1-based, both included; {place}\n{COLUMNS}"),
            Format::Fimo => COLUMNS.to_owned(),
            Format::Gff => GFF_HEADER.to_owned(),
            Format::Bed => format!(
                "# start and end: 0-based, end excluded; {place}; score: -10 log10(p-value), at most 1000\n\
                 #chrom\tstart\tend\tmotif_id\tscore\tstrand\tlog_odds_bits\tp-value\tq-value\tmotif_alt_id\tmatched_sequence\n"
            ),
        }
    }

    /// Adds the hits of a batch from the file called `path`.
    ///
    /// # Errors
    /// Those of [`Regions::of_batch`]; if the temporary file cannot be written.
    pub fn add(&mut self, batch: &Batch, hits: &[Hit], path: &Path) -> Result<()> {
        let regions = self.regions(batch, path)?;
        let (scanner, without_bases) = (self.scanner, self.without_bases);
        let row = |hit: &Hit| {
            let motif = &scanner.motifs()[hit.motif];
            let (start, width) = (hit.start, motif.width());
            let name = &batch.sequences[hit.sequence].name;
            let region = regions[hit.sequence];
            Row {
                motif,
                place: Place::new(name, region, start, width as u64, hit.reverse),
                score: hit.score,
                bases: if without_bases {
                    &[]
                } else {
                    &batch.bases[hit.at..hit.at + width]
                },
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
                    bases: if self.without_bases { &[] } else { &best.bases },
                    turned: best.reverse,
                };
                waiting(number, &row, self.format, &mut text);
                self.rows += 1;
            }
        }
        self.waiting.write_all(&text).map_err(failed)
    }

    fn regions<'b>(&mut self, batch: &'b Batch, path: &Path) -> Result<Vec<Stated<'b>>> {
        match &mut self.regions {
            Some(regions) => regions.of_batch(batch, path),
            None => Ok(vec![None; batch.sequences.len()]),
        }
    }

    /// Writes the rows whose q-value, by motif and score, is at most `most`, and returns their
    /// number. Without q-values there is `NA` in their place, or what the format has for it.
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
        let mut row = Waiting::default();
        let mut written = 0;
        for _ in 0..self.rows {
            row.read(&mut waiting)?;
            let Some(q_value) = row.q_value(q_values) else {
                continue;
            };
            written += 1;
            match (self.format, q_value) {
                (Format::Gff, _) => out.write_all(row.fields(q_value).gff(written).as_bytes()),
                (Format::Fimo, None) => row.write(b"", out),
                (_, None) => row.write(b"NA", out),
                (_, Some(q)) => row.write(format!("{q:.4e}").as_bytes(), out),
            }
            .map_err(output)?;
        }
        Ok(written)
    }

    /// Hands over the rows of a table that is no BED, best p-value first and rows of equal p-values
    /// in the order in which they came, as FIMO sorts them; of those whose q-value is at most
    /// `most`. Returns their number. Of each row a few numbers lie in memory meanwhile.
    ///
    /// # Errors
    /// Those of `each`, and if the temporary file cannot be read.
    pub fn finish_sorted(
        mut self,
        q_values: Option<(&[FxHashMap<i64, f64>], f64)>,
        mut each: impl FnMut(&HitFields<'_>) -> Result<()>,
    ) -> Result<u64> {
        self.waiting.rewind().map_err(failed)?;
        let mut waiting = BufReader::with_capacity(1 << 18, self.waiting);
        let mut row = Waiting::default();
        let mut order: Vec<(f64, u64)> = Vec::with_capacity(self.rows as usize);
        let mut at = 0;
        for _ in 0..self.rows {
            row.read(&mut waiting)?;
            let p_values = self.scanner.motifs[row.motif].p_values();
            if row.q_value(q_values).is_some() {
                order.push((p_values.p_value(row.score), at));
            }
            at += row.bytes();
        }
        order.sort_by(|a, b| a.0.total_cmp(&b.0));
        // A buffer would be filled again for every row.
        let mut waiting = waiting.into_inner();
        for &(_, at) in &order {
            waiting.seek(SeekFrom::Start(at)).map_err(failed)?;
            row.read(&mut waiting)?;
            each(&row.fields(row.q_value(q_values).flatten()))?;
        }
        Ok(order.len() as u64)
    }
}

/// Bytes before the text of a row that waits.
const HEAD: usize = 32;

/// A row that waits for its q-value.
#[derive(Default)]
struct Waiting {
    motif: usize,
    score: i64,
    /// Where in the text the q-value belongs.
    split: usize,
    text: String,
}

impl Waiting {
    /// Reads the next row.
    fn read(&mut self, from: &mut impl Read) -> Result<()> {
        let mut head = [0; HEAD];
        from.read_exact(&mut head).map_err(failed)?;
        let mut fields = head
            .as_chunks::<8>()
            .0
            .iter()
            .map(|field| i64::from_le_bytes(*field));
        let mut next = || fields.next().unwrap_or_default();
        let (motif, score, split, length) = (next(), next(), next(), next());
        (self.motif, self.score, self.split) = (motif as usize, score, split as usize);
        let mut text = std::mem::take(&mut self.text).into_bytes();
        text.resize(length as usize, 0);
        from.read_exact(&mut text).map_err(failed)?;
        self.text = String::from_utf8(text).expect("rows are made of texts");
        Ok(())
    }

    /// Bytes of the row in the temporary file.
    fn bytes(&self) -> u64 {
        (HEAD + self.text.len()) as u64
    }

    /// Its q-value, if there are q-values; `None` if the row is left out.
    fn q_value(&self, q_values: Option<(&[FxHashMap<i64, f64>], f64)>) -> Option<Option<f64>> {
        let Some((q_values, most)) = q_values else {
            return Some(None);
        };
        let q = q_values[self.motif][&self.score];
        (q <= most).then_some(Some(q))
    }

    fn fields(&self, q_value: Option<f64>) -> HitFields<'_> {
        let (before, after) = self.text.split_at(self.split);
        HitFields::new(before, after, q_value)
    }

    fn write(&self, q_value: &[u8], out: &mut dyn Write) -> io::Result<()> {
        let (before, after) = self.text.as_bytes().split_at(self.split);
        out.write_all(before)?;
        out.write_all(q_value)?;
        out.write_all(after)
    }
}

/// Appends a row as it waits: motif, score, place of the q-value, length, text.
fn waiting(motif: usize, row: &Row<'_>, format: Format, out: &mut Vec<u8>) {
    let head = out.len();
    out.extend_from_slice(&[0; HEAD]);
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
