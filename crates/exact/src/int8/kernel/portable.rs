//! Plain loops.

use super::{Codes, QueryCodes, STEP, Sums};

pub(super) fn sums<const Q: usize>(block: &[Codes], queries: &[[QueryCodes; Q]]) -> [Sums; Q] {
    let mut totals = [Sums::default(); Q];
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
    totals
}
