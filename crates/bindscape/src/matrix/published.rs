//! The published layout of NumPy archives and pickles.

use std::path::{Path, PathBuf};

use bindscape_base::progress::Progress;
use bindscape_base::{Error, Place, Result, digest};
use bindscape_genome::region::Regions;
use bindscape_matrix::published::{self, TfOverCells};
use bindscape_matrix::{BindingMatrix, Provenance, View, parquet};
use serde::{Deserialize, Serialize};

use super::regions::RegionChoice;
use crate::content::Content;
use crate::data;
use crate::job::Job;
use crate::session::Session;

/// What the columns of a published matrix are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PublishedColumns {
    /// TFs, by their file (`tfs_idx.pickle.gz`).
    Tfs(PathBuf),
    /// The matrix is cells x regions of one TF.
    Cells {
        /// The TF.
        tf: String,
        /// Cells (`samples_idx.pickle.gz`).
        samples: PathBuf,
    },
}

/// A plan of reading the published files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportMatrix {
    /// Sparse matrix (NPZ).
    pub sparse: PathBuf,
    /// Less sparse matrix (NPZ). Without it, one kind of evidence only is not told from closed.
    pub less_sparse: Option<PathBuf>,
    /// Rows (`regions_idx.pickle.gz`).
    pub regions: PathBuf,
    /// Columns.
    pub columns: PublishedColumns,
    /// Name of the genome build (`hg38`), which the published files do not tell.
    pub build: Option<String>,
    /// Matrix to write (Parquet).
    pub out: PathBuf,
}

/// A matrix that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportedMatrix {
    /// The file that was written.
    pub file: PathBuf,
    /// Regions, in rows.
    pub regions: usize,
    /// TFs, in columns.
    pub tfs: usize,
    /// Whether "one kind of evidence only" is distinguished from "closed".
    pub both_views: bool,
}

impl ImportMatrix {
    /// Reads the sparse matrix alone.
    #[must_use]
    pub fn new(sparse: PathBuf, regions: PathBuf, columns: PublishedColumns, out: PathBuf) -> Self {
        Self {
            sparse,
            less_sparse: None,
            regions,
            columns,
            build: None,
            out,
        }
    }

    fn read(&self) -> Result<BindingMatrix> {
        let less_sparse = self.less_sparse.as_deref();
        match &self.columns {
            PublishedColumns::Tfs(tfs) => {
                published::import_npz(&self.sparse, less_sparse, &self.regions, tfs)
            }
            PublishedColumns::Cells { tf, samples } => {
                let (regions, cells) = published::import_tf_npz(
                    tf,
                    &self.sparse,
                    less_sparse,
                    &self.regions,
                    samples,
                )?;
                self.of_one_tf(regions, &cells)
            }
        }
    }

    /// The matrix of one TF over its cells.
    fn of_one_tf(&self, regions: Regions, cells: &TfOverCells) -> Result<BindingMatrix> {
        let mut inputs = vec![digest::input_file("sparse", &self.sparse)?];
        if let Some(path) = &self.less_sparse {
            inputs.push(digest::input_file("less-sparse", path)?);
        }
        let width = {
            let mut widths = regions.iter().map(|region| region.end - region.start);
            widths
                .next()
                .filter(|first| widths.all(|other| other == *first))
        };
        Ok(BindingMatrix {
            tfs: vec![cells.tf.clone()],
            columns: vec![cells.aggregate()],
            provenance: Provenance {
                width,
                inputs,
                ..Provenance::of_rule("imported")
            },
            regions,
        })
    }
}

impl Job for ImportMatrix {
    type Outcome = ImportedMatrix;

    const NAME: &'static str = "matrix import";

    fn check(&self) -> Result<()> {
        Content::Matrix.check("out", &self.out)
    }

    fn run(&self, session: &Session<'_>) -> Result<ImportedMatrix> {
        session.begin("reading the published matrix", None);
        let mut matrix = self.read()?;
        session.finish();
        matrix.provenance.genome.clone_from(&self.build);
        parquet::write(&self.out, &matrix)?;
        Ok(ImportedMatrix {
            file: self.out.clone(),
            regions: matrix.regions.len(),
            tfs: matrix.tfs.len(),
            both_views: self.less_sparse.is_some(),
        })
    }
}

