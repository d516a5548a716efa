//! BED and its relatives: intervals one per line, read without copying.
//!
//! | format | what | summit |
//! |---|---|---|
//! | [`Format::Bed`] | BED3 to BED6 and more columns | centre |
//! | [`Format::SummitBed`] | BED9 of ReMap: the summit is `thickStart`, column 7 | column 7 |
//! | [`Format::NarrowPeak`] | ENCODE BED6+4, and more columns | start + column 10; centre if that is -1 |
//! | [`Format::BroadPeak`] | ENCODE BED6+3 | centre |
//!
//! Columns are separated by tabs; in a line whose first separator is a space,
//! by runs of blanks, as the UCSC specification allows. Empty lines, `#`
//! lines and the `track` and `browser` lines of the genome browser are
//! skipped. Columns that nothing uses are not checked.
//!
//! Source: <https://genome.ucsc.edu/FAQ/FAQformat.html>.

mod blocks;
mod order;
mod words;

pub use blocks::{Block, for_each_block};
pub use order::{Order, Run, descending};

use std::fmt;
use std::path::Path;

use bindscape_base::bgzf;
use bindscape_base::error::{Error, Place, Result};
use bindscape_base::input::Lines;
use bindscape_base::kind::{self, FileKind};

pub use words::find;
use words::leading_number;

/// What is wrong with a line. [`Malformed::at`] makes it an error that names
/// file and line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed {
    /// What was expected.
    pub expected: String,
    /// What was found instead.
    pub found: String,
    /// What the user can do.
    pub hint: Option<String>,
}

impl Malformed {
    /// A fault: what was expected, and what was found.
    pub fn new(expected: impl Into<String>, found: impl Into<String>) -> Box<Self> {
        Box::new(Self {
            expected: expected.into(),
            found: found.into(),
            hint: None,
        })
    }

    /// The same fault with advice for the user.
    #[must_use]
    pub fn hint(mut self: Box<Self>, hint: impl Into<String>) -> Box<Self> {
        self.hint = Some(hint.into());
        self
    }

    /// The error of this crate for this line of that file.
    #[must_use]
    pub fn at(self, path: &Path, line: u64) -> Error {
        let error = Error::input(path, Place::Line(line), self.expected, self.found);
        match self.hint {
            Some(hint) => error.hint(hint),
            None => error,
        }
    }
}

/// How to read the columns from the fourth on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// Plain intervals; the summit is the centre.
    Bed,
    /// Nine columns, the summit in column 7 (`thickStart`), as ReMap writes them.
    SummitBed,
    /// ENCODE narrowPeak, the summit's offset from the start in column 10.
    NarrowPeak,
    /// ENCODE broadPeak; the summit is the centre.
    BroadPeak,
}

