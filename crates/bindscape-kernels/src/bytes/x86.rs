//! Sums of differences of bytes with the vectors of x86-64.

use std::arch::x86_64::{
    __m512i, _mm_add_epi64, _mm_cvtsi128_si64, _mm_unpackhi_epi64, _mm256_add_epi64,
    _mm256_castsi256_si128, _mm256_extracti128_si256, _mm256_sad_epu8, _mm256_setzero_si256,
    _mm512_add_epi64, _mm512_maskz_loadu_epi8, _mm512_reduce_add_epi64, _mm512_sad_epu8,
    _mm512_setzero_si512,
};

use crate::x86::{has_avx2, load_256, load_512};

pub(super) fn has_avx512() -> bool {
    is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bw")
}

pub(super) fn avx512(x: &[u8], y: &[u8], step: usize, sums: &mut [u32]) {
    assert!(has_avx512(), "the way is chosen among those available");
    // SAFETY: the processor has the features, as just asserted.
    unsafe {
        // Vectors that stay in registers, whatever the stretch of `y`.
        match x.len().div_ceil(64) {
            1 => avx512_of::<1>(x, y, step, sums),
            2 => avx512_of::<2>(x, y, step, sums),
            3 => avx512_of::<3>(x, y, step, sums),
            4 => avx512_of::<4>(x, y, step, sums),
            5 => avx512_of::<5>(x, y, step, sums),
            6 => avx512_of::<6>(x, y, step, sums),
            7 => avx512_of::<7>(x, y, step, sums),
            8 => avx512_of::<8>(x, y, step, sums),
            _ => avx2(x, y, step, sums),
        }
    }
}

pub(super) fn avx2(x: &[u8], y: &[u8], step: usize, sums: &mut [u32]) {
    assert!(has_avx2(), "the way is chosen among those available");
    // SAFETY: the processor has the feature, as just asserted.
    unsafe { avx2_of(x, y, step, sums) }
}

/// Fewer than 64 bytes, and zeros behind them.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn load_rest_512(bytes: &[u8]) -> __m512i {
    let mask = !(u64::MAX << bytes.len());
    // SAFETY: bytes that the mask leaves out are not read.
    unsafe { _mm512_maskz_loadu_epi8(mask, bytes.as_ptr().cast()) }
}

/// The vector `number` of `bytes`, which is the last one if it is not whole.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn vector_512(bytes: &[u8], number: usize) -> __m512i {
    let bytes = &bytes[64 * number..];
    match bytes.first_chunk() {
        Some(whole) => load_512(whole),
        None => load_rest_512(bytes),
    }
}

/// `VECTORS` vectors hold `x`.
#[target_feature(enable = "avx512f,avx512bw")]
fn avx512_of<const VECTORS: usize>(x: &[u8], y: &[u8], step: usize, sums: &mut [u32]) {
    let mut own = [_mm512_setzero_si512(); VECTORS];
    for vector in 0..VECTORS {
        own[vector] = vector_512(x, vector);
    }
    let rest = &x[64 * (VECTORS - 1)..];
    for (number, sum) in sums.iter_mut().enumerate() {
        let y = &y[number * step..][..64 * (VECTORS - 1) + rest.len()];
        let (whole, rest) = y.split_at(64 * (VECTORS - 1));
        let (whole, _) = whole.as_chunks();
        let last = match rest.first_chunk() {
            Some(whole) => load_512(whole),
            None => load_rest_512(rest),
        };
        let mut total = _mm512_sad_epu8(own[VECTORS - 1], last);
        for vector in 0..VECTORS - 1 {
            let there = load_512(&whole[vector]);
            total = _mm512_add_epi64(total, _mm512_sad_epu8(own[vector], there));
        }
        *sum = _mm512_reduce_add_epi64(total) as u32;
    }
}

#[target_feature(enable = "avx2")]
fn avx2_of(x: &[u8], y: &[u8], step: usize, sums: &mut [u32]) {
    let (own, own_rest) = x.as_chunks();
    for (number, sum) in sums.iter_mut().enumerate() {
        let (there, rest) = y[number * step..][..x.len()].as_chunks();
        let mut total = _mm256_setzero_si256();
        for (own, there) in own.iter().zip(there) {
            let differences = _mm256_sad_epu8(load_256(own), load_256(there));
            total = _mm256_add_epi64(total, differences);
        }
        let (own, own_rest) = own_rest.as_chunks::<8>();
        let (there, rest) = rest.as_chunks::<8>();
        let mut last = 0;
        for (own, there) in own.iter().zip(there) {
            for (a, b) in own.iter().zip(there) {
                last += (i32::from(*a) - i32::from(*b)).unsigned_abs();
            }
        }
        for (a, b) in own_rest.iter().zip(rest) {
            last += u32::from(a.abs_diff(*b));
        }
        let halves = _mm_add_epi64(
            _mm256_castsi256_si128(total),
            _mm256_extracti128_si256::<1>(total),
        );
        let whole = _mm_add_epi64(halves, _mm_unpackhi_epi64(halves, halves));
        *sum = _mm_cvtsi128_si64(whole) as u32 + last;
    }
}
