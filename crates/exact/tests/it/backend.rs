//! Exact search as an index.

use annbench_exact::ExactBackend;
use annbench_index::{
    BuildJob, Params, Registry, SearchSetup,
    conformance::{Case, run},
};
use annbench_vectors::{Matrix, Metric, Neighbors};

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