impl Format {
    /// All formats with the names under which a sample sheet may state them.
    pub const NAMES: [(&'static str, Format); 6] = [
        ("bed", Format::Bed),
        ("bed9", Format::SummitBed),
        ("remap", Format::SummitBed),
        ("narrowPeak", Format::NarrowPeak),
        ("broadPeak", Format::BroadPeak),
        ("bed6", Format::Bed),
    ];

    /// The format of a name in [`Format::NAMES`]; case is ignored.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::NAMES
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|&(_, format)| format)
    }

    /// The format that a file's extension states (`.narrowPeak`, `.broadPeak`, before `.gz`).
    #[must_use]
    pub fn from_path(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_string_lossy().to_ascii_lowercase();
        let (name, _) = bgzf::split_ending(&name);
        if name.ends_with(".narrowpeak") {
            Some(Format::NarrowPeak)
        } else if name.ends_with(".broadpeak") {
            Some(Format::BroadPeak)
        } else {
            None
        }
    }

    /// The format that a file's first record shows, for a file of which nothing else tells.
    ///
    /// # Errors
    /// If it has nine columns or more of which the seventh and eighth are not
    /// one base, so that the summit may be anywhere.
    pub fn detect(record: &Record<'_>) -> Result<Self, Box<Malformed>> {
        let columns = 3 + record.columns().count();
        if columns < 9 {
            return Ok(Format::Bed);
        }
        let thick = |column| signed(record.column(column)?, "").ok();
        if let (Some(start), Some(end)) = (thick(7), thick(8))
            && start + 1 == end
            && (record.stated.0..=record.stated.1).contains(&start)
        {
            return Ok(Format::SummitBed);
        }
        let is_offset = |text: &[u8]| {
            let text = text.trim_ascii_end();
            let (start, end) = record.stated;
            text == b"-1"
                || coordinate(text, "").is_ok_and(|offset| i64::from(offset) <= end - start)
        };
        if record.column(10).is_some_and(is_offset) && record.is_peak() && !record.has_blocks() {
            return Ok(Format::NarrowPeak);
        }
        Err(Malformed::new(
            "a summit of one base in columns 7 and 8 (BED9 of ReMap), or its offset in column 10 (narrowPeak)",
            format!("{columns} columns with neither"),
        )
        .hint("state the format in the sample sheet (column `format`); `bed` takes the centre of each peak"))
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Format::Bed => "BED, summit at the centre",
            Format::SummitBed => "BED9, summit in column 7",
            Format::NarrowPeak => "narrowPeak",
            Format::BroadPeak => "broadPeak, summit at the centre",
        })
    }
}

/// One interval, borrowed from its line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record<'a> {
    /// Chromosome.
    pub chrom: &'a [u8],
    /// First base, counted from 0; 0 where the line states a position before the chromosome.
    pub start: u32,
    /// One past the last base; 0 where all of the interval lies before the chromosome.
    pub end: u32,
    /// Start and end as the line states them.
    stated: (i64, i64),
    rest: &'a [u8],
    tabs: bool,
}

impl<'a> Record<'a> {
    /// Reads a line without its line end. `None` if it holds no interval
    /// (empty, a comment, a `track` or `browser` line).
    ///
    /// # Errors
    /// If it has fewer than three columns, a start or an end that is not a
    /// whole number up to 4,294,967,295, or an end before the start. An interval that begins before 0
    /// is well formed ([`Record::begins_before`]), and so is one without a base
    /// ([`Record::is_empty`]).
    #[inline]
    pub fn parse(line: &'a [u8]) -> Result<Option<Self>, Box<Malformed>> {
        let Some(split) = line.iter().position(|&byte| byte == b'\t' || byte == b' ') else {
            return if line.is_empty() || is_header(line) {
                Ok(None)
            } else {
                Err(too_few(line))
            };
        };
        let tabs = line[split] == b'\t';
        let chrom = &line[..split];
        if split == 0 || is_header(line) {
            return if split != 0 || line.trim_ascii().is_empty() {
                Ok(None)
            } else {
                Err(Malformed::new(
                    "a chromosome name in column 1",
                    "an empty column",
                ))
            };
        }
        let rest = skip_blanks(&line[split + 1..], tabs);
        Self::interval(line, chrom, rest, tabs).map(Some)
    }

    /// Reads a line that, most likely, has the same chromosome as the line before it.
    ///
    /// # Errors
    /// As [`Record::parse`].
    #[inline]
    pub fn parse_after(line: &'a [u8], chrom: &[u8]) -> Result<Option<Self>, Box<Malformed>> {
        match line.split_at_checked(chrom.len()) {
            Some((same, [b'\t', rest @ ..])) if same == chrom && !chrom.is_empty() => {
                Self::interval(line, same, rest, true).map(Some)
            }
            _ => Self::parse(line),
        }
    }

