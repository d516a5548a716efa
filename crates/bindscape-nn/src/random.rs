//! What networks draw from streams of random numbers.

pub(crate) use bindscape_base::random::{below, shuffle, stream};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::RngCore;
use rayon::prelude::*;

/// A number in [0, 1) with 24 random bits, exact in `f32`.
pub(crate) fn unit(rng: &mut ChaCha8Rng) -> f32 {
    to_unit(rng.next_u32())
}

fn to_unit(word: u32) -> f32 {
    (word >> 8) as f32 * (1.0 / 16_777_216.0)
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
