//! NumPy's `.npz` archives of one array, read and written a few rows at a time:
//! the published matrices take 2.4 GB in memory, and 50 MB on disk. Arrays that lie in
//! column-major (Fortran) order are read as a whole.
//!
//! Formats: `numpy.lib.format` (NPY versions 1 to 3) inside ZIP, stored or deflated.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek, Write};
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use bindscape_base::atomic::AtomicFile;
use bindscape_base::error::{Error, Place, Result};
use bindscape_base::kind::{self, FileKind};

/// Name that `numpy.savez` gives to an array without one.
pub const UNNAMED: &str = "arr_0";

/// Bytes of the longest NPY header read; NumPy's own limit is 10,000 characters.
const MAX_HEADER: u32 = 1 << 16;

/// An archive opened for reading.
pub struct Npz<R> {
    path: PathBuf,
    archive: ZipArchive<R>,
}

impl Npz<BufReader<File>> {
    /// Opens the archive at `path`.
    ///
    /// # Errors
    /// If it cannot be read, or is no ZIP archive, or truncated.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        // An archive that was cut may be of any kind, and has a message of its own.
        let accepted = [FileKind::Zip, FileKind::Binary];
        kind::expect_text(path, "an archive of NumPy (.npz)", &accepted)?;
        let file = File::open(path).map_err(|source| Error::io("read", path, source))?;
        Self::from_reader(BufReader::with_capacity(1 << 17, file), path)
    }
}

impl<R: Read + Seek> Npz<R> {
    /// Reads from `reader`, called `path` in messages.
    ///
    /// # Errors
    /// As [`Npz::open`].
    pub fn from_reader(reader: R, path: &Path) -> Result<Self> {
        let archive = ZipArchive::new(reader).map_err(|error| zip_error(path, error))?;
        Ok(Self {
            path: path.to_path_buf(),
            archive,
        })
    }

    /// Names of the arrays; entries whose names cannot be read are left out.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.archive
            .file_names()
            .filter_map(|name| Some(name.ok()?.strip_suffix(".npy")?.to_owned()))
            .collect()
    }

    /// Starts reading the numbers of the array `name`.
    ///
    /// # Errors
    /// If there is none of that name, or it holds no numbers.
    pub fn array(&mut self, name: &str) -> Result<ArrayReader<'_>> {
        let entry = format!("{name}.npy");
        let mut names = self.names();
        if !names.iter().any(|other| other == name) {
            names.truncate(8);
            return Err(Error::input(
                &self.path,
                Place::File,
                format!("an array {name:?}"),
                if names.is_empty() {
                    "no array".to_owned()
                } else {
                    names.join(", ")
                },
            )
            .hint(
                "save it with `numpy.savez_compressed(path, matrix)`; of a sparse matrix of SciPy, \
                 `matrix.toarray()`",
            ));
        }
        let path = &self.path;
        let reader = self
            .archive
            .by_name(&entry)
            .map_err(|error| zip_error(path, error))?;
        ArrayReader::begin(reader, path)
    }
}

/// A file of one array: an archive in which it has no name, or the array alone.
pub enum ArrayFile {
    /// `.npz`.
    Archive(Npz<BufReader<File>>),
    /// `.npy`.
    Alone(PathBuf),
}

impl ArrayFile {
    /// Opens the file at `path`.
    ///
    /// # Errors
    /// As [`Npz::open`].
    pub fn open(path: &Path) -> Result<Self> {
        match FileKind::of(path) {
            Some(FileKind::Npy) => Ok(Self::Alone(path.to_path_buf())),
            _ => Npz::open(path).map(Self::Archive),
        }
    }

    /// Starts reading its numbers.
    ///
    /// # Errors
    /// If it holds none.
    pub fn array(&mut self) -> Result<ArrayReader<'_>> {
        match self {
            Self::Archive(archive) => archive.array(UNNAMED),
            Self::Alone(path) => {
                let file = File::open(&path).map_err(|source| Error::io("read", &path, source))?;
                ArrayReader::begin(BufReader::with_capacity(1 << 17, file), path)
            }
        }
    }
}

/// The numbers of one array, in row-major order, however the file holds them.
pub struct ArrayReader<'a> {
    path: &'a Path,
    reader: Box<dyn Read + 'a>,
    shape: Vec<u64>,
    kind: Kind,
    big_endian: bool,
    /// Whether the next bytes are the whole array in column-major order.
    column_major: bool,
    buffer: Vec<u8>,
}

/// Types of numbers that are read, all as `f64`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Bool,
    Signed(usize),
    Unsigned(usize),
    Float(usize),
}

