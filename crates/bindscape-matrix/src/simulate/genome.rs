//! Background sequence: stretches of differing GC content, few CpG, gaps of N.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

/// Length of a stretch of one GC content.
const ISOCHORE: usize = 30_000;

/// Share of the CpG that are drawn again: they are rare in vertebrate genomes.
const CPG_LOST: f64 = 0.7;

/// `length` letters whose GC content changes every 30,000 bases, 35 to 58 %.
pub(super) fn background(length: usize, rng: &mut ChaCha8Rng) -> Vec<u8> {
    let mut letters = Vec::with_capacity(length);
    while letters.len() < length {
        let gc = 0.35 + 0.23 * rng.random::<f64>() * rng.random::<f64>().sqrt();
        let stretch = ISOCHORE.min(length - letters.len());
        draw(stretch, gc, CPG_LOST, rng, &mut letters);
    }
    letters
}

/// A stretch without loss of CpG, as at promoters.
pub(super) fn island(length: usize, rng: &mut ChaCha8Rng) -> Vec<u8> {
    let mut letters = Vec::with_capacity(length);
    draw(length, 0.6, 0.0, rng, &mut letters);
    letters
}

fn draw(length: usize, gc: f64, cpg_lost: f64, rng: &mut ChaCha8Rng, out: &mut Vec<u8>) {
    for _ in 0..length {
        let mut letter = base(gc, rng);
        if letter == b'G' && out.last() == Some(&b'C') && rng.random_bool(cpg_lost) {
            letter = base(gc, rng);
        }
        out.push(letter);
    }
}

fn base(gc: f64, rng: &mut ChaCha8Rng) -> u8 {
    let strong = rng.random_bool(gc);
    let first = rng.random_bool(0.5);
    match (strong, first) {
        (true, true) => b'G',
        (true, false) => b'C',
        (false, true) => b'A',
        (false, false) => b'T',
    }
}
