//! How fast the CPU's clock is, to say which share of its peak a kernel reaches.

use std::{hint::black_box, time::Instant};

use annbench_exact::Kernel;

/// Links of a chain, each an exclusive or and a multiplication.
const CHAIN: u64 = 1 << 20;

/// Cycles from one link to the next, which needs its result: one and three.
///
/// # Source
/// Agner Fog, *Instruction tables*: XOR and IMUL r64 of Intel since Haswell and of AMD since Zen.
const CYCLES_EACH: u64 = 4;

/// Cycles a second, the most seen: whatever interrupts the chain makes it slower.
pub(crate) fn a_second() -> f64 {
    let once = |_| {
        let start = Instant::now();
        let mut link = black_box(3u64);
        for at in 0..black_box(CHAIN) {
            link = (link ^ at).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        }
        black_box(link);
        (CHAIN * CYCLES_EACH) as f64 / start.elapsed().as_secs_f64()
    };
    (0..20).map(once).fold(0.0, f64::max)
}

/// Products of small integers that a core can add up in a cycle: two instructions on vectors begin
/// in each, or one on tiles in 16.
///
/// # Source
/// Intel 64 and IA-32 Architectures Optimization Reference Manual, chapter on AMX: TDPBSUD.
pub(crate) fn peak(kernel: Kernel) -> Option<f64> {
    match kernel {
        Kernel::AmxInt8 => Some(1024.0),
        Kernel::Avx512Vnni => Some(128.0),
        Kernel::AvxVnni | Kernel::Avx2 => Some(64.0),
        _ => None,
    }
}