impl Kind {
    fn bytes(self) -> usize {
        match self {
            Kind::Bool => 1,
            Kind::Signed(bytes) | Kind::Unsigned(bytes) | Kind::Float(bytes) => bytes,
        }
    }
}

impl<'a> ArrayReader<'a> {
    /// Reads the header; numbers follow.
    fn begin(mut reader: impl Read + 'a, path: &'a Path) -> Result<Self> {
        let header = read_header(&mut reader, path)?;
        Ok(Self {
            path,
            reader: Box::new(reader),
            shape: header.shape,
            kind: header.kind,
            big_endian: header.big_endian,
            column_major: header.column_major,
            buffer: Vec::new(),
        })
    }

    /// Size along each dimension.
    #[must_use]
    pub fn shape(&self) -> &[u64] {
        &self.shape
    }

    /// Reads the next `out.len()` numbers. Integers beyond 2^53 are rounded. The first call on an
    /// array in column-major order reads all of it, and needs memory for two copies meanwhile.
    ///
    /// # Errors
    /// If the array ends before, or its data are corrupted.
    pub fn read(&mut self, out: &mut [f64]) -> Result<()> {
        if self.column_major {
            self.reorder()?;
        }
        let width = self.kind.bytes();
        self.buffer.resize(out.len() * width, 0);
        self.reader
            .read_exact(&mut self.buffer)
            .map_err(|error| data_error(self.path, &error))?;
        if self.kind == Kind::Float(8) && !self.big_endian {
            for (number, bytes) in out.iter_mut().zip(self.buffer.chunks_exact(8)) {
                *number = f64::from_le_bytes(bytes.try_into().expect("chunks of eight bytes"));
            }
            return Ok(());
        }
        for (number, bytes) in out.iter_mut().zip(self.buffer.chunks_exact(width)) {
            // Little-endian, widened to eight bytes.
            let mut wide = [0; 8];
            wide[..width].copy_from_slice(bytes);
            if self.big_endian {
                wide[..width].reverse();
            }
            let unsigned = u64::from_le_bytes(wide);
            *number = match self.kind {
                Kind::Bool => f64::from(u8::from(unsigned != 0)),
                Kind::Unsigned(_) => unsigned as f64,
                Kind::Signed(_) => {
                    let shift = 64 - 8 * width;
                    ((unsigned << shift) as i64 >> shift) as f64
                }
                Kind::Float(2) => half::f16::from_bits(unsigned as u16).to_f64(),
                Kind::Float(4) => f32::from_bits(unsigned as u32).into(),
                Kind::Float(_) => f64::from_bits(unsigned),
            };
        }
        Ok(())
    }

    /// Brings the whole array, which lies in column-major order, into row-major order.
    fn reorder(&mut self) -> Result<()> {
        let width = self.kind.bytes();
        let bytes = (self.shape.iter())
            .try_fold(width as u64, |bytes, &size| bytes.checked_mul(size))
            .unwrap_or(u64::MAX);
        let mut reader = std::mem::replace(&mut self.reader, Box::new(io::empty()));
        // The vector grows with what there is: the shape may promise more.
        let mut columns = Vec::new();
        let found = (reader.by_ref().take(bytes))
            .read_to_end(&mut columns)
            .map_err(|error| data_error(self.path, &error))?;
        if (found as u64) < bytes {
            let end = io::ErrorKind::UnexpectedEof;
            return Err(data_error(self.path, &end.into()));
        }
        let rows = row_major(&self.shape, width, &columns);
        // What follows, if anything, is still found by `finish`.
        self.reader = Box::new(Cursor::new(rows).chain(reader));
        self.column_major = false;
        Ok(())
    }

    /// Makes sure that the array ends here and that its checksum is right.
    ///
    /// # Errors
    /// If there is more, or the data are corrupted.
    pub fn finish(mut self) -> Result<()> {
        match self.reader.read(&mut [0]) {
            Ok(0) => Ok(()),
            Ok(_) => Err(Error::input(
                self.path,
                Place::File,
                format!("an array of shape {:?}", self.shape),
                "more numbers",
            )),
            Err(error) => Err(data_error(self.path, &error)),
        }
    }
}

