//! What jobs leave, in words.

mod binding;
mod experiment;
mod filters;
mod motif;
mod protein;
mod selection;

use std::io::{self, Write};

use crate::data::{counted, thousands};

/// A count of something with its noun, where there is any: `1,234 proteins what`.
fn any(count: usize, noun: &str, what: &str) -> Option<String> {
    (count > 0).then(|| format!("{} {what}", counted(count as u64, noun)))
}

/// A count in a column of its own.
fn row(count: u64, what: &str) -> String {
    format!("{:>12}  {what}", thousands(count))
}

/// Writes rows in columns of one width, those of `numbers` flush right.
fn align<const N: usize>(
    rows: &[[String; N]],
    numbers: &[usize],
    out: &mut dyn Write,
) -> io::Result<()> {
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.max().unwrap_or(0)
    };
    let widths: [usize; N] = std::array::from_fn(width);
    for row in rows {
        let mut line = String::new();
        for (column, (cell, width)) in row.iter().zip(widths).enumerate() {
            line += &if numbers.contains(&column) {
                format!("{cell:>width$}  ")
            } else {
                format!("{cell:<width$}  ")
            };
        }
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}
