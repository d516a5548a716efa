//! `bindscape matrix import` and `bindscape matrix export`: the published
//! layout of NumPy archives and pickles.

use std::path::PathBuf;

use bindscape_base::progress::Progress;
use bindscape_base::{Error, Result, digest};
use bindscape_genome::region::Regions;
use bindscape_matrix::published;
use bindscape_matrix::published::TfOverCells;
use bindscape_matrix::{BindingMatrix, Provenance, View, parquet};
use clap::{Args, ValueEnum};

use crate::terminal::Terminal;
use bindscape::data::thousands;

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

impl Views {
    fn list(self) -> &'static [View] {
        match self {
            Views::Sparse => &[View::Sparse],
            Views::LessSparse => &[View::LessSparse],
            Views::Both => &[View::Sparse, View::LessSparse],
        }
    }
}

pub(super) fn import(arguments: &ImportArguments, terminal: &Terminal) -> Result<()> {
    terminal.begin("reading the published matrix", None);
    let mut matrix = match (&arguments.tf, &arguments.samples, &arguments.tfs) {
        (Some(tf), Some(samples), _) => {
            let (regions, cells) = published::import_tf_npz(
                tf,
                &arguments.sparse,
                arguments.less_sparse.as_deref(),
                &arguments.regions,
                samples,
            )?;
            one_tf(arguments, regions, &cells)?
        }
        (_, _, Some(tfs)) => published::import_npz(
            &arguments.sparse,
            arguments.less_sparse.as_deref(),
            &arguments.regions,
            tfs,
        )?,
        _ => {
            return Err(Error::argument(
                "tfs",
                "the names of the columns",
                "nothing",
            ));
        }
    };
    terminal.finish();
    matrix.provenance.genome.clone_from(&arguments.build);
    if arguments.less_sparse.is_none() {
        terminal.note("without --less-sparse, one kind of evidence only is not told from closed: the less-sparse view equals the sparse one");
    }
    parquet::write(&arguments.out, &matrix)?;
    terminal.note(&format!(
        "wrote {}: {} regions x {} TFs",
        arguments.out.display(),
        thousands(matrix.regions.len() as u64),
        matrix.tfs.len()
    ));
    Ok(())
}

/// The matrix of one TF over its cells.
fn one_tf(
    arguments: &ImportArguments,
    regions: Regions,
    cells: &TfOverCells,
) -> Result<BindingMatrix> {
    let mut inputs = vec![digest::input_file("sparse", &arguments.sparse)?];
    if let Some(path) = &arguments.less_sparse {
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
            bindscape: env!("CARGO_PKG_VERSION").into(),
            genome: None,
            width,
            rule: "imported".into(),
            cell: None,
            inputs,
        },
        regions,
    })
}

pub(super) fn export(arguments: &ExportArguments, terminal: &Terminal) -> Result<()> {
    terminal.begin("reading the matrix", None);
    let matrix = parquet::read(&arguments.matrix, None)?;
    terminal.finish();
    std::fs::create_dir_all(&arguments.out)
        .map_err(|source| Error::io("create", &arguments.out, source))?;
    let views = arguments.view.list();
    let mut files = published::export_npz(&matrix, &arguments.out, views)?;
    if let Some(directory) = &arguments.per_cell {
        files.extend(export_per_cell(arguments, &matrix, directory)?);
    }
    for file in files {
        terminal.note(&format!("wrote {}", file.display()));
    }
    Ok(())
}

/// One cells x regions file per TF, from the matrices of single cells.
fn export_per_cell(
    arguments: &ExportArguments,
    matrix: &BindingMatrix,
    directory: &std::path::Path,
) -> Result<Vec<PathBuf>> {
    let failed = |source| Error::io("read", directory, source);
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(failed)? {
        let path = entry.map_err(failed)?.path().join("matrix.parquet");
        if path.is_file() {
            paths.push(path);
        }
    }
    paths.sort();
    let mut files = Vec::new();
    for tf in &matrix.tfs {
        let mut over_cells = TfOverCells {
            tf: tf.clone(),
            cells: Vec::new(),
            columns: Vec::new(),
        };
        for path in &paths {
            let of_cell = parquet::read(path, Some(std::slice::from_ref(tf)))?;
            if of_cell.regions != matrix.regions {
                return Err(Error::input(
                    path,
                    bindscape_base::Place::File,
                    format!("the regions of {}", arguments.matrix.display()),
                    "others",
                )
                .hint("give the --per-cell directory of the same `matrix build`"));
            }
            let Some(cell) = of_cell.provenance.cell else {
                return Err(Error::input(
                    path,
                    bindscape_base::Place::File,
                    "the matrix of a single cell",
                    "one over all cells",
                ));
            };
            over_cells.cells.push(cell);
            over_cells.columns.extend(of_cell.columns);
        }
        files.extend(published::export_tf_npz(
            &over_cells,
            &arguments.out,
            arguments.view.list(),
        )?);
    }
    files.dedup();
    Ok(files)
}
