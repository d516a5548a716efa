//! Proteins from FASTA, and what is refused there.

mod mended;

use std::collections::VecDeque;
use std::path::Path;

use rustc_hash::FxHashMap;

use crate::alphabet::amino_acid;
use bindscape_base::error::{Error, Place, Result};
use bindscape_base::input::Lines;
use bindscape_base::kind::{self, FileKind};
use bindscape_base::progress::Progress;
use bindscape_genome::fasta;
use bindscape_genome::fasta::Alphabet;

use self::mended::mend;
pub use self::mended::{Mended, MendedCounts};

/// Records and letters looked at before a file is taken for one of proteins.
const LOOK_RECORDS: usize = 16;
const LOOK_LETTERS: usize = 2000;

/// Fewer letters than these say nothing: a peptide may well be `GAT`.
const LEAST_LETTERS: usize = 20;

/// A file is none of proteins where more than one character of so many is no letter.
const MOST_OTHERS: usize = 5;

/// Codes of sequences that the headers of PIR files (NBRF) begin with, as `>P1;NAME`.
const PIR_CODES: [&str; 9] = ["P1", "F1", "DL", "DC", "RL", "RC", "N1", "N3", "XX"];

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
    /// What the file held instead of some of them.
    pub mended: Mended,
}

impl Protein {
    /// Known residues that a model needs to say something of a protein: no domain that binds DNA
    /// by itself has fewer (a zinc finger of C2H2 has 23 or more), and no alignment of fewer is
    /// one that chance would not give.
    pub const LEAST_KNOWN: usize = 20;

    /// A protein as it would be read from a file, with nothing to mend.
    #[must_use]
    pub fn new(id: impl Into<String>, sequence: impl Into<Vec<u8>>) -> Self {
        Self {
            id: id.into(),
            sequence: sequence.into(),
            ..Self::default()
        }
    }

    /// Residues that are among the twenty amino acids; of the others a model knows nothing.
    #[must_use]
    pub fn known_residues(&self) -> usize {
        let known = |&&letter: &&u8| amino_acid(letter).is_some();
        self.sequence.iter().filter(known).count()
    }

    /// Whether so few of its residues are known that nothing can be said of it: fewer than
    /// [`Protein::LEAST_KNOWN`].
    #[must_use]
    pub fn says_nothing(&self) -> bool {
        self.known_residues() < Self::LEAST_KNOWN
    }
}

static PROTEIN: Alphabet = Alphabet {
    letters: letters(),
    name: "the letters of amino acids",
    hint: |_| "is it a text file?",
};

/// All but NUL is let through, letters in upper case: what is no letter is [mended](mend).
const fn letters() -> [u8; 256] {
    let mut table = [0; 256];
    let mut letter = 0;
    while letter < table.len() {
        table[letter] = (letter as u8).to_ascii_uppercase();
        letter += 1;
    }
    table
}

/// The proteins of a FASTA file in file order: one line or several per sequence,
/// plain or compressed, lower case too. A `*` or `.` at the end of a sequence (the stop
/// codon) is cut, and what else is no residue is mended ([`Mended`]): one odd protein is no
/// reason to refuse a proteome. Both are counted.
pub struct ProteinReader {
    reader: fasta::Reader,
    /// Records read ahead to tell whether the file holds proteins.
    ahead: VecDeque<fasta::Record>,
    started: bool,
    ended: bool,
    record: fasta::Record,
    /// Line of each protein's header.
    seen: FxHashMap<String, u64>,
    mended: MendedCounts,
}

