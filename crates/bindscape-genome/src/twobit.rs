//! 2bit files (UCSC Genome Browser, "Data File Formats", .2bit): versions 0 and
//! 1 (64-bit offsets), either byte order.
//!
//! A base is two bits, T 0, C 1, A 2, G 3, the first of four in the highest bits;
//! runs of N and of lower case are listed apart. Case is not kept here.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use bindscape_base::error::{Error, Place, Result};

const SIGNATURE: u32 = 0x1A41_2743;

/// Whether a file that begins with `head` is 2bit.
#[must_use]
pub fn is_twobit(head: &[u8]) -> bool {
    head.len() >= 4
        && (head[..4] == SIGNATURE.to_le_bytes() || head[..4] == SIGNATURE.to_be_bytes())
}

/// A 2bit file opened for reading by coordinates.
pub struct TwoBit<R> {
    path: PathBuf,
    input: Input<R>,
    chromosomes: Vec<(String, u64)>,
    /// Place of each record in the file.
    records: Vec<u64>,
    /// What is known of the records read so far.
    layouts: Vec<Option<Layout>>,
    packed: Vec<u8>,
}

/// Where the bases of a record lie, and its runs of N as `[start, end)`.
struct Layout {
    bases: u64,
    unknown: Vec<(u64, u64)>,
}

impl TwoBit<File> {
    /// Opens the file at `path`.
    ///
    /// # Errors
    /// If it cannot be read, is no 2bit file, or is truncated or corrupted.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let file = File::open(path).map_err(|source| Error::io("read", path, source))?;
        Self::from_reader(file, path)
    }
}

impl<R: Read + Seek> TwoBit<R> {
    /// Reads from `reader`, called `path` in messages.
    ///
    /// # Errors
    /// As [`TwoBit::open`].
    pub fn from_reader(mut reader: R, path: &Path) -> Result<Self> {
        let length = reader
            .seek(SeekFrom::End(0))
            .and_then(|length| reader.rewind().map(|()| length))
            .map_err(|source| Error::io("read", path, source))?;
        let mut input = Input {
            reader: BufReader::with_capacity(1 << 16, reader),
            position: 0,
            length,
            swapped: false,
        };
        let (chromosomes, records) = read_index(&mut input).map_err(|fault| fault.error(path))?;
        Ok(Self {
            path: path.to_path_buf(),
            input,
            layouts: records.iter().map(|_| None).collect(),
            chromosomes,
            records,
            packed: Vec::new(),
        })
    }

    /// Names and lengths in file order.
    #[must_use]
    pub fn chromosomes(&self) -> &[(String, u64)] {
        &self.chromosomes
    }

    /// Appends bases `[start, end)` of chromosome number `chromosome` as
    /// upper-case ASCII to `out`.
    ///
    /// # Errors
    /// If the file cannot be read, or is truncated or corrupted.
    ///
    /// # Panics
    /// If the range is not within the chromosome.
    pub fn fetch(
        &mut self,
        chromosome: usize,
        start: u64,
        end: u64,
        out: &mut Vec<u8>,
    ) -> Result<()> {
        let length = self.chromosomes[chromosome].1;
        assert!(start <= end && end <= length, "range within the chromosome");
        self.read_bases(chromosome, start, end, out)
            .map_err(|fault| fault.error(&self.path))
    }

    fn read_bases(
        &mut self,
        chromosome: usize,
        start: u64,
        end: u64,
        out: &mut Vec<u8>,
    ) -> std::result::Result<(), Fault> {
        let layout = match &mut self.layouts[chromosome] {
            Some(layout) => layout,
            empty => {
                let length = self.chromosomes[chromosome].1;
                empty.insert(read_layout(
                    &mut self.input,
                    self.records[chromosome],
                    length,
                )?)
            }
        };
        let first = start / 4;
        let count = (end.div_ceil(4) - first) as usize;
        self.packed.resize(count, 0);
        self.input.seek(layout.bases + first)?;
        self.input.read(&mut self.packed)?;
        let from = out.len();
        out.extend((start..end).map(|position| {
            let byte = self.packed[(position / 4 - first) as usize];
            b"TCAG"[usize::from((byte >> (6 - 2 * (position % 4))) & 3)]
        }));
        let run = layout.unknown.partition_point(|run| run.1 <= start);
        for run in layout.unknown[run..].iter().take_while(|run| run.0 < end) {
            let (a, b) = (run.0.max(start) - start, run.1.min(end) - start);
            out[from + a as usize..from + b as usize].fill(b'N');
        }
        Ok(())
    }
}

/// Names with lengths, and the places of the records.
type Contents = (Vec<(String, u64)>, Vec<u64>);

