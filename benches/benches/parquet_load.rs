//! Loading 20,000 embeddings from Parquet, in bytes of the matrix a second.
#![expect(
    clippy::unwrap_used,
    reason = "a benchmark that cannot run has nothing to report"
)]

use annbench_benches::vectors;
use annbench_store::{Dtype, Embeddings, LoadOptions, WriteOptions, load, load_on, write_parquet};
use annbench_vectors::Ids;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

fn canonical(criterion: &mut Criterion) {
    let matrix = vectors(20_000, 1).unwrap();
    let matrix_bytes = 4 * matrix.as_slice().len() as u64;
    let embeddings = Embeddings::new(matrix, Ids::Rows(20_000)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut group = criterion.benchmark_group("parquet load");
    group
        .throughput(Throughput::Bytes(matrix_bytes))
        .sample_size(20);
    for dtype in [Dtype::F32, Dtype::F16] {
        let path = folder.path().join(dtype.name());
        let options = WriteOptions {
            dtype,
            ..WriteOptions::default()
        };
        write_parquet(&path, &embeddings, &options).unwrap();
        group.bench_function(dtype.name(), |bencher| {
            bencher.iter(|| load(&path, &LoadOptions::default(), &mut |_| {}).unwrap());
        });
        group.bench_function(format!("{dtype} on 2 threads"), |bencher| {
            bencher.iter(|| load_on(&path, &LoadOptions::default(), 2, &mut |_| {}).unwrap());
        });
    }
}

criterion_group!(benches, canonical);
criterion_main!(benches);
