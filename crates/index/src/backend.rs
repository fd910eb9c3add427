//! The typed traits a backend author implements.

use std::{fmt::Debug, path::Path, time::Duration};

use annbench_vectors::{MatrixView, Metric, NeighborsMut};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{BuildError, ConfigureError, LoadError, ParamError, SaveError, SearchError};

/// A struct of parameters: every field documented (the text tells users what raising it buys and
/// costs), with a default unless it must be given, and a range where it has one.
pub trait Parameters:
    Serialize + DeserializeOwned + JsonSchema + Clone + Debug + Send + Sync
{
}

impl<T: Serialize + DeserializeOwned + JsonSchema + Clone + Debug + Send + Sync> Parameters for T {}

/// A kind of index: builds one from vectors, or loads one from a file.
pub trait Backend: Send + Sync + 'static {
    /// Parameters of the build; changing one means building anew.
    type Build: Parameters;
    /// Parameters of the search; changed without building anew.
    type Search: Parameters;
    /// What it builds.
    type Index: TypedIndex<Search = Self::Search>;

    /// The name users write as `type` in an experiment; snake case.
    fn name(&self) -> &'static str;

    /// One sentence for `annbench backends`.
    fn summary(&self) -> &'static str;

    /// The library that does the work, as found in this process.
    fn library(&self) -> Library;

    /// Whether its results are exact by construction, so that a recall below 1 is an alarm.
    fn is_exact(&self, _build: &Self::Build) -> bool {
        false
    }

    /// Whether two builds with one seed and this many threads give the same index. Threads that
    /// race for the order of insertion make it differ.
    fn is_repeatable(&self, _build: &Self::Build, threads: usize) -> bool {
        threads == 1
    }

    /// What the parameters mean for this base: adjusts them where the backend is allowed to,
    /// refuses what cannot work. Called before any work; ranges are already checked.
    ///
    /// # Errors
    /// [`ParamError`] names the key and the remedy.
    fn resolve(
        &self,
        build: Self::Build,
        _base: BaseFacts,
    ) -> Result<Resolved<Self::Build>, ParamError> {
        Ok(Resolved::unchanged(build))
    }

    /// Refuses search parameters that cannot work with these build parameters.
    ///
    /// # Errors
    /// [`ParamError`] names the key and the remedy.
    fn check_search(
        &self,
        _build: &Self::Build,
        _search: &Self::Search,
        _base: BaseFacts,
    ) -> Result<(), ParamError> {
        Ok(())
    }

    /// Builds an index over `base` (n x dim, row-major; L2-normalised where `metric` is cosine).
    /// Row `i` gets id `i`. `params` come from [`resolve`](Self::resolve).
    ///
    /// # Errors
    /// [`BuildError`] with the library's own words.
    fn build(
        &self,
        base: MatrixView<'_>,
        metric: Metric,
        params: &Self::Build,
        job: &mut BuildJob<'_>,
    ) -> Result<Built<Self::Index>, BuildError>;

    /// Loads what [`TypedIndex::save`] wrote. The metric is the one it was built with: a file
    /// may only know that it serves inner products.
    ///
    /// # Errors
    /// [`LoadError`] if the file is missing, damaged or of another kind.
    fn load(&self, path: &Path, metric: Metric) -> Result<Self::Index, LoadError>;
}

/// A built index with typed search parameters.
pub trait TypedIndex: Send + Sync + 'static {
    /// Parameters of the search.
    type Search: Parameters;

    /// Sets parameters for the searches that follow, outside the timed region, and returns those
    /// in force (a library may clamp). The thread that configures is the thread that searches.
    ///
    /// # Errors
    /// [`ConfigureError`] if the library refuses.
    fn configure(
        &mut self,
        params: &Self::Search,
        setup: SearchSetup,
    ) -> Result<Self::Search, ConfigureError>;

    /// Makes the calling thread ready to search as [`configure`](Self::configure) made its own:
    /// called once by every further thread, outside the timed region.
    ///
    /// # Errors
    /// [`ConfigureError`] if the library refuses.
    fn enter_thread(&self, _setup: SearchSetup) -> Result<(), ConfigureError> {
        Ok(())
    }

    /// Finds up to `k` neighbours of each query (n_queries x dim, normalised where the metric is
    /// cosine), nearest first, and writes them into `out`; nothing else.
    ///
    /// # Errors
    /// [`SearchError`] if shapes do not fit or the library fails.
    fn search(
        &self,
        queries: MatrixView<'_>,
        out: &mut NeighborsMut<'_>,
    ) -> Result<(), SearchError>;

    /// Writes the index to a file that [`Backend::load`] reads.
    ///
    /// # Errors
    /// [`SaveError`] if the file cannot be written.
    fn save(&self, path: &Path) -> Result<(), SaveError>;

    /// Number of vectors indexed.
    fn len(&self) -> usize;

    /// Whether nothing is indexed.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Components a vector has.
    fn dim(&self) -> usize;

    /// The metric it was built for.
    fn metric(&self) -> Metric;

    /// Memory by the textbook formula of this kind of index, in bytes, where there is one.
    fn bytes_estimate(&self) -> Option<u64>;
}

