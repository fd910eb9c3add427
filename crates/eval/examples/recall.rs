//! recall@10 of an index that looks at half of the base, with its interval.
//!
//! `cargo run --release -p annbench-eval --example recall`
#![expect(clippy::print_stdout, reason = "an example shows its result")]

use annbench_eval::{Bootstrap, GroundTruth, recall, recall_interval};
use annbench_exact::{Options, search};
use annbench_vectors::{Matrix, Metric, Neighbors, ShapeError};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (base, queries) = (random(2_000, 1)?, random(200, 2)?);
    let (base, queries) = (base.view(), queries.view());
    let mut options = Options::new(2);
    let truth = GroundTruth::compute(base, queries, Metric::L2, 10, &mut options)?;

    let half = search(base.slice(0..1_000), queries, Metric::L2, 10, &mut options)?;
    let mut neighbors = Neighbors::new(200, 10);
    for query_idx in 0..200 {
        let scores = half.scores(query_idx).iter().map(|&score| score as f32);
        let pairs = half.ids(query_idx).iter().copied().zip(scores);
        neighbors.as_mut().fill(query_idx, pairs);
    }

    let report = recall(&truth, base, queries, &neighbors, 2)?;
    if let Some(interval) = recall_interval(&report.per_query(), &Bootstrap::default()) {
        let (value, low, high) = (interval.value, interval.low, interval.high);
        println!("recall@10 {value:.3}, 95 % interval {low:.3} to {high:.3}");
    }
    Ok(())
}

/// `n` vectors of 8 random components.
fn random(n: usize, seed: u64) -> Result<Matrix, ShapeError> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    Matrix::from_vec((0..8 * n).map(|_| rng.random()).collect(), 8)
}
