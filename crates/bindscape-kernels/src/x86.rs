//! Vectors of bytes on x86-64.

use std::arch::x86_64::{__m256i, __m512i, _mm256_loadu_si256, _mm512_loadu_si512};

pub(crate) fn has_avx2() -> bool {
    is_x86_feature_detected!("avx2")
}

#[inline]
#[target_feature(enable = "avx512f")]
pub(crate) fn load_512(bytes: &[u8; 64]) -> __m512i {
    // SAFETY: the reference is to 64 bytes; the load needs no alignment.
    unsafe { _mm512_loadu_si512(bytes.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx2")]
pub(crate) fn load_256(bytes: &[u8; 32]) -> __m256i {
    // SAFETY: the reference is to 32 bytes; the load needs no alignment.
    unsafe { _mm256_loadu_si256(bytes.as_ptr().cast()) }
}
