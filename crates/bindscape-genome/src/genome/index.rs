//! The index of a FASTA file, as `samtools faidx` defines it: name, length,
//! offset of the first base, bases per line, bytes per line.

use std::collections::HashSet;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use bindscape_base::error::{Error, Place, Result};
use bindscape_base::input;
use bindscape_base::input::{BYTE_ORDER_MARK, Lines};

/// Where one sequence lies in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) name: String,
    /// Bases.
    pub(super) length: u64,
    /// Byte of the first base.
    pub(super) offset: u64,
    /// Bases of a line; at least 1.
    pub(super) line_bases: u64,
    /// Bytes of a line with its end; at least as many.
    pub(super) line_bytes: u64,
}

impl Entry {
    /// Byte of base `position`.
    pub(super) fn offset_of(&self, position: u64) -> u64 {
        self.offset + position / self.line_bases * self.line_bytes + position % self.line_bases
    }
}

/// All sequences of a file.
#[derive(Debug)]
pub(super) struct Index {
    path: PathBuf,
    pub(super) entries: Vec<Entry>,
}

impl Index {
    /// The index `path.fai`, if there is one.
    pub(super) fn beside(path: &Path) -> Result<Option<Self>> {
        let index = with_extension(path, "fai");
        match index.try_exists() {
            Ok(true) => Self::parse(Lines::open(&index)?).map(Some),
            Ok(false) => Ok(None),
            Err(source) => Err(Error::io("read", &index, source)),
        }
    }

    pub(super) fn parse(mut lines: Lines) -> Result<Self> {
        let path = lines.path().to_path_buf();
        let mut entries = Vec::new();
        let mut names = HashSet::new();
        while let Some((number, line)) = lines.next()? {
            let text = String::from_utf8_lossy(line);
            let entry = parse_entry(&text)
                .ok_or_else(|| corrupted(&path, &format!("{:?}", text)).at(Place::Line(number)))?;
            if !names.insert(entry.name.clone()) {
                return Err(
                    corrupted(&path, &format!("{:?} twice", entry.name)).at(Place::Line(number))
                );
            }
            entries.push(entry);
        }
        if entries.is_empty() {
            return Err(corrupted(&path, "an empty file"));
        }
        Ok(Self { path, entries })
    }

    /// Reads the whole FASTA file at `path`, which is not compressed, to find where its sequences
    /// lie.
    pub(super) fn build(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(|source| Error::io("read", path, source))?;
        Self::scan(path, &mut BufReader::with_capacity(1 << 18, file))
    }

    fn scan(path: &Path, reader: &mut dyn std::io::BufRead) -> Result<Self> {
        let mut scan = Scan::new(path);
        let mut line = Vec::new();
        loop {
            line.clear();
            let count = reader
                .read_until(b'\n', &mut line)
                .map_err(|source| Error::io("read", path, source))?;
            if count == 0 {
                break;
            }
            scan.line(&line)?;
        }
        scan.finish()
    }

    /// Whether every sequence lies within a file of `size` bytes.
    pub(super) fn check_size(&self, size: u64) -> Result<()> {
        for entry in &self.entries {
            if entry.length > 0 && entry.offset_of(entry.length - 1) >= size {
                return Err(self.foreign(&format!(
                    "{:?}, which ends beyond the file's {size} bytes",
                    entry.name
                )));
            }
        }
        Ok(())
    }

    /// The error for an index that is not that of the file beside it.
    pub(super) fn foreign(&self, found: &str) -> Error {
        corrupted(&self.path, found)
    }

