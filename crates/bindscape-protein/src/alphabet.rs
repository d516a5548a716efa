//! The letters of proteins (IUPAC-IUB 1984; U and O as in UniProt).

/// The twenty amino acids of the standard genetic code, in alphabetical order.
pub const AMINO_ACIDS: &[u8; 20] = b"ACDEFGHIKLMNPQRSTVWY";

/// Place of each letter A to Z in [`AMINO_ACIDS`]; 255 for the others.
const PLACES: [u8; 26] = places();

const fn places() -> [u8; 26] {
    let mut table = [255; 26];
    let mut place = 0;
    while place < AMINO_ACIDS.len() {
        table[(AMINO_ACIDS[place] - b'A') as usize] = place as u8;
        place += 1;
    }
    table
}

/// Place of an upper-case letter in [`AMINO_ACIDS`]; `None` for the ambiguous letters
/// B, J, X and Z, for selenocysteine U and pyrrolysine O, and for what is no letter.
#[must_use]
pub fn amino_acid(letter: u8) -> Option<usize> {
    match PLACES.get(usize::from(letter.wrapping_sub(b'A'))) {
        Some(&place) if place < 20 => Some(place.into()),
        _ => None,
    }
}

/// The amino acids that an upper-case letter may stand for: itself, two for B, J and Z, cysteine for
/// selenocysteine U and lysine for pyrrolysine O, which are most like them, and none that is known
/// for X.
pub(crate) fn stands_for(letter: &u8) -> &[u8] {
    match letter {
        b'B' => b"DN",
        b'J' => b"IL",
        b'Z' => b"EQ",
        b'U' => b"C",
        b'O' => b"K",
        b'X' => b"",
        _ => std::slice::from_ref(letter),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_of_letters() {
        for (place, &letter) in AMINO_ACIDS.iter().enumerate() {
            assert_eq!(amino_acid(letter), Some(place));
        }
        assert!(AMINO_ACIDS.is_sorted());
        for other in b"BJOUXZ*-a[@\xff\0" {
            assert_eq!(amino_acid(*other), None);
        }
    }

    #[test]
    fn every_letter_stands_for_amino_acids() {
        for letter in b'A'..=b'Z' {
            let stands_for = stands_for(&letter);
            assert!(stands_for.iter().all(|&one| amino_acid(one).is_some()));
            assert_eq!(stands_for.is_empty(), letter == b'X');
            assert_eq!(stands_for == [letter], amino_acid(letter).is_some());
        }
    }
}
