//! A Markov model of what lies between sites.

use super::bases::UNKNOWN;

/// Probabilities of a base after its predecessors, the same on both strands: words are
/// counted along both.
#[derive(Debug, Clone)]
pub(super) struct Markov {
    order: usize,
    /// Per number of predecessors `0..=order`: binary logarithm of the probability by word
    /// (predecessors and base, the base least significant).
    log_probability: Vec<Vec<f64>>,
}

impl Markov {
    /// Estimates a model of `order` from base numbers. Each word is counted once more than
    /// it occurs, so that none is impossible.
    pub(super) fn of(sequences: &[Vec<u8>], order: usize) -> Self {
        let length = order + 1;
        let mut counts = vec![1.0; 1 << (2 * length)];
        for sequence in sequences {
            for word in sequence.windows(length) {
                if word.iter().all(|&base| base < UNKNOWN) {
                    let forward = word.iter().fold(0, |w, &b| w << 2 | usize::from(b));
                    let reverse = word
                        .iter()
                        .rev()
                        .fold(0, |w, &b| w << 2 | usize::from(3 - b));
                    counts[forward] += 1.0;
                    counts[reverse] += 1.0;
                }
            }
        }
        // Shorter words are the sums over what stands before them.
        let mut log_probability = vec![Vec::new(); length];
        for slot in log_probability.iter_mut().rev() {
            *slot = counts
                .chunks(4)
                .flat_map(|next| {
                    let sum: f64 = next.iter().sum();
                    next.iter().map(move |count| (count / sum).log2())
                })
                .collect();
            let quarter = counts.len() / 4;
            counts = (0..quarter)
                .map(|word| (0..4).map(|before| counts[before * quarter + word]).sum())
                .collect();
        }
        Self {
            order,
            log_probability,
        }
    }

    /// Probabilities of A, C, G, T without predecessors.
    pub(super) fn base_probabilities(&self) -> [f64; 4] {
        let logarithms = &self.log_probability[0];
        std::array::from_fn(|base| logarithms[base].exp2())
    }

    /// Calls `each` with the binary logarithm of the probability of every base, 0 for
    /// unknown ones, after which predecessors are counted from zero.
    pub(super) fn each_log_probability(&self, bases: &[u8], mut each: impl FnMut(f64)) {
        let mask = (1 << (2 * (self.order + 1))) - 1;
        let mut word = 0_usize;
        let mut before = 0;
        for &base in bases {
            if base == UNKNOWN {
                (word, before) = (0, 0);
                each(0.0);
                continue;
            }
            word = (word << 2 | usize::from(base)) & mask;
            each(self.log_probability[before][word]);
            before = (before + 1).min(self.order);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_of_each_order() {
        // AACC and its reverse complement GGTT: pairs AA, AC, CC, GG, GT, TT once each.
        let model = Markov::of(&[vec![0, 0, 1, 1]], 1);
        let after = |before: usize, base: usize| model.log_probability[1][before * 4 + base].exp2();
        assert!((after(0, 0) - 2.0 / 6.0).abs() < 1e-12);
        assert!((after(0, 2) - 1.0 / 6.0).abs() < 1e-12);
        assert!((after(1, 1) - 2.0 / 5.0).abs() < 1e-12);
        // By symmetry the last bases of the pairs: A 5, C 6, G 5, T 6 of 22.
        let single = model.base_probabilities();
        assert!((single[0] - 5.0 / 22.0).abs() < 1e-12, "{single:?}");
        let mut bits = Vec::new();
        model.each_log_probability(&[0, 0, 4, 1], |b| bits.push(b));
        let expected = [5.0 / 22.0_f64, 2.0 / 6.0, 1.0, 6.0 / 22.0];
        for (got, expected) in bits.iter().zip(expected) {
            assert!((got - expected.log2()).abs() < 1e-12);
        }
    }

    #[test]
    fn both_strands_are_equally_likely() {
        let bases = vec![0, 3, 1, 1, 2, 0, 3, 2, 2, 0, 1, 3, 3, 0, 0, 2];
        let model = Markov::of(std::slice::from_ref(&bases), 2);
        let total = |of: &[u8]| {
            let mut sum = 0.0;
            model.each_log_probability(of, |bits| sum += bits);
            sum
        };
        let word = [1, 2, 3, 0, 0, 1];
        let reverse: Vec<u8> = word.iter().rev().map(|b| 3 - b).collect();
        // Equal up to the ends, which have fewer predecessors.
        assert!((total(&word) - total(&reverse)).abs() < 1.0);
    }
}
