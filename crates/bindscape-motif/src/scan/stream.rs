//! Sequences of a FASTA file in batches of bounded size.
//!
//! The bases of a batch lie one behind the other as numbers, without the letters that no
//! motif can cover. A sequence that does not fit into what is left of a batch goes on in
//! the next one, which begins with the bases that windows across the boundary need; each
//! window belongs to one batch, that of its first base.

use std::io::{BufRead, ErrorKind};
use std::path::{Path, PathBuf};

use bindscape_base::input;
use bindscape_base::{Error, Place, Result};
use bindscape_genome::fasta::{self, nucleotide};
use bindscape_genome::sequence::base_code;

/// Bases of a batch, unless asked otherwise.
const CAPACITY: usize = 1 << 22;

/// Sequences of a batch, which may have few bases.
const MOST_SEQUENCES: usize = 1 << 17;

/// What a byte of a sequence line is: 0 to 3 a base, or one of these.
const MASKED: u8 = 4;
const BREAK: u8 = 8;
const BLANK: u8 = 9;
const OTHER: u8 = 10;

static KINDS: [u8; 256] = kinds();

const fn kinds() -> [u8; 256] {
    let mut table = [OTHER; 256];
    let mut letter = 0;
    while letter < table.len() {
        if let Some(read) = nucleotide(letter as u8) {
            table[letter] = match base_code(read) {
                Some(code) if (letter as u8).is_ascii_lowercase() => MASKED | code,
                Some(code) => code,
                None => BREAK,
            };
        }
        letter += 1;
    }
    table[b' ' as usize] = BLANK;
    table[b'\t' as usize] = BLANK;
    table[b'\r' as usize] = BLANK;
    table
}

/// A sequence, or the part of it that lies in a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sequence {
    /// The header up to the first blank.
    pub name: String,
    /// Line of the header, counted from 1.
    pub line: u64,
    /// Number of the sequence in the file, from 0.
    pub index: u64,
    /// Its letters, if it ends in this batch.
    pub length: Option<u64>,
}

/// Bases of a batch without a break between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// The first one in [`Batch::bases`].
    pub start: usize,
    /// Its sequence in [`Batch::sequences`].
    pub sequence: usize,
    /// Position of the first base in that sequence, from 0.
    pub position: u64,
}

/// Consecutive sequences, or parts of one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Batch {
    /// Numbers 0 to 3 for A, C, G, T of all runs, one behind the other.
    pub bases: Vec<u8>,
    /// The runs in order, none of them empty.
    pub runs: Vec<Run>,
    /// The sequences in order.
    pub sequences: Vec<Sequence>,
    /// Windows of this batch begin before this base; later ones belong to the next batch.
    pub limit: usize,
}

impl Batch {
    /// Appends a whole sequence of bases 0 to 3, without a name.
    pub fn push(&mut self, bases: &[u8]) {
        if !bases.is_empty() {
            self.runs.push(Run {
                start: self.bases.len(),
                sequence: self.sequences.len(),
                position: 0,
            });
        }
        self.bases.extend_from_slice(bases);
        self.limit = self.bases.len();
        self.sequences.push(Sequence {
            name: String::new(),
            line: 0,
            index: self.sequences.len() as u64,
            length: Some(bases.len() as u64),
        });
    }

    /// The bases of a run, as places in [`Batch::bases`].
    #[must_use]
    pub fn span(&self, run: usize) -> std::ops::Range<usize> {
        let end = self.runs.get(run + 1).map_or(self.bases.len(), |r| r.start);
        self.runs[run].start..end
    }

    /// First bases of the windows of this width in a run that belong to this batch, as
    /// places in [`Batch::bases`].
    #[must_use]
    pub fn starts(&self, run: usize, width: usize) -> std::ops::Range<usize> {
        let span = self.span(run);
        let end = (span.end + 1).saturating_sub(width).min(self.limit);
        span.start..end.max(span.start)
    }
}

/// What a file held.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Letters {
    /// Sequences.
    pub sequences: u64,
    /// Bases that windows may cover.
    pub bases: u64,
    /// N and other ambiguous letters, which windows do not cover.
    pub ambiguous: u64,
    /// Lower-case bases that were skipped.
    pub masked: u64,
}

/// Reads batches.
pub struct SequenceReader {
    input: Box<dyn BufRead + Send>,
    path: PathBuf,
    skip_masked: bool,
    /// Bases that the next batch needs again of a run that goes on: the widest motif's less one.
    overlap: usize,
    capacity: usize,
    line: u64,
    at_line_start: bool,
    header: Option<Vec<u8>>,
    batch: Batch,
    /// The sequence being read, how many letters of it were read, and whether any was.
    current: Option<Sequence>,
    length: u64,
    /// Whether the last run goes on with the next base.
    open: bool,
    ended: bool,
    letters: Letters,
}