impl ProteinReader {
    /// Opens the file at `path`; `-` is standard input.
    ///
    /// # Errors
    /// If it cannot be opened, or is a file of another kind.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        // Short ones may look like nucleotides; more is known when they were read.
        let fasta = [FileKind::ProteinFasta, FileKind::NucleotideFasta];
        kind::expect_text(path.as_ref(), "sequences of proteins (FASTA)", &fasta)?;
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
            mended: MendedCounts::default(),
        }
    }

    /// The name of the input in messages.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.reader.path()
    }

    /// What was mended so far.
    #[must_use]
    pub fn mended(&self) -> &MendedCounts {
        &self.mended
    }

    /// Reads the next protein into `protein`; `false` at the end of the file.
    ///
    /// # Errors
    /// If the file is empty or no FASTA file, its first sequences are nucleotides, come as in PIR
    /// files or hold little that is a letter, it ends after a header, or an id occurs twice.
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

    /// Reads the first records and refuses those of nucleotides, those of PIR files, and those of
    /// something else.
    fn look_ahead(&mut self) -> Result<()> {
        let mut letters = 0;
        let mut nucleotides = 0;
        let mut others = 0;
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
            let other = |letter: &&u8| !(letter.is_ascii_alphabetic() || b"-.* ".contains(letter));
            others += record.sequence.iter().filter(other).count();
            refuse_pir(self.path(), &record)?;
            self.ahead.push_back(record);
        }
        if others * MOST_OTHERS > letters {
            return Err(Error::input(
                self.path(),
                Place::File,
                "sequences of proteins",
                format!("{others} of the first {letters} characters that are no letters"),
            )
            .hint("give the FASTA file of the sequences, not of their qualities or annotation"));
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
        let mended = mend(&mut record.sequence);
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
        protein.mended = mended;
        protein.description.clone_from(&record.description);
        std::mem::swap(&mut protein.sequence, &mut record.sequence);
        self.mended.add(protein);
        Ok(())
    }
}

/// Refuses a record of a PIR file (NBRF): the line below `>P1;NAME` is a title, and `*` ends the
/// sequence. Read as FASTA, the title would become residues.
fn refuse_pir(path: &Path, record: &fasta::Record) -> Result<()> {
    let has_code = (record.name.split_once(';')).is_some_and(|(code, name)| {
        PIR_CODES.contains(&code) && (name.is_empty() || record.description.is_empty())
    });
    // FASTA may have such names, but hardly the blanks of a title as well, or the final `*`.
    let is_pir = has_code && record.sequence.iter().any(|letter| b"* ".contains(letter));
    if !is_pir {
        return Ok(());
    }
    Err(Error::input(
        path,
        Place::Line(record.line),
        "sequences of proteins (FASTA)",
        format!(
            "a record of a PIR file (NBRF), whose second line is a title (\">{}\")",
            record.name
        ),
    )
    .hint(
        "convert the file with Biopython: `python3 -c 'from Bio import SeqIO; \
         SeqIO.convert(\"in.pir\", \"pir\", \"out.fa\", \"fasta\")'`",
    ))
}

/// The id of a protein in a header without its `>`: what comes before the first blank, of
/// UniProt's `sp|ACCESSION|NAME` and `tr|ACCESSION|NAME` the accession, and of a part of a protein,
/// `sp|ACCESSION|1-118`, that with the residues.
///
/// ```
/// use bindscape_protein::protein_id;
///
/// assert_eq!(protein_id("sp|P01106|MYC_HUMAN Myc proto-oncogene"), "P01106");
/// assert_eq!(protein_id("sp|Q9UP95|1-118"), "Q9UP95|1-118");
/// ```
#[must_use]
pub fn protein_id(header: &str) -> &str {
    let name = header.split([' ', '\t']).next().unwrap_or(header);
    let mut parts = name.split('|');
    match (parts.next(), parts.next(), parts.next()) {
        (Some("sp" | "tr"), Some(accession), Some(part)) if !accession.is_empty() => {
            if is_range(part) {
                &name["sp|".len()..]
            } else {
                accession
            }
        }
        _ => name,
    }
}

/// Whether it is two numbers with a hyphen between.
pub(crate) fn is_range(text: &str) -> bool {
    let number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    matches!(text.split_once('-'), Some((start, end)) if number(start) && number(end))
}

/// All proteins of the file at `path`; `-` is standard input.
///
/// # Errors
/// As [`ProteinReader::read`].
pub fn read_proteins(path: impl AsRef<Path>) -> Result<Vec<Protein>> {
    read_proteins_with(path, &bindscape_base::progress::Silent)
}

