//! Headers and cells of tables of proteins: columns by their names, ids among them.

use std::path::Path;

use bindscape_base::error::{Error, Place, Result};

/// Names of the column of ids, in the order in which they are looked for, in any case. UniProt's
/// tables have `Entry`, its JSON `primaryAccession`.
pub const ID_COLUMNS: [&str; 5] = ["accession", "entry", "primaryAccession", "id", "protein"];

/// The place of the column of ids among the fields of a header, on `line` of `path`.
///
/// # Errors
/// If the column that is taken occurs twice.
pub(super) fn id_column(path: &Path, line: u64, fields: &[&str]) -> Result<Option<usize>> {
    for name in ID_COLUMNS {
        if let Some(place) = column(path, line, fields, name)? {
            return Ok(Some(place));
        }
    }
    Ok(None)
}

/// The place of the column `name`, in any case, among the fields of a header, on `line` of `path`.
///
/// # Errors
/// If it occurs twice: which of the two is meant is not known here.
pub(super) fn column(path: &Path, line: u64, fields: &[&str], name: &str) -> Result<Option<usize>> {
    let mut places = (0..fields.len()).filter(|&at| fields[at].eq_ignore_ascii_case(name));
    let first = places.next();
    match (first, places.next()) {
        (Some(first), Some(second)) => Err(Error::input(
            path,
            Place::Line(line),
            format!("one column `{name}`"),
            format!("two, columns {} and {}", first + 1, second + 1),
        )
        .hint("remove one of them, or give it another name")),
        _ => Ok(first),
    }
}
