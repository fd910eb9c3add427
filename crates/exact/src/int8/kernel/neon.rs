//! NEON with the dot products of ARMv8.2: `sdot` multiplies 16 codes and adds those of each row
//! up in 32 bits.
//!
//! Both of its operands are signed. The codes of a base are not, and count from 128 here; what
//! that takes off each sum is its first value (`Tile::signed`).

use std::arch::{aarch64::*, asm};

use super::{Codes, Facts, ROWS, RowBits, Sums, Threshold, Tile, portable};

/// Of 16 rows the sums, four in a register.
type Quarters = [int32x4_t; ROWS / 4];

#[target_feature(enable = "neon,dotprod")]
pub(super) fn meet<const Q: usize>(
    block: &[Codes],
    tile: &Tile<Q>,
    (facts, thresholds): (&Facts, &[Threshold; Q]),
    sums: &mut [Sums; Q],
) -> [RowBits; Q] {
    for starts in &tile.starts {
        for (sums, start) in sums.iter_mut().zip(starts) {
            sums.iter_mut().for_each(|sum| *sum += start);
        }
    }
    let mut totals = [[vdupq_n_s32(0); ROWS / 4]; Q];
    for (codes, queries) in block.iter().zip(&tile.codes) {
        let rows = signed(codes);
        for (totals, query) in totals.iter_mut().zip(queries) {
            let query = vreinterpretq_s8_s32(vdupq_n_s32(*query));
            for (total, rows) in totals.iter_mut().zip(rows) {
                *total = dot(*total, rows, query);
            }
        }
    }
    for (sums, totals) in sums.iter_mut().zip(&totals) {
        add(sums, totals);
    }
    portable::survivors(sums, facts, thresholds)
}

/// The codes less 128.
#[inline]
#[target_feature(enable = "neon")]
fn signed(codes: &Codes) -> [int8x16_t; ROWS / 4] {
    let first = codes.as_ptr();
    let high_bit = vdupq_n_u8(128);
    let mut rows = [vdupq_n_s8(0); ROWS / 4];
    for (at, rows) in rows.iter_mut().enumerate() {
        // SAFETY: `codes` is 64 bytes, of which a quarter each is loaded.
        let codes = unsafe { vld1q_u8(first.add(16 * at)) };
        *rows = vreinterpretq_s8_u8(veorq_u8(codes, high_bit));
    }
    rows
}

/// Adds to each total the products of four neighbours.
#[inline]
#[target_feature(enable = "neon,dotprod")]
fn dot(mut total: int32x4_t, rows: int8x16_t, query: int8x16_t) -> int32x4_t {
    // SAFETY: the instruction works on registers alone, and the CPU has it. The intrinsic for it
    // is not stable.
    unsafe {
        asm!(
            "sdot {0:v}.4s, {1:v}.16b, {2:v}.16b",
            inout(vreg) total,
            in(vreg) rows,
            in(vreg) query,
            options(pure, nomem, nostack, preserves_flags),
        );
    }
    total
}

#[inline]
#[target_feature(enable = "neon")]
fn add(sums: &mut Sums, totals: &Quarters) {
    let first = sums.as_mut_ptr();
    for (at, total) in totals.iter().enumerate() {
        // SAFETY: `sums` is 16 numbers, of which a quarter each is loaded and stored.
        unsafe {
            let sum = vaddq_s32(vld1q_s32(first.add(4 * at)), *total);
            vst1q_s32(first.add(4 * at), sum);
        }
    }
}