    /// Reads start and end; `rest` begins with the start.
    #[inline]
    fn interval(
        line: &'a [u8],
        chrom: &'a [u8],
        mut rest: &'a [u8],
        tabs: bool,
    ) -> Result<Self, Box<Malformed>> {
        let start = match leading_number(rest) {
            // The usual case: digits, and the separator right after them.
            Some((value, length)) if is_separator(rest.get(length), tabs) => {
                rest = skip_blanks(&rest[length + 1..], tabs);
                value
            }
            _ => {
                let (field, next) = next_field(rest, tabs);
                if field.first() == Some(&b'-') {
                    return Self::before(line, chrom, field, next, tabs);
                }
                let start = coordinate(field, "start")?;
                rest = next.ok_or_else(|| too_few(line))?;
                start
            }
        };
        let end = match leading_number(rest) {
            Some((value, length)) if is_separator(rest.get(length), tabs) => {
                rest = skip_blanks(&rest[length + 1..], tabs);
                value
            }
            _ => {
                let (field, next) = next_field(rest, tabs);
                if field.is_empty() {
                    return Err(too_few(line));
                }
                let end = coordinate(without_blanks(field, next), "end")?;
                rest = next.unwrap_or_default();
                end
            }
        };
        if end < start {
            return Err(reversed(start.into(), end.into()));
        }
        Ok(Self {
            chrom,
            start,
            end,
            stated: (start.into(), end.into()),
            rest,
            tabs,
        })
    }

    /// Reads an interval whose start is below 0; `rest` begins with its end.
    #[cold]
    fn before(
        line: &'a [u8],
        chrom: &'a [u8],
        start: &[u8],
        rest: Option<&'a [u8]>,
        tabs: bool,
    ) -> Result<Self, Box<Malformed>> {
        let start = signed(start, "start")?;
        let (field, next) = next_field(rest.ok_or_else(|| too_few(line))?, tabs);
        if field.is_empty() {
            return Err(too_few(line));
        }
        let end = signed(without_blanks(field, next), "end")?;
        // One without a base there is none of `bedtools`, which writes `.`, -1 and -1 where it found
        // nothing.
        if end <= start {
            return Err(reversed(start, end));
        }
        Ok(Self {
            chrom,
            start: 0,
            end: u32::try_from(end).unwrap_or(0),
            stated: (start, end),
            rest: next.unwrap_or_default(),
            tabs,
        })
    }

    /// Start and end as the line states them; the start may be below 0.
    #[must_use]
    pub fn stated(&self) -> (i64, i64) {
        self.stated
    }

    /// Whether the line states an interval that begins before the chromosome: at a position
    /// below 0. Peak callers extend peaks so. [`Record::within`] says what lies on the chromosome.
    #[inline]
    #[must_use]
    pub fn begins_before(&self) -> bool {
        self.stated.0 < 0
    }

