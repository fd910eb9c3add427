//! Which thread searches what.

use std::{
    ops::Range,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use crate::{int8::ROWS, top::Finished};

/// How many queries make a task, where there are enough.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Portion {
    /// At most so many, or what fills them up to `multiple`: enough that each base vector, once
    /// read, is used often, and few enough that they stay in the cache beside it.
    pub(crate) most: usize,
    /// Queries that are compared together.
    pub(crate) multiple: usize,
}

impl Portion {
    /// Of what takes a few queries together.
    pub(crate) const FEW: Self = Self {
        most: 128,
        multiple: 6,
    };
}

/// Queries below which a task reads the base for too few.
const LEAST_QUERIES: usize = 128;

/// Base rows below which a part of the base is not worth a task of its own.
const LEAST_ROWS: usize = 1024;

/// A part of the work: some queries against some rows of the base.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Task {
    pub(crate) queries: Range<usize>,
    pub(crate) rows: Range<usize>,
}

/// The work, cut into tasks: by queries alone while those keep all threads busy, else also by rows
/// of the base, so that even one query can use every thread.
#[derive(Debug)]
pub(crate) struct Schedule {
    tasks: Vec<Task>,
    parts: usize,
}

impl Schedule {
    pub(crate) fn new(n_queries: usize, n: usize, threads: usize, portion: Portion) -> Self {
        let blocks = pieces(n_queries, queries_each(n_queries, threads, portion));
        let wanted = tasks_wanted(threads).div_ceil(blocks.len());
        // Whole blocks of the int8 pass.
        let rows_each = n.div_ceil(wanted).max(LEAST_ROWS).next_multiple_of(ROWS);
        let parts = pieces(n, rows_each);
        let task = |queries: &Range<usize>, rows: &Range<usize>| Task {
            queries: queries.clone(),
            rows: rows.clone(),
        };
        Self {
            tasks: blocks
                .iter()
                .flat_map(|queries| parts.iter().map(move |rows| task(queries, rows)))
                .collect(),
            parts: parts.len(),
        }
    }

    /// One result a query, from the results of each task in order.
    pub(crate) fn merge(&self, of_tasks: Vec<Vec<Finished>>) -> Vec<Finished> {
        let mut merged = Vec::new();
        let mut of_tasks = of_tasks.into_iter();
        while let Some(mut block) = of_tasks.next() {
            for part in of_tasks.by_ref().take(self.parts - 1) {
                block = block
                    .into_iter()
                    .zip(part)
                    .map(|(a, b)| a.merge(b))
                    .collect();
            }
            merged.append(&mut block);
        }
        merged
    }
}

/// Tasks that keep all threads busy, should one of them be held up.
fn tasks_wanted(threads: usize) -> usize {
    if threads == 1 { 1 } else { 2 * threads }
}

/// Queries of a task: tasks of one size, a multiple of the threads in number. They are cut smaller
/// before the base is: a part of the base keeps candidates that all of it would rule out, on normal
/// data of 768 dimensions 417 a query in halves and 240 in one.
fn queries_each(n_queries: usize, threads: usize, portion: Portion) -> usize {
    let worth = (n_queries / LEAST_QUERIES).min(tasks_wanted(threads));
    let blocks = n_queries.div_ceil(portion.most).max(worth).max(1);
    let each = n_queries.div_ceil(blocks.next_multiple_of(threads));
    each.max(1).next_multiple_of(portion.multiple)
}

/// At least one piece, be it empty.
fn pieces(len: usize, each: usize) -> Vec<Range<usize>> {
    (0..len.max(1))
        .step_by(each)
        .map(|start| start..len.min(start + each))
        .collect()
}

/// Does every task on `threads` threads, on this one if that is enough, and returns the results
/// in the order of the tasks; after an error the tasks not yet begun are left.
pub(crate) fn run<T: Send, E: Send>(
    schedule: &Schedule,
    threads: usize,
    work: impl Fn(&Task) -> Result<T, E> + Sync,
) -> Result<Vec<T>, E> {
    let threads = threads.min(schedule.tasks.len());
    if threads <= 1 {
        return schedule.tasks.iter().map(work).collect();
    }
    let next = AtomicUsize::new(0);
    let results = Mutex::new(Vec::with_capacity(schedule.tasks.len()));
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some((at, task)) = take(&schedule.tasks, &next) {
                    let result = work(task);
                    if result.is_err() {
                        next.store(schedule.tasks.len(), Ordering::Relaxed);
                    }
                    let mut results = results.lock().unwrap_or_else(PoisonError::into_inner);
                    results.push((at, result));
                }
            });
        }
    });
    let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.sort_unstable_by_key(|(at, _)| *at);
    results.into_iter().map(|(_, result)| result).collect()
}

fn take<'t>(tasks: &'t [Task], next: &AtomicUsize) -> Option<(usize, &'t Task)> {
    let at = next.fetch_add(1, Ordering::Relaxed);
    tasks.get(at).map(|task| (at, task))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(n_queries: usize, threads: usize, queries: usize, parts: usize) {
        let portion = Portion {
            most: 512,
            multiple: 32,
        };
        let schedule = Schedule::new(n_queries, 200_000, threads, portion);
        let first = schedule.tasks[0].queries.len();
        assert_eq!((first, schedule.parts), (queries, parts), "{n_queries}");
    }

    #[test]
    fn queries_are_cut_before_the_base_is() {
        check(1_000, 2, 256, 1);
        check(10_000, 2, 512, 1);
        check(200, 2, 128, 2);
        check(1, 2, 1, 4);
        check(1_000, 1, 512, 1);
    }
}
