//! The layout in which Novakovsky et al. (2021) published their binding
//! matrices, and which their Python code reads:
//!
//! | file | holds |
//! |---|---|
//! | `matrix2d.ReMap+UniBind.sparse.npz` | regions x TFs: 1 bound, 0 unbound, NaN unresolved |
//! | `matrix2d.ReMap+UniBind.less-sparse.npz` | the same, one kind of evidence only counted as unbound |
//! | `matrix2d.TF.ReMap+UniBind.VIEW.npz` | cells x regions, for one TF |
//! | `matrix2d.CELL.ReMap+UniBind.VIEW.npz` | regions x TFs, for one cell |
//! | `regions_idx.pickle.gz`, `tfs_idx.pickle.gz`, `samples_idx.pickle.gz` | dictionaries of `(chrom, start, end)`, TF and cell to row or column |
//!
//! The two views together tell a region with one kind of evidence only (sparse
//! NaN, less sparse 0) from a closed one (NaN in both).

use std::fmt::Write as _;
use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;

use super::{BindingMatrix, BindingState, Provenance, View};
use bindscape_arrays::npz::{ArrayWriter, Npz, UNNAMED};
use bindscape_arrays::pickle;
use bindscape_base::atomic::AtomicFile;
use bindscape_base::digest;
use bindscape_base::error::{Error, Place, Result};
use bindscape_base::input;
use bindscape_base::kind::{self, FileKind};
use bindscape_genome::region::Regions;

/// Numbers held at a time while arrays are read or written.
const PIECE: usize = 1 << 20;

/// Rule of a matrix imported from both views.
pub const RULE_BOTH_VIEWS: &str = "imported";

/// Rule of a matrix imported from the sparse view alone.
pub const RULE_SPARSE_ONLY: &str =
    "imported from the sparse view alone: one kind of evidence only is not told from closed";

/// Imports a published matrix: `sparse` and, if given, `less_sparse` are the two
/// views, `regions` and `tfs` the pickles that name rows and columns.
///
/// With the sparse view alone, regions with one kind of evidence only cannot be
/// told from closed ones; all are [`BindingState::Closed`], and the provenance says so.
/// The genome build is not recorded in these files: the caller knows it.
///
/// # Errors
/// If a file cannot be read or is not of this layout, shapes and pickles do not
/// agree, a value is none of 1, 0, NaN, or the views contradict each other.
pub fn import_npz(
    sparse: &Path,
    less_sparse: Option<&Path>,
    regions: &Path,
    tfs: &Path,
) -> Result<BindingMatrix> {
    let mut inputs = Vec::new();
    let files = [
        ("sparse matrix", Some(sparse)),
        ("less sparse matrix", less_sparse),
        ("regions", Some(regions)),
        ("TFs", Some(tfs)),
    ];
    for (role, path) in files {
        if let Some(path) = path {
            inputs.push(digest::input_file(role, path)?);
        }
    }
    let table = pickle::read_regions(open_pickle(regions)?, regions)?;
    let names = pickle::read_names(open_pickle(tfs)?, tfs)?;
    let mut columns = vec![Vec::with_capacity(table.len()); names.len()];
    let shape = Shape {
        rows: (table.len(), "regions", regions),
        columns: (names.len(), "TFs", tfs),
    };
    each_piece(sparse, less_sparse, shape, |_, states| {
        for (tf, column) in columns.iter_mut().enumerate() {
            column.extend(states.iter().skip(tf).step_by(names.len()));
        }
    })
    .map_err(|fault| {
        fault.error(|row, column| format!("{}, TF {}", table.get(row), names[column]))
    })?;
    Ok(BindingMatrix {
        provenance: Provenance {
            width: common_width(&table),
            inputs,
            ..Provenance::of_rule(rule(less_sparse))
        },
        regions: table,
        tfs: names,
        columns,
    })
}

