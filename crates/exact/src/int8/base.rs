//! A base packed for the int8 pass.

use std::{
    ops::Range,
    slice::Chunks,
    sync::{Mutex, PoisonError},
};

use annbench_vectors::{MatrixView, Metric, zeroed_vec};

use super::{
    Engine,
    center::Center,
    facts::Facts,
    kernel::{Codes, ROWS, STEP, TILE, fetch},
    lanes::LaneSquares,
    quantize::{Quantized, largest, quantize},
};
use crate::{
    Component, ExactError, Which,
    norms::{check_finite, norm_of, norms, squared_norm},
    options::Control,
};

/// Components above which a sum of products might not fit into 32 bits.
const MOST_COMPONENTS: usize = 1 << 15;

/// Blocks after which packing says how far it is and asks whether to go on: some milliseconds.
const BLOCKS_BETWEEN_CHECKS: usize = 256;

/// Rows that are asked for before those in front of them are packed.
const ROWS_AHEAD: usize = 4;

/// The codes of a base, in blocks of [`ROWS`] rows: of each block all steps one after the other,
/// of each step the codes of all rows. A little over one byte a component, and 16 a row.
#[derive(Debug, Clone)]
pub(crate) struct PackedBase {
    engine: Engine,
    /// Followed by as many steps as tiles may reach beyond the last block.
    codes: Vec<Codes>,
    facts: Vec<Facts>,
    steps: usize,
    center: Center,
    /// For each component the code that stands for the mean.
    zeros: Vec<i16>,
    largest_code: u8,
    /// Of all rows, their codes counted from `zeros`; where a kernel adds up in 16 bits.
    lane_squares: Option<LaneSquares>,
}

impl PackedBase {
    /// Packs a base and takes the norms of its rows; `None` if its vectors are too long for sums of
    /// 32 bits.
    pub(crate) fn new<T: Component>(
        base: MatrixView<'_, T>,
        metric: Metric,
        engine: Engine,
        (threads, control): (usize, &Control<'_, '_>),
    ) -> Result<Option<(Self, Vec<f64>)>, ExactError> {
        if base.dim() > MOST_COMPONENTS {
            return Ok(None);
        }
        let mut norms = match metric {
            // Each row is divided by its own, found when the row is packed: so it is read once.
            Metric::Cosine => vec![0.0; base.n()],
            Metric::InnerProduct | Metric::L2 => norms(base, Which::Base, threads)?,
        };
        let longest = norms.iter().copied().fold(0.0, f64::max);
        let center = Center::of(base, metric, longest);
        let steps = base.dim().div_ceil(STEP);
        let n_blocks = base.n().div_ceil(ROWS);
        let largest_code = engine.kernel().limits().largest_code;
        let no_memory = || ExactError::NoMemory {
            n: base.n(),
            dim: base.dim(),
        };
        let mut packed = Self {
            engine,
            codes: zeroed_vec(n_blocks * steps + TILE - 1).ok_or_else(no_memory)?,
            facts: vec![Facts::UNKNOWN; n_blocks],
            steps,
            zeros: vec![i16::from(largest_code / 2); base.dim()],
            center,
            largest_code,
            lane_squares: None,
        };
        packed.fill(base, &mut norms, threads, control)?;
        check_finite(&norms, Which::Base)?;
        Ok(Some((packed, norms)))
    }

