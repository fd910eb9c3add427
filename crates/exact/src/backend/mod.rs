//! Exact search as an index: for users who want to know whether they need an approximate one.

mod file;

use std::{
    panic::resume_unwind,
    path::Path,
    sync::mpsc,
    time::{Duration, Instant},
};

use annbench_index::{
    Backend, BuildError, BuildJob, BuildPhase, Built, ConfigureError, Library, LoadError,
    SaveError, SearchError, SearchSetup, TypedIndex, null::NoParams,
};
use annbench_vectors::{Matrix, MatrixView, Metric, NeighborsMut};

use crate::{ExactError, Kernel, Options, Progress, Searcher};

/// Builds [`ExactIndex`]es: the index type `exact`.
#[derive(Debug, Clone, Copy, Default)]
pub struct ExactBackend;

/// A copy of the base, searched exactly.
#[derive(Debug, Clone)]
pub struct ExactIndex {
    searcher: Searcher<'static>,
    threads: usize,
}

impl ExactIndex {
    fn new(base: Matrix, metric: Metric, options: &mut Options<'_>) -> Result<Self, ExactError> {
        Ok(Self {
            searcher: Searcher::owning(base, metric, options)?,
            threads: 1,
        })
    }
}

impl Backend for ExactBackend {
    type Build = NoParams;
    type Search = NoParams;
    type Index = ExactIndex;

    fn name(&self) -> &'static str {
        "exact"
    }

    fn summary(&self) -> &'static str {
        "compares with every vector and scores in f64: recall 1, ties by row number"
    }

    fn library(&self) -> Library {
        Library {
            name: "annbench-exact".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            compile_options: compile_options(),
            ..Library::default()
        }
    }

    fn is_exact(&self, _: &NoParams) -> bool {
        true
    }

    fn is_repeatable(&self, _: &NoParams, _: usize) -> bool {
        true
    }

    fn build(
        &self,
        base: MatrixView<'_>,
        metric: Metric,
        _: &NoParams,
        job: &mut BuildJob<'_>,
    ) -> Result<Built<ExactIndex>, BuildError> {
        let start = Instant::now();
        let copy = Matrix::from_vec(base.as_slice().to_vec(), base.dim())
            .map_err(|error| refused(&error))?;
        let index = pack(copy, metric, job).map_err(|error| refused(&error))?;
        let add = start.elapsed();
        job.report(BuildPhase::Add, base.n(), base.n());
        Ok(Built {
            index,
            train: Duration::ZERO,
            add,
        })
    }

    fn load(&self, path: &Path, metric: Metric) -> Result<ExactIndex, LoadError> {
        let base = file::read(path, metric)?;
        ExactIndex::new(base, metric, &mut Options::new(1))
            .map_err(|error| file::damaged(path, &error))
    }
}

/// Packs on threads of its own, so that this one can tell how far they are.
fn pack(base: Matrix, metric: Metric, job: &mut BuildJob<'_>) -> Result<ExactIndex, ExactError> {
    let (sender, reports) = mpsc::channel::<Progress>();
    let threads = job.threads.max(1);
    std::thread::scope(|scope| {
        let packing = scope.spawn(move || {
            // The other end listens for as long as this one exists.
            let mut options = Options::new(threads).with_progress(|progress| {
                let _ = sender.send(progress);
            });
            ExactIndex::new(base, metric, &mut options)
        });
        for progress in reports {
            let (done, total) = (progress.done as usize, progress.total as usize);
            job.report(BuildPhase::Add, done, total);
        }
        packing.join().unwrap_or_else(|panic| resume_unwind(panic))
    })
}

/// The instructions of both passes: those of the first were chosen by the compiler, those of the
/// second by the CPU.
fn compile_options() -> String {
    let f32_pass = crate::kernel::INSTRUCTIONS;
    match Kernel::best() {
        Some(kernel) => format!("{f32_pass}; int8 by {kernel}"),
        None => f32_pass.into(),
    }
}

fn refused(error: &dyn std::error::Error) -> BuildError {
    BuildError::Library {
        doing: "add",
        reason: error.to_string(),
    }
}

impl TypedIndex for ExactIndex {
    type Search = NoParams;

    fn configure(
        &mut self,
        params: &NoParams,
        setup: SearchSetup,
    ) -> Result<NoParams, ConfigureError> {
        self.threads = setup.threads.max(1);
        Ok(*params)
    }

    fn search(
        &self,
        queries: MatrixView<'_>,
        out: &mut NeighborsMut<'_>,
    ) -> Result<(), SearchError> {
        SearchError::check_shapes(queries, self.dim(), out)?;
        if out.k() == 0 {
            return Ok(());
        }
        let mut options = Options::new(self.threads);
        let found = self
            .searcher
            .search(queries, out.k(), &mut options)
            .map_err(|error| SearchError::Library(error.to_string()))?;
        for query_idx in 0..found.n_queries() {
            let scores = found.scores(query_idx).iter().map(|&score| score as f32);
            out.fill(query_idx, found.ids(query_idx).iter().copied().zip(scores));
        }
        Ok(())
    }

    fn save(&self, path: &Path) -> Result<(), SaveError> {
        file::write(path, self.searcher.base(), self.metric()).map_err(|source| SaveError::Io {
            path: path.to_owned(),
            source,
        })
    }

    fn len(&self) -> usize {
        self.searcher.base().n()
    }

    fn dim(&self) -> usize {
        self.searcher.base().dim()
    }

    fn metric(&self) -> Metric {
        self.searcher.metric()
    }

    /// The vectors in f32 and in int8, and of each its norm in f64.
    fn bytes_estimate(&self) -> Option<u64> {
        let of_base = size_of_val(self.searcher.base().as_slice()) as u64;
        Some(of_base + self.searcher.bytes())
    }
}
