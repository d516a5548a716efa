//! Tables of tab-separated columns.
//!
//! Empty lines and lines that begin with `#` are skipped.

use std::path::Path;

use crate::error::{Error, Place, Result};
use crate::input::Lines;

/// Calls `row` with the line number, counted from 1, and the trimmed fields of every row of
/// a table of tab-separated columns, its header among them.
///
/// # Errors
/// If the file cannot be read or is not in UTF-8; those of `row`.
pub fn each_row(path: &Path, mut row: impl FnMut(u64, &[&str]) -> Result<()>) -> Result<()> {
    let mut lines = Lines::open(path)?;
    while let Some((number, line)) = lines.next()? {
        let text = std::str::from_utf8(line)
            .map_err(|_| Error::input(path, Place::Line(number), "text in UTF-8", "other bytes"))?;
        if text.trim().is_empty() || text.starts_with('#') {
            continue;
        }
        let fields: Vec<&str> = text.split('\t').map(str::trim).collect();
        row(number, &fields)?;
    }
    Ok(())
}
