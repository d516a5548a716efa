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
}
