//! What an exact search returns.

use annbench_vectors::Metric;

use crate::{ScanReport, bound::score_of_key, top::Finished};

/// The exact neighbours of `n_queries` queries: of each the `min(k, n)` nearest base rows.
///
/// Two are equal if they hold the same neighbours; how they were found does not count.
#[derive(Debug, Clone)]
pub struct ExactNeighbors {
    k: usize,
    found: usize,
    ids: Vec<u64>,
    scores: Vec<f64>,
    ties_at_k: Vec<u64>,
    report: ScanReport,
}

impl PartialEq for ExactNeighbors {
    fn eq(&self, other: &Self) -> bool {
        let lists = |of: &Self| (of.k, of.found);
        lists(self) == lists(other)
            && (&self.ids, &self.scores, &self.ties_at_k)
                == (&other.ids, &other.scores, &other.ties_at_k)
    }
}

impl ExactNeighbors {
    /// The `found` best of every query, of `k` asked for.
    pub(crate) fn new(
        finished: &[Finished],
        metric: Metric,
        (k, found): (usize, usize),
        report: ScanReport,
    ) -> Self {
        let scored = || finished.iter().flat_map(Finished::best);
        Self {
            k,
            found,
            ids: scored().map(|scored| scored.row).collect(),
            scores: scored()
                .map(|scored| score_of_key(metric, scored.key))
                .collect(),
            ties_at_k: finished.iter().map(Finished::ties_at_k).collect(),
            report,
        }
    }

    /// How they were found.
    pub fn report(&self) -> ScanReport {
        self.report
    }

    /// Number of queries answered.
    pub fn n_queries(&self) -> usize {
        self.ties_at_k.len()
    }

    /// Neighbours asked for per query.
    pub fn k(&self) -> usize {
        self.k
    }

    /// Neighbours each query has: `min(k, n)`.
    pub fn found(&self) -> usize {
        self.found
    }

    /// Base rows nearest to query `query_idx`, nearest first, equal scores by row number.
    ///
    /// # Panics
    /// If `query_idx >= n_queries`.
    pub fn ids(&self, query_idx: usize) -> &[u64] {
        &self.ids[query_idx * self.found..(query_idx + 1) * self.found]
    }

    /// Scores beside [`ids`](Self::ids), as [`Metric::score`](annbench_vectors::Metric::score)
    /// gives them.
    ///
    /// # Panics
    /// If `query_idx >= n_queries`.
    pub fn scores(&self, query_idx: usize) -> &[f64] {
        &self.scores[query_idx * self.found..(query_idx + 1) * self.found]
    }

    /// How many vectors of the whole base have the score of the last neighbour of query
    /// `query_idx`, that one included. Where the list holds fewer of them, the others had no
    /// place in it. Zero where the base is empty.
    ///
    /// # Panics
    /// If `query_idx >= n_queries`.
    pub fn ties_at_k(&self, query_idx: usize) -> u64 {
        self.ties_at_k[query_idx]
    }

    /// All ids and scores, `n_queries x found` row-major, and the ties, one count a query.
    pub fn into_parts(self) -> (Vec<u64>, Vec<f64>, Vec<u64>) {
        (self.ids, self.scores, self.ties_at_k)
    }
}
