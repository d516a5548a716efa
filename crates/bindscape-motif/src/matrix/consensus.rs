//! IUPAC letters.

/// The letter of each set of bases: bit 0 for A, 1 for C, 2 for G, 3 for T.
const LETTERS: [char; 16] = [
    '-', 'A', 'C', 'M', 'G', 'R', 'S', 'V', 'T', 'W', 'Y', 'H', 'K', 'D', 'B', 'N',
];

/// The letter of the bases that are at least half as frequent as the most frequent one.
pub(super) fn letter(row: [f64; 4]) -> char {
    let most = row.into_iter().fold(0.0, f64::max);
    let set = (0..4).filter(|&base| row[base] >= most / 2.0);
    LETTERS[set.map(|base| 1 << base).sum::<usize>()]
}

#[cfg(test)]
mod tests {
    use super::letter;

    #[test]
    fn half_of_the_most_frequent_counts() {
        assert_eq!(letter([1.0, 0.0, 0.0, 0.0]), 'A');
        assert_eq!(letter([0.6, 0.0, 0.3, 0.1]), 'R');
        assert_eq!(letter([0.61, 0.0, 0.3, 0.09]), 'A');
        assert_eq!(letter([0.0, 0.4, 0.3, 0.3]), 'B');
        assert_eq!(letter([0.0, 0.5, 0.0, 0.5]), 'Y');
        assert_eq!(letter([0.25; 4]), 'N');
    }
}
