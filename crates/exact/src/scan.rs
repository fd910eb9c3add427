//! One task: some queries against some rows of the base.

use std::{array::from_fn, ops::Range};

use annbench_vectors::{MatrixView, Metric};

use crate::{
    ExactError,
    bound::{Measure, key_of_score},
    kernel::{Packed, QUERIES, ROWS, tile},
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

/// Queries that a tile takes together.
struct Group<'a, const Q: usize> {
    packed: Packed<Q>,
    queries: [Query<'a>; Q],
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
    let n_queries = task.queries.len();
    let first_single = task.queries.end - n_queries % QUERIES;
    let mut fours: Vec<Group<'_, QUERIES>> = groups(job, task.queries.start..first_single);
    let mut singles: Vec<Group<'_, 1>> = groups(job, first_single..task.queries.end);
    let rows_each = (PAIRS_BETWEEN_CHECKS / n_queries.max(1)).max(ROWS);
    for start in task.rows.clone().step_by(rows_each) {
        let end = task.rows.end.min(start + rows_each);
        control.check()?;
        for rows in chunks(job, start..end) {
            fours
                .iter_mut()
                .for_each(|group| scan_chunk(job, group, &rows));
            singles
                .iter_mut()
                .for_each(|group| scan_chunk(job, group, &rows));
        }
        control.advance(((end - start) * n_queries) as u64);
    }
    let in_fours = fours.into_iter().flat_map(|group| group.queries);
    let in_singles = singles.into_iter().flat_map(|group| group.queries);
    let finish = |query: Query<'_>| query.top.finish(|row| job.key(query.vector, row));
    Ok(in_fours.chain(in_singles).map(finish).collect())
}

/// The queries of a range, whose length is a multiple of `Q`.
fn groups<'a, M: Measure, const Q: usize>(
    job: &Job<'a, M>,
    range: Range<usize>,
) -> Vec<Group<'a, Q>> {
    let query = |query_idx| Query {
        vector: job.queries.row(query_idx),
        weight: job.query_weights[query_idx],
        top: Top::new(job.k),
    };
    let group = |first| Group {
        packed: Packed::new(from_fn(|at| job.queries.row(first + at))),
        queries: from_fn(|at| query(first + at)),
    };
    range.step_by(Q).map(group).collect()
}

/// Rows in parts that fit the first-level cache.
fn chunks<M: Measure>(job: &Job<'_, M>, rows: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    let fitting = CHUNK_BYTES / (4 * job.base.dim());
    let each = fitting.next_multiple_of(ROWS).max(ROWS);
    let end = rows.end;
    rows.step_by(each)
        .map(move |start| start..end.min(start + each))
}

/// Some rows against the queries of a group.
fn scan_chunk<M: Measure, const Q: usize>(
    job: &Job<'_, M>,
    group: &mut Group<'_, Q>,
    rows: &Range<usize>,
) {
    for first in rows.clone().step_by(ROWS) {
        // A tile that reaches past the end repeats the last row and leaves those sums alone.
        let vectors = from_fn(|at| job.base.row((first + at).min(rows.end - 1)));
        let sums = tile::<M::Term, Q, ROWS>(&group.packed, vectors);
        for (query, sums) in group.queries.iter_mut().zip(sums) {
            for (row, sum) in (first..rows.end).zip(sums) {
                let bounds = job.measure.bounds(sum, query.weight, job.weights[row]);
                query
                    .top
                    .offer(row as u64, bounds, |row| job.key(query.vector, row));
            }
        }
    }
}
