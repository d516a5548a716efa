//! `bindscape matrix import` and `bindscape matrix export`: the published
//! layout of NumPy archives and pickles.

use std::path::PathBuf;

use bindscape::data::thousands;
use bindscape::matrix::{ExportMatrix, ImportMatrix, ImportedMatrix, PublishedColumns};
use bindscape_base::progress::Progress;
use bindscape_base::{Error, Result};
use bindscape_matrix::View;
use clap::{Args, ValueEnum};

use crate::face::Face;

/// Options of `matrix import`.
#[derive(Debug, Args)]
pub(crate) struct ImportArguments {
    /// Sparse matrix (NPZ): regions x TFs, or cells x regions with --tf
    #[arg(long, value_name = "NPZ")]
    sparse: PathBuf,
    /// Less sparse matrix (NPZ); without it, one kind of evidence only cannot be told from closed
    #[arg(long, value_name = "NPZ")]
    less_sparse: Option<PathBuf>,
    /// Rows: regions_idx.pickle.gz
    #[arg(long, value_name = "PICKLE")]
    regions: PathBuf,
    /// Columns: tfs_idx.pickle.gz
    #[arg(long, value_name = "PICKLE", required_unless_present = "tf")]
    tfs: Option<PathBuf>,
    /// The TF of a cells x regions matrix; needs --samples
    #[arg(long, value_name = "TF", requires = "samples", conflicts_with = "tfs")]
    tf: Option<String>,
    /// Cells of a cells x regions matrix: samples_idx.pickle.gz
    #[arg(long, value_name = "PICKLE", requires = "tf")]
    samples: Option<PathBuf>,
    /// Name of the genome build (hg38), which the published files do not tell
    #[arg(long, value_name = "NAME")]
    build: Option<String>,
    /// Matrix to write (Parquet)
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// Options of `matrix export`.
#[derive(Debug, Args)]
pub(crate) struct ExportArguments {
    /// Binding matrix (Parquet)
    matrix: PathBuf,
    /// Views to write
    #[arg(long, value_enum, default_value = "both")]
    view: Views,
    /// Matrices of single cells of the same build (the --per-cell directory of `matrix build`): writes one cells x regions file per TF too
    #[arg(long, value_name = "DIR")]
    per_cell: Option<PathBuf>,
    /// Directory to write to
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

/// Views to export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Views {
    /// Sparse
    Sparse,
    /// Less sparse
    LessSparse,
    /// Both
    Both,
}

impl ImportArguments {
    fn plan(self) -> Result<ImportMatrix> {
        let columns = match (self.tf, self.samples, self.tfs) {
            (Some(tf), Some(samples), _) => PublishedColumns::Cells { tf, samples },
            (_, _, Some(tfs)) => PublishedColumns::Tfs(tfs),
            _ => {
                return Err(Error::argument(
                    "tfs",
                    "the names of the columns",
                    "nothing",
                ));
            }
        };
        Ok(ImportMatrix {
            sparse: self.sparse,
            less_sparse: self.less_sparse,
            regions: self.regions,
            columns,
            build: self.build,
            out: self.out,
        })
    }
}

impl From<ExportArguments> for ExportMatrix {
    fn from(arguments: ExportArguments) -> Self {
        Self {
            matrix: arguments.matrix,
            views: match arguments.view {
                Views::Sparse => vec![View::Sparse],
                Views::LessSparse => vec![View::LessSparse],
                Views::Both => vec![View::Sparse, View::LessSparse],
            },
            per_cell: arguments.per_cell,
            out: arguments.out,
        }
    }
}

pub(super) fn import(arguments: ImportArguments, face: &Face<'_>) -> Result<()> {
    face.run(&arguments.plan()?, report_import)
}

/// Says what was read.
pub(crate) fn report_import(imported: ImportedMatrix, face: &Face<'_>) -> Result<()> {
    if !imported.both_views {
        face.terminal.note("without --less-sparse, one kind of evidence only is not told from closed: the less-sparse view equals the sparse one");
    }
    face.terminal.note(&format!(
        "wrote {}: {} regions x {} TFs",
        imported.file.display(),
        thousands(imported.regions as u64),
        imported.tfs
    ));
    Ok(())
}

pub(super) fn export(arguments: ExportArguments, face: &Face<'_>) -> Result<()> {
    face.run(&ExportMatrix::from(arguments), report_export)
}

/// Says what was written.
pub(crate) fn report_export(files: Vec<PathBuf>, face: &Face<'_>) -> Result<()> {
    for file in files {
        face.terminal.note(&format!("wrote {}", file.display()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::parsed;

    #[test]
    fn defaults_are_those_of_the_plans() {
        let import: ImportArguments = parsed(&[
            "--sparse",
            "s",
            "--regions",
            "r",
            "--tfs",
            "t",
            "--out",
            "m",
        ]);
        let [sparse, regions, tfs, out] = ["s", "r", "t", "m"].map(PathBuf::from);
        assert_eq!(
            import.plan().expect("columns"),
            ImportMatrix::new(sparse, regions, PublishedColumns::Tfs(tfs), out)
        );
        let export: ExportArguments = parsed(&["m", "--out", "d"]);
        assert_eq!(
            ExportMatrix::from(export),
            ExportMatrix::new("m".into(), "d".into())
        );
    }
}