impl SequenceReader {
    /// Opens a FASTA file, plain or compressed; `-` is standard input. `widest` is the
    /// width of the widest motif; lower-case bases break windows with `skip_masked`.
    ///
    /// # Errors
    /// If it cannot be opened.
    pub fn open(path: impl AsRef<Path>, widest: usize, skip_masked: bool) -> Result<Self> {
        let path = path.as_ref();
        let shown = if path == Path::new("-") {
            Path::new("<stdin>")
        } else {
            path
        };
        fasta::check_kind(path)?;
        Ok(Self::new(input::open(path)?, shown, widest, skip_masked))
    }

    /// Reads from `input`, called `path` in messages.
    #[must_use]
    pub fn new(
        input: Box<dyn BufRead + Send>,
        path: &Path,
        widest: usize,
        skip_masked: bool,
    ) -> Self {
        Self {
            input,
            path: path.to_path_buf(),
            skip_masked,
            overlap: widest.saturating_sub(1),
            capacity: CAPACITY,
            line: 1,
            at_line_start: true,
            header: None,
            batch: Batch::default(),
            current: None,
            length: 0,
            open: false,
            ended: false,
            letters: Letters::default(),
        }
    }

    /// The same with batches of about so many bases; results do not depend on it.
    #[must_use]
    pub fn with_capacity(mut self, bases: usize) -> Self {
        self.capacity = bases.max(1);
        self
    }

    /// The name of the input in messages.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What was read so far.
    #[must_use]
    pub fn letters(&self) -> Letters {
        self.letters
    }

    /// The next batch; `None` at the end.
    ///
    /// # Errors
    /// If the input cannot be read, is truncated or empty, does not begin with a header, or
    /// holds a record without name, a last one without sequence, or a letter that is no nucleotide
    /// code.
    pub fn next_batch(&mut self) -> Result<Option<Batch>> {
        while !self.ended
            && self.batch.bases.len() < self.capacity + self.overlap
            && self.batch.sequences.len() < MOST_SEQUENCES
        {
            self.fill()?;
        }
        if self.ended {
            let batch = std::mem::take(&mut self.batch);
            return Ok((!batch.sequences.is_empty()).then_some(Batch {
                limit: batch.bases.len(),
                ..batch
            }));
        }
        Ok(Some(self.cut()))
    }

    /// Hands out what was read, and keeps the bases that later windows need.
    fn cut(&mut self) -> Batch {
        let mut batch = std::mem::take(&mut self.batch);
        batch.limit = batch.bases.len();
        if let Some(sequence) = &self.current {
            // The sequence that goes on is in both batches; it has no length in this one.
            self.batch.sequences.push(sequence.clone());
            if self.open
                && let Some(run) = batch.runs.last()
            {
                let keep = self.overlap.min(batch.bases.len() - run.start);
                let from = batch.bases.len() - keep;
                batch.limit = from;
                if keep > 0 {
                    self.batch.runs.push(Run {
                        start: 0,
                        sequence: 0,
                        position: run.position + (from - run.start) as u64,
                    });
                    self.batch.bases.extend_from_slice(&batch.bases[from..]);
                }
                self.open = keep > 0;
            }
        }
        batch
    }

    /// Takes what the input has buffered, or notes its end.
    fn fill(&mut self) -> Result<()> {
        // The buffer is taken out so that the rest of the reader can be changed meanwhile.
        let mut input = std::mem::replace(&mut self.input, Box::new(std::io::empty()));
        let taken = self.take(&mut input);
        self.input = input;
        taken
    }

    fn take(&mut self, input: &mut Box<dyn BufRead + Send>) -> Result<()> {
        let bytes = loop {
            match input.fill_buf() {
                Ok(bytes) => break bytes,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(input::read_error(&self.path, error)),
            }
        };
        if bytes.is_empty() {
            if let Some(header) = self.header.take() {
                self.begin(&header)?;
            }
            self.end_sequence(true)?;
            self.ended = true;
            if self.letters.sequences == 0 {
                return Err(Error::input(
                    &self.path,
                    Place::File,
                    "FASTA records",
                    "an empty file",
                ));
            }
            return Ok(());
        }
        // Pieces bound what one call adds to the batch.
        let bytes = &bytes[..bytes.len().min(1 << 16)];
        let piece = match memchr::memchr(b'\n', bytes) {
            Some(at) => &bytes[..=at],
            None => bytes,
        };
        let used = piece.len();
        let (text, whole) = match piece.strip_suffix(b"\n") {
            Some(text) => (text, true),
            None => (piece, false),
        };
        let outcome = self.text(text, whole);
        input.consume(used);
        outcome
    }

