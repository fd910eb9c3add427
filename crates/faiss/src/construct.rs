//! Building, the same for every kind: create, seed, train, add.

use std::time::{Duration, Instant};

use annbench_index::{BuildError, BuildJob, BuildPhase, Built};
use annbench_vectors::{MatrixView, Metric};

use crate::{
    index::{FaissIndex, Tuning, grant_threads},
    native::Native,
};

/// How many calls the vectors are added in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Adding {
    /// One.
    Whole,
    /// Twenty, for the sake of progress.
    Chunks,
}

const CHUNKS: usize = 20;

/// Builds the index that `factory` describes; `prepare` sets what must be set before training.
pub(crate) fn construct<S: Tuning>(
    factory: &str,
    adding: Adding,
    base: MatrixView<'_>,
    metric: Metric,
    job: &mut BuildJob<'_>,
    prepare: impl FnOnce(&mut Native) -> Result<(), String>,
) -> Result<Built<FaissIndex<S>>, BuildError> {
    grant_threads(job.threads).map_err(|error| BuildError::Library {
        doing: "create",
        reason: error.to_string(),
    })?;
    let mut native = Native::create(base.dim(), factory, metric).map_err(doing("create"))?;
    native.seed(job.seed);
    prepare(&mut native).map_err(doing("create"))?;
    let train = train(&mut native, base, job)?;
    let add = add(&mut native, base, adding, job)?;
    Ok(Built {
        index: FaissIndex::new(native, metric),
        train,
        add,
    })
}

fn train(
    native: &mut Native,
    base: MatrixView<'_>,
    job: &mut BuildJob<'_>,
) -> Result<Duration, BuildError> {
    if native.is_trained() {
        return Ok(Duration::ZERO);
    }
    job.report(BuildPhase::Train, 0, base.n());
    let start = Instant::now();
    native.train(base).map_err(doing("train"))?;
    let train = start.elapsed();
    job.report(BuildPhase::Train, base.n(), base.n());
    Ok(train)
}

fn add(
    native: &mut Native,
    base: MatrixView<'_>,
    adding: Adding,
    job: &mut BuildJob<'_>,
) -> Result<Duration, BuildError> {
    let n = base.n();
    let step = match adding {
        Adding::Whole => n,
        Adding::Chunks => n.div_ceil(CHUNKS),
    };
    let mut add = Duration::ZERO;
    job.report(BuildPhase::Add, 0, n);
    for first in (0..n).step_by(step.max(1)) {
        let end = (first + step).min(n);
        let start = Instant::now();
        native.add(base.slice(first..end)).map_err(doing("add"))?;
        add += start.elapsed();
        job.report(BuildPhase::Add, end, n);
    }
    Ok(add)
}

fn doing(doing: &'static str) -> impl FnOnce(String) -> BuildError {
    move |reason| BuildError::Library { doing, reason }
}