/// The elements of `columns`, of `width` bytes each, in row-major order; `columns` is a whole
/// array of `shape` in column-major order, where the first dimension changes fastest.
fn row_major(shape: &[u64], width: usize, columns: &[u8]) -> Vec<u8> {
    let mut rows = Vec::with_capacity(columns.len());
    // Sizes and steps fit: the array is in memory.
    let sizes: Vec<usize> = shape.iter().map(|&size| size as usize).collect();
    let mut step = width;
    let mut steps = Vec::with_capacity(sizes.len());
    for size in &sizes {
        steps.push(step);
        step *= size;
    }
    let mut index = vec![0; sizes.len()];
    let mut at = 0;
    while rows.len() < columns.len() {
        rows.extend_from_slice(&columns[at..at + width]);
        for axis in (0..sizes.len()).rev() {
            index[axis] += 1;
            at += steps[axis];
            if index[axis] < sizes[axis] {
                break;
            }
            at -= steps[axis] * sizes[axis];
            index[axis] = 0;
        }
    }
    rows
}

struct Header {
    shape: Vec<u64>,
    kind: Kind,
    big_endian: bool,
    column_major: bool,
}

fn read_header(reader: &mut impl Read, path: &Path) -> Result<Header> {
    let mut exact = |bytes: &mut [u8]| {
        reader
            .read_exact(bytes)
            .map_err(|error| data_error(path, &error))
    };
    let mut magic = [0; 8];
    exact(&mut magic)?;
    let bad = |expected: &str, found: String| Error::input(path, Place::File, expected, found);
    if magic[..6] != *b"\x93NUMPY" {
        return Err(bad("a NumPy array", format!("{:02x?}", &magic[..6])));
    }
    let length = match magic[6] {
        1 => {
            let mut length = [0; 2];
            exact(&mut length)?;
            u32::from(u16::from_le_bytes(length))
        }
        2 | 3 => {
            let mut length = [0; 4];
            exact(&mut length)?;
            u32::from_le_bytes(length)
        }
        other => {
            return Err(bad(
                "version 1, 2 or 3 of NumPy's format",
                format!("version {other}"),
            ));
        }
    };
    if length > MAX_HEADER {
        return Err(bad("the header of an array", format!("{length} bytes")));
    }
    let mut text = vec![0; length as usize];
    exact(&mut text)?;
    let text = String::from_utf8_lossy(&text);
    let unreadable = || bad("the header of an array", format!("{:?}", text.trim()));
    let column_major = match field(&text, "fortran_order") {
        Some("True") => true,
        Some("False") => false,
        _ => return Err(unreadable()),
    };
    let shape = field(&text, "shape")
        .and_then(|shape| shape.strip_prefix('(')?.strip_suffix(')'))
        .and_then(|shape| {
            shape
                .split(',')
                .map(str::trim)
                .filter(|size| !size.is_empty())
                .map(|size| size.trim_end_matches('L').parse().ok())
                .collect::<Option<Vec<u64>>>()
        })
        .ok_or_else(unreadable)?;
    let description = field(&text, "descr").ok_or_else(unreadable)?;
    let (kind, big_endian) =
        number_type(description.trim_matches(['\'', '"'])).ok_or_else(|| {
            bad("an array of numbers", format!("the type {description}"))
                .hint("save it through `matrix.astype(float)`")
        })?;
    Ok(Header {
        shape,
        kind,
        big_endian,
        column_major,
    })
}

/// The value of `key` in a Python dictionary as NPY headers have it.
fn field<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let at = text.find(&format!("'{key}'"))?;
    let value = text[at + key.len() + 2..]
        .trim_start()
        .strip_prefix(':')?
        .trim_start();
    let end = if value.starts_with('(') {
        value.find(')')? + 1
    } else {
        value.find([',', '}'])?
    };
    Some(value[..end].trim())
}

fn number_type(description: &str) -> Option<(Kind, bool)> {
    let (order, rest) = description.split_at_checked(1)?;
    let (letter, size) = rest.split_at_checked(1)?;
    let size: usize = size.parse().ok()?;
    let kind = match (letter, size) {
        ("b", 1) => Kind::Bool,
        ("i", 1 | 2 | 4 | 8) => Kind::Signed(size),
        ("u", 1 | 2 | 4 | 8) => Kind::Unsigned(size),
        ("f", 2 | 4 | 8) => Kind::Float(size),
        _ => return None,
    };
    match order {
        "<" | "|" => Some((kind, false)),
        ">" => Some((kind, true)),
        _ => None,
    }
}

/// What a fault of the zip archive at `path` means for its reader.
#[must_use]
pub fn zip_error(path: &Path, error: zip::result::ZipError) -> Error {
    use zip::result::ZipError;
    match error {
        // A truncated archive lacks the directory, which lies at its end.
        ZipError::InvalidArchive(_) => damaged(path, &error.to_string()),
        ZipError::Io(source) if source.kind() == std::io::ErrorKind::UnexpectedEof => {
            damaged(path, &source.to_string())
        }
        ZipError::Io(source) => Error::io("read", path, source),
        other => damaged(path, &other.to_string()),
    }
}

