//! One suite for every backend: what a user may rely on, whatever does the work.
//!
//! A backend's tests call [`run`] with a [`Case`] for each of its kinds:
//!
//! ```
//! use annbench_index::{NullBackend, conformance::{Case, run}};
//!
//! let scratch = std::env::temp_dir();
//! run(&NullBackend, &Case::new().scores_mean_nothing(), &scratch)?;
//! # Ok::<(), annbench_index::conformance::Violations>(())
//! ```
//!
//! It covers the lifecycle, recall and scores against a float64 brute force, k above n, an empty
//! base, one vector, duplicates, damaged files, searching with one and two threads, one query at
//! a time and permuted, building twice, configuring again, and parameters that must be refused.

mod data;
mod parameters;
mod results;
mod robustness;

use std::{
    cell::{RefCell, RefMut},
    error::Error,
    fmt,
    path::Path,
};

use annbench_vectors::{Matrix, MatrixView, Metric, Neighbors};
use serde_json::Value;

use crate::{AnyBackend, BaseFacts, BuildJob, Built, Index, Params, SearchSetup};

/// Parameters to test a backend with, and what may be expected of it then.
#[derive(Debug, Clone)]
pub struct Case {
    build: Params,
    search: Params,
    n: usize,
    metrics: Vec<Metric>,
    least_recall: f64,
    scores: Scores,
}

/// What the scores an index reports are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scores {
    /// Those of the vectors, up to rounding.
    True,
    /// Those of compressed vectors: ordered, but not the true ones.
    Compressed,
    /// Not scores at all.
    Meaningless,
}

impl Default for Case {
    fn default() -> Self {
        Self::new()
    }
}

impl Case {
    /// All defaults, 600 base vectors of dim 16, all metrics, true scores, no least recall.
    pub fn new() -> Self {
        Self {
            build: Params::new(),
            search: Params::new(),
            n: 600,
            metrics: Metric::ALL.to_vec(),
            least_recall: 0.0,
            scores: Scores::True,
        }
    }

    /// Sets a build parameter.
    #[must_use]
    pub fn build(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.build.set(key, value);
        self
    }

    /// Sets a search parameter.
    #[must_use]
    pub fn search(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.search.set(key, value);
        self
    }

    /// Sets how many base vectors there are; at least 20.
    #[must_use]
    pub fn base_vectors(mut self, n: usize) -> Self {
        self.n = n.max(20);
        self
    }

    /// Sets the metrics that the backend serves.
    #[must_use]
    pub fn metrics(mut self, metrics: impl Into<Vec<Metric>>) -> Self {
        self.metrics = metrics.into();
        self
    }

    /// Sets the recall@10 that must be reached; an exact backend must reach 1 without this.
    #[must_use]
    pub fn least_recall(mut self, recall: f64) -> Self {
        self.least_recall = recall;
        self
    }

    /// Says that scores are those of compressed vectors: ordered, but not the true ones.
    #[must_use]
    pub fn scores_are_of_compressed_vectors(mut self) -> Self {
        self.scores = Scores::Compressed;
        self
    }

    /// Says that scores are not scores at all.
    #[must_use]
    pub fn scores_mean_nothing(mut self) -> Self {
        self.scores = Scores::Meaningless;
        self
    }
}

/// Runs every check with every metric of the case. Files are written into folder `scratch`.
///
/// # Errors
/// [`Violations`] lists every check that failed.
pub fn run(backend: &dyn AnyBackend, case: &Case, scratch: &Path) -> Result<(), Violations> {
    let mut found = Vec::new();
    for &metric in &case.metrics {
        let suite = Suite {
            backend,
            case,
            metric,
            scratch,
            base: data::vectors(case.n, 1, metric),
            queries: data::vectors(QUERIES, 2, metric),
            shared: RefCell::new(None),
        };
        let checks = [results::CHECKS, robustness::CHECKS, parameters::CHECKS].concat();
        found.extend(checks.into_iter().filter_map(|(rule, check)| {
            let reason = check(&suite).err()?.to_string();
            Some(Violation {
                metric,
                rule,
                reason,
            })
        }));
    }
    if found.is_empty() {
        return Ok(());
    }
    Err(Violations {
        backend: backend.name(),
        case: format!("{}; {}", case.build, case.search),
        found,
    })
}

