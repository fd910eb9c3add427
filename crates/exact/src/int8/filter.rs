//! The int8 pass of a task.

use std::ops::Range;

use super::{
    PackedBase, ROWS,
    batches::Batches,
    facts::{Facts, Gate},
    kernel::{RowBits, Sums, fetch},
    query::{PackedGroup, PackedQuery},
};
use crate::{
    Component, ExactError,
    bound::Measure,
    options::{Control, Counts},
    scan::{PAIRS_BETWEEN_CHECKS, Query},
    top::Candidate,
};

/// Queries that a kernel takes together.
const QUERIES: usize = 3;

/// Bytes of codes that stay in the first-level cache while all queries of a task meet them, and
/// leave a third of it to those.
const BYTES_TOGETHER: usize = 20 << 10;

/// Candidates among the pairs from which on the pass rules too little out: each costs about as
/// much as 25 pairs, and a pair of the f32 pass about four.
const MOST_CANDIDATES: f64 = 1.0 / 8.0;

/// Rows after which that is asked, for each neighbour: the first of many rows are all candidates.
const ROWS_BEFORE_JUDGING: usize = 256;

/// Rows after which it is asked again, at most.
const ROWS_BETWEEN_JUDGEMENTS: usize = 4096;

/// How far the pass came.
#[derive(Debug)]
pub(crate) struct Filtered {
    /// Queries it could not take.
    pub(crate) refused: Vec<usize>,
    /// The row at which it gave up, or the end: all before are done for the other queries.
    pub(crate) done_to: usize,
}

/// Offers each query the rows that the int8 pass cannot rule out. The rows begin with a block.
pub(crate) fn filter<M: Measure, T: Component>(
    base: &PackedBase,
    queries: &mut [Query<'_, M, T>],
    rows: Range<usize>,
    control: &Control<'_, '_>,
) -> Result<Filtered, ExactError> {
    let mut pass = Pass::new(base, queries);
    let n_queries = queries.len() - pass.refused.len();
    let rows_each = (PAIRS_BETWEEN_CHECKS / n_queries.max(1)).min(ROWS_BETWEEN_JUDGEMENTS);
    let rows_each = rows_each.next_multiple_of(ROWS).max(ROWS);
    let judged_from =
        rows.start + queries.first().map_or(0, |query| query.top.k()) * ROWS_BEFORE_JUDGING;
    let mut done_to = rows.start;
    while done_to < rows.end && n_queries > 0 {
        control.check()?;
        let part = done_to..rows.end.min(done_to + rows_each);
        let candidates = pass.part(queries, part.clone());
        let pairs = part.len() * n_queries;
        Counts::add(&control.counts().int8_pairs, pairs);
        control.advance(pairs as u64);
        done_to = part.end;
        if part.start >= judged_from && candidates as f64 > MOST_CANDIDATES * pairs as f64 {
            break;
        }
    }
    Ok(Filtered {
        refused: pass.refused,
        done_to: if n_queries == 0 { rows.end } else { done_to },
    })
}

/// The queries of a task, packed.
struct Pass<'a> {
    base: &'a PackedBase,
    batches: Batches,
    groups: Vec<PackedGroup<QUERIES>>,
    singles: Vec<PackedGroup<1>>,
    refused: Vec<usize>,
    /// Rows that all queries meet one after the other: whole blocks.
    rows_together: usize,
}

