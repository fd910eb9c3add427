//! All four backends behave as every backend must.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper of tests fails as tests do"
)]

use std::sync::{Mutex, PoisonError};

use annbench_faiss::{FactoryBackend, FlatBackend, HnswBackend, IvfFlatBackend};
use annbench_index::{
    AnyBackend,
    conformance::{Case, run},
};
use annbench_vectors::Metric;

/// One suite at a time: OpenBLAS lends its threads to one caller, and sums of another's, which then
/// has none, are rounded in another order.
static TURN: Mutex<()> = Mutex::new(());

fn check(backend: &dyn AnyBackend, case: Case) {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let scratch = tempfile::tempdir().unwrap();
    run(backend, &case, scratch.path()).unwrap_or_else(|violations| panic!("{violations}"));
}

fn factory(description: &str) -> Case {
    Case::new().build("factory", description)
}

#[test]
fn flat() {
    check(&FlatBackend, Case::new());
}

#[test]
fn ivf_flat() {
    check(
        &IvfFlatBackend,
        Case::new().search("nprobe", 8).least_recall(1.0),
    );
    let few = Case::new().build("nlist", 16).search("nprobe", 2);
    check(&IvfFlatBackend, few.least_recall(0.2));
}

#[test]
fn hnsw() {
    check(&HnswBackend, Case::new().least_recall(0.98));
    let small = Case::new().build("m", 4).build("ef_construction", 8);
    check(&HnswBackend, small.search("ef_search", 4));
}

#[test]
fn factory_flat_and_graphs() {
    check(&FactoryBackend, factory("Flat"));
    check(
        &FactoryBackend,
        factory("HNSW16").search("ef_search", 40).least_recall(0.95),
    );
    let graph = factory("HNSW8,SQ8").search("ef_search", 40);
    check(
        &FactoryBackend,
        graph.least_recall(0.8).scores_are_of_compressed_vectors(),
    );
}

#[test]
fn factory_quantisers() {
    for (description, least_recall) in [
        ("SQ8", 0.9),
        ("SQfp16", 0.98),
        ("PQ8x4fs", 0.2),
        ("PCAR8,SQ8", 0.1),
    ] {
        let case = factory(description).scores_are_of_compressed_vectors();
        check(&FactoryBackend, case.least_recall(least_recall));
    }
}

#[test]
fn factory_lists_of_codes() {
    let coarse = factory("IVF16,PQ8x4fs").search("nprobe", 8);
    check(&FactoryBackend, coarse.scores_are_of_compressed_vectors());
    let full = factory("IVF4,PQ8x4np").search("nprobe", 4).search("ht", 20);
    check(&FactoryBackend, full.scores_are_of_compressed_vectors());
    let two_stages = factory("IVF16_HNSW8,SQ8")
        .search("nprobe", 8)
        .search("ef_search", 20);
    check(
        &FactoryBackend,
        two_stages.scores_are_of_compressed_vectors(),
    );
}

/// Refinement re-scores with the vectors themselves, so scores are true again.
#[test]
fn factory_refinement() {
    let refined = factory("IVF16,PQ8x4fs,RFlat").search("nprobe", 16);
    check(
        &FactoryBackend,
        refined.search("k_factor_rf", 10).least_recall(0.95),
    );
    let transformed = factory("OPQ8_16,IVF4,PQ8x4fs,RFlat").search("nprobe", 4);
    check(
        &FactoryBackend,
        transformed
            .search("k_factor_rf", 4)
            .metrics([Metric::Cosine]),
    );
}
