//! `bindscape matrix build`.

use std::path::{Path, PathBuf};

use bindscape::matrix::{BuildMatrix, CellRegions, ONE_CELL, TfPeaks};
use bindscape_base::{Error, Result};
use bindscape_matrix::build::{BuildOptions, Centres, Evidence};
use clap::Args;

use crate::choice::{choice, name};
use crate::face::Verb;

/// Options of `matrix build`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Accessible regions of one cell (BED or narrowPeak: DNase-seq, ATAC-seq); may be given several times, with the names of the cells
    #[arg(long, value_name = "[CELL=]BED", value_parser = cell_regions)]
    accessible: Vec<CellRegions>,
    /// ChIP-seq peaks of one TF (BED or narrowPeak), in the cell of --accessible or another; may be given several times
    #[arg(long, value_name = "TF[:CELL]=BED", value_parser = tf_peaks)]
    peaks: Vec<TfPeaks>,
    /// Accessible regions: clusters over cells with their source ids (as UCSC's clustered DHS); needs --dhs-sources
    #[arg(long, value_name = "BED", requires = "dhs_sources")]
    dhs: Option<PathBuf>,
    /// Source ids of the clusters with their cells (TSV: id, cell)
    #[arg(long, value_name = "TSV", requires = "dhs")]
    dhs_sources: Option<PathBuf>,
    /// ChIP-seq peaks whose names are EXPERIMENT.TF.CELL (ReMap BED9); may be given several times
    #[arg(long, value_name = "BED")]
    chip: Vec<PathBuf>,
    /// Predicted binding sites: a directory of files named EXPERIMENT.CELL.TF.pwm.bed.gz (UniBind)
    #[arg(long, value_name = "DIR")]
    tfbs: Vec<PathBuf>,
    /// Sample sheet (TSV with the columns path, kind, tf, cell; kind is dhs, chip or tfbs) for files whose names do not say what they are
    #[arg(long, value_name = "TSV")]
    samples: Option<PathBuf>,
    /// Other names of cells (TSV: alias, cell)
    #[arg(long, value_name = "TSV")]
    aliases: Option<PathBuf>,
    /// What makes a TF bound [default: chip+tfbs; chip where peaks come by --peaks alone]
    #[arg(long, value_parser = choice::<Evidence>(EVIDENCE))]
    evidence: Option<Evidence>,
    /// Width of the regions in base pairs, around the centre of the accessible intervals
    #[arg(long, value_name = "BP", default_value_t = 200)]
    width: u32,
    /// Centres of the regions, where each cell has a file of its own in --samples
    #[arg(long, default_value = "merged", value_parser = choice::<Centres>(CENTRES))]
    centres: Centres,
    /// Only these TFs [default: all that were profiled]
    #[arg(long, value_delimiter = ',', value_name = "TF,…", value_parser = name())]
    tfs: Option<Vec<String>>,
    /// Name of the genome build (hg38), kept with everything that is made from the matrix
    #[arg(long, value_name = "NAME")]
    build: Option<String>,
    /// Genome (2bit, or FASTA with its .fai) to check chromosomes and their lengths against
    #[arg(long, value_name = "FILE")]
    genome: Option<PathBuf>,
    /// Stop at intervals past the end of a chromosome or on chromosomes that --genome lacks, instead of clipping or dropping and counting them
    #[arg(long, requires = "genome")]
    refuse_outside: bool,
    /// Does nothing: what --genome lacks is dropped and counted without it
    #[arg(long, hide = true)]
    ignore_unknown_chromosomes: bool,
    /// Drop and count data sets of cells without accessible regions, instead of stopping
    #[arg(long)]
    skip_cells_without_accessibility: bool,
    /// Accept files that are not sorted by start within chromosomes
    #[arg(long)]
    unsorted: bool,
    /// Write one matrix per cell to this directory too (cell=NAME/matrix.parquet)
    #[arg(long, value_name = "DIR")]
    per_cell: Option<PathBuf>,
    /// Matrix to write (Parquet)
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// What makes a TF bound.
const EVIDENCE: &[(&str, &str)] = &[
    (
        "chip+tfbs",
        "A ChIP-seq summit and a predicted site in the same cell",
    ),
    ("chip", "A ChIP-seq summit alone; no TFBS files are needed"),
];

/// Centres of regions.
const CENTRES: &[(&str, &str)] = &[
    (
        "merged",
        "Those of clusters: intervals that overlap, over all cells, are one",
    ),
    (
        "per-cell",
        "Those of the intervals of every cell; regions may overlap",
    ),
];