/// As [`read_proteins`], and tells `progress` what was mended.
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
    reader.mended().tell(reader.path(), progress);
    Ok(proteins)
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};

    use super::*;
    use bindscape_base::input;
    use bindscape_base::progress::Notes;

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
        Ok((out, reader.mended().final_stops))
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
    fn one_odd_protein_is_mended_and_said() {
        let text = b">good\nMKVLEDWQHHAA\n>stop\nMK*VL.A*\n>gff\nMKVL.\n>aligned\nMK-..VL--*\n\
            >digits\n1 MKVLE DWQHH\n>none\n>alone\n*\n>last\nMKVLEDWQHHAAMKVLEDWQHHAA\n";
        let (proteins, stops) = read(text).expect("proteins");
        let found: Vec<(&str, &str, Mended)> = proteins
            .iter()
            .map(|p| {
                let sequence = std::str::from_utf8(&p.sequence).expect("letters");
                (p.id.as_str(), sequence, p.mended)
            })
            .collect();
        let none = Mended::default();
        let cut = Mended {
            final_stop: true,
            ..none
        };
        let expected = [
            ("good", "MKVLEDWQHHAA", none),
            ("stop", "MKXVLXA", Mended { stops: 2, ..cut }),
            ("gff", "MKVL", cut),
            ("aligned", "MKVL", Mended { gaps: 5, ..cut }),
            ("digits", "XMKVLEDWQHH", Mended { others: 1, ..none }),
            (
                "none",
                "X",
                Mended {
                    empty: true,
                    ..none
                },
            ),
            ("alone", "X", Mended { empty: true, ..cut }),
            ("last", "MKVLEDWQHHAAMKVLEDWQHHAA", none),
        ];
        assert_eq!(found, expected);
        assert_eq!(stops, 4);
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("p.fa");
        std::fs::write(&path, text).expect("written");
        let notes = Notes::default();
        read_proteins_with(&path, &notes).expect("proteins");
        let told = notes.0.into_inner().expect("no panic").join("\n");
        for part in [
            "cut the final stop ('*' or '.') of 4 proteins",
            "warning: ",
            "1 protein holds stops ('*' or '.') before its end, read as unknown residues (X): stop",
            "1 protein holds gaps ('-'), taken out: aligned",
            "1 protein holds characters that stand for no residue, read as X: digits",
            "2 proteins have no residues, read as a single X: none, alone",
            "7 proteins have fewer than 20 known residues, too few to say what they are: good, stop, gff, aligned, digits, …",
        ] {
            assert!(told.contains(part), "{part} is not in:\n{told}");
        }
    }

    #[test]
    fn files_of_pir_are_refused_before_their_titles_become_residues() {
        let text = b">good\nMKVLEDWQHH\n>P1;CRAB_ANAPL\nALPHA CRYSTALLIN B CHAIN\nMKPIHQYDVG*\n";
        let pir = message(text);
        assert!(
            pir.contains(
                "line 3: expected sequences of proteins (FASTA), found a record of a PIR file"
            ),
            "{pir}"
        );
        assert!(pir.contains("\">P1;CRAB_ANAPL\""), "{pir}");
        assert!(pir.contains("SeqIO.convert("), "{pir}");
        for text in [
            ">F1; CRAB\nTITLE\nMKV\nLED*\n",
            ">XX;A\nA title without a stop below\nMKV\n",
        ] {
            assert!(message(text.as_bytes()).contains("PIR"), "{text}");
        }
        for text in [
            ">P1;A\nMKVLEDW\nMKVLEDW\n",
            ">P1;A of a sample\nMKV*\n",
            ">AB;C\nMKV*\n",
        ] {
            assert!(read(text.as_bytes()).is_ok(), "{text}");
        }
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
        let qualities = message(b">a\n40 40 38 12\n>b\n40 2 2 2\n");
        assert!(
            qualities.contains("of the first 19 characters that are no letters"),
            "{qualities}"
        );
        let twice = message(b">sp|A|B\nMK\n>A\nMK\n");
        assert!(
            twice.contains("line 3: expected each id once, found \"A\" again, first on line 1"),
            "{twice}"
        );
        let empty = message(b">a\nMKV\n>b\n");
        assert!(
            empty.contains("line 3: expected a sequence after the header of \"b\", found none"),
            "{empty}"
        );
        assert!(message(b"\n").contains("an empty file"));
    }
}
