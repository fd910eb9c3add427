//! What the way to a search costs: the null index through the trait (under 50 ns a query), and
//! FAISS through the trait beside a bare loop over its C function (within 1 percent).
#![expect(
    clippy::unwrap_used,
    reason = "a benchmark that cannot run has nothing to report"
)]

use std::{hint::black_box, time::Instant};

use annbench_benches::vectors;
use annbench_faiss::{HnswBackend, HnswBuild, HnswIndex, bare};
use annbench_index::{
    Backend, BuildJob, Erased, Index, NullBackend, Params, Registry, SearchSetup,
};
use annbench_vectors::{Matrix, MatrixView, Metric, Neighbors};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const K: usize = 10;
const N_QUERIES: usize = 200;

/// One query a call with a time stamp before and after, as the runner's mode `single` does it.
fn one_by_one(
    index: &dyn Index,
    queries: MatrixView<'_>,
    out: &mut Neighbors,
    latencies_ns: &mut [u64],
) {
    for (query_idx, latency_ns) in latencies_ns.iter_mut().enumerate() {
        let query = queries.slice(query_idx..query_idx + 1);
        let mut row = out.row_mut(query_idx);
        let start = Instant::now();
        index.search(query, &mut row).unwrap();
        *latency_ns = start.elapsed().as_nanos() as u64;
    }
}

fn null_index(criterion: &mut Criterion) {
    let base = vectors(1_000, 1).unwrap();
    let registry = Registry::new().with(NullBackend);
    let backend = registry.get("null").unwrap();
    let mut job = BuildJob::new(1, 42);
    let built = backend.build(base.view(), Metric::L2, &Params::new(), &mut job);
    let index = built.unwrap().index;
    let mut out = Neighbors::new(1, K);
    let query = base.view().slice(0..1);
    criterion.bench_function("search path/null index, one query", |bencher| {
        bencher.iter(|| index.search(black_box(query), &mut out.row_mut(0)).unwrap());
    });
}

fn hnsw(base: &Matrix) -> Erased<HnswIndex> {
    let mut job = BuildJob::new(2, 42);
    let build = HnswBuild::default();
    let built = HnswBackend.build(base.view(), Metric::L2, &build, &mut job);
    let mut index = Erased::new(built.unwrap().index);
    let setup = SearchSetup { k: K, threads: 1 };
    index.configure(&Params::new(), setup).unwrap();
    index
}

fn trait_and_bare(criterion: &mut Criterion) {
    let base = vectors(5_000, 1).unwrap();
    let queries = vectors(N_QUERIES, 2).unwrap();
    let index = hnsw(&base);
    let mut out = Neighbors::new(N_QUERIES, K);
    let mut latencies_ns = vec![0; N_QUERIES];
    let mut group = criterion.benchmark_group("search path/hnsw, 200 queries");
    group
        .throughput(Throughput::Elements(N_QUERIES as u64))
        .sample_size(50);
    group.bench_function("through the trait", |bencher| {
        bencher.iter(|| one_by_one(&index, queries.view(), &mut out, &mut latencies_ns));
    });
    group.bench_function("bare faiss_Index_search", |bencher| {
        let mut search = || {
            let (queries, mut out) = (queries.view(), out.as_mut());
            bare::search_one_by_one(index.typed(), queries, &mut out, &mut latencies_ns)
        };
        bencher.iter(|| search().unwrap());
    });
}

criterion_group!(benches, null_index, trait_and_bare);
criterion_main!(benches);
