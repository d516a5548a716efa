//! DNA sequences of one length, packed in two bits a base.

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::region::Region;
use bindscape_base::digest;

/// Strand of a sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub enum Strand {
    /// As stored.
    #[serde(rename = "+")]
    Forward,
    /// Reverse complement of what is stored.
    #[serde(rename = "-")]
    Reverse,
}

impl Strand {
    /// `+` or `-`.
    #[must_use]
    pub fn symbol(self) -> char {
        match self {
            Strand::Forward => '+',
            Strand::Reverse => '-',
        }
    }
}

/// Number of a base: A 0, C 1, G 2, T 3; `None` for every other letter. Case is ignored.
#[must_use]
pub const fn base_code(letter: u8) -> Option<u8> {
    match letter {
        b'A' | b'a' => Some(0),
        b'C' | b'c' => Some(1),
        b'G' | b'g' => Some(2),
        b'T' | b't' => Some(3),
        _ => None,
    }
}

/// Turns letters in upper case around to those of the other strand. Letters other than A, C, G, T
/// become N.
///
/// ```
/// use bindscape_genome::sequence::reverse_complement;
///
/// let mut letters = *b"AACGTR";
/// reverse_complement(&mut letters);
/// assert_eq!(&letters, b"NACGTT");
/// ```
pub fn reverse_complement(letters: &mut [u8]) {
    letters.reverse();
    for letter in letters {
        *letter = match *letter {
            b'A' => b'T',
            b'C' => b'G',
            b'G' => b'C',
            b'T' => b'A',
            _ => b'N',
        };
    }
}

/// Sequences of one common length in a packed table, two bits a base.
///
/// A sequence with a letter other than A, C, G, T keeps its place, is flagged by
/// [`PackedSequences::has_unknown`], and stores A in place of those letters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackedSequences {
    length: usize,
    stride: usize,
    data: Vec<u8>,
    unknown: Vec<bool>,
}

impl PackedSequences {
    /// An empty table of sequences of `length` bases.
    ///
    /// # Panics
    /// If `length` is 0.
    #[must_use]
    pub fn new(length: usize) -> Self {
        assert!(length > 0, "sequences have at least one base");
        Self {
            length,
            stride: length.div_ceil(4),
            data: Vec::new(),
            unknown: Vec::new(),
        }
    }

    /// Bases per sequence.
    #[must_use]
    pub fn length(&self) -> usize {
        self.length
    }

    /// Number of sequences.
    #[must_use]
    pub fn len(&self) -> usize {
        self.unknown.len()
    }

    /// Whether there are no sequences.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.unknown.is_empty()
    }

    /// SHA-256 of all of them, hexadecimal.
    #[must_use]
    pub fn sha256(&self) -> String {
        let mut hash = Sha256::new_with_prefix((self.length as u64).to_le_bytes());
        hash.update(&self.data);
        for &unknown in &self.unknown {
            hash.update([u8::from(unknown)]);
        }
        digest::hex(&hash.finalize())
    }

    /// Appends a sequence of ASCII letters.
    ///
    /// # Panics
    /// If its length is not [`PackedSequences::length`]; readers check that first.
    pub fn push(&mut self, letters: &[u8]) {
        assert_eq!(letters.len(), self.length, "length of a packed sequence");
        let mut unknown = false;
        for four in letters.chunks(4) {
            let mut byte = 0;
            for (slot, &letter) in four.iter().enumerate() {
                let code = base_code(letter).unwrap_or_else(|| {
                    unknown = true;
                    0
                });
                byte |= code << (2 * slot);
            }
            self.data.push(byte);
        }
        self.unknown.push(unknown);
    }

    /// Whether sequence `row` holds a letter other than A, C, G, T.
    #[must_use]
    pub fn has_unknown(&self, row: usize) -> bool {
        self.unknown[row]
    }

    /// Number (A 0, C 1, G 2, T 3) of base `position` of sequence `row`.
    #[must_use]
    pub fn base(&self, row: usize, position: usize) -> u8 {
        debug_assert!(position < self.length);
        (self.data[row * self.stride + position / 4] >> (2 * (position % 4))) & 3
    }

    /// Writes the base numbers of sequence `row`, read along `strand`, to `out`.
    ///
    /// # Panics
    /// If `out` is not [`PackedSequences::length`] long.
    pub fn bases(&self, row: usize, strand: Strand, out: &mut [u8]) {
        assert_eq!(out.len(), self.length);
        let packed = &self.data[row * self.stride..(row + 1) * self.stride];
        match strand {
            Strand::Forward => {
                for (position, base) in out.iter_mut().enumerate() {
                    *base = (packed[position / 4] >> (2 * (position % 4))) & 3;
                }
            }
            Strand::Reverse => {
                for (position, base) in out.iter_mut().rev().enumerate() {
                    *base = 3 - ((packed[position / 4] >> (2 * (position % 4))) & 3);
                }
            }
        }
    }

    /// Writes sequence `row`, read along `strand`, one-hot to `out`, shape
    /// `[4, length]` (A, C, G, T; channels first, as PyTorch's `Conv1d` takes it).
    ///
    /// # Panics
    /// If `out` is not `4 * length` long.
    pub fn one_hot(&self, row: usize, strand: Strand, out: &mut [f32]) {
        assert_eq!(out.len(), 4 * self.length);
        out.fill(0.0);
        let packed = &self.data[row * self.stride..(row + 1) * self.stride];
        for position in 0..self.length {
            let code = ((packed[position / 4] >> (2 * (position % 4))) & 3) as usize;
            match strand {
                Strand::Forward => out[code * self.length + position] = 1.0,
                Strand::Reverse => {
                    out[(3 - code) * self.length + self.length - 1 - position] = 1.0;
                }
            }
        }
    }

    /// Sequence `row` as upper-case letters; unknown letters read as A.
    #[must_use]
    pub fn letters(&self, row: usize) -> String {
        (0..self.length)
            .map(|position| b"ACGT"[self.base(row, position) as usize] as char)
            .collect()
    }

    /// Share of G and C among the bases of sequence `row`, 0 to 1; `None` if it has unknown letters.
    #[must_use]
    pub fn gc(&self, row: usize) -> Option<f64> {
        if self.unknown[row] {
            return None;
        }
        let count = (0..self.length)
            .filter(|&position| matches!(self.base(row, position), 1 | 2))
            .count();
        Some(count as f64 / self.length as f64)
    }

    /// Appends the sequences of `other`.
    ///
    /// # Panics
    /// If they are of another length.
    pub fn append(&mut self, other: &Self) {
        assert_eq!(other.length, self.length, "length of packed sequences");
        self.data.extend_from_slice(&other.data);
        self.unknown.extend_from_slice(&other.unknown);
    }

    /// The sequences named, in that order.
    #[must_use]
    pub fn select(&self, rows: &[usize]) -> Self {
        let mut out = Self::new(self.length);
        out.data.reserve(rows.len() * self.stride);
        for &row in rows {
            out.data
                .extend_from_slice(&self.data[row * self.stride..(row + 1) * self.stride]);
            out.unknown.push(self.unknown[row]);
        }
        out
    }
}

