//! Many queries at a time, on tile registers.

use std::{mem::swap, ops::Range};

use super::{
    PackedBase, ROWS,
    facts::{Gate, Threshold},
    filter::admit,
    kernel::{BATCH, Batch, Products, Tiles, fetch},
    query::PackedQuery,
};
use crate::{Component, bound::Measure, scan::Query};

/// Rows that a batch meets at a time.
const PAIR: usize = 2 * ROWS;

/// Bytes of codes that stay in the first-level cache while all batches meet them.
const BYTES_TOGETHER: usize = 24 << 10;

/// The batches of a task.
pub(super) struct Batches {
    all: Vec<PackedBatch>,
    /// Sums that are made while those of `before` are tested: additions on tiles take as long as
    /// hundreds of other instructions.
    products: Box<Products>,
    before: Box<Products>,
}

/// A batch and the rows it meets.
type Meeting = (usize, Range<usize>);

impl Batches {
    pub(super) fn new(base: &PackedBase, queries: &[(usize, PackedQuery)]) -> Self {
        let batches = queries.chunks(BATCH);
        Self {
            all: batches
                .map(|queries| PackedBatch::new(base, queries))
                .collect(),
            products: Box::new(Products::ZERO),
            before: Box::new(Products::ZERO),
        }
    }

    /// Some rows, from the first of a block on; returns the number of candidates.
    pub(super) fn part<M: Measure, T: Component>(
        &mut self,
        base: &PackedBase,
        queries: &mut [Query<'_, M, T>],
        rows: Range<usize>,
    ) -> usize {
        if self.all.is_empty() {
            return 0;
        }
        // Here and not for the whole task: between parts others' code may run, which reports
        // progress.
        let Some(tiles) = base.engine().tiles() else {
            debug_assert!(false, "only a kernel with tile registers has batches");
            return 0;
        };
        let (mut waiting, mut candidates) = (None, 0);
        for meeting in meetings(base, self.all.len(), rows) {
            let (at, rows) = &meeting;
            self.all[*at].multiply(&tiles, base, rows, &mut self.products);
            swap(&mut self.products, &mut self.before);
            if let Some(meeting) = waiting.replace(meeting) {
                candidates += self.test(&tiles, base, queries, meeting);
            }
        }
        swap(&mut self.products, &mut self.before);
        waiting.map_or(0, |last| self.test(&tiles, base, queries, last)) + candidates
    }

    fn test<M: Measure, T: Component>(
        &mut self,
        tiles: &Tiles,
        base: &PackedBase,
        queries: &mut [Query<'_, M, T>],
        (at, rows): Meeting,
    ) -> usize {
        self.all[at].test(tiles, base, queries, &rows, &self.products)
    }
}

/// Every batch with every row, some blocks after the other.
fn meetings(
    base: &PackedBase,
    n_batches: usize,
    rows: Range<usize>,
) -> impl Iterator<Item = Meeting> {
    let together = (BYTES_TOGETHER / base.bytes_of_block() * ROWS / PAIR).max(1) * PAIR;
    let end = rows.end;
    rows.step_by(together).flat_map(move |first| {
        let after = end.min(first + together);
        let mut next = base.shares(after..end.min(after + together), n_batches);
        (0..n_batches).flat_map(move |at| {
            fetch(next.next().unwrap_or_default());
            let pairs = (first..after).step_by(PAIR);
            pairs.map(move |first| (at, first..after.min(first + PAIR)))
        })
    })
}

/// Queries that tile registers take together.
struct PackedBatch {
    queries: Batch,
    gates: Vec<Gate>,
    /// Those of the gates, side by side.
    thresholds: [Threshold; BATCH],
    /// Which queries these are.
    which: Vec<usize>,
}

impl PackedBatch {
    /// At most [`BATCH`] queries.
    fn new(base: &PackedBase, queries: &[(usize, PackedQuery)]) -> Self {
        let codes = queries
            .iter()
            .map(|(_, query)| (&*query.codes, query.correction));
        let mut thresholds = [Threshold::UNREACHABLE; BATCH];
        for (threshold, (_, query)) in thresholds.iter_mut().zip(queries) {
            *threshold = query.gate.threshold();
        }
        Self {
            queries: Batch::new(base.steps(), codes),
            gates: queries
                .iter()
                .map(|(_, query)| query.gate.clone())
                .collect(),
            thresholds,
            which: queries.iter().map(|(which, _)| *which).collect(),
        }
    }

    /// The sums with the rows of two blocks. Where there is one left, it stands for both.
    fn multiply(&self, tiles: &Tiles, base: &PackedBase, rows: &Range<usize>, out: &mut Products) {
        let blocks = [rows.start, rows.end - 1].map(|row| base.tiles_of_block(row / ROWS).0);
        tiles.multiply(&self.queries, blocks, out);
    }

    /// Offers the queries the rows of two blocks that their bounds do not rule out.
    fn test<M: Measure, T: Component>(
        &mut self,
        tiles: &Tiles,
        base: &PackedBase,
        queries: &mut [Query<'_, M, T>],
        rows: &Range<usize>,
        products: &Products,
    ) -> usize {
        let mut candidates = 0;
        for (sums, first) in products.0.iter().zip(rows.clone().step_by(ROWS)) {
            let (_, facts) = base.block(first / ROWS);
            let rows = first..rows.end.min(first + ROWS);
            let survivors = tiles.survivors(sums, facts, &self.thresholds);
            for (at, gate) in self.gates.iter_mut().enumerate() {
                if survivors[at] != 0 {
                    let query = &mut queries[self.which[at]];
                    candidates += admit(gate, query, &rows, (&sums[at], facts), survivors[at]);
                    self.thresholds[at] = gate.threshold();
                }
            }
        }
        candidates
    }
}
