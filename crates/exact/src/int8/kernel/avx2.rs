//! AVX2: `vpmaddubsw` multiplies 32 codes and adds neighbours up in 16 bits, where a chunk of
//! steps is added up before it is widened. Two such additions of a pair of products stand for
//! four multiplications, four times what an f32 multiply-add of the same width does.

use std::arch::x86_64::*;

use super::{Codes, QueryCodes, Sums};

/// Sums of eight rows.
type Half = __m256i;

#[target_feature(enable = "avx2")]
pub(super) fn sums<const Q: usize>(
    block: &[Codes],
    queries: &[[QueryCodes; Q]],
    chunk: usize,
) -> [Sums; Q] {
    let mut totals = [[_mm256_setzero_si256(); 2]; Q];
    for (codes, queries) in block.chunks(chunk).zip(queries.chunks(chunk)) {
        let partial = sums_in_16_bits(codes, queries);
        for (totals, partial) in totals.iter_mut().zip(partial) {
            for (total, partial) in totals.iter_mut().zip(partial) {
                let widened = _mm256_madd_epi16(partial, _mm256_set1_epi16(1));
                *total = _mm256_add_epi32(*total, widened);
            }
        }
    }
    stored(&totals)
}

/// Of each row two sums of 16 bits side by side, one of the first two components of every step
/// and one of the others.
#[inline]
#[target_feature(enable = "avx2")]
fn sums_in_16_bits<const Q: usize>(block: &[Codes], queries: &[[QueryCodes; Q]]) -> [[Half; 2]; Q] {
    let mut sums = [[_mm256_setzero_si256(); 2]; Q];
    for (codes, queries) in block.iter().zip(queries) {
        let rows = loaded(codes);
        for (sums, query) in sums.iter_mut().zip(queries) {
            let query = _mm256_set1_epi32(*query);
            for (sum, rows) in sums.iter_mut().zip(rows) {
                *sum = _mm256_add_epi16(*sum, _mm256_maddubs_epi16(rows, query));
            }
        }
    }
    sums
}

#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn loaded(codes: &Codes) -> [Half; 2] {
    let first = codes.as_ptr().cast::<Half>();
    // SAFETY: `codes` is 64 bytes, two times what is loaded, and the load asks for no alignment.
    unsafe { [_mm256_loadu_si256(first), _mm256_loadu_si256(first.add(1))] }
}

#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn stored<const Q: usize>(totals: &[[Half; 2]; Q]) -> [Sums; Q] {
    let mut sums = [Sums::default(); Q];
    for (sums, totals) in sums.iter_mut().zip(totals) {
        let first = sums.as_mut_ptr().cast::<Half>();
        // SAFETY: `sums` is 16 numbers of 4 bytes, two times what is stored, and the store asks
        // for no alignment.
        unsafe {
            _mm256_storeu_si256(first, totals[0]);
            _mm256_storeu_si256(first.add(1), totals[1]);
        }
    }
    sums
}
