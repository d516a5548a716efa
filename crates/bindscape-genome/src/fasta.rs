//! FASTA: records one after the other, and sequences of regions by coordinates.

mod names;
mod regions;

use std::path::Path;

use bindscape_base::error::{Error, Place, Result};
use bindscape_base::input::{self, Lines};
use bindscape_base::kind::{self, FileKind};

pub use self::names::{NameStyle, PlacedRecord, RegionName, region_of_name};
pub use self::regions::RegionFasta;

/// One sequence.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Record {
    /// The header up to the first blank, without `>`.
    pub name: String,
    /// The header after the first blank; empty if there is none.
    pub description: String,
    /// The letters in upper case: the IUPAC nucleotide codes with T for U and N for X and dots,
    /// unless the reader has another alphabet.
    pub sequence: Vec<u8>,
    /// Line of the header, counted from 1.
    pub line: u64,
}

/// The records of a FASTA file in file order: one line or several per sequence,
/// plain or compressed, blank lines ignored.
pub struct Reader {
    lines: Lines,
    /// Header of the next record and its line, once it was read.
    header: Option<(String, u64)>,
    started: bool,
    alphabet: &'static Alphabet,
}

/// The letters of the sequences that a reader takes.
pub struct Alphabet {
    /// What a letter is stored as; 0 for what does not belong to a sequence.
    pub letters: [u8; 256],
    /// The letters in words, for messages.
    pub name: &'static str,
    /// What to do about another letter.
    pub hint: fn(u8) -> &'static str,
}

const LETTERS: [u8; 256] = letters();

static NUCLEOTIDES: Alphabet = Alphabet {
    letters: LETTERS,
    name: "nucleotide letters (A, C, G, T, N or another IUPAC code)",
    hint: |letter| match letter {
        b'-' | b'*' => "remove gaps and stops: sequences must not be aligned",
        _ => "is it DNA? Proteins are no input here",
    },
};

/// Refuses a file that is something else than sequences of nucleotides.
///
/// # Errors
/// See above.
pub fn check_kind(path: &Path) -> Result<()> {
    kind::expect_text(
        path,
        "sequences of nucleotides (FASTA)",
        &[FileKind::NucleotideFasta],
    )
}

impl Reader {
    /// Opens the file at `path`; `-` is standard input.
    ///
    /// # Errors
    /// If it cannot be opened, or is a file of another kind.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        check_kind(path.as_ref())?;
        Lines::open(path).map(Self::new)
    }

    /// Reads from `lines`.
    #[must_use]
    pub fn new(lines: Lines) -> Self {
        Self::with_alphabet(lines, &NUCLEOTIDES)
    }

    /// Reads sequences of other letters from `lines`.
    pub fn with_alphabet(lines: Lines, alphabet: &'static Alphabet) -> Self {
        Self {
            lines,
            header: None,
            started: false,
            alphabet,
        }
    }

    /// The name of the input in messages.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.lines.path()
    }

    /// Reads the next record into `record`; `false` at the end of the file.
    ///
    /// # Errors
    /// If the file is empty, does not begin with a header, holds a record
    /// without name, a last one without sequence, or letters that are no nucleotide codes.
    pub fn read(&mut self, record: &mut Record) -> Result<bool> {
        if !self.started {
            self.started = true;
            self.header = self.first_header()?;
        }
        let Some((header, line)) = self.header.take() else {
            return Ok(false);
        };
        let (name, description) = match header.split_once([' ', '\t']) {
            Some((name, description)) => (name, description.trim()),
            None => (header.as_str(), ""),
        };
        if name.is_empty() {
            return Err(Error::input(
                self.lines.path(),
                Place::Line(line),
                "a name after '>'",
                format!("{:?}", format!(">{header}")),
            ));
        }
        record.name.clear();
        record.name.push_str(name);
        record.description.clear();
        record.description.push_str(description);
        record.line = line;
        record.sequence.clear();
        self.sequence(record)?;
        let last = self.header.is_none();
        // One before the last may have no letters, as of an interval without a base; a file that ends
        // after a header is cut short.
        if record.sequence.is_empty() && last {
            return Err(Error::input(
                self.lines.path(),
                Place::Line(line),
                format!("a sequence after the header of {:?}", record.name),
                "none",
            )
            .hint("the file may be truncated"));
        }
        Ok(true)
    }

    fn first_header(&mut self) -> Result<Option<(String, u64)>> {
        let path = self.lines.path().to_path_buf();
        while let Some((number, line)) = self.lines.next()? {
            if line.trim_ascii().is_empty() {
                continue;
            }
            if let Some(header) = line.strip_prefix(b">") {
                return Ok(Some((text(&path, number, header)?, number)));
            }
            return Err(Error::input(
                path,
                Place::Line(number),
                "a FASTA header beginning with '>'",
                format!("{:?}", excerpt(line)),
            )
            .hint("is it a FASTA file? BED files need a genome beside them"));
        }
        Err(Error::input(
            path,
            Place::File,
            "FASTA records",
            "an empty file",
        ))
    }

    fn sequence(&mut self, record: &mut Record) -> Result<()> {
        // The path is needed while a line borrows the reader.
        let path = self.lines.path().to_path_buf();
        while let Some((number, line)) = self.lines.next()? {
            if let Some(header) = line.strip_prefix(b">") {
                self.header = Some((text(&path, number, header)?, number));
                return Ok(());
            }
            let before = record.sequence.len();
            record.sequence.extend(
                line.trim_ascii()
                    .iter()
                    .map(|&letter| self.alphabet.letters[letter as usize]),
            );
            if let Some(at) = memchr::memchr(0, &record.sequence[before..]) {
                let letter = line.trim_ascii()[at];
                return Err(Error::input(
                    path,
                    Place::Line(number),
                    self.alphabet.name,
                    format!(
                        "{:?} in the sequence of {:?}",
                        char::from(letter),
                        record.name
                    ),
                )
                .hint((self.alphabet.hint)(letter)));
            }
        }
        Ok(())
    }
}

