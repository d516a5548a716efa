//! Scores of pairs of residues.

use std::sync::LazyLock;

use crate::alphabet::{amino_acid, stands_for};
use crate::scales::BLOSUM62;

/// Scores of all pairs of letters A to Z: means over the amino acids that they
/// [stand for](stands_for). X scores -1 with everything.
pub(super) static SCORES: LazyLock<[[i8; 26]; 26]> = LazyLock::new(|| {
    let like = |letter: usize| -> Vec<usize> {
        let letter = b'A' + letter as u8;
        let like = stands_for(&letter).iter();
        like.filter_map(|&like| amino_acid(like)).collect()
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
