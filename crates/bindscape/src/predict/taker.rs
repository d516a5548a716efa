//! What sequences that are read are handed to.

use bindscape_base::Result;

/// A row's coordinates and name.
pub(crate) struct Span<'a> {
    pub(crate) chrom: &'a str,
    /// As it was stated: below 0 for a region that begins before its chromosome.
    pub(crate) start: i64,
    pub(crate) end: i64,
    pub(crate) name: &'a str,
    /// Whether the sequence was that of the reverse strand before it was turned around.
    pub(crate) turned: bool,
}

/// Takes sequences, one after the other.
pub(crate) trait Taker {
    /// The length of the model's sequences.
    fn length(&self) -> u64;

    /// Takes a sequence whose first letter is base `offset` of its chromosome; without letters
    /// where there are none to be had.
    fn add(&mut self, span: Span<'_>, offset: u64, letters: &[u8]) -> Result<()>;
}