    /// The index file.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

pub(super) fn with_extension(path: &Path, extension: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(extension);
    name.into()
}

fn corrupted(path: &Path, found: &str) -> Error {
    Error::input(
        path,
        Place::File,
        "the index of the FASTA file beside it (name, length, offset, bases and bytes per line)",
        found,
    )
    .hint("the index is of another file, or corrupted: run `samtools faidx` again")
}

fn parse_entry(line: &str) -> Option<Entry> {
    let mut fields = line.split('\t');
    let name = fields.next()?.to_owned();
    let mut number = || fields.next()?.parse::<u64>().ok();
    let mut entry = Entry {
        name,
        length: number()?,
        offset: number()?,
        line_bases: number()?,
        line_bytes: number()?,
    };
    if entry.length == 0 {
        // Without bases there is no line, and nothing to divide by.
        entry.line_bases = entry.line_bases.max(1);
        entry.line_bytes = entry.line_bytes.max(entry.line_bases);
    }
    let lines = entry.length.checked_div(entry.line_bases)?;
    // The byte of the last base must be a number.
    entry
        .offset
        .checked_add(lines.checked_mul(entry.line_bytes)?)?
        .checked_add(entry.line_bases)?;
    (!entry.name.is_empty() && entry.line_bytes >= entry.line_bases).then_some(entry)
}

/// Finds entries line by line. All lines of a sequence but the last must be alike.
struct Scan<'a> {
    path: &'a Path,
    entries: Vec<Entry>,
    names: HashSet<String>,
    offset: u64,
    number: u64,
    /// A line of the current sequence was shorter: only its end may follow.
    short: bool,
}

impl<'a> Scan<'a> {
    fn new(path: &'a Path) -> Self {
        Self {
            path,
            entries: Vec::new(),
            names: HashSet::new(),
            offset: 0,
            number: 0,
            short: false,
        }
    }

    fn bad(&self, expected: &str, found: impl Into<String>) -> Error {
        Error::input(self.path, Place::Line(self.number), expected, found)
    }

    fn line(&mut self, line: &[u8]) -> Result<()> {
        self.number += 1;
        self.offset += line.len() as u64;
        let line = match line.strip_prefix(BYTE_ORDER_MARK) {
            Some(rest) if self.number == 1 => rest,
            _ => line,
        };
        let text = line.strip_suffix(b"\n").unwrap_or(line);
        let text = input::line_text(text)
            .ok_or_else(|| input::lone_carriage_return(self.path, self.number))?;
        let bases = text.trim_ascii_end();
        if let Some(header) = bases.strip_prefix(b">") {
            let name: String = String::from_utf8_lossy(header)
                .split_whitespace()
                .next()
                .unwrap_or_default()
                .to_owned();
            if name.is_empty() || !self.names.insert(name.clone()) {
                return Err(self.bad("sequence names that differ", format!("{name:?}")));
            }
            self.entries.push(Entry {
                name,
                length: 0,
                offset: self.offset,
                line_bases: 0,
                line_bytes: 0,
            });
            self.short = false;
            return Ok(());
        }
        let (bases, bytes) = (bases.len() as u64, line.len() as u64);
        if self.entries.is_empty() {
            if bases == 0 {
                return Ok(());
            }
            return Err(self
                .bad(
                    "a FASTA header beginning with '>', or a 2bit file",
                    "something else",
                )
                .hint("a genome is given as FASTA or 2bit"));
        }
        let short = self.short;
        let mut uneven = None;
        if let Some(entry) = self.entries.last_mut() {
            if entry.line_bases == 0 {
                // The first line with bases; blank ones may come before it.
                entry.offset = self.offset - bytes;
                entry.line_bases = bases;
                entry.line_bytes = bytes;
            } else if bases > 0 && (short || bases > entry.line_bases) {
                uneven = Some(entry.line_bases);
            }
            self.short |= bases != entry.line_bases || bytes != entry.line_bytes;
            entry.length += bases;
        }
        match uneven {
            None => Ok(()),
            Some(expected) => Err(self
                .bad(
                    &format!("lines of {expected} bases but the last of a sequence"),
                    format!("uneven lines, here of {bases}"),
                )
                .hint("wrap it again, e.g. with `seqkit seq -w 60`, or convert it to 2bit")),
        }
    }

    fn finish(self) -> Result<Index> {
        if self.entries.is_empty() {
            return Err(Error::input(
                self.path,
                Place::File,
                "a genome as FASTA or 2bit",
                "an empty file",
            ));
        }
        // Sequences without bases cannot hold a region, and have no line length.
        let mut entries = self.entries;
        for entry in &mut entries {
            entry.line_bases = entry.line_bases.max(1);
            entry.line_bytes = entry.line_bytes.max(1);
        }
        Ok(Index {
            path: self.path.to_path_buf(),
            entries,
        })
    }
}
