//! Building, the same for every kind: create, seed, train, add.

use std::time::{Duration, Instant};

use annbench_index::{BuildError, BuildJob, BuildPhase, Built};
use annbench_vectors::{MatrixView, Metric};

use crate::{
    index::{FaissIndex, Tuning, grant_threads},
    native::Native,
};

/// How many calls the vectors are added in.
///
/// More calls would give progress, but a build time must be the one that a user of FAISS gets, who
/// adds in one. For lists it is: FAISS divides an add into blocks of 65,536 itself. For a graph it
/// is not: over 40,000 WordNet vectors, 20 calls gave the same recall (0.994 at ef_search 64, 0.955
/// against 0.958 at 16) in 15.2 s of CPU against 18 to 23 s. One call inserts in random order, many
/// follow the order of the data, and there neighbours in the file are neighbours in meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Adding {
    /// One.
    Whole,
    /// One for each block that FAISS would make of it.
    Blocks,
}

const BLOCK: usize = 65_536;

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
    if base.n() == 0 {
        // LAPACK, asked for the principal components of nothing, complains on stderr.
        return Err(doing("train")(
            "the base is empty, there is nothing to learn from".to_owned(),
        ));
    }
    let n = base.n();
    job.report(BuildPhase::Train, 0, n);
    let start = Instant::now();
    native
        .train(base, &mut |done, total| {
            job.report(BuildPhase::Train, n * done / total, n);
        })
        .map_err(doing("train"))?;
    let train = start.elapsed();
    job.report(BuildPhase::Train, n, n);
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
        Adding::Blocks => BLOCK,
    };
    let mut add = Duration::ZERO;
    job.report(BuildPhase::Add, 0, n);
    for first in (0..n).step_by(step.max(1)) {
        let end = (first + step).min(n);
        let start = Instant::now();
        native
            .add(base.slice(first..end), job.is_alone(), &mut |done, _| {
                job.report(BuildPhase::Add, first + done, n);
            })
            .map_err(doing("add"))?;
        add += start.elapsed();
        job.report(BuildPhase::Add, end, n);
    }
    Ok(add)
}

fn doing(doing: &'static str) -> impl FnOnce(String) -> BuildError {
    move |reason| BuildError::Library { doing, reason }
}

#[cfg(test)]
mod tests {
    use annbench_index::{SearchSetup, TypedIndex};
    use annbench_vectors::{Matrix, Neighbors};

    use super::*;
    use crate::{FactorySearch, HnswSearch, IvfFlatSearch};

    /// 1,000 vectors of dim 16, each component from a hash of its place.
    fn base() -> Matrix {
        let value = |place: u64| {
            let mut bits = place.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            bits = (bits ^ (bits >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
            (bits >> 40) as f32 / (1 << 24) as f32
        };
        Matrix::from_vec((1..=16_000).map(value).collect(), 16).unwrap()
    }

    /// Ids of the neighbours of 100 vectors, by an index built with `seed`.
    fn found<S: Tuning>(factory: &str, search: &S, seed: u64) -> Vec<Vec<u64>> {
        let base = base();
        let job = &mut BuildJob::new(1, seed);
        let built = construct(
            factory,
            Adding::Blocks,
            base.view(),
            Metric::L2,
            job,
            |_| Ok(()),
        );
        let mut index: FaissIndex<S> = built.unwrap().index;
        index
            .configure(search, SearchSetup { k: 10, threads: 1 })
            .unwrap();
        let mut neighbors = Neighbors::new(100, 10);
        index
            .search(base.view().slice(0..100), &mut neighbors.as_mut())
            .unwrap();
        (0..100)
            .map(|query_idx| neighbors.ids(query_idx).to_vec())
            .collect()
    }

    fn check_seed_steers<S: Tuning>(factory: &str, search: S) {
        let first = found(factory, &search, 1);
        assert!(
            first == found(factory, &search, 1),
            "{factory}: one seed, two results"
        );
        assert!(
            first != found(factory, &search, 2),
            "{factory}: the seed changes nothing"
        );
    }

    #[test]
    fn the_seed_steers_lists_graphs_and_codebooks() {
        check_seed_steers("IVF40,Flat", IvfFlatSearch { nprobe: 2 });
        check_seed_steers("HNSW4", HnswSearch { ef_search: 10 });
        check_seed_steers("PQ8x4", FactorySearch::default());
        check_seed_steers("PQ8x4fs", FactorySearch::default());
        check_seed_steers("PCA8,IVF40,PQ4x4np", FactorySearch::default());
    }

    /// What a build reports of one phase, in order: vectors done.
    fn reported(factory: &str, threads: usize, phase: BuildPhase) -> Vec<usize> {
        let base = base();
        let mut all = Vec::new();
        let mut job = BuildJob::with_progress(threads, 42, |progress| {
            if progress.phase == phase {
                assert_eq!(progress.total, base.n());
                all.push(progress.done);
            }
        })
        .alone();
        construct::<FactorySearch>(
            factory,
            Adding::Whole,
            base.view(),
            Metric::L2,
            &mut job,
            |_| Ok(()),
        )
        .unwrap();
        drop(job);
        all
    }

    #[test]
    fn k_means_tells_each_of_its_10_iterations() {
        for factory in ["IVF40,Flat", "PCA8,IVF40_HNSW4,SQ8"] {
            let done = reported(factory, 1, BuildPhase::Train);
            let expected: Vec<usize> = (0..=10).map(|i| i * 100).chain([1000]).collect();
            assert_eq!(done, expected, "{factory}");
        }
    }

    #[test]
    fn a_graph_tells_how_far_it_is_and_never_goes_back() {
        for threads in [1, 2] {
            let done = reported("HNSW4,SQ8", threads, BuildPhase::Add);
            assert!(done.is_sorted() && done.last() == Some(&1000), "{done:?}");
            assert!(done.len() >= 4, "{threads} threads: {done:?}");
        }
    }

    #[test]
    fn too_few_vectors_to_learn_from_are_an_error_in_the_words_of_faiss() {
        let base = base();
        let few = base.view().slice(0..10);
        let job = &mut BuildJob::new(1, 1);
        let built: Result<Built<FaissIndex<FactorySearch>>, _> =
            construct("PQ8", Adding::Whole, few, Metric::L2, job, |_| Ok(()));
        let error = built.err().unwrap().to_string();
        assert!(
            error.starts_with("train: ") && error.contains("should be at least as large"),
            "{error}"
        );
    }
}
