//! The runner with a backend of one's own: here the null index, any other would do.
//!
//! `cargo run --release -p annbench-runner --example own_backend` measures it on generated vectors
//! and prints what it found. The workers are this very program, started with the argument `worker`.
#![expect(clippy::print_stdout, reason = "an example prints what it finds")]

use annbench_index::{NullBackend, Registry};
use annbench_runner::{Experiment, Plan, Prepared, Setup, Silent, Steering, Stop, run, worker};
use annbench_store::{Embeddings, WriteOptions, write_parquet};
use annbench_vectors::{Ids, Matrix};

const EXPERIMENT: &str = r#"
name = "example"
k = 5
dataset = { path = "base.parquet", metric = "l2", queries = { sample = 100 } }
measure = { rounds = 3 }
index = [{ type = "null" }]
"#;

fn main() -> anyhow::Result<()> {
    let registry = Registry::new().with(NullBackend);
    if std::env::args().nth(1).as_deref() == Some("worker") {
        worker::end_with_coordinator();
        worker::serve(std::io::stdin().lock(), std::io::stdout().lock(), &registry)?;
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    let values = (0..16_000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 16) as f32);
    let base = Embeddings::new(Matrix::from_vec(values.collect(), 16)?, Ids::Rows(1000))?;
    write_parquet(
        &folder.path().join("base.parquet"),
        &base,
        &WriteOptions::default(),
    )?;
    let config = folder.path().join("example.toml");
    std::fs::write(&config, EXPERIMENT)?;

    let setup = Setup {
        registry: &registry,
        steering: Steering::default(),
        worker: (std::env::current_exe()?, vec!["worker".into()]),
        runs: folder.path().join("runs"),
        cache: folder.path().join("cache"),
        fresh: false,
        is_repetition: false,
        rebuild: false,
        stop: Stop::default(),
    };
    let written = Experiment::load(&config, &[])?;
    let data = Prepared::load(&written, &setup.cache, &mut Silent)?;
    let plan = Plan::resolve(&written, &data, &registry)?;
    let finished = run(&written, &data, &plan, &setup, &mut Silent)?;
    for point in &finished.points {
        let (recall, qps) = (point.recall.map(|r| r.value), point.qps.map(|q| q.value));
        println!(
            "{} {}: recall {recall:?}, {qps:.0?} qps",
            point.label,
            point.mode.name()
        );
    }
    Ok(())
}
