//! The letters of a protein, as DeepTFactor takes them.

use bindscape_base::Result;

use super::features::Features;
use super::reader::Protein;
use super::representation::Representation;

/// The letters of the rows' columns.
const LETTERS: &[u8; 21] = b"ACDEFGHIKLMNPQRSTVWXY";

/// The input of DeepTFactor: a row per residue with a one for its letter. Letters other
/// than the twenty amino acids are X, as in the authors' code; residues beyond `length` are cut.
#[derive(Debug, Clone, Copy)]
pub struct ProteinLetters<'a> {
    proteins: &'a [Protein],
    length: usize,
}

impl<'a> ProteinLetters<'a> {
    /// Columns of a row.
    pub const COLUMNS: usize = LETTERS.len();

    /// The letters of `proteins`.
    #[must_use]
    pub fn new(proteins: &'a [Protein], length: usize) -> Self {
        Self { proteins, length }
    }
}

impl Features for ProteinLetters<'_> {
    fn representation(&self) -> Representation {
        Representation::Letters {
            length: self.length,
        }
    }

    fn features(&self) -> usize {
        LETTERS.len()
    }

    fn rows(&self, protein: usize) -> usize {
        self.proteins[protein].sequence.len().min(self.length)
    }

    fn read(&self, protein: usize, out: &mut Vec<f32>) -> Result<()> {
        out.clear();
        out.resize(self.rows(protein) * LETTERS.len(), 0.0);
        let place = |letter: u8| LETTERS.iter().position(|&known| known == letter);
        let unknown = place(b'X').expect("X is one of the letters");
        let sequence = &self.proteins[protein].sequence;
        for (row, &letter) in out.chunks_exact_mut(LETTERS.len()).zip(sequence) {
            row[place(letter).unwrap_or(unknown)] = 1.0;
        }
        Ok(())
    }

    fn cut(&self, protein: usize) -> bool {
        self.proteins[protein].sequence.len() > self.length
    }
}
