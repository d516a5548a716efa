//! A binding matrix from accessible regions, ChIP-seq peaks and predicted binding sites.

use std::path::{Path, PathBuf};

use bindscape_base::progress::Progress;
use bindscape_base::{Error, Result};
use bindscape_genome::assembly;
use bindscape_genome::genome::Genome;
use bindscape_genome::sequence::SequenceSource;
use bindscape_matrix::build::{
    self, BuildInputs, BuildOptions, BuildReport, Built, Centres, Evidence, RegionInputs,
};
use bindscape_matrix::parquet;
use bindscape_matrix::sheet::{self, Aliases, CellFile, DataSet, Kind, Sheet};
use serde::{Deserialize, Serialize};

use crate::content::Content;
use crate::data::{file_name, thousands};
use crate::job::Job;
use crate::run_directory::refuse_occupied;
use crate::session::Session;

/// A plan of a binding matrix (Novakovsky et al. 2021, Methods, "TF binding matrices"); see
/// [`bindscape_matrix::build`] for the rules.
///
/// ```
/// use bindscape::Session;
/// use bindscape::matrix::BuildMatrix;
/// # let directory = tempfile::tempdir()?;
/// # let here = directory.path();
/// # std::fs::write(here.join("dhs.bed"), "chr1\t950\t1050\t1\t0,\nchr1\t2000\t2100\t1\t0,\n")?;
/// # std::fs::write(here.join("sources.tsv"), "0\tK562\n")?;
/// # std::fs::write(here.join("peaks.bed"), "chr1\t980\t1020\tE1.MAX.K562\t0\t.\t1000\t1001\t0\n")?;
/// # std::fs::create_dir(here.join("unibind"))?;
/// # std::fs::write(here.join("unibind/E1.K562.MAX.pwm.bed"), "chr1\t995\t1001\tMAX\t0\t+\n")?;
///
/// let plan = BuildMatrix {
///     dhs: Some(here.join("dhs.bed")),
///     dhs_sources: Some(here.join("sources.tsv")),
///     chip: vec![here.join("peaks.bed")],
///     tfbs: vec![here.join("unibind")],
///     build: Some("hg38".into()),
///     ..BuildMatrix::new(here.join("matrix.parquet"))
/// };
/// let built = Session::silent().run(&plan)?;
/// assert_eq!((built.regions, built.tfs), (2, 1));
/// assert_eq!(built.report.states.bound, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BuildMatrix {
    /// Accessible regions: clusters over cells with their source ids (as UCSC's clustered DHS).
    pub dhs: Option<PathBuf>,
    /// Source ids of these clusters with their cells (TSV: id, cell).
    pub dhs_sources: Option<PathBuf>,
    /// ChIP-seq peaks whose names are `EXPERIMENT.TF.CELL` (ReMap BED9).
    pub chip: Vec<PathBuf>,
    /// Predicted binding sites: directories of files named `EXPERIMENT.CELL.TF.pwm.bed.gz`
    /// (UniBind).
    pub tfbs: Vec<PathBuf>,
    /// Accessible regions of one cell each (BED or narrowPeak).
    #[serde(default)]
    pub accessible: Vec<CellRegions>,
    /// ChIP-seq peaks of one TF and cell each (BED or narrowPeak).
    #[serde(default)]
    pub peaks: Vec<TfPeaks>,
    /// Sample sheet, for files whose names do not say what they are ([`Sheet`]).
    pub samples: Option<PathBuf>,
    /// Other names of cells (TSV: alias, cell).
    pub aliases: Option<PathBuf>,
    /// What makes a TF bound.
    pub evidence: Evidence,
    /// Width of the regions in base pairs, around the centre of the accessible intervals.
    pub width: u32,
    /// Which centres, where each cell has a file of its own in the sample sheet.
    pub centres: Centres,
    /// Only these TFs; `None` for all that were profiled.
    pub tfs: Option<Vec<String>>,
    /// Name of the genome build (`hg38`), kept with everything that is made from the matrix.
    pub build: Option<String>,
    /// Genome to check chromosomes and their lengths against.
    pub genome: Option<PathBuf>,
    /// Stop at intervals past the end of a chromosome or on chromosomes that the genome lacks,
    /// instead of clipping or dropping and counting them.
    #[serde(default)]
    pub refuse_outside: bool,
    /// Drop and count data sets of cells without accessible regions, instead of stopping.
    pub skip_cells_without_accessibility: bool,
    /// Accept files that are not sorted by start within chromosomes.
    pub unsorted: bool,
    /// Write one matrix per cell to this directory too (`cell=NAME/matrix.parquet`).
    pub per_cell: Option<PathBuf>,
    /// Matrix to write (Parquet).
    pub out: PathBuf,
}

