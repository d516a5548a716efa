//! Random numbers that depend on a seed and a name alone: not on the order of
//! calls, the number of threads, the device, or the version of a framework.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use rayon::prelude::*;
use sha2::{Digest, Sha256};

/// An independent stream for every (`seed`, `purpose`, `numbers`).
///
/// The 256-bit key of ChaCha8 is the SHA-256 of the seed, the purpose and the
/// numbers, each little-endian.
pub(crate) fn stream(seed: u64, purpose: &str, numbers: &[u64]) -> ChaCha8Rng {
    let mut hash = Sha256::new();
    hash.update(seed.to_le_bytes());
    hash.update((purpose.len() as u64).to_le_bytes());
    hash.update(purpose.as_bytes());
    for number in numbers {
        hash.update(number.to_le_bytes());
    }
    ChaCha8Rng::from_seed(hash.finalize().into())
}

/// A number in [0, 1) with 24 random bits, exact in `f32`.
pub(crate) fn unit(rng: &mut ChaCha8Rng) -> f32 {
    to_unit(rng.next_u32())
}

fn to_unit(word: u32) -> f32 {
    (word >> 8) as f32 * (1.0 / 16_777_216.0)
}

/// Fisher-Yates. An index comes from the upper half of a 64 x 64 bit product,
/// whose bias (below 2^-32 for fewer than 2^32 items) cannot be seen.
pub(crate) fn shuffle<T>(items: &mut [T], rng: &mut ChaCha8Rng) {
    for last in (1..items.len()).rev() {
        let product = u128::from(rng.next_u64()) * (last as u128 + 1);
        let chosen = usize::try_from(product >> 64).expect("not above `last`");
        items.swap(last, chosen);
    }
}

/// Entries of a mask that a thread makes at a time: a multiple of the sixteen words of a
/// block of ChaCha.
const MASK_CHUNK: usize = 1 << 14;

/// A mask of inverted dropout: each entry is 0 with probability `rate`, else
/// `1 / (1 - rate)`. It depends on seed, training step and layer alone.
pub(crate) fn dropout_mask(
    seed: u64,
    step: u64,
    layer: usize,
    entries: usize,
    rate: f64,
) -> Vec<f32> {
    let start = stream(seed, "dropout", &[step, layer as u64]);
    let keep = (1.0 / (1.0 - rate)) as f32;
    let rate = rate as f32;
    let mut mask = vec![0.0; entries];
    mask.par_chunks_mut(MASK_CHUNK)
        .enumerate()
        .for_each(|(chunk, mask)| {
            // Entry `i` takes word `i` of the stream, whoever makes it.
            let mut rng = start.clone();
            rng.set_word_pos((chunk * MASK_CHUNK) as u128);
            let mut bytes = vec![0_u8; mask.len() * 4];
            rng.fill_bytes(&mut bytes);
            for (entry, word) in mask.iter_mut().zip(bytes.as_chunks::<4>().0) {
                let unit = to_unit(u32::from_le_bytes(*word));
                *entry = if unit < rate { 0.0 } else { keep };
            }
        });
    mask
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_differ_by_every_part_of_their_name() {
        let first = |mut rng: ChaCha8Rng| rng.next_u64();
        let base = first(stream(1, "epoch", &[1]));
        assert_eq!(base, first(stream(1, "epoch", &[1])));
        for other in [
            stream(2, "epoch", &[1]),
            stream(1, "epochs", &[1]),
            stream(1, "epoch", &[2]),
            stream(1, "epoch", &[1, 0]),
        ] {
            assert_ne!(base, first(other));
        }
    }

    #[test]
    fn shuffles_are_permutations_and_masks_keep_the_mean() {
        let mut items: Vec<u32> = (0..1000).collect();
        shuffle(&mut items, &mut stream(7, "epoch", &[3]));
        assert_ne!(items, (0..1000).collect::<Vec<_>>());
        items.sort_unstable();
        assert_eq!(items, (0..1000).collect::<Vec<_>>());
        let mask = dropout_mask(7, 1, 4, 100_000, 0.3);
        let mean = mask.iter().map(|&x| f64::from(x)).sum::<f64>() / mask.len() as f64;
        // Standard error sqrt(0.3 / 0.7 / 1e5) = 0.002.
        assert!((mean - 1.0).abs() < 0.01, "{mean}");
        assert_eq!(dropout_mask(7, 1, 4, 10, 0.0), [1.0; 10]);
    }
}
