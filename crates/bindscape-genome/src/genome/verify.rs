//! Whether an index is that of the FASTA file beside it.
//!
//! An index tells where to read, and what lies there looks like any sequence. A file that changed
//! after it was indexed (a longer header, another release) would be read a few bases off, or on
//! another chromosome, without an error. So for every sequence: its name stands in the header
//! before its first base, its first line ends where the index says, and after its last base comes
//! another header or the end of the file.

use std::collections::HashSet;

use super::bytes::Bytes;
use super::index::{Entry, Index};
use bindscape_base::error::Result;
use bindscape_base::input::BYTE_ORDER_MARK;

/// Bytes read before the first base of a sequence in search of its header, at first and at most.
const HEADER: (u64, u64) = (256, 1 << 20);

/// Bytes read after the last base of a sequence.
const AFTER: u64 = 1024;

/// Checks all sequences of `index`. Gives the names of sequences that follow one of them and that
/// the index lacks.
///
/// # Errors
/// If the index is not the file's, or the file cannot be read.
pub(super) fn verify(index: &Index, bytes: &mut Bytes) -> Result<Vec<String>> {
    let known: HashSet<&str> = index.entries.iter().map(|entry| &*entry.name).collect();
    let mut order: Vec<&Entry> = index.entries.iter().collect();
    // Blocks of a compressed file are kept one at a time.
    order.sort_by_key(|entry| entry.offset);
    let mut unlisted = Vec::new();
    for entry in order {
        if let Some(found) = header_fault(entry, bytes)? {
            return Err(index.foreign(&found));
        }
        if entry.length == 0 {
            continue;
        }
        if let Some(found) = first_line_fault(entry, bytes)? {
            return Err(index.foreign(&found));
        }
        match after(entry, bytes)? {
            After::End => {}
            After::Header(name) if known.contains(&*name) => {}
            After::Header(name) => unlisted.push(name),
            After::Other => {
                return Err(index.foreign(&format!(
                    "{} bases of {:?}, after which neither another sequence nor the end of the \
                     file comes",
                    entry.length, entry.name
                )));
            }
        }
    }
    Ok(unlisted)
}

/// What stands in place of the header of `entry` before its first base.
fn header_fault(entry: &Entry, bytes: &mut Bytes) -> Result<Option<String>> {
    let at = entry.offset;
    let other = |found: String| {
        Ok(Some(format!(
            "{:?} at byte {at}, where the file has {found}",
            entry.name
        )))
    };
    let mut length = HEADER.0.min(at);
    loop {
        let text = bytes.read(at - length, at)?;
        if text.len() as u64 != length {
            return other("its end".into());
        }
        if length > 0 && text.last() != Some(&b'\n') {
            return other("the middle of a line".into());
        }
        // Blank lines may lie between a header and its sequence.
        let text = text.trim_ascii_end();
        let line = match memchr::memrchr(b'\n', text) {
            Some(end) => &text[end + 1..],
            None if length == at => text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text),
            None if length < HEADER.1 => {
                length = (4 * length).min(at);
                continue;
            }
            None => return other("no header".into()),
        };
        let Some(header) = line.strip_prefix(b">") else {
            return other("no header before it".into());
        };
        let name = name_of(header);
        return if name == entry.name {
            Ok(None)
        } else {
            other(format!("a sequence {name:?}"))
        };
    }
}

/// What is wrong with the end of the first line of `entry`.
fn first_line_fault(entry: &Entry, bytes: &mut Bytes) -> Result<Option<String>> {
    let in_line = entry.length.min(entry.line_bases);
    let is_base = |byte: &u8| !byte.is_ascii_whitespace() && *byte != b'>';
    let first = bytes.read(entry.offset, entry.offset + 1)?.first().copied();
    let last = entry.offset + in_line - 1;
    let end = bytes.read(last, entry.offset + entry.line_bytes.max(in_line))?;
    let bases = first.as_ref().is_some_and(is_base) && end.first().is_some_and(is_base);
    let ended = entry.length <= entry.line_bases
        || (end.last() == Some(&b'\n') && end[1..].iter().all(u8::is_ascii_whitespace));
    Ok((!bases || !ended).then(|| {
        format!(
            "lines of {} bases in {} bytes for {:?}, which has others",
            entry.line_bases, entry.line_bytes, entry.name
        )
    }))
}

/// What comes after the last base of a sequence.
enum After {
    End,
    Header(String),
    Other,
}

fn after(entry: &Entry, bytes: &mut Bytes) -> Result<After> {
    let from = entry.offset_of(entry.length - 1) + 1;
    let text = bytes.read(from, from + AFTER)?;
    let rest = text.trim_ascii_start();
    let broken = text.first().is_none_or(|byte| byte.is_ascii_whitespace());
    Ok(match rest.strip_prefix(b">") {
        _ if !broken => After::Other,
        Some(header) => After::Header(name_of(header)),
        None if rest.is_empty() => After::End,
        None => After::Other,
    })
}

/// The header up to the first blank.
fn name_of(header: &[u8]) -> String {
    let end = header.iter().position(u8::is_ascii_whitespace);
    String::from_utf8_lossy(&header[..end.unwrap_or(header.len())]).into_owned()
}
