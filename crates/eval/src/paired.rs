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

/// The ratio of two figures that were measured apart, `a` over `b`, with an interval: of two runs,
/// which have no rounds in common. `None` unless both are positive; at the lower coverage of both.
///
/// # Source
/// Donner and Zou, Closed-form confidence intervals for functions of the normal mean and standard
/// deviation, Statistical Methods in Medical Research 21(4), 2012 (MOVER): the arms of a
/// difference's interval are the roots of the sums of squares of the arms that face each other.
/// Here of the difference of logarithms.
pub fn independent_ratio(a: &Interval, b: &Interval) -> Option<Interval> {
    let ln = |interval: &Interval| {
        let parts = [interval.low, interval.value, interval.high];
        let are_positive = parts.iter().all(|part| *part > 0.0 && part.is_finite());
        are_positive.then(|| parts.map(f64::ln))
    };
    let ([a_low, a_value, a_high], [b_low, b_value, b_high]) = (ln(a)?, ln(b)?);
    let value = a_value - b_value;
    Some(Interval {
        value: value.exp(),
        low: (value - (a_value - a_low).hypot(b_high - b_value)).exp(),
        high: (value + (a_high - a_value).hypot(b_value - b_low)).exp(),
        coverage: a.coverage.min(b.coverage),
    })
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interval::at_95_percent as interval;

    #[test]
    fn the_arms_of_figures_measured_apart_add_up_as_squares() {
        let (a, b) = (interval(98.0, 100.0, 103.0), interval(48.0, 50.0, 50.5));
        let ratio = independent_ratio(&a, &b).unwrap();
        let ln = |x: f64, y: f64| (x / y).ln();
        let low = (2f64.ln() - ln(100.0, 98.0).hypot(ln(50.5, 50.0))).exp();
        let high = (2f64.ln() + ln(103.0, 100.0).hypot(ln(50.0, 48.0))).exp();
        assert!((ratio.value - 2.0).abs() < 1e-12);
        assert!((ratio.low - low).abs() < 1e-12 && (ratio.high - high).abs() < 1e-12);
    }

    #[test]
    fn a_figure_against_itself_is_one_and_nothing_has_no_ratio() {
        let a = interval(90.0, 100.0, 110.0);
        let same = independent_ratio(&a, &a).unwrap();
        assert!(same.value == 1.0 && same.contains(1.0) && same.low < 0.9);
        assert_eq!(independent_ratio(&a, &interval(0.0, 1.0, 2.0)), None);
    }
}
