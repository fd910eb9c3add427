//! Exact search as an index.

use annbench_exact::ExactBackend;
use annbench_index::{
    BuildJob, Params, Registry, SearchSetup,
    conformance::{Case, run},
};
use annbench_vectors::{Matrix, Metric, Neighbors};

use crate::int8::normal;

#[test]
fn it_conforms() {
    let scratch = tempfile::tempdir().unwrap();
    let case = Case::new().least_recall(1.0);
    run(&ExactBackend, &case, scratch.path()).unwrap();
}

#[test]
fn rows_end_where_the_base_does() {
    let registry = Registry::new().with(ExactBackend);
    let backend = registry.get("exact").unwrap();
    let base = Matrix::from_vec(vec![0.0, 1.0, 5.0], 1).unwrap();
    let mut job = BuildJob::new(1, 42);
    let built = backend.build(base.view(), Metric::L2, &Params::new(), &mut job);
    let mut index = built.unwrap().index;
    let setup = SearchSetup { k: 5, threads: 2 };
    index.configure(&Params::new(), setup).unwrap();
    let mut neighbors = Neighbors::new(1, 5);
    let query = Matrix::from_vec(vec![2.0], 1).unwrap();
    index.search(query.view(), &mut neighbors.as_mut()).unwrap();
    assert_eq!(neighbors.ids(0), [1, 0, 2]);
    assert_eq!(neighbors.scores(0), [1.0, 4.0, 9.0]);
}

#[test]
fn a_build_tells_how_far_it_is_until_all_vectors_are_added() {
    let registry = Registry::new().with(ExactBackend);
    let backend = registry.get("exact").unwrap();
    let base = normal(10_000, 8, 1);
    let mut seen = Vec::new();
    let mut job = BuildJob::with_progress(2, 42, |progress| seen.push(progress));
    let built = backend.build(base.view(), Metric::L2, &Params::new(), &mut job);
    assert_eq!(built.unwrap().index.len(), 10_000);
    drop(job);
    let done: Vec<usize> = seen.iter().map(|progress| progress.done).collect();
    assert!(done.is_sorted() && done[0] < 10_000, "{done:?}");
    assert_eq!(done.last(), Some(&10_000));
    assert!(seen.iter().all(|progress| progress.total == 10_000));
}
