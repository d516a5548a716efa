//! Opening text inputs: plain, gzip (several members too) and bgzip, told
//! apart by their first bytes, and reading them line by line.
//!
//! A download that broke off must never pass for a shorter file without a word. A gzip stream that
//! ends inside a member is an error. A bgzip file without its end-of-file block (SAM specification,
//! section 4.1.2) may have been cut between two blocks, or written by one of the programs that
//! leave the block out; as `htslib` does, it is read, with a warning for whoever runs the job
//! ([`Reading::take_warnings`]).

use std::fs::{File, Metadata};
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

use flate2::bufread::GzDecoder;

use crate::bgzf;
use crate::error::{Error, Place, Result};
pub use crate::kind::BYTE_ORDER_MARK;
use crate::kind::{self, FileKind};
use crate::reading::{Digesting, Identity, Reading};

/// What readers of text want.
const TEXT: &str = "text, plain or compressed with gzip or bgzip";

/// Name under which standard input appears in messages.
const STDIN: &str = "<stdin>";

/// What to do about text in another encoding, which nothing in it names.
pub const TO_UTF8: &str =
    "convert it: `iconv -f WINDOWS-1252 -t UTF-8`, if it was written on Windows in Latin letters";

/// Compressed inputs above this size are decompressed in a thread of their own.
const AHEAD_BYTES: u64 = 1 << 20;

/// Bytes per piece that the decompressing thread hands over.
const PIECE: usize = 1 << 18;

/// The compression of a stream, by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// None.
    Plain,
    /// gzip, one member or several.
    Gzip,
    /// Blocked gzip as written by `bgzip`.
    Bgzip,
}

impl Compression {
    /// Tells the compression from the first 16 bytes (or fewer, of a shorter stream).
    #[must_use]
    pub fn detect(head: &[u8]) -> Self {
        if !head.starts_with(&[0x1f, 0x8b]) {
            Compression::Plain
        } else if head.len() >= 16 && head[3] & 4 != 0 && head[12..16] == bgzf::END[12..16] {
            Compression::Bgzip
        } else {
            Compression::Gzip
        }
    }
}

/// Opens a text file, decompressing it if it is compressed; `-` is standard input.
///
/// # Errors
/// If the file cannot be opened, or is of a compression other than gzip and
/// bgzip. Errors in the middle of the stream come from reading it: pass them
/// to [`read_error`], as [`Lines`] does.
pub fn open(path: impl AsRef<Path>) -> Result<Box<dyn BufRead + Send>> {
    let path = path.as_ref();
    if path == Path::new("-") {
        return from_reader(io::stdin(), path, None);
    }
    let file = File::open(path).map_err(|source| Error::io("read", path, source))?;
    let metadata = file.metadata().ok();
    if metadata.as_ref().is_some_and(Metadata::is_dir) {
        let found = FileKind::of(path).unwrap_or(FileKind::Folder);
        return Err(kind::mistaken(path, TEXT, found));
    }
    let size = metadata.as_ref().map(Metadata::len);
    let is_pipe = metadata
        .as_ref()
        .is_some_and(|metadata| !metadata.is_file());
    if let Some(reading) = Reading::entered().filter(|reading| reading.wants(path, is_pipe))
        && let Some(identity) = metadata.as_ref().and_then(Identity::of)
    {
        return from_reader(Digesting::new(file, reading, path, identity), path, size);
    }
    from_reader(file, path, size)
}

/// Decompresses `reader` if it is compressed. `path` names it in messages;
/// `size` is its size in bytes where that is known.
///
/// # Errors
/// As [`open`].
pub fn from_reader(
    mut reader: impl Read + Send + 'static,
    path: &Path,
    size: Option<u64>,
) -> Result<Box<dyn BufRead + Send>> {
    let mut head = Vec::with_capacity(16);
    reader
        .by_ref()
        .take(16)
        .read_to_end(&mut head)
        .map_err(|source| Error::io("read", display_path(path), source))?;
    refuse_other_formats(&head, path)?;
    let compression = Compression::detect(&head);
    let whole = Cursor::new(skip_byte_order_mark(head)).chain(reader);
    Ok(match compression {
        Compression::Plain => Box::new(BufReader::with_capacity(1 << 18, whole)),
        Compression::Gzip => decompress(BufReader::with_capacity(1 << 16, whole), size),
        Compression::Bgzip => decompress(
            BufReader::with_capacity(1 << 16, EndCheck::new(whole, path)),
            size,
        ),
    })
}

