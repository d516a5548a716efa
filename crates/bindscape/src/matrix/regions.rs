//! The regions of a matrix that TFs bind or leave, as BED or FASTA: what motif discovery takes.

use std::io::Write;
use std::path::Path;

use bindscape_base::bgzf::{self, TextFile};
use bindscape_base::progress::Progress;
use bindscape_base::{Error, Result};
use bindscape_genome::load::SequenceInput;
use bindscape_genome::region::Regions;
use bindscape_matrix::{BindingMatrix, View};
use serde::{Deserialize, Serialize};

use crate::data;
use crate::session::Session;

/// Regions by what binds them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegionChoice {
    /// TFs that bind them all.
    pub bound: Vec<String>,
    /// TFs that bind none of them, as far as is known.
    pub unbound: Vec<String>,
    /// How regions with one kind of evidence only are read.
    pub view: View,
    /// Where sequences come from; for FASTA.
    pub sequences: Option<SequenceInput>,
}

impl RegionChoice {
    /// Checks that something was chosen, and that the name of the file says how to write it.
    ///
    /// # Errors
    /// If not.
    pub(super) fn check(&self, out: &Path) -> Result<()> {
        if self.bound.is_empty() && self.unbound.is_empty() {
            return Err(Error::argument("bound", "names of TFs", "none"));
        }
        match (format_of(out)?, &self.sequences) {
            (RegionFormat::Fasta, None) => Err(Error::argument(
                "genome",
                "a genome, or ⟦sequences⟧ of the regions, to write FASTA from",
                "none",
            )),
            _ => Ok(()),
        }
    }

    /// Writes the regions of the matrix at `path` to `out`.
    ///
    /// # Errors
    /// If a TF is not in the matrix, no region is left, or a file cannot be read or written.
    pub(super) fn export(&self, path: &Path, out: &Path, session: &Session<'_>) -> Result<()> {
        let tfs: Vec<String> = [&self.bound[..], &self.unbound[..]].concat();
        let matrix = data::read_matrix(path, Some(&tfs), session)?;
        let rows = self.rows(&matrix);
        let regions = matrix.regions.select(&rows);
        if regions.is_empty() {
            return Err(Error::argument(
                if self.bound.is_empty() {
                    "unbound"
                } else {
                    "bound"
                },
                "TFs with such regions",
                "no region",
            )
            .hint("`matrix inspect` counts the bound and unbound regions of each TF"));
        }
        let width = data::width(&matrix, path)?;
        let mut file = TextFile::create(out)?;
        self.write(&regions, out, &mut file, width, session)?;
        file.commit()?;
        session.note(&format!(
            "{:>12}  regions",
            data::thousands(regions.len() as u64)
        ));
        Ok(())
    }

    /// Rows that all of `bound` bind and none of `unbound`, the first columns being those of
    /// `bound`.
    fn rows(&self, matrix: &BindingMatrix) -> Vec<usize> {
        (0..matrix.regions.len())
            .filter(|&row| {
                matrix.columns.iter().enumerate().all(|(place, column)| {
                    column[row].label(self.view) == Some(place < self.bound.len())
                })
            })
            .collect()
    }

    fn write(
        &self,
        regions: &Regions,
        path: &Path,
        out: &mut dyn Write,
        width: usize,
        session: &Session<'_>,
    ) -> Result<()> {
        let failed = |source| Error::io("write", path, source);
        let Some(input) = self
            .sequences
            .as_ref()
            .filter(|_| matches!(format_of(path), Ok(RegionFormat::Fasta)))
        else {
            for region in regions.iter() {
                writeln!(out, "{}\t{}\t{}", region.chrom, region.start, region.end)
                    .map_err(failed)?;
            }
            return Ok(());
        };
        let mut source = input.open()?;
        // Regions at an end of a chromosome may have no sequence, and are no input of anything.
        let sequences = data::fetch(source.as_mut(), regions, width, session)?;
        let mut unknown = 0_u64;
        for (row, region) in regions.iter().enumerate() {
            if sequences.has_unknown(row) {
                unknown += 1;
                continue;
            }
            writeln!(out, ">{region}\n{}", sequences.letters(row)).map_err(failed)?;
        }
        if unknown > 0 {
            session.note(&format!(
                "{:>12}  regions left out: letters other than A, C, G, T, or outside the genome",
                data::thousands(unknown)
            ));
        }
        Ok(())
    }
}

/// How regions are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RegionFormat {
    Bed,
    Fasta,
}

fn format_of(out: &Path) -> Result<RegionFormat> {
    let name = out.to_string_lossy().to_lowercase();
    let (stem, _) = bgzf::split_ending(&name);
    if stem.ends_with(".bed") {
        Ok(RegionFormat::Bed)
    } else if [".fa", ".fasta", ".fna"]
        .iter()
        .any(|end| stem.ends_with(end))
    {
        Ok(RegionFormat::Fasta)
    } else {
        Err(Error::argument(
            "out",
            "a file name ending in .bed or .fa, also with .gz, for regions of TFs",
            format!("{:?}", out.display().to_string()),
        ))
    }
}
