//! Compressed text in blocks of their own, as `bgzip` writes it (SAM specification, section 4.1):
//! any program reads it as gzip, and tabix can index it.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use flate2::{Compression, Crc};

use crate::atomic::AtomicFile;
use crate::error::{Error, Result};

/// The end-of-file block.
pub const END: [u8; 28] = [
    0x1f, 0x8b, 0x08, 0x04, 0, 0, 0, 0, 0, 0xff, 0x06, 0, 0x42, 0x43, 0x02, 0, 0x1b, 0, 0x03, 0, 0,
    0, 0, 0, 0, 0, 0, 0,
];

/// Bytes of text in a block, as in `bgzip`: compressed, even what cannot be made smaller stays
/// below the format's limit of 64 KiB.
const BLOCK: usize = 0xff00;

/// Bytes of a block before its data.
const HEADER: usize = 18;

/// Writes blocks to `inner`. [`Writer::finish`] completes the file.
///
/// ```
/// use std::io::Write;
///
/// let mut writer = bindscape_base::bgzf::Writer::new(Vec::new());
/// writer.write_all(b"chr1\t0\t200\n")?;
/// let bytes = writer.finish()?;
/// assert!(bytes.ends_with(&bindscape_base::bgzf::END));
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Writer<W> {
    inner: W,
    text: Vec<u8>,
    block: Vec<u8>,
}

impl<W: Write> Writer<W> {
    /// A writer of an empty file.
    pub fn new(inner: W) -> Self {
        Self {
            inner,
            text: Vec::with_capacity(BLOCK),
            block: Vec::new(),
        }
    }

    /// Writes what is left and the end-of-file block, and gives the inner writer back.
    ///
    /// # Errors
    /// If the inner writer fails.
    pub fn finish(mut self) -> io::Result<W> {
        self.flush_block()?;
        self.inner.write_all(&END)?;
        Ok(self.inner)
    }

    fn flush_block(&mut self) -> io::Result<()> {
        if self.text.is_empty() {
            return Ok(());
        }
        let mut crc = Crc::new();
        crc.update(&self.text);
        self.block.clear();
        self.block.extend_from_slice(&END[..HEADER]);
        let mut encoder = flate2::write::DeflateEncoder::new(
            std::mem::take(&mut self.block),
            Compression::default(),
        );
        encoder.write_all(&self.text)?;
        self.block = encoder.finish()?;
        self.block.extend_from_slice(&crc.sum().to_le_bytes());
        // A block holds at most 64 KiB of text.
        let length = u32::try_from(self.text.len()).expect("at most 64 KiB");
        self.block.extend_from_slice(&length.to_le_bytes());
        let size = u16::try_from(self.block.len() - 1)
            .map_err(|_| io::Error::other("a block of bgzip above 64 KiB"))?;
        self.block[HEADER - 2..HEADER].copy_from_slice(&size.to_le_bytes());
        self.inner.write_all(&self.block)?;
        self.text.clear();
        Ok(())
    }
}

impl<W: Write> Write for Writer<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = bytes.len().min(BLOCK - self.text.len());
        self.text.extend_from_slice(&bytes[..count]);
        if self.text.len() == BLOCK {
            self.flush_block()?;
        }
        Ok(count)
    }

    /// Does nothing: a block is written when it is full or at the end.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A text file that appears once it is whole; in blocks if its name ends in `.gz` or `.bgz`.
pub struct TextFile {
    path: PathBuf,
    sink: Sink,
}

/// The name of a file without the `.gz` or `.bgz` of a compressed one, in letters of any case, and
/// whether it had one.
#[must_use]
pub fn split_ending(name: &str) -> (&str, bool) {
    match name.rsplit_once('.') {
        Some((stem, ending))
            if ["gz", "bgz"]
                .iter()
                .any(|gz| ending.eq_ignore_ascii_case(gz)) =>
        {
            (stem, true)
        }
        _ => (name, false),
    }
}

enum Sink {
    Plain(AtomicFile),
    Blocks(Box<Writer<AtomicFile>>),
}

impl TextFile {
    /// Starts the file `path`.
    ///
    /// # Errors
    /// As [`AtomicFile::create`].
    pub fn create(path: &Path) -> Result<Self> {
        let file = AtomicFile::create(path)?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let sink = if split_ending(&name).1 {
            Sink::Blocks(Box::new(Writer::new(file)))
        } else {
            Sink::Plain(file)
        };
        Ok(Self {
            path: path.to_path_buf(),
            sink,
        })
    }

    /// Makes the file appear at its place.
    ///
    /// # Errors
    /// As [`AtomicFile::commit`], or if the last block cannot be written.
    pub fn commit(self) -> Result<()> {
        match self.sink {
            Sink::Plain(file) => file.commit(),
            Sink::Blocks(writer) => writer
                .finish()
                .map_err(|source| Error::io("write", &self.path, source))?
                .commit(),
        }
    }
}

/// Writes the text file `path` at once.
///
/// # Errors
/// If it cannot be written.
pub fn write_text(path: &Path, text: &str) -> Result<()> {
    let mut file = TextFile::create(path)?;
    file.write_all(text.as_bytes())
        .map_err(|source| Error::io("write", path, source))?;
    file.commit()
}

impl Write for TextFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.sink {
            Sink::Plain(file) => file.write(bytes),
            Sink::Blocks(writer) => writer.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.sink {
            Sink::Plain(file) => file.flush(),
            Sink::Blocks(writer) => writer.flush(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn blocks_are_read_as_bgzip_and_as_gzip() {
        let mut state = 1_u64;
        let mut noise = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 56) as u8
        };
        // Nothing, a line, several blocks of text, and bytes that cannot be compressed.
        for text in [
            Vec::new(),
            b"chr1\t0\t200\n".to_vec(),
            b"chr1\t0\t200\n".repeat(20_000),
            (0..150_000).map(|_| noise()).collect(),
        ] {
            let mut writer = Writer::new(Vec::new());
            writer.write_all(&text).unwrap();
            let bytes = writer.finish().unwrap();
            let (mut bgzf, mut gzip) = (Vec::new(), Vec::new());
            noodles_bgzf::io::Reader::new(&bytes[..])
                .read_to_end(&mut bgzf)
                .unwrap();
            flate2::read::MultiGzDecoder::new(&bytes[..])
                .read_to_end(&mut gzip)
                .unwrap();
            assert!(bgzf == text && gzip == text);
            assert_eq!(&bytes[12..14], b"BC");
            assert!(bytes.ends_with(&END));
        }
    }

    #[test]
    fn the_name_says_whether_a_text_file_is_compressed() {
        let directory = tempfile::tempdir().unwrap();
        for (name, parts) in [
            ("a.bed.gz", ("a.bed", true)),
            ("A.BED.BGZ", ("A.BED", true)),
            ("a.bed", ("a.bed", false)),
            ("a.gz.bed", ("a.gz.bed", false)),
            ("gz", ("gz", false)),
        ] {
            assert_eq!(split_ending(name), parts);
        }
        for (name, compressed) in [("a.tsv", false), ("a.tsv.gz", true), ("a.bed.BGZ", true)] {
            let path = directory.path().join(name);
            write_text(&path, "tf\tpeaks\n").unwrap();
            let bytes = std::fs::read(&path).unwrap();
            assert_eq!(bytes.ends_with(&END), compressed, "{name}");
            let mut text = String::new();
            std::io::Read::read_to_string(&mut crate::input::open(&path).unwrap(), &mut text)
                .unwrap();
            assert_eq!(text, "tf\tpeaks\n");
        }
    }
}
