//! Sums of differences of bytes, along a longer row of bytes.
//!
//! Processors add up the differences of as many bytes as a vector holds in one instruction, which
//! makes a rounded copy of numbers much cheaper to compare than the numbers themselves.

#[cfg(target_arch = "x86_64")]
mod x86;

use crate::limit::{Vectors, limit};

/// For every stretch of `y` as long as `x`, each `step` bytes after the one before: the sum of the
/// absolute differences of its bytes from those of `x`, into `sums`.
///
/// # Shapes
/// `y` holds at least `(sums − 1) × step + x` bytes, and `x` fewer than 2²⁴.
///
/// # Panics
/// If `y` is shorter.
pub fn sums_of_differences(x: &[u8], y: &[u8], step: usize, sums: &mut [u32]) {
    let Some(last) = sums.len().checked_sub(1) else {
        return;
    };
    assert!(last * step + x.len() <= y.len(), "`y` has every stretch");
    assert!(x.len() < 1 << 24, "a sum fits 32 bits");
    #[cfg(target_arch = "x86_64")]
    match limit() {
        Vectors::Widest if x86::has_avx512() => return x86::avx512(x, y, step, sums),
        Vectors::Widest | Vectors::Avx2 if crate::x86::has_avx2() => {
            return x86::avx2(x, y, step, sums);
        }
        _ => {}
    }
    portable(x, y, step, sums);
}

fn portable(x: &[u8], y: &[u8], step: usize, sums: &mut [u32]) {
    crate::vectorized(
        #[inline(always)]
        || {
            for (number, sum) in sums.iter_mut().enumerate() {
                let y = &y[number * step..][..x.len()];
                *sum = (x.iter().zip(y))
                    .map(|(&a, &b)| u32::from(a.abs_diff(b)))
                    .sum();
            }
        },
    );
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn sums_are_those_of_single_differences(
            y in proptest::collection::vec(any::<u8>(), 1..900),
            start in 0..400_usize,
            len in 0..400_usize,
            step in 1..20_usize,
        ) {
            let x: Vec<u8> = (0..len).map(|i| (i * 37 + start) as u8).collect();
            let count = y.len().checked_sub(len).map_or(0, |room| room / step + 1);
            let mut sums = vec![u32::MAX; count];
            sums_of_differences(&x, &y, step, &mut sums);
            let mut others = vec![u32::MAX; count];
            portable(&x, &y, step, &mut others);
            for (number, (&sum, other)) in sums.iter().zip(others).enumerate() {
                let y = &y[number * step..];
                let plain: u32 = (x.iter().zip(y)).map(|(&a, &b)| u32::from(a.max(b) - a.min(b))).sum();
                prop_assert_eq!(sum, plain);
                prop_assert_eq!(other, plain);
            }
            #[cfg(target_arch = "x86_64")]
            if crate::x86::has_avx2() && count > 0 {
                let mut narrow = vec![u32::MAX; count];
                x86::avx2(&x, &y, step, &mut narrow);
                prop_assert_eq!(narrow, sums);
            }
        }
    }

    #[test]
    #[should_panic(expected = "every stretch")]
    fn a_row_that_is_too_short_is_refused() {
        sums_of_differences(&[0; 8], &[0; 15], 8, &mut [0; 2]);
    }
}
