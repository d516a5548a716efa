//! `bindscape matrix build`.

use std::path::PathBuf;

use bindscape::data::thousands;
use bindscape::matrix::{BuildMatrix, BuiltMatrix};
use bindscape_base::Result;
use bindscape_base::progress::Progress;
use bindscape_matrix::build::{Centres, Evidence};
use clap::{Args, ValueEnum};

use crate::face::Face;

/// Options of `matrix build`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
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
    /// What makes a TF bound
    #[arg(long, value_enum, default_value = "chip+tfbs")]
    evidence: EvidenceChoice,
    /// Width of the regions in base pairs, around the centre of the accessible intervals
    #[arg(long, value_name = "BP", default_value_t = 200)]
    width: u32,
    /// Centres of the regions, where each cell has a file of its own in --samples
    #[arg(long, value_enum, default_value = "merged")]
    centres: CentreChoice,
    /// Only these TFs [default: all that were profiled]
    #[arg(long, value_delimiter = ',', value_name = "TF,…")]
    tfs: Option<Vec<String>>,
    /// Name of the genome build (hg38), kept with everything that is made from the matrix
    #[arg(long, value_name = "NAME")]
    build: Option<String>,
    /// Genome (2bit, or FASTA with its .fai) to check chromosomes and their lengths against
    #[arg(long, value_name = "FILE")]
    genome: Option<PathBuf>,
    /// Drop and count intervals on chromosomes that --genome lacks, instead of stopping
    #[arg(long, requires = "genome")]
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

/// What makes a TF bound, as the command line names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum EvidenceChoice {
    /// A ChIP-seq summit and a predicted site in the same cell
    #[value(name = "chip+tfbs")]
    ChipAndTfbs,
    /// A ChIP-seq summit alone; no TFBS files are needed
    #[value(name = "chip")]
    Chip,
}

/// Centres of regions, as the command line names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum CentreChoice {
    /// Those of clusters: intervals that overlap, over all cells, are one
    Merged,
    /// Those of the intervals of every cell; regions may overlap
    PerCell,
}

impl From<CentreChoice> for Centres {
    fn from(choice: CentreChoice) -> Self {
        match choice {
            CentreChoice::Merged => Centres::Merged,
            CentreChoice::PerCell => Centres::PerCell,
        }
    }
}

impl From<EvidenceChoice> for Evidence {
    fn from(choice: EvidenceChoice) -> Self {
        match choice {
            EvidenceChoice::ChipAndTfbs => Evidence::ChipAndTfbs,
            EvidenceChoice::Chip => Evidence::ChipOnly,
        }
    }
}

impl From<Arguments> for BuildMatrix {
    fn from(arguments: Arguments) -> Self {
        Self {
            dhs: arguments.dhs,
            dhs_sources: arguments.dhs_sources,
            chip: arguments.chip,
            tfbs: arguments.tfbs,
            samples: arguments.samples,
            aliases: arguments.aliases,
            evidence: arguments.evidence.into(),
            width: arguments.width,
            centres: arguments.centres.into(),
            tfs: arguments.tfs,
            build: arguments.build,
            genome: arguments.genome,
            ignore_unknown_chromosomes: arguments.ignore_unknown_chromosomes,
            skip_cells_without_accessibility: arguments.skip_cells_without_accessibility,
            unsorted: arguments.unsorted,
            per_cell: arguments.per_cell,
            out: arguments.out,
        }
    }
}

pub(super) fn run(arguments: Arguments, face: &Face<'_>) -> Result<()> {
    face.run(&BuildMatrix::from(arguments), report)
}

/// Says what was written.
pub(crate) fn report(built: BuiltMatrix, face: &Face<'_>) -> Result<()> {
    face.terminal.note(&format!(
        "wrote {}: {} regions x {} TFs",
        built.file.display(),
        thousands(built.regions as u64),
        built.tfs
    ));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_those_of_the_plan() {
        let arguments: Arguments = crate::cli::parsed(&["--out", "m"]);
        assert_eq!(BuildMatrix::from(arguments), BuildMatrix::new("m".into()));
    }
}
