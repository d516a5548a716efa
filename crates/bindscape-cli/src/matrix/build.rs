//! `bindscape matrix build`.

use std::path::{Path, PathBuf};

use bindscape_base::progress::Progress;
use bindscape_base::{Error, Result};
use bindscape_genome::genome::Genome;
use bindscape_matrix::build;
use bindscape_matrix::build::{BuildInputs, BuildOptions, Evidence, RegionInputs};
use bindscape_matrix::parquet;
use bindscape_matrix::sheet;
use bindscape_matrix::sheet::{Aliases, DataSet, Kind, Sheet};
use clap::{Args, ValueEnum};

use crate::terminal::Terminal;
use bindscape::data::thousands;

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

pub(super) fn run(arguments: Arguments, terminal: &Terminal) -> Result<()> {
    let sheet = arguments
        .samples
        .as_deref()
        .map(Sheet::read)
        .transpose()?
        .unwrap_or_default();
    let inputs = BuildInputs {
        regions: regions(&arguments, &sheet)?,
        chip: chip(&arguments, &sheet),
        tfbs: tfbs(&arguments, &sheet)?,
        aliases: arguments
            .aliases
            .as_deref()
            .map(Aliases::read)
            .transpose()?
            .unwrap_or_default(),
    };
    let chrom_sizes = match &arguments.genome {
        Some(path) => Some(Genome::open(path)?.chromosomes().to_vec()),
        None => None,
    };
    let options = BuildOptions {
        width: arguments.width,
        evidence: match arguments.evidence {
            EvidenceChoice::ChipAndTfbs => Evidence::ChipAndTfbs,
            EvidenceChoice::Chip => Evidence::ChipOnly,
        },
        genome: arguments.build.clone(),
        chrom_sizes,
        allow_unsorted: arguments.unsorted,
        ignore_unknown_chromosomes: arguments.ignore_unknown_chromosomes,
        allow_cells_without_accessibility: arguments.skip_cells_without_accessibility,
        tfs: arguments.tfs.clone(),
        per_cell: arguments.per_cell.is_some(),
    };
    if let Some(directory) = &arguments.per_cell {
        refuse_occupied(directory)?;
    }
    let built = build::build(&inputs, &options, terminal)?;
    for (what, count) in built.report.lines() {
        terminal.note(&format!("{:>15}  {what}", thousands(count)));
    }
    terminal.begin("writing the matrix", None);
    if let Some(directory) = &arguments.per_cell {
        built.for_each_cell(|cell, matrix| {
            // The name of a cell may hold a slash; a directory's may not.
            let directory = directory.join(format!("cell={}", cell.replace('/', "%2F")));
            std::fs::create_dir_all(&directory)
                .map_err(|source| Error::io("create", &directory, source))?;
            parquet::write(&directory.join("matrix.parquet"), &matrix)
        })?;
    }
    parquet::write(&arguments.out, &built.matrix)?;
    terminal.finish();
    terminal.note(&format!(
        "wrote {}: {} regions x {} TFs",
        arguments.out.display(),
        thousands(built.matrix.regions.len() as u64),
        built.matrix.tfs.len()
    ));
    Ok(())
}

fn regions(arguments: &Arguments, sheet: &Sheet) -> Result<RegionInputs> {
    let mut clusters = sheet.cluster_files();
    clusters.extend(arguments.dhs.clone());
    let cells = sheet.cell_files();
    match (clusters.as_slice(), &arguments.dhs_sources) {
        ([], _) if cells.is_empty() => Err(Error::option(
            "matrix build",
            "accessible regions: --dhs with --dhs-sources, or `dhs` files in --samples",
            "none",
        )),
        ([], _) => Ok(RegionInputs::PerCell(cells)),
        ([_, ..], _) if !cells.is_empty() => Err(Error::option(
            "matrix build",
            "accessible regions either as clusters or as files of one cell each",
            "both",
        )),
        ([bed], Some(sources)) => Ok(RegionInputs::Clusters {
            bed: bed.clone(),
            sources: sources.clone(),
        }),
        ([bed], None) => Err(Error::argument(
            "dhs_sources",
            format!("the cells of the source ids in {}", bed.display()),
            "nothing",
        )
        .hint("name the cell of the file in the sample sheet if it is of one cell")),
        _ => Err(Error::option(
            "matrix build",
            "one file of clusters",
            format!("{}", clusters.len()),
        )),
    }
}

fn chip(arguments: &Arguments, sheet: &Sheet) -> Vec<DataSet> {
    let mut sets = sheet.data_sets(Kind::Chip);
    sets.extend(arguments.chip.iter().map(|path| DataSet {
        path: path.clone(),
        pair: None,
        format: None,
    }));
    sets
}

fn tfbs(arguments: &Arguments, sheet: &Sheet) -> Result<Vec<DataSet>> {
    let mut sets = sheet.data_sets(Kind::Tfbs);
    for directory in &arguments.tfbs {
        sets.extend(sheet::unibind_directory(directory)?);
    }
    Ok(sets)
}

/// Refuses a directory that already holds something, so that no stale cell is left among new ones.
fn refuse_occupied(directory: &Path) -> Result<()> {
    let occupied = std::fs::read_dir(directory)
        .map(|mut entries| entries.next().is_some())
        .unwrap_or(false);
    if occupied {
        return Err(Error::argument(
            "per_cell",
            "a new or empty directory",
            format!("{}, which holds files", directory.display()),
        ));
    }
    Ok(())
}