/// The name of the cell where only one is meant.
pub const ONE_CELL: &str = "cell";

/// Accessible regions of a cell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CellRegions {
    /// The cell; [`ONE_CELL`] where only one is meant.
    pub cell: String,
    /// The file.
    pub path: PathBuf,
}

/// ChIP-seq peaks of a TF in a cell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TfPeaks {
    /// The TF.
    pub tf: String,
    /// The cell; [`ONE_CELL`] where only one is meant.
    pub cell: String,
    /// The file.
    pub path: PathBuf,
}

/// A matrix that was built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuiltMatrix {
    /// Its file.
    pub file: PathBuf,
    /// Regions, in rows.
    pub regions: usize,
    /// TFs, in columns.
    pub tfs: usize,
    /// What was read, used and dropped.
    pub report: BuildReport,
}

impl BuildMatrix {
    /// A plan without any input yet, for a matrix in `out`.
    #[must_use]
    pub fn new(out: PathBuf) -> Self {
        let options = BuildOptions::default();
        Self {
            dhs: None,
            dhs_sources: None,
            chip: Vec::new(),
            tfbs: Vec::new(),
            accessible: Vec::new(),
            peaks: Vec::new(),
            samples: None,
            aliases: None,
            evidence: options.evidence,
            width: options.width,
            centres: options.centres,
            tfs: None,
            build: None,
            genome: None,
            refuse_outside: false,
            skip_cells_without_accessibility: false,
            unsorted: false,
            per_cell: None,
            out,
        }
    }

    fn inputs(&self) -> Result<BuildInputs> {
        let sheet = self
            .samples
            .as_deref()
            .map(Sheet::read)
            .transpose()?
            .unwrap_or_default();
        Ok(BuildInputs {
            regions: self.regions(&sheet)?,
            chip: self.peaks(&sheet),
            tfbs: self.sites(&sheet)?,
            aliases: self
                .aliases
                .as_deref()
                .map(Aliases::read)
                .transpose()?
                .unwrap_or_default(),
        })
    }

