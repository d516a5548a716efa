//! Tables of tab-separated columns, plain or compressed: the one reader and writer of them.
//!
//! Empty lines and lines that begin with `#` are skipped; blanks around fields are trimmed, and so
//! are the quotes that R's `write.table` puts around them. (Why not `csv`: ARCHITECTURE.md, "Own readers".)

use std::io::{self, Write};
use std::path::Path;

use crate::error::{Error, Place, Result};
use crate::input::{self, Lines};
use crate::kind::{self, FileKind};

/// Reads a table row by row.
///
/// ```
/// use bindscape_base::table::Table;
///
/// # let folder = tempfile::tempdir().expect("a temporary directory");
/// # let path = folder.path().join("labels.tsv");
/// std::fs::write(&path, "# of a lab\nid\tclass\nP41235\tzinc_finger\n").expect("written");
/// let mut table = Table::open(&path)?;
/// let mut classes = Vec::new();
/// while let Some(row) = table.next()? {
///     classes.push((row.line, row.fields[1].to_owned()));
/// }
/// assert_eq!(classes, [(2, "class".to_owned()), (3, "zinc_finger".to_owned())]);
/// # Ok::<(), bindscape_base::Error>(())
/// ```
pub struct Table<'a> {
    lines: Lines,
    path: &'a Path,
    /// The row that is read.
    text: String,
    line: u64,
}

/// A row of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row<'a> {
    /// Its line in the file, counted from 1.
    pub line: u64,
    /// Its fields.
    pub fields: Vec<&'a str>,
}

impl<'a> Table<'a> {
    /// Opens the table at `path`; `-` is standard input.
    ///
    /// # Errors
    /// As [`Lines::open`]; if it is a file of another kind.
    pub fn open(path: &'a Path) -> Result<Self> {
        kind::expect_text(
            path,
            "a table of columns separated by tabs",
            &[FileKind::Bed, FileKind::Gff],
        )?;
        Ok(Self {
            lines: Lines::open(path)?,
            path,
            text: String::new(),
            line: 0,
        })
    }

    /// The next row, its header among them.
    ///
    /// # Errors
    /// If the file cannot be read, a row is not in UTF-8, or lines end as on old Macs.
    #[expect(
        clippy::should_implement_trait,
        reason = "a row borrows from the table, which an iterator cannot say"
    )]
    pub fn next(&mut self) -> Result<Option<Row<'_>>> {
        loop {
            let Some((line, bytes)) = self.lines.next()? else {
                return Ok(None);
            };
            if bytes.trim_ascii().is_empty() || bytes.starts_with(b"#") {
                continue;
            }
            let text = std::str::from_utf8(bytes).map_err(|_| {
                Error::input(self.path, Place::Line(line), "text in UTF-8", "other bytes")
                    .hint(input::TO_UTF8)
            })?;
            self.line = line;
            self.text.clear();
            self.text.push_str(text);
            break;
        }
        Ok(Some(Row {
            line: self.line,
            fields: fields(&self.text).collect(),
        }))
    }
}

/// The fields of a row, as [`Table::next`] has them.
pub fn fields(row: &str) -> impl Iterator<Item = &str> {
    row.split('\t').map(unquoted)
}

/// The text of a field without the blanks around it and the quotes that R's `write.table` puts
/// there. A field with further quotes stays as it is.
fn unquoted(field: &str) -> &str {
    let field = field.trim();
    let inner = field
        .strip_prefix('"')
        .and_then(|field| field.strip_suffix('"'));
    match inner {
        Some(inner) if !inner.contains('"') => inner.trim(),
        _ => field,
    }
}

/// Calls `row` with the line number, counted from 1, and the fields of every row of the table at
/// `path`, its header among them.
///
/// # Errors
/// As [`Table::open`] and [`Table::next`]; those of `row`.
pub fn each_row(path: &Path, mut row: impl FnMut(u64, &[&str]) -> Result<()>) -> Result<()> {
    let mut table = Table::open(path)?;
    while let Some(next) = table.next()? {
        row(next.line, &next.fields)?;
    }
    Ok(())
}

/// Writes a row: fields separated by tabs, ended by LF. A tab or an end of line within a field,
/// which would shift what follows, becomes a blank.
///
/// # Errors
/// If `out` cannot be written.
pub fn write_row<'a>(
    out: &mut impl Write,
    fields: impl IntoIterator<Item = &'a str>,
) -> io::Result<()> {
    for (place, field) in fields.into_iter().enumerate() {
        if place > 0 {
            out.write_all(b"\t")?;
        }
        if field.contains(['\t', '\n', '\r']) {
            out.write_all(field.replace(['\t', '\n', '\r'], " ").as_bytes())?;
        } else {
            out.write_all(field.as_bytes())?;
        }
    }
    out.write_all(b"\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &[u8]) -> Result<Vec<(u64, String)>> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.tsv");
        std::fs::write(&path, text).unwrap();
        let mut rows = Vec::new();
        each_row(&path, |line, fields| {
            rows.push((line, fields.join("|")));
            Ok(())
        })?;
        Ok(rows)
    }

    #[test]
    fn rows_have_their_lines_and_trimmed_fields() {
        let text = b"# note\na\tb \n\n  \n\"c\t\" d\"\te\r\n#x\n\"a \"\"b\"\"\"\t\"\"\t\"";
        let expected = [(2, "a|b"), (5, "\"c|d|e"), (7, "\"a \"\"b\"\"\"||\"")];
        assert_eq!(
            rows(text).unwrap(),
            expected.map(|(line, text)| (line, text.to_owned()))
        );
        assert!(rows(b"").unwrap().is_empty());
    }

    #[test]
    fn other_bytes_and_old_line_ends_are_named() {
        let error = rows(b"a\tb\n\xff\tc\n").unwrap_err();
        assert!(error.advice().unwrap().contains("iconv"));
        let error = error.to_string();
        assert!(
            error.ends_with("t.tsv, line 2: expected text in UTF-8, found other bytes"),
            "{error}"
        );
        let error = rows(b"a\tb\rc\td\r").unwrap_err();
        assert!(error.to_string().contains("old Macs"), "{error}");
        assert!(error.advice().unwrap().contains("tr '\\r'"));
    }

    #[test]
    fn what_is_written_has_one_row_a_line() {
        let mut out = Vec::new();
        write_row(&mut out, ["id", "a \"quoted\" name"]).unwrap();
        write_row(&mut out, ["x", "", "two\nlines\tand a tab"]).unwrap();
        assert_eq!(out, b"id\ta \"quoted\" name\nx\t\ttwo lines and a tab\n");
    }
}
