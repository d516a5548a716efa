//! Occupancies as a table.

use std::io::{self, Seek, Write};

use bindscape_base::{Error, Result};
use tempfile::SpooledTempFile;

use super::cells::Occupancy;
use super::scanner::Scanner;
use super::stream::Batch;
use super::table::IN_MEMORY;

/// The lines above the rows.
const HEADER: &str = "# sum_occupancy: probability of the window under the motif, summed over all windows; NA: no window\n\
    sequence_name\tmotif_id\tmotif_alt_id\twindows\tsum_occupancy\n";

/// Collects occupancies of sequences and writes them, a row for each sequence and motif.
pub struct OccupancyWriter<'a> {
    scanner: &'a Scanner,
    /// Rows wait here, so that nothing is written if a later sequence is at fault.
    waiting: SpooledTempFile,
    rows: u64,
}

impl<'a> OccupancyWriter<'a> {
    /// A table without rows.
    #[must_use]
    pub fn new(scanner: &'a Scanner) -> Self {
        Self {
            scanner,
            waiting: SpooledTempFile::new(IN_MEMORY),
            rows: 0,
        }
    }

    /// Adds those of the sequences that end in the batch, as [`Scanner::occupancy`] gives them.
    ///
    /// # Errors
    /// If the temporary file cannot be written.
    pub fn add(&mut self, batch: &Batch, cells: &[Occupancy]) -> Result<()> {
        let motifs = self.scanner.motifs();
        let mut text = Vec::new();
        for (sequence, cells) in batch.sequences.iter().zip(cells.chunks(motifs.len())) {
            if sequence.length.is_none() {
                continue;
            }
            for (motif, cell) in motifs.iter().zip(cells) {
                let (name, id, alt) = (&sequence.name, motif.id(), motif.name());
                let written = match cell.value() {
                    Some(sum) => {
                        writeln!(text, "{name}\t{id}\t{alt}\t{}\t{sum:.6e}", cell.windows)
                    }
                    None => writeln!(text, "{name}\t{id}\t{alt}\t0\tNA"),
                };
                written.expect("writing to memory does not fail");
                self.rows += 1;
            }
        }
        self.waiting.write_all(&text).map_err(failed)
    }

    /// Writes the table and returns the number of its rows.
    ///
    /// # Errors
    /// If writing fails, or reading from the temporary file.
    pub fn finish(mut self, out: &mut dyn Write) -> Result<u64> {
        self.waiting.rewind().map_err(failed)?;
        out.write_all(HEADER.as_bytes())
            .and_then(|()| io::copy(&mut self.waiting, out))
            .map_err(|source| Error::io("write", "the table of occupancies", source))?;
        Ok(self.rows)
    }
}

fn failed(source: io::Error) -> Error {
    Error::io("write", "the temporary file of occupancies", source)
}
