//! What is known of a profile before any sequence is seen.

/// Frequencies of the amino acids in Swiss-Prot 50.8, the null model of HMMER 3.
pub(super) const BACKGROUND: [f64; 20] = [
    0.078_794_5,
    0.015_160_0,
    0.053_522_2,
    0.066_829_8,
    0.039_706_2,
    0.069_507_1,
    0.022_919_8,
    0.059_009_2,
    0.059_442_2,
    0.096_372_8,
    0.023_771_8,
    0.041_438_6,
    0.048_290_4,
    0.039_563_9,
    0.054_097_8,
    0.068_336_4,
    0.054_068_7,
    0.067_341_7,
    0.011_413_5,
    0.030_413_3,
];

/// Weights and parameters of the mixture of nine Dirichlet distributions of Sjölander et al.
/// (1996, Computer Applications in the Biosciences 12, 327), amino acids in alphabetical order.
#[rustfmt::skip]
#[expect(clippy::unreadable_literal, reason = "as they were published")]
const MIXTURE: [(f64, [f64; 20]); 9] = [
    (0.178091, [
        0.270671, 0.039848, 0.017576, 0.016415, 0.014268, 0.131916, 0.012391, 0.022599, 0.020358, 0.030727,
        0.015315, 0.048298, 0.053803, 0.020662, 0.023612, 0.216147, 0.147226, 0.065438, 0.003758, 0.009621,
    ]),
    (0.056591, [
        0.021465, 0.010300, 0.011741, 0.010883, 0.385651, 0.016416, 0.076196, 0.035329, 0.013921, 0.093517,
        0.022034, 0.028593, 0.013086, 0.023011, 0.018866, 0.029156, 0.018153, 0.036100, 0.071770, 0.419641,
    ]),
    (0.0960191, [
        0.561459, 0.045448, 0.438366, 0.764167, 0.087364, 0.259114, 0.214940, 0.145928, 0.762204, 0.247320,
        0.118662, 0.441564, 0.174822, 0.530840, 0.465529, 0.583402, 0.445586, 0.227050, 0.029510, 0.121090,
    ]),
    (0.0781233, [
        0.070143, 0.011140, 0.019479, 0.094657, 0.013162, 0.048038, 0.077000, 0.032939, 0.576639, 0.072293,
        0.028240, 0.080372, 0.037661, 0.185037, 0.506783, 0.073732, 0.071587, 0.042532, 0.011254, 0.028723,
    ]),
    (0.0834977, [
        0.041103, 0.014794, 0.005610, 0.010216, 0.153602, 0.007797, 0.007175, 0.299635, 0.010849, 0.999446,
        0.210189, 0.006127, 0.013021, 0.019798, 0.014509, 0.012049, 0.035799, 0.180085, 0.012744, 0.026466,
    ]),
    (0.0904123, [
        0.115607, 0.037381, 0.012414, 0.018179, 0.051778, 0.017255, 0.004911, 0.796882, 0.017074, 0.285858,
        0.075811, 0.014548, 0.015092, 0.011382, 0.012696, 0.027535, 0.088333, 0.944340, 0.004373, 0.016741,
    ]),
    (0.114468, [
        0.093461, 0.004737, 0.387252, 0.347841, 0.010822, 0.105877, 0.049776, 0.014963, 0.094276, 0.027761,
        0.010040, 0.187869, 0.050018, 0.110039, 0.038668, 0.119471, 0.065802, 0.025430, 0.003215, 0.018742,
    ]),
    (0.0682132, [
        0.452171, 0.114613, 0.062460, 0.115702, 0.284246, 0.140204, 0.100358, 0.550230, 0.143995, 0.700649,
        0.276580, 0.118569, 0.097470, 0.126673, 0.143634, 0.278983, 0.358482, 0.661750, 0.061533, 0.199373,
    ]),
    (0.234585, [
        0.005193, 0.004039, 0.006722, 0.006121, 0.003468, 0.016931, 0.003647, 0.002184, 0.005019, 0.005990,
        0.001473, 0.004158, 0.009055, 0.003630, 0.006583, 0.003172, 0.003690, 0.002967, 0.002772, 0.002686,
    ]),
];

/// Parameters of the Dirichlet distributions of transitions from a match (to match, insertion,
/// deletion), an insertion and a deletion (to match, to itself), as HMMER 3 has them.
pub(super) const FROM_MATCH: [f64; 3] = [0.7939, 0.0278, 0.0135];
pub(super) const FROM_INSERT: [f64; 2] = [0.1551, 0.1331];
pub(super) const FROM_DELETE: [f64; 2] = [0.9002, 0.5630];

/// Mean posterior probabilities of the amino acids of which `counts` were seen.
pub(super) fn amino_acids(counts: &[f64; 20]) -> [f64; 20] {
    let total: f64 = counts.iter().sum();
    // The probability of the counts under each component, up to what is common to all.
    let logs = MIXTURE.map(|(weight, alpha)| {
        let sum: f64 = alpha.iter().sum();
        let parts = counts.iter().zip(alpha);
        weight.ln() + libm::lgamma(sum) - libm::lgamma(sum + total)
            + parts
                .map(|(count, alpha)| libm::lgamma(alpha + count) - libm::lgamma(alpha))
                .sum::<f64>()
    });
    let most = logs.iter().copied().fold(f64::MIN, f64::max);
    let shares = logs.map(|log| (log - most).exp());
    let of_all: f64 = shares.iter().sum();
    let mut means = [0.0; 20];
    for (share, (_, alpha)) in shares.iter().zip(MIXTURE) {
        let sum: f64 = alpha.iter().sum();
        for ((mean, count), alpha) in means.iter_mut().zip(counts).zip(alpha) {
            *mean += share / of_all * (count + alpha) / (total + sum);
        }
    }
    means
}

/// Mean information of positions in bits, over what the background holds.
pub(super) fn information(matches: impl ExactSizeIterator<Item = [f64; 20]>) -> f64 {
    let count = matches.len() as f64;
    let of = |p: [f64; 20]| -> f64 {
        let parts = p.iter().zip(BACKGROUND).filter(|(p, _)| **p > 0.0);
        parts.map(|(p, b)| p * (p / b).log2()).sum()
    };
    matches.map(of).sum::<f64>() / count
}

/// Mean posterior probabilities of transitions.
pub(super) fn transitions<const N: usize>(counts: [f64; N], alpha: [f64; N]) -> [f64; N] {
    let sum: f64 = counts.iter().chain(&alpha).sum();
    std::array::from_fn(|to| (counts[to] + alpha[to]) / sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_counts_are_drawn_to_what_residues_are_like() {
        let sum: f64 = BACKGROUND.iter().sum();
        assert!((sum - 1.0).abs() < 1e-5, "{sum}");
        let none = amino_acids(&[0.0; 20]);
        assert!((none.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        let mut one = [0.0; 20];
        one[9] = 1.0;
        let leucine = amino_acids(&one);
        // Leucine is seen, isoleucine, methionine and valine are like it, aspartate is not.
        assert!(leucine[9] > 0.3 && leucine[7] > none[7] && leucine[2] < none[2]);
        let mut many = [0.0; 20];
        many[1] = 1000.0;
        assert!(amino_acids(&many)[1] > 0.99);
    }
}
