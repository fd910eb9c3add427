//! Two operating points against each other.

use crate::{
    Bootstrap, Interval, Samples,
    hierarchy::Hierarchy,
    query_means::QueryMeans,
    query_shares::query_shares,
    samples::{Cells, Pair, total_ns},
};

/// Queries a second of `a` over those of `b`, with an interval; `None` if they have fewer than two
/// rounds in common.
///
/// What slows a round down slows both points, and a hard query is hard for both: so ratios are taken
/// within rounds, and queries are resampled for both at once. All else is as for
/// [`qps_interval`](crate::qps_interval). Builds are paired by number; a point that was built once
/// is paired with each build of the other. `paired_ratio(b, a)` is one over `paired_ratio(a, b)`, up
/// to the chance in resampling.
pub fn paired_ratio(
    a: &Samples<'_>,
    b: &Samples<'_>,
    n_queries: usize,
    bootstrap: &Bootstrap,
) -> Option<Interval> {
    let rounds = a.paired(b);
    let queries = query_pairs(&rounds, n_queries);
    let queries = queries.and_then(QueryMeans::new);
    Hierarchy::new(&ln_ratios(&rounds), queries)?.interval(bootstrap)
}

fn ln_ratios(rounds: &[Pair<'_>]) -> Cells {
    let ln_ratio = |pair: &Pair<'_>| (total_ns(pair.b) / total_ns(pair.a)).ln();
    let rounds = rounds.iter();
    rounds
        .map(|pair| (pair.build, pair.round, ln_ratio(pair)))
        .collect()
}

/// Of each query, what it takes of a round of `b` and what of one of `a`: a round of `b` that is
/// longer makes `a` faster.
fn query_pairs(rounds: &[Pair<'_>], n_queries: usize) -> Option<Vec<(f64, f64)>> {
    let a = query_shares(rounds.iter().map(|pair| pair.a), n_queries)?;
    let b = query_shares(rounds.iter().map(|pair| pair.b), n_queries)?;
    Some(b.into_iter().zip(a).collect())
}