    /// Takes a line, or a part of it; `whole` if the line ends here.
    fn text(&mut self, text: &[u8], whole: bool) -> Result<()> {
        if let Some(header) = &mut self.header {
            header.extend_from_slice(text);
        } else if self.at_line_start && text.first() == Some(&b'>') {
            self.end_sequence(false)?;
            self.header = Some(text[1..].to_vec());
        } else {
            self.sequence(text)?;
        }
        if whole {
            if let Some(header) = self.header.take() {
                self.begin(&header)?;
            }
            self.line += 1;
        }
        self.at_line_start = whole || (self.at_line_start && text.is_empty());
        Ok(())
    }

    fn begin(&mut self, header: &[u8]) -> Result<()> {
        let header = input::line_text(header)
            .ok_or_else(|| input::lone_carriage_return(&self.path, self.line))?;
        let header = header.trim_ascii_start();
        let name = header.split(|letter| b" \t".contains(letter)).next();
        let name = fasta::name_in_utf8(&self.path, self.line, name.unwrap_or_default())?.trim();
        let header = String::from_utf8_lossy(header);
        if name.is_empty() {
            return Err(Error::input(
                &self.path,
                Place::Line(self.line),
                "a name after '>'",
                format!("{:?}", format!(">{}", header.trim_end())),
            ));
        }
        let sequence = Sequence {
            name: name.to_owned(),
            line: self.line,
            index: self.letters.sequences,
            length: None,
        };
        self.letters.sequences += 1;
        self.batch.sequences.push(sequence.clone());
        self.current = Some(sequence);
        self.length = 0;
        self.open = false;
        Ok(())
    }

    /// Ends the sequence being read, the last of the file or not.
    fn end_sequence(&mut self, last: bool) -> Result<()> {
        let Some(sequence) = self.current.take() else {
            return Ok(());
        };
        if self.length == 0 && last {
            return Err(Error::input(
                &self.path,
                Place::Line(sequence.line),
                format!("a sequence after the header of {:?}", sequence.name),
                "none",
            )
            .hint("the file may be truncated"));
        }
        let last = self.batch.sequences.last_mut();
        last.expect("the sequence being read is in the batch")
            .length = Some(self.length);
        self.open = false;
        Ok(())
    }

    fn sequence(&mut self, text: &[u8]) -> Result<()> {
        if self.current.is_none() {
            let text = text.trim_ascii();
            if text.is_empty() {
                return Ok(());
            }
            return Err(Error::input(
                &self.path,
                Place::Line(self.line),
                "a FASTA header beginning with '>'",
                format!("{:?}", excerpt(text)),
            )
            .hint("is it a FASTA file? BED files need a genome beside them"));
        }
        let mut rest = text;
        while !rest.is_empty() {
            let most = if self.skip_masked { MASKED } else { BREAK };
            let count = rest
                .iter()
                .position(|&letter| KINDS[usize::from(letter)] >= most)
                .unwrap_or(rest.len());
            if count > 0 {
                if !self.open {
                    self.batch.runs.push(Run {
                        start: self.batch.bases.len(),
                        sequence: self.batch.sequences.len() - 1,
                        position: self.length,
                    });
                    self.open = true;
                }
                let codes = rest[..count]
                    .iter()
                    .map(|&letter| KINDS[usize::from(letter)] & 3);
                self.batch.bases.extend(codes);
                self.length += count as u64;
                self.letters.bases += count as u64;
            }
            let Some(&letter) = rest.get(count) else {
                break;
            };
            rest = &rest[count + 1..];
            match KINDS[usize::from(letter)] {
                BLANK => continue,
                OTHER => return Err(self.letter(letter)),
                BREAK => self.letters.ambiguous += 1,
                _ => self.letters.masked += 1,
            }
            self.length += 1;
            self.open = false;
        }
        Ok(())
    }

    fn letter(&self, letter: u8) -> Error {
        let name = self.current.as_ref().map_or("", |sequence| &sequence.name);
        Error::input(
            &self.path,
            Place::Line(self.line),
            "nucleotide letters (A, C, G, T, N or another IUPAC code)",
            format!("{:?} in the sequence of {name:?}", char::from(letter)),
        )
        .hint(match letter {
            b'-' | b'*' => "remove gaps and stops: sequences must not be aligned",
            _ => "is it DNA? Proteins are no input here",
        })
    }
}

