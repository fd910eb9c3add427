//! The three nearest of ten thousand vectors, with the ties at the third place.
//!
//! `cargo run --release -p annbench-exact --example neighbors`
#![expect(clippy::print_stdout, reason = "an example shows its result")]

use annbench_exact::{Options, Searcher};
use annbench_vectors::{Matrix, Metric};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let component = |at: u32| (at.wrapping_mul(2_654_435_761) >> 29) as f32;
    let base = Matrix::from_vec((0..40_000).map(component).collect(), 4)?;
    let queries = Matrix::from_vec(vec![1.0, 2.0, 3.0, 4.0], 4)?;

    let searcher = Searcher::new(base.view(), Metric::L2, 2)?;
    let found = searcher.search(queries.view(), 3, &mut Options::new(2))?;
    for (row, score) in found.ids(0).iter().zip(found.scores(0)) {
        println!("row {row}, squared distance {score}");
    }
    println!("{} rows tie at the third place", found.ties_at_k(0));
    Ok(())
}
