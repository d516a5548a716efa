//! Random numbers: one independent stream per purpose, so that a result depends
//! on the seed alone and not on the order in which things are drawn, or on threads.

use rand::{RngCore, SeedableRng};
use rand_chacha::ChaCha8Rng;
use sha2::{Digest, Sha256};

/// The stream of random numbers of `seed` for a `purpose`, and for the `numbers` that say which
/// stream of that purpose it is (an epoch, a repeat, a bin…). Equal arguments give equal random
/// numbers, for good: neither this rule nor the generator may change.
///
/// The 256-bit key of ChaCha with 8 rounds is the SHA-256 of the seed, the length of the purpose,
/// the purpose and the numbers, each number as 64 bits, little-endian.
///
/// ```
/// use bindscape_base::random::stream;
/// use rand::Rng;
///
/// let first = |numbers: &[u64]| stream(7, "epoch", numbers).random::<u64>();
/// assert_eq!(first(&[3]), first(&[3]));
/// assert_ne!(first(&[3]), first(&[4]));
/// ```
#[must_use]
pub fn stream(seed: u64, purpose: &str, numbers: &[u64]) -> ChaCha8Rng {
    let mut key = Sha256::new();
    key.update(seed.to_le_bytes());
    key.update((purpose.len() as u64).to_le_bytes());
    key.update(purpose.as_bytes());
    for number in numbers {
        key.update(number.to_le_bytes());
    }
    ChaCha8Rng::from_seed(key.finalize().into())
}

/// Shuffles `items` after Fisher and Yates.
pub fn shuffle<T>(items: &mut [T], rng: &mut ChaCha8Rng) {
    for last in (1..items.len()).rev() {
        items.swap(last, below(last + 1, rng));
    }
}

/// A number below `end`, all of them equally likely: the upper half of a 64 x 64 bit product, whose
/// bias (below 2^-32 for an end below 2^32) cannot be seen. It is 0 where `end` is.
pub fn below(end: usize, rng: &mut ChaCha8Rng) -> usize {
    let product = u128::from(rng.next_u64()) * end as u128;
    usize::try_from(product >> 64).expect("below a usize")
}

#[cfg(test)]
mod tests {
    use rand::Rng;

    use super::*;

    fn first(seed: u64, purpose: &str, numbers: &[u64]) -> u64 {
        stream(seed, purpose, numbers).random()
    }

    #[test]
    fn every_argument_makes_another_stream() {
        let different = [
            first(1, "split", &[]),
            first(1, "split", &[0]),
            first(1, "split", &[1]),
            first(1, "split", &[1, 0]),
            first(1, "splits", &[1]),
            first(2, "split", &[1]),
        ];
        for (a, value) in different.iter().enumerate() {
            assert!(!different[..a].contains(value), "{a}");
        }
    }

    /// Results of published runs depend on these numbers.
    #[test]
    fn streams_are_fixed() {
        assert_eq!(first(1, "split", &[0]), 5_134_881_376_440_149_309);
    }
}
