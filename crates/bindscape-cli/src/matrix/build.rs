//! `bindscape matrix build`.

use std::path::PathBuf;

use bindscape::matrix::BuildMatrix;
use bindscape_base::Result;
use bindscape_matrix::build::{Centres, Evidence};
use clap::Args;

use crate::choice::choice;
use crate::face::Verb;

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
    #[arg(long, default_value = "chip+tfbs", value_parser = choice::<Evidence>(EVIDENCE))]
    evidence: Evidence,
    /// Width of the regions in base pairs, around the centre of the accessible intervals
    #[arg(long, value_name = "BP", default_value_t = 200)]
    width: u32,
    /// Centres of the regions, where each cell has a file of its own in --samples
    #[arg(long, default_value = "merged", value_parser = choice::<Centres>(CENTRES))]
    centres: Centres,
    /// Only these TFs [default: all that were profiled]
    #[arg(long, value_delimiter = ',', value_name = "TF,…")]
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

impl Verb for Arguments {
    type Job = BuildMatrix;

    fn plan(self) -> Result<BuildMatrix> {
        Ok(BuildMatrix {
            dhs: self.dhs,
            dhs_sources: self.dhs_sources,
            chip: self.chip,
            tfbs: self.tfbs,
            samples: self.samples,
            aliases: self.aliases,
            evidence: self.evidence,
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
