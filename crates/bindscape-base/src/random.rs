//! Random numbers: one independent stream per purpose, so that a result depends
//! on the seed alone and not on the order in which things are drawn, or on threads.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use sha2::{Digest, Sha256};

/// The stream of random numbers of `seed` for the purpose `name`, number `index`
/// (an epoch, a repeat, a bin…). Equal arguments give equal numbers, for good:
/// neither this rule nor the generator (ChaCha with 8 rounds) may change.
#[must_use]
pub fn stream(seed: u64, name: &str, index: u64) -> ChaCha8Rng {
    let mut key = Sha256::new();
    key.update(seed.to_le_bytes());
    key.update(name.as_bytes());
    let mut rng = ChaCha8Rng::from_seed(key.finalize().into());
    rng.set_stream(index);
    rng
}

#[cfg(test)]
mod tests {
    use rand::Rng;

    use super::*;

    #[test]
    fn streams_are_fixed_and_differ() {
        let first = |seed, name, index| stream(seed, name, index).random::<u64>();
        assert_eq!(first(1, "split", 0), first(1, "split", 0));
        let different = [
            first(1, "split", 0),
            first(1, "split", 1),
            first(1, "negatives", 0),
            first(2, "split", 0),
        ];
        for a in 0..4 {
            for b in 0..a {
                assert_ne!(different[a], different[b]);
            }
        }
    }
}