/// A stream whose first bytes are dropped if they are a byte-order mark: that of the text within
/// a compressed file.
struct Unmarked<R> {
    inner: R,
    started: bool,
}

impl<R: BufRead> BufRead for Unmarked<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if !self.started {
            self.started = true;
            // A reader holds more than three bytes at once wherever there are so many.
            if self.inner.fill_buf()?.starts_with(BYTE_ORDER_MARK) {
                self.inner.consume(BYTE_ORDER_MARK.len());
            }
        }
        self.inner.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        self.inner.consume(count);
    }
}

impl<R: BufRead> Read for Unmarked<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if !self.started {
            self.fill_buf()?;
        }
        self.inner.read(out)
    }
}

/// The error of this crate for a failed read from a stream that [`open`] gave.
#[must_use]
pub fn read_error(path: &Path, source: io::Error) -> Error {
    let path = display_path(path);
    if source.kind() == io::ErrorKind::UnexpectedEof {
        return Error::input(
            path,
            Place::File,
            "a complete gzip file",
            format!("a truncated one ({source})"),
        )
        .hint("download or copy the file again; `gzip -t` tells whether it is whole");
    }
    match source.kind() {
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => Error::input(
            path,
            Place::File,
            "intact gzip data",
            format!("corrupted data ({source})"),
        )
        .hint("download or copy the file again; `gzip -t` tells whether it is whole"),
        _ => Error::io("read", path, source),
    }
}

fn display_path(path: &Path) -> &Path {
    if path == Path::new("-") {
        Path::new(STDIN)
    } else {
        path
    }
}

fn refuse_other_formats(head: &[u8], path: &Path) -> Result<()> {
    let found = FileKind::of_bytes(head);
    if found.is_no_text() {
        return Err(kind::mistaken(display_path(path), TEXT, found));
    }
    Ok(())
}

fn skip_byte_order_mark(mut head: Vec<u8>) -> Vec<u8> {
    if head.starts_with(BYTE_ORDER_MARK) {
        head.drain(..BYTE_ORDER_MARK.len());
    }
    head
}

fn decompress(reader: impl BufRead + Send + 'static, size: Option<u64>) -> Box<dyn BufRead + Send> {
    let decoder = Members::new(reader);
    if size.is_some_and(|size| size < AHEAD_BYTES) {
        let inner = BufReader::with_capacity(1 << 16, decoder);
        Box::new(Unmarked {
            inner,
            started: false,
        })
    } else {
        let inner = Ahead::spawn(decoder);
        Box::new(Unmarked {
            inner,
            started: false,
        })
    }
}

/// The text of a gzip stream, member after member. Zeros after the last one, which tapes and
/// some download programs leave, are passed over, as `gzip` does.
struct Members<R> {
    /// `None` once the stream is at its end.
    decoder: Option<GzDecoder<R>>,
}

impl<R: BufRead> Members<R> {
    fn new(reader: R) -> Self {
        Self {
            decoder: Some(GzDecoder::new(reader)),
        }
    }
}

impl<R: BufRead> Read for Members<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while let Some(decoder) = &mut self.decoder {
            let count = decoder.read(out)?;
            if count > 0 || out.is_empty() {
                return Ok(count);
            }
            let mut reader = self.decoder.take().expect("it was there").into_inner();
            let more = next_member(&mut reader)?;
            self.decoder = more.then(|| GzDecoder::new(reader));
        }
        Ok(0)
    }
}

/// Whether another member is left of `reader`, which stands before it then. Other bytes than zeros
/// may be the rest of a damaged file, which must not pass for a shorter one.
fn next_member(reader: &mut impl BufRead) -> io::Result<bool> {
    loop {
        let available = match reader.fill_buf() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            available => available?,
        };
        let zeros = available.iter().take_while(|&&byte| byte == 0).count();
        let more = match &available[zeros..] {
            _ if available.is_empty() => Some(false),
            [] => None,
            [0x1f] | [0x1f, 0x8b, ..] => Some(true),
            _ => {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    "other bytes follow the gzip data",
                ));
            }
        };
        reader.consume(zeros);
        if let Some(more) = more {
            return Ok(more);
        }
    }
}

