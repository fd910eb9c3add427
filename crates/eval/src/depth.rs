//! Hits among the first few answers.

use std::collections::HashSet;

use annbench_vectors::{MatrixView, Neighbors};

use crate::{GroundTruth, RecallError, recall::check};

/// The depths below `k` at which recall is told too: 1, 2 and 5 times powers of ten.
pub fn depths(k: usize) -> Vec<usize> {
    let powers = (0..=k.checked_ilog10().unwrap_or(0)).map(|power| 10_usize.pow(power));
    let depths = powers.flat_map(|power| [power, 2 * power, 5 * power]);
    depths.filter(|depth| *depth < k).collect()
}

/// For each of `depths` the hits of each query at it: of the first `depth` rows returned, how many
/// distinct ones have an exact score no worse than the `depth`-th true neighbour's. With the answers
/// of a search for k this is what a reader sees who looks at fewer of them; at k itself it is what
/// [`recall()`](crate::recall()) counts.
///
/// # Errors
/// [`RecallError`] if truth, base, queries and neighbours do not belong together, or there are no
/// queries or threads.
pub fn hits_at(
    depths: &[usize],
    truth: &GroundTruth,
    base: MatrixView<'_>,
    queries: MatrixView<'_>,
    neighbors: &Neighbors,
) -> Result<Vec<Vec<u32>>, RecallError> {
    check(truth, base, queries, neighbors, 1)?;
    let mut hits = vec![Vec::with_capacity(truth.len()); depths.len()];
    for query_idx in 0..truth.len() {
        let scores = scores(
            truth,
            base,
            queries.row(query_idx),
            neighbors.ids(query_idx),
        );
        for (hits, &depth) in hits.iter_mut().zip(depths) {
            hits.push(hits_within(depth, truth, query_idx, &scores));
        }
    }
    Ok(hits)
}

/// The exact score of each row returned; none where it names no row, or one again.
fn scores(
    truth: &GroundTruth,
    base: MatrixView<'_>,
    query: &[f32],
    ids: &[u64],
) -> Vec<Option<f64>> {
    let mut seen = HashSet::new();
    let score = |&id: &u64| {
        let is_new = id < base.n() as u64 && seen.insert(id);
        is_new.then(|| truth.metric().score(query, base.row(id as usize)))
    };
    ids.iter().map(score).collect()
}

fn hits_within(depth: usize, truth: &GroundTruth, query_idx: usize, scores: &[Option<f64>]) -> u32 {
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
    use annbench_vectors::{Matrix, Metric};
    use proptest::prelude::*;

    use super::*;
    use crate::recall;

    /// A base of 0, 1, 2, ... and one query at 0, answered with these rows.
    fn check_hits(n: usize, ids: &[u64], depths: &[usize], expected: &[u32]) {
        let base = Matrix::from_vec((0..n).map(|i| i as f32).collect(), 1).unwrap();
        let query = Matrix::from_vec(vec![0.0], 1).unwrap();
        let (base, query) = (base.view(), query.view());
        let k = ids.len();
        let truth = GroundTruth::compute(base, query, Metric::L2, k, &mut Options::new(1)).unwrap();
        let mut neighbors = Neighbors::new(1, k);
        neighbors.as_mut().fill(0, ids.iter().map(|&id| (id, 0.0)));
        let found = hits_at(depths, &truth, base, query, &neighbors).unwrap();
        let found: Vec<u32> = found.into_iter().flatten().collect();
        assert_eq!(found, expected, "{ids:?}");
        let at_k = hits_at(&[k], &truth, base, query, &neighbors).unwrap()[0][0];
        let report = recall(&truth, base, query, &neighbors, 1).unwrap();
        assert_eq!(at_k as usize, report.queries()[0].hits);
    }

    #[test]
    fn a_true_neighbour_counts_where_it_stands_among_the_first() {
        check_hits(20, &[0, 2, 1], &[1, 2, 3], &[1, 1, 3]);
        check_hits(20, &[5, 0, 1], &[1, 2, 3], &[0, 1, 2]);
        check_hits(20, &[0, 0, 99], &[1, 2, 3], &[1, 1, 1]);
        check_hits(2, &[1, 0, 1], &[1, 2, 3], &[0, 2, 2]);
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
            let base = Matrix::from_vec((0..20).map(|i| (i / 2) as f32).collect(), 1).unwrap();
            let query = Matrix::from_vec(vec![3.0], 1).unwrap();
            let truth = GroundTruth::compute(
                base.view(), query.view(), Metric::L2, ids.len(), &mut Options::new(1),
            ).unwrap();
            let mut neighbors = Neighbors::new(1, ids.len());
            neighbors.as_mut().fill(0, ids.iter().map(|&id| (id, 0.0)));
            let all: Vec<usize> = (1..=ids.len()).collect();
            let found = hits_at(&all, &truth, base.view(), query.view(), &neighbors).unwrap();
            prop_assert!(found.iter().zip(&all).all(|(hits, &depth)| hits[0] as usize <= depth));
        }
    }
}
