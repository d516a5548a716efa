//! Python pickles of plain dictionaries: TF or cell to number, and region
//! `(chrom, start, end)` to number, as the published binding matrices come with.
//!
//! A pickle is a program for a small machine (Python's `pickletools` documents
//! it), and one from a stranger can run anything in Python. The machine here has
//! only the instructions that build dictionaries, tuples, text and integers;
//! every other one is refused by name. Values are numbers into flat tables, so
//! that nothing nests, and memory grows at most in proportion to the input.

pub(crate) mod machine;

use std::io::{self, BufRead, Write};
use std::path::Path;

use self::machine::{Dialect, Loaded, Value};
use bindscape_base::error::{Error, Place, Result};
use bindscape_genome::region::Regions;

/// Reads a dictionary of names (TFs, cells) to the numbers 0, 1, 2…; the names
/// come back in the order of their numbers. `path` names the input in messages.
///
/// # Errors
/// If the pickle holds anything else, is truncated, or uses an instruction that
/// is not needed for it.
pub fn read_names(reader: impl BufRead, path: &Path) -> Result<Vec<String>> {
    let loaded = machine::run(reader, path, Dialect::Plain)?;
    let entries = dictionary(&loaded, path, "names")?;
    let mut names = vec![None; entries.len()];
    for &(key, number) in entries {
        let Value::Text(text) = key else {
            return Err(wrong_entry(path, "names as keys", key));
        };
        *slot(&mut names, number, path)? = Some(loaded.texts[text as usize].clone());
    }
    complete(names, path)
}

/// Reads a dictionary of regions `(chrom, start, end)` to the numbers 0, 1, 2…;
/// the regions come back in the order of their numbers.
///
/// # Errors
/// As [`read_names`]; and if a region is reversed or not below 2^32.
pub fn read_regions(reader: impl BufRead, path: &Path) -> Result<Regions> {
    let loaded = machine::run(reader, path, Dialect::Plain)?;
    let entries = dictionary(&loaded, path, "regions")?;
    let mut spans = vec![None; entries.len()];
    for &(key, number) in entries {
        let span = match key {
            Value::Tuple { first, length: 3 } => {
                match loaded.items[first as usize..first as usize + 3] {
                    [
                        Value::Text(chrom),
                        Value::Integer(start),
                        Value::Integer(end),
                    ] => match (u32::try_from(start), u32::try_from(end)) {
                        (Ok(start), Ok(end)) if start < end => Some((chrom, start, end)),
                        _ => None,
                    },
                    _ => None,
                }
            }
            _ => None,
        };
        let Some(span) = span else {
            return Err(wrong_entry(
                path,
                "regions (chrom, start, end) with start < end as keys",
                key,
            ));
        };
        *slot(&mut spans, number, path)? = Some(span);
    }
    let spans = complete(spans, path)?;
    let mut regions = Regions::new();
    for (chrom, start, end) in spans {
        regions.push(&loaded.texts[chrom as usize], start, end);
    }
    Ok(regions)
}

/// Writes the dictionary that [`read_names`] reads, in protocol 3.
///
/// # Errors
/// If `out` cannot be written.
pub fn write_names<'a>(
    out: &mut impl Write,
    names: impl IntoIterator<Item = &'a str>,
) -> io::Result<()> {
    out.write_all(b"\x80\x03}(")?;
    for (number, name) in names.into_iter().enumerate() {
        write_text(out, name)?;
        write_integer(out, number as u64)?;
    }
    out.write_all(b"u.")
}

/// Writes the dictionary that [`read_regions`] reads, in protocol 3.
///
/// # Errors
/// If `out` cannot be written.
pub fn write_regions(out: &mut impl Write, regions: &Regions) -> io::Result<()> {
    /// Entries that Python has on its stack at a time; its own pickles have 1,000.
    const BATCH: usize = 1000;
    out.write_all(b"\x80\x03}")?;
    let mut written = vec![false; regions.chromosomes().len()];
    for (number, region) in regions.iter().enumerate() {
        if number % BATCH == 0 {
            out.write_all(if number == 0 { b"(" } else { b"u(" })?;
        }
        // A chromosome name is written once and then taken from the memo.
        let chrom = regions.chrom_column()[number];
        if written[chrom as usize] {
            out.write_all(b"j")?;
            out.write_all(&chrom.to_le_bytes())?;
        } else {
            written[chrom as usize] = true;
            write_text(out, region.chrom)?;
            out.write_all(b"r")?;
            out.write_all(&chrom.to_le_bytes())?;
        }
        write_integer(out, region.start.into())?;
        write_integer(out, region.end.into())?;
        out.write_all(b"\x87")?;
        write_integer(out, number as u64)?;
    }
    out.write_all(if regions.is_empty() { b"." } else { b"u." })
}

fn write_text(out: &mut impl Write, text: &str) -> io::Result<()> {
    let length = u32::try_from(text.len()).map_err(|_| io::Error::other("a name beyond 4 GiB"))?;
    out.write_all(b"X")?;
    out.write_all(&length.to_le_bytes())?;
    out.write_all(text.as_bytes())
}

fn write_integer(out: &mut impl Write, value: u64) -> io::Result<()> {
    if let Ok(value) = u8::try_from(value) {
        return out.write_all(&[b'K', value]);
    }
    if let Ok(value) = u16::try_from(value) {
        out.write_all(b"M")?;
        return out.write_all(&value.to_le_bytes());
    }
    if let Ok(value) = i32::try_from(value) {
        out.write_all(b"J")?;
        return out.write_all(&value.to_le_bytes());
    }
    // Nine bytes, so that the highest bit is never taken for a sign.
    out.write_all(b"\x8a\x09")?;
    out.write_all(&value.to_le_bytes())?;
    out.write_all(b"\0")
}

fn dictionary<'a>(loaded: &'a Loaded, path: &Path, of: &str) -> Result<&'a [(Value, Value)]> {
    match loaded.root {
        Value::Dictionary(number) => Ok(&loaded.dictionaries[number as usize]),
        other => Err(Error::input(
            path,
            Place::File,
            format!("a pickled dictionary of {of} to numbers"),
            other.kind(),
        )),
    }
}

fn wrong_entry(path: &Path, expected: &str, found: Value) -> Error {
    Error::input(path, Place::File, expected, found.kind())
        .hint("are the pickles of regions and TFs interchanged?")
}

/// The slot of a dictionary's value, which is free if the values are 0, 1, 2… each once.
fn slot<'a, T>(
    slots: &'a mut [Option<T>],
    number: Value,
    path: &Path,
) -> Result<&'a mut Option<T>> {
    let count = slots.len();
    let place = match number {
        Value::Integer(number) => usize::try_from(number).ok(),
        _ => None,
    };
    place
        .and_then(|place| slots.get_mut(place))
        .filter(|slot| slot.is_none())
        .ok_or_else(|| {
            Error::input(
                path,
                Place::File,
                format!("the numbers 0 to {} once each as values", count.max(1) - 1),
                match number {
                    Value::Integer(number) => format!("{number}"),
                    other => other.kind().to_owned(),
                },
            )
        })
}

fn complete<T>(slots: Vec<Option<T>>, path: &Path) -> Result<Vec<T>> {
    slots
        .into_iter()
        .collect::<Option<Vec<T>>>()
        .ok_or_else(|| {
            // Every slot was filled once, or an error came before.
            Error::input(path, Place::File, "one number per entry", "a gap")
        })
}

#[cfg(test)]
mod tests;
