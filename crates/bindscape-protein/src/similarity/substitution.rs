//! Scores of pairs of residues.

use std::sync::LazyLock;

use crate::alphabet::amino_acid;
use crate::scales::BLOSUM62;

/// Scores of all pairs of letters A to Z. B, J and Z score as the mean of the two amino
/// acids that they stand for, U as C, O as K; X scores -1 with everything.
pub(super) static SCORES: LazyLock<[[i8; 26]; 26]> = LazyLock::new(|| {
    let like = |letter: usize| -> Vec<usize> {
        let letter = b'A' + letter as u8;
        let letters: &[u8] = match letter {
            b'B' => b"DN",
            b'J' => b"IL",
            b'Z' => b"EQ",
            b'U' => b"C",
            b'O' => b"K",
            b'X' => b"",
            _ => &[letter],
        };
        letters.iter().filter_map(|&l| amino_acid(l)).collect()
    };
    std::array::from_fn(|a| {
        std::array::from_fn(|b| {
            let (a, b) = (like(a), like(b));
            let pairs = (a.len() * b.len()) as i32;
            let sum: i32 = a
                .iter()
                .flat_map(|&a| b.iter().map(move |&b| i32::from(BLOSUM62[a][b])))
                .sum();
            // The mean is at most 11 in size, rounded down.
            if pairs == 0 {
                -1
            } else {
                sum.div_euclid(pairs) as i8
            }
        })
    })
});
