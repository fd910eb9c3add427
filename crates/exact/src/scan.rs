//! One task: some queries against some rows of the base.

use std::array::from_fn;

use annbench_vectors::{MatrixView, Metric};

use crate::{
    ExactError,
    bound::{Measure, key_of_score},
    kernel::{QUERIES, ROWS, tile},
    options::Control,
    schedule::Task,
    top::{Finished, Top},
};

/// Bytes of base vectors that are compared with all queries of a task before the next are read:
/// they stay in the first-level cache.
const CHUNK_BYTES: usize = 16 << 10;

/// Pairs after which a task says how far it is and asks whether to go on: some milliseconds.
const PAIRS_BETWEEN_CHECKS: usize = 1 << 18;

/// What every task of a search shares.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Job<'a, M> {
    pub(crate) measure: M,
    pub(crate) metric: Metric,
    pub(crate) base: MatrixView<'a>,
    pub(crate) weights: &'a [f64],
    pub(crate) queries: MatrixView<'a>,
    pub(crate) query_weights: &'a [f64],
    /// At most the number of base vectors.
    pub(crate) k: usize,
}

/// A query of a task, with its best so far.
struct Query<'a> {
    vector: &'a [f32],
    weight: f64,
    top: Top,
}

impl<M: Measure> Job<'_, M> {
    fn key(&self, query: &[f32], row: u64) -> f64 {
        let score = self.metric.score(query, self.base.row(row as usize));
        key_of_score(self.metric, score)
    }
}

pub(crate) fn scan<M: Measure>(
    job: &Job<'_, M>,
    task: &Task,
    control: &Control<'_, '_>,
) -> Result<Vec<Finished>, ExactError> {
    let mut queries = open(job, task);
    let rows_each = (PAIRS_BETWEEN_CHECKS / queries.len().max(1)).max(ROWS);
    for start in task.rows.clone().step_by(rows_each) {
        let end = task.rows.end.min(start + rows_each);
        control.check()?;
        scan_rows(job, &mut queries, start, end);
        control.advance(((end - start) * queries.len()) as u64);
    }
    let finish = |query: Query<'_>| query.top.finish(|row| job.key(query.vector, row));
    Ok(queries.into_iter().map(finish).collect())
}

fn open<'a, M: Measure>(job: &Job<'a, M>, task: &Task) -> Vec<Query<'a>> {
    task.queries
        .clone()
        .map(|query_idx| Query {
            vector: job.queries.row(query_idx),
            weight: job.query_weights[query_idx],
            top: Top::new(job.k),
        })
        .collect()
}

fn scan_rows<M: Measure>(job: &Job<'_, M>, queries: &mut [Query<'_>], start: usize, end: usize) {
    let chunk = (CHUNK_BYTES / (4 * job.base.dim()))
        .next_multiple_of(ROWS)
        .max(ROWS);
    for first in (start..end).step_by(chunk) {
        let last = end.min(first + chunk);
        let (tiles, rest) = queries.as_chunks_mut::<QUERIES>();
        for queries in tiles {
            scan_chunk(job, queries, first, last);
        }
        for query in rest {
            scan_chunk(job, std::array::from_mut(query), first, last);
        }
    }
}

/// Rows `first .. last` against `Q` queries.
fn scan_chunk<M: Measure, const Q: usize>(
    job: &Job<'_, M>,
    queries: &mut [Query<'_>; Q],
    first: usize,
    last: usize,
) {
    let vectors = queries.each_ref().map(|query| query.vector);
    for row in (first..last).step_by(ROWS) {
        // A tile that reaches past the end repeats the last row and leaves those sums alone.
        let rows = from_fn(|at| job.base.row((row + at).min(last - 1)));
        let sums = tile::<M::Term, Q, ROWS>(vectors, rows);
        for (query, sums) in queries.iter_mut().zip(sums) {
            for (row, sum) in (row..last).zip(sums) {
                let weight = job.weights[row];
                let bounds = job.measure.bounds(sum, query.weight, weight);
                query
                    .top
                    .offer(row as u64, bounds, |row| job.key(query.vector, row));
            }
        }
    }
}