/// Writes `matrix` into `directory`: each of `views`, and the pickles of regions
/// and TFs. A per-cell matrix is written under the name of its cell. Returns
/// the files written.
///
/// # Errors
/// If a file cannot be written.
pub fn export_npz(
    matrix: &BindingMatrix,
    directory: &Path,
    views: &[View],
) -> Result<Vec<PathBuf>> {
    let mut written = Vec::new();
    let infix = matrix.provenance.cell.as_deref().map(file_name_part);
    let tfs = matrix.tfs.len();
    for &view in views {
        let path = directory.join(file_name(infix.as_deref(), view));
        let shape = [matrix.regions.len() as u64, tfs as u64];
        let mut writer = ArrayWriter::create(&path, &shape)?;
        let step = (PIECE / tfs.max(1)).max(1);
        let mut numbers = vec![0.0; step * tfs];
        for first in (0..matrix.regions.len()).step_by(step) {
            let rows = step.min(matrix.regions.len() - first);
            for (tf, column) in matrix.columns.iter().enumerate() {
                for (row, state) in column[first..first + rows].iter().enumerate() {
                    numbers[row * tfs + tf] = number(*state, view);
                }
            }
            writer.write(&numbers[..rows * tfs])?;
        }
        writer.finish()?;
        written.push(path);
    }
    written.push(write_region_pickle(&matrix.regions, directory)?);
    let names = matrix.tfs.iter().map(String::as_str);
    written.push(write_name_pickle("tfs_idx.pickle.gz", names, directory)?);
    Ok(written)
}

/// The states of one TF in each of several cells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TfOverCells {
    /// The TF.
    pub tf: String,
    /// Names of the cells.
    pub cells: Vec<String>,
    /// One column per cell, one state per region.
    pub columns: Vec<Vec<BindingState>>,
}

impl TfOverCells {
    /// The state over all cells: the highest state of each region.
    #[must_use]
    pub fn aggregate(&self) -> Vec<BindingState> {
        let rows = self.columns.first().map_or(0, Vec::len);
        let mut out = vec![BindingState::Closed; rows];
        for column in &self.columns {
            for (state, &other) in out.iter_mut().zip(column) {
                *state = (*state).max(other);
            }
        }
        out
    }
}

/// Imports the cells x regions matrix of one TF; `samples` is the pickle that
/// names the cells. Otherwise as [`import_npz`].
///
/// # Errors
/// As [`import_npz`].
pub fn import_tf_npz(
    tf: &str,
    sparse: &Path,
    less_sparse: Option<&Path>,
    regions: &Path,
    samples: &Path,
) -> Result<(Regions, TfOverCells)> {
    let table = pickle::read_regions(open_pickle(regions)?, regions)?;
    let cells = pickle::read_names(open_pickle(samples)?, samples)?;
    let mut columns = vec![Vec::with_capacity(table.len()); cells.len()];
    let shape = Shape {
        rows: (cells.len(), "cells", samples),
        columns: (table.len(), "regions", regions),
    };
    each_piece(sparse, less_sparse, shape, |first, states| {
        for (place, row) in states.chunks_exact(table.len().max(1)).enumerate() {
            columns[first + place].extend_from_slice(row);
        }
    })
    .map_err(|fault| {
        fault.error(|row, column| format!("{}, cell {}", table.get(column), cells[row]))
    })?;
    Ok((
        table,
        TfOverCells {
            tf: tf.to_owned(),
            cells,
            columns,
        },
    ))
}

/// Opens a pickle, which may be compressed.
fn open_pickle(path: &Path) -> Result<Box<dyn BufRead + Send>> {
    let accepted = [FileKind::Pickle, FileKind::Binary];
    kind::expect_text(path, "a pickle of Python", &accepted)?;
    input::open(path)
}

