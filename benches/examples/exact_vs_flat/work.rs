//! The vectors of each work, and which searches are timed on them.

use std::path::Path;

use annbench_benches::normal;
use annbench_store::{LoadOptions, load};
use annbench_vectors::{Matrix, Metric, normalize_rows};

use super::{
    Outcome,
    arguments::Arguments,
    contest::{Contest, Queries},
};

/// Queries of the single search: one takes milliseconds.
const ONE_BY_ONE: usize = 100;

pub(crate) fn files(arguments: &Arguments) -> Outcome {
    let Some([base, queries]) = &arguments.files else {
        return Err("the work `files` needs the files of a base and of queries".into());
    };
    let metric = arguments.metric;
    let (base, queries) = (read(base, metric)?, read(queries, metric)?);
    let queries = first(&queries, arguments.queries.unwrap_or(usize::MAX));
    let mut contest = Contest::new(&base, &base, metric, arguments)?;
    for k in [10, 100] {
        contest.batch(&Queries::new(&queries, &queries), k)?;
    }
    let single = first(&queries, ONE_BY_ONE);
    contest.one_by_one(&Queries::new(&single, &single), 10)
}

/// For FAISS, which takes nothing else, the same values in f32.
pub(crate) fn bytes(arguments: &Arguments) -> Outcome {
    let byte = |matrix: Matrix| matrix.view().map(|value| (value * 40.0 + 128.0) as u8);
    let wide = |matrix: &Matrix<u8>| matrix.view().map(|value| f32::from(*value));
    let n_queries = arguments.queries.unwrap_or(10_000);
    let (base, queries) = (
        byte(normal(1_000_000, 128, 1)?),
        byte(normal(n_queries, 128, 2)?),
    );
    let (wide_base, wide_queries) = (wide(&base), wide(&queries));
    let mut contest = Contest::new(&base, &wide_base, Metric::L2, arguments)?;
    contest.batch(&Queries::new(&queries, &wide_queries), 100)
}

pub(crate) fn gaussian(arguments: &Arguments) -> Outcome {
    let n_queries = arguments.queries.unwrap_or(1_000);
    let metric = Metric::Cosine;
    let (mut base, mut queries) = (normal(200_000, 768, 1)?, normal(n_queries, 768, 2)?);
    normalize_rows(&mut base)?;
    normalize_rows(&mut queries)?;
    let mut contest = Contest::new(&base, &base, metric, arguments)?;
    contest.batch(&Queries::new(&queries, &queries), 10)
}

fn read(path: &str, metric: Metric) -> Outcome<Matrix> {
    let mut vectors = load(Path::new(path), &LoadOptions::default(), &mut |_| {})?.vectors;
    if metric == Metric::Cosine {
        normalize_rows(&mut vectors)?;
    }
    Ok(vectors)
}

fn first(vectors: &Matrix, most: usize) -> Matrix {
    let rows = vectors.view().slice(0..most.min(vectors.n()));
    rows.map(|value| *value)
}