/// The beginning of a line, for messages.
fn excerpt(line: &[u8]) -> String {
    crate::text::excerpt(&String::from_utf8_lossy(line))
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use proptest::prelude::*;

    use super::*;

    fn reader(text: &[u8], widest: usize, skip_masked: bool) -> SequenceReader {
        let input = Box::new(Cursor::new(text.to_vec()));
        SequenceReader::new(input, Path::new("s.fa"), widest, skip_masked)
    }

    fn batches(mut reader: SequenceReader) -> Result<(Vec<Batch>, Letters)> {
        let mut all = Vec::new();
        while let Some(batch) = reader.next_batch()? {
            all.push(batch);
        }
        Ok((all, reader.letters()))
    }

    /// All windows of a width, as sequence, position and bases.
    fn windows(batches: &[Batch], width: usize) -> Vec<(u64, u64, Vec<u8>)> {
        let mut all = Vec::new();
        for batch in batches {
            for (number, run) in batch.runs.iter().enumerate() {
                for at in batch.starts(number, width) {
                    all.push((
                        batch.sequences[run.sequence].index,
                        run.position + (at - run.start) as u64,
                        batch.bases[at..at + width].to_vec(),
                    ));
                }
            }
        }
        all
    }

    #[test]
    fn letters_breaks_and_masks() {
        let text = b"\n>a x\r\nACgu\r\n\r\nX.ac\n>b\nxt\nT";
        let (all, letters) = batches(reader(text, 3, false)).expect("valid");
        assert_eq!(all.len(), 1);
        assert_eq!(all[0].bases, [0, 1, 2, 3, 0, 1, 3, 3]);
        let run = |start, sequence, position| Run {
            start,
            sequence,
            position,
        };
        assert_eq!(all[0].runs, [run(0, 0, 0), run(4, 0, 6), run(6, 1, 1)]);
        assert_eq!(all[0].sequences[0].length, Some(8));
        assert_eq!(
            (all[0].sequences[1].name.as_str(), all[0].sequences[1].line),
            ("b", 6)
        );
        assert_eq!(
            (letters.bases, letters.ambiguous, letters.masked),
            (8, 3, 0)
        );
        let (all, letters) = batches(reader(text, 3, true)).expect("valid");
        assert_eq!(all[0].runs, [run(0, 0, 0), run(2, 1, 2)]);
        assert_eq!(
            (letters.bases, letters.ambiguous, letters.masked),
            (3, 3, 5)
        );
    }

    proptest! {
        /// Batches of any size have the same windows as one batch.
        #[test]
        fn windows_do_not_depend_on_batches(
            sequences in prop::collection::vec("[ACGTacgtN\n]{0,60}A", 1..6),
            capacity in 1_usize..80,
            widest in 1_usize..12,
            skip_masked in any::<bool>(),
        ) {
            let mut text = String::new();
            for (index, sequence) in sequences.iter().enumerate() {
                text += &format!(">s{index}\n{sequence}\n");
            }
            let (whole, letters) = batches(reader(text.as_bytes(), widest, skip_masked)).expect("valid");
            let small = reader(text.as_bytes(), widest, skip_masked).with_capacity(capacity);
            let (parts, same) = batches(small).expect("valid");
            prop_assert_eq!(letters, same);
            for width in 1..=widest {
                prop_assert_eq!(windows(&whole, width), windows(&parts, width));
            }
            let ended = |batches: &[Batch]| -> Vec<(u64, u64)> {
                let all = batches.iter().flat_map(|batch| &batch.sequences);
                all.filter_map(|s| Some((s.index, s.length?))).collect()
            };
            prop_assert_eq!(ended(&whole), ended(&parts));
            prop_assert_eq!(ended(&whole).len(), sequences.len());
        }
    }

    #[test]
    fn blanks_before_a_name_are_none_of_it() {
        for text in [&b"> x y\nACGT\n"[..], b">\tx\nACGT\n"] {
            let (batches, _) = batches(reader(text, 3, false)).expect("valid");
            assert_eq!(batches[0].sequences[0].name, "x");
        }
    }

    #[test]
    fn faults_are_named() {
        let fault = |text: &[u8]| {
            let error = batches(reader(text, 3, false)).expect_err("a fault");
            format!("{error} hint: {}", error.advice().unwrap_or_default())
        };
        assert!(fault(b"\n").contains("s.fa: expected FASTA records, found an empty file"));
        assert!(fault(b"chr1\t1\t2\n").contains("line 1: expected a FASTA header"));
        let protein = fault(b">p\nACGT\nMKLE\n");
        assert!(protein.contains("line 3") && protein.contains("'L' in the sequence of \"p\""));
        assert!(protein.contains("Proteins"));
        assert!(fault(b">a\nAC-G\n").contains("aligned"));
        assert!(fault(b">a\nACGT\n>b\n").contains("a sequence after the header of \"b\""));
        assert!(fault(b">b\nA\n>a").contains("line 3: expected a sequence"));
        assert!(fault(b"> \nACGT\n").contains("a name after '>'"));
    }
}
