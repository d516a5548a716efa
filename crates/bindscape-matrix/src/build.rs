//! From accessible regions, ChIP-seq peaks and predicted binding sites to the
//! binding matrix (Novakovsky et al. 2021, Methods, "TF binding matrices").
//!
//! - A region is the stretch of [`BuildOptions::width`] bases around the centre
//!   `floor((start + end) / 2)` of an accessible interval.
//! - It has ChIP evidence of a TF in a cell if the base of a peak's summit lies
//!   in it, and site evidence if a predicted site shares a base with it; both
//!   only where the region is accessible in that cell.
//! - A TF is profiled in a cell if there is a file of sites for the pair, even
//!   an empty one (with [`Evidence::ChipOnly`]: ChIP-seq peaks for the pair).
//! - Per cell, a region is closed or not profiled < accessible < one kind of
//!   evidence < both; over cells the highest counts ([`BindingState`](super::BindingState)).
//!
//! Memory: one bit per kind of evidence, profiled pair of TF and cell, and
//! region accessible in that cell, and a byte per TF and region for the result.

mod bits;
mod doubts;
mod evidence;
mod name_table;
mod pairs;
mod regions;
mod report;
mod scan;
mod states;

use std::path::{Path, PathBuf};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use bindscape_base::digest::InputFile;

use crate::binding::{BindingMatrix, Provenance};
use crate::sheet::{Aliases, CellFile, DataSet, Kind};
use bindscape_base::digest;
use bindscape_base::error::{Error, Place, Result};
use bindscape_base::progress::Progress;
use bindscape_base::reading::Reading;

pub use report::{BuildReport, EvidenceCounts, RegionCounts, StateCounts};

use doubts::Combined;
use evidence::{Collector, Evidences};
use regions::Accessible;
use scan::Scanner;
use states::CellEvidence;

/// What makes a TF bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum Evidence {
    /// A ChIP-seq summit and a predicted site in the same cell.
    #[default]
    #[serde(rename = "chip+tfbs")]
    ChipAndTfbs,
    /// A ChIP-seq summit alone, for users without predicted sites. There is
    /// no one-evidence state: sparse and less-sparse views are the same.
    #[serde(rename = "chip")]
    ChipOnly,
}

impl Evidence {
    /// The rule as provenance records it.
    #[must_use]
    pub fn rule(self) -> &'static str {
        match self {
            Evidence::ChipAndTfbs => "chip+tfbs",
            Evidence::ChipOnly => "chip",
        }
    }
}

/// Around which centres the regions of files of one cell each lie ([`RegionInputs::PerCell`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Centres {
    /// Intervals that overlap, over all cells, are one cluster; its centre is that of the whole
    /// stretch, and it is accessible in the cells that contributed to it. No two clusters overlap,
    /// but the intervals of many cells may chain into a long one, whose region then contains the
    /// centre of none of them ([`RegionCounts::off_centre`]).
    #[default]
    Merged,
    /// Every interval of every cell is a region around its own centre; equal regions are one. It
    /// is accessible in each cell with an interval that contains its centre. Regions of different
    /// cells may overlap, so that the matrix holds much of the sequence several times; splits
    /// keep overlapping regions in one part.
    PerCell,
}

/// How a matrix is built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildOptions {
    /// Width of the regions in base pairs.
    pub width: u32,
    /// What makes a TF bound.
    pub evidence: Evidence,
    /// Centres of the regions of files of one cell each.
    pub centres: Centres,
    /// Genome build, as the user names it (`hg38`).
    pub genome: Option<String>,
    /// Chromosomes of the genome with their lengths. Where given, intervals on other chromosomes
    /// or past an end are dropped or clipped, and counted ([`bindscape_genome::region`]).
    pub chrom_sizes: Option<Vec<(String, u64)>>,
    /// Accept files that are not sorted.
    pub allow_unsorted: bool,
    /// Refuse intervals that do not lie in the genome, or not wholly, instead of dropping or
    /// clipping them.
    pub refuse_outside: bool,
    /// Drop and count data sets of cells without accessible regions.
    pub allow_cells_without_accessibility: bool,
    /// Only these TFs; `None` for all.
    pub tfs: Option<Vec<String>>,
    /// Keep what [`Built::for_each_cell`] needs.
    pub per_cell: bool,
}

impl Default for BuildOptions {
    fn default() -> Self {
        Self {
            width: 200,
            evidence: Evidence::default(),
            centres: Centres::default(),
            genome: None,
            chrom_sizes: None,
            allow_unsorted: false,
            refuse_outside: false,
            allow_cells_without_accessibility: false,
            tfs: None,
            per_cell: false,
        }
    }
}

