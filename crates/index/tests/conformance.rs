//! The null index behaves as every backend must.

use annbench_index::{
    NullBackend,
    conformance::{Case, run},
};

#[test]
fn the_null_backend_conforms() {
    let scratch = tempfile::tempdir().unwrap();
    run(
        &NullBackend,
        &Case::new().scores_mean_nothing(),
        scratch.path(),
    )
    .unwrap_or_else(|violations| panic!("{violations}"));
}

#[test]
fn what_a_backend_does_wrong_is_said() {
    let scratch = tempfile::tempdir().unwrap();
    let violations = run(&NullBackend, &Case::new().least_recall(0.9), scratch.path()).unwrap_err();
    let said = violations.to_string();
    assert!(
        said.contains("l2: scores are those of the vectors"),
        "{said}"
    );
    assert!(said.contains("l2: recall is what was promised"), "{said}");
}
