//! Sums, quantiles and random numbers in the order and rounding of NumPy, on which the thresholds
//! of seqlets depend to the last bit.

/// Sum of `values` in single precision, by halves as `numpy.sum` adds contiguous numbers.
pub(crate) fn pairwise_sum(values: &[f32]) -> f32 {
    let n = values.len();
    if n < 8 {
        return values.iter().fold(-0.0, |sum, value| sum + value);
    }
    if n > 128 {
        let half = n / 2 - (n / 2) % 8;
        return pairwise_sum(&values[..half]) + pairwise_sum(&values[half..]);
    }
    let (blocks, rest) = values.as_chunks::<8>();
    let mut r = blocks[0];
    for block in &blocks[1..] {
        for (sum, value) in r.iter_mut().zip(block) {
            *sum += value;
        }
    }
    let sum = ((r[0] + r[1]) + (r[2] + r[3])) + ((r[4] + r[5]) + (r[6] + r[7]));
    rest.iter().fold(sum, |sum, value| sum + value)
}

/// The quantile `q` of values in ascending order, between neighbours in a straight line.
pub(crate) fn quantile(sorted: &[f64], q: f64) -> f64 {
    let last = sorted.len() - 1;
    let place = last as f64 * q;
    let below = (place.floor() as usize).min(last);
    let (a, b) = (sorted[below], sorted[(below + 1).min(last)]);
    let share = place - below as f64;
    let difference = b - a;
    if share >= 0.5 {
        b - difference * (1.0 - share)
    } else {
        a + difference * share
    }
}

/// Edges of the fullest of 1,000 bins of equal width over `values`; the first of several.
pub(crate) fn fullest_bin(values: &[f64]) -> (f64, f64) {
    const BINS: usize = 1000;
    let (mut first, mut last) = (f64::INFINITY, f64::NEG_INFINITY);
    for &value in values {
        first = first.min(value);
        last = last.max(value);
    }
    if values.is_empty() {
        (first, last) = (0.0, 1.0);
    } else if first == last {
        (first, last) = (first - 0.5, last + 0.5);
    }
    let step = (last - first) / BINS as f64;
    let mut edges: Vec<f64> = (0..=BINS).map(|i| i as f64 * step + first).collect();
    edges[BINS] = last;
    let mut counts = [0_u64; BINS];
    for &value in values {
        let mut bin = ((value - first) / (last - first) * BINS as f64) as usize;
        bin = bin.min(BINS - 1);
        if value < edges[bin] {
            bin -= 1;
        }
        if value >= edges[bin + 1] && bin != BINS - 1 {
            bin += 1;
        }
        counts[bin] += 1;
    }
    let fullest = (0..BINS).rev().max_by_key(|&bin| counts[bin]).unwrap_or(0);
    (edges[fullest], edges[fullest + 1])
}

/// The generator MT19937 of Matsumoto and Nishimura (1998), seeded and read as NumPy's
/// `RandomState` does, whose numbers are fixed for good.
pub(crate) struct Mersenne {
    state: [u32; 624],
    next: usize,
}

impl Mersenne {
    /// The generator of a seed.
    pub(crate) fn new(seed: u32) -> Self {
        let mut state = [0; 624];
        state[0] = seed;
        for i in 1..624 {
            let before = state[i - 1];
            state[i] = 1_812_433_253_u32
                .wrapping_mul(before ^ (before >> 30))
                .wrapping_add(i as u32);
        }
        Self { state, next: 624 }
    }

    fn refill(&mut self) {
        for i in 0..624 {
            let bits = (self.state[i] & 0x8000_0000) | (self.state[(i + 1) % 624] & 0x7fff_ffff);
            let mut value = self.state[(i + 397) % 624] ^ (bits >> 1);
            if bits & 1 == 1 {
                value ^= 0x9908_b0df;
            }
            self.state[i] = value;
        }
        self.next = 0;
    }

    fn word(&mut self) -> u32 {
        if self.next == 624 {
            self.refill();
        }
        let mut word = self.state[self.next];
        self.next += 1;
        word ^= word >> 11;
        word ^= (word << 7) & 0x9d2c_5680;
        word ^= (word << 15) & 0xefc6_0000;
        word ^ (word >> 18)
    }

    /// A number from 0 up to 1, of 53 bits.
    pub(crate) fn uniform(&mut self) -> f64 {
        let (high, low) = (self.word() >> 5, self.word() >> 6);
        (f64::from(high) * 67_108_864.0 + f64::from(low)) / 9_007_199_254_740_992.0
    }

    /// A whole number from 0 to `most`, which is below 2^32.
    fn up_to(&mut self, most: u32) -> u32 {
        if most == 0 {
            return 0;
        }
        let mask = u32::MAX >> most.leading_zeros();
        loop {
            let value = self.word() & mask;
            if value <= most {
                return value;
            }
        }
    }

    /// `count` of the numbers below `n`, none twice: the first of a permutation.
    pub(crate) fn choose(&mut self, n: usize, count: usize) -> Vec<usize> {
        let mut order: Vec<u32> = (0..n as u32).collect();
        for last in (1..n).rev() {
            let other = self.up_to(last as u32) as usize;
            order.swap(last, other);
        }
        order.truncate(count);
        order.into_iter().map(|index| index as usize).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// NumPy 2.4.6.
    #[test]
    fn random_numbers_are_those_of_numpy() {
        let mut rng = Mersenne::new(1234);
        let drawn: Vec<f64> = (0..3).map(|_| rng.uniform()).collect();
        assert_eq!(
            drawn,
            [
                0.191_519_450_378_892_3,
                0.622_108_771_039_831_9,
                0.437_727_739_007_114_5
            ]
        );
        assert_eq!(Mersenne::new(1234).choose(10, 4), [7, 2, 9, 1]);
    }

    #[test]
    fn quantiles_lie_between_neighbours() {
        assert_eq!(quantile(&[1.0, 2.0, 4.0], 0.25), 1.5);
        assert_eq!(quantile(&[1.0, 2.0, 4.0], 0.75), 3.0);
        assert_eq!(quantile(&[1.0, 2.0, 4.0], 1.0), 4.0);
    }

    #[test]
    fn the_fullest_bin_is_the_first_of_several() {
        let (left, right) = fullest_bin(&[0.0, 500.0, 500.2, 1000.0]);
        assert_eq!((left, right), (500.0, 501.0));
        assert_eq!(fullest_bin(&[0.0, 1000.0]), (0.0, 1.0));
    }

    #[test]
    fn sums_of_ones_are_exact_at_every_length() {
        for n in [0, 1, 7, 8, 9, 127, 128, 129, 164, 1000] {
            assert_eq!(pairwise_sum(&vec![1.0; n]), n as f32);
        }
    }
}
