//! The letters of DNA, and what every row of a matrix is ordered by.

/// The letters in the order of every row of a matrix.
pub const LETTERS: [u8; 4] = *b"ACGT";

/// The place of a letter in every row; `None` for others than A, C, G, T and U.
pub(crate) fn letter_index(letter: u8) -> Option<usize> {
    match letter.to_ascii_uppercase() {
        b'A' => Some(0),
        b'C' => Some(1),
        b'G' => Some(2),
        b'T' | b'U' => Some(3),
        _ => None,
    }
}
