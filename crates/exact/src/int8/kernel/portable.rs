//! Plain loops.

use super::{Codes, Facts, QueryCodes, RowBits, STEP, Sums, Threshold};

pub(super) fn meet<const Q: usize>(
    block: &[Codes],
    queries: &[[QueryCodes; Q]],
    (facts, thresholds): (&Facts, &[Threshold; Q]),
    totals: &mut [Sums; Q],
) -> [RowBits; Q] {
    for (codes, queries) in block.iter().zip(queries) {
        let rows = codes.as_chunks::<STEP>().0;
        for (totals, query) in totals.iter_mut().zip(queries) {
            let query = query
                .to_le_bytes()
                .map(|code| i32::from(code.cast_signed()));
            for (total, row) in totals.iter_mut().zip(rows) {
                for (code, query) in row.iter().zip(query) {
                    *total += i32::from(*code) * query;
                }
            }
        }
    }
    survivors(totals, facts, thresholds)
}

/// Of each query the rows, as bits, whose upper bounds are not below its threshold.
pub(super) fn survivors<const Q: usize>(
    sums: &[Sums; Q],
    facts: &Facts,
    thresholds: &[Threshold; Q],
) -> [RowBits; Q] {
    std::array::from_fn(|query| survivors_of(&sums[query], facts, &thresholds[query]))
}

fn survivors_of(sums: &Sums, facts: &Facts, threshold: &Threshold) -> RowBits {
    let mut survivors = 0;
    for (at, sum) in sums.iter().enumerate() {
        let upper = facts.scale[at] * *sum as f32
            + threshold.alpha * facts.error[at]
            + threshold.beta * facts.norm[at]
            + threshold.gamma * facts.bias[at];
        let is_below = upper < threshold.least;
        survivors |= RowBits::from(!is_below) << at;
    }
    survivors
}
