//! Proteins from FASTA, and what is refused there.

use std::collections::VecDeque;
use std::path::Path;

use rustc_hash::FxHashMap;

use bindscape_base::error::{Error, Place, Result};
use bindscape_base::input::Lines;
use bindscape_base::progress::Progress;
use bindscape_genome::fasta;
use bindscape_genome::fasta::Alphabet;

/// Records and letters looked at before a file is taken for one of proteins.
const LOOK_RECORDS: usize = 16;
const LOOK_LETTERS: usize = 2000;

/// Fewer letters than these say nothing: a peptide may well be `GAT`.
const LEAST_LETTERS: usize = 20;

/// One protein.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Protein {
    /// The header up to the first blank; the accession of `sp|ACCESSION|NAME` and
    /// `tr|ACCESSION|NAME`.
    pub id: String,
    /// The header after the first blank; empty if there is none.
    pub description: String,
    /// Upper-case letters A to Z: the twenty amino acids, X (unknown), B, J, Z
    /// (ambiguous), U (selenocysteine) and O (pyrrolysine). Never empty.
    pub sequence: Vec<u8>,
}

static PROTEIN: Alphabet = Alphabet {
    letters: letters(),
    name: "the letters of amino acids",
    hint: |letter| match letter {
        b'-' | b'.' => "remove gaps: sequences must not be aligned",
        _ => "write X for an unknown residue",
    },
};

/// All letters A to Z stand for residues. `*`, a stop, is let through here, since
/// whether it may stand there depends on what follows.
const fn letters() -> [u8; 256] {
    let mut table = [0; 256];
    let mut letter = b'A';
    while letter <= b'Z' {
        table[letter as usize] = letter;
        table[letter.to_ascii_lowercase() as usize] = letter;
        letter += 1;
    }
    table[b'*' as usize] = b'*';
    table
}

/// The proteins of a FASTA file in file order: one line or several per sequence,
/// plain or compressed, lower case too. A `*` at the end of a sequence (the stop
/// codon) is dropped and counted.
pub struct ProteinReader {
    reader: fasta::Reader,
    /// Records read ahead to tell whether the file holds proteins.
    ahead: VecDeque<fasta::Record>,
    started: bool,
    ended: bool,
    record: fasta::Record,
    /// Line of each protein's header.
    seen: FxHashMap<String, u64>,
    stops: u64,
}

impl ProteinReader {
    /// Opens the file at `path`; `-` is standard input.
    ///
    /// # Errors
    /// If it cannot be opened.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Lines::open(path).map(Self::new)
    }

    /// Reads from `lines`.
    #[must_use]
    pub fn new(lines: Lines) -> Self {
        Self {
            reader: fasta::Reader::with_alphabet(lines, &PROTEIN),
            ahead: VecDeque::new(),
            started: false,
            ended: false,
            record: fasta::Record::default(),
            seen: FxHashMap::default(),
            stops: 0,
        }
    }

    /// The name of the input in messages.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.reader.path()
    }

    /// Sequences so far whose final `*` was dropped.
    #[must_use]
    pub fn stops(&self) -> u64 {
        self.stops
    }

    /// Reads the next protein into `protein`; `false` at the end of the file.
    ///
    /// # Errors
    /// If the file is empty or no FASTA file, its first sequences are nucleotides, a
    /// sequence is empty, holds a gap, a stop before its end or another character
    /// that is no letter, or an id occurs twice.
    pub fn read(&mut self, protein: &mut Protein) -> Result<bool> {
        if !self.started {
            self.started = true;
            self.look_ahead()?;
        }
        if let Some(record) = self.ahead.pop_front() {
            self.record = record;
        } else if self.ended || !self.reader.read(&mut self.record)? {
            self.ended = true;
            return Ok(false);
        }
        self.take(protein)?;
        Ok(true)
    }

    /// Reads the first records and refuses those of nucleotides.
    fn look_ahead(&mut self) -> Result<()> {
        let mut letters = 0;
        let mut nucleotides = 0;
        while self.ahead.len() < LOOK_RECORDS && letters < LOOK_LETTERS {
            let mut record = fasta::Record::default();
            if !self.reader.read(&mut record)? {
                self.ended = true;
                break;
            }
            letters += record.sequence.len();
            nucleotides += record
                .sequence
                .iter()
                .filter(|letter| b"ACGTUN".contains(letter))
                .count();
            self.ahead.push_back(record);
        }
        // In proteins these letters make up a third.
        if letters >= LEAST_LETTERS && nucleotides * 20 >= letters * 19 {
            return Err(Error::input(
                self.path(),
                Place::File,
                "sequences of proteins",
                format!(
                    "nucleotides ({nucleotides} of the first {letters} letters are A, C, G, T, U or N)"
                ),
            )
            .hint("translate coding sequences to proteins first"));
        }
        Ok(())
    }

    /// Checks the current record and makes a protein of it.
    fn take(&mut self, protein: &mut Protein) -> Result<()> {
        let record = &mut self.record;
        let line = Place::Line(record.line);
        if record.sequence.last() == Some(&b'*') {
            record.sequence.pop();
            self.stops += 1;
        }
        if let Some(at) = memchr::memchr(b'*', &record.sequence) {
            return Err(Error::input(
                self.reader.path(),
                line,
                "stops ('*') at the end of a sequence only",
                format!(
                    "one after residue {at} of {} in {:?}",
                    record.sequence.len(),
                    record.name
                ),
            )
            .hint("cut the sequence at its stop, or write X where the residue is unknown"));
        }
        if record.sequence.is_empty() {
            return Err(Error::input(
                self.reader.path(),
                line,
                format!("a sequence after the header of {:?}", record.name),
                "a stop ('*') alone",
            ));
        }
        let id = protein_id(&record.name);
        if let Some(first) = self.seen.insert(id.to_owned(), record.line) {
            return Err(Error::input(
                self.reader.path(),
                line,
                "each id once",
                format!("{id:?} again, first on line {first}"),
            )
            .hint("remove the duplicate or give it a name of its own"));
        }
        protein.id.clear();
        protein.id.push_str(id);
        protein.description.clone_from(&record.description);
        std::mem::swap(&mut protein.sequence, &mut record.sequence);
        Ok(())
    }
}

