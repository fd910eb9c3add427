//! recall@k.

use std::collections::HashSet;

use annbench_vectors::{MatrixView, Neighbors};

use crate::{
    GroundTruth,
    depth::{depths, hits_within},
};

/// What an index found of the true neighbours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecallReport {
    divisor: usize,
    queries: Vec<QueryRecall>,
    hits_at: Vec<(usize, Vec<u32>)>,
}

/// What an index found of the true neighbours of one query.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct QueryRecall {
    /// Distinct rows among those returned that are as near as the `k`-th true neighbour; at most
    /// `min(k, n)`.
    pub hits: usize,
    /// Rows returned.
    pub returned: usize,
    /// Rows returned that the base does not have; each one a miss.
    pub out_of_range: usize,
    /// Rows returned again; each repetition a miss.
    pub repeated: usize,
}

/// Neighbours that cannot be judged by this truth.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecallError {
    /// There is nothing to average over.
    #[error("recall of no queries; give at least one")]
    NoQueries,
    /// Truth, queries and neighbours are not of the same queries.
    #[error(
        "ground truth of {truth} queries, {queries} queries and the neighbours of {neighbors}; use those of one search"
    )]
    QueryCount {
        /// Queries the truth is of.
        truth: usize,
        /// Queries given.
        queries: usize,
        /// Queries the neighbours are of.
        neighbors: usize,
    },
    /// Another number of neighbours was asked for.
    #[error("ground truth of k = {truth}, neighbours of k = {neighbors}; use one k")]
    K {
        /// The truth's.
        truth: usize,
        /// The neighbours'.
        neighbors: usize,
    },
    /// The truth is of another base.
    #[error(
        "ground truth of {truth} base vectors, a base of {base}; compute the truth of this base"
    )]
    BaseCount {
        /// Base rows of the truth.
        truth: usize,
        /// Base rows given.
        base: usize,
    },
    /// Base and queries come from different models.
    #[error("queries have dim = {queries}, the base has dim = {base}; embed both with one model")]
    DimMismatch {
        /// Components a query has.
        queries: usize,
        /// Components a base vector has.
        base: usize,
    },
    /// No thread may do the work.
    #[error("threads = 0 leaves nobody to compute; use threads = 1 or more")]
    ZeroThreads,
}

impl RecallReport {
    /// Hits that make a recall of 1: `min(k, n)`, for no index can return what the base does not
    /// hold, and an exact one shall have recall 1 on a small base too.
    pub fn divisor(&self) -> usize {
        self.divisor
    }

    /// The counts of each query.
    pub fn queries(&self) -> &[QueryRecall] {
        &self.queries
    }

    /// recall@k of each query: in `[0, 1]`.
    pub fn per_query(&self) -> Vec<f64> {
        self.queries.iter().map(|q| self.recall_of(q)).collect()
    }

    /// For each of [`depths(k)`](crate::depths) the hits of each query at it: of the first `depth`
    /// rows returned, how many distinct ones have an exact score no worse than the `depth`-th true
    /// neighbour's. With the answers of a search for k this is what a reader sees who looks at
    /// fewer of them.
    pub fn hits_at(&self) -> &[(usize, Vec<u32>)] {
        &self.hits_at
    }

    fn recall_of(&self, query: &QueryRecall) -> f64 {
        // Over an empty base there is nothing to miss.
        if self.divisor == 0 {
            return 1.0;
        }
        query.hits as f64 / self.divisor as f64
    }

    /// recall@k: the mean over queries, in `[0, 1]`.
    pub fn mean(&self) -> f64 {
        self.per_query().iter().sum::<f64>() / self.queries.len() as f64
    }

    /// Queries that got fewer than `min(k, n)` neighbours.
    pub fn short_queries(&self) -> usize {
        let is_short = |query: &&QueryRecall| query.returned < self.divisor;
        self.queries.iter().filter(is_short).count()
    }

    /// Rows returned that the base does not have, over all queries.
    pub fn out_of_range(&self) -> usize {
        self.queries.iter().map(|query| query.out_of_range).sum()
    }

    /// Rows returned again, over all queries.
    pub fn repeated(&self) -> usize {
        self.queries.iter().map(|query| query.repeated).sum()
    }
}