/// Passes a bgzip stream on, and notes at its end if it lacks the end-of-file block.
struct EndCheck<R> {
    inner: R,
    path: PathBuf,
    /// Told on whose behalf it is read, in whichever thread.
    reading: Option<Reading>,
    last: Vec<u8>,
}

impl<R> EndCheck<R> {
    fn new(inner: R, path: &Path) -> Self {
        Self {
            inner,
            path: display_path(path).to_path_buf(),
            reading: Reading::entered(),
            last: Vec::new(),
        }
    }
}

impl<R: Read> Read for EndCheck<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(out)?;
        if count == 0
            && !out.is_empty()
            && self.last != bgzf::END
            && let Some(reading) = &self.reading
        {
            reading.warn(format!(
                "{} lacks the end-of-file block of bgzip: it was read, but it may have been cut \
                 short; if it is whole, compress it again with `bgzip`",
                self.path.display()
            ));
        }
        let keep = bgzf::END.len();
        if count >= keep {
            self.last.clear();
            self.last.extend_from_slice(&out[count - keep..count]);
        } else {
            self.last.extend_from_slice(&out[..count]);
            let surplus = self.last.len().saturating_sub(keep);
            self.last.drain(..surplus);
        }
        Ok(count)
    }
}

/// A stream that a thread of its own reads ahead, so that decompression and
/// parsing go on side by side.
struct Ahead {
    pieces: Receiver<io::Result<Vec<u8>>>,
    piece: Vec<u8>,
    position: usize,
    ended: bool,
}

impl Ahead {
    fn spawn(mut inner: impl Read + Send + 'static) -> Self {
        let (sender, pieces) = sync_channel(4);
        thread::spawn(move || {
            loop {
                let mut piece = Vec::with_capacity(PIECE);
                let result = inner
                    .by_ref()
                    .take(PIECE as u64)
                    .read_to_end(&mut piece)
                    .map(|_| piece);
                // An empty piece is the end; a receiver that is gone wants no more.
                let last = result.as_ref().map_or(true, Vec::is_empty);
                if sender.send(result).is_err() || last {
                    return;
                }
            }
        });
        Self {
            pieces,
            piece: Vec::new(),
            position: 0,
            ended: false,
        }
    }
}

impl BufRead for Ahead {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.position == self.piece.len() && !self.ended {
            self.position = 0;
            self.piece.clear();
            self.piece = self
                .pieces
                .recv()
                .map_err(|_| io::Error::other("the decompressing thread stopped"))??;
            self.ended = self.piece.is_empty();
        }
        Ok(&self.piece[self.position..])
    }

    fn consume(&mut self, count: usize) {
        self.position += count;
    }
}

impl Read for Ahead {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let count = available.len().min(out.len());
        out[..count].copy_from_slice(&available[..count]);
        self.consume(count);
        Ok(count)
    }
}

/// A line without its line end: what is left of it before `\n` when carriage returns at its end
/// are taken off. `None` if there is one within it: programs on old Macs ended lines so, and what
/// looks like one line is many.
///
/// ```
/// use bindscape_base::input::line_text;
///
/// assert_eq!(line_text(b"chr1\t5\r"), Some(&b"chr1\t5"[..]));
/// assert_eq!(line_text(b"chr1\t5\rchr1\t9\r"), None);
/// ```
#[must_use]
#[inline]
pub fn line_text(line: &[u8]) -> Option<&[u8]> {
    let Some(first) = memchr::memchr(b'\r', line) else {
        return Some(line);
    };
    line[first..]
        .iter()
        .all(|&byte| byte == b'\r')
        .then(|| &line[..first])
}

/// The error for a line of which [`line_text`] is `None`.
#[must_use]
pub fn lone_carriage_return(path: &Path, line: u64) -> Error {
    Error::input(
        path,
        Place::Line(line),
        "lines that end in LF or CR LF",
        "a carriage return within the line, as old Macs end lines",
    )
    .hint("convert it with `tr '\\r' '\\n'`")
}

/// The lines of a text input, without an allocation per line.
pub struct Lines {
    reader: Box<dyn BufRead + Send>,
    path: PathBuf,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    number: u64,
    exhausted: bool,
}

