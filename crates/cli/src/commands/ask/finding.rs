//! Asking an index, and exact search beside it.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use annbench_eval::{ExactOptions, GroundTruth};
use annbench_index::{Index, IndexCard, Params, SearchSetup};
use annbench_runner::all_threads;
use annbench_vectors::{Matrix, Metric, Neighbors, normalize_rows};
use anyhow::{Context, Result};

use super::{Answer, place::Place, table::TextTable};
use crate::{
    args::AskArgs,
    backends::registry,
    commands::{inputs, search},
    exit::BadArgument,
};

/// What one index answers.
pub(super) fn answer_of(
    path: &Path,
    place: &Place,
    texts: &TextTable,
    question: &Matrix,
    args: &AskArgs,
) -> Result<Answer> {
    let (mut index, card) = registry().open(path)?;
    let rows = texts.rows_of(&search::ids(path, &card)?)?;
    let mut query = question.clone();
    let mut base = texts.embeddings.vectors.select(&rows);
    if card.metric == Metric::Cosine {
        for vectors in [&mut query, &mut base] {
            normalize_rows(vectors).map_err(|zero| BadArgument(zero.to_string()))?;
        }
    }
    let setup = SearchSetup {
        k: args.k,
        threads: 1,
    };
    let measured = place.measured(path)?;
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    let (label, params) = measured.unwrap_or((file.into_owned(), Params::default()));
    let params = match args.set.is_empty() {
        true => params,
        false => inputs::params(&args.set)?,
    };
    let effective = index
        .configure(&params, setup)
        .context("the search parameters")?;
    let (found, took) = searched(&*index, &query, args.k)?;
    let (exact, exact_took) = exactly(&base, &query, &card, args.k)?;
    let named = |found: Vec<(usize, f64)>| {
        let named = |(row, score)| texts.found(rows[row], score);
        found.into_iter().map(named).collect()
    };
    Ok(Answer {
        label,
        effective: effective.to_string(),
        metric: card.metric,
        n: card.n,
        found: named(found),
        exact: named(exact),
        took,
        exact_took,
    })
}

type Timed = (Vec<(usize, f64)>, Duration);

/// Rows of the index with their scores. The first search warms caches up, the second is timed.
fn searched(index: &dyn Index, query: &Matrix, k: usize) -> Result<Timed> {
    let mut neighbors = Neighbors::new(1, k);
    let mut took = Duration::ZERO;
    for _ in 0..2 {
        let start = Instant::now();
        index
            .search(query.view(), &mut neighbors.as_mut())
            .map_err(|error| BadArgument(error.to_string()))?;
        took = start.elapsed();
    }
    let pairs = neighbors.ids(0).iter().zip(neighbors.scores(0));
    Ok((
        pairs
            .map(|(&row, &score)| (row as usize, f64::from(score)))
            .collect(),
        took,
    ))
}

fn exactly(base: &Matrix, query: &Matrix, card: &IndexCard, k: usize) -> Result<Timed> {
    let mut options = ExactOptions::new(all_threads());
    let start = Instant::now();
    let truth = GroundTruth::compute(base.view(), query.view(), card.metric, k, &mut options)?;
    let took = start.elapsed();
    let pairs = truth.ids(0).iter().zip(truth.scores(0));
    Ok((
        pairs.map(|(&row, &score)| (row as usize, score)).collect(),
        took,
    ))
}