/// What a backend does not do as it should.
#[derive(Debug, Clone, PartialEq)]
pub struct Violations {
    /// The backend.
    pub backend: &'static str,
    /// Its parameters.
    pub case: String,
    /// One for every check that failed.
    pub found: Vec<Violation>,
}

/// One check that failed.
#[derive(Debug, Clone, PartialEq)]
pub struct Violation {
    /// The metric it failed with.
    pub metric: Metric,
    /// What should be.
    pub rule: &'static str,
    /// What was found.
    pub reason: String,
}

impl fmt::Display for Violations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}):", self.backend, self.case)?;
        for violation in &self.found {
            let Violation {
                metric,
                rule,
                reason,
            } = violation;
            write!(f, "\n  {metric}: {rule}: {reason}")?;
        }
        Ok(())
    }
}

impl Error for Violations {}

const QUERIES: usize = 30;
const K: usize = 10;
const SEED: u64 = 42;

type Outcome = Result<(), Box<dyn Error>>;
type Check = (&'static str, fn(&Suite<'_>) -> Outcome);

fn ensure(holds: bool, otherwise: impl FnOnce() -> String) -> Outcome {
    if holds {
        Ok(())
    } else {
        Err(otherwise().into())
    }
}

/// A backend under test with one metric.
struct Suite<'a> {
    backend: &'a dyn AnyBackend,
    case: &'a Case,
    metric: Metric,
    scratch: &'a Path,
    base: Matrix,
    queries: Matrix,
    shared: RefCell<Option<Box<dyn Index>>>,
}

impl Suite<'_> {
    fn facts(&self, base: MatrixView<'_>) -> BaseFacts {
        BaseFacts {
            n: base.n(),
            dim: base.dim(),
            metric: self.metric,
        }
    }

    /// Build parameters in force for the whole base.
    fn build_params(&self) -> Result<Params, Box<dyn Error>> {
        let facts = self.facts(self.base.view());
        Ok(self.backend.resolve(&self.case.build, facts)?.params)
    }

    fn build(
        &self,
        base: MatrixView<'_>,
        threads: usize,
    ) -> Result<Built<Box<dyn Index>>, Box<dyn Error>> {
        let facts = self.facts(base);
        let build = self.backend.resolve(&self.case.build, facts)?.params;
        self.backend
            .resolve_search(&build, &self.case.search, facts)?;
        let job = &mut BuildJob::new(threads, SEED);
        Ok(self.backend.build(base, self.metric, &build, job)?)
    }

    /// The index over the whole base, configured to find [`K`] with one thread. Built once, for
    /// some kinds take long; what one check set must not matter to the next.
    fn index(&self) -> Result<RefMut<'_, dyn Index>, Box<dyn Error>> {
        let mut shared = self.shared.borrow_mut();
        let index = match shared.take() {
            Some(index) => index,
            None => self.build(self.base.view(), 1)?.index,
        };
        let index = RefMut::map(shared, |shared| &mut **shared.insert(index));
        self.configured(index)
    }

    fn configured<'a>(
        &self,
        mut index: RefMut<'a, dyn Index>,
    ) -> Result<RefMut<'a, dyn Index>, Box<dyn Error>> {
        self.configure(&mut *index, K, 1)?;
        Ok(index)
    }

    fn configure(
        &self,
        index: &mut dyn Index,
        k: usize,
        threads: usize,
    ) -> Result<Params, Box<dyn Error>> {
        let setup = SearchSetup { k, threads };
        Ok(index.configure(&self.case.search, setup)?)
    }

    fn scores_are_true(&self) -> bool {
        self.case.scores == Scores::True
    }
}

fn search(
    index: &dyn Index,
    queries: MatrixView<'_>,
    k: usize,
) -> Result<Neighbors, Box<dyn Error>> {
    let mut neighbors = Neighbors::new(queries.n(), k);
    index.search(queries, &mut neighbors.as_mut())?;
    Ok(neighbors)
}