impl Lines {
    /// The lines of the file at `path`, opened by [`open`].
    ///
    /// # Errors
    /// As [`open`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        Ok(Self::new(open(path)?, path))
    }

    /// The lines of `reader`, called `path` in messages.
    #[must_use]
    pub fn new(reader: Box<dyn BufRead + Send>, path: impl AsRef<Path>) -> Self {
        Self {
            reader,
            path: display_path(path.as_ref()).to_path_buf(),
            buffer: vec![0; 1 << 18],
            start: 0,
            end: 0,
            number: 0,
            exhausted: false,
        }
    }

    /// The name of the input in messages.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The next line with its number, counted from 1, without its line end
    /// (`\n` or `\r\n`); `None` at the end of the input.
    ///
    /// # Errors
    /// If the input cannot be read, is truncated, or is corrupted; if lines end as on old Macs
    /// ([`line_text`]).
    #[allow(clippy::should_implement_trait)] // the line borrows from the reader
    #[inline]
    pub fn next(&mut self) -> Result<Option<(u64, &[u8])>> {
        let mut searched = 0;
        let length = loop {
            let available = &self.buffer[self.start..self.end];
            if let Some(at) = memchr::memchr(b'\n', &available[searched..]) {
                break searched + at;
            }
            searched = available.len();
            if self.exhausted {
                if available.is_empty() {
                    return Ok(None);
                }
                break available.len();
            }
            self.fill()?;
        };
        let from = self.start;
        // A last line without a line end leaves nothing to step over.
        self.start = (from + length + 1).min(self.end);
        self.number += 1;
        let line = &self.buffer[from..from + length];
        match line_text(line) {
            Some(text) => Ok(Some((self.number, text))),
            None => Err(lone_carriage_return(&self.path, self.number)),
        }
    }

    /// Reads more, after moving the incomplete line to the front of the buffer.
    #[cold]
    fn fill(&mut self) -> Result<()> {
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        if self.end == self.buffer.len() {
            self.buffer.resize(2 * self.end, 0);
        }
        loop {
            match self.reader.read(&mut self.buffer[self.end..]) {
                Ok(count) => {
                    self.end += count;
                    self.exhausted = count == 0;
                    return Ok(());
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(read_error(&self.path, error)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression as Level, write::GzEncoder};
    use std::io::Write;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Level::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn bgzip(bytes: &[u8]) -> Vec<u8> {
        let mut writer = noodles_bgzf::io::Writer::new(Vec::new());
        writer.write_all(bytes).unwrap();
        writer.finish().unwrap()
    }

    fn lines(bytes: Vec<u8>, size: Option<u64>) -> Result<Vec<(u64, String)>> {
        let path = Path::new("peaks.bed.gz");
        let mut lines = Lines::new(from_reader(Cursor::new(bytes), path, size)?, path);
        let mut out = Vec::new();
        while let Some((number, line)) = lines.next()? {
            out.push((number, String::from_utf8_lossy(line).into_owned()));
        }
        Ok(out)
    }

    fn message(error: &Error) -> String {
        format!("{error} hint: {}", error.advice().unwrap_or_default())
    }

    #[test]
    fn lines_of_every_compression_and_line_end() {
        let text = b"\xef\xbb\xbfa\tb\r\n\nlast".to_vec();
        let expected = vec![(1, "a\tb".into()), (2, String::new()), (3, "last".into())];
        assert_eq!(lines(text.clone(), None).unwrap(), expected);
        for size in [None, Some(10)] {
            assert_eq!(lines(gzip(&text), size).unwrap(), expected);
            assert_eq!(lines(bgzip(&text), size).unwrap(), expected);
        }
        let text = &text[3..];
        let mut members = gzip(&text[..2]);
        members.extend(gzip(&text[2..]));
        for size in [None, Some(10)] {
            assert_eq!(lines(members.clone(), size).unwrap(), expected);
            assert_eq!(lines(bgzip(text), size).unwrap(), expected);
        }
        assert!(lines(Vec::new(), None).unwrap().is_empty());
        assert!(lines(bgzip(b""), None).unwrap().is_empty());
    }

    #[test]
    fn lines_of_old_macs_are_refused_and_their_line_is_named() {
        let error = lines(b"a\tb\nc\td\re\tf\r".to_vec(), None).unwrap_err();
        let message = message(&error);
        assert!(
            message.contains("line 2: expected lines that end in LF"),
            "{message}"
        );
        assert!(message.contains("tr '\\r' '\\n'"), "{message}");
        // Text written twice through Windows ends in two.
        assert_eq!(lines(b"a\r\r\nb\r\r\n".to_vec(), None).unwrap()[1].1, "b");
    }

    #[test]
    fn lines_longer_than_the_buffer() {
        let long = "A".repeat(1 << 20);
        let text = format!("x\n{long}\ny\n").into_bytes();
        let got = lines(text, None).unwrap();
        assert_eq!(got.len(), 3);
        assert_eq!((got[1].1.len(), got[2].1.as_str()), (1 << 20, "y"));
    }

    #[test]
    fn truncated_gzip_is_never_a_shorter_file() {
        let text: Vec<u8> = (0..200_000_u32)
            .flat_map(|i| format!("chr1\t{}\t{}\n", i.wrapping_mul(7919), i).into_bytes())
            .collect();
        let whole = gzip(&text);
        for keep in [12, whole.len() / 2, whole.len() - 1] {
            for size in [None, Some(10)] {
                let error = lines(whole[..keep].to_vec(), size).unwrap_err();
                let message = message(&error);
                assert!(message.contains("peaks.bed.gz"), "{message}");
                assert!(message.contains("truncated"), "{message}");
                assert!(message.contains("again"), "{message}");
            }
        }
    }

    #[test]
    fn bgzip_without_its_end_is_read_with_a_warning() {
        let whole = bgzip(&b"chr1\t1\t2\n".repeat(50_000));
        let cut = &whole[..whole.len() - bgzf::END.len()];
        let read = |bytes: &[u8], name: &str, size| {
            let path = Path::new(name);
            let reading = Reading::default();
            let count = reading.enter(|| {
                let reader = from_reader(Cursor::new(bytes.to_vec()), path, size).unwrap();
                let mut lines = Lines::new(reader, path);
                let mut count = 0;
                while lines.next().unwrap().is_some() {
                    count += 1;
                }
                count
            });
            let warnings = reading.take_warnings();
            assert!(warnings.iter().all(|text| text.contains(name)));
            (count, warnings.len() == 1)
        };
        for size in [None, Some(10)] {
            assert_eq!(read(cut, "cut.bed.gz", size), (50_000, true));
            assert_eq!(read(&whole, "whole.bed.gz", size), (50_000, false));
        }
        // Cut within a block, it is damaged.
        let error = lines(cut[..cut.len() - 9].to_vec(), None).unwrap_err();
        assert!(message(&error).contains("truncated"), "{error}");
    }

    #[test]
    fn zeros_after_the_last_member_are_passed_over() {
        let mut bytes = gzip(b"chr1\t1\t2\n");
        bytes.extend(gzip(b"chr1\t3\t4\n"));
        for size in [None, Some(10)] {
            for zeros in [1, 3, 512, 200_000] {
                let mut padded = bytes.clone();
                padded.resize(bytes.len() + zeros, 0);
                let expected = [(1, "chr1\t1\t2".to_owned()), (2, "chr1\t3\t4".to_owned())];
                assert_eq!(lines(padded.clone(), size).unwrap(), expected);
                // Anything else is no gzip data.
                padded.push(b'x');
                let message = message(&lines(padded, size).unwrap_err());
                assert!(message.contains("other bytes follow"), "{message}");
            }
        }
        let empty = gzip(b"");
        assert_eq!(
            lines([empty.clone(), vec![0; 9]].concat(), None).unwrap(),
            []
        );
        assert_eq!(lines([empty.clone(), empty].concat(), None).unwrap(), []);
    }

    #[test]
    fn corrupted_gzip_is_told_apart_from_truncated() {
        let mut bytes = gzip(&b"chr1\t1\t2\n".repeat(1000));
        let crc = bytes.len() - 6;
        bytes[crc] ^= 1;
        let message = message(&lines(bytes, None).unwrap_err());
        assert!(message.contains("corrupted"), "{message}");
    }

    #[test]
    fn other_formats_are_named() {
        let error = lines(b"BZh91AY&SY".to_vec(), None).unwrap_err();
        assert!(
            error.to_string().contains("compressed with bzip2"),
            "{error}"
        );
        let error = lines(b"\xff\xfec\0h\0".to_vec(), None).unwrap_err();
        assert!(error.to_string().contains("UTF-16"), "{error}");
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = Lines::open("no/such/file.bed").err().unwrap();
        assert!(error.to_string().contains("no/such/file.bed"), "{error}");
    }
}
