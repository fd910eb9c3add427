//! recall@10 of 1,000 queries.
#![expect(
    clippy::unwrap_used,
    reason = "a benchmark that cannot run has nothing to report"
)]

use annbench_benches::vectors;
use annbench_eval::{GroundTruth, recall};
use annbench_exact::Options;
use annbench_vectors::{Metric, Neighbors};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const N_QUERIES: usize = 1_000;
const K: usize = 10;

fn of_1000_queries(criterion: &mut Criterion) {
    let (base, queries) = (vectors(20_000, 1).unwrap(), vectors(N_QUERIES, 2).unwrap());
    let (base, queries) = (base.view(), queries.view());
    let mut options = Options::new(2);
    let truth = GroundTruth::compute(base, queries, Metric::Cosine, K, &mut options).unwrap();
    let mut found = Neighbors::new(N_QUERIES, K);
    for query_idx in 0..N_QUERIES {
        let pairs = truth.ids(query_idx).iter().map(|&id| (id, 0.0));
        found.as_mut().fill(query_idx, pairs);
    }
    let mut group = criterion.benchmark_group("recall@10");
    group.throughput(Throughput::Elements(N_QUERIES as u64));
    for threads in [1, 2] {
        group.bench_function(format!("{threads} threads"), |bencher| {
            bencher.iter(|| recall(&truth, base, queries, &found, threads).unwrap());
        });
    }
}

criterion_group!(benches, of_1000_queries);
criterion_main!(benches);