/// Writes the cells x regions matrix of one TF into `directory`, in each of
/// `views`, and the pickle of the cells. Returns the files written; the pickle
/// of the regions comes with [`export_npz`].
///
/// # Errors
/// If a file cannot be written.
pub fn export_tf_npz(
    states: &TfOverCells,
    directory: &Path,
    views: &[View],
) -> Result<Vec<PathBuf>> {
    let mut written = Vec::new();
    let rows = states.columns.first().map_or(0, Vec::len);
    for &view in views {
        let path = directory.join(file_name(Some(&file_name_part(&states.tf)), view));
        let mut writer = ArrayWriter::create(&path, &[states.cells.len() as u64, rows as u64])?;
        let mut numbers = Vec::new();
        for piece in states
            .columns
            .iter()
            .flat_map(|column| column.chunks(PIECE))
        {
            numbers.clear();
            numbers.extend(piece.iter().map(|&state| number(state, view)));
            writer.write(&numbers)?;
        }
        writer.finish()?;
        written.push(path);
    }
    let names = states.cells.iter().map(String::as_str);
    written.push(write_name_pickle(
        "samples_idx.pickle.gz",
        names,
        directory,
    )?);
    Ok(written)
}

/// Name of the file of one view, of all cells and TFs or of the TF or cell `of`.
fn file_name(of: Option<&str>, view: View) -> String {
    let mut name = String::from("matrix2d.");
    if let Some(of) = of {
        let _ = write!(name, "{of}.");
    }
    name.push_str(match view {
        View::Sparse => "ReMap+UniBind.sparse.npz",
        View::LessSparse => "ReMap+UniBind.less-sparse.npz",
    });
    name
}

/// A cell or TF in a file name, as the authors' code writes it.
fn file_name_part(name: &str) -> String {
    name.replace(' ', "_").replace('/', "-")
}

fn number(state: BindingState, view: View) -> f64 {
    match state.label(view) {
        Some(true) => 1.0,
        Some(false) => 0.0,
        None => f64::NAN,
    }
}

fn rule(less_sparse: Option<&Path>) -> &'static str {
    if less_sparse.is_some() {
        RULE_BOTH_VIEWS
    } else {
        RULE_SPARSE_ONLY
    }
}

fn common_width(regions: &Regions) -> Option<u32> {
    let mut widths = regions.iter().map(|region| region.end - region.start);
    let first = widths.next()?;
    widths.all(|width| width == first).then_some(first)
}

fn write_region_pickle(regions: &Regions, directory: &Path) -> Result<PathBuf> {
    gzipped(&directory.join("regions_idx.pickle.gz"), |out| {
        pickle::write_regions(out, regions)
    })
}

fn write_name_pickle<'a>(
    file: &str,
    names: impl Iterator<Item = &'a str>,
    directory: &Path,
) -> Result<PathBuf> {
    gzipped(&directory.join(file), |out| pickle::write_names(out, names))
}

fn gzipped(
    path: &Path,
    write: impl FnOnce(&mut GzEncoder<AtomicFile>) -> std::io::Result<()>,
) -> Result<PathBuf> {
    let failed = |source| Error::io("write", path, source);
    let mut encoder = GzEncoder::new(AtomicFile::create(path)?, Compression::default());
    write(&mut encoder)
        .and_then(|()| encoder.flush())
        .map_err(failed)?;
    encoder.finish().map_err(failed)?.commit()?;
    Ok(path.to_path_buf())
}

/// The size that pickles ask of an array: count, what is counted, and the pickle.
struct Shape<'a> {
    rows: (usize, &'static str, &'a Path),
    columns: (usize, &'static str, &'a Path),
}

impl Shape<'_> {
    fn check(&self, found: &[u64], path: &Path) -> Result<()> {
        if found == [self.rows.0 as u64, self.columns.0 as u64] {
            return Ok(());
        }
        Err(Error::input(
            path,
            Place::File,
            format!(
                "an array of {} {} x {} {}",
                self.rows.0, self.rows.1, self.columns.0, self.columns.1
            ),
            format!("the shape {found:?}"),
        )
        .hint(format!(
            "do {} and {} belong to it?",
            self.rows.2.display(),
            self.columns.2.display()
        )))
    }
}

