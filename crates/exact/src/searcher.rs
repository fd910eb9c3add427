//! The search: a base made ready once, any number of query batches after.

use annbench_vectors::{Matrix, MatrixView, Metric};

use crate::{
    Component, ExactError, ExactNeighbors, Kernel, Options, ScanReport, Which,
    bound::{Cosine, InnerProduct, L2, Measure, weight},
    int8::{Engine, PackedBase},
    norms::norms,
    options::Control,
    queries::Queries,
    scan::{Job, scan},
    schedule::{Portion, Schedule, run},
    top::Finished,
};

/// Queries below which a base that nobody keeps is not packed: that takes about as long as the
/// f32 pass of so many.
const QUERIES_WORTH_PACKING: usize = 8;

/// Rows for each neighbour below which the int8 pass is not worth a try: most rows would be
/// candidates.
const ROWS_WORTH_FILTERING: usize = 64;

/// Finds the `k` nearest rows of `base` (n x dim, row-major) for each of `queries`
/// (n_queries x dim): a [`Searcher`] made for one batch.
///
/// # Errors
/// [`ExactError`] if the dims differ, a component is not finite, `k` or the thread count is zero,
/// or the caller cancels.
pub fn search<T: Component, Q: Component>(
    base: MatrixView<'_, T>,
    queries: MatrixView<'_, Q>,
    metric: Metric,
    k: usize,
    options: &mut Options<'_>,
) -> Result<ExactNeighbors, ExactError> {
    check_arguments(base.dim(), queries.dim(), k, options)?;
    let kernel = kernel_for(base.n(), queries.n(), k);
    Searcher::with_kernel(base, metric, kernel, options.threads())?.search(queries, k, options)
}

/// The kernel with which one batch is searched fastest, packing included.
pub(crate) fn kernel_for(n: usize, n_queries: usize, k: usize) -> Option<Kernel> {
    let is_worth_it = n_queries >= QUERIES_WORTH_PACKING && n / ROWS_WORTH_FILTERING >= k;
    Kernel::best().filter(|_| is_worth_it)
}

/// A base made ready to be searched.
///
/// Vectors are searched as they are: cosine divides by their norms and does not ask for
/// normalised ones. A zero vector, which has no direction, is under cosine the farthest of all
/// (its score is NaN); to a zero query all vectors are equally far.
#[derive(Debug, Clone)]
pub struct Searcher<'a, T = f32> {
    base: Base<'a, T>,
    weights: Vec<f64>,
    packed: Option<PackedBase>,
    /// Whether the int8 pass was asked for, and so takes searches for many neighbours too.
    is_forced: bool,
    metric: Metric,
}

#[derive(Debug, Clone)]
enum Base<'a, T> {
    Borrowed(MatrixView<'a, T>),
    Owned(Matrix<T>),
}

impl<'a, T: Component> Searcher<'a, T> {
    /// Makes a borrowed base ready, on `threads` threads: takes the norms of all rows and packs
    /// them for the int8 pass, by the [best kernel](Kernel::best) of this CPU.
    ///
    /// # Errors
    /// [`ExactError::NotFinite`] names the first row that holds a NaN or an infinity;
    /// [`ExactError::ZeroThreads`].
    pub fn new(
        base: MatrixView<'a, T>,
        metric: Metric,
        threads: usize,
    ) -> Result<Self, ExactError> {
        let options = &mut Options::new(threads);
        Self::prepare(Base::Borrowed(base), metric, Kernel::best(), options)
    }

    /// The same by a kernel of the caller's choice, or with `None` for the f32 pass alone, which
    /// takes no memory beside the base. The kernel changes nothing in the result.
    ///
    /// # Errors
    /// As [`new`](Self::new); [`ExactError::NoKernel`] if this CPU does not have it.
    pub fn with_kernel(
        base: MatrixView<'a, T>,
        metric: Metric,
        kernel: Option<Kernel>,
        threads: usize,
    ) -> Result<Self, ExactError> {
        let options = &mut Options::new(threads);
        let mut searcher = Self::prepare(Base::Borrowed(base), metric, kernel, options)?;
        searcher.is_forced = true;
        Ok(searcher)
    }

    fn prepare(
        base: Base<'a, T>,
        metric: Metric,
        kernel: Option<Kernel>,
        options: &mut Options<'_>,
    ) -> Result<Self, ExactError> {
        let threads = options.threads();
        if threads == 0 {
            return Err(ExactError::ZeroThreads);
        }
        let packed = match kernel {
            Some(kernel) => {
                let engine = Engine::new(kernel).ok_or(ExactError::NoKernel { kernel })?;
                let control = Control::new(options, base.view().n() as u64);
                PackedBase::new(base.view(), metric, engine, (threads, &control))?
            }
            None => None,
        };
        let (packed, mut weights) = match packed {
            Some((packed, norms)) => (Some(packed), norms),
            None => (None, norms(base.view(), Which::Base, threads)?),
        };
        for value in &mut weights {
            *value = weight(metric, *value);
        }
        Ok(Self {
            base,
            weights,
            packed,
            is_forced: false,
            metric,
        })
    }

