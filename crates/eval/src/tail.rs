//! How recall is spread over queries: what its mean does not tell.

use crate::{
    latency::MIN_BEYOND,
    order::{quantile, sorted},
};

/// Below this recall a query counts as lost.
pub const LOST_BELOW: f64 = 0.5;

/// Equal parts that queries are divided into by difficulty.
pub const TENTHS: usize = 10;

/// The lower end of the recalls of single queries.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RecallTail {
    /// The recall that 99 of 100 queries reach; `None` where too few queries lie at or below it.
    pub p1: Option<f64>,
    /// The recall that 95 of 100 queries reach; `None` likewise.
    pub p5: Option<f64>,
    /// Share of queries with a recall below [`LOST_BELOW`].
    pub lost: f64,
    /// Share of queries with a recall of 1.
    pub complete: f64,
}

/// Sums up the recalls of queries, each in `[0, 1]`; `None` if there are none. Percentiles are
/// nearest ranks, withheld as those of latency are where fewer than 10 queries lie at or beyond them.
pub fn recall_tail(recalls: &[f64]) -> Option<RecallTail> {
    if recalls.is_empty() {
        return None;
    }
    let sorted = sorted(recalls.to_vec());
    let carried = |share: f64| {
        let at_or_below = (share * sorted.len() as f64).ceil() as usize;
        (at_or_below >= MIN_BEYOND).then(|| quantile(&sorted, share))
    };
    let share = |count: usize| count as f64 / sorted.len() as f64;
    Some(RecallTail {
        p1: carried(0.01),
        p5: carried(0.05),
        lost: share(sorted.partition_point(|recall| *recall < LOST_BELOW)),
        complete: share(sorted.len() - sorted.partition_point(|recall| *recall < 1.0)),
    })
}

/// The numbers of the queries in ten parts of equal size (but for one), from the hardest, those of
/// the least contrast, to the easiest; queries of equal contrast by number. None of fewer than 20
/// queries: of two a part, means say nothing.
pub fn tenths(contrasts: &[f64]) -> Option<Vec<Vec<usize>>> {
    let n_queries = contrasts.len();
    if n_queries < 2 * TENTHS {
        return None;
    }
    let mut order: Vec<usize> = (0..n_queries).collect();
    order.sort_by(|&a, &b| contrasts[a].total_cmp(&contrasts[b]));
    let end = |part: usize| part * n_queries / TENTHS;
    let part = |part: usize| order[end(part)..end(part + 1)].to_vec();
    Some((0..TENTHS).map(part).collect())
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    #[test]
    fn a_percentile_that_few_queries_carry_is_withheld() {
        let recalls = |n: usize| (0..n).map(|i| if i < 12 { 0.2 } else { 1.0 }).collect();
        let tail = |n| -> RecallTail {
            let recalls: Vec<f64> = recalls(n);
            recall_tail(&recalls).unwrap()
        };
        assert_eq!((tail(180).p5, tail(181).p5), (None, Some(0.2)));
        assert_eq!((tail(900).p1, tail(901).p1), (None, Some(0.2)));
        assert_eq!(tail(1_200).p5, Some(1.0));
        assert_eq!((tail(48).lost, tail(48).complete), (0.25, 0.75));
        assert_eq!(recall_tail(&[]), None);
    }

    #[test]
    fn the_hardest_tenth_has_the_least_contrast() {
        let contrasts: Vec<f64> = (0..25).map(|i| f64::from(i * 7 % 25)).collect();
        let parts = tenths(&contrasts).unwrap();
        let hardest: Vec<f64> = parts[0].iter().map(|&i| contrasts[i]).collect();
        assert_eq!(hardest, [0.0, 1.0]);
        assert_eq!(tenths(&contrasts[..19]), None);
    }

    proptest! {
        #[test]
        fn every_query_is_in_one_tenth(contrasts in vec(0.0f64..9.0, 20..200)) {
            let parts = tenths(&contrasts).unwrap();
            let mut all: Vec<usize> = parts.concat();
            all.sort_unstable();
            prop_assert_eq!(all, (0..contrasts.len()).collect::<Vec<_>>());
            prop_assert!(parts.iter().all(|part| part.len() >= contrasts.len() / TENTHS));
        }

        #[test]
        fn a_tail_lies_in_order(recalls in vec(0.0f64..=1.0, 1..2_000)) {
            let tail = recall_tail(&recalls).unwrap();
            prop_assert!(tail.p1.is_none_or(|p1| tail.p5.is_none_or(|p5| p1 <= p5)));
            prop_assert!(tail.lost + tail.complete <= 1.0);
        }
    }
}
