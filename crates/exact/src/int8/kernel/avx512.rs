//! AVX-512 VNNI: `vpdpbusd` multiplies the codes of a whole block and adds those of each row up
//! in 32 bits.

use std::arch::x86_64::*;

use super::{Codes, Facts, QueryCodes, ROWS, RowBits, Sums, Threshold};

/// An addition takes four to five cycles and two begin in each: steps alternate between two sets
/// of sums, so that six queries keep twelve additions under way.
const SETS: usize = 2;

#[target_feature(enable = "avx512f,avx512vnni")]
pub(super) fn meet<const Q: usize>(
    block: &[Codes],
    queries: &[[QueryCodes; Q]],
    (facts, thresholds): (&Facts, &[Threshold; Q]),
    sums: &mut [Sums; Q],
) -> [RowBits; Q] {
    let mut totals = [[_mm512_setzero_si512(); SETS]; Q];
    let (pairs, last) = block.as_chunks::<SETS>();
    let (query_pairs, last_query) = queries.as_chunks::<SETS>();
    for (codes, queries) in pairs.iter().zip(query_pairs) {
        for set in 0..SETS {
            step(&mut totals, set, &codes[set], &queries[set]);
        }
    }
    for (codes, queries) in last.iter().zip(last_query) {
        step(&mut totals, 0, codes, queries);
    }
    add_totals(&totals, sums);
    survivors(sums, facts, thresholds)
}

#[inline]
#[target_feature(enable = "avx512f,avx512vnni")]
fn step<const Q: usize>(
    totals: &mut [[__m512i; SETS]; Q],
    set: usize,
    codes: &Codes,
    queries: &[QueryCodes; Q],
) {
    // SAFETY: `codes` is 64 bytes, which is what is loaded, and the load asks for no alignment.
    let rows = unsafe { _mm512_loadu_si512(codes.as_ptr().cast()) };
    for (totals, query) in totals.iter_mut().zip(queries) {
        totals[set] = _mm512_dpbusd_epi32(totals[set], rows, _mm512_set1_epi32(*query));
    }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn add_totals<const Q: usize>(totals: &[[__m512i; SETS]; Q], sums: &mut [Sums; Q]) {
    for (sums, totals) in sums.iter_mut().zip(totals) {
        let total = _mm512_add_epi32(_mm512_add_epi32(totals[0], totals[1]), loaded(sums));
        // SAFETY: `sums` is 16 numbers of 4 bytes, which is what is stored, and the store asks
        // for no alignment.
        unsafe { _mm512_storeu_si512(sums.as_mut_ptr().cast(), total) };
    }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn loaded(sums: &Sums) -> __m512i {
    // SAFETY: `sums` is 16 numbers of 4 bytes, which is what is loaded, and the load asks for no
    // alignment.
    unsafe { _mm512_loadu_si512(sums.as_ptr().cast()) }
}

/// Of each query the rows, as bits, whose upper bounds are not below its threshold.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn survivors<const Q: usize>(
    sums: &[Sums; Q],
    facts: &Facts,
    thresholds: &[Threshold; Q],
) -> [RowBits; Q] {
    let (scale, error) = (sixteen(&facts.scale), sixteen(&facts.error));
    let (norm, bias) = (sixteen(&facts.norm), sixteen(&facts.bias));
    let mut survivors = [0; Q];
    for ((survivors, sums), threshold) in survivors.iter_mut().zip(sums).zip(thresholds) {
        let mut upper = _mm512_mul_ps(_mm512_cvtepi32_ps(loaded(sums)), scale);
        upper = _mm512_fmadd_ps(error, _mm512_set1_ps(threshold.alpha), upper);
        upper = _mm512_fmadd_ps(norm, _mm512_set1_ps(threshold.beta), upper);
        upper = _mm512_fmadd_ps(bias, _mm512_set1_ps(threshold.gamma), upper);
        let least = _mm512_set1_ps(threshold.least);
        *survivors = _mm512_cmp_ps_mask::<_CMP_NLT_UQ>(upper, least);
    }
    survivors
}

#[inline]
#[target_feature(enable = "avx512f")]
fn sixteen(values: &[f32; ROWS]) -> __m512 {
    // SAFETY: 16 numbers are loaded, and the load asks for no alignment.
    unsafe { _mm512_loadu_ps(values.as_ptr()) }
}
