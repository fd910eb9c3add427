//! One task: some queries against some rows of the base.

use std::{array::from_fn, ops::Range};

use annbench_vectors::{MatrixView, Metric};

use crate::{
    Component, ExactError,
    bound::{Measure, key_of_score},
    int8::{self, PackedBase},
    kernel::{Packed, QUERIES, ROWS, tile},
    options::{Control, Counts},
    schedule::Task,
    score::{TOGETHER, scores},
    top::{Candidate, Finished, Judge, Scored, Top},
};

/// Bytes of base vectors that are compared with all queries of a task before the next are read:
/// they stay in the first-level cache.
const CHUNK_BYTES: usize = 16 << 10;

/// Candidates whose rows are asked for before those in front of them are looked at.
const AHEAD: usize = 8;

/// Pairs after which a task says how far it is and asks whether to go on: some milliseconds.
pub(crate) const PAIRS_BETWEEN_CHECKS: usize = 1 << 18;

/// What every task of a search shares.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Job<'a, M, T> {
    pub(crate) measure: M,
    pub(crate) metric: Metric,
    pub(crate) base: MatrixView<'a, T>,
    pub(crate) weights: &'a [f64],
    /// Where the int8 pass shall rule most rows out first.
    pub(crate) packed: Option<&'a PackedBase>,
    pub(crate) queries: MatrixView<'a>,
    pub(crate) query_weights: &'a [f64],
    pub(crate) query_norms: &'a [f64],
    /// At most the number of base vectors.
    pub(crate) k: usize,
    /// For each query a key that a neighbour must reach.
    pub(crate) floors: &'a [f64],
}

/// A query of a task, with its best so far.
pub(crate) struct Query<'a, M, T> {
    pub(crate) view: QueryView<'a, M, T>,
    pub(crate) top: Top,
}

/// A query of a task, as it scores rows.
pub(crate) struct QueryView<'a, M, T> {
    job: &'a Job<'a, M, T>,
    pub(crate) vector: &'a [f32],
    pub(crate) norm: f64,
    weight: f64,
    packed: Packed<1>,
    counts: &'a Counts,
}

pub(crate) fn scan<M: Measure, T: Component>(
    job: &Job<'_, M, T>,
    task: &Task,
    control: &Control<'_, '_>,
) -> Result<Vec<Finished>, ExactError> {
    let query = |query_idx: usize| Query {
        view: QueryView::new(job, query_idx, control.counts()),
        top: Top::new(job.k, job.floors[query_idx]),
    };
    let mut queries: Vec<_> = task.queries.clone().map(query).collect();
    let mut undone: Vec<usize> = (0..queries.len()).collect();
    let mut rows = task.rows.clone();
    if let Some(packed) = job.packed {
        let filtered = int8::filter(packed, &mut queries, rows.clone(), control)?;
        compare(job, &mut queries, &filtered.refused, rows.clone(), control)?;
        undone.retain(|which| !filtered.refused.contains(which));
        rows.start = filtered.done_to;
    }
    compare(job, &mut queries, &undone, rows, control)?;
    let finish = |query: Query<'_, M, T>| query.top.finish(&query.view);
    Ok(queries.into_iter().map(finish).collect())
}

