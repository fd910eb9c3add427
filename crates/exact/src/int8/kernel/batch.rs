//! Many queries as tile registers take them.

use super::{QueryCodes, Sums};

/// Rows of a tile register: of queries, or steps of a block.
pub(crate) const TILE: usize = 16;

/// Queries of a batch: two tiles of them meet two blocks at a time, so that each tile that is
/// loaded is multiplied twice.
pub(crate) const BATCH: usize = 2 * TILE;

/// Of each of 16 queries the codes of 16 steps.
#[repr(C, align(64))]
#[derive(Debug, Clone, Copy)]
struct QueryTile([[QueryCodes; TILE]; TILE]);

/// Of every query of a batch the sums with the rows of two blocks.
#[repr(C, align(64))]
#[derive(Debug)]
pub(crate) struct Products(pub(crate) [[Sums; BATCH]; 2]);

impl Products {
    pub(crate) const ZERO: Self = Self([[[0; super::ROWS]; BATCH]; 2]);
}

/// The first values of a batch's sums.
#[repr(C, align(64))]
#[derive(Debug)]
struct Starts([Sums; BATCH]);

/// At most [`BATCH`] queries. The codes of those that lack, and of the steps that lack in the last
/// tiles, are zero.
#[derive(Debug)]
#[cfg_attr(
    not(target_arch = "x86_64"),
    expect(dead_code, reason = "only x86-64 has tile registers")
)]
pub(crate) struct Batch {
    /// Of each [`TILE`] steps those of the first 16 queries and of the others.
    tiles: Vec<[QueryTile; 2]>,
    starts: Box<Starts>,
}

impl Batch {
    /// Queries of `steps` steps, each with the first value of its sums.
    pub(crate) fn new<'q>(
        steps: usize,
        queries: impl Iterator<Item = (&'q [QueryCodes], i32)>,
    ) -> Self {
        let none = [QueryTile([[0; TILE]; TILE]); 2];
        let mut tiles = vec![none; steps.div_ceil(TILE)];
        let mut starts = Box::new(Starts([[0; super::ROWS]; BATCH]));
        for (at, (codes, start)) in queries.take(BATCH).enumerate() {
            starts.0[at].fill(start);
            for (tiles, codes) in tiles.iter_mut().zip(codes.chunks(TILE)) {
                tiles[at / TILE].0[at % TILE][..codes.len()].copy_from_slice(codes);
            }
        }
        Self { tiles, starts }
    }
}

#[cfg(target_arch = "x86_64")]
impl Batch {
    /// Steps that the tiles reach over: at least those of the queries.
    pub(super) fn steps(&self) -> usize {
        self.tiles.len() * TILE
    }

    /// The tiles, one after the other, two for each 16 of [`steps`](Self::steps).
    pub(super) fn tiles(&self) -> *const QueryCodes {
        self.tiles.as_ptr().cast()
    }

    /// [`BATCH`] times [`Sums`].
    pub(super) fn starts(&self) -> *const Sums {
        self.starts.0.as_ptr()
    }
}