    /// Whether the interval holds no base: its end is its start. BED has such intervals for places
    /// between two bases, such as those of insertions.
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.stated.0 == self.stated.1
    }

    /// The columns from the fourth on.
    pub fn columns(&self) -> Columns<'a> {
        Columns {
            rest: (!self.rest.is_empty()).then_some(self.rest),
            tabs: self.tabs,
        }
    }

    /// Column `number` of the line, counted from 1; from 4 on.
    #[must_use]
    pub fn column(&self, number: usize) -> Option<&'a [u8]> {
        self.columns().nth(number.checked_sub(4)?)
    }

    /// Whether columns 5 to 9 are those of narrowPeak: a score, a strand, and three numbers. Ten
    /// columns may also be two intervals beside each other, as `bedtools intersect -wo` writes them.
    fn is_peak(&self) -> bool {
        let is_number = |column| {
            let text = self
                .column(column)
                .and_then(|text| std::str::from_utf8(text).ok());
            text.is_some_and(|text| text == "." || text.trim().parse::<f64>().is_ok())
        };
        let strand = self
            .column(6)
            .is_some_and(|text| matches!(text, b"+" | b"-" | b"."));
        strand && [5, 7, 8, 9].into_iter().all(is_number)
    }

    /// Whether columns 10 to 12 are those of BED12: a number of blocks, and as many lengths and
    /// starts.
    fn has_blocks(&self) -> bool {
        let text = |column| std::str::from_utf8(self.column(column)?).ok();
        let number = |text: &str| text.trim().parse::<usize>().ok();
        let numbers = |text: &str| {
            let list = text.trim().trim_end_matches(',').split(',');
            list.map(number)
                .collect::<Option<Vec<_>>>()
                .map(|list| list.len())
        };
        let blocks = text(10).and_then(number);
        blocks.is_some()
            && [11, 12]
                .into_iter()
                .all(|column| text(column).and_then(numbers) == blocks)
            && [7, 8].into_iter().all(|column| {
                let thick = self.column(column).and_then(|text| signed(text, "").ok());
                thick.is_some_and(|at| (self.stated.0..=self.stated.1).contains(&at))
            })
    }

    /// The middle base, `floor((start + end) / 2)`.
    #[must_use]
    pub fn centre(&self) -> u32 {
        self.start + (self.end - self.start) / 2
    }

    /// Position of the summit, as `format` tells it; the centre where it tells none.
    ///
    /// # Errors
    /// As [`Record::known_summit`].
    #[inline]
    pub fn summit(&self, format: Format) -> Result<i64, Box<Malformed>> {
        let summit = self.known_summit(format)?;
        Ok(summit.unwrap_or_else(|| self.centre().into()))
    }

    /// Position of the summit, as `format` tells it; `None` if it tells none. It may be below 0 in
    /// a peak that begins there, and past the end of the chromosome.
    ///
    /// # Errors
    /// If the summit's column is missing, is no number, or lies outside the peak.
    #[inline]
    pub fn known_summit(&self, format: Format) -> Result<Option<i64>, Box<Malformed>> {
        let (start, end) = self.stated;
        match format {
            Format::Bed | Format::BroadPeak => Ok(None),
            Format::SummitBed => {
                let Some(field) = self.column(7) else {
                    return Err(Malformed::new(
                        "at least 7 columns, the summit in the seventh",
                        format!("{} columns", 3 + self.columns().count()),
                    ));
                };
                let summit = match field.first() {
                    Some(b'-') if start < 0 => signed(field, "summit (column 7)")?,
                    _ => coordinate(field, "summit (column 7)")?.into(),
                };
                // Some peak callers count the summit from 1: it may equal the end.
                if summit < start || summit > end {
                    return Err(Malformed::new(
                        format!("a summit (column 7) from {start} to {end}"),
                        summit.to_string(),
                    ));
                }
                Ok(Some(summit))
            }
            Format::NarrowPeak => {
                let Some(field) = self.column(10) else {
                    return Err(Malformed::new(
                        "10 columns (narrowPeak), the summit's offset in the tenth",
                        format!("{} columns", 3 + self.columns().count()),
                    ));
                };
                let field = field.trim_ascii_end();
                if field == b"-1" {
                    return Ok(None);
                }
                let offset = i64::from(coordinate(field, "summit offset (column 10)")?);
                let length = end - start;
                // As above.
                if offset > length {
                    return Err(Malformed::new(
                        format!("a summit offset (column 10) up to the peak's length of {length}"),
                        offset.to_string(),
                    ));
                }
                Ok(Some(start + offset))
            }
        }
    }

    /// The same interval as far as it lies on a chromosome of `length` bases; `None` if it begins
    /// past the end, or ends before the first base. Its summit stays where it is, perhaps beyond
    /// an end.
    #[inline]
    #[must_use]
    pub fn within(mut self, length: u64) -> Option<Self> {
        if u64::from(self.start) >= length || self.end == 0 {
            return None;
        }
        // Where it is smaller than an end, the length is a number of 32 bits.
        self.end = u64::from(self.end).min(length) as u32;
        Some(self)
    }
}

