//! Builds a small HNSW index over generated vectors, searches it, saves it, loads it.
//!
//! ```text
//! cargo run --release -p annbench-faiss --example search
//! ```
#![expect(clippy::print_stdout, reason = "an example prints what it finds")]

use std::error::Error;

use annbench_faiss::{HnswBackend, HnswBuild, HnswIndex, HnswSearch};
use annbench_index::{Backend, BuildJob, SearchSetup, TypedIndex};
use annbench_vectors::{Matrix, Metric, Neighbors, normalize_rows};

const N: usize = 5_000;
const DIM: usize = 64;
const K: usize = 5;

fn main() -> Result<(), Box<dyn Error>> {
    let base = generated()?;
    let build = HnswBuild {
        m: 16,
        ..HnswBuild::default()
    };
    let job = &mut BuildJob::new(1, 42);
    let built = HnswBackend.build(base.view(), Metric::Cosine, &build, job)?;
    println!(
        "built over {} vectors in {:.2?}",
        built.index.len(),
        built.add
    );

    let folder = tempfile::tempdir()?;
    let path = folder.path().join("index");
    built.index.save(&path)?;
    println!("saved as {} bytes", std::fs::metadata(&path)?.len());

    let mut index = HnswIndex::load(&path, Metric::Cosine)?;
    let setup = SearchSetup { k: K, threads: 1 };
    let effective = index.configure(&HnswSearch { ef_search: 64 }, setup)?;
    println!("loaded; searching with ef_search = {}", effective.ef_search);

    let queries = base.view().slice(0..3);
    let mut neighbors = Neighbors::new(queries.n(), K);
    index.search(queries, &mut neighbors.as_mut())?;
    for query_idx in 0..queries.n() {
        println!(
            "{query_idx}: {:?} {:.3?}",
            neighbors.ids(query_idx),
            neighbors.scores(query_idx)
        );
    }
    Ok(())
}

/// Normalised vectors around 50 directions, so that there is something near to find.
fn generated() -> Result<Matrix, Box<dyn Error>> {
    let hash = |place: usize| (place.wrapping_mul(2_654_435_761) >> 7) % 1000;
    let component = |row: usize, at: usize| {
        hash((row % 50) * DIM + at) as f32 - 500.0 + hash(row * DIM + at + 7_919) as f32 / 4.0
    };
    let values = (0..N * DIM).map(|place| component(place / DIM, place % DIM));
    let mut base = Matrix::from_vec(values.collect(), DIM)?;
    normalize_rows(&mut base)?;
    Ok(base)
}
