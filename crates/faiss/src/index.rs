//! A FAISS index with the search parameters of its kind.

use std::{marker::PhantomData, path::Path};

use annbench_index::{
    ConfigureError, LoadError, Parameters, SaveError, SearchError, SearchSetup, TypedIndex,
};
use annbench_vectors::{MatrixView, Metric, NeighborsMut};

use crate::{file, native::Native, runtime};

/// Search parameters that know how to set themselves on an index.
pub trait Tuning: Parameters + 'static {
    #[doc(hidden)]
    fn apply(&self, index: &mut Handle, k: usize) -> Result<Self, ConfigureError>;

    #[doc(hidden)]
    fn bytes_estimate(index: &Handle) -> Option<u64>;

    /// Whether a loaded index is of the kind these parameters are for; else what it should be.
    #[doc(hidden)]
    fn check_kind(index: &Handle) -> Result<(), &'static str>;
}

/// The index as [`Tuning`] sees it; nothing of it is public.
pub struct Handle(pub(crate) Native);

/// An index that FAISS built or loaded.
///
/// Search parameters are of type `S`: [`FlatIndex`](crate::FlatIndex),
/// [`IvfFlatIndex`](crate::IvfFlatIndex), [`HnswIndex`](crate::HnswIndex) and
/// [`FactoryIndex`](crate::FactoryIndex) name the four.
pub struct FaissIndex<S> {
    handle: Handle,
    metric: Metric,
    search: PhantomData<fn() -> S>,
}

impl<S: Tuning> FaissIndex<S> {
    pub(crate) fn new(native: Native, metric: Metric) -> Self {
        Self {
            handle: Handle(native),
            metric,
            search: PhantomData,
        }
    }

    /// Loads what [`TypedIndex::save`] wrote. The metric is the one it was built with: the file
    /// only knows that it serves inner products.
    ///
    /// # Errors
    /// [`LoadError`] if the file is missing, damaged, of another kind or of another metric.
    pub fn load(path: &Path, metric: Metric) -> Result<Self, LoadError> {
        let index = Self::new(file::load(path)?, metric);
        if let Err(expected) = S::check_kind(&index.handle) {
            return Err(LoadError::Library {
                path: path.to_owned(),
                reason: format!("it holds no {expected} index"),
            });
        }
        if !index.native().serves(metric) {
            return Err(LoadError::Differs {
                path: path.to_owned(),
                found: "an index for another metric".to_owned(),
                expected: format!("metric {metric}"),
            });
        }
        Ok(index)
    }

    pub(crate) fn native(&self) -> &Native {
        &self.handle.0
    }
}

impl<S: Tuning> TypedIndex for FaissIndex<S> {
    type Search = S;

    fn configure(&mut self, params: &S, setup: SearchSetup) -> Result<S, ConfigureError> {
        grant_threads(setup.threads)?;
        params.apply(&mut self.handle, setup.k)
    }

    fn enter_thread(&self, setup: SearchSetup) -> Result<(), ConfigureError> {
        grant_threads(setup.threads)
    }

    fn search(
        &self,
        queries: MatrixView<'_>,
        out: &mut NeighborsMut<'_>,
    ) -> Result<(), SearchError> {
        let native = self.native();
        SearchError::check_shapes(queries, native.dim(), out)?;
        let k = out.k();
        if queries.n() == 0 || k == 0 {
            return Ok(());
        }
        let (ids, scores) = out.cells_mut();
        native
            .search(queries, k, ids, scores)
            .map_err(SearchError::Library)?;
        count_found(out);
        Ok(())
    }

    fn save(&self, path: &Path) -> Result<(), SaveError> {
        file::save(self.native(), path)
    }

    fn len(&self) -> usize {
        self.native().len()
    }

    fn dim(&self) -> usize {
        self.native().dim()
    }

    fn metric(&self) -> Metric {
        self.metric
    }

    fn bytes_estimate(&self) -> Option<u64> {
        S::bytes_estimate(&self.handle)
    }
}

/// Sets the calling thread's parallel regions to `threads` and checks that they get them.
pub(crate) fn grant_threads(threads: usize) -> Result<(), ConfigureError> {
    let granted = runtime::set_threads(threads);
    if granted == threads {
        return Ok(());
    }
    Err(ConfigureError::Library {
        key: "threads".to_owned(),
        value: threads.into(),
        reason: format!("OpenMP runs {granted}; unset OMP_THREAD_LIMIT or ask for fewer"),
    })
}

/// FAISS fills a row that it found too little for with ids of -1: they end the row.
pub(crate) fn count_found(out: &mut NeighborsMut<'_>) {
    let k = out.k();
    for query_idx in 0..out.n_queries() {
        let (ids, _) = out.cells_mut();
        let row = &ids[query_idx * k..(query_idx + 1) * k];
        let missing = row.iter().rev().take_while(|id| **id == u64::MAX).count();
        out.set_count(query_idx, k - missing);
    }
}