/// The columns of a line from the fourth on.
#[derive(Debug, Clone)]
pub struct Columns<'a> {
    rest: Option<&'a [u8]>,
    tabs: bool,
}

impl<'a> Iterator for Columns<'a> {
    type Item = &'a [u8];

    #[inline]
    fn next(&mut self) -> Option<&'a [u8]> {
        let (field, rest) = next_field(self.rest?, self.tabs);
        self.rest = rest;
        Some(field)
    }
}

/// Refuses a file that is something else than intervals.
///
/// # Errors
/// See above.
pub fn check_kind(path: &Path) -> Result<()> {
    kind::expect_text(path, "regions or peaks in BED", &[FileKind::Bed])
}

/// The first line of a file that is no header, with its number.
///
/// # Errors
/// If it cannot be read, or is something else than intervals.
pub fn first_record_line(path: &Path) -> Result<Option<(u64, Vec<u8>)>> {
    check_kind(path)?;
    let mut lines = Lines::open(path)?;
    while let Some((number, line)) = lines.next()? {
        if !line.trim_ascii().is_empty() && !is_header(line) {
            return Ok(Some((number, line.to_vec())));
        }
    }
    Ok(None)
}

/// Text of a line for a message, shortened.
pub fn quoted(text: &[u8]) -> String {
    const SHOWN: usize = 60;
    let shown = String::from_utf8_lossy(&text[..text.len().min(SHOWN)]).into_owned();
    if text.len() > SHOWN {
        format!("{shown:?}…")
    } else {
        format!("{shown:?}")
    }
}

fn reversed(start: i64, end: i64) -> Box<Malformed> {
    Malformed::new(
        "an end greater than the start (BED is 0-based and half-open)",
        format!("start {start} and end {end}"),
    )
}

/// Reads a coordinate that may lie before the chromosome, at a position below 0.
fn signed(field: &[u8], what: &str) -> Result<i64, Box<Malformed>> {
    match field.strip_prefix(b"-") {
        Some(digits) => match coordinate(digits, what) {
            Ok(value) => Ok(-i64::from(value)),
            Err(_) => coordinate(field, what).map(i64::from),
        },
        None => coordinate(field, what).map(i64::from),
    }
}

/// Reads a coordinate; `what` names it in the message.
pub fn coordinate(field: &[u8], what: &str) -> Result<u32, Box<Malformed>> {
    if let Some((value, length)) = leading_number(field)
        && length == field.len()
    {
        return Ok(value);
    }
    let error = Malformed::new(
        format!("a {what} that is a whole number from 0 to {}", u32::MAX),
        quoted(field),
    );
    let first = field.first().copied().unwrap_or(b'0');
    Err(
        if what == "start" && is_chromosome(field) && !field.eq_ignore_ascii_case(b"chromStart") {
            error.hint(
            "is the first column the `bin` of a table of the UCSC genome browser? Leave it out: \
             `cut -f 2-`",
        )
        } else if first.is_ascii_alphabetic() {
            error.hint("a header line must begin with `#`; columns are chromosome, start, end")
        } else if field.contains(&b',') {
            error.hint("write numbers without thousands separators")
        } else {
            error
        },
    )
}

/// Whether a field is a chromosome by its name.
fn is_chromosome(field: &[u8]) -> bool {
    field.len() > 3 && field[..3].eq_ignore_ascii_case(b"chr")
}

#[inline]
fn is_separator(byte: Option<&u8>, tabs: bool) -> bool {
    match byte {
        Some(b'\t') => true,
        Some(b' ') => !tabs,
        _ => false,
    }
}

#[inline]
fn skip_blanks(text: &[u8], tabs: bool) -> &[u8] {
    if tabs { text } else { text.trim_ascii_start() }
}

