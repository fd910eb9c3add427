//! The search: a base made ready once, any number of query batches after.

use annbench_vectors::{Matrix, MatrixView, Metric};

use crate::{
    ExactError, ExactNeighbors, Options, Which,
    bound::{Cosine, InnerProduct, L2, Measure, score_of_key, weight},
    norms::norms,
    options::Control,
    scan::{Job, scan},
    schedule::{Schedule, run},
    top::Finished,
};

/// Finds the `k` nearest rows of `base` (n x dim, row-major) for each of `queries`
/// (n_queries x dim): a [`Searcher`] made for one batch.
///
/// # Errors
/// [`ExactError`] if the dims differ, a component is not finite, `k` or the thread count is zero,
/// or the caller cancels.
pub fn search(
    base: MatrixView<'_>,
    queries: MatrixView<'_>,
    metric: Metric,
    k: usize,
    options: &mut Options<'_>,
) -> Result<ExactNeighbors, ExactError> {
    check_arguments(base.dim(), queries, k, options)?;
    Searcher::new(base, metric, options.threads())?.search(queries, k, options)
}

/// A base made ready to be searched.
///
/// Vectors are searched as they are: cosine divides by their norms and does not ask for
/// normalised ones. A zero vector, which has no direction, is under cosine the farthest of all
/// (its score is NaN); to a zero query all vectors are equally far.
#[derive(Debug, Clone)]
pub struct Searcher<'a> {
    base: Base<'a>,
    weights: Vec<f64>,
    metric: Metric,
}

#[derive(Debug, Clone)]
enum Base<'a> {
    Borrowed(MatrixView<'a>),
    Owned(Matrix),
}

impl<'a> Searcher<'a> {
    /// Makes a borrowed base ready: one pass over it, on `threads` threads.
    ///
    /// # Errors
    /// [`ExactError::NotFinite`] names the first row that holds a NaN or an infinity;
    /// [`ExactError::ZeroThreads`].
    pub fn new(base: MatrixView<'a>, metric: Metric, threads: usize) -> Result<Self, ExactError> {
        Self::prepare(Base::Borrowed(base), metric, threads)
    }

    fn prepare(base: Base<'a>, metric: Metric, threads: usize) -> Result<Self, ExactError> {
        let weights = weights(base.view(), Which::Base, metric, threads)?;
        Ok(Self {
            base,
            weights,
            metric,
        })
    }

    /// The base.
    pub fn base(&self) -> MatrixView<'_> {
        self.base.view()
    }

    /// The metric it was made ready for.
    pub fn metric(&self) -> Metric {
        self.metric
    }

    /// Finds the `k` nearest rows for each of `queries` (n_queries x dim): nearest first, equal
    /// scores by row number, `min(k, n)` of them. The result does not depend on the options.
    ///
    /// # Errors
    /// [`ExactError`] if the dims differ, a component of a query is not finite, `k` or the thread
    /// count is zero, or the caller cancels.
    pub fn search(
        &self,
        queries: MatrixView<'_>,
        k: usize,
        options: &mut Options<'_>,
    ) -> Result<ExactNeighbors, ExactError> {
        check_arguments(self.base().dim(), queries, k, options)?;
        let dim = self.base().dim();
        let finished = match self.metric {
            Metric::InnerProduct => self.search_by(InnerProduct::new(dim), queries, k, options),
            Metric::Cosine => self.search_by(Cosine::new(dim), queries, k, options),
            Metric::L2 => self.search_by(L2::new(dim), queries, k, options),
        };
        Ok(self.collect(finished?, k))
    }

    fn search_by<M: Measure>(
        &self,
        measure: M,
        queries: MatrixView<'_>,
        k: usize,
        options: &mut Options<'_>,
    ) -> Result<Vec<Finished>, ExactError> {
        let threads = options.threads();
        let query_weights = weights(queries, Which::Queries, self.metric, 1)?;
        let job = Job {
            measure,
            metric: self.metric,
            base: self.base(),
            weights: &self.weights,
            queries,
            query_weights: &query_weights,
            k: k.min(self.base().n()),
        };
        let pairs = queries.n() as u64 * self.base().n() as u64;
        let control = Control::new(options, pairs);
        let schedule = Schedule::new(queries.n(), self.base().n(), threads);
        let parts = run(&schedule, threads, |task| scan(&job, task, &control))?;
        Ok(schedule.merge(parts))
    }

    fn collect(&self, finished: Vec<Finished>, k: usize) -> ExactNeighbors {
        let scored = || finished.iter().flat_map(Finished::best);
        ExactNeighbors {
            k,
            found: k.min(self.base().n()),
            ids: scored().map(|scored| scored.row).collect(),
            scores: scored()
                .map(|scored| score_of_key(self.metric, scored.key))
                .collect(),
            ties_at_k: finished.iter().map(Finished::ties_at_k).collect(),
        }
    }
}

impl Searcher<'static> {
    /// Makes a base ready and keeps it, so that the searcher borrows from nobody.
    ///
    /// # Errors
    /// As [`Searcher::new`].
    pub fn owning(base: Matrix, metric: Metric, threads: usize) -> Result<Self, ExactError> {
        Self::prepare(Base::Owned(base), metric, threads)
    }
}

impl Base<'_> {
    fn view(&self) -> MatrixView<'_> {
        match self {
            Self::Borrowed(view) => *view,
            Self::Owned(matrix) => matrix.view(),
        }
    }
}

fn weights(
    vectors: MatrixView<'_>,
    which: Which,
    metric: Metric,
    threads: usize,
) -> Result<Vec<f64>, ExactError> {
    let mut weights = norms(vectors, which, threads)?;
    for value in &mut weights {
        *value = weight(metric, *value);
    }
    Ok(weights)
}

fn check_arguments(
    dim: usize,
    queries: MatrixView<'_>,
    k: usize,
    options: &Options<'_>,
) -> Result<(), ExactError> {
    match (k, options.threads()) {
        (0, _) => Err(ExactError::ZeroK),
        (_, 0) => Err(ExactError::ZeroThreads),
        _ if queries.dim() != dim => Err(ExactError::DimMismatch {
            queries: queries.dim(),
            base: dim,
        }),
        _ => Ok(()),
    }
}