    fn fill<T: Component>(
        &mut self,
        base: MatrixView<'_, T>,
        norms: &mut [f64],
        threads: usize,
        control: &Control<'_, '_>,
    ) -> Result<(), ExactError> {
        let in_16_bits = self.engine.kernel().limits().in_16_bits;
        let lane_squares = Mutex::new(Ok(LaneSquares::default()));
        // Cosine divides each row by another norm: its mean has no integer components.
        let first_of_byte = T::FIRST_OF_BYTE.filter(|_| self.center.metric() != Metric::Cosine);
        if let Some(first) = first_of_byte {
            self.zeros = self.center.round_to_bytes(first);
            self.largest_code = u8::MAX;
        }
        let packer = Packer {
            center: &self.center,
            base,
            are_bytes: first_of_byte.is_some(),
            levels: self.largest_code / 2,
            zeros: &self.zeros,
            in_16_bits,
            steps: self.steps,
        };
        let blocks_each = self.facts.len().div_ceil(threads).max(1);
        let codes = self.codes.chunks_mut(blocks_each * self.steps);
        let facts = self.facts.chunks_mut(blocks_each);
        let norms = norms.chunks_mut(blocks_each * ROWS);
        let parts = codes.zip(facts.zip(norms)).enumerate();
        std::thread::scope(|scope| {
            for (part, (codes, of_rows)) in parts {
                let (packer, lane_squares) = (&packer, &lane_squares);
                let work = move || {
                    let lanes = packer.pack(part * blocks_each, codes, of_rows, control);
                    let mut all = lane_squares.lock().unwrap_or_else(PoisonError::into_inner);
                    *all = all.clone().and_then(|all| Ok(all.max(lanes?)));
                };
                if threads == 1 {
                    work();
                } else {
                    scope.spawn(work);
                }
            }
        });
        let lane_squares = lane_squares.into_inner();
        let lane_squares = lane_squares.unwrap_or_else(PoisonError::into_inner)?;
        self.lane_squares = in_16_bits.then_some(lane_squares);
        Ok(())
    }

    #[inline]
    pub(crate) fn engine(&self) -> Engine {
        self.engine
    }

    pub(crate) fn center(&self) -> &Center {
        &self.center
    }

    pub(crate) fn zeros(&self) -> &[i16] {
        &self.zeros
    }

    /// The largest of any row, if the kernel adds up in 16 bits.
    pub(crate) fn lane_squares(&self) -> Option<LaneSquares> {
        self.lane_squares
    }

    pub(crate) fn largest_code(&self) -> u8 {
        self.largest_code
    }

    /// Codes and facts of block `block`.
    #[inline]
    pub(crate) fn block(&self, block: usize) -> (&[Codes], &Facts) {
        (self.codes(block..block + 1), &self.facts[block])
    }

    /// Codes from the first of block `block` on, as many as tiles take, and its facts.
    #[inline]
    pub(crate) fn tiles_of_block(&self, block: usize) -> (&[Codes], &Facts) {
        let codes = &self.codes[block * self.steps..];
        (
            &codes[..self.steps.next_multiple_of(TILE)],
            &self.facts[block],
        )
    }

    pub(crate) fn steps(&self) -> usize {
        self.steps
    }

    /// Codes of some blocks.
    #[inline]
    pub(crate) fn codes(&self, blocks: Range<usize>) -> &[Codes] {
        &self.codes[blocks.start * self.steps..blocks.end * self.steps]
    }

    /// The codes of some rows in so many shares, for what reads these rows next to ask for one
    /// after the other. Read when their turn came, from memory, they held a kernel up for a tenth
    /// of its time.
    pub(crate) fn shares(&self, rows: Range<usize>, n: usize) -> Chunks<'_, Codes> {
        let codes = self.codes(rows.start / ROWS..rows.end.div_ceil(ROWS));
        codes.chunks(codes.len().div_ceil(n.max(1)).max(1))
    }

    /// Bytes of the codes of a block.
    pub(crate) fn bytes_of_block(&self) -> usize {
        self.steps * size_of::<Codes>()
    }

    /// Bytes it takes.
    pub(crate) fn bytes(&self) -> u64 {
        let of_mean = self.zeros.len() * (size_of::<i16>() + size_of::<f64>());
        (size_of_val(&*self.codes) + size_of_val(&*self.facts) + of_mean) as u64
    }
}

/// The largest lanes of some rows.
#[derive(Default)]
struct Lanes {
    largest: LaneSquares,
    centered: Vec<i16>,
}

impl Lanes {
    fn see(&mut self, codes: &[u8], zeros: &[i16]) {
        self.centered.resize(zeros.len(), 0);
        for ((centered, code), zero) in self.centered.iter_mut().zip(codes).zip(zeros) {
            *centered = i16::from(*code) - zero;
        }
        let lanes = LaneSquares::of(&self.centered);
        self.largest = self.largest.max(lanes);
    }
}