/// The field at the beginning of `text` and what follows its separator.
#[inline]
fn next_field(text: &[u8], tabs: bool) -> (&[u8], Option<&[u8]>) {
    let end = if tabs {
        find(text, b'\t')
    } else {
        text.iter().position(|&byte| byte == b' ' || byte == b'\t')
    };
    match end {
        None => (text, None),
        Some(end) => {
            let rest = skip_blanks(&text[end + 1..], tabs);
            // Blanks at the end of a line separate nothing.
            (&text[..end], (tabs || !rest.is_empty()).then_some(rest))
        }
    }
}

/// A field, which ends with the line if nothing is `next`: blanks there belong to nothing.
fn without_blanks<'a>(field: &'a [u8], next: Option<&[u8]>) -> &'a [u8] {
    if next.is_none() {
        field.trim_ascii_end()
    } else {
        field
    }
}

fn is_header(line: &[u8]) -> bool {
    match line[0] {
        b'#' => true,
        b't' => is_word(line, b"track"),
        b'b' => is_word(line, b"browser"),
        _ => false,
    }
}

fn is_word(line: &[u8], word: &[u8]) -> bool {
    line.strip_prefix(word).is_some_and(|rest| {
        // `track<TAB>number` is a scaffold of that name, not a header.
        rest.is_empty() || rest[0] == b' ' || !rest.get(1).is_some_and(u8::is_ascii_digit)
    })
}

