//! A base larger than memory, block by block.

use annbench_vectors::{Matrix, MatrixView, Metric};

use crate::{
    Component, ExactError, ExactNeighbors, Options, ScanReport, Searcher, Which,
    queries::Queries,
    searcher::{check_arguments, kernel_for},
    top::Finished,
};

/// Bytes that the packed copy of a block may take unless the caller says otherwise.
const MEMORY_CAP: u64 = 256 << 20;

/// Rows of which a part of a block has at least so many, whatever the cap.
const LEAST_ROWS: usize = 1024;

/// A search whose base comes in blocks, of which only one has to be in memory.
///
/// The result is that of a search of the whole base: rows are numbered from the first of the
/// first block on, and ties are counted across blocks.
///
/// ```
/// use annbench_exact::{BlockSearch, Options};
/// use annbench_vectors::{Matrix, Metric};
///
/// let queries = Matrix::from_vec(vec![2.5f32], 1)?;
/// let mut search = BlockSearch::new(queries.view(), Metric::L2, 1)?;
/// for block in [vec![0.0f32, 3.0], vec![1.0], vec![3.0]] {
///     let block = Matrix::from_vec(block, 1)?;
///     search.push(block.view(), &mut Options::new(1))?;
/// }
/// let found = search.finish();
/// assert_eq!((found.ids(0), found.ties_at_k(0)), (&[1][..], 2));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct BlockSearch {
    queries: Queries,
    metric: Metric,
    k: usize,
    memory_cap: u64,
    seen: usize,
    best: Option<Vec<Finished>>,
    report: ScanReport,
}

impl BlockSearch {
    /// A search for the `k` nearest rows of each of `queries` (n_queries x dim).
    ///
    /// # Errors
    /// [`ExactError::ZeroK`]; [`ExactError::NotFinite`] names the first query that holds a NaN or
    /// an infinity.
    pub fn new<Q: Component>(
        queries: MatrixView<'_, Q>,
        metric: Metric,
        k: usize,
    ) -> Result<Self, ExactError> {
        if k == 0 {
            return Err(ExactError::ZeroK);
        }
        Ok(Self {
            queries: Queries::new(queries, metric)?,
            metric,
            k,
            memory_cap: MEMORY_CAP,
            seen: 0,
            best: None,
            report: ScanReport::default(),
        })
    }

    /// The bytes that the search may take for its copy of a block, beside the block itself, the
    /// queries and the neighbours; 256 MiB where this is not called. Larger blocks are searched
    /// in parts, of 1,024 rows at least. The cap changes nothing in the result.
    #[must_use]
    pub fn with_memory_cap(mut self, bytes: u64) -> Self {
        self.memory_cap = bytes;
        self
    }

    /// Searches the next block (any number of rows x dim). Progress starts anew with each part of
    /// a block.
    ///
    /// # Errors
    /// [`ExactError`] if the dims differ, a component is not finite, the thread count is zero, or
    /// the caller cancels. The search can then not go on.
    pub fn push<T: Component>(
        &mut self,
        block: MatrixView<'_, T>,
        options: &mut Options<'_>,
    ) -> Result<(), ExactError> {
        check_arguments(block.dim(), self.queries.view().dim(), self.k, options)?;
        let rows_each = self.rows_each(block.dim());
        for start in (0..block.n()).step_by(rows_each) {
            let end = block.n().min(start + rows_each);
            self.push_part(block.slice(start..end), options)?;
        }
        Ok(())
    }

    fn rows_each(&self, dim: usize) -> usize {
        let bytes_of_row = dim as u64 + 32;
        let rows = usize::try_from(self.memory_cap / bytes_of_row).unwrap_or(usize::MAX);
        rows.max(LEAST_ROWS)
    }

    fn push_part<T: Component>(
        &mut self,
        part: MatrixView<'_, T>,
        options: &mut Options<'_>,
    ) -> Result<(), ExactError> {
        let first = self.seen;
        let kernel = kernel_for(part.n(), self.queries.norms.len(), self.k);
        let searcher = Searcher::with_kernel(part, self.metric, kernel, options.threads())
            .map_err(|error| counted_from(error, first))?;
        let k = self.k.min(first + part.n());
        let (found, report) = searcher.find(&self.queries, k, &self.floors(), options)?;
        let found = found
            .into_iter()
            .map(|found| found.counted_from(first as u64));
        self.best = Some(match self.best.take() {
            Some(best) => best
                .into_iter()
                .zip(found)
                .map(|(a, b)| a.merge(b))
                .collect(),
            None => found.collect(),
        });
        self.seen += part.n();
        self.report += report;
        Ok(())
    }

    /// The keys that further neighbours must reach.
    fn floors(&self) -> Vec<f64> {
        match &self.best {
            Some(best) => best.iter().map(|best| best.floor_of(self.k)).collect(),
            None => vec![f64::NEG_INFINITY; self.queries.norms.len()],
        }
    }

    /// The nearest of all rows pushed.
    pub fn finish(self) -> ExactNeighbors {
        let none = || {
            self.queries
                .norms
                .iter()
                .map(|_| Finished::nothing())
                .collect()
        };
        let best = self.best.unwrap_or_else(none);
        let found = self.k.min(self.seen);
        ExactNeighbors::new(&best, self.metric, (self.k, found), self.report)
    }
}

/// The error with a row of the base counted from the first of all blocks.
fn counted_from(error: ExactError, first: usize) -> ExactError {
    match error {
        ExactError::NotFinite {
            which: Which::Base,
            row,
        } => ExactError::NotFinite {
            which: Which::Base,
            row: first + row,
        },
        other => other,
    }
}

/// Searches blocks one after the other, as whoever reads them hands them over; see [`BlockSearch`].
///
/// # Errors
/// The first error of the iterator or of the search.
pub fn search_blocks<T: Component, Q: Component, E: From<ExactError>>(
    blocks: impl IntoIterator<Item = Result<Matrix<T>, E>>,
    queries: MatrixView<'_, Q>,
    metric: Metric,
    k: usize,
    options: &mut Options<'_>,
) -> Result<ExactNeighbors, E> {
    let mut search = BlockSearch::new(queries, metric, k)?;
    for block in blocks {
        search.push(block?.view(), options)?;
    }
    Ok(search.finish())
}