/// Errors while data are decompressed are the data's fault, but for those of the system.
fn data_error(path: &Path, error: &std::io::Error) -> Error {
    damaged(path, &error.to_string())
}

fn damaged(path: &Path, found: &str) -> Error {
    Error::input(
        path,
        Place::File,
        "an intact archive of NumPy (.npz) or PyTorch (.pt)",
        format!("a truncated or corrupted one ({found})"),
    )
    .hint("download or copy the file again; `unzip -t` tells whether it is whole")
}

/// A type of numbers that is written.
pub trait Element: Copy {
    /// NumPy's name for it.
    const TYPE: &'static str;

    /// Appends the number's bytes.
    fn append(self, bytes: &mut Vec<u8>);
}

impl Element for f64 {
    const TYPE: &'static str = "<f8";

    fn append(self, bytes: &mut Vec<u8>) {
        bytes.extend(self.to_le_bytes());
    }
}

impl Element for f32 {
    const TYPE: &'static str = "<f4";

    fn append(self, bytes: &mut Vec<u8>) {
        bytes.extend(self.to_le_bytes());
    }
}

impl Element for i8 {
    const TYPE: &'static str = "|i1";

    fn append(self, bytes: &mut Vec<u8>) {
        bytes.extend(self.to_le_bytes());
    }
}

/// Writes an archive with one array, compressed, as
/// `numpy.savez_compressed` does. It appears at its place with
/// [`ArrayWriter::finish`].
pub struct ArrayWriter<E = f64> {
    path: PathBuf,
    archive: ZipWriter<StreamWriter<AtomicFile>>,
    left: u64,
    buffer: Vec<u8>,
    element: PhantomData<E>,
}

impl<E: Element> ArrayWriter<E> {
    /// Starts an array of `shape` called [`UNNAMED`] in the archive `path`.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn create(path: &Path, shape: &[u64]) -> Result<Self> {
        let mut archive = ZipWriter::new_stream(AtomicFile::create(path)?);
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .last_modified_time(zip::DateTime::DEFAULT)
            .large_file(true);
        archive
            .start_file(format!("{UNNAMED}.npy"), options)
            .map_err(|error| Error::io("write", path, error.into()))?;
        let mut writer = Self {
            path: path.to_path_buf(),
            archive,
            left: shape.iter().product(),
            buffer: header_bytes(shape, E::TYPE),
            element: PhantomData,
        };
        writer.flush()?;
        Ok(writer)
    }

    /// Appends numbers in row-major order.
    ///
    /// # Errors
    /// If they cannot be written.
    ///
    /// # Panics
    /// If there are more than the shape has.
    pub fn write(&mut self, numbers: &[E]) -> Result<()> {
        self.left = self
            .left
            .checked_sub(numbers.len() as u64)
            .expect("no more numbers than the shape has");
        for number in numbers {
            number.append(&mut self.buffer);
        }
        self.flush()
    }

    fn flush(&mut self) -> Result<()> {
        self.archive
            .write_all(&self.buffer)
            .map_err(|source| Error::io("write", &self.path, source))?;
        self.buffer.clear();
        Ok(())
    }

    /// Completes the archive.
    ///
    /// # Errors
    /// If it cannot be written.
    ///
    /// # Panics
    /// If there were fewer numbers than the shape has.
    pub fn finish(self) -> Result<()> {
        assert_eq!(self.left, 0, "as many numbers as the shape has");
        let stream = self
            .archive
            .finish()
            .map_err(|error| Error::io("write", &self.path, error.into()))?;
        stream.into_inner().commit()
    }
}

/// The NPY header of an array of `shape` and NumPy's type `kind`, version 1, as NumPy
/// writes it.
pub fn header_bytes(shape: &[u64], kind: &str) -> Vec<u8> {
    let mut sizes: String = shape
        .iter()
        .map(u64::to_string)
        .collect::<Vec<_>>()
        .join(", ");
    if shape.len() == 1 {
        sizes.push(',');
    }
    let mut text = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': ({sizes}), }}");
    // The data begin at a multiple of 64 bytes, after a line end.
    let padded = (10 + text.len() + 1).next_multiple_of(64);
    text.extend(std::iter::repeat_n(' ', padded - 10 - text.len() - 1));
    text.push('\n');
    let length = u16::try_from(text.len()).expect("a shape of few dimensions");
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend(length.to_le_bytes());
    bytes.extend(text.into_bytes());
    bytes
}

#[cfg(test)]
mod tests;