/// What stops an import: an error, or a pair of values at a row and column.
enum Fault {
    Error(Error),
    Values {
        path: PathBuf,
        row: usize,
        column: usize,
        sparse: f64,
        less_sparse: Option<f64>,
    },
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Fault::Error(error)
    }
}

impl Fault {
    fn error(self, name: impl Fn(usize, usize) -> String) -> Error {
        match self {
            Fault::Error(error) => error,
            Fault::Values {
                path,
                row,
                column,
                sparse,
                less_sparse,
            } => {
                let place = Place::Record(name(row, column));
                match less_sparse {
                    None => Error::input(path, place, "1, 0 or NaN", sparse.to_string()),
                    Some(less_sparse) => Error::input(
                        path,
                        place,
                        "1 in both views, 0 in both, NaN in both, or NaN and 0",
                        format!("{sparse} in the sparse and {less_sparse} in the less sparse view"),
                    )
                    .hint("the two files are not views of one matrix, or are interchanged"),
                }
            }
        }
    }
}

/// Reads the views side by side and hands over the states of whole rows: the
/// number of the first row, and the states row by row.
fn each_piece(
    sparse: &Path,
    less_sparse: Option<&Path>,
    shape: Shape<'_>,
    mut take: impl FnMut(usize, &[BindingState]),
) -> std::result::Result<(), Fault> {
    let mut archive = Npz::open(sparse)?;
    let mut array = archive.array(UNNAMED)?;
    shape.check(array.shape(), sparse)?;
    let mut other_archive = less_sparse.map(Npz::open).transpose()?;
    let mut other = match (&mut other_archive, less_sparse) {
        (Some(archive), Some(path)) => {
            let array = archive.array(UNNAMED)?;
            shape.check(array.shape(), path)?;
            Some(array)
        }
        _ => None,
    };
    let (rows, width) = (shape.rows.0, shape.columns.0);
    let step = (PIECE / width.max(1)).clamp(1, rows.max(1));
    let mut numbers = vec![0.0; step * width];
    let mut others = vec![0.0; if other.is_some() { step * width } else { 0 }];
    let mut states = Vec::with_capacity(step * width);
    for first in (0..rows).step_by(step) {
        let count = step.min(rows - first) * width;
        array.read(&mut numbers[..count])?;
        if let Some(other) = &mut other {
            other.read(&mut others[..count])?;
        }
        states.clear();
        for (place, &number) in numbers[..count].iter().enumerate() {
            let pair = (number, others.get(place).copied());
            let state = state_of(pair.0, pair.1).ok_or_else(|| Fault::Values {
                path: sparse.to_path_buf(),
                row: first + place / width,
                column: place % width,
                sparse: pair.0,
                less_sparse: pair.1,
            })?;
            states.push(state);
        }
        take(first, &states);
    }
    array.finish()?;
    if let Some(other) = other {
        other.finish()?;
    }
    Ok(())
}

/// The state of a value in the sparse view and, if known, in the less sparse one.
fn state_of(sparse: f64, less_sparse: Option<f64>) -> Option<BindingState> {
    let label = |value: f64| match value {
        1.0 => Some(Some(true)),
        0.0 => Some(Some(false)),
        value if value.is_nan() => Some(None),
        _ => None,
    };
    match (label(sparse)?, less_sparse.map(label)) {
        (Some(true), None | Some(Some(Some(true)))) => Some(BindingState::Bound),
        (Some(false), None | Some(Some(Some(false)))) => Some(BindingState::Unbound),
        (None, Some(Some(Some(false)))) => Some(BindingState::OneEvidence),
        (None, None | Some(Some(None))) => Some(BindingState::Closed),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
