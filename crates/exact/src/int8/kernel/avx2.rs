//! AVX2: `vpmaddubsw` multiplies 32 codes and adds neighbours up in 16 bits, where a chunk of
//! steps is added up before it is widened. Two such additions of a pair of products stand for
//! four multiplications, four times what an f32 multiply-add of the same width does.
//!
//! Two multiplications and four additions begin in a cycle of Zen 3, 64 products at most. Alternating
//! without pause, a multiplication and an addition reach 51 there; this loop reaches 46 on codes
//! that the first-level cache holds, and neither longer chunks nor a fourth query make it faster.
//!
//! Additions in 16 bits wrap around, so that the sum of a chunk is right as soon as it fits into
//! them itself, whatever the sums on the way were.

use std::arch::{asm, x86_64::*};

use super::{Codes, Facts, QueryCodes, ROWS, RowBits, Sums, Threshold, Tile};

/// Sums of eight rows.
type Half = __m256i;

/// Adds up, and tests while the sums are at hand: a call of its own for each test took a fifth of
/// the time of short vectors.
#[target_feature(enable = "avx2,fma")]
pub(super) fn meet<const Q: usize>(
    block: &[Codes],
    tile: &Tile<Q>,
    (facts, thresholds): (&Facts, &[Threshold; Q]),
    sums: &mut [Sums; Q],
) -> [RowBits; Q] {
    // A loop whose length the compiler knows keeps everything in registers.
    match tile.chunk {
        0..8 => add_by::<Q, 4>(block, tile, sums),
        8.. => add_by::<Q, 8>(block, tile, sums),
    }
    survivors(sums, facts, thresholds)
}

#[inline]
#[target_feature(enable = "avx2")]
fn add_by<const Q: usize, const CHUNK: usize>(
    block: &[Codes],
    tile: &Tile<Q>,
    sums: &mut [Sums; Q],
) {
    let mut totals = sums.each_ref().map(|sums| halves(sums));
    let (chunks, last) = block.as_chunks::<CHUNK>();
    let (query_chunks, last_queries) = tile.codes.as_chunks::<CHUNK>();
    for ((codes, queries), start) in chunks.iter().zip(query_chunks).zip(&tile.starts) {
        widen(&mut totals, &sums_in_16_bits(codes, queries, start));
    }
    if let (false, Some(start)) = (last.is_empty(), tile.starts.last()) {
        widen(&mut totals, &sums_in_16_bits(last, last_queries, start));
    }
    store(&totals, sums);
}

/// Of each row two sums of 16 bits side by side, one of the first two components of every step
/// and one of the others.
#[inline]
#[target_feature(enable = "avx2")]
fn sums_in_16_bits<const Q: usize>(
    block: &[Codes],
    queries: &[[QueryCodes; Q]],
    start: &[QueryCodes; Q],
) -> [[Half; 2]; Q] {
    let mut sums = start.map(|start| [_mm256_set1_epi32(start); 2]);
    for (codes, queries) in block.iter().zip(queries) {
        let rows = loaded(codes);
        for (sums, query) in sums.iter_mut().zip(queries) {
            let query = _mm256_set1_epi32(*query);
            for (sum, rows) in sums.iter_mut().zip(rows) {
                *sum = _mm256_add_epi16(*sum, _mm256_maddubs_epi16(rows, query));
                if Q > 1 {
                    keep_order(sum);
                }
            }
        }
    }
    sums
}

/// Does nothing, but the compiler can't know. It would add the products of a chunk up as trees,
/// whose parts don't fit into the registers: a fifth slower.
#[inline]
#[target_feature(enable = "avx2")]
fn keep_order(sum: &mut Half) {
    // SAFETY: there is no instruction in it.
    unsafe {
        asm!(
            "/* {0} */",
            inout(ymm_reg) * sum,
            options(pure, nomem, nostack, preserves_flags)
        );
    }
}

/// Adds both sums of each row to its total.
#[inline]
#[target_feature(enable = "avx2")]
fn widen<const Q: usize>(totals: &mut [[Half; 2]; Q], sums: &[[Half; 2]; Q]) {
    for (totals, sums) in totals.iter_mut().zip(sums) {
        for (total, sum) in totals.iter_mut().zip(sums) {
            let widened = _mm256_madd_epi16(*sum, _mm256_set1_epi16(1));
            *total = _mm256_add_epi32(*total, widened);
        }
    }
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
pub(super) fn halves(sums: &Sums) -> [Half; 2] {
    let first = sums.as_ptr().cast::<Half>();
    // SAFETY: `sums` is 16 numbers of 4 bytes, two times what is loaded, and the load asks for no
    // alignment.
    unsafe { [_mm256_loadu_si256(first), _mm256_loadu_si256(first.add(1))] }
}

#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn store<const Q: usize>(totals: &[[Half; 2]; Q], sums: &mut [Sums; Q]) {
    for (sums, totals) in sums.iter_mut().zip(totals) {
        let first = sums.as_mut_ptr().cast::<Half>();
        // SAFETY: `sums` is 16 numbers of 4 bytes, two times what is stored, and the store asks
        // for no alignment.
        unsafe {
            _mm256_storeu_si256(first, totals[0]);
            _mm256_storeu_si256(first.add(1), totals[1]);
        }
    }
}

/// Of each query the rows, as bits, whose upper bounds are not below its threshold.
#[inline]
#[target_feature(enable = "avx2,fma")]
pub(super) fn survivors<const Q: usize>(
    sums: &[Sums; Q],
    facts: &Facts,
    thresholds: &[Threshold; Q],
) -> [RowBits; Q] {
    let mut survivors = survivors_of(sums, facts, thresholds, 0);
    let second = survivors_of(sums, facts, thresholds, 1);
    for (survivors, second) in survivors.iter_mut().zip(second) {
        *survivors |= second << (ROWS / 2);
    }
    survivors
}

/// The same of eight rows, whose facts are loaded once for all queries.
#[inline]
#[target_feature(enable = "avx2,fma")]
fn survivors_of<const Q: usize>(
    sums: &[Sums; Q],
    facts: &Facts,
    thresholds: &[Threshold; Q],
    half: usize,
) -> [RowBits; Q] {
    let (scale, error) = (eight(&facts.scale, half), eight(&facts.error, half));
    let (norm, bias) = (eight(&facts.norm, half), eight(&facts.bias, half));
    let mut survivors = [0; Q];
    for ((survivors, sums), threshold) in survivors.iter_mut().zip(sums).zip(thresholds) {
        let sums = _mm256_cvtepi32_ps(halves(sums)[half]);
        let mut upper = _mm256_mul_ps(sums, scale);
        upper = _mm256_fmadd_ps(error, _mm256_set1_ps(threshold.alpha), upper);
        upper = _mm256_fmadd_ps(norm, _mm256_set1_ps(threshold.beta), upper);
        upper = _mm256_fmadd_ps(bias, _mm256_set1_ps(threshold.gamma), upper);
        let least = _mm256_set1_ps(threshold.least);
        let passes = _mm256_cmp_ps::<_CMP_NLT_UQ>(upper, least);
        *survivors = _mm256_movemask_ps(passes) as RowBits;
    }
    survivors
}

#[inline]
#[target_feature(enable = "avx2")]
fn eight(values: &[f32; ROWS], half: usize) -> __m256 {
    // SAFETY: one half of 16 numbers is loaded, and the load asks for no alignment.
    unsafe { _mm256_loadu_ps(values.as_ptr().add(half * (ROWS / 2))) }
}
