//! AVX-VNNI: `vpdpbusd` multiplies 32 codes and adds those of each row up in 32 bits.

use std::arch::x86_64::*;

use super::{
    Codes, Facts, QueryCodes, RowBits, Sums, Threshold,
    avx2::{halves, loaded, store, survivors},
};

#[target_feature(enable = "avx2,fma,avxvnni")]
pub(super) fn meet<const Q: usize>(
    block: &[Codes],
    queries: &[[QueryCodes; Q]],
    (facts, thresholds): (&Facts, &[Threshold; Q]),
    sums: &mut [Sums; Q],
) -> [RowBits; Q] {
    let mut totals = sums.each_ref().map(|sums| halves(sums));
    for (codes, queries) in block.iter().zip(queries) {
        let rows = loaded(codes);
        for (totals, query) in totals.iter_mut().zip(queries) {
            let query = _mm256_set1_epi32(*query);
            for (total, rows) in totals.iter_mut().zip(rows) {
                *total = _mm256_dpbusd_avx_epi32(*total, rows, query);
            }
        }
    }
    store(&totals, sums);
    survivors(sums, facts, thresholds)
}
