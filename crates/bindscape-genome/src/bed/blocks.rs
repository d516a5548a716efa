//! A file in blocks of whole lines, read by one thread and worked on by all.

use std::io::{BufRead, Read};
use std::path::Path;

use rayon::prelude::*;

use bindscape_base::error::{Error, Place, Result};
use bindscape_base::input;
use bindscape_base::progress;
use bindscape_base::progress::Progress;

/// Bytes per block: some ten thousand lines, small enough for the last-level cache.
const BLOCK: usize = 1 << 20;

/// A line longer than this is no line of a text table.
const LONGEST_LINE: usize = 64 << 20;

/// Whole lines of a file.
pub struct Block {
    bytes: Vec<u8>,
    /// Number of the first line, counted from 1.
    first_line: u64,
}

impl Block {
    /// The lines with their numbers, without line ends (`\n` or `\r\n`); of a line that ends as
    /// on old Macs, the number alone.
    pub fn lines(&self) -> impl Iterator<Item = (u64, Option<&[u8]>)> {
        let mut rest = &self.bytes[..];
        let mut number = self.first_line;
        let carriage_returns = memchr::memchr(b'\r', rest).is_some();
        std::iter::from_fn(move || {
            if rest.is_empty() {
                return None;
            }
            let (line, after) = match memchr::memchr(b'\n', rest) {
                Some(end) => (&rest[..end], &rest[end + 1..]),
                None => (rest, &rest[rest.len()..]),
            };
            rest = after;
            let this = number;
            number += 1;
            let text = if carriage_returns {
                input::line_text(line)
            } else {
                Some(line)
            };
            Some((this, text))
        })
    }

    /// The whole of a text as one block.
    #[cfg(test)]
    pub fn of(text: &str) -> Self {
        Self {
            bytes: text.as_bytes().to_vec(),
            first_line: 1,
        }
    }
}

/// Calls `work` on the blocks of `path` in parallel and `merge` on its results in file order.
///
/// Reading and decompressing the next blocks overlaps with the work on the
/// current ones. At most `4 * threads` blocks are in memory.
///
/// # Errors
/// The first error in file order, whatever the number of threads.
pub fn for_each_block<T: Send>(
    path: &Path,
    progress: &dyn Progress,
    work: impl Fn(&Block) -> Result<T> + Sync,
    mut merge: impl FnMut(T) -> Result<()>,
) -> Result<()> {
    let mut reader = BlockReader::open(path)?;
    let per_batch = 2 * rayon::current_num_threads();
    let mut batch = reader.batch(per_batch)?;
    while !batch.is_empty() {
        progress::check(progress)?;
        let (next, done) = rayon::join(
            || reader.batch(per_batch),
            || batch.par_iter().map(&work).collect::<Vec<_>>(),
        );
        for result in done {
            merge(result?)?;
        }
        reader.spare.append(&mut batch);
        batch = next?;
    }
    Ok(())
}

struct BlockReader<'a> {
    path: &'a Path,
    reader: Box<dyn BufRead + Send>,
    next_line: u64,
    /// The beginning of a line whose end is still to be read.
    tail: Vec<u8>,
    ended: bool,
    /// Blocks whose memory can be used again.
    spare: Vec<Block>,
}

impl<'a> BlockReader<'a> {
    fn open(path: &'a Path) -> Result<Self> {
        super::check_kind(path)?;
        Ok(Self {
            path,
            reader: input::open(path)?,
            next_line: 1,
            tail: Vec::new(),
            ended: false,
            spare: Vec::new(),
        })
    }

    fn batch(&mut self, blocks: usize) -> Result<Vec<Block>> {
        let mut batch = Vec::new();
        while batch.len() < blocks
            && let Some(block) = self.block()?
        {
            batch.push(block);
        }
        Ok(batch)
    }

    fn block(&mut self) -> Result<Option<Block>> {
        if self.ended {
            return Ok(None);
        }
        let mut bytes = self
            .spare
            .pop()
            .map(|block| block.bytes)
            .unwrap_or_default();
        bytes.clear();
        bytes.append(&mut self.tail);
        let mut searched = 0;
        loop {
            let wanted = BLOCK as u64;
            let read = self
                .reader
                .by_ref()
                .take(wanted)
                .read_to_end(&mut bytes)
                .map_err(|source| input::read_error(self.path, source))?;
            if (read as u64) < wanted {
                self.ended = true;
                break;
            }
            if let Some(end) = memchr::memrchr(b'\n', &bytes[searched..]) {
                self.tail.extend_from_slice(&bytes[searched + end + 1..]);
                bytes.truncate(searched + end + 1);
                break;
            }
            searched = bytes.len();
            if searched > LONGEST_LINE {
                return Err(Error::input(
                    self.path,
                    Place::Line(self.next_line),
                    "a text file with lines",
                    format!("more than {LONGEST_LINE} bytes without a line end"),
                ));
            }
        }
        if bytes.is_empty() {
            return Ok(None);
        }
        let first_line = self.next_line;
        self.next_line += memchr::memchr_iter(b'\n', &bytes).count() as u64;
        Ok(Some(Block { bytes, first_line }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bindscape_base::progress::Silent;

    #[test]
    fn every_line_comes_once_with_its_number() {
        // Lines that straddle blocks, one longer than a block, and no line end at the end.
        let mut text = String::new();
        for line in 1..=200_000u32 {
            text.push_str(&line.to_string());
            text.push_str(if line % 3 == 0 { "\r\n" } else { "\n" });
        }
        text.push_str(&"x".repeat(3 * BLOCK));
        text.push_str("\nlast");
        let file = tempfile::NamedTempFile::new().expect("temporary file");
        std::fs::write(file.path(), &text).expect("written");
        let mut seen = 0;
        let mut last = Vec::new();
        for_each_block(
            file.path(),
            &Silent,
            |block| {
                Ok(block
                    .lines()
                    .map(|(number, line)| (number, line.expect("LF or CR LF").to_vec()))
                    .collect::<Vec<_>>())
            },
            |lines| {
                for (number, line) in lines {
                    seen += 1;
                    assert_eq!(number, seen);
                    if number <= 200_000 {
                        assert_eq!(line, number.to_string().as_bytes());
                    }
                    last = line;
                }
                Ok(())
            },
        )
        .expect("read");
        assert_eq!(seen, 200_002);
        assert_eq!(last, b"last");
        assert_eq!(Block::of("a\nb").lines().count(), 2);
        let old = Block::of("a\r\nb\rc\r");
        let old: Vec<_> = old.lines().collect();
        assert_eq!(old, [(1, Some(&b"a"[..])), (2, None)]);
    }
}
