//! Tables of weights.

use std::path::Path;

use bindscape_base::table;
use bindscape_base::{Error, Place, Result};

use crate::letters::letter_index;
use crate::text::excerpt;

/// Reads weights of A, C, G, T per position from a tab-separated table, plain or gzip. Its header
/// names the columns A, C, G and T, in any order; other columns and lines that begin with
/// `#` are skipped.
///
/// # Errors
/// If the file cannot be read, a column is missing or there twice, or a value is no finite number.
pub fn read_weights(path: &Path) -> Result<Vec<[f64; 4]>> {
    let mut columns: Option<[usize; 4]> = None;
    let mut rows = Vec::new();
    table::each_row(path, |number, fields| {
        let Some(columns) = columns else {
            columns = Some(header(path, number, fields)?);
            return Ok(());
        };
        let mut row = [0.0; 4];
        for (value, column) in row.iter_mut().zip(columns) {
            let field = fields.get(column).copied().unwrap_or("");
            let read = field.parse().ok().filter(|value: &f64| value.is_finite());
            *value = read.ok_or_else(|| {
                Error::input(
                    path,
                    Place::Line(number),
                    format!("a number in column {}", column + 1),
                    format!("{:?}", excerpt(field)),
                )
            })?;
        }
        rows.push(row);
        Ok(())
    })?;
    if rows.is_empty() {
        return Err(Error::input(
            path,
            Place::File,
            "a header with A, C, G and T and a row for each position",
            "none",
        ));
    }
    Ok(rows)
}

/// Where A, C, G and T are.
fn header(path: &Path, number: u64, fields: &[&str]) -> Result<[usize; 4]> {
    let mut columns = [None; 4];
    for (column, field) in fields.iter().enumerate() {
        let base = match field.as_bytes() {
            &[letter] => letter_index(letter),
            _ => None,
        };
        if let Some(base) = base
            && columns[base].replace(column).is_some()
        {
            return Err(Error::input(
                path,
                Place::Line(number),
                "one column for each of A, C, G, T",
                format!("a second column {field}"),
            ));
        }
    }
    match columns {
        [Some(a), Some(c), Some(g), Some(t)] => Ok([a, c, g, t]),
        _ => Err(Error::input(
            path,
            Place::Line(number),
            "a header with the columns A, C, G and T, separated by tabs",
            format!("{:?}", excerpt(&fields.join(" "))),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<[f64; 4]>> {
        let directory = tempfile::tempdir().expect("temporary directory");
        let path = directory.path().join("w.tsv");
        std::fs::write(&path, text).expect("written");
        read_weights(&path)
    }

    #[test]
    fn columns_in_any_order_beside_others() {
        let rows = read("# x\nposition\tT\tG\tC\tA\n1\t4\t3\t-2\t1e-3\n").expect("valid");
        assert_eq!(rows, [[0.001, -2.0, 3.0, 4.0]]);
        let fault = |text: &str| read(text).expect_err("a fault").to_string();
        assert!(
            fault("A\tC\tG\n").contains("line 1: expected a header with the columns A, C, G and T")
        );
        assert!(fault("A\tC\tG\tT\tU\n").contains("found a second column U"));
        assert!(
            fault("A\tC\tG\tT\n1\t2\t3\n")
                .contains("line 2: expected a number in column 4, found \"\"")
        );
        assert!(fault("A\tC\tG\tT\n1\t2\tinf\t1\n").contains("column 3"));
        assert!(fault("A\tC\tG\tT\n").contains("a row for each position"));
    }
}