/// recall@k of `neighbors`, which an index returned for `queries` (n_queries x dim) over `base`
/// (n x dim): of the `k` returned rows, how many distinct ones have an exact score no worse than
/// the `k`-th true neighbour's, divided by `min(k, n)`.
///
/// Scores are computed again in f64 by [`Metric::score`](annbench_vectors::Metric::score); what the
/// index said of them plays no part. So all rows tied at the `k`-th place count, a row returned
/// twice counts once, and a shorter list has fewer hits. Vectors may be given normalised or not,
/// but as the truth had them.
///
/// # Errors
/// [`RecallError`] if truth, base, queries and neighbours do not belong together, or there are no
/// queries or threads.
pub fn recall(
    truth: &GroundTruth,
    base: MatrixView<'_>,
    queries: MatrixView<'_>,
    neighbors: &Neighbors,
    threads: usize,
) -> Result<RecallReport, RecallError> {
    check(truth, base, queries, neighbors, threads)?;
    let depths = depths(truth.k());
    let judge = Judge {
        truth,
        base,
        queries,
        neighbors,
        depths: &depths,
    };
    let mut judged = vec![Judged::default(); truth.len()];
    let each = truth.len().div_ceil(threads);
    if threads == 1 {
        judge.fill(0, &mut judged);
    } else {
        std::thread::scope(|scope| {
            for (part, judged) in judged.chunks_mut(each).enumerate() {
                scope.spawn(move || judge.fill(part * each, judged));
            }
        });
    }
    let at = |place: usize| judged.iter().map(|judged| judged.hits_at[place]).collect();
    let hits_at = (0..depths.len()).map(at);
    Ok(RecallReport {
        divisor: truth.found(),
        hits_at: depths.iter().copied().zip(hits_at).collect(),
        queries: judged.iter().map(|judged| judged.recall).collect(),
    })
}

fn check(
    truth: &GroundTruth,
    base: MatrixView<'_>,
    queries: MatrixView<'_>,
    neighbors: &Neighbors,
    threads: usize,
) -> Result<(), RecallError> {
    if threads == 0 {
        return Err(RecallError::ZeroThreads);
    }
    if truth.len() != queries.n() || truth.len() != neighbors.n_queries() {
        return Err(RecallError::QueryCount {
            truth: truth.len(),
            queries: queries.n(),
            neighbors: neighbors.n_queries(),
        });
    }
    if truth.k() != neighbors.k() {
        return Err(RecallError::K {
            truth: truth.k(),
            neighbors: neighbors.k(),
        });
    }
    if truth.n() != base.n() {
        return Err(RecallError::BaseCount {
            truth: truth.n(),
            base: base.n(),
        });
    }
    if base.dim() != queries.dim() {
        return Err(RecallError::DimMismatch {
            queries: queries.dim(),
            base: base.dim(),
        });
    }
    match truth.is_empty() {
        true => Err(RecallError::NoQueries),
        false => Ok(()),
    }
}

/// What became of one query.
#[derive(Debug, Clone, Default)]
struct Judged {
    recall: QueryRecall,
    /// For each of the depths.
    hits_at: Vec<u32>,
}

#[derive(Clone, Copy)]
struct Judge<'a> {
    truth: &'a GroundTruth,
    base: MatrixView<'a>,
    queries: MatrixView<'a>,
    neighbors: &'a Neighbors,
    depths: &'a [usize],
}

impl Judge<'_> {
    fn fill(self, first_query: usize, judged: &mut [Judged]) {
        let mut seen = HashSet::new();
        for (offset, judged) in judged.iter_mut().enumerate() {
            *judged = self.judge(first_query + offset, &mut seen);
        }
    }

    fn judge(self, query_idx: usize, seen: &mut HashSet<u64>) -> Judged {
        seen.clear();
        let ids = self.neighbors.ids(query_idx);
        let mut recall = QueryRecall {
            returned: ids.len(),
            ..QueryRecall::default()
        };
        // The exact score of each row returned; none where it names no row, or one again.
        let mut scores = Vec::with_capacity(ids.len());
        for &id in ids {
            let is_row = id < self.base.n() as u64;
            let is_new = is_row && seen.insert(id);
            recall.out_of_range += usize::from(!is_row);
            recall.repeated += usize::from(is_row && !is_new);
            scores.push(is_new.then(|| self.score(query_idx, id as usize)));
        }
        let hits = |depth: usize| hits_within(depth, self.truth, query_idx, &scores);
        recall.hits = hits(self.truth.k()) as usize;
        Judged {
            recall,
            hits_at: self.depths.iter().map(|&depth| hits(depth)).collect(),
        }
    }

    fn score(self, query_idx: usize, row: usize) -> f64 {
        let (query, row) = (self.queries.row(query_idx), self.base.row(row));
        self.truth.metric().score(query, row)
    }
}