/// Where the accessible regions come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RegionInputs {
    /// Clusters over cells, each with the ids of its sources (UCSC's clustered
    /// DHS table, with or without the `bin` column; or the five columns chrom,
    /// start, end, number of sources, source ids).
    Clusters {
        /// The clusters.
        bed: PathBuf,
        /// Source id and cell.
        sources: PathBuf,
    },
    /// Files of one cell each; [`BuildOptions::centres`] says how their intervals become regions.
    PerCell(Vec<CellFile>),
}

/// All files of a build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildInputs {
    /// Accessible regions.
    pub regions: RegionInputs,
    /// ChIP-seq peaks.
    pub chip: Vec<DataSet>,
    /// Predicted binding sites; not read with [`Evidence::ChipOnly`].
    pub tfbs: Vec<DataSet>,
    /// Other names of cells.
    pub aliases: Aliases,
}

impl BuildInputs {
    /// The files in the order of their use, with their roles.
    fn files(&self, evidence: Evidence) -> Vec<(&'static str, &Path)> {
        let mut files: Vec<(&'static str, &Path)> = Vec::new();
        match &self.regions {
            RegionInputs::Clusters { bed, sources } => {
                files.push((Kind::Dhs.name(), bed));
                files.push(("dhs-sources", sources));
            }
            RegionInputs::PerCell(cells) => {
                files.extend(cells.iter().map(|cell| (Kind::Dhs.name(), &*cell.path)));
            }
        }
        if let Some(path) = self.aliases.path() {
            files.push(("aliases", path));
        }
        files.extend(self.chip.iter().map(|set| (Kind::Chip.name(), &*set.path)));
        if evidence == Evidence::ChipAndTfbs {
            files.extend(self.tfbs.iter().map(|set| (Kind::Tfbs.name(), &*set.path)));
        }
        files
    }
}

/// A matrix with the account of how it came about.
#[derive(Debug)]
pub struct Built {
    /// The matrix over all cells. Rows are sorted by start within chromosomes,
    /// which are in the order of the accessible regions; TFs are in
    /// alphabetical order.
    pub matrix: BindingMatrix,
    /// What was read, used and dropped.
    pub report: BuildReport,
    cells: Option<CellEvidence>,
}

impl Built {
    /// Calls `f` with each cell in which a TF was profiled, in alphabetical
    /// order, and the matrix of that cell: the same regions and TFs, with the
    /// states of that cell alone. One matrix is in memory at a time.
    ///
    /// # Errors
    /// If the build was not told to keep cells ([`BuildOptions::per_cell`]),
    /// and those of `f`.
    pub fn for_each_cell(
        &self,
        mut f: impl FnMut(&str, BindingMatrix) -> Result<()>,
    ) -> Result<()> {
        let Some(cells) = &self.cells else {
            return Err(Error::about(
                "per-cell matrices",
                "a build that kept the evidence of each cell",
                "one that did not",
            ));
        };
        for cell in cells.profiled() {
            let name = cells.name(cell);
            let mut provenance = self.matrix.provenance.clone();
            provenance.cell = Some(name.to_owned());
            // The data sets of one cell among several were not counted apart.
            provenance.profiles.clear();
            let matrix = BindingMatrix {
                regions: self.matrix.regions.clone(),
                tfs: self.matrix.tfs.clone(),
                columns: cells
                    .columns(&self.matrix.tfs, self.matrix.regions.len(), Some(cell))
                    .0,
                provenance,
            };
            f(name, matrix)?;
        }
        Ok(())
    }
}

/// Builds a binding matrix. The result does not depend on the number of threads.
///
/// # Errors
/// - a file is missing, not sorted ([`BuildOptions::allow_unsorted`]),
///   malformed (file and line are named), or cut short;
/// - intervals lie on chromosomes that the genome lacks or past a chromosome's end, and
///   [`BuildOptions::refuse_outside`] is set; or no interval lies on a chromosome that has
///   accessible regions;
/// - no region is bound by any TF ([`BuildReport::warnings`] holds what is doubtful short of that);
/// - there are data sets of cells without accessible regions
///   ([`BuildOptions::allow_cells_without_accessibility`]; near names are given);
/// - a TF was asked for that has no data, or nothing is left to build from;
/// - the user asked to stop.
pub fn build(
    inputs: &BuildInputs,
    options: &BuildOptions,
    progress: &dyn Progress,
) -> Result<Built> {
    check(inputs, options)?;
    let reading = Reading::current();
    reading.enter(|| {
        let files = inputs.files(options.evidence);
        reading.digest_as_read(files.iter().map(|&(_, path)| path));
        let mut built = build_from(inputs, options, progress)?;
        built.matrix.provenance.inputs = checksums(&files)?;
        Ok(built)
    })
}

/// What can be known to be wrong before anything is read.
fn check(inputs: &BuildInputs, options: &BuildOptions) -> Result<()> {
    if options.width == 0 {
        return Err(Error::argument("width", "a width of at least 1", "0"));
    }
    if let RegionInputs::PerCell(cells) = &inputs.regions
        && cells.is_empty()
    {
        return Err(Error::about(
            "accessible regions",
            "at least one file",
            "none",
        ));
    }
    if options.centres == Centres::PerCell
        && matches!(inputs.regions, RegionInputs::Clusters { .. })
    {
        return Err(Error::argument(
            "centres",
            "`merged`, as clusters over cells (⟦dhs⟧) have one centre each",
            "`per-cell`",
        )
        .hint("give the accessible regions of each cell as a file in ⟦samples⟧"));
    }
    if inputs.chip.is_empty() {
        return Err(Error::about("ChIP-seq peaks", "at least one file", "none"));
    }
    if options.evidence == Evidence::ChipAndTfbs && inputs.tfbs.is_empty() {
        return Err(
            Error::about("predicted binding sites", "at least one file", "none")
                .hint("to build from ChIP-seq peaks alone, pass ⟦evidence⟧ chip"),
        );
    }
    for (_, path) in inputs.files(options.evidence) {
        let metadata = std::fs::metadata(path).map_err(|source| Error::io("read", path, source))?;
        if !metadata.is_file() {
            // The beginnings of inputs are looked at before they are read.
            return Err(Error::input(
                path,
                Place::File,
                "a regular file",
                if metadata.is_dir() {
                    "a directory"
                } else {
                    "a pipe or device"
                },
            )
            .hint("write the data to a file first"));
        }
    }
    Ok(())
}

/// The rule as provenance records it.
fn rule(options: &BuildOptions) -> String {
    let evidence = options.evidence.rule();
    match options.centres {
        Centres::Merged => evidence.to_owned(),
        Centres::PerCell => format!("{evidence}, per-cell centres"),
    }
}

fn checksums(files: &[(&str, &Path)]) -> Result<Vec<InputFile>> {
    let reading = Reading::current();
    let found: Vec<Result<InputFile>> = files
        .par_iter()
        .map(|&(role, path)| reading.enter(|| digest::input_file(role, path)))
        .collect();
    // Of several faults the first, not that which a thread came to first.
    found.into_iter().collect()
}

fn build_from(
    inputs: &BuildInputs,
    options: &BuildOptions,
    progress: &dyn Progress,
) -> Result<Built> {
    let scanner = Scanner::new(options, progress);
    let Accessible {
        regions,
        cells,
        open,
        counts,
        outside,
        empty,
    } = Accessible::read(&inputs.regions, &inputs.aliases, &scanner)?;

    let collector = Collector::new(&regions, &cells, &open, &inputs.aliases, &scanner);
    let tfbs = match options.evidence {
        Evidence::ChipAndTfbs => collector.read(Kind::Tfbs, &inputs.tfbs)?,
        Evidence::ChipOnly => Evidences::default(),
    };
    let chip = collector.read(Kind::Chip, &inputs.chip)?;
    let profiled_pairs = collector.finish()?;
    let pairs = &profiled_pairs.pairs;

    let mut tfs: Vec<String> = pairs.iter().map(|pair| pair.tf.clone()).collect();
    tfs.dedup();
    let pairs_without_peaks = pairs
        .iter()
        .filter(|pair| !pair.has(Kind::Chip))
        .map(|pair| (pair.tf.clone(), cells[pair.cell].clone()))
        .collect();
    let mut profiled: Vec<usize> = pairs.iter().map(|pair| pair.cell).collect();
    profiled.sort_unstable();
    profiled.dedup();
    let profiles = doubts::profiles(&tfs, &profiled_pairs, &cells);
    let evidence = CellEvidence::new(options.evidence, cells, open, pairs.clone());

    progress.begin("combining evidence", None);
    let (columns, states) = evidence.columns(&tfs, regions.len(), None);
    progress.finish();
    let warnings = Combined {
        evidence: options.evidence,
        chip: &chip,
        tfbs: &tfbs,
        cells: evidence.names(),
        profiled: &profiled_pairs,
        tfs: &tfs,
        states: &states,
        regions_outside: &outside,
        empty_regions: &empty,
    }
    .doubts()?;

    let report = BuildReport {
        regions: counts,
        chip: chip.counts,
        tfbs: tfbs.counts,
        tfs: tfs.len() as u64,
        cells: evidence.cells() as u64,
        profiled_cells: profiled.len() as u64,
        pairs: evidence.pairs() as u64,
        pairs_without_peaks,
        cells_without_accessibility: profiled_pairs.missing,
        states: states.into_iter().sum(),
        warnings: warnings.clone(),
    };
    Ok(Built {
        matrix: BindingMatrix {
            regions,
            tfs,
            columns,
            provenance: Provenance {
                genome: options.genome.clone(),
                width: Some(options.width),
                profiles,
                warnings,
                ..Provenance::of_rule(rule(options))
            },
        },
        report,
        cells: options.per_cell.then_some(evidence),
    })
}