fn too_few(line: &[u8]) -> Box<Malformed> {
    Malformed::new("at least 3 columns (chromosome, start, end)", quoted(line))
        .hint("columns are separated by tabs")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(line: &str) -> Record<'_> {
        Record::parse(line.as_bytes())
            .expect("well-formed")
            .expect("an interval")
    }

    fn fault(line: &str) -> String {
        let error = Record::parse(line.as_bytes()).expect_err("malformed");
        format!("expected {}, found {}", error.expected, error.found)
    }

    #[test]
    fn columns_by_tabs_or_by_blanks() {
        for line in ["chr1\t10\t25\tname one\t0", "chr1\t10\t25\tname one\t0\t"] {
            let record = record(line);
            assert_eq!(
                (record.chrom, record.start, record.end),
                (&b"chr1"[..], 10, 25)
            );
            assert_eq!(record.column(4), Some(&b"name one"[..]));
            assert_eq!(record.column(5), Some(&b"0"[..]));
            assert_eq!(record.centre(), 17);
        }
        for line in ["chr1\t10\t25 ", "chr1 10 25  ", "chr1\t-3\t25 "] {
            assert_eq!(record(line).end, 25, "{line:?}");
        }
        let blanks = record("chr1  10 25   name 7 ");
        assert_eq!((blanks.start, blanks.end), (10, 25));
        assert_eq!(
            blanks.columns().collect::<Vec<_>>(),
            [&b"name"[..], &b"7"[..]]
        );
        assert_eq!(record("chr1\t0\t4294967295").columns().count(), 0);
        assert_eq!(record("chr1\t0\t5\t\tx").column(4), Some(&b""[..]));
    }

    #[test]
    fn lines_without_intervals_are_skipped() {
        for line in [
            "",
            "   ",
            "#chrom start end",
            "track name=peaks",
            "track",
            "browser position chr1:1-2",
        ] {
            assert_eq!(Record::parse(line.as_bytes()), Ok(None), "{line}");
        }
        assert_eq!(record("track\t1\t2").chrom, b"track");
        assert_eq!(record("b1 1 2").chrom, b"b1");
    }

    #[test]
    fn the_chromosome_before_changes_nothing() {
        for line in [
            "chr1\t5\t9\tn",
            "chr10\t5\t9",
            "chr1 5 9",
            "chr\t5\t9",
            "chr1\t5",
            "chr1\t9\t5",
            "chr1",
            "",
            "# chr1",
        ] {
            for chrom in ["", "chr1", "chr10"] {
                assert_eq!(
                    Record::parse_after(line.as_bytes(), chrom.as_bytes()),
                    Record::parse(line.as_bytes()),
                    "{line:?} after {chrom:?}"
                );
            }
        }
    }

    #[test]
    fn messages_name_what_is_wrong() {
        assert_eq!(
            fault("chr1\t10"),
            "expected at least 3 columns (chromosome, start, end), found \"chr1\\t10\""
        );
        assert!(fault("chr1\t10\t").contains("at least 3 columns"));
        assert!(fault("chr1").contains("at least 3 columns"));
        assert!(fault("chr1\tx5\t10").contains("a start that is a whole number"));
        assert!(fault("chr1\t5\t1e3").ends_with("found \"1e3\""));
        assert!(fault("chr1\t--5\t10").ends_with("found \"--5\""));
        assert!(fault("chr1\t5\t-10").ends_with("found \"-10\""));
        assert!(fault("chr1\t-5\t-5").ends_with("found start -5 and end -5"));
        assert!(fault("chr1\t-5").contains("at least 3 columns"));
        assert!(fault("chr1\t-5\t").contains("at least 3 columns"));
        assert!(fault(".\t-1\t-1").ends_with("found start -1 and end -1"));
        assert!(fault("chr1\t5\t4294967296").contains("found \"4294967296\""));
        assert!(fault("chr1\t5\t99999999999999999999").contains("from 0 to 4294967295"));
        assert_eq!(
            fault("chr1\t10\t9"),
            "expected an end greater than the start (BED is 0-based and half-open), found start 10 and end 9"
        );
        assert!(record("chr1\t10\t10").is_empty() && !record("chr1\t10\t11").is_empty());
        let bin = Record::parse(b"585\tchr1\t10\t20").expect_err("another table");
        assert!(bin.hint.is_some_and(|hint| hint.contains("cut -f 2-")));
        assert!(fault("\t1\t2").contains("a chromosome name in column 1"));
        let header = Record::parse(b"chrom\tstart\tend").expect_err("header");
        assert!(header.hint.is_some_and(|hint| hint.contains("`#`")));
    }

    #[test]
    fn summits_of_each_format() {
        let remap = "chr1\t100\t200\tE.TF.C\t0\t.\t130\t131\t0,0,0";
        assert_eq!(record(remap).summit(Format::SummitBed), Ok(130));
        assert_eq!(record(remap).summit(Format::Bed), Ok(150));
        let narrow = "chr1\t100\t201\t.\t0\t.\t5.2\t-1\t-1\t7";
        assert_eq!(record(narrow).summit(Format::NarrowPeak), Ok(107));
        let unknown = "chr1\t100\t201\t.\t0\t.\t5.2\t-1\t-1\t-1";
        assert_eq!(record(unknown).summit(Format::NarrowPeak), Ok(150));
        // Counted from 1, or clipped.
        let last = "chr1\t100\t201\t.\t0\t.\t5.2\t-1\t-1\t101 ";
        assert_eq!(record(last).summit(Format::NarrowPeak), Ok(201));
        let outside = "chr1\t100\t201\t.\t0\t.\t5.2\t-1\t-1\t102";
        let error = record(outside)
            .summit(Format::NarrowPeak)
            .expect_err("outside");
        assert!(error.expected.contains("up to the peak's length of 101"));
        let error = record("chr1\t1\t9\tn\t0\t+\t10\t11\t0")
            .summit(Format::SummitBed)
            .expect_err("outside");
        assert_eq!(error.found, "10");
        let error = record("chr1\t1\t9\tn")
            .summit(Format::SummitBed)
            .expect_err("short");
        assert_eq!(error.found, "4 columns");
    }

    #[test]
    fn intervals_are_clipped_at_the_end_of_a_chromosome() {
        let narrow = record("chr1\t100\t200\t.\t0\t.\t5.2\t-1\t-1\t70");
        let clipped = narrow.within(150).expect("begins before");
        assert_eq!((clipped.end, clipped.centre()), (150, 125));
        // The summit may lie past the end: it is in no region then, but not malformed.
        assert_eq!(clipped.known_summit(Format::NarrowPeak), Ok(Some(170)));
        assert_eq!(clipped.summit(Format::Bed), Ok(125));
        assert_eq!(narrow.within(200), Some(narrow));
        assert_eq!(narrow.within(100), None);
    }

    #[test]
    fn intervals_are_clipped_before_the_first_base() {
        let narrow = record("chr1\t-40\t60\t.\t0\t.\t5.2\t-1\t-1\t10");
        assert!(narrow.begins_before());
        assert_eq!(narrow.stated(), (-40, 60));
        let clipped = narrow.within(1000).expect("its end lies there");
        assert_eq!((clipped.start, clipped.end, clipped.centre()), (0, 60, 30));
        assert_eq!(clipped.known_summit(Format::NarrowPeak), Ok(Some(-30)));
        assert_eq!(clipped.column(4), Some(&b"."[..]));
        let remap = record("chr1 -5 9 n 0 + -2 -1 0");
        assert_eq!(remap.known_summit(Format::SummitBed), Ok(Some(-2)));
        assert_eq!(Format::detect(&remap), Ok(Format::SummitBed));
        let error = record("chr1\t-5\t9\tn\t0\t+\t-6\t-5\t0").summit(Format::SummitBed);
        assert_eq!(error.expect_err("outside").found, "-6");
        // Nothing of it lies on the chromosome.
        for line in ["chr1\t-9\t-2", "chr1\t-9\t0"] {
            let before = record(line);
            assert!(before.begins_before() && before.within(u64::MAX).is_none());
        }
        assert!(!record("chr1\t0\t5").begins_before());
    }

    #[test]
    fn formats_are_detected_or_asked_for() {
        let detect = |line: &str| Format::detect(&record(line));
        assert_eq!(detect("chr1\t1\t9"), Ok(Format::Bed));
        assert_eq!(detect("chr1\t1\t9\tn\t0\t+"), Ok(Format::Bed));
        assert_eq!(
            detect("chr1\t1\t9\tn\t0\t+\t4\t5\t0"),
            Ok(Format::SummitBed)
        );
        assert_eq!(
            detect("chr1\t1\t9\tn\t0\t+\t4.1\t5\t0\t3"),
            Ok(Format::NarrowPeak)
        );
        // With columns that other programs append, as `bedtools intersect -wo` does.
        for more in ["1", "chr1\t2\t9\tn\t0\t+\t7", "0.3\tyes"] {
            assert_eq!(
                detect(&format!("chr1\t1\t9\tn\t0\t+\t4.1\t5\t0\t3\t{more}")),
                Ok(Format::NarrowPeak),
                "{more}"
            );
        }
        // BED12, two intervals beside each other, and other columns.
        for line in [
            "chr1\t1000\t1100\tp\t10\t+\t1000\t1100\t0\t2\t20,30,\t0,70,",
            "chr1\t1000\t1100\tp\t10\t+\t1000\t1100\t0\t1\t100\t0\tmore",
            "chr1\t900\t2100\tp\t10\t+\tchr1\t1950\t2300\t150",
            "chr1\t1000\t1100\tp\t10\t+\tgeneA\texon\t1\t7",
            "chr1\t1000\t1100\tp\t10\tx\t1\t2\t3\t7",
        ] {
            detect(line).expect_err(line);
        }
        let error = detect("chr1\t1\t9\tn\t0\t+\t1\t9\t0").expect_err("thick is all");
        assert!(error.hint.expect("a hint").contains("sample sheet"));
        assert_eq!(
            Format::from_path(Path::new("a/B.narrowPeak.gz")),
            Some(Format::NarrowPeak)
        );
        assert_eq!(Format::from_path(Path::new("a.bed")), None);
        assert_eq!(Format::from_name("NARROWPEAK"), Some(Format::NarrowPeak));
    }
}