const fn letters() -> [u8; 256] {
    let codes = b"ACGTNRYKMSWBDHV";
    let mut table = [0; 256];
    let mut index = 0;
    while index < codes.len() {
        table[codes[index] as usize] = codes[index];
        table[codes[index].to_ascii_lowercase() as usize] = codes[index];
        index += 1;
    }
    table[b'U' as usize] = b'T';
    table[b'u' as usize] = b'T';
    // Any base, too: what masking programs leave, and the MEME suite reads.
    table[b'X' as usize] = b'N';
    table[b'x' as usize] = b'N';
    table[b'.' as usize] = b'N';
    table
}

/// The letter as [`Record::sequence`] has it, or `None` if it is no nucleotide code. Any base is N,
/// X (as masking programs write it) or a dot.
#[must_use]
pub const fn nucleotide(letter: u8) -> Option<u8> {
    match LETTERS[letter as usize] {
        0 => None,
        letter => Some(letter),
    }
}

/// The name of a record as text. It must be in UTF-8: all other bytes would become one sign, and
/// different names the same.
///
/// # Errors
/// See above.
pub fn name_in_utf8<'a>(path: &Path, line: u64, name: &'a [u8]) -> Result<&'a str> {
    std::str::from_utf8(name).map_err(|_| {
        Error::input(
            path,
            Place::Line(line),
            "a name in UTF-8",
            format!("other bytes in {:?}", String::from_utf8_lossy(name)),
        )
        .hint(input::TO_UTF8)
    })
}

/// A header as text. What is said after the name need not be in UTF-8.
fn text(path: &Path, line: u64, header: &[u8]) -> Result<String> {
    let header = header.trim_ascii();
    let name = header.split(|letter| matches!(letter, b' ' | b'\t')).next();
    name_in_utf8(path, line, name.unwrap_or_default())?;
    Ok(String::from_utf8_lossy(header).trim().to_owned())
}

/// The beginning of a line, for messages.
fn excerpt(line: &[u8]) -> String {
    let mut text: String = String::from_utf8_lossy(line).chars().take(40).collect();
    if text.len() < line.len() {
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    fn records(bytes: &[u8]) -> Result<Vec<Record>> {
        let path = Path::new("regions.fa");
        let lines = Lines::new(
            input::from_reader(Cursor::new(bytes.to_vec()), path, None)?,
            path,
        );
        let mut reader = Reader::new(lines);
        let mut record = Record::default();
        let mut out = Vec::new();
        while reader.read(&mut record)? {
            out.push(record.clone());
        }
        Ok(out)
    }

    #[test]
    fn lines_blanks_case_and_descriptions() {
        let got = records(b"\n>a first one\r\nACgt\r\n\r\nNNu\r\n>b\nR\n").unwrap();
        assert_eq!(got.len(), 2);
        assert_eq!(got[0].name, "a");
        assert_eq!(got[0].description, "first one");
        assert_eq!(got[0].sequence, b"ACGTNNT");
        assert_eq!((got[1].name.as_str(), got[1].line), ("b", 6));
        assert_eq!(got[1].sequence, b"R");
    }

    #[test]
    fn x_and_dots_are_any_base() {
        let got = records(b">a\nACxXg.\n").unwrap();
        assert_eq!(got[0].sequence, b"ACNNGN");
    }

    #[test]
    fn messages_name_file_line_and_letter() {
        let message = |bytes: &[u8]| {
            let error = records(bytes).unwrap_err();
            format!("{error} hint: {}", error.advice().unwrap_or_default())
        };
        let empty = message(b"\n\n");
        assert!(
            empty.contains("regions.fa") && empty.contains("empty file"),
            "{empty}"
        );
        let bed = message(b"chr1\t1\t2\n");
        assert!(bed.contains("line 1") && bed.contains("'>'"), "{bed}");
        let protein = message(b">p\nACGT\nMKLE\n");
        assert!(
            protein.contains("line 3") && protein.contains("'L'"),
            "{protein}"
        );
        assert!(protein.contains("Proteins"), "{protein}");
        assert!(message(b">a\nAC-G\n").contains("aligned"));
        let without = message(b">a\nACGT\n>b\n");
        assert!(
            without.contains("line 3") && without.contains("\"b\""),
            "{without}"
        );
        assert_eq!(
            records(b">a\n>b\nACGT\n").expect("records")[0].sequence,
            b""
        );
        assert!(message(b"> \nACGT\n").contains("a name"));
    }

    #[test]
    fn names_are_in_utf8() {
        let text = b">chr1\nACGT\n>sit\xe9 near\nACGT\n";
        let error = records(text).expect_err("another encoding");
        assert!(
            error
                .to_string()
                .starts_with("regions.fa, line 3: expected a name in UTF-8, found other bytes in"),
            "{error}"
        );
        assert!(error.advice().expect("a hint").contains("iconv"));
        // Names are what files are matched by; descriptions are not.
        let got = records(">été über\nACGT\n".as_bytes()).expect("UTF-8");
        assert_eq!(got[0].name, "été");
        let got = records(b">a na\xefve one\nACGT\n").expect("a name in UTF-8");
        assert_eq!(got[0].name, "a");
    }
}
