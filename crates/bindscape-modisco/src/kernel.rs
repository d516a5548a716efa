//! Similarity of two stretches of contributions: the continuous Jaccard index, the sum over
//! numbers of the smaller size with the sign of their product, over the sum of the larger size.

use crate::tracks::CHANNELS;

/// Numbers that are added side by side.
const LANES: usize = 16;

/// `Σ |x + y|` and `Σ |x − y|`, of which the sums of the smaller and of the larger sizes are half
/// the difference and half the sum.
#[inline(always)]
fn sums(x: &[f32], y: &[f32]) -> [f32; 2] {
    let (mut plus, mut minus) = ([0.0_f32; LANES], [0.0_f32; LANES]);
    let (xs, x_rest) = x.as_chunks::<LANES>();
    let (ys, y_rest) = y.as_chunks::<LANES>();
    for (x, y) in xs.iter().zip(ys) {
        for lane in 0..LANES {
            plus[lane] += (x[lane] + y[lane]).abs();
            minus[lane] += (x[lane] - y[lane]).abs();
        }
    }
    for (lane, (x, y)) in x_rest.iter().zip(y_rest).enumerate() {
        plus[lane] += (x + y).abs();
        minus[lane] += (x - y).abs();
    }
    [total(&plus), total(&minus)]
}

#[inline(always)]
fn total(lanes: &[f32; LANES]) -> f32 {
    let mut lanes = *lanes;
    let mut half = LANES / 2;
    while half > 0 {
        for lane in 0..half {
            lanes[lane] += lanes[lane + half];
        }
        half /= 2;
    }
    lanes[0]
}

/// Index of two stretches of the same length; 0 where both are 0.
#[inline(always)]
pub(crate) fn jaccard(x: &[f32], y: &[f32]) -> f32 {
    let [plus, minus] = sums(x, y);
    let larger = plus + minus;
    if larger > 0.0 {
        (plus - minus) / larger
    } else {
        0.0
    }
}

/// Index of `x`, shifted by each of `-reach` to `reach` positions along `y`: positions of `x`
/// beyond the ends of `y` count as larger, those of `y` beyond the ends of `x` do not count.
/// Hands each shift and index to `each`, from the left.
///
/// # Shapes
/// `x` and `y`: positions × [`CHANNELS`]; `outside`: the sizes of the first i positions of `x`
/// summed, for each i.
#[inline(always)]
pub(crate) fn jaccard_along(
    x: &[f32],
    y: &[f32],
    outside: &[f32],
    shifts: std::ops::RangeInclusive<i32>,
    mut each: impl FnMut(i32, f32),
) {
    let (wide, long) = ((x.len() / CHANNELS) as i32, (y.len() / CHANNELS) as i32);
    for shift in shifts {
        // Positions of x that lie on y.
        let from = (-shift).clamp(0, wide) as usize;
        let to = (long - shift).clamp(from as i32, wide) as usize;
        let at = ((from as i32 + shift) * CHANNELS as i32).max(0) as usize;
        let x_part = &x[from * CHANNELS..to * CHANNELS];
        let y_part = &y[at.min(y.len())..][..x_part.len()];
        let [plus, minus] = sums(x_part, y_part);
        let alone = outside[from] + (outside[wide as usize] - outside[to]);
        let larger = plus + minus + 2.0 * alone;
        let index = if larger > 0.0 {
            (plus - minus) / larger
        } else {
            0.0
        };
        each(shift, index);
    }
}

/// Sizes of the first i positions of `x` summed, for each i.
pub(crate) fn running_sizes(x: &[f32]) -> Vec<f32> {
    let mut sum = 0.0;
    let mut sizes = vec![0.0];
    for position in x.chunks_exact(CHANNELS) {
        sum += position
            .iter()
            .map(|value| f64::from(value.abs()))
            .sum::<f64>();
        sizes.push(sum as f32);
    }
    sizes
}

/// The other strand of a stretch: positions and bases in reverse.
///
/// # Shapes
/// positions × [`CHANNELS`], both.
pub(crate) fn reverse_complement<T: Copy>(x: &[T]) -> Vec<T> {
    let mut reversed = Vec::with_capacity(x.len());
    for position in x.chunks_exact(CHANNELS).rev() {
        let (hypothetical, projected) = position.split_at(4);
        reversed.extend(hypothetical.iter().rev());
        reversed.extend(projected.iter().rev());
    }
    reversed
}

#[cfg(test)]
mod tests {
    use bindscape_kernels::vectorized;

    use super::*;
    use crate::noise::noise;

    /// The index as it is defined.
    fn plain(x: &[f32], y: &[f32], shift: i32) -> f64 {
        let (mut smaller, mut larger) = (0.0, 0.0);
        for (i, &value) in x.iter().enumerate() {
            let at = i as i32 + shift * CHANNELS as i32;
            let other = usize::try_from(at).ok().and_then(|at| y.get(at)).copied();
            let (a, b) = (f64::from(value), f64::from(other.unwrap_or(0.0)));
            let sign = if a * b < 0.0 { -1.0 } else { 1.0 };
            smaller += sign * a.abs().min(b.abs());
            larger += a.abs().max(b.abs());
        }
        smaller / larger
    }

    fn stretch(positions: usize, seed: u32) -> Vec<f32> {
        std::iter::repeat_with(noise(seed))
            .take(positions * CHANNELS)
            .collect()
    }

    #[test]
    fn the_index_is_that_of_its_definition() {
        let (x, y) = (stretch(30, 1), stretch(41, 2));
        let outside = running_sizes(&x);
        vectorized(
            #[inline(always)]
            || {
                jaccard_along(&x, &y, &outside, -13..=24, |shift, index| {
                    let expected = plain(&x, &y, shift);
                    assert!(
                        (f64::from(index) - expected).abs() < 1e-6,
                        "{shift}: {index} {expected}"
                    );
                });
            },
        );
        assert_eq!(jaccard(&x, &x), 1.0);
        assert_eq!(jaccard(&[0.0; 8], &[0.0; 8]), 0.0);
    }

    #[test]
    fn the_other_strand_of_the_other_strand_is_the_stretch() {
        let x = stretch(7, 3);
        let other = reverse_complement(&x);
        assert_eq!(other[0], x[6 * CHANNELS + 3]);
        assert_eq!(other[4], x[6 * CHANNELS + 7]);
        assert_eq!(reverse_complement(&other), x);
    }
}
