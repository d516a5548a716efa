//! The vocabulary of ESM-2, that of Hugging Face's `EsmTokenizer` and of fair-esm.

/// Tokens by number.
pub const VOCABULARY: [&str; 33] = [
    "<cls>", "<pad>", "<eos>", "<unk>", "L", "A", "G", "V", "S", "E", "R", "T", "I", "D", "P", "K",
    "Q", "N", "F", "Y", "M", "H", "W", "C", "X", "B", "U", "Z", "O", ".", "-", "<null_1>",
    "<mask>",
];

/// Before a protein.
pub const CLS: u8 = 0;
/// Fills up the proteins of a batch.
pub const PAD: u8 = 1;
/// After a protein.
pub const EOS: u8 = 2;
/// A letter without a token of its own, such as J.
pub const UNKNOWN: u8 = 3;
/// A hidden residue.
pub const MASK: u8 = 32;

/// The token of a residue, an upper-case letter: [`UNKNOWN`] where there is none.
#[must_use]
pub const fn token(residue: u8) -> u8 {
    // Letters stand from 4 on in this order.
    const LETTERS: &[u8; 27] = b"LAGVSERTIDPKQNFYMHWCXBUZO.-";
    let mut i = 0;
    while i < LETTERS.len() {
        if LETTERS[i] == residue {
            return i as u8 + 4;
        }
        i += 1;
    }
    UNKNOWN
}

/// The tokens of a protein between [`CLS`] and [`EOS`].
///
/// ```
/// use bindscape_nn::esm2::{CLS, EOS, VOCABULARY, encode};
///
/// let tokens = encode(b"MKV");
/// assert_eq!((tokens[0], tokens[4]), (CLS, EOS));
/// assert_eq!(VOCABULARY[usize::from(tokens[1])], "M");
/// ```
#[must_use]
pub fn encode(residues: &[u8]) -> Vec<u8> {
    const TABLE: [u8; 256] = {
        let mut table = [UNKNOWN; 256];
        let mut byte = 0;
        while byte < 256 {
            table[byte] = token(byte as u8);
            byte += 1;
        }
        table
    };
    let mut tokens = Vec::with_capacity(residues.len() + 2);
    tokens.push(CLS);
    tokens.extend(residues.iter().map(|&residue| TABLE[usize::from(residue)]));
    tokens.push(EOS);
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_have_the_numbers_of_the_vocabulary() {
        for (number, name) in VOCABULARY.iter().enumerate() {
            if let &[letter] = name.as_bytes() {
                assert_eq!(usize::from(token(letter)), number, "{name}");
            }
        }
        assert_eq!(encode(b"MKJX"), [CLS, 20, 15, UNKNOWN, 24, EOS]);
        assert_eq!(VOCABULARY[usize::from(MASK)], "<mask>");
        assert_eq!(VOCABULARY[usize::from(PAD)], "<pad>");
    }
}
