//! Ranges of bytes of a plain file, or of what a bgzip file holds.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;

use super::index::with_extension;
use bindscape_base::error::{Error, Place, Result};
use bindscape_base::input;

/// Bytes by position; neighbouring requests are served from memory.
pub(super) struct Bytes {
    path: PathBuf,
    source: Source,
    buffer: Vec<u8>,
}

enum Source {
    Plain {
        file: BufReader<File>,
        position: u64,
        length: u64,
    },
    Bgzip(Blocks),
}

/// A bgzip file with the places of its blocks.
struct Blocks {
    file: File,
    /// Place of each block in the file and in the text; then that of the end of
    /// the file, with the largest possible place in the text.
    places: Vec<(u64, u64)>,
    /// The block in memory.
    current: usize,
    text: Vec<u8>,
}

impl Bytes {
    pub(super) fn plain(path: &Path, file: File, length: u64) -> Self {
        Self {
            path: path.to_path_buf(),
            source: Source::Plain {
                // The position is unknown until the first seek.
                file: BufReader::with_capacity(1 << 16, file),
                position: u64::MAX,
                length,
            },
            buffer: Vec::new(),
        }
    }

    /// `None` if there is no index `path.gzi`.
    pub(super) fn bgzip(path: &Path, file: File, length: u64) -> Result<Option<Self>> {
        let index = with_extension(path, "gzi");
        let bytes = match std::fs::read(&index) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Error::io("read", &index, error)),
        };
        let places = parse_gzi(&bytes, length).ok_or_else(|| {
            Error::input(
                &index,
                Place::File,
                "the block index of the bgzip file beside it",
                "another or a corrupted one",
            )
            .hint("run `bgzip -r` or `samtools faidx` again")
        })?;
        Ok(Some(Self {
            path: path.to_path_buf(),
            source: Source::Bgzip(Blocks {
                file,
                current: usize::MAX,
                places,
                text: Vec::new(),
            }),
            buffer: Vec::new(),
        }))
    }

    /// Number of bytes, where it is known without reading.
    pub(super) fn length(&self) -> Option<u64> {
        match &self.source {
            Source::Plain { length, .. } => Some(*length),
            Source::Bgzip(_) => None,
        }
    }

    /// The bytes `[from, to)`, fewer if the source ends before.
    pub(super) fn read(&mut self, from: u64, to: u64) -> Result<&[u8]> {
        self.buffer.clear();
        match &mut self.source {
            Source::Plain { file, position, .. } => {
                let mut read = || -> io::Result<u64> {
                    match (i64::try_from(from), i64::try_from(*position)) {
                        // Stays within the buffer where it can.
                        (Ok(to), Ok(at)) => file.seek_relative(to - at)?,
                        _ => {
                            file.seek(SeekFrom::Start(from))?;
                        }
                    }
                    let count = file.take(to - from).read_to_end(&mut self.buffer)?;
                    Ok(from + count as u64)
                };
                *position = read().map_err(|source| Error::io("read", &self.path, source))?;
            }
            Source::Bgzip(blocks) => {
                let mut from = from;
                while from < to {
                    let text = blocks.containing(from).map_err(|source| {
                        input::read_error(&self.path, source).hint(
                            "either the file is damaged, which `gzip -t` tells, or its .gzi \
                                 is that of another file: run `bgzip -r` again",
                        )
                    })?;
                    let count = (text.len() as u64).min(to - from) as usize;
                    if count == 0 {
                        break;
                    }
                    self.buffer.extend_from_slice(&text[..count]);
                    from += count as u64;
                }
            }
        }
        Ok(&self.buffer)
    }
}

impl Blocks {
    /// The text from `position` to the end of its block.
    fn containing(&mut self, position: u64) -> io::Result<&[u8]> {
        let block = self.places.partition_point(|place| place.1 <= position) - 1;
        if block + 1 == self.places.len() {
            return Ok(&[]);
        }
        let (from, start) = self.places[block];
        if block != self.current {
            let (to, end) = self.places[block + 1];
            self.current = usize::MAX;
            self.text.clear();
            self.file.seek(SeekFrom::Start(from))?;
            // A false index must not lead to an endless text; one byte more than
            // the block holds makes the decoder verify its checksum.
            let limit = (end - start).min(1 << 32) + 1;
            MultiGzDecoder::new((&self.file).take(to - from))
                .take(limit)
                .read_to_end(&mut self.text)?;
            if end != u64::MAX && self.text.len() as u64 != end - start {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    "a block of another size than the .gzi index says",
                ));
            }
            self.current = block;
        }
        Ok(self
            .text
            .get((position - start) as usize..)
            .unwrap_or_default())
    }
}

/// A `.gzi`: the number of blocks after the first, then the place of each in the
/// file and in the text, all 64-bit, little-endian.
fn parse_gzi(bytes: &[u8], length: u64) -> Option<Vec<(u64, u64)>> {
    let mut numbers = bytes
        .chunks_exact(8)
        .map(|chunk| u64::from_le_bytes(chunk.try_into().expect("chunks of eight bytes")));
    let count = usize::try_from(numbers.next()?).ok()?;
    if bytes.len() != count.checked_mul(16)?.checked_add(8)? {
        return None;
    }
    let mut places = vec![(0, 0)];
    while let (Some(file), Some(text)) = (numbers.next(), numbers.next()) {
        let last = places[places.len() - 1];
        // `bgzip -r` lists the empty end-of-file block too.
        if file <= last.0 || text < last.1 || file >= length {
            return None;
        }
        places.push((file, text));
    }
    places.push((length, u64::MAX));
    Some(places)
}