/// What is known of the base before anything is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BaseFacts {
    /// Number of vectors.
    pub n: usize,
    /// Components a vector has.
    pub dim: usize,
    /// The metric to build for.
    pub metric: Metric,
}

/// Parameters as they will be used, and how they differ from those asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Resolved<P> {
    /// The parameters in force.
    pub params: P,
    /// What was changed, and why.
    pub adjustments: Vec<Adjustment>,
}

impl<P> Resolved<P> {
    /// Parameters that are used as they were asked for.
    pub fn unchanged(params: P) -> Self {
        Self {
            params,
            adjustments: Vec::new(),
        }
    }
}

/// One parameter that is not used as it was asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Adjustment {
    /// The parameter's key.
    pub key: String,
    /// The value asked for.
    pub requested: Value,
    /// The value in force.
    pub effective: Value,
    /// Why, in words.
    pub reason: String,
}

/// How a search is to be run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SearchSetup {
    /// Neighbours wanted per query.
    pub k: usize,
    /// Threads one call may use.
    pub threads: usize,
}

/// How a build is to be run.
pub struct BuildJob<'a> {
    /// Threads it may use.
    pub threads: usize,
    /// Seed of everything random in it, where the library lets one choose.
    pub seed: u64,
    alone: bool,
    progress: Box<dyn FnMut(BuildProgress) + 'a>,
}

impl<'a> BuildJob<'a> {
    /// A build that reports its progress to nobody.
    pub fn new(threads: usize, seed: u64) -> Self {
        Self::with_progress(threads, seed, |_| {})
    }

    /// A build that reports its progress.
    pub fn with_progress(
        threads: usize,
        seed: u64,
        progress: impl FnMut(BuildProgress) + 'a,
    ) -> Self {
        Self {
            threads,
            seed,
            alone: false,
            progress: Box::new(progress),
        }
    }

    /// Promises that nothing else in this process uses the library until the build is done, so
    /// that it may be watched by means that belong to the whole process.
    #[must_use]
    pub fn alone(mut self) -> Self {
        self.alone = true;
        self
    }

    /// Whether nothing else in this process uses the library until the build is done.
    pub fn is_alone(&self) -> bool {
        self.alone
    }

    /// Tells how far the build is.
    pub fn report(&mut self, phase: BuildPhase, done: usize, total: usize) {
        (self.progress)(BuildProgress { phase, done, total });
    }
}

/// How far a build is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuildProgress {
    /// The phase under way.
    pub phase: BuildPhase,
    /// Vectors done in this phase.
    pub done: usize,
    /// Vectors to do in this phase.
    pub total: usize,
}

/// The two phases of a build.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BuildPhase {
    /// Learning from the vectors: centroids, codebooks.
    Train,
    /// Adding the vectors.
    Add,
}

/// A finished build.
#[derive(Debug)]
pub struct Built<I> {
    /// The index.
    pub index: I,
    /// Time spent learning from the vectors.
    pub train: Duration,
    /// Time spent adding them.
    pub add: Duration,
}

/// The library behind a backend, as found in this process.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Library {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The instruction sets it says it was compiled for.
    pub compile_options: String,
    /// Instruction sets that this CPU has and the library was not compiled for; empty is good.
    pub unused_cpu_features: Vec<String>,
    /// The BLAS it calls: version and build, in that library's own words.
    pub blas: Option<String>,
    /// The CPU family whose kernels BLAS chose.
    pub blas_core: Option<String>,
    /// Threads BLAS would use.
    pub blas_threads: Option<usize>,
    /// Threads OpenMP would use.
    pub openmp_threads: Option<usize>,
}