struct Packer<'a, T> {
    center: &'a Center,
    base: MatrixView<'a, T>,
    /// Whether the components are their own codes.
    are_bytes: bool,
    /// Code of a component of 0, and the most that others differ from it.
    levels: u8,
    zeros: &'a [i16],
    /// Whether a kernel asks how far codes are from `zeros`.
    in_16_bits: bool,
    steps: usize,
}

impl<T: Component> Packer<'_, T> {
    /// Packs blocks from `first_block` on, with facts and norms; returns their largest lanes.
    fn pack(
        &self,
        first_block: usize,
        codes: &mut [Codes],
        (facts, norms): (&mut [Facts], &mut [f64]),
        control: &Control<'_, '_>,
    ) -> Result<LaneSquares, ExactError> {
        const BLOCKS: usize = BLOCKS_BETWEEN_CHECKS;
        let mut room = Room::new(self.base.dim(), self.steps);
        let mut row = first_block * ROWS;
        let norms = norms.chunks_mut(BLOCKS * ROWS);
        let parts = codes.chunks_mut(BLOCKS * self.steps);
        for ((codes, facts), norms) in parts.zip(facts.chunks_mut(BLOCKS)).zip(norms) {
            control.check()?;
            let n_rows = norms.len();
            let blocks = codes.chunks_mut(self.steps).zip(facts);
            for ((codes, facts), norms) in blocks.zip(norms.chunks_mut(ROWS)) {
                self.pack_block(row, &mut room, (codes, facts, norms));
                row += norms.len();
            }
            control.advance(n_rows as u64);
        }
        Ok(room.lanes.largest)
    }

    fn pack_block(
        &self,
        first: usize,
        room: &mut Room,
        (codes, facts, norms): (&mut [Codes], &mut Facts, &mut [f64]),
    ) {
        for (row, norm) in (first..).zip(norms) {
            // What the CPU reads ahead by itself ends while a row is packed.
            let ahead = (row + ROWS_AHEAD).min(self.base.n() - 1);
            fetch(self.base.row(ahead));
            self.pack_row(row, norm, room, facts);
            room.copy_to(codes, row % ROWS);
        }
    }

    fn pack_row(&self, row: usize, norm: &mut f64, room: &mut Room, facts: &mut Facts) {
        if self.center.metric() == Metric::Cosine {
            *norm = norm_of(self.base.row(row));
        }
        let factor = self.center.factor_of(*norm);
        self.center
            .shifted(self.base.row(row), factor, &mut room.shifted);
        let quantized = if self.are_bytes {
            self.take(row, room)
        } else {
            self.round(room)
        };
        // A vector without a direction keeps facts that make it a candidate.
        if factor > 0.0 {
            facts.set(row % ROWS, quantized, self.center.metric());
        }
        if self.in_16_bits {
            room.lanes.see(&room.codes, self.zeros);
        }
    }

    fn take(&self, row: usize, room: &mut Room) -> Quantized {
        for (code, value) in room.codes.iter_mut().zip(self.base.row(row)) {
            *code = value.to_byte();
        }
        Quantized {
            scale: self.center.factor as f32,
            error: 0.0,
            norm: squared_norm(&room.shifted).sqrt(),
        }
    }

    fn round(&self, room: &mut Room) -> Quantized {
        let scale = largest(&room.shifted) / f32::from(self.levels);
        quantize(&room.shifted, scale, self.levels, &mut room.codes)
    }
}

/// What a thread packs one row in.
struct Room {
    shifted: Vec<f32>,
    codes: Vec<u8>,
    lanes: Lanes,
}

impl Room {
    fn new(dim: usize, steps: usize) -> Self {
        Self {
            shifted: vec![0.0; dim],
            codes: vec![0; steps * STEP],
            lanes: Lanes::default(),
        }
    }

    /// Puts the codes where row `at` of a block has them.
    fn copy_to(&self, block: &mut [Codes], at: usize) {
        for (codes, step) in block.iter_mut().zip(self.codes.as_chunks::<STEP>().0) {
            codes.as_chunks_mut::<STEP>().0[at] = *step;
        }
    }
}
