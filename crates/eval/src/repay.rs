//! How many queries repay the time that an index took to build.

use crate::Interval;

/// Queries after which building an index and asking it has taken no longer than exact search alone.
///
/// `None` stands for never: of the estimate, where the index is no faster; of an end, where the
/// intervals do not rule that out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Repay {
    /// The estimate.
    pub queries: Option<f64>,
    /// Fewest queries.
    pub low: Option<f64>,
    /// Most queries.
    pub high: Option<f64>,
}

/// The queries that repay a build of `build_s` seconds, each answered at `qps` instead of at
/// `exact_qps`: the time of the build over the time that a query saves.
///
/// `build_s` is an interval where an index was built several times, or a point. The interval of the
/// saving is made from those of the two times a query, which are taken as independent, by recovering
/// their variances; the ends of the build time are then taken as they are.
///
/// # Source
/// Zou and Donner, Construction of confidence limits about effect measures: a general approach,
/// Statistics in Medicine 27(10), 2008, for the interval of a difference (MOVER).
pub fn repay(build_s: Interval, exact_qps: Interval, qps: Interval) -> Repay {
    let (exact, own) = (seconds(exact_qps), seconds(qps));
    let saved = exact.value - own.value;
    let [low, high] = [
        saved - (exact.value - exact.low).hypot(own.high - own.value),
        saved + (exact.high - exact.value).hypot(own.value - own.low),
    ];
    Repay {
        queries: over(build_s.value, saved),
        low: over(build_s.low, high),
        high: over(build_s.high, low),
    }
}

/// Seconds a query.
fn seconds(qps: Interval) -> Interval {
    Interval {
        value: 1.0 / qps.value,
        low: 1.0 / qps.high,
        high: 1.0 / qps.low,
        coverage: qps.coverage,
    }
}

/// None where nothing is saved.
fn over(build_s: f64, saved_s: f64) -> Option<f64> {
    let queries = build_s / saved_s;
    (saved_s > 0.0 && queries.is_finite()).then_some(queries)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::interval::at_95_percent as interval;

    fn exactly(value: f64) -> Interval {
        interval(value, value, value)
    }

    #[test]
    fn a_build_is_repaid_by_what_its_queries_save() {
        // 10 ms against 2 ms: 4 s are saved after 500 queries.
        let found = repay(exactly(4.0), exactly(100.0), exactly(500.0));
        let queries = found.queries.unwrap();
        assert!((queries - 500.0).abs() < 1e-9, "{queries}");
        assert_eq!((found.low, found.high), (found.queries, found.queries));
    }

    #[test]
    fn what_is_slower_never_repays_and_what_may_be_slower_may_never() {
        let slower = repay(exactly(1.0), exactly(100.0), exactly(90.0));
        assert_eq!(
            (slower.queries, slower.low, slower.high),
            (None, None, None)
        );
        let (exact, unsure) = (interval(95.0, 100.0, 105.0), interval(98.0, 102.0, 110.0));
        let maybe = repay(exactly(1.0), exact, unsure);
        assert!(maybe.queries.is_some() && maybe.low.is_some());
        assert_eq!(maybe.high, None);
    }

    #[test]
    fn a_build_that_varies_widens_both_ends() {
        let built = interval(2.0, 4.0, 8.0);
        let found = repay(built, exactly(100.0), exactly(500.0));
        let ends = [found.low, found.high].map(|end| end.unwrap().round());
        assert_eq!(ends, [250.0, 1000.0]);
    }

    proptest! {
        #[test]
        fn the_interval_holds_the_estimate(
            build_s in 0.0..1e4, exact in 1.0..1e5, own in 1.0..1e6, arm in 0.0..0.9,
        ) {
            let around = |value: f64| interval(value * (1.0 - arm), value, value * (1.0 + arm));
            let found = repay(exactly(build_s), around(exact), around(own));
            if let Some(queries) = found.queries {
                prop_assert!(found.low.is_some_and(|low| low <= queries));
                prop_assert!(found.high.is_none_or(|high| queries <= high));
            }
        }
    }
}
