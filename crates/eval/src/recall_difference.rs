//! Recall of two operating points against each other.

use crate::{Bootstrap, Interval, interval::unsampled_share};

/// Mean recall of `a` less that of `b`, both over the same queries in the same order, with its
/// interval; `None` if there are none, or not as many of both.
///
/// Resamples the differences of the queries, since what is hard for one point is hard for the other:
/// much narrower than from the intervals of both. Where no query speaks for one of the points, it
/// allows for queries of a kind that the sample happens to lack: as many as
/// [`recall_interval`](crate::recall_interval) can't rule out, which differ as much as any does, the
/// other way. So it takes about nine queries, if all that differ do so alike, to make a point the
/// better one.
pub fn recall_difference(a: &[f64], b: &[f64], bootstrap: &Bootstrap) -> Option<Interval> {
    if a.len() != b.len() {
        return None;
    }
    let differences: Vec<f64> = a.iter().zip(b).map(|(a, b)| a - b).collect();
    let seen = bootstrap.mean(&differences)?;
    let least = differences.iter().copied().fold(0.0, f64::min);
    let most = differences.iter().copied().fold(0.0, f64::max);
    let unsampled = unsampled_share(differences.len(), bootstrap.level) * most.max(-least);
    Some(Interval {
        low: seen.low - if least < 0.0 { 0.0 } else { unsampled },
        high: seen.high + if most > 0.0 { 0.0 } else { unsampled },
        ..seen
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn difference(a: &[f64], b: &[f64]) -> Interval {
        recall_difference(a, b, &Bootstrap::default()).unwrap()
    }

    /// `n` queries of mixed difficulty, of which `better` are by 0.1 better than in the other.
    fn pair(n: usize, better: usize) -> (Vec<f64>, Vec<f64>) {
        let b: Vec<f64> = (0..n).map(|at| (at % 9) as f64 / 10.0).collect();
        let raise = |(at, recall): (usize, &f64)| recall + if at < better { 0.1 } else { 0.0 };
        (b.iter().enumerate().map(raise).collect(), b)
    }

    #[test]
    fn a_difference_in_many_queries_is_sure_and_in_few_is_not() {
        for (better, is_sure) in [(0, false), (6, false), (30, true), (500, true)] {
            let (a, b) = pair(1_000, better);
            let found = difference(&a, &b);
            assert!(
                (found.value - better as f64 * 1e-4).abs() < 1e-12,
                "{found:?}"
            );
            assert_eq!(found.low > 0.0, is_sure, "{better}: {found:?}");
            assert_eq!(difference(&b, &a).high < 0.0, is_sure, "{better}");
        }
    }

    #[test]
    fn pairing_removes_what_is_hard_for_both() {
        let (a, b) = pair(1_000, 500);
        let paired = difference(&a, &b);
        let alone = Bootstrap::default().mean(&a).unwrap();
        assert!(4.0 * (paired.high - paired.low) < alone.high - alone.low);
    }

    #[test]
    fn other_queries_cannot_be_compared() {
        let bootstrap = Bootstrap::default();
        assert_eq!(recall_difference(&[1.0], &[1.0, 0.5], &bootstrap), None);
        assert_eq!(recall_difference(&[], &[], &bootstrap), None);
        let same = difference(&[0.5, 1.0], &[0.5, 1.0]);
        assert_eq!((same.low, same.value, same.high), (0.0, 0.0, 0.0));
    }
}
