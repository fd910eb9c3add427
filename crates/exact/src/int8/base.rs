//! A base packed for the int8 pass.

use std::sync::{Mutex, PoisonError};

use annbench_vectors::{MatrixView, Metric};

use super::{
    Engine,
    center::Center,
    facts::Facts,
    kernel::{Codes, ROWS, STEP},
    lanes::LaneSquares,
    quantize::{Quantized, largest, quantize},
};
use crate::{Component, component::Bytes, norms::squared_norm};

/// Components above which a sum of products might not fit into 32 bits.
const MOST_COMPONENTS: usize = 1 << 15;

/// The codes of a base, in blocks of [`ROWS`] rows: of each block all steps one after the other,
/// of each step the codes of all rows. A little over one byte a component, and 16 a row.
#[derive(Debug, Clone)]
pub(crate) struct PackedBase {
    engine: Engine,
    codes: Vec<Codes>,
    facts: Vec<Facts>,
    steps: usize,
    center: Center,
    /// For each component the code that stands for the mean.
    zeros: Vec<i32>,
    largest_code: u8,
    /// Of all rows, their codes counted from `zeros`; where a kernel adds up in 16 bits.
    lane_squares: Option<LaneSquares>,
}

impl PackedBase {
    /// Packs a base whose components are finite and whose norms are given; `None` if its vectors
    /// are too long for sums of 32 bits.
    pub(crate) fn new<T: Component>(
        base: MatrixView<'_, T>,
        metric: Metric,
        norms: &[f64],
        engine: Engine,
        threads: usize,
    ) -> Option<Self> {
        if base.dim() > MOST_COMPONENTS {
            return None;
        }
        let center = Center::of(base, metric, norms);
        let steps = base.dim().div_ceil(STEP);
        let n_blocks = base.n().div_ceil(ROWS);
        let largest_code = engine.kernel().limits().largest_code;
        let mut packed = Self {
            engine,
            codes: vec![[0; ROWS * STEP]; n_blocks * steps],
            facts: vec![Facts::UNKNOWN; n_blocks],
            steps,
            zeros: vec![i32::from(largest_code / 2); base.dim()],
            center,
            largest_code,
            lane_squares: None,
        };
        packed.fill(base, norms, threads);
        Some(packed)
    }

    fn fill<T: Component>(&mut self, base: MatrixView<'_, T>, norms: &[f64], threads: usize) {
        let in_16_bits = self.engine.kernel().limits().in_16_bits;
        let lane_squares = Mutex::new(LaneSquares::default());
        // Cosine divides each row by another norm: its mean has no integer components.
        let bytes = T::BYTES.filter(|_| self.center.metric() != Metric::Cosine);
        if let Some(bytes) = bytes {
            self.zeros = self.center.round_to_bytes(bytes.first);
            self.largest_code = u8::MAX;
        }
        let packer = Packer {
            center: &self.center,
            base,
            norms,
            bytes,
            levels: self.largest_code / 2,
            zeros: &self.zeros,
            lane_squares: in_16_bits.then_some(&lane_squares),
        };
        let blocks_each = self.facts.len().div_ceil(threads).max(1);
        let codes = self.codes.chunks_mut(blocks_each * self.steps);
        let parts = codes.zip(self.facts.chunks_mut(blocks_each)).enumerate();
        std::thread::scope(|scope| {
            for (part, (codes, facts)) in parts {
                let packer = &packer;
                let steps = self.steps;
                let mut work = move || packer.pack(part * blocks_each, codes, facts, steps);
                if threads == 1 {
                    work();
                } else {
                    scope.spawn(work);
                }
            }
        });
        let lane_squares = lane_squares.into_inner();
        let lane_squares = lane_squares.unwrap_or_else(PoisonError::into_inner);
        self.lane_squares = in_16_bits.then_some(lane_squares);
    }

    pub(crate) fn engine(&self) -> Engine {
        self.engine
    }

    pub(crate) fn center(&self) -> &Center {
        &self.center
    }

