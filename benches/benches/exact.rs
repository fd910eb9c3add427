//! Exact search: pairs of a query and a base vector a second, by every kernel this CPU has and by
//! the f32 pass alone.
#![expect(
    clippy::unwrap_used,
    reason = "a benchmark that cannot run has nothing to report"
)]

use annbench_benches::vectors;
use annbench_exact::{Kernel, Options, Searcher};
use annbench_vectors::Metric;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

const N: usize = 20_000;

fn batch(criterion: &mut Criterion) {
    let (base, queries) = (vectors(N, 1).unwrap(), vectors(64, 2).unwrap());
    let mut group = criterion.benchmark_group("exact/64 queries");
    group.throughput(Throughput::Elements((N * queries.n()) as u64));
    group.sample_size(10);
    for metric in Metric::ALL {
        let searcher = Searcher::new(base.view(), metric, 1).unwrap();
        for k in [10, 100] {
            group.bench_function(
                BenchmarkId::new(metric.name(), format!("k {k}")),
                |bencher| {
                    let search = || searcher.search(queries.view(), k, &mut Options::new(1));
                    bencher.iter(|| search().unwrap());
                },
            );
        }
    }
}

/// The f32 pass, and the int8 pass of each kernel.
fn ways() -> impl Iterator<Item = (&'static str, Option<Kernel>)> {
    let available = Kernel::ALL
        .into_iter()
        .filter(|kernel| kernel.is_available());
    let kernels = available.map(|kernel| (kernel.name(), Some(kernel)));
    kernels.chain([("f32", None)])
}

fn kernels(criterion: &mut Criterion) {
    let (base, queries) = (vectors(N, 1).unwrap(), vectors(64, 2).unwrap());
    let mut group = criterion.benchmark_group("exact/64 queries, cosine, k 10");
    group.throughput(Throughput::Elements((N * queries.n()) as u64));
    group.sample_size(10);
    for (name, kernel) in ways() {
        let searcher = Searcher::with_kernel(base.view(), Metric::Cosine, kernel, 1).unwrap();
        group.bench_function(name, |bencher| {
            let search = || searcher.search(queries.view(), 10, &mut Options::new(1));
            bencher.iter(|| search().unwrap());
        });
    }
}

fn packing(criterion: &mut Criterion) {
    let base = vectors(N, 1).unwrap();
    let mut group = criterion.benchmark_group("exact/packing");
    group.throughput(Throughput::Elements(N as u64));
    group.sample_size(10);
    for (name, kernel) in ways() {
        group.bench_function(name, |bencher| {
            let pack = || Searcher::with_kernel(base.view(), Metric::Cosine, kernel, 1);
            bencher.iter(|| pack().unwrap());
        });
    }
}

fn one_query(criterion: &mut Criterion) {
    let (base, query) = (vectors(N, 1).unwrap(), vectors(1, 2).unwrap());
    let searcher = Searcher::new(base.view(), Metric::Cosine, 1).unwrap();
    let mut group = criterion.benchmark_group("exact/one query");
    group.throughput(Throughput::Elements(N as u64));
    group.sample_size(50);
    for threads in [1, 2] {
        group.bench_function(format!("{threads} threads"), |bencher| {
            let search = || searcher.search(query.view(), 10, &mut Options::new(threads));
            bencher.iter(|| search().unwrap());
        });
    }
}

criterion_group!(benches, batch, kernels, packing, one_query);
criterion_main!(benches);