impl<'a> Pass<'a> {
    fn new<M: Measure, T: Component>(base: &'a PackedBase, queries: &[Query<'_, M, T>]) -> Self {
        let (packed, refused) = packed(base, queries);
        let (batched, others) = packed.split_at(base.engine().batched(packed.len()));
        let (together, alone) = others.as_chunks();
        let (alone, _) = alone.as_chunks();
        let group = |queries| PackedGroup::new(base, queries);
        let single = |queries| PackedGroup::new(base, queries);
        let blocks_together = BYTES_TOGETHER / base.bytes_of_block();
        Self {
            base,
            batches: Batches::new(base, batched),
            groups: together.iter().map(group).collect(),
            singles: alone.iter().map(single).collect(),
            refused,
            rows_together: blocks_together.max(1) * ROWS,
        }
    }

    /// Some rows, from the first of a block on; returns the number of candidates.
    fn part<M: Measure, T: Component>(
        &mut self,
        queries: &mut [Query<'_, M, T>],
        rows: Range<usize>,
    ) -> usize {
        self.batches.part(self.base, queries, rows.clone()) + self.groups(queries, rows)
    }

    fn groups<M: Measure, T: Component>(
        &mut self,
        queries: &mut [Query<'_, M, T>],
        rows: Range<usize>,
    ) -> usize {
        if self.groups.is_empty() && self.singles.is_empty() {
            return 0;
        }
        let mut candidates = 0;
        for blocks in rows.clone().step_by(self.rows_together) {
            let end = rows.end.min(blocks + self.rows_together);
            let next = end..rows.end.min(end + self.rows_together);
            let mut next = self.base.shares(next, self.groups.len());
            for group in &mut self.groups {
                fetch(next.next().unwrap_or_default());
                candidates += group.meet_all(self.base, queries, blocks..end);
            }
            for group in &mut self.singles {
                candidates += group.meet_all(self.base, queries, blocks..end);
            }
        }
        candidates
    }
}

/// The queries that int8 can stand for, and which others there are.
fn packed<M: Measure, T: Component>(
    base: &PackedBase,
    queries: &[Query<'_, M, T>],
) -> (Vec<(usize, PackedQuery)>, Vec<usize>) {
    let (mut packed, mut refused) = (Vec::with_capacity(queries.len()), Vec::new());
    for (which, query) in queries.iter().enumerate() {
        match PackedQuery::new(base, query) {
            Some(query) => packed.push((which, query)),
            None => refused.push(which),
        }
    }
    (packed, refused)
}

impl<const Q: usize> PackedGroup<Q> {
    fn meet_all<M: Measure, T: Component>(
        &mut self,
        base: &PackedBase,
        queries: &mut [Query<'_, M, T>],
        rows: Range<usize>,
    ) -> usize {
        let blocks = rows.clone().step_by(ROWS);
        let block = |first: usize| first..rows.end.min(first + ROWS);
        blocks
            .map(|first| self.meet(base, queries, &block(first)))
            .sum()
    }

    /// The rows of one block.
    fn meet<M: Measure, T: Component>(
        &mut self,
        base: &PackedBase,
        queries: &mut [Query<'_, M, T>],
        rows: &Range<usize>,
    ) -> usize {
        let (codes, facts) = base.block(rows.start / ROWS);
        let engine = base.engine();
        let mut sums = self.corrections.map(|correction| [correction; ROWS]);
        let bounds = (facts, &self.thresholds);
        let survivors = engine.meet(codes, &self.tile, bounds, &mut sums);
        // One number after the other: compared as an array, they were loaded together before their
        // stores were done.
        if survivors.iter().fold(0, |any, survivors| any | survivors) == 0 {
            return 0;
        }
        let mut candidates = 0;
        for (at, (sums, survivors)) in sums.iter().zip(survivors).enumerate() {
            if survivors != 0 {
                let (gate, query) = (&mut self.gates[at], &mut queries[self.which[at]]);
                candidates += admit(gate, query, rows, (sums, facts), survivors);
                self.thresholds[at] = gate.threshold();
            }
        }
        candidates
    }
}

/// Offers a query the rows of a block that survived; returns how many. Of what lies beyond the last
/// row nothing is known, so that it always survives.
#[cold]
pub(super) fn admit<M: Measure, T: Component>(
    gate: &mut Gate,
    query: &mut Query<'_, M, T>,
    rows: &Range<usize>,
    (sums, facts): (&Sums, &Facts),
    survivors: RowBits,
) -> usize {
    let before = query.top.floor();
    let there_are = RowBits::MAX >> (ROWS - rows.len());
    let mut left = survivors & there_are;
    while left != 0 {
        let at = left.trailing_zeros() as usize;
        left &= left - 1;
        let candidate = Candidate {
            bounds: gate.bounds(sums[at], facts, at),
            row: (rows.start + at) as u64,
            is_fine: false,
        };
        query.top.offer(candidate, &query.view);
    }
    if query.top.floor() > before {
        gate.raise(query.top.floor());
    }
    (survivors & there_are).count_ones() as usize
}
