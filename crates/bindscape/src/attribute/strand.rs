//! Draws that do not depend on the strand that a sequence is given on.

use bindscape_base::digest;
use bindscape_nn::attribution::turned;

/// What `draw` makes of a sequence, on the strand that comes first in the alphabet, and of a number
/// that tells sequences apart; turned where that is not the strand as given.
pub(super) fn on_its_strand(
    bases: &[u8],
    draw: impl FnOnce(&[u8], u64) -> Vec<Vec<u8>>,
) -> Vec<Vec<u8>> {
    let other = turned(bases);
    let reverse = other[..] < *bases;
    let own = if reverse { &other[..] } else { bases };
    let key = digest::sha256_hex(own);
    let key = u64::from_str_radix(&key[..16], 16).expect("digits of a digest");
    let drawn = draw(own, key);
    match reverse {
        true => drawn.iter().map(|bases| turned(bases)).collect(),
        false => drawn,
    }
}