/// The id of a protein in a header without its `>`: what comes before the first blank, of
/// UniProt's `sp|ACCESSION|NAME` and `tr|ACCESSION|NAME` the accession.
#[must_use]
pub fn protein_id(header: &str) -> &str {
    let name = header.split([' ', '\t']).next().unwrap_or(header);
    let mut parts = name.split('|');
    match (parts.next(), parts.next(), parts.next()) {
        (Some("sp" | "tr"), Some(accession), Some(_)) if !accession.is_empty() => accession,
        _ => name,
    }
}

/// All proteins of the file at `path`; `-` is standard input.
///
/// # Errors
/// As [`ProteinReader::read`].
pub fn read_proteins(path: impl AsRef<Path>) -> Result<Vec<Protein>> {
    read_proteins_with(path, &bindscape_base::progress::Silent)
}

/// As [`read_proteins`], and tells `progress` how many final stops were dropped.
///
/// # Errors
/// As [`ProteinReader::read`].
pub fn read_proteins_with(path: impl AsRef<Path>, progress: &dyn Progress) -> Result<Vec<Protein>> {
    let mut reader = ProteinReader::open(path)?;
    let mut proteins = Vec::new();
    let mut protein = Protein::default();
    while reader.read(&mut protein)? {
        proteins.push(std::mem::take(&mut protein));
    }
    if reader.stops() > 0 {
        progress.note(&format!(
            "{}: dropped the final stop ('*') of {} proteins",
            reader.path().display(),
            reader.stops()
        ));
    }
    Ok(proteins)
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};

    use super::*;
    use bindscape_base::input;

    fn read(bytes: &[u8]) -> Result<(Vec<Protein>, u64)> {
        let path = Path::new("proteins.fa");
        let lines = Lines::new(
            input::from_reader(Cursor::new(bytes.to_vec()), path, None)?,
            path,
        );
        let mut reader = ProteinReader::new(lines);
        let mut protein = Protein::default();
        let mut out = Vec::new();
        while reader.read(&mut protein)? {
            out.push(protein.clone());
        }
        assert!(!reader.read(&mut protein)?, "the end stays the end");
        Ok((out, reader.stops()))
    }

    fn message(bytes: &[u8]) -> String {
        let error = read(bytes).expect_err("a fault");
        format!("{error} hint: {}", error.advice().unwrap_or_default())
    }

    #[test]
    fn headers_lines_case_and_stops() {
        let text = b">sp|P01106|MYC_HUMAN Myc proto-oncogene\r\nMPLNV\r\n\r\nsftxbzuoj*\n>tr|X|Y\nM\n>gi|7|x\nMKV*\n>plain\nMK";
        let (proteins, stops) = read(text).expect("proteins");
        let ids: Vec<&str> = proteins.iter().map(|p| p.id.as_str()).collect();
        assert_eq!(ids, ["P01106", "X", "gi|7|x", "plain"]);
        assert_eq!(proteins[0].description, "Myc proto-oncogene");
        assert_eq!(proteins[0].sequence, b"MPLNVSFTXBZUOJ");
        assert_eq!(proteins[2].sequence, b"MKV");
        assert_eq!(stops, 2);
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(text).expect("written to memory");
        let compressed = gzip.finish().expect("written to memory");
        assert_eq!(read(&compressed).expect("proteins").0, proteins);
    }

    #[test]
    fn more_proteins_than_are_looked_at() {
        let text: String = (0..100).map(|i| format!(">p{i}\nMKVLEDWQ\n")).collect();
        let (proteins, _) = read(text.as_bytes()).expect("proteins");
        assert_eq!(proteins.len(), 100);
        assert!((0..100).all(|i| proteins[i].id == format!("p{i}")));
    }

    #[test]
    fn what_is_refused() {
        let dna = message(b">a\nACGTTGCATTAGNACGTACGTAACT\n>b\nACGGT\n");
        assert!(
            dna.contains("proteins.fa: expected sequences of proteins, found nucleotides"),
            "{dna}"
        );
        assert!(dna.contains("translate"), "{dna}");
        assert!(message(b">r\nacgugcaugacugacugacuga\n").contains("nucleotides"));
        assert!(read(b">short\nGATTACA\n").is_ok(), "too short to tell");
        let stop = message(b">a\nMKV\n>b\nMK*VL\n");
        assert!(
            stop.contains("line 3") && stop.contains("after residue 2 of 5 in \"b\""),
            "{stop}"
        );
        let gap = message(b">a\nMK-VL\n");
        assert!(
            gap.contains("line 2") && gap.contains("'-'") && gap.contains("aligned"),
            "{gap}"
        );
        let digit = message(b">a\nMK7VL\n");
        assert!(
            digit.contains("'7'") && digit.contains("write X"),
            "{digit}"
        );
        let twice = message(b">sp|A|B\nMK\n>A\nMK\n");
        assert!(
            twice.contains("line 3: expected each id once, found \"A\" again, first on line 1"),
            "{twice}"
        );
        let empty = message(b">a\n>b\nMKV\n");
        assert!(
            empty.contains("line 1: expected a sequence after the header of \"a\", found none"),
            "{empty}"
        );
        assert!(message(b">a\n*\n").contains("a stop ('*') alone"));
        assert!(message(b"\n").contains("an empty file"));
    }
}
