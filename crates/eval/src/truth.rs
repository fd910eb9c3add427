//! Ground truth: what an index is judged by.

use annbench_exact::{ExactError, ExactNeighbors, Options, search};
use annbench_vectors::{MatrixView, Metric};

/// The exact `k` nearest base rows of each query, with the ties at the `k`-th place.
///
/// Where the base has fewer than `k` rows, each query has all of them.
#[derive(Debug, Clone, PartialEq)]
pub struct GroundTruth {
    parts: TruthParts,
}

/// A ground truth taken apart, for a cache to keep.
#[derive(Debug, Clone, PartialEq)]
pub struct TruthParts {
    /// The metric of the scores.
    pub metric: Metric,
    /// Neighbours asked for per query.
    pub k: usize,
    /// Number of base rows.
    pub n: usize,
    /// Base rows, `n_queries x min(k, n)` row-major, nearest first, equal scores by row number.
    pub ids: Vec<u64>,
    /// Scores beside `ids`, in f64.
    pub scores: Vec<f64>,
    /// For each query, how many base rows have the score of its last neighbour, that one included.
    pub ties_at_k: Vec<u64>,
}

/// Parts that make no ground truth.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TruthError {
    /// A column has another length than the number of queries, `k` and `n` ask for.
    #[error("ground truth: {found} {column}, expected {expected}; compute it again")]
    Length {
        /// The column: `ids` or `scores`.
        column: &'static str,
        /// Values it has.
        found: usize,
        /// Values it must have.
        expected: usize,
    },
    /// A row number past the end of the base.
    #[error("ground truth: query {query_idx} has row {id} of a base of {n}; compute it again")]
    OutOfRange {
        /// Number of the query.
        query_idx: usize,
        /// The row number.
        id: u64,
        /// Number of base rows.
        n: usize,
    },
    /// Scores that are not in order.
    #[error("ground truth: the scores of query {query_idx} are not in order; compute it again")]
    Unsorted {
        /// Number of the query.
        query_idx: usize,
    },
    /// No neighbours were asked for.
    #[error("ground truth: k = 0 holds no neighbours; use k = 1 or more")]
    ZeroK,
}

impl GroundTruth {
    /// Finds the exact neighbours of `queries` (n_queries x dim) among `base` (n x dim).
    ///
    /// # Errors
    /// [`ExactError`] if the dims differ, a component is not finite, `k` or the thread count is
    /// zero, or the caller cancels.
    pub fn compute(
        base: MatrixView<'_>,
        queries: MatrixView<'_>,
        metric: Metric,
        k: usize,
        options: &mut Options<'_>,
    ) -> Result<Self, ExactError> {
        let found = search(base, queries, metric, k, options)?;
        Ok(Self::from_exact(found, metric, base.n()))
    }

    /// What an exact search found among `n` base rows, such as one of a base that came in blocks.
    pub fn from_exact(found: ExactNeighbors, metric: Metric, n: usize) -> Self {
        let k = found.k();
        let (ids, scores, ties_at_k) = found.into_parts();
        Self {
            parts: TruthParts {
                metric,
                k,
                n,
                ids,
                scores,
                ties_at_k,
            },
        }
    }

    /// Puts together what [`parts`](Self::parts) gave, and checks it.
    ///
    /// # Errors
    /// [`TruthError`] if lengths do not fit, a row number is past the base or scores are not in
    /// order.
    pub fn from_parts(parts: TruthParts) -> Result<Self, TruthError> {
        let truth = Self { parts };
        truth.check_lengths()?;
        (0..truth.len()).try_for_each(|query_idx| truth.check_row(query_idx))?;
        Ok(truth)
    }

    fn check_lengths(&self) -> Result<(), TruthError> {
        let parts = &self.parts;
        if parts.k == 0 {
            return Err(TruthError::ZeroK);
        }
        let expected = self.len() * self.found();
        let columns = [("ids", parts.ids.len()), ("scores", parts.scores.len())];
        match columns.into_iter().find(|(_, found)| *found != expected) {
            Some((column, found)) => Err(TruthError::Length {
                column,
                found,
                expected,
            }),
            None => Ok(()),
        }
    }

    fn check_row(&self, query_idx: usize) -> Result<(), TruthError> {
        let TruthParts { metric, n, .. } = self.parts;
        if let Some(&id) = self.ids(query_idx).iter().find(|id| **id >= n as u64) {
            return Err(TruthError::OutOfRange { query_idx, id, n });
        }
        let in_order = |a: &f64, b: &f64| metric.nearer_first(*a, *b).is_le();
        match self.scores(query_idx).is_sorted_by(in_order) {
            true => Ok(()),
            false => Err(TruthError::Unsorted { query_idx }),
        }
    }

    /// The truth of some of the queries, in the order given.
    ///
    /// # Panics
    /// If a query's number is not below `len`.
    #[must_use]
    pub fn of_queries(&self, queries: &[usize]) -> Self {
        let ids = queries.iter().flat_map(|&query_idx| self.ids(query_idx));
        let scores = queries.iter().flat_map(|&query_idx| self.scores(query_idx));
        let parts = TruthParts {
            ids: ids.copied().collect(),
            scores: scores.copied().collect(),
            ties_at_k: queries
                .iter()
                .map(|&query_idx| self.ties_at_k(query_idx))
                .collect(),
            ..self.parts
        };
        Self { parts }
    }

