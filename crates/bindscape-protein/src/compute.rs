//! The numbers of a representation that needs no weights.

use super::encode::EncodedProteins;
use super::features::Features;
use super::letters::ProteinLetters;
use super::reader::Protein;
use super::representation::Representation;
use super::windows::Windows;

impl Representation {
    /// The numbers of `proteins`, computed when asked for; `None` for embeddings.
    #[must_use]
    pub fn compute<'a>(&self, proteins: &'a [Protein]) -> Option<Box<dyn Features + 'a>> {
        match *self {
            Self::Encoding(encoding, windows) => {
                Some(Box::new(EncodedProteins::new(proteins, encoding, windows)))
            }
            Self::Letters { length } => Some(Box::new(ProteinLetters::new(proteins, length))),
            Self::Embeddings(_) => None,
        }
    }

    /// The numbers of the single residues of a protein (residues x features), where positions
    /// are means over several and those can be computed.
    #[must_use]
    pub fn residues(&self, sequence: &[u8]) -> Option<Vec<f32>> {
        match *self {
            Self::Encoding(encoding, windows) if windows.window > 1 => {
                let single = Windows {
                    window: 1,
                    positions: windows.length(),
                };
                let mut values = Vec::new();
                encoding.encode(sequence, single, &mut values);
                Some(values)
            }
            _ => None,
        }
    }
}
