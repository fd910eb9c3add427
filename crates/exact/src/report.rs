//! How a search came to its result.

use std::{ops::AddAssign, sync::atomic::Ordering};

use crate::{Kernel, options::Counts};

/// The way a search took. It depends on the machine and the threads; the result does not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ScanReport {
    /// The kernel of the int8 pass; `None` if the f32 pass did all.
    pub kernel: Option<Kernel>,
    /// Pairs of a query and a base vector that the int8 pass took.
    pub int8_pairs: u64,
    /// Pairs that the f32 pass took: all without an int8 pass; with one, those of queries that
    /// int8 cannot stand for, and those left where its bounds ruled too little out.
    pub f32_pairs: u64,
    /// Pairs that the int8 pass could not rule out in the end, and whose bounds f32 narrowed.
    pub refined: u64,
    /// Pairs scored in f64.
    pub scored: u64,
}

impl ScanReport {
    pub(crate) fn new(kernel: Option<Kernel>, counts: &Counts) -> Self {
        Self {
            kernel,
            int8_pairs: counts.int8_pairs.load(Ordering::Relaxed),
            f32_pairs: counts.f32_pairs.load(Ordering::Relaxed),
            refined: counts.refined.load(Ordering::Relaxed),
            scored: counts.scored.load(Ordering::Relaxed),
        }
    }

    /// Whether the f32 pass had to do pairs that the int8 pass was meant for.
    pub fn fell_back(&self) -> bool {
        self.kernel.is_some() && self.f32_pairs > 0
    }
}

impl AddAssign for ScanReport {
    fn add_assign(&mut self, other: Self) {
        self.kernel = self.kernel.or(other.kernel);
        self.int8_pairs += other.int8_pairs;
        self.f32_pairs += other.f32_pairs;
        self.refined += other.refined;
        self.scored += other.scored;
    }
}