    /// The parts, for a cache to keep.
    pub fn parts(&self) -> &TruthParts {
        &self.parts
    }

    /// Number of queries.
    pub fn len(&self) -> usize {
        self.parts.ties_at_k.len()
    }

    /// Whether there are no queries.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Neighbours asked for per query.
    pub fn k(&self) -> usize {
        self.parts.k
    }

    /// Number of base rows.
    pub fn n(&self) -> usize {
        self.parts.n
    }

    /// The metric of the scores.
    pub fn metric(&self) -> Metric {
        self.parts.metric
    }

    /// True neighbours each query has: `min(k, n)`.
    pub fn found(&self) -> usize {
        self.parts.k.min(self.parts.n)
    }

    /// Base rows nearest to query `query_idx`, nearest first.
    ///
    /// # Panics
    /// If `query_idx >= len`.
    pub fn ids(&self, query_idx: usize) -> &[u64] {
        &self.parts.ids[query_idx * self.found()..(query_idx + 1) * self.found()]
    }

    /// Scores beside [`ids`](Self::ids).
    ///
    /// # Panics
    /// If `query_idx >= len`.
    pub fn scores(&self, query_idx: usize) -> &[f64] {
        &self.parts.scores[query_idx * self.found()..(query_idx + 1) * self.found()]
    }

    /// Score of the last true neighbour of query `query_idx`, which a returned row must reach to
    /// count; `None` over an empty base.
    ///
    /// # Panics
    /// If `query_idx >= len`.
    pub fn kth_score(&self, query_idx: usize) -> Option<f64> {
        self.scores(query_idx).last().copied()
    }

    /// How many base rows have the score of the last true neighbour of query `query_idx`.
    ///
    /// # Panics
    /// If `query_idx >= len`.
    pub fn ties_at_k(&self, query_idx: usize) -> u64 {
        self.parts.ties_at_k[query_idx]
    }

    /// True neighbours of query `query_idx` that are not among those returned, nearest first: as
    /// many as `hits` fall short of all, since a row tied with the last one is as good as that.
    ///
    /// # Panics
    /// If `query_idx >= len`.
    pub fn missed(&self, query_idx: usize, returned: &[u64], hits: usize) -> Vec<u64> {
        let short = self.found().saturating_sub(hits);
        let ids = self.ids(query_idx).iter().copied();
        let missed = ids.filter(|id| !returned.contains(id));
        missed.take(short).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts() -> TruthParts {
        TruthParts {
            metric: Metric::L2,
            k: 2,
            n: 9,
            ids: vec![3, 8, 0, 1],
            scores: vec![0.5, 0.5, 1.0, 2.0],
            ties_at_k: vec![2, 1],
        }
    }

    fn check_refused(change: impl FnOnce(&mut TruthParts), expected: &str) {
        let mut parts = parts();
        change(&mut parts);
        let error = GroundTruth::from_parts(parts).unwrap_err();
        assert_eq!(error.to_string(), expected);
    }

    #[test]
    fn parts_round_trip() {
        let truth = GroundTruth::from_parts(parts()).unwrap();
        assert_eq!(truth.parts(), &parts());
        assert_eq!((truth.ids(1), truth.kth_score(1)), (&[0, 1][..], Some(2.0)));
    }

    #[test]
    fn some_of_the_queries_keep_what_is_true_of_them() {
        let truth = GroundTruth::from_parts(parts()).unwrap();
        let last = truth.of_queries(&[1]);
        assert_eq!((last.len(), last.ids(0)), (1, &[0, 1][..]));
        assert_eq!((last.kth_score(0), last.ties_at_k(0)), (Some(2.0), 1));
        assert_eq!(truth.of_queries(&[0, 1]), truth);
    }

    #[test]
    fn what_was_missed_is_as_much_as_the_hits_fall_short() {
        let truth = GroundTruth::from_parts(parts()).unwrap();
        assert_eq!(truth.missed(0, &[8], 1), [3]);
        assert_eq!(truth.missed(0, &[], 0), [3, 8]);
        assert_eq!(truth.missed(0, &[3, 5], 2), [0; 0], "5 is tied with 8");
    }

    #[test]
    fn damaged_parts_are_refused() {
        check_refused(
            |parts| parts.ids.truncate(3),
            "ground truth: 3 ids, expected 4; compute it again",
        );
        check_refused(
            |parts| parts.n = 1,
            "ground truth: 4 ids, expected 2; compute it again",
        );
        check_refused(
            |parts| parts.ids[1] = 9,
            "ground truth: query 0 has row 9 of a base of 9; compute it again",
        );
        check_refused(
            |parts| parts.scores[2] = 3.0,
            "ground truth: the scores of query 1 are not in order; compute it again",
        );
        check_refused(
            |parts| parts.k = 0,
            "ground truth: k = 0 holds no neighbours; use k = 1 or more",
        );
    }
}
