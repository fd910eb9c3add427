//! Queries a second of one operating point.

use crate::{
    Bootstrap, Interval, Samples,
    hierarchy::Hierarchy,
    query_means::QueryMeans,
    query_shares::query_shares,
    samples::{Cells, total_ns},
};

/// Queries a second with the interval that holds it whatever builds, rounds and queries of the same
/// kind are measured; `None` from fewer than two rounds.
///
/// The estimate is the median over builds of their medians over rounds of `n_queries` over the time
/// of the round (the middle two averaged as logarithms). The interval is a bootstrap of all levels:
/// builds, rounds, queries. Of one build it is an interval for that build; where a round is one
/// duration (mode batch), it is one for these queries. Two builds or two rounds make it very wide,
/// as little is known from two: take three builds and five rounds or more.
///
/// # Source
/// Levels and their corrections for few samples are described at `Hierarchy` and `MedianLaw` in
/// this crate. [`selftest`](crate::selftest()) shows by simulation how often the truth is held.
pub fn qps_interval(
    samples: &Samples<'_>,
    n_queries: usize,
    bootstrap: &Bootstrap,
) -> Option<Interval> {
    let shares = query_shares(samples.rounds().map(|(_, _, round)| round), n_queries);
    let pairs = shares.map(|shares| shares.into_iter().map(|share| (1.0, share)).collect());
    let queries = pairs.and_then(QueryMeans::new);
    Hierarchy::new(&ln_qps(samples, n_queries), queries)?.interval(bootstrap)
}

/// The same for these very queries: without what other queries of the same kind would change, and
/// so the part of the interval that more rounds make narrower.
pub fn qps_interval_of_these_queries(
    samples: &Samples<'_>,
    n_queries: usize,
    bootstrap: &Bootstrap,
) -> Option<Interval> {
    Hierarchy::new(&ln_qps(samples, n_queries), None)?.interval(bootstrap)
}

/// Queries a second, from one round or more: the estimate of [`qps_interval`]. `None` of no rounds.
pub fn qps(samples: &Samples<'_>, n_queries: usize) -> Option<f64> {
    Some(Hierarchy::new(&ln_qps(samples, n_queries), None)?.estimate())
}

fn ln_qps(samples: &Samples<'_>, n_queries: usize) -> Cells {
    let ln_qps = |latencies_ns: &[u64]| (n_queries as f64 * 1e9 / total_ns(latencies_ns)).ln();
    let rounds = samples.rounds();
    rounds
        .map(|(build, round, latencies_ns)| (build, round, ln_qps(latencies_ns)))
        .collect()
}