    pub(crate) fn zeros(&self) -> &[i32] {
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
    pub(crate) fn block(&self, block: usize) -> (&[Codes], &Facts) {
        let codes = &self.codes[block * self.steps..(block + 1) * self.steps];
        (codes, &self.facts[block])
    }

    /// Bytes of the codes of a block.
    pub(crate) fn bytes_of_block(&self) -> usize {
        self.steps * size_of::<Codes>()
    }

    /// Bytes it takes.
    pub(crate) fn bytes(&self) -> u64 {
        let of_mean = self.zeros.len() * (size_of::<i32>() + size_of::<f64>());
        (size_of_val(&*self.codes) + size_of_val(&*self.facts) + of_mean) as u64
    }
}

/// The largest lanes of some rows.
#[derive(Default)]
struct Lanes {
    largest: LaneSquares,
    centered: Vec<i32>,
}

impl Lanes {
    fn see(&mut self, codes: &[u8], zeros: &[i32]) {
        self.centered.resize(zeros.len(), 0);
        for ((centered, code), zero) in self.centered.iter_mut().zip(codes).zip(zeros) {
            *centered = i32::from(*code) - zero;
        }
        let lanes = LaneSquares::of(&self.centered);
        self.largest = self.largest.max(lanes);
    }
}

struct Packer<'a, T> {
    center: &'a Center,
    base: MatrixView<'a, T>,
    norms: &'a [f64],
    /// Set where the components are their own codes.
    bytes: Option<Bytes<T>>,
    /// Code of a component of 0, and the most that others differ from it.
    levels: u8,
    zeros: &'a [i32],
    /// Where to tell how far codes are from `zeros`, if somebody asks.
    lane_squares: Option<&'a Mutex<LaneSquares>>,
}

impl<T: Component> Packer<'_, T> {
    fn pack(&self, first_block: usize, codes: &mut [Codes], facts: &mut [Facts], steps: usize) {
        let mut shifted = vec![0.0; self.base.dim()];
        let mut row_codes = vec![0; steps * STEP];
        let mut lanes = Lanes::default();
        let blocks = codes.chunks_mut(steps).zip(facts).enumerate();
        for (at, (codes, facts)) in blocks {
            let first = (first_block + at) * ROWS;
            for row in first..self.base.n().min(first + ROWS) {
                let factor = self.center.factor_of(self.norms[row]);
                self.center
                    .shifted(self.base.row(row), factor, &mut shifted);
                let quantized = self.quantize(row, &shifted, &mut row_codes);
                // A vector without a direction keeps facts that make it a candidate.
                if factor > 0.0 {
                    facts.set(row - first, quantized, self.center.metric());
                }
                if self.lane_squares.is_some() {
                    lanes.see(&row_codes, self.zeros);
                }
                let steps_of_row = row_codes.as_chunks::<STEP>().0;
                for (codes, step) in codes.iter_mut().zip(steps_of_row) {
                    let start = (row - first) * STEP;
                    codes[start..start + STEP].copy_from_slice(step);
                }
            }
        }
        if let Some(largest) = self.lane_squares {
            let mut largest = largest.lock().unwrap_or_else(PoisonError::into_inner);
            *largest = largest.max(lanes.largest);
        }
    }

    fn quantize(&self, row: usize, shifted: &[f32], codes: &mut [u8]) -> Quantized {
        match self.bytes {
            Some(bytes) => self.take(row, shifted, bytes, codes),
            None => self.round(shifted, codes),
        }
    }

    fn take(&self, row: usize, shifted: &[f32], bytes: Bytes<T>, codes: &mut [u8]) -> Quantized {
        for (code, value) in codes.iter_mut().zip(self.base.row(row)) {
            *code = (bytes.of)(*value);
        }
        Quantized {
            scale: self.center.factor as f32,
            error: 0.0,
            norm: squared_norm(shifted).sqrt(),
        }
    }

    fn round(&self, shifted: &[f32], codes: &mut [u8]) -> Quantized {
        let scale = largest(shifted) / f32::from(self.levels);
        let quantized = quantize(shifted, scale, codes);
        for code in codes {
            *code = code.wrapping_add(self.levels);
        }
        quantized
    }
}