fn read_index<R: Read + Seek>(input: &mut Input<R>) -> std::result::Result<Contents, Fault> {
    let signature = input.number()?;
    if signature == SIGNATURE.swap_bytes() {
        input.swapped = true;
    } else if signature != SIGNATURE {
        return Err(input.fault("a 2bit file", "another format"));
    }
    let version = input.number()?;
    if version > 1 {
        return Err(input.fault("version 0 or 1 of 2bit", format!("version {version}")));
    }
    let count = input.number()?;
    input.number()?;
    let mut chromosomes = Vec::new();
    let mut records = Vec::new();
    let mut names = HashSet::new();
    for _ in 0..count {
        let mut size = [0];
        input.read(&mut size)?;
        let mut name = vec![0; usize::from(size[0])];
        input.read(&mut name)?;
        let name = String::from_utf8(name)
            .map_err(|_| input.fault("a chromosome name in UTF-8", "other bytes"))?;
        if !names.insert(name.clone()) {
            return Err(input.fault("chromosome names that differ", format!("{name:?} twice")));
        }
        let offset = if version == 0 {
            u64::from(input.number()?)
        } else {
            input.long()?
        };
        chromosomes.push((name, 0));
        records.push(offset);
    }
    for ((_, length), &offset) in chromosomes.iter_mut().zip(&records) {
        input.seek(offset)?;
        *length = u64::from(input.number()?);
    }
    Ok((chromosomes, records))
}

fn read_layout<R: Read + Seek>(
    input: &mut Input<R>,
    record: u64,
    length: u64,
) -> std::result::Result<Layout, Fault> {
    input.seek(record + 4)?;
    let count = input.number()?;
    let starts = input.numbers(count)?;
    let sizes = input.numbers(count)?;
    let mut unknown = Vec::with_capacity(starts.len());
    let mut last = 0;
    for (&start, &size) in starts.iter().zip(&sizes) {
        let (start, end) = (u64::from(start), u64::from(start) + u64::from(size));
        if start < last || end > length {
            return Err(input.fault(
                format!("runs of N in order and within {length} bases"),
                format!("one of {size} at {start}"),
            ));
        }
        unknown.push((start, end));
        last = end;
    }
    let masked = u64::from(input.number()?);
    // Starts and sizes of the lower-case runs, and a reserved number.
    let bases = input.position + 8 * masked + 4;
    if bases + length.div_ceil(4) > input.length {
        return Err(input.fault(
            format!("{length} bases"),
            format!("a file of {} bytes, which ends before them", input.length),
        ));
    }
    Ok(Layout { bases, unknown })
}

/// A reader that knows its position and the byte order.
struct Input<R> {
    reader: BufReader<R>,
    position: u64,
    length: u64,
    swapped: bool,
}

impl<R: Read + Seek> Input<R> {
    fn seek(&mut self, to: u64) -> std::result::Result<(), Fault> {
        if to > self.length {
            return Err(self.fault(
                "places within the file",
                format!("byte {to} of {}", self.length),
            ));
        }
        // Lengths of files are below 2^63, so the difference is a number.
        self.reader
            .seek_relative(to as i64 - self.position as i64)?;
        self.position = to;
        Ok(())
    }

    fn read(&mut self, out: &mut [u8]) -> std::result::Result<(), Fault> {
        if out.len() as u64 > self.length - self.position {
            return Err(self.fault(
                format!("{} more bytes", out.len()),
                format!("the end of the file at byte {}", self.length),
            ));
        }
        self.reader.read_exact(out)?;
        self.position += out.len() as u64;
        Ok(())
    }

    fn number(&mut self) -> std::result::Result<u32, Fault> {
        let mut bytes = [0; 4];
        self.read(&mut bytes)?;
        let number = u32::from_le_bytes(bytes);
        Ok(if self.swapped {
            number.swap_bytes()
        } else {
            number
        })
    }

    fn long(&mut self) -> std::result::Result<u64, Fault> {
        let mut bytes = [0; 8];
        self.read(&mut bytes)?;
        let number = u64::from_le_bytes(bytes);
        Ok(if self.swapped {
            number.swap_bytes()
        } else {
            number
        })
    }

    /// `count` numbers; room is made only for what the file can hold.
    fn numbers(&mut self, count: u32) -> std::result::Result<Vec<u32>, Fault> {
        if 4 * u64::from(count) > self.length - self.position {
            return Err(self.fault(
                format!("{count} numbers"),
                format!("the end of the file at byte {}", self.length),
            ));
        }
        (0..count).map(|_| self.number()).collect()
    }

    fn fault(&self, expected: impl Into<String>, found: impl Into<String>) -> Fault {
        Fault::Content {
            byte: self.position,
            expected: expected.into(),
            found: found.into(),
        }
    }
}

/// What is wrong, before the name of the file is added.
enum Fault {
    Content {
        byte: u64,
        expected: String,
        found: String,
    },
    Io(io::Error),
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Fault::Io(error)
    }
}

impl Fault {
    fn error(self, path: &Path) -> Error {
        match self {
            Fault::Content {
                byte,
                expected,
                found,
            } => Error::input(path, Place::Byte(byte), expected, found)
                .hint("the file is truncated or corrupted: download or copy it again"),
            Fault::Io(source) => Error::io("read", path, source),
        }
    }
}

#[cfg(test)]
mod tests;
