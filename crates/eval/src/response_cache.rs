//! Answers that were remembered instead of searched for.

use crate::order::median_of;

/// How many times faster a query must be searched again for a cache of responses to be suspected.
///
/// # Source
/// Own: a query that is repeated at once finds the vectors that it touched in the CPU's caches,
/// which are 2 to 4 times as fast as memory, so that an honest index rarely gains a factor of 3; a
/// look-up by the query's bytes takes under a microsecond instead of the 50 or more of a search.
pub const CACHE_SPEEDUP: f64 = 5.0;

/// The median over queries of how many times faster each was searched again than the first time;
/// latencies in nanoseconds, in the order of the queries. `None` if there are no queries, or not as
/// many latencies of both.
///
/// The first searches should follow a warm-up with other queries: the very first search of a
/// process is slow for reasons of its own.
pub fn repeat_speedup(first_ns: &[u64], repeated_ns: &[u64]) -> Option<f64> {
    if first_ns.len() != repeated_ns.len() {
        return None;
    }
    // A clock that saw no time pass saw less than a nanosecond.
    let speedup = |(&first, &repeated): (&u64, &u64)| first.max(1) as f64 / repeated.max(1) as f64;
    median_of(first_ns.iter().zip(repeated_ns).map(speedup))
}

/// Whether [`repeat_speedup`] is at least [`CACHE_SPEEDUP`].
pub fn suspected_cache(first_ns: &[u64], repeated_ns: &[u64]) -> bool {
    repeat_speedup(first_ns, repeated_ns).is_some_and(|speedup| speedup >= CACHE_SPEEDUP)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remembered_answers_are_suspected_and_warm_caches_are_not() {
        for (first, repeated, expected) in [
            (vec![100_000, 200_000, 90_000], vec![400, 500, 300], true),
            (
                vec![100_000, 200_000, 90_000],
                vec![40_000, 80_000, 300],
                false,
            ),
            (vec![20, 20, 30], vec![20, 30, 20], false),
            (vec![0, 0], vec![0, 0], false),
            (vec![500], vec![100], true),
            (vec![499], vec![100], false),
            (vec![], vec![], false),
            (vec![1_000], vec![1, 1], false),
        ] {
            assert_eq!(suspected_cache(&first, &repeated), expected, "{first:?}");
        }
    }
}