/// A plan of writing the published files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExportMatrix {
    /// Binding matrix (Parquet).
    pub matrix: PathBuf,
    /// Views to write.
    pub views: Vec<View>,
    /// Regions to write instead, by what binds them.
    #[serde(default)]
    pub regions: Option<RegionChoice>,
    /// Directory of the matrices of single cells of the same build: one cells x regions file per
    /// TF is written too.
    pub per_cell: Option<PathBuf>,
    /// Directory to write to, or the file of [`ExportMatrix::regions`].
    pub out: PathBuf,
}

impl ExportMatrix {
    /// Writes both views of `matrix`.
    #[must_use]
    pub fn new(matrix: PathBuf, out: PathBuf) -> Self {
        Self {
            matrix,
            views: vec![View::Sparse, View::LessSparse],
            regions: None,
            per_cell: None,
            out,
        }
    }

    /// One cells x regions file per TF, from the matrices of single cells in `directory`.
    fn export_cells(&self, matrix: &BindingMatrix, directory: &Path) -> Result<Vec<PathBuf>> {
        let cells = matrices_below(directory)?;
        let mut files = Vec::new();
        for tf in &matrix.tfs {
            let mut over_cells = TfOverCells {
                tf: tf.clone(),
                cells: Vec::new(),
                columns: Vec::new(),
            };
            for path in &cells {
                let (cell, of_cell) = self.read_cell(path, tf, matrix)?;
                over_cells.cells.push(cell);
                over_cells.columns.extend(of_cell.columns);
            }
            files.extend(published::export_tf_npz(
                &over_cells,
                &self.out,
                &self.views,
            )?);
        }
        files.dedup();
        Ok(files)
    }

    /// The column of `tf` in the matrix of one cell, and the cell.
    fn read_cell(
        &self,
        path: &Path,
        tf: &String,
        matrix: &BindingMatrix,
    ) -> Result<(String, BindingMatrix)> {
        let mut of_cell = parquet::read(path, Some(std::slice::from_ref(tf)))?;
        if of_cell.regions != matrix.regions {
            return Err(Error::input(
                path,
                Place::File,
                format!("the regions of {}", self.matrix.display()),
                "others",
            )
            .hint("give the ⟦per_cell⟧ directory of the same `matrix build`"));
        }
        let Some(cell) = of_cell.provenance.cell.take() else {
            return Err(Error::input(
                path,
                Place::File,
                "the matrix of a single cell",
                "one over all cells",
            ));
        };
        Ok((cell, of_cell))
    }
}

/// The files `matrix.parquet` one level below `directory`, sorted.
fn matrices_below(directory: &Path) -> Result<Vec<PathBuf>> {
    let failed = |source| Error::io("read", directory, source);
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(failed)? {
        let path = entry.map_err(failed)?.path().join("matrix.parquet");
        if path.is_file() {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

impl Job for ExportMatrix {
    /// The files written.
    type Outcome = Vec<PathBuf>;

    const NAME: &'static str = "matrix export";

    fn check(&self) -> Result<()> {
        if self.views.is_empty() {
            return Err(Error::argument("views", "a view to write", "none"));
        }
        if let Some(choice) = &self.regions {
            choice.check(&self.out)?;
        }
        Ok(())
    }

    fn run(&self, session: &Session<'_>) -> Result<Vec<PathBuf>> {
        if let Some(choice) = &self.regions {
            choice.export(&self.matrix, &self.out, session)?;
            return Ok(vec![self.out.clone()]);
        }
        let matrix = data::read_matrix(&self.matrix, None, session)?;
        std::fs::create_dir_all(&self.out)
            .map_err(|source| Error::io("create", &self.out, source))?;
        let mut files = published::export_npz(&matrix, &self.out, &self.views)?;
        if let Some(directory) = &self.per_cell {
            files.extend(self.export_cells(&matrix, directory)?);
        }
        Ok(files)
    }
}