    /// The base.
    pub fn base(&self) -> MatrixView<'_, T> {
        self.base.view()
    }

    /// The metric it was made ready for.
    pub fn metric(&self) -> Metric {
        self.metric
    }

    /// Bytes held beside the base: the packed copy, and of each row its norm.
    pub fn bytes(&self) -> u64 {
        let packed = self.packed.as_ref().map_or(0, PackedBase::bytes);
        packed + size_of_val(&*self.weights) as u64
    }

    /// Finds the `k` nearest rows for each of `queries` (n_queries x dim): nearest first, equal
    /// scores by row number, `min(k, n)` of them. The result does not depend on the options.
    ///
    /// # Errors
    /// [`ExactError`] if the dims differ, a component of a query is not finite, `k` or the thread
    /// count is zero, or the caller cancels.
    pub fn search<Q: Component>(
        &self,
        queries: MatrixView<'_, Q>,
        k: usize,
        options: &mut Options<'_>,
    ) -> Result<ExactNeighbors, ExactError> {
        check_arguments(self.base().dim(), queries.dim(), k, options)?;
        let queries = Queries::new(queries, self.metric)?;
        let floors = vec![f64::NEG_INFINITY; queries.view().n()];
        let k_found = k.min(self.base().n());
        let (finished, report) = self.find(&queries, k_found, &floors, options)?;
        Ok(ExactNeighbors::new(
            &finished,
            self.metric,
            (k, k_found),
            report,
        ))
    }

    /// The best rows of each query whose keys reach its floor.
    pub(crate) fn find(
        &self,
        queries: &Queries,
        k: usize,
        floors: &[f64],
        options: &mut Options<'_>,
    ) -> Result<(Vec<Finished>, ScanReport), ExactError> {
        let find = (queries, k, floors);
        let dim = self.base().dim();
        match self.metric {
            Metric::InnerProduct => self.find_by(InnerProduct::new(dim), find, options),
            Metric::Cosine => self.find_by(Cosine::new(dim), find, options),
            Metric::L2 => self.find_by(L2::new(dim), find, options),
        }
    }

    fn find_by<M: Measure>(
        &self,
        measure: M,
        (queries, k, floors): (&Queries, usize, &[f64]),
        options: &mut Options<'_>,
    ) -> Result<(Vec<Finished>, ScanReport), ExactError> {
        let threads = options.threads();
        let job = Job {
            measure,
            metric: self.metric,
            base: self.base(),
            weights: &self.weights,
            packed: self.packed_for(k),
            queries: queries.view(),
            query_weights: &queries.weights,
            query_norms: &queries.norms,
            k,
            floors,
        };
        let pairs = floors.len() as u64 * self.base().n() as u64;
        let control = Control::new(options, pairs);
        let portion = job
            .packed
            .map_or(Portion::FEW, |packed| packed.engine().portion());
        let schedule = Schedule::new(floors.len(), self.base().n(), threads, portion);
        let parts = run(&schedule, threads, |task| scan(&job, task, &control))?;
        let kernel = job.packed.map(|packed| packed.engine().kernel());
        let report = ScanReport::new(kernel, control.counts());
        Ok((schedule.merge(parts), report))
    }

    fn packed_for(&self, k: usize) -> Option<&PackedBase> {
        let is_worth_it = self.is_forced || self.base().n() / ROWS_WORTH_FILTERING >= k;
        self.packed.as_ref().filter(|_| is_worth_it)
    }
}

impl<T: Component> Searcher<'static, T> {
    /// Makes a base ready and keeps it, so that the searcher borrows from nobody. Progress counts
    /// the rows packed.
    ///
    /// # Errors
    /// As [`Searcher::new`]; [`ExactError::Cancelled`].
    pub fn owning(
        base: Matrix<T>,
        metric: Metric,
        options: &mut Options<'_>,
    ) -> Result<Self, ExactError> {
        Self::prepare(Base::Owned(base), metric, Kernel::best(), options)
    }
}

impl<T> Base<'_, T> {
    fn view(&self) -> MatrixView<'_, T> {
        match self {
            Self::Borrowed(view) => *view,
            Self::Owned(matrix) => matrix.view(),
        }
    }
}

pub(crate) fn check_arguments(
    base: usize,
    queries: usize,
    k: usize,
    options: &Options<'_>,
) -> Result<(), ExactError> {
    match (k, options.threads()) {
        (0, _) => Err(ExactError::ZeroK),
        (_, 0) => Err(ExactError::ZeroThreads),
        _ if queries != base => Err(ExactError::DimMismatch { queries, base }),
        _ => Ok(()),
    }
}
