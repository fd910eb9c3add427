//! Hits among the first few answers.

use crate::GroundTruth;

/// The depths below `k` at which recall is told too: 1, 2 and 5 times powers of ten.
pub fn depths(k: usize) -> Vec<usize> {
    let powers = (0..=k.checked_ilog10().unwrap_or(0)).map(|power| 10_usize.pow(power));
    let depths = powers.flat_map(|power| [power, 2 * power, 5 * power]);
    depths.filter(|depth| *depth < k).collect()
}

/// Of the first `depth` rows returned, those whose scores are no worse than the `depth`-th true
/// neighbour's. A row without a score is a miss.
pub(crate) fn hits_within(
    depth: usize,
    truth: &GroundTruth,
    query_idx: usize,
    scores: &[Option<f64>],
) -> u32 {
    let wanted = truth.scores(query_idx);
    let Some(&last) = wanted.get(..depth).unwrap_or(wanted).last() else {
        return 0;
    };
    let is_hit = |score: &&f64| truth.metric().nearer_first(**score, last).is_le();
    scores.iter().take(depth).flatten().filter(is_hit).count() as u32
}

#[cfg(test)]
mod tests {
    use annbench_exact::Options;
    use annbench_vectors::{Matrix, Metric, Neighbors};
    use proptest::prelude::*;

    use super::*;
    use crate::{RecallReport, recall};

    /// A base of 0, 0, 1, 1, ... if `twice`, else 0, 1, ...; one query, answered with these rows.
    fn report(n: usize, twice: bool, query: f32, ids: &[u64]) -> RecallReport {
        let value = |i: usize| (if twice { i / 2 } else { i }) as f32;
        let base = Matrix::from_vec((0..n).map(value).collect(), 1).unwrap();
        let query = Matrix::from_vec(vec![query], 1).unwrap();
        let (base, query) = (base.view(), query.view());
        let k = ids.len();
        let truth = GroundTruth::compute(base, query, Metric::L2, k, &mut Options::new(1)).unwrap();
        let mut neighbors = Neighbors::new(1, k);
        neighbors.as_mut().fill(0, ids.iter().map(|&id| (id, 0.0)));
        recall(&truth, base, query, &neighbors, 1).unwrap()
    }

    /// `expected` at every depth below k, and at k.
    fn check_hits(n: usize, ids: &[u64], expected: &[u32]) {
        let report = report(n, false, 0.0, ids);
        let mut found: Vec<u32> = report.hits_at().iter().map(|(_, hits)| hits[0]).collect();
        found.push(report.queries()[0].hits as u32);
        assert_eq!(found, expected, "{ids:?}");
    }

    #[test]
    fn a_true_neighbour_counts_where_it_stands_among_the_first() {
        check_hits(20, &[0, 2, 1], &[1, 1, 3]);
        check_hits(20, &[5, 0, 1], &[0, 1, 2]);
        check_hits(20, &[0, 0, 99], &[1, 1, 1]);
        check_hits(2, &[1, 0, 1], &[0, 2, 2]);
    }

    #[test]
    fn depths_are_round_and_below_k() {
        assert_eq!(depths(1), [0; 0]);
        assert_eq!(depths(10), [1, 2, 5]);
        assert_eq!(depths(100), [1, 2, 5, 10, 20, 50]);
        assert_eq!(depths(7), [1, 2, 5]);
        assert_eq!(depths(0), [0; 0]);
    }

    proptest! {
        #[test]
        fn hits_are_never_more_than_the_depth(ids in proptest::collection::vec(0u64..30, 1..12)) {
            let report = report(20, true, 3.0, &ids);
            let is_within = |(depth, hits): &(usize, Vec<u32>)| hits[0] as usize <= *depth;
            prop_assert!(report.hits_at().iter().all(is_within));
            prop_assert!(report.queries()[0].hits <= ids.len());
        }
    }
}