/// Where sequences come from: a genome by coordinates, or a FASTA of regions.
pub trait SequenceSource {
    /// Appends the bases of `region` as upper-case ASCII to `out`.
    ///
    /// # Errors
    /// If the source does not hold the region, or cannot be read.
    fn fetch(&mut self, region: Region<'_>, out: &mut Vec<u8>) -> bindscape_base::Result<()>;

    /// The length of a chromosome in bases, where the source knows it.
    fn chromosome_length(&self, _chrom: &str) -> Option<u64> {
        None
    }

    /// Whether the source knows all chromosomes, so that one without a length does not exist.
    fn knows_chromosomes(&self) -> bool {
        false
    }

    /// As [`SequenceSource::fetch`]; appends nothing and says `false` if the source holds regions
    /// one by one, and `region` is not among them.
    ///
    /// # Errors
    /// As [`SequenceSource::fetch`], but for such a region.
    fn fetch_if_held(
        &mut self,
        region: Region<'_>,
        out: &mut Vec<u8>,
    ) -> bindscape_base::Result<bool> {
        self.fetch(region, out).map(|()| true)
    }

    /// Something about the source that is worth telling the user.
    fn note(&self) -> Option<&str> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_tell_sequences_apart() {
        let digest = |length: usize, sequences: &[&str]| {
            let mut packed = PackedSequences::new(length);
            for letters in sequences {
                packed.push(letters.as_bytes());
            }
            packed.sha256()
        };
        let one = digest(5, &["ACGTA", "CCCCC"]);
        assert_eq!(one, digest(5, &["ACGTA", "ccccc"]));
        for other in [
            digest(5, &["CCCCC", "ACGTA"]),
            digest(5, &["ACGTA"]),
            digest(5, &["ACGTA", "CCCCA"]),
            digest(6, &["ACGTAA", "CCCCCA"]),
        ] {
            assert_ne!(one, other);
        }
        // An unknown letter is packed as a base is.
        assert_ne!(digest(5, &["ACGTA"]), digest(5, &["NCGTA"]));
    }

    #[test]
    fn both_strands_and_unknown_letters() {
        let mut sequences = PackedSequences::new(5);
        sequences.push(b"ACgTT");
        sequences.push(b"ACNTT");
        assert_eq!(sequences.letters(0), "ACGTT");
        assert!(!sequences.has_unknown(0) && sequences.has_unknown(1));
        assert_eq!(sequences.gc(0), Some(0.4));
        assert_eq!(sequences.gc(1), None);
        let mut bases = [0; 5];
        sequences.bases(0, Strand::Reverse, &mut bases);
        assert_eq!(bases, [0, 0, 1, 2, 3]);
        let mut forward = [0.0; 20];
        sequences.one_hot(0, Strand::Forward, &mut forward);
        let mut reverse = [0.0; 20];
        sequences.one_hot(0, Strand::Reverse, &mut reverse);
        forward.reverse();
        assert_eq!(
            forward, reverse,
            "reversing [4, length] is the reverse complement"
        );
    }
}