/// The f32 pass of some of the queries over some rows.
fn compare<M: Measure, T: Component>(
    job: &Job<'_, M, T>,
    queries: &mut [Query<'_, M, T>],
    which: &[usize],
    rows: Range<usize>,
    control: &Control<'_, '_>,
) -> Result<(), ExactError> {
    if which.is_empty() {
        return Ok(());
    }
    let (fours, singles) = which.as_chunks::<QUERIES>();
    let fours = groups(queries, fours);
    let singles = groups(queries, singles.as_chunks::<1>().0);
    let rows_each = (PAIRS_BETWEEN_CHECKS / which.len()).max(ROWS);
    for start in rows.clone().step_by(rows_each) {
        let end = rows.end.min(start + rows_each);
        control.check()?;
        for rows in chunks(job, start..end) {
            let mut room = Vec::new();
            let values = T::widen(job.base.slice(rows.clone()).as_slice(), &mut room);
            let chunk = Chunk { rows, values };
            fours
                .iter()
                .for_each(|group| scan_chunk(job, queries, group, &chunk));
            singles
                .iter()
                .for_each(|group| scan_chunk(job, queries, group, &chunk));
        }
        let pairs = (end - start) * which.len();
        Counts::add(&control.counts().f32_pairs, pairs);
        control.advance(pairs as u64);
    }
    Ok(())
}

/// Queries that a tile takes together.
struct Group<const Q: usize> {
    packed: Packed<Q>,
    which: [usize; Q],
}

fn groups<M, T, const Q: usize>(
    queries: &[Query<'_, M, T>],
    which: &[[usize; Q]],
) -> Vec<Group<Q>> {
    let group = |which: &[usize; Q]| Group {
        packed: Packed::new(which.map(|which| queries[which].view.vector)),
        which: *which,
    };
    which.iter().map(group).collect()
}

/// Rows of the base that fit the first-level cache, with their components in f32.
struct Chunk<'v> {
    rows: Range<usize>,
    values: &'v [f32],
}

fn chunks<M, T: Component>(
    job: &Job<'_, M, T>,
    rows: Range<usize>,
) -> impl Iterator<Item = Range<usize>> {
    let fitting = CHUNK_BYTES / (4 * job.base.dim());
    let each = fitting.next_multiple_of(ROWS).max(ROWS);
    let end = rows.end;
    rows.step_by(each)
        .map(move |start| start..end.min(start + each))
}

/// Some rows against the queries of a group.
fn scan_chunk<M: Measure, T: Component, const Q: usize>(
    job: &Job<'_, M, T>,
    queries: &mut [Query<'_, M, T>],
    group: &Group<Q>,
    chunk: &Chunk<'_>,
) {
    let dim = job.base.dim();
    let n_rows = chunk.rows.len();
    for first in (0..n_rows).step_by(ROWS) {
        // A tile that reaches past the end repeats the last row and leaves those sums alone.
        let vectors = from_fn(|at| {
            let row = (first + at).min(n_rows - 1);
            &chunk.values[row * dim..(row + 1) * dim]
        });
        let sums = tile::<M::Term, Q, ROWS>(&group.packed, vectors);
        for (which, sums) in group.which.iter().zip(sums) {
            let query = &mut queries[*which];
            for (row, sum) in (chunk.rows.start + first..chunk.rows.end).zip(sums) {
                let bounds = query.view.bounds(sum, row);
                let candidate = Candidate {
                    bounds,
                    row: row as u64,
                    is_fine: true,
                };
                query.top.offer(candidate, &query.view);
            }
        }
    }
}

impl<'a, M: Measure, T: Component> QueryView<'a, M, T> {
    fn new(job: &'a Job<'a, M, T>, query_idx: usize, counts: &'a Counts) -> Self {
        let vector = job.queries.row(query_idx);
        Self {
            job,
            vector,
            norm: job.query_norms[query_idx],
            weight: job.query_weights[query_idx],
            packed: Packed::new([vector]),
            counts,
        }
    }

    #[inline(always)]
    fn bounds(&self, sum: f32, row: usize) -> crate::bound::Bounds {
        self.job
            .measure
            .bounds(sum, self.weight, self.job.weights[row])
    }

    /// Calls `act` with the components of `N` candidates at a time, the last ones repeated.
    fn in_groups<const N: usize>(
        &self,
        candidates: &[Candidate],
        mut act: impl FnMut(usize, [&[f32]; N]),
    ) {
        let mut rooms: [Vec<f32>; N] = from_fn(|_| Vec::new());
        for first in (0..candidates.len()).step_by(N) {
            // Candidates lie far apart: read when their turn came, they took twice as long.
            for next in candidates.iter().skip(first + AHEAD).take(N) {
                int8::fetch(self.job.base.row(next.row as usize));
            }
            let mut rooms = rooms.iter_mut().enumerate();
            act(
                first,
                from_fn(|_| match rooms.next() {
                    Some((at, room)) => {
                        let candidate = candidates[(first + at).min(candidates.len() - 1)];
                        T::widen(self.job.base.row(candidate.row as usize), room)
                    }
                    None => &[],
                }),
            );
        }
    }
}

impl<M: Measure, T: Component> Judge for QueryView<'_, M, T> {
    fn refine(&self, candidates: &mut [Candidate]) {
        let coarse = |candidate: &Candidate| !candidate.is_fine;
        let which: Vec<usize> = (0..candidates.len())
            .filter(|at| coarse(&candidates[*at]))
            .collect();
        let copies: Vec<Candidate> = which.iter().map(|at| candidates[*at]).collect();
        Counts::add(&self.counts.refined, which.len());
        self.in_groups::<ROWS>(&copies, |first, rows| {
            let [sums] = tile::<M::Term, 1, ROWS>(&self.packed, rows);
            for (at, sum) in which[first..].iter().zip(sums) {
                let candidate = &mut candidates[*at];
                candidate.bounds = self.bounds(sum, candidate.row as usize);
                candidate.is_fine = true;
            }
        });
    }

    fn score(&self, candidates: &[Candidate]) -> Vec<Scored> {
        let mut scored = Vec::with_capacity(candidates.len());
        Counts::add(&self.counts.scored, candidates.len());
        self.in_groups::<TOGETHER>(candidates, |first, rows| {
            let scores = scores(self.job.metric, self.vector, rows);
            for (candidate, score) in candidates[first..].iter().zip(scores) {
                scored.push(Scored {
                    key: key_of_score(self.job.metric, score),
                    row: candidate.row,
                });
            }
        });
        scored
    }
}