    fn regions(&self, sheet: &Sheet) -> Result<RegionInputs> {
        let mut clusters = sheet.cluster_files();
        clusters.extend(self.dhs.clone());
        let mut cells = sheet.cell_files();
        cells.extend(self.accessible.iter().map(|regions| CellFile {
            path: regions.path.clone(),
            cell: regions.cell.clone(),
        }));
        match (clusters.as_slice(), &self.dhs_sources) {
            ([], _) if cells.is_empty() => Err(Error::about(
                Self::NAME,
                "accessible regions: ⟦accessible⟧, ⟦dhs⟧ with ⟦dhs_sources⟧, or `dhs` files in ⟦samples⟧",
                "none",
            )),
            ([], _) => Ok(RegionInputs::PerCell(cells)),
            ([_, ..], _) if !cells.is_empty() => Err(Error::about(
                Self::NAME,
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
            _ => Err(Error::about(
                Self::NAME,
                "one file of clusters",
                format!("{}", clusters.len()),
            )),
        }
    }

    fn peaks(&self, sheet: &Sheet) -> Vec<DataSet> {
        let mut sets = sheet.data_sets(Kind::Chip);
        sets.extend(self.chip.iter().map(|path| DataSet {
            path: path.clone(),
            pair: None,
            format: None,
        }));
        sets.extend(self.peaks.iter().map(|peaks| DataSet {
            path: peaks.path.clone(),
            pair: Some((peaks.tf.clone(), peaks.cell.clone())),
            format: None,
        }));
        sets
    }

    fn sites(&self, sheet: &Sheet) -> Result<Vec<DataSet>> {
        let mut sets = sheet.data_sets(Kind::Tfbs);
        for directory in &self.tfbs {
            sets.extend(sheet::unibind_directory(directory)?);
        }
        Ok(sets)
    }

    fn options(&self, session: &Session<'_>) -> Result<BuildOptions> {
        let chrom_sizes = match &self.genome {
            Some(path) => {
                let genome = Genome::open(path)?;
                if let Some(note) = genome.note() {
                    session.note(note);
                }
                let named_after = assembly::of_file_name(&file_name(path));
                let build = self.build.as_deref().and_then(assembly::known);
                if let (Some(file), Some(build)) = (named_after, build)
                    && file != build
                {
                    session.note(&format!(
                        "warning: {} is named after {file}, and the build is called {build}: \
                         everything that is made from the matrix will go by that name",
                        path.display()
                    ));
                }
                Some(genome.chromosomes().to_vec())
            }
            None => None,
        };
        Ok(BuildOptions {
            width: self.width,
            evidence: self.evidence,
            centres: self.centres,
            genome: self.build.clone(),
            chrom_sizes,
            allow_unsorted: self.unsorted,
            refuse_outside: self.refuse_outside,
            allow_cells_without_accessibility: self.skip_cells_without_accessibility,
            tfs: self.tfs.clone(),
            per_cell: self.per_cell.is_some(),
        })
    }
}

impl Job for BuildMatrix {
    type Outcome = BuiltMatrix;

    const NAME: &'static str = "matrix build";

    fn check(&self) -> Result<()> {
        Content::Matrix.check("out", &self.out)?;
        if self.width == 0 {
            return Err(Error::argument("width", "a width of at least 1", "0"));
        }
        if self.dhs.is_some() && self.dhs_sources.is_none() {
            return Err(Error::argument(
                "dhs_sources",
                "the cells of the source ids in ⟦dhs⟧",
                "nothing",
            ));
        }
        if self.refuse_outside && self.genome.is_none() {
            return Err(Error::argument(
                "genome",
                "a genome that tells what lies outside of it",
                "none",
            ));
        }
        Ok(())
    }

    fn run(&self, session: &Session<'_>) -> Result<BuiltMatrix> {
        let inputs = self.inputs()?;
        let options = self.options(session)?;
        if let Some(directory) = &self.per_cell {
            refuse_occupied(directory, "per_cell")?;
        }
        let built = build::build(&inputs, &options, session)?;
        for (what, count) in built.report.lines() {
            session.note(&format!("{:>15}  {what}", thousands(count)));
        }
        for warning in &built.report.warnings {
            session.note(&format!("warning: {warning}"));
        }
        session.begin("writing the matrix", None);
        if let Some(directory) = &self.per_cell {
            write_cells(&built, directory)?;
        }
        parquet::write(&self.out, &built.matrix)?;
        session.finish();
        Ok(BuiltMatrix {
            file: self.out.clone(),
            regions: built.matrix.regions.len(),
            tfs: built.matrix.tfs.len(),
            report: built.report,
        })
    }
}

/// Writes the matrix of each cell into a directory of its own.
fn write_cells(built: &Built, directory: &Path) -> Result<()> {
    built.for_each_cell(|cell, matrix| {
        // The name of a cell may hold a slash; a directory's may not.
        let directory = directory.join(format!("cell={}", cell.replace('/', "%2F")));
        std::fs::create_dir_all(&directory)
            .map_err(|source| Error::io("create", &directory, source))?;
        parquet::write(&directory.join("matrix.parquet"), &matrix)
    })
}
