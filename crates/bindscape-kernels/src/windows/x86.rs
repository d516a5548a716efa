//! Byte shuffles of x86-64.

use std::arch::x86_64::{
    __m256i, _mm_loadu_si128, _mm256_adds_epu8, _mm256_broadcastsi128_si256, _mm256_cmpeq_epi8,
    _mm256_min_epu8, _mm256_movemask_epi8, _mm256_set1_epi8, _mm256_setzero_si256,
    _mm256_shuffle_epi8, _mm512_adds_epu8, _mm512_cmple_epu8_mask, _mm512_permutexvar_epi8,
    _mm512_set1_epi8, _mm512_setzero_si512,
};
use std::ops::Range;

use crate::x86::{has_avx2, load_256, load_512};

use super::{BLOCK, Candidate, Filter, LIMIT};

pub(super) fn has_vbmi() -> bool {
    is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512vbmi")
}

pub(super) fn vbmi(filter: &Filter, words: &[u8], starts: Range<usize>, out: &mut Vec<Candidate>) {
    assert!(has_vbmi(), "the way is chosen among those available");
    // SAFETY: the processor has the features, as just asserted.
    unsafe {
        match filter.matrices {
            1 => vbmi_of::<1>(filter, words, starts, out),
            _ => vbmi_of::<2>(filter, words, starts, out),
        }
    }
}

pub(super) fn avx2(filter: &Filter, words: &[u8], starts: Range<usize>, out: &mut Vec<Candidate>) {
    assert!(has_avx2(), "the way is chosen among those available");
    // SAFETY: the processor has the feature, as just asserted.
    unsafe {
        match filter.matrices {
            1 => avx2_of::<1>(filter, words, starts, out),
            _ => avx2_of::<2>(filter, words, starts, out),
        }
    }
}

/// Notes the windows of `mask`, the first of which begins at `start`.
#[inline]
fn note(mut mask: u64, start: usize, end: usize, matrix: usize, out: &mut Vec<Candidate>) {
    while mask != 0 {
        let start = start + mask.trailing_zeros() as usize;
        if start < end {
            out.push(Candidate { start, matrix });
        }
        mask &= mask - 1;
    }
}

/// 256 windows at a time, in four vectors a matrix.
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
fn vbmi_of<const MATRICES: usize>(
    filter: &Filter,
    words: &[u8],
    starts: Range<usize>,
    out: &mut Vec<Candidate>,
) {
    const VECTORS: usize = BLOCK / 64;
    let limit = _mm512_set1_epi8(LIMIT.cast_signed());
    let mut start = starts.start;
    while start < starts.end {
        let mut sums = [[_mm512_setzero_si512(); VECTORS]; MATRICES];
        let mut left = true;
        for (done, group) in filter.groups.iter().enumerate() {
            if done == filter.check {
                let mut any = 0;
                for sums in &sums {
                    for sum in sums {
                        any |= _mm512_cmple_epu8_mask(*sum, limit);
                    }
                }
                left = any != 0;
                if !left {
                    break;
                }
            }
            let (tables, _) = group.tables.as_chunks::<64>();
            let (windows, _) = words[start + group.offset..][..BLOCK].as_chunks::<64>();
            let mut table = [_mm512_setzero_si512(); MATRICES];
            for matrix in 0..MATRICES {
                table[matrix] = load_512(&tables[matrix]);
            }
            for vector in 0..VECTORS {
                let words = load_512(&windows[vector]);
                for matrix in 0..MATRICES {
                    let deficits = _mm512_permutexvar_epi8(words, table[matrix]);
                    sums[matrix][vector] = _mm512_adds_epu8(sums[matrix][vector], deficits);
                }
            }
        }
        if left {
            for (matrix, sums) in sums.iter().enumerate() {
                for (vector, sum) in sums.iter().enumerate() {
                    let mask = _mm512_cmple_epu8_mask(*sum, limit);
                    note(mask, start + 64 * vector, starts.end, matrix, out);
                }
            }
        }
        start += BLOCK;
    }
}

#[inline]
#[target_feature(enable = "avx2")]
fn load_table(bytes: &[u8; 16]) -> __m256i {
    // SAFETY: the reference is to 16 bytes; the load needs no alignment.
    _mm256_broadcastsi128_si256(unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) })
}

/// The windows whose sums are at most the limit.
#[inline]
#[target_feature(enable = "avx2")]
fn within(sums: __m256i, limit: __m256i) -> u32 {
    _mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_min_epu8(sums, limit), sums)).cast_unsigned()
}

/// 128 windows at a time, in four vectors a matrix.
#[target_feature(enable = "avx2")]
fn avx2_of<const MATRICES: usize>(
    filter: &Filter,
    words: &[u8],
    starts: Range<usize>,
    out: &mut Vec<Candidate>,
) {
    const VECTORS: usize = 4;
    let limit = _mm256_set1_epi8(LIMIT.cast_signed());
    let mut start = starts.start;
    while start < starts.end {
        let mut sums = [[_mm256_setzero_si256(); VECTORS]; MATRICES];
        let mut left = true;
        for (done, group) in filter.groups.iter().enumerate() {
            if done == filter.check {
                let mut any = 0;
                for sums in &sums {
                    for sum in sums {
                        any |= within(*sum, limit);
                    }
                }
                left = any != 0;
                if !left {
                    break;
                }
            }
            let (tables, _) = group.tables.as_chunks::<16>();
            let (windows, _) = words[start + group.offset..][..32 * VECTORS].as_chunks::<32>();
            let mut table = [_mm256_setzero_si256(); MATRICES];
            for matrix in 0..MATRICES {
                table[matrix] = load_table(&tables[matrix]);
            }
            for vector in 0..VECTORS {
                let words = load_256(&windows[vector]);
                for matrix in 0..MATRICES {
                    let deficits = _mm256_shuffle_epi8(table[matrix], words);
                    sums[matrix][vector] = _mm256_adds_epu8(sums[matrix][vector], deficits);
                }
            }
        }
        if left {
            for (matrix, sums) in sums.iter().enumerate() {
                for (vector, sum) in sums.iter().enumerate() {
                    let mask = u64::from(within(*sum, limit));
                    note(mask, start + 32 * vector, starts.end, matrix, out);
                }
            }
        }
        start += 32 * VECTORS;
    }
}
