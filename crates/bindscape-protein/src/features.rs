//! What networks and baselines see of proteins.

use super::representation::Representation;
use bindscape_base::error::Result;

/// Rows of numbers for each of a list of proteins, computed or read when asked for.
///
/// A protein has one row per window that holds residues ([`Windows`](super::Windows)),
/// in the order of the sequence; padding is not stored, so rows differ between
/// proteins. A protein is known by its place in the list.
pub trait Features: Sync {
    /// Which numbers these are, which a model keeps and compares.
    fn representation(&self) -> Representation;

    /// Numbers per row.
    fn features(&self) -> usize;

    /// Rows of a protein; at least one.
    fn rows(&self, protein: usize) -> usize;

    /// Puts the rows of a protein into `out` (rows x features, row-major), in place of
    /// what it held.
    ///
    /// # Errors
    /// If stored features cannot be read.
    fn read(&self, protein: usize, out: &mut Vec<f32>) -> Result<()>;

    /// Whether residues of the protein's end are missing because it is longer than the
    /// standardised length. A representation that cuts must say so here.
    fn cut(&self, protein: usize) -> bool {
        let _ = protein;
        false
    }
}