/// `CELL=FILE`, or a file of the one cell.
fn cell_regions(text: &str) -> Result<CellRegions> {
    // Directories may be named `sample=K562`.
    let whole = Path::new(text).is_file();
    let (cell, path) = match text.split_once('=') {
        Some(parts) if !whole => parts,
        _ => (ONE_CELL, text),
    };
    if cell.is_empty() || path.is_empty() {
        return Err(Error::argument(
            "accessible",
            "BED or CELL=BED",
            format!("`{text}`"),
        ));
    }
    Ok(CellRegions {
        cell: cell.to_owned(),
        path: path.into(),
    })
}

/// `TF=FILE` or `TF:CELL=FILE`; the two colons of a dimer (`ARNT::HIF1A`) belong to the TF.
fn tf_peaks(text: &str) -> Result<TfPeaks> {
    let wrong = || {
        Error::argument("peaks", "TF=BED or TF:CELL=BED", format!("`{text}`"))
            .hint("name the TF of the peaks: `MAX=peaks.narrowPeak`")
    };
    let (name, path) = text.split_once('=').ok_or_else(wrong)?;
    let (tf, cell) = match single_colon(name) {
        Some(colon) => (&name[..colon], &name[colon + 1..]),
        None => (name, ONE_CELL),
    };
    if tf.is_empty() || cell.is_empty() || path.is_empty() {
        return Err(wrong());
    }
    Ok(TfPeaks {
        tf: tf.to_owned(),
        cell: cell.to_owned(),
        path: path.into(),
    })
}

/// The place of the first colon that stands beside no other.
fn single_colon(text: &str) -> Option<usize> {
    let is_colon = |at: usize| text.as_bytes().get(at) == Some(&b':');
    (0..text.len()).find(|&at| {
        let beside = is_colon(at + 1) || at.checked_sub(1).is_some_and(is_colon);
        is_colon(at) && !beside
    })
}

impl Verb for Arguments {
    type Job = BuildMatrix;

    fn plan(self) -> Result<BuildMatrix> {
        let by_name = self.tfbs.is_empty() && self.chip.is_empty() && self.samples.is_none();
        let usual = if by_name && !self.peaks.is_empty() {
            Evidence::ChipOnly
        } else {
            BuildOptions::default().evidence
        };
        Ok(BuildMatrix {
            dhs: self.dhs,
            dhs_sources: self.dhs_sources,
            chip: self.chip,
            tfbs: self.tfbs,
            samples: self.samples,
            aliases: self.aliases,
            evidence: self.evidence.unwrap_or(usual),
            accessible: self.accessible,
            peaks: self.peaks,
            width: self.width,
            centres: self.centres,
            tfs: self.tfs,
            build: self.build,
            genome: self.genome,
            refuse_outside: self.refuse_outside,
            skip_cells_without_accessibility: self.skip_cells_without_accessibility,
            unsorted: self.unsorted,
            per_cell: self.per_cell,
            out: self.out,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_in_a_directory_with_a_sign_of_equality_is_one_of_the_one_cell() {
        let directory = tempfile::tempdir().expect("a directory");
        let folder = directory.path().join("sample=K562");
        std::fs::create_dir(&folder).expect("made");
        let file = folder.join("a.bed");
        std::fs::write(&file, "").expect("written");
        let text = file.to_str().expect("UTF-8");
        let cell = |text: &str| cell_regions(text).expect("regions");
        assert_eq!(
            (cell(text).cell, cell(text).path),
            (ONE_CELL.to_owned(), file.clone())
        );
        let named = cell(&format!("GM={text}"));
        assert_eq!((&*named.cell, named.path), ("GM", file));
    }

    #[test]
    fn dimers_keep_their_names_and_cells_follow_a_single_colon() {
        for (text, tf, cell) in [
            ("MAX=p.bed", "MAX", ONE_CELL),
            ("MAX:K562=p.bed", "MAX", "K562"),
            ("MAX:K562:rep1=p.bed", "MAX", "K562:rep1"),
            ("ARNT::HIF1A=p.bed", "ARNT::HIF1A", ONE_CELL),
            ("ARNT::HIF1A:K562=p.bed", "ARNT::HIF1A", "K562"),
        ] {
            let peaks = tf_peaks(text).expect(text);
            assert_eq!((&*peaks.tf, &*peaks.cell), (tf, cell), "{text}");
        }
        for text in [":K562=p.bed", "MAX:=p.bed", "MAX:K562=", "p.bed"] {
            assert!(tf_peaks(text).is_err(), "{text}");
        }
    }
}
